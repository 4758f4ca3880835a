"""The provider's process: serves the engine that started it, tells errors in its words, and ends when it is gone.

The engine cancels by a call, and ends its plugins by SIGINT to their process groups, which Ctrl-C in a terminal does
not reach: so SIGINT means that the engine needs it no more.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable
from typing import Any, TypeVar

import grpc
import grpc.aio
from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.provider.errors import RefusedError, UnfinishedError
from rehearsal.provider.provider import StandIn
from rehearsal.provider.values import wrap_map

LOOK_EVERY = 0.2  # seconds between looks at the engine
OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024), ("grpc.max_send_message_length", -1)]
T = TypeVar("T")


class Telling(grpc.aio.ServerInterceptor):
    """Tells refusals as statuses in place of tracebacks."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The handler of a call, wrapped."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def telling(request: Any, context: Any) -> Any:
            return await answered(handler.unary_unary(request, context), context)

        return grpc.unary_unary_rpc_method_handler(telling, handler.request_deserializer, handler.response_serializer)


async def answered(call: Awaitable[T], context: Any) -> T:
    """*call*'s answer, or the status that tells the engine why there is none."""
    try:
        return await call
    except UnfinishedError as error:
        await context.abort_with_status(_initialization_failed(error))
        raise
    except RefusedError as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        raise


def _initialization_failed(error: UnfinishedError) -> grpc.Status:
    """As the real provider: the resource is recorded with its state, and the next `up` updates it."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=_struct(error.state),
        inputs=_struct(error.inputs),
        reasons=[str(error)],
    )
    rich = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    rich.details.add().Pack(detail)
    status = grpc.Status()
    status.code = grpc.StatusCode.UNKNOWN
    status.details = str(error)
    status.trailing_metadata = (("grpc-status-details-bin", rich.SerializeToString()),)
    return status


def _struct(values: dict[str, Any]) -> Struct:
    return PropertyValue.marshal_map(wrap_map(values))


async def start(provider: StandIn[Any], engine: str) -> tuple[grpc.aio.Server, int]:
    """A server on a free port of loopback, and that port."""
    server = grpc.aio.server(interceptors=[Telling()], options=OPTIONS)
    servicer = ProviderServicer([], provider.version, provider, engine_address=engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def _serve(provider: StandIn[Any], engine: str) -> None:
    server, port = await start(provider, engine)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


def main(provider: StandIn[Any]) -> None:
    """Serve the engine whose address is the last argument until it is gone."""
    signal.signal(signal.SIGINT, lambda *_: _end(provider))
    signal.signal(signal.SIGTERM, lambda *_: _end(provider))
    threading.Thread(target=_end_with, args=(os.getppid(), provider), daemon=True).start()
    asyncio.run(_serve(provider, sys.argv[-1]))


def _end_with(engine: int, provider: StandIn[Any]) -> None:
    # PR_SET_PDEATHSIG would fire when the engine's *thread* that started us ends, so its process id is watched.
    while os.getppid() == engine:
        threading.Event().wait(LOOK_EVERY)
    _end(provider)


def _end(provider: StandIn[Any]) -> None:
    """At once: a call under way is the engine's no more."""
    provider.close()
    os._exit(0)
