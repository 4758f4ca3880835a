"""What a run that was killed made on the host and did not record: it goes before the same is made again.

In: the service, its host and router, what is about to be made. Out: nothing of that is there; RefusedError where it
serves.

The engine records a thing once it is whole. Killed before, the next run makes it again, and would find its name or its
address taken, which are fixed here.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError
from pulumi import ResourceHookArgs
from requests.exceptions import RequestException

from components.docker import names
from components.docker.host import Host, short
from rollout.errors import RefusedError, RouterError
from rollout.routers.interface import Live
from rollout.shares import Shares, text

NETWORK = "docker:index/network:Network"


@dataclass(frozen=True)
class Remnants:
    """Those of *service* on *host*; *look*: what its router says is live."""

    service: str
    host: Host
    look: Callable[[], Live | None]

    async def hook(self, args: ResourceHookArgs) -> None:
        """Before a network or a container of the service is made."""
        await asyncio.to_thread(self.clear, args.type, args.new_inputs or {})

    def clear(self, kind: str, inputs: Mapping[str, Any]) -> None:
        """Remove what there is of what is to be made by *inputs*."""
        try:
            if kind == NETWORK:
                self._clear_network(inputs["name"])
            else:
                self._clear_containers(inputs.get("labels") or [])
        except (APIError, RequestException) as error:
            raise RouterError(f"take away what a killed run left on {self.host.url}: {short(error)}") from None

    def _clear_network(self, name: str) -> None:
        for network in self.host.client.networks.list(names=[name], greedy=True):
            if network.name == name and not network.attrs["Containers"]:  # who is on it says why it cannot be made
                network.remove()

    def _clear_containers(self, labels: list[Mapping[str, Any]]) -> None:
        """A slice's by the labels that tell it from all others; the router, which has none of these, by its name."""
        told = {name: names.label(labels, name) for name in (names.VERSION, names.STACK, names.ADDRESS)}
        wanted = [f"{name}={value}" for name, value in {names.SERVICE: self.service, **told}.items() if value]
        every = self.host.client.containers.list(all=True, filters={"label": wanted}, ignore_removed=True)
        version = told[names.VERSION]
        for one in every if version else self._routers(every):
            shares = self._shares(one)
            if shares and (version is None or version in shares):
                raise RefusedError(
                    f"{one.name} on {self.host.url} serves ({text(shares)} is live), and this stack's state does not "
                    "know it: either that was lost, and `pulumi stack import` brings a former one back, or another "
                    "stack has a service of this name. Nothing was removed"
                )
            one.remove(force=True, v=True)

    def _routers(self, every: Iterable[Any]) -> list[Any]:
        return [one for one in every if one.name == names.router(self.service)]

    def _shares(self, container: Any) -> Shares:
        """What is live, where *container* can have a part in it."""
        live = self.look() if container.status == "running" else None
        return live.shares if live else {}
