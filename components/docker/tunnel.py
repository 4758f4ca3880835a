"""A way through ssh to the daemon of another machine: its socket appears as one of this machine.

In: `ssh://user@host:port/path`, options for ssh. Out: a socket to connect to; OSError in one line when ssh fails.

One ssh is kept for all calls: each then takes a tenth of what one over an ssh of its own does (docker-types.md), and
the SDK needs no ssh library. Where it broke, the next call makes it anew, at the same socket.
"""

import atexit
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

SOCKET = "/var/run/docker.sock"
CONNECT = 15.0  # seconds until it has to stand
POLL = 0.05
# What a user says comes before these, and ssh takes the first that it is given.
ALWAYS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5")
FORWARD = ("-o", "ExitOnForwardFailure=yes", "-o", "ControlPath=none", "-T")
HOLD = "cat"  # on the host: it ends when its input does, which is when this process does, be it by kill -9


class Tunnel:
    """`near`: the socket, once `stand` has returned; it ends with this process."""

    def __init__(self, url: str, options: Sequence[str]) -> None:
        at = urlsplit(url)
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-")
        self.near = Path(self._folder.name) / "docker.sock"
        self._said = Path(self._folder.name) / "ssh.log"
        port = ["-p", str(at.port)] if at.port else []
        user = ["-l", at.username] if at.username else []
        forward = ["-L", f"{self.near}:{at.path or SOCKET}"]
        self._command = ["ssh", *options, *FORWARD, *forward, *port, *user, "--", at.hostname or "", HOLD]
        self._ssh: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()
        atexit.register(self.close)

    def stand(self) -> None:
        """Make it where it does not stand, or not any more; OSError says why it cannot."""
        with self._turn:
            if self._ssh is None or self._ssh.poll() is not None:
                self._open()

    def complaint(self) -> str:
        """What ssh said last; empty while all is well."""
        lines = self._said.read_text(errors="replace").strip().splitlines() if self._said.exists() else []
        return lines[-1] if lines else ""

    def close(self) -> None:
        """End it."""
        if self._ssh:
            self._end(self._ssh)
        self._folder.cleanup()

    def _open(self) -> None:
        self.near.unlink(missing_ok=True)
        with self._said.open("wb") as said:  # a pipe that nobody reads would once be full
            self._ssh = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,  # Ctrl-C in a terminal leaves it: a restore goes through it
            )
        until = time.monotonic() + CONNECT
        while not self.near.exists():
            if self._ssh.poll() is not None:
                raise OSError(self.complaint() or f"ssh ended with code {self._ssh.returncode}")
            if time.monotonic() > until:
                self._end(self._ssh)
                raise OSError(f"ssh did not connect within {CONNECT:g} s")
            time.sleep(POLL)

    @staticmethod
    def _end(ssh: subprocess.Popen[bytes]) -> None:
        ssh.terminate()
        ssh.wait()
        if ssh.stdin:
            ssh.stdin.close()
