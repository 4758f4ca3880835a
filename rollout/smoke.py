"""A command of the user's that runs before a newcomer's first share: the command gate, or the migration.

In: what it is, the command, its environment. Out: nothing when it ends with 0; else a GateError with the end of what it
said.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rollout.errors import GateError

LOOK = 1.0  # seconds between two looks at whether the walk may still go on
SHOWN = 40  # lines of its output


def run(what: str, command: Sequence[str], given: Mapping[str, str], check: Callable[[], None], limit: float) -> None:
    """Run *command*, *what* in messages, with *given* in its environment, for *limit* seconds; *check* may end it."""
    shown = f"{what} `{' '.join(command)}`"
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                env={**os.environ, **given},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise GateError(f"{shown} cannot be run in {Path.cwd()}: {error.strerror}") from None
        try:
            code = _wait(process, check, limit)
            if code is None:
                raise GateError(f"{shown} did not end within {limit:g} s")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if code:
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()[-SHOWN:]
            ended = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
            said = "\n".join(["; it said:", *lines, ""]) if lines else " and said nothing"
            raise GateError(f"{shown} {ended}{said}")


def _wait(process: subprocess.Popen[bytes], check: Callable[[], None], limit: float) -> int | None:
    waited = 0.0
    while waited < limit:
        try:
            return process.wait(timeout=LOOK)
        except subprocess.TimeoutExpired:
            waited += LOOK
            check()
    return None
