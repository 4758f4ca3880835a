"""What the language host's stand-in tells the program's process and, of its end, the engine; and its own end."""

import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import language_pb2 as messages

from rehearsal import language_host, language_program
from rehearsal.environment import HOST, LANGUAGE_HOST
from tests.patience import PATIENCE


def request(tmp_path: Path, **options: str) -> messages.RunRequest:
    info = messages.ProgramInfo(root_directory=str(tmp_path), entry_point=".")
    info.options.update(options)
    return messages.RunRequest(
        monitor_address="127.0.0.1:1", project="shop", stack="dev", dryRun=True, parallel=7, info=info, args=["-v", "x"]
    )


def test_what_the_host_writes_on_the_command_line_the_program_reads(tmp_path: Path):
    options = language_program.parse(language_host.arguments(request(tmp_path), "127.0.0.1:2"))
    assert (options.monitor, options.engine) == ("127.0.0.1:1", "127.0.0.1:2")
    assert (options.project, options.stack, options.organization) == ("shop", "dev", None)
    assert (options.dry_run, options.parallel) == (True, 7)
    assert (options.program, options.arguments) == (".", ["-v", "x"])


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (0, messages.RunResponse()),
        (32, messages.RunResponse(bail=True)),
        (1, messages.RunResponse(error="program exited with non-zero exit code: 1")),
        (-9, messages.RunResponse(error="program exited with non-zero exit code: -1")),
    ],
)
def test_the_engine_is_told_how_the_program_ended(code: int, answer: messages.RunResponse):
    assert language_host.answer(code) == answer


def test_the_program_runs_on_the_projects_own_virtual_environment(tmp_path: Path):
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert language_host.interpreter(request(tmp_path, virtualenv=".venv").info) == str(python)


@pytest.mark.parametrize("options", [{}, {"virtualenv": "missing"}])
def test_without_one_it_runs_on_the_hosts_python(tmp_path: Path, options: dict[str, str]):
    assert language_host.interpreter(request(tmp_path, **options).info) == sys.executable


PROGRAM = """
import importlib.util
import mine
print(mine.NAME, importlib.util.find_spec("language_host"))
"""


def test_the_program_gets_its_own_folders_modules_and_none_of_the_hosts(tmp_path: Path):
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / "mine.py").write_text("NAME = 'mine'")
    command = [sys.executable, "-P", str(language_host.PROGRAM), "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "mine None" in done.stdout


@pytest.mark.slow
def test_it_ends_when_the_engine_ends_it_which_else_waits_for_it_after_every_run():
    command = [sys.executable, HOST / LANGUAGE_HOST, "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        try:
            assert host.stdout
            with grpc.insecure_channel(f"127.0.0.1:{host.stdout.readline().strip()}") as channel:
                grpc.channel_ready_future(channel).result(PATIENCE)
            host.send_signal(signal.SIGINT)
            assert host.wait(PATIENCE) == 0
        finally:
            host.kill()
