"""Changes that are not to move traffic: refused where `up` would."""

from components.settings import Settings
from ops.errors import OpsError
from ops.stack import Stack
from rollout.routers.interface import Live
from rollout.shares import text


def require_still(stack: Stack, settings: Settings, live: Live | None) -> None:
    """OpsError when *live* is not what *settings* declare, so that `up` would not only build or remove slices."""
    if live is None or live.mark or live.shares != settings.traffic.shares:
        raise OpsError(
            f"live is {_said(live)}, and {stack.file.name} declares {text(settings.traffic.shares)}: `up` would not "
            "only build or remove slices but move traffic. Run `pulumi up` first, then this again. Nothing was changed"
        )


def _said(live: Live | None) -> str:
    if live is None:
        return "nothing"
    return text(live.shares) + (f" in a walk ({live.mark})" if live.mark else "")
