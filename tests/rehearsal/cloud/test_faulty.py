"""What goes wrong with the AWS API, as boto3 tells it; and that it is over when it is no longer stated."""

import threading
import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from rehearsal.cloud.faults import Faults, write
from rehearsal.environment import OBSERVER
from tests.patience import PATIENCE, eventually
from tests.rehearsal.cloud.conftest import Account, forward

pytestmark = pytest.mark.slow  # a moto of its own for each, over HTTP
ASKED = {
    "elbv2": ("describe_load_balancers", {}),
    "autoscaling": ("describe_auto_scaling_groups", {}),
    "ec2": ("describe_vpcs", {}),
    "cloudwatch": ("list_metrics", {}),
    "sts": ("get_caller_identity", {}),
    "iam": ("list_roles", {}),
    "s3": ("list_buckets", {}),
}


class Told:
    """An account whose faults a test states, asked by clients that never ask twice."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.elbv2 = account.client("elbv2", retries=0)
        self.observer = account.client("elbv2", key=OBSERVER, retries=0)
        self.group, self.other = account.group("v1"), account.group("v2")
        listener = account.listener(account.balancer("shop")["LoadBalancerArn"])
        self.rule = account.rule(listener, 1, {self.group: 999})

    def state(self, **faults):
        write(self.account.cloud.home, Faults(**faults))

    def ask(self, service):
        method, parameters = ASKED[service]
        return getattr(self.account.client(service, retries=0), method)(**parameters)

    def weigh(self, group, client=None):
        return (client or self.elbv2).modify_rule(RuleArn=self.rule, Actions=[forward({group: 999})])

    def weights(self, client=None):
        """Which group the rule is said to send everything to."""
        (rule,) = (client or self.elbv2).describe_rules(RuleArns=[self.rule])["Rules"]
        return groups(rule)


def groups(rule):
    return [one["TargetGroupArn"] for one in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]]


def refusal(call):
    """HTTP status, code and message of AWS's answer to *call*."""
    with pytest.raises(ClientError) as raised:
        call()
    response = raised.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


@pytest.fixture
def told(account):
    return Told(account)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("elbv2", (400, "Throttling", "Rate exceeded")),
        ("autoscaling", (400, "Throttling", "Rate exceeded")),
        ("ec2", (503, "RequestLimitExceeded", "Request limit exceeded.")),
        ("cloudwatch", (400, "ThrottlingException", "Rate exceeded")),
        ("sts", (400, "Throttling", "Rate exceeded")),
        ("iam", (400, "Throttling", "Rate exceeded")),
        ("s3", (503, "SlowDown", "Please reduce your request rate.")),
    ],
)
def test_who_asks_too_often_is_throttled_in_each_services_words(told, service, expected):
    told.state(throttle={"*": (0, 1)})
    told.ask(service)
    assert expected == refusal(lambda: told.ask(service))
    told.state()
    told.ask(service)


def test_a_limit_is_shared_by_the_actions_that_it_names_and_touches_no_other(told):
    told.state(throttle={"elasticloadbalancing:Describe*": (0, 2)})
    told.elbv2.describe_rules(RuleArns=[told.rule])
    told.elbv2.describe_load_balancers()
    assert refusal(told.elbv2.describe_target_groups)[1] == "Throttling"
    told.weigh(told.other)
    told.ask("ec2")


def test_the_strictest_of_several_limits_counts(told):
    told.state(throttle={"*": (0, 10), "ModifyRule": (0, 0)})
    assert refusal(lambda: told.weigh(told.other))[1] == "Throttling"
    assert told.weights() == [told.group]


def test_a_client_that_asks_again_gets_through_once_there_are_tokens(told):
    told.state(throttle={"DescribeRules": (5, 1)})
    patient = told.account.client("elbv2", retries=8)
    for _ in range(3):
        assert told.weights(patient) == [told.group]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("elbv2", (403, "ExpiredToken", "The security token included in the request is expired")),
        ("autoscaling", (403, "ExpiredToken", "The security token included in the request is expired")),
        ("ec2", (400, "RequestExpired", "Request has expired.")),
        ("cloudwatch", (400, "ExpiredTokenException", "The security token included in the request is expired")),
        ("sts", (403, "ExpiredToken", "The security token included in the request is expired")),
        ("iam", (403, "ExpiredToken", "The security token included in the request is expired")),
        ("s3", (400, "ExpiredToken", "The provided token has expired.")),
    ],
)
def test_an_expired_token_is_told_in_each_services_words(told, service, expected):
    told.state(expire_token=0)
    assert expected == refusal(lambda: told.ask(service))
    told.state()
    told.ask(service)


def test_a_token_expires_after_so_many_calls_of_any_service(told):
    told.state(expire_token=3)
    for service in ("elbv2", "sts", "ec2"):
        told.ask(service)
    assert refusal(lambda: told.weigh(told.other))[1] == "ExpiredToken"
    assert refusal(lambda: told.ask("elbv2"))[1] == "ExpiredToken"
    assert told.weights(told.observer) == [told.group]


def test_a_delayed_call_is_done_at_once_and_answered_late(told):
    told.state(delay={"ModifyRule": 0.4})
    began = time.monotonic()
    told.weigh(told.other)
    assert time.monotonic() - began >= 0.4
    assert told.weights() == [told.other]


def test_other_calls_are_answered_while_one_waits_and_it_waits_no_longer_than_its_fault(told):
    told.state(delay={"ModifyRule": 600})
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(told.weigh(told.other)))
    waiting.start()
    eventually(lambda: told.weights(told.observer) == [told.other], "it is done")
    assert told.weights() == [told.other]
    assert answers == []
    told.state()
    waiting.join(PATIENCE)
    assert [groups(answer["Rules"][0]) for answer in answers] == [[told.other]]


def test_a_lost_reply_is_that_of_a_call_that_was_done(told):
    told.state(lose_reply={"ModifyRule": 1})
    with pytest.raises(ConnectionClosedError):
        told.weigh(told.other)
    assert told.weights() == [told.other]
    told.weigh(told.group)
    assert told.weights() == [told.group]


def test_so_many_replies_are_lost_and_a_client_that_asks_again_does_not_notice(told):
    for _ in range(2):  # what is stated again counts again
        told.state(lose_reply={"Modify*": 2})
        with pytest.raises(ConnectionClosedError):
            told.weigh(told.other, told.account.client("elbv2", retries=1))
    told.state(lose_reply={"Modify*": 2})
    told.weigh(told.other, told.account.client("elbv2", retries=2))


def test_replies_that_were_to_be_lost_are_not_when_that_is_no_longer_stated(told):
    told.state(lose_reply={"ModifyRule": 9})
    told.state()
    told.weigh(told.other)


def test_late_reads_show_the_weights_as_they_were_to_all_but_the_observer(told):
    told.state(late_reads=600)
    assert groups(told.weigh(told.other)["Rules"][0]) == [told.other]
    assert told.weights() == [told.group]
    assert told.weights(told.observer) == [told.other]
    told.state()
    assert told.weights() == [told.other]


def test_late_reads_show_the_weights_when_their_time_has_come(told):
    told.state(late_reads=2)
    began = time.monotonic()
    told.weigh(told.other)
    assert told.weights() == [told.group]
    eventually(lambda: told.weights() == [told.other], "it is read")
    assert time.monotonic() - began >= 2


def test_the_time_of_late_reads_begins_with_the_change_and_not_with_the_first_look(told):
    told.state(late_reads=0.5)
    told.weigh(told.other)
    changed = time.monotonic()
    eventually(lambda: time.monotonic() > changed + 0.5, "its time has come")
    assert told.weights() == [told.other]


def test_no_fault_strikes_the_observer(told):
    told.state(throttle={"*": (0, 0)}, delay={"*": 600}, lose_reply={"*": 99}, expire_token=0, late_reads=600)
    told.weigh(told.other, told.observer)
    assert told.weights(told.observer) == [told.other]


def test_what_the_observer_asks_is_not_counted(told):
    told.state(throttle={"*": (0, 1)}, expire_token=1)
    for _ in range(3):
        told.weights(told.observer)
    told.weights()
