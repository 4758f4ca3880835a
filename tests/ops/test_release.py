"""`release`: listed, given the traffic, and taken back as far as it did not come about."""

import pytest

from ops.errors import BusyError, ConfigError, EngineError, StoppedError
from ops.release import release
from rollout.mark import Mark, me
from rollout.routers.interface import Live
from tests.ops.conftest import AMI, FILE, OTHER

RELEASED = FILE.replace("  sluice:traffic: {v2: 100}", f"    v3: {{ami: {OTHER}}}\n  sluice:traffic: {{v3: 100}}")
STANDBY = RELEASED.replace("{v3: 100}", "{v2: 100}")
DIGEST = f"repo/shop@sha256:{'0' * 64}"


def test_a_release_is_listed_and_gets_all_the_traffic(stack, said):
    release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == RELEASED
    assert stack.ups == ["ops: release v3"]
    assert said == ["Pulumi.test.yaml declares v3 100", RELEASED, "release v3: v3 100 is live"]


def test_an_image_is_listed_beside_the_ami(stack, said):
    release(stack, "v3", OTHER, DIGEST, said.append)
    assert f"v3: {{ami: {OTHER}, image: {DIGEST}}}" in stack.file.read_text()


def test_a_builders_signature_is_written_beside_the_artifact(stack, said):
    signature = f"ci:{'A' * 86}=="
    release(stack, "v3", OTHER, None, said.append, signature=signature)
    assert f'v3: {{ami: {OTHER}, signature: "{signature}"}}' in stack.file.read_text().replace("'", '"')


def test_what_it_reads_and_writes_of_the_data_is_written_beside_the_artifact(stack, said):
    release(stack, "v3", OTHER, None, said.append, writes=8, reads=[7])
    assert f"v3: {{ami: {OTHER}, schema: {{reads: [7, 8], writes: 8}}}}" in stack.file.read_text()


def test_what_it_reads_is_nothing_without_what_it_writes(stack, said):
    with pytest.raises(ConfigError, match="--reads without --writes"):
        release(stack, "v3", OTHER, None, said.append, reads=[7])
    assert stack.file.read_text() == FILE


def test_a_listed_release_of_the_same_artifact_gets_the_traffic_and_keeps_its_entry(stack, said):
    stack.file.write_text(FILE.replace(f"v1: {{ami: {AMI}}}", f"v1: {{ami: {AMI}, size: 3}}"))
    release(stack, "v1", AMI, None, said.append)
    assert f"v1: {{ami: {AMI}, size: 3}}" in stack.file.read_text()
    assert "{v1: 100}" in stack.file.read_text()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("v1", OTHER, None), "sluice:releases.v1 is there already"),
        (("v1", AMI, DIGEST), "sluice:releases.v1 is there already"),
        (("v3", None, None), r"release v3: of what\? Write --ami"),
        (("v3", None, DIGEST), "sluice:releases.v3: there is no `ami`"),
        (("v3", "latest", None), "it is no AMI id"),
        (("v3", AMI, "repo/shop:latest"), "a tag can be moved"),
        (("V1", AMI, None), "differ only in case"),
        (("v 3", AMI, None), "is no version"),
        (("", AMI, None), "is no version"),
    ],
)
def test_bad_input_is_refused_and_the_file_untouched(stack, said, asked, why):
    with pytest.raises(ConfigError, match=why):
        release(stack, *asked, say=said.append)
    assert stack.file.read_text() == FILE
    assert stack.ups == []


def test_a_refused_release_stays_listed_at_share_0_when_its_slice_stands(stack, cloud, said):
    stack.builds("v1", "v2", "v3")
    stack.refuse(EngineError("v3: 0 of 2 healthy"))
    with pytest.raises(EngineError) as caught:
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == STANDBY
    assert str(caught.value).startswith("release v3 failed: v3: 0 of 2 healthy\nlive is v2 100. ")
    assert "declares v2 100 again, so the next `pulumi up` keeps to that" in str(caught.value)
    assert "take v3 out of sluice:releases" in str(caught.value)


def test_a_release_whose_slice_was_not_built_leaves_the_file_as_it_was(stack, cloud, said):
    stack.builds("v1", "v2")
    stack.refuse(EngineError("the AMI does not exist"))
    with pytest.raises(EngineError, match="v3 is not listed any more: its slice was not built"):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == FILE


def test_traffic_that_did_move_stays_declared(stack, cloud, said):
    cloud.shares = Live({"v3": 1000}, None)
    stack.builds("v1", "v2", "v3")
    stack.refuse(EngineError("a slice could not be deleted"))
    with pytest.raises(EngineError, match=r"live is v3 100, as Pulumi.test.yaml declares"):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == RELEASED


def test_what_is_stuck_midway_is_told_with_its_mark(stack, cloud, said):
    mark = Mark("abc", {"v2": 1000}, {"v3": 1000}, me(), 0)
    cloud.shares = Live({"v2": 500, "v3": 500}, mark)
    stack.builds("v3")
    stack.refuse(EngineError("RESTORE FAILED"))
    with pytest.raises(
        EngineError, match=r"live is v2 50 · v3 50, and a walk is marked: v2 100 → v3 100.*goes back to"
    ):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == STANDBY


def test_an_unreachable_cloud_is_told_and_the_former_traffic_declared(stack, cloud, said):
    cloud.unreachable = "no route to AWS"
    stack.builds("v3")
    stack.refuse(EngineError("no route"))
    with pytest.raises(EngineError, match=r"what is live could not be read \(no route to AWS\)"):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == STANDBY


def test_the_first_release_of_all_stays_declared(stack, cloud, said):
    cloud.shares = None
    bare = "".join(line for line in FILE.splitlines(keepends=True) if "v1" not in line and "v2" not in line)
    stack.file.write_text(bare.replace("  sluice:releases:\n", ""))
    stack.refuse(EngineError("v1: 0 of 2 healthy"))
    with pytest.raises(EngineError, match=r"nothing splits traffic yet\. Pulumi.test.yaml keeps release v1"):
        release(stack, "v1", AMI, None, said.append)
    assert stack.file.read_text().endswith(
        f"  sluice:releases: {{v1: {{ami: {AMI}}}}}\n  sluice:traffic: {{v1: 100}}\n"
    )


def test_a_file_that_was_edited_meanwhile_is_left(stack, cloud, said):
    def act() -> None:
        stack.file.write_text(FILE + "# mine\n")
        raise EngineError("refused")

    stack.act = act
    with pytest.raises(EngineError, match="was edited meanwhile and stays as it is"):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == FILE + "# mine\n"


def test_a_locked_stack_leaves_the_file_as_it_was(stack, said):
    stack.builds("v3")
    stack.refuse(BusyError("locked by ann@laptop"))
    with pytest.raises(BusyError, match=r"locked by ann@laptop\nPulumi.test.yaml is as it was before"):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == FILE


@pytest.mark.parametrize("error", [StoppedError("stopped by the operator"), KeyboardInterrupt()])
def test_a_stopped_release_tells_what_state_it_left(stack, cloud, said, error):
    stack.builds("v3")
    stack.refuse(error)
    with pytest.raises(StoppedError, match=r"live is v2 100\. Pulumi.test.yaml declares v2 100 again"):
        release(stack, "v3", OTHER, None, said.append)
    assert stack.file.read_text() == STANDBY
