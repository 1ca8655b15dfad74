"""What is not restored, and that nothing is written then."""
from __future__ import annotations

import json
import random
import zipfile

import pytest
import sqlalchemy as sa

from engine.backup import Damaged, back_up, fingerprint, signature
from engine.errors import Refused
from engine.store.migrate import migrate
from tests.backup.conftest import MASTER, busy_day, copied, everything, restored
from tests.makers import board, filled, settings

OTHER = bytes(range(32))


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    """A sound backup; tests copy it before they spoil it."""
    folder = tmp_path_factory.mktemp("backup")
    filled(f"sqlite:///{folder}/office.sqlite")
    office = board(f"sqlite:///{folder}/office.sqlite", folder)
    busy_day(office)
    copied(office, folder / "copy.zip")
    office.engine.close()
    return (folder / "copy.zip").read_bytes()


def tables(url):
    engine = sa.create_engine(url)
    with engine.connect() as db:
        found = sa.inspect(db).get_table_names()
    engine.dispose()
    return found


def refused(url, file, content, error, says, **changed):
    file.write_bytes(content)
    with pytest.raises(error, match=says):
        restored(url, file, **changed)
    assert tables(url) == []


@pytest.mark.parametrize("kept", [0, 1, 60, 119, 0.5, 0.999])
def test_a_backup_that_was_cut_short(make_database, tmp_path, backup, kept):
    length = int(len(backup) * kept) if isinstance(kept, float) else kept
    refused(make_database(), tmp_path / "x.zip", backup[:length], Damaged, "no backup of casereview, or one that was cut short")


def test_a_backup_with_something_behind_it(make_database, tmp_path, backup):
    refused(make_database(), tmp_path / "x.zip", backup + b"\n", Damaged, "no backup")


def test_one_changed_bit_anywhere(make_database, tmp_path, backup):
    url, chance = make_database(), random.Random(7)
    places = [0, 10, 40, len(backup) - 1, len(backup) - 30, len(backup) - signature.LENGTH - 3, *(chance.randrange(len(backup)) for _ in range(150))]
    for place in places:
        content = bytearray(backup)
        content[place] ^= 1 << chance.randrange(8)
        refused(url, tmp_path / "x.zip", bytes(content), Refused, "damaged|no backup|another master key")


def test_a_backup_that_someone_without_the_key_put_together(make_database, tmp_path, backup):
    """Who stole a backup adds an administrator to it and hopes that it will be restored."""
    (tmp_path / "x.zip").write_bytes(backup)
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
        comment = archive.comment
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.comment = comment
    url = make_database()
    refused(url, tmp_path / "z.zip", (tmp_path / "y.zip").read_bytes(), Damaged, "damaged")
    signature.sign(tmp_path / "y.zip", OTHER)
    refused(url, tmp_path / "z.zip", (tmp_path / "y.zip").read_bytes(), Refused, "another master key")


def test_another_master_key_is_told_with_both_fingerprints(make_database, tmp_path, backup):
    url = make_database()
    refused(url, tmp_path / "x.zip", backup, Refused, f"(?s)another master key.*{fingerprint(MASTER)}.*{fingerprint(OTHER)}", master_key=OTHER)


def test_what_is_no_backup_at_all(make_database, tmp_path):
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("holiday.txt", "x" * 400)
    url = make_database()
    refused(url, tmp_path / "x.zip", (tmp_path / "y.zip").read_bytes(), Damaged, "no backup")
    refused(url, tmp_path / "x.zip", b"SQLite format 3\0" * 100, Damaged, "no backup")


def signed(tmp_path, backup, change):
    """A backup made anew, rightly signed, with its parts changed."""
    (tmp_path / "x.zip").write_bytes(backup)
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    change(parts, manifest)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, json.dumps(manifest) if name == "manifest.json" else content)
        archive.comment = signature.line(MASTER)
    signature.sign(tmp_path / "y.zip", MASTER)
    return (tmp_path / "y.zip").read_bytes()


def test_a_backup_of_a_newer_release_says_what_to_install(make_database, tmp_path, backup):
    for change in ({"schema": "9999", "software": "7.2.0"}, {"format": 2, "software": "7.2.0"}):
        content = signed(tmp_path, backup, lambda _, manifest, change=change: manifest.update(change))
        refused(make_database(), tmp_path / "x.zip", content, Refused, "made by casereview 7.2.0 .* newer than what is installed here")


def test_a_table_that_does_not_match_its_digest(make_database, tmp_path, backup):
    def shorter(parts, manifest):
        parts["tables/trail.jsonl"] = parts["tables/trail.jsonl"].splitlines(keepends=True)[0]

    refused(make_database(), tmp_path / "x.zip", signed(tmp_path, backup, shorter), Damaged, "damaged")


def test_a_row_whose_other_row_is_missing_is_found_before_anything_is_kept(make_database, database_kind, tmp_path, backup):
    import hashlib

    def without_people(parts, manifest):
        parts["tables/people.jsonl"] = b""
        table = next(one for one in manifest["tables"] if one["name"] == "people")
        table |= {"rows": 0, "sha256": hashlib.sha256(b"").hexdigest()}

    refused(make_database(database_kind), tmp_path / "x.zip", signed(tmp_path, backup, without_people), Refused, "damaged|does not fit")


def test_a_database_with_anything_in_it_is_left_alone(make_database, database_kind, tmp_path, backup):
    (tmp_path / "x.zip").write_bytes(backup)
    office = board(make_database(database_kind, filled), tmp_path)
    before = everything(office)

    with pytest.raises(Refused, match="This database is not empty"):
        restored(office.engine.settings.database_url, tmp_path / "x.zip")
    assert everything(office) == before
    office.engine.close()


def test_a_database_of_something_else_is_left_alone(make_database, database_kind, tmp_path, backup):
    (tmp_path / "x.zip").write_bytes(backup)
    url = make_database(database_kind)
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.execute(sa.text("create table holidays (day text)"))
    engine.dispose()

    with pytest.raises(Refused, match="This database is not empty"):
        restored(url, tmp_path / "x.zip")
    assert tables(url) == ["holidays"]


def test_a_database_that_was_only_made_ready_is_empty(make_database, database_kind, tmp_path, backup):
    (tmp_path / "x.zip").write_bytes(backup)
    url = make_database(database_kind)
    migrate(url)

    assert restored(url, tmp_path / "x.zip").cases == 4


# ---- making one

def test_a_backup_overwrites_nothing(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    (tmp_path / "copy.zip").write_text("Keep me")

    with pytest.raises(Refused, match="is there already"):
        copied(office, tmp_path / "copy.zip")
    with pytest.raises(Refused, match="There is no folder"):
        copied(office, tmp_path / "nowhere/copy.zip")
    assert (tmp_path / "copy.zip").read_text() == "Keep me"
    (tmp_path / "all").mkdir()
    assert copied(office, tmp_path / "all").file == str(tmp_path / "all/casereview-20260302T090000Z.zip")
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["casereview-20260302T090000Z.zip"]   # nothing half-made beside it
    office.engine.close()


def test_a_backup_under_a_key_that_is_not_the_databases_is_not_made(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    office.request()
    office.engine.close()
    other = board(office.engine.settings.database_url, tmp_path, master_key=OTHER)

    with pytest.raises(Refused, match="CASEREVIEW_MASTER_KEY is not the key"):
        copied(other, tmp_path / "copy.zip")
    assert not (tmp_path / "copy.zip").exists()
    other.engine.close()


def test_a_database_that_is_not_up_to_date_is_backed_up_by_what_runs_on_it(make_database, tmp_path):
    office = board(make_database("sqlite", filled), tmp_path)
    office.write(sa.text("update alembic_version set version_num = '0000'"))

    with pytest.raises(Refused, match="The database is at schema 0000"):
        back_up(office.engine, tmp_path / "copy.zip")
    assert list(tmp_path.glob("*.zip*")) == list(tmp_path.glob(".*.part")) == []
    office.engine.close()


def test_two_keys_have_two_fingerprints_that_tell_nothing():
    assert fingerprint(MASTER) != fingerprint(OTHER)
    assert len(fingerprint(MASTER)) == 16
    assert settings("sqlite://").master_key == MASTER
