"""`casereview backup` and `restore`, as an operator types them."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.cli import engine_here, warn_of_plain_backups
from engine.settings.values import Backup
from engine.store import tables as t
from tests.cli.conftest import ROOT
from tests.makers import settings


@pytest.fixture
def case(run) -> str:
    """An office with one running case."""
    run("release", "purchase")
    engine = engine_here()
    rosa = engine.actor(engine.perform(SYSTEM, actions.add_person, "rosa", "Rosa Example", "rosa@office.example", "CSC", ["requester@CSC"]))
    page = engine.ask(rosa, queries.start_page, pack="purchase", start="request_made")
    reference = engine.perform(rosa, actions.start_case, pack="purchase", start="request_made",
                               answers=page.form.sample(page.names, engine.now(), {"card": "0000 1111"})).reference
    engine.close()
    return reference


@pytest.fixture
def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """From now on commands mean another, empty machine, with the same keys."""
    def move() -> Path:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/elsewhere.sqlite")
        return folder / "elsewhere.sqlite"
    return move


def test_a_backup_says_what_is_in_it_and_what_is_not(run, case, folder: Path):
    said = run("backup", "monday.zip")
    told = run("backup", ".", "--json").json

    assert said.code == 0
    assert said.out.startswith("monday.zip: 1 cases, ")
    assert "The master key is not in it" in said.out
    assert told.keys() == {"file", "made_at", "bytes", "schema", "rows", "cases", "key", "holds_master_key", "encrypted_to"}
    assert (told["cases"], told["holds_master_key"]) == (1, False)
    assert (folder / told["file"]).stat().st_size == told["bytes"]
    assert told["key"] in said.out


def test_a_backup_is_restored_on_an_empty_machine_and_verified(run, case, elsewhere):
    run("backup", "monday.zip")
    elsewhere()

    told = run("restore", "monday.zip", "--json")

    assert told.code == 0
    assert told.json["restored"]
    assert told.json["broken"] == []
    assert (told.json["cases"], run("verify").code) == (1, 0)
    engine = engine_here()
    with engine.database.reading() as db:
        assert db.scalar(sa.select(t.cases.c.reference)) == case
        assert [row.details["software"] for row in db.execute(sa.select(t.trail).where(t.trail.c.event == "restored"))] == ["0.1.0"]
    engine.close()


def test_a_row_that_was_broken_before_the_backup_is_told_after_the_restore(run, case, elsewhere):
    engine = engine_here()
    with engine.database.writing() as db:
        db.execute(sa.update(t.submissions).values(answers=b"not what was sealed"))
    engine.close()
    run("backup", "monday.zip")
    elsewhere()

    ran, told = run("restore", "monday.zip"), run("verify", "--json")

    assert ran.code == 1
    assert f"{case} submissions " in ran.out
    assert [row["table"] for row in told.json] == ["submissions"]


def test_a_damaged_backup_exits_with_1_and_writes_nothing(run, case, folder: Path, elsewhere):
    run("backup", "monday.zip")
    content = bytearray((folder / "monday.zip").read_bytes())
    content[500] ^= 1
    (folder / "monday.zip").write_bytes(content)
    there = elsewhere()

    ran, told = run("restore", "monday.zip"), run("restore", "monday.zip", "--json")

    assert (ran.code, told.code) == (1, 1)
    assert "This backup is damaged" in ran.out
    assert told.json == {"restored": False, "says": [ran.out.strip()]}
    assert not there.exists()


def test_the_wrong_key_is_wrong_use_and_said_in_words(run, case, elsewhere, monkeypatch):
    run("backup", "monday.zip")
    there = elsewhere()
    monkeypatch.setenv("CASEREVIEW_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")

    ran = run("restore", "monday.zip")

    assert ran.code == 2
    assert "This backup belongs to another master key" in ran.err
    assert not there.exists()


@pytest.mark.parametrize("command", [("restore", "nowhere.zip"), ("restore",), ("backup",), ("backup", "nowhere/monday.zip"), ("restore", "monday.zip")])
def test_what_cannot_be_is_wrong_use(run, case, folder: Path, command):
    run("backup", "monday.zip")

    ran = run(*command)   # the last one: into the database that it was made from

    assert (ran.code, ran.out) == (2, "")
    assert ran.err


def test_where_there_is_no_database_there_is_nothing_to_back_up(run, folder: Path):
    ran = run("backup", "monday.zip")

    assert (ran.code, "There is no database here yet" in ran.err) == (2, True)
    assert not (folder / "office.sqlite").exists()


def test_looking_at_an_empty_database_leaves_it_empty_enough_to_restore_into(run, case, elsewhere):
    run("backup", "monday.zip")
    elsewhere()
    assert run("verify").code == 0

    assert run("restore", "monday.zip").code == 0


def test_settings_may_lie_in_another_folder(run, case, folder: Path, monkeypatch):
    (folder / "etc").mkdir()
    shutil.move(folder / "config", folder / "etc/casereview")
    default = folder / "etc/casereview/default.toml"
    default.write_text(default.read_text().replace('data = "var"', f'data = "{folder}/var"').replace('packs = "bpmn"', f'packs = "{ROOT}/bpmn"'))
    assert run("verify").code == 2
    monkeypatch.setenv("CASEREVIEW_CONFIG", str(folder / "etc/casereview"))

    assert run("verify").code == 0
    assert json.loads(run("backup", ".", "--json").out)["cases"] == 1


def test_a_database_that_does_not_answer_is_told_in_words(run, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://ivy:secret-word@127.0.0.1:1/reviews")

    ran = run("verify")

    assert ran.code == 2
    assert ran.err.startswith("The database does not answer: ")
    assert "secret-word" not in ran.err


def test_a_backup_is_encrypted_to_a_key_that_is_elsewhere(run, case, folder: Path, elsewhere):
    made = run("backup-key", "key.txt", "--json").json
    default = folder / "config/default.toml"
    default.write_text(default.read_text().replace('recipient = ""', f'recipient = "{made["recipient"]}"'))
    assert run("backup-key", "key.txt").code == 2   # never over another one
    told = run("backup", "monday.zip", "--json").json
    assert (told["file"], told["encrypted_to"]) == ("monday.zip.age", made["recipient"])
    there = elsewhere()

    assert run("restore", "monday.zip.age").code == 2
    assert not there.exists()
    ran = run("restore", "monday.zip.age", "--identity", "key.txt")
    assert (ran.code, run("verify").code) == (0, 0)


def test_where_real_cases_are_a_backup_that_is_not_encrypted_is_warned_of(caplog):
    for kind, recipient in (("development", ""), ("production", "age1x"), ("production", "")):
        warn_of_plain_backups(settings("sqlite://", backup=Backup(recipient), kind=kind))

    assert [record.message for record in caplog.records] == ["backups_not_encrypted"]


def test_evidence_is_written_and_heads_are_looked_for_on_the_machine(run, case, folder: Path):
    assert run("evidence", case, "--out", "trail.zip").code == 0
    assert run("evidence", "--key").out.strip() in run("evidence", case, "--out", "again.zip").out
    assert [run("evidence", case, "--out", "trail.zip").code, run("evidence", case).code] == [2, 2]   # never over another file
    assert run("evidence", "PUR-1999-001", "--out", "none.zip").code == 1
    assert not (folder / "none.zip").exists()
    told = run("verify", "--head", "0" * 64)
    assert (told.code, "is not in this database" in told.out) == (1, True)
