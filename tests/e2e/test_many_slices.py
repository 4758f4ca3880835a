"""More than two slices at once, under load."""

import json
from collections import Counter

import pytest

from rehearsal.load import dropped, dropped_by
from tests.e2e.conftest import ONE_MOVE, live, marks, ok, recorded
from tests.e2e.scene import EASY, assert_restored

MANY = {"v1": 60, "v2": 25, "v3": 10, "v4": 4, "v5": 1}
EVEN = {"v1": 12.5, "v2": 12.5, "v3": 25, "v4": 25, "v5": 25}


@pytest.fixture
def many(home):
    """v1 has all the traffic, and v4 and v5 are beside the others."""
    for version in ("v4", "v5"):
        home.add(version)
    return home


def test_five_slices_share_the_traffic_and_change_all_at_once(many, load):
    many.declare(MANY, **ONE_MOVE)
    ok(many.up())
    assert live(many.stage) == {version: 10 * share for version, share in MANY.items()}
    many.declare(EVEN, steps=[50], gates=EASY)
    with many.watching() as seen:
        ok(many.up())
    assert seen == [
        {"v1": 600, "v2": 250, "v3": 100, "v4": 40, "v5": 10},
        {"v1": 363, "v2": 187, "v3": 175, "v4": 145, "v5": 130},
        {"v1": 125, "v2": 125, "v3": 250, "v4": 250, "v5": 250},
    ]
    assert (recorded(many.stage), marks(many.stage)) == (EVEN, [])
    answers = load.stop()
    assert dropped(answers) == []
    assert set(Counter(answer.version for answer in answers)) == set(MANY)


def test_of_two_newcomers_one_is_bad_and_both_are_put_back(home, load):
    home.declare({"v1": 50, "v2": 25, "v3": 25}, steps=[50], prove_by=50)
    home.faulty("v3", fail=0.3)
    done = home.up()
    assert_restored(home, done, r"v3: \d+ of [\d,]+ failed, v1: 0 of [\d,]+ failed; worse by .*Restored v1 100")
    assert set(dropped_by(load.stop())) == {"v3"}
    assert json.dumps(home.entry()["goal"]) == '{"v1": 500, "v2": 250, "v3": 250}'
