"""The stage of the end-to-end tests: a copy of the project, a rehearsal cloud of its own, and what is live on it."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from rehearsal import engine
from rehearsal.environment import OBSERVER
from rehearsal.load import Load
from rehearsal.stage import Done, Stage

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("components", "rollout", "ops", "pipeline", "rehearsal")
SAMPLE = ROOT / "rehearsal" / "sample"
READY = 12  # seconds a slice may take to become healthy
QUICK = {"cloudwatch": {"period": "1s", "late": "2s"}}  # what this cloud can do
React = Mapping[str, Callable[[], object]]
ONE_MOVE = {"ready": f"{READY}s", "steps": [], "bake": "0s", "gates": {}}


@pytest.fixture(scope="session", autouse=True)
def pulumi_engine() -> None:
    """The engine these tests are about; `make setup` gets it."""
    if engine.find() is None:
        pytest.fail("no Pulumi engine: run `make setup` first")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stack named e2e on a cloud of its own; nothing is released yet."""
    with staged(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stack named e2e on a cloud of its own, while the block runs; all of its files are in *folder*."""
    stage = Stage(copy_project(folder / "project"), folder / "cloud", "e2e")
    up = stage.rehearsal("up")
    assert up.code == 0, up.text
    try:
        made = stage.run("pulumi", "stack", "init", "e2e")
        assert made.code == 0, made.text
        stage.configure(
            platform="aws",
            service={"name": "shop", "port": 8080, "size": 1, "drain": "3s"},
            listener={"internal": True},
            rollout=ONE_MOVE,
            metrics=QUICK,
        )
        yield stage
    finally:
        down = stage.rehearsal("down")
    assert down.code == 0, down.text
    assert of_home(stage.home) == []


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Scene for all tests of rollouts: v1 live, v2 and v3 warm."""
    from tests.e2e.scene import Scene  # it stands on this module

    folder = tmp_path_factory.mktemp("scene")
    with staged(folder) as stage:
        scene = Scene(stage, folder / "faults")
        scene.build()
        yield scene


@pytest.fixture
def home(scene: Any) -> Any:
    """The scene with all the traffic on v1."""
    scene.settle("v1")
    return scene


@pytest.fixture
def ends(scene: Any) -> tuple[str, str]:
    """Which of the scene's v1 and v2 has all the traffic, and the other one: either way is a release."""
    return scene.ends()


@pytest.fixture
def load(scene: Any, request: pytest.FixtureRequest) -> Iterator[Load]:
    """Steady load while the test runs, or until it stops it; its parameter is another rate than 250 a second."""
    load = Load(scene.url, connections=16, rate=getattr(request, "param", 250.0))
    load.start()
    yield load
    load.stop()


@pytest.fixture(scope="module")
def built(docker_client: Any, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A dock of containers on which v1 is live; v2 is built, and not declared."""
    from tests.e2e.refusals import serving  # it stands on this module

    with serving(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        yield dock


@pytest.fixture
def dock(built: Any) -> Any:
    """It, or another that a module built, with all the traffic on v1."""
    built.settle("v1")
    return built


@pytest.fixture
def unmoved(dock: Any) -> Iterator[None]:
    """All the traffic is on v1 after the test too."""
    from tests.e2e.refusals import unmoved

    with unmoved(dock):
        yield


@pytest.fixture
def clients(dock: Any) -> Iterator[Load]:
    """Steady load on the dock while the test runs, or until it stops it."""
    load = dock.load()
    load.start()
    yield load
    load.stop()


def copy_project(target: Path) -> Path:
    """The program without its tests, so that a test's stack file is never the user's."""
    target.mkdir(parents=True)
    for part in PARTS:
        shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / file, target / file)
    if (ROOT / ".venv").exists():
        (target / ".venv").symlink_to(ROOT / ".venv")
    return target


def sample(stage: Stage, name: str, **environment: str) -> str:
    """The id of an image that boots the sample service with *environment*."""
    variables = [f"{key}={value}" for key, value in environment.items()]
    node = shutil.which("node")
    service = [node, str(SAMPLE / "server.js")] if node else ["python3", str(SAMPLE / "server.py")]
    return stage.image(name, "env", *variables, *service)


def declare(stage: Stage, releases: Mapping[str, str], traffic: Mapping[str, float]) -> None:
    """Write *releases* (version → AMI) and *traffic* into the stack file."""
    stage.configure(releases={version: {"ami": ami} for version, ami in releases.items()}, traffic=dict(traffic))


def heard(stage: Stage, react: React, *command: str) -> Done:
    """How *command* ended. As soon as it says a text of *react*, that is done; each has to come, and counts once."""
    due = dict(react)

    def hear(line: str) -> None:
        for said in [said for said in due if said in line]:
            due.pop(said)()

    done = replace(stage, log=hear).run(*command)
    assert due == {}, done.text
    return done


def newest(stage: Stage) -> dict[str, Any]:
    """The journal's newest entry."""
    folder = stage.root / ".sluice" / "journal" / stage.stack
    return json.loads(max(folder.glob("[!.]*.json"), key=lambda file: file.stat().st_mtime).read_text())


def ok(done: Done) -> str:
    """What a command printed that had to succeed."""
    assert done.code == 0, done.text
    return done.text


def client(stage: Stage, service: str) -> Any:
    """A boto3 client of the stage's cloud, which none of its faults strikes."""
    return _client(json.loads((stage.home / "state.json").read_text())["endpoint"], service)


@cache
def _client(endpoint: str, service: str) -> Any:
    """Made once: a tenth of a second of work, which polling would take from what it waits for."""
    keys = {"aws_access_key_id": OBSERVER, "aws_secret_access_key": "any"}
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)


def weighted_rule(stage: Stage) -> dict[str, Any] | None:
    """The rule that splits the service's traffic, as the cloud has it."""
    elbv2 = client(stage, "elbv2")
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        for listener in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            for rule in elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                if any(one["Field"] == "path-pattern" for one in rule["Conditions"]):
                    return rule
    return None


def live(stage: Stage) -> dict[str, int]:
    """Live weights by version, read without any code of the program."""
    rule = weighted_rule(stage)
    if rule is None:
        return {}
    elbv2 = client(stage, "elbv2")
    weights = {}
    for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]:
        described = elbv2.describe_tags(ResourceArns=[group["TargetGroupArn"]])["TagDescriptions"][0]["Tags"]
        weights[next(tag["Value"] for tag in described if tag["Key"] == "sluice:version")] = group["Weight"]
    return weights


def marks(stage: Stage) -> list[str]:
    """The keys of a walk's mark on the weighted rule; none outside a walk."""
    rule = weighted_rule(stage)
    assert rule is not None
    tags = client(stage, "elbv2").describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"][0]["Tags"]
    return [tag["Key"] for tag in tags if tag["Key"] in ("sluice:run", "sluice:owner")]


def recorded(stage: Stage) -> dict[str, float]:
    """The shares in the stack's state, as its file has it: what the last finished `up` declared."""
    file = stage.home / "backend" / ".pulumi" / "stacks" / "sluice" / f"{stage.stack}.json"
    state = json.loads(file.read_text())["checkpoint"]["latest"] or {}
    found = [one for one in state.get("resources", []) if one["urn"].endswith("pulumi:index:Stash::traffic")]
    return found[0]["inputs"]["input"]["shares"] if found else {}


def versions(stage: Stage) -> set[str]:
    """The versions whose Auto Scaling groups exist."""
    groups = client(stage, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {next(tag["Value"] for tag in group["Tags"] if tag["Key"] == "sluice:version") for group in groups}


def at_work(home: Path, *names: str) -> dict[int, str]:
    """The processes that belong to the cloud in *home*, pid → command line; only those with one of *names* in it."""
    found = {}
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if process.environ().get("SLUICE_REHEARSAL") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = line
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # a zombie, too, has neither line nor environment
            continue
    return {pid: line for pid, line in found.items() if not names or any(name in line for name in names)}


def of_home(home: Path, *names: str) -> list[str]:
    """The command lines of `at_work`."""
    return list(at_work(home, *names).values())
