"""How long a hook takes to be answered while many come: `python -m bench.receiver`.

`ops serve` on loopback, with its backlog on this disk; its service's registry is not there, so nothing is released.
Signed pushes, each a commit of its own, over keep-alive connections at an even rate: a hook that has to wait for its
turn waits from the moment it was due. Beside it, in the same run, `/healthz`, which touches no disk.
"""

import hashlib
import hmac
import http.client
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer

from bench.ground import ROOT, BenchError
from rehearsal.cloud.loopback import LOOPBACK, answers, free

SECRET = "0123456789abcdef" * 3
CLIENTS = 16
START = 15.0  # seconds until it has to listen
Ask = Callable[[http.client.HTTPConnection, int], int]


def main(rate: float = 200, seconds: float = 60) -> None:
    """Measure both, and print percentiles in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        port = free()
        file = _settings(Path(folder), port)
        serving = subprocess.Popen(
            [sys.executable, "-m", "ops", "serve", "--settings", str(file)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _await(port)
            typer.echo(f"{rate:g} a second for {seconds:g} s, {CLIENTS} connections; milliseconds")
            for name, ask, wanted in (("GET /healthz", _health, 200), ("signed push", _push, 202)):
                taken = measured(port, ask, wanted, rate, seconds)
                shown = "  ".join(f"p{part:g} {np.percentile(taken, part) * 1000:.1f}" for part in (50, 99, 99.9))
                typer.echo(f"{name:14}{len(taken):7,} requests  {shown}  most {max(taken) * 1000:.1f}")
        finally:
            serving.terminate()
            serving.wait(30)


def measured(port: int, ask: Ask, wanted: int, rate: float, seconds: float) -> list[float]:
    """Seconds from when each request was due until it was answered; BenchError when one was not."""
    turns, taken, wrong = itertools.count(), [], []
    begun = time.perf_counter()

    def client() -> None:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
        while (turn := next(turns)) < rate * seconds:
            due = begun + turn / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            status = ask(connection, turn)
            taken.append(time.perf_counter() - due)
            if status != wanted:
                wrong.append(status)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong or len(taken) < rate * seconds:
        raise BenchError(f"{len(taken)} answers, and these were wrong: {wrong[:5]}")
    return taken


def _settings(folder: Path, port: int) -> Path:
    (folder / "github").write_text(SECRET)
    shop = {"stack": "none", "image": f"{LOOPBACK}:{free()}/shop", "tags": ["*"], "github": "acme/shop"}
    settings = {
        "listen": f"{LOOPBACK}:{port}",
        "services": {"shop": {**shop, "commit_tag": "{commit}"}},
        "senders": {"github": "github"},
    }
    (file := folder / "pipeline.yaml").write_text(json.dumps(settings))
    return file


def _await(port: int) -> None:
    until = time.monotonic() + START
    while not answers(port):
        if time.monotonic() > until:
            raise BenchError(f"it does not listen within {START:g} s")
        time.sleep(0.1)


def _health(connection: http.client.HTTPConnection, turn: int) -> int:
    del turn
    return _answer(connection, "GET", "/healthz", b"", {})


def _push(connection: http.client.HTTPConnection, turn: int) -> int:
    commit = hashlib.sha1(str(turn).encode(), usedforsecurity=False).hexdigest()
    push = {"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"}, "head_commit": {"id": commit}}
    body = json.dumps(push).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-GitHub-Delivery": commit, "X-Hub-Signature-256": f"sha256={signature}"}
    return _answer(connection, "POST", "/hooks/github", body, headers)


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> int:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


if __name__ == "__main__":
    typer.run(main)
