"""Files put into a container before it starts: owned by root, and never read back."""

import base64
import io
import tarfile
import time
from pathlib import Path

from rehearsal.docker_provider.daemon import Daemon, doing
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.values import Props

SOURCES = ("content", "contentBase64", "source")


def upload(daemon: Daemon, container: str, files: list[Props]) -> None:
    """Put each of *files* where it says."""
    for one in files:
        content = _content(one)
        with doing("Unable to upload volume content"):
            daemon.client.put_archive(container, "/", _archive(one, content))


def _content(one: Props) -> bytes:
    given = [name for name in SOURCES if one.get(name)]
    if not given:
        raise RefusedError("error with upload content: one of 'content', 'content_base64', or 'source' must be set")
    if len(given) > 1:
        raise RefusedError("error with upload content: only one of 'content', 'content_base64', or 'source' can be set")
    if given == ["content"]:
        return one["content"].encode()
    if given == ["contentBase64"]:
        return base64.b64decode(one["contentBase64"])
    try:
        return Path(one["source"]).read_bytes()
    except OSError as error:
        raise RefusedError(f"could not read file: {error}") from error


def _archive(one: Props, content: bytes) -> bytes:
    entry = tarfile.TarInfo(one["file"])
    entry.size, entry.mtime = len(content), int(time.time())
    entry.mode = int(one["permissions"], 8) if one.get("permissions") else 0o744 if one["executable"] else 0o644
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
