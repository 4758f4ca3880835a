"""The page in a real browser, headless Chromium: live, in the hand, in the dark. Screenshots: in the test's folder."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pipeline.page.chromium import WAIT, launched, shows, sign_in
from tests.pipeline.page.frames import OLD, frame, good, ramp, settled
from tests.pipeline.page.standing import Standing, standing
from tests.walks import promoted, restored, stopped

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1100, "height": 900}
SMALL = "[...document.querySelectorAll('button, .button')].filter(e => e.getBoundingClientRect().height < 44).length"
SHIFT = """
window.shift = 0;
new PerformanceObserver(list => { for (const one of list.getEntries()) window.shift += one.value; })
  .observe({type: "layout-shift"});
"""
CONTRAST = """() => {
  const light = text => {
    const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const [r, g, b] = text.match(/[\\d.]+/g).map(v => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll("main *")].filter(e => e.childNodes.length && e.innerText).map(e => {
    let at = e, back = "rgba(0, 0, 0, 0)";
    while (at && back === "rgba(0, 0, 0, 0)") { back = getComputedStyle(at).backgroundColor; at = at.parentElement; }
    const [low, high] = [light(getComputedStyle(e).color), light(back)].sort((a, b) => a - b);
    return [(high + .05) / (low + .05), e.className || e.tagName, paper];
  });
}"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, hash_of_anna: str) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("page"), hash_of_anna) as there:
        yield there


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, there: Standing) -> Iterator[Open]:
    """Opens the page in a window of its own; nothing on it may have been an error."""
    wrong: list[str] = []
    contexts: list[Any] = []

    def open_(*, signed_in: bool = False, **window: Any) -> Page:
        context = chromium.new_context(**{"viewport": DESK, "base_url": there.url, **window})
        contexts.append(context)
        context.set_default_timeout(WAIT)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        if signed_in:
            sign_in(page)
        page.goto("/")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def test_it_follows_a_rollout_without_being_loaded_again(visit, there, tmp_path):
    there.scenery.show(ramp(12, past=[restored(), promoted()]))
    page = visit()
    page.evaluate("window.same = true")
    expect(page.locator("#connection")).to_contain_text("live", timeout=WAIT)
    expect(page.locator("[aria-current=step]")).to_contain_text("1 %", timeout=WAIT)
    page.evaluate(SHIFT)
    there.scenery.show(ramp(40, past=[restored(), promoted()]))
    expect(page.locator("[aria-current=step]")).to_contain_text("25 %", timeout=WAIT)
    expect(page.locator("#shop-shares")).to_contain_text("75 %")
    page.screenshot(path=tmp_path / "walking.png")  # not all of the page: for that, Chromium lays it out anew
    there.scenery.show(settled(past=[promoted(), restored()]))
    shows(page, "Live is what is declared")
    assert page.evaluate("window.same")
    assert page.evaluate("window.shift") < 0.1
    page.screenshot(path=tmp_path / "settled.png", full_page=True)


def test_an_operator_signs_in_and_aborts_with_one_more_look(visit, there, tmp_path):
    there.scenery.show(ramp(40))
    page = visit(signed_in=True)
    page.get_by_role("link", name="Abort the rollout").click()
    shows(page, "the former shares go back within seconds")
    page.screenshot(path=tmp_path / "confirm.png", full_page=True)
    there.scenery.then(frame(OLD, entry=stopped()))
    page.get_by_role("button", name="Abort the rollout").click()
    shows(page, "stopped: live is v1 100")
    shows(page, "Abort the rollout, by anna")
    page.screenshot(path=tmp_path / "aborted.png", full_page=True)
    assert there.scenery.asked()[-1] == "anna: stop --run 5f0c2a91 --stack prod"


def test_an_operator_goes_back_by_keyboard_alone(visit, there, tmp_path):
    there.scenery.show(settled())
    page = visit(signed_in=True)
    link = page.get_by_role("link", name="All traffic to v1")
    link.focus()
    there.scenery.show(settled(healthy=1))
    expect(page.locator("#shop-shares")).to_contain_text("1 of 2", timeout=WAIT)
    expect(link).to_be_focused()
    there.scenery.show(settled())
    expect(page.locator("#shop-shares")).to_contain_text("2 of 2", timeout=WAIT)
    page.keyboard.press("Enter")
    shows(page, "The shares move at once")
    page.get_by_role("button", name="All traffic to v1").press("Enter")
    shows(page, "All traffic to v1, by anna")
    expect(page.locator("#shop-done li").first).to_contain_text("done", timeout=WAIT)
    assert there.scenery.asked()[-1] == "anna: rollback v1 --now --stack prod"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_hand_and_can_be_read(visit, there, tmp_path, scheme):
    there.scenery.show(ramp(40, past=[restored(), promoted()]))
    page = visit(signed_in=True, viewport=PHONE, color_scheme=scheme, has_touch=True)
    shows(page, "A rollout is under way")
    shows(page, "of the proof")
    for path, name in (("/", "page"), ("/services/shop/abort", "confirm"), ("/sign-in", "sign-in")):
        page.goto(path)
        if path == "/":
            shows(page, "Abort the rollout")
        page.screenshot(path=tmp_path / f"{name}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert page.evaluate(SMALL) == 0, path
        seen = page.evaluate(CONTRAST)
        assert [(round(ratio, 2), what) for ratio, what, _ in seen if ratio < 4.5] == []
        assert {paper < 0.2 for _, _, paper in seen} == {scheme == "dark"}


def test_long_names_and_many_slices_fit_too(visit, there, tmp_path):
    long = [f"release-2026-11-25-with-a-long-name-{number}" for number in range(6)]
    there.scenery.show(
        frame({long[0]: 1000}, versions=tuple(long), carried=tuple(long), entry=good(40), trouble="x" * 200)
    )
    page = visit(signed_in=True, viewport=PHONE)
    shows(page, long[5])
    page.screenshot(path=tmp_path / "long.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_it_is_a_picture_of_now(visit, there):
    there.scenery.show(ramp(40))
    page = visit(java_script_enabled=False)
    shows(page, "A rollout is under way")
    shows(page, "of the proof")


def test_a_receiver_that_is_gone_is_said(visit, chromium, tmp_path_factory, hash_of_anna):
    with standing(tmp_path_factory.mktemp("gone"), hash_of_anna) as short:
        short.scenery.show(settled())
        context = chromium.new_context(base_url=short.url)
        page = context.new_page()
        page.goto("/")
        shows(page, "Live is what is declared")
        short.end()
        expect(page.locator("#connection")).to_contain_text("not live, as of", timeout=WAIT)
        context.close()
