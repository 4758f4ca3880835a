"""What of `sluice:previews` is refused, and which previews have expired."""

import json
from datetime import date

import pytest

from components import control, previews
from components.config_previews import Previews
from components.settings import SettingsError, parse
from tests.configs import AMI, dev_config

MARK = {"pull": 12, "until": "2026-12-02"}
EXTERNAL = {"external": {"target_group": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/012345"}}
PATH = "sluice:previews.open.pr-12"


def config(open_=None, entry=None, traffic=None, **limits):
    """v1 has all the traffic, pr-12 is a preview."""
    return dev_config(
        releases={"v1": {"ami": AMI}, "pr-12": entry or {"ami": AMI}},
        traffic={"v1": 100} if traffic is None else traffic,
        previews={**limits, "open": {"pr-12": MARK} if open_ is None else open_},
    )


def test_a_preview_is_a_release_that_is_marked_as_one():
    settings = parse(config())
    assert [one.version for one in settings.releases] == ["pr-12", "v1"]
    assert settings.previews.open["pr-12"].until == date(2026, 12, 2)
    assert (settings.previews.limit, settings.previews.days) == (5, 7)


def test_the_rollout_knows_which_they_are():
    assert control.order(parse(config()), "test", None).previews == {"pr-12"}


@pytest.mark.parametrize("as_the_engine_has_it", ["2026-12-02T00:00:00Z", "2026-12-02 00:00:00 +0000 UTC"])
def test_a_date_without_quotes_is_one_too(as_the_engine_has_it):
    mark = {"pull": 12, "until": as_the_engine_has_it}
    assert parse(config({"pr-12": mark})).previews.open["pr-12"].until == date(2026, 12, 2)


@pytest.mark.parametrize("until", ["2026-13-02", "2026-12-02T08:00:00Z", 20261202, None])
def test_anything_else_is_none(until):
    with pytest.raises(SettingsError, match="it is no date"):
        parse(config({"pr-12": {"pull": 12, "until": until}}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"traffic": {"v1": 99, "pr-12": 1}},
            "sluice:traffic.pr-12: it is the preview of pull request 12, and a preview gets no share; "
            "`python -m ops preview promote 12` releases it, or take it out of sluice:previews.open",
        ),
        (
            {"traffic": {"v1": 100, "pr-12": 0}},
            "sluice:traffic.pr-12: it is the preview of pull request 12, and a preview gets no share; "
            "`python -m ops preview promote 12` releases it, or take it out of sluice:previews.open",
        ),
        (
            {"limit": 0},
            "sluice:previews.open: 1 previews (pr-12), and sluice:previews.limit is 0; `python -m ops preview close "
            "PULL` removes one, or write a higher limit",
        ),
        (
            {"entry": {"ami": AMI, "size": 3}},
            "sluice:releases.pr-12.size: 3: a preview has at most 2; write size: 2, or a higher sluice:previews.size",
        ),
        (
            {"size": 1},
            "sluice:releases.pr-12.size: 2: a preview has at most 1; write size: 1, or a higher sluice:previews.size",
        ),
        ({"entry": EXTERNAL}, f"{PATH}: an external release is nobody's preview; remove it here"),
        (
            {"open_": {"pr-13": MARK}},
            "sluice:previews.open.pr-13: pr-13 is not in sluice:releases; list it there, or remove it here",
        ),
        (
            {"open_": {"pr-12": MARK, "v1": MARK}, "traffic": {}},
            "sluice:previews.open.v1: pull request 12 has a preview already, pr-12; leave one of them",
        ),
        ({"open_": {"pr-12": {"pull": 12}}}, f'{PATH}.until is missing; write until: "2026-12-02"'),
        ({"open_": {"pr-12": {"until": "2026-12-02"}}}, f"{PATH}.pull is missing; write pull: 12"),
        (
            {"open_": {"pr-12": {**MARK, "until": "soon"}}},
            f"{PATH}.until: 'soon': it is no date; write until: \"2026-12-02\"",
        ),
        ({"open_": {"pr-12": {**MARK, "pull": 0}}}, f"{PATH}.pull: 0: it is less than 1; write pull: 12"),
        (
            {"open_": {"pr-12": {**MARK, "share": 1}}},
            f"{PATH}.share is no key of this program; known here: pull, until",
        ),
        ({"days": 0}, "sluice:previews.days: 0: it is less than 1; write days: 7"),
        ({"limit": "many"}, "sluice:previews.limit: 'many': it is no whole number; write limit: 5"),
    ],
)
def test_what_contradicts_the_rest_is_refused_by_name(change, said):
    with pytest.raises(SettingsError) as caught:
        parse(config(**change))
    assert str(caught.value) == said


def test_a_smaller_size_is_taken_and_so_is_a_preview_of_it():
    assert parse(config(size=1, entry={"ami": AMI, "size": 1})).releases[0].size == 1


def test_a_preview_is_wanted_until_the_end_of_its_last_day():
    two = {"a": {"pull": 1, "until": "2026-12-02"}, "b": {"pull": 2, "until": "2026-12-01"}}
    opened = Previews.model_validate(json.loads(json.dumps({"open": two})))
    assert previews.expired(opened, date(2026, 12, 2)) == ["b"]
    assert previews.told(opened, date(2026, 12, 2)) == [
        "a is the preview of pull request 1 until 2026-12-02",
        "b is the preview of pull request 2, which expired on 2026-12-01: `python -m ops gc --yes` removes it",
    ]
