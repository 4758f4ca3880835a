"""Hook glue between Pulumi and the rollout: the traffic record that walks, the rule's drift, the guard of deletions.

In: settings, drivers, the slices' target groups. Out: the traffic record (a Stash). Its before-hooks walk the live
weights; when they raise, nothing is recorded and nothing is deleted.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypedDict

import pulumi
from pulumi import (
    Input,
    Output,
    ResourceHook,
    ResourceHookArgs,
    ResourceHookBinding,
    ResourceHookOptions,
    ResourceOptions,
)
from pulumi.runtime import settings as runtime

from components import aftermath, control
from components.backend import Target
from components.drivers import Drivers, Place
from components.interrupt import Interrupt
from components.settings import Settings
from rollout.clock import RealClock
from rollout.controller import Controller
from rollout.errors import RefusedError
from rollout.patience import Patience
from rollout.shares import Shares, parse, percent


class Facts(TypedDict):
    """What the traffic record holds: percent by version, each slice's group and fleet, and where the weights live."""

    shares: dict[str, int | float]
    slices: dict[str, dict[str, Input[str] | None]]
    listener: Input[str]
    priority: int


class Gate:
    """The hooks of one run of the program; *interrupt* tells when the operator wants it to end."""

    def __init__(self, settings: Settings, drivers: Drivers, interrupt: Interrupt) -> None:
        # SETTINGS makes its attributes by a decorator that no type checker sees through.
        if runtime.SETTINGS.parallel == 1:  # pyright: ignore[reportAttributeAccessIssue]
            raise pulumi.RunError(
                "-p 1: the walk runs inside a resource's hook and would hold everything else; use 2 or more"
            )
        self._settings = settings
        self._drivers = drivers
        self._interrupt = interrupt
        self._walked = False
        self._decided = False
        self._facts: Output[Any] = Output.from_input(None)
        options = ResourceHookOptions(on_dry_run=True)
        self._ramp = ResourceHook("ramp", self._meet_change, options)
        self.hold = ResourceHook("hold", self._meet_drift, options)
        self.let_go = ResourceHook("let-go", self._let_go)

    def record(
        self, listener: Input[str], url: Input[str], priority: int, targets: Mapping[str, Target]
    ) -> pulumi.Resource:
        """The traffic record: it depends on every slice, and its before-hooks walk to the declared shares."""
        facts = Facts(
            shares=percent(self._settings.traffic.shares),
            slices={version: {"group": one.group, "fleet": one.fleet} for version, one in targets.items()},
            listener=listener,
            priority=priority,
        )
        self._facts = Output.from_input({**facts, "url": url})
        drift = self._drivers.drift(self._settings.traffic.shares)
        stand = [resource for target in targets.values() for resource in target.resources]
        hooks = ResourceHookBinding(before_create=[self._ramp], before_update=[self._ramp])
        return pulumi.Stash(
            "traffic",
            input={**facts, "drift": drift} if drift else facts,
            opts=ResourceOptions(
                depends_on=stand,
                hooks=hooks,
                # What was seen before and met since is no difference.
                ignore_changes=["input.drift"] if drift == {} else [],
                protect=True,
                retain_on_delete=True,
            ),
        )

    def tidy(self, split: pulumi.Resource) -> None:
        """After *split*, the weighted rule: what a dead walk left where nothing differed from what is declared.

        No hook ran then, since neither the record nor the rule had a diff: a walk that was killed in its restore, or
        before its first move.
        """
        if not pulumi.runtime.is_dry_run():
            Output.all(self._facts, split.urn).apply(lambda known: self._tidy(known[0]))

    async def _tidy(self, facts: Mapping[str, Any]) -> None:
        if not self._decided:
            order = control.order(self._settings, pulumi.get_stack(), self._settings.traffic.shares)
            await self._in_thread(lambda: self._controller(facts).tidy(order))

    async def _meet_change(self, args: ResourceHookArgs) -> None:
        """The record's own hook: recorded is what the last finished run declared."""
        self._walked = True
        old = (args.old_inputs or {}).get("input")
        if old:
            new = await self._facts.future(with_unknowns=True) or {"slices": {}}
            _refuse_replacement(old, new, self._settings.traffic.shares)
            await self._walk(parse(old["shares"]) if old["shares"] else {}, old["slices"])
        else:
            await self._walk(None)

    async def _meet_drift(self, _: ResourceHookArgs) -> None:
        """The weighted rule's hook, for when only the rule drifted: then what was recorded is what is declared."""
        if not (pulumi.runtime.is_dry_run() and self._walked):
            await self._walk(self._settings.traffic.shares)

    async def _walk(self, recorded: Shares | None, before: Iterable[str] = ()) -> None:
        facts = await self._facts.future(with_unknowns=True)
        if facts is None or not isinstance(facts["listener"], str):
            return  # a preview before the listener exists: nothing carries traffic yet
        new = frozenset(v for v, one in facts["slices"].items() if not isinstance(one["group"], str))
        gone = frozenset(before) - frozenset(facts["slices"])
        order = control.order(self._settings, pulumi.get_stack(), recorded, new, gone)
        walks = self._controller(facts)
        self._decided = True
        if pulumi.runtime.is_dry_run():
            for line in await asyncio.to_thread(walks.preview, order):
                pulumi.log.info(line)
        else:
            patience = Patience(RealClock(), self._interrupt.stop)
            await self._in_thread(lambda: (patience(self._drivers.prepare), walks.run(order)))

    def _controller(self, facts: Mapping[str, Any]) -> Controller:
        known = {v: one for v, one in facts["slices"].items() if isinstance(one["group"], str)}
        place = Place(
            listener=facts["listener"],
            priority=int(facts["priority"]),
            url=facts["url"] if isinstance(facts["url"], str) else "",
            groups={version: one["group"] for version, one in known.items()},
            fleets={version: one["fleet"] for version, one in known.items()},
        )
        stop = self._interrupt.stop
        finish = partial(aftermath.finish, self._settings, pulumi.get_stack(), stop, pulumi.log.info)
        return control.controller(
            self._settings, self._drivers, place, pulumi.get_stack(), stop=stop, say=pulumi.log.info, done=finish
        )

    async def _let_go(self, args: ResourceHookArgs) -> None:
        """Before a slice is deleted: it carries nothing, and no request was seen for the drain time."""
        outputs = args.old_outputs or {}
        stop = self._interrupt.stop
        await self._in_thread(lambda: self._drivers.await_quiet(outputs, stop, pulumi.log.info))

    async def _in_thread(self, work: Callable[[], object]) -> None:
        """Run *work* off the event loop's thread; when the engine was killed, let it restore first."""
        with self._interrupt.holding():
            running = asyncio.ensure_future(asyncio.to_thread(work))
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError:
                self._interrupt.stop.set()
                await asyncio.wait([running])
                raise


def _refuse_replacement(old: Mapping[str, Any], new: Mapping[str, Any], planned: Shares) -> None:
    """Refuse to give any share to a version that carries traffic when its target group is another than was recorded.

    Away from it the walk may go: the router still means the live one.
    """
    for version, slice_ in old["slices"].items():
        carries = old["shares"].get(version)
        if (
            carries
            and version in planned
            and version in new["slices"]
            and new["slices"][version]["group"] != slice_["group"]
        ):
            raise RefusedError(
                f"{version} carries {carries:g} % of the traffic, and its slice would be replaced by another of the "
                "same version: a setting it is built from (network, service, provider) was changed. Put that back, or "
                "move the traffic to a new version first. Nothing was moved"
            )
