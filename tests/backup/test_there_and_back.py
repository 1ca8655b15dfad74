"""What was backed up is what is restored, from either database into either, and work goes on there."""
from __future__ import annotations

import itertools
import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, alarm, queries
from engine.backup.values import kind_of
from engine.store import tables as t
from engine.store.migrate import migrate, newest_schema
from tests.backup.conftest import MASTER, busy_day, copied, everything, restored, rows_agree_with_processes
from tests.engine.test_keeping import ended_case, erased, kept_two_years, staffed
from tests.makers import MONDAY, PASSWORD, board, filled

BOTH_WAYS = list(itertools.product(["sqlite", "postgresql"], repeat=2))


@pytest.mark.parametrize(("kind", "into"), BOTH_WAYS)
def test_every_row_comes_back_as_it_was(make_database, tmp_path, kind, into):
    office = board(make_database(kind, filled), tmp_path)
    busy_day(office)
    before = everything(office)
    made = copied(office, tmp_path / "copy.zip")
    office.engine.close()
    url = make_database(into)

    there = restored(url, tmp_path / "copy.zip")

    assert not [name for name, rows in before.items() if not rows and name in ("steps", "documents", "drafts", "outbox", "sessions", "timers")]
    assert (there.rows, there.cases) == (made.rows, made.cases) == (sum(map(len, before.values())), 4)
    again = board(url, tmp_path)
    assert everything(again) == before
    rows_agree_with_processes(again)
    again.engine.close()


@pytest.mark.parametrize(("kind", "into"), BOTH_WAYS)
def test_people_go_on_where_they_were(make_database, tmp_path, kind, into):
    office = board(make_database(kind, filled), tmp_path)
    busy_day(office)
    copied(office, tmp_path / "copy.zip")
    office.engine.close()
    url = make_database(into)
    restored(url, tmp_path / "copy.zip")
    again = board(url, tmp_path)

    assert again.do(None, actions.sign_in, "rosa", again.engine.ask(SYSTEM, queries.whose_password, "rosa", PASSWORD)) is not None
    page = again.ask("hedy", queries.case_page, "CLK-2026-001")
    assert [row.item for row in page.open_tasks] == ["South Side"]
    saul = again.task(again.one(sa.select(t.cases.c.id).where(t.cases.c.reference == "CLK-2026-001")), "answer", "SOU")
    assert again.ask("saul", queries.task_page, saul).values["findings"] == "Half a sentence"
    paper = again.ask("hedy", queries.document, again.one(sa.select(t.documents.c.id)))
    assert paper.content == b"On paper " * 9000
    again.do("saul", actions.submit_task, task=saul, answers={"findings": "Nothing of note"})
    assert [again.request().reference, again.begin("NOR").reference] == ["PUR-2026-004", "CLK-2026-002"]   # no number is given twice
    rows_agree_with_processes(again)
    again.engine.close()


def test_what_fell_due_meanwhile_fires_once(make_database, database_kind, tmp_path):
    office = board(make_database(database_kind, filled), tmp_path)
    busy_day(office)
    copied(office, tmp_path / "copy.zip")
    office.engine.close()
    url = make_database(database_kind)
    restored(url, tmp_path / "copy.zip")
    again = board(url, tmp_path, at=MONDAY + timedelta(days=40))

    assert alarm.sweep(again.engine) > 2
    assert alarm.sweep(again.engine) == 0
    breaches = [(row.case_id, row.details["deadline"], row.details["item"]) for row in again.trail(None, "deadline_breached")]
    assert len(breaches) == len(set(breaches)) > 0
    rows_agree_with_processes(again)
    again.engine.close()


def test_history_cannot_be_rewritten_after_a_restore_either(make_database, database_kind, tmp_path):
    office = board(make_database(database_kind, filled), tmp_path)
    busy_day(office)
    copied(office, tmp_path / "copy.zip")
    office.engine.close()
    url = make_database(database_kind)
    restored(url, tmp_path / "copy.zip")
    again = board(url, tmp_path)

    for statement in ("update trail set event = 'nothing'", "delete from trail", "update steps set verb = 'nothing'"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), again.engine.database.writing() as db:
            db.exec_driver_sql(statement)
    with pytest.raises(sa.exc.IntegrityError):
        again.write(sa.update(t.submissions).values(by="nobody"))   # foreign keys are looked at at once again
    again.engine.close()


def test_a_backup_and_a_restore_stand_on_the_trail_and_end_open_sessions(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    token, *_ = office.do(None, actions.sign_in, "rosa", office.engine.ask(SYSTEM, queries.whose_password, "rosa", PASSWORD))
    made = copied(office, tmp_path / "copy.zip")

    assert [row.details for row in office.trail(None, "backed_up")] == [{"rows": made.rows}]
    office.do(None, actions.note_restore, made.made_at.isoformat(), "0.1.0")
    assert office.ask("rosa", queries.session_of, token) is None
    office.engine.close()


def test_every_table_is_in_a_backup_and_every_type_is_known(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    copied(office, tmp_path / "copy.zip")
    office.engine.close()
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        names = set(archive.namelist())

    assert {table["name"]: table["columns"] for table in manifest["tables"]} == {
        table.name: [[column.name, kind_of(column)] for column in table.columns] for table in t.metadata.sorted_tables}
    assert names == {"manifest.json", *(f"tables/{name}.jsonl" for name in t.metadata.tables)}
    assert manifest["schema"] == newest_schema()


def test_a_migrated_database_has_no_rows(make_database, database_kind):
    url = make_database(database_kind)   # or a backup could not be restored into it
    migrate(url)
    office = board(url)

    assert not any(everything(office).values())
    office.engine.close()


def test_a_backup_tells_nothing_that_was_sealed_and_holds_no_key(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    office.begin("NOR", "SOU", subject="Tamsin Canary")
    made = copied(office, tmp_path / "copy.zip")
    office.engine.close()
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        plain = b"".join(archive.read(name) for name in archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))

    assert b"Canary" not in plain
    assert MASTER not in plain
    assert MASTER.hex().encode() not in plain
    assert "CASEREVIEW_MASTER_KEY is not in this file" in manifest["note"]
    assert (made.holds_master_key, made.key) == (False, manifest["key"])
    assert (tmp_path / "copy.zip").stat().st_mode & 0o077 == 0


def test_an_older_backup_is_brought_up_to_date(make_database, database_kind, tmp_path):
    """The one that the first schema wrote: kept, so that every later one can still read it."""
    from pathlib import Path

    url = make_database(database_kind)
    there = restored(url, Path(__file__).parent / "kept" / "0001.zip")
    again = board(url, tmp_path)

    assert there.schema == "0001"
    rows_agree_with_processes(again)
    waiting = again.rows(sa.select(t.tasks.c.id).where(t.tasks.c.element == "answer", t.tasks.c.state == "open"))
    again.do("saul", actions.submit_task, task=waiting[0].id, answers={"findings": "Nothing of note"})
    rows_agree_with_processes(again)
    again.engine.close()


def test_a_case_that_was_erased_is_in_no_backup_from_then_on(make_database, database_kind, tmp_path):
    office = staffed(board(make_database(database_kind, filled), tmp_path))
    case = erased(office)
    copied(office, tmp_path / "copy.zip")
    office.engine.close()
    url = make_database(database_kind)

    restored(url, tmp_path / "copy.zip")

    again = board(url, tmp_path)
    assert again.engine.ask(SYSTEM, queries.verify) == []
    assert again.ask("lena", queries.case_page, case.reference).approved_by == "Lena Example"
    assert again.rows(sa.select(t.steps).where(t.steps.c.case_id == case.case)) == []
    again.engine.close()


def test_an_older_backup_brings_it_back_as_one_that_may_be_erased(make_database, tmp_path):
    office = staffed(board(make_database("sqlite", filled), tmp_path))
    case = ended_case(office)
    copied(office, tmp_path / "copy.zip")
    office.engine.close()
    url = make_database("sqlite")
    restored(url, tmp_path / "copy.zip")

    again = kept_two_years(board(url, tmp_path))
    again.at(2028, 3, 3, 9)
    assert [row.reference for row in again.ask("lena", queries.keeping).may_go] == [case.reference]
    again.engine.close()
