"""Machine images: an AMI id, a name, and the command that a machine made from it runs when it boots.

In: `home/images/<AMI id>.json`, one file an image, which outlive the cloud. Out: `Image`s.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rehearsal.files import replace

SAMPLE = "ami-00000000000005a1e"  # in the checked-in Pulumi.dev.yaml
SERVICE = Path(__file__).parents[1] / "sample"


@dataclass(frozen=True)
class Image:
    """`command`: the program with its arguments, run in the folder `cwd`."""

    name: str
    command: tuple[str, ...]
    cwd: str


def register(home: Path, name: str, command: Sequence[str], cwd: Path) -> str:
    """Record an image and return its AMI id; the same name, command and folder give the same id again."""
    image = Image(name, tuple(command), str(cwd))
    ami = f"ami-{hashlib.sha256(json.dumps(asdict(image)).encode()).hexdigest()[:17]}"
    _write(home, ami, image)
    return ami


def register_sample(home: Path) -> None:
    """Record the sample web service under its fixed id: in Node.js where that is installed, else in Python."""
    node = shutil.which("node")
    command = (node, str(SERVICE / "server.js")) if node else (sys.executable, str(SERVICE / "server.py"))
    _write(home, SAMPLE, Image("sample", command, str(SERVICE)))


def known(home: Path) -> dict[str, Image]:
    """Every recorded image by AMI id."""
    return {file.stem: _read(file) for file in sorted(_folder(home).glob("ami-*.json"))}


def forget(home: Path, ami: str) -> None:
    """Take an image away, as DeregisterImage does; what runs from it goes on."""
    (_folder(home) / f"{ami}.json").unlink(missing_ok=True)


def _folder(home: Path) -> Path:
    return home / "images"


def _write(home: Path, ami: str, image: Image) -> None:
    _folder(home).mkdir(parents=True, exist_ok=True)
    replace(_folder(home) / f"{ami}.json", json.dumps(asdict(image), indent=1))


def _read(file: Path) -> Image:
    held = json.loads(file.read_text())
    return Image(held["name"], tuple(held["command"]), held["cwd"])
