"""The engine, asked through the Automation API.

In: the project's folder, a stack's name. Out: its config, history and state as plain data; `up`, with progress line by
line. Whatever the engine refuses becomes an error of `ops.errors` with the engine's own diagnostics.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TypeVar

from pulumi import automation
from pulumi.automation import CommandError
from pulumi.automation.events import EngineEvent

from components.settings import PROJECT
from ops.engine import Workspace, engine
from ops.errors import BusyError, ConfigError, EngineError, StoppedError
from ops.facts import Config, State, Update
from ops.locks import Lock, parse
from rollout import shares

HIDDEN = "[secret: not read here]"  # stands for a secret's value
NOTIFY = f"{PROJECT}:notify"
PAGE = 25  # updates of the history read at a time
MARKUP = re.compile(r"<\{%.*?%\}>")  # colours in the engine's diagnostics
RECORD = "pulumi:index:Stash::traffic"  # how the traffic record's URN ends
NO_STACK = "no stack is selected; run `pulumi stack select NAME` (`pulumi stack ls` shows them), or add --stack NAME"

T = TypeVar("T")


@dataclass(frozen=True)
class Preview:
    """What a preview told: the rollout's `plan` in lines, and how many resources the engine would change, by verb."""

    plan: list[str]
    changes: Mapping[str, int]


class Stack:
    """One stack of the project in *root*; without a *name* the selected one."""

    def __init__(self, root: Path, name: str | None = None) -> None:
        self._engine = engine()
        self._workspace = Workspace(work_dir=str(root), pulumi_command=self._engine)
        self.name = name or self._selected()
        self._stack = self._asked(lambda: automation.Stack.select(self.name, self._workspace))
        self.short = self.name.rpartition("/")[2]  # as the program knows it
        self.file = root / f"Pulumi.{self.short}.yaml"

    def config(self, file: Path | None = None) -> Config:
        """The config the program would get, from *file* in place of the stack's own.

        Secret values are left out, but for the provider's credentials and whom to notify.
        """
        arguments = ["config", "--json", "--stack", self.name, *(["--config-file", str(file)] if file else [])]
        entries = json.loads(self._ask(*arguments))
        secret = {key for key, entry in entries.items() if entry["secret"]}
        values = {key: entry.get("value", HIDDEN) for key, entry in entries.items()}
        if file is not None:
            return Config({key: "[]" if key == NOTIFY and key in secret else v for key, v in values.items()}, secret)
        for key in (key for key in secret if key.startswith("aws:") or key == NOTIFY):
            values[key] = self._asked(lambda key=key: self._stack.get_config(key)).value
        return Config(values, secret)

    def updates(self) -> Iterator[Update]:
        """The updates in the stack's history, newest first; secrets are left out."""
        for page in itertools.count(1):
            found = self._asked(lambda page=page: self._stack.history(page_size=PAGE, page=page, show_secrets=False))
            for one in (one for one in found if one.kind == "update"):
                config = {key: entry.value for key, entry in one.config.items()}
                yield Update(
                    at=one.start_time.replace(tzinfo=UTC),
                    result=one.result,
                    values=config,
                    ended=one.end_time.replace(tzinfo=UTC) if one.end_time else None,
                    message=one.message,
                    author=one.environment.get("git.author", ""),
                )
            if len(found) < PAGE:
                return

    def state(self) -> State:
        """What is recorded now."""
        resources = (self._asked(self._stack.export_stack).deployment or {}).get("resources") or []
        outputs = {one["urn"]: one.get("outputs", {}) for one in resources}
        stack = next((outputs[one["urn"]] for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})
        slices = [one["urn"] for one in resources if re.fullmatch(r"sluice:\w+:Slice", one["type"])]
        record = next((one["inputs"]["input"] for one in resources if one["urn"].endswith(RECORD)), None)
        recorded = None if record is None else shares.parse(record["shares"]) if record["shares"] else {}
        return State(stack, {urn.rpartition("::")[2]: outputs[urn] for urn in slices if outputs[urn]}, recorded)

    def up(self, message: str, say: Callable[[str], None], environment: Mapping[str, str]) -> None:
        """`pulumi up`, in *environment* besides the caller's; *say* gets its output line by line.

        EngineError carries what the engine said was wrong.
        """
        errors: list[str] = []

        def note(event: EngineEvent) -> None:
            if (found := event.diagnostic_event) and found.severity == "error":
                errors.append(MARKUP.sub("", found.message).strip())

        self._workspace.env_vars = dict(environment)
        try:
            self._stack.up(message=message, on_output=say, on_event=note, show_secrets=False, suppress_progress=True)
        except automation.ConcurrentUpdateError as error:
            raise BusyError(_said(error)) from None
        except CommandError as error:
            reasons = [one for one in dict.fromkeys(errors) if one != "update failed"]
            kind = StoppedError if self._engine.interrupted else EngineError
            raise kind("\n".join(reasons) or _said(error)) from None

    def locks(self) -> list[Lock] | None:
        """Who has locked the stack; None where the backend keeps that to itself (Pulumi Cloud).

        The engine is asked to rename the stack to the name it has: that takes the lock, is always refused, and changes
        nothing. So it is known wherever the state is kept.
        """
        if (self._asked(self._workspace.who_am_i).url or "").startswith("http"):
            return None
        try:
            self._ask("stack", "rename", self.short, "--stack", self.name)
        except EngineError as error:
            if found := parse(str(error)):
                return found
            if "already exists" not in str(error):
                raise
        return []

    def cancel(self) -> None:
        """Break every lock on the stack."""
        self._asked(self._stack.cancel)

    def preview(self, file: Path) -> Preview:
        """`pulumi preview` with the config in *file*; EngineError carries what the program refuses."""
        errors: list[str] = []
        told: list[str] = []

        def note(event: EngineEvent) -> None:
            if not (found := event.diagnostic_event):
                return
            message = MARKUP.sub("", found.message).rstrip()
            if found.severity == "error":
                errors.append(message.strip())
            elif found.severity.startswith("info") and message not in told:
                told.append(message)

        try:
            result = self._stack.preview(
                config_file=str(file), on_event=note, on_output=lambda _: None, suppress_progress=True
            )
        except CommandError as error:
            reasons = [one for one in dict.fromkeys(errors) if one != "preview failed"]
            raise EngineError("\n".join(reasons) or _said(error)) from None
        begin = next((i for i, line in enumerate(told) if line.startswith("plan: ")), len(told))
        changes = {str(op).rpartition(".")[2].lower(): count for op, count in result.change_summary.items()}
        return Preview(told[begin:], changes)

    def _selected(self) -> str:
        try:
            return self._ask("stack", "--show-name")
        except EngineError as error:
            if "no stack selected" in str(error):
                raise ConfigError(NO_STACK) from None
            raise

    def _ask(self, *arguments: str) -> str:
        return self._asked(lambda: self._engine.run([*arguments], self._workspace.work_dir, {})).stdout.strip()

    def _asked(self, call: Callable[[], T]) -> T:
        """*call*'s answer; what the engine refuses becomes an EngineError, a stack that is not there a ConfigError."""
        try:
            return call()
        except automation.StackNotFoundError as error:
            raise ConfigError(f"{_said(error)}; `pulumi stack ls` shows which there are") from None
        except CommandError as error:
            raise EngineError(_said(error)) from None
        finally:
            if self._engine.interrupted:
                raise KeyboardInterrupt


def _said(error: CommandError) -> str:
    """What the engine wrote on standard error, its warnings apart."""
    lines = str(error).partition("\n stderr: ")[2].splitlines()
    kept = [line.removeprefix("error: ") for line in lines if line.strip() and not line.startswith("warning: ")]
    return "\n".join(kept) or "the engine ended without saying why"
