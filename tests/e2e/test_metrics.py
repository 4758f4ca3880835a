"""The three sources of counts over the same requests: a rehearsal cloud under load, its own Envoy, a real Prometheus.

v1 answers well. v2 answers some requests with 500, some late, and resets the connections of others.
"""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from rehearsal.cloud import faults
from rehearsal.cloud.loopback import LOOPBACK, free
from rehearsal.cloud.routing import cluster_name
from rehearsal.load import Answer, Load
from rollout.clock import RealClock
from rollout.errors import MetricsError
from rollout.metrics.cloudwatch import CloudWatchSource
from rollout.metrics.envoy import EnvoySource
from rollout.metrics.interface import Counts, Source, Tick
from rollout.metrics.prometheus import PrometheusSource
from tests.patience import PATIENCE, eventually
from tests.rehearsal.cloud.running import ROOT, Shop, User, rehearsal

SAMPLE = ROOT / "rehearsal" / "sample" / "server.py"
FAULTS = ("FAIL=0.06", "RESET=0.06", "SLOW=0.08", "SLOW_MS=1500")
OVER = 1.0  # seconds
MINUTE = 60.0
RATE = 60.0  # requests a second
OF = 'envoy_cluster_name=~"{version}-.*"'
TOTAL = f"sum(envoy_cluster_upstream_rq_completed{{{OF}}})"
GOOD = f'sum(envoy_cluster_upstream_rq_xx{{{OF},envoy_response_code_class=~"[1234]"}})'
TIMES = "envoy_cluster_upstream_rq_time"
SLOW = f'sum({TIMES}_count{{{OF}}}) - sum({TIMES}_bucket{{{OF},le="1000"}})'
PROMQL = {"total": TOTAL, "failed": f"{TOTAL} - ({GOOD} or vector(0))", "slow": f"({SLOW}) or vector(0)"}

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="there is no prometheus; on Debian: apt-get install prometheus"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """v1 and v2, half of the traffic each, on a cloud of their own."""
    home = tmp_path_factory.mktemp("cloud")
    up = rehearsal(home, "up")
    assert up.returncode == 0, up.stderr
    try:
        yield _shop(User(home))
    finally:
        down = rehearsal(home, "down")
    assert down.returncode == 0, down.stderr


def _shop(user: User) -> Shop:
    balancer, listener = user.balancer("shop")
    groups = {version: user.group(version) for version in ("v1", "v2")}
    for priority, (version, group) in enumerate(groups.items(), 1):
        wrong = FAULTS if version == "v2" else ()
        made = rehearsal(user.home, "image", version, "--", "env", *wrong, sys.executable, str(SAMPLE))
        user.isolate(listener, version, group, priority)
        user.fleet(version, group, size=1, image=made.stdout.split()[-1])
    everything = [{"Field": "path-pattern", "Values": ["/*"]}]
    rule = user.rule(listener, everything, 50000, dict.fromkeys(groups.values(), 500))
    for group in groups.values():
        user.healthy(group, 1)
    dns = user.elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"][0]["DNSName"]
    return Shop(user, balancer, listener, groups, rule, dns)


@pytest.fixture(scope="module")
def prometheus(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that scrapes the cloud's Envoy every second."""
    with scraping(tmp_path_factory.mktemp("prometheus"), shop.user.state.admin) as url:
        eventually(lambda: has(url, "envoy_server_live"), "it has scraped Envoy")
        yield url


@contextmanager
def scraping(folder: Path, scraped: int) -> Iterator[str]:
    """The URL of a Prometheus that scrapes the Envoy at the port *scraped* every second, while the block runs."""
    port = free()
    target = {"job_name": "envoy", "metrics_path": "/stats/prometheus", "scrape_interval": "1s"}
    at = [{"targets": [f"{LOOPBACK}:{scraped}"]}]
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [{**target, "static_configs": at}]}))
    where = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    url = f"http://{LOOPBACK}:{port}"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            ["prometheus", *where, f"--web.listen-address={LOOPBACK}:{port}"], stdout=log, stderr=log
        )
        try:
            yield url
        finally:
            server.terminate()
            server.wait(PATIENCE)


def has(url: str, query: str) -> bool:
    """Whether the Prometheus at *url* answers *query* with something."""
    try:
        asked = f"{url}/api/v1/query?query={urllib.parse.quote(query)}"
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return bool(json.loads(answer.read())["data"]["result"])
    except urllib.error.URLError:
        return False


def cloudwatch(shop: Shop, **more: Any) -> CloudWatchSource:
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    client = boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        endpoint_url=shop.user.state.endpoint,
        config=Config(retries={"total_max_attempts": 1}),
        **keys,
    )
    terms = {"over": OVER, "period": 1, "late": 1.5, **more}
    return CloudWatchSource(cloudwatch=client, clock=RealClock(), groups=shop.groups, balancer=shop.balancer, **terms)


def envoy(shop: Shop, over: float | None = OVER) -> EnvoySource:
    clusters = {version: cluster_name(group) for version, group in shop.groups.items()}
    url = f"http://{LOOPBACK}:{shop.user.state.admin}"
    return EnvoySource(url=url, clock=RealClock(), clusters=clusters, over=over)


def promql(url: str, **more: Any) -> PrometheusSource:
    return PrometheusSource(url=url, clock=RealClock(), **{"versions": ["v1", "v2"], "period": 1, **PROMQL, **more})


def seen(answers: Sequence[Answer]) -> dict[str, Counts]:
    """What the client saw. Who resets gives no answer, so what nobody gave was v2's."""
    of = {version: [one for one in answers if (one.version or "v2") == version] for version in ("v1", "v2")}
    return {
        version: Counts(len(them), sum(one.status != 200 for one in them), sum(one.seconds > OVER for one in them))
        for version, them in of.items()
    }


def summed(ticks: Sequence[Tick]) -> dict[str, Counts]:
    sums: dict[str, Counter[str]] = {}
    for version, one in (item for tick in ticks for item in tick.counts.items()):
        sums.setdefault(version, Counter()).update(vars(one))
    return {version: Counts(**{"total": 0, "failed": 0, "slow": 0, **one}) for version, one in sums.items()}


@dataclass
class Counted:
    """What clients saw within a minute; the ticks of each source over it, and what it says of it afterwards, when
    `seconds` had passed.
    """

    seen: dict[str, Counts]
    ticks: dict[str, list[Tick]]
    past: dict[str, Tick | None]
    seconds: float


@pytest.fixture(scope="module")
def counted(shop: Shop, request: pytest.FixtureRequest) -> Counted:
    sources: dict[str, Source] = {"cloudwatch": cloudwatch(shop), "envoy": envoy(shop)}
    if shutil.which("prometheus"):
        sources["prometheus"] = promql(request.getfixturevalue("prometheus"))
    ticks: dict[str, list[Tick]] = {name: source.poll() for name, source in sources.items()}
    begun, wall = time.monotonic(), time.time()
    eventually(lambda: time.monotonic() - begun > 1, "the first periods begin")
    load = Load(f"http://{shop.address}/", connections=16, rate=RATE)
    load.start()

    def polled() -> float:
        for name, source in sources.items():
            ticks[name] += source.poll()
        return time.monotonic()

    eventually(lambda: polled() - begun > MINUTE, "a minute has passed", MINUTE + PATIENCE)
    answers = load.stop()
    answers += last_answers(shop, polled)
    ended = polled()
    eventually(lambda: polled() - ended > 8, "all is settled")
    past = {name: source.recent(time.time() - wall) for name, source in sources.items()}
    past["cloudwatch, longer periods"] = cloudwatch(shop, period=5).recent(time.time() - wall + 30)
    return Counted(seen(answers), ticks, past, time.time() - wall)


def last_answers(shop: Shop, polled: Callable[[], float]) -> list[Answer]:
    """Requests that nothing befalls: Envoy's source tells slow ones late, along with requests that came after them."""
    load = Load(f"http://{shop.address}/healthz", connections=2, rate=20)
    load.start()
    begun = polled()
    eventually(lambda: polled() - begun > 3, "all times are shown")
    return load.stop()


def test_the_requests_mean_something(counted):
    assert counted.seen["v1"].total > 20 * MINUTE
    assert counted.seen["v1"].failed == 0
    assert counted.seen["v2"].failed > 2 * MINUTE
    assert counted.seen["v2"].slow > MINUTE


@pytest.mark.parametrize("source", ["cloudwatch", "envoy", pytest.param("prometheus", marks=needs_prometheus)])
def test_each_source_counts_what_clients_saw(counted, source):
    assert summed(counted.ticks[source]) == counted.seen


@pytest.mark.parametrize("source", ["cloudwatch", "envoy", pytest.param("prometheus", marks=needs_prometheus)])
def test_ticks_follow_each_other(counted, source):
    ticks = counted.ticks[source]
    assert [one.end for one in ticks[:-1]] == [one.begin for one in ticks[1:]]
    assert len(ticks) > MINUTE / 3


@pytest.mark.parametrize(
    "source", ["cloudwatch", "cloudwatch, longer periods", pytest.param("prometheus", marks=needs_prometheus)]
)
def test_the_past_is_what_clients_saw(counted, source):
    assert counted.past[source].counts == counted.seen
    assert MINUTE - 1 < counted.past[source].end - counted.past[source].begin < counted.seconds + 5  # a longer period


def test_metrics_that_lag_are_seen_later_and_none_is_lost(shop):
    source = cloudwatch(shop, over=None)
    source.poll()
    faults.write(shop.user.home, faults.Faults(metrics_lag=4.0))
    ticks: list[Tick] = []

    def polled() -> list[Tick]:
        ticks.extend(source.poll())
        return ticks

    try:
        begun = time.monotonic()
        eventually(lambda: time.monotonic() - begun > 1, "the first period begins")
        load = Load(f"http://{shop.address}/", connections=4, rate=20)
        load.start()
        first = eventually(polled, "a tick")[0]
        assert time.time() - first.end > 3
        answers = load.stop()
        eventually(lambda: sum(one.total for one in summed(polled()).values()) >= len(answers), "all of them")
        assert {version: one.total for version, one in summed(ticks).items()} == {
            version: one.total for version, one in seen(answers).items()
        }
    finally:
        faults.forget(shop.user.home)


def test_metrics_that_are_gone_are_told(shop):
    source = cloudwatch(shop)
    faults.write(shop.user.home, faults.Faults(metrics_gone=True))
    with pytest.raises(MetricsError, match=r"^read the counts of v1, v2 from CloudWatch: .*ServiceUnavailable"):
        source.recent(60)
    faults.forget(shop.user.home)
    assert source.recent(60)


def test_a_real_envoy_refuses_what_it_cannot_tell(shop):
    with pytest.raises(MetricsError, match="write 300 or 310 ms"):
        envoy(shop, over=0.305).poll()
    wrong = EnvoySource(url=envoy(shop).url, clock=RealClock(), clusters={"v1": "v1"}, over=None)
    with pytest.raises(MetricsError, match=r"it has no cluster v1; it has v1-[0-9a-f]+, v2-[0-9a-f]+$"):
        wrong.poll()


@needs_prometheus
def test_a_real_prometheus_says_what_is_wrong(prometheus):
    with pytest.raises(MetricsError, match=r"^ask Prometheus for sum\(: 400 .*parse error"):
        promql(prometheus, total="sum(").poll()
    with pytest.raises(MetricsError, match=r"it is 2 series; write sum\(…\) around it$"):
        promql(prometheus, total="envoy_cluster_upstream_rq_completed").poll()
    with pytest.raises(MetricsError, match="which is no count"):
        promql(prometheus, total="vector(0) / vector(0)").poll()
    with pytest.raises(MetricsError, match=r"^nosuch has no result, .*write \(nosuch\) or vector\(0\)$"):
        promql(prometheus, failed="nosuch").poll()
    nobody = promql(prometheus, total="nosuch")
    assert nobody.poll() == []
    assert nobody.recent(60).counts == {}
