"""One frame of `watch`."""

import io
from typing import Any

import pytest
from rich.console import Console

from ops.frame import View, frame
from ops.status import Report, SliceReport
from rollout.mark import Mark, me
from tests import walks
from tests.ops.conftest import AMI

OWNER = me()


def view(**change: Any) -> View:
    """v1 and v2 in the middle of a walk to v2, at its last tick."""
    entry = walks.crashed()
    live = {"v1": 75, "v2": 25}
    slices = [
        SliceReport(version=v, artifact=AMI, share=share, healthy=2, desired=2, readiness="serving")
        for v, share in live.items()
    ]
    report = Report(service="shop", platform="aws", declared={"v2": 100}, live=live, slices=slices, walk=None)
    mark = Mark(entry.run, {"v1": 1000}, {"v2": 1000}, OWNER, 0)
    given = {"at": entry.heard, "stack": "dev", "report": report, "mark": mark, "entry": entry}
    return View(**(given | change))


def shown(seen: View, width: int = 100) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=width, highlight=False).print(frame(seen, width))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def line(lines: list[str], name: str) -> str:
    """What stands behind *name*."""
    (found,) = [one for one in lines if one.startswith(name)]
    return found.removeprefix(name).strip()


def test_it_says_of_what_and_when():
    assert shown(view())[0] == "shop on aws, stack dev   12:00:42 UTC"


def test_each_slice_is_a_bar_of_its_live_share_beside_what_is_declared():
    lines = shown(view(mark=None))
    assert lines[2].split() == ["version", "traffic", "live", "declared", "healthy", "requests/s", "failed"]
    v1, v2 = lines[3:5]
    assert (v1.count("█"), v2.count("█")) == (16, 5)
    assert v1.split()[2:] == ["75", "%", "0", "%", "2", "of", "2", "serving"]
    assert v2.split()[2:] == ["▌", "25", "%", "100", "%", "2", "of", "2", "serving"][1:]


def test_a_slice_that_is_still_to_be_built_is_told_as_that():
    report = replaced(view(), declared={"v2": 100})
    report.slices.append(
        SliceReport(version="v3", artifact=AMI, share=0, healthy=0, desired=0, readiness="gone", missing=("slice",))
    )
    (row,) = [one for one in shown(view(mark=None, report=report)) if one.startswith("v3")]
    assert row.endswith("0 of 0  not built")


def test_a_share_as_declared_is_not_said_twice():
    declared = {"v1": 75, "v2": 25}
    seen = view(mark=None)
    (row,) = [one for one in shown(view(mark=None, report=replaced(seen, declared=declared))) if one.startswith("v2")]
    assert row.split()[2:] == ["25", "%", "2", "of", "2", "serving"]


def replaced(seen: View, **change: Any) -> Report:
    return Report(**(vars(seen.report) | change))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_bar_has_room_in_every_terminal(width):
    rows = [one for one in shown(view(mark=None), width) if one.startswith("v1")]
    assert "█" * 6 in rows[0]
    assert len(rows[0]) <= width


def test_rates_are_those_of_the_steps_last_ten_seconds():
    entry = walks.crashed()
    del entry.ticks[-4:]  # three are left of the newest step, and some of the one before are not ten seconds old
    seen = view(entry=entry)
    last = [tick for tick in entry.ticks if tick["step"] == 2]
    assert len(last) == 3
    total = sum(tick["counts"]["v2"]["total"] for tick in last) / sum(tick["end"] - tick["begin"] for tick in last)
    (row,) = [one for one in shown(seen) if one.startswith("v2")]
    assert row.split()[-3:] == [f"{total:.1f}", "0.00", "%"]


def test_rates_without_a_walk_or_long_ago_are_not_shown():
    entry = walks.crashed()
    for seen in (view(mark=None), view(at=entry.heard + 301)):
        (row,) = [one for one in shown(seen) if one.startswith("v2")]
        assert row.endswith("serving")


def test_a_walk_is_told_with_its_step_its_judges_and_its_last_line():
    seen = view()
    lines = shown(seen, 160)
    assert line(lines, "walking ") == f"v1 100 → v2 100 by {OWNER}, run deadbeef"
    assert line(lines, "step") == "25 % of the change: v1 75 · v2 25, held for 7.5 s"
    judged = [one.removeprefix("judged").strip() for one in lines if one.startswith("judged")]
    assert [one.split(":")[0] for one in judged] == ["v2 errors", "v2 latency"]
    assert all(one.endswith(" % of an alarm") for one in judged)
    assert line(lines, "told") == "moved: v1 75 · v2 25 (read back after 0.1 s)"
    assert lines[-1] == "walking"


def test_a_walk_whose_journal_is_elsewhere_is_told_all_the_same():
    lines = shown(view(entry=None))
    assert line(lines, "walking ").startswith("v1 100 → v2 100 by ")
    assert "its journal is not to be read from here (yet)" in "\n".join(lines)


def test_after_a_walk_its_verdict_stays():
    entry = walks.stopped()
    lines = shown(view(mark=None, entry=entry, at=entry.heard + 70), 160)
    assert line(lines, "last walk") == (
        "stopped 70 s ago, run 57099ed0. Stopped by the operator. Restored v1 100 after 23.4 s."
    )
    assert lines[-1] == "not converged: `pulumi up` makes it so"


def test_converged_is_told():
    seen = view(mark=None, entry=None)
    assert shown(view(mark=None, entry=None, report=replaced(seen, declared=seen.report.live)))[-1] == "converged"


def test_what_could_not_be_looked_at_is_told():
    assert line(shown(view(trouble="no route to AWS")), "trouble") == "no route to AWS"
