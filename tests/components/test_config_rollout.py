"""`sluice:rollout` and `sluice:metrics`: what they mean, and how what is wrong is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from components.settings import SettingsError, parse
from rollout.strategy import Freeze, Gate, Latency, Strategy
from tests.configs import dev_config


def strategy(**rollout: object) -> Strategy:
    return parse(dev_config(rollout=rollout)).strategy


def refusal(**rollout: object) -> str:
    with pytest.raises(SettingsError) as caught:
        strategy(**rollout)
    return str(caught.value)


def test_nothing_said_is_the_strategy_of_the_documents():
    assert strategy() == Strategy()


def test_steps_and_shares_are_tenths_of_a_percent():
    assert strategy(steps=[0.5, 10], prove_by=10) == Strategy(steps=(5, 100), prove_by=100)


def test_percent_becomes_a_fraction():
    assert strategy(gates={"errors": {"allow": 1, "tolerate": 1.5}}).errors == Gate(allow=0.01, tolerate=1.5)


def test_a_latency_gate_has_its_own_allowance():
    gate = strategy(gates={"latency": {"over": "300ms"}}).latency
    assert gate == Latency(over=0.3, warmup=10, allow=0.02)


def test_no_gates_are_no_gates():
    assert strategy(gates={}).gates == {}


def test_named_gates_are_the_only_ones():
    assert list(strategy(gates={"latency": {"over": "1s"}}).gates) == ["latency"]


def test_a_day_is_frozen_to_its_end_in_its_own_zone():
    (found,) = strategy(freeze=["2026-12-24/2026-12-27 Europe/Berlin family holidays"]).freeze
    berlin = ZoneInfo("Europe/Berlin")
    expected = Freeze(datetime(2026, 12, 24, tzinfo=berlin), datetime(2026, 12, 28, tzinfo=berlin), "family holidays")
    assert found == expected


def test_a_freeze_without_a_zone_is_utc():
    (found,) = strategy(freeze=["2026-12-24T18:00/2026-12-25T06:00 night"]).freeze
    assert (found.start, found.end) == (
        datetime(2026, 12, 24, 18, tzinfo=UTC),
        datetime(2026, 12, 25, 6, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("rollout", "said"),
    [
        ({"steps": [50, 5]}, "sluice:rollout: `steps` do not rise; write such as steps: [1, 5, 25, 50]"),
        ({"steps": [0]}, "sluice:rollout.steps.0: 0: it is no percentage between 0 and 100; write steps: 25"),
        ({"steps": [0.25]}, "sluice:rollout.steps.0: 0.25: it has more than one decimal; write steps: 25"),
        ({"prove_by": 200}, "sluice:rollout.prove_by: 200: it is no percentage between 0 and 100; write prove_by: 25"),
        (
            {"steps": [50], "prove_by": 25},
            "sluice:rollout: no step is at or below `prove_by` (25), so nothing could be proven before it; write such "
            "as steps: [5, 25, 50], or gates: {} to go by health alone",
        ),
        (
            {"bake": "10m"},
            "sluice:rollout: the bakes alone take 3000 s, longer than `deadline`; write a longer one, or fewer steps",
        ),
        (
            {"gates": {"errors": {"tolerate": 2, "reject": 2}}},
            "sluice:rollout.gates.errors: `tolerate` is not below `reject`; write such as tolerate: 1.25 and reject: 2",
        ),
        ({"gates": {"latency": {}}}, "sluice:rollout.gates.latency.over is missing; write over: 300ms"),
        (
            {"gates": {"latency": {"over": "300"}}},
            "sluice:rollout.gates.latency.over: '300': it is no duration with a unit; write over: 300ms",
        ),
        (
            {"freeze": ["christmas"]},
            "sluice:rollout.freeze.0: 'christmas': it is no window with a reason; "
            'write freeze: "2026-12-24/2026-12-27 Europe/Berlin holidays"',
        ),
        (
            {"freeze": ["2026-12-24/2026-12-20 reason"]},
            "sluice:rollout.freeze.0: '2026-12-24/2026-12-20 reason': it ends before it begins; "
            'write freeze: "2026-12-24/2026-12-27 Europe/Berlin holidays"',
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(rollout, said):
    assert refusal(**rollout) == said


def test_two_sources_are_one_too_many():
    with pytest.raises(SettingsError, match=r"sluice:metrics: cloudwatch and envoy are both given; leave one source"):
        parse(dev_config(metrics={"cloudwatch": {}, "envoy": {"url": "http://127.0.0.1:9901"}}))
