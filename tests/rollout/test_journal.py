"""Entries: what a walk tells, and the same again out of JSON."""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from rollout.journal import Entry, from_json, to_json
from rollout.metrics.interface import Counts, Tick
from tests import walks


def bare() -> Entry:
    return Entry("r1", "shop", "dev", "ada@laptop (pid 1)", 1000.0, {"v1": 1000}, {"v2": 1000})


@pytest.mark.parametrize("story", [walks.promoted, walks.restored, walks.inconclusive, walks.crashed, walks.blind])
def test_an_entry_comes_back_as_it_was(story):
    entry = story()
    assert from_json(to_json(entry)).run == entry.run
    assert to_json(from_json(to_json(entry))) == to_json(entry)


def test_a_walk_is_told_step_by_step_and_tick_by_tick():
    entry = bare()
    entry.step(1001.0, 10, {"v1": 990, "v2": 10})
    entry.tick(Tick(1001.0, 1002.0, {"v1": Counts(198, 1)}), {"v2 errors": {"alarm": -0.5, "clear": 0.1}})
    assert entry.steps == [{"at": 1001.0, "done": 10, "shares": {"v1": 990, "v2": 10}}]
    assert entry.ticks == [
        {
            "begin": 1001.0,
            "end": 1002.0,
            "step": 0,
            "counts": {"v1": {"total": 198, "failed": 1, "slow": 0}},
            "evidence": {"v2 errors": {"alarm": -0.5, "clear": 0.1}},
        }
    ]


def test_evidence_without_bounds_is_cut_for_json_knows_no_infinity():
    entry = bare()
    entry.tick(Tick(0, 1, {}), {"v2 errors": {"alarm": math.inf, "clear": -math.inf}})
    kept = json.loads(to_json(entry), parse_constant=pytest.fail)
    assert kept["ticks"][0]["evidence"] == {"v2 errors": {"alarm": 300.0, "clear": -300.0}}


def test_what_the_judge_and_the_strategy_hold_becomes_plain_json():
    entry = bare()
    entry.strategy = {"steps": (10, 50), "freeze": [{"start": datetime(2026, 12, 24, tzinfo=UTC)}]}
    total: Any = np.int64(3)
    entry.tick(Tick(0, 1, {"v2": Counts(total, 0)}), {"v2 errors": {"alarm": np.float64(0.5)}})
    kept = json.loads(to_json(entry))
    assert kept["strategy"] == {"steps": [10, 50], "freeze": [{"start": "2026-12-24 00:00:00+00:00"}]}
    assert kept["ticks"][0]["counts"]["v2"]["total"] == 3
    assert kept["ticks"][0]["evidence"] == {"v2 errors": {"alarm": 0.5}}


def test_a_field_of_a_later_version_is_left_out():
    kept = json.loads(to_json(bare())) | {"of_tomorrow": 1}
    assert from_json(json.dumps(kept).encode()) == bare()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b'{"run": "r1"}', b"\xff"])
def test_what_is_no_entry_is_an_error(text):
    with pytest.raises((ValueError, TypeError)):
        from_json(text)


def test_a_walk_was_last_heard_of_when_it_last_told_anything():
    entry = bare()
    assert entry.heard == 1000
    entry.step(1002.0, 10, {})
    assert entry.heard == 1002
    entry.tick(Tick(1002.0, 1003.0, {}), {})
    assert entry.heard == 1003
    entry.lines.append({"at": 1004.0, "text": "…"})
    assert entry.heard == 1004
    entry.end(1005.0, "promote", "", None)
    assert entry.heard == 1005


def test_a_walk_of_half_an_hour_is_written_in_no_time():
    entry = walks.promoted()
    entry.ticks *= 30
    begun = time.perf_counter()
    text = to_json(entry)
    assert time.perf_counter() - begun < 2
    assert len(text) < 1_000_000
