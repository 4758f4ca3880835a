"""What to do about an order: refuse, rest, wait for the first slices, or walk.

In: an order, and everything a walk touches: router, fleets, a source of counts, clock, journal, a stop. Out: nothing
when live equals planned at the end; else a RolloutError whose message says what was found and how things are now.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import assert_never

from rollout import contract, guard, migration, plan
from rollout import mark as marks
from rollout.clock import Clock
from rollout.errors import RefusedError, RolloutError, StoppedError
from rollout.fleets import Fleets
from rollout.journal import Entry, Journal
from rollout.means import Means, await_health
from rollout.metrics.interface import Source
from rollout.order import Order, carried
from rollout.outlook import Known, Outlook, outlook
from rollout.patience import Patience, PatientFleets, PatientRouter
from rollout.routers.interface import Live, Router
from rollout.shares import text
from rollout.strategy import Strategy
from rollout.timeline import lines
from rollout.walk import Walker

LATELY = 600.0  # seconds back from now, over which the plan looks at the traffic


@dataclass(frozen=True, kw_only=True)
class Controller:
    """Walks traffic on one router. `say` takes one progress line; `stop` is set when an operator wants the end.

    `source` is None where no gate counts anything; `smoke` runs the command gate against one version, calling what it
    is given each second; `done` gets the entry of a walk that ended.
    """

    router: Router
    fleets: Fleets
    source: Source | None
    smoke: Callable[[str, Callable[[], None]], None]
    migrate: Callable[[str, int, Callable[[], None]], None]
    journal: Journal
    clock: Clock
    stop: threading.Event
    say: Callable[[str], None]
    done: Callable[[Entry], None]

    def preview(self, order: Order) -> list[str]:
        """The plan in lines; raises what `run` would raise before it moves anything."""
        live, found = self._decide(order)
        match found:
            case guard.Rest():
                return [f"plan: {text(order.planned)} is live; nothing to move"]
            case guard.First():
                terms = contract.admit(_from_nobody(order), None, order.contracts, order.previews)
                healthy = (
                    f"plan: {text(order.planned)} from the start, once healthy (within {order.strategy.ready:g} s)"
                )
                return [healthy, *contract.lines(terms, order.contracts, order.strategy.migrate)]
            case guard.Walk() as walk:
                ahead = self._outlook(order, walk, live)
                return lines(ahead, contract.lines(ahead.terms, order.contracts, order.strategy.migrate))
            case never:
                assert_never(never)

    def run(self, order: Order) -> None:
        """Walk to *order*'s plan, or put the former weights back and raise."""
        live, found = self._decide(order)
        match found:
            case guard.Rest(dead_mark):
                if dead_mark:
                    self._bury(order)
            case guard.First():
                self._await_first(order)
            case guard.Walk() as walk:
                ahead = self._outlook(order, walk, live)
                if live and live.mark:
                    self.say(f"found the mark of a walk that was cut short: {live.mark}")
                Walker(self._means, ahead, order.service, order.stack, carried(order, live)).run()
            case never:
                assert_never(never)

    def tidy(self, order: Order) -> None:
        """Where *order*'s plan is live, take away what a dead walk left beside it; whatever else is found is left."""
        try:
            live = self._means.router.read()
            if live and live.mark and live.shares == order.planned and not marks.is_alive(live.mark, self.clock.now()):
                self._bury(order)
        except RolloutError as error:
            self.say(f"what a dead walk may have left could not be taken away: {error}; the next `pulumi up` does it")

    def _bury(self, order: Order) -> None:
        self._means.fleets.let_go(order.declared)
        self._means.router.set_mark(None)
        self.say("took a dead walk's mark away; the weights were right already")

    @property
    def _means(self) -> Means:
        patience = Patience(self.clock, self.stop)
        return Means(
            router=PatientRouter(self.router, patience),
            bare=self.router,
            fleets=PatientFleets(self.fleets, patience),
            source=self.source,
            smoke=self.smoke,
            migrate=self.migrate,
            journal=self.journal,
            clock=self.clock,
            stop=self.stop,
            say=self.say,
            done=self.done,
        )

    def _decide(self, order: Order) -> tuple[Live | None, guard.First | guard.Rest | guard.Walk]:
        live = self._means.router.read()
        alive = partial(marks.is_alive, now=self.clock.now())
        found = guard.decide(order.recorded, live, order.planned, order.declared, alive, take_over=order.take_over)
        if live and live.shares and not order.planned and not order.down:
            raise RefusedError(
                f"sluice:traffic: {{}} means that nobody is served, and {text(live.shares)} is live; "
                "`python -m ops down` does that. Nothing was moved"
            )
        return live, found

    def _outlook(self, order: Order, walk: guard.Walk, live: Live | None) -> Outlook:
        before = carried(order, live)
        terms = contract.admit(walk, live.schema if live else None, order.contracts, order.previews)
        _require_thaw(order.strategy, walk, before, datetime.fromtimestamp(self.clock.now(), UTC))
        versions = {*walk.origin, *walk.goal} & order.declared
        try:
            lately = self.source.recent(LATELY) if self.source else None
            desired = dict(self._means.fleets.desired(versions))
            for version in plan.losers(walk.origin, walk.goal):  # an external one has targets, but no fleet of ours
                if version in versions and version not in desired:
                    desired[version] = self._means.router.health(version).wanted
        except RolloutError as error:
            raise type(error)(f"{error}. Nothing was moved") from error
        known = Known(
            carried=before,
            terms=terms,
            lately=lately,
            desired=desired,
            sizes=order.sizes,
            created=order.created,
            retired=order.retired,
        )
        return outlook(walk, order.strategy, known)

    def _await_first(self, order: Order) -> None:
        def check() -> None:
            if self.stop.is_set():
                raise StoppedError("stopped by the operator")

        try:
            terms = contract.admit(_from_nobody(order), None, order.contracts, order.previews)
            migration.run(self._means, terms, order.strategy.migrate, check, self.say)  # there is no rule to record it
            await_health(self._means, plan.gainers({}, order.planned), order.strategy.ready, check, self.say)
            self._means.router.begin(order.planned)
        except RolloutError as error:
            raise type(error)(f"{error}. No traffic is split yet: nothing was moved") from error


def _from_nobody(order: Order) -> guard.Walk:
    return guard.Walk({}, order.planned, {}, {})


def _require_thaw(strategy: Strategy, walk: guard.Walk, carried: Collection[str], now: datetime) -> None:
    """Refuse newcomers during a freeze; returning is always allowed."""
    new = sorted(set(plan.gainers(walk.origin, walk.goal)) - set(carried))
    frozen = next((freeze for freeze in strategy.freeze if freeze.start <= now < freeze.end), None)
    if frozen and new and walk.live and not walk.back:
        raise RefusedError(
            f"sluice:rollout.freeze: no newcomer gains share until {frozen.end:%Y-%m-%d %H:%M %Z} ({frozen.reason}), "
            f"and {', '.join(new)} would; release it then, or take the window out. Going back is allowed at any time. "
            "Nothing was moved"
        )
