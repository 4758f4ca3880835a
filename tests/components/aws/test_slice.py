"""One release's slice."""

import base64

from components import naming
from tests.configs import AMI, HIDDEN, IMAGE, SALT, SECRET


def test_machines_accept_only_imdsv2(dev):
    assert dev.one("LaunchTemplate").inputs["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }


def test_disks_are_encrypted(dev):
    (disk,) = dev.one("LaunchTemplate").inputs["blockDeviceMappings"]
    assert (disk["deviceName"], disk["ebs"]["encrypted"]) == ("/dev/xvda", "true")


def test_machines_have_no_public_address(dev):
    (card,) = dev.one("LaunchTemplate").inputs["networkInterfaces"]
    assert card["associatePublicIpAddress"] == "false"


def test_machines_are_told_their_release_and_their_bucket(two):
    template = two.one("LaunchTemplate", "shop-v2").inputs
    text = base64.b64decode(template["userData"]).decode()
    bucket = two.outputs[two.one("Data").urn]["bucket"]
    assert template["imageId"] == AMI
    assert f'SLUICE_BUCKET=\\"{bucket}\\"' in text
    assert f'DB=\\"{SECRET}\\"' in text
    assert IMAGE in text


def test_the_template_version_is_a_number(two):
    versions = [fleet.inputs["launchTemplate"]["version"] for fleet in two.all("group:Group")]
    assert versions == ["1", "1"]


def test_a_fleet_is_as_large_as_its_release_says_and_twice_that_at_most(two):
    sizes = [
        tuple(fleet.inputs[key] for key in ("minSize", "desiredCapacity", "maxSize"))
        for fleet in two.all("group:Group")
    ]
    assert sizes == [(2, 2, 4), (3, 3, 6)]


def test_a_fleet_is_judged_by_the_load_balancer_and_waited_for_by_the_rollout_alone(two):
    fleet = two.one("group:Group", "shop-v2").inputs
    assert (fleet["healthCheckType"], fleet["healthCheckGracePeriod"]) == ("ELB", 90)
    assert fleet["waitForCapacityTimeout"] == "0"


def test_a_fleet_is_given_the_drain_time_and_ten_minutes_to_leave(dev):
    assert dev.one("TargetGroup").inputs["deregistrationDelay"] == 5
    assert dev.one("group:Group").request.customTimeouts.delete == "605s"


def test_instances_and_disks_are_tagged(dev):
    tags = {"Name": "shop-v1", "sluice:service": "shop", "sluice:version": "v1"}
    fleet, template = dev.one("group:Group").inputs, dev.one("LaunchTemplate").inputs
    assert fleet["tags"] == [{"key": k, "value": v, "propagateAtLaunch": True} for k, v in tags.items()]
    assert template["tagSpecifications"] == [{"resourceType": "volume", "tags": tags}]


def test_instances_stand_in_the_private_subnets(dev):
    private = [one.urn for one in dev.all("Subnet", "shop-private-0", "shop-private-1")]
    assert set(dev.one("group:Group").request.propertyDependencies["vpcZoneIdentifiers"].urns) == set(private)


def test_the_isolation_rule_takes_a_version_by_its_header(dev):
    rule = dev.one("ListenerRule", "shop-v1").inputs
    assert rule["conditions"] == [{"httpHeader": {"httpHeaderName": "X-Slice", "values": ["v1"]}}]
    assert rule["priority"] == naming.isolation_priority("shop", "v1")
    group = dev.outputs[dev.one("Slice").urn]["group"]
    assert rule["actions"] == [{"type": "forward", "forward": {"targetGroups": [{"arn": group, "weight": 1}]}}]


def test_on_a_public_listener_what_the_header_must_say_is_a_secret(public):
    shown = str(public.one("ListenerRule", "shop-v1").inputs["conditions"])
    assert naming.isolation_value("v1", SALT) in shown
    assert HIDDEN in shown


def test_clients_are_spread_evenly_over_all_targets_from_the_first_request_on(two):
    """Neither slow start, which does nothing where all targets are new, nor stickiness, which outlives a restore."""
    unwanted = {"slowStart", "stickiness", "loadBalancingAlgorithmType"}
    assert [set(group.inputs) & unwanted for group in two.all("targetGroup:TargetGroup")] == [set(), set()]
    actions = [rule.inputs["actions"] for rule in two.all("listenerRule:ListenerRule")]
    assert [set(one["forward"]) for (one,) in actions] == [{"targetGroups"}] * 3
