"""A machine that has Docker: runs the container of a release's unit, as systemd would on an instance.

In: the unit and the release's variables in the environment, as user data wrote them, and DOCKER_HOST. Out: the
container at HOST and PORT, by `docker run` as the unit has it, under a name of its own; SIGTERM reaches it, and it
leaves no later than this process, be that by SIGKILL.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

from rehearsal.cloud.boot import UNIT

START = "ExecStart="
# It waits for the end of its input, which comes with the end of whoever started it; in a session and with an
# environment of its own, so that nobody takes it for a part of the machine.
JANITOR = 'cat >/dev/null; exec docker rm --force "$0" >/dev/null 2>&1'


def command(unit: str, port: str) -> list[str]:
    """What *unit* starts, with a name that no other machine's container on the same daemon has; ValueError."""
    found = [line.removeprefix(START) for line in unit.splitlines() if line.startswith(START)]
    if len(found) != 1 or not found[0].startswith("/usr/bin/docker run "):
        raise ValueError("the user data has no unit that runs a container: the release names no image")
    _, *words = shlex.split(found[0])
    at = words.index("--name") + 1
    return ["docker", *words[:at], name(port), *words[at + 1 :]]


def name(port: str) -> str:
    """The container's."""
    return f"sluice-machine-{port}"


def main(environment: Mapping[str, str]) -> None:
    """Become the container's `docker run`."""
    try:
        words = command(environment.get(UNIT, ""), environment["PORT"])
    except ValueError as error:
        sys.exit(f"error: {error}")
    own = name(environment["PORT"])
    subprocess.run(["docker", "rm", "--force", own], check=False, capture_output=True)
    reach = {key: environment[key] for key in ("PATH", "DOCKER_HOST") if key in environment}
    janitor = subprocess.Popen(["sh", "-c", JANITOR, own], env=reach, stdin=subprocess.PIPE, start_new_session=True)
    assert janitor.stdin is not None
    os.set_inheritable(janitor.stdin.fileno(), True)
    os.execvp(words[0], words)


if __name__ == "__main__":
    main(os.environ)
