"""What AWS refuses, and whether trying again may help."""

import pytest
from botocore import exceptions as botocore

from rollout.aws import asked, pages
from rollout.errors import RouterError


def answer(code: str, status: int = 400) -> botocore.ClientError:
    error = {"Code": code, "Message": "told so"}
    return botocore.ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, "DescribeRules")


def refusal(error: Exception) -> RouterError:
    def refuse() -> None:
        raise error

    with pytest.raises(RouterError, match=r"^read the rules: ") as caught:
        asked("read the rules", refuse)
    return caught.value


def test_what_aws_refuses_is_told_with_what_was_tried():
    said = str(refusal(answer("Throttling")))
    assert said == "read the rules: An error occurred (Throttling) when calling the DescribeRules operation: told so"


@pytest.mark.parametrize(
    "code", ["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"]
)
def test_a_throttled_call_may_pass_later(code):
    assert refusal(answer(code)).passing


@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_fails_on_aws_side_may_pass_later(status):
    assert refusal(answer("InternalFailure", status)).passing


@pytest.mark.parametrize(
    "error",
    [
        botocore.EndpointConnectionError(endpoint_url="https://a"),
        botocore.ConnectTimeoutError(endpoint_url="https://a"),
        botocore.ReadTimeoutError(endpoint_url="https://a"),
        botocore.ConnectionClosedError(endpoint_url="https://a"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_is_lost_may_come_back(error):
    assert refusal(error).passing


@pytest.mark.parametrize(
    "error",
    [
        answer("ExpiredToken", 403),
        answer("AccessDenied", 403),
        answer("ValidationError"),
        answer("RuleNotFound"),
        botocore.NoCredentialsError(),
        botocore.ParamValidationError(report="x"),
        botocore.SSLError(endpoint_url="https://a", error="expired"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_wrong_stays_wrong(error):
    assert not refusal(error).passing


def test_a_fault_of_our_own_is_no_router_error():
    with pytest.raises(ZeroDivisionError):
        asked("count", lambda: 1 // 0)


class Paged:
    """A client that answers in two pages; throttled from the second on when *limit* says so."""

    def __init__(self, *, limit: bool = False) -> None:
        self._limit = limit

    def get_paginator(self, operation: str) -> "Paged":
        assert operation == "describe_rules"
        return self

    def paginate(self, **query: str):
        yield {"Rules": [{"of": query["ListenerArn"]}]}
        if self._limit:
            raise answer("Throttling")
        yield {"Rules": [{"of": "the second"}]}


def test_pages_are_read_to_the_last():
    assert pages("read the rules", Paged(), "describe_rules", "Rules", ListenerArn="a") == [
        {"of": "a"},
        {"of": "the second"},
    ]


def test_a_page_that_is_refused_is_told():
    with pytest.raises(RouterError, match=r"^read the rules: .*Throttling"):
        pages("read the rules", Paged(limit=True), "describe_rules", "Rules", ListenerArn="a")
