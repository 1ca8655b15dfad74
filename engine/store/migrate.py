"""Bringing a database up to date: the numbered migrations, run by Alembic."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

if TYPE_CHECKING:
    from engine.store.sealing import Vault

MIGRATIONS = Path(__file__).with_name("migrations")
LOCK = 0x5C5  # any number that nothing else locks


def migrate(url: str, vault: Vault | None = None) -> None:
    """Run whatever migrations this database has not had yet. Nothing happens when it had all. `vault`: what some of them need where people are in it."""
    config = _config()
    config.attributes |= {"url": url, "vault": vault}
    command.upgrade(config, "head")


def bring_to(db: sa.Connection, schema: str, vault: Vault) -> None:
    """Run the migrations up to this one (`head`: the last) in a transaction of the caller's."""
    config = _config()
    config.attributes |= {"connection": db, "vault": vault}
    command.upgrade(config, schema)


def hold_for_migration(db: sa.Connection) -> None:
    """One process at a time: whoever comes second waits until this transaction is over. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def schema_of(db: sa.Connection) -> str | None:
    """The last migration this database has had."""
    return MigrationContext.configure(db).get_current_revision()


def newest_schema() -> str:
    """The last migration there is."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def known_schema(schema: str) -> bool:
    """Whether this is one of our migrations."""
    try:
        return ScriptDirectory.from_config(_config()).get_revision(schema) is not None
    except CommandError:
        return False


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
