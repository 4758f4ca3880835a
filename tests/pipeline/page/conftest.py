"""The receiver with its page, as browsers meet it: by a client without scripts."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from pipeline.app import Receiver
from pipeline.backlog import Backlog
from pipeline.page.routes import Site
from pipeline.page.settings import Page
from pipeline.settings import Service, Settings
from tests.fakes import FakeClock
from tests.patience import eventually
from tests.pipeline.conftest import GITHUB
from tests.pipeline.page.frames import settled
from tests.pipeline.page.scenery import Scenery

HOME = "http://127.0.0.1:9000"
PASSWORD = "correct horse battery"
FROM_HERE = {"Origin": HOME}


@pytest.fixture(scope="session")
def hash_of_anna() -> str:
    """Cheaper than a real one: it is compared in most tests."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


@pytest.fixture
def scenery(tmp_path: Path) -> Scenery:
    scenery = Scenery(tmp_path / "project")
    scenery.show(settled())
    return scenery


class Browser:
    """One person's; it keeps cookies and follows redirections, and has no scripts."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str = "/") -> httpx2.Response:
        return self.client.get(path)

    def post(self, path: str, fields: dict[str, str], origin: str | None = HOME) -> httpx2.Response:
        return self.client.post(path, data=fields, headers={"Origin": origin} if origin else {})

    def page(self, shows: str = '"note">seen ') -> str:
        """The page, once it shows *shows*."""
        return eventually(
            lambda: text if shows in (text := self.get().text) else None,
            f"{shows!r} is on the page",
            log=lambda: self.get().text,
        )

    def sign_in(self, operator: str = "anna", given: str = PASSWORD) -> httpx2.Response:
        fields = hidden(self.get("/sign-in").text) | {"operator": operator, "password": given}
        return self.post("/sign-in", fields)

    def session(self) -> str | None:
        return self.client.cookies.get("sluice-session")


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the last form of *page*."""
    return {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="(.*?)"', page)}


@pytest.fixture
def settings(tmp_path: Path, shop: Service, hash_of_anna: str) -> Settings:
    return Settings(
        host="127.0.0.1",
        port=9000,
        folder=tmp_path,
        services={"shop": shop},
        secrets={"github": GITHUB},
        page=Page(origins=[HOME], operators={"anna": hash_of_anna}),
    )


Open = Callable[[Settings], Browser]


@pytest.fixture
def receive(backlog: Backlog, clock: FakeClock, scenery: Scenery) -> Iterator[Open]:
    """A receiver by given settings, and a browser before it."""
    opened: list[TestClient] = []

    def open_(settings: Settings) -> Browser:
        site = Site(settings, backlog, scenery.folder, clock)
        receiver = Receiver(settings, backlog, heard=lambda _: None, alive=lambda: True, clock=clock, site=site)
        base = next(iter(settings.page.origins), HOME)
        opened.append(TestClient(receiver.app(), base_url=base).__enter__())
        return Browser(opened[-1])

    yield open_
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def browser(receive: Open, settings: Settings) -> Browser:
    return receive(settings)


@pytest.fixture
def anna(browser: Browser) -> Browser:
    """Signed in."""
    assert browser.sign_in().url == f"{HOME}/"
    return browser


@pytest.fixture
def read_only(receive: Open, settings: Settings) -> Browser:
    """Of a receiver without operators."""
    return receive(replace(settings, page=Page()))
