"""The ALB router: weights are those of a listener's weighted rule, the mark its tags.

In: boto3 clients, the listener, the rule's priority, the slices' target groups and fleets. Each look costs two calls
and finds the rule through its listener, so that a rule made anew is found too; each write costs one.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rollout import mark as marks
from rollout import schema as schemas
from rollout.aws import asked, pages
from rollout.errors import ForeignError, RouterError
from rollout.mark import Mark
from rollout.routers.alb_rules import fault, groups
from rollout.routers.interface import NOBODY, Health, Live
from rollout.schema import Schema
from rollout.shares import Shares, from_weights, weights

TAG = "sluice:"
FIELDS = ("run", "from", "to", "owner", "until", "stop")
CARRIED, SCHEMA = TAG + "carried", TAG + "schema"  # no part of the mark: they outlive the walk
LONGEST = 256  # characters of a tag's value


@dataclass(kw_only=True)
class AlbRouter:
    """Reads and sets one service's live weights on its listener.

    `groups`: version → target group ARN; `fleets`: version → Auto Scaling group name, None for an external release.
    """

    elbv2: Any
    autoscaling: Any
    listener: str
    priority: int
    service: str
    groups: dict[str, str]
    fleets: Mapping[str, str | None]
    _arn: str | None = field(default=None, init=False, repr=False)  # the rule's, and its tags, at the last look
    _tagged: Mapping[str, str] = field(default_factory=dict, init=False, repr=False)

    def read(self) -> Live | None:
        """The live shares and mark; None when the listener has no weighted rule of this service yet."""
        rule = self._rule()
        if rule is None:
            return None
        tags = self._tags(rule["RuleArn"])
        if tags.get(f"{TAG}service") != self.service:
            raise ForeignError(
                f"priority {self.priority} of {self.listener} is held by a rule that is not {self.service}'s "
                f"({rule['RuleArn']}); remove it or move it to another priority"
            )
        self._tagged = tags
        held = {self._version(group["TargetGroupArn"]): group.get("Weight", 1) for group in groups(rule)}
        fields = {field: tags[TAG + field] for field in FIELDS if TAG + field in tags}
        try:
            schema = schemas.from_field(tags[SCHEMA]) if SCHEMA in tags else None
            return Live(from_weights(held), marks.from_fields(fields), frozenset(self._carried()), schema)
        except ValueError as error:
            raise ForeignError(f"{error}; remove the sluice: tags of {rule['RuleArn']} to go on") from None

    def set_shares(self, shares: Shares) -> None:
        """Set all live weights in one ModifyRule; without any share the load balancer answers itself."""
        groups = [{"TargetGroupArn": self._group(v), "Weight": weight} for v, weight in weights(shares).items()]
        action = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
        if not groups:
            told = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": NOBODY}
            action = {"Type": "fixed-response", "Order": 1, "FixedResponseConfig": told}
        self._write("set the weights", lambda arn: self.elbv2.modify_rule(RuleArn=arn, Actions=[action]))

    def begin(self, shares: Shares) -> None:
        """Nothing: the engine makes the rule, with these shares."""

    def set_mark(self, mark: Mark | None, carried: Collection[str] = ()) -> None:
        """Write the mark's fields as tags of the rule; None takes them away. A `stop` beside them stays.

        *carried* are remembered in the same call. A `stop` beside another walk's mark was not for this one: it goes.
        """
        tags = {TAG + key: value for key, value in (marks.to_fields(mark) if mark else {}).items()}
        if carried:
            tags[CARRIED] = self._carried_and(carried)
        if mark and f"{TAG}stop" in self._tagged and self._tagged.get(f"{TAG}run") != mark.run:
            self._take_away("stop")
        if tags:
            self._tag("write the mark", tags)
        if mark is None:
            self._take_away(*FIELDS)

    def ask_stop(self, run: str) -> bool:
        """Write a `stop` beside the mark of the walk *run*; False when that mark is not there (any more)."""
        live = self.read()
        if live is None or live.mark is None or live.mark.run != run:
            return False
        self._tag("ask the walk to stop", {f"{TAG}stop": marks.asker()})
        live = self.read()
        if live is not None and live.mark is not None and live.mark.run == run:
            return True
        self._take_away("stop")  # the walk ended in this moment, and the next one is not meant
        return False

    def set_schema(self, schema: Schema) -> None:
        """Write it as a tag of the rule."""
        self._tag("record the schema", {SCHEMA: schemas.to_field(schema)})

    def health(self, version: str) -> Health:
        """Count *version*'s targets; wanted is what its fleet desires (external release: what is registered).

        Those of a fleet that nobody knows, since the answer to its creation was lost, are told and not counted.
        """
        group, fleet = self._group(version), self.fleets.get(version)
        answer = asked("count targets", lambda: self.elbv2.describe_target_health(TargetGroupArn=group))
        targets = [one for one in answer["TargetHealthDescriptions"] if one["TargetHealth"]["State"] != "draining"]
        wanted, own = (len(targets), None) if fleet is None else self._fleet(fleet)
        others = Counter(fault(one, own) for one in targets)
        healthy = others.pop("", 0)
        return Health(version, healthy, wanted, dict(others))

    def _fleet(self, name: str) -> tuple[int, set[str]]:
        """How many instances the fleet *name* is to have, and those that it has."""
        query = {"AutoScalingGroupNames": [name]}
        answer = asked("read the fleet", lambda: self.autoscaling.describe_auto_scaling_groups(**query))
        for group in answer["AutoScalingGroups"]:
            return group["DesiredCapacity"], {one["InstanceId"] for one in group["Instances"]}
        raise RouterError(f"the fleet {name} does not exist any more")

    def _rule(self) -> dict[str, Any] | None:
        rules = pages("read the weighted rule", self.elbv2, "describe_rules", "Rules", ListenerArn=self.listener)
        rule = next((rule for rule in rules if rule["Priority"] == str(self.priority)), None)
        self._arn = rule["RuleArn"] if rule else None
        return rule

    def _write(self, what: str, change: Callable[[str], object]) -> None:
        """Make *change* to the rule of the last look; where that is gone, to the one that is there now."""
        if self._arn is not None:
            try:
                asked(what, partial(change, self._arn))
                return
            except RouterError as error:
                if "RuleNotFound" not in str(error):
                    raise
        rule = self._rule()
        if rule is None:
            raise RouterError(f"the weighted rule (priority {self.priority}) of {self.listener} is gone")
        asked(what, partial(change, rule["RuleArn"]))

    def _tag(self, what: str, tags: Mapping[str, str]) -> None:
        added = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._write(what, lambda arn: self.elbv2.add_tags(ResourceArns=[arn], Tags=added))

    def _take_away(self, *fields: str) -> None:
        keys = [TAG + name for name in fields]
        self._write("take the mark away", lambda arn: self.elbv2.remove_tags(ResourceArns=[arn], TagKeys=keys))

    def _tags(self, arn: str) -> dict[str, str]:
        answer = asked("read the mark", lambda: self.elbv2.describe_tags(ResourceArns=[arn]))
        return {tag["Key"]: tag["Value"] for tag in answer["TagDescriptions"][0]["Tags"]}

    def _carried(self) -> dict[str, str]:
        """Version → digest of the target group, oldest first, of what has carried all the traffic and still stands.

        The digest tells a slice from a later one that was published under the same version.
        """
        parts = (part.rpartition("=") for part in self._tagged.get(CARRIED, "").split())
        return {version: digest for version, _, digest in parts if digest == _digest(self.groups.get(version, ""))}

    def _carried_and(self, more: Collection[str]) -> str:
        """The tag's value when *more* have carried it too: those that came last, as many as fit."""
        known = {version: _digest(self.groups[version]) for version in more if version in self.groups}
        parts = [f"{version}={digest}" for version, digest in {**self._carried(), **known}.items()]
        while len(" ".join(parts)) > LONGEST:
            parts.pop(0)
        return " ".join(parts)

    def _group(self, version: str) -> str:
        if version not in self.groups:
            raise RouterError(f"no target group of {version} is known")
        return self.groups[version]

    def _version(self, arn: str) -> str:
        """The version that owns target group *arn*; of a group nobody declares, its tag or else its name.

        It is remembered, so that a walk away from such a group can put its weight back, also from one whose version
        was built anew meanwhile.
        """
        for version, group in self.groups.items():
            if group == arn:
                return version
        version = self._tags(arn).get(f"{TAG}version", arn.split("/")[-2])
        self.groups[version] = arn
        return version


def _digest(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()[:8]
