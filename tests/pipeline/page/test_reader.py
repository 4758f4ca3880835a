"""The reader: there while somebody looks, and honest about what it does not see."""

import asyncio
import json
import sys
import time
from collections.abc import Callable

import pytest

from pipeline.page import reader as readers
from pipeline.page.reader import Reader
from tests.patience import PATIENCE

FRAME = json.dumps({"trouble": "", "at": 1})
LOOP = "import time\nwhile True:\n    print({frame!r}, flush=True)\n    time.sleep(0.02)"


def reader(tmp_path, program: str) -> Reader:
    return Reader([sys.executable, "-c", program.format(frame=FRAME)], tmp_path)


async def until(true: Callable[[], object]) -> None:
    late = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < late
        await asyncio.sleep(0.02)


def test_it_ends_when_nobody_looks_and_begins_when_somebody_does(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "LINGER", 0.3)
    monkeypatch.setattr(readers, "TURN", 0.05)

    async def story() -> None:
        one = reader(tmp_path, LOOP)
        assert await one.now(PATIENCE)
        await until(lambda: one._task and one._task.done())
        one.look()
        assert one.frame is None, "what was seen long ago is shown as now"
        assert not one.is_fresh
        assert await one.now(PATIENCE)
        await one.stop()

    asyncio.run(story())


def test_what_hangs_is_said_and_is_not_taken_for_now(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "STALE", 0.3)

    async def story() -> None:
        one = reader(tmp_path, "import time\nprint({frame!r}, flush=True)\ntime.sleep(600)")
        await until(lambda: one.look() or one.frame)
        await until(lambda: "no answer for" in one.trouble)
        assert not one.is_fresh
        assert await one.now(0.2) is None
        await one.stop()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('warning: x\\nerror: no stack named prod\\nmore')", "no stack named prod"),
        ("pass", "its reader ended without saying why"),
        ("print('no frame')\nimport time\ntime.sleep(600)", "its reader ended without saying why"),
        ("print('x' * 10_000_000)\nimport time\ntime.sleep(600)", "its reader ended without saying why"),
    ],
)
def test_why_there_is_nothing_to_see_is_said(tmp_path, program, said):
    async def story() -> None:
        one = reader(tmp_path, program)
        await until(lambda: one.look() or one.trouble == said)
        assert await one.now(PATIENCE) is None
        await one.stop()

    asyncio.run(story())


def test_one_that_does_not_end_when_it_is_asked_to_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "GRACE", 0.2)

    async def story() -> None:
        deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LOOP
        one = reader(tmp_path, deaf)
        assert await one.now(PATIENCE)
        await asyncio.wait_for(one.stop(), PATIENCE)

    asyncio.run(story())
