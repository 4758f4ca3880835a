"""A cloud's daemon started and waited for, and a cloud taken down.

In: home and port. Out: the running cloud's record, or what was taken away. Progress goes to *say*.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rehearsal.cloud import state
from rehearsal.cloud.children import HOME
from rehearsal.cloud.loopback import free, is_free
from rehearsal.cloud.state import LOG, State

PROJECT = Path(__file__).resolve().parents[2]
START = 60.0  # seconds until it has to be ready
POLL = 0.05
BACKEND = "backend"  # Pulumi's, in `rehearsal.environment`

Say = Callable[[str], None]


class CloudError(Exception):
    """A cloud could not be started or taken down; the message says why and what to do."""


def launch(home: Path, port: int | None, say: Say) -> State:
    """Start a cloud at *home* with its listener at *port* (None: a free one), and return when it is ready."""
    if running := state.running(home):
        raise CloudError(
            f"a rehearsal cloud is running already: {running.url}, process {running.daemon.pid}; "
            "go on with it, or take it down first: python -m rehearsal down"
        )
    if starting := state.holder(home):
        raise CloudError(f"a rehearsal cloud is starting already, process {starting.pid}; see {home / LOG}")
    if port is not None and not is_free(port):
        raise CloudError(f"port {port} of 127.0.0.1 is taken or reserved; choose another with --port, or leave it out")
    home.mkdir(parents=True, exist_ok=True)
    take_down(home, say)  # what a crashed one left
    (home / BACKEND).mkdir(exist_ok=True)  # Pulumi wants it to be there
    say("starting moto and Envoy")
    process = _start(home, free() if port is None else port)
    try:
        return _await(home, process)
    except BaseException:
        _stop(home, process)
        raise


def _start(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rehearsal.cloud.daemon", str(home), str(port)]
    with (home / LOG).open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, HOME: str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _await(home: Path, process: subprocess.Popen[bytes]) -> State:
    until = time.monotonic() + START
    while True:
        if (ready := state.running(home)) and ready.daemon.pid == process.pid:
            return ready
        if process.poll() is not None or time.monotonic() > until:
            said = (home / LOG).read_text(errors="replace").strip().splitlines() or ["nothing was logged"]
            raise CloudError(f"the rehearsal cloud did not start: {said[-1].removeprefix('error: ')}; see {home / LOG}")
        time.sleep(POLL)


def _stop(home: Path, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        state.end_all(home)
        process.kill()
    process.wait()


def take_down(home: Path, say: Say) -> bool:
    """End the cloud at *home*, or what a crashed one left of itself, with the Pulumi state of its resources.

    False when there was nothing. CloudError when a process could not be ended.
    """
    was_there = state.read(home) is not None or state.holder(home) is not None
    if left := state.end_all(home):
        raise CloudError(f"could not be ended: process {', '.join(str(one.pid) for one in left)}; end them yourself")
    kept = [folder for folder in (home / BACKEND, home / "pulumi-home" / "workspaces") if folder.exists()]
    has_stacks = any(any(folder.iterdir()) for folder in kept)
    for folder in kept:
        shutil.rmtree(folder)
    if has_stacks:
        say("removed the Pulumi state of this cloud: its resources no longer exist")
    return was_there
