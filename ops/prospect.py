"""Who would gain share by a change of the stack file, and whether each is able to take it.

In: the file as it would be. Out: a `Prospect`: each gaining slice with its readiness, and what forbids it. A slice
that is cold is waited for, one that was retired is built anew; one that lacks a part, or its AMI, forbids it.
"""

from dataclasses import dataclass, replace

from components.settings import PROJECT, Settings
from ops.change import checked
from ops.cloud import UNBUILT, Cloud
from ops.facts import State
from ops.stack import Stack
from ops.stackfile import StackFile
from ops.status import Report, SliceReport, look
from rollout.shares import percent
from rollout.strategy import ONE_MOVE

AT_ONCE = {"steps": ONE_MOVE, "bake": 0, "errors": None, "latency": None, "command": (), "freeze": ()}


@dataclass(frozen=True)
class Prospect:
    """What `settings` would declare, beside what is recorded and runs."""

    settings: Settings
    state: State
    cloud: Cloud
    report: Report

    @property
    def gaining(self) -> list[SliceReport]:
        """The slices with more share declared than live."""
        wanted, live = percent(self.settings.traffic.shares), self.report.live
        there = {one.version: one for one in self.report.slices}
        return [there[v] for v, share in wanted.items() if share > live.get(v, 0) and v in there]

    @property
    def lines(self) -> list[str]:
        """How ready each of them is."""
        return [
            str(one) if one.built else f"{one.version} is not there: its slice is built first" for one in self.gaining
        ]

    @property
    def forbidden(self) -> str:
        """Why traffic cannot go there, naming what is missing; empty when it can."""
        lacking = {one.version: _lacking(one) for one in self.gaining}
        return "; ".join(
            f"{version} lacks its {' and its '.join(parts)}" for version, parts in lacking.items() if parts
        )


def prospect(stack: Stack, file: StackFile, *, at_once: bool = False) -> Prospect | None:
    """What *file* would bring; None when nothing is released yet. *at_once*: in one move that health alone allows.

    Credentials are those of the stack's own file: what is secret there is not read from another.
    """
    wanted, state = checked(stack, file), stack.state()
    if PROJECT not in state.outputs:
        return None
    own = stack.config().settings()
    strategy = replace(own.strategy, **AT_ONCE) if at_once else own.strategy
    found = replace(own, releases=wanted.releases, traffic=wanted.traffic, strategy=strategy)
    cloud = Cloud(found, state)
    return Prospect(found, state, cloud, look(found, state, cloud))


def _lacking(one: SliceReport) -> tuple[str, ...]:
    return one.missing if one.built else tuple(part for part in one.missing if part != UNBUILT)
