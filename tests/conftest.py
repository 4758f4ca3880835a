"""Fakes shared by the tests: a clock that never waits, a router that refuses what a real one refuses, an engine that
records what a program registers; and AWS as moto plays it.
"""

import asyncio
import contextvars
import gc
import hashlib
import inspect
import json
import os
import re
import runpy
import shutil
import signal
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pulumi
import pytest
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from moto.server import ThreadedMotoServer
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2
from ruamel.yaml import YAML

from rollout.errors import MetricsError, RouterError
from rollout.journal import Entry
from rollout.mark import Mark
from rollout.metrics.interface import Counts, Tick
from rollout.routers.interface import Health, Live
from rollout.schema import Schema
from rollout.shares import WHOLE, Shares
from tests.world import Clients, Shop, Theirs, moto

if TYPE_CHECKING:
    import docker

# moto and pulumi_aws keep a million objects for good; walking them as often as by default took a third of the time.
gc.set_threshold(100_000, 20, 100)

hypothesis.settings.register_profile("untimed", deadline=None)  # timings belong in benchmarks
hypothesis.settings.load_profile("untimed")

TESTS = Path(__file__).parent
# Tests that start processes, or ask moto over HTTP in each case: `make test` runs them, `make check` does not.
SLOW = (
    "components/aws/test_backend.py",
    "components/aws/test_session.py",
    "components/aws/test_user_data.py",
    "components/docker/test_host.py",
    "components/docker/test_preflight.py",
    "components/docker/test_remnants.py",
    "components/test_gate.py",
    "components/test_interrupt.py",
    "e2e/",
    "images/node/",
    "images/router/",
    "images/test_figures.py",
    "ops/test_cloud.py",
    "ops/test_cli.py",
    "ops/test_now.py",
    "pipeline/page/test_browser.py",
    "pipeline/page/test_stream.py",
    "pipeline/test_registry.py",
    "pipeline/test_serve.py",
    "rehearsal/aws_provider/",
    "rehearsal/cloud/test_balancer.py",
    "rehearsal/cloud/test_instances.py",
    "rehearsal/cloud/test_proxy.py",
    "rehearsal/docker/test_daemon.py",
    "rehearsal/docker/test_sample.py",
    "rehearsal/docker/test_service.py",
    "rehearsal/docker_provider/",
    "rehearsal/provider/test_server.py",
    "rehearsal/test_cli.py",
    "rehearsal/test_command.py",
    "rehearsal/test_dockyard.py",
    "rehearsal/test_engine.py",
    "rehearsal/test_load.py",
    "rehearsal/test_registry.py",
    "rehearsal/test_sample.py",
    "rollout/reports/test_charts.py",
    "rollout/reports/test_report.py",
    "rollout/routers/test_alb.py",
    "rollout/routers/test_envoy.py",
    "rollout/test_judge_simulation.py",
    "rollout/test_smoke.py",
    "test_actionlint.py",
    "test_ansible.py",
)


# Tests that look at how long something takes: within a second, or beside another.
ALONE = (
    "e2e/test_containers_daemon.py",
    "e2e/test_containers_hosts.py",
    "e2e/test_figures.py",
    "e2e/test_interrupts.py",
    "images/test_figures.py",
    "rehearsal/cloud/test_balancer.py",
    "rehearsal/test_load.py",
)


@pytest.hookimpl(tryfirst=True)  # before the marks are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in SLOW, and what runs alone: those of ALONE, and all that share the one Docker daemon."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        if path.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        if path in ALONE or "docker_host" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """A daemon on this machine, as in DOCKER_HOST: one that answers, or the tests' own; skipped where none can be."""
    from rehearsal.docker import daemon  # the SDK takes its time, and most tests need none
    from rehearsal.docker.errors import DockerError

    home = Path(tempfile.mkdtemp(prefix="sluice-"))
    try:
        yield daemon.launch(home, os.environ, lambda _: None, install="SLUICE_INSTALL_DOCKER" in os.environ).host
    except DockerError as error:
        pytest.skip(str(error))
    finally:
        daemon.take_down(home, lambda _: None)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def docker_client(docker_host: str) -> "Iterator[docker.DockerClient]":
    """A client of that daemon."""
    from images.build import connect

    client = connect(docker_host)
    yield client
    client.close()


class FakeClock:
    """Time passes only by sleeping; `at` runs things when their second comes."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self._now += seconds
        for due in [one for one in self._due if one[0] <= self._now]:
            self._due.remove(due)
            due[1]()

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Call *act* once *seconds* from now have passed."""
        self._due.append((self._now + seconds, act))


class FakeRouter:
    """Live weights in memory. `healthy` says which versions are; `writes` keeps every set of shares written."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.healthy: set[str] = set()
        self.size = 2
        self.writes: list[Shares] = []
        self.marks: list[Mark | None] = []
        self.broken: set[str] = set()
        self.throttled: set[str] = set()

    def start(self, shares: Shares, mark: Mark | None = None) -> None:
        """Begin with *shares* live; every version with one is healthy."""
        self.live = Live(shares, mark)
        self.healthy |= set(shares)

    def read(self) -> Live | None:
        self._fail_if("read")
        return self.live

    def begin(self, shares: Shares) -> None:
        """Nothing, as an ALB's."""

    def set_shares(self, shares: Shares) -> None:
        self._fail_if("set_shares")
        assert sum(shares.values()) == (WHOLE if shares else 0)
        assert self.live is not None
        self.writes.append(shares)
        self.live = replace(self.live, shares=shares)

    def set_mark(self, mark: Mark | None, carried: Collection[str] = ()) -> None:
        self._fail_if("set_mark")
        assert self.live is not None
        self.marks.append(mark)
        held = self.live.mark
        if mark and held and held.run == mark.run and held.stop:
            mark = replace(mark, stop=True)  # a renewed mark leaves a stop that is beside it
        self.live = replace(self.live, mark=mark, carried=self.live.carried | set(carried))

    def set_schema(self, schema: Schema) -> None:
        self._fail_if("set_schema")
        assert self.live is not None
        self.live = replace(self.live, schema=schema)

    def ask_stop(self) -> None:
        """As `ops stop` does."""
        assert self.live is not None
        assert self.live.mark is not None
        self.live = replace(self.live, mark=replace(self.live.mark, stop=True))

    def health(self, version: str) -> Health:
        self._fail_if("health")
        if version in self.healthy:
            return Health(version, self.size, self.size)
        return Health(version, 0, self.size, {"Target.FailedHealthChecks": self.size})

    def _fail_if(self, method: str) -> None:
        if method in self.broken:
            raise RouterError(f"{method}: refused")
        if method in self.throttled:
            raise RouterError(f"{method}: throttled", passing=True)


class FakeFleets:
    """Fleets in memory. `calls` keeps what was asked, in order."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self.calls: list[tuple[str, ...]] = []

    def desired(self, versions: Collection[str]) -> Mapping[str, int]:
        return {version: self.sizes[version] for version in versions if version in self.sizes}

    def grow(self, version: str, size: int) -> None:
        assert size > self.sizes[version]
        self.calls.append(("grow", version, str(size)))
        self.sizes[version] = size

    def hold(self, versions: Collection[str]) -> None:
        self.calls.append(("hold", *sorted(versions)))

    def let_go(self, versions: Collection[str]) -> None:
        self.calls.append(("let go", *sorted(versions)))


class FakeSource:
    """Counts a second at a time, by the live shares: `rate` requests a second, of which `failing` (a part, by version)
    fail and `slowly` are slow. `gone`: cannot be read. `silent`: shows nothing.
    """

    period, late = 1.0, 0.0

    def __init__(self, clock: FakeClock, router: FakeRouter) -> None:
        self.rate = 100.0
        self.failing: dict[str, float] = {}
        self.slowly: dict[str, float] = {}
        self.gone = self.silent = False
        self._clock, self._router = clock, router
        self._polled: float | None = None
        self._owed: dict[tuple[str, str], float] = {}

    def poll(self) -> list[Tick]:
        if self.gone:
            raise MetricsError("read the counts: 503")
        begin, self._polled = self._polled, self._clock.now()
        if begin is None or begin == self._polled or self.silent:
            return []
        return [Tick(begin, self._polled, self._counts(self._polled - begin))]

    def recent(self, seconds: float) -> Tick | None:
        if self.gone:
            raise MetricsError("read the counts: 503")
        now = self._clock.now()
        total = round(self.rate * seconds)
        return Tick(now - seconds, now, {"v1": Counts(total, round(total * self.failing.get("v1", 0)))})

    def _counts(self, seconds: float) -> dict[str, Counts]:
        assert self._router.live is not None
        shares = self._router.live.shares
        found = {}
        for version in ("v1", "v2", "v3"):
            requests = self._whole(version, "", self.rate * seconds * shares.get(version, 0) / WHOLE)
            failed = self._whole(version, "failed", requests * self.failing.get(version, 0))
            slow = self._whole(version, "slow", requests * self.slowly.get(version, 0))
            found[version] = Counts(requests, min(failed, requests), min(slow, requests))
        return found

    def _whole(self, version: str, what: str, exact: float) -> int:
        """*exact* in whole ones; what is left over is owed to the next tick."""
        owed = self._owed.get((version, what), 0.0) + exact
        self._owed[version, what] = owed % 1
        return int(owed)


class FakeJournal:
    """Keeps how entries looked when they were kept."""

    def __init__(self) -> None:
        self.kept: list[Entry] = []

    def keep(self, entry: Entry) -> None:
        self.kept.append(replace(entry))


@dataclass(frozen=True)
class Registered:
    """One resource as the engine is told of it. `inputs` are plain data, numbers floats, secrets as the SDK sends them;
    `request` has every option: protect, retainOnDelete, dependencies, hooks, ignoreChanges, customTimeouts and so on.
    """

    urn: str
    request: resource_pb2.RegisterResourceRequest
    inputs: dict[str, Any]

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def type(self) -> str:
        return self.request.type

    @property
    def parent(self) -> str:
        """The type of the parent."""
        return self.request.parent.split("::")[2].split("$")[-1]


ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
IAM = "arn:aws:iam::123456789012"
# What AWS makes of a resource, by type: (id, outputs). N: its name with the suffix of Pulumi; H: 16 digits of its own.
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "aws:autoscaling/group:Group": ("N", {"name": "N"}),
    "aws:ec2/eip:Eip": ("eipalloc-0H", {}),
    "aws:ec2/internetGateway:InternetGateway": ("igw-0H", {}),
    "aws:ec2/launchTemplate:LaunchTemplate": ("lt-0H", {"latestVersion": 1}),
    "aws:ec2/natGateway:NatGateway": ("nat-0H", {}),
    "aws:ec2/route:Route": ("r-0H", {}),
    "aws:ec2/routeTable:RouteTable": ("rtb-0H", {}),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ("rtbassoc-0H", {}),
    "aws:ec2/securityGroup:SecurityGroup": ("sg-0H", {}),
    "aws:ec2/subnet:Subnet": ("subnet-0H", {}),
    "aws:ec2/vpc:Vpc": ("vpc-0H", {}),
    "aws:iam/instanceProfile:InstanceProfile": ("N", {"arn": f"{IAM}:instance-profile/N"}),
    "aws:iam/role:Role": ("N", {"name": "N", "arn": f"{IAM}:role/N"}),
    "aws:iam/rolePolicy:RolePolicy": ("N", {}),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("N", {}),
    "aws:lb/listener:Listener": (f"{ELB}:listener/app/N/H/H", {"arn": f"{ELB}:listener/app/N/H/H"}),
    "aws:lb/listenerRule:ListenerRule": (f"{ELB}:listener-rule/app/N/H/H/H", {}),
    "aws:lb/loadBalancer:LoadBalancer": (
        f"{ELB}:loadbalancer/app/N/H",
        {"arn": f"{ELB}:loadbalancer/app/N/H", "name": "N", "dnsName": "N.us-east-1.elb.amazonaws.com"},
    ),
    "aws:lb/targetGroup:TargetGroup": (
        f"{ELB}:targetgroup/N/H",
        {"arn": f"{ELB}:targetgroup/N/H", "name": "N"},
    ),
    "aws:s3/bucket:Bucket": ("N", {"bucket": "N", "arn": "arn:aws:s3:::N"}),
    "aws:s3/bucketPolicy:BucketPolicy": ("N", {}),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("N", {}),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("N", {}),
    "aws:s3/bucketVersioning:BucketVersioning": ("N", {}),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("sgr-0H", {}),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("sgr-0H", {}),
    "docker:index/container:Container": ("H", {"name": "N"}),
    "docker:index/network:Network": ("H", {"name": "N"}),
    "docker:index/remoteImage:RemoteImage": ("sha256:H", {"imageId": "sha256:H", "repoDigest": "N@sha256:H"}),
    "docker:index/volume:Volume": ("N", {"name": "N"}),
    "pulumi:index:Stash": ("H", {}),
    "pulumi:providers:aws": ("H", {}),
    "pulumi:providers:docker": ("H", {}),
}


class RecordingCloud(MockMonitor):
    """Stands for the engine and the providers: records every registration and answers as AWS would name things.

    It runs no hook and keeps no order, and refuses a URN registered twice, a type it does not know, and each invoke.
    """

    def __init__(self) -> None:
        self.registered: dict[str, Registered] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.hooks: dict[str, pulumi.ResourceHook] = {}
        self.told: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # a failed program leaves futures that nobody awaits
        self._context = contextvars.copy_context()

    def deploy(
        self,
        program: Callable[[], object],
        config: Mapping[str, str] | None = None,
        secret: tuple[str, ...] = (),
        *,
        preview: bool = False,
        parallel: int = 16,
    ) -> None:
        """Run *program* to its end as a language host does: in this thread, with everything that it set going."""
        self._context.run(self._configure, dict(config or {}), list(secret), preview, parallel)

        def main() -> None:
            program()

        self._context.run(self._loop.run_until_complete, pulumi.runtime.run_in_stack(main))

    @property
    def custom(self) -> list[Registered]:
        """What a provider makes: everything but components."""
        return [one for one in self.registered.values() if one.request.custom]

    @property
    def stack(self) -> dict[str, Any]:
        """The stack's outputs."""
        return self.outputs[self.one("pulumi:Stack").urn]

    def _configure(self, config: dict[str, str], secret: list[str], preview: bool, parallel: int) -> None:
        asyncio.set_event_loop(self._loop)
        pulumi.runtime.set_all_config(config, secret)
        settings = pulumi.runtime.Settings(
            project="sluice", stack="dev", monitor=self, engine=self, parallel=parallel, dry_run=preview
        )
        pulumi.runtime.configure(settings)
        # Where hooks are registered. SETTINGS makes its attributes by a decorator that no type checker sees through.
        pulumi.runtime.settings.SETTINGS.callbacks = self  # pyright: ignore[reportAttributeAccessIssue]

    def meet(self, hook: str, **args: Any) -> None:
        """Call *hook* as the engine would, in the deployed program: ResourceHookArgs by name."""
        given = pulumi.ResourceHookArgs(**{"urn": "", "id": "", "name": "", "type": "", **args})

        async def call() -> None:
            result = self.hooks[hook](given)
            if inspect.isawaitable(result):
                await result

        self._context.run(self._loop.run_until_complete, call())

    def close(self) -> None:
        """End the deployed program's threads and loop."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        self._loop.close()

    def all(self, kind: str, *names: str) -> list[Registered]:
        """Each resource whose type ends in *kind*, such as `Stash` or `lb/listener:Listener`, in the order of their
        names; only those of *names*, where there are any.
        """
        found = [one for one in self.registered.values() if re.search(rf"(^|[:/]){kind}$", one.type)]
        return sorted((one for one in found if not names or one.name in names), key=lambda one: one.name)

    def one(self, kind: str, *names: str) -> Registered:
        """The only resource of *kind*, or the only one of *names*."""
        (found,) = self.all(kind, *names)
        return found

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.hooks[hook.name] = hook

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        of = parent.split("::")[2] if parent else ""
        qualified = type_ if of in ("", "pulumi:pulumi:Stack") else f"{of}${type_}"
        return f"urn:pulumi:dev::sluice::{qualified}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802  the engine's name
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.registered, f"registered twice: {urn}"
        inputs = json_format.MessageToDict(request.object)
        self.registered[urn] = Registered(urn, request, inputs)
        id_, outputs = self._made(urn, request) if request.custom else ("", {})
        if pulumi.runtime.is_dry_run():
            id_, outputs = "", {}
        answer = json_format.ParseDict({**outputs, **inputs}, Struct())
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=answer)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Empty:  # noqa: N802
        self.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:  # noqa: N802
        raise AssertionError(f"the program asked {request.tok}, and this cloud has no answer")

    def Log(self, request: Any) -> None:  # noqa: N802
        self.told.append(request.message)

    @staticmethod
    def _made(urn: str, request: resource_pb2.RegisterResourceRequest) -> tuple[str, dict[str, Any]]:
        digits = hashlib.sha256(urn.encode()).hexdigest()[:16]
        name = f"{request.name}-{digits[:7]}"
        assert len(name) <= 32 or ":lb/" not in request.type, f"a load balancer's parts have 32 characters: {name}"
        id_, outputs = MADE[request.type]

        def fill(value: Any) -> Any:
            return value.replace("N", name).replace("H", digits) if isinstance(value, str) else value

        return fill(id_), {key: fill(value) for key, value in outputs.items()}


@pytest.fixture
def cloud() -> Iterator[RecordingCloud]:
    recording = RecordingCloud()
    yield recording
    recording.close()


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    """One moto a module: a fresh EC2 takes a second."""
    with moto() as clients:
        yield clients


@pytest.fixture
def theirs(aws: Clients) -> Theirs:
    return Theirs.build(aws)


@pytest.fixture
def shop(aws: Clients, theirs: Theirs) -> Shop:
    return Shop(aws, theirs)


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a moto that listens on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


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


@pytest.fixture
def deploy(aws: Clients) -> Iterator[Deploy]:
    with deploying() as deploy:
        yield deploy


@pytest.fixture(scope="session")
def stacks() -> Iterator[dict[str, RecordingCloud]]:
    """Three stacks as the real program registers them, which no test changes."""
    newer = {"ami": AMI, "image": IMAGE, "secrets": {"DB": SECRET}, "size": 3, "port": 9090, "boot": "90s"}
    with deploying() as deploy:
        with moto():
            made = {
                "dev": deploy(),
                "two": deploy(releases={"v1": {"ami": AMI}, "v2": newer}, traffic={"v1": 87.5, "v2": 12.5}),
                "public": deploy(listener={"certificate": CERTIFICATE, "access_logs": "our-logs"}, salt=SALT),
            }
        yield made


@pytest.fixture
def dev(stacks: dict[str, RecordingCloud]) -> RecordingCloud:
    """The dev stack as it is."""
    return stacks["dev"]


@pytest.fixture
def two(stacks: dict[str, RecordingCloud]) -> RecordingCloud:
    """Two releases, the newer with an image, secrets, a size, a port and a grace of its own."""
    return stacks["two"]


@pytest.fixture
def public(stacks: dict[str, RecordingCloud]) -> RecordingCloud:
    """A listener that anyone can reach, with a certificate."""
    return stacks["public"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def router() -> FakeRouter:
    return FakeRouter()
