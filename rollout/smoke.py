"""The command gate: a command of the user's runs against a newcomer's isolation route before its first share.

In: the command, its environment. Out: nothing when it ends with 0; else a GateError with the end of what it said.
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


def run(command: Sequence[str], given: Mapping[str, str], check: Callable[[], None], limit: float) -> None:
    """Run *command* with *given* in its environment, at most *limit* seconds; *check* may end it each second."""
    shown = " ".join(command)
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
            raise GateError(f"the command gate `{shown}` cannot be run in {Path.cwd()}: {error.strerror}") from None
        try:
            code = _wait(process, check, limit)
            if code is None:
                raise GateError(f"the command gate `{shown}` did not end within {limit:g} s")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if code:
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines()[-SHOWN:]
            ended = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
            said = "\n".join(["; it said:", *lines, ""]) if lines else " and said nothing"
            raise GateError(f"the command gate `{shown}` {ended}{said}")


def _wait(process: subprocess.Popen[bytes], check: Callable[[], None], limit: float) -> int | None:
    waited = 0.0
    while waited < limit:
        try:
            return process.wait(timeout=LOOK)
        except subprocess.TimeoutExpired:
            waited += LOOK
            check()
    return None
