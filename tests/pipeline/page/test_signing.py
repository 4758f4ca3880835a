"""Signing in: who gets in, and what a stranger can do about it."""

from dataclasses import replace

import pytest

from pipeline.page import attempts, sessions
from pipeline.page.attempts import Attempts
from pipeline.page.settings import Page
from tests.pipeline.page.conftest import HOME, PASSWORD, hidden


def test_the_right_password_opens_a_session(browser):
    browser.sign_in()
    assert "Sign out" in browser.page()


@pytest.mark.parametrize(("operator", "given"), [("anna", "wrong"), ("bob", PASSWORD), ("", ""), ("anna", "x" * 9999)])
def test_a_wrong_one_does_not_and_says_no_more(browser, operator, given):
    answer = browser.sign_in(operator, given)
    assert answer.status_code == 403
    assert "This is no operator&#39;s name with their password." in answer.text
    assert (browser.session(), given in answer.text and given != "") == (None, False)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser):
    fields = hidden(browser.get("/sign-in").text) | {"operator": "anna", "password": PASSWORD}
    answer = browser.client.post("/sign-in", data=fields, headers={"Origin": HOME}, follow_redirects=False)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("sluice-session="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=strict"}


def test_by_tls_it_is_for_this_host_and_by_tls_alone(receive, settings, hash_of_anna):
    origin = "https://deploy.example.com"
    browser = receive(replace(settings, page=Page(origins=[origin], operators={"anna": hash_of_anna})))
    fields = hidden(browser.get("/sign-in").text) | {"operator": "anna", "password": PASSWORD}
    answer = browser.client.post("/sign-in", data=fields, headers={"Origin": origin}, follow_redirects=False)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-sluice-session="))
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "path=/",
        "samesite=strict",
        "secure",
    }


def test_a_session_that_a_stranger_set_is_never_taken_over(browser):
    browser.client.cookies.set("sluice-session", "chosen-by-a-stranger", domain="127.0.0.1", path="/")
    assert "Sign out" not in browser.page()
    browser.client.cookies.clear()
    browser.sign_in()
    first = browser.session()
    browser.sign_in()
    assert first
    assert browser.session() not in (None, first, "chosen-by-a-stranger")
    browser.client.cookies.set("sluice-session", first, domain="127.0.0.1", path="/")
    assert "Sign out" not in browser.page(), "the session before the last sign-in is still open"


def test_signing_out_ends_the_session_itself(anna):
    held = anna.session()
    anna.post("/sign-out", hidden(anna.page()))
    assert anna.session() is None
    anna.client.cookies.set("sluice-session", held, domain="127.0.0.1", path="/")
    assert "Sign out" not in anna.page()


def test_nobody_is_signed_out_by_another_site(anna):
    assert anna.post("/sign-out", {"csrf": "guessed"}).status_code == 403
    assert anna.post("/sign-out", hidden(anna.page()), origin="https://evil.example").status_code == 403
    assert "Sign out" in anna.page()


@pytest.mark.parametrize("seconds", [sessions.IDLE + 1, sessions.WHOLE + 1])
def test_a_session_ends_by_itself(anna, clock, seconds):
    clock.sleep(seconds)
    assert "Sign out" not in anna.page()


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:9001"])
def test_nobody_is_signed_in_by_another_site(browser, origin):
    fields = hidden(browser.get("/sign-in").text) | {"operator": "anna", "password": PASSWORD}
    assert browser.post("/sign-in", fields, origin=origin).status_code == 403
    assert browser.session() is None


def test_a_sign_in_needs_the_form_of_its_own_browser(browser):
    browser.get("/sign-in")
    fields = {"operator": "anna", "password": PASSWORD, "csrf": "of-another-browser"}
    assert browser.post("/sign-in", fields).status_code == 403
    browser.client.cookies.clear()
    assert browser.post("/sign-in", fields | {"csrf": ""}).status_code == 403


def test_guessing_ends_soon_even_with_the_right_one(browser, clock):
    for _ in range(attempts.MOST):
        assert browser.sign_in(given="a guess").status_code == 403
    refused = browser.sign_in()
    assert refused.status_code == 429
    assert "wait 15 minutes" in refused.text
    clock.sleep(attempts.WINDOW)
    assert browser.sign_in().status_code == 200
    assert browser.session()


def test_one_address_does_not_lock_another_out_and_a_network_of_ones_own_helps_nobody(clock):
    tried = Attempts(clock)
    for _ in range(attempts.MOST):
        assert tried.begin("203.0.113.7") == 0
    assert tried.begin("203.0.113.7") > 0
    assert tried.begin("203.0.113.8") == 0
    for host in range(attempts.MOST):
        assert tried.begin(f"2001:db8::{host}") == 0
    assert tried.begin("2001:db8::ffff") > 0
    assert tried.begin("2001:db8:0:1::1") == 0


def test_what_is_remembered_of_addresses_has_an_end(clock):
    tried = Attempts(clock)
    for host in range(attempts.ADDRESSES + 10):
        tried.begin(f"10.{host >> 16}.{host >> 8 & 255}.{host & 255}")
    assert len(tried._tried) == attempts.ADDRESSES


def test_no_password_is_logged(browser, capfd):
    browser.sign_in()
    browser.sign_in(given="almost the right one")
    said = "".join(capfd.readouterr())
    assert "wrong password" in said
    assert PASSWORD not in said
    assert "almost" not in said


@pytest.mark.parametrize("body", [b"\xff", b"&".join(b"a=1" for _ in range(100))])
def test_what_is_no_form_is_refused(browser, body):
    kind = {"Origin": HOME, "Content-Type": "application/x-www-form-urlencoded"}
    assert browser.client.post("/sign-in", content=body, headers=kind).status_code == 400
