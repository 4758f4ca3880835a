"""What is still in use is asked to go for half a minute, as the real provider does."""

import os
from collections.abc import Callable

from rehearsal.docker_provider.daemon import Daemon
from rehearsal.docker_provider.errors import DOCKER_ERRORS, is_missing, told
from rehearsal.provider.errors import RefusedError, UnfinishedError

SECONDS = 30.0
RETRY_SECONDS = "SLUICE_DOCKER_DELETE_RETRY_SECONDS"  # tests do not wait half a minute for a refusal


def removing(daemon: Daemon, remove: Callable[[], object], *, held: str, state: str) -> None:
    """Call *remove* until the daemon does it, or knows no such thing.

    *held*: what it says while somebody uses the thing; *state*: what the real provider calls that.
    """

    def attempt() -> str | None:
        try:
            remove()
        except DOCKER_ERRORS as error:
            if held in told(error):
                return state
            if not is_missing(error):
                raise
        return None

    try:
        daemon.until("removal", attempt, min(SECONDS, float(os.environ.get(RETRY_SECONDS, SECONDS))))
    except UnfinishedError:
        raise RefusedError(
            f"timeout while waiting for state to become 'removed' (last state: '{state}', timeout: {SECONDS:.0f}s)"
        ) from None
