"""The irreversibility contract: which slices may serve the data as it is, and as a newcomer will write it. Pure.

In: what each release says it reads and writes, what the data is recorded to be at, who has share and who is to. Out:
`Terms`; RefusedError, with the last safe release, when someone who would serve could not read what is there or what
another one writes.

Every slice with a share before, on or after the walk is looked at, since a failure gives it back to those before: so
each restore, whenever it comes, goes to what can read everything that was written meanwhile.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from rollout import plan
from rollout.errors import RefusedError
from rollout.guard import Walk
from rollout.schema import Schema
from rollout.shares import WHOLE


@dataclass(frozen=True)
class Contract:
    """The schema versions that a release reads, and the one that it writes."""

    reads: frozenset[int]
    writes: int

    def __str__(self) -> str:
        return f"reads {', '.join(map(str, sorted(self.reads)))} and writes {self.writes}"


Contracts = Mapping[str, Contract | None]  # of every declared release, the lowest version first; None: it says nothing


@dataclass(frozen=True)
class Terms:
    """What the data is recorded to be at, and will be from the walk on; None while no release says anything.

    `migrates`: the newcomer that needs the migration to `ahead`, which did not end yet; None: none does.
    """

    recorded: Schema | None = None
    ahead: Schema | None = None
    migrates: str | None = None


def admit(walk: Walk, recorded: Schema | None, contracts: Contracts, previews: Collection[str] = ()) -> Terms:
    """The terms of *walk*; RefusedError, which never names one of *previews* as a release that is safe."""
    terms, fault = _examine(walk, recorded, contracts)
    if not fault:
        return terms
    others = [one for one in [*contracts][::-1] if walk.live.get(one) != WHOLE and one not in previews]
    safe = next((v for v in others if not _examine(_all_to(walk, v), recorded, contracts)[1]), None)
    last = f"the last safe release is {safe}" if safe else "no other one in sluice:releases is safe"
    raise RefusedError(f"sluice:traffic: {fault}; {last}. Nothing was moved")


def closed(schema: Schema, contracts: Contracts) -> list[str]:
    """The versions that can have no share while the data is at *schema*."""
    every = {version: _said(version, schema, contracts) for version in contracts}
    return [version for version, said in every.items() if said and schema.at not in said.reads]


def lines(terms: Terms, contracts: Contracts, command: tuple[str, ...]) -> list[str]:
    """*terms* for people, as a plan prints them; nothing where nothing changes."""
    ahead = terms.ahead
    if ahead is None or ahead == terms.recorded:
        return []
    of = f"{terms.recorded} → {ahead.at}" if terms.recorded else f"{ahead.at}"
    first = f", once `{' '.join(command)}` ended with 0" if terms.migrates and command else ""
    barred = closed(ahead, contracts)
    never = f"; from then on no return to {', '.join(barred)}" if barred else ""
    return [f"  data: schema {of}{first}{never}"]


def _all_to(walk: Walk, version: str) -> Walk:
    return Walk(walk.live, {version: WHOLE}, walk.live, walk.live)


def _examine(walk: Walk, recorded: Schema | None, contracts: Contracts) -> tuple[Terms, str]:
    """The terms, and the first fault ("": none)."""
    gaining = plan.gainers(walk.origin, walk.goal)
    before = recorded or _of(walk.live, contracts) or _first(gaining, contracts)
    if before is None:
        return Terms(), ""
    both = {**walk.origin, **walk.live, **walk.former, **walk.goal}
    serving = {version: said for version in both if (said := _said(version, before, contracts))}
    gain = {version: serving[version] for version in gaining if version in serving}
    at = max([before.at, *(said.writes for said in gain.values())])
    new = at > before.at or not (recorded or walk.origin)
    ahead = replace(before, at=at, migrating=before.migrating or new)
    migrates = next((v for v, said in gain.items() if ahead.migrating and said.writes == at), None)
    return Terms(recorded, ahead, migrates), _fault(before, gain, serving)


def _fault(before: Schema, gain: Mapping[str, Contract], serving: Mapping[str, Contract]) -> str:
    for version, said in gain.items():
        if before.at not in said.reads:
            return f"the data is at schema {before.at}, and {version} {said}"
        for other, theirs in serving.items():
            if said.writes not in theirs.reads:
                return (
                    f"{version} {said}, and {other}, which serves beside it and takes over again if it fails, {theirs}"
                    f": release first what reads {said.writes} as well and still writes {theirs.writes}"
                )
            if theirs.writes not in said.reads:
                return f"{version} {said}, and {other}, which serves beside it, {theirs}"
    return ""


def _said(version: str, schema: Schema, contracts: Contracts) -> Contract | None:
    """What *version* is taken to read and write; None of a slice that nobody declares."""
    if version not in contracts:
        return None
    return contracts[version] or Contract(frozenset({schema.first}), schema.first)


def _of(live: Mapping[str, int], contracts: Contracts) -> Schema | None:
    """The schema as those tell that have the traffic."""
    made = [one for version in live if (one := contracts.get(version))]
    return Schema(min(min(one.reads) for one in made), max(one.writes for one in made)) if made else None


def _first(gaining: list[str], contracts: Contracts) -> Schema | None:
    """The schema where the first contract is made: the oldest that the newcomers read."""
    made = [one for version in gaining if (one := contracts.get(version))]
    oldest = min((min(one.reads) for one in made), default=None)
    return None if oldest is None else Schema(oldest, oldest)
