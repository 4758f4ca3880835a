"""The provider's process: found on PATH, quick to start, gone with its engine; and it ends when told."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE, eventually

BIN = Path(__file__).resolve().parents[3] / "rehearsal" / "bin"


@pytest.fixture(params=["pulumi-resource-aws", "docker/pulumi-resource-docker"])
def command(request: pytest.FixtureRequest) -> Path:
    """Each of the stand-ins."""
    return BIN / request.param


@pytest.fixture
def process(command: Path):
    """A provider whose engine is this process."""
    with subprocess.Popen([sys.executable, command, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True) as one:
        yield one
        one.kill()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_the_engine_ends_it(process: subprocess.Popen[str], signum: int) -> None:
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signum)
    assert process.wait(PATIENCE) == 0


def test_it_ends_itself_when_the_engine_is_gone(command: Path) -> None:
    engine = f"import subprocess, sys; p = subprocess.Popen([{sys.executable!r}, {str(command)!r}, '127.0.0.1:1'])"
    script = f"{engine}; print(p.pid, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        provider = psutil.Process(int(parent.stdout.readline()))
        assert parent.stdout.readline().strip().isdigit()  # the port: it serves
        parent.kill()
    eventually(lambda: not provider.is_running() or provider.status() == psutil.STATUS_ZOMBIE, "it ends")
