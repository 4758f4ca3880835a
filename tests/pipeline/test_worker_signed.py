"""The worker of a service that says `signed`: an image counts once its signature is there, too, and goes with it."""

import pytest
from structlog.testing import capture_logs

from pipeline.settings import Service
from tests.pipeline.conftest import Bench, digest


@pytest.fixture
def shop(shop) -> Service:
    return shop.model_copy(update={"signed": True})


def test_a_signed_image_is_released_with_its_signature(bench):
    bench.registry.signed[digest("a")] = "cosign:eyJ9:QUJD"
    bench.hint("main-1", "a")
    bench.settle()
    (release,) = bench.backlog.releases("shop")
    assert (release.state, release.signature) == ("released", "cosign:eyJ9:QUJD")


def test_an_image_whose_signature_is_not_there_yet_is_waited_for(bench):
    bench.hint("main-1", "a")
    for _ in range(3):
        assert 0 < bench.worker.turn() <= 10
        bench.clock.sleep(10)
    assert (bench.deploys.done, bench.backlog.open()) == ([], {"shop": 1})
    bench.another()
    bench.registry.signed[digest("a")] = "cosign:eyJ9:QUJD"
    bench.settle()
    assert bench.deploys.done == ["main-1"]


def test_a_signature_that_does_not_come_is_given_up_after_its_patience_and_that_is_said(bench):
    bench.hint("main-1", "a")
    bench.worker.turn()
    bench.clock.sleep(3601)
    with capture_logs() as logs:
        bench.worker.turn()
    assert bench.backlog.open() == {}
    (said,) = [one for one in logs if one["event"] == "no signature"]
    assert (said["log_level"], said["tag"], said["digest"]) == ("warning", "main-1", digest("a"))


def test_a_look_skips_what_is_not_signed_and_looks_again_next_time(bench):
    bench.registry.named.update({"main-1": digest("a"), "main-2": digest("b")})
    bench.registry.created.update({"main-1": 1.0, "main-2": 2.0})
    bench.registry.signed[digest("a")] = "cosign:eyJ9:QUJD"
    bench.clock.sleep(301)
    bench.settle()
    assert bench.deploys.done == ["main-1"]
    bench.registry.signed[digest("b")] = "cosign:eyJ9:QUJE"
    bench.settle()
    assert bench.deploys.done == ["main-1"]
    bench.clock.sleep(301)
    bench.settle()
    assert bench.deploys.done == ["main-1", "main-2"]
    assert [one.signature for one in bench.backlog.releases("shop")] == ["cosign:eyJ9:QUJD", "cosign:eyJ9:QUJE"]


def test_what_was_there_at_the_very_first_look_is_left_alone_though_it_is_signed_later(shop, backlog, clock):
    bench = Bench(shop, backlog, clock)
    bench.registry.named["main-0"] = digest("0")
    bench.settle()
    bench.registry.signed[digest("0")] = "cosign:eyJ9:QUJD"
    bench.clock.sleep(301)
    bench.settle()
    assert (bench.deploys.done, bench.states()) == ([], {"main-0": "known"})


def test_what_a_hook_told_of_before_the_very_first_look_is_waited_for(shop, backlog, clock):
    bench = Bench(shop, backlog, clock)
    bench.hint("main-1", "a")
    bench.worker.turn()
    bench.registry.signed[digest("a")] = "cosign:eyJ9:QUJD"
    bench.settle()
    assert bench.deploys.done == ["main-1"]


def test_a_tag_that_is_pushed_again_needs_a_signature_of_its_own(bench):
    bench.registry.signed[digest("a")] = "cosign:eyJ9:QUJD"
    bench.hint("latest", "a")
    bench.settle()
    bench.hint("latest", "b")
    bench.settle()
    assert bench.deploys.done == ["latest"]


def test_a_registry_that_is_down_between_image_and_signature_loses_nothing(bench, monkeypatch):
    bench.hint("main-1", "a")
    bench.registry.signed[digest("a")] = "cosign:eyJ9:QUJD"
    image = bench.registry.image

    def then_down(tag):
        found = image(tag)
        bench.registry.down = True
        return found

    with monkeypatch.context() as patched:
        patched.setattr(bench.registry, "image", then_down)
        assert 0 < bench.worker.turn() <= 10
    bench.registry.down = False
    bench.clock.sleep(11)
    bench.settle()
    assert bench.deploys.done == ["main-1"]
