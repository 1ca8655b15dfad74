"""Passkeys: to come in with alone, beside the password, and again; and every answer that is not quite right."""
from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import SYSTEM, queries
from engine.rules.passkeys import here
from engine.store import tables as t
from tests.webforms import office
from tests.webforms.authenticator import ORIGIN, Authenticator, b64, options_in
from tests.webforms.test_second_factor import later, required, set_up


@pytest.fixture
def at_home(visit, engine):
    """at_home("rosa"): her browser, where the service is opened by its name."""
    engine.settings = replace(engine.settings, mail=replace(engine.settings.mail, base_url=ORIGIN))
    return visit


def add(visitor, passkey, address="/account/passkey", **more):
    visitor.get(address)
    return visitor.post(address, {"passkey": passkey.make(options_in(visitor.page)), **more})


@pytest.fixture
def rosa(at_home):
    """Rosa signed in, with a passkey."""
    one = at_home("rosa")
    one.passkey = Authenticator()
    add(one, one.passkey, name="Work laptop")
    assert "Your recovery codes" in one.words, one.words
    return one


def test_it_lets_in_alone(rosa, at_home):
    assert "Work laptop" in (rosa.get("/account"), rosa.words)[1]
    other = at_home()
    other.get("/sign-in?next=/drafts")
    asked = options_in(other.page)
    assert (asked["userVerification"], asked["allowCredentials"], asked["rpId"]) == ("required", [], "localhost")
    other.post("/sign-in/passkey?next=/drafts", {"passkey": rosa.passkey.sign(asked)})

    assert other.url == "/drafts"
    assert "Rosa Example" in other.page


def test_alone_it_must_have_been_unlocked(rosa, at_home):
    other = at_home()
    other.get("/sign-in")
    rosa.passkey.unlocked = False
    other.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(options_in(other.page))})
    assert other.status == 422

    other.sign_in("rosa")   # beside the password, having it is enough
    other.post("/sign-in/code", {"passkey": rosa.passkey.sign(options_in(other.page))})
    assert other.url == "/"


@pytest.mark.parametrize("wrong", [
    {"origin": "https://localhost.evil.example"}, {"origin": "http://localhost:8001"}, {"host": "evil.example"}, {"counter": 0}, {"key": Authenticator().key},
    {"id": b"another passkey, never seen here"},
], ids=lambda wrong: str(next(iter(wrong.items()))[0]))
def test_what_is_signed_elsewhere_or_by_something_else_is_refused(rosa, at_home, wrong):
    rosa.passkey.counter = 5
    other = at_home()
    other.get("/sign-in")
    other.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(options_in(other.page))})
    assert other.url == "/"
    kept = dict(vars(rosa.passkey))

    for name, value in wrong.items():
        setattr(rosa.passkey, name, value)
    stranger = at_home()
    stranger.get("/sign-in")
    stranger.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(options_in(stranger.page))})
    assert stranger.status == 422
    vars(rosa.passkey).update(kept)
    stranger.sign_in("rosa")
    for name, value in wrong.items():
        setattr(rosa.passkey, name, value)
    stranger.post("/sign-in/code", {"passkey": rosa.passkey.sign(options_in(stranger.page))})
    assert (stranger.status, stranger.url) == (422, "/sign-in/code")


def test_a_challenge_is_answered_once_and_soon_and_for_what_it_was_given(rosa, at_home, engine):
    other = at_home()
    other.get("/sign-in")
    asked = options_in(other.page)
    answer = rosa.passkey.sign(asked)
    other.post("/sign-in/passkey", {"passkey": answer})
    assert other.url == "/"

    stranger = at_home()
    stranger.get("/sign-in")
    for again in (answer, rosa.passkey.sign(asked), rosa.passkey.sign({"challenge": b64(bytes(40))}), rosa.passkey.sign({"challenge": ""})):
        stranger.post("/sign-in/passkey", {"passkey": again})
        assert stranger.status == 422
    rosa.get("/account/passkey")
    for_another_use = options_in(rosa.page)
    stranger.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(for_another_use)})
    assert stranger.status == 422
    stranger.get("/sign-in")
    late = options_in(stranger.page)
    later(engine, minutes=31)
    stranger.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(late)})
    assert stranger.status == 422


@pytest.mark.parametrize("answer", ["", "x", "[]", "{}", "null", '{"rawId": 1}', '{"rawId": "AA", "response": []}', "[" * 20_000,
                                    '{"rawId":"' + "A" * 40_000 + '"}'])
def test_what_is_no_answer_at_all_is_refused(rosa, at_home, answer):
    stranger = at_home()
    stranger.get("/sign-in")
    stranger.post("/sign-in/passkey", {"passkey": answer})
    assert stranger.status == 422
    rosa.get("/account/passkey")
    rosa.post("/account/passkey", {"passkey": answer or "x"})
    assert rosa.status == 422


def test_the_passkey_of_another_is_no_good_beside_a_password(rosa, at_home, engine):
    ruth = at_home("ruth")
    hers = Authenticator()
    add(ruth, hers)
    other = at_home()
    other.sign_in("rosa")
    other.post("/sign-in/code", {"passkey": hers.sign(options_in(other.page)), "person": "ruth"})

    assert (other.status, other.url) == (422, "/sign-in/code")


def test_one_passkey_is_added_once_and_its_page_is_answered_once(rosa, at_home):
    ruth = at_home("ruth")
    add(ruth, rosa.passkey)   # known here already, whoever's it is
    assert (ruth.status, "known here already" in ruth.words) == (422, True)

    rosa.get("/account/passkey")
    answer = Authenticator().make(options_in(rosa.page))
    ruth.get("/account/passkey")
    ruth.post("/account/passkey", {"passkey": answer})   # made for Rosa
    assert ruth.status == 422
    rosa.post("/account/passkey", {"passkey": answer})
    assert rosa.url == "/account"
    rosa.get("/account/passkey")
    rosa.post("/account/passkey", {"passkey": answer})
    assert rosa.status == 422


def test_one_that_was_made_elsewhere_is_not_added(rosa):
    for wrong in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
        add(rosa, Authenticator(**wrong))
        assert rosa.status == 422, wrong


def test_it_is_enough_where_a_second_factor_is_required(at_home, engine):
    required(engine)
    rosa, passkey = at_home(), Authenticator()
    rosa.sign_in("rosa")
    add(rosa, passkey, "/sign-in/set-up")
    assert "Your recovery codes" in rosa.words
    rosa.get("/account")
    assert rosa.url == "/account"


def test_a_passkey_that_was_removed_opens_nothing(rosa, at_home):
    factor = re.search(r"/account/factors/([0-9a-f]{32})", rosa.get("/account"))[1]
    rosa.get(f"/account/factors/{factor}")
    rosa.post(f"/account/factors/{factor}/remove")
    other = at_home()
    other.get("/sign-in")
    other.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(options_in(other.page))})
    assert other.status == 422


def test_who_left_does_not_come_in_with_one(rosa, at_home, engine):
    other = at_home()
    other.get("/sign-in")
    with engine.database.writing() as db:
        db.execute(sa.update(t.people).where(t.people.c.login == "rosa").values(active=False))
    other.post("/sign-in/passkey", {"passkey": rosa.passkey.sign(options_in(other.page))})
    assert other.status == 422


def test_a_count_that_stays_at_nought_is_fine(at_home):
    """Passkeys that are copied between one's own devices do not count."""
    rosa, passkey = at_home("rosa"), Authenticator()
    add(rosa, passkey)
    for _ in range(2):
        other = at_home()
        other.get("/sign-in")
        other.post("/sign-in/passkey", {"passkey": passkey.sign(options_in(other.page), counts=False)})
        assert other.url == "/"


def test_asked_again_a_passkey_will_do(rosa, engine):
    later(engine, minutes=11)
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    assert "Confirm that it is you" in rosa.words
    kept = re.search(r'name="kept" value="([^"]+)"', rosa.page)[1]
    rosa.post("/confirm", {"kept": kept, "passkey": rosa.passkey.sign(options_in(rosa.page))})
    assert "Your recovery codes" in rosa.words


def test_a_page_opened_by_another_name_offers_none(visit, engine):
    stranger = visit("rosa")
    assert "data-passkey" not in stranger.get("/account/passkey")
    assert "http://localhost:8000" in stranger.words
    set_up(stranger, engine)


def test_nothing_in_the_pages_is_inline(rosa):
    for page in ("/account/passkey", "/account", "/account/authenticator", "/account/password"):
        rosa.get(page)
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", rosa.page), page


@pytest.mark.parametrize(("address", "host", "origin"), [
    ("https://reviews.example", "reviews.example", "https://reviews.example"), ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
    ("http://[::1]:9", "localhost", "http://localhost:9"), ("https://reviews.example:8443/", "reviews.example", "https://reviews.example:8443"),
])
def test_a_passkey_belongs_to_the_name_of_the_service(address, host, origin):
    assert (here(address).host, here(address).origin) == (host, origin)


def test_what_is_asked_writes_no_row(engine):
    with engine.database.reading() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(t.spent_challenges))
    asked = [json.loads(engine.ask(SYSTEM, queries.passkey_to_sign_in, here(ORIGIN)))["challenge"] for _ in range(3)]
    assert len(set(asked)) == 3
    with engine.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(t.spent_challenges)) == before == 0


def test_the_time_of_a_challenge_cannot_be_moved(rosa, at_home, engine):
    stranger = at_home()
    stranger.get("/sign-in")
    asked = options_in(stranger.page)
    from base64 import urlsafe_b64decode

    raw = bytearray(urlsafe_b64decode(asked["challenge"] + "=="))
    raw[16:24] = int((engine.now() + timedelta(days=1)).timestamp()).to_bytes(8, "big")
    stranger.post("/sign-in/passkey", {"passkey": rosa.passkey.sign({"challenge": b64(bytes(raw))})})
    assert stranger.status == 422
    assert office.PASSWORD not in stranger.page
