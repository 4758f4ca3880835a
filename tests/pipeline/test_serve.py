"""The receiver as a process, with a real registry; `ops` is a stand-in that notes what it is asked, and waits."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil
import pytest
from dxf import DXF

from pipeline import limits
from rehearsal.cloud.loopback import free
from rehearsal.registry import start, stop
from rehearsal.registry_client import Registry
from tests.patience import PATIENCE, eventually
from tests.pipeline.conftest import GITHUB, HUB
from tests.pipeline.test_senders import COMMIT, PUSH, PUSHED
from tests.pipeline.test_signature import signed

OPS = """
import os, sys, time
from pathlib import Path
with Path("asked").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
while Path("hold").exists() and sys.argv[1] == "release":
    time.sleep(0.05)
print("done")
"""
PROGRAM = """
import sys
from pathlib import Path
from pipeline.serve import serve
from pipeline.settings import load
serve(load(Path(sys.argv[1])), Path(sys.argv[2]), lambda line: print(line, flush=True))
"""
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """A receiver in *folder*, with the repository `shop` in *registry*."""

    folder: Path
    registry: Registry
    port: int = field(default_factory=free)
    process: "subprocess.Popen[bytes] | None" = None
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=PATIENCE))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self) -> None:
        (self.folder / "ops").mkdir()
        (self.folder / "ops" / "__init__.py").touch()
        (self.folder / "ops" / "__main__.py").write_text(OPS)
        for name, secret in (("github", GITHUB), ("hub", HUB)):
            (self.folder / name).write_bytes(secret)
        service = {"stack": "prod", "image": f"{self.registry.host}/shop", "tags": ["main-*"], "github": "acme/shop"}
        settings = {
            "listen": f"127.0.0.1:{self.port}",
            "folder": "data",
            "services": {"shop": {**service, "commit_tag": "main-{short}"}},
            "senders": {"github": "github", "generic": "hub"},
        }
        (self.folder / "pipeline.yaml").write_text(json.dumps(settings))

    def begin(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self.folder / "pipeline.yaml"), str(self.folder)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        eventually(self.is_well, "it listens", log=self.log)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait(PATIENCE)

    def is_well(self) -> bool:
        try:
            return self.client.get(f"{self.url}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def push(self, tag: str) -> None:
        """An image of its own under *tag*."""
        with DXF(self.registry.host, "shop", insecure=True) as asked:
            content = json.dumps({"config": {"Labels": {}}, "created": "2026-11-25T10:00:00Z", "of": tag}).encode()
            (file := self.folder / "config").write_bytes(content)
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            config = {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(content),
                "digest": asked.push_blob(str(file)),
            }
            asked.set_manifest(tag, json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}))

    def hook(self, tag: str) -> int:
        body = {"repository": f"{self.registry.host}/shop", "tag": tag}
        return self.client.post(f"{self.url}/hooks/generic/{HUB.decode()}", json=body).status_code

    def asked(self) -> list[str]:
        """The verbs and versions that `ops` was asked for."""
        file = self.folder / "asked"
        return [" ".join(line.split()[:2]) for line in file.read_text().splitlines()] if file.exists() else []

    def ended(self) -> int:
        """How many releases went through."""
        text = self.client.get(f"{self.url}/metrics").text
        line = 'sluice_releases{service="shop",state="released"} '
        return next((int(float(one.removeprefix(line))) for one in text.splitlines() if one.startswith(line)), 0)

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    yield start(folder)
    stop(folder)


@pytest.fixture
def served(registry: Registry, tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, registry)
    served.write()
    served.begin()
    yield served
    (served.folder / "hold").unlink(missing_ok=True)
    served.client.close()
    assert served.process
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(PATIENCE) in (0, -signal.SIGTERM), served.log()
    assert served.log().count("Traceback") == 0, served.log()


def test_an_image_is_released_once_however_often_it_is_told_of(served):
    served.push("main-1")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: served.hook("main-1"), range(1000)))
    assert set(answers) == {202}
    eventually(lambda: served.ended() == 1, "it is released", log=served.log)
    assert served.asked() == ["release main-1"]


def test_a_signed_push_is_released_once_its_image_is_there(served):
    body = json.dumps(PUSH).encode()
    headers = {**PUSHED, "X-Hub-Signature-256": signed(body)}
    assert httpx2.post(f"{served.url}/hooks/github", content=body, headers=headers).status_code == 202
    served.push(f"main-{COMMIT[:7]}")
    served.hook(f"main-{COMMIT[:7]}")
    eventually(lambda: served.ended() == 1, "it is released", log=served.log)


def test_kill_9_in_a_release_loses_nothing_and_repeats_nothing(served):
    (served.folder / "hold").touch()
    served.push("main-2")
    served.hook("main-2")
    eventually(served.asked, "the release begins", log=served.log)
    served.kill()
    served.begin()
    (served.folder / "hold").unlink()
    eventually(lambda: served.ended() == 1, "it is released", log=served.log)
    assert served.asked() == ["release main-2"]


def test_a_release_that_ended_while_nobody_looked_is_not_repeated(served):
    (served.folder / "hold").touch()
    served.push("main-3")
    served.hook("main-3")
    eventually(served.asked, "the release begins", log=served.log)
    served.kill()
    (served.folder / "hold").unlink()
    eventually(lambda: list((served.folder / "data").glob("*.code")), "its end is written", log=served.log)
    served.begin()
    eventually(lambda: served.ended() == 1, "it is known", log=served.log)
    assert served.asked() == ["release main-3"]


def test_a_release_that_was_killed_too_is_recovered_and_begun_again(served):
    (served.folder / "hold").touch()
    served.push("main-4")
    served.hook("main-4")
    eventually(served.asked, "the release begins", log=served.log)
    served.kill()
    for process in psutil.process_iter():
        try:
            if "SLUICE_RELEASE" in process.environ() and str(served.folder) == process.cwd():
                os.kill(process.pid, signal.SIGKILL)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    (served.folder / "hold").unlink()
    served.begin()
    eventually(lambda: served.ended() == 1, "it is released", log=served.log)
    assert served.asked() == ["release main-4", "recover --stack", "release main-4"]


def test_a_client_that_takes_its_time_is_cut(served):
    late = limits.ARRIVAL + PATIENCE
    begun = time.monotonic()
    clients = []
    for head in (b"", b"POST /hooks/gi", b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx"):
        client = socket.create_connection(("127.0.0.1", served.port), timeout=late)
        client.sendall(head)
        clients.append(client)
    for client in clients:
        with client:
            while client.recv(65_536):
                pass
    assert time.monotonic() - begun < late
    assert served.is_well()


def test_a_head_that_has_no_end_is_refused(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"a" * 4 * limits.HEAD)
        assert client.recv(100).startswith(b"HTTP/1.1 400")
    assert served.is_well()


def test_keep_alive_clients_are_kept_while_they_ask(served):
    with httpx2.Client() as client:
        assert {client.get(f"{served.url}/healthz").status_code for _ in range(50)} == {200}
