"""Backups that only the holder of a key that is elsewhere can open."""
from __future__ import annotations

import io
from dataclasses import replace

import pyrage
import pytest
import sqlalchemy as sa

from engine.backup import Damaged, Locked, back_up, new_key
from engine.backup.signature import LENGTH, OtherKey
from engine.settings.values import Backup
from engine.store import tables as t
from tests.backup.conftest import busy_day, everything, restored, rows_agree_with_processes
from tests.backup.test_under_load import AtWork
from tests.makers import board, filled, settings

OTHER = bytes(range(32))


def encrypting(url, folder, public):
    return board(url, folder, backup=Backup(public))


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """An encrypted backup with what it was made of, and the file with the private key."""
    folder = tmp_path_factory.mktemp("encrypted")
    filled(f"sqlite:///{folder}/office.sqlite")
    office = encrypting(f"sqlite:///{folder}/office.sqlite", folder, new_key(folder / "key.txt"))
    busy_day(office)
    rows = everything(office)
    made = back_up(office.engine, folder / "copy.zip")
    office.engine.close()
    return folder, made, rows


def test_it_comes_back_as_it_was(make_database, database_kind, tmp_path, there):
    folder, made, rows = there
    url = make_database(database_kind)

    back = restored(url, folder / "copy.zip.age", identity=folder / "key.txt", folder=tmp_path)

    assert (made.file, made.rows) == (str(folder / "copy.zip.age"), back.rows)
    again = board(url, tmp_path)
    assert everything(again) == rows
    rows_agree_with_processes(again)
    again.engine.close()
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".sqlite" and "-wal" not in path.name and "-shm" not in path.name] == []


def test_nothing_can_be_read_in_it_and_nothing_lay_beside_it(there):
    folder, _, _ = there
    content = (folder / "copy.zip.age").read_bytes()

    for word in (b"PK\x03\x04", b"manifest.json", b"Rosa", b"office.example", b"tables/", b"casereview backup", b"CLK-2026"):
        assert word not in content
    plain = io.BytesIO()
    key = pyrage.x25519.Identity.from_str((folder / "key.txt").read_text().splitlines()[-1])
    pyrage.decrypt_io(io.BytesIO(content), plain, [key])
    assert b"casereview backup 1" in plain.getvalue()[-LENGTH:]
    assert {path.name for path in folder.iterdir()} - {"office.sqlite", "office.sqlite-wal", "office.sqlite-shm"} == {"copy.zip.age", "key.txt"}
    assert {oct(path.stat().st_mode)[-3:] for path in (folder / "copy.zip.age", folder / "key.txt")} == {"600"}


@pytest.mark.parametrize(("identity", "error", "says"), [
    (None, Locked, "is encrypted.*--identity"), ("another", Locked, "another key"), ("holiday", Locked, "no private key of age"),
    ("locked", Locked, "no private key of age")])
def test_who_has_not_the_key_restores_nothing(make_database, tmp_path, there, identity, error, says):
    new_key(tmp_path / "another")
    (tmp_path / "holiday").write_text("AGE-SECRET-KEY-1HOLIDAY\n")
    (tmp_path / "locked").write_bytes(b"age-encryption.org/v1\n-> scrypt bm8gc2FsdA 18\n" + bytes(range(256)))   # with a passphrase
    url = make_database()

    with pytest.raises(error, match=says):
        restored(url, there[0] / "copy.zip.age", identity=tmp_path / identity if identity else None, folder=tmp_path)
    assert sa.inspect(sa.create_engine(url)).get_table_names() == []


@pytest.mark.parametrize("kept", [22, 100, 0.3, 0.99, "one bit", "one byte more"])
def test_one_that_was_cut_short_or_changed_is_refused(make_database, tmp_path, there, kept):
    content = (there[0] / "copy.zip.age").read_bytes()
    middle = len(content) // 2
    (tmp_path / "x.age").write_bytes(
        content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:] if kept == "one bit" else content + b"\n" if kept == "one byte more"
        else content[:int(len(content) * kept) if kept < 1 else kept])
    url = make_database()

    with pytest.raises(Damaged):
        restored(url, tmp_path / "x.age", identity=there[0] / "key.txt", folder=tmp_path)
    assert sa.inspect(sa.create_engine(url)).get_table_names() == []


def test_the_signature_inside_still_counts(make_database, tmp_path, there):
    """Anyone can encrypt to a public key: only who has the master key makes a backup that is restored."""
    folder, _, _ = there
    public = (folder / "key.txt").read_text().split()[3]
    key = pyrage.x25519.Identity.from_str((folder / "key.txt").read_text().splitlines()[-1])
    plain = bytearray(pyrage.decrypt((folder / "copy.zip.age").read_bytes(), [key]))
    plain[500] ^= 1
    (tmp_path / "x.age").write_bytes(pyrage.encrypt(bytes(plain), [pyrage.x25519.Recipient.from_str(public)]))

    with pytest.raises(Damaged):
        restored(make_database(), tmp_path / "x.age", identity=folder / "key.txt", folder=tmp_path)
    with pytest.raises(OtherKey):
        restored(make_database(), folder / "copy.zip.age", identity=folder / "key.txt", folder=tmp_path, master_key=OTHER)


def test_one_made_while_people_work_is_one_moment_too(make_database, tmp_path):
    url = make_database("sqlite", filled)
    offices, keeper = [board(url, tmp_path) for _ in range(2)], encrypting(url, tmp_path, new_key(tmp_path / "key.txt"))
    with AtWork(offices) as people:
        people.wait_for(4)
        acknowledged = list(people.done)
        back_up(keeper.engine, tmp_path / "0.zip")
        people.wait_for(2)
    assert people.broke == []
    for office in (*offices, keeper):
        office.engine.close()
    again = make_database()

    restored(again, tmp_path / "0.zip.age", identity=tmp_path / "key.txt", folder=tmp_path)

    office = board(again, tmp_path)
    cases = {row.id for row in office.rows(sa.select(t.cases.c.id))}
    assert {deed for kind, deed in acknowledged if kind == "case"} <= cases
    rows_agree_with_processes(office)
    office.engine.close()


def test_a_backup_that_cannot_be_finished_leaves_nothing(make_database, tmp_path, monkeypatch):
    office = encrypting(make_database("sqlite", filled), tmp_path, new_key(tmp_path / "key.txt"))
    (tmp_path / "all").mkdir()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.backup.encryption.encrypt_io", full)
    with pytest.raises(OSError, match="No space left"):
        back_up(office.engine, tmp_path / "all")
    assert list((tmp_path / "all").iterdir()) == []
    office.engine.close()


def test_a_private_key_does_not_belong_into_the_settings(tmp_path):
    from engine.settings.backup import known_recipient

    faults = []
    for wrong in (new_key_line(tmp_path), "age1holiday", "ssh-ed25519 AAAA"):
        known_recipient(wrong, faults)
    assert ["private key" in fault for fault in faults] == [True, False, False]
    known_recipient(new_key(tmp_path / "right"), faults)
    assert len(faults) == 3
    assert not any(new_key_line(tmp_path)[:30] in fault for fault in faults)
    assert replace(settings("sqlite://"), backup=Backup("")).backup.recipient == ""


def new_key_line(folder):
    if not (folder / "wrong").exists():
        new_key(folder / "wrong")
    return (folder / "wrong").read_text().splitlines()[-1]
