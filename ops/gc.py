"""`gc`: standbys beyond `sluice:keep` and previews past their day: shown, or taken out of the file and removed by `up`.

In: the stack file, what is live. Out: told which standbys stay and which are too many, the oldest first, and which
previews have expired.
"""

from collections.abc import Callable, Collection

from components import previews
from components.settings import Settings
from ops import stackfile
from ops.carry import carry_out
from ops.change import Change
from ops.cloud import Cloud
from ops.stack import Stack
from ops.still import require_still
from rollout.routers.interface import Live


def gc(stack: Stack, say: Callable[[str], None], *, yes: bool) -> None:
    """Show the standbys that are too many, and expired previews; with *yes* remove them. *say* gets the progress."""
    settings = stack.config().settings()
    live = Cloud(settings, stack.state()).live()
    mine, today = standbys(settings, live), previews.today()
    every = [version for version in stackfile.load(stack.file).releases if version in mine]
    beyond = every[: max(0, len(every) - settings.keep)]
    expired = previews.expired(settings.previews, today)
    say(f"standbys, oldest first: {', '.join(every) or 'none'}; sluice:keep is {settings.keep}")
    for line in previews.told(settings.previews, today):
        say(line)
    if not beyond and not expired:
        say("nothing is beyond it" + (", and no preview has expired" if settings.previews.open else ""))
        return
    found = "; ".join(
        f"{what}: {', '.join(names)}" for what, names in (("beyond it", beyond), ("expired", expired)) if names
    )
    if not yes:
        say(f"{found}; `python -m ops gc --yes` removes them. Nothing was changed")
        return
    require_still(stack, settings, live)
    gone = [*beyond, *expired]
    carry_out(stack, Change(what=f"remove {', '.join(gone)}", gone=gone), say)


def standbys(settings: Settings, live: Live | None) -> list[str]:
    """The releases of ours without any share, declared, live or in a walk, but for previews."""
    others: Collection[str] = {*settings.traffic.shares, *settings.previews.open}
    if live:
        others = {
            *others,
            *live.shares,
            *(live.mark.start if live.mark else ()),
            *(live.mark.goal if live.mark else ()),
        }
    return [one.version for one in settings.releases if not one.external and one.version not in others]
