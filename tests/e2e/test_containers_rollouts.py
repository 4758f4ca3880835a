"""Releases on containers: proven, put back by evidence, refused, shared among five, stood down from.

What clients lose is what the newcomer's own share served them, and nobody is answered by a slice without a share.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from rehearsal.load import Answer, dropped, dropped_by, own
from rehearsal.stage import Done
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, alone, docked
from tests.e2e.refusals import PREVIEW
from tests.e2e.scene import EASY, SMOKE, assert_refused, moved, served_at_most
from tests.patience import eventually

# The plan goes by all the traffic since the router began, which is little where it was idle: a long deadline.
JUDGED = {"steps": [50], "bake": "2s", "deadline": "10m", "prove_by": 50, "gates": {"errors": {"allow": 2}}}
LATENCY = {"over": "300ms", "warmup": "0s", "alpha": 0.05}
ILL = 5.0  # seconds until who flaps is well again, and until it is ill again
MANY = {"v1": 60, "v2": 25, "v3": 10, "v4": 4, "v5": 1}
EVEN = {"v1": 12.5, "v2": 12.5, "v3": 25, "v4": 25, "v5": 25}


@pytest.fixture(scope="module")
def built(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live, v2 and v3 warm."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        for version in ("v1", "v2", "v3"):
            dock.moody(version)
        dock.release("v1", "v2", "v3")
        yield dock


def assert_restored(dock: Dock, done: Done, message: str, verdict: str = "restore") -> None:
    """The `up` ended non-zero and says why; the former traffic is live and recorded, and nobody walks."""
    assert_refused(done, message)
    assert dock.state == alone("v1")
    assert dock.entry()["verdict"] == verdict


def assert_only_its_share_failed(dock: Dock, answers: list[Answer]) -> None:
    """v1 and v2 answered without a fault; what the router answered for v2 is no more than v2's share."""
    assert set(dropped_by(answers)) <= {""}
    assert {answer.status for answer in dropped(answers)} <= {502, 503, 504}
    assert len(dropped(answers)) <= served_at_most(answers, dock.entry(), "v2")
    assert own(answers, "v1")


def test_a_good_release_is_promoted_once_it_is_proven_and_nothing_is_dropped(dock, clients):
    dock.declare({"v2": 100}, **{**JUDGED, "gates": {**EASY, "latency": {**LATENCY, "allow": 10}}})
    ok(dock.up())
    assert dock.state == alone("v2")
    assert dock.entry()["verdict"] == "promote"
    answers = clients.stop()
    assert dropped(answers) == []
    assert own(answers, "v3") == []


def test_a_release_that_dawdles_is_restored_by_the_latency_gate(dock, clients):
    dock.declare({"v2": 100}, **{**JUDGED, "gates": {"latency": LATENCY}})
    dock.faulty("v2", slow=0.1, slow_ms=400)
    done = dock.up()
    assert_restored(dock, done, r"v2: \d+ of [\d,]+ slow, v1: \d+ of [\d,]+ slow; worse by \d")
    assert dropped(clients.stop()) == []


def test_a_release_that_turns_bad_after_its_proof_is_restored(dock, clients):
    dock.declare({"v2": 100}, **{**JUDGED, "bake": "6s", "gates": EASY})
    done = dock.up(react={moved(v2=100): lambda: dock.faulty("v2", fail=0.8)})
    assert_restored(dock, done, r"v2: \d+ of [\d,]+ failed, with no incumbent left")
    assert set(dropped_by(clients.stop())) == {"v2"}


def test_a_release_that_resets_connections_is_restored(dock, clients):
    dock.declare({"v2": 100}, **JUDGED)
    dock.faulty("v2", reset=0.2)
    done = dock.up()
    assert_restored(dock, done, r"v2: \d+ of [\d,]+ failed, v1: 0 of [\d,]+ failed; worse by \d")
    assert_only_its_share_failed(dock, clients.stop())


def test_a_release_that_crashes_under_load_is_restored(dock, clients):
    dock.declare({"v2": 100}, **JUDGED)
    dock.faulty("v2", crash_after=30)
    done = dock.up()
    assert_restored(dock, done, r"v2: (\d+ of [\d,]+ failed|[01] of 2 healthy)")
    assert_only_its_share_failed(dock, clients.stop())


def test_a_release_whose_health_flaps_is_restored(dock, clients):
    dock.declare({"v2": 100}, **JUDGED)
    with flapping(dock, "v2") as begin:
        done = dock.up(react={moved(v1=50, v2=50): begin.set})
    # Without a healthy container the router answers 503 for v2: its count may come first.
    assert_restored(dock, done, r"v2: (\d+ of [\d,]+ failed|[01] of 2 healthy)")
    assert_only_its_share_failed(dock, clients.stop())


@contextmanager
def flapping(dock: Dock, version: str) -> Iterator[threading.Event]:
    """From when the event is set until the block ends, *version* is ill and well by turns."""
    begin, over = threading.Event(), threading.Event()

    def flap() -> None:
        begin.wait()
        while not over.is_set():
            dock.faulty(version, unhealthy=1)
            over.wait(ILL)
            dock.faulty(version)
            over.wait(ILL)

    thread = threading.Thread(target=flap)
    thread.start()
    try:
        yield begin
    finally:
        over.set()
        begin.set()
        thread.join()


def test_without_any_traffic_nothing_is_proven_and_nothing_promoted(dock):
    dock.declare({"v2": 100}, gates={"errors": {"allow": 50}}, deadline="6s")
    done = dock.up()
    assert_restored(dock, done, r"neither good nor bad by the deadline: .*Restored v1 100", "inconclusive")


def test_what_could_not_be_proven_by_the_deadline_is_refused_by_what_the_router_counted(dock, clients):
    eventually(lambda: own(list(clients.answers), "v1"), "some requests")
    dock.declare({"v2": 100}, gates={"errors": {"allow": 0.01}}, deadline="10s")
    done = dock.stage.run(*PREVIEW)
    assert_refused(done, "this rollout could not be proven by its deadline: gate errors needs about")


def test_the_command_gate_meets_the_newcomer_before_its_first_share(dock, clients):
    (dock.stage.root / "smoke.py").write_text(SMOKE)
    dock.declare({"v2": 100}, gates={"command": [sys.executable, "smoke.py", "3"]})
    refused = dock.up()
    assert_refused(refused, r"the command gate .* ended with 3; it said:\s+smoke of v2 met v2\s")
    assert "v1 100 stays live: nothing was moved" in refused.text
    assert set(Counter(answer.version for answer in list(clients.answers))) == {"v1"}
    dock.declare({"v2": 100}, gates={"command": [sys.executable, "smoke.py", "0"]}, steps=[])
    ok(dock.up())
    assert dock.live() == {"v2": 999}
    assert dropped(clients.stop()) == []


def test_in_a_freeze_no_newcomer_gains_share_and_going_back_is_allowed(dock, clients):
    today = datetime.now(UTC)
    window = f"{today - timedelta(1):%Y-%m-%d}/{today + timedelta(1):%Y-%m-%d} UTC inventory"
    dock.declare({"v3": 100}, freeze=[window])
    assert_refused(dock.up(), r"no newcomer gains share until .* \(inventory\), and v3 would")
    dock.settle("v2")
    dock.declare({"v1": 100}, freeze=[window], rollback="instant", bake="0s")
    ok(dock.up())
    assert dock.live() == {"v1": 999}
    answers = clients.stop()
    assert (dropped(answers), own(answers, "v3")) == ([], [])


def test_a_walk_whose_weights_someone_else_changes_stands_down_and_leaves_them(dock, clients):
    theirs = {"v1": 400, "v3": 600}
    dock.declare({"v2": 100}, bake="5s")
    done = dock.up(react={moved(v1=75, v2=25): lambda: dock.set_weights(theirs)})
    assert_refused(done, r"else changed .*: expected v1 75 · v2 25 with mark \w+, found v1 40 · v3 60.* as found")
    assert (dock.live(), dock.recorded()) == (theirs, {"v1": 100})
    assert dock.entry()["verdict"] == "inconclusive"
    assert dropped(clients.stop()) == []


def test_five_slices_share_the_traffic_and_change_all_at_once(dock, clients):
    for version in ("v4", "v5"):
        dock.images[version] = dock.images["v2"]
        dock.moody(version)
    dock.declare(MANY, steps=[], bake="0s")
    ok(dock.up())
    assert dock.live() == {version: 10 * share for version, share in MANY.items()}
    seen: list[dict[str, int]] = []
    dock.declare(EVEN, steps=[50])
    ok(dock.up(react={moved(v1=36.3, v2=18.7, v3=17.5, v4=14.5, v5=13): lambda: seen.append(dock.live())}))
    assert [*seen, dock.live()] == [
        {"v1": 363, "v2": 187, "v3": 175, "v4": 145, "v5": 130},
        {"v1": 125, "v2": 125, "v3": 250, "v4": 250, "v5": 250},
    ]
    assert (dock.recorded(), dock.marked()) == (EVEN, False)
    answers = clients.stop()
    assert dropped(answers) == []
    assert {answer.version for answer in answers} == set(MANY)
