"""Coming in, staying in, going out."""
from __future__ import annotations

import io
from datetime import timedelta

import pytest

from engine.rules import passwords
from tests.webforms import office
from tests.webforms.conftest import REQUEST
from webforms import create_app


def test_the_right_name_and_password_lead_to_ones_tasks(visit):
    rosa = visit()
    rosa.sign_in("rosa")

    assert rosa.url == "/"
    assert "Rosa Example" in rosa.page


@pytest.mark.parametrize(("login", "password"), [("rosa", "wrong"), ("nobody", office.PASSWORD)])
def test_a_wrong_name_reads_like_a_wrong_password(visit, login, password):
    stranger = visit()
    stranger.sign_in(login, password)

    assert stranger.status == 422
    assert "The sign-in name or the password is not right, or there were too many tries: then wait 15 minutes" in stranger.words
    assert "nobody" not in stranger.words


def test_what_is_left_empty_is_named(visit):
    stranger = visit()
    stranger.sign_in("", "")

    assert "Enter your sign-in name" in stranger.words
    assert "Enter your password" in stranger.words
    assert "None" not in stranger.words


def test_after_too_many_tries_even_the_right_password_has_to_wait(visit, engine):
    stranger = visit()
    for _ in range(engine.settings.sessions.tries):
        stranger.sign_in("rosa", "wrong")
    stranger.sign_in("rosa")
    assert "not right" in stranger.words

    engine.clock.move_to(engine.clock.now() + timedelta(minutes=engine.settings.sessions.wait_minutes + 1))
    stranger.sign_in("rosa")
    assert stranger.url == "/"


def test_wrong_tries_elsewhere_do_not_keep_the_owner_out(visit, app):
    stranger = visit()
    stranger.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    for _ in range(app.extensions["engine"].settings.sessions.tries):
        stranger.sign_in("rosa", "wrong")
    stranger.sign_in("rosa")
    assert "not right" in stranger.words

    assert visit("rosa").url == "/"


def test_when_many_sign_in_at_once_the_page_says_to_try_again(visit, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    rosa = visit()
    with passwords.COMPARING, passwords.COMPARING:
        rosa.sign_in("rosa")
    assert rosa.status == 503
    assert "Try again in a moment" in rosa.words
    assert rosa.response.headers["Retry-After"] == "5"

    rosa.sign_in("rosa")
    assert rosa.url == "/"


@pytest.mark.parametrize("url", ["/sign-in", "/start/purchase/request_made"])
def test_who_has_no_session_may_send_little(visit, url):
    stranger = visit()
    stranger.get("/sign-in")
    read = io.BytesIO(b"x" * 200_000)
    page = stranger.client.post(url, input_stream=read, content_length=200_000, content_type="multipart/form-data; boundary=x")

    assert page.status_code == 413
    assert read.tell() == 0
    stranger.post(url, {"login": "rosa", "password": "x" * 1000})
    assert stranger.status != 413


def test_who_has_a_session_may_send_more(visit):
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    rosa.post("/start/purchase/request_made", {**REQUEST, "what": "x" * 200_000})
    assert rosa.status == 422


def test_a_stranger_is_led_to_the_page_asked_for_after_signing_in(visit):
    rosa = visit()
    rosa.get("/drafts")
    assert rosa.url == "/sign-in"

    rosa.post("/sign-in?next=/drafts", {"login": "rosa", "password": office.PASSWORD})
    assert rosa.url == "/drafts"


@pytest.mark.parametrize("elsewhere", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\/evil.example", "http:evil.example", "javascript:alert(1)",
    "/\t/evil.example", "/%5Cevil\n",
])
def test_signing_in_never_leads_to_another_site(visit, elsewhere):
    rosa = visit()
    rosa.get("/sign-in")
    rosa.client.get("/sign-in", query_string={"next": elsewhere})
    page = rosa.client.post("/sign-in", query_string={"next": elsewhere}, data={
        "login": "rosa", "password": office.PASSWORD, "csrf_token": office.token(rosa.page)})

    assert page.status_code == 302
    assert page.headers["Location"] == "/"


def test_a_session_planted_before_the_sign_in_is_not_kept(visit):
    rosa = visit()
    rosa.get("/sign-in")
    before = rosa.client.get_cookie("session").value
    rosa.sign_in("rosa")

    with rosa.client.session_transaction() as kept:
        assert set(kept) <= {"_user_id", "_fresh", "csrf_token", "_id"}
    assert rosa.client.get_cookie("session").value != before


def test_the_cookie_says_nothing_of_the_person(visit):
    rosa = visit("rosa")
    with rosa.client.session_transaction() as kept:
        assert "rosa" not in str(dict(kept)).lower()
    cookie = rosa.client.get_cookie("session")
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied_to(visit):
    rosa, copied = visit("rosa"), visit()
    cookie = rosa.client.get_cookie("session").value
    copied.client.set_cookie("session", cookie)
    copied.get("/")
    assert copied.url == "/"

    rosa.get("/")
    rosa.post("/sign-out")
    assert "You are signed out" in rosa.words
    copied.get("/")
    assert copied.url == "/sign-in"


def test_a_session_ends_when_nothing_happens_for_a_while(visit, engine):
    rosa = visit("rosa")
    engine.clock.move_to(engine.clock.now() + timedelta(minutes=engine.settings.sessions.idle_minutes - 1))
    rosa.get("/")
    assert rosa.url == "/"

    engine.clock.move_to(engine.clock.now() + timedelta(minutes=engine.settings.sessions.idle_minutes + 1))
    rosa.get("/")
    assert rosa.url == "/sign-in"


def test_what_was_typed_when_the_session_ended_is_a_draft_afterwards(visit, engine):
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    engine.clock.move_to(engine.clock.now() + timedelta(minutes=engine.settings.sessions.idle_minutes + 5))
    rosa.post("/start/purchase/request_made", {**REQUEST, "what": "Typed for an hour"})

    assert rosa.url == "/sign-in"
    assert "kept as a draft" in rosa.words
    rosa.post("/sign-in?next=/start/purchase/request_made", {"login": "rosa", "password": office.PASSWORD})
    assert "Typed for an hour" in rosa.page


@pytest.mark.parametrize(("minutes", "kept"), [(110, True), (130, False), (9 * 24 * 60, False)])
def test_what_is_typed_long_after_the_session_ran_out_is_kept_for_nobody(visit, engine, minutes, kept):
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    cookie, token = rosa.client.get_cookie("session").value, office.token(rosa.page)
    engine.clock.move_to(engine.clock.now() + timedelta(minutes=engine.settings.sessions.idle_minutes + minutes))
    if kept:
        rosa.client = create_app(engine).test_client()   # another process, which has never seen her
        rosa.client.set_cookie("session", cookie)
    rosa.post("/start/purchase/request_made", REQUEST, csrf=token)

    assert rosa.url == "/sign-in"
    assert ("kept as a draft" in rosa.words) == kept


def test_after_signing_out_nothing_typed_is_kept_for_anyone(visit):
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    cookie, token = rosa.client.get_cookie("session").value, office.token(rosa.page)
    rosa.post("/sign-out")
    rosa.client.set_cookie("session", cookie)
    rosa.post("/start/purchase/request_made", REQUEST, csrf=token)

    assert rosa.url == "/sign-in"
    assert "kept as a draft" not in rosa.words
