"""What is shown beside the password: asked for, never accepted twice, and lost."""
from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.errors import InvalidAnswers, NotAllowed, NotFound, ProveAgain
from engine.rules.codes import STEP
from engine.rules.passkeys import here
from engine.store import tables as t
from engine.store.factors import accept_code
from engine.store.tries import CODES_A_DAY
from tests.webforms import office
from tests.webforms.conftest import Visitor

HERE = here("http://localhost:8000")


def required(engine):
    engine.settings = replace(engine.settings, sessions=replace(engine.settings.sessions, second_factor="required"))


def code_of(engine, secret, steps=0):
    return pyotp.TOTP(secret).at(engine.now() + timedelta(seconds=STEP * steps))


def later(engine, **how):
    engine.clock.move_to(engine.clock.now() + timedelta(**how))


def secret_on(page):
    return re.search(r'class="app-key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")


def offered_on(page):
    return re.search(r'name="offered" value="([^"]+)"', page)[1]


def codes_on(page):
    return re.findall(r"<li>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</li>", page)


def set_up(visitor, engine, address="/account/authenticator"):
    """An authenticator app added on the page; gives its secret and the recovery codes."""
    visitor.get(address)
    secret = secret_on(visitor.page)
    assert f'<form method="post" action="{address}" novalidate>' in visitor.page
    visitor.post(address, {"offered": offered_on(visitor.page), "code": code_of(engine, secret), "name": "Work phone"})
    assert visitor.status == 200, visitor.words
    later(engine, seconds=STEP * 2)   # the code that was just used is no good any more
    return secret, codes_on(visitor.page)


@pytest.fixture
def rosa(visit, engine):
    """Rosa with an authenticator app; her browser at the page that asks for its code."""
    secret, codes = set_up(visit("rosa"), engine)
    someone = visit()
    someone.sign_in("rosa")
    assert someone.url == "/sign-in/code", someone.words
    someone.secret, someone.codes = secret, codes
    return someone


def test_who_has_none_where_one_is_required_is_led_to_it_and_can_do_nothing_else(visit, engine):
    required(engine)
    rosa = visit()
    rosa.get("/sign-in")
    rosa.post("/sign-in?next=/drafts", {"login": "rosa", "password": office.PASSWORD})
    assert rosa.url == "/sign-in/set-up"
    assert "Protect your account" in rosa.words
    for page in ("/", "/tasks", "/cases", "/account", "/account/authenticator"):
        rosa.get(page)
        assert rosa.url == "/sign-in", page
    rosa.get("/sign-in/code")
    assert rosa.url == "/sign-in"

    _, codes = set_up(rosa, engine, "/sign-in/set-up?next=/drafts")
    assert len(set(codes)) == 10
    assert 'href="/drafts"' in rosa.page
    rosa.post("/sign-in/set-up?next=/drafts", csrf="as on the page before")   # the page with the codes loaded again
    assert "Recovery codes are shown once" in rosa.words
    rosa.get("/drafts")
    assert (rosa.status, rosa.url) == (200, "/drafts")


def test_a_wrong_code_sets_nothing_up_and_the_picture_stays(visit, engine):
    rosa = visit("rosa")
    rosa.get("/account/authenticator")
    secret, offered = secret_on(rosa.page), offered_on(rosa.page)
    rosa.post("/account/authenticator", {"offered": offered, "code": "000000"})

    assert rosa.status == 422
    assert "not the code that the app shows now" in rosa.words
    assert secret_on(rosa.page) == secret
    rosa.post("/account/authenticator", {"offered": offered_on(rosa.page), "code": code_of(engine, secret)})
    assert len(codes_on(rosa.page)) == 10


def test_the_secret_offered_to_one_is_not_anothers(visit, engine):
    rosa, ruth = visit("rosa"), visit("ruth")
    rosa.get("/account/authenticator")
    secret, offered = secret_on(rosa.page), offered_on(rosa.page)
    ruth.get("/account/authenticator")
    for made_up in (offered, "", "AAAA", "%"):
        ruth.post("/account/authenticator", {"offered": made_up, "code": code_of(engine, secret)})
        assert ruth.status == 422
    with engine.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(t.factors)) == 0


def test_the_right_code_lets_in_and_the_session_is_a_fresh_one(rosa, engine, visit):
    before = rosa.client.get_cookie("session").value
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})

    assert rosa.url == "/"
    copied = visit()
    copied.client.set_cookie("session", before)
    for page in ("/", "/sign-in/code"):
        copied.get(page)
        assert copied.url == "/sign-in", page
    assert [row.event for row in trail(engine)][-1] == "signed_in"


def test_halfway_there_nothing_is_open(rosa, engine):
    for page in ("/", "/tasks", "/account", "/sign-in/set-up", "/account/authenticator"):
        rosa.get(page)
        assert rosa.url == "/sign-in", page
    with rosa.client.session_transaction() as kept:   # as one could who had the key of the cookies
        kept["_user_id"], kept["_fresh"] = kept["halfway"], True
    rosa.get("/account")
    assert rosa.url == "/sign-in"
    later(engine, minutes=31)
    rosa.get("/sign-in/code")
    assert rosa.url == "/sign-in"


def test_a_code_is_good_once(rosa, engine, visit):
    code = code_of(engine, rosa.secret)
    rosa.post("/sign-in/code", {"code": code})
    assert rosa.url == "/"

    again = visit()
    again.sign_in("rosa")
    again.post("/sign-in/code", {"code": code})
    assert (again.status, again.url) == (422, "/sign-in/code")
    again.post("/sign-in/code", {"code": code_of(engine, rosa.secret, -1)})   # nor an older one
    assert again.status == 422
    again.post("/sign-in/code", {"code": code_of(engine, rosa.secret, 1)})    # a phone's clock may be half a minute ahead
    assert again.url == "/"


def test_codes_of_two_steps_away_are_no_good(rosa, engine):
    for steps in (-2, 2):
        rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret, steps)})
        assert rosa.status == 422, steps


def test_of_two_processes_one_accepts_a_code(make_database, database_kind, tmp_path):
    url = make_database(database_kind, office.fill)
    engines = [office.open_office(tmp_path, url) for _ in range(2)]
    one = engines[0]
    with one.database.reading() as db:
        person = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == "rosa"))
    found = one.perform(SYSTEM, actions.sign_in, "rosa", one.ask(SYSTEM, queries.whose_password, "rosa", office.PASSWORD))
    offered = one.ask(one.actor(person), queries.new_authenticator)
    one.perform(one.actor(person), actions.add_authenticator, found.token, offered.sealed, code_of(one, offered.secret))
    later(one, minutes=1)
    code = code_of(one, offered.secret)

    def try_it(engine):
        with engine.database.writing() as db:
            return accept_code(db, engine.vault, person, code, one.now(), pytest.fail)

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(try_it, engines * 4))
    assert sorted(accepted) == [False] * 7 + [True]
    for engine in engines:
        engine.close()


def test_the_code_of_another_is_no_good(rosa, engine, visit):
    secret, codes = set_up(visit("ruth"), engine)
    for code in (code_of(engine, secret), codes[0]):
        rosa.post("/sign-in/code", {"code": code, "person": person(engine, "ruth"), "login": "ruth", "needs": "", "halfway": "x"})
        assert (rosa.status, rosa.url) == (422, "/sign-in/code")
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    assert "Rosa Example" in rosa.page


def test_a_recovery_code_is_good_once_however_it_is_typed(rosa, engine, visit):
    rosa.post("/sign-in/code", {"code": f" {rosa.codes[3].upper().replace('-', ' ')} "})
    assert rosa.url == "/"
    assert "9 left" in (rosa.get("/account"), rosa.words)[1]

    again = visit()
    again.sign_in("rosa")
    again.post("/sign-in/code", {"code": rosa.codes[3]})
    assert again.status == 422
    again.post("/sign-in/code", {"code": rosa.codes[4]})
    assert again.url == "/"


def test_new_recovery_codes_end_the_old_ones(rosa, engine):
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    rosa.get("/account")
    rosa.post("/account/recovery-codes")
    fresh = codes_on(rosa.page)
    assert len(fresh) == 10
    assert not set(fresh) & set(rosa.codes)

    rosa.post("/sign-out")
    rosa.sign_in("rosa")
    rosa.post("/sign-in/code", {"code": rosa.codes[0]})
    assert rosa.status == 422
    rosa.post("/sign-in/code", {"code": fresh[0]})
    assert rosa.url == "/"


def test_neither_secret_nor_recovery_codes_can_be_read_in_the_database(rosa, engine):
    with engine.database.reading() as db:
        rows = str([tuple(row) for table in t.metadata.sorted_tables for row in db.execute(table.select())])
    for word in (rosa.secret, *rosa.codes, *(code.replace("-", "") for code in rosa.codes)):
        assert word not in rows


def test_a_factor_that_was_moved_by_hand_opens_nothing_is_told_to_the_operator_and_stops_no_other(rosa, engine, visit):
    secret, _ = set_up(visit("ruth"), engine)
    with engine.database.writing() as db:   # as someone with the database's password could: hers becomes Rosa's
        db.execute(sa.update(t.factors).where(t.factors.c.person == person(engine, "ruth")).values(person=person(engine, "rosa")))
    for _ in range(2):
        rosa.post("/sign-in/code", {"code": code_of(engine, secret)})
        assert (rosa.status, "This code is not right" in rosa.words) == (422, True)
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    assert rosa.url == "/"
    with engine.database.reading() as db:
        told = [row.element.partition(" ")[0] for row in db.execute(sa.select(t.incidents))]
    assert told == ["factors"]
    assert [row.details["kind"] for row in trail(engine) if row.event == "incident"] == ["give_second_factor"]
    assert [broke.table for broke in engine.ask(SYSTEM, queries.verify)] == ["factors"]


def test_whose_only_factor_was_broken_by_hand_reads_so_and_has_recovery_codes(rosa, engine, visit):
    with engine.database.writing() as db:
        db.execute(sa.update(t.factors).values(secret=b"x" * 40))
    again = visit()
    again.sign_in("rosa")
    assert (again.status, "cannot be used" in again.words) == (200, True)
    again.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    assert again.status == 422
    again.post("/sign-in/code", {"code": rosa.codes[0]})
    assert again.url == "/"
    assert [row.details["kind"] for row in trail(engine) if row.event == "incident"] == ["sign_in"]


def test_too_many_wrong_codes_have_to_wait_but_not_in_a_browser_that_is_known(rosa, engine, visit, app):
    limits = engine.settings.sessions
    elsewhere = Visitor(app.test_client())
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    elsewhere.sign_in("rosa")
    for _ in range(limits.tries):
        elsewhere.post("/sign-in/code", {"code": "123456"})
    for code in (code_of(engine, rosa.secret), rosa.codes[0]):
        elsewhere.post("/sign-in/code", {"code": code})
        assert elsewhere.status == 422
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    assert rosa.url == "/"


def test_whoever_tries_codes_from_everywhere_waits_until_tomorrow_and_the_owner_does_not(rosa, engine, app):
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    rosa.post("/sign-out", csrf=office.token(rosa.get("/")))
    later(engine, minutes=2)
    proven = engine.ask(SYSTEM, queries.whose_password, "rosa", office.PASSWORD)
    for at in range(CODES_A_DAY):
        token = engine.perform(SYSTEM, actions.sign_in, "rosa", proven).token
        assert engine.perform(SYSTEM, actions.give_second_factor, token, HERE, code="123456", address=f"203.0.113.{at}") is None
    elsewhere = Visitor(app.test_client())
    elsewhere.client.environ_base["REMOTE_ADDR"] = "198.51.100.77"
    elsewhere.sign_in("rosa")
    elsewhere.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    assert elsewhere.status == 422

    rosa.sign_in("rosa")   # her own browser, which has been here before
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    assert rosa.url == "/"


def test_a_browser_that_is_known_is_not_slowed_by_others_behind_its_address(visit, engine):
    rosa, stranger = visit("rosa"), visit()
    rosa.post("/sign-out", csrf=office.token(rosa.get("/")))
    for _ in range(engine.settings.sessions.tries):
        stranger.sign_in("rosa", "wrong")
    stranger.sign_in("rosa")
    assert "not right" in stranger.words   # the same address, for all that the server can see

    rosa.sign_in("rosa")
    assert rosa.url == "/"
    forged = visit()
    forged.client.set_cookie("browser", rosa.client.get_cookie("browser").value[:-3] + "AAA")
    forged.sign_in("rosa")
    assert "not right" in forged.words


def test_the_cookie_of_a_known_browser_names_nobody_and_opens_nothing(visit):
    rosa, other = visit("rosa"), visit()
    cookie = rosa.client.get_cookie("browser")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert "rosa" not in cookie.value
    other.client.set_cookie("browser", cookie.value)
    other.get("/")
    assert other.url == "/sign-in"


def test_the_last_one_stays_where_one_is_required(rosa, engine):
    required(engine)
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    factor = re.search(r"/account/factors/([0-9a-f]{32})", rosa.get("/account"))[1]
    rosa.get(f"/account/factors/{factor}")
    rosa.post(f"/account/factors/{factor}/remove")
    assert rosa.status == 409
    assert "Add another first" in rosa.words


def test_one_is_named_and_removed_and_nobody_touches_anothers(rosa, engine, visit):
    rosa.post("/sign-in/code", {"code": code_of(engine, rosa.secret)})
    factor = re.search(r"/account/factors/([0-9a-f]{32})", rosa.get("/account"))[1]
    ruth = visit("ruth")
    for address in (f"/account/factors/{factor}", f"/account/factors/{factor}/remove"):
        ruth.get("/account")
        ruth.post(address, {"name": "Mine now"})
        assert ruth.status == 404
    rosa.get(f"/account/factors/{factor}")
    rosa.post(f"/account/factors/{factor}", {"name": "The blue phone", "kind": "passkey", "person": person(engine, "ruth"), "counter": "0"})
    assert "The blue phone" in rosa.words
    rosa.get(f"/account/factors/{factor}")
    rosa.post(f"/account/factors/{factor}/remove")
    assert "Removed" in rosa.words
    rosa.post("/sign-out")
    rosa.sign_in("rosa")
    assert rosa.url == "/"


def test_what_was_lost_is_taken_away_by_two_administrators_or_on_the_machine(rosa, engine):
    whose, lost = person(engine, "rosa"), {"person": person(engine, "rosa"), "way": "factors", "reason": "Her phone lies in the canal"}
    maud = engine.actor(person(engine, "maud"))
    adam, agnes = administrator(engine, "adam"), administrator(engine, "agnes")
    for verb, args in ((actions.take_away_factors, (whose,)), (actions.propose, ("let_in_again", lost))):
        with pytest.raises((NotFound, NotAllowed)):
            engine.perform(maud, verb, *args)
    with pytest.raises(NotAllowed, match="machine"):
        engine.perform(adam, actions.take_away_factors, whose)
    with pytest.raises(NotAllowed, match="themselves"):
        engine.perform(adam, actions.propose, "let_in_again", lost | {"person": adam.person})
    with pytest.raises(ProveAgain):
        engine.perform(replace(adam, session="x", proved_at=engine.now() - timedelta(minutes=11)), actions.propose, "let_in_again", lost)
    with pytest.raises(InvalidAnswers, match="no such account"):
        engine.perform(adam, actions.propose, "let_in_again", lost | {"person": "0" * 32})
    engine.perform(agnes, actions.approve, engine.perform(adam, actions.propose, "let_in_again", lost))

    rosa.post("/sign-in/code", {"code": rosa.codes[0]})
    assert rosa.url == "/sign-in"
    rosa.sign_in("rosa")
    assert rosa.url == "/"
    assert [row.details for row in trail(engine) if row.event == "factors_taken_away"] == [{"person": whose}]
    assert engine.ask(SYSTEM, queries.verify) == []


def administrator(engine, login):
    engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, ["administrator"])
    return engine.actor(person(engine, login))


def person(engine, login):
    with engine.database.reading() as db:
        return db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login))


def trail(engine):
    with engine.database.reading() as db:
        return db.execute(sa.select(t.trail).order_by(t.trail.c.id)).all()
