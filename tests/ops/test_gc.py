"""`gc`: which standbys are too many, and what it does with them."""

import pytest

from ops.errors import OpsError
from ops.gc import gc
from rollout.mark import Mark, Owner
from rollout.routers.interface import Live
from tests.ops.conftest import AMI, FILE

FIVE = ("v9", "v10", "main-7", "main-10", "amber")  # no order but the stack file's tells which is older
EXTERNAL = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/old/0123456789abcdef"


def listed(*versions: str) -> str:
    """The stack file with *versions* before v2, which serves, and the external release `old` first of all."""
    lines = "".join(f"    {version}: {{ami: {AMI}}}\n" for version in versions)
    old = f'    old: {{external: {{target_group: "{EXTERNAL}"}}}}\n'
    return FILE.replace(f"    v1: {{ami: {AMI}}} # the first\n", old + lines)


@pytest.fixture(autouse=True)
def five(stack, cloud) -> None:
    """Five standbys, and `old`."""
    stack.file.write_text(listed(*FIVE))


def test_the_oldest_beyond_what_is_kept_are_shown_and_nothing_is_changed(stack, said):
    gc(stack, said.append, yes=False)
    assert said == [
        "standbys, oldest first: v9, v10, main-7, main-10, amber; sluice:keep is 3",
        "beyond it: v9, v10; `python -m ops gc --yes` removes them. Nothing was changed",
    ]
    assert (stack.file.read_text(), stack.ups) == (listed(*FIVE), [])


def test_with_yes_they_are_removed(stack, said):
    gc(stack, said.append, yes=True)
    assert (stack.file.read_text(), stack.ups) == (listed(*FIVE[2:]), ["ops: remove v9, v10"])


def test_what_is_kept_is_configured(stack, said):
    stack.file.write_text(listed("v9") + "  sluice:keep: 0\n")
    gc(stack, said.append, yes=True)
    assert stack.file.read_text() == listed() + "  sluice:keep: 0\n"


def test_within_what_is_kept_nothing_is_done(stack, said):
    stack.file.write_text(listed(*FIVE[2:]))
    gc(stack, said.append, yes=True)
    assert (said[-1], stack.ups) == ("nothing is beyond it", [])


def test_what_is_live_or_in_a_walk_is_no_standby(stack, cloud, said):
    cloud.shares = Live(
        {"v9": 300, "v2": 700}, Mark("dead1234", {"v10": 1000}, {"main-7": 1000}, Owner("ann", "ci", 1, 1), 0)
    )
    gc(stack, said.append, yes=False)
    assert said[0].startswith("standbys, oldest first: main-10, amber;")


@pytest.mark.parametrize("live", [None, Live({"v2": 999, "amber": 1}, None), Live({"amber": 1000}, None)])
def test_while_up_would_move_traffic_nothing_is_removed(stack, cloud, said, live):
    cloud.shares = live
    stack.file.write_text(listed(*FIVE) + "  sluice:keep: 1\n")
    with pytest.raises(
        OpsError, match=r"`up` would not only build or remove slices but move traffic.* Nothing was changed"
    ):
        gc(stack, said.append, yes=True)
    assert stack.ups == []
