"""What a release of an image is called: by its tag, and where that names several images in turn, by its digest too.

Pure.
"""

import re
from collections.abc import Collection

LONGEST = 32
VERSION = re.compile(r"[^A-Za-z0-9._-]+")


def version_of(tag: str, digest: str, taken: Collection[str]) -> str:
    """A version for the image of *digest* that *tag* names; none that is *taken* by another image."""
    plain = VERSION.sub("-", tag)[:LONGEST].strip("._-") or "image"
    content = digest.partition(":")[2]
    named = (plain, *(f"{plain[: LONGEST - length - 1].rstrip('._-')}-{content[:length]}" for length in (7, 12)))
    return next(one for one in named if one not in taken)
