"""The receiver as a process, with the stand-in project of `scenery`. Its registry is down, which does not matter."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from rehearsal.cloud.loopback import free
from tests.patience import PATIENCE, eventually
from tests.pipeline.conftest import GITHUB, HUB
from tests.pipeline.page.scenery import Scenery

PROGRAM = """
import sys
from pathlib import Path
from pipeline.serve import serve
from pipeline.settings import load
serve(load(Path(sys.argv[1])), Path(sys.argv[2]), lambda line: print(line, flush=True))
"""
ROOT = Path(__file__).resolve().parents[3]


class Standing:
    """A receiver at `url`, whose operator is anna."""

    def __init__(self, folder: Path, hash_of_anna: str) -> None:
        self.folder = folder
        self.scenery = Scenery(folder / "project")
        self.port = free()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "github").write_bytes(GITHUB)
        (folder / "anna").write_text(hash_of_anna)
        (folder / "hub").write_bytes(HUB)
        shop = {"stack": "prod", "image": f"127.0.0.1:{free()}/shop", "tags": ["main-*"], "commit_tag": "main-{short}"}
        settings = {
            "listen": f"127.0.0.1:{self.port}",
            "folder": "data",
            "services": {"shop": {**shop, "github": "acme/shop", "codeship": "acme/shop"}},
            "senders": {"github": "github", "dockerhub": "hub", "codeship": "hub", "generic": "hub"},
            "page": {"operators": {"anna": "anna"}},
        }
        (folder / "pipeline.yaml").write_text(json.dumps(settings))
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(folder / "pipeline.yaml"), str(self.scenery.folder)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def is_well(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            return httpx2.get(f"{self.url}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def readers(self) -> list[psutil.Process]:
        """The processes that look for it."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.scenery.folder) and "watch" in process.cmdline():
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def end(self) -> None:
        """Have it end, as a service manager does, and wait for that."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)


@contextmanager
def standing(folder: Path, hash_of_anna: str) -> Iterator[Standing]:
    """One that listens, while the block runs."""
    found = Standing(folder, hash_of_anna)
    try:
        eventually(found.is_well, "it listens", log=found.log)
        yield found
    finally:
        if found.process.poll() is None:
            found.end()
    assert found.log().count("Traceback") == 0, found.log()
