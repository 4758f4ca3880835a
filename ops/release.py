"""`release VERSION --ami AMI`: a new release gets the traffic.

In: version and artifact. Out: the release listed, traffic declared to be all its own, and `up`. Other releases stay.
"""

from collections.abc import Callable

from ops import stackfile
from ops.change import Change, carry_out
from ops.errors import ConfigError
from ops.stack import Stack


def release(stack: Stack, version: str, ami: str, image: str | None, say: Callable[[str], None]) -> None:
    """Release *version*, made of *ami* and, on its Docker, *image*; *say* gets the progress."""
    entry = {"ami": ami, "image": image} if image else {"ami": ami}
    there = stackfile.load(stack.file).releases.get(version)
    if there is not None and _artifact(there) != _artifact(entry):
        raise ConfigError(
            f"sluice:releases.{version} is there already, with {_artifact(there) or there}; a version never changes: "
            "give the new content a new version"
        )
    added = {} if there is not None else {version: entry}
    carry_out(stack, Change(what=f"release {version}", traffic={version: 100}, releases=added), say)


def _artifact(entry: object) -> dict[str, object]:
    return {key: entry[key] for key in ("ami", "image") if key in entry} if isinstance(entry, dict) else {}
