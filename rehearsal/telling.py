"""What of a command's output tells the demo's story.

In: lines of `pulumi up` and `ops`. Out: all of them to a log, and those of the walk, once, to a console.
"""

import re
from collections.abc import Callable
from typing import Any

from rich.console import Console

# The engine shows a line when it is logged, with the resource in front, and once more at the end.
TOLD = re.compile(
    r"(?:^|running |\(\d+s\) )((?:walk |moved:|report:|[\d.]+ %|\S+: (?:\d+ of |waiting)).*)|error: (before hook.*)"
)


def teller(console: Console, log: Any) -> Callable[[str], None]:
    """What writes every line to *log*, and shows on *console* those that tell the story, once."""
    last = ""

    def tell(line: str) -> None:
        nonlocal last
        log.write(f"{line}\n")
        log.flush()
        story = TOLD.search(line)
        what = (story[1] or story[2]) if story else ""
        if what and what != last:
            last = what
            console.print(f"   {what}", markup=False, style="dim")

    return tell
