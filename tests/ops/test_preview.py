"""`preview`: a pull request's slice from its first push to a merge, as the stack file tells it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from components import previews
from ops.errors import BusyError, ConfigError, EngineError, OpsError
from ops.gc import gc
from ops.locks import Lock
from ops.preview import await_end, closed, fetched, opened, promoted
from ops.proposal import Proposal, declared_in, of_artifact
from ops.release import release
from ops.rollback import rollback
from ops.stackfile import load
from ops.status import survey
from ops.target import published
from rollout.routers.interface import Health, Live
from tests.ops.conftest import AMI, FILE, OTHER, update

VERSION = f"pr-12-{OTHER[-7:]}"
NEXT = f"pr-12-{AMI[-7:]}"
MINE = Proposal(12, VERSION, {"ami": OTHER})
UNTIL = previews.today() + timedelta(days=7)
GONE = previews.today() - timedelta(days=1)
IMAGE = f"docker.io/acme/shop@sha256:{'3f2a91c' * 9}0"


@pytest.fixture(autouse=True)
def well(stack, cloud) -> None:
    """v1 and v2 are released, v2 serves, whatever is built is healthy."""
    stack.released("v1", "v2")
    cloud.healths = {version: Health(version, 2, 2) for version in ("v1", "v2", VERSION, NEXT)}


@pytest.fixture
def open_(stack, said, clock):
    """The preview of pull request 12 is open."""
    opened(stack, MINE, said.append, clock)
    stack.ups.clear()
    said.clear()


def marks(stack) -> dict:
    return dict(load(stack.file).previews)


def listed(stack) -> list[str]:
    return [*load(stack.file).releases]


def test_a_preview_is_a_release_at_share_0_that_is_marked(stack, said, clock):
    opened(stack, MINE, said.append, clock)
    entry = f"    {VERSION}: {{ami: {OTHER}}}\n"
    mark = f'  sluice:previews: {{open: {{{VERSION}: {{pull: 12, until: "{UNTIL}"}}}}}}\n'
    traffic = "  sluice:traffic: {v2: 100}\n"
    assert stack.file.read_text() == FILE.replace(traffic, entry + traffic) + mark
    assert stack.ups == [f"ops: open {VERSION}, the preview of pull request 12"]
    assert said[-1] == f"{VERSION} as X-Slice reaches it; it is the preview of pull request 12 until {UNTIL}"


def test_opened_again_it_lasts_longer_and_is_the_same(stack, said, clock, open_):
    stack.file.write_text(stack.file.read_text().replace(str(UNTIL), "2026-01-01"))
    opened(stack, MINE, said.append, clock)
    assert (marks(stack), listed(stack)) == ({VERSION: {"pull": 12, "until": str(UNTIL)}}, ["v1", "v2", VERSION])


def test_the_next_push_takes_the_place_of_the_former_in_one_up(stack, said, clock, open_):
    opened(stack, Proposal(12, NEXT, {"ami": AMI}), said.append, clock)
    assert (listed(stack), [*marks(stack)]) == (["v1", "v2", NEXT], [NEXT])
    assert len(stack.ups) == 1


def test_other_content_under_its_version_is_built_after_what_stands_is_gone(stack, said, clock, open_):
    opened(stack, Proposal(12, VERSION, {"ami": AMI}), said.append, clock)
    assert stack.ups == [
        f"ops: close {VERSION}, which has changed",
        f"ops: open {VERSION}, the preview of pull request 12",
    ]
    assert (load(stack.file).releases[VERSION], [*marks(stack)]) == ({"ami": AMI}, [VERSION])


@pytest.mark.parametrize("version", ["v1", VERSION])
def test_a_version_that_is_somebody_elses_is_no_preview_of_this_one(stack, said, clock, open_, version):
    with pytest.raises(ConfigError, match=f"{version} is in sluice:releases already, and not as the preview of .* 13"):
        opened(stack, Proposal(13, version, {"ami": OTHER}), said.append, clock)
    assert stack.ups == []


@pytest.mark.usefixtures("open_")
@pytest.mark.parametrize("live", [None, Live({"v1": 1000}, None)])
def test_while_up_would_move_traffic_nothing_is_opened_or_closed(stack, cloud, said, clock, live):
    cloud.shares = live
    with pytest.raises(OpsError, match="would not only build or remove slices but move traffic"):
        opened(stack, Proposal(13, "pr-13", {"ami": OTHER}), said.append, clock)
    with pytest.raises(OpsError, match="would not only build or remove slices but move traffic"):
        closed(stack, 12, said.append)
    assert stack.ups == []


def test_more_than_the_limit_are_refused_before_anything_is_written(stack, said, clock, open_):
    stack.file.write_text(stack.file.read_text().replace("{open:", "{limit: 1, open:"))
    before = stack.file.read_text()
    with pytest.raises(ConfigError, match=r"2 previews .* and sluice:previews\.limit is 1"):
        opened(stack, Proposal(13, "pr-13", {"ami": OTHER}), said.append, clock)
    assert (stack.file.read_text(), stack.ups) == (before, [])


def test_one_that_is_not_healthy_in_time_stays_for_inspection(stack, cloud, said, clock):
    cloud.healths[VERSION] = Health(VERSION, 1, 2, {"failing its check": 1})
    with pytest.raises(OpsError, match=r"1 of 2 healthy \(1 failing its check\) after 300 s; it stays, for inspection"):
        opened(stack, MINE, said.append, clock)
    assert [*marks(stack)] == [VERSION]


def test_a_first_one_that_could_not_be_built_leaves_the_file_as_it_was(stack, said, clock):
    stack.builds("v1", "v2")
    stack.refuse(EngineError("the AMI does not exist"))
    with pytest.raises(EngineError, match=rf"live is v2 100\.\n{VERSION} was not built"):
        opened(stack, MINE, said.append, clock)
    assert stack.file.read_text() == FILE


def test_one_that_could_not_be_built_is_listed_nowhere_and_the_former_stays(stack, said, clock, open_):
    before = stack.file.read_text()
    stack.builds("v1", "v2", VERSION)
    stack.refuse(EngineError("the AMI does not exist"))
    with pytest.raises(EngineError, match=f"{VERSION} still stands and is listed in .* again.*\n{NEXT} was not built"):
        opened(stack, Proposal(12, NEXT, {"ami": AMI}), said.append, clock)
    assert stack.file.read_text() == before


def test_one_that_was_built_when_up_failed_is_a_preview_and_the_only_one(stack, said, clock, open_):
    stack.builds("v1", "v2", VERSION, NEXT)
    stack.refuse(EngineError("refused"))
    with pytest.raises(EngineError, match=f"{NEXT} stands and is listed: run this again"):
        opened(stack, Proposal(12, NEXT, {"ami": AMI}), said.append, clock)
    assert (listed(stack), [*marks(stack)]) == (["v1", "v2", NEXT], [NEXT])


def test_closed_its_entry_and_mark_are_gone(stack, said, open_):
    closed(stack, 12, said.append)
    assert (listed(stack), marks(stack), load(stack.file).traffic) == (["v1", "v2"], {}, {"v2": 100})
    assert stack.ups == [f"ops: close {VERSION}, the preview of pull request 12"]
    closed(stack, 12, said.append)
    assert said[-1] == "pull request 12 has no preview"
    assert len(stack.ups) == 1


def test_promoted_it_is_a_release_under_the_same_name_and_entry_with_all_the_traffic(stack, said, open_):
    entry = load(stack.file).releases[VERSION]
    promoted(stack, 12, said.append)
    assert (marks(stack), load(stack.file).releases[VERSION]) == ({}, entry)
    assert load(stack.file).traffic == {VERSION: 100}
    assert stack.ups == [f"ops: promote {VERSION}, the preview of pull request 12"]


def test_a_promotion_that_is_restored_leaves_a_preview(stack, said, open_):
    before = stack.file.read_text()
    stack.builds("v1", "v2", VERSION)
    stack.refuse(EngineError("worse by 5.0 points"))
    with pytest.raises(EngineError, match=r"live is v2 100\. .* keeps to that"):
        promoted(stack, 12, said.append)
    assert stack.file.read_text() == before


def test_neither_release_nor_rollback_gives_it_any_share(stack, said, open_):
    before = stack.file.read_text()
    for verb in (
        lambda: release(stack, VERSION, OTHER, None, said.append),
        lambda: rollback(stack, VERSION, said.append),
        lambda: rollback(stack, VERSION, said.append, now=True),
    ):
        with pytest.raises(
            ConfigError, match="a preview gets no share; `python -m ops preview promote 12` releases it"
        ):
            verb()
    assert (stack.file.read_text(), stack.ups) == (before, [])


def test_what_was_never_opened_is_not_promoted(stack, said):
    with pytest.raises(ConfigError, match="pull request 12 has no preview"):
        promoted(stack, 12, said.append)


DOCKER = f"""\
config:
  sluice:platform: docker
  sluice:service: {{name: shop, port: 8080}}
  sluice:releases:
    v1: {{image: {IMAGE}}}
    p: {{image: {IMAGE}, size: 1}}
  sluice:traffic: {{v1: 100}}
  sluice:previews: {{size: 1, open: {{p: {{pull: 12, until: "{UNTIL}"}}}}}}
"""


def test_a_smaller_slice_of_containers_is_not_promoted_since_it_could_not_grow(stack, said):
    stack.file.write_text(DOCKER)
    with pytest.raises(
        ConfigError, match=rf"p has 1 of the 2 containers .*`python -m ops release VERSION --image {IMAGE}`"
    ):
        promoted(stack, 12, said.append)
    assert stack.file.read_text() == DOCKER


def test_an_artifact_has_always_the_same_version(stack):
    assert of_artifact(stack, 12, {"ami": OTHER}) == MINE
    assert of_artifact(stack, 12, {"ami": AMI, "image": IMAGE}).version == f"pr-12-{AMI[-7:]}-3f2a91c"
    signed = {"image": IMAGE, "signature": "ci:s"}
    assert of_artifact(stack, 12, signed) == Proposal(12, "pr-12-3f2a91c", signed)


def test_where_previews_are_smaller_its_entry_says_so(stack):
    stack.file.write_text(FILE + "  sluice:previews: {size: 1}\n")
    assert of_artifact(stack, 12, {"ami": OTHER}).entry == {"ami": OTHER, "size": 1}


def test_what_the_pull_requests_file_declares_anew_is_proposed(stack, tmp_path, open_):
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(FILE)
    assert declared_in(stack, 12, theirs) is None
    three = FILE.replace("  sluice:traffic", f"    v3: {{ami: {OTHER}, size: 1}}\n  sluice:traffic")
    theirs.write_text(three)
    assert declared_in(stack, 12, theirs) == Proposal(12, "v3", {"ami": OTHER, "size": 1})
    theirs.write_text(three.replace("v3: ", f"v4: {{ami: {OTHER}}}\n    v3: "))
    with pytest.raises(
        ConfigError, match=r"theirs\.yaml declares 2 releases that Pulumi\.test\.yaml does not \(v4, v3\)"
    ):
        declared_in(stack, 12, theirs)


def test_what_is_its_preview_already_is_proposed_again(stack, tmp_path, open_):
    theirs = tmp_path / "theirs.yaml"
    theirs.write_text(FILE.replace("  sluice:traffic", f"    {VERSION}: {{ami: {OTHER}}}\n  sluice:traffic"))
    assert declared_in(stack, 12, theirs) == MINE
    assert declared_in(stack, 13, theirs) is None


def past(stack, **marked: int) -> None:
    """The newest update that went through has v1, v2 and the previews of pull requests, by version."""
    entries = {version: {"ami": AMI} for version in ("v1", "v2", *marked)}
    open_ = {version: {"pull": pull, "until": str(UNTIL)} for version, pull in marked.items()}
    found = update({"v2": 1000})
    values = {"sluice:releases": json.dumps(entries), "sluice:previews": json.dumps({"open": open_})}
    stack.history = [update({"v1": 1000}, "failed"), replace(found, values={**found.values, **values})]


def test_previews_that_stand_are_fetched_into_a_file_without_them(stack, said):
    past(stack, p=12)
    fetched(stack, said.append)
    assert (listed(stack), marks(stack)) == (["v1", "v2", "p"], {"p": {"pull": 12, "until": str(UNTIL)}})
    assert said == ["previews that stand, and Pulumi.test.yaml knew nothing of: p"]
    assert stack.ups == []


def test_a_merged_one_is_the_release_that_the_file_says_it_is(stack, said):
    merged = FILE.replace("  sluice:traffic: {v2: 100}", f"    p: {{ami: {OTHER}}}\n  sluice:traffic: {{p: 100}}")
    stack.file.write_text(merged)
    past(stack, p=12)
    fetched(stack, said.append)
    assert (stack.file.read_text(), said) == (
        merged,
        ["previews that stand, and Pulumi.test.yaml knew nothing of: none"],
    )


def test_before_the_first_release_there_is_nothing_to_fetch(stack, said):
    fetched(stack, said.append)
    assert stack.file.read_text() == FILE


def test_another_update_is_waited_for_and_not_for_ever(stack, clock, monkeypatch):
    looks = iter([[Lock("ann", "ci", 1, 0)], [Lock("ann", "ci", 1, 0)], []])
    monkeypatch.setattr(stack, "locks", lambda: next(looks))
    await_end(stack, clock)
    assert next(looks, "all were used") == "all were used"
    monkeypatch.setattr(stack, "locks", lambda: [Lock("ann", "ci", 1, 0)])
    with pytest.raises(BusyError, match=r"another update of the stack is on, of ann@ci \(pid 1\)"):
        await_end(stack, clock)


def test_no_rollback_goes_to_what_was_a_preview_only(stack):
    past(stack, p=12)
    with pytest.raises(ConfigError, match=r"p is neither in sluice:releases nor in the stack's history; known: v1, v2"):
        published(stack.updates(), "p", {"v1": {}})


def test_gc_shows_previews_counts_none_as_a_standby_and_takes_the_expired(stack, said, clock, open_):
    gc(stack, said.append, yes=True)
    assert said[-3:] == [
        "standbys, oldest first: v1; sluice:keep is 3",
        f"{VERSION} is the preview of pull request 12 until {UNTIL}",
        "nothing is beyond it, and no preview has expired",
    ]
    stack.file.write_text(stack.file.read_text().replace(str(UNTIL), str(GONE)))
    gc(stack, said.append, yes=False)
    assert said[-2:] == [
        f"{VERSION} is the preview of pull request 12, which expired on {GONE}: `python -m ops gc --yes` removes it",
        f"expired: {VERSION}; `python -m ops gc --yes` removes them. Nothing was changed",
    ]
    gc(stack, said.append, yes=True)
    assert (listed(stack), marks(stack), stack.ups) == (["v1", "v2"], {}, [f"ops: remove {VERSION}"])


def test_status_says_which_slices_are_previews(stack, open_):
    assert survey(stack).previews == (f"{VERSION} is the preview of pull request 12 until {UNTIL}",)
    assert "previews" not in survey(stack).as_json()
