"""What the page shows, and to whom; nothing on it is more than text, wherever it came from."""

from dataclasses import replace

import pytest

from pipeline.hint import Hint
from pipeline.page.parts import PARTS
from pipeline.records import Release
from tests.pipeline.page.conftest import HOME
from tests.pipeline.page.frames import NEW, frame, good, ramp, settled
from tests.walks import restored

EVIL = "<script>alert(1)</script>\"'><img src=x>"


def release(version: str, **more: object) -> Release:
    known = {"service": "shop", "digest": f"sha256:{version}", "version": version, "tag": "x", "commit": "c0ffee"}
    return Release(**{**known, "pushed": 1.0, "at": 1.0, **more})  # pyright: ignore[reportArgumentType]


def test_it_shows_who_has_which_share_and_how_well(read_only, scenery):
    scenery.show(settled())
    page = read_only.page()
    assert "Live is what is declared" in page
    assert "100 %" in page
    assert "2 of 2" in page
    assert "warm" in page


def test_it_shows_the_walk_with_its_steps_and_evidence(read_only, scenery):
    scenery.show(ramp(40))
    page = read_only.page("A rollout is under way")
    assert "v1 100 % → v2 100 %" in page
    assert 'aria-current="step"' in page
    assert "not proven yet" in page or "proven good" in page
    assert "of the proof" in page
    assert "still ahead" in page


def test_a_walk_that_ended_says_how(read_only, scenery):
    scenery.show(frame({"v1": 1000}, entry=restored()))
    page = read_only.page("Last rollout")
    assert '<span class="ill">restored</span>' in page
    assert page.count("v3: 61 of 1,204 failed") == 2


def test_a_dead_walk_is_said_with_what_puts_it_right(read_only, scenery):
    seen = ramp(20)
    scenery.show(seen | {"mark": seen["mark"] | {"alive": False}})
    assert "python -m ops recover" in read_only.page("Its process is dead")


def test_a_service_that_cannot_be_read_is_one_line_and_the_rest_is_there(read_only, scenery, backlog):
    backlog.keep(release("main-1"))
    scenery.write("trouble", "error: the host shop-1 does not answer")
    page = read_only.page("the host shop-1 does not answer")
    assert "main-1" in page
    scenery.drop("trouble")


def test_it_shows_the_images_that_came_by_hooks_and_why_one_failed(read_only, backlog, clock):
    backlog.keep(release("main-1"))
    backlog.set(release("main-1"), "failed", "moved\nerror: v1 was restored: 3 of 40 failed\n", now=clock.now())
    page = read_only.page("main-1")
    assert "v1 was restored: 3 of 40 failed" in page
    assert "moved" not in page


def test_markup_from_outside_is_text(read_only, scenery, backlog, clock):
    entry = good(40)
    entry.run = EVIL
    entry.owner = entry.reason = EVIL
    entry.lines[-1]["text"] = EVIL
    seen = frame({"v1": 900, EVIL: 100}, entry=entry, walking=True, versions=("v1", EVIL), trouble=EVIL)
    assert EVIL in seen["walk"]["told"][-1]["text"]
    backlog.keep(release(EVIL, commit=EVIL))
    backlog.set(release(EVIL), "failed", f"error: {EVIL}", now=clock.now())
    scenery.show(seen)
    page = read_only.page("alert(1)")
    page = read_only.page("A rollout is under way")
    assert page.count("&lt;script&gt;alert(1)") >= 8
    assert "<script>alert" not in page
    assert "<img" not in page


def test_a_link_to_a_version_with_markup_in_it_goes_nowhere_else(anna, scenery):
    scenery.show(frame(NEW, versions=("v2", EVIL), carried=(EVIL,), entry=good(40)))
    anna.page("/services/shop/go/%3Cscript%3E")


def test_every_answer_lets_a_browser_do_nothing_but_show_it(browser):
    for path in ("/", "/static/page.js", "/static/page.css", "/sign-in", "/services/none/abort"):
        headers = browser.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


def test_nothing_in_it_needs_an_inline_script_or_style_or_another_host(anna, scenery):
    scenery.show(ramp(40))
    page = anna.page("A rollout is under way")
    assert "style=" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count('<script src="/static/page.js"') == 1
    assert "//" not in page.replace(HOME, "")


def test_without_operators_nobody_can_sign_in_or_do_anything(read_only, scenery):
    scenery.show(ramp(40))
    page = read_only.page("A rollout is under way")
    assert "Sign in" not in page
    assert "sign-in" not in page
    assert read_only.get("/sign-in").status_code == 404
    assert read_only.get("/services/shop/abort").status_code == 401
    assert read_only.post("/services/shop/abort", {}).status_code == 401


def test_where_only_operators_may_look_nobody_else_sees_anything(receive, settings, scenery):
    guarded = receive(replace(settings, page=replace(settings.page, readers="operators")))
    for path in ("/", "/events", "/services/shop/runs/5f0c2a91"):
        answer = guarded.get(path)
        assert (answer.status_code, "v2" in answer.text) == (401, False)
    guarded.sign_in()
    assert "v2" in guarded.page()


def test_a_reader_is_shared_and_only_there_while_somebody_looks(read_only, scenery):
    assert scenery.watched() == 0
    for _ in range(20):
        read_only.page()
    assert scenery.watched() == 1


def test_the_report_of_a_walk_that_is_known_is_shown_and_of_no_other(read_only, scenery):
    read_only.page("report")
    shown = read_only.get("/services/shop/runs/5f0c2a91")
    assert (shown.status_code, shown.text) == (200, "<h1>report of 5f0c2a91</h1>")
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for path in ("/services/shop/runs/ffffffff", "/services/shop/runs/..%2f..%2fetc", "/services/none/runs/5f0c2a91"):
        assert read_only.get(path).status_code == 404
    assert scenery.asked() == ["nobody: report 5f0c2a91 --stack prod"]


def test_hooks_are_answered_as_without_a_page(read_only, backlog):
    assert read_only.client.post("/hooks/github", content=b"{}").json() == {
        "error": "there is no X-Hub-Signature-256; give the webhook a secret"
    }
    assert read_only.get("/healthz").json() == {"well": True}
    assert "sluice_open" in read_only.get("/metrics").text


def test_a_service_with_nothing_of_anything_has_all_its_parts(read_only, scenery):
    scenery.show(frame({}, versions=(), carried=()))
    page = read_only.page("There is no slice yet")
    assert all(f'id="shop-{name}"' in page for name in PARTS)


@pytest.mark.parametrize("at", [2.0, 15.0, 60.0, 10_000.0])
def test_each_moment_of_a_walk_can_be_shown(read_only, scenery, at):
    scenery.show(ramp(at))
    read_only.page("A rollout is under way")


def test_a_hint_alone_changes_nothing_on_it(read_only, backlog, clock):
    backlog.add([Hint(sender="generic", service="shop", tag="main-9")], clock.now())
    assert "main-9" not in read_only.page()


def test_while_something_of_its_own_is_on_nobody_is_told_to_run_an_update(read_only, scenery, backlog, clock):
    backlog.keep(release("main-1"))
    backlog.set(release("main-1"), "running", now=clock.now())
    scenery.show(frame({"v1": 1000}, declared=NEW))
    assert "makes it so" not in read_only.page("an update is under way")
