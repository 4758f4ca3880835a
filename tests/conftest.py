"""What all tests stand on: which of them are slow, what runs beside what, and fixtures: a Docker daemon, AWS as moto
plays it, stacks as the real program registers them. Fakes are in `fakes.py`, the engine that records in `recording.py`.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.configs import AMI, CERTIFICATE, IMAGE, SALT, SECRET, Deploy, deploying
from tests.fakes import FakeClock, FakeRouter
from tests.long import LONG
from tests.recording import RecordingCloud
from tests.world import Clients, Shop, Theirs, moto, served_moto

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
    "components/docker/test_database.py",
    "components/docker/test_host.py",
    "components/docker/test_password.py",
    "components/docker/test_preflight.py",
    "components/docker/test_remnants.py",
    "components/test_gate.py",
    "components/test_interrupt.py",
    "e2e/",
    "images/node/",
    "images/postgres/",
    "images/router/",
    "images/test_figures.py",
    "ops/test_cloud.py",
    "ops/test_cli.py",
    "ops/test_now.py",
    "ops/test_signature.py",
    "pipeline/page/test_browser.py",
    "pipeline/page/test_stream.py",
    "pipeline/page/test_fuzz.py",
    "pipeline/test_registry.py",
    "pipeline/test_serve.py",
    "rehearsal/aws_provider/",
    "rehearsal/cloud/test_balancer.py",
    "rehearsal/cloud/test_databases.py",
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
    "e2e/test_figures.py",
    "e2e/test_interrupts.py",
    "rehearsal/cloud/test_balancer.py",
    "rehearsal/test_load.py",
)
# Tests that start a Docker daemon for themselves; all others of Docker have it from `docker_host`.
DAEMONS = (
    "e2e/test_containers_daemon.py",
    "e2e/test_containers_hosts.py",
    "rehearsal/docker/test_daemon.py",
)


@pytest.hookimpl(tryfirst=True)  # before the marks are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in SLOW, in ALONE, in LONG, and what needs a Docker daemon."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        if path.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        if path in ALONE:
            item.add_marker(pytest.mark.alone)
        if f"{path}::{item.name}".startswith(LONG):
            item.add_marker(pytest.mark.long)
        if path in DAEMONS or "docker_host" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def docker_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A daemon on this machine that nobody else's tests use, as in DOCKER_HOST; skipped where none can be."""
    from tests.daemons import for_tests  # the SDK takes its time, and most tests need none

    with for_tests(tmp_path_factory.getbasetemp().parent) as host:
        yield host


@pytest.fixture(scope="session")
def docker_client(docker_host: str) -> "Iterator[docker.DockerClient]":
    """A client of that daemon."""
    from images.build import connect

    client = connect(docker_host)
    yield client
    client.close()


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
    with served_moto() as address:
        yield address


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
                "two": deploy(
                    releases={"v1": {"ami": AMI}, "v2": newer},
                    traffic={"v1": 87.5, "v2": 12.5},
                    data={"postgres": {"replica": True}},
                ),
                "public": deploy(listener={"certificate": CERTIFICATE, "access_logs": "our-logs"}, salt=SALT),
            }
        yield made


@pytest.fixture
def dev(stacks: dict[str, RecordingCloud]) -> RecordingCloud:
    """The dev stack as it is."""
    return stacks["dev"]


@pytest.fixture
def two(stacks: dict[str, RecordingCloud]) -> RecordingCloud:
    """Two releases, the newer with an image, secrets, a size, a port and a grace of its own; and a database."""
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
