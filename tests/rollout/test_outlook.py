"""The outlook: what a walk will take, and when it is refused before it begins."""

from dataclasses import replace

import pytest

from rollout import power
from rollout.contract import Terms
from rollout.errors import RefusedError
from rollout.guard import Walk
from rollout.metrics.interface import Counts, Tick
from rollout.outlook import Known, outlook, span
from rollout.strategy import Gate, Strategy
from rollout.timeline import lines

V1, V2 = {"v1": 1000}, {"v2": 1000}
WALK = Walk(V1, V2, former=V1, origin=V1)
RAMP = Strategy(steps=(50, 250, 500), bake=60)


def known(rate: float | None = 100, failing: float = 0.0, **more) -> Known:
    """600 seconds at *rate* requests a second, *failing* a part of them."""
    total = round((rate or 0) * 600)
    tick = Tick(0, 600, {"v1": Counts(total, round(total * failing))}) if rate is not None else None
    given = {"carried": (), "desired": {"v1": 3}, "sizes": {"v2": 2}, "created": (), "retired": (), "terms": Terms()}
    return Known(lately=tick, **{**given, **more})


def test_the_proof_is_gathered_from_the_first_step_on():
    found = outlook(WALK, RAMP, known(rate=100))
    (proof,) = found.proofs
    needed = power.requests(Gate(), 0.0, 0.25)
    assert proof.requests == needed
    assert needed is not None
    in_the_first_step = 60 * 100 * 0.05
    assert proof.seconds == pytest.approx(60 + (needed - in_the_first_step) / (100 * 0.25))


def test_what_a_restored_release_failed_lately_does_not_count():
    clean = known(rate=100)
    assert clean.lately is not None
    spoiled = replace(clean, lately=replace(clean.lately, counts={**clean.lately.counts, "v3": Counts(3_000, 1_500)}))
    assert outlook(WALK, RAMP, spoiled).proofs[0].requests == outlook(WALK, RAMP, clean).proofs[0].requests
    assert outlook(WALK, RAMP, known(failing=0.02)).proofs[0].requests != outlook(WALK, RAMP, clean).proofs[0].requests


def test_a_busy_site_waits_for_its_bakes_alone():
    assert outlook(WALK, RAMP, known(rate=10_000)).seconds == 4 * 60


def test_a_quiet_site_waits_for_its_proof():
    found = outlook(WALK, replace(RAMP, deadline=86_400), known(rate=2))
    assert found.seconds > 4 * 60
    assert found.proofs[0].seconds
    assert found.seconds == pytest.approx(4 * 60 - 2 * 60 + found.proofs[0].seconds)


def test_what_cannot_be_proven_by_the_deadline_is_refused_with_what_to_write():
    with pytest.raises(RefusedError) as refused:
        outlook(WALK, RAMP, known(rate=0.1))
    said = str(refused.value)
    assert "at 0.1 requests/s, and `deadline` is 30 min. Write deadline: " in said
    assert said.endswith("Nothing was moved")


@pytest.mark.parametrize("rate", [None, 0])
def test_where_no_request_was_seen_the_rate_is_not_known_and_nothing_is_refused(rate):
    found = outlook(WALK, RAMP, known(rate=rate))
    assert (found.rate, found.proofs[0].seconds) == (None, None)


def test_a_slice_that_has_carried_everything_goes_in_one_unjudged_move():
    found = outlook(WALK, RAMP, known(carried=("v2",)))
    assert ([step.shares for step in found.steps], found.judged, found.seconds) == ([V2], False, 0)


def test_a_newcomer_is_to_have_its_own_size_and_what_it_takes_over():
    assert outlook(WALK, RAMP, known(desired={"v1": 18, "v2": 2})).instances == {"v1": 18, "v2": 18}
    assert outlook(WALK, RAMP, known(desired={"v1": 1}, sizes={"v2": 4})).instances == {"v1": 1, "v2": 4}


def test_a_standby_that_was_scaled_in_is_woken():
    assert outlook(WALK, RAMP, known(desired={"v1": 2, "v2": 0})).woken == ("v2",)


def test_a_walk_that_goes_on_has_the_rest_of_its_steps():
    found = outlook(Walk({"v1": 500, "v2": 500}, V2, former=V1, origin=V1), RAMP, known(rate=0.1))
    assert [step.done for step in found.steps] == [500, 1000]


def test_the_plan_in_lines():
    found = outlook(WALK, RAMP, known(rate=100, created=("v2",), retired=("v0",)))
    told = lines(found)
    assert told[:5] == [
        "plan: v1 100 → v2 100 in 4 steps, once v2 is healthy (within 5 min)",
        "     5 %  v1 95 · v2 5",
        "    25 %  v1 75 · v2 25",
        "    50 %  v1 50 · v2 50",
        "   100 %  v2 100",
    ]
    assert told[5].startswith("  each step 60 s at least, in all ")
    assert told[6].startswith("  errors: about ")
    assert "at 100 requests/s), and do before 25 % is passed; below 0.5 % none is seen" in told[6]
    assert told[7:] == [
        "  instances at the most: 6 (v1 3 · v2 3)",
        "  created: v2",
        "  retired: v0",
        "  on any failure back to v1 100",
    ]


def test_no_gates_say_what_is_not_seen():
    told = lines(outlook(WALK, replace(RAMP, errors=None), known()))
    assert "  gates: health alone; errors and slow answers are not seen" in told


@pytest.mark.parametrize(("seconds", "said"), [(45, "45 s"), (720, "12 min"), (12_600, "3.5 h")])
def test_spans_are_as_people_say_them(seconds, said):
    assert span(seconds) == said
