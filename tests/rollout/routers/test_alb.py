"""The ALB router on moto: weights are those of the weighted rule, the mark its tags."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from rollout.errors import ForeignError, RouterError
from rollout.mark import Mark, Owner, asker, to_fields
from rollout.routers.alb import AlbRouter
from rollout.routers.interface import Health, Live
from rollout.schema import Schema
from rollout.shares import MOST, Shares
from tests.rollout.test_shares import all_shares
from tests.world import PRIORITY, Shop

OWNER = Owner("ann", "ci-runner-7.example.com", 4_194_303, 1_800_000_000)
LONG = [f"{number}{'x' * 39}" for number in range(MOST)]  # versions as long as they may be
IN_ONE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def marked(start: Shares, goal: Shares, *, stop: str = "") -> Mark:
    return Mark("ab12cd34", start, goal, OWNER, 1_800_000_060, stop)


def router_of(shop: Shop) -> AlbRouter:
    return AlbRouter(
        elbv2=shop.aws("elbv2"),
        autoscaling=shop.aws("autoscaling"),
        listener=shop.theirs.listener,
        priority=PRIORITY,
        service="shop",
        groups=dict(shop.groups),
        fleets=dict(shop.fleets),
    )


@pytest.fixture
def router(groups: Shop) -> AlbRouter:
    """The router of a weighted rule at v1 100."""
    groups.rule({"v1": 999})
    return router_of(groups)


CALLS = "before-call.elastic-load-balancing-v2.*"


@pytest.fixture
def calls(groups: Shop) -> Iterator[list[str]]:
    """What the load balancers' API is asked, in order."""
    made: list[str] = []

    def note(model, **_) -> None:
        made.append(model.name)

    events = groups.aws("elbv2").meta.events
    events.register(CALLS, note)
    yield made
    events.unregister(CALLS, note)


def test_without_a_weighted_rule_nothing_is_live(groups):
    groups.rule({"v1": 1}, priority=PRIORITY - 1)
    assert router_of(groups).read() is None


def test_what_is_live_is_what_the_rule_holds(groups):
    groups.rule({"v1": 875, "v2": 125})
    assert router_of(groups).read() == Live({"v1": 875, "v2": 125}, None)


def test_a_lone_group_has_all_the_traffic(groups):
    groups.rule({"v1": 999})
    assert router_of(groups).read() == Live({"v1": 1000}, None)


def test_a_weight_of_zero_is_no_share(groups):
    groups.rule({"v1": 1, "v2": 0})
    assert router_of(groups).read() == Live({"v1": 1000}, None)


def test_a_rule_of_another_service_is_refused(groups):
    rule = groups.rule({"v1": 999}, service="else")
    with pytest.raises(
        ForeignError, match=rf"priority {PRIORITY} of .* a rule that is not shop's \({rule}\); remove it"
    ):
        router_of(groups).read()


def answer_itself(groups: Shop, rule: str, **action: object) -> None:
    groups.aws("elbv2").modify_rule(RuleArn=rule, Actions=[action])


def test_a_rule_that_answers_itself_gives_nobody_a_share(groups):
    rule = groups.rule({"v1": 999})
    answer_itself(groups, rule, Type="fixed-response", FixedResponseConfig={"StatusCode": "503"})
    assert router_of(groups).read() == Live({}, None)


def test_a_rule_that_redirects_is_refused(groups):
    rule = groups.rule({"v1": 999})
    answer_itself(groups, rule, Type="redirect", RedirectConfig={"StatusCode": "HTTP_301", "Host": "b.example.com"})
    with pytest.raises(ForeignError, match="does not forward: its action is redirect"):
        router_of(groups).read()


def test_without_any_share_clients_are_told_so_and_the_mark_stays(groups):
    rule = groups.rule({"v1": 999})
    router, mark = router_of(groups), marked({"v1": 1000}, {})
    router.set_mark(mark)
    router.set_shares({})
    (found,) = groups.aws("elbv2").describe_rules(RuleArns=[rule])["Rules"]
    assert [action["FixedResponseConfig"] for action in found["Actions"]] == [
        {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "No slice is declared here yet."}
    ]
    assert router.read() == Live({}, mark)
    router.set_shares({"v1": 600, "v2": 400})
    assert router.read() == Live({"v1": 600, "v2": 400}, mark)


def test_a_group_nobody_declares_is_known_by_its_tag_and_its_weight_can_be_put_back(groups):
    rule = groups.rule({"v1": 500, "v2": 500})
    router = router_of(groups)
    del router.groups["v2"]
    assert router.read() == Live({"v1": 500, "v2": 500}, None)
    router.set_shares({"v2": 1000})
    assert groups.weights(rule) == {"v2": 999}


def test_a_group_without_a_tag_is_known_by_its_name(groups):
    (made,) = groups.aws("elbv2").create_target_group(
        Name="by-hand", Protocol="HTTP", Port=80, VpcId=groups.theirs.vpc
    )["TargetGroups"]
    groups.groups["mine"] = made["TargetGroupArn"]
    groups.rule({"mine": 999})
    router = router_of(groups)
    del router.groups["mine"]
    assert router.read() == Live({"by-hand": 1000}, None)


@IN_ONE
@given(shares=all_shares())
def test_shares_are_set_in_one_write_and_read_back_as_they_were(router, calls, shares):
    router.read()
    calls.clear()
    router.set_shares(shares)
    assert calls == ["ModifyRule"]
    assert router.read() == Live(shares, None)


def test_a_look_costs_two_calls_and_a_write_one(router, calls):
    router.read()
    assert calls == ["DescribeRules", "DescribeTags"]
    calls.clear()
    for write in (
        lambda: router.set_shares({"v1": 500, "v2": 500}),
        lambda: router.set_mark(marked({"v1": 1000}, {"v2": 1000}), carried=["v1"]),
        lambda: router.set_mark(None),
    ):
        write()
    assert calls == ["ModifyRule", "AddTags", "RemoveTags"]


def test_a_rule_that_was_made_anew_meanwhile_is_found_and_written(groups):
    router = router_of(groups)
    elbv2 = groups.aws("elbv2")
    mark = marked({"v1": 1000}, {"v2": 1000})
    for write in (
        lambda: router.set_shares({"v1": 1000}),
        lambda: router.set_mark(mark),
        lambda: router.set_mark(None),
    ):
        rule = groups.rule({"v1": 999})
        router.read()
        elbv2.delete_rule(RuleArn=rule)
        anew = groups.rule({"v2": 999})
        write()
        assert router._arn == anew
        elbv2.delete_rule(RuleArn=anew)
    with pytest.raises(RouterError, match="is gone"):
        router.set_shares({"v1": 1000})


def test_a_share_of_a_version_without_a_group_is_refused_and_nothing_written(router, calls):
    with pytest.raises(RouterError, match="no target group of v9 is known"):
        router.set_shares({"v1": 500, "v9": 500})
    assert calls == []


@pytest.mark.parametrize("act", [lambda r: r.set_shares({"v1": 1000}), lambda r: r.set_mark(None)])
def test_a_rule_that_is_gone_is_told(groups, act):
    with pytest.raises(RouterError, match=rf"the weighted rule \(priority {PRIORITY}\) of .* is gone"):
        act(router_of(groups))


def test_what_aws_refuses_is_told_with_what_was_tried(groups):
    groups.rule({"v1": 999})
    router = router_of(groups)
    router.groups["v2"] = router.groups["v2"].replace("targetgroup/", "targetgroup/gone")
    with pytest.raises(RouterError, match=r"^set the weights: An error occurred .TargetGroupNotFound"):
        router.set_shares({"v2": 1000})


def test_a_mark_is_written_read_back_and_taken_away_and_the_weights_stay(groups):
    rule = groups.rule({"v1": 999})
    router, mark = router_of(groups), marked({"v1": 1000}, {"v1": 875, "v2": 125})
    router.set_mark(mark)
    assert router.read() == Live({"v1": 1000}, mark)
    router.set_mark(None)
    assert router.read() == Live({"v1": 1000}, None)
    assert groups.tags(rule) == {"sluice:service": "shop"}


def test_a_stop_beside_the_mark_is_seen_and_outlives_a_renewal(groups):
    rule = groups.rule({"v1": 999})
    router = router_of(groups)
    router.set_mark(marked({"v1": 1000}, {"v2": 1000}))
    groups.aws("elbv2").add_tags(ResourceArns=[rule], Tags=[{"Key": "sluice:stop", "Value": "bob@elsewhere"}])
    router.set_mark(marked({"v1": 1000}, {"v2": 1000}))
    live = router.read()
    assert live
    assert live.mark == marked({"v1": 1000}, {"v2": 1000}, stop="bob@elsewhere")


def test_a_walk_is_asked_to_stop(groups):
    groups.rule({"v1": 999})
    router, mark = router_of(groups), marked({"v1": 1000}, {"v2": 1000})
    router.set_mark(mark)
    assert router.ask_stop(mark.run)
    assert router.read() == Live({"v1": 1000}, replace(mark, stop=asker()))


@pytest.mark.parametrize("mark", [None, "deadbeef"])
def test_only_the_walk_that_is_meant_is_asked_to_stop(groups, calls, mark):
    groups.rule({"v1": 999})
    router = router_of(groups)
    if mark:
        router.set_mark(replace(marked({"v1": 1000}, {"v2": 1000}), run=mark))
    calls.clear()
    assert not router.ask_stop("ab12cd34")
    assert calls == ["DescribeRules", "DescribeTags"]


@pytest.mark.parametrize("next_one", [None, replace(marked({"v1": 1000}, {"v2": 1000}), run="0f0f0f0f")])
def test_a_stop_that_came_too_late_is_taken_away(groups, monkeypatch, next_one):
    rule = groups.rule({"v1": 999})
    router, theirs, mark = router_of(groups), router_of(groups), marked({"v1": 1000}, {"v2": 1000})
    router.set_mark(mark)
    write = router._write

    def late(what, change):
        if what == "ask the walk to stop":
            theirs.set_mark(None)
            if next_one:
                theirs.set_mark(next_one)
        write(what, change)

    monkeypatch.setattr(router, "_write", late)
    assert not router.ask_stop(mark.run)
    assert router.read() == Live({"v1": 1000}, next_one)
    assert "sluice:stop" not in groups.tags(rule)


def test_a_stop_that_was_beside_a_dead_walks_mark_does_not_stop_the_next_one(groups):
    groups.rule({"v1": 999})
    router = router_of(groups)
    router.set_mark(marked({"v1": 1000}, {"v2": 1000}, stop="bob@elsewhere"))
    router.read()
    mine = replace(marked({"v1": 1000}, {"v2": 1000}), run="0f0f0f0f")
    router.set_mark(mine)
    assert router.read() == Live({"v1": 1000}, mine)


def test_what_has_carried_all_the_traffic_is_remembered_beyond_the_walk(groups):
    groups.rule({"v1": 999})
    router = router_of(groups)
    assert router.read() == Live({"v1": 1000}, None, frozenset())
    router.set_mark(marked({"v1": 1000}, {"v2": 1000}), carried=["v1"])
    router.set_mark(replace(marked({"v1": 1000}, {"v2": 1000}), until=1_800_000_120))
    router.read()
    router.set_mark(None, carried=["v2"])
    assert router.read() == Live({"v1": 1000}, None, frozenset({"v1", "v2"}))
    router.set_mark(None)
    assert router_of(groups).read() == Live({"v1": 1000}, None, frozenset({"v1", "v2"}))


def test_what_the_data_is_at_outlives_every_walk(groups):
    rule = groups.rule({"v1": 999})
    router = router_of(groups)
    router.read()
    router.set_schema(Schema(7, 8, migrating=True))
    router.set_mark(marked({"v1": 1000}, {"v2": 1000}))
    router.set_mark(None)
    assert router_of(groups).read() == Live({"v1": 1000}, None, schema=Schema(7, 8, migrating=True))
    groups.aws("elbv2").add_tags(ResourceArns=[rule], Tags=[{"Key": "sluice:schema", "Value": "eight"}])
    with pytest.raises(ForeignError, match="remove the sluice: tags"):
        router_of(groups).read()


def test_a_version_that_was_published_anew_has_carried_nothing(groups):
    groups.rule({"v3": 999})
    router = router_of(groups)
    router.set_mark(None, carried=["v1", "v2"])
    router.groups["v1"] = groups.group("v1")
    del router.groups["v2"]
    assert carried(router) == frozenset()


def test_the_live_group_of_a_version_is_meant_also_when_it_was_built_anew(groups):
    rule = groups.rule({"v1": 999})
    router = router_of(groups)
    router.groups["v1"] = groups.group("v1")
    assert router.read() == Live({"v1": 1000}, None)
    router.set_shares({"v1": 500, "v2": 500})
    assert groups.weights(rule) == {"v1": 500, "v2": 500}


def test_of_what_has_carried_those_that_came_last_are_remembered(groups):
    rule = groups.rule({"v1": 999})
    router = router_of(groups)
    router.groups.update({version: groups.groups["v1"] + version for version in LONG})
    router.set_mark(None, carried=["v1", *LONG])
    assert carried(router) == set(LONG)
    router.set_mark(None, carried=["v3", *LONG])
    assert carried(router) == {*LONG[1:], "v3"}
    assert len(groups.tags(rule)["sluice:carried"]) <= 256


def carried(router: AlbRouter) -> frozenset[str]:
    live = router.read()
    assert live
    return live.carried


def test_the_longest_mark_there_can_be_fits_into_tags(groups):
    whole = dict.fromkeys(LONG, 1000 // MOST)
    mark = marked(whole, dict.fromkeys(reversed(LONG), 200), stop="bob@elsewhere")
    fields = to_fields(mark)
    assert all(re.fullmatch(r"[A-Za-z0-9 _.:/=+@-]{1,256}", value) for value in fields.values())
    assert len(fields) + 2 <= 50
    groups.rule({"v1": 999})
    router = router_of(groups)
    router.set_mark(mark)
    live = router.read()
    assert live
    assert live.mark == mark


def test_a_damaged_mark_is_refused_with_what_to_do(groups):
    rule = groups.rule({"v1": 999})
    groups.aws("elbv2").add_tags(ResourceArns=[rule], Tags=[{"Key": "sluice:run", "Value": "ab12cd34"}])
    with pytest.raises(ForeignError, match=rf"cannot be read: .*; remove the sluice: tags of {rule} to go on"):
        router_of(groups).read()


@pytest.fixture
def fleet(shop: Shop) -> Shop:
    """`v1` with two instances."""
    shop.build("v1", size=2)
    return shop


def targets(shop: Shop, version: str) -> list[dict]:
    found = shop.aws("elbv2").describe_target_health(TargetGroupArn=shop.groups[version])
    return [one["Target"] for one in found["TargetHealthDescriptions"]]


def test_a_slice_is_healthy_when_every_instance_its_fleet_wants_is(fleet):
    health = router_of(fleet).health("v1")
    assert health == Health("v1", 2, 2)
    assert health.ready


def test_an_instance_that_is_not_there_yet_is_missing(fleet):
    fleet.aws("elbv2").deregister_targets(TargetGroupArn=fleet.groups["v1"], Targets=targets(fleet, "v1")[:1])
    health = router_of(fleet).health("v1")
    assert (health.healthy, health.wanted, health.ready) == (1, 2, False)


def test_an_external_slice_wants_what_is_registered(fleet):
    fleet.fleets["v1"] = None
    assert router_of(fleet).health("v1") == Health("v1", 2, 2)
    fleet.aws("elbv2").deregister_targets(TargetGroupArn=fleet.groups["v1"], Targets=targets(fleet, "v1"))
    health = router_of(fleet).health("v1")
    assert (health.wanted, health.ready) == (0, False)


def test_an_instance_of_a_fleet_that_nobody_knows_is_told_and_makes_none_healthy(fleet):
    lost, kept = targets(fleet, "v1")
    fleet.aws("autoscaling").detach_instances(
        InstanceIds=[lost["Id"]], AutoScalingGroupName=fleet.fleets["v1"], ShouldDecrementDesiredCapacity=False
    )
    fleet.aws("elbv2").register_targets(TargetGroupArn=fleet.groups["v1"], Targets=[lost])
    assert router_of(fleet).health("v1") == Health("v1", 2, 2, {"not of its fleet": 1})
    fleet.aws("elbv2").deregister_targets(TargetGroupArn=fleet.groups["v1"], Targets=[kept])
    health = router_of(fleet).health("v1")
    assert health == Health("v1", 1, 2, {"not of its fleet": 1})
    assert not health.ready


class States:
    """A client whose targets are in *states*, and nothing else: moto's are healthy or gone."""

    def __init__(self, *states: dict[str, str]) -> None:
        self._states = states

    def describe_target_health(self, **_: str) -> dict:
        return {"TargetHealthDescriptions": [{"TargetHealth": state} for state in self._states]}


def test_what_is_not_healthy_is_counted_by_its_reason_and_what_leaves_is_not_counted(groups):
    groups.fleets["v1"] = None
    ill = {"State": "unhealthy", "Reason": "Target.FailedHealthChecks"}
    states = States({"State": "healthy"}, ill, ill, {"State": "initial"}, {"State": "draining"})
    router = replace(router_of(groups), elbv2=states)
    assert router.health("v1") == Health("v1", 1, 4, {"Target.FailedHealthChecks": 2, "initial": 1})


def test_a_fleet_that_is_gone_is_told(fleet):
    fleet.fleets["v1"] = "gone"
    with pytest.raises(RouterError, match="the fleet gone does not exist any more"):
        router_of(fleet).health("v1")


def test_a_target_group_that_is_gone_is_told(groups):
    router = router_of(groups)
    groups.aws("elbv2").delete_target_group(TargetGroupArn=groups.groups["v1"])
    with pytest.raises(RouterError, match=r"^count targets: .*TargetGroupNotFound"):
        router.health("v1")


def test_many_rules_are_read_to_the_last_page(groups):
    for number in range(1, 41):
        groups.rule({"v1": 1}, priority=number)
    rule = groups.rule({"v2": 999})
    router = router_of(groups)
    assert router.read() == Live({"v2": 1000}, None)
    router.set_shares({"v3": 1000})
    assert groups.weights(rule) == {"v3": 999}
