"""What an operator may have done: only what was confirmed, once, and while things are as they were shown."""

import pytest

from pipeline.page import sessions
from pipeline.page.actions import Actions
from tests.patience import eventually
from tests.pipeline.page.conftest import hidden
from tests.pipeline.page.frames import NEW, OLD, frame, good, ramp, settled

ABORT = "/services/shop/abort"
GO = "/services/shop/go/v1"


@pytest.fixture(autouse=True)
def walking(scenery):
    scenery.show(ramp(40))


def confirmed(browser, path):
    """Ask, and answer yes."""
    asked = browser.get(path)
    assert asked.status_code == 200, asked.text
    return browser.post(path, hidden(asked.text))


def until_asked(scenery, count=1):
    return eventually(lambda: len(asked := scenery.asked()) >= count and asked, "ops is asked")


def test_the_question_says_who_has_what_now_and_after(anna):
    asked = anna.get(ABORT).text
    now = ramp(40)["live"]
    assert "v1 100 % → v2 100 %" in asked
    assert [f"{now[v]:g} %" in asked for v in ("v1", "v2")] == [True, True]
    assert "<strong>100 %</strong>" in asked
    assert "<strong>0 %</strong>" in asked
    assert "python -m ops stop --run 5f0c2a91 --stack prod" in asked
    assert "in the name of anna" in asked


def test_asking_alone_does_nothing(anna, scenery):
    anna.get(ABORT)
    scenery.show(settled())
    anna.page("Live is what is declared")
    anna.get(GO)
    assert scenery.asked() == []


def test_a_walk_is_aborted_in_the_operators_name_and_its_end_is_shown(anna, scenery):
    scenery.then(frame(OLD, entry=good(40)))
    assert confirmed(anna, ABORT).url.path == "/"
    assert until_asked(scenery) == ["anna: stop --run 5f0c2a91 --stack prod"]
    page = anna.page("stopped: live is v1 100")
    assert "Abort the rollout, by anna" in page


def test_all_traffic_goes_back_to_a_former_slice(anna, scenery):
    scenery.show(settled())
    anna.page("Live is what is declared")
    confirmed(anna, GO)
    assert until_asked(scenery) == ["anna: rollback v1 --now --stack prod"]
    anna.page("✓ done")


def test_what_failed_says_why(anna, scenery):
    scenery.write("fails", "error: the walk was over before it could be stopped")
    confirmed(anna, ABORT)
    assert "failed" in anna.page("the walk was over before it could be stopped")


def test_a_slice_that_never_had_the_traffic_does_not_get_it_from_here(anna, scenery):
    scenery.show(settled(versions=("v1", "v2", "v3")))
    page = anna.page("Live is what is declared")
    assert ("All traffic to v1" in page, "All traffic to v3" in page) == (True, False)
    refused = anna.get("/services/shop/go/v3")
    assert (refused.status_code, "v3 cannot be given the traffic from here" in refused.text) == (409, True)


def test_a_slice_that_is_cold_is_said_to_be(anna, scenery):
    scenery.show(settled(healthy=1))
    anna.page("1 of 2")
    assert "v1 is cold: it gets nothing before it is healthy" in anna.get(GO).text


@pytest.mark.parametrize("path", [ABORT, GO])
def test_without_a_session_nothing_is_done(browser, scenery, path):
    assert browser.get(path).status_code == 401
    assert browser.post(path, {"csrf": "x", "question": "y"}).status_code == 401
    assert scenery.asked() == []


@pytest.mark.parametrize("change", [{"csrf": "guessed"}, {"csrf": ""}, {"csrf": "ü"}])
def test_a_form_of_another_session_is_refused(anna, scenery, change):
    fields = hidden(anna.get(ABORT).text) | change
    assert anna.post(ABORT, fields).status_code == 403
    assert scenery.asked() == []


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
def test_a_form_of_another_site_is_refused(anna, scenery, origin):
    assert anna.post(ABORT, hidden(anna.get(ABORT).text), origin=origin).status_code == 403
    assert scenery.asked() == []


def test_an_answer_counts_once(anna, scenery):
    fields = hidden(anna.get(ABORT).text)
    assert anna.post(ABORT, fields).status_code == 200
    anna.page("✓ done")
    again = anna.post(ABORT, fields)
    assert (again.status_code, "This was confirmed already" in again.text) == (409, True)
    assert len(scenery.asked()) == 1


def test_an_answer_to_another_question_is_none(anna, scenery):
    fields = hidden(anna.get(ABORT).text)
    scenery.show(settled())
    anna.page("Live is what is declared")
    assert anna.post(GO, fields).status_code == 409
    assert scenery.asked() == []


def test_an_answer_that_comes_too_late_is_none(anna, scenery, clock):
    fields = hidden(anna.get(ABORT).text)
    clock.sleep(sessions.ANSWER + 1)
    assert anna.post(ABORT, fields).status_code == 409
    assert scenery.asked() == []


def test_when_the_shares_have_moved_since_nothing_is_done(anna, scenery):
    scenery.show(ramp(12))
    anna.page('number">1 %')
    fields = hidden(anna.get(ABORT).text)
    scenery.show(ramp(40))
    anna.page('number">25 %')
    refused = anna.post(ABORT, fields)
    assert refused.status_code == 409
    assert "Things are not as they were when you were asked: then v1 99 % · v2 1 % was live, now it is" in refused.text
    assert scenery.asked() == []


def test_when_another_walk_is_on_since_nothing_is_done(anna, scenery):
    fields = hidden(anna.get(ABORT).text)
    seen = ramp(40)
    scenery.show(seen | {"mark": seen["mark"] | {"run": "another1"}})
    anna.page("run another1")
    refused = anna.post(ABORT, fields)
    assert (refused.status_code, "another rollout is under way (another1)" in refused.text) == (409, True)
    assert scenery.asked() == []


def test_two_who_click_at_once_do_one_thing(anna, scenery):
    scenery.write("hold")
    first, second = (hidden(anna.get(ABORT).text) for _ in range(2))
    assert anna.post(ABORT, first).status_code == 200
    refused = anna.post(ABORT, second)
    assert (refused.status_code, "Something else is being done to shop" in refused.text) == (409, True)
    scenery.drop("hold")
    anna.page("✓ done")
    assert len(scenery.asked()) == 1


def test_where_nothing_is_under_way_there_is_nothing_to_abort(anna, scenery):
    scenery.show(settled())
    anna.page("Live is what is declared")
    assert anna.get(ABORT).status_code == 409


def test_what_cannot_be_seen_cannot_be_changed(anna, scenery):
    fields = hidden(anna.get(ABORT).text)
    scenery.write("trouble", "error: the host does not answer")
    anna.page("the host does not answer")
    refused = anna.post(ABORT, fields)
    assert (refused.status_code, "the host does not answer" in refused.text) == (503, True)
    assert scenery.asked() == []


def test_what_goes_on_while_the_receiver_is_away_is_known_to_the_next(tmp_path, scenery, clock):
    scenery.write("hold")
    before = Actions(tmp_path, scenery.folder, clock)
    assert before.begin("shop", "anna", "Abort the rollout", ["stop"])
    before.close()
    after = Actions(tmp_path, scenery.folder, clock)
    assert not after.begin("shop", "bob", "Abort the rollout", ["stop"])
    assert [(one.operator, one.code) for one in after.newest("shop")] == [("anna", None)]
    scenery.drop("hold")
    eventually(lambda: after.newest("shop")[0].code is not None, "the first one has ended")
    assert after.newest("shop")[0].code == 0
    assert after.begin("shop", "bob", "Abort the rollout", ["stop"])
    eventually(lambda: after.newest("shop")[0].code is not None, "the second one has ended")
    after.close()


def test_an_action_whose_process_is_gone_is_said_to_be(tmp_path, scenery, clock):
    actions = Actions(tmp_path, scenery.folder, clock)
    actions._base.execute("insert into action (service, operator, what, at) values ('shop', 'anna', 'Abort', 1)")
    found = actions.newest("shop")[0]
    assert (found.code, found.said) == (1, "its process was killed")
    actions.close()


def test_while_a_walk_can_be_aborted_going_back_to_where_it_began_is_that(anna):
    page = anna.page("Abort the rollout")
    assert "go/v1" not in page
    assert anna.get(GO).status_code == 409


def test_nothing_changes_for_a_slice_that_has_everything(anna, scenery):
    scenery.show(frame(NEW, entry=good(40), carried=("v1", "v2")))
    page = anna.page("Live is what is declared")
    assert ("go/v1" in page, "go/v2" in page) == (True, False)
