"""The real `pulumi` engine: found on PATH or in the cache, else installed, else built.

`find` looks only; `ensure` gets one and says what it does. In that order: a `pulumi` on PATH that is new enough, one
that was cached before, the official installer (gives up at once without internet), a build from Go modules
(minutes, once). `python -m rehearsal.engine` is `ensure` for `make setup`.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version as installed_version
from pathlib import Path

from rehearsal import engine_source
from rehearsal.command import run

Version = tuple[int, int, int]
Say = Callable[[str], None]

WANTED = engine_source.VERSION  # of the SDK in requirements.txt too: the two are kept equal
INSTALLER = "https://get.pulumi.com/install.sh"
INSTALL = "from pulumi.automation import PulumiCommand; import sys; PulumiCommand.install(root=sys.argv[1])"
REACH_LIMIT = 8.0  # seconds until the installer counts as out of reach
INSTALL_LIMIT = 240.0  # seconds for the official installer in all


class EngineError(Exception):
    """No engine is to be had; the message says what was tried and what a person can do."""


def parse(text: str) -> Version | None:
    """(3, 259, 0) from what `pulumi version` prints, such as `v3.259.0` or `3.260.1-dev.0`; None for anything else."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def is_usable(version: Version | None) -> bool:
    """Whether an engine of *version* can run this program: the same major version, not older than the SDK."""
    wanted = parse(WANTED)
    return wanted is not None and version is not None and version[0] == wanted[0] and version >= wanted


def cache() -> Path:
    """The folder that engines are kept in, shared by every clone of one user."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sluice" / "engine"


def built() -> Path:
    """The folder of the engine built from Go modules; its name changes with what it is built from."""
    return cache() / f"v{WANTED}-{engine_source.fingerprint()}"


def official() -> Path:
    """The folder of the engine that the official installer made; it holds the official language hosts too."""
    return cache() / f"v{WANTED}-official" / "bin"


def find() -> Path | None:
    """The folder with a `pulumi` to use: from PATH, else from the cache; None where there is neither."""
    return next((folder for folder, version in on_path() if is_usable(version)), None) or cached()


def cached() -> Path | None:
    """The folder of a cached engine; what is there is whole, for it is renamed into place when it is done."""
    return next((folder for folder in (official(), built()) if os.access(folder / "pulumi", os.X_OK)), None)


def on_path() -> Iterator[tuple[Path, Version | None]]:
    """Each folder of PATH with a `pulumi`, and that one's version, in order."""
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        if entry and (command := shutil.which("pulumi", path=entry)):
            yield Path(entry).absolute(), _version_of(command)


def _version_of(command: str) -> Version | None:
    said = run([command, "version"], 20.0, environment={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"})
    versions = (parse(line) for line in said.lines)  # a warning may come before it
    return None if said.failure else next((version for version in versions if version), None)


def ensure(say: Say) -> Path:
    """The folder with a `pulumi`, got if need be; *say* is told each step. EngineError when none is to be had."""
    for folder, version in on_path():
        if is_usable(version):
            say(f"engine: {folder / 'pulumi'} from PATH, {_shown(version)}")
            return folder
        say(f"engine: {folder / 'pulumi'} on PATH is {_shown(version)}; {WANTED} or newer is needed, so it is not used")
    if folder := cached():
        say(f"engine: {folder / 'pulumi'} from the cache")
        return folder
    refusals = []
    for attempt in (_install, _build):
        try:
            return attempt(say)
        except EngineError as error:
            refusals.append(str(error))
            say(f"engine: {error}")
    raise EngineError(
        "no Pulumi engine is to be had: " + "; ".join(refusals) + ". "
        f"Put a `pulumi` {WANTED} or newer on PATH (https://www.pulumi.com/docs/install/), or make the Go module proxy "
        "reachable, and run `make setup` again"
    )


def _shown(version: Version | None) -> str:
    return ".".join(str(part) for part in version) if version else "of no known version"


def _install(say: Say) -> Path:
    """The official installer through the Automation API, into a folder beside that is renamed when it is whole."""
    if not _reachable():
        raise EngineError("the official installer is out of reach")
    say(f"engine: installing Pulumi {installed_version('pulumi')} with the official installer, about a minute")
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix="installing-") as scratch:
        root = Path(scratch) / "root"
        failure = _run_installer(root)
        if failure or not is_usable(_version_of(str(root / "bin" / "pulumi"))):
            raise EngineError(f"the official installer failed: {failure or 'it left no usable pulumi'}")
        engine_source.move_into_place(root, official().parent)
    say(f"engine: {official() / 'pulumi'} installed")
    return official()


def _reachable() -> bool:
    """Whether the installer answers; in a process of its own, for a dead name server holds its caller for long."""
    probe = f"import urllib.request; urllib.request.urlopen({INSTALLER!r}, timeout=5).close()"
    return run([sys.executable, "-c", probe], REACH_LIMIT).failure is None


def _run_installer(root: Path) -> str | None:
    """What went wrong, or None. In a process group of its own, so that the limit ends the downloads it starts."""
    command = [sys.executable, "-c", INSTALL, str(root)]
    return run(command, INSTALL_LIMIT).failure


def _build(say: Say) -> Path:
    try:
        engine_source.build(built(), cache(), say)
    except engine_source.BuildError as error:
        raise EngineError(f"building it from Go modules failed: {error}") from error
    return built()


def main() -> int:
    """Get an engine, with progress on standard output; 1 and the reason on standard error when there is none."""

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    signal.signal(signal.SIGTERM, _interrupt)  # as Ctrl-C: the compiler must not outlive this
    try:
        ensure(say)
    except EngineError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped; nothing half was left behind, `make setup` begins anew\n")
        return 130
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
