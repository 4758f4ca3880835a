"""The Python language host's stand-in: runs a Pulumi program for an engine that came without the official one.

The engine starts `pulumi-language-python` from PATH with its own address as the last argument, reads one port number
from standard output, then speaks the LanguageRuntime service. As the official host was seen to, this one runs the
program in the main thread of a process of its own (`language_program.py`), sends it SIGINT when the engine cancels, and
kills it 5 s later. The engine ends the host by SIGINT to its process group, which Ctrl-C in a terminal does not reach.
Beyond the official one, this host ends the program in the same way when the engine is gone, and then itself, so that no
process stays behind.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2 as messages
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

PROGRAM = Path(__file__).with_name("language_program.py")
KILL_AFTER = 5.0  # seconds between SIGINT and SIGKILL, as the official host has it
HAS_SAID_WHY = 32  # the program's exit code after an error it has shown itself
LOOK_EVERY = 0.2  # seconds between looks at the engine


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The service; one engine, and one program at a time."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._program: subprocess.Popen[bytes] | None = None
        self._cancelled = threading.Event()
        self._ending = threading.Lock()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> messages.LanguageHandshakeResponse:
        return messages.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def About(self, request: Any, context: grpc.ServicerContext) -> messages.AboutResponse:
        return messages.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> messages.GetRequiredPackagesResponse:
        return messages.GetRequiredPackagesResponse()  # providers come from PATH, none is fetched

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> messages.GetRequiredPluginsResponse:
        return messages.GetRequiredPluginsResponse()

    def GetProgramDependencies(
        self, request: Any, context: grpc.ServicerContext
    ) -> messages.GetProgramDependenciesResponse:
        return messages.GetProgramDependenciesResponse()

    def InstallDependencies(
        self, request: Any, context: grpc.ServicerContext
    ) -> Iterator[messages.InstallDependenciesResponse]:
        yield messages.InstallDependenciesResponse(stdout=b"Dependencies are installed by `make setup`.\n")

    def Run(self, request: messages.RunRequest, context: grpc.ServicerContext) -> messages.RunResponse:
        if self._cancelled.is_set():
            return messages.RunResponse(error="cancelled before the program was started")
        command = [interpreter(request.info), "-P", str(PROGRAM), *arguments(request, self._engine)]
        with subprocess.Popen(command, env=_environment(request), stdin=subprocess.DEVNULL) as program:
            self._program = program
            # The call ends early when the engine dies: quicker to see than its process id.
            if not context.add_callback(self._end) or self._cancelled.is_set():
                self._end()
            code = program.wait()
        return answer(code)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._cancelled.set()
        threading.Thread(target=self._end, daemon=True).start()
        return empty_pb2.Empty()

    def end(self) -> None:
        """End the program, if one runs or is about to, and wait until it is gone."""
        self._cancelled.set()
        self._end()

    def _end(self) -> None:
        """Have the program end: one SIGINT now, SIGKILL when it is still there 5 s later."""
        with self._ending:
            program = self._program
            if program is None or program.poll() is not None:
                return
            program.send_signal(signal.SIGINT)
            try:
                program.wait(KILL_AFTER)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def arguments(request: messages.RunRequest, engine: str) -> list[str]:
    """The command line of the program's process, as the official host builds it; empty values are left out."""
    flags = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": str(request.dryRun).lower(),
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    given = [part for name, value in flags.items() if value for part in (f"--{name}", value)]
    return [*given, request.info.entry_point or ".", *request.args]


def answer(code: int) -> messages.RunResponse:
    """What the engine is told about a program that ended with *code* (negative: by a signal)."""
    if code == 0:
        return messages.RunResponse()
    if code == HAS_SAID_WHY:
        return messages.RunResponse(bail=True)
    return messages.RunResponse(error=f"program exited with non-zero exit code: {max(code, -1)}")


def _environment(request: messages.RunRequest) -> dict[str, str]:
    return {
        **os.environ,
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def interpreter(info: messages.ProgramInfo) -> str:
    """The interpreter of the project's `virtualenv` option, else the one this runs in."""
    named = json_format.MessageToDict(info.options).get("virtualenv")
    inside = Path(info.root_directory, named, "bin", "python") if named else None
    return str(inside) if inside and inside.exists() else sys.executable


def main() -> None:
    """Serve the engine that started this process until it says SIGINT, or is gone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    engine = os.getppid()
    host = Host(sys.argv[-1])
    server = grpc.server(futures.ThreadPoolExecutor(8))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # PR_SET_PDEATHSIG would fire when the engine's *thread* that started us ends, so its process id is watched.
    with contextlib.suppress(KeyboardInterrupt):
        while os.getppid() == engine:
            time.sleep(LOOK_EVERY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program has its 5 s, whatever comes meanwhile
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    host.end()
    os._exit(0)  # no waiting for calls of an engine that is gone
