"""Envoy as a child process: it starts or says why not, and never stays behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rehearsal.cloud.proxy import BalancerError, Proxy
from rollout.envoy.resources import bootstrap, document
from tests.patience import eventually

ROOT = Path(__file__).parents[3]
STARTER = """
import signal, sys, time
from pathlib import Path
from rehearsal.cloud.balancer import Balancer
signal.signal(signal.SIGINT, signal.SIG_IGN)
balancer = Balancer(Path(sys.argv[1]))
balancer.start()
print(balancer.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that Envoy starts from."""
    (tmp_path / "bootstrap.json").write_text(json.dumps(bootstrap(str(tmp_path), 0)))
    for file in ("cds.json", "lds.json"):
        (tmp_path / file).write_text(document([])[0])
    return tmp_path


@pytest.fixture
def proxy(folder: Path) -> Iterator[Proxy]:
    one = Proxy(folder)
    yield one
    one.stop()


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """A process, the first of a group as one started from a terminal, and the Envoy that it started."""
    command = [sys.executable, "-c", STARTER, str(tmp_path / "balancer")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        assert process.stdout
        envoy = psutil.Process(int(process.stdout.readline()))
        yield process, envoy
        process.kill()


def test_it_answers_once_started_and_is_gone_once_stopped(proxy):
    proxy.start()
    assert proxy.ask("/ready") == "LIVE\n"
    envoy = psutil.Process(proxy.pid)
    proxy.stop()
    assert not envoy.is_running()
    proxy.stop()


def test_its_admin_page_is_on_loopback_only(proxy):
    proxy.start()
    listening = psutil.Process(proxy.pid).net_connections()
    assert [(one.laddr.ip, one.laddr.port) for one in listening if one.status == psutil.CONN_LISTEN] == [
        ("127.0.0.1", proxy.admin)
    ]


def test_a_killed_starter_takes_envoy_with_it(starter):
    process, envoy = starter
    assert envoy.is_running()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: not envoy.is_running() or envoy.status() == psutil.STATUS_ZOMBIE, "Envoy has ended")


def test_the_terminals_ctrl_c_does_not_reach_envoy(starter):
    process, envoy = starter
    os.killpg(process.pid, signal.SIGINT)
    assert os.getpgid(envoy.pid) != process.pid
    assert os.getsid(envoy.pid) != os.getsid(process.pid)
    assert process.poll() is None
    assert envoy.is_running()


def test_what_envoy_refuses_at_the_start_is_told(proxy, folder):
    (folder / "bootstrap.json").write_text('{"node": {"id": "x"}, "nonsense": 1}')
    with pytest.raises(BalancerError, match=r"did not start.*nonsense"):
        proxy.start()


def test_an_envoy_that_ended_is_told_with_its_end(proxy):
    proxy.start()
    os.kill(proxy.pid, signal.SIGKILL)

    def told() -> bool:
        with pytest.raises(BalancerError, match="does not answer") as error:
            proxy.ask("/ready")
        return "it ended with code -9" in str(error.value)

    eventually(told, "its end is told")


def test_of_what_envoy_said_the_reason_of_its_end_comes_first_else_the_last(proxy, folder):
    log = folder / "envoy.log"
    log.write_text("[warning] a\n[warning] b\n[error] c\n[error] d\n")
    assert proxy.said(0) == "[warning] b [error] c [error] d"
    since = proxy.heard()
    with log.open("a") as more:
        more.write("[critical] why\n[error] #0 0x1234\n[critical] #1 0x5678\n")
    assert proxy.said(since) == "[critical] why"


def test_a_page_that_is_not_there_is_an_error(proxy):
    proxy.start()
    with pytest.raises(BalancerError, match="answered 404 to /nothing"):
        proxy.ask("/nothing")


def test_before_the_start_there_is_no_process(proxy):
    with pytest.raises(BalancerError, match="call start"):
        _ = proxy.pid
    proxy.stop()
