"""`gc`: the standbys beyond `sluice:keep`, shown, or taken out of the stack file and removed by `up`.

In: the stack file, what is live. Out: told which standbys stay and which are too many, the oldest first.
"""

from collections.abc import Callable, Collection

from components.settings import Settings
from ops.carry import carry_out
from ops.change import Change
from ops.cloud import Cloud
from ops.errors import OpsError
from ops.stack import Stack
from rollout.routers.interface import Live
from rollout.shares import text


def gc(stack: Stack, say: Callable[[str], None], *, yes: bool) -> None:
    """Show the standbys that are too many; with *yes* remove them. *say* gets the progress."""
    settings = stack.config().settings()
    live = Cloud(settings, stack.state()).live()
    every = standbys(settings, live)
    beyond = every[: max(0, len(every) - settings.keep)]
    say(f"standbys, oldest first: {', '.join(every) or 'none'}; sluice:keep is {settings.keep}")
    if not beyond:
        say("nothing is beyond it")
        return
    if not yes:
        say(f"beyond it: {', '.join(beyond)}; `python -m ops gc --yes` removes them. Nothing was changed")
        return
    if live is None or live.mark or live.shares != settings.traffic.shares:
        raise OpsError(
            f"live is {_said(live)}, and {stack.file.name} declares {text(settings.traffic.shares)}: `up` would not "
            "only remove slices but move traffic. Run `pulumi up` first, then this again. Nothing was changed"
        )
    carry_out(stack, Change(what=f"remove {', '.join(beyond)}", gone=beyond), say)


def standbys(settings: Settings, live: Live | None) -> list[str]:
    """The releases of ours without any share, declared, live or in a walk; oldest first."""
    serving: Collection[str] = {*settings.traffic.shares}
    if live:
        serving = {
            *serving,
            *live.shares,
            *(live.mark.start if live.mark else ()),
            *(live.mark.goal if live.mark else ()),
        }
    return [one.version for one in settings.releases if not one.external and one.version not in serving]


def _said(live: Live | None) -> str:
    if live is None:
        return "nothing"
    return text(live.shares) + (f" in a walk ({live.mark})" if live.mark else "")
