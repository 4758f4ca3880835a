"""What a CI service does after a push: builds the commit, pushes its image, and lets the senders' hooks go out.

Run by a post-receive hook, with the settings of `Ci` as JSON in the file that CI names. Real git, real
Docker, real registry; the hooks have the shape of GitHub's and Docker Hub's.
"""

import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import docker

from rehearsal.registry_client import Registry
from tests import cosign
from tests.patience import PATIENCE


@dataclass(frozen=True)
class Ci:
    """`host`: Docker's; `home`, `port`: the registry's; `hooks`: the receiver; the secrets of both senders; `key`: the
    file of a private key, with which images are signed while it is there.
    """

    host: str
    home: str
    port: int
    hooks: str
    github: str
    dockerhub: str
    key: str


def main() -> None:
    """One push, as git tells of it: old, new, ref."""
    ci = Ci(**json.loads(Path(os.environ["CI"]).read_text()))
    _, commit, ref = sys.stdin.read().split()
    announce(ci, commit, ref)
    registry = Registry(Path(ci.home), ci.port)
    name = f"shop:main-{commit[:7]}"
    client = docker.DockerClient(base_url=ci.host)
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        label = {"org.opencontainers.image.revision": commit}
        client.images.build(path=folder, tag=name, labels=label, rm=True, forcerm=True)
    digest = registry.push(client, name, name).partition("@")[2]
    client.close()
    if Path(ci.key).exists():
        cosign.push(registry.host, "shop", digest, cosign.Signer(Path(ci.key)))
    tell(ci, f"{registry.host}/shop", name.partition(":")[2])


def announce(ci: Ci, commit: str, ref: str) -> None:
    """GitHub's hook of a push."""
    head = {"id": commit, "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    body = json.dumps({"ref": ref, "deleted": False, "repository": {"full_name": "acme/shop"}, "head_commit": head})
    signature = hmac.new(ci.github.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": commit, "X-Hub-Signature-256": f"sha256={signature}"}
    post(f"{ci.hooks}/hooks/github", body, headers)


def tell(ci: Ci, repository: str, tag: str) -> None:
    """Docker Hub's hook of an image."""
    pushed = {"pushed_at": datetime.now(UTC).timestamp(), "pusher": "ci", "tag": tag}
    post(
        f"{ci.hooks}/hooks/dockerhub/{ci.dockerhub}",
        json.dumps({"push_data": pushed, "repository": {"repo_name": repository}}),
        {},
    )


def post(url: str, body: str, headers: dict[str, str]) -> None:
    """One hook; it has to be taken."""
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 202, answer.status


if __name__ == "__main__":
    main()
