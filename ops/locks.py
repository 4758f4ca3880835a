"""The engine's locks on a stack, where its state is in a folder or in S3: who holds them, and whether that is over.

In: the backend's URL, the project and stack. Out: one `Lock` each. The engine itself breaks all or none, and asks
nobody; so what is broken here is looked at first.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil
from botocore.exceptions import BotoCoreError, ClientError

from ops.errors import OpsError

FOLDER = ".pulumi/locks/organization"
CLOCKS = 60.0  # seconds by which a process may seem younger than the lock that it wrote


@dataclass(frozen=True)
class Lock:
    """The process that locked the stack, and since when (unix seconds)."""

    user: str
    host: str
    pid: int
    since: float

    def __str__(self) -> str:
        return f"{self.user}@{self.host} (pid {self.pid})"

    def is_dead(self, here: str) -> bool | None:
        """Whether its process has ended; None: it is not of the host *here*, so nobody can tell."""
        if self.host != here:
            return None
        try:
            return psutil.Process(self.pid).create_time() > self.since + CLOCKS
        except psutil.NoSuchProcess:
            return True


def locks(url: str, project: str, stack: str, s3: Callable[[], Any]) -> list[Lock] | None:
    """The locks on *stack*; None where the backend keeps them by itself. OpsError when they cannot be read."""
    parts = urlsplit(url)
    below = f"{FOLDER}/{project}/{stack}"
    try:
        if parts.scheme == "file":
            return [_lock(text) for text in _files(Path(unquote(parts.netloc + parts.path)).expanduser() / below)]
        if parts.scheme == "s3":
            prefix = "/".join(filter(None, (parts.path.strip("/"), below)))
            return [_lock(text) for text in _objects(s3(), parts.netloc, f"{prefix}/")]
    except (OSError, BotoCoreError, ClientError, ValueError, KeyError) as error:
        raise OpsError(f"the stack's locks in {url} cannot be read: {error}") from None
    return None


def _files(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*.json")):
        yield file.read_text()


def _objects(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            yield s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().decode()


def _lock(text: str) -> Lock:
    found = json.loads(text)
    return Lock(
        found["username"], found["hostname"], int(found["pid"]), datetime.fromisoformat(found["timestamp"]).timestamp()
    )
