"""The numbered migrations make exactly the tables that the program knows, and the database itself guards its history."""
from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.store import tables as t
from engine.store.accounts import password_mark
from engine.store.database import Database
from engine.store.migrate import bring_to, migrate
from engine.store.sealing import Vault
from tests.makers import ROOT, board, filled


def schema(url):
    """Everything in the database that is ours, by kind."""
    engine = sa.create_engine(url)
    with engine.connect() as db:
        inspector = sa.inspect(db)
        found = {table: {
            "columns": sorted((column["name"], str(column["type"]), column["nullable"], str(column["default"])) for column in inspector.get_columns(table)),
            "indexes": {one["name"]: (one["column_names"], bool(one["unique"])) for one in inspector.get_indexes(table)},
            "checks": {one["name"]: one["sqltext"] for one in inspector.get_check_constraints(table)},
            "keys": {one["name"]: (one["constrained_columns"], one["referred_table"]) for one in inspector.get_foreign_keys(table)},
            "primary": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": {one["name"]: one["column_names"] for one in inspector.get_unique_constraints(table)},
        } for table in sorted(inspector.get_table_names()) if table != "alembic_version"}
    engine.dispose()
    return found


def test_migrating_gives_what_the_program_knows(make_database, database_kind):
    url, plain = make_database(database_kind), make_database(database_kind)
    migrate(url)
    made = sa.create_engine(plain)
    t.metadata.create_all(made)
    made.dispose()

    engine = sa.create_engine(url)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, t.metadata) == []
    engine.dispose()
    assert schema(url) == schema(plain)


def test_migrating_again_changes_nothing(make_database, database_kind):
    url = make_database(database_kind, filled)
    before = schema(url)
    people = board(url).rows(sa.select(t.people).order_by(t.people.c.id))
    migrate(url)

    assert schema(url) == before
    assert board(url).rows(sa.select(t.people).order_by(t.people.c.id)) == people


def test_passwords_from_before_they_had_a_mark_get_one_and_every_session_ends(make_database, database_kind):
    url, vault = make_database(database_kind), Vault(b"k" * 32)
    old = Database(url)
    with old.writing() as db:
        bring_to(db, "0011", vault)
        db.execute(sa.text("insert into people (id, login, name, email, password, created_at) values ('p', 'rosa', 'Rosa', 'r@x', 'a digest', '2026-03-02')"))
        db.execute(sa.text("insert into sessions (token, id, person, created_at, seen_at) values ('t', 's', 'p', '2026-03-02', '2026-03-02')"))
    with pytest.raises(ValueError, match="master key"):
        migrate(url)
    migrate(url, vault)
    with old.reading() as db:
        assert db.scalar(sa.select(t.people.c.password_mark)) == password_mark(vault, "p", "a digest")
        assert db.scalar(sa.select(t.sessions.c.id)) is None
    old.close()


def test_two_who_migrate_at_once_make_one_database(make_database, database_kind):
    url = make_database(database_kind)
    order = [sys.executable, "-c", "import sys; from engine.store.migrate import migrate; migrate(sys.argv[1])", url]
    starts = [subprocess.Popen(order, stderr=subprocess.PIPE, cwd=ROOT) for _ in range(2)]
    problems = [said.decode() for start in starts for said in [start.communicate()[1]] if start.returncode]

    assert problems == []
    assert "cases" in schema(url)


@pytest.mark.parametrize("statement", [
    "update trail set event = 'nothing'", "delete from trail", "update steps set verb = 'nothing'", "update trail set details = '{}' where id = 1",
    "delete from trail where id = 1",
    ("insert into trail (id, at, event, details) select id, at, event, details from trail where true "
     "on conflict (id) do update set event = 'x'"),
    "delete from heads", "insert into steps select * from steps where true on conflict (case_id, version) do update set verb = 'x'",
])
def test_history_is_not_rewritten_by_anyone(make_database, database_kind, statement):
    office = board(make_database(database_kind, filled))
    office.request()
    before = office.trail(), office.rows(sa.select(t.steps))

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), office.engine.database.writing() as db:
        db.exec_driver_sql(statement)

    assert (office.trail(), office.rows(sa.select(t.steps))) == before
    office.engine.close()


def test_history_is_not_emptied_in_one_go_either(make_database):
    office = board(make_database("postgresql", filled))

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), office.engine.database.writing() as db:
        db.exec_driver_sql("truncate trail")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), office.engine.database.writing() as db:
        db.exec_driver_sql("truncate cases cascade")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), office.engine.database.writing() as db:
        db.exec_driver_sql("truncate heads")
    assert office.trail()
    office.engine.close()


@pytest.mark.parametrize("table", ["trail", "steps"])
def test_nothing_takes_the_place_of_a_row_of_history(make_database, table):
    office = board(make_database("sqlite", filled))
    office.request()
    before = office.trail(), office.rows(sa.select(t.steps))

    with pytest.raises(sa.exc.DBAPIError, match="append-only"), office.engine.database.writing() as db:
        db.exec_driver_sql(f"insert or replace into {table} select * from {table} limit 1")

    assert (office.trail(), office.rows(sa.select(t.steps))) == before
    office.engine.close()


def test_the_triggers_stand_on_whatever_was_migrated(make_database):
    url = make_database("sqlite", filled)
    database = Database(url)
    with database.reading() as db:
        names = set(db.scalars(sa.text("select name from sqlite_master where type = 'trigger'")))
    database.close()

    assert {"trail_no_update", "trail_no_delete", "trail_no_replacing", "steps_no_update", "steps_no_replacing", "heads_no_delete"} <= names


def test_the_database_itself_refuses_what_cannot_be(make_database, database_kind):
    office = board(make_database(database_kind, filled))
    case = office.request().case
    task = office.task(case, "approve")

    for statement in (
        sa.update(t.tasks).where(t.tasks.c.id == task).values(state="lost"),
        sa.update(t.tasks).where(t.tasks.c.id == task).values(state="done"),
        sa.update(t.cases).where(t.cases.c.id == case).values(outcome="ordered"),
        sa.update(t.deadlines).values(state="late"),
        sa.update(t.timers).values(kind="bell"),
        sa.delete(t.cases).where(t.cases.c.id == case),
        sa.update(t.submissions).values(by="nobody"),
    ):
        with pytest.raises(sa.exc.IntegrityError):
            office.write(statement)
    office.engine.close()
