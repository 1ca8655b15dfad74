"""“Your account”: where one is signed in, the password, and being asked again before what cannot be taken back."""
from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.packs import read_pack
from engine.rules.guessable import guessable
from engine.rules.passwords import hashed
from engine.store import tables as t
from tests.webforms import office
from tests.webforms.conftest import REQUEST, task_of
from tests.webforms.test_answering import upload
from tests.webforms.test_second_factor import code_of, later, person, set_up, trail

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
STALE = {"minutes": 11}


def kept_on(page):
    return re.search(r'name="kept" value="([^"]+)"', page)[1]


@pytest.fixture
def two(visit):
    """Rosa at her desk and on her phone."""
    desk, phone = visit(), visit()
    for one, agent in ((desk, FIREFOX), (phone, IPHONE)):
        one.client.environ_base["HTTP_USER_AGENT"] = agent
        one.sign_in("rosa")
    return desk, phone


def test_my_sessions_are_listed_in_words_and_this_one_is_marked(two):
    desk, _ = two
    desk.get("/account")
    assert "Firefox on Windows" in desk.words
    assert "Safari on an iPhone" in desk.words
    assert desk.page.count("This one") == 1
    assert desk.page.count("/account/sessions/") == 2   # one to end, and all others


@pytest.mark.parametrize("agent", ["", "<script>alert(1)</script>", "x" * 5000, "Mozilla/5.0 \u202eevil"])
def test_what_a_browser_says_of_itself_is_never_shown(visit, agent):
    rosa = visit()
    rosa.client.environ_base["HTTP_USER_AGENT"] = agent
    rosa.sign_in("rosa")
    rosa.get("/account")
    assert "A browser of another kind" in rosa.words
    assert "alert" not in rosa.page


def test_another_of_my_sessions_is_ended_and_its_copies_too(two, visit):
    desk, phone = two
    copied = visit()
    copied.client.set_cookie("session", phone.client.get_cookie("session").value)
    address = re.search(r'action="(/account/sessions/[0-9a-f]{32}/end)"', desk.get("/account"))[1]
    desk.post(address)
    assert "That session is over" in desk.words
    for gone in (phone, copied):
        gone.get("/")
        assert gone.url == "/sign-in"
    desk.post(address)
    assert desk.status == 404


def test_all_others_are_ended(two, visit):
    desk, phone = two
    third = visit("rosa")
    desk.get("/account")
    desk.post("/account/sessions/end")
    assert desk.page.count("app-task__what") == 1
    for gone in (phone, third):
        gone.get("/")
        assert gone.url == "/sign-in"


def test_nobody_sees_or_ends_anothers_session(two, visit, engine):
    desk, _ = two
    ruth = visit("ruth")
    ruth.get("/account")
    assert "Firefox" not in ruth.words
    with engine.database.reading() as db:
        ids = list(db.scalars(sa.select(t.sessions.c.id).where(t.sessions.c.person == person(engine, "rosa"))))
    for session in ids:
        ruth.post(f"/account/sessions/{session}/end", {"person": person(engine, "rosa")})
        assert ruth.status == 404
    desk.get("/")
    assert desk.url == "/"


def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(two, engine):
    desk, phone = two
    before = desk.client.get_cookie("session").value
    desk.get("/account/password")
    new = {"password": "blue-teapot-sings-low", "again": "blue-teapot-sings-low"}
    desk.post("/account/password", {"old": "wrong", **new})
    assert desk.status == 422
    assert "This is not your password" in desk.words
    desk.post("/account/password", {"old": office.PASSWORD, **new, "person": person(engine, "ruth"), "login": "ruth"})
    assert "Your password is changed" in desk.words

    phone.get("/")
    assert phone.url == "/sign-in"
    phone.client.set_cookie("session", before)
    phone.get("/")
    assert phone.url == "/sign-in"
    phone.sign_in("rosa", new["password"])
    assert phone.url == "/"
    phone.post("/sign-out")
    phone.sign_in("ruth")
    assert phone.url == "/"


@pytest.mark.parametrize(("password", "says"), [
    ("short", "at least 12 characters"), ("a" * 1001, "at most 1000"), ("aaaaaaaaaaaaaa", "again and again"), ("blueblueblueblue", "again and again"),
    ("1234567890123", "in their order"), ("qwertyuiop[]", "in their order"), ("Password2026!!", "tried first"), ("P4ssw0rd123456", "tried first"),
    ("Liverpool-2019", "tried first"), ("Rosa.Example2026", "names that anyone here knows"), ("front-office-2026", "names that anyone here knows"),
    ("Quillfeather1!", "names that anyone here knows"), ("northmere-2026", "names that anyone here knows"),
])
def test_a_password_that_others_would_try_first_is_refused_in_words(visit, password, says):
    rosa = visit("rosa")
    rosa.get("/account/password")
    rosa.post("/account/password", {"old": office.PASSWORD, "password": password, "again": password})
    assert rosa.status == 422
    assert says in rosa.words


def test_the_same_must_be_entered_twice(visit):
    rosa = visit("rosa")
    rosa.get("/account/password")
    rosa.post("/account/password", {"old": office.PASSWORD, "password": "blue-teapot-sings", "again": "blue-teapot-sinks"})
    assert "not the same password" in rosa.words


@pytest.mark.parametrize("password", ["blue-teapot-sings", "four-fictional-words", "kz8#Lm2!pQ7x", "mein Onkel züchtet Bienen", "三つの静かな青い池の鯉たち"])
def test_what_people_put_together_themselves_is_fine(password):
    assert guessable(password, ["Rosa Example", "rosa@office.example"]) is None


# ---- asked again

@pytest.fixture
def rosa(visit, engine):
    """Rosa, who showed who she is eleven minutes ago, with an authenticator app."""
    one = visit("rosa")
    one.secret, _ = set_up(one, engine)
    later(engine, **STALE)
    return one


def test_after_ten_minutes_one_is_asked_again_and_then_it_goes_on_by_itself(rosa):
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    assert (rosa.status, "Confirm that it is you" in rosa.words) == (403, True)
    before = rosa.client.get_cookie("session").value
    rosa.post("/confirm", {"kept": kept_on(rosa.page), "password": office.PASSWORD})
    assert "Your recovery codes" in rosa.words
    assert rosa.client.get_cookie("session").value != before

    rosa.post("/account/recovery-codes", csrf=office.token(rosa.get("/account")))   # now for ten minutes nobody asks
    assert "Your recovery codes" in rosa.words


def test_a_code_will_do_and_a_wrong_one_is_told(rosa, engine):
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    for wrong in ({"password": "wrong"}, {"code": "000000"}, {"passkey": "{}"}, {}):
        rosa.post("/confirm", {"kept": kept_on(rosa.page), **wrong})
        assert (rosa.status, "There is a problem" in rosa.words) == (422, True), wrong
    rosa.post("/confirm", {"kept": kept_on(rosa.page), "code": code_of(engine, rosa.secret)})
    assert "Your recovery codes" in rosa.words
    assert [row.details for row in trail(engine) if row.event == "identity_confirmed"] == [{"how": "code"}]


def test_the_code_and_password_of_another_are_no_good(rosa, engine, visit):
    engine.perform(SYSTEM, actions.set_password, "ruth", hashed("blue-teapot-sings"))
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    rosa.post("/confirm", {"kept": kept_on(rosa.page), "password": "blue-teapot-sings", "login": "ruth", "person": person(engine, "ruth")})
    assert rosa.status == 422


def test_the_old_cookie_is_worth_nothing_once_it_was_confirmed(rosa, visit):
    thief = visit()
    thief.client.set_cookie("session", rosa.client.get_cookie("session").value)
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    rosa.post("/confirm", {"kept": kept_on(rosa.page), "password": office.PASSWORD})
    thief.get("/account")
    assert thief.url == "/sign-in"


def test_posting_past_the_page_does_nothing(rosa, engine):
    """Whatever is sent with it: the verb itself asks, and no field of a post says that it was answered."""
    rosa.get("/account")
    for more in ({}, {"kept": ""}, {"kept": "AAAA", "password": "x"}, {"proved_at": "2099-01-01"}, {"confirmed": "true"}):
        rosa.post("/account/recovery-codes", more)
        assert rosa.status == 403
        rosa.post("/confirm", more)
        assert rosa.url in ("/confirm", "/")
        rosa.get("/account")
    assert not [row for row in trail(engine) if row.event in ("recovery_codes_made", "identity_confirmed")]


def test_what_waits_for_one_session_is_not_done_in_another(rosa, visit, engine):
    ruth = visit("ruth")
    set_up(ruth, engine)
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    kept = kept_on(rosa.page)
    ruth.get("/account")
    ruth.post("/confirm", {"kept": kept, "password": office.PASSWORD})
    assert ruth.url == "/"
    later(engine, hours=1, minutes=1)   # nor much later, if the session still lasts
    assert not [row for row in trail(engine) if row.event == "recovery_codes_made"]


@pytest.fixture
def to_confirm(engine, visit):
    """A process whose approval asks who one is; Rosa's request waits for Abel, who signed in eleven minutes ago."""
    files = dict(read_pack(office.ROOT / "tests/packs/purchase").files)
    marked = b'<zeebe:property name="confirm" value="true" />'
    assert files["purchase.bpmn"].count(marked) == 1
    files["purchase.bpmn"] = files["purchase.bpmn"].replace(marked, b'<zeebe:property name="confirm_identity" value="true" />')
    engine.perform(SYSTEM, actions.release_pack, files)
    rosa, abel = visit("rosa"), visit("abel")
    rosa.get("/start/purchase/request_made")
    rosa.post("/start/purchase/request_made", REQUEST)
    later(engine, **STALE)
    return abel


def test_a_task_that_asks_who_one_is_keeps_what_was_written_and_goes_on(to_confirm, engine):
    abel, task = to_confirm, task_of(to_confirm, "Approve")
    abel.get(task)
    abel.post(task, {"decision": "refuse", "_shown": "comment", "comment": "", "do": "submit"})
    assert abel.status == 422   # what is missing is said first
    abel.post(task, {"decision": "refuse", "_shown": "comment", "comment": "Too dear for us", "do": "submit"})
    assert (abel.status, "Confirm that it is you" in abel.words) == (403, True)
    assert "“Approve the request” has not been sent yet" in abel.words
    kept = kept_on(abel.page)
    abel.get("/drafts")
    assert "Approve the request" in abel.words   # and nothing is lost if the page is closed

    abel.post("/confirm", {"kept": kept, "password": office.PASSWORD})
    assert "this task is done" in abel.words
    assert [row.event for row in trail(engine) if row.actor == person(engine, "abel")].count("task_completed") == 1


def test_a_file_that_was_chosen_before_one_is_asked_is_kept_and_sent_with_the_rest(visit, engine):
    files = dict(read_pack(office.ROOT / "tests/packs/purchase").files)
    start = files["purchase.bpmn"].index(b'id="request_made"')
    at = files["purchase.bpmn"].index(b"</zeebe:properties>", start)
    files["purchase.bpmn"] = files["purchase.bpmn"][:at] + b'<zeebe:property name="confirm_identity" value="true" />' + files["purchase.bpmn"][at:]
    engine.perform(SYSTEM, actions.release_pack, files)
    rosa = visit("rosa")
    later(engine, **STALE)
    rosa.get("/start/purchase/request_made")
    upload(rosa, "/start/purchase/request_made", REQUEST)
    assert (rosa.status, "drawing.pdf" in rosa.words) == (403, True)
    rosa.post("/confirm", {"kept": kept_on(rosa.page), "password": "wrong"})
    assert (rosa.status, "drawing.pdf" in rosa.words) == (422, True)
    rosa.post("/confirm", {"kept": kept_on(rosa.page), "password": office.PASSWORD})
    assert "PUR-2026-001" in rosa.words
    abel = engine.actor(person(engine, "abel"))
    found = engine.ask(abel, queries.case_page, "PUR-2026-001").documents
    assert [(one.name, engine.ask(abel, queries.document, one.id).content) for one in found] == [("drawing.pdf", b"%PDF fictional")]
    with engine.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(t.drafts)) == 0


def test_a_task_is_not_done_by_posting_past_the_page(to_confirm, engine):
    abel, task = to_confirm, task_of(to_confirm, "Approve")
    abel.get(task)
    for address in (task, f"{task}/check", task):
        abel.post(address, {"decision": "refuse", "_shown": "comment", "comment": "Too dear", "do": "submit"})
        assert abel.status == 403, abel.words
    abel.post(task, {"decision": "refuse", "_shown": "comment", "comment": "Too dear", "do": "submit", "proved_at": "2099-01-01"})
    assert abel.status == 422   # nothing is asked there by that name
    assert not [row for row in trail(engine) if row.event == "task_completed"]


def test_who_has_just_signed_in_and_who_asks_without_a_session_is_not_asked(to_confirm, engine, visit):
    task = task_of(to_confirm, "Approve")
    anna = visit("anna")
    anna.get(task)
    anna.post(task, {"decision": "refuse", "_shown": "comment", "comment": "Too dear", "do": "submit"})
    assert "this task is done" in anna.words
    assert engine.actor(person(engine, "abel")).session is None
