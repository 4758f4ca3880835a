"""The whole program with the real dev settings, under the recording cloud: what stands, in which order, how guarded."""

import json
from collections import Counter

import pulumi
import pytest

from components import naming
from tests.configs import AMI, HIDDEN, IMAGE, SECRET
from tests.recording import Registered
from tests.world import unique

HOOKS = ("before_create", "before_update", "before_delete", "after_create", "after_update", "after_delete")


def hooks(one: Registered) -> dict[str, list[str]]:
    return {kind: list(names) for kind in HOOKS if (names := getattr(one.request.hooks, kind))}


def test_what_stands_is_what_the_design_says(dev):
    stands = Counter((one.parent, one.type.rpartition(":")[2]) for one in dev.custom)
    assert stands == {
        ("pulumi:pulumi:Stack", "aws"): 1,
        ("pulumi:pulumi:Stack", "Stash"): 2,
        ("pulumi:pulumi:Stack", "ListenerRule"): 1,
        ("sluice:aws:Network", "Vpc"): 1,
        ("sluice:aws:Network", "Subnet"): 4,
        ("sluice:aws:Network", "InternetGateway"): 1,
        ("sluice:aws:Network", "Eip"): 1,
        ("sluice:aws:Network", "NatGateway"): 1,
        ("sluice:aws:Network", "RouteTable"): 2,
        ("sluice:aws:Network", "Route"): 2,
        ("sluice:aws:Network", "RouteTableAssociation"): 4,
        ("sluice:aws:Data", "Bucket"): 1,
        ("sluice:aws:Data", "BucketVersioning"): 1,
        ("sluice:aws:Data", "BucketServerSideEncryptionConfiguration"): 1,
        ("sluice:aws:Data", "BucketPublicAccessBlock"): 1,
        ("sluice:aws:Data", "BucketPolicy"): 1,
        ("sluice:aws:Listener", "SecurityGroup"): 1,
        ("sluice:aws:Listener", "SecurityGroupIngressRule"): 1,
        ("sluice:aws:Listener", "LoadBalancer"): 1,
        ("sluice:aws:Listener", "Listener"): 1,
        ("sluice:aws:Machines", "Role"): 1,
        ("sluice:aws:Machines", "RolePolicy"): 1,
        ("sluice:aws:Machines", "InstanceProfile"): 1,
        ("sluice:aws:Machines", "SecurityGroup"): 1,
        ("sluice:aws:Machines", "SecurityGroupIngressRule"): 1,
        ("sluice:aws:Machines", "SecurityGroupEgressRule"): 2,
        ("sluice:aws:Slice", "TargetGroup"): 1,
        ("sluice:aws:Slice", "ListenerRule"): 1,
        ("sluice:aws:Slice", "LaunchTemplate"): 1,
        ("sluice:aws:Slice", "Group"): 1,
    }


def test_every_parent_is_a_component_but_that_of_what_spans_them_all(two):
    spanning = {"aws", "traffic", "v1", "v2", "shop-traffic"}
    assert {one.name for one in two.custom if not one.parent.startswith("sluice:")} == spanning


def test_every_resource_of_aws_is_made_by_our_one_provider(dev):
    ours = dev.one("providers:aws")
    made_by = {one.request.provider.rpartition("::")[0] for one in dev.custom if one.type.startswith("aws:")}
    assert made_by == {ours.urn}
    assert ours.inputs["region"] == "us-east-1"
    assert json.loads(ours.inputs["allowedAccountIds"]) == ["123456789012"]
    assert json.loads(ours.inputs["defaultTags"]) == {"tags": {"sluice:stack": "dev"}}


def test_what_outlives_slices_is_protected_and_retained_and_nothing_else(two):
    stable = (
        "sluice:aws:Network",
        "sluice:aws:Data",
        "sluice:aws:Database",
        "sluice:aws:Listener",
        "sluice:aws:Machines",
    )
    lasting = [one for one in two.custom if one.parent in stable or one.name in ("traffic", "shop-traffic")]
    expected = {one.urn for one in lasting if one.name != "shop-ecr"}  # goes with the last release that needs it
    assert {one.urn for one in two.custom if one.request.protect} == expected
    assert {one.urn for one in two.custom if one.request.retainOnDelete} == expected


def test_hooks_guard_the_record_the_rules_the_fleets_and_the_ledger(two):
    ledger = {"before_create": ["artifact-exists"], "before_update": ["version-is-immutable"]}
    assert {f"{one.type.rpartition(':')[2]} {one.name}": hooks(one) for one in two.custom if hooks(one)} == {
        "Stash traffic": {"before_create": ["ramp"], "before_update": ["ramp"]},
        "ListenerRule shop-traffic": {"before_update": ["hold"]},
        "ListenerRule shop-v1": {"before_create": ["make-way"]},
        "ListenerRule shop-v2": {"before_create": ["make-way"]},
        "Group shop-v1": {"before_delete": ["let-go"]},
        "Group shop-v2": {"before_delete": ["let-go"]},
        "Stash v1": ledger,
        "Stash v2": ledger,
    }


def test_hooks_that_look_before_anything_moves_run_in_a_preview_too(dev):
    assert {name for name, hook in dev.hooks.items() if hook.opts and hook.opts.on_dry_run} == {
        "ramp",
        "hold",
        "artifact-exists",
        "version-is-immutable",
    }


def test_the_record_depends_on_every_fleet_and_the_weighted_rule_on_the_record(two):
    record, rule, fleets = two.one("Stash", "traffic"), two.one("ListenerRule", "shop-traffic"), two.all("group:Group")
    assert [fleet.name for fleet in fleets] == ["shop-v1", "shop-v2"]
    assert {fleet.urn for fleet in fleets} <= set(record.request.dependencies)
    assert record.urn in rule.request.dependencies


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_slice_comes_after_its_ledger_record_and_its_fleet_after_its_isolation_rule(two, version):
    slice_, fleet, isolation = (two.one(kind, f"shop-{version}") for kind in ("Slice", "group:Group", "ListenerRule"))
    assert two.one("Stash", version).urn in slice_.request.dependencies
    assert isolation.urn in fleet.request.dependencies


SCALED = ["minSize", "maxSize", "desiredCapacity", "protectFromScaleIn"]
IGNORED = [*SCALED, "launchTemplate", "targetGroupArns", "vpcZoneIdentifiers"]


def test_changes_are_ignored_only_where_the_design_says(two):
    assert {one.name: list(one.request.ignoreChanges) for one in two.custom if one.request.ignoreChanges} == {
        "shop-v1": IGNORED,
        "shop-v2": IGNORED,
        "shop-traffic": ["tags"],
    }


def test_nothing_that_may_be_replaced_has_a_fixed_name(two):
    named = {"name", "namePrefix", "bucketPrefix"}
    assert not [one.urn for one in two.custom if one.type.startswith("aws:") and named & set(one.inputs)]
    assert "bucket" not in two.one("Bucket").inputs


def test_what_is_recorded_is_the_declared_traffic_and_where_it_goes(two):
    slices = {one.name: two.outputs[one.urn] for one in two.all("Slice")}
    assert two.one("Stash", "traffic").inputs["input"] == {
        "shares": {"v1": 87.5, "v2": 12.5},
        "slices": {"v1": slices["shop-v1"], "v2": slices["shop-v2"]},
        "listener": two.outputs[two.one("sluice:aws:Listener").urn]["arn"],
        "priority": naming.weighted_priority("shop"),
    }


def test_what_is_published_is_the_whole_spec_and_where(two):
    assert two.one("Stash", "v2").inputs["input"] == {
        "ami": AMI,
        "image": IMAGE,
        "secrets": {"DB": SECRET},
        "size": 3,
        "port": 9090,
        "boot": 90,
        "health": "/healthz",
        "instance": "t3.small",
        "root": "/dev/xvda",
        "region": "us-east-1",
    }


def test_what_hooks_get_holds_no_secret(public):
    assert HIDDEN in json.dumps([one.inputs for one in public.all("ListenerRule")])
    assert HIDDEN not in json.dumps([one.inputs for one in public.all("Stash")])


def test_the_outputs_say_where_everything_is(two):
    slices = {one.name: two.outputs[one.urn] for one in two.all("Slice")}
    assert two.stack["sluice"] == {
        "service": "shop",
        "platform": "aws",
        "region": "us-east-1",
        "listener": two.outputs[two.one("sluice:aws:Listener").urn]["arn"],
        "priority": naming.weighted_priority("shop"),
        "slices": {
            "v1": {**slices["shop-v1"], "artifact": AMI},
            "v2": {**slices["shop-v2"], "artifact": IMAGE},
        },
    }
    assert two.stack["url"].startswith("http://shop-")


@pytest.fixture
def old(aws, theirs) -> str:
    """A target group that runs already and is not ours."""
    wanted = {"Name": unique("old"), "Protocol": "HTTP", "Port": 80, "VpcId": theirs.vpc}
    return aws("elbv2").create_target_group(**wanted)["TargetGroups"][0]["TargetGroupArn"]


def test_an_external_release_gets_share_but_no_slice(deploy, old):
    cloud = deploy(
        releases={"old": {"external": {"target_group": old}}, "v1": {"ami": AMI}}, traffic={"old": 90, "v1": 10}
    )
    assert [one.name for one in cloud.all("Slice")] == ["shop-v1"]
    held = cloud.one("ListenerRule", "shop-traffic").inputs["actions"][0]["forward"]["targetGroups"]
    assert held[0] == {"arn": old, "weight": 900}
    assert cloud.stack["sluice"]["slices"]["old"] == {"group": old, "fleet": None, "artifact": old}


def test_with_external_releases_alone_no_slice_is_made(deploy, old):
    cloud = deploy(releases={"old": {"external": {"target_group": old}}}, traffic={"old": 100})
    assert not cloud.all("Slice")
    assert not cloud.all("TargetGroup")


def test_an_external_release_has_its_isolation_route_before_any_share_moves(deploy, old):
    cloud = deploy(releases={"old": {"external": {"target_group": old}}}, traffic={"old": 100})
    rule = cloud.one("ListenerRule", "shop-old-isolation")
    assert rule.inputs["conditions"] == [{"httpHeader": {"httpHeaderName": "X-Slice", "values": ["old"]}}]
    assert rule.inputs["actions"] == [{"type": "forward", "forward": {"targetGroups": [{"arn": old, "weight": 1}]}}]
    assert rule.inputs["priority"] == naming.isolation_priority("shop", "old")
    assert rule.urn in cloud.one("Stash", "traffic").request.dependencies


def test_a_first_preview_shows_all_that_will_stand(deploy, dev):
    assert set(deploy(preview=True).registered) == set(dev.registered)


def test_one_resource_at_a_time_is_refused(deploy):
    with pytest.raises(pulumi.RunError, match=r"-p 1: .*; use 2 or more"):
        deploy(parallel=1)


def test_a_wrong_config_is_refused_before_anything_is_registered(cloud, deploy):
    with pytest.raises(pulumi.RunError, match="sluice:bogus is no key"):
        deploy(bogus={"a": 1})


def test_the_recording_cloud_refuses_what_is_registered_twice(cloud):
    def twice() -> None:
        pulumi.Stash("one", input=1)
        pulumi.Stash("one", input=2)

    with pytest.raises(AssertionError, match="registered twice: urn:pulumi:dev::sluice::pulumi:index:Stash::one"):
        cloud.deploy(twice)


def test_the_recording_cloud_refuses_what_it_has_no_answer_for(cloud):
    with pytest.raises(AssertionError, match="the program asked aws:index/getCallerIdentity"):
        cloud.deploy(lambda: pulumi.runtime.invoke("aws:index/getCallerIdentity:getCallerIdentity", {}))
