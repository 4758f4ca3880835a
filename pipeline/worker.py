"""The worker of one service: looks hints up, and releases the newest image, one at a time.

In: the backlog, the repository, a way to deploy, whom to tell. Out: releases, each once, never backwards in push order.
What it decides is in `turn`; `run` calls that until it is stopped.
"""

import threading
from collections.abc import Callable
from typing import Protocol

import structlog

from pipeline.backlog import Backlog
from pipeline.detached import End
from pipeline.errors import RegistryError
from pipeline.lookup import Lookup
from pipeline.records import Release, State
from rollout.clock import Clock

AGAIN = 10.0  # seconds until what could not be done is tried again
BURST = 0.2  # seconds
BUSY = 4  # `ops` says: another update of the stack is on


class Deploys(Protocol):
    """`deploy.Deploy`."""

    def __call__(self, release: Release) -> End | None:
        """Carry *release* out."""
        ...

    def forget(self, release: Release) -> None:
        """Take *release*'s files away."""
        ...


class Worker:
    """Of the service *name*. `poll`: seconds between two looks for what no hook told of; `tell` gets each release whose
    state changed, and returns False to be given it again.
    """

    def __init__(
        self,
        name: str,
        *,
        poll: float,
        backlog: Backlog,
        lookup: Lookup,
        deploy: Deploys,
        tell: Callable[[Release], bool],
        clock: Clock,
        stopped: threading.Event,
    ) -> None:
        self.name = name
        self._poll = poll
        self._backlog = backlog
        self._lookup = lookup
        self._deploy = deploy
        self._tell = tell
        self._clock = clock
        self._stopped = stopped
        self._log = structlog.get_logger().bind(service=name)
        self._polled = 0.0
        self._not_before = 0.0  # the registry is asked, since it did not answer
        self.news = threading.Event()

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopped.is_set():
            self.news.clear()
            later = self.turn()
            self._stopped.wait(BURST)  # hooks come in bursts, and one turn is enough for all of them
            self.news.wait(later)

    def stop(self) -> None:
        """End `run` soon; a release that is on goes on without it."""
        self._stopped.set()
        self.news.set()

    def turn(self) -> float:
        """Do what is to be done; seconds until the next turn at the latest."""
        for release in self._backlog.releases(self.name, ["running"]):  # of an earlier life
            if not self._carry_out(release):
                return AGAIN
        settled = self._look()
        release = self._choose()
        if release:
            return 0.0 if self._carry_out(release) else AGAIN
        settled &= self._tell_all()
        left = max(0.1, self._polled + self._poll - self._clock.now())
        return left if settled else min(left, AGAIN)

    def _look(self) -> bool:
        """Ask the registry what is to be asked; False when some of it has to be asked again soon."""
        if self._clock.now() < self._not_before:
            return False
        try:
            settled = self._lookup.hints()
            if self._clock.now() >= self._polled + self._poll:
                self._polled = self._clock.now()
                self._lookup.poll()
        except RegistryError as error:  # what is known already is released all the same
            self._log.warning("registry", error=str(error))
            self._not_before = self._clock.now() + AGAIN
            return False
        return settled

    def _choose(self) -> Release | None:
        """The newest of those that wait; all older ones are past."""
        waiting = self._backlog.releases(self.name, ["waiting"])
        for release in waiting[:-1]:
            self._end(release, "superseded", f"{waiting[-1].version} was pushed after it")
        if not waiting:
            return None
        if waiting[-1].pushed < self._backlog.newest(self.name):
            self._end(waiting[-1], "older", "what was released before it was pushed later")
            return None
        return waiting[-1]

    def _carry_out(self, release: Release) -> bool:
        """Release it, or go on with that; False when it is to be tried again."""
        if release.state == "waiting":
            self._deploy.forget(release)
            release = self._backlog.set(release, "running", now=self._clock.now())
            self._log.info("release", version=release.version, digest=release.digest)
        self._told(release)
        end = self._deploy(release)
        if end is None:
            return False
        if end.code == BUSY:
            self._backlog.set(release, "waiting", "another update of the stack is on", now=self._clock.now())
            return False
        self._end(release, "failed" if end.code else "released", end.said)
        self._deploy.forget(release)
        return True

    def _end(self, release: Release, state: State, why: str) -> None:
        release = self._backlog.set(release, state, why, now=self._clock.now())
        self._log.info(state, version=release.version, digest=release.digest, why=why[-300:])
        self._told(release)

    def _told(self, release: Release) -> bool:
        done = release.told == release.state or self._tell(release)
        if done:
            self._backlog.told(release, release.state)
        return done

    def _tell_all(self) -> bool:
        """Tell what could not be told before."""
        untold = self._backlog.untold(self.name)
        return len([one for one in untold if self._told(one)]) == len(untold)
