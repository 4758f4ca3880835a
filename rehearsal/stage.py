"""A stack on the rehearsal cloud, driven as a user drives it: its stack file is edited, then commands are run.

In: the project's folder, the cloud's home, the stack's name. Out: what each command printed, its exit code, its
seconds. The demo and the end-to-end tests stand on it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from rehearsal.cloud import faults
from rehearsal.environment import environment

UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs", "--color", "never")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    seconds: float
    text: str


@dataclass(frozen=True)
class Stage:
    """`root`: the project's folder; `home`: the cloud's; `stack`: whose stack file is edited and used."""

    root: Path
    home: Path
    stack: str
    log: Callable[[str], None] = field(default=lambda _: None)

    def rehearsal(self, *arguments: str) -> Done:
        """`python -m rehearsal ARGUMENTS`."""
        return self._run([sys.executable, "-m", "rehearsal", *arguments], dict(os.environ))

    def image(self, name: str, *command: str) -> str:
        """Register a machine image that boots *command*; its id."""
        done = self.rehearsal("image", name, "--", *command)
        if done.code:
            raise RuntimeError(f"the image {name} was not registered: {done.text}")
        return done.text.strip().splitlines()[-1]

    def faults(self, **stated: Any) -> None:
        """As `python -m rehearsal faults`, and as fast as a test wants it; without arguments there are none."""
        faults.write(self.home, faults.Faults(**stated))

    def run(self, *command: str) -> Done:
        """*command* in the rehearsal's environment, with this stack selected."""
        return self._run(list(command), self._environment())

    def up(self, *options: str) -> Done:
        """`pulumi up`, as a person or a CI job runs it."""
        return self.run(*UP, *options)

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """*command* while the block runs, in a process group of its own, as a terminal gives it; killed at the end."""
        process = self._start(list(command), self._environment())
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def configure(self, **values: Any) -> None:
        """Set keys of `sluice:` in the stack file; None takes a key away. What else is in the file stays."""
        yaml = YAML()
        path = self.root / f"Pulumi.{self.stack}.yaml"
        document = (yaml.load(path) if path.exists() else None) or {}
        config = document.setdefault("config", {})
        for key, value in values.items():
            config[f"sluice:{key}"] = value
            if value is None:
                del config[f"sluice:{key}"]
        beside = path.with_suffix(".new")
        yaml.dump(document, beside)
        beside.replace(path)

    def _environment(self) -> Mapping[str, str]:
        return {**environment(self.home), "PULUMI_STACK": self.stack, "PYTHONUNBUFFERED": "1"}

    def _start(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.root,
            env={**environment, "SLUICE_REHEARSAL": str(self.home)},
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _run(self, command: list[str], environment: Mapping[str, str]) -> Done:
        begun = time.monotonic()
        process = self._start(command, environment)
        lines = []
        try:
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    lines.append(line)
                    self.log(line.rstrip())
            code = process.wait()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
        return Done(code, time.monotonic() - begun, "".join(lines))
