"""What a demo's clients hear: one answer, and who answers them all.

In: a URL, a load. Out: what an answer says; the versions that serve.
"""

import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

from rehearsal.load import Load


def told(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What one answer says; OSError when it is none of 2xx."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=5) as answer:
        return json.load(answer)


def serving(load: Load) -> set[str]:
    """Whose answers came to requests that were sent in the second after now."""
    since = time.time()
    time.sleep(1.5)
    return {answer.version for answer in load.answers if answer.at >= since}
