"""Things as they were a while ago."""

from rehearsal.cloud.late import Late


def test_a_change_is_seen_so_many_seconds_later():
    late = Late()
    assert late.follow({"a": 1}, 5, 0.0) == {"a": 1}
    assert late.follow({"a": 2}, 5, 10.0) == {"a": 1}
    assert late.follow({"a": 3}, 5, 12.0) == {"a": 1}
    assert late.follow({"a": 3}, 5, 14.9) == {"a": 1}
    assert late.follow({"a": 3}, 5, 15.0) == {"a": 2}
    assert late.follow({"a": 3}, 5, 17.0) == {"a": 3}


def test_without_a_delay_everything_is_seen_at_once():
    late = Late()
    assert late.follow({"a": 1}, 0, 0.0) == {"a": 1}
    assert late.follow({"a": 2}, 0, 0.0) == {"a": 2}


def test_what_is_new_is_seen_at_once_and_what_is_gone_is_forgotten():
    late = Late()
    late.follow({"a": 1}, 5, 0.0)
    assert late.follow({"a": 1, "b": 1}, 5, 10.0) == {"a": 1, "b": 1}
    assert late.follow({"b": 1}, 5, 11.0) == {"b": 1}
    assert late.follow({"a": 9, "b": 1}, 5, 12.0) == {"a": 9, "b": 1}


def test_what_was_seen_stays_seen_when_the_delay_grows():
    late = Late()
    late.follow({"a": 1}, 0, 0.0)
    late.follow({"a": 2}, 0, 10.0)
    assert late.follow({"a": 2}, 3600, 11.0) == {"a": 2}


def test_when_the_delay_ends_the_newest_is_seen():
    late = Late()
    late.follow({"a": 1}, 5, 0.0)
    late.follow({"a": 2}, 5, 10.0)
    assert late.follow({"a": 2}, 0, 10.1) == {"a": 2}
