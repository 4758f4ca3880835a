"""Fetches the packages of `pins` with pip and apt-get, once: what is in the cache and has its checksum is used again.

Nothing is installed and no root is needed: apt-get works on lists of its own, in the cache, for the suite that is named
in `pins`, whatever release of Debian the machine runs. Its mirror is the machine's own.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from images.errors import ImageError
from images.pins import ARCHITECTURE, SUITE, Deb, Wheel

LIMIT = 600.0  # seconds for each command
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
NEEDS = "on a machine without it, use images/node/alpine/Dockerfile, and Envoy's own image for the router"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Package:
    """A package unpacked into `folder`, as its name and version say it came."""

    name: str
    version: str
    folder: Path


def cache() -> Path:
    """Where fetched packages are kept, for all clones of the project."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sluice" / "images"


def wheel(of: Wheel, into: Path, at: Path, say: Say) -> Package:
    """Fetch the wheel to the cache *at* and unpack it into the new folder *into*; else ImageError."""
    at.mkdir(parents=True, exist_ok=True)
    found = next(at.glob(f"{of.name.replace('-', '_')}-{of.version}-*{of.tag}*.whl"), None)
    if found is None or digest(found) != of.sha256:
        say(f"{of.name} {of.version}: fetching with pip")
        found = _download_wheel(of, at)
    with zipfile.ZipFile(found) as archive:
        archive.extractall(into)
    return Package(of.name, of.version, into)


def deb(of: Deb, into: Path, at: Path, say: Say) -> Package:
    """Fetch the package to the cache *at* and unpack it into the new folder *into*; else ImageError."""
    at.mkdir(parents=True, exist_ok=True)
    with _alone(at):
        found = next((one for one in sorted(at.glob(f"{of.name}_*_{ARCHITECTURE}.deb")) if _is_known(of, one)), None)
        if found is None:
            say(f"{of.name} of Debian {SUITE}: fetching with apt-get")
            found = _download_deb(of, at)
    version = vouched(of, found, say)
    run(["dpkg-deb", "--extract", str(found), str(into)])
    return Package(of.name, version, into)


def vouched(of: Deb, file: Path, say: Say) -> str:
    """The version of a package's file; ImageError when `pins` has another checksum for it; said when it has none."""
    version, found = _version(file), digest(file)
    expected = of.known.get(version)
    if expected is None:
        say(f"{of.name} {version} is none of the versions in images/pins.py ({found}): taken on Debian's signature")
    elif expected != found:
        raise ImageError(
            f"{of.name} {version}: its checksum is {found}, not {expected} as in images/pins.py; remove {file}"
        )
    return version


def digest(file: Path) -> str:
    """A file's SHA-256 in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def run(command: Sequence[str], cwd: Path | None = None, needs: str = "") -> str:
    """What the command printed; ImageError with the last lines of its errors, and *needs*: what to do without it."""
    try:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except FileNotFoundError:
        raise ImageError(f"there is no {command[0]} here" + (f"; {needs}" if needs else "")) from None
    except subprocess.TimeoutExpired:
        raise ImageError(f"{command[0]}: not done after {LIMIT:.0f} s") from None
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise ImageError(f"{command[0]} failed: {last or f'code {done.returncode}'}")
    return done.stdout


@contextmanager
def _alone(at: Path) -> Iterator[None]:
    """Nobody else fetches to the cache *at* meanwhile: apt-get would find its lists locked, and give up."""
    folder = os.open(at, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _download_wheel(of: Wheel, at: Path) -> Path:
    with tempfile.TemporaryDirectory(dir=at) as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"{of.name}=={of.version} --hash=sha256:{of.sha256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps"]
        run(
            [*pip, "--only-binary", ":all:", "--platform", of.tag, "--require-hashes", "-r", str(wanted), "-d", scratch]
        )
        (file,) = Path(scratch).glob("*.whl")
        return file.rename(at / file.name)


def _download_deb(of: Deb, at: Path) -> Path:
    if not KEYRING.exists():
        raise ImageError(f"{of.name} comes from Debian, and {KEYRING} is not here; {NEEDS}")
    options = _apt_options(at / "apt")
    run(["apt-get", *options, "update"])
    with tempfile.TemporaryDirectory(dir=at) as scratch:
        run(["apt-get", *options, "download", f"{of.name}:{ARCHITECTURE}"], Path(scratch))
        (file,) = Path(scratch).glob("*.deb")
        return file.rename(at / file.name)


def _apt_options(folder: Path) -> list[str]:
    """apt-get's options for lists of its own in *folder*, which nothing else on the machine reads or writes."""
    sites = set(run(["apt-get", "indextargets", "--format", "$(SITE)"], needs=NEEDS).split())
    mirror = next((site for site in sorted(sites) if site.rstrip("/").endswith("/debian")), None)
    if mirror is None:
        raise ImageError(f"apt-get here knows no mirror of Debian; {NEEDS}")
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(f"deb [arch={ARCHITECTURE} signed-by={KEYRING}] {mirror} {SUITE} main\n")
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",  # else root hands over to a user who cannot write here
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "APT::Get::List-Cleanup": "false",
    }
    return ["--quiet", *(f"-o{name}={value}" for name, value in settings.items())]


def _is_known(of: Deb, file: Path) -> bool:
    return of.known.get(_version(file)) == digest(file)


def _version(file: Path) -> str:
    return run(["dpkg-deb", "--field", str(file), "Version"]).strip()
