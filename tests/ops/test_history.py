"""`history`: updates and walks, put together."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from ops.facts import Update
from ops.history import Past, history, show
from rollout.journal import Entry
from rollout.shares import Shares
from tests import walks
from tests.ops.conftest import update

V1, V2, V3 = {"v1": 1000}, {"v2": 1000}, {"v3": 1000}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=3)


def up(traffic: Shares, number: int, result: str = "succeeded", author: str = "Ada Byron") -> Update:
    """An update that took two minutes; a higher *number* is older."""
    one = update(traffic, result, number)
    return replace(one, ended=one.at + timedelta(seconds=120), message=f"release {number}", author=author)


def walk(story: Callable[[], Entry], number: float) -> Entry:
    """The entry of a walk that began three seconds after the update of that *number*."""
    entry = story()
    shift = (NOON - timedelta(hours=number)).timestamp() + 3 - entry.begun
    entry.begun += shift
    entry.ended = entry.ended + shift if entry.ended else None
    for one in (*entry.steps, *entry.lines):
        one["at"] += shift
    for tick in entry.ticks:
        tick["begin"], tick["end"] = tick["begin"] + shift, tick["end"] + shift
    return entry


def told(found: list[Past]) -> list[tuple[str, str, str | None]]:
    return [(one.verdict, one.evidence, one.run) for one in found]


def test_an_update_is_told_with_the_walk_that_began_in_it():
    entries = [walk(walks.restored, 0), walk(walks.promoted, 1)]
    found = history([up(V3, 0, "failed"), up(V2, 1), up(V1, 2)], entries, 10, NOW)
    assert [(one.verdict, one.run) for one in found] == [
        ("restore", "9b1d77e0"),
        ("promote", "5f0c2a91"),
        ("promote", None),
    ]
    assert found[0].evidence.startswith("v3: 61 of 1,204 failed")
    assert found[1].evidence.startswith("v2 ")
    assert found[2].evidence == "the first traffic"
    assert [one.declared for one in found] == [V3, V2, V1]
    assert [one.seconds for one in found] == [120, 120, 120]
    assert [one.at for one in found] == [NOON - timedelta(hours=number) for number in range(3)]


def test_who_it_was_is_the_journals_word_else_the_commits():
    found = history([up(V2, 0), up(V1, 1), up(V3, 2, author="")], [walk(walks.promoted, 0)], 10, NOW)
    assert [one.who for one in found] == ["ada@laptop", "commit by Ada Byron", "-"]


@pytest.mark.parametrize(
    ("story", "result", "verdict"),
    [
        (walks.restored, "failed", "restore"),
        (walks.inconclusive, "failed", "inconclusive"),
        (walks.stopped, "failed", "stopped"),
        (walks.unhealthy, "failed", "restore"),
        (walks.crashed, "failed", "crashed"),
        (walks.promoted, "failed", "failed"),
        (walks.promoted, "succeeded", "promote"),
    ],
)
def test_the_verdict_is_the_walks_unless_the_update_failed_after_it(story, result, verdict):
    (found,) = history([up(V2, 0, result)], [walk(story, 0)], 10, NOW)
    assert found.verdict == verdict
    assert found.evidence.startswith("after the traffic had moved: ") is (verdict == "failed")


def test_an_update_without_a_walk_says_so():
    found = history([up(V3, 0, "failed"), up(V2, 1), up(V1, 2)], [], 10, NOW)
    assert told(found) == [
        ("failed", "no walk in the journal", None),
        ("promote", "no walk in the journal", None),
        ("promote", "the first traffic", None),
    ]


def test_updates_that_moved_nothing_are_left_out_unless_wanted():
    updates = [up(V2, 0), up(V2, 1), up(V3, 2, "failed"), up(V2, 3), up(V1, 4), up(V1, 5)]
    assert [one.message for one in history(updates, [], 10, NOW)] == ["release 2", "release 3", "release 5"]
    assert len(history(updates, [], 10, NOW, everything=True)) == 6


def test_an_update_that_only_put_drift_right_is_told_since_it_walked():
    found = history([up(V2, 0), up(V2, 1)], [walk(walks.promoted, 0)], 10, NOW)
    assert [(one.message, one.run) for one in found] == [("release 0", "5f0c2a91"), ("release 1", None)]


def test_a_walk_that_the_engine_knows_nothing_of_is_told_in_its_place():
    entries = [walk(walks.crashed, 0.5), walk(walks.stopped, 9)]
    found = history([up(V2, 0), up(V1, 1)], entries, 10, NOW)
    assert [(one.verdict, one.run) for one in found] == [
        ("promote", None),
        ("crashed", "deadbeef"),
        ("promote", None),
        ("stopped", "57099ed0"),
    ]
    assert found[1].declared == V2
    assert found[1].seconds == pytest.approx(39)


def test_a_walk_under_way_is_told_as_that():
    entry = walk(walks.crashed, 0)
    now = datetime.fromtimestamp(entry.heard + 5, UTC)
    assert [one.verdict for one in history([up(V1, 1)], [entry], 10, now)] == ["walking", "promote"]
    running = replace(up(V2, 0, "in-progress"), ended=None)
    assert told(history([running, up(V1, 1)], [entry], 1, now)) == [("walking", "at 25 % of the change", "deadbeef")]
    assert told(history([running, up(V1, 1)], [], 1, now)) == [("walking", "not at a walk yet", None)]


def test_no_more_are_told_than_wanted_and_the_history_is_read_no_further():
    def updates():
        yield up(V3, 0)
        yield up(V2, 1)
        yield up(V1, 2)
        raise AssertionError("read too far")

    assert len(history(updates(), [walk(walks.crashed, 0.5)], 2, NOW)) == 2


def test_traffic_that_cannot_be_read_is_unknown():
    (found,) = history([replace(up(V2, 0), values={})], [], 10, NOW)
    assert found.declared is None


def test_programs_get_plain_data():
    (found,) = history([up({"v1": 125, "v2": 875}, 0)], [], 10, NOW)
    assert json.loads(json.dumps(found.as_json())) == {
        "at": "2026-11-24T12:00:00+00:00",
        "who": "commit by Ada Byron",
        "message": "release 0",
        "declared": {"v1": 12.5, "v2": 87.5},
        "verdict": "promote",
        "seconds": 120,
        "evidence": "the first traffic",
        "run": None,
    }


def shown(found: list[Past]) -> list[str]:
    text = io.StringIO()
    show(found, Console(file=text, width=60, soft_wrap=True))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_people_get_a_line_for_each_however_narrow_the_terminal():
    found = history([up(V3, 0, "failed"), up(V2, 1)], [walk(walks.restored, 0)], 10, NOW)
    head, first, second = shown(found)
    assert head.split("  ")[0] == "when (UTC)"
    assert first.startswith(
        "2026-11-24 12:00  ada@laptop           v3 100    restore  2 min 0 s  9b1d77e0  v3: 61 of 1,204 failed"
    )
    assert first.endswith("worse by 4.9 points, e-value 4.1e6")
    assert second == "2026-11-24 11:00  commit by Ada Byron  v2 100    promote  2 min 0 s            the first traffic"


def test_an_empty_history_is_told():
    assert shown([]) == ["nothing is released yet"]
