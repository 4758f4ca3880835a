"""The files for Ansible: ansible-lint's strictest profile, and the role on a host of its own, twice."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "ansible"
TOOLS = Path(sys.executable).parent
# A root of its own that begins as this machine's: what is written there is gone with the namespace.
APART = """
set -e
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/written" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/written,workdir=$1/work" none "$1/root"
for one in /proc /dev /sys "$2"; do mkdir -p "$1/root$one"; mount --rbind "$one" "$1/root$one"; done
root="$1/root"
shift 2
exec chroot "$root" sh -c "$1"
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJoY0000000000000000000000000000000000000000 ci"


def test_ansible_lint_finds_nothing():
    environment = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"}
    command = [str(TOOLS / "ansible-lint"), "--offline", "--profile", "production", "-q", "--nocolor"]
    done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.fixture
def apart(tmp_path: Path) -> Callable[[str], str]:
    """Run a script on a copy of this machine that nobody else sees; what it printed."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None or not Path("/etc/debian_version").exists():
        pytest.skip("the role needs root on a Debian that has docker.io: here it runs on a copy of the machine")
    place = tmp_path / "apart"
    place.mkdir()

    def run(script: str) -> str:
        command = ["unshare", "--mount", "sh", "-c", APART, "sh", str(place), str(ROOT), script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if "mount:" in done.stderr or "unshare:" in done.stderr:
            pytest.skip(f"no overlay of the machine can be made here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_role_prepares_a_host_and_a_second_run_changes_nothing(apart):
    given = {"docker_host_keys": [KEY], "docker_host_secrets": {"db": "canary-of-the-role"}}
    play = (
        f"{TOOLS}/ansible-playbook -v -i /tmp/hosts -c local -e ansible_become=false "
        f"-e ansible_python_interpreter=/usr/bin/python3 -e '{json.dumps(given)}' hosts.yml"
    )
    look = (
        "cat /etc/docker/daemon.json; id deploy; cat ~deploy/.ssh/authorized_keys; "
        "stat -c '%U %g %a %n' /etc/sluice/db ~deploy/.ssh ~deploy/.ssh/authorized_keys; cat /etc/sluice/db >/dev/null"
    )
    inventory = "printf '[docker_hosts]\\nlocalhost\\n' >/tmp/hosts"
    text = apart(
        f"{inventory} && cd {FOLDER} && HOME=/root {play} && echo SECOND && HOME=/root {play} && echo LOOK && {look}"
    )
    first, _, rest = text.partition("SECOND")
    second, _, found = rest.partition("LOOK")
    assert "failed=0" in first
    assert "changed=0" in second
    assert '"live-restore": true' in found
    assert "(docker)" in found
    assert KEY in found
    assert "root 65532 440 /etc/sluice/db" in found
    assert "deploy" in found
    assert "canary-of-the-role" not in text
