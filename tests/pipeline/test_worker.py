"""The worker: every image once, the newest alone, never backwards, whatever is repeated, late, lost or cut short."""

import pytest

from tests.pipeline.conftest import Bench, digest


def test_an_image_that_a_hook_tells_of_is_released(bench):
    bench.hint("main-1", "a")
    bench.settle()
    assert bench.deploys.done == ["main-1"]
    assert bench.states() == {"main-1": "released"}
    assert bench.told == [("main-1", "running"), ("main-1", "released")]


def test_a_thousand_hooks_of_one_image_are_one_release(bench):
    for turn in range(1000):
        bench.hint("main-1", "a")
        if turn in (200, 700):
            bench.settle()
    bench.settle()
    assert bench.deploys.done == ["main-1"]


def test_of_several_that_wait_only_the_newest_is_released(bench):
    for second, letter in enumerate("abc"):
        bench.hint(f"main-{letter}", letter, pushed=bench.clock.now() - 10 + second)
    bench.settle()
    assert bench.deploys.done == ["main-c"]
    assert bench.states() == {"main-a": "superseded", "main-b": "superseded", "main-c": "released"}


def test_last_weeks_hook_brings_nothing_back(bench):
    bench.hint("main-1", "a")
    bench.settle()
    bench.clock.sleep(60)
    bench.hint("main-2", "b")
    bench.settle()
    bench.clock.sleep(7 * 86_400)
    bench.hint("main-1")
    bench.settle()
    assert bench.deploys.done == ["main-1", "main-2"]


def test_an_image_that_was_pushed_before_what_is_released_is_refused(bench):
    bench.hint("main-2", "b")
    bench.settle()
    bench.hint("main-1", "a", pushed=bench.clock.now() - 60)
    bench.settle()
    assert bench.deploys.done == ["main-2"]
    assert bench.states()["main-1"] == "older"


def test_a_tag_that_is_pushed_again_before_it_was_looked_up_is_its_newest_image(bench):
    bench.hint("latest", "a")
    bench.hint("latest", "b")
    bench.settle()
    assert [one.digest for one in bench.backlog.releases("shop")] == [digest("b")]


def test_a_tag_that_is_pushed_again_later_is_another_release_with_another_name(bench):
    bench.hint("latest", "a")
    bench.settle()
    bench.hint("latest", "b")
    bench.settle()
    assert bench.deploys.done == ["latest", "latest-bbbbbbb"]


def test_a_release_that_fails_is_not_tried_again_and_says_why(bench):
    bench.deploys.ends["main-1"] = 1
    bench.hint("main-1", "a")
    bench.settle()
    bench.hint("main-1")
    bench.settle()
    assert bench.deploys.done == ["main-1"]
    (release,) = bench.backlog.releases("shop")
    assert (release.state, release.why) == ("failed", "error: main-1 was restored")


def test_while_another_update_has_the_stack_it_waits_its_turn(bench):
    bench.deploys.ends["main-1"] = 4
    bench.hint("main-1", "a")
    assert bench.worker.turn() > 0
    assert bench.states() == {"main-1": "waiting"}
    bench.deploys.ends["main-1"] = 0
    bench.settle()
    assert bench.states() == {"main-1": "released"}


def test_a_registry_that_is_down_loses_no_hook(bench):
    bench.registry.down = True
    bench.hint("main-1", "a")
    assert 0 < bench.worker.turn() <= 10
    bench.another()
    bench.registry.down = False
    bench.settle()
    assert bench.deploys.done == ["main-1"]


def test_a_registry_that_is_down_is_not_asked_for_each_hook_that_comes(bench):
    bench.registry.down = True
    bench.hint("main-1", "a")
    bench.worker.turn()
    bench.registry.down = False
    bench.hint("main-2", "b")
    bench.worker.turn()
    assert bench.deploys.done == []
    bench.clock.sleep(11)
    bench.settle()
    assert bench.deploys.done == ["main-2"]


def test_a_registry_that_is_down_stops_nothing_that_is_known(bench):
    bench.deploys.ends["main-1"] = 4
    bench.hint("main-1", "a")
    bench.worker.turn()
    bench.deploys.ends["main-1"] = 0
    bench.registry.down = True
    bench.settle()
    assert bench.states() == {"main-1": "released"}


def test_a_tag_that_is_not_there_yet_is_waited_for(bench):
    bench.hint("main-1")
    assert 0 < bench.worker.turn() <= 10
    bench.registry.named["main-1"] = digest("a")
    bench.settle()
    assert bench.deploys.done == ["main-1"]


def test_a_tag_that_does_not_come_is_given_up_after_its_patience(bench):
    bench.hint("main-1")
    bench.worker.turn()
    bench.clock.sleep(3601)
    bench.worker.turn()
    assert bench.backlog.open() == {}


def test_an_image_that_no_hook_told_of_is_found_within_the_time_of_a_poll(bench):
    bench.registry.named["main-1"] = digest("a")
    bench.registry.named["pull-7"] = digest("b")
    bench.settle()
    assert bench.deploys.done == []
    bench.clock.sleep(301)
    bench.settle()
    assert bench.deploys.done == ["main-1"]


def test_a_moving_tag_is_looked_at_again_in_each_poll(bench):
    bench.hint("latest", "a")
    bench.settle()
    bench.registry.named["latest"] = digest("b")
    bench.clock.sleep(301)
    bench.settle()
    assert bench.deploys.done == ["latest", "latest-bbbbbbb"]


def test_images_that_were_there_at_the_very_first_look_are_left_alone(shop, backlog, clock):
    bench = Bench(shop, backlog, clock)
    bench.registry.named.update({"main-0": digest("0"), "latest": digest("1")})
    bench.settle()
    assert bench.deploys.done == []
    assert set(bench.states().values()) == {"known"}


@pytest.mark.parametrize("suffix", [".sig", ".att", ".sbom", ""])
def test_what_is_kept_beside_an_image_is_none_whatever_the_tags_allow(shop, backlog, clock, suffix):
    bench = Bench(shop.model_copy(update={"tags": ["*"]}), backlog, clock)
    bench.settle()
    bench.registry.named.update({f"sha256-{'1' * 64}{suffix}": digest("a"), f"sha256-{'1' * 63}": digest("b")})
    bench.clock.sleep(301)
    bench.settle()
    assert [one.digest for one in bench.backlog.releases("shop")] == [digest("b")]


def test_a_release_that_a_dead_receiver_began_is_seen_to_its_end(bench):
    bench.deploys.ends["main-1"] = None
    bench.hint("main-1", "a")
    assert bench.worker.turn() > 0
    assert bench.states() == {"main-1": "running"}
    bench.deploys.ends["main-1"] = 0
    bench.another()
    bench.settle()
    assert bench.states() == {"main-1": "released"}
    assert bench.deploys.done == ["main-1", "main-1"]


def test_whom_nobody_could_tell_is_told_later(bench):
    bench.deaf = True
    bench.hint("main-1", "a")
    bench.settle()
    bench.deaf = False
    bench.settle()
    assert bench.told == [("main-1", "released")]


@pytest.mark.parametrize("sign", ["/", "..", "x" * 80])
def test_every_tag_makes_a_version(bench, sign):
    tag = f"main-{sign}1"
    bench.hint(tag, "a")
    bench.settle()
    assert bench.deploys.done
