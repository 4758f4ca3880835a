"""A command on a leash takes the place of the process that started it, and goes when its starter does."""

import os
import select
import subprocess
import sys

from rehearsal.cloud import leash
from tests.patience import PATIENCE

# Starts a sleeping command on a leash in a middle process, prints the command's id, and ends.
MIDDLE = f"""
import os, subprocess, sys
leash = [sys.executable, "-I", "-S", {leash.__file__!r}, str(os.getpid())]
command = subprocess.Popen([*leash, sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"],
                           stdout=subprocess.PIPE)
command.stdout.readline()
print(command.pid, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), 9)
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", leash.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_command_keeps_the_process_and_its_output_and_code():
    code = "import os, sys; print(os.getppid()); sys.exit(7)"
    ended = run(str(os.getpid()), sys.executable, "-c", code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, f"{os.getpid()}\n", "")


def test_a_starter_that_is_gone_already_starts_nothing():
    ended = run("1", sys.executable, "-c", "print('started')")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "gone" in ended.stderr


def test_the_command_is_killed_when_its_starter_is():
    with subprocess.Popen([sys.executable, "-c", MIDDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as middle:
        assert middle.stdout
        pid = int(middle.stdout.readline())
        gone = os.pidfd_open(pid)
        middle.communicate(b"end\n", timeout=PATIENCE)
    try:
        assert select.select([gone], [], [], PATIENCE)[0], "it is still there"
    finally:
        os.close(gone)
