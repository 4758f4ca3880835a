"""The provider: each request of the engine answered from the type's description (`schema.py`).

Blocking calls run in threads, so that the engine's parallel requests overlap. Nothing here knows a single type, nor the
world they are made in: a stand-in says which types it serves, and how it reaches its world.
"""

import asyncio
import json
import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Generic, TypeVar

from pulumi.provider.experimental import provider as wire

from rehearsal.provider import diff
from rehearsal.provider.check import check
from rehearsal.provider.errors import Outside, RefusedError
from rehearsal.provider.lifecycle import Lifecycle
from rehearsal.provider.schema import ResourceType, W
from rehearsal.provider.values import Props, plain_map, wrap_map

T = TypeVar("T")

KINDS = {
    (diff.ADD, False): wire.PropertyDiffKind.ADD,
    (diff.ADD, True): wire.PropertyDiffKind.ADD_REPLACE,
    (diff.DELETE, False): wire.PropertyDiffKind.DELETE,
    (diff.DELETE, True): wire.PropertyDiffKind.DELETE_REPLACE,
    (diff.UPDATE, False): wire.PropertyDiffKind.UPDATE,
    (diff.UPDATE, True): wire.PropertyDiffKind.UPDATE_REPLACE,
}


class StandIn(wire.Provider, Generic[W]):
    """A provider named `name`, in the version whose SDK asks for it. `types`: what it serves, by token."""

    name: ClassVar[str]
    version: ClassVar[str]
    types: ClassVar[Mapping[str, ResourceType[Any]]]
    outside: ClassVar[Outside]

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(64, thread_name_prefix=self.name)  # a wait holds its thread
        self.stop = threading.Event()  # set when the engine is stopping: every wait gives up

    @abstractmethod
    def connect(self, arguments: Props) -> None:
        """Reach the world that the provider's *arguments* name; RefusedError when it is not one for rehearsals."""

    @abstractmethod
    def world(self, props: Props, timeout: float) -> W:
        """What a resource with *props* is made through; *timeout* is its own, in seconds, 0 when it has none."""

    def close(self) -> None:
        """Let go of the world, at the end."""

    def given_to_all(self) -> Props:
        """What every resource that does not say otherwise takes from its provider."""
        return {}

    def lifecycle(self, kind: ResourceType[Any]) -> Lifecycle[W]:
        """The life of one resource of *kind*."""
        return Lifecycle(kind, self.outside)

    def look_up(self, token: str, world: W, arguments: Props) -> Props:
        """The answer of the lookup *token*."""
        del world, arguments
        raise RefusedError(f"{token} is not served by this stand-in of pulumi-{self.name}")

    def served(self, token: str) -> ResourceType[Any]:
        """The description of type *token*; RefusedError when the stand-in has none.

        A component's child arrives with its parents' types in front, `sluice:aws:Network$aws:ec2/vpc:Vpc`.
        """
        token = token.rpartition("$")[2]
        if token not in self.types:
            raise RefusedError(
                f"the type {token} is not served by this stand-in of pulumi-{self.name}; served are "
                f"{', '.join(self.types)}"
            )
        return self.types[token]

    async def get_schema(self, request: wire.GetSchemaRequest) -> wire.GetSchemaResponse:
        """Name and version; the engine needs no more."""
        del request
        return wire.GetSchemaResponse(schema=json.dumps({"name": self.name, "version": self.version}))

    async def configure(self, request: wire.ConfigureRequest) -> wire.ConfigureResponse:
        """Connect to the local world, or refuse to. Secrets are left to the engine, see `values.py`."""
        arguments = plain_map(request.args)
        self.stop = threading.Event()
        await self._in_thread(lambda: self.connect(arguments))
        return wire.ConfigureResponse(supports_preview=True)

    async def cancel(self) -> None:
        """Give up every wait; a call under way still ends by itself."""
        self.stop.set()

    async def check(self, request: wire.CheckRequest) -> wire.CheckResponse:
        """The inputs completed, or refused by path."""
        inputs, failures = check(
            self.served(request.type),
            plain_map(request.old_inputs),
            plain_map(request.new_inputs),
            logical=request.name,
            given_to_all=self.given_to_all(),
            seed=request.random_seed,
        )
        told_why = [wire.CheckFailure(failure.path, failure.reason) for failure in failures]
        return wire.CheckResponse(inputs=wrap_map(inputs), failures=told_why)

    async def diff(self, request: wire.DiffRequest) -> wire.DiffResponse:
        """What an update would change, and whether it takes a new resource."""
        lifecycle = self._life(request.type)
        olds, news = plain_map(request.old_state), plain_map(request.new_inputs)
        found = lifecycle.differences(olds, news, tuple(request.ignore_changes))
        return wire.DiffResponse(
            changes=bool(found),
            replaces=sorted({one.name for one in found if one.replaces}),
            diffs=sorted({one.name for one in found}),
            detailed_diff={one.path: wire.PropertyDiff(KINDS[one.how, one.replaces], False) for one in found},
            delete_before_replace=diff.deletes_first(lifecycle.kind, olds, news),
        )

    async def create(self, request: wire.CreateRequest) -> wire.CreateResponse:
        """A new resource; in a preview, what is known of it."""
        lifecycle, news = self._life(request.type), plain_map(request.properties)
        if request.preview:
            return wire.CreateResponse(resource_id="", properties=wrap_map(lifecycle.previewed(news)))
        what = f"create {request.type} {request.name}"
        resource_id, state = await self._asked(what, lambda: lifecycle.create(self.world(news, request.timeout), news))
        return wire.CreateResponse(resource_id=resource_id, properties=wrap_map(state))

    async def update(self, request: wire.UpdateRequest) -> wire.UpdateResponse:
        """A resource changed in place; in a preview, what is known of it."""
        lifecycle = self._life(request.type)
        olds, news = plain_map(request.olds), plain_map(request.news)
        change = lifecycle.change(request.resource_id, olds, news, tuple(request.ignore_changes))
        if request.preview:
            return wire.UpdateResponse(properties=wrap_map(lifecycle.update_previewed(change)))
        what = f"update {request.type} {request.name} ({request.resource_id})"
        state = await self._asked(what, lambda: lifecycle.update(self.world(olds, request.timeout), change))
        return wire.UpdateResponse(properties=wrap_map(state))

    async def read(self, request: wire.ReadRequest) -> wire.ReadResponse:
        """A resource as it is now, in the program's own form; no id when it is gone."""
        lifecycle = self._life(request.type)
        kept, given = plain_map(request.properties), plain_map(request.inputs)
        what = f"read {request.type} {request.name} ({request.resource_id})"
        read = await self._asked(what, lambda: lifecycle.read(self.world(kept, 0.0), request.resource_id, given, kept))
        if read is None:
            return wire.ReadResponse(resource_id="")
        state, inputs = read
        return wire.ReadResponse(request.resource_id, wrap_map(state), wrap_map(inputs))

    async def delete(self, request: wire.DeleteRequest) -> None:
        """A resource deleted; one that is gone already is fine, as far as it is for the real provider."""
        kind, olds = self.served(request.type), plain_map(request.properties)
        what = f"delete {request.type} {request.name} ({request.resource_id})"
        await self._asked(what, lambda: kind.delete(self.world(olds, request.timeout), request.resource_id, olds))

    async def invoke(self, request: wire.InvokeRequest) -> wire.InvokeResponse:
        """The answer of a lookup."""
        arguments = plain_map(request.args)
        what = f"invoke {request.tok}"
        answer = await self._asked(what, lambda: self.look_up(request.tok, self.world(arguments, 0.0), arguments))
        return wire.InvokeResponse(return_value=wrap_map(answer))

    def _life(self, token: str) -> Lifecycle[W]:
        return self.lifecycle(self.served(token))

    async def _asked(self, what: str, call: Callable[[], T]) -> T:
        """*call* in a thread; whatever refuses it is told with *what* was tried."""

        def named() -> T:
            try:
                return call()
            except self.outside.errors as error:
                raise RefusedError(f"{what}: {self.outside.told(error)}") from error
            except RefusedError as error:
                error.args = (f"{what}: {error}",)
                raise

        return await self._in_thread(named)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
