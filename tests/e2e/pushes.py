"""A repository whose pushes are built, and `ops serve` that hears of them: what tests of the chain stand on."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2

from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.docker.sample import SAMPLE
from rehearsal.registry_client import Registry
from rehearsal.stage import Stage
from tests.e2e.build import Ci
from tests.e2e.conftest import ROOT
from tests.patience import PATIENCE, eventually
from tests.pipeline.conftest import GITHUB, HUB
from tests.pipeline.github import TOKEN, Github

LONG = 120  # seconds from a push to its end
HOOK = """#!/bin/sh
cd "{root}" && PYTHONPATH="{root}" GIT_DIR="{bare}" CI="{ci}" exec "{python}" -m tests.e2e.build
"""


class Repository:
    """A clone of a bare repository whose post-receive hook builds what is pushed."""

    def __init__(self, folder: Path, ci: Ci) -> None:
        self.ci = ci
        self._clone = folder / "clone"
        bare = folder / "shop.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
        hook = bare / "hooks" / "post-receive"
        (folder / "ci.json").write_text(json.dumps(asdict(ci)))
        hook.write_text(HOOK.format(root=ROOT, bare=bare, ci=folder / "ci.json", python=sys.executable))
        hook.chmod(0o755)
        subprocess.run(["git", "clone", "--quiet", str(bare), str(self._clone)], check=True)

    def push(self, *lines: str) -> str:
        """Commit the sample service, with *lines* in its Dockerfile, and push it; the commit."""
        (self._clone / "server.js").write_text(SAMPLE.read_text())
        text = ["FROM sluice/node:latest", "COPY server.js /app/", *lines, 'CMD ["server.js"]', ""]
        (self._clone / "Dockerfile").write_text("\n".join(text))
        self._git("checkout", "--quiet", "-B", "main")
        self._git("add", ".")
        self._git(
            "-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "--message", "a change"
        )
        self._git("push", "--quiet", "origin", "main")
        return self._git("rev-parse", "HEAD")

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self._clone,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": "/"},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def served(
    stage: Stage, host: str, registry: Registry, github: Github, folder: Path, *, page: Any = None, **service: Any
) -> Iterator[Repository]:
    """A repository in *folder*, and a receiver that releases what it is pushed to *stage*, while the block runs.

    *host*: Docker's, on which is built; *page*, *service*: what its settings say besides.
    """
    secrets: Mapping[str, bytes] = {"github": GITHUB, "hub": HUB, "token": TOKEN.encode()}
    for name, secret in secrets.items():
        (stage.root / name).write_bytes(secret)
    shop = {"stack": stage.stack, "image": f"{registry.host}/shop", "tags": ["main-*"], "github": "acme/shop"}
    ci = Ci(
        host=host,
        home=str(registry.home),
        port=registry.port,
        hooks=f"http://{LOOPBACK}:{free()}",
        github=GITHUB.decode(),
        dockerhub=HUB.decode(),
        key=str(folder / "signs.pem"),
    )
    settings = {
        "listen": ci.hooks.removeprefix("http://"),
        "services": {"shop": {**shop, "commit_tag": "main-{short}", **service}},
        "senders": {"github": "github", "dockerhub": "hub"},
        "status": {"token": "token", "api": github.url},
        **({"page": page} if page else {}),
    }
    (stage.root / "pipeline.yaml").write_text(json.dumps(settings))
    with stage.running(sys.executable, "-m", "ops", "serve") as serving:
        eventually(lambda: listens(ci.hooks) or serving.poll() is not None, "it listens")
        yield Repository(folder, ci)
        serving.terminate()
        said, _ = serving.communicate(timeout=PATIENCE)
        assert "Traceback" not in said, said


def listens(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def told(github: Github, commit: str) -> list[str]:
    """The states that the commit went through."""
    return [body["state"] for path, body in list(github.statuses) if path.endswith(commit)]
