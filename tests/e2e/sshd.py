"""A real sshd on loopback that lets one key in, with a Docker daemon behind it: what tests of a host over ssh stand on.

Root's sshd wants a user of its own, a folder, and an account that is not locked. It gets them in a mount namespace,
where the daemon's socket also lies where every `docker` looks for it: of the machine itself nothing is changed.
"""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from rehearsal import debian, engine
from rehearsal.cloud.loopback import LOOPBACK, answers, free
from rehearsal.docker.hosts import DEFAULT
from rehearsal.docker.packages import path
from tests.patience import eventually

PACKAGES = ("openssh-server", "libwrap0")
USERS = {
    "passwd": "root:x:0:0::{folder}:/bin/sh\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n",
    "shadow": "root:*:20000:0:99999:7:::\nsshd:*:20000:0:99999:7:::\n",
}
CONFIG = """
ListenAddress {address}:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""
APART = """
set -e
mount --bind "$2" "$1/socket"
mount -t tmpfs none /run
mkdir -m 755 /run/sshd
touch /run/docker.sock
mount --bind "$1/socket" /run/docker.sock
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/shadow" /etc/shadow
shift 2
exec "$@"
"""


@dataclass
class Sshd:
    """`options`: what ssh needs to get in."""

    folder: Path
    command: list[str]
    environment: dict[str, str]
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """As in `sluice:docker.host`."""
        return f"ssh://{getpass.getuser()}@{LOOPBACK}:{self.port}"

    @property
    def options(self) -> list[str]:
        """As in `sluice:docker.ssh`."""
        hosts = f"UserKnownHostsFile={self.folder}/hosts"
        return ["-F", "none", "-i", f"{self.folder}/user", "-o", hosts]

    def start(self) -> None:
        """Let it listen."""
        with (self.folder / "sshd.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True
            )
        eventually(lambda: answers(self.port) or self._ended(), "sshd listens")
        assert not self._ended(), (self.folder / "sshd.log").read_text()

    def kill(self) -> None:
        """SIGKILL to it and to all that it started."""
        if self.process is None:
            return
        listener = psutil.Process(self.process.pid)
        for one in [listener, *listener.children(recursive=True)]:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                continue  # a session that ended by itself
        self.process.wait()
        self.process = None

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


@contextmanager
def serving(folder: Path, docker_host: str) -> Iterator[Sshd]:
    """An sshd with the daemon at *docker_host* behind it, while the block runs; skipped where none can be had."""
    for command in ("ssh", "ssh-keygen", "docker"):
        if shutil.which(command) is None:
            pytest.skip(f"a host over ssh needs the command {command}, and it is not here")
    program, environment, extra = _program()
    port = free()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "hosts").write_text(f"[{LOOPBACK}]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "config").write_text(CONFIG.format(folder=folder, address=LOOPBACK, port=port) + extra)
    command = _apart(folder, docker_host, [program, "-D", "-e", "-f", str(folder / "config")])
    sshd = Sshd(folder, command, environment, port)
    try:
        sshd.start()
        yield sshd
    finally:
        sshd.kill()


def _program() -> tuple[str, dict[str, str], str]:
    """sshd's path, the environment that it needs, and more of its configuration."""
    if found := shutil.which("sshd", path=path()):
        return found, dict(os.environ), ""
    try:
        tree = debian.unpacked(PACKAGES, engine.cache().parent / "debian" / PACKAGES[0])
    except debian.DebianError as error:
        pytest.skip(f"sshd is not installed (Debian's package is {PACKAGES[0]}), and cannot be fetched: {error}")
    libraries = os.pathsep.join(str(one) for one in tree.glob("**/*-linux-gnu*") if one.is_dir())
    helpers = {"SshdSessionPath": "sshd-session", "SshdAuthPath": "sshd-auth"}  # from OpenSSH 9.8 on
    at = {option: tree / "usr/lib/openssh" / name for option, name in helpers.items()}
    extra = "".join(f"{option} {file}\n" for option, file in at.items() if file.exists())
    return str(tree / "usr/sbin/sshd"), {**os.environ, "LD_LIBRARY_PATH": libraries}, extra


def _apart(folder: Path, docker_host: str, command: list[str]) -> list[str]:
    """*command*, so that it finds what it needs."""
    if os.geteuid() != 0:
        if docker_host != DEFAULT:
            pytest.skip(f"without root the daemon behind sshd has to be the one at {DEFAULT}")
        return command
    for name, text in USERS.items():
        (folder / name).write_text(text.format(folder=folder))
    (folder / "socket").touch()
    apart = ["unshare", "--mount", "sh", "-c", APART, "sh", str(folder), docker_host.removeprefix("unix://")]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root's sshd needs a mount namespace, which cannot be made here")
    return [*apart, *command]
