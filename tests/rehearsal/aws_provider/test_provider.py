"""The stand-in for pulumi-aws at work: nothing but the local AWS, errors in words, never a traceback."""

import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from tests.rehearsal.aws_provider.world import SERVICES
from tests.rehearsal.provider.engine import Engine, refusal

COMMAND = Path(__file__).resolve().parents[3] / "rehearsal" / "bin" / "pulumi-resource-aws"


@pytest.fixture
def process():
    """A provider whose engine is this process."""
    with subprocess.Popen([sys.executable, COMMAND, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True) as one:
        yield one
        one.kill()


def test_it_prints_its_port_and_serves_there(process: subprocess.Popen[str], cloud: str) -> None:
    assert process.stdout
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        engine = Engine(channel)
        endpoints = [dict.fromkeys(SERVICES, cloud)]
        answer = engine.configure(region="us-east-1", accessKey="a", secretKey="b", endpoints=endpoints)
        assert (answer.supportsPreview, answer.acceptSecrets) == (True, False)
        vpc = engine.made("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
        vpc.delete()


def test_an_outside_endpoint_is_refused_before_anything_is_asked(served: str) -> None:
    with grpc.insecure_channel(served) as channel, pytest.raises(grpc.RpcError) as caught:
        Engine(channel).configure(region="us-east-1", endpoints=[{"ec2": "https://ec2.us-east-1.amazonaws.com"}])
    assert "is not on loopback" in refusal(caught)


def test_a_type_that_is_not_served_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        engine.check("aws:sqs/queue:Queue", {})
    assert refusal(caught).startswith("the type aws:sqs/queue:Queue is not served by this stand-in of pulumi-aws")


@pytest.mark.slow  # it is asked again for a while
def test_an_aws_that_does_not_answer_is_told_in_one_line(served: str) -> None:
    endpoints = [dict.fromkeys(SERVICES, "http://127.0.0.1:9")]
    with grpc.insecure_channel(served) as channel:
        engine = Engine(channel)
        engine.configure(region="us-east-1", accessKey="a", secretKey="b", endpoints=endpoints)
        with pytest.raises(grpc.RpcError) as caught:
            engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert "EndpointConnectionError: Could not connect to the endpoint URL" in refusal(caught)
    assert "\n" not in refusal(caught)
