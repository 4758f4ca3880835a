"""What is taken away before an isolation rule is made, against moto."""

from typing import Any

import pytest

from components.aws import isolation
from tests.world import Clients, Shop, Theirs

OWNER = {"sluice:service": "shop", "sluice:version": "v2", "sluice:stack": "prod"}
PRIORITY = 1_234


@pytest.fixture
def shop(aws: Clients, theirs: Theirs) -> Shop:
    shop = Shop(aws, theirs)
    shop.groups["v2"] = shop.group("v2")
    return shop


def rules(shop: Shop) -> list[str]:
    found = shop.aws("elbv2").describe_rules(ListenerArn=shop.theirs.listener)["Rules"]
    return [rule["RuleArn"] for rule in found if rule["Priority"] == str(PRIORITY)]


def clear(shop: Shop, owner: dict[str, str] = OWNER) -> list[str]:
    return isolation.clear(shop.aws("elbv2"), shop.theirs.listener, PRIORITY, owner)


def rule(shop: Shop, tags: dict[str, str]) -> str:
    """One that asks for v2, tagged so."""
    header: Any = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Slice", "Values": ["v2"]}}
    arn = shop.rule({"v2": 1}, priority=PRIORITY, **header)
    shop.aws("elbv2").remove_tags(ResourceArns=[arn], TagKeys=["sluice:service"])
    shop.aws("elbv2").add_tags(ResourceArns=[arn], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    return arn


def test_a_rule_of_the_same_service_version_and_stack_makes_way(shop):
    arn = rule(shop, {**OWNER, "Name": "shop-v2"})
    assert clear(shop) == [arn]
    assert rules(shop) == []


@pytest.mark.parametrize("key", OWNER)
def test_a_rule_of_another_service_version_or_stack_stays(shop, key):
    arn = rule(shop, {**OWNER, key: "another"})
    assert clear(shop) == []
    assert rules(shop) == [arn]


def test_a_rule_that_says_of_nobody_whose_it_is_stays(shop):
    arn = rule(shop, {"Name": "theirs"})
    assert clear(shop) == []
    assert rules(shop) == [arn]


def test_where_there_is_none_nothing_is_done(shop):
    assert clear(shop) == []
