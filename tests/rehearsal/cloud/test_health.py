"""The log of Envoy's health checks. That Envoy writes it so: test_balancer.py."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.health import LARGEST, HealthLog
from rollout.envoy.config import Endpoint

HERE = Endpoint("127.0.0.1", 8080)
PLACE = {"cluster_name": "v1", "host": {"socket_address": {"address": HERE.host, "port_value": HERE.port}}}
SAID = {
    "ACTIVE": "Target.ResponseCodeMismatch",
    "NETWORK": "Target.FailedHealthChecks",
    "NETWORK_TIMEOUT": "Target.Timeout",
}


def line(failure: str, event: str = "health_check_failure_event") -> str:
    return json.dumps({**PLACE, event: {"failure_type": failure}}) + "\n"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "health.log"
    file.touch()
    return file


@pytest.mark.parametrize("event", ["health_check_failure_event", "eject_unhealthy_event"])
@pytest.mark.parametrize("failure", SAID)
def test_a_failure_has_elbs_word_for_it(file, failure, event):
    file.write_text(line(failure, event))
    assert HealthLog(file).reasons() == {("v1", HERE): SAID[failure]}


def test_what_is_no_failure_is_no_reason(file):
    file.write_text(json.dumps({**PLACE, "add_healthy_event": {"first_check": True}}) + "\n")
    assert HealthLog(file).reasons() == {}


def test_the_last_failure_counts(file):
    log = HealthLog(file)
    file.write_text(line("NETWORK"))
    assert log.reasons() == {("v1", HERE): SAID["NETWORK"]}
    with file.open("a") as more:
        more.write(line("ACTIVE"))
    assert log.reasons() == {("v1", HERE): SAID["ACTIVE"]}


@given(cuts=st.lists(st.integers(0, 600), max_size=6))
def test_a_line_that_is_not_whole_yet_waits_for_its_end(tmp_path_factory, cuts):
    file = tmp_path_factory.mktemp("log") / "health.log"
    file.touch()
    text, log = line("NETWORK") + line("NETWORK_TIMEOUT") + line("ACTIVE"), HealthLog(file)
    last = 0
    for cut in [*sorted(min(cut, len(text)) for cut in cuts), len(text)]:
        with file.open("a") as more:
            more.write(text[last:cut])
        last = cut
        whole = text[:cut].count("\n")
        expected = {("v1", HERE): SAID[["NETWORK", "NETWORK_TIMEOUT", "ACTIVE"][whole - 1]]} if whole else {}
        assert log.reasons() == expected


def test_a_long_log_begins_anew_and_nothing_is_missed(file):
    log = HealthLog(file)
    with file.open("a") as envoy:  # appends, as Envoy does
        envoy.write(line("NETWORK") * (LARGEST // len(line("NETWORK")) + 1))
        envoy.flush()
        log.reasons()
        assert file.stat().st_size == 0
        envoy.write(line("ACTIVE"))
        envoy.flush()
        assert log.reasons() == {("v1", HERE): SAID["ACTIVE"]}
