"""`rollback`: what it refuses before any change, what it writes, what it only tells."""

import pytest

from ops import rollback as module
from ops.errors import EngineError, OpsError
from ops.rollback import rollback
from rollout.routers.interface import Health
from tests.ops.conftest import AMI, FILE, OTHER, update

V1, V2 = {"v1": 1000}, {"v2": 1000}
BACK = FILE.replace("{v2: 100}", "{v1: 100}")


@pytest.fixture(autouse=True)
def released(stack, cloud) -> None:
    """v2 serves, v1 is warm; before v2, v1 had everything."""
    stack.released("v1", "v2", shares=V2)
    cloud.healths = {v: Health(v, 2, 2) for v in ("v1", "v2")}
    stack.history = [update(V2, number=0), update(V1, number=1)]


@pytest.fixture
def moved(monkeypatch) -> list:
    """What was moved by API."""
    moves = []
    monkeypatch.setattr(module, "move", lambda *order, **how: moves.append((order, how)))
    return moves


def test_it_declares_the_former_traffic_and_nothing_else(stack, said):
    rollback(stack, None, said.append)
    assert (stack.file.read_text(), stack.ups) == (BACK, ["ops: roll back to v1 100"])
    assert said[:3] == [
        "the update of 2026-11-24 11:00:00 UTC went through with v1 100",
        "v1 is warm: 2 of 2 healthy",
        "Pulumi.test.yaml declares v1 100",
    ]


def test_a_release_that_left_the_file_is_listed_again_and_built_first(stack, said):
    stack.history = [update({"v0": 1000}, v0=OTHER, v00=OTHER)]
    rollback(stack, None, said.append)
    assert stack.file.read_text() == FILE.replace("    v1:", f"    v0: {{ami: {OTHER}}}\n    v1:").replace(
        "{v2: 100}", "{v0: 100}"
    )
    assert "v0 is not there: its slice is built first" in said


def test_a_cold_slice_is_told_and_waited_for(stack, cloud, said):
    cloud.healths["v1"] = Health("v1", 0, 2)
    rollback(stack, "v1", said.append)
    assert "v1 is cold: 0 of 2 healthy" in said
    assert stack.file.read_text() == BACK


@pytest.mark.parametrize(
    "part", ["target group shop-v1", "fleet shop-v1", "launch template lt-1 (version 1)", "capacity: …"]
)
def test_a_slice_that_lacks_a_part_is_refused_before_any_change(stack, cloud, said, part):
    cloud.lacking["v1"] = [part]
    with pytest.raises(OpsError, match=r"^v1 lacks its .*: no traffic can go there.*Nothing was changed$") as caught:
        rollback(stack, "v1", said.append)
    assert part in str(caught.value)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


@pytest.mark.parametrize("built", [True, False])
def test_a_release_whose_ami_is_no_more_is_refused_before_any_change(stack, cloud, said, built):
    cloud.amis = {OTHER}
    if not built:
        del cloud.healths["v1"]
    with pytest.raises(OpsError, match=f"^v1 lacks its AMI {AMI}"):
        rollback(stack, "v1", said.append)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


def test_what_keeps_a_part_of_its_share_may_lack_anything_too(stack, cloud, said):
    stack.file.write_text(FILE.replace("{v2: 100}", "{v3: 100}").replace("    v2:", f"    v3: {{ami: {AMI}}}\n    v2:"))
    stack.history = [update({"v1": 750, "v2": 250})]
    cloud.lacking["v2"] = ["launch template lt-2 (version 1)"]
    rollback(stack, None, said.append)
    assert "sluice:traffic: {v1: 75, v2: 25}" in stack.file.read_text()


def test_what_only_loses_share_may_lack_anything(stack, cloud, said):
    cloud.lacking["v2"] = ["launch template lt-2 (version 1)"]
    rollback(stack, "v1", said.append)
    assert stack.file.read_text() == BACK


def test_before_anything_was_released_there_is_nothing_to_go_back_to(stack, said):
    stack.recorded = type(stack.recorded)({}, {})
    with pytest.raises(OpsError, match="nothing is released yet"):
        rollback(stack, "v1", said.append)


def test_a_dry_run_tells_all_of_it_and_changes_nothing(stack, said):
    rollback(stack, None, said.append, dry_run=True)
    assert said == [
        "the update of 2026-11-24 11:00:00 UTC went through with v1 100",
        "v1 is warm: 2 of 2 healthy",
        "plan: v2 100 → v1 100",
        "engine: 2 to update",
        "nothing was changed",
    ]
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


def test_a_dry_run_is_refused_as_the_real_one_would_be(stack, cloud, said):
    stack.expects = EngineError("the live weights are not ours")
    with pytest.raises(OpsError, match="`up` would be refused: the live weights are not ours\nNothing was changed"):
        rollback(stack, None, said.append, dry_run=True)
    cloud.lacking["v1"] = ["fleet shop-v1"]
    with pytest.raises(OpsError, match="v1 lacks its fleet shop-v1"):
        rollback(stack, None, said.append, dry_run=True)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


def test_now_moves_the_weights_before_the_file_is_written(stack, said, monkeypatch):
    seen = []

    def move(ahead, *_: object, **__: object) -> None:
        strategy = ahead.settings.strategy
        seen.append((stack.file.read_text(), ahead.settings.traffic.shares, strategy.steps, strategy.gates))

    monkeypatch.setattr(module, "move", move)
    rollback(stack, None, said.append, now=True)
    assert seen == [(FILE, V1, (), {})]
    assert (stack.file.read_text(), stack.ups) == (BACK, ["ops: roll back to v1 100"])


def test_now_is_refused_for_a_slice_that_is_not_there(stack, said, moved):
    stack.history = [update({"v0": 1000}, v0=OTHER)]
    with pytest.raises(OpsError, match="--now: v0 has no slice that could take traffic now"):
        rollback(stack, None, said.append, now=True)
    assert (stack.file.read_text(), stack.ups, moved) == (FILE, [], [])


def test_what_could_not_be_moved_now_leaves_the_file(stack, said, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise OpsError("the live weights are not ours")

    monkeypatch.setattr(module, "move", refused)
    with pytest.raises(OpsError, match="not ours"):
        rollback(stack, None, said.append, now=True)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


def test_taking_over_is_passed_on(stack, said, moved):
    rollback(stack, None, said.append, now=True, take_over=True)
    assert moved[0][1] == {"take_over": True}
    assert stack.environments == [{"SLUICE_TAKE_OVER": "yes"}]
    rollback(stack, "v1", said.append)
    assert stack.environments[-1] == {}
