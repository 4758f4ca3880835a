"""Signals reach the engine as SIGINT, once each, and only through the relay."""

import os
import signal
import subprocess
import sys

import pytest

from ops.relay import SIGNALS, Relay

COUNTER = """
import signal, sys
def count(*_): print("INT", flush=True)
signal.signal(signal.SIGINT, count)
signal.signal(signal.SIGTERM, lambda *_: print("TERM", flush=True))
print("ready", flush=True)
for line in sys.stdin: break
print("end", flush=True)
"""


def start() -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COUNTER]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_arrives_once_as_sigint(number):
    with Relay() as relay, start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        relay.started(process)
        os.kill(os.getpid(), number)
        assert process.stdout.readline() == "INT\n"
        rest, _ = process.communicate("\n")
    assert rest == "end\n"
    assert relay.received == 1


def test_a_signal_from_before_the_start_is_handed_on():
    with Relay() as relay, start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(os.getpid(), signal.SIGINT)
        assert relay.received == 1
        relay.started(process)
        assert process.communicate("\n")[0] == "INT\nend\n"


def test_afterwards_signals_mean_what_they_meant():
    before = [signal.getsignal(number) for number in SIGNALS]
    with Relay():
        pass
    assert [signal.getsignal(number) for number in SIGNALS] == before
