"""A wait ends with what it waits for, with the reason why not, or with the engine."""

import threading

import pytest

from rehearsal.provider.errors import StoppedError, UnfinishedError
from rehearsal.provider.waiting import until


def test_it_looks_until_nothing_is_missing() -> None:
    answers = ["not yet", "almost", None]
    until("it", lambda: answers.pop(0), 10.0, threading.Event())
    assert answers == []


def test_in_vain_it_tells_what_was_missing_last() -> None:
    with pytest.raises(UnfinishedError, match=r"it: not after 0\.05 s: a wheel"):
        until("it", lambda: "a wheel", 0.05, threading.Event())


def test_a_stopping_engine_ends_it_at_once() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match="it: stopped waiting, because the engine is stopping"):
        until("it", lambda: "a wheel", 3600.0, stop)
