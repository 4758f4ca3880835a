"""Debian's Chromium, headless, for the tests of the page; they are skipped where there is none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.patience import PATIENCE
from tests.pipeline.page.conftest import PASSWORD

PATH = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WAIT = PATIENCE * 1000  # milliseconds until what has to be on a page is there


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser while the block runs; skipped where there is none."""
    if PATH is None:
        pytest.skip("there is no chromium on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH)
        yield browser
        browser.close()


def sign_in(page: Page) -> None:
    """As anna; the page is shown then."""
    page.goto("/sign-in")
    page.get_by_label("Operator").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def shows(page: Page, text: str) -> None:
    """Wait until *text* is on the page."""
    expect(page.locator("main")).to_contain_text(text, timeout=WAIT)
