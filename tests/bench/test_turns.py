"""What turns under load come to: failures per million, first requests, and what no release can do without."""

import pytest

from bench.ground import BenchError
from bench.throughput import parsed
from bench.turns import Stamps, floor, sums, turn
from rehearsal.load import Answer


def answer(at: float, version: str, status: int = 200) -> Answer:
    return Answer(at, 0.001, status, version, "" if status else "refused")


def test_a_turn_counts_what_failed_and_finds_the_newcomers_first_request():
    answers = [answer(99.0, "v1"), answer(101.0, "", 0), answer(102.0, "v2", 503), answer(103.5, "v2")]
    made = turn("a way", "v2", answers, (100.0, 104.0), Stamps(asked=101.5))
    assert (made.requests, made.failed, made.seconds, made.first, made.moved) == (4, 2, 4.0, 2.0, 0.5)


def test_a_release_that_answers_nobody_is_no_figure():
    with pytest.raises(BenchError, match="nobody was answered by v2"):
        turn("a way", "v2", [answer(99.0, "v1")], (100.0, 104.0), Stamps())


def test_failures_are_summed_over_all_turns_of_a_way():
    first = turn("a way", "v2", [answer(1.0, "v2")] * 3 + [answer(1.0, "", 0)], (0.0, 2.0), Stamps())
    second = turn("a way", "v3", [answer(1.0, "v3")] * 12, (0.0, 4.0), Stamps())
    found = sums([first, second])
    assert (found.requests, found.failed, found.million) == (16, 1, 62_500.0)
    assert (found.releases, found.failures) == ([2.0, 4.0], [1, 0])


def test_the_floor_is_the_median_start_with_what_is_ready_and_the_drain():
    starts = [Stamps(), Stamps(0.25, 0.25), Stamps(0.5, 0.5), Stamps(1.0, 2.0)]
    turns = [turn("a way", "v2", [answer(1.0, "v2")], (0.0, 2.0), stamps) for stamps in starts]
    assert floor(turns, 5.0) == 6.0


def test_what_wrk_prints_is_read_and_an_error_in_it_refused():
    assert parsed("  2 threads\nRequests/sec:   1234.50\n") == 1234.5
    with pytest.raises(BenchError):
        parsed("  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec:   1234.50\n")
