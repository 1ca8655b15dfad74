"""Making a database of a backup: checked before a row is written, and then all of it in one transaction."""
from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.backup import signature
from engine.backup.encryption import opened
from engine.backup.making import FORMAT
from engine.backup.signature import Damaged
from engine.backup.values import KINDS, as_read
from engine.errors import Refused
from engine.store import tables as t
from engine.store.eyes import MACHINE
from engine.store.migrate import bring_to, hold_for_migration, known_schema, newest_schema, schema_of
from engine.store.sealing import Vault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.settings import Settings

BATCH_ROWS, BATCH_BYTES = 500, 4 * 1024 * 1024
FULL = ("This database is not empty. A backup is only ever restored into an empty one, so that nothing can be overwritten. "
        "Name another database in DATABASE_URL, or move the old one away first.")


@dataclass(frozen=True)
class Restored:
    """A backup that is a database again."""

    made_at: str
    software: str
    schema: str    # as it was in the backup; it was brought up to date
    rows: int
    cases: int


def restore(settings: Settings, file: Path, identity: Path | None = None) -> Restored:
    """Fill the empty database of these settings from a backup; `identity` holds the private key of one that is encrypted.

    Whatever is wrong is refused, and then nothing was written."""
    with opened(file, identity, settings.data_folder) as plain:
        return _restore(settings, plain)


def _restore(settings: Settings, file: Path) -> Restored:
    signature.check(file, settings.master_key)
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            _every_digest(archive, manifest)
            _load(settings, archive, manifest)
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError, json.JSONDecodeError):
        raise Damaged from None
    rows = {table["name"]: table["rows"] for table in manifest["tables"]}
    return Restored(manifest["made_at"], manifest["software"], manifest["schema"], sum(rows.values()), rows["cases"])


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    if manifest["format"] != FORMAT or not known_schema(manifest["schema"]):
        raise Refused(f"This backup was made by casereview {manifest['software']} (schema {manifest['schema']}), which is newer than what is installed here "
                      f"(schema {newest_schema()}). Install that release or a later one, then restore. Nothing was written.")
    return manifest


def _every_digest(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """All of it is read once before the first row is written."""
    for table in manifest["tables"]:
        digest = hashlib.sha256()
        with archive.open(f"tables/{table['name']}.jsonl") as entry:
            while chunk := entry.read(BATCH_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != table["sha256"]:
            raise Damaged


def _load(settings: Settings, archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    engine, vault = sa.create_engine(settings.database_url, hide_parameters=True), Vault(settings.master_key)
    if engine.dialect.name == "sqlite":  # foreign keys are looked at once, at the end
        sa.event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as db:
            MACHINE.open(db)
            hold_for_migration(db)
            _need_empty(db, manifest["schema"])
            bring_to(db, manifest["schema"], vault)
            keys = _let_keys_wait(db)
            for table in manifest["tables"]:
                _fill(db, archive, table)
            _keys_hold(db, keys)
            bring_to(db, "head", vault)
            _count_on(db)
    except (sa.exc.IntegrityError, sa.exc.DataError) as problem:
        raise Refused(f"What is in this backup does not fit into the database ({type(problem).__name__}). Nothing was written.") from problem
    finally:
        engine.dispose()


def _need_empty(db: sa.Connection, schema: str) -> None:
    """No tables at all, or just those that the backup's own schema has, without a row."""
    tables = [name for name in sa.inspect(db).get_table_names() if name != "alembic_version"]
    if any(db.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first() for name in tables) or (tables and schema_of(db) != schema):
        raise Refused(FULL)


def _fill(db: sa.Connection, archive: zipfile.ZipFile, table: dict[str, Any]) -> None:
    columns = [(str(name), str(kind)) for name, kind in table["columns"]]
    into = sa.insert(sa.table(table["name"], *(sa.column(name, KINDS[kind].type()) for name, kind in columns)))
    count = 0
    for lines in _batches(archive, f"tables/{table['name']}.jsonl"):
        db.execute(into, [as_read(json.loads(line), columns) for line in lines])
        count += len(lines)
    if count != table["rows"]:
        raise Damaged


def _batches(archive: zipfile.ZipFile, name: str) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    with archive.open(name) as entry:
        for line in entry:
            batch.append(line)
            size += len(line)
            if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _let_keys_wait(db: sa.Connection) -> list[str]:
    """PostgreSQL looks at foreign keys row by row, unless told to wait: rows of one table may name each other."""
    if db.dialect.name != "postgresql":
        return []
    look, quote = sa.inspect(db), db.dialect.identifier_preparer.quote
    keys = [f"alter table {quote(table)} alter constraint {quote(str(key['name']))}"
            for table in look.get_table_names() for key in look.get_foreign_keys(table)]
    for key in keys:
        db.exec_driver_sql(f"{key} deferrable initially deferred")   # allowed: raw-sql - names of tables and keys, quoted by SQLAlchemy
    return keys


def _keys_hold(db: sa.Connection, keys: list[str]) -> None:
    """Every foreign key is looked at now, and from now on at once again."""
    if db.dialect.name == "sqlite":
        if db.exec_driver_sql("pragma foreign_key_check").first() is not None:
            raise Damaged
        return
    db.exec_driver_sql("set constraints all immediate")
    for key in keys:
        db.exec_driver_sql(f"{key} not deferrable")   # allowed: raw-sql - as in _let_keys_wait


def _count_on(db: sa.Connection) -> None:
    """Numbers that PostgreSQL gives out go on after the last one that was used."""
    if db.dialect.name != "postgresql":
        return
    for table in t.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and db.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))):
            last = sa.func.coalesce(sa.func.max(column), 0)
            db.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, column.name), last + 1, sa.false())))
