"""Durations as Go writes them."""

import pytest

from rehearsal.docker_provider.durations import duration, nanoseconds, written

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", 0),
        ("10s", 10 * SECOND),
        ("500ms", SECOND // 2),
        ("1.5s", 1_500_000_000),
        ("1m0s", 60 * SECOND),
        ("1m30s", 90 * SECOND),
        ("1h0m0s", 3600 * SECOND),
        ("25h0m1.25s", 25 * 3600 * SECOND + 1_250_000_000),
        ("1.5µs", 1500),
        ("3ns", 3),
    ],
)
def test_gos_own_form_reads_and_writes_the_same(text: str, length: int) -> None:
    assert (nanoseconds(text), written(length)) == (length, text)


@pytest.mark.parametrize(
    ("text", "form"), [("60s", "1m0s"), ("1500ms", "1.5s"), ("90m", "1h30m0s"), ("0", "0s"), ("0h", "0s")]
)
def test_other_spellings_come_back_in_gos(text: str, form: str) -> None:
    assert written(nanoseconds(text)) == form


@pytest.mark.parametrize("text", ["", "5", "s", "1 s", "1d", "1s!", "ten", "-"])
def test_what_go_does_not_read_is_refused(text: str) -> None:
    assert duration(text) == "is not a valid duration"
