"""Sources that refuse what the real ones refuse: CloudWatch as a load balancer fills it, Prometheus, Envoy's page."""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
BALANCER = f"{ELB}:loadbalancer/app/shop/fedcba9876543210"
GROUPS = {version: f"{ELB}:targetgroup/shop-{version}/0123456789abcdef" for version in ("v1", "v2")}
STAT = re.compile(r"Sum|SampleCount|Average|Minimum|Maximum|p\d+|PR\((\d+(\.\d{1,10})?)?:(\d+(\.\d{1,10})?)?\)")


class FakeCloudWatch:
    """`calls` counts pages asked for; `page`: values on one; `error`: what every call is refused with; `status`: of
    every result.
    """

    def __init__(self) -> None:
        self.seen: defaultdict[tuple[str, str], defaultdict[float, list[float]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.calls = 0
        self.stats: set[str] = set()
        self.page = 1_000_000
        self.error: ClientError | None = None
        self.status = "Complete"

    def add(self, at: float, version: str = "", *, good: int = 0, bad: int = 0, reset: int = 0, slow: int = 0) -> None:
        """Requests at *at*: answered well, with a 500, not at all; of the answered *slow* took 0.4 s, others 0.1.

        Without a *version* they are another service's behind the same load balancer.
        """
        group = GROUPS[version].rpartition(":")[2] if version else "targetgroup/theirs/0123456789abcdef"
        answered = [("HTTPCode_Target_2XX_Count", good), ("HTTPCode_Target_5XX_Count", bad)]
        self._count(at, group, [("RequestCount", good + bad + reset), *answered])
        self._count(at, "", [("RequestCount", good + bad + reset), *answered, ("HTTPCode_ELB_5XX_Count", reset)])
        for whose in (group, ""):
            self.seen["TargetResponseTime", whose][at] += [0.4] * slow + [0.1] * (good + bad - slow)

    def _count(self, at: float, group: str, counts: list[tuple[str, int]]) -> None:
        for metric, number in counts:
            if number:
                self.seen[metric, group][at] += [1.0] * number

    def take_away(self, metric: str, version: str) -> None:
        """As if the points of *metric* were late."""
        del self.seen[metric, GROUPS[version].rpartition(":")[2]]

    def get_paginator(self, operation: str) -> "FakeCloudWatch":
        assert operation == "get_metric_data"
        return self

    def paginate(self, MetricDataQueries: list, StartTime: datetime, EndTime: datetime) -> Iterator[dict]:  # noqa: N803
        """Pages of at most `page` values of one metric, the newest first."""
        self._refuse(MetricDataQueries, StartTime, EndTime)
        for query in MetricDataQueries:
            values = sorted(self._values(query, StartTime.timestamp(), EndTime.timestamp()).items(), reverse=True)
            for first in range(0, max(1, len(values)), self.page):
                part = values[first : first + self.page]
                self.calls += 1
                yield {
                    "MetricDataResults": [
                        {
                            "Id": query["Id"],
                            "Label": query["MetricStat"]["Metric"]["MetricName"],
                            "Timestamps": [datetime.fromtimestamp(at, UTC) for at, _ in part],
                            "Values": [value for _, value in part],
                            "StatusCode": self.status,
                        }
                    ]
                }

    def _values(self, query: dict[str, Any], start: float, end: float) -> dict[float, float]:
        of, period, stat = (query["MetricStat"][name] for name in ("Metric", "Period", "Stat"))
        named = {one["Name"]: one["Value"] for one in of["Dimensions"]}
        is_ours = named.pop("LoadBalancer", "") == BALANCER.partition("loadbalancer/")[2]
        group = named.pop("TargetGroup", "")
        if of["Namespace"] != "AWS/ApplicationELB" or not is_ours or named:
            return {}
        found: defaultdict[float, list[float]] = defaultdict(list)
        begin = start // 60 * 60 if period == 1 or period >= 60 else start // period * period
        for at, values in self.seen.get((of["MetricName"], group), {}).items():
            if begin <= at < end:
                found[begin + (at - begin) // period * period] += values
        return {at: _statistic(stat, values) for at, values in found.items() if values}

    def _refuse(self, queries: list[dict[str, Any]], start: datetime, end: datetime) -> None:
        if self.error:
            raise self.error
        ids = [one["Id"] for one in queries]
        stats = [one["MetricStat"]["Stat"] for one in queries]
        self.stats |= set(stats)
        periods = [one["MetricStat"]["Period"] for one in queries]
        refusals = {
            "too many queries": len(queries) > 500,
            "ids that are not unique": len(set(ids)) < len(ids),
            "an id that is none": not all(re.fullmatch(r"[a-z]\w*", one) for one in ids),
            "not a valid statistic": not all(STAT.fullmatch(one) for one in stats),
            "a period that is none": not all(one in (1, 5, 10, 20, 30) or one % 60 == 0 for one in periods),
            "no whole period": not all(isinstance(one, int) for one in periods),
            "start and end": start >= end,
        }
        if found := [said for said, holds in refusals.items() if holds]:
            raise refusal("ValidationError", found[0])


def _statistic(name: str, values: list[float]) -> float:
    if name.startswith("PR("):
        low, high = name[3:-1].split(":")
        return 100 * sum(float(low or "-inf") < one <= float(high or "inf") for one in values) / len(values)
    return {"Sum": sum(values), "SampleCount": float(len(values))}[name]


def refusal(code: str, said: str, status: int = 400) -> ClientError:
    """AWS's answer to a call that it refuses."""
    answer: Any = {"Error": {"Code": code, "Message": said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetMetricData")


@pytest.fixture
def cloudwatch() -> FakeCloudWatch:
    return FakeCloudWatch()


Page = Callable[[str, dict[str, str]], tuple[int, str]]  # of a path and its terms: status and text


@contextmanager
def serving(page: Page) -> Iterator[str]:
    """The URL of a server that answers each GET with *page*."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            terms = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
            status, text = page(parts.path, terms)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class FakePrometheus:
    """`samples`: by expression, what was scraped when; `answer`: what is said instead."""

    def __init__(self) -> None:
        self.samples: defaultdict[str, dict[float, str]] = defaultdict(dict)
        self.answer: tuple[int, str] | None = None
        self.kind = "vector"
        self.series = 1
        self.asked: list[tuple[str, float]] = []

    def scrape(self, at: float, **values: float | str) -> None:
        """The expressions are the names, `v1_total` as `total{v="v1"}`."""
        for name, value in values.items():
            version, _, what = name.partition("_")
            self.samples[f'{what}{{v="{version}"}}'][at] = str(value)

    def page(self, path: str, terms: dict[str, str]) -> tuple[int, str]:
        """/api/v1/query."""
        if self.answer:
            return self.answer
        if path != "/prefix/api/v1/query":
            return 404, "404 page not found"
        expression, at = terms["query"], float(terms["time"])
        self.asked.append((expression, at))
        if "{version}" in expression:
            said = 'invalid parameter "query": 1:9: parse error: unexpected "}" in label matching'
            return 400, json.dumps({"status": "error", "errorType": "bad_data", "error": said})
        known = {when: value for when, value in self.samples[expression].items() if at - 300 < when <= at}
        found = [{"metric": {}, "value": [at, known[max(known)]]}] * self.series if known else []
        result = found[0]["value"] if self.kind == "scalar" else found
        return 200, json.dumps({"status": "success", "data": {"resultType": self.kind, "result": result}})


class FakeEnvoy:
    """`counters` by name, `times` by cluster: how many took how many milliseconds; `answer`: what is said instead."""

    def __init__(self) -> None:
        self.counters: dict[str, int] = {"server.uptime": 100, "server.live": 1}
        self.times: dict[str, dict[float, int]] = {}
        self.answer: tuple[int, str] | None = None

    def count(self, cluster: str, **answers: int) -> None:
        """Add *answers*, by class: `c2xx=3`; without any there is such a cluster."""
        for name, number in (answers or {"c2xx": 0}).items():
            for stat in (name.removeprefix("c"), "completed"):
                for prefix in ("", "external."):
                    full = f"cluster.{cluster}.{prefix}upstream_rq_{stat}"
                    self.counters[full] = self.counters.get(full, 0) + number

    def took(self, cluster: str, milliseconds: float, number: int = 1) -> None:
        """Add to the histogram, as Envoy's flush does."""
        held = self.times.setdefault(cluster, {})
        held[milliseconds] = held.get(milliseconds, 0) + number

    def page(self, path: str, terms: dict[str, str]) -> tuple[int, str]:
        """/stats."""
        if self.answer:
            return self.answer
        if path != "/stats" or terms["format"] != "json" or terms["histogram_buckets"] != "detailed":
            return 400, "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary)"
        wanted = re.compile(terms["filter"])
        counters = [{"name": name, "value": value} for name, value in self.counters.items() if wanted.search(name)]
        details = [
            {"name": name, "totals": [{"lower_bound": low, "width": 10, "count": n} for low, n in held.items()]}
            for cluster, held in self.times.items()
            for name in (f"cluster.{cluster}.upstream_rq_time", f"cluster.{cluster}.external.upstream_rq_time")
            if wanted.search(name)
        ]
        histograms = [{"histograms": {"supported_percentiles": [], "details": details}}] if details else []
        return 200, json.dumps({"stats": [*counters, *histograms]})


@pytest.fixture
def prometheus() -> Iterator[tuple[FakePrometheus, str]]:
    """It, and its URL."""
    fake = FakePrometheus()
    with serving(fake.page) as url:
        yield fake, f"{url}/prefix/"


@pytest.fixture
def envoy() -> Iterator[tuple[FakeEnvoy, str]]:
    """It, and the URL of its admin page."""
    fake = FakeEnvoy()
    with serving(fake.page) as url:
        yield fake, url
