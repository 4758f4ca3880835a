"""`rollback`: which traffic it goes back to, and what it writes for that."""

import pytest

from ops.errors import ConfigError, OpsError
from ops.rollback import rollback
from tests.ops.conftest import AMI, FILE, OTHER, update

V1, V2, V3 = {"v1": 1000}, {"v2": 1000}, {"v3": 1000}


def test_it_goes_to_the_newest_update_that_went_through_with_other_traffic(stack, said):
    stack.history = [
        update(V3, "failed", 0),
        update(V2, "succeeded", 1),
        update(V3, "failed", 2),
        update(V1, "succeeded", 3),
        update({"v0": 1000}, "succeeded", 4),
    ]
    rollback(stack, None, said.append)
    assert stack.file.read_text() == FILE.replace("{v2: 100}", "{v1: 100}")
    assert stack.ups == ["ops: roll back to v1 100"]
    assert said[0] == "the update of 2026-11-24 09:00:00 UTC went through with v1 100"


def test_shares_come_back_as_they_were(stack, said):
    stack.history = [update({"v1": 125, "v2": 875})]
    rollback(stack, None, said.append)
    assert "sluice:traffic: {v1: 12.5, v2: 87.5}" in stack.file.read_text()


def test_only_the_targets_release_is_listed_again(stack, said):
    stack.history = [update({"v0": 1000}, v0=OTHER, v00=OTHER, v2=OTHER)]
    rollback(stack, None, said.append)
    assert stack.file.read_text() == FILE.replace("    v1:", f"    v0: {{ami: {OTHER}}}\n    v1:").replace(
        "{v2: 100}", "{v0: 100}"
    )


def test_nothing_to_go_back_to_names_what_was_looked_at(stack, said):
    stack.history = [update(V2, "succeeded", 0), update(V3, "failed", 1)]
    with pytest.raises(OpsError) as caught:
        rollback(stack, None, said.append)
    assert caught.value.code == 1
    assert "2026-11-24 12:00:00 UTC succeeded: v2 100\n  2026-11-24 11:00:00 UTC failed: v3 100" in str(caught.value)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


def test_an_empty_history_is_told(stack, said):
    with pytest.raises(OpsError, match="the stack's history is empty"):
        rollback(stack, None, said.append)


def test_a_named_version_that_is_listed_needs_no_history(stack, said):
    rollback(stack, "v1", said.append)
    assert stack.file.read_text() == FILE.replace("{v2: 100}", "{v1: 100}")


def test_a_named_version_comes_back_from_the_newest_update_that_went_through_with_it(stack, said):
    stack.history = [
        update(V2, "failed", 0, v0=AMI),
        update(V2, "succeeded", 1, v0=OTHER),
        update(V2, number=2, v0=AMI),
    ]
    rollback(stack, "v0", said.append)
    assert f"    v0: {{ami: {OTHER}}}\n    v1:" in stack.file.read_text()


def test_an_unknown_version_is_refused_with_the_known_ones(stack, said):
    stack.history = [update(V3, "failed", 0), update({"v0": 1000})]
    with pytest.raises(ConfigError, match=r"v9 is neither in .* known: v1, v2, v0$"):
        rollback(stack, "v9", said.append)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])
