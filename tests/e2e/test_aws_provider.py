"""The stand-in for pulumi-aws under the real engine: one resource of each type, made, drifted, changed, destroyed."""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from moto.server import ThreadedMotoServer

from rehearsal.aws_provider.services import TYPES
from rehearsal.environment import environment

PROGRAM = Path(__file__).with_name("one_of_each")
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Stack:
    """The program of one of each, its stack, and the local AWS."""

    folder: Path
    endpoint: str
    environment: dict[str, str]

    def pulumi(self, *arguments: str, round_: int = 1) -> subprocess.CompletedProcess[str]:
        """What a `pulumi` command printed and answered."""
        command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, "ROUND": str(round_)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=False,
        )

    def ok(self, *arguments: str, round_: int = 1) -> str:
        """What a `pulumi` command printed that had to succeed."""
        done = self.pulumi(*arguments, round_=round_)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.endpoint, **KEYS)

    def state(self) -> list[dict[str, Any]]:
        """The resources as they are recorded."""
        return json.loads(self.ok("stack", "export"))["deployment"].get("resources", [])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    home = tmp_path_factory.mktemp("cloud")
    (home / "backend").mkdir()
    (home / "state.json").write_text(json.dumps({"endpoint": f"http://{host}:{port}"}))
    folder = tmp_path_factory.mktemp("stack") / "program"
    shutil.copytree(PROGRAM, folder)
    one = Stack(folder, f"http://{host}:{port}", environment(home))
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = one.client("iam").create_policy(PolicyName="read", PolicyDocument=document)["Policy"]["Arn"]
    one.environment["POLICY_ARN"] = policy
    one.ok("stack", "init", "test")
    yield one
    server.stop()


def test_one_of_each_is_made(stack: Stack) -> None:
    stack.ok("preview")
    stack.ok("up", "--yes")
    assert {one["type"] for one in stack.state()} >= set(TYPES)
