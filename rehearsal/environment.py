"""The environment of everything that runs against a rehearsal cloud: which engine, which providers, which endpoint.

`python -m rehearsal shell -- CMD` runs CMD in it. Whatever the caller's own environment says about AWS and Pulumi is
left out, so that nothing run in it can reach a real account or a real stack by mistake.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from rehearsal import engine
from rehearsal.docker import hosts, plugin, record

BIN = Path(__file__).parent / "bin"  # the provider stand-ins
HOST = BIN / "host"  # the language host's stand-in
DOCKER = BIN / "docker"  # the stand-in for pulumi-docker
LANGUAGE_HOST = "pulumi-language-python"
REGION = "us-east-1"
OBSERVER = "observer"  # an access key that no fault of the cloud strikes
LOOPBACK = "127.0.0.1,localhost"


def environment(home: Path) -> dict[str, str]:
    """The complete environment for the rehearsal cloud whose files are in *home*, and for its Docker daemon if any.

    Without an engine its folder is missing from PATH. While the cloud is down there is no AWS_ENDPOINT_URL; even then
    the credentials are none that any real account knows.
    """
    home = home.absolute()
    path = os.pathsep.join(_path(engine.find(), os.environ.get("PATH", os.defpath)))
    return {**machine(home), "PATH": path, **_pulumi(home), **_docker(home)}


def machine(home: Path) -> dict[str, str]:
    """What every instance finds there: no engine, but the cloud's AWS API."""
    home = home.absolute()
    return {**_outside(os.environ), **_aws(home), "SLUICE_REHEARSAL": str(home)}


def _outside(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without AWS's and Pulumi's variables, and with no proxy before loopback."""
    kept = {key: value for key, value in caller.items() if not key.startswith(("AWS_", "PULUMI_"))}
    if not hosts.is_local(hosts.wanted(caller)):
        del kept["DOCKER_HOST"]
    for key in ("NO_PROXY", "no_proxy"):
        kept[key] = ",".join(filter(None, (caller.get(key, ""), LOOPBACK)))
    return kept


def _aws(home: Path) -> dict[str, str]:
    none = str(home / "no-such-file")  # the caller's profiles could name a role or an endpoint
    endpoint = _endpoint(home)
    return {
        **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}),
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": none,
        "AWS_SHARED_CREDENTIALS_FILE": none,
    }


def _endpoint(home: Path) -> str | None:
    try:
        return json.loads((home / "state.json").read_text())["endpoint"]
    except (FileNotFoundError, KeyError, json.JSONDecodeError):
        return None  # not up yet, or its state is being written


def _pulumi(home: Path) -> dict[str, str]:
    return {
        "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
        "PULUMI_HOME": str(home / "pulumi-home"),
        "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _docker(home: Path) -> dict[str, str]:
    daemon = record.running(home)
    return {"DOCKER_HOST": daemon.host} if daemon else {}


def _path(engine_folder: Path | None, caller: str) -> list[str]:
    """PATH's folders, first wins: stand-ins, engine, the running Python's own commands, then the *caller*'s.

    A stand-in is left out where the official one is.
    """
    ours = [str(BIN), str(HOST), str(DOCKER)]
    theirs = [entry for entry in caller.split(os.pathsep) if entry and entry not in ours]
    engines = [str(engine_folder)] if engine_folder else []
    has_official_host = shutil.which(LANGUAGE_HOST, path=os.pathsep.join([*engines, *theirs])) is not None
    docker = plugin.folders(theirs, DOCKER)
    language_host = [] if has_official_host else [str(HOST)]
    front = [str(BIN), *docker, *language_host, *engines, str(Path(sys.executable).parent)]
    return [*front, *(entry for entry in theirs if entry not in front)]
