"""What docs/benchmarks.md measures, as counts and orders that hold on any machine."""

import pytest

from bench import ramp, rollback
from bench.ground import Rule
from rehearsal.cloud.bucket import Bucket
from rehearsal.cloud.faults import AWS_LIMITS
from rehearsal.load import Load, dropped
from rehearsal.stage import Stage
from tests.e2e.conftest import declare, live, ok, sample

MOST = 40  # calls within any one second, and
MEAN = 10.0  # a second over a walk of short bakes


@pytest.fixture(scope="module")
def warm(stage: Stage) -> Stage:
    """v2 has all the traffic, v1 had it before."""
    images = {version: sample(stage, f"app-{version}") for version in ("v1", "v2")}
    for version in images:
        declare(stage, images, {version: 100})
        ok(stage.up())
    return stage


@pytest.fixture(autouse=True)
def load(warm: Stage):
    load = Load(ok(warm.run("pulumi", "stack", "output", "url")).strip(), connections=8, rate=100)
    load.start()
    yield load
    assert dropped(load.stop()) == []


def test_a_ramp_of_ten_steps_is_ten_writes_and_one_run_of_the_engine(warm):
    warm.configure(rollout={"ready": "60s", "steps": ramp.STEPS, "bake": "2s", "gates": {}, "rollback": "ramp"})
    cost = ramp.ramp(warm, "v1")
    assert live(warm) == {"v1": 999}
    assert (cost.writes, cost.marks, cost.engines, cost.runs) == (10, 2, 1, 1)
    assert cost.busiest <= MOST
    assert cost.rate <= MEAN
    assert refused(cost) == []


def test_a_rollback_is_as_fast_as_a_bare_call_once_it_is_asked(warm, load):
    warm.configure(rollout={"ready": "60s", "steps": [], "bake": "0s", "gates": {}})
    bare, now, up = rollback.play(warm, load, 1)
    assert live(warm) == {next(iter(Rule(warm).weights())): 999}
    assert now.last - now.written < bare.whole + 1
    assert now.written < up.whole


def refused(cost: ramp.Cost) -> list[str]:
    """The walk's calls that AWS's documented limits would refuse."""
    found = []
    for pattern, (rate, burst) in AWS_LIMITS.items():
        service, _, action = pattern.partition(":")
        bucket = Bucket(rate, burst, cost.walks[0].at)
        for one in cost.walks:
            if one.service == service and action.strip("*") in one.action:
                if bucket.has_one(one.at):
                    bucket.take()
                else:
                    found.append(one.action)
    return found
