"""`gc`: which standbys are too many, and what it does with them."""

import pytest

from ops.errors import OpsError
from ops.gc import gc
from rollout.mark import Mark, Owner
from rollout.routers.interface import Live
from tests.ops.conftest import AMI, FILE

EXTERNAL = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/old/0123456789abcdef"


def listed(*versions: str) -> str:
    """The stack file with *versions* before v2, which serves, and the external release `old` first of all."""
    lines = "".join(f"    {version}: {{ami: {AMI}}}\n" for version in versions)
    old = f'    old: {{external: {{target_group: "{EXTERNAL}"}}}}\n'
    return FILE.replace(f"    v1: {{ami: {AMI}}} # the first\n", old + lines)


@pytest.fixture(autouse=True)
def five(stack, cloud) -> None:
    """Five standbys, and `old`."""
    stack.file.write_text(listed("a", "b", "c", "d", "e"))


def test_the_oldest_beyond_what_is_kept_are_shown_and_nothing_is_changed(stack, said):
    gc(stack, said.append, yes=False)
    assert said == [
        "standbys, oldest first: a, b, c, d, e; sluice:keep is 3",
        "beyond it: a, b; `python -m ops gc --yes` removes them. Nothing was changed",
    ]
    assert (stack.file.read_text(), stack.ups) == (listed("a", "b", "c", "d", "e"), [])


def test_with_yes_they_are_removed(stack, said):
    gc(stack, said.append, yes=True)
    assert (stack.file.read_text(), stack.ups) == (listed("c", "d", "e"), ["ops: remove a, b"])


def test_what_is_kept_is_configured(stack, said):
    stack.file.write_text(listed("a") + "  sluice:keep: 0\n")
    gc(stack, said.append, yes=True)
    assert stack.file.read_text() == listed() + "  sluice:keep: 0\n"


def test_within_what_is_kept_nothing_is_done(stack, said):
    stack.file.write_text(listed("c", "d", "e"))
    gc(stack, said.append, yes=True)
    assert (said[-1], stack.ups) == ("nothing is beyond it", [])


def test_what_is_live_or_in_a_walk_is_no_standby(stack, cloud, said):
    cloud.shares = Live({"a": 300, "v2": 700}, Mark("dead1234", {"b": 1000}, {"c": 1000}, Owner("ann", "ci", 1, 1), 0))
    gc(stack, said.append, yes=False)
    assert said[0].startswith("standbys, oldest first: d, e;")


@pytest.mark.parametrize("live", [None, Live({"v2": 999, "e": 1}, None), Live({"e": 1000}, None)])
def test_while_up_would_move_traffic_nothing_is_removed(stack, cloud, said, live):
    cloud.shares = live
    stack.file.write_text(listed("a", "b", "c", "d", "e") + "  sluice:keep: 1\n")
    with pytest.raises(
        OpsError, match=r"`up` would not only build or remove slices but move traffic.* Nothing was changed"
    ):
        gc(stack, said.append, yes=True)
    assert stack.ups == []
