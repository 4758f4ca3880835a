"""`preview open | promote | close | fetch`: a pull request's slice, which is the release candidate.

In: what a pull request proposes. Out: a release at share 0, marked as a preview in the stack file, and `up`. To promote
takes the mark away and gives it the traffic: the slice stays the one it is.
"""

from collections.abc import Callable
from datetime import timedelta

from components import previews
from ops import stackfile
from ops.carry import carry_out
from ops.change import TAKE_OVER, Change
from ops.cloud import Cloud
from ops.errors import BusyError, ConfigError, OpsError
from ops.proposal import Proposal, of
from ops.stack import Stack
from ops.still import require_still
from rollout.clock import Clock

LOOK = 1.0  # seconds between two looks
PATIENCE = 300.0  # seconds that another update may take to get to its end

Say = Callable[[str], None]


def opened(stack: Stack, proposal: Proposal, say: Say, clock: Clock) -> None:
    """*proposal* is the preview of its pull request from now on, in place of the former; again: for longer.

    OpsError when `up` would move traffic, or the slice is not healthy in time: it then stays, for inspection.
    """
    settings, file = stack.config().settings(), stackfile.load(stack.file)
    version, mine = proposal.version, of(settings, proposal.pull)
    if version in file.releases and version not in mine:
        raise ConfigError(
            f"{version} is in sluice:releases already, and not as the preview of pull request {proposal.pull}; give "
            "the new content a new version"
        )
    require_still(stack, settings, Cloud(settings, stack.state()).live())
    former = [one for one in mine if one != version or file.releases[one] != proposal.entry]
    if version in former:  # other content under its version: nothing of the slice that stands may stay
        carry_out(stack, Change(what=f"close {version}, which has changed", gone=former), say)
        mine, former = [], []
    until = (previews.today() + timedelta(days=settings.previews.days)).isoformat()
    change = Change(
        what=f"open {version}, the preview of pull request {proposal.pull}",
        releases={} if version in mine else {version: proposal.entry},
        gone=former,
        previews={version: {"pull": proposal.pull, "until": until}},
    )
    carry_out(stack, change, say)
    _await_health(stack, version, say, clock)
    digits = ", a hyphen and the digits that sluice:salt makes," if settings.salt else ""
    say(f"{version}{digits} as X-Slice reaches it; it is the preview of pull request {proposal.pull} until {until}")


def closed(stack: Stack, pull: int, say: Say) -> None:
    """The preview of *pull* is removed, if it has one. OpsError when `up` would move traffic."""
    settings = stack.config().settings()
    gone = of(settings, pull)
    if not gone:
        say(f"pull request {pull} has no preview")
        return
    require_still(stack, settings, Cloud(settings, stack.state()).live())
    carry_out(stack, Change(what=f"close {', '.join(gone)}, the preview of pull request {pull}", gone=gone), say)


def promoted(stack: Stack, pull: int, say: Say, *, take_over: bool = False) -> None:
    """The preview of *pull* is a release like any other from now on, and gets all the traffic.

    *take_over*: live weights that nobody here set are accepted as the start.
    """
    settings = stack.config().settings()
    (version,) = of(settings, pull) or [""]
    if not version:
        raise ConfigError(f"pull request {pull} has no preview; `python -m ops status` shows those there are")
    (release,) = (one for one in settings.releases if one.version == version)
    if settings.platform == "docker" and release.size < settings.service.size:
        raise ConfigError(
            f"{version} has {release.size} of the {settings.service.size} containers in sluice:service.size, and a "
            "slice on docker never grows; release its image under another version: `python -m ops release VERSION "
            f"--image {release.image}`. Nothing was changed"
        )
    change = Change(
        what=f"promote {version}, the preview of pull request {pull}",
        traffic={version: 100},
        promoted=[version],
        environment=TAKE_OVER if take_over else {},
    )
    carry_out(stack, change, say)


def fetched(stack: Stack, say: Say) -> None:
    """The previews of the newest update that went through are in the stack file, where it lists no such version.

    One that it lists as a release is a release.
    """
    file = stackfile.load(stack.file)
    newest = next((one for one in stack.updates() if one.result == "succeeded"), None)
    marks = {v: mark for v, mark in newest.previews.items() if v not in file.releases} if newest else {}
    if newest and marks:
        file.with_releases({version: newest.releases[version] for version in marks}).with_previews(marks).write()
    say(f"previews that stand, and {stack.file.name} knew nothing of: {', '.join(marks) or 'none'}")


def await_end(stack: Stack, clock: Clock) -> None:
    """Wait until no update of *stack* is on: what it opens or closes is not known before; BusyError."""
    until = clock.now() + PATIENCE
    while locks := stack.locks():
        if clock.now() >= until:
            raise BusyError(f"another update of the stack is on, of {locks[0]}. Nothing was changed")
        clock.sleep(LOOK)


def _await_health(stack: Stack, version: str, say: Say, clock: Clock) -> None:
    settings = stack.config().settings()
    cloud, until = Cloud(settings, stack.state()), clock.now() + settings.strategy.ready
    while not ((health := cloud.health(version)) and health.ready):
        if clock.now() >= until:
            raise OpsError(
                f"{health or f'{version} is gone'} after {settings.strategy.ready:g} s; it stays, for inspection"
            )
        clock.sleep(LOOK)
    say(str(health))
