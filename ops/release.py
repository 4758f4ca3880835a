"""`release VERSION --ami AMI`, on docker `--image IMAGE`: a new release gets the traffic.

In: version and artifact. Out: the release listed, traffic declared to be all its own, and `up`. Other releases stay.
"""

from collections.abc import Callable, Sequence

from ops import stackfile
from ops.carry import carry_out
from ops.change import TAKE_OVER, Change
from ops.entry import entry
from ops.errors import ConfigError
from ops.stack import Stack


def release(
    stack: Stack,
    version: str,
    ami: str | None,
    image: str | None,
    say: Callable[[str], None],
    *,
    reads: Sequence[int] = (),
    writes: int | None = None,
    signature: str | None = None,
    take_over: bool = False,
) -> None:
    """Release *version*, made of *ami* and, on its Docker, *image*, or of *image* alone; *say* gets the progress.

    *writes*, *reads*: its data schema versions; what it writes it reads too. *signature*: of who built it, where
    `sluice:trust` asks for one. *take_over*: live weights that nobody here set are accepted as the start.
    """
    made = entry(f"release {version}", ami, image, reads=reads, writes=writes, signature=signature)
    there = stackfile.load(stack.file).releases.get(version)
    if there is not None and _artifact(there) != _artifact(made):
        raise ConfigError(
            f"sluice:releases.{version} is there already, with {_artifact(there) or there}; a version never changes: "
            "give the new content a new version"
        )
    added = {} if there is not None else {version: made}
    environment = TAKE_OVER if take_over else {}
    what = f"release {version}"
    carry_out(stack, Change(what=what, traffic={version: 100}, releases=added, environment=environment), say)


def _artifact(entry: object) -> dict[str, object]:
    return {key: entry[key] for key in ("ami", "image") if key in entry} if isinstance(entry, dict) else {}
