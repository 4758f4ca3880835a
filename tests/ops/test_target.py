"""Where a rollback goes: the newest other release that went through, or a version by name."""

import pytest

from ops import stackfile
from ops.errors import ConfigError, OpsError
from ops.target import target
from tests.ops.conftest import AMI, FILE, OTHER, update

V1, V2, V3 = {"v1": 1000}, {"v2": 1000}, {"v3": 1000}


@pytest.fixture
def to(stack):
    """Where a rollback of the stack goes."""
    return lambda version=None: target(stack, stackfile.load(stack.file), version)


def test_it_is_the_newest_update_that_went_through_with_another_release(stack, to):
    stack.history = [
        update(V3, "failed", 0),
        update(V2, "succeeded", 1),
        update(V3, "in-progress", 2),
        update({}, "succeeded", 2),
        update(V1, "succeeded", 3),
        update({"v0": 1000}, "succeeded", 4),
    ]
    assert to().shares == V1
    assert to().why == "the update of 2026-11-24 09:00:00 UTC went through with v1 100"


def test_a_step_on_the_way_to_what_is_declared_is_no_other_release(stack, to):
    stack.history = [update(V2, number=0), update({"v1": 125, "v2": 875}, number=1), update(V1, number=2)]
    assert to().shares == V1


def test_from_a_split_it_goes_back_to_what_was_before(stack, to):
    stack.file.write_text(FILE.replace("{v2: 100}", "{v1: 50, v2: 50}"))
    stack.history = [update({"v1": 500, "v2": 500}), update({"v1": 750, "v2": 250}), update(V1)]
    assert to().shares == V1


def test_shares_come_back_as_they_were(stack, to):
    stack.history = [update({"v0": 125, "v1": 875})]
    assert to().shares == {"v0": 125, "v1": 875}


def test_where_nobody_is_served_it_goes_to_whoever_was(stack, to):
    stack.file.write_text(FILE.replace("{v2: 100}", "{}"))
    stack.history = [update({}), update(V2)]
    assert to().shares == V2


def test_only_its_own_releases_are_listed_again(stack, to):
    stack.history = [update({"v0": 500, "v1": 500}, v0=OTHER, v00=OTHER, v1=OTHER, v2=OTHER)]
    assert to().entries == {"v0": {"ami": OTHER}}


def test_nothing_to_go_back_to_names_what_was_looked_at(stack, to):
    stack.history = [update(V2, "succeeded", 0), update(V3, "failed", 1)]
    with pytest.raises(OpsError) as caught:
        to()
    assert caught.value.code == 1
    assert "2026-11-24 12:00:00 UTC succeeded: v2 100\n  2026-11-24 11:00:00 UTC failed: v3 100" in str(caught.value)


def test_an_empty_history_is_told(to):
    with pytest.raises(OpsError, match="the stack's history is empty"):
        to()


def test_a_named_version_that_is_listed_needs_no_history(to):
    assert (to("v1").shares, to("v1").entries) == (V1, {})


def test_a_named_version_comes_back_from_the_newest_update_that_went_through_with_it(stack, to):
    stack.history = [
        update(V2, "failed", 0, v0=AMI),
        update(V2, "succeeded", 1, v0=OTHER),
        update(V2, number=2, v0=AMI),
    ]
    assert to("v0").entries == {"v0": {"ami": OTHER}}


def test_an_unknown_version_is_refused_with_the_known_ones(stack, to):
    stack.history = [update(V3, "failed", 0), update({"v0": 1000})]
    with pytest.raises(ConfigError, match=r"v9 is neither in .* known: v1, v2, v0$"):
        to("v9")
