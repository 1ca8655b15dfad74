"""The numbered migrations make exactly the tables that the program knows, and the database itself guards its history."""
from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.store import tables as t
from engine.store.database import Database
from engine.store.migrate import migrate
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
    assert office.trail()
    office.engine.close()


def test_the_triggers_stand_on_whatever_was_migrated(make_database):
    url = make_database("sqlite", filled)
    database = Database(url)
    with database.reading() as db:
        names = set(db.scalars(sa.text("select name from sqlite_master where type = 'trigger'")))
    database.close()

    assert {"trail_no_update", "trail_no_delete", "steps_no_update"} <= names


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
