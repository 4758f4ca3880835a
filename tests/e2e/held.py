"""Clients that hold one thing open for long: an upload, a stream of events, a WebSocket. Each knows how it ended."""

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.patience import PATIENCE

BEAT = 0.25  # seconds between two parts of an upload, or two messages
ENDLESS = float("inf")
TEXT, CLOSE = 0x81, 0x88  # a frame's first byte


@dataclass
class Held:
    """What came of one: `lasts` are the seconds it is to take, `whole` whether it ended as it was to."""

    lasts: float
    began: float = field(default_factory=time.time)
    ended: float = 0.0
    version: str = ""
    whole: bool = False
    heard: int = 0  # parts, events, echoes
    complaint: str = ""

    def told(self) -> str:
        """One line for whoever reads why a test failed."""
        return f"{self.version} {self.heard} in {self.ended - self.began:.1f} of {self.lasts:g} s: {self.complaint}"


Way = Callable[[Held, socket.socket], None]


class Holding:
    """One thing of each length is held open at *url*, each by a thread."""

    def __init__(self, url: str, way: Way, *lengths: float) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self.held = [Held(lasts) for lasts in lengths]
        self._threads = [threading.Thread(target=self._hold, args=(way, one), daemon=True) for one in self.held]
        for thread in self._threads:
            thread.start()

    def join(self) -> list[Held]:
        """What came of them, once each has ended."""
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()
        return self.held

    def _hold(self, way: Way, one: Held) -> None:
        try:
            with socket.create_connection(self._address, PATIENCE) as connection:
                way(one, connection)
        except (OSError, EOFError, ValueError) as error:
            one.complaint = repr(error)
        one.ended = time.time()


def upload(one: Held, connection: socket.socket) -> None:
    """Send a part at each beat for as long as it lasts; whole when the answer counts all of it."""
    parts = round(one.lasts / BEAT)
    connection.sendall(f"POST /upload HTTP/1.1\r\nHost: any\r\nContent-Length: {1000 * parts}\r\n\r\n".encode())
    while one.heard < parts:
        _beat(one)
        connection.sendall(b"x" * 1000)
        one.heard += 1
    _, body = _answer(one, connection)
    one.whole = json.loads(body) == {"version": one.version, "length": 1000 * parts}


def events(one: Held, connection: socket.socket) -> None:
    """Listen to two events a second; whole when the last one says so, and the answer ends there."""
    ask = f"GET /events?n={0 if one.lasts == ENDLESS else round(2 * one.lasts)} HTTP/1.1\r\nHost: any\r\n\r\n"
    connection.sendall(ask.encode())
    _, text = _answer(one, connection)
    while not text.endswith(b"\r\n0\r\n\r\n"):
        more = connection.recv(1000)
        if not more:
            raise EOFError(f"ended after {text[-40:]!r}")
        text += more
        one.heard = text.count(b"data: ")
    one.whole = b"data: end" in text and one.heard == round(2 * one.lasts) + 1


def websocket(one: Held, connection: socket.socket) -> None:
    """Say something at each beat and hear it again; whole when the other side answers the closing."""
    key = base64.b64encode(os.urandom(16)).decode()
    head = ["GET /echo HTTP/1.1", "Host: any", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    connection.sendall("\r\n".join([*head, f"Sec-WebSocket-Key: {key}", "", ""]).encode())
    status, rest = _answer(one, connection)
    assert (status, rest) == (101, b"")
    while time.time() < one.began + one.lasts:
        _beat(one)
        _say(connection, TEXT, f"message {one.heard}".encode())
        one.heard += 1
    _say(connection, CLOSE, b"\x03\xe8")  # 1000: all is well
    one.whole = connection.recv(1) == b""


def _beat(one: Held) -> None:
    """Until the next part is due."""
    threading.Event().wait(max(0.0, one.began + (one.heard + 1) * BEAT - time.time()))


def _say(connection: socket.socket, kind: int, text: bytes) -> None:
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
    connection.sendall(bytes([kind, 0x80 | len(text)]) + mask + masked)
    echo = b""
    while len(echo) < 2 + len(text):
        more = connection.recv(2 + len(text) - len(echo))
        if not more:
            raise EOFError("no echo")
        echo += more
    if echo != bytes([kind, len(text)]) + text:
        raise ValueError(f"another echo: {echo!r}")


def _answer(one: Held, connection: socket.socket) -> tuple[int, bytes]:
    """The status of an answer, and what came with its head; its version is *one*'s."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(1000)
        if not more:
            raise EOFError("no answer")
        text += more
    head, _, rest = text.partition(b"\r\n\r\n")
    first, *lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    one.version = headers.get("x-version", "")
    while len(rest) < int(headers.get("content-length", "0")):
        rest += connection.recv(1000)
    return int(first.split()[1]), rest
