"""Files for the router's volume, as Docker takes them. Pure but for the clock.

In: texts by name. Out: a tar of files that are Envoy's alone.
"""

import io
import tarfile
import time
from collections.abc import Mapping

USER = 101  # whom Envoy runs as


def packed(every: Mapping[str, str]) -> bytes:
    """A tar of files, by name, that only Envoy may read, in a folder that is its own."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folder = tarfile.TarInfo(".")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        for one, content in [(folder, b""), *((tarfile.TarInfo(n), text.encode()) for n, text in every.items())]:
            one.uid = one.gid = USER
            one.size, one.mtime = len(content), time.time()
            if one.isfile():
                one.mode = 0o600
            tar.addfile(one, io.BytesIO(content))
    return packed.getvalue()
