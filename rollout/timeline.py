"""An outlook in lines for people, as preview and `ops plan` print it. Pure."""

from collections.abc import Mapping, Sequence

from rollout.outlook import Outlook, span
from rollout.shares import text


def lines(found: Outlook, of_data: Sequence[str] = ()) -> list[str]:
    """*found* for people, as preview and `ops plan` print it, with *of_data* in it."""
    walk, strategy = found.walk, found.strategy
    newcomers = ", ".join(found.newcomers) or "nobody"
    way = f"{len(found.steps)} steps" if len(found.steps) > 1 else "one move"
    told = [
        f"plan: {text(walk.live)} → {text(walk.goal)} in {way}, once {newcomers} is healthy "
        f"(within {span(strategy.ready)})"
    ]
    for step in found.steps if len(found.steps) > 1 else ():
        told.append(f"  {step.done / 10:>4g} %  {text(step.shares)}")
    if found.judged and strategy.bake:
        told.append(
            f"  each step {span(strategy.bake)} at least, in all {span(found.seconds)} or more, "
            f"{span(strategy.deadline)} at most"
        )
    told += [f"  {line}" for line in _gates(found)] if found.judged else []
    told.append(f"  instances at the most: {found.peak} ({text_of(found.instances)})")
    changed = {"created": found.created, "woken": found.woken, "retired": found.retired}
    told += [f"  {what}: {', '.join(versions)}" for what, versions in changed.items() if versions]
    told += of_data
    told.append(f"  on any failure back to {text(walk.former)}")
    return told


def text_of(instances: Mapping[str, int]) -> str:
    """`v1 2 · v2 3`."""
    return " · ".join(f"{version} {count}" for version, count in sorted(instances.items()))


def _gates(found: Outlook) -> list[str]:
    strategy, newcomers = found.strategy, ", ".join(found.newcomers)
    told = []
    for proof in found.proofs:
        rate = (
            f"{span(proof.seconds)} at {found.rate:.3g} requests/s" if proof.seconds is not None else "rate not known"
        )
        told.append(
            f"{proof.gate}: about {proof.requests:,.0f} requests of {newcomers} prove it ({rate}), and do before "
            f"{strategy.prove_by / 10:g} % is passed; below {100 * strategy.gates[proof.gate].allow:g} % none is seen"
        )
    if not found.proofs:
        told.append("gates: health alone; errors and slow answers are not seen")
    if strategy.command:
        told.append(f"command: {' '.join(strategy.command)}, against the isolation route before the first share")
    return told
