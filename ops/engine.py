"""The engine's command as `ops` runs it: in a process group of its own, signals handed on, output line by line.

In: arguments. Out: the Automation API's result, or its CommandError.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

from pulumi import automation
from pulumi.automation import CommandResult
from pulumi.automation.errors import create_command_error

from ops.errors import EngineError
from ops.relay import Relay

NO_ENGINE = (
    "no Pulumi engine: run `make setup`, then this again inside `python -m rehearsal shell`; or put `pulumi` on PATH "
    "(https://www.pulumi.com/docs/install/)"
)


class Workspace(automation.LocalWorkspace):
    """The project as it is; selecting a stack here only looks whether it is there, and leaves the user's selection."""

    def select_stack(self, stack_name: str) -> None:
        """Look whether *stack_name* is there; CommandError when it is not."""
        self.pulumi_command.run(["stack", "--show-name", "--stack", stack_name], self.work_dir, {})


class Engine(automation.PulumiCommand):
    """The engine's command, in a process group of its own, so that signals reach it through the relay only."""

    interrupted = False  # whether a signal came during the last command

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


def engine() -> Engine:
    """The engine on PATH; EngineError when there is none, or none of use."""
    try:
        return Engine()
    except FileNotFoundError:
        raise EngineError(NO_ENGINE) from None
    except (automation.InvalidVersionError, subprocess.CalledProcessError) as error:
        raise EngineError(f"the `pulumi` on PATH is of no use: {error} (or: {NO_ENGINE})") from None
