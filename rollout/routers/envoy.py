"""The Envoy router: weights are those of the last route that its Envoy follows, the mark lies in a file beside.

In: a way to run a command beside Envoy, the slices. Out: what `rollout.routers.interface.Router` promises. What is live
is what Envoy's admin page says, never the file: Envoy keeps its old weights when a file makes no sense. Each look and
each write is one command, which costs the same over ssh.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollout import mark as marks
from rollout import schema as schemas
from rollout.clock import Clock, RealClock
from rollout.envoy import admin, service
from rollout.envoy.beside import BESIDE, DROP, LOOK, PUT, looked
from rollout.envoy.resources import Resource, document
from rollout.envoy.service import CLUSTERS, ROUTES, Followed, Group
from rollout.errors import ForeignError, RouterError
from rollout.mark import Mark
from rollout.routers.interface import Health, Live
from rollout.schema import Schema
from rollout.shares import Shares

TAKEN = 5.0  # seconds until Envoy has to follow what was written
POLL = 0.05
TRIES = 3
PAGE_OF_ROUTES = "config_dump?resource=dynamic_route_configs"
VERSION_OF_CLUSTERS = "stats?format=json&type=TextReadouts&filter=^cluster_manager.cds.version_text$"
PAGE_OF_CLUSTERS = "config_dump?resource=dynamic_active_clusters"


@dataclass(kw_only=True)
class EnvoyRouter:
    """Reads and sets one service's live weights in its own Envoy.

    `run`: runs `sh -c SCRIPT ARG…` beside Envoy; its output, or RouterError; `folder`: of the files that Envoy follows;
    `admin`: its admin port; `contents`: version → what its slice is made of, to tell it from a later one of its name.
    """

    run: Callable[[Sequence[str]], bytes]
    contents: Mapping[str, str]
    folder: str = "/etc/envoy"
    admin: int = 9901
    clock: Clock = field(default_factory=RealClock)
    _followed: Followed = field(default=Followed("", ()), init=False, repr=False)  # at the last look
    _carried: Mapping[str, str] = field(default_factory=dict, init=False, repr=False)

    def read(self) -> Live | None:
        """The live shares and mark; None until the first share is set."""
        (mark, stop, carried, schema), page = looked(self._asked(LOOK, self.folder, str(self.admin), PAGE_OF_ROUTES))
        self._followed = service.followed(admin.parse(page))
        self._carried = carried or {}
        shares = self._followed.shares
        if shares is None:
            return None
        try:
            asked = {"stop": stop["by"]} if mark and stop and stop["run"] == mark["run"] else {}
            found = marks.from_fields({**mark, **asked}) if mark else None
            data = schemas.from_field(schema) if schema else None
        except (KeyError, TypeError, ValueError) as error:
            raise ForeignError(f"{error}; remove it in {self.folder}/{BESIDE} in the router to go on") from None
        known = [v for v, digest in self._carried.items() if digest == _digest(self.contents.get(v, ""))]
        return Live(shares, found, frozenset(known), data)

    def set_shares(self, shares: Shares) -> None:
        """Set all live weights in one write; without any share the router answers itself."""
        self.read()
        kept = [route for route in self._followed.routes if service.isolated(route)]
        self._write_routes([*kept, service.split(shares)])

    def begin(self, shares: Shares) -> None:
        """Set the first shares."""
        self.set_shares(shares)

    def set_mark(self, mark: Mark | None, carried: Collection[str] = ()) -> None:
        """Write the mark, or take it away; *carried* are remembered. A stop that was asked of another walk is past."""
        if carried:
            known = {version: _digest(self.contents[version]) for version in carried if version in self.contents}
            self._carried = {**self._carried, **known}
            self._put(f"{BESIDE}/carried", json.dumps(self._carried))
        if mark:
            self._put(f"{BESIDE}/mark", json.dumps({k: v for k, v in marks.to_fields(mark).items() if k != "stop"}))
        else:
            self._sh(DROP, self.folder)

    def set_schema(self, schema: Schema) -> None:
        """Write it to a file of its own."""
        self._put(f"{BESIDE}/schema", json.dumps(schemas.to_field(schema)))

    def ask_stop(self, run: str) -> bool:
        """Ask the walk *run* to stop; False when its mark is not there (any more)."""
        if not self._is_on(run):
            return False
        self._put(f"{BESIDE}/stop", json.dumps({"run": run, "by": marks.asker()}))
        return self._is_on(run)

    def _is_on(self, run: str) -> bool:
        live = self.read()
        return live is not None and live.mark is not None and live.mark.run == run

    def health(self, version: str) -> Health:
        """Count *version*'s containers as the router sees them; wanted are all that it was told of."""
        found = service.targets(self.page("clusters?format=json"), version)
        if found is None:
            raise RouterError(f"the router knows no slice {version}")
        return Health(version, found.healthy, found.count, found.others)

    def page(self, path: str) -> Any:
        """The admin page of JSON at *path*."""
        return admin.parse(self._asked(admin.GET, "", str(self.admin), path))

    def declare(self, groups: Sequence[Group]) -> None:
        """Let the router know *groups*, each with its isolation route; weights, and slices known before, stay.

        Clusters first: no route may name one that Envoy does not hold.
        """
        live = self.read()
        if live and live.mark and marks.is_alive(live.mark, self.clock.now()):
            return  # its walk alone writes routes; whoever is here is refused next
        held = {one["name"]: one for one in self._clusters()}
        wanted = {one.version: service.cluster(one) for one in groups}
        if any(service.digest(one) != service.digest(held.get(version)) for version, one in wanted.items()):
            self._write_clusters(list({**held, **wanted}.values()))
        self.read()
        before = self._followed.routes
        isolated = {version: route for route in before if (version := service.isolated(route))}
        isolated |= {one.version: service.isolation(one) for one in groups}
        first = self._followed.shares is None
        last = service.split({}) if first else before[-1]
        every = [*isolated.values(), last]
        if every != list(before):
            self._write_routes(every, first=first)

    def requests(self, version: str) -> int:
        """How many requests have come to *version* since Envoy began."""
        name = f"cluster.{version}.upstream_rq_total"
        page = self.page(f"stats?format=json&filter=^{re.escape(name)}$")
        return next((int(one["value"]) for one in page["stats"] if one.get("name") == name), 0)

    def forget(self, version: str) -> None:
        """Let a slice without any share go: its route, then its cluster."""
        live = self.read()
        if live and version in live.shares:
            raise RouterError(f"{version} still carries traffic, and its route was left")
        every = [route for route in self._followed.routes if service.isolated(route) != version]
        if len(every) < len(self._followed.routes):
            self._write_routes(every, first=live is None)
        self._write_clusters([one for one in self._clusters() if one["name"] != version])

    def _clusters(self) -> list[Resource]:
        configs = self.page(PAGE_OF_CLUSTERS).get("configs", ())
        return [one["cluster"] for one in configs]

    def _write_clusters(self, every: list[Resource]) -> None:
        text, version = document(sorted(every, key=lambda one: one["name"]))
        self._put(CLUSTERS, text)
        self._await("clusters", lambda: any(one["value"] == version for one in self.page(VERSION_OF_CLUSTERS)["stats"]))
        # A new one is shown, and may be routed to, once each of its targets was checked or did not answer in time.
        names = {one["name"] for one in every}
        self._await("clusters", lambda: names <= {one["name"] for one in self._clusters()})

    def _write_routes(self, every: Sequence[Resource], *, first: bool = False) -> None:
        file, version = service.route_file(every, first=first)
        self._put(ROUTES, json.dumps(file))
        self._await("routes", lambda: service.followed(self.page(PAGE_OF_ROUTES)).version == version)

    def _await(self, what: str, taken: Callable[[], bool]) -> None:
        until = self.clock.now() + TAKEN
        while not taken():
            if self.clock.now() > until:
                raise RouterError(f"the router does not follow its new {what} after {TAKEN:g} s: it keeps what it had")
            self.clock.sleep(POLL)

    def _put(self, file: str, text: str) -> None:
        self._sh(PUT, f"{self.folder}/{file}", base64.b64encode(text.encode()).decode())

    def _asked(self, script: str, *arguments: str) -> bytes:
        """What *script* prints. Docker loses all of that now and then when the command is short: it is asked again."""
        said = (self._sh(script, *arguments) for _ in range(TRIES))
        return next(filter(None, said), b"")

    def _sh(self, script: str, *arguments: str) -> bytes:
        return self.run(["sh", "-c", script, *arguments])


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:8]
