"""Which configuration the stand-in works with, and which it refuses: anything that is not this machine."""

import json
from typing import Any

import grpc
import pytest

from rehearsal.aws_provider.config import configured, is_loopback
from rehearsal.provider.errors import RefusedError
from tests.rehearsal.aws_provider.world import SERVICES
from tests.rehearsal.provider.engine import Engine, refusal

KEYS = {"region": "us-east-1", "accessKey": "test", "secretKey": "test"}
LOCAL = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_REGION": "us-east-1"}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000", "http://127.8.8.8", "https://[::1]:1", "http://localhost:5000"]
)
def test_loopback_is_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ec2.us-east-1.amazonaws.com",
        "http://10.0.0.1:5000",
        "http://0.0.0.0:5000",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "http://example.com#127.0.0.1",
        "127.0.0.1:5000",
        "file:///127.0.0.1",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not is_loopback(url)


def test_no_endpoint_at_all_is_refused_with_the_way_out() -> None:
    with pytest.raises(RefusedError, match=r"no endpoint for ec2.*python -m rehearsal shell"):
        configured({"region": "us-east-1"}, {})


def test_one_endpoint_outside_is_refused_even_beside_local_ones() -> None:
    endpoints = [{"ec2": "http://127.0.0.1:1", "s3": "https://s3.amazonaws.com"}]
    with pytest.raises(RefusedError, match=r"https://s3.amazonaws.com for s3 is not on loopback"):
        configured({"endpoints": json.dumps(endpoints)}, LOCAL)


def test_endpoints_win_over_the_environment_service_by_service() -> None:
    cloud = configured({"endpoints": '[{"elb": "http://127.0.0.1:1"}]'}, LOCAL)
    assert (cloud.endpoints["elbv2"], cloud.endpoints["s3"]) == ("http://127.0.0.1:1", "http://127.0.0.1:5000")


def test_the_sdk_sends_everything_but_strings_as_json() -> None:
    cloud = configured({"defaultTags": '{"tags": {"a": "b"}}', "s3UsePathStyle": "true", "region": "eu-west-1"}, LOCAL)
    assert (cloud.default_tags, cloud.path_style, cloud.region) == ({"a": "b"}, True, "eu-west-1")


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"colour": "red"}, "unknown key colour"),
        ({"defaultTags": "{"}, "defaultTags must be JSON"),
        ({"endpoints": '[{"sqs": "http://127.0.0.1:1"}]'}, "endpoints of sqs are not served"),
        ({"profile": "no-such"}, "no-such"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(args: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        configured({**args, "allowedAccountIds": '["1"]'}, LOCAL)


def test_no_region_is_refused() -> None:
    with pytest.raises(RefusedError, match="no region"):
        configured({}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"})


def test_an_allowed_account_is_worked_with(served: str, cloud: str) -> None:
    with grpc.insecure_channel(served) as channel:
        Engine(channel).configure(**KEYS, endpoints=_all(cloud), allowedAccountIds=["1", "123456789012"])


def test_any_other_account_is_refused(served: str, cloud: str) -> None:
    with grpc.insecure_channel(served) as channel, pytest.raises(grpc.RpcError) as caught:
        Engine(channel).configure(**KEYS, endpoints=_all(cloud), allowedAccountIds=["999999999999"])
    assert refusal(caught) == "provider aws: account 123456789012 is not among allowedAccountIds 999999999999"


def test_a_role_is_assumed(served: str, cloud: str) -> None:
    roles = [{"roleArn": "arn:aws:iam::123456789012:role/deploy", "sessionName": "ci"}]
    with grpc.insecure_channel(served) as channel:
        engine = Engine(channel)
        engine.configure(**KEYS, endpoints=_all(cloud), assumeRoles=roles)
        arn = engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")["arn"]
    assert arn == "arn:aws:sts::123456789012:assumed-role/deploy/ci"


def _all(cloud: str) -> list[dict[str, str]]:
    return [dict.fromkeys(SERVICES, cloud)]
