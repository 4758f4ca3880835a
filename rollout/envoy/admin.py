"""Envoy's admin page, asked by a command that runs beside Envoy.

In: what `GET` printed. Out: the JSON that the page holds; RouterError when it is none.
"""

import http.client
import io
import json
from typing import Any

from rollout.errors import RouterError

# Our image has busybox's wget; Envoy's official ones have no such thing, but bash, which can speak HTTP by hand.
GET = (
    'if command -v wget >/dev/null; then exec wget -q -T 3 -O - "http://127.0.0.1:$1/$2"; '
    """else exec bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "GET /%s HTTP/1.1\\r\\nHost: admin\\r\\n"""
    """Connection: close\\r\\n\\r\\n" "$1" >&3 && exec cat <&3' "$1" "$2"; fi"""
)


class _Said:
    """What was said on a connection, as `http.client` wants to be given it."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._text)


def parse(text: bytes) -> Any:
    """The JSON in an answer of the admin page; RouterError when it is none."""
    try:
        if not text.startswith(b"HTTP/"):
            return json.loads(text)
        answer = http.client.HTTPResponse(_Said(text))  # pyright: ignore[reportArgumentType]
        answer.begin()
        body = answer.read()
        if answer.status == 200:
            return json.loads(body)
        said = f"{answer.status} {body[:200].decode(errors='replace')}"
    except (http.client.HTTPException, ValueError) as error:
        said = f"{error!r} in {text[:200]!r}"
    raise RouterError(f"the router's Envoy does not answer: {said}", passing=True)
