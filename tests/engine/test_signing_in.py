"""Signing in and out: nothing told to strangers, no end of tries, sessions that end."""
from __future__ import annotations

import hashlib
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.errors import Busy, NotFound, Refused
from engine.rules import passwords
from engine.rules.passwords import hashed
from engine.store import tables as t
from engine.store.tries import PER_ADDRESS
from tests.makers import PASSWORD, board, filled

HERE, THERE = "198.51.100.4", "203.0.113.9"


def sign_in(office, login, password=PASSWORD, address=HERE):
    return office.do(None, actions.sign_in, login, office.engine.ask(SYSTEM, queries.whose_password, login, password, address), address)


def later(office, minutes):
    office.clock.move_to(office.clock.now() + timedelta(minutes=minutes))


def test_who_knows_the_password_comes_in_however_the_name_is_written(both):
    for name in ("rosa", " Rosa ", "ROSA"):
        token, person, needs = sign_in(both, name)
        assert (person, needs) == (both.who("rosa").person, None)
        found = both.ask("rosa", queries.session_of, token)
        assert (found.person, found.quiet) == (person, False)


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(office):
    assert sign_in(office, "rosa", "wrong") is None
    assert sign_in(office, "nobody", "wrong") is None
    assert sign_in(office, "", "") is None
    assert sign_in(office, "x" * 10_000, "y" * 10_000) is None
    assert sign_in(office, "a\x00b", "\x00") is None

    rows = office.trail(None, "sign_in_failed")
    assert {frozenset(row.details) for row in rows} == {frozenset({"name", "address"})}
    assert "rosa" not in str(rows)
    assert HERE not in str(rows)


def test_someone_who_left_or_has_no_password_cannot_sign_in(office):
    office.write(t.people.update().where(t.people.c.login == "rosa").values(active=False))
    office.write(t.people.update().where(t.people.c.login == "ruth").values(password=None))

    assert sign_in(office, "rosa") is None
    assert sign_in(office, "ruth") is None


@pytest.mark.parametrize("login", ["rosa", "nobody"])
def test_too_many_tries_have_to_wait(office, login):
    limits = office.engine.settings.sessions
    for _ in range(limits.tries):
        assert sign_in(office, login, "wrong") is None

    assert sign_in(office, login) is None  # also with the right password
    assert sign_in(office, "ruth") is not None
    later(office, limits.wait_minutes + 1)
    assert (sign_in(office, login) is not None) == (login == "rosa")


def test_tries_from_elsewhere_do_not_keep_the_owner_out(office):
    for _ in range(office.engine.settings.sessions.tries):
        office.do(None, actions.sign_in, "rosa", None, THERE)

    assert sign_in(office, "rosa", address=THERE) is None
    assert sign_in(office, "rosa", address=HERE) is not None


def test_what_is_tried_while_one_has_to_wait_is_not_counted(office):
    limits = office.engine.settings.sessions
    for _ in range(limits.tries):
        office.do(None, actions.sign_in, "rosa", None, HERE)
    later(office, limits.wait_minutes - 1)
    for _ in range(limits.tries):
        assert sign_in(office, "rosa") is None
    assert len(office.trail(None, "sign_in_failed")) == limits.tries

    later(office, 2)
    assert sign_in(office, "rosa") is not None


@pytest.mark.parametrize(("one", "same", "other"), [
    (THERE, THERE, HERE), ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9", "2001:db8:1:3::3"), ("::ffff:203.0.113.9", "::ffff:203.0.113.9", "::ffff:198.51.100.4"),
])
def test_an_address_that_tries_many_names_has_to_wait(office, one, same, other):
    for at in range(office.engine.settings.sessions.tries * PER_ADDRESS):
        office.do(None, actions.sign_in, f"made-up {at}", None, one)

    assert sign_in(office, "rosa", address=same) is None
    assert sign_in(office, "rosa", address=other) is not None


def test_two_passwords_are_compared_at_once_and_a_third_is_told_to_come_back(office, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE", 0.01)
    with passwords.COMPARING:
        assert sign_in(office, "rosa") is not None
        with passwords.COMPARING, pytest.raises(Busy):
            sign_in(office, "rosa")
    assert sign_in(office, "rosa") is not None
    assert office.trail(None, "sign_in_failed", "refused") == []


def test_signing_out_ends_the_session_everywhere(office):
    token, *_ = sign_in(office, "rosa")
    other, *_ = sign_in(office, "rosa")
    office.do("rosa", actions.sign_out, token)

    assert office.ask("rosa", queries.session_of, token) is None
    office.do(None, actions.touch_session, token)
    assert office.ask("rosa", queries.session_of, token) is None
    assert office.ask("rosa", queries.session_of, other) is not None


def test_a_session_ends_when_idle_and_in_any_case(office):
    limits = office.engine.settings.sessions
    idle, *_ = sign_in(office, "rosa")
    busy, *_ = sign_in(office, "rosa")
    for _ in range(limits.absolute_minutes // (limits.idle_minutes - 1)):
        later(office, limits.idle_minutes - 1)
        assert office.ask("rosa", queries.session_of, busy) is not None
        office.do(None, actions.touch_session, busy)
    assert office.ask("rosa", queries.session_of, idle) is None

    later(office, limits.idle_minutes - 1)
    assert office.ask("rosa", queries.session_of, busy) is None


def test_an_idle_session_is_not_woken_by_using_it(office):
    token, *_ = sign_in(office, "rosa")
    later(office, office.engine.settings.sessions.idle_minutes + 1)
    office.do(None, actions.touch_session, token)

    assert office.ask("rosa", queries.session_of, token) is None


def test_a_new_password_ends_every_session(office):
    token, *_ = sign_in(office, "rosa")
    office.do(None, actions.set_password, "Rosa", hashed("four-quite-new-words"))

    assert office.ask("rosa", queries.session_of, token) is None
    assert sign_in(office, "rosa") is None
    assert sign_in(office, "rosa", "four-quite-new-words") is not None


def test_who_can_write_to_the_database_opens_no_session_and_makes_none_last(both):
    """A row put in, given to somebody else, set forward, or opened again: each is no session, whoever has a cookie for it."""
    s, now = t.sessions, both.clock.now()
    admin = both.who("adam").person

    def lets_in(token):
        return both.engine.ask(SYSTEM, queries.session_of, token) is not None

    token = sign_in(both, "rosa").token
    row = both.rows(sa.select(s))[0]._asdict()
    made_up = "f" * 32 + "s" * 43
    both.write(sa.insert(s).values(**row | {"id": "f" * 32, "person": admin}))
    digest = hashlib.sha256(made_up[32:].encode()).hexdigest()
    both.write(sa.insert(s).values(**row | {"id": "e" * 32, "person": admin, "proof": digest}))
    assert not any(map(lets_in, (made_up, "e" * 32 + made_up[32:], "f" * 32 + token[32:], token[:32], token[:32] + "s" * 43, "", "x" * 10_000, "\x00")))
    for column, forged in {"person": admin, "proved_at": now + timedelta(hours=9), "created_at": now + timedelta(hours=9), "provider": "x",
                           "seen_at": now + timedelta(hours=9)}.items():
        assert lets_in(token)
        both.write(sa.update(s).where(s.c.id == row["id"]).values(**{column: forged}))
        assert not lets_in(token), column
        both.do(None, actions.touch_session, token)   # nor does using it make it good
        with pytest.raises(NotFound):
            both.do(None, actions.confirm_identity, token, None)
        assert not lets_in(token), column
        both.write(sa.update(s).where(s.c.id == row["id"]).values(**{column: row[column]}))

    both.write(sa.update(s).where(s.c.id == row["id"]).values(needs="setup"))
    with pytest.raises(NotFound):
        both.do("rosa", actions.add_authenticator, token, b"", "123456")
    both.write(sa.update(s).where(s.c.id == row["id"]).values(needs=None))
    both.do("rosa", actions.sign_out, token)
    both.write(sa.update(s).where(s.c.id == row["id"]).values(ended_at=None))
    assert not lets_in(token)


def test_a_factor_that_does_not_open_is_told_by_whoever_meets_it(both):
    token = sign_in(both, "rosa").token
    offered = both.ask("rosa", queries.new_authenticator)
    both.do("rosa", actions.add_authenticator, token, offered.sealed, pyotp.TOTP(offered.secret).at(both.clock.now()))
    both.write(sa.update(t.factors).values(secret=b"x" * 40))
    for _ in range(2):
        assert both.do("rosa", actions.confirm_identity, token, None, code="123456") is None
    assert [row.says[:24] for row in both.rows(sa.select(t.incidents))] == ["This cannot be opened: i"]
    assert [row.details["kind"] for row in both.trail(None, "incident")] == ["confirm_identity"]


def test_a_password_that_was_put_in_from_outside_opens_nothing(both):
    """Neither a digest of a word one knows, nor one's own as somebody else's."""
    p = t.people
    mine = both.rows(sa.select(p.c.password, p.c.password_mark).where(p.c.login == "rosa"))[0]._asdict()
    theirs = hashed("four-quite-new-words")
    for forged in ({"password": theirs}, mine, {"password": theirs, "password_mark": None}):
        both.write(sa.update(p).where(p.c.login == "adam").values(**forged))
        assert [sign_in(both, "adam", word, f"198.51.100.{at}") for at, word in enumerate(("four-quite-new-words", PASSWORD))] == [None, None]
    assert sign_in(both, "rosa") is not None


def test_neither_token_nor_password_is_in_the_database(office):
    token, *_ = sign_in(office, "rosa")

    rows = str([tuple(row) for table in t.metadata.sorted_tables for row in office.rows(table.select())])
    assert token[32:] not in rows
    assert PASSWORD not in rows
    assert token[:32] in rows


def test_a_password_that_is_too_short_is_refused():
    with pytest.raises(Refused, match="12 characters"):
        hashed("short")


def test_passwords_are_compared_while_others_write(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    with office.engine.database.writing():  # SQLite has one writer at a time: this one holds the lock
        proven = office.engine.ask(SYSTEM, queries.whose_password, "rosa", PASSWORD)
        assert office.engine.ask(SYSTEM, queries.whose_password, "rosa", "wrong") is None

    assert proven is not None
    assert proven.person == office.who("rosa").person
    office.engine.close()


def test_a_password_that_changed_while_it_was_compared_lets_nobody_in(office):
    proven = office.engine.ask(SYSTEM, queries.whose_password, "rosa", PASSWORD)
    office.do(None, actions.set_password, "rosa", hashed("four-quite-new-words"))

    assert office.do(None, actions.sign_in, "rosa", proven) is None
    assert office.do(None, actions.sign_in, "ruth", office.engine.ask(SYSTEM, queries.whose_password, "rosa", "four-quite-new-words")) is None
