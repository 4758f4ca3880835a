"""From what stands in the local AWS to the balancer's terms."""

import dataclasses

import pytest

from rehearsal.cloud.routing import cluster_name, codes, routing
from rehearsal.cloud.world import Check, Listener, LoadBalancer, Rule, Target, TargetGroup, World
from rollout.envoy.config import Cluster, Endpoint, Fixed, Forward, HealthCheck, Match, Redirect

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
V1, V2, UNUSED = (f"{ARN}:targetgroup/{name}/0123456789abcdef" for name in ("v1", "v2", "unused"))
LISTENER = f"{ARN}:listener/app/shop/aaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbb"
AT = Endpoint("127.0.0.1", 20_001)


def forward(weights):
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def of(condition, action=None):
    """The Envoy rules of one rule with *condition*."""
    rule = Rule(1, (condition,), action or forward({V1: 1}))
    return routed(rule).listeners[0].rules


def routed(*rules, groups=(), places=None):
    balancer = LoadBalancer(
        f"{ARN}:loadbalancer/app/shop/aaaaaaaaaaaaaaaa", "shop", 60, (Listener(LISTENER, 80, rules),)
    )
    known = {arn: TargetGroup(arn, arn.split("/")[1]) for arn in (V1, V2, UNUSED)}
    world = World((balancer,), {**known, **{group.arn: group for group in groups}})
    return routing(world, {LISTENER: 20_000}, places or {})


def test_a_listener_is_named_for_its_port_and_says_its_balancers_idle_time():
    (listener,) = routed().listeners
    assert (listener.name, listener.port, listener.idle) == ("shop-bbbbbbbbbbbbbbbb-20000", 20_000, 60)


def test_rules_stay_in_order_and_weights_are_told_as_they_are():
    first, second = routed(Rule(1, (), forward({V1: 999, V2: 0})), Rule(2, (), forward({V2: 1}))).listeners[0].rules
    assert first.action == Forward({"v1-0123456789abcdef": 999, "v2-0123456789abcdef": 0})
    assert second.action == Forward({"v2-0123456789abcdef": 1})


@pytest.mark.parametrize(
    ("condition", "match"),
    [
        ({"Field": "path-pattern", "Values": ["/*"]}, Match(paths=("/*",))),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}, Match(paths=("/a", "/b"))),
        ({"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example"]}}, Match(hosts=("a.example",))),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}}, Match(methods=("GET",))),
        (
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Slice", "Values": ["v1"]}},
            Match(headers=(("X-Slice", ("v1",)),)),
        ),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}}, Match()),
    ],
)
def test_conditions(condition, match):
    assert [rule.match for rule in of(condition)] == [match]


def test_a_rule_for_other_clients_is_left_out():
    assert of({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}) == ()


def test_query_strings_are_alternatives():
    pairs = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    rules = of({"Field": "query-string", "QueryStringConfig": {"Values": pairs}})
    assert [rule.match.queries for rule in rules] == [(("a", ("1",)),), (("b", ("2",)),)]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"Type": "forward", "TargetGroupArn": V1}, Forward({"v1-0123456789abcdef": 1})),
        ({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}, Fixed(503)),
        (
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "{}", "ContentType": "application/json"},
            },
            Fixed(404, "{}", "application/json"),
        ),
        (
            {
                "Type": "redirect",
                "RedirectConfig": {
                    "StatusCode": "HTTP_301",
                    "Protocol": "HTTPS",
                    "Port": "443",
                    "Host": "#{host}",
                    "Path": "/#{path}",
                    "Query": "#{query}",
                },
            },
            Redirect(301, scheme="https", port=443),
        ),
    ],
)
def test_actions(action, expected):
    assert of({"Field": "path-pattern", "Values": ["/*"]}, action)[0].action == expected


def test_only_a_group_that_a_rule_names_has_a_cluster_even_at_weight_0():
    clusters = routed(Rule(1, (), forward({V1: 1, V2: 0}))).clusters
    assert [cluster.name for cluster, _ in clusters] == [cluster_name(V1), cluster_name(V2)]


def test_a_cluster_has_its_groups_health_check_and_the_targets_that_run():
    targets = (Target("i-1", 8080), Target("i-2", 8080))
    check = Check("/healthz", 5, 2, 2, 2, "200-299,301")
    group = TargetGroup(V1, "v1", check=check, algorithm="least_outstanding_requests", targets=targets)
    expected = HealthCheck("/healthz", 5, 2, 2, 2, ((200, 299), (301, 301)))
    ((cluster, endpoints),) = routed(Rule(1, (), forward({V1: 1})), groups=[group], places={"i-1": AT}).clusters
    assert cluster == Cluster(cluster_name(V1), expected, "LEAST_REQUEST")
    assert endpoints == (AT,)


def test_a_group_without_health_checks_is_not_checked():
    ((cluster, _),) = routed(Rule(1, (), forward({V1: 1})), groups=[TargetGroup(V1, "v1", check=None)]).clusters
    assert cluster.check is None


def test_addresses_are_targets_only_on_this_machine():
    targets = (Target("127.0.0.1", 9000), Target("10.0.0.1", 9000))
    group = TargetGroup(V1, "v1", "ip", check=dataclasses.replace(Check(), port="9001"), targets=targets)
    ((cluster, endpoints),) = routed(Rule(1, (), forward({V1: 1})), groups=[group]).clusters
    assert endpoints == (Endpoint("127.0.0.1", 9000),)
    assert cluster.check is not None
    assert cluster.check.port == 9001


@pytest.mark.parametrize(
    ("text", "expected"), [("200", ((200, 200),)), ("200,202", ((200, 200), (202, 202))), ("200-399", ((200, 399),))]
)
def test_codes(text, expected):
    assert codes(text) == expected
