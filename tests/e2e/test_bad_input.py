"""Bad input on the real engine: a preview refuses it with a message to act on, and nothing is changed."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.stage import Stage
from tests.e2e.conftest import declare, live, ok, recorded, sample

PREVIEW = ("pulumi", "preview", "--non-interactive", "--color", "never")
GONE = "ami-0000000000000dead"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/gone/0123456789abcdef"


@pytest.fixture(scope="module")
def ami(stage: Stage) -> str:
    ami = sample(stage, "app")
    declare(stage, {f"v{number}": ami for number in range(1, 7)}, {f"v{number}": 20 for number in range(1, 6)})
    ok(stage.up())
    return ami


@pytest.fixture(autouse=True)
def file_is_put_back(stage: Stage, ami: str) -> Iterator[None]:
    """A refused preview leaves nothing in the cloud and nothing in the state; the stack file is put back by us."""
    file = stage.root / "Pulumi.e2e.yaml"
    before = file.read_bytes()
    yield
    file.write_bytes(before)
    assert live(stage) == {f"v{number}": 200 for number in range(1, 6)}
    assert recorded(stage) == {f"v{number}": 20 for number in range(1, 6)}


SERVICE = {"name": "shop", "port": 8080, "size": 1, "drain": "3s"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bogus": {"a": 1}}, "sluice:bogus is no key of this program"),
        ({"service": {**SERVICE, "prot": 1}}, "sluice:service.prot is no key of this program"),
        ({"service": "shop"}, "service"),
        ({"service": {"port": 8080}}, "sluice:service.name is missing"),
        ({"traffic": None}, "traffic"),
        ({"traffic": {"v1": 99}}, "shares sum to 99, not 100"),
        ({"traffic": {"v1": 101, "v2": -1}}, "write a percentage from 0 to 100"),
        ({"traffic": {"v1": 99.95, "v2": 0.05}}, "write at most one decimal"),
        ({"traffic": {"v1": "NaN"}}, "the share of v1 is NaN"),
        ({"traffic": {"v9": 100}}, "v9 is not in sluice:releases"),
        ({"service": {**SERVICE, "name": ""}}, "sluice:service.name: ''"),
        ({"service": {**SERVICE, "name": "x" * 300}}, "(300 characters)"),
        ({"service": {**SERVICE, "name": "my shop"}}, "it is no service name"),
        ({"service": {**SERVICE, "name": "shop;rm"}}, "it is no service name"),
        ({"service": {**SERVICE, "name": "shop\n"}}, "it is no service name"),
        ({"service": {**SERVICE, "name": "kühl"}}, "it is no service name"),
        ({"service": {**SERVICE, "port": 0}}, "sluice:service.port: 0"),
        ({"service": {**SERVICE, "port": 70000}}, "sluice:service.port: 70000"),
        ({"service": {**SERVICE, "health": "healthz"}}, "sluice:service.health: 'healthz'"),
        ({"listener": {"balancer": BALANCER}}, "LoadBalancerNotFound"),
        (
            {"network": {"vpc": "vpc-12345678", "subnets": ["subnet-12345678", "subnet-12345679"]}},
            "InvalidVpcID.NotFound",
        ),
    ],
)
def test_a_wrong_key_is_refused_by_name(stage, change, said):
    stage.configure(**change)
    _refused(stage, said)


@pytest.mark.parametrize(
    ("releases", "said"),
    [
        (lambda ami: {"v7": {"ami": ami, "image": "repo/shop:latest"}}, "a tag can be moved to another image later"),
        (lambda ami: {"v7": {"ami": ami, "image": "repo/shop:1.2"}}, "a tag can be moved to another image later"),
        (lambda ami: {"v7": {"ami": "resolve:ssm:/aws/ami"}}, "so the slice would drift"),
        (lambda ami: {"v7": {"ami": GONE}}, f"sluice:releases.v7.ami: {GONE} does not exist"),
        (lambda ami: {"V1": {"ami": ami}}, "differ only in case"),
        (lambda ami: {"": {"ami": ami}}, "is no version"),
        (lambda ami: {"v" * 300: {"ami": ami}}, "is no version"),
        (lambda ami: {"v 7": {"ami": ami}}, "is no version"),
        (lambda ami: {"v7;": {"ami": ami}}, "is no version"),
        (lambda ami: {"v7\n": {"ami": ami}}, "is no version"),
        (lambda ami: {"vé": {"ami": ami}}, "is no version"),
        (lambda ami: {"v1": {"ami": ami, "env": {"A": "b"}}}, "env differs from what was published"),
    ],
)
def test_a_wrong_release_is_refused_by_name(stage, ami, releases, said):
    published = {f"v{number}": {"ami": ami} for number in range(1, 7)}
    stage.configure(releases=published | releases(ami))
    _refused(stage, said)


def test_a_secret_inside_the_releases_is_refused(stage):
    ok(stage.run("pulumi", "config", "set", "--secret", "--path", "sluice:releases.v1.env.KEY", "hidden"))
    _refused(stage, "sluice:releases: it holds a `secure:` value")


def test_six_slices_with_a_share_before_and_after_are_refused(stage):
    stage.configure(traffic={"v6": 100})
    _refused(stage, "6 slices have a share before or after")


def test_a_release_removed_while_it_carries_traffic_is_refused(stage, ami):
    declare(stage, {f"v{number}": ami for number in range(1, 5)}, {"v1": 100})
    _refused(stage, "v5 is removed but carries traffic")


def test_one_at_a_time_is_refused(stage):
    done = stage.run("pulumi", "preview", "--non-interactive", "-p", "1")
    assert done.code != 0
    assert "-p 1" in done.text


@pytest.mark.parametrize(
    ("region", "said"), [("eu-west-1", "was published in us-east-1"), ("us-esat-1", "'us-esat-1' is no AWS region")]
)
def test_the_wrong_region_is_refused(stage, region, said):
    _edit(stage, lambda text: text.replace("config:", f"config:\n  aws:region: {region}", 1))
    _refused(stage, said)


def test_a_stack_file_that_is_not_yaml_is_refused(stage):
    _edit(stage, lambda text: text + "\n  - [what\n")
    _refused(stage, "invalid YAML file: yaml: line")


def test_no_stack_selected_is_said(stage):
    done = stage.run("env", "-u", "PULUMI_STACK", "PULUMI_HOME=" + str(stage.home / "other"), *PREVIEW)
    assert done.code != 0
    assert "no stack selected" in done.text


def test_no_engine_is_said(stage):
    paths = os.environ["PATH"].split(os.pathsep)
    without = os.pathsep.join(path for path in paths if not Path(path, "pulumi").exists())
    done = stage.run("env", f"PATH={without}", sys.executable, "-m", "ops", "status")
    assert done.code == 1
    assert "make setup" in done.text


def _edit(stage: Stage, change: Callable[[str], str]) -> None:
    file = stage.root / "Pulumi.e2e.yaml"
    file.write_text(change(file.read_text()))


def _refused(stage: Stage, said: str) -> None:
    done = stage.run(*PREVIEW)
    assert done.code != 0, done.text
    assert said in done.text
    assert "Traceback" not in done.text
