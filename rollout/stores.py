"""The stores of the journal: a folder, or a place in S3; an entry is `<run>.json` there.

In: entries. Out: the same again, the newest first. What a place refuses is told, and never ends a walk.
"""

import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rollout.journal import Entry, from_json, to_json

LAST_WORD = 2.0  # seconds that the end of a walk may wait for S3
UNREACHABLE = (OSError, BotoCoreError, ClientError)
RUN = r"[\w-]+"


def journal(place: str, s3: Callable[[], Any], say: Callable[[str], None]) -> "Store":
    """The journal at *place*: `s3://BUCKET/PREFIX` (*s3* makes the boto3 client), or a folder.

    ValueError says what is wrong with the place. *say* gets what could not be kept or read.
    """
    scheme, found, rest = place.partition("://")
    if not found:
        return FolderJournal(Path(place).expanduser(), say)
    if scheme != "s3" or not rest.strip("/"):
        raise ValueError(f"{place!r} is no place for a journal; write a folder, or s3://BUCKET/PREFIX")
    return S3Journal(s3(), place, say)


class Store(ABC):
    """A journal that can be read again; *say* gets what could not be read, and once what could not be kept."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told = False

    def keep(self, entry: Entry) -> None:
        """Write *entry* in place of what was there under its run; what goes wrong is told once."""
        self._keep(entry.run, to_json(entry))

    def latest(self) -> Iterator[Entry]:
        """The entries one by one, the last written first; what is broken is told and left out."""
        try:
            runs = [run for _, run in sorted(self._written(), reverse=True)]
        except UNREACHABLE as error:
            self._say(f"the journal in {self} cannot be read: {error}")
            return
        yield from filter(None, map(self.entry, runs))

    def entries(self, since: float = 0) -> list[Entry]:
        """The walks that were heard of after *since* (unix seconds), the newest first."""
        found = []
        for entry in self.latest():
            if entry.heard < since:
                break
            found.append(entry)
        return sorted(found, key=lambda one: one.begun, reverse=True)

    def entry(self, run: str) -> Entry | None:
        """The walk *run*; None when it is not there or (which is told) cannot be read."""
        if not re.fullmatch(RUN, run):
            return None
        try:
            text = self._get(run)
            return None if text is None else from_json(text)
        except UNREACHABLE as error:
            self._say(f"the journal in {self} cannot be read: {error}")
        except (ValueError, TypeError) as error:
            self._say(f"{run}.json in {self} is broken and left out: {error}")
        return None

    def _keep(self, run: str, text: bytes) -> None:
        try:
            self._put(run, text)
        except UNREACHABLE as error:
            if not self._told:
                self._say(f"the journal cannot be kept in {self}: {error}; the walk goes on without it")
            self._told = True

    @abstractmethod
    def _put(self, run: str, text: bytes) -> None: ...

    @abstractmethod
    def _get(self, run: str) -> bytes | None: ...

    @abstractmethod
    def _written(self) -> list[tuple[float, str]]:
        """When each run was last written (unix seconds), and its id."""


class FolderJournal(Store):
    """Entries as `<folder>/<run>.json`; each is renamed into place, so that a reader finds it whole."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        super().__init__(say)
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def _put(self, run: str, text: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{run}.{os.getpid()}"
        try:
            beside.write_bytes(text)
            beside.replace(self.folder / f"{run}.json")
        finally:
            beside.unlink(missing_ok=True)

    def _get(self, run: str) -> bytes | None:
        try:
            return (self.folder / f"{run}.json").read_bytes()
        except FileNotFoundError:
            return None

    def _written(self) -> list[tuple[float, str]]:
        files = [file for file in self.folder.glob("*.json") if re.fullmatch(RUN, file.stem)]
        return [(file.stat().st_mtime, file.stem) for file in files]


class S3Journal(Store):
    """Entries as `s3://bucket/prefix/<run>.json`, through a boto3 client.

    They are written from a thread of its own, the newest text only: a walk waits for S3 at its very end, and then not
    for long, because what is stopped by Ctrl-C has 5 s in all.
    """

    def __init__(self, s3: Any, url: str, say: Callable[[str], None]) -> None:
        super().__init__(say)
        self._s3 = s3
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._due: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def keep(self, entry: Entry) -> None:
        """Have *entry* written soon; the end of a walk waits until it is, at most LAST_WORD seconds."""
        with self._lock:
            self._due[entry.run] = to_json(entry)
            if self._idle.is_set():
                self._idle.clear()
                threading.Thread(target=self._write_behind, daemon=True).start()
        if entry.ended is not None and not self._idle.wait(LAST_WORD):
            self._say(f"the journal in {self} may lack the end of this walk: no answer within {LAST_WORD:g} s")

    def _write_behind(self) -> None:
        while True:
            with self._lock:
                if not self._due:
                    self._idle.set()
                    return
                run, text = self._due.popitem()
            self._keep(run, text)

    def _put(self, run: str, text: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=self._key(run), Body=text, ContentType="application/json")

    def _get(self, run: str) -> bytes | None:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=self._key(run))["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def _written(self) -> list[tuple[float, str]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        found = [(one["LastModified"], one["Key"]) for page in pages for one in page.get("Contents", [])]
        names = [(at.timestamp(), key.removeprefix(self._prefix)) for at, key in found]
        return [(at, name.removesuffix(".json")) for at, name in names if re.fullmatch(rf"{RUN}\.json", name)]

    def _key(self, run: str) -> str:
        return f"{self._prefix}{run}.json"
