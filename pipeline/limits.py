"""What a client may cost: how large a body may be, and how long a request may take to arrive.

uvicorn bounds neither: it waits for the rest of a head, or a body, as long as its client likes.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.errors import RefusedError

BODY = 1024 * 1024  # bytes
HEAD = 16 * 1024  # bytes of the request line and all headers
ARRIVAL = 10.0  # seconds for a head, and for a body


async def body_of(request: Request) -> bytes:
    """The whole body; RefusedError when it is too large, or too slow."""
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > BODY:
        raise RefusedError(413, f"a body has at most {BODY} bytes")
    parts, size = [], 0
    try:
        async with asyncio.timeout(ARRIVAL):
            async for part in request.stream():
                size += len(part)
                if size > BODY:
                    raise RefusedError(413, f"a body has at most {BODY} bytes")
                parts.append(part)
    except TimeoutError:
        raise RefusedError(408, f"a body arrives within {ARRIVAL:g} s") from None
    return b"".join(parts)


class Impatient(H11Protocol):
    """Cuts a connection whose first head, or next one once it has begun, does not arrive in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client is there."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Some of a request is there."""
        if self._late is None and self.cycle is not None and self.cycle.response_complete:
            self._wait()
        super().data_received(data)
        if self._late and self.cycle is not None and not self.cycle.response_complete:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self._late:
            self._late.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(ARRIVAL, self.transport.close)
