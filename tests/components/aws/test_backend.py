"""The AWS backend: the weighted rule."""

from components import naming
from tests.configs import AMI


def test_the_weights_are_explicit_and_in_a_stable_order(two):
    rule = two.one("ListenerRule", "shop-traffic")
    (action,) = rule.inputs["actions"]
    groups = [two.outputs[one.urn]["group"] for one in two.all("Slice")]
    assert action == {
        "type": "forward",
        "forward": {"targetGroups": [{"arn": groups[0], "weight": 875}, {"arn": groups[1], "weight": 125}]},
    }


def test_the_weighted_rule_catches_all_that_no_isolation_rule_took(two):
    weighted, *isolation = two.all("ListenerRule")
    assert weighted.name == "shop-traffic"
    assert weighted.inputs["conditions"] == [{"pathPattern": {"values": ["/*"]}}]
    assert weighted.inputs["priority"] == naming.weighted_priority("shop")
    assert weighted.inputs["priority"] > max(rule.inputs["priority"] for rule in isolation)


def test_a_standby_is_left_out_of_the_weighted_rule_and_a_lone_slice_has_the_most_there_is(deploy):
    cloud = deploy(releases={"v1": {"ami": AMI}, "v2": {"ami": AMI}}, traffic={"v2": 100, "v1": 0})
    (action,) = cloud.one("ListenerRule", "shop-traffic").inputs["actions"]
    v2 = cloud.outputs[cloud.one("Slice", "shop-v2").urn]["group"]
    assert action["forward"]["targetGroups"] == [{"arn": v2, "weight": 999}]


def test_without_any_share_the_weighted_rule_answers_itself(deploy):
    (action,) = deploy(traffic={}).one("ListenerRule", "shop-traffic").inputs["actions"]
    told = {"statusCode": "503", "contentType": "text/plain", "messageBody": "No slice is declared here yet."}
    assert action == {"type": "fixed-response", "fixedResponse": told}
