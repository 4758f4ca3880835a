"""A Pulumi program under the real engine, in the rehearsal's environment."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Program:
    """A program's folder, and the environment of its stack."""

    folder: Path
    environment: dict[str, str]

    def pulumi(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """What a `pulumi` command printed and answered; *variables* are added to the environment."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**self.environment, **variables},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=False,
        )

    def ok(self, *arguments: str, **variables: str) -> str:
        """What a `pulumi` command printed that had to succeed."""
        done = self.pulumi(*arguments, **variables)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def state(self) -> list[dict[str, Any]]:
        """The resources as they are recorded."""
        return json.loads(self.ok("stack", "export"))["deployment"].get("resources", [])


def copied(program: str, to: Path) -> Path:
    """A copy of one of the programs beside this file."""
    return Path(shutil.copytree(Path(__file__).with_name(program), to / "program"))
