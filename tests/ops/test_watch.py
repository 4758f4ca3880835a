"""`watch`: what is looked at how often, and what becomes of it."""

import io
from collections import Counter

import pytest
from rich.console import Console

from ops.errors import OpsError
from ops.watch import Watcher, watch
from rollout.mark import Mark, me
from rollout.routers.interface import Health, Live
from rollout.stores import FolderJournal
from tests import walks

HALF = {"v1": 500, "v2": 500}


@pytest.fixture(autouse=True)
def two_slices(stack, cloud) -> None:
    stack.released("v1", "v2")
    cloud.healths = {v: Health(v, 2, 2) for v in ("v1", "v2")}


@pytest.fixture
def calls(stack, cloud, monkeypatch) -> Counter[str]:
    """How often the engine and the cloud are asked."""
    counted: Counter[str] = Counter()

    def count(of: object, name: str) -> None:
        ask = getattr(of, name)

        def counting(*arguments: object) -> object:
            counted[name] += 1
            return ask(*arguments)

        monkeypatch.setattr(of, name, counting)

    count(stack, "state")
    count(cloud, "live")
    count(cloud, "health")
    return counted


@pytest.fixture
def journal(stack, said) -> FolderJournal:
    return FolderJournal(stack.file.parent / ".sluice" / "journal" / "test", said.append)


def marked(run: str) -> Live:
    return Live(HALF, Mark(run, {"v1": 1000}, {"v2": 1000}, me(), 0))


def test_what_is_dear_is_looked_at_less_often_than_the_weights(stack, clock, calls):
    watcher = Watcher(stack, clock)
    calls.clear()
    for _ in range(60):
        clock.sleep(1)
        watcher.view()
    assert 60 <= calls["live"] <= 64
    assert calls["state"] == 3
    assert calls["health"] <= 2 * 24


def test_live_weights_are_seen_at_once(stack, cloud, clock):
    watcher = Watcher(stack, clock)
    clock.sleep(1)
    cloud.shares = Live(HALF, None)
    seen = watcher.view()
    assert (seen.report.live, [one.share for one in seen.report.slices]) == ({"v1": 50, "v2": 50}, [50, 50])
    assert [one.readiness for one in seen.report.slices] == ["serving", "serving"]
    assert seen.at == clock.now()


def test_health_is_seen_within_seconds(stack, cloud, clock):
    watcher = Watcher(stack, clock)
    cloud.healths = {"v1": Health("v1", 1, 2)}
    clock.sleep(3)
    seen = watcher.view()
    assert [(one.healthy, one.desired, one.readiness) for one in seen.report.slices] == [(1, 2, "cold"), (0, 0, "gone")]


def test_a_walk_that_begins_is_seen_with_its_journal_and_what_is_declared_by_then(stack, cloud, clock, journal):
    watcher = Watcher(stack, clock)
    entry = walks.crashed()
    journal.keep(entry)
    cloud.shares = marked(entry.run)
    stack.file.write_text(stack.file.read_text().replace("{v2: 100}", "{v1: 30, v2: 70}"))
    seen = watcher.view()
    assert seen.mark is not None
    assert seen.entry is not None
    assert (seen.mark.run, seen.entry.run) == (entry.run, entry.run)
    clock.sleep(1)
    assert watcher.view().report.declared == {"v1": 30, "v2": 70}


def test_a_walks_progress_is_read_while_it_goes_on(stack, cloud, clock, journal):
    entry = walks.crashed()
    journal.keep(entry)
    cloud.shares = marked(entry.run)
    watcher = Watcher(stack, clock)
    watcher.view()
    entry.lines.append({"at": entry.heard, "text": "something new"})
    journal.keep(entry)
    clock.sleep(2)
    seen = watcher.view().entry
    assert seen is not None
    assert seen.lines[-1]["text"] == "something new"


def test_when_a_walk_ends_its_verdict_is_shown(stack, cloud, clock, journal):
    entry = walks.crashed()
    entry.stack = stack.short
    journal.keep(entry)
    cloud.shares = marked(entry.run)
    watcher = Watcher(stack, clock)
    watcher.view()
    cloud.shares = Live({"v1": 1000}, None)
    clock.sleep(1)
    assert watcher.view().mark is None
    entry.end(entry.heard, "restore", "stopped by the operator", {"v1": 1000})
    journal.keep(entry)
    clock.sleep(2)
    seen = watcher.view().entry
    assert seen is not None
    assert (seen.run, seen.verdict) == (entry.run, "restore")


def test_a_walk_that_nobody_saw_between_two_frames_is_the_last_one_too(stack, cloud, clock, journal):
    first, second = walks.stopped(), walks.stopped()
    first.stack = second.stack = stack.short
    first.run, second.run = "00000001", "00000002"
    journal.keep(first)
    watcher = Watcher(stack, clock)
    watcher.view()
    journal.keep(second)
    cloud.shares = Live({"v1": 1000}, None)
    clock.sleep(2)
    seen = watcher.view().entry
    assert seen is not None
    assert seen.run == second.run


def test_without_a_walk_the_last_one_is_told(stack, clock, journal):
    entry = walks.stopped()
    entry.stack = stack.short
    journal.keep(entry)
    seen = Watcher(stack, clock).view().entry
    assert seen is not None
    assert seen.run == entry.run


def test_a_version_that_nobody_knew_is_looked_up(stack, cloud, clock):
    watcher = Watcher(stack, clock)
    cloud.shares = Live({"v2": 500, "handmade": 500}, None)
    watcher.view()
    clock.sleep(1)
    assert [one.version for one in watcher.view().report.slices] == ["v1", "v2", "handmade"]


def test_an_unreachable_cloud_is_trouble_and_the_last_frame_stays(stack, cloud, clock):
    watcher = Watcher(stack, clock)
    cloud.unreachable = "no route to AWS"
    clock.sleep(1)
    seen = watcher.view()
    assert (seen.trouble, seen.report.live) == ("no route to AWS", {"v2": 100})
    cloud.unreachable = None
    assert watcher.view().trouble == ""


def test_a_broken_journal_is_trouble(stack, cloud, clock, journal):
    journal.folder.mkdir(parents=True)
    (journal.folder / "r1.json").write_text("{")
    cloud.shares = marked("r1")
    assert "r1.json" in Watcher(stack, clock).view().trouble


def test_a_stack_that_cannot_be_looked_at_at_all_is_an_error(stack, cloud, clock):
    cloud.unreachable = "no route to AWS"
    with pytest.raises(OpsError, match="no route to AWS"):
        watch(stack, Console(file=io.StringIO()), clock, once=True)


@pytest.mark.parametrize(("once", "terminal"), [(True, True), (False, False)])
def test_one_frame_is_enough_when_asked_for_or_without_a_terminal(stack, clock, once, terminal):
    text = io.StringIO()
    before = clock.now()
    watch(stack, Console(file=text, width=100, force_terminal=terminal, color_system=None), clock, once=once)
    assert text.getvalue().startswith("shop on aws, stack test")
    assert clock.now() == before


def test_on_a_terminal_there_is_a_frame_each_second_drawn_over_the_last_until_ctrl_c(stack, cloud, clock):
    text = io.StringIO()

    def leave() -> None:
        raise KeyboardInterrupt

    clock.at(2, lambda: setattr(cloud, "shares", Live(HALF, None)))
    clock.at(5, leave)
    with pytest.raises(KeyboardInterrupt):
        watch(
            stack, Console(file=text, width=100, height=40, force_terminal=True, color_system=None), clock, once=False
        )
    written = text.getvalue()
    assert written.count("shop on aws, stack test") == 1 + 4 + 1  # at once, each second, and left behind at the end
    assert "\x1b[2J" not in written  # the screen is never cleared: that would flicker
    assert "50 %" in written
