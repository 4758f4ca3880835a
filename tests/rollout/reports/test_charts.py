"""The charts of a report."""

import re

import pytest

from rollout.reports.charts import Chart, charts
from tests import walks


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Chart]]:
    return {name: charts(getattr(walks, name)()) for name in ("restored", "pair", "blind", "crashed")}


def words(svg: str) -> list[str]:
    """The texts in a picture."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_there_is_a_chart_for_what_is_known(drawn):
    assert [one.title for one in drawn["restored"]] == ["Shares", "Failed requests", "Slow requests", "Evidence"]
    assert [one.title for one in drawn["pair"]] == ["Shares", "Failed requests", "Evidence"]
    assert [one.title for one in drawn["blind"]] == ["Shares"]
    assert charts(walks.unhealthy()) == []


def test_shares_name_every_version_and_every_step(drawn):
    told = words(drawn["pair"][0].wide)
    assert {"v1", "v2", "v3", "old", "1 %", "5 %", "25 %"} <= set(told)
    assert "100 %" not in told


def test_rates_name_both_sides_once_and_what_is_allowed(drawn):
    told = words(drawn["pair"][1].wide)
    assert [told.count(name) for name in ("v1", "v2", "v3", "old", "allow")] == [1, 1, 1, 0, 1]


def test_evidence_names_each_judge_and_what_it_has_to_reach(drawn):
    entry = walks.restored()
    told = words(drawn["restored"][3].wide)
    assert {"alarm", "proof", "v3 errors", "v3 latency"} <= set(told)
    (alarm,) = [word for word in told if word.startswith("restores at ")]
    needed = 10 ** entry.needs["v3 errors"]["alarm"]
    assert float(alarm.split()[-1].replace(",", "")) == pytest.approx(needed, rel=0.01)


def test_a_phone_gets_a_picture_of_its_own(drawn):
    for chart in drawn["restored"]:
        assert 'viewBox="0 0 691' in chart.wide
        assert 'viewBox="0 0 331' in chart.narrow


def test_a_crash_has_no_line_of_an_end(drawn):
    def ends(chart: Chart) -> int:
        return chart.wide.count("stroke: var(--ink)")

    assert (ends(drawn["crashed"][0]), ends(drawn["restored"][0])) == (0, 1)


def test_a_walk_without_any_request_has_charts_and_no_warning():
    idle = walks.Story({"v1": lambda _: 0, "v2": lambda _: 0}, requests=0).tell(until=30)
    (rates,) = [one for one in charts(idle) if one.title == "Failed requests"]
    assert "v1" not in words(rates.wide)
