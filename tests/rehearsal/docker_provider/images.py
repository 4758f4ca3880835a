"""An image of this machine's own shell, and a registry on loopback that has it: nothing is fetched from anywhere."""

import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROGRAMS = ("dash", "sleep", "cat", "id", "nproc")
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@cache
def root() -> bytes:
    """A tar of a root file system: a shell, a few programs, and the libraries they need."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("bin", "tmp", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        libraries = set()
        for name in PROGRAMS:
            program = shutil.which(name)
            assert program, name
            archive.add(Path(program).resolve(), f"bin/{'sh' if name == 'dash' else name}")
            said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
            libraries |= set(re.findall(r"(/\S+) \(0x", said))
        for library in libraries:
            archive.add(Path(library).resolve(), library.lstrip("/"))
    return packed.getvalue()


class Registry:
    """Holds images under any name; `asked` keeps every request."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.wants = ""  # what the header Authorization has to be, if anything
        self.blobs: dict[str, tuple[str, bytes]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"127.0.0.1:{self.server.server_port}"

    def push(self, repository: str, architecture: str = "amd64", **config: Any) -> str:
        """Have an image; its `host/repository@sha256:…`. *config* is the image's own, by the API's names."""
        layer = gzip.compress(root(), mtime=0)
        described = {
            "architecture": architecture,
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest(root())]},
            "history": [{"created_by": "test"}],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._keep(CONFIG, json.dumps(described).encode()),
            "layers": [self._keep(LAYER, layer)],
        }
        kept = self._keep(MANIFEST, json.dumps(manifest).encode())
        return f"{self.address}/{repository}@{kept['digest']}"

    def tag(self, reference: str, name: str) -> str:
        """Let the tag *name* stand for *reference*; the tagged name."""
        repository, _, manifest = reference.partition("@")
        self.blobs[name] = self.blobs[manifest]
        return f"{repository}:{name}"

    def _keep(self, kind: str, content: bytes) -> dict[str, Any]:
        self.blobs[digest(content)] = (kind, content)
        return {"mediaType": kind, "size": len(content), "digest": digest(content)}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            registry.asked.append(self.path)
            name = self.path.rpartition("/")[2]
            if registry.wants and self.headers.get("Authorization") != registry.wants:
                self._answer(401, "application/json", b'{"errors": [{"code": "UNAUTHORIZED", "message": "who?"}]}')
            elif self.path == "/v2/":
                self._answer(200, "application/json", b"{}")
            elif name in registry.blobs:
                self._answer(200, *registry.blobs[name])
            else:
                errors = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
                self._answer(404, "application/json", json.dumps(errors).encode())

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", digest(content))
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the library's
            return

    return Handler


@contextmanager
def registry() -> Iterator[Registry]:
    """A registry that listens while the context lasts."""
    one = Registry()
    thread = threading.Thread(target=one.server.serve_forever)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()
