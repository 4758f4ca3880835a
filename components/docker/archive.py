"""Files for a volume, as Docker takes them. Pure but for the clock.

In: texts by name, whose they are. Out: a tar of files that are theirs alone.
"""

import io
import tarfile
import time
from collections.abc import Mapping

USER = 101  # whom Envoy runs as


def packed(every: Mapping[str, str], user: int = USER, folder: str | None = ".") -> bytes:
    """A tar of files, by name, that only *user* may read, after a *folder* of their own if it is to have one.

    The folder that it is unpacked into stays whose it is.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        around = tarfile.TarInfo(folder or ".")
        around.type, around.mode = tarfile.DIRTYPE, 0o700
        files = [(tarfile.TarInfo(name), text.encode()) for name, text in every.items()]
        for one, content in [(around, b""), *files] if folder else files:
            one.uid = one.gid = user
            one.size, one.mtime = len(content), time.time()
            if one.isfile():
                one.mode = 0o600
            tar.addfile(one, io.BytesIO(content))
    return packed.getvalue()
