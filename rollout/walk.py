"""The walk: mark → capacity → health → [move → read back → bake while judging] → unmark, or everything put back.

In: the outlook of a walk, and the means to do it. Out: nothing when its goal is live and proven; else a RolloutError
whose message says what was found and how things are now. On any failure the former weights go back in one write.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

from rollout import mark as marks
from rollout import migration
from rollout.bake import Watch
from rollout.errors import InconclusiveError, RolloutError, StoodDownError, UnhealthyError
from rollout.journal import Entry, Verdict
from rollout.jury import Jury
from rollout.lease import LEASE, Lease
from rollout.mark import Mark
from rollout.means import Means, await_health
from rollout.outlook import Outlook
from rollout.restore import restore
from rollout.shares import WHOLE, text

KEEP = 5.0  # seconds between two writes of the journal


class Walker:
    """One walk of one run of the program; *carried*, oldest first, have had all the traffic before."""

    def __init__(self, means: Means, ahead: Outlook, service: str, stack: str, carried: Sequence[str]) -> None:
        self._means = means
        self._ahead = ahead
        walk = ahead.walk
        self._begun = means.clock.now()
        mine = Mark(uuid.uuid4().hex[:8], walk.former, walk.goal, marks.me(), int(self._begun) + LEASE)
        self._lease = Lease(means.router, means.clock, means.stop, mine=mine, held=walk.live, carried=carried)
        self._entry = Entry(
            run=mine.run,
            service=service,
            stack=stack,
            owner=str(mine.owner),
            begun=self._begun,
            start=walk.live,
            goal=walk.goal,
            strategy=asdict(replace(ahead.strategy, freeze=())),
        )
        self._kept = 0.0
        self._admitted: dict[str, int] = {}  # how many instances each newcomer was let in with

    def run(self) -> None:
        """Walk to the goal, or put the former weights back and raise."""
        walk = self._ahead.walk
        self._tell(f"walk {self._entry.run}: {text(walk.live)} → {text(walk.goal)}")
        try:
            self._lease.take()
            self._prepare()
            self._climb()
        except StoodDownError as error:
            self._end("inconclusive", str(error))
            raise
        except BaseException as error:
            kind = type(error) if isinstance(error, RolloutError) else RolloutError
            what = str(error) if isinstance(error, RolloutError) else f"the walk broke: {error!r}"
            state = self._hold() if self._holds(error) else self._restore()
            self._end("inconclusive" if isinstance(error, InconclusiveError) else "restore", f"{what}. {state}")
            raise kind(f"{what}. {state}") from error
        self._finish()

    def _prepare(self) -> None:
        """Enough instances, none of them to be scaled in, newcomers healthy, data migrated, the command gate passed."""
        walk, newcomers = self._ahead.walk, self._ahead.newcomers
        self._fill()
        self._means.fleets.hold(self._held())
        await_health(self._means, newcomers, self._ahead.strategy.ready, self._lease.check, self._tell)
        migration.bring(self._means, self._ahead.terms, self._ahead.strategy.migrate, self._lease.check, self._tell)
        if self._ahead.judged and walk.live == walk.origin:
            for version in newcomers if self._ahead.strategy.command else ():
                self._tell(f"{version}: {' '.join(self._ahead.strategy.command)}")
                self._means.smoke(version, self._lease.check)

    def _fill(self) -> None:
        """As many instances of each newcomer as of what it takes the traffic from."""
        fleets, wanted = self._means.fleets, self._ahead.instances
        for v, now in fleets.desired(self._ahead.newcomers).items():
            if now < wanted.get(v, 0):
                self._tell(f"{v}: from {now} to {wanted[v]} instances, as many as it takes the traffic from")
                fleets.grow(v, wanted[v])

    def _climb(self) -> None:
        """Step by step to the goal; there is one bake more after it, the incumbent warm."""
        ahead, clock = self._ahead, self._means.clock
        watch = self._watch()
        alone = not any(ahead.walk.goal.get(version) for version in ahead.incumbents)
        jury = self._jury()
        if ahead.judged and self._means.source:
            self._means.source.poll()  # from here on it counts
        for i, step in enumerate(ahead.steps):
            self._lease.check()
            self._require_health()
            self._means.fleets.hold(self._held())
            if step.shares != self._lease.held:
                self._tell(f"moved: {text(step.shares)} (read back after {self._lease.move(step.shares):.1f} s)")
            self._entry.step(clock.now(), step.done, step.shares)
            self._keep()
            if not ahead.judged:
                continue
            jury = self._jury(jury) if step.done == WHOLE and alone else jury
            further = ahead.steps[i + 1].done if step.done < WHOLE else WHOLE
            watch.hold(step, jury, clock.now(), step.done <= ahead.strategy.prove_by < further)

    def _jury(self, after: Jury | None = None) -> Jury:
        ahead = self._ahead
        jury = Jury(ahead.strategy, ahead.newcomers, ahead.incumbents, len(ahead.steps), after=after)
        self._entry.needs = jury.needs()
        return jury

    def _watch(self) -> Watch:
        ahead, clock = self._ahead, self._means.clock
        return Watch(
            lease=self._lease,
            router=self._means.router,
            source=self._means.source,
            clock=clock,
            newcomers=list(ahead.newcomers),
            entry=self._entry,
            bake=ahead.strategy.bake,
            ends=clock.now() + ahead.strategy.deadline,
            tell=self._tell,
            keep=self._keep,
        )

    def _require_health(self) -> None:
        """Each newcomer as healthy as it was let in; what its fleet was scaled out by since then may still boot."""
        for version in self._ahead.newcomers:
            health = self._means.router.health(version)
            if health.healthy < self._admitted.setdefault(version, health.wanted) and not health.ready:
                raise UnhealthyError(str(health))

    def _held(self) -> Collection[str]:
        return {*self._ahead.newcomers, *self._ahead.incumbents}

    def _holds(self, error: BaseException) -> bool:
        hold = self._ahead.strategy.on_inconclusive == "hold"
        return hold and isinstance(error, InconclusiveError) and not self._means.stop.is_set()

    def _hold(self) -> str:
        """Leave the weights where they are, and the mark for whoever comes next."""
        self._lift()
        try:
            self._lease.expire()
        except RolloutError as error:
            return f"Held {text(self._lease.held)}, but the mark could not be left for later: {error}"
        return (
            f"Held {text(self._lease.held)}: the same `pulumi up` goes on from here, the former config goes back, "
            "`python -m ops recover` goes back at once"
        )

    def _restore(self) -> str:
        means, lease = self._means, self._lease
        state = restore(means.bare, means.clock, means.stop, self._ahead.walk.former, lease.mine, lift=self._lift)
        return f"{state} after {means.clock.now() - self._begun:.1f} s"

    def _finish(self) -> None:
        goal = text(self._ahead.walk.goal)
        self._lift(fill=True)
        try:
            self._lease.drop()
        except RolloutError as error:
            self._tell(f"the walk's mark could not be taken away: {error}; the next `pulumi up` does it")
        self._tell(f"walk {self._entry.run}: {goal} is live after {self._means.clock.now() - self._begun:.1f} s")
        self._end("promote", f"{goal} is live")

    def _lift(self, *, fill: bool = False) -> None:
        """The fleets may shrink again (*fill*: not below what the goal takes); a failure to say so ends nothing."""
        try:
            if fill:
                self._fill()
            self._means.fleets.let_go(self._held())
        except RolloutError as error:
            self._tell(f"the protection from scale-in could not be lifted: {error}; the next walk does it")

    def _tell(self, line: str) -> None:
        self._entry.lines.append({"at": self._means.clock.now(), "text": line})
        self._means.say(line)
        self._keep()

    def _keep(self) -> None:
        now = self._means.clock.now()
        if now - self._kept >= KEEP:
            self._means.journal.keep(self._entry)
            self._kept = now

    def _end(self, verdict: Verdict, reason: str) -> None:
        try:
            live = self._means.bare.read()
        except RolloutError:
            live = None
        self._entry.end(self._means.clock.now(), verdict, reason, live.shares if live else None)
        self._means.journal.keep(self._entry)
        self._means.done(self._entry)
