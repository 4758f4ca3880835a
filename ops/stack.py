"""The engine, asked through the Automation API; the only file that imports it.

In: the project's folder, a stack's name. Out: its config, history and state as plain data; `up`, with progress line by
line. Whatever the engine refuses becomes an error of `ops.errors` with the engine's own diagnostics.
"""

import itertools
import json
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import IO, Any, TypeVar

from pulumi import automation
from pulumi.automation import CommandError, CommandResult
from pulumi.automation.errors import create_command_error
from pulumi.automation.events import EngineEvent

from ops.errors import BusyError, ConfigError, EngineError, StoppedError
from ops.facts import Config, State, Update
from ops.relay import Relay

HIDDEN = "[secret: not read here]"  # stands for a secret's value
PAGE = 25  # updates of the history read at a time
MARKUP = re.compile(r"<\{%.*?%\}>")  # colours in the engine's diagnostics
NO_ENGINE = (
    "no Pulumi engine: run `make setup`, then this again inside `python -m rehearsal shell`; or put `pulumi` on PATH "
    "(https://www.pulumi.com/docs/install/)"
)
NO_STACK = "no stack is selected; run `pulumi stack select NAME` (`pulumi stack ls` shows them), or add --stack NAME"

T = TypeVar("T")


class Stack:
    """One stack of the project in *root*; without a *name* the selected one."""

    def __init__(self, root: Path, name: str | None = None) -> None:
        self._engine = _engine()
        self._workspace = _Workspace(work_dir=str(root), pulumi_command=self._engine)
        self.name = name or self._selected()
        self._stack = self._asked(lambda: automation.Stack.select(self.name, self._workspace))
        self.file = root / f"Pulumi.{self.name.rpartition('/')[2]}.yaml"

    def config(self, file: Path | None = None) -> Config:
        """The config the program would get, from *file* in place of the stack's own.

        Secret values are left out, but for the provider's credentials.
        """
        arguments = ["config", "--json", "--stack", self.name, *(["--config-file", str(file)] if file else [])]
        entries = json.loads(self._ask(*arguments))
        secret = {key for key, entry in entries.items() if entry["secret"]}
        values = {key: entry.get("value", HIDDEN) for key, entry in entries.items()}
        for key in (key for key in secret if key.startswith("aws:") and file is None):
            values[key] = self._asked(lambda key=key: self._stack.get_config(key)).value
        return Config(values, secret)

    def updates(self) -> Iterator[Update]:
        """The updates in the stack's history, newest first; secrets are left out."""
        for page in itertools.count(1):
            found = self._asked(lambda page=page: self._stack.history(page_size=PAGE, page=page, show_secrets=False))
            for one in (one for one in found if one.kind == "update"):
                config = {key: entry.value for key, entry in one.config.items()}
                yield Update(one.start_time.replace(tzinfo=UTC), one.result, config)
            if len(found) < PAGE:
                return

    def state(self) -> State:
        """What is recorded now."""
        resources = (self._asked(self._stack.export_stack).deployment or {}).get("resources") or []
        outputs = {one["urn"]: one.get("outputs", {}) for one in resources}
        stack = next((outputs[one["urn"]] for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})
        slices = [one["urn"] for one in resources if re.fullmatch(r"sluice:\w+:Slice", one["type"])]
        return State(stack, {urn.rpartition("::")[2]: outputs[urn] for urn in slices if outputs[urn]})

    def up(self, message: str, say: Callable[[str], None]) -> None:
        """`pulumi up`; *say* gets its output line by line. EngineError carries what the engine said was wrong."""
        errors: list[str] = []

        def note(event: EngineEvent) -> None:
            if (found := event.diagnostic_event) and found.severity == "error":
                errors.append(MARKUP.sub("", found.message).strip())

        try:
            self._stack.up(message=message, on_output=say, on_event=note, show_secrets=False, suppress_progress=True)
        except automation.ConcurrentUpdateError as error:
            raise BusyError(_said(error)) from None
        except CommandError as error:
            reasons = [one for one in dict.fromkeys(errors) if one != "update failed"]
            kind = StoppedError if self._engine.interrupted else EngineError
            raise kind("\n".join(reasons) or _said(error)) from None

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


class _Workspace(automation.LocalWorkspace):
    """The project as it is; selecting a stack here only looks whether it is there, and leaves the user's selection."""

    def select_stack(self, stack_name: str) -> None:
        self.pulumi_command.run(["stack", "--show-name", "--stack", stack_name], self.work_dir, {})


class _Engine(automation.PulumiCommand):
    """The engine's command, in a process group of its own, so that signals reach it through the relay only."""

    interrupted = False

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Run one command to its end; CommandError when it fails."""
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        command = [self.command, "--non-interactive", *args]
        out, err = [], []
        with (
            Relay() as relay,
            subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                process_group=0,
            ) as process,
        ):
            relay.started(process)
            streams = (process.stdout, out, on_output), (process.stderr, err, on_error)
            readers = [threading.Thread(target=_read, args=stream) for stream in streams]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
        self.interrupted = relay.received > 0
        result = CommandResult("\n".join(out), "\n".join(err), process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result


def _read(stream: IO[str] | None, lines: list[str], say: Callable[[str], Any] | None) -> None:
    for line in stream or ():
        lines.append(line.rstrip())
        if say:
            say(lines[-1])


def _engine() -> _Engine:
    try:
        return _Engine()
    except FileNotFoundError:
        raise EngineError(NO_ENGINE) from None
    except (automation.InvalidVersionError, subprocess.CalledProcessError) as error:
        raise EngineError(f"the `pulumi` on PATH is of no use: {error} (or: {NO_ENGINE})") from None


def _said(error: CommandError) -> str:
    """What the engine wrote on standard error, its warnings apart."""
    lines = str(error).partition("\n stderr: ")[2].splitlines()
    kept = [line.removeprefix("error: ") for line in lines if line.strip() and not line.startswith("warning: ")]
    return "\n".join(kept) or "the engine ended without saying why"
