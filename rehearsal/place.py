"""Where a demo plays, and the place of the first one: machines, on a rehearsal cloud of its own."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from rehearsal.stage import Stage

SAMPLE = Path(__file__).parent / "sample"


class PlaceError(Exception):
    """The place cannot be had; the message is complete for a person."""


class Place(Protocol):
    """What differs between the demos. `name`: of the stack, and of the folder in which everything is left."""

    name: str

    def up(self, stage: Stage) -> None:
        """Raise all that has to be there before the first release; PlaceError when that cannot be."""
        ...

    def settings(self) -> Mapping[str, Any]:
        """The keys of `sluice:` that are this place's own."""
        ...

    def release(self, stage: Stage, version: str, **environment: str) -> dict[str, Any]:
        """A release's entry in the stack file: the sample service with *environment* in its image."""
        ...

    def down(self, stage: Stage) -> None:
        """Take everything down, also what a demo that was killed left; what is not there is no matter."""
        ...


class Machines:
    """EC2 instances on the rehearsal cloud."""

    name = "demo"

    def up(self, stage: Stage) -> None:
        """Start the cloud."""
        done = stage.rehearsal("up")
        if done.code:
            raise PlaceError(done.text.strip())

    def settings(self) -> Mapping[str, Any]:
        """An internal load balancer, and CloudWatch by the second."""
        return {
            "platform": "aws",
            "listener": {"internal": True},
            "metrics": {"cloudwatch": {"period": "1s", "late": "3s"}},
        }

    def release(self, stage: Stage, version: str, **environment: str) -> dict[str, Any]:
        """A machine image that boots the sample service, on Node where there is one."""
        node = shutil.which("node")
        command = [node, str(SAMPLE / "server.js")] if node else [sys.executable, str(SAMPLE / "server.py")]
        inside = [f"{key}={value}" for key, value in environment.items()]
        return {"ami": stage.image(version, *(["env", *inside] if inside else []), *command)}

    def down(self, stage: Stage) -> None:
        """End the cloud with its instances."""
        stage.rehearsal("down")
