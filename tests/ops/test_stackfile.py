"""The stack file: read, changed in two places, written in one step."""

import stat

import pytest

from ops import stackfile
from ops.errors import ConfigError
from tests.ops.conftest import AMI, FILE


def test_it_tells_the_declared_releases_and_traffic(stack):
    file = stackfile.load(stack.file)
    assert file.releases == {"v1": {"ami": AMI}, "v2": {"ami": AMI}}
    assert file.traffic == {"v2": 100}


def test_the_short_spelling_of_a_key_is_the_same_key(stack):
    stack.file.write_text(FILE.replace("sluice:traffic", "traffic"))
    file = stackfile.load(stack.file)
    assert file.traffic == {"v2": 100}
    assert file.with_traffic({"v1": 100}).text == FILE.replace("sluice:traffic: {v2", "traffic: {v1")


def test_changes_leave_everything_else(stack):
    file = stackfile.load(stack.file)
    after = file.with_releases({"v3": {"ami": AMI}}).with_traffic({"v3": 100})
    assert after.text == FILE.replace(
        "  sluice:traffic: {v2: 100}", f"    v3: {{ami: {AMI}}}\n  sluice:traffic: {{v3: 100}}"
    )


def test_releases_are_taken_out_and_everything_else_stays(stack):
    file = stackfile.load(stack.file)
    assert file.without_releases(["v1"]).text == FILE.replace(f"    v1: {{ami: {AMI}}} # the first\n", "")
    assert file.without_releases(["v1", "v2"]).releases == {}
    assert file.without_releases([]).text == FILE


@pytest.mark.parametrize(("traffic", "nobody"), [("{v2: 100}", False), ("{}", True), ("", False)])
def test_that_nobody_is_served_is_something_else_than_no_traffic_declared(stack, traffic, nobody):
    stack.file.write_text(FILE.replace("{v2: 100}", traffic))
    assert stackfile.load(stack.file).serves_nobody is nobody


def test_releases_that_come_back_are_the_oldest(stack):
    after = stackfile.load(stack.file).with_releases({"v-1": {"ami": AMI}, "v0": {"ami": AMI}}, first=True)
    assert list(after.releases) == ["v-1", "v0", "v1", "v2"]


def test_writing_keeps_mode_and_link_and_leaves_nothing_beside(stack, tmp_path):
    stack.file.chmod(0o640)
    link = tmp_path / "elsewhere" / "Pulumi.test.yaml"
    link.parent.mkdir()
    link.symlink_to(stack.file)
    stackfile.load(link).with_traffic({"v1": 100}).write()
    assert link.is_symlink()
    assert stack.file.read_text() == FILE.replace("{v2: 100}", "{v1: 100}")
    assert stat.S_IMODE(stack.file.stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["Pulumi.test.yaml", "elsewhere"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"config:\n  a: [\n b", r"Pulumi.test.yaml: line 3, column \d"),
        (b"config: \xff", "byte 9 is not UTF-8"),
        (b"config: 7\n", "config is no mapping"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(stack, content, said):
    stack.file.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        stackfile.load(stack.file)


def test_a_missing_file_is_told(stack):
    stack.file.unlink()
    with pytest.raises(ConfigError, match=r"there is no Pulumi.test.yaml in"):
        stackfile.load(stack.file)


def test_what_cannot_be_edited_in_place_is_left_to_a_person(stack):
    stack.file.write_text("x: &all {v2: 100}\nconfig: {sluice:traffic: *all}\n")
    with pytest.raises(ConfigError, match="change it by hand and run `pulumi up`"):
        stackfile.load(stack.file).with_traffic({"v1": 100})
