"""Fakes of what a walk meets: a clock that never waits, a router that refuses what a real one refuses, and more."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from rollout.errors import MetricsError, RouterError
from rollout.journal import Entry
from rollout.mark import Mark
from rollout.metrics.interface import Counts, Tick
from rollout.routers.interface import Health, Live
from rollout.schema import Schema
from rollout.shares import WHOLE, Shares


class FakeClock:
    """Time passes only by sleeping; `at` runs things when their second comes."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self._now += seconds
        for due in [one for one in self._due if one[0] <= self._now]:
            self._due.remove(due)
            due[1]()

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Call *act* once *seconds* from now have passed."""
        self._due.append((self._now + seconds, act))


class FakeRouter:
    """Live weights in memory. `healthy` says which versions are; `writes` keeps every set of shares written."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.healthy: set[str] = set()
        self.size = 2
        self.writes: list[Shares] = []
        self.marks: list[Mark | None] = []
        self.broken: set[str] = set()
        self.throttled: set[str] = set()

    def start(self, shares: Shares, mark: Mark | None = None) -> None:
        """Begin with *shares* live; every version with one is healthy."""
        self.live = Live(shares, mark)
        self.healthy |= set(shares)

    def read(self) -> Live | None:
        self._fail_if("read")
        return self.live

    def begin(self, shares: Shares) -> None:
        """Nothing, as an ALB's."""

    def set_shares(self, shares: Shares) -> None:
        self._fail_if("set_shares")
        assert sum(shares.values()) == (WHOLE if shares else 0)
        assert self.live is not None
        self.writes.append(shares)
        self.live = replace(self.live, shares=shares)

    def set_mark(self, mark: Mark | None, carried: Collection[str] = ()) -> None:
        self._fail_if("set_mark")
        assert self.live is not None
        self.marks.append(mark)
        held = self.live.mark
        if mark and held and held.run == mark.run and held.stop:
            mark = replace(mark, stop=held.stop)  # a renewed mark leaves a stop that is beside it
        self.live = replace(self.live, mark=mark, carried=self.live.carried | set(carried))

    def set_schema(self, schema: Schema) -> None:
        self._fail_if("set_schema")
        assert self.live is not None
        self.live = replace(self.live, schema=schema)

    def ask_stop(self) -> None:
        """As `ops stop` does."""
        assert self.live is not None
        assert self.live.mark is not None
        self.live = replace(self.live, mark=replace(self.live.mark, stop="bob@elsewhere"))

    def health(self, version: str) -> Health:
        self._fail_if("health")
        if version in self.healthy:
            return Health(version, self.size, self.size)
        return Health(version, 0, self.size, {"Target.FailedHealthChecks": self.size})

    def _fail_if(self, method: str) -> None:
        if method in self.broken:
            raise RouterError(f"{method}: refused")
        if method in self.throttled:
            raise RouterError(f"{method}: throttled", passing=True)


class FakeFleets:
    """Fleets in memory. `calls` keeps what was asked, in order."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.calls: list[tuple[str, ...]] = []

    def desired(self, versions: Collection[str]) -> Mapping[str, int]:
        return {version: self.sizes[version] for version in versions if version in self.sizes}

    def grow(self, version: str, size: int) -> None:
        assert size > self.sizes[version]
        self.calls.append(("grow", version, str(size)))
        self.sizes[version] = size

    def hold(self, versions: Collection[str]) -> None:
        self.calls.append(("hold", *sorted(versions)))

    def let_go(self, versions: Collection[str]) -> None:
        self.calls.append(("let go", *sorted(versions)))


class FakeSource:
    """Counts a second at a time, by the live shares: `rate` requests a second, of which `failing` (a part, by version)
    fail and `slowly` are slow. `gone`: cannot be read. `silent`: shows nothing.
    """

    period, late = 1.0, 0.0

    def __init__(self, clock: FakeClock, router: FakeRouter) -> None:
        self.rate = 100.0
        self.failing: dict[str, float] = {}
        self.slowly: dict[str, float] = {}
        self.gone = self.silent = False
        self._clock, self._router = clock, router
        self._polled: float | None = None
        self._owed: dict[tuple[str, str], float] = {}

    def poll(self) -> list[Tick]:
        if self.gone:
            raise MetricsError("read the counts: 503")
        begin, self._polled = self._polled, self._clock.now()
        if begin is None or begin == self._polled or self.silent:
            return []
        return [Tick(begin, self._polled, self._counts(self._polled - begin))]

    def recent(self, seconds: float) -> Tick | None:
        if self.gone:
            raise MetricsError("read the counts: 503")
        now = self._clock.now()
        total = round(self.rate * seconds)
        return Tick(now - seconds, now, {"v1": Counts(total, round(total * self.failing.get("v1", 0)))})

    def _counts(self, seconds: float) -> dict[str, Counts]:
        assert self._router.live is not None
        shares = self._router.live.shares
        found = {}
        for version in ("v1", "v2", "v3"):
            requests = self._whole(version, "", self.rate * seconds * shares.get(version, 0) / WHOLE)
            failed = self._whole(version, "failed", requests * self.failing.get(version, 0))
            slow = self._whole(version, "slow", requests * self.slowly.get(version, 0))
            found[version] = Counts(requests, min(failed, requests), min(slow, requests))
        return found

    def _whole(self, version: str, what: str, exact: float) -> int:
        """*exact* in whole ones; what is left over is owed to the next tick."""
        owed = self._owed.get((version, what), 0.0) + exact
        self._owed[version, what] = owed % 1
        return int(owed)


class FakeJournal:
    """Keeps how entries looked when they were kept."""

    def __init__(self) -> None:
        self.kept: list[Entry] = []

    def keep(self, entry: Entry) -> None:
        self.kept.append(replace(entry))
