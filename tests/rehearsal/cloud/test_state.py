"""The record of a cloud, and what is ended by it."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest

from rehearsal.cloud import state
from rehearsal.cloud.children import Child, child, end, group
from rehearsal.cloud.state import State
from tests.patience import PATIENCE

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


@pytest.fixture
def start(tmp_path):
    """Starts processes in groups of their own, with the environment of a cloud's child; ends them."""
    started = []

    def run(*command, home=tmp_path):
        environment = {**os.environ, "SLUICE_REHEARSAL": str(home)}
        process = subprocess.Popen(
            command or SLEEP, env=environment, stdout=subprocess.PIPE, start_new_session=True, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline()
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def of(daemon, *children):
    return State(daemon, "http://127.0.0.1:1", "http://127.0.0.1:2", 3, children, None)


def test_what_is_written_is_read(tmp_path):
    held = of(Child(1, 2.5), Child(3, 4.5))
    state.write(tmp_path, held)
    assert state.read(tmp_path) == held


def test_the_file_has_what_other_programs_read(tmp_path):
    state.write(tmp_path, of(Child(1, 2.5), Child(3, 4.5)))
    held = json.loads((tmp_path / "state.json").read_text())
    assert held == {
        "pid": 1,
        "born": 2.5,
        "endpoint": "http://127.0.0.1:1",
        "url": "http://127.0.0.1:2",
        "admin": 3,
        "children": [{"pid": 3, "born": 4.5}],
        "error": None,
    }


def test_nothing_written_is_nothing_running(tmp_path):
    assert state.read(tmp_path) is None
    assert state.running(tmp_path) is None
    assert state.holder(tmp_path) is None
    assert state.end_all(tmp_path) == []


def test_a_cloud_runs_while_its_daemon_does(tmp_path, start):
    process = start()
    held = of(child(process.pid))
    state.write(tmp_path, held)
    assert state.running(tmp_path) == held
    process.kill()
    process.wait()
    assert state.running(tmp_path) is None


def test_a_process_that_has_the_id_by_now_is_not_ours(tmp_path, start):
    process = start()
    born = child(process.pid).born
    state.write(tmp_path, of(Child(process.pid, born - 100), Child(process.pid, born - 100)))
    assert state.running(tmp_path) is None
    assert state.end_all(tmp_path) == []
    assert process.poll() is None


def test_the_children_of_a_dead_daemon_are_ended(tmp_path, start):
    process = start()
    state.write(tmp_path, of(Child(process.pid, 1.0), child(process.pid)))
    assert state.end_all(tmp_path) == []
    assert process.wait(PATIENCE) != 0
    assert state.read(tmp_path) is None


def test_what_a_dead_child_started_is_ended_but_nothing_of_another_cloud(tmp_path, start):
    started = 'subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)'
    code = f"import subprocess, time; print({started}.pid, flush=True); time.sleep(600)"
    leader = start(sys.executable, "-c", code)
    recorded = child(leader.pid)
    (orphan,) = psutil.Process(leader.pid).children()
    leader.kill()
    leader.wait()
    assert group(recorded, "/another/home") == []
    assert group(recorded, str(tmp_path)) == [orphan]
    assert end([orphan], grace=1.0) == []


def test_one_that_ignores_sigterm_is_killed(start):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    process = start(sys.executable, "-c", code)
    began = time.monotonic()
    assert end([psutil.Process(process.pid)], grace=0.3) == []
    assert process.wait(PATIENCE) == -9
    assert time.monotonic() - began >= 0.3


def test_one_daemon_a_home(tmp_path):
    me = child(os.getpid())
    with state.exclusive(tmp_path, me) as first, state.exclusive(tmp_path, Child(1, 1.0)) as second:
        assert (first, second) == (True, False)
        assert state.holder(tmp_path) == me
    with state.exclusive(tmp_path, me) as again:
        assert again
