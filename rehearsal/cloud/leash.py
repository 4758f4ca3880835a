"""Runs a command that the kernel kills as soon as its starter is gone, also when that was killed.

In: the starter's process id and the command, as arguments. The command takes this process's place. On Linux only; there
the signal comes when the *thread* that started this ends, so the starter is to be a thread that lives as long as its
process. Run as a script with a bare Python: a `preexec_fn` in a process that has threads may hang.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(starter: int, command: list[str]) -> None:
    """Replace this process by *command*, tied to the process *starter*."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != starter:
        sys.exit("the process that started this is gone")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
