"""What tests of refused releases on Docker share: a dock that ends where it began, and how a refusal reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker

from rehearsal.stage import Done
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, alone, docked

PREVIEW = ("pulumi", "preview", "--non-interactive", "--color", "never")
AT_ONCE = {"steps": [], "bake": "0s", "ready": "4s"}


@contextmanager
def serving(folder: Path, client: docker.DockerClient, host: str) -> Iterator[Dock]:
    """A dock on which v1 is live; v2 is built, and not declared."""
    with docked(folder, client, host) as dock:
        dock.add("v1")
        dock.build("v2")
        dock.declare({"v1": 100}, **AT_ONCE)
        ok(dock.up())
        yield dock


@contextmanager
def unmoved(dock: Dock) -> Iterator[None]:
    """v1 has everything, and so it does after, whatever was refused. The stack file is put back."""
    file = dock.stage.root / "Pulumi.dock.yaml"
    before, releases = file.read_bytes(), dict(dock.releases)
    yield
    file.write_bytes(before)
    dock.releases = releases
    assert dock.state == alone("v1")
    assert dock.ask() == (200, "v1")


def refused(dock: Dock, *said: str, preview: bool = True) -> None:
    """`up` fails and says *said*, and where *preview* so does a preview; nothing of it is a traceback."""
    for done in [dock.stage.run(*PREVIEW), dock.up()] if preview else [dock.up()]:
        assert done.code != 0, done.text
        for one in said:
            assert one in done.text, done.text
        assert "Traceback" not in done.text


def release(dock: Dock, image: str, **entry: Any) -> None:
    """Declare v3 of *image*, with everything to it."""
    dock.releases["v3"] = {"image": image, **entry}
    dock.declare({"v3": 100}, **AT_ONCE)


def back(dock: Dock) -> Done:
    """v1 gets everything, then v3 leaves; how the latter went."""
    dock.declare({"v1": 100}, **AT_ONCE)
    ok(dock.up())
    del dock.releases["v3"]
    dock.declare({"v1": 100}, **AT_ONCE)
    done = dock.up()
    assert ok(done)
    assert dock.containers("v3") == []
    return done


def answers(dock: Dock) -> tuple[int, str] | None:
    """Status and version of one answer; None when there is none."""
    try:
        return dock.ask()
    except OSError:
        return None
