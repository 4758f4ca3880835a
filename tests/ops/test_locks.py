"""The engine's locks: read off its refusal, and dead when their process is."""

import os
import socket
import subprocess
import time
from dataclasses import replace

import psutil
import pytest

from ops.locks import Lock, parse
from rollout.mark import Mark, Owner

REFUSAL = """\
the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with \
`pulumi cancel`.
  s3://our state/.pulumi/locks/organization/sluice/prod/3f.json: created by ann@laptop.local (pid 4711) at \
2026-11-25T03:00:00Z
  file:///srv/.pulumi/locks/organization/sluice/prod/aa.json?no_tmp_dir=true: created by CORP\\bob b@ci (pid 12) at \
2026-11-25T05:00:01+02:00"""
AT = 1_795_575_600.0
MINE = Lock("ann", socket.gethostname(), os.getpid(), time.time())


def test_each_lock_is_read_off_the_refusal():
    assert parse(REFUSAL) == [Lock("ann", "laptop.local", 4711, AT), Lock("CORP\\bob b", "ci", 12, AT + 1)]


def test_another_refusal_names_none():
    assert parse("a stack named prod already exists") == []


def test_a_process_that_runs_holds_its_lock():
    assert not MINE.is_dead()


def test_one_that_is_gone_does_not():
    pid = next(number for number in range(300_000, 4_000_000) if not psutil.pid_exists(number))
    assert replace(MINE, pid=pid).is_dead()


def test_a_later_process_with_the_same_pid_does_not():
    assert replace(MINE, since=psutil.Process().create_time() - 100).is_dead()


def test_one_that_ended_and_was_not_waited_for_does_not():
    with subprocess.Popen(["sleep", "60"]) as process:
        lock = replace(MINE, pid=process.pid, since=time.time())
        assert not lock.is_dead()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert lock.is_dead()


@pytest.mark.parametrize(
    ("owner", "dead"),
    [
        (None, False),
        (Owner("ann", "elsewhere", 1, 1), True),
        (Owner("bob", "elsewhere", 1, 1), False),
        (Owner("ann", "ci", 1, 1), False),
    ],
)
def test_of_another_host_only_a_walk_that_was_cut_short_there_tells(owner, dead):
    mark = Mark("dead1234", {}, {}, owner, 0) if owner else None
    assert replace(MINE, host="elsewhere").is_dead(mark) is dead
