"""Counts from a Prometheus that refuses what the real one refuses; the real one: tests/e2e/test_metrics.py."""

import json
import re

import pytest

from rollout.errors import MetricsError
from rollout.metrics.interface import Counts, Tick
from rollout.metrics.prometheus import PrometheusSource
from tests.fakes import FakeClock

LATE = 16  # a scrape interval, and a second for the scrape


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def made(prometheus, clock):
    """Makes a source of v1 and v2 on the fake."""
    _, url = prometheus

    def make(**more):
        named = {name: f'{name}{{v="{{version}}"}}' for name in ("total", "failed")}
        return PrometheusSource(url=url, clock=clock, **{"versions": ["v1", "v2"], **named, **more})

    return make


@pytest.fixture
def server(prometheus):
    return prometheus[0]


def test_a_tick_is_what_each_counter_has_risen_by(server, clock, made):
    source = made()
    server.scrape(clock.now(), v1_total=1000, v1_failed=10, v2_total=50, v2_failed=0)
    assert source.poll() == []
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=1400, v1_failed=13, v2_total=90, v2_failed=7)
    end = clock.now() - LATE
    assert source.poll() == [Tick(end - 15, end, {"v1": Counts(400, 3), "v2": Counts(40, 7)})]


def test_slow_ones_are_counted_where_they_are_asked_for(server, clock, made):
    source = made(slow='slow{v="{version}"}', versions=["v1"])
    server.scrape(clock.now(), v1_total=10, v1_failed=1, v1_slow=2)
    source.poll()
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=20, v1_failed=1, v1_slow=6)
    assert [tick.counts for tick in source.poll()] == [{"v1": Counts(10, 0, 4)}]


def test_all_is_asked_as_of_one_moment(server, clock, made):
    source = made(slow='slow{v="{version}"}')
    server.scrape(clock.now(), **{f"{v}_{what}": 1 for v in ("v1", "v2") for what in ("total", "failed", "slow")})
    source.poll()
    assert {at for _, at in server.asked} == {clock.now()}
    assert sorted(query for query, _ in server.asked) == sorted(server.samples)


def test_nobody_is_asked_before_there_can_be_news(server, clock, made):
    source = made()
    source.poll()
    asked = len(server.asked)
    clock.sleep(14)
    assert source.poll() == []
    assert len(server.asked) == asked


def test_no_request_of_a_tick_is_from_before_its_begin(server, clock, made):
    source = made(versions=["v1"])
    server.scrape(clock.now() - 14.9, v1_total=100, v1_failed=0)  # the newest when it is read
    source.poll()
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=250, v1_failed=0)
    (tick,) = source.poll()
    assert tick.counts == {"v1": Counts(150, 0)}
    assert tick.begin <= clock.now() - 15 - 14.9


def test_after_a_period_that_could_not_be_read_the_next_tick_has_both(server, clock, made):
    source = made(versions=["v1"])
    server.scrape(clock.now(), v1_total=100, v1_failed=0)
    source.poll()
    clock.sleep(15)
    server.answer = 503, "Service Unavailable"
    with pytest.raises(MetricsError, match="503 Service Unavailable"):
        source.poll()
    server.answer = None
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=150, v1_failed=0)
    (tick,) = source.poll()
    assert (tick.end - tick.begin, tick.counts) == (30, {"v1": Counts(50, 0)})


# Counters that are not there, or fall


@pytest.mark.parametrize("fallen", [{"v1_total": 3, "v1_failed": 3}, {"v1_total": 200, "v1_failed": 0}])
def test_a_counter_that_fell_leaves_its_version_out_of_that_tick(server, clock, made, fallen):
    source = made()
    server.scrape(clock.now(), v1_total=100, v1_failed=1, v2_total=100, v2_failed=1)
    source.poll()
    clock.sleep(15)
    server.scrape(clock.now(), **fallen, v2_total=110, v2_failed=1)
    assert [tick.counts for tick in source.poll()] == [{"v2": Counts(10, 0)}]
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=fallen["v1_total"] + 8, v1_failed=fallen["v1_failed"] + 2)
    assert [tick.counts["v1"] for tick in source.poll()] == [Counts(8, 2)]


def test_a_version_without_requests_is_absent_until_it_has_been_seen_twice(server, clock, made):
    source = made()
    server.scrape(clock.now(), v1_total=100, v1_failed=0)
    source.poll()
    for total in (200, 300, 400):
        clock.sleep(15)
        server.scrape(clock.now(), v1_total=total, v1_failed=0, v2_total=total, v2_failed=0)
        (tick,) = source.poll()
        expected = {"v1": Counts(100, 0)} if total == 200 else {"v1": Counts(100, 0), "v2": Counts(100, 0)}
        assert tick.counts == expected


def test_without_any_requests_there_is_no_tick(clock, made):
    source = made()
    source.poll()
    clock.sleep(15)
    assert source.poll() == []


@pytest.mark.parametrize("query", ["failed", "slow"])
def test_where_there_are_requests_the_other_counters_have_to_be_there_too(server, clock, made, query):
    source = made(slow='slow{v="{version}"}', versions=["v1"])
    there = {"v1_total": 1, "v1_failed": 1, "v1_slow": 1}
    del there[f"v1_{query}"]
    server.scrape(clock.now(), **there)
    with pytest.raises(MetricsError, match=rf'^{query}{{v="v1"}} has no result, .* or vector\(0\)$'):
        source.poll()


def test_more_failed_than_there_were_is_all_of_them(server, clock, made):
    source = made(versions=["v1"])
    server.scrape(clock.now(), v1_total=100, v1_failed=0)
    source.poll()
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=101, v1_failed=2)
    assert [tick.counts for tick in source.poll()] == [{"v1": Counts(1, 1)}]


# What is no count


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_number_is_told(server, clock, made, value):
    server.scrape(clock.now(), v1_total=value)
    with pytest.raises(
        MetricsError, match=rf'^ask Prometheus for total{{v="v1"}}: it is {re.escape(value)}, which is no count$'
    ):
        made().poll()


def test_more_than_one_series_is_told(server, clock, made):
    server.series = 3
    server.scrape(clock.now(), v1_total=1)
    with pytest.raises(MetricsError, match=r"it is 3 series; write sum\(…\) around it$"):
        made().poll()


def test_a_scalar_will_do(server, clock, made):
    server.kind = "scalar"
    server.scrape(clock.now(), v1_total=1, v1_failed=0)
    source = made(versions=["v1"])
    source.poll()
    clock.sleep(15)
    server.scrape(clock.now(), v1_total=3, v1_failed=1)
    assert [tick.counts for tick in source.poll()] == [{"v1": Counts(2, 1)}]


def test_what_prometheus_refuses_is_told_in_its_words(made):
    with pytest.raises(MetricsError, match=r"^ask Prometheus for rate\({version}\[1m\]\): 400 .*parse error"):
        made(total="rate({{version}}[1m])".replace("{{", "{").replace("}}", "}"), versions=["{version}"]).poll()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "error", "error": "query timed out"}, "query timed out$"),
        (
            {"status": "success", "data": {"resultType": "matrix", "result": [{"values": []}]}},
            "not Prometheus's: .*matrix",
        ),
        ({"hello": 1}, "not Prometheus's: .*hello"),
        ([], "not Prometheus's: "),
        ({"status": "success", "data": {"resultType": "scalar", "result": [1, "many"]}}, "not Prometheus's: .*many"),
        ({"status": "success", "data": {"resultType": "scalar", "result": []}}, "not Prometheus's: "),
    ],
)
def test_an_answer_that_is_none_is_told(server, made, answer, said):
    server.answer = 200, json.dumps(answer)
    with pytest.raises(MetricsError, match=rf'^ask Prometheus for total{{v="v1"}}: (the answer is )?{said}'):
        made().poll()


# The past


def test_the_past_is_what_each_has_risen_by(server, clock, made):
    server.scrape(clock.now() - 610, v1_total=100, v1_failed=0, v2_total=900, v2_failed=0)
    server.scrape(clock.now(), v1_total=700, v1_failed=3, v2_total=10, v2_failed=0)
    end = clock.now() - LATE
    assert made().recent(600) == Tick(end - 600, end, {"v1": Counts(600, 3)})


def test_a_past_of_which_there_is_no_word_is_empty(clock, made):
    assert made().recent(600).counts == {}
