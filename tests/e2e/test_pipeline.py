"""The whole chain on loopback: git push, build, registry, hooks, receiver, rollout, traffic. Each part is the real one,
but for the senders of hooks and for GitHub's statuses.
"""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page

from pipeline.page.password import hashed
from rehearsal.load import dropped, dropped_by
from tests.e2e import build
from tests.e2e.conftest import ok
from tests.e2e.dock import Dock, docked
from tests.e2e.pushes import LONG, Repository, served, told
from tests.patience import eventually
from tests.pipeline.github import Github, standing
from tests.pipeline.page.chromium import launched, shows, sign_in
from tests.pipeline.page.conftest import PASSWORD

QUICK = {"steps": [50], "bake": "2s", "prove_by": 50, "gates": {"errors": {"allow": 2}}}
SLOW = {**QUICK, "bake": "3m", "deadline": "10m"}  # time to abort


@pytest.fixture(scope="module")
def github() -> Iterator[Github]:
    with standing() as github:
        yield github


@pytest.fixture(scope="module")
def dock(docker_client, docker_host: str, github, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live, released by hand; `ops serve` beside it."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        dock.add("v1")
        dock.declare({"v1": 100}, **QUICK)
        ok(dock.up())
        yield dock


@pytest.fixture(scope="module")
def repository(dock: Dock, github: Github, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """What is pushed to it is released to the dock; anna is an operator."""
    (dock.stage.root / "anna").write_text(hashed(PASSWORD))
    page = {"operators": {"anna": "anna"}}
    with served(dock.stage, dock.host, dock.registry, github, tmp_path_factory.mktemp("git"), page=page) as repository:
        yield repository


@pytest.fixture
def anna(repository: Repository) -> Iterator[Page]:
    """An operator before the page, with a phone; a page that has an error of its own fails the test."""
    wrong: list[str] = []
    with launched() as browser:
        context = browser.new_context(base_url=repository.ci.hooks, viewport={"width": 360, "height": 740})
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        sign_in(page)
        yield page
    assert wrong == []


def test_what_is_pushed_gets_the_traffic_and_its_commit_says_so(dock, repository, github):
    load = dock.load()
    load.start()
    commit = repository.push("ENV BUILT=good")
    version = f"main-{commit[:7]}"
    eventually(lambda: "success" in told(github, commit), "the commit says that it is released", LONG)
    assert told(github, commit) == ["pending", "success"]
    assert dock.ask() == (200, version)
    assert dock.live() == {version: 999}
    assert dropped(load.stop()) == []
    digest = dock.registry.digest(f"shop:{version}")
    for container in dock.containers(version):
        assert container.image.attrs["RepoDigests"] == [f"{dock.registry.host}/shop@{digest}"]
        assert container.labels["org.opencontainers.image.revision"] == commit


def test_a_bad_build_is_restored_and_its_commit_says_why(dock, repository, github):
    (before,) = dock.live()
    load = dock.load(300)
    load.start()
    commit = repository.push("ENV FAIL=0.3")
    version = f"main-{commit[:7]}"
    eventually(lambda: "failure" in told(github, commit), "the commit says that it failed", LONG)
    assert told(github, commit) == ["pending", "failure"]
    why = next(body["description"] for _, body in github.statuses if body["state"] == "failure")
    assert why.startswith(f"{version} was not released to dock: ")
    assert "failed" in why
    assert (dock.live(), dock.recorded(), dock.marked()) == ({before: 999}, {before: 100}, False)
    assert set(dropped_by(load.stop())) == {version}


def test_the_same_commit_again_changes_nothing(dock, repository, github):
    (before,) = dock.live()
    commit, count = next(path.rpartition("/")[2] for path, _ in github.statuses), len(github.statuses)
    build.tell(repository.ci, f"{dock.registry.host}/shop", f"main-{commit[:7]}")
    build.announce(repository.ci, commit, "refs/heads/main")
    eventually(lambda: "sluice_open{" not in httpx2.get(f"{repository.ci.hooks}/metrics").text, "both are dealt with")
    assert (dock.live(), len(github.statuses)) == ({before: 999}, count)


def test_an_operator_sees_a_rollout_and_aborts_it(dock, repository, github, anna, tmp_path):
    (before,) = dock.live()
    dock.stage.configure(rollout=SLOW)
    load = dock.load()
    load.start()
    commit = repository.push("ENV BUILT=third")
    version = f"main-{commit[:7]}"
    shows(anna, "A rollout is under way")
    shows(anna, f"{version} errors: ")
    anna.screenshot(path=tmp_path / "walking.png", full_page=True)
    anna.get_by_role("link", name="Abort the rollout").click()
    shows(anna, f"The rollout {before} 100 % → {version} 100 %")
    anna.screenshot(path=tmp_path / "confirm.png", full_page=True)
    anna.get_by_role("button", name="Abort the rollout").click()
    shows(anna, f"stopped: live is {before} 100")
    eventually(lambda: "failure" in told(github, commit), "the commit says that it failed", LONG)
    assert (dock.live(), dock.recorded(), dock.marked()) == ({before: 999}, {before: 100}, False)
    shows(anna, "stopped by anna@")
    anna.screenshot(path=tmp_path / "aborted.png", full_page=True)
    assert dropped(load.stop()) == []


def test_an_operator_goes_back_to_what_was_before(dock, anna, tmp_path):
    (before,) = dock.live()
    load = dock.load()
    load.start()
    anna.get_by_role("link", name="All traffic to v1").click(timeout=60_000)
    shows(anna, "The shares move at once")
    anna.get_by_role("button", name="All traffic to v1").click()
    eventually(lambda: dock.live() == {"v1": 999}, "v1 has everything")
    anna.locator("#shop-done li", has_text="All traffic to v1").locator(".good").wait_for(timeout=LONG * 1000)
    shows(anna, "Live is what is declared")
    assert (dock.recorded(), dock.marked()) == ({"v1": 100}, False)
    assert dock.entry()["owner"].startswith("anna@")
    shows(anna, "by anna@")
    anna.screenshot(path=tmp_path / "back.png", full_page=True)
    anna.get_by_role("link", name="report").first.click()
    shows(anna, f"{before} 100 → v1 100")
    assert dropped(load.stop()) == []
