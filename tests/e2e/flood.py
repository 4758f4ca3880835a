"""Very many requests in little time: pipelined over keep-alive connections, each answer counted by who gave it."""

import re
import socket
import threading
from collections import Counter
from urllib.parse import urlsplit

BATCH = 50  # requests that are sent before their answers are read
HEAD = re.compile(rb"HTTP/1\.1 (\d+)(.*?)\r\n\r\n", re.DOTALL)
VERSION = re.compile(rb"\r\nx-version: ([^\r]+)", re.IGNORECASE)


def flood(url: str, requests: int, connections: int = 4) -> Counter[tuple[int, str]]:
    """How many of *requests* to *url* were answered with which status by which version; "" where none is named."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 80)
    found: list[Counter[tuple[int, str]]] = []
    clients = [
        threading.Thread(target=lambda: found.append(_client(address, requests // connections)), daemon=True)
        for _ in range(connections)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return sum(found, Counter())


def _client(address: tuple[str, int], requests: int) -> Counter[tuple[int, str]]:
    counts: Counter[tuple[int, str]] = Counter()
    with socket.create_connection(address, timeout=60) as connection:
        for _ in range(requests // BATCH):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n" * BATCH)
            text = b""
            while len(heads := HEAD.findall(text)) < BATCH:
                more = connection.recv(1 << 16)
                assert more, f"closed after {len(heads)} of {BATCH} answers"
                text += more
            for status, head in heads:
                version = VERSION.search(head)
                counts[int(status), version[1].decode() if version else ""] += 1
    return counts
