"""The database's password on a Docker host: made there once, and lent to slices as a file of their own.

In: the host, images. Out: files on a volume. No value is in any state, environment, argument or log.

The volume is on the host's disk, beside that of the data. On a tmpfs the password would be gone after a restart of the
host, when every slice starts again by itself, and would be kept from nobody who can read the data all the same.
"""

import secrets
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from components.config_data import DATABASE
from components.docker import archive, names, volumes
from components.docker.host import Host
from rollout.errors import RefusedError

FOLDER = "/run/sluice"  # no secret of a release can be mounted there
FILE = "password"


@dataclass(frozen=True)
class Password:
    """That of *service*'s database on *host*."""

    service: str
    host: Host
    _one_by_one: threading.Lock = field(default_factory=threading.Lock)

    def make(self, image: str, user: int) -> None:
        """Put one on the volume, for *user*'s eyes, where there is none."""
        with self._lent(image) as lent:
            if lent.read(FILE) is None:
                lent.put(archive.packed({FILE: secrets.token_hex(32)}, user, folder=None))

    def lend(self, image: str, user: int, version: str) -> None:
        """A file for PGPASSFILE that *user*, who runs *version*, may read; one that is there stays."""
        with self._one_by_one, self._lent(image) as lent:
            made = lent.read(FILE)
            if made is None:
                raise RefusedError(
                    f"the database's password is gone from the volume {names.password(self.service)} on "
                    f"{self.host.url}; docs/data.md says how to give it another one"
                )
            line = f"*:*:*:{DATABASE}:{made[1]}\n"
            found = lent.read(file(version))
            if found is None or (found[0].uid, found[1]) != (user, line):
                lent.put(archive.packed({file(version): line}, user, folder=None))

    def _lent(self, image: str) -> AbstractContextManager[volumes.Lender]:
        return volumes.lender(self.host, image, names.password(self.service), FOLDER)


def file(version: str) -> str:
    """The name of the file that *version*'s slice is lent."""
    return f"pgpass-{version}"
