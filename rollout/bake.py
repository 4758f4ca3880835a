"""One step's bake: hold the weights while watching health and counts, until the walk may go on.

In: the lease, the router's health, a source of counts, the judges. Out: nothing when the step has passed; else the
error that ends the walk. A step has passed when its bake is over *and seen*: the judges have every tick up to there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rollout.clock import Clock
from rollout.errors import InconclusiveError, MetricsError, UnhealthyError, WorseError
from rollout.journal import Entry
from rollout.jury import Jury
from rollout.lease import Lease
from rollout.metrics.interface import Source
from rollout.plan import Step
from rollout.routers.interface import Health, Router

TICK = 1.0  # seconds between two looks at the mark, the stop and the counts
HEALTH = 3.0  # seconds between two looks at the newcomers' health
TELL = 15.0  # seconds between two progress lines
BLIND = 60.0  # seconds without a tick, beyond what the source needs, until it counts as gone


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What every bake of one walk has in common. `ends`: unix seconds of the deadline; `tell`: one progress line;
    `keep`: the journal's entry may be written.
    """

    lease: Lease
    router: Router
    source: Source | None
    clock: Clock
    newcomers: list[str]
    entry: Entry
    bake: float
    ends: float
    tell: Callable[[str], None]
    keep: Callable[[], None]

    def hold(self, step: Step, jury: Jury, since: float, must_clear: bool) -> None:
        """Hold *step*, whose weights are live *since* then; beyond it goes only what is cleared, if it *must_clear*."""
        jury.fresh(step.shares, since)
        before = self.health()
        seen, looked, told, trouble = since, since, self.clock.now(), ""
        while True:
            self.lease.check()
            now = self.clock.now()
            if now - looked >= HEALTH:
                self._require(before)
                looked = now
            try:
                seen, trouble = self._see(jury, since, seen), ""
            except MetricsError as error:
                trouble = str(error)
            if found := jury.worse():
                raise WorseError(found)
            if self._is_over(seen, since, now) and not jury.unheard and (jury.cleared or not must_clear):
                self.tell(self._line(step, jury, since, now))
                return
            self._require_sight(seen, now, trouble)
            self._require_time(jury, now, must_clear, trouble)
            if now - told >= TELL:
                self.tell(self._line(step, jury, since, now, trouble))
                told = now
            self.keep()
            self.clock.sleep(TICK)

    def health(self) -> Mapping[str, Health]:
        """How healthy each newcomer is now."""
        return {version: self.router.health(version) for version in self.newcomers}

    def _see(self, jury: Jury, since: float, seen: float) -> float:
        """Hand the step's new ticks to the judges; until when is seen then. A tick with a move in it is dropped."""
        for tick in self.source.poll() if self.source else ():
            if tick.begin < since:
                continue
            jury.see(tick)
            self.entry.tick(tick, jury.evidence())
            seen = tick.end
        return seen

    def _is_over(self, seen: float, since: float, now: float) -> bool:
        if self.source is None:
            return now - since >= self.bake
        return seen > since and seen - since >= self.bake

    def _require(self, before: Mapping[str, Health]) -> None:
        for version, now in self.health().items():
            if not now.ready and now.healthy < before[version].healthy:
                raise UnhealthyError(f"{now}, and there were {before[version].healthy}")

    def _require_sight(self, seen: float, now: float, trouble: str) -> None:
        if self.source and now - seen > BLIND + self.source.late + 2 * self.source.period:
            why = trouble or "it shows no counts"
            raise InconclusiveError(f"the metric source was silent for {now - seen:.0f} s: {why}")

    def _require_time(self, jury: Jury, now: float, must_clear: bool, trouble: str) -> None:
        if now >= self.ends:
            silent = f"no counts of {', '.join(sorted(jury.unheard))}" if jury.unheard else ""
            missing = (", ".join(jury.open()) if must_clear else "") or silent or "the bake was not over"
            why = "; ".join(filter(None, (missing, trouble)))
            raise InconclusiveError(f"neither good nor bad by the deadline: {why}")

    def _line(self, step: Step, jury: Jury, since: float, now: float, trouble: str = "") -> str:
        waits = f"{now - since:.0f} s of {self.bake:g} s"
        parts = [f"{step.done / 10:g} %  {jury.line()}", *([trouble] if trouble else []), waits]
        if now - since > self.bake and not jury.cleared:
            parts.append(", ".join(jury.open()))
        return " · ".join(parts)
