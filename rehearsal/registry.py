"""A real registry of images on loopback: Debian's `docker-registry`, started and ended.

In: a home folder, and perhaps a user whose password every request then has to carry. Out: `127.0.0.1:PORT`, which
Docker trusts without TLS. What was pushed, and the port, which is a part of every image's name, outlive a restart.
Manifests may be deleted. RegistryError says what is missing and what to do.
"""

import contextlib
import ctypes
import json
import os
import secrets
import string
import time
from pathlib import Path

from rehearsal.cloud.children import Child, child, end
from rehearsal.cloud.loopback import LOOPBACK, answers, free
from rehearsal.files import replace
from rehearsal.registry_client import LOG, Registry, RegistryError, User
from rehearsal.registry_program import program

RECORD, CONFIG, USERS, DATA = "registry.json", "registry.yml", "users", "data"
START = 20.0  # seconds
GRACE = 10.0
LOOK = 0.02


def start(home: Path, user: User | None = None) -> Registry:
    """Start the registry of *home*, at the port that it had before, and wait until it answers; the one that runs stays.

    *user*: the only one whom it then answers. To change that, stop it first.
    """
    command = program()
    home.mkdir(parents=True, exist_ok=True)
    port, process = _read(home)
    if process and process.is_alive():
        return Registry(home, port, user)
    port = port or free()
    if answers(port):
        raise RegistryError(
            f"something else listens on {LOOPBACK}:{port}, the port of the registry in {home}; end that"
        )
    replace(home / CONFIG, json.dumps(_config(home, port, user)))
    process = _spawn([command, "serve", str(home / CONFIG)], home / LOG)
    replace(home / RECORD, json.dumps({"port": port, "pid": process.pid, "born": process.born}))
    until = time.monotonic() + START
    while not answers(port):
        if not process.is_alive() or time.monotonic() > until:
            stop(home)
            last = (home / LOG).read_text(errors="replace").strip().splitlines()[-3:]
            raise RegistryError("the registry does not start: " + "\n".join(last))
        time.sleep(LOOK)
    return Registry(home, port, user)


def stop(home: Path) -> bool:
    """End the registry of *home*; whether one ran. What was pushed stays, and so does the port."""
    _, process = _read(home)
    running = process.process() if process else None
    if running is None:
        return False
    if end([running], GRACE):
        raise RegistryError(f"the registry of {home}, process {running.pid}, does not end")
    with contextlib.suppress(ChildProcessError):  # another process may have started it
        os.waitpid(running.pid, 0)
    return True


def _spawn(command: list[str], log: Path) -> Child:
    """Start what is to outlive this process; a Popen object would complain of being forgotten."""
    with open(os.devnull) as nothing, log.open("wb") as said:
        ends = [
            (os.POSIX_SPAWN_DUP2, opened.fileno(), number) for opened, number in ((nothing, 0), (said, 1), (said, 2))
        ]
        return child(os.posix_spawn(command[0], command, os.environ, file_actions=ends, setsid=True))


def _config(home: Path, port: int, user: User | None) -> dict[str, object]:
    """The registry's own file; YAML reads JSON."""
    if user:
        replace(home / USERS, f"{user.name}:{_hashed(user.password)}\n")
    return {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(home / DATA)},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f"{LOOPBACK}:{port}", "secret": secrets.token_hex(16)},
        **({"auth": {"htpasswd": {"realm": "registry", "path": str(home / USERS)}}} if user else {}),
    }


def _hashed(password: str) -> str:
    """bcrypt, the only kind that the registry takes, by the system's libcrypt: Python has none of its own any more."""
    try:
        library = ctypes.CDLL("libcrypt.so.1")
    except OSError:
        raise RegistryError("a user's password needs libcrypt.so.1 (on Debian: apt-get install libcrypt1)") from None
    library.crypt.restype = ctypes.c_char_p
    letters = string.ascii_letters + string.digits
    salt = "$2b$05$" + "".join(secrets.choice(letters) for _ in range(21)) + "u"
    found = library.crypt(password.encode(), salt.encode())
    if not found or not found.startswith(b"$2b$"):
        raise RegistryError("libcrypt.so.1 here knows no bcrypt, which the registry's passwords need")
    return found.decode()


def _read(home: Path) -> tuple[int, Child | None]:
    """The port it has, 0 for none yet; and its process when it was last started."""
    try:
        held = json.loads((home / RECORD).read_text())
    except FileNotFoundError:
        return 0, None
    return held["port"], Child(held["pid"], held["born"])
