"""A daemon behind ssh, as the real provider reaches it: one `ssh … docker system dial-stdio` a connection.

The SDK speaks to a socket of our own, whose connections are handed to ssh as its input and output. So nothing but the
system's ssh is needed here, and the docker command there.
"""

import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

CONNECT = ("-o", "ConnectTimeout=30", "-T")


def command(host: str, options: Sequence[str]) -> list[str]:
    """The ssh command for `ssh://user@host:port`."""
    parts = urlsplit(host)
    user = ["-l", parts.username] if parts.username else []
    port = ["-p", str(parts.port)] if parts.port else []
    remote = ["--", parts.hostname or "", "docker", "system", "dial-stdio"]
    return ["ssh", *user, *port, *options, *CONNECT, *remote]


class Tunnel:
    """Listens until the process ends. `complaint`: what ssh said last, empty while all is well."""

    def __init__(self, host: str, options: Sequence[str]) -> None:
        self._command = command(host, options)
        self._folder = Path(tempfile.mkdtemp(prefix="sluice-ssh-"))
        self.path = self._folder / "docker.sock"
        self.complaint = ""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        """What the SDK connects to."""
        return f"unix://{self.path}"

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        with connection:
            end = connection.fileno()
            ssh = subprocess.Popen(self._command, stdin=end, stdout=end, stderr=subprocess.PIPE)
            _, said = ssh.communicate()
            if ssh.returncode:  # known before the SDK sees the end of the connection
                self.complaint = " ".join(said.decode(errors="replace").split())
