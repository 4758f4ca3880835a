"""What lies beside the files that Envoy follows, and the scripts that read and write it in one command each. Pure.

In: as `sh -c SCRIPT FOLDER …`. Out: what is printed: the files of BESIDE, a line each, then a page of Envoy's.
"""

import json
from typing import Any

from rollout.envoy import admin
from rollout.errors import RouterError

BESIDE = "sluice"  # the folder of mark, stop, carried and schema: Envoy does not look there
LOOK = (
    f'cd "$0/{BESIDE}" 2>/dev/null; for f in mark stop carried schema; do cat $f 2>/dev/null; echo; done; {admin.GET}'
)
# Beside, then renamed: what is cut short in between changes nothing.
PUT = 'mkdir -p "${0%/*}" && printf %s "$1" | base64 -d >"$0.new" && mv "$0.new" "$0"'
DROP = f'rm -f "$0/{BESIDE}/mark" "$0/{BESIDE}/stop"'


def looked(said: bytes) -> tuple[list[Any], bytes]:
    """What LOOK printed: mark, stop, carried and schema, None for what is not there, and the page.

    RouterError when not all of it came, which passes.
    """
    *files, page = said.split(b"\n", 4)
    if len(files) < 4:
        raise RouterError("the router's answer was cut short", passing=True)
    return [_json(text) for text in files], page


def _json(text: bytes) -> Any:
    """What a file says; None when it is not there, or was cut short."""
    try:
        return json.loads(text)
    except ValueError:
        return None
