"""Configs as the engine hands them over, and the real program run with them."""

import json
import runpy
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.recording import RecordingCloud

ROOT = Path(__file__).resolve().parents[1]
AMI = "ami-00000000000005a1e"
IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:{'0' * 64}"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f0f0f0f"
SALT = "0123456789abcdef"
HIDDEN = "1b47061264138c4ac30d75fd1eb44270"  # how Pulumi marks a secret
Deploy = Callable[..., RecordingCloud]


def dev_config(**change: Any) -> dict[str, str]:
    """The dev stack's config as the engine hands it over; keywords replace keys of `sluice:`, None leaves one out."""
    document = YAML(typ="safe").load(ROOT / "Pulumi.dev.yaml")["config"]
    document["sluice:metrics"]["cloudwatch"]["period"] = "60s"  # shorter ones are the rehearsal cloud's only
    values = {**document, **{f"sluice:{key}": value for key, value in change.items()}}
    return {key: v if isinstance(v, str) else json.dumps(v) for key, v in values.items() if v is not None}


def docker_config(**change: Any) -> dict[str, str]:
    """A stack's config on Docker as the engine hands it over; keywords replace keys of `sluice:`."""
    values = {
        "platform": "docker",
        "service": {"name": "shop", "port": 8080, "drain": 5},
        "releases": {"v1": {"image": IMAGE}},
        "traffic": {"v1": 100},
        **change,
    }
    return {f"sluice:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


@contextmanager
def deploying() -> Iterator[Deploy]:
    """Runs the real program with `dev_config`, as often as called: what it registers is on the cloud that comes back.
    The program asks AWS, so this is for inside `moto`.
    """
    clouds: list[RecordingCloud] = []

    def deploy(*, preview: bool = False, parallel: int = 16, **change: Any) -> RecordingCloud:
        clouds.append(RecordingCloud())
        handler = signal.getsignal(signal.SIGINT)
        main = str(ROOT / "__main__.py")
        try:
            clouds[-1].deploy(
                lambda: runpy.run_path(main, run_name="__main__"),
                dev_config(**change),
                ("sluice:salt",),
                preview=preview,
                parallel=parallel,
            )
        finally:
            signal.signal(signal.SIGINT, handler)
        return clouds[-1]

    yield deploy
    for cloud in clouds:
        cloud.close()
