"""A rollout of containers that is judged by a real Prometheus, which scrapes the router's counters and nothing else."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.load import dropped, own
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, docked
from tests.e2e.scene import assert_refused
from tests.e2e.test_metrics import has, needs_prometheus, scraping
from tests.patience import PATIENCE, eventually

OF = 'envoy_cluster_name="{version}"'
TOTAL = f"sum(envoy_cluster_upstream_rq_completed{{{OF}}})"
GOOD = f'sum(envoy_cluster_upstream_rq_xx{{{OF},envoy_response_code_class=~"[1234]"}})'
JUDGED = {"steps": [50], "bake": "2s", "deadline": "10m", "prove_by": 50, "gates": {"errors": {"allow": 2}}}

pytestmark = needs_prometheus


@pytest.fixture(scope="module")
def metrics() -> int:
    """The port at which the router shows its counters."""
    return free()


@pytest.fixture(scope="module")
def dock(
    docker_client: Any, docker_host: str, metrics: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dock]:
    """v1 live; v2 is well, and v3 fails a part of what it is asked. Counts are read from a Prometheus."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        dock.place(metrics=metrics)
        dock.build("v3", "ENV FAIL=0.3")
        dock.release("v1", "v2", "v3")
        with scraping(tmp_path_factory.mktemp("prometheus"), metrics) as url:
            eventually(lambda: has(url, 'envoy_cluster_upstream_rq_completed{envoy_cluster_name="v1"}'), "scraped")
            asked = {"total": TOTAL, "failed": f"{TOTAL} - ({GOOD} or vector(0))"}
            dock.stage.configure(metrics={"prometheus": {"url": url, "period": "1s", **asked}})
            yield dock


def status(port: int, path: str, method: str = "GET") -> int:
    """What the router answers at its second port."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://{LOOPBACK}:{port}{path}", method=method), timeout=PATIENCE
        ) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "path", ["/", "/stats", "/clusters", "/config_dump", "/stats/prometheus/", "/stats/prometheus/../../config_dump"]
)
def test_nothing_else_of_the_admin_page_is_shown(dock, metrics, path):
    assert status(metrics, path) == 404
    assert status(metrics, "/stats/prometheus") == 200


@pytest.mark.parametrize("path", ["/quitquitquit", "/stats/prometheus", "/reset_counters"])
def test_nothing_can_be_done_there(dock, metrics, path):
    assert status(metrics, path, "POST") == 404
    assert dock.ask()[0] == 200


def test_a_good_release_is_promoted_by_what_prometheus_knows(dock):
    load = dock.load()
    load.start()
    dock.declare({"v2": 100}, **JUDGED)
    ok(dock.up())
    assert dropped(load.stop()) == []
    assert (dock.live(), dock.entry()["verdict"]) == ({"v2": 999}, "promote")
    ok(dock.up("--expect-no-changes"))


def test_a_release_that_fails_is_restored_by_what_prometheus_knows(dock):
    dock.settle("v2")
    load = dock.load()
    load.start()
    dock.declare({"v3": 100}, **JUDGED)
    done = dock.up()
    answers = load.stop()
    assert_refused(done, r"v3: \d+ of [\d,]+ failed, v2: 0 of [\d,]+ failed; worse by \d")
    assert (dock.live(), dock.entry()["verdict"]) == ({"v2": 999}, "restore")
    assert {answer.version for answer in dropped(answers)} == {"v3"}
    assert own(answers, "v2")


def test_the_setting_replaces_the_router_as_its_others_do(dock, metrics):
    dock.settle("v2")
    dock.place()
    ok(dock.up())
    assert (dock.live(), dock.ask()) == ({"v2": 999}, (200, "v2"))
    with pytest.raises(urllib.error.URLError):
        status(metrics, "/stats/prometheus")
    dock.place(metrics=metrics)
    ok(dock.up())
    assert status(metrics, "/stats/prometheus") == 200
