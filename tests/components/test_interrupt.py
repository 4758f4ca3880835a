"""SIGINT: the program ends as soon as it has nothing to put back. Each in a process of its own, since it ends that."""

import subprocess
import sys

import pytest

from tests.configs import ROOT
from tests.patience import PATIENCE

BEGIN = """
import asyncio, os, signal, time
from components.interrupt import Interrupt
interrupt = Interrupt()
interrupt.listen()
"""
IDLE = """
os.kill(os.getpid(), signal.SIGINT)
time.sleep(600)
print("still here")
"""
HOLDING = """
async def main():
    with interrupt.holding():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.01)
        print("put back" if interrupt.stop.is_set() else "not asked", flush=True)
    await asyncio.sleep(600)
    print("still here")
asyncio.run(main())
"""
TWO = """
async def work(seconds):
    with interrupt.holding():
        await asyncio.sleep(seconds)
        print("put back", flush=True)
async def main():
    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.gather(work(0.1), work(0.6), asyncio.sleep(600))
asyncio.run(main())
"""
DONE = """
async def main():
    with interrupt.holding():
        print("worked", flush=True)
    await asyncio.sleep(0.5)
    print("goes on", flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        pytest.param(IDLE, 32, "", id="at once when nothing is held"),
        pytest.param(HOLDING, 32, "put back\n", id="after what is held was put back, however often one asks"),
        pytest.param(TWO, 32, "put back\nput back\n", id="after the last of several was put back"),
        pytest.param(DONE, 0, "worked\ngoes on\n", id="not at all when nobody asked"),
    ],
)
def test_the_program_ends(program, code, said):
    command = [sys.executable, "-c", BEGIN + program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, said, "")
