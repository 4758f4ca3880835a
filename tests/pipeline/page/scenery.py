"""A project whose `ops` is a stand-in: `watch` prints what a test says is live, other verbs note who asked for what."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OPS = """
import os, sys, time
from pathlib import Path
verb = sys.argv[1]
if verb == "watch":
    Path("watched").open("a").write("x")
    while not Path("trouble").exists():
        print(Path("frame").read_text(), flush=True)
        time.sleep(0.05)
    sys.exit(Path("trouble").read_text())
with Path("asked").open("a") as asked:
    asked.write(os.environ.get("SLUICE_ACTOR", "nobody") + ": " + " ".join(sys.argv[1:]) + "\\n")
while Path("hold").exists():
    time.sleep(0.02)
if verb == "report":
    Path("page.html").write_text("<h1>report of " + sys.argv[2] + "</h1>")
    print(Path("page.html").resolve())
elif Path("then").exists():
    os.replace("then", "frame")
    print("stopped: live is v1 100")
elif Path("fails").exists():
    sys.exit(Path("fails").read_text())
"""


class Scenery:
    """In *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ops").mkdir(parents=True)
        (folder / "ops" / "__init__.py").touch()
        (folder / "ops" / "__main__.py").write_text(OPS)

    def show(self, frame: Mapping[str, Any]) -> None:
        """What `watch` prints from now on."""
        self._replace("frame", json.dumps(frame))

    def then(self, frame: Mapping[str, Any]) -> None:
        """What it prints once an action is done."""
        self._replace("then", json.dumps(frame))

    def write(self, name: str, text: str = "") -> None:
        """`hold` the verbs, have them end with what is in `fails`, or the reader with what is in `trouble`."""
        self._replace(name, text)

    def drop(self, name: str) -> None:
        (self.folder / name).unlink()

    def asked(self) -> list[str]:
        """Who asked for what, watching apart."""
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def watched(self) -> int:
        """How many readers there were."""
        file = self.folder / "watched"
        return len(file.read_text()) if file.exists() else 0

    def _replace(self, name: str, text: str) -> None:
        (self.folder / f".{name}").write_text(text)
        os.replace(self.folder / f".{name}", self.folder / name)
