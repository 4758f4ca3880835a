"""A provider as the engine meets it: over gRPC, served in this process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.provider.provider import StandIn
from rehearsal.provider.server import start
from rehearsal.provider.values import Props, plain_map, wrap_map
from tests.patience import PATIENCE


class Engine:
    """Speaks to a provider as the engine does."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = provider_pb2_grpc.ResourceProviderStub(channel)

    def configure(self, **args: Any) -> Any:
        self.configuration = args
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=_struct(args), acceptSecrets=True))

    def check(
        self, token: str, inputs: Props, olds: Props | None = None, name: str = "it"
    ) -> tuple[Props, dict[str, str]]:
        """The inputs to record, and the reason of each failure by path."""
        answer = self.stub.Check(
            provider_pb2.CheckRequest(urn=_urn(token, name), olds=_struct(olds or {}), news=_struct(inputs))
        )
        return _props(answer.inputs), {one.property: one.reason for one in answer.failures}

    def diff(self, token: str, resource_id: str, state: Props, inputs: Props, ignored: tuple[str, ...] = ()) -> Any:
        request = provider_pb2.DiffRequest(
            urn=_urn(token), id=resource_id, olds=_struct(state), news=_struct(inputs), ignoreChanges=ignored
        )
        return self.stub.Diff(request)

    def create(self, token: str, inputs: Props, preview: bool = False) -> tuple[str, Props]:
        answer = self.stub.Create(
            provider_pb2.CreateRequest(urn=_urn(token), properties=_struct(inputs), preview=preview)
        )
        return answer.id, _props(answer.properties)

    def update(self, token: str, resource_id: str, state: Props, inputs: Props, preview: bool = False) -> Props:
        request = provider_pb2.UpdateRequest(
            urn=_urn(token), id=resource_id, olds=_struct(state), news=_struct(inputs), preview=preview
        )
        return _props(self.stub.Update(request).properties)

    def read(self, token: str, resource_id: str, state: Props, inputs: Props) -> tuple[str, Props, Props]:
        """The id ("" when gone), state and inputs as they are now."""
        request = provider_pb2.ReadRequest(
            urn=_urn(token), id=resource_id, properties=_struct(state), inputs=_struct(inputs)
        )
        answer = self.stub.Read(request)
        return answer.id, _props(answer.properties), _props(answer.inputs)

    def cancel(self) -> None:
        self.stub.Cancel(empty_pb2.Empty())

    def configure_again(self) -> None:
        """Go on after a cancel, which no engine does."""
        self.configure(**self.configuration)

    def deletion(self, token: str, resource_id: str, state: Props) -> Any:
        return provider_pb2.DeleteRequest(urn=_urn(token), id=resource_id, properties=_struct(state))

    def delete(self, token: str, resource_id: str, state: Props) -> None:
        self.stub.Delete(self.deletion(token, resource_id, state))

    def invoke(self, token: str, **args: Any) -> Props:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=_struct(args)))
        return _props(getattr(answer, "return"))

    def made(self, token: str, **inputs: Any) -> "Made":
        """A resource of these inputs, checked and created as `up` does."""
        checked, failures = self.check(token, inputs)
        assert failures == {}
        resource_id, state = self.create(token, checked)
        return Made(self, token, resource_id, inputs, checked, state)


@dataclass(frozen=True)
class Made:
    """A resource with what the engine records of it; `program` is what the program says."""

    engine: Engine
    token: str
    id: str
    program: Props
    inputs: Props
    state: Props

    def refresh(self) -> "Made":
        """The resource as a refresh records it."""
        resource_id, state, inputs = self.engine.read(self.token, self.id, self.state, self.inputs)
        return Made(self.engine, self.token, resource_id, self.program, inputs, state)

    def diff(self, **changes: Any) -> Any:
        """The difference that the program with *changes* makes."""
        inputs, failures = self.engine.check(self.token, _changed(self.program, changes), self.inputs)
        assert failures == {}
        return self.engine.diff(self.token, self.id, self.state, inputs)

    def update(self, **changes: Any) -> "Made":
        """The resource after the program with *changes* ran."""
        program = _changed(self.program, changes)
        inputs, failures = self.engine.check(self.token, program, self.inputs)
        assert failures == {}
        state = self.engine.update(self.token, self.id, self.state, inputs)
        return Made(self.engine, self.token, self.id, program, inputs, state)

    def delete(self) -> None:
        self.engine.delete(self.token, self.id, self.state)


def _changed(program: Props, changes: Props) -> Props:
    return {key: value for key, value in {**program, **changes}.items() if value is not None}


def _urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:test::shop::{token}::{name}"


def _struct(values: Props) -> Any:
    return PropertyValue.marshal_map(wrap_map(values))


def _props(values: Any) -> Props:
    return plain_map(PropertyValue.unmarshal_map(values))


@contextmanager
def serving(provider: StandIn[Any]) -> Iterator[str]:
    """The address of *provider*, which is not configured."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server, port = asyncio.run_coroutine_threadsafe(start(provider, "127.0.0.1:1"), loop).result(PATIENCE)
    yield f"127.0.0.1:{port}"
    asyncio.run_coroutine_threadsafe(server.stop(None), loop).result(PATIENCE)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(PATIENCE)
    loop.close()


@dataclass(frozen=True)
class FailedInitialization:
    """What the engine records of a resource that exists and is not finished."""

    id: str
    state: Props
    inputs: Props


def failed_initialization(caught: pytest.ExceptionInfo[grpc.RpcError]) -> FailedInitialization:
    """The detail of a refused call that left a resource."""
    assert isinstance(caught.value, grpc.Call)
    metadata: Any = caught.value.trailing_metadata()
    status = status_pb2.Status.FromString(dict(metadata)["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    return FailedInitialization(detail.id, _props(detail.properties), _props(detail.inputs))


def refusal(caught: pytest.ExceptionInfo[grpc.RpcError]) -> str:
    """The words of a refused call."""
    assert isinstance(caught.value, grpc.Call)
    return caught.value.details() or ""
