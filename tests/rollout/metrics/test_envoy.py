"""Counts from an Envoy's page; a real Envoy: tests/e2e/test_metrics.py."""

import json

import pytest

from rollout.errors import MetricsError
from rollout.metrics.envoy import EnvoySource
from rollout.metrics.interface import Counts, Tick
from tests.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def admin(envoy):
    """An Envoy that answers for v1 and v2."""
    fake, _ = envoy
    for cluster in ("one", "two"):
        fake.count(cluster)
    return fake


@pytest.fixture
def made(envoy, clock):
    def make(**more):
        return EnvoySource(url=envoy[1], clock=clock, **{"clusters": {"v1": "one", "v2": "two"}, "over": None, **more})

    return make


@pytest.fixture
def source(admin, made):
    """Begun."""
    source = made(over=0.3)
    assert source.poll() == []
    return source


def counts(source, clock):
    """The counts of the tick after a second."""
    clock.sleep(1)
    (tick,) = source.poll()
    assert (tick.begin, tick.end) == (clock.now() - 1, clock.now())
    return tick.counts


def test_a_tick_is_what_each_counter_has_risen_by(admin, clock, source):
    admin.count("one", c2xx=80, c3xx=5, c4xx=10, c5xx=5)
    admin.count("two", c2xx=7)
    clock.sleep(1)
    assert source.poll() == [Tick(clock.now() - 1, clock.now(), {"v1": Counts(100, 5), "v2": Counts(7, 0)})]
    assert counts(source, clock) == {"v1": Counts(0, 0), "v2": Counts(0, 0)}


def test_a_connection_that_was_upgraded_is_no_failure(admin, clock, source):
    admin.count("one", c1xx=3)
    assert counts(source, clock)["v1"] == Counts(3, 0)


def test_nobody_is_asked_before_a_period_has_passed(admin, clock, source):
    admin.count("one", c2xx=1)
    clock.sleep(0.9)
    assert source.poll() == []


def test_what_was_before_the_first_poll_does_not_count(admin, clock, made):
    admin.count("one", c2xx=100)
    admin.took("one", 400, 50)
    source = made(over=0.3)
    source.poll()
    assert counts(source, clock)["v1"] == Counts(0, 0, 0)


# Slow


def test_slow_is_what_took_as_long_or_longer(admin, clock, source):
    admin.count("one", c2xx=10)
    for milliseconds in (1, 290, 300, 310, 60_000):
        admin.took("one", milliseconds, 2)
    assert counts(source, clock)["v1"] == Counts(10, 0, 6)


def test_slow_ones_that_are_shown_after_their_requests_count_with_the_next(admin, clock, source):
    admin.count("one", c2xx=5)
    assert counts(source, clock)["v1"] == Counts(5, 0, 0)
    admin.count("one", c2xx=1)
    admin.took("one", 400, 3)
    assert counts(source, clock)["v1"] == Counts(1, 0, 1)
    assert counts(source, clock)["v1"] == Counts(0, 0, 0)
    admin.count("one", c2xx=5)
    assert counts(source, clock)["v1"] == Counts(5, 0, 2)
    assert counts(source, clock)["v1"] == Counts(0, 0, 0)


@pytest.mark.parametrize(
    ("over", "said"),
    [(0.305, "300 or 310 ms"), (1.25, "1200 or 1300 ms"), (0.00555, "5.5 or 5.6 ms"), (0.0005, "0 or 1 ms")],
)
def test_what_envoy_cannot_tell_is_refused_with_what_it_can(admin, made, over, said):
    with pytest.raises(MetricsError, match=rf"cannot tell what takes longer than {1000 * over:g} ms; write {said}$"):
        made(over=over).poll()


@pytest.mark.parametrize("over", [0.001, 0.0023, 0.0055, 0.25, 0.29, 0.3, 0.57, 1, 1.1, 12, 60])
def test_times_of_two_digits_can_be_told(admin, clock, made, over):
    source = made(over=over)
    source.poll()
    admin.count("one", c2xx=2)
    admin.took("one", round(1000 * over, 6))
    admin.took("one", 990 * over)
    assert counts(source, clock)["v1"] == Counts(2, 0, 1)


# Clusters that are not there, or begin anew


def test_a_counter_that_fell_leaves_its_version_out_of_that_tick(admin, clock, source):
    admin.count("one", c2xx=50)
    admin.count("two", c2xx=50)
    counts(source, clock)
    for name in [name for name in admin.counters if "cluster.two." in name]:
        admin.counters[name] = 3
    admin.count("one", c2xx=1)
    assert counts(source, clock) == {"v1": Counts(1, 0)}
    admin.count("two", c5xx=1)
    assert counts(source, clock) == {"v1": Counts(0, 0), "v2": Counts(1, 1)}


def test_when_every_counter_fell_there_is_no_tick(admin, clock, source):
    admin.count("one", c2xx=5)
    admin.count("two", c2xx=5)
    counts(source, clock)
    for name in [name for name in admin.counters if name.startswith("cluster.")]:
        admin.counters[name] = 1
    clock.sleep(1)
    assert source.poll() == []


@pytest.mark.parametrize("anew", ["the cluster", "Envoy"])
def test_slow_ones_from_before_it_began_anew_are_forgotten(admin, clock, source, anew):
    admin.took("one", 400, 9)
    assert counts(source, clock)["v1"] == Counts(0, 0, 0)
    admin.times.clear()
    admin.counters["server.uptime"] -= anew == "Envoy"
    clock.sleep(1)
    source.poll()
    admin.count("one", c2xx=5)
    assert counts(source, clock)["v1"] == Counts(5, 0, 0)


def test_when_envoy_began_anew_there_is_no_tick(admin, clock, source):
    admin.count("one", c2xx=50)
    counts(source, clock)
    admin.counters["server.uptime"] = 0
    admin.count("one", c2xx=50)
    clock.sleep(1)
    assert source.poll() == []
    admin.count("one", c2xx=2)
    assert counts(source, clock)["v1"] == Counts(2, 0)


def test_a_cluster_counts_once_it_has_been_seen_twice(envoy, clock, made):
    fake, _ = envoy
    fake.count("one", c2xx=1)
    source = made()
    source.poll()
    fake.count("two", c2xx=5)
    assert counts(source, clock) == {"v1": Counts(0, 0)}
    fake.count("two", c5xx=2)
    assert counts(source, clock) == {"v1": Counts(0, 0), "v2": Counts(2, 2)}


def test_a_cluster_that_is_gone_is_absent(admin, clock, source):
    for name in [name for name in admin.counters if "cluster.two." in name]:
        del admin.counters[name]
    assert counts(source, clock) == {"v1": Counts(0, 0)}


def test_clusters_of_which_none_is_there_are_told_with_those_that_are(admin, made):
    with pytest.raises(MetricsError, match=r": it has no cluster v8, v9; it has one, two$"):
        made(clusters={"v8": "v8", "v9": "v9"}).poll()


def test_a_colon_in_a_clusters_name_is_an_underscore_in_its_stats(envoy, clock, made):
    fake, _ = envoy
    fake.count("shop_v1", c2xx=1)
    source = made(clusters={"v1": "shop:v1"})
    source.poll()
    fake.count("shop_v1", c2xx=4)
    assert counts(source, clock) == {"v1": Counts(4, 0)}


# Pages that are none


def test_after_a_second_that_could_not_be_read_the_next_tick_has_both(admin, clock, source):
    admin.count("one", c2xx=1)
    admin.answer = 503, "no healthy upstream"
    clock.sleep(1)
    with pytest.raises(MetricsError, match=r"^read the counters of Envoy at http.*: 503 no healthy upstream$"):
        source.poll()
    admin.answer = None
    clock.sleep(1)
    (tick,) = source.poll()
    assert (tick.end - tick.begin, tick.counts["v1"]) == (2, Counts(1, 0))


@pytest.mark.parametrize(
    "answer", [{}, [], {"stats": [{"name": "a"}]}, {"stats": [1]}, {"stats": [{"histograms": []}]}]
)
def test_an_answer_that_is_not_envoys_is_told(admin, made, answer):
    admin.answer = 200, json.dumps(answer)
    with pytest.raises(MetricsError, match=r": the answer is not Envoy's: "):
        made().poll()


def test_its_past_is_all_that_it_counted_since_it_began(admin, clock, source):
    assert source.recent(600) is None
    admin.count("one", c2xx=80, c5xx=20)
    admin.took("one", 400, 5)
    assert source.recent(600) == Tick(clock.now() - 100, clock.now(), {"v1": Counts(100, 20, 5)})
    assert counts(source, clock)["v1"] == Counts(100, 20, 5)  # and a tick is what it was without that look
