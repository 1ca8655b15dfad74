"""Signing in and out: nothing told to strangers, no end of tries, sessions that end."""
from __future__ import annotations

from datetime import timedelta

import pytest

from engine import SYSTEM, actions, queries
from engine.errors import Busy, Refused
from engine.rules import passwords
from engine.rules.passwords import hashed
from engine.store import tables as t
from engine.store.open_sessions import digest
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
        found = both.ask("rosa", queries.session_of, digest(token))
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

    assert office.ask("rosa", queries.session_of, digest(token)) is None
    office.do(None, actions.touch_session, token)
    assert office.ask("rosa", queries.session_of, digest(token)) is None
    assert office.ask("rosa", queries.session_of, digest(other)) is not None


def test_a_session_ends_when_idle_and_in_any_case(office):
    limits = office.engine.settings.sessions
    idle, *_ = sign_in(office, "rosa")
    busy, *_ = sign_in(office, "rosa")
    for _ in range(limits.absolute_minutes // (limits.idle_minutes - 1)):
        later(office, limits.idle_minutes - 1)
        assert office.ask("rosa", queries.session_of, digest(busy)) is not None
        office.do(None, actions.touch_session, busy)
    assert office.ask("rosa", queries.session_of, digest(idle)) is None

    later(office, limits.idle_minutes - 1)
    assert office.ask("rosa", queries.session_of, digest(busy)) is None


def test_an_idle_session_is_not_woken_by_using_it(office):
    token, *_ = sign_in(office, "rosa")
    later(office, office.engine.settings.sessions.idle_minutes + 1)
    office.do(None, actions.touch_session, token)

    assert office.ask("rosa", queries.session_of, digest(token)) is None


def test_a_new_password_ends_every_session(office):
    token, *_ = sign_in(office, "rosa")
    office.do(None, actions.set_password, "Rosa", hashed("four-quite-new-words"))

    assert office.ask("rosa", queries.session_of, digest(token)) is None
    assert sign_in(office, "rosa") is None
    assert sign_in(office, "rosa", "four-quite-new-words") is not None


def test_neither_token_nor_password_is_in_the_database(office):
    token, *_ = sign_in(office, "rosa")

    rows = str([tuple(row) for table in t.metadata.sorted_tables for row in office.rows(table.select())])
    assert token not in rows
    assert PASSWORD not in rows
    assert digest(token) in rows


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
