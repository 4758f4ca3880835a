"""Fleets on AWS: Auto Scaling groups that do not shrink while traffic walks.

In: a boto3 client, the group's name by version. Out: `rollout.fleets.Fleets`. All of it is done by API beside the
program, which ignores it: the sizes of a slice belong to whoever scales it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rollout.aws import asked, pages
from rollout.errors import RouterError

BATCH = 50  # instances that one SetInstanceProtection takes
TRIES = 3
PROTECTABLE = ("InService", "Standby", "EnteringStandby")  # any other is refused, and the whole call with it
CAME_OR_WENT = ("is not in InService", "is not part of Auto Scaling group")  # since we looked

Group = Mapping[str, Any]


@dataclass(frozen=True)
class AutoScalingFleets:
    """`fleets`: version → Auto Scaling group name; None: an external release, which is left out of everything."""

    autoscaling: Any
    fleets: Mapping[str, str | None]

    def desired(self, versions: Collection[str]) -> Mapping[str, int]:
        """How many instances each of *versions* is to have now; one call for all."""
        names = self._names(versions)
        groups = self._groups(names.values())
        return {version: groups[name]["DesiredCapacity"] for version, name in names.items()}

    def grow(self, version: str, size: int) -> None:
        """Let *version* have at least *size* instances, and its maximum no less; neither is ever lowered.

        The minimum stays, so that whoever scales the fleet can scale it in again.
        """
        for name in self._names([version]).values():
            group = self._groups([name])[name]
            larger = {"DesiredCapacity": group["DesiredCapacity"], "MaxSize": group["MaxSize"]}
            larger = {key: size for key, now in larger.items() if now < size}
            if larger:
                self._update(f"let {name} have {size} instances", name, **larger)

    def hold(self, versions: Collection[str]) -> None:
        """Protect the instances of *versions* from scale-in: those in service, and each that is launched from now on.

        One that was launched before and is not in service yet cannot be protected; the next call takes it. An instance
        that dies or fails its health check is replaced all the same.
        """
        self._protect(self._groups(self._names(versions).values()), on=True)

    def let_go(self, versions: Collection[str]) -> None:
        """Lift what `hold` set, also what a dead walk left; a fleet that is gone by now has nothing to lift.

        AWS does not tell who protected an instance, so what others protected in these fleets is lifted with it. An
        instance still on its way into service keeps its protection until the next call.
        """
        self._protect(self._present(self._names(versions).values()), on=False)

    def _names(self, versions: Collection[str]) -> dict[str, str]:
        named = {version: self.fleets.get(version) for version in sorted(versions)}
        return {version: name for version, name in named.items() if name is not None}

    def _groups(self, names: Collection[str]) -> dict[str, Group]:
        """The groups by name; RouterError when one is gone."""
        found = self._present(names)
        gone = sorted(set(names) - set(found))
        if gone:
            raise RouterError(f"the fleet {gone[0]} does not exist any more")
        return found

    def _present(self, names: Collection[str]) -> dict[str, Group]:
        if not names:
            return {}  # AWS would list every group there is
        query: dict[str, Any] = {"AutoScalingGroupNames": list(names), "MaxRecords": 100}
        found = pages("read the fleets", self.autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups", **query)
        return {group["AutoScalingGroupName"]: group for group in found}

    def _protect(self, groups: Mapping[str, Group], *, on: bool) -> None:
        """Make the protection of *groups* what *on* says, of new instances first, so that none slips through."""
        what = "protect {} from scale-in" if on else "lift the protection of {} from scale-in"
        others = [name for name, group in groups.items() if bool(group["NewInstancesProtectedFromScaleIn"]) is not on]
        for name in others:
            self._update(what.format(name), name, NewInstancesProtectedFromScaleIn=on)
        for name, group in (self._present(groups) if others else groups).items():
            self._protect_instances(what.format(name), name, group, on)

    def _protect_instances(self, what: str, name: str, group: Group, on: bool) -> None:
        for turn in range(TRIES):
            try:
                for batch in _batches(group, on):
                    asked(what, _protection(self.autoscaling, name, batch, on))
                return
            except RouterError as error:
                if turn == TRIES - 1 or not any(one in str(error) for one in CAME_OR_WENT):
                    raise
                group = self._present([name]).get(name, {"Instances": []})

    def _update(self, what: str, name: str, **change: int | bool) -> None:
        asked(what, lambda: self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, **change))


def _protection(autoscaling: Any, name: str, instances: Sequence[str], on: bool) -> Callable[[], object]:
    return lambda: autoscaling.set_instance_protection(
        AutoScalingGroupName=name, InstanceIds=instances, ProtectedFromScaleIn=on
    )


def _batches(group: Group, on: bool) -> Iterator[list[str]]:
    """The instances of *group* whose protection is not what *on* says, as many at a time as a call takes."""
    others = [
        one["InstanceId"]
        for one in group["Instances"]
        if one["LifecycleState"] in PROTECTABLE and one.get("ProtectedFromScaleIn", False) is not on
    ]
    for first in range(0, len(others), BATCH):
        yield others[first : first + BATCH]
