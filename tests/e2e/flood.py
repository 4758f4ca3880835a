"""Very many requests in little time, over keep-alive connections; each answer is counted by who gave it.

As lean as it gets in Python: `rehearsal.load` keeps a rate and records every request, at a third of the speed.
"""

import re
import socket
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

CLIENTS = 8
REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
VERSION = re.compile(rb"\r\nx-version: ([^\r]+)", re.IGNORECASE)


def flood(url: str, requests: int) -> Counter[tuple[int, str]]:
    """How many of *requests* to *url* were answered with which status by which version; "" where none is named."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
    shares: Sequence[int] = [requests // CLIENTS + (number < requests % CLIENTS) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(clients.map(lambda share: _client(address, share), shares), Counter())


def _client(address: tuple[str, int], requests: int) -> Counter[tuple[int, str]]:
    counts: Counter[tuple[int, str]] = Counter()
    with socket.create_connection(address, timeout=60) as connection:
        for _ in range(requests):
            connection.sendall(REQUEST)
            head = _answer(connection)
            version = VERSION.search(head)
            counts[int(head.split(b" ", 2)[1]), version[1].decode() if version else ""] += 1
    return counts


def _answer(connection: socket.socket) -> bytes:
    """The head of an answer that has come as a whole."""
    text = b""
    while True:
        more = connection.recv(1 << 16)
        assert more, f"closed in an answer: {text!r}"
        text += more
        head, _, body = text.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if length and len(body) >= int(length[1]):
            return head
