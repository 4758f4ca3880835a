"""The provider: each request of the engine answered from the type's description (`schema.py`).

Blocking calls run in threads, so that the engine's parallel requests overlap. Nothing here knows a single type.
"""

import asyncio
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pulumi.provider.experimental import provider as wire

from rehearsal.aws_provider import config, diff, invokes
from rehearsal.aws_provider.check import check
from rehearsal.aws_provider.cloud import Aws, Cloud
from rehearsal.aws_provider.errors import AWS_ERRORS, RefusedError, told
from rehearsal.aws_provider.lifecycle import Lifecycle
from rehearsal.aws_provider.services.registry import served
from rehearsal.aws_provider.values import Props, plain_map, wrap_map

VERSION = "7.51.1"  # of pulumi-aws, whose SDK asks for it
T = TypeVar("T")

KINDS = {
    (diff.ADD, False): wire.PropertyDiffKind.ADD,
    (diff.ADD, True): wire.PropertyDiffKind.ADD_REPLACE,
    (diff.DELETE, False): wire.PropertyDiffKind.DELETE,
    (diff.DELETE, True): wire.PropertyDiffKind.DELETE_REPLACE,
    (diff.UPDATE, False): wire.PropertyDiffKind.UPDATE,
    (diff.UPDATE, True): wire.PropertyDiffKind.UPDATE_REPLACE,
}


class AwsProvider(wire.Provider):
    """Answers for exactly the types in `services/registry.py`."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(64, thread_name_prefix="aws")  # a wait holds its thread
        self._cloud: Cloud | None = None

    async def get_schema(self, request: wire.GetSchemaRequest) -> wire.GetSchemaResponse:
        """Name and version; the engine needs no more."""
        del request
        return wire.GetSchemaResponse(schema=json.dumps({"name": "aws", "version": VERSION}))

    async def configure(self, request: wire.ConfigureRequest) -> wire.ConfigureResponse:
        """Connect to the local AWS, or refuse to. Secrets are left to the engine, see `values.py`."""
        arguments = plain_map(request.args)
        self._cloud = await self._in_thread(lambda: config.configured(arguments, os.environ))
        return wire.ConfigureResponse(supports_preview=True)

    async def cancel(self) -> None:
        """Give up every wait; a call under way still ends by itself."""
        if self._cloud:
            self._cloud.stop.set()

    async def check(self, request: wire.CheckRequest) -> wire.CheckResponse:
        """The inputs completed, or refused by path."""
        inputs, failures = check(
            served(request.type),
            plain_map(request.old_inputs),
            plain_map(request.new_inputs),
            logical=request.name,
            region=self._configured().region,
            seed=request.random_seed,
        )
        told_why = [wire.CheckFailure(failure.path, failure.reason) for failure in failures]
        return wire.CheckResponse(inputs=wrap_map(inputs), failures=told_why)

    async def diff(self, request: wire.DiffRequest) -> wire.DiffResponse:
        """What an update would change, and whether it takes a new resource."""
        lifecycle = self._lifecycle(request.type)
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
        lifecycle, news = self._lifecycle(request.type), plain_map(request.properties)
        if request.preview:
            return wire.CreateResponse(resource_id="", properties=wrap_map(lifecycle.previewed(news)))
        what = f"create {request.type} {request.name}"
        resource_id, state = await self._asked(what, lambda: lifecycle.create(self._aws(news, request.timeout), news))
        return wire.CreateResponse(resource_id=resource_id, properties=wrap_map(state))

    async def update(self, request: wire.UpdateRequest) -> wire.UpdateResponse:
        """A resource changed in place; in a preview, what is known of it."""
        lifecycle = self._lifecycle(request.type)
        olds, news = plain_map(request.olds), plain_map(request.news)
        change = lifecycle.change(request.resource_id, olds, news, tuple(request.ignore_changes))
        if request.preview:
            return wire.UpdateResponse(properties=wrap_map(lifecycle.update_previewed(change)))
        what = f"update {request.type} {request.name} ({request.resource_id})"
        state = await self._asked(what, lambda: lifecycle.update(self._aws(olds, request.timeout), change))
        return wire.UpdateResponse(properties=wrap_map(state))

    async def read(self, request: wire.ReadRequest) -> wire.ReadResponse:
        """A resource as it is now, in the program's own form; no id when it is gone."""
        lifecycle = self._lifecycle(request.type)
        kept, given = plain_map(request.properties), plain_map(request.inputs)
        what = f"read {request.type} {request.name} ({request.resource_id})"
        read = await self._asked(what, lambda: lifecycle.read(self._aws(kept), request.resource_id, given, kept))
        if read is None:
            return wire.ReadResponse(resource_id="")
        state, inputs = read
        return wire.ReadResponse(request.resource_id, wrap_map(state), wrap_map(inputs))

    async def delete(self, request: wire.DeleteRequest) -> None:
        """A resource deleted; one that is gone already is fine, as far as it is for the real provider."""
        kind, olds = served(request.type), plain_map(request.properties)
        aws = self._aws(olds, request.timeout)
        what = f"delete {request.type} {request.name} ({request.resource_id})"
        await self._asked(what, lambda: kind.delete(aws, request.resource_id, olds))

    async def invoke(self, request: wire.InvokeRequest) -> wire.InvokeResponse:
        """The answer of a lookup."""
        arguments = plain_map(request.args)
        aws = self._aws(arguments)
        answer = await self._asked(f"invoke {request.tok}", lambda: invokes.invoke(request.tok, aws, arguments))
        return wire.InvokeResponse(return_value=wrap_map(answer))

    def _configured(self) -> Cloud:
        if self._cloud is None:
            raise RefusedError("provider aws: used before it was configured")
        return self._cloud

    def _lifecycle(self, token: str) -> Lifecycle:
        return Lifecycle(served(token), self._configured())

    def _aws(self, props: Props, timeout: float = 0.0) -> Aws:
        cloud = self._configured()
        return Aws(cloud, props.get("region") or cloud.region, timeout)

    async def _asked(self, what: str, call: Callable[[], T]) -> T:
        """*call* in a thread; whatever refuses it is told with *what* was tried."""

        def named() -> T:
            try:
                return call()
            except AWS_ERRORS as error:
                raise RefusedError(f"{what}: {told(error)}") from error
            except RefusedError as error:
                error.args = (f"{what}: {error}",)
                raise

        return await self._in_thread(named)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
