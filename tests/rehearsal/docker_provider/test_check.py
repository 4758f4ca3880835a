"""Inputs that the real provider refuses before anything is made, and what it fills in."""

import re
from typing import Any

import pytest

from rehearsal.docker_provider.resources.registry import TYPES
from rehearsal.provider.check import DEFAULTS, check
from rehearsal.provider.values import Props
from tests.rehearsal.docker_provider.conftest import CONTAINER, IMAGE, NETWORK, VOLUME

ONE = {"image": "i"}
REFUSED: list[tuple[str, Props, str, str]] = [
    (CONTAINER, {}, "image", "missing required property"),
    (CONTAINER, {**ONE, "colour": "red"}, "colour", "unknown property"),
    (CONTAINER, {**ONE, "restart": "sometimes"}, "restart", "must be one of no, on-failure, always, unless-stopped"),
    (CONTAINER, {**ONE, "mounts": [{"type": "nfs", "target": "/"}]}, "mounts[0].type", "must be one of bind, volume"),
    (CONTAINER, {**ONE, "mounts": [{"type": "bind"}]}, "mounts[0].target", "missing required property"),
    (CONTAINER, {**ONE, "uploads": [{"file": "/a", "permissions": "644"}]}, "uploads[0].permissions", "octal digits"),
    (CONTAINER, {**ONE, "uploads": [{"file": "/a", "contentBase64": "?"}]}, "uploads[0].contentBase64", "not base64"),
    (CONTAINER, {**ONE, "healthcheck": {"interval": "5"}}, "healthcheck.interval", "is not a valid duration"),
    (CONTAINER, {**ONE, "healthcheck": {"timeout": "-1s"}}, "healthcheck.timeout", "must not be negative"),
    (CONTAINER, {**ONE, "healthcheck": {"retries": -1}}, "healthcheck.retries", "must be at least 0"),
    (CONTAINER, {**ONE, "memory": -1}, "memory", "must be at least 0"),
    (CONTAINER, {**ONE, "cpuShares": -1}, "cpuShares", "must be at least 0"),
    (CONTAINER, {**ONE, "shmSize": -1}, "shmSize", "must be at least 0"),
    (CONTAINER, {**ONE, "memorySwap": -2}, "memorySwap", "must be at least -1"),
    (CONTAINER, {**ONE, "cpuSet": "0,"}, "cpuSet", "list or range of CPUs"),
    (CONTAINER, {**ONE, "volumes": [{"hostPath": "here"}]}, "volumes[0].hostPath", "must be an absolute path"),
    (CONTAINER, {**ONE, "gpus": "all", "deviceRequests": []}, "gpus", "conflicts with deviceRequests"),
    (CONTAINER, {**ONE, "pidsLimit": 100}, "pidsLimit", "unknown property"),
    (IMAGE, {}, "name", "missing required property"),
    (IMAGE, {"name": "i", "build": {}}, "build", "not served by this stand-in: build the image beforehand"),
    (NETWORK, {"ipamConfigs": [{"net": "10.0.0.0/8"}]}, "ipamConfigs[0].net", "unknown property"),
    (VOLUME, {"size": 1}, "size", "unknown property"),
]
PASSES: list[Props] = [
    {"memorySwap": -1},
    {"cpuSet": "0-1,3"},
    {"image": "no such reference!"},
    {"user": "nobody", "stopSignal": "SIGNONE"},
    {"ports": [{"internal": 99999}]},
    {"healthcheck": {"interval": "1h0m0.5s"}},
]


@pytest.mark.parametrize(
    ("token", "inputs", "path", "reason"), REFUSED, ids=[f"{one[0][6:]} {one[2]}" for one in REFUSED]
)
def test_what_the_real_provider_refuses_is_refused_by_path(token: str, inputs: Props, path: str, reason: str) -> None:
    _, failures = check(TYPES[token], {}, inputs, logical="it")
    assert [one.path for one in failures] == [path]
    assert reason in failures[0].reason


def test_a_build_and_pull_triggers_conflict() -> None:
    _, failures = check(TYPES[IMAGE], {}, {"name": "i", "build": {}, "pullTriggers": ["x"]}, logical="it")
    assert "conflicts with build" in [one.reason for one in failures]


@pytest.mark.parametrize("inputs", PASSES, ids=str)
def test_what_the_real_provider_lets_through_passes(inputs: Props) -> None:
    _, failures = check(TYPES[CONTAINER], {}, {**ONE, **inputs}, logical="it")
    assert failures == []


@pytest.mark.parametrize("token", [CONTAINER, NETWORK, VOLUME])
def test_a_name_is_made_once_and_then_kept(token: str) -> None:
    first, _ = check(TYPES[token], {}, dict(ONE) if token == CONTAINER else {}, logical="shop-v1-0")
    assert re.fullmatch(r"shop-v1-0-[0-9a-f]{7}", first["name"])
    again, _ = check(TYPES[token], first, dict(ONE) if token == CONTAINER else {}, logical="shop-v1-0")
    assert again["name"] == first["name"]


def test_an_images_name_is_its_own() -> None:
    inputs, _ = check(TYPES[IMAGE], {}, {"name": "shop@sha256:1"}, logical="shop")
    assert inputs["name"] == "shop@sha256:1"


def test_the_containers_defaults_are_the_real_ones() -> None:
    inputs, _ = check(TYPES[CONTAINER], {}, {**ONE, "name": "n", "ports": [{"internal": 80}]}, logical="it")
    filled: dict[str, Any] = {name: inputs[name] for name in inputs[DEFAULTS]}
    assert filled == {
        "attach": False,
        "containerReadRefreshTimeoutMilliseconds": 15000,
        "logs": False,
        "memoryReservation": 0,
        "mustRun": True,
        "networkMode": "bridge",
        "readOnly": False,
        "removeVolumes": True,
        "restart": "no",
        "rm": False,
        "start": True,
        "stdinOpen": False,
        "tty": False,
        "wait": False,
        "waitTimeout": 60,
    }
    assert inputs["ports"] == [{"internal": 80, "ip": "0.0.0.0", "protocol": "tcp"}]
