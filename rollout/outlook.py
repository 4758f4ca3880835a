"""What a walk will look like, before it begins: the weight timeline, what the proof needs and how long that takes.

In: the walk, the strategy, what was seen lately. Out: `Outlook`, which preview and `ops plan` print; RefusedError when
the gates could not be satisfied by the deadline at the rate seen. Pure.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rollout import plan, power
from rollout.contract import Terms
from rollout.errors import RefusedError
from rollout.guard import Walk
from rollout.metrics.interface import Tick
from rollout.plan import Step
from rollout.strategy import Gate, Strategy


@dataclass(frozen=True)
class Proof:
    """One gate's need: `requests` of the newcomers (None: nothing proves it), in `seconds` (None: no rate is known)."""

    gate: str
    requests: float | None
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A walk as it is planned. `rate`: requests a second seen lately (None: none); `seconds`: the least it takes."""

    walk: Walk
    strategy: Strategy
    steps: tuple[Step, ...]
    newcomers: tuple[str, ...]
    incumbents: tuple[str, ...]
    judged: bool
    rate: float | None
    proofs: tuple[Proof, ...]
    seconds: float
    instances: Mapping[str, int]
    created: tuple[str, ...]
    woken: tuple[str, ...]
    retired: tuple[str, ...]
    terms: Terms

    @property
    def peak(self) -> int:
        """Instances of all slices with a share while both ends run."""
        return sum(self.instances.values())


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before a walk: versions that `carried` 100 % before, what was seen `lately`, instances `desired`
    now and by the releases' own `sizes`, slices that the same run has `created` or retires, the `terms` of the data.
    """

    carried: Collection[str]
    lately: Tick | None
    desired: Mapping[str, int]
    sizes: Mapping[str, int]
    created: Collection[str]
    retired: Collection[str]
    terms: Terms


def outlook(walk: Walk, strategy: Strategy, known: Known) -> Outlook:
    """The plan of *walk*, with what is *known* before it."""
    tick = known.lately
    newcomers = tuple(plan.gainers(walk.origin, walk.goal))
    incumbents = tuple(plan.losers(walk.origin, walk.goal))
    instant = walk.back or not walk.live or not walk.goal or (strategy.instant and set(newcomers) <= set(known.carried))
    made = plan.made(walk.live, walk.origin, walk.goal) or 0
    steps = plan.steps(walk.origin, walk.goal, () if instant else strategy.steps, made)
    rate = _rate(tick)
    gates = strategy.gates.items()
    proofs = (
        ()
        if instant
        else tuple(
            _proof(name, gate, steps, strategy, rate=rate, failing=_failing(tick, walk, name)) for name, gate in gates
        )
    )
    bakes = 0 if instant else strategy.bake * len(steps)
    needs = [proof.seconds for proof in proofs if proof.seconds is not None]
    instances = _instances(walk, known)
    found = Outlook(
        walk=walk,
        strategy=strategy,
        steps=steps,
        newcomers=newcomers,
        incumbents=incumbents,
        judged=not instant,
        rate=rate,
        proofs=proofs,
        seconds=bakes + max([0.0, *(need - _until_proof(steps, strategy) for need in needs)]),
        instances=instances,
        created=tuple(sorted(known.created)),
        woken=tuple(v for v in newcomers if known.desired.get(v, instances[v]) < instances[v]),
        retired=tuple(sorted(known.retired)),
        terms=known.terms,
    )
    _require_proof(found)
    return found


def _rate(tick: Tick | None) -> float | None:
    """Requests a second; None when none was seen, which says nothing of what will come."""
    total = sum(counts.total for counts in tick.counts.values()) if tick else 0
    return total / (tick.end - tick.begin) if tick and total else None


def _until_proof(steps: tuple[Step, ...], strategy: Strategy) -> float:
    """Seconds of the bakes in which the proof can be gathered."""
    return strategy.bake * sum(step.done <= strategy.prove_by for step in steps)


def _proof(
    name: str, gate: Gate, steps: tuple[Step, ...], strategy: Strategy, *, rate: float | None, failing: float
) -> Proof:
    early = [step for step in steps if step.done <= strategy.prove_by]
    if not early:
        return Proof(name, 0, 0)  # what goes on beyond the proof's step was cleared before, by the walk that died
    splits = [step.done / 1000 for step in early]
    needed = power.requests(gate, failing, splits[-1])
    if needed is None or rate is None:
        return Proof(name, needed, None)
    gathered = sum(split * rate * strategy.bake for split in splits)
    more = max(0.0, needed - gathered) / (splits[-1] * rate)
    return Proof(name, needed, strategy.bake * len(splits) + more if more else _reached(needed, splits, rate, strategy))


def _reached(needed: float, splits: list[float], rate: float, strategy: Strategy) -> float:
    """Seconds until *needed* requests came to the newcomers, bake after bake."""
    seconds = 0.0
    for split in splits:
        here = split * rate * strategy.bake
        if here >= needed:
            return seconds + needed / (split * rate)
        seconds, needed = seconds + strategy.bake, needed - here
    return seconds


def _failing(tick: Tick | None, walk: Walk, gate: str) -> float:
    """The part of the requests that was bad lately, of those slices that have the traffic now.

    A bad release that was restored minutes ago says nothing of what its successor will be compared with.
    """
    seen = [counts for version, counts in tick.counts.items() if version in walk.origin] if tick else []
    total = sum(counts.total for counts in seen)
    return sum(counts.failed if gate == "errors" else counts.slow for counts in seen) / total if total else 0.0


def _instances(walk: Walk, known: Known) -> dict[str, int]:
    needed = plan.capacity(walk.origin, walk.goal, known.desired)
    of_newcomers = {v: max(count, known.sizes.get(v, 0)) for v, count in needed.items()}
    both = sorted({*walk.origin, *walk.goal})
    return {version: max(known.desired.get(version, 0), of_newcomers.get(version, 0)) for version in both}


def _require_proof(found: Outlook) -> None:
    for proof in found.proofs:
        if proof.requests is None:
            raise RefusedError(
                f"sluice:rollout.gates.{proof.gate}: at the part of bad answers seen lately nothing could clear a "
                "newcomer; raise `allow` or `reject`, or leave the gate out. Nothing was moved"
            )
    if found.rate is not None and found.seconds > found.strategy.deadline:
        slowest = max(found.proofs, key=lambda proof: proof.seconds or 0)
        raise RefusedError(
            f"sluice:rollout: this rollout could not be proven by its deadline: gate {slowest.gate} needs about "
            f"{slowest.requests:,.0f} requests of the newcomer, which takes {span(found.seconds)} in all at "
            f"{found.rate:.3g} requests/s, and `deadline` is {span(found.strategy.deadline)}. Write deadline: "
            f"{-(-found.seconds * 1.5 // 60):.0f}m, or a larger `prove_by` with steps up to it, a larger `allow` or "
            "`reject`, or gates: {} to go by health alone. Nothing was moved"
        )


def span(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
