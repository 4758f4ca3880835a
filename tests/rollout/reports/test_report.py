"""The report of one walk."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rollout.reports.report import render, write
from tests import walks

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def restored() -> str:
    return render(walks.restored())


def cells(html: str) -> list[list[str]]:
    """The rows of the first table, its head apart."""
    body = re.findall(r"<tbody>(.*?)</tbody>", html)[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]


def test_it_begins_with_the_verdict_and_its_numbers(restored):
    head = restored[restored.index("<header>") : restored.index("</header>")]
    assert '<p class="outcome ill">restored</p>' in head
    assert "<h1>v1 100 → v3 100</h1>" in head
    assert "v3: 61 of 1,204 failed, 2 slow, v1: 2 of 1,230 failed, 5 slow; worse by 4.9 points, e-value 4.1e6." in head
    for fact in ("2026-11-24 12:00:03 UTC", "58 s", "ada@laptop (pid 4711)", "9b1d77e0", "shop, stack dev"):
        assert f"<dd>{fact}</dd>" in head


def test_it_has_its_pictures_in_it_and_asks_for_nothing(restored):
    assert restored.count("<svg") == 8
    assert [word for word in ("<script", "<link", "<img", "src=", "http", "url(http") if word in restored] == []
    assert re.findall(r'href="(?!#)([^"]*)"', restored) == ["9b1d77e0.json"]


def test_each_step_is_a_row_with_the_counts_of_both_sides(restored):
    rows = cells(restored)
    assert [row[:4] for row in rows] == [
        ["1.5 s", "1 %", "v1 99 · v3 1", "15 s"],
        ["16 s", "5 %", "v1 95 · v3 5", "15 s"],
        ["32 s", "25 %", "v1 75 · v3 25", "15 s"],
        ["46 s", "50 %", "v1 50 · v3 50", "12 s"],
    ]
    assert all(re.fullmatch(r"[\d,]+ of [\d,]+ \(\d+\.\d\d %\)", row[column]) for row in rows for column in (4, 6))
    assert all(re.fullmatch(r"[\d,]+ \(\d+\.\d\d %\)", row[column]) for row in rows for column in (5, 7))


def test_what_was_told_and_what_was_asked_for_are_on_it(restored):
    assert "<td>moved: v1 50 · v3 50 (read back after 0.1 s)</td>" in restored
    assert "<dt>steps</dt><dd>1 · 5 · 25 · 50 %</dd>" in restored
    assert "<dt>prove_by</dt><dd>25 %</dd>" in restored
    assert "<dt>errors</dt><dd>allow 0.5 %, tolerate 1.25, reject 2, alpha 0.01, beta 0.05</dd>" in restored
    assert "over 300 ms, warmup 5 s" in restored
    assert "<dt>rollback</dt><dd>instant</dd>" in restored


def test_a_side_that_nobody_asked_has_no_rate():
    assert cells(render(walks.inconclusive()))[0][4] == "none"


def test_what_moved_nothing_has_no_charts_and_no_steps():
    html = render(walks.unhealthy())
    assert "<svg" not in html
    assert "<h2>Steps</h2>" not in html
    assert "1 of 2 healthy (1 Target.Timeout) after 300 s" in html


def test_a_walk_that_was_judged_by_health_alone_shows_its_shares():
    html = render(walks.blind())
    assert re.findall(r"<h2>(.*?)</h2>", html) == ["Shares", "Steps", "What was told", "Strategy"]
    assert "<dt>errors</dt><dd>not judged</dd>" in html


def test_without_an_end_it_says_so():
    entry = walks.crashed()
    entry.ticks.clear()
    html = render(entry)
    assert '<p class="outcome ill">cut short</p>' in html
    assert "and no end of it is known" in html
    assert "<dd>not known</dd>" in html
    assert '<p class="outcome open">under way</p>' in render(entry, entry.heard + 1)


def test_an_entry_of_an_older_version_without_a_strategy_is_shown():
    entry = walks.unhealthy()
    entry.strategy = {}
    assert "<h2>Strategy</h2>" not in render(entry)


def test_what_comes_from_outside_is_text():
    entry = walks.unhealthy()
    entry.owner = entry.reason = "<script>alert(1)</script>"
    entry.lines.append({"at": entry.begun, "text": "<img src=x>"})
    html = render(entry)
    assert "<script" not in html
    assert "<img" not in html


def test_it_is_written_beside_the_entry(tmp_path):
    file = write(walks.unhealthy(), tmp_path / "journal")
    assert file == tmp_path / "journal" / "51c00000.html"
    assert file.read_text() == render(walks.unhealthy())
    assert [one.name for one in file.parent.iterdir()] == ["51c00000.html"]


def test_nobody_waits_for_matplotlib_or_apprise_who_does_not_need_them():
    script = (
        "import sys, rollout.reports.report, rollout.notify; "
        "print([name for name in ('matplotlib', 'numpy', 'apprise') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"
