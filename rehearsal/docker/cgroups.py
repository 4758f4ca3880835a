"""Control groups as a daemon needs them, also inside a container or a small virtual machine without an init system.

Version 1 is used as it is. Version 2 hands its controllers down only where no process is in the way, and inside a
container the processes are: they move into a group of their own, as in Docker's own `dind`. None mounted: version 2 is.
"""

import subprocess
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MOUNTS = Path("/proc/mounts")
ASIDE = "init"


def prepare(root: Path = ROOT, mounts: Path = MOUNTS) -> None:
    """Have control groups at *root*. OSError when the kernel refuses."""
    kind = mounted(mounts.read_text(), root)
    if kind is None:
        done = subprocess.run(
            ["mount", "-t", "cgroup2", "cgroup2", str(root)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise OSError(f"no control groups are mounted, and mounting them failed: {done.stderr.strip()}")
        kind = "cgroup2"
    if kind == "cgroup2":
        hand_down(root)


def mounted(table: str, root: Path) -> str | None:
    """Which version /proc/mounts has at *root* or right below it: `cgroup2`, `cgroup`, or None.

    Both may be there; then version 1 has the controllers.
    """
    entries = [line.split()[1:3] for line in table.splitlines()]
    if any(kind == "cgroup" and Path(place).parent == root for place, kind in entries):
        return "cgroup"
    return "cgroup2" if [str(root), "cgroup2"] in entries else None


def hand_down(root: Path) -> None:
    """Let groups below *root* have every controller that it has."""
    has = (root / "cgroup.controllers").read_text().split()
    given = (root / "cgroup.subtree_control").read_text().split()
    if missing := [one for one in has if one not in given]:
        wanted = " ".join(f"+{one}" for one in missing)
        try:
            (root / "cgroup.subtree_control").write_text(wanted)
        except OSError:
            move_aside(root)
            (root / "cgroup.subtree_control").write_text(wanted)


def move_aside(root: Path) -> None:
    """Move the processes that are in *root* itself into a group below it."""
    aside = root / ASIDE
    aside.mkdir(exist_ok=True)
    for process in (root / "cgroup.procs").read_text().split():
        try:
            (aside / "cgroup.procs").write_text(process)
        except OSError:
            continue  # ended meanwhile, or the kernel's own
