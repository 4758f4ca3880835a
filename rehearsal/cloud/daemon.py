"""The rehearsal cloud's one process: `python -m rehearsal.cloud.daemon HOME PORT`, started by `python -m rehearsal up`.

Serves the AWS API in threads and turns the loop in the main thread, until SIGTERM or SIGINT. Its standard error is the
log. Every process that it starts ends with it.
"""

import logging
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from rehearsal import environment
from rehearsal.cloud import faults, images, state
from rehearsal.cloud.backends import SETTINGS, backends
from rehearsal.cloud.balancer import Balancer, BalancerError
from rehearsal.cloud.children import Child, child
from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.databases import Databases
from rehearsal.cloud.instances import Instances
from rehearsal.cloud.loop import Loop
from rehearsal.cloud.loopback import LOOPBACK
from rehearsal.cloud.meter import Meter
from rehearsal.cloud.ports import Ports
from rehearsal.cloud.server import Server
from rehearsal.cloud.state import State

TURN = 0.2  # seconds between turns, when no call changes anything

log = logging.getLogger(__name__)


class Daemon:
    """One cloud at *home*, with its main listener at *port*."""

    def __init__(self, home: Path, port: int) -> None:
        self._home = home
        self._own = child(os.getpid())
        machine = environment.machine(home)  # before moto's settings are in this process's own
        os.environ.update(SETTINGS)
        held = backends()
        self._instances = Instances(home, held, machine)
        self._cloud = Cloud(home, held, self._instances, Ports(port))
        self._balancer = Balancer(home / "envoy")
        self._server = Server(self._cloud)
        machine["AWS_ENDPOINT_URL"] = self._server.url
        self._meter = Meter(self._balancer, self._cloud.metrics)
        self._databases = Databases(home, held.rds, machine)
        self._loop = Loop(self._cloud, self._balancer, self._meter, self._databases)
        self._url = f"http://{LOOPBACK}:{port}"
        self._envoy: tuple[Child, ...] = ()
        self._saved: State | None = None
        self._error: str | None = None
        self._failure = ""  # that of the last turn
        self._is_ending = False

    def run(self) -> None:
        """Serve until a signal comes; nothing is left afterwards."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        try:
            self._balancer.start()
            self._envoy = (child(self._balancer.pid),)
            self._meter.start()
            self._server.start()
            while not self._is_ending:
                self._turn()
                self._cloud.changed.wait(TURN)
                self._cloud.changed.clear()
        finally:
            self._stop()

    def _end(self, *_: object) -> None:
        self._is_ending = True  # nothing else: a lock that the interrupted code holds would never be free

    def _turn(self) -> None:
        try:
            self._loop.turn()
        except Exception as error:
            if repr(error) != self._failure:  # once, not five times a second
                log.exception("a turn failed; the next one tries again")
                self._error = f"{time.strftime('%H:%M:%S')} {type(error).__name__}: {error}"
            self._failure = repr(error)
        else:
            self._failure = ""
        self._save()

    def _save(self) -> None:
        """Record the cloud where it has changed: after a crash, `down` goes by it."""
        children = (*self._envoy, *self._instances.children(), *self._databases.children())
        error = self._instances.trouble() or self._error
        now = State(self._own, self._server.url, self._url, self._balancer.admin, children, error)
        if now != self._saved:
            state.write(self._home, now)
            self._saved = now

    def _stop(self) -> None:
        log.info("ending")
        self._server.stop()
        self._meter.stop()
        self._instances.stop_all()
        self._databases.stop_all()
        self._balancer.stop()
        state.forget(self._home)


def main(home: Path, port: int) -> int:
    """Run the daemon; 1 when one runs already, or when it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with state.exclusive(home, child(os.getpid())) as is_only:
        if not is_only:
            sys.stderr.write(f"error: a rehearsal cloud runs in {home} already\n")
            return 1
        os.truncate(home / state.LOG, 0)  # what is there is a former cloud's
        for folder in ("instances", "databases"):
            shutil.rmtree(home / folder, ignore_errors=True)
        faults.forget(home)
        images.register_sample(home)
        try:
            Daemon(home, port).run()
        except BalancerError as error:
            sys.stderr.write(f"error: {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
