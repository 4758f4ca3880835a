"""What comes to a browser that stays: parts as they change, and no burden on anything else."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from pipeline.page.looking import OF_ONE
from tests.patience import PATIENCE, eventually
from tests.pipeline.page.frames import ramp, settled
from tests.pipeline.page.standing import Standing, standing


@pytest.fixture
def there(tmp_path: Path, hash_of_anna: str) -> Iterator[Standing]:
    with standing(tmp_path, hash_of_anna) as there:
        there.scenery.show(settled())
        yield there


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    return (json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def test_all_parts_come_first_then_those_that_changed(there):
    with httpx2.stream("GET", f"{there.url}/events", timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        coming = events(answer.iter_lines())
        first = next(coming)
        assert {"shop-seen", "shop-shares", "shop-walk", "shop-do", "shop-past"} <= set(first)
        while "100 %" not in first.get("shop-shares", ""):
            first = next(coming)
        there.scenery.show(ramp(40))
        changed = next(one for one in coming if "25 %" in one.get("shop-shares", ""))
        assert "A rollout is under way" in changed["shop-seen"]
        assert "shop-queue" not in changed


def test_who_looks_too_often_is_refused_and_hooks_are_not(there):
    held = []
    with ExitStack() as streams:
        for _ in range(OF_ONE):
            answer = streams.enter_context(httpx2.stream("GET", f"{there.url}/events", timeout=PATIENCE))
            assert answer.status_code == 200
            held.append(events(answer.iter_lines()))
            next(held[-1])
        assert httpx2.head(f"{there.url}/events", timeout=PATIENCE).status_code == 503
        assert httpx2.post(f"{there.url}/hooks/github", content=b"{}", timeout=PATIENCE).status_code == 401
        assert len(there.readers()) == 1
    eventually(
        lambda: httpx2.head(f"{there.url}/events", timeout=PATIENCE).status_code == 200,
        "there is room again",
        log=there.log,
    )


def test_an_open_stream_does_not_keep_the_receiver_from_its_end(there):
    begun, closed = threading.Event(), threading.Event()

    def look() -> None:
        with httpx2.stream("GET", f"{there.url}/events", timeout=PATIENCE) as answer:
            for _ in events(answer.iter_lines()):
                begun.set()
        closed.set()

    threading.Thread(target=look, daemon=True).start()
    assert begun.wait(PATIENCE)
    eventually(there.readers, "there is a reader", log=there.log)
    there.end()
    assert closed.wait(PATIENCE)
    assert "graceful shutdown exceeded" not in there.log()
    assert there.readers() == []


def test_a_receiver_that_is_killed_leaves_no_reader_behind(there):
    with httpx2.stream("GET", f"{there.url}/events", timeout=PATIENCE) as answer:
        coming = events(answer.iter_lines())
        next(coming)
        eventually(there.readers, "there is a reader", log=there.log)
        there.process.kill()
    there.process.wait(PATIENCE)
    eventually(lambda: there.readers() == [], "its reader has ended", log=there.log)
