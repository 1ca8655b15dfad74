"""Writing a backup: every table, read in one picture of the database, while people go on working."""
from __future__ import annotations

import hashlib
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.actions.backups import note_backup
from engine.backup import signature
from engine.backup.encryption import ENDING, encrypted
from engine.backup.values import kind_of, written
from engine.errors import Refused
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.migrate import newest_schema, schema_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from engine import Engine

FORMAT = 1
#: Rows read at a time: one where it may be an uploaded file.
ONE, FEW, MANY = 1, 50, 1000
BIG = frozenset({"documents", "drafts", "published_files", "releases", "approvals"})
NO_KEY = "CASEREVIEW_MASTER_KEY is not in this file. Without it no case in it can be read."


@dataclass(frozen=True)
class Made:
    """A backup that was written."""

    file: str
    made_at: datetime
    bytes: int
    schema: str
    rows: int
    cases: int
    key: str                      # fingerprint of the master key it belongs to
    holds_master_key: bool = False
    encrypted_to: str | None = None   # the public key; none: it is not encrypted


def back_up(engine: Engine, to: Path) -> Made:
    """Write a backup to the file `to`, or to a file named for the moment in the folder `to`. It is there whole or not at all.

    Where the settings name a recipient, it is encrypted to that one, and its name ends in “.age”."""
    now, recipient = engine.clock.now(), engine.settings.backup.recipient or None
    target = to / f"casereview-{now:%Y%m%dT%H%M%SZ}.zip" if to.is_dir() else to
    if recipient and target.suffix != ENDING:
        target = target.with_name(target.name + ENDING)
    if target.exists():
        raise Refused(f"{target} is there already. Backups never overwrite one another: give another name, or a folder.")
    if not target.parent.is_dir():
        raise Refused(f"There is no folder {target.parent}.")
    if wrong := engine.wrong_key():
        raise Refused(wrong)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:  # noqa: PTH123 - nobody else may read it, from its first byte on
            manifest = _encrypted(engine, out, now, recipient) if recipient else _write(engine, out, now)
            out.flush()
        if not recipient:
            signature.sign(part, engine.settings.master_key)
            signature.check(part, engine.settings.master_key)  # what was written can be read back; of an encrypted one only who holds the key can say so
        _to_disk(part)
        os.link(part, target)  # never over another one
        _to_disk(target.parent)
    except FileExistsError:
        raise Refused(f"{target} is there already. Backups never overwrite one another: give another name, or a folder.") from None
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    rows = {table["name"]: table["rows"] for table in manifest["tables"]}
    engine.perform(SYSTEM, note_backup, sum(rows.values()))
    return Made(str(target), now, target.stat().st_size, manifest["schema"], sum(rows.values()), rows["cases"], manifest["key"],
                encrypted_to=recipient)


def _encrypted(engine: Engine, out: Any, now: datetime, recipient: str) -> dict[str, Any]:
    """The same file, signed and encrypted on its way to the disk."""
    with encrypted(out, recipient) as sink:
        signing = signature.Signing(sink, engine.settings.master_key)
        manifest = _write(engine, signing, now)
        signing.end()
    return manifest


def _write(engine: Engine, out: Any, now: datetime) -> dict[str, Any]:
    with engine.database.picture() as db, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.comment = signature.line(engine.settings.master_key)
        schema = schema_of(db)
        if schema is None or schema != newest_schema():
            raise Refused(f"The database is at schema {schema or 'none'}, and this software writes schema {newest_schema()}. "
                          "Back up with the software that runs on it, or start `casereview serve` once, which brings it up to date.")
        manifest = {
            "format": FORMAT, "software": version("casereview"), "schema": schema, "made_at": now.isoformat(), "database": db.dialect.name,
            "board": engine.settings.board.name, "key": signature.fingerprint(engine.settings.master_key), "note": NO_KEY,
            "tables": [_table(db, archive, table, now) for table in t.metadata.sorted_tables],
        }
        with archive.open(_entry("manifest.json", now), "w") as entry:
            entry.write(json.dumps(manifest, indent=1, ensure_ascii=False).encode())
    return manifest


def _table(db: sa.Connection, archive: zipfile.ZipFile, table: sa.Table, now: datetime) -> dict[str, Any]:
    """One table as lines of JSON, in the order of its key."""
    columns = [(column.name, kind_of(column)) for column in table.columns]
    kinds = [kind for _, kind in columns]
    digest, size, rows = hashlib.sha256(), 0, 0
    query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ONE if table.name in BIG else FEW if "bytes" in kinds else MANY)
    with archive.open(_entry(f"tables/{table.name}.jsonl", now), "w", force_zip64=True) as entry:
        for row in db.execute(query):
            line = json.dumps(written(row, kinds), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            entry.write(line)
            digest.update(line)
            size += len(line)
            rows += 1
    return {"name": table.name, "columns": columns, "rows": rows, "bytes": size, "sha256": digest.hexdigest()}


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _to_disk(path: Path) -> None:
    """What was written stays written when the power goes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
