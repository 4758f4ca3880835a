"""What lies beside the files that Envoy follows, and the scripts that read and write it in one command each. Pure.

In: as `sh -c SCRIPT FOLDER …`. Out: what is printed: the files of BESIDE, a line each, then a page of Envoy's.
"""

from rollout.envoy import admin

BESIDE = "sluice"  # the folder of mark, stop, carried and schema: Envoy does not look there
LOOK = (
    f'cd "$0/{BESIDE}" 2>/dev/null; for f in mark stop carried schema; do cat $f 2>/dev/null; echo; done; {admin.GET}'
)
# Beside, then renamed: what is cut short in between changes nothing.
PUT = 'mkdir -p "${0%/*}" && printf %s "$1" | base64 -d >"$0.new" && mv "$0.new" "$0"'
DROP = f'rm -f "$0/{BESIDE}/mark" "$0/{BESIDE}/stop"'
