"""The page that a report is."""

from rollout.reports.page import STYLE, facts, page, table


def test_it_needs_nothing_from_elsewhere_and_runs_nothing():
    whole = page("a title", ["<p>inner</p>"])
    assert [word for word in ("<script", "<link", "@import", "url(", "http") if word in whole] == []
    assert STYLE in whole
    assert "<p>inner</p>" in whole


def test_what_comes_from_outside_is_text():
    nasty = "<script>alert(1)</script>"
    assert "<script>" not in page(nasty, []) + facts([(nasty, nasty)]) + table([nasty], [[nasty]])


def test_numbers_stand_to_the_right():
    made = table(["a", "b"], [["x", "1"]], numbers=[1])
    assert "<td>x</td>" in made
    assert '<td class="number">1</td>' in made
