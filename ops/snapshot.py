"""A view of the stack as one JSON object: what `watch --json` prints each second, and the receiver's page shows. Pure.

In: a view, the newest walks. Out: what programs are promised. Shares are percent by version, times unix seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ops.frame import View
from ops.history import Past
from rollout.journal import Entry
from rollout.mark import Mark, is_alive
from rollout.shares import WHOLE, percent
from rollout.summary import Gauge, bad, gauges, outcome, sentence

TOLD = 5  # lines of a walk that are handed on


def snapshot(view: View, past: Sequence[Past]) -> dict[str, Any]:
    """*view* as plain data: `slices`, the `mark` of a walk that is on, its journal's `walk` (else the last one's)."""
    report = view.report
    slices = [
        {
            **asdict(one),
            "declared": report.declared.get(one.version, 0),
            "built": one.built,
            "carried": one.version in view.carried,
        }
        for one in report.slices
    ]
    return {
        "at": view.at,
        "stack": view.stack,
        "service": report.service,
        "platform": report.platform,
        "declared": dict(report.declared),
        "live": dict(report.live),
        "converged": report.converged,
        "slices": slices,
        "mark": _mark(view.mark, view.at) if view.mark else None,
        "walk": _walk(view.entry, view.at) if view.entry else None,
        "past": [one.as_json() for one in past],
        "trouble": view.trouble,
    }


def _mark(mark: Mark, now: float) -> dict[str, Any]:
    return {
        "run": mark.run,
        "from": percent(mark.start),
        "to": percent(mark.goal),
        "owner": str(mark.owner),
        "alive": is_alive(mark, now),
        "stop": mark.stop,
    }


def _walk(entry: Entry, now: float) -> dict[str, Any]:
    return {
        "run": entry.run,
        "from": percent(entry.start),
        "to": percent(entry.goal),
        "owner": entry.owner,
        "begun": entry.begun,
        "ended": entry.ended,
        "heard": entry.heard,
        "outcome": outcome(entry, now),
        "sentence": sentence(entry, now),
        "steps": _steps(entry),
        "gates": [_gate(one) for one in gauges(entry)],
        "told": entry.lines[-TOLD:],
    }


def _steps(entry: Entry) -> list[dict[str, Any]]:
    """The steps that were set, each with when (`at`), and those still ahead, without."""
    gone = [{"done": step["done"] / 10, "at": step["at"], "shares": percent(step["shares"])} for step in entry.steps]
    last = entry.steps[-1]["done"] if entry.steps else 0
    known: Sequence[int] = entry.strategy.get("steps") or ()
    ahead = [done for done in (*known, WHOLE) if done > last] if entry.ended is None else []
    return [*gone, *({"done": done / 10, "at": None, "shares": None} for done in ahead)]


def _gate(one: Gauge) -> Mapping[str, Any]:
    """Requests, those that the gate holds against a slice, and how far the judge is."""
    return {
        "version": one.version,
        "gate": one.gate,
        "requests": one.seen.total,
        "bad": bad(one.seen, one.gate),
        "against": {"requests": one.against.total, "bad": bad(one.against, one.gate)},
        "proof": round(one.proof, 3),
        "alarm": round(one.alarm, 3),
    }
