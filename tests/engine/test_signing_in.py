"""Signing in and out: nothing told to strangers, no end of tries, sessions that end."""
from __future__ import annotations

from datetime import timedelta

import pytest

from engine import SYSTEM, actions, queries
from engine.actions.sign_in import digest
from engine.errors import Refused
from engine.rules.passwords import hashed
from engine.store import tables as t
from tests.makers import PASSWORD, board, filled


def sign_in(office, login, password=PASSWORD):
    return office.do(None, actions.sign_in, login, office.engine.ask(SYSTEM, queries.whose_password, login, password))


def later(office, minutes):
    office.clock.move_to(office.clock.now() + timedelta(minutes=minutes))


def test_who_knows_the_password_comes_in_however_the_name_is_written(both):
    for name in ("rosa", " Rosa ", "ROSA"):
        token, person = sign_in(both, name)
        assert person == both.who("rosa").person
        assert both.ask("rosa", queries.session_of, digest(token)) == (person, False)


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(office):
    assert sign_in(office, "rosa", "wrong") is None
    assert sign_in(office, "nobody", "wrong") is None
    assert sign_in(office, "", "") is None
    assert sign_in(office, "x" * 10_000, "y" * 10_000) is None
    assert sign_in(office, "a\x00b", "\x00") is None

    rows = office.trail(None, "sign_in_failed")
    assert {tuple(row.details) for row in rows} == {("name",)}
    assert "rosa" not in str(rows)


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


def test_signing_out_ends_the_session_everywhere(office):
    token, _ = sign_in(office, "rosa")
    other, _ = sign_in(office, "rosa")
    office.do("rosa", actions.sign_out, token)

    assert office.ask("rosa", queries.session_of, digest(token)) is None
    office.do(None, actions.touch_session, token)
    assert office.ask("rosa", queries.session_of, digest(token)) is None
    assert office.ask("rosa", queries.session_of, digest(other)) is not None


def test_a_session_ends_when_idle_and_in_any_case(office):
    limits = office.engine.settings.sessions
    idle, _ = sign_in(office, "rosa")
    busy, _ = sign_in(office, "rosa")
    for _ in range(limits.absolute_minutes // (limits.idle_minutes - 1)):
        later(office, limits.idle_minutes - 1)
        assert office.ask("rosa", queries.session_of, digest(busy)) is not None
        office.do(None, actions.touch_session, busy)
    assert office.ask("rosa", queries.session_of, digest(idle)) is None

    later(office, limits.idle_minutes - 1)
    assert office.ask("rosa", queries.session_of, digest(busy)) is None


def test_an_idle_session_is_not_woken_by_using_it(office):
    token, _ = sign_in(office, "rosa")
    later(office, office.engine.settings.sessions.idle_minutes + 1)
    office.do(None, actions.touch_session, token)

    assert office.ask("rosa", queries.session_of, digest(token)) is None


def test_a_new_password_ends_every_session(office):
    token, _ = sign_in(office, "rosa")
    office.do("adam", actions.set_password, "Rosa", hashed("four-quite-new-words"))

    assert office.ask("rosa", queries.session_of, digest(token)) is None
    assert sign_in(office, "rosa") is None
    assert sign_in(office, "rosa", "four-quite-new-words") is not None


def test_neither_token_nor_password_is_in_the_database(office):
    token, _ = sign_in(office, "rosa")

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
    office.do("adam", actions.set_password, "rosa", hashed("four-quite-new-words"))

    assert office.do(None, actions.sign_in, "rosa", proven) is None
    assert office.do(None, actions.sign_in, "ruth", office.engine.ask(SYSTEM, queries.whose_password, "rosa", "four-quite-new-words")) is None
