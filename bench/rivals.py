"""Two ways to release a container that need no program of ours, each as well done as its means allow.

In: a Docker host, images by digest. Out: `Restart`, which stops the old container and starts the new one at the same
port; `Nginx`, which starts the new one, waits until it is healthy, names it in nginx's config, reloads, and stops the
old one when it had its time to finish.
"""

import os
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError, check_output

from bench import debian
from bench.ground import BenchError
from bench.turns import Stamps
from rehearsal.cloud.loopback import LOOPBACK, free

PORT = 8080
READY = 30.0  # seconds
LOOK = 0.01
# The same bounds as ours have.
BOUNDS = ("--cpus=0.5", "--memory=256m", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL")
CONFIG = """worker_processes auto;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path /tmp/1; proxy_temp_path /tmp/2; fastcgi_temp_path /tmp/3; uwsgi_temp_path /tmp/4;
  scgi_temp_path /tmp/5;
  upstream shop { server %s:8080; keepalive 32; }
  server {
    listen 8080;
    location / {
      proxy_pass http://shop;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
"""


class Shell:
    """The docker command on one host, and the containers named `bench-…` that it was asked to run."""

    def __init__(self, host: str, network: str, images: Mapping[str, str]) -> None:
        self._environment = {**os.environ, "DOCKER_HOST": host}
        self._network = network
        self._images = images

    def docker(self, *arguments: str) -> str:
        """What `docker ARGUMENTS` prints; BenchError when it fails."""
        try:
            return check_output(["docker", *arguments], env=self._environment, stderr=-2, text=True).strip()
        except CalledProcessError as error:
            raise BenchError(f"docker {' '.join(arguments)}: {error.output}") from None

    def start(self, name: str, *told: str) -> None:
        """`docker run` on the network; what is stopped is removed."""
        self.docker("run", "--detach", "--rm", "--name", name, f"--network={self._network}", *told)

    def run(self, name: str, version: str, *options: str) -> Stamps:
        """Run *version* as *name*, and wait until it is healthy."""
        begun = time.monotonic()
        self.start(name, f"--env=SLUICE_VERSION={version}", *BOUNDS, *options, self._images[version])
        started = time.monotonic()
        await_ok(f"http://{self.address(name)}/healthz")
        return Stamps(started - begun, time.monotonic() - started)

    def address(self, name: str) -> str:
        """The container's address and port on its network."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return f"{self.docker('inspect', '--format', form, name)}:{PORT}"

    def stop(self, name: str, drain: float) -> None:
        """SIGTERM, and *drain* seconds to finish."""
        self.docker("stop", "--time", f"{drain:g}", name)

    def lift(self, name: str) -> None:
        """Let the container use every processor."""
        self.docker("update", f"--cpus={os.cpu_count()}", name)


def await_ok(url: str) -> None:
    """Wait until *url* answers 200."""
    until = time.monotonic() + READY
    while time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(LOOK)
    raise BenchError(f"{url} does not answer within {READY:g} s")


class Restart:
    """`docker stop; docker run`, at the same published port."""

    name = "docker stop; docker run"

    def __init__(self, shell: Shell, drain: float) -> None:
        self._shell, self._drain = shell, drain
        self._port = free()
        self._serves = ""
        self.url = f"http://{LOOPBACK}:{self._port}/"

    def up(self, version: str) -> None:
        """The first container."""
        self._start(version)

    def release(self, version: str) -> Stamps:
        """Stop, then run."""
        self._shell.stop(self._serves, self._drain)
        return self._start(version)

    def direct(self) -> str:
        """Past the published port."""
        return f"http://{self._shell.address(self._serves)}/"

    def lift(self) -> None:
        """No limit of processors."""
        self._shell.lift(self._serves)

    def down(self) -> None:
        """Stop it."""
        if self._serves:
            self._shell.stop(self._serves, 1)

    def _start(self, version: str) -> Stamps:
        self._serves = f"bench-restart-{version}"
        return self._shell.run(self._serves, version, f"--publish={LOOPBACK}:{self._port}:{PORT}")


class Nginx:
    """nginx before the containers: its config is written anew, then `nginx -s reload`."""

    name = "nginx -s reload"
    container = "bench-nginx"

    def __init__(self, shell: Shell, drain: float, folder: Path) -> None:
        self._shell, self._drain, self._folder = shell, drain, folder
        self._port = free()
        self._serves = ""
        self.url = f"http://{LOOPBACK}:{self._port}/"

    def up(self, version: str) -> None:
        """The first container, then nginx."""
        self._folder.mkdir(parents=True)
        self._start(version)
        self._write()
        mount = f"--volume={self._folder}:/etc/nginx/conf:ro"
        at = (f"--publish={LOOPBACK}:{self._port}:8080", "--tmpfs=/tmp", "--read-only", mount)
        self._shell.start(self.container, *at, debian.IMAGE)
        await_ok(self.url)

    def release(self, version: str) -> Stamps:
        """Start, move, let finish, stop."""
        old = self._serves
        stamps = self._start(version)
        asked = time.time()
        self._write()
        self._shell.docker(
            "exec", self.container, "/usr/sbin/nginx", "-c", "/etc/nginx/conf/nginx.conf", "-s", "reload"
        )
        time.sleep(self._drain)
        self._shell.stop(old, self._drain)
        return Stamps(stamps.start, stamps.ready, asked)

    def direct(self) -> str:
        """Past nginx."""
        return f"http://{self._shell.address(self._serves)}/"

    def lift(self) -> None:
        """No limit of processors."""
        self._shell.lift(self._serves)

    def down(self) -> None:
        """Stop both."""
        for name in filter(None, (self.container, self._serves)):
            with suppress(BenchError):  # what never started
                self._shell.stop(name, 1)

    def _start(self, version: str) -> Stamps:
        name = f"bench-upstream-{version}"
        stamps = self._shell.run(name, version)
        self._serves = name
        return stamps

    def _write(self) -> None:
        beside = self._folder / "nginx.new"
        beside.write_text(CONFIG % self._shell.address(self._serves).removesuffix(f":{PORT}"))
        beside.rename(self._folder / "nginx.conf")
