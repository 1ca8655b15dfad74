"""Opening the database and its two kinds of transaction: reading and writing."""
from __future__ import annotations

import logging
import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import Unavailable
from engine.store.eyes import MACHINE, Eyes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUSY_SECONDS = 20
RACES = frozenset({"40001", "40P01"})   # PostgreSQL's “serialization failure” and “deadlock detected”
log = logging.getLogger("casereview")


@contextmanager
def _reached() -> Iterator[None]:
    """A database that is gone, full, or locked for too long is told as such. A race that was lost is for whoever can run it again."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as problem:
        if getattr(problem.orig, "sqlstate", None) in RACES:
            raise
        log.warning("database_unavailable", extra={"kind": type(problem.orig).__name__})
        raise Unavailable(str(problem.orig).strip().partition("\n")[0]) from problem
    except sa.exc.TimeoutError as problem:   # all connections are taken
        log.warning("database_unavailable", extra={"kind": "NoConnectionLeft"})
        raise Unavailable from problem


def new_id() -> str:
    """A fresh id for a row: random, so that it tells nothing and can be sealed against before the row is written."""
    return uuid.uuid4().hex


class Database:
    """One database, SQLite or PostgreSQL, by its URL."""

    def __init__(self, url: str, *, durable: bool = True, like: Database | None = None) -> None:
        self.sqlite = url.startswith("sqlite")
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}} if self.sqlite else {
            "pool_size": 10, "pool_pre_ping": True,   # after a restart of the server nobody is handed a connection that is gone
            "connect_args": {"options": f"-c lock_timeout={BUSY_SECONDS}s"}}
        self.pool = sa.create_engine(url, hide_parameters=True, **options)  # an error's text ends up in logs: no values in it
        self.compiled: dict[Any, Any] = {}
        if like:  # statements are compiled for a dialect, which takes longer than to run them: what was compiled there serves here, too
            self.pool.dialect, self.compiled = like.pool.dialect, like.compiled
            self.pool.update_execution_options(compiled_cache=self.compiled)
        self._one_writer = threading.Lock()
        if self.sqlite:
            sa.event.listen(self.pool, "connect", _prepare_sqlite if durable else _prepare_throw_away)
            sa.event.listen(self.pool, "begin", _begin_sqlite)
        self._writing = self.pool.execution_options(writing=True)

    @contextmanager
    def reading(self, eyes: Eyes = MACHINE) -> Iterator[sa.Connection]:
        """One consistent picture; nothing is written."""
        with _reached(), self.pool.connect() as connection, connection.begin() as transaction:
            eyes.open(connection)
            yield connection
            transaction.rollback()

    @contextmanager
    def picture(self) -> Iterator[sa.Connection]:
        """All of it as it is at this moment, however long reading it takes. Nobody waits for it."""
        plain = {} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _reached(), self.pool.connect().execution_options(**plain) as connection, connection.begin() as transaction:
            Eyes(reads=MACHINE.reads).open(connection)
            yield connection
            transaction.rollback()

    @contextmanager
    def writing(self, eyes: Eyes = MACHINE) -> Iterator[sa.Connection]:
        """Everything or nothing. SQLite has one writer at a time: waiting for a lock here is cheaper than polling the file for it."""
        if self.sqlite:
            with _reached(), self._one_writer, self._writing.begin() as connection:
                yield connection
        else:
            with _reached(), self._writing.begin() as connection:
                eyes.open(connection)
                yield connection

    def give_back(self, tables: Iterable[str]) -> None:
        """After much was deleted: the space goes back to the machine, and no page or log of the database still holds what stood there.

        Who writes meanwhile waits. PostgreSQL rewrites these tables; its own write-ahead log and its standbys are the operator's."""
        raw = self.pool.raw_connection()
        try:
            driver: Any = raw.driver_connection
            if self.sqlite:
                with self._one_writer:
                    driver.execute("vacuum")
                    driver.execute("pragma wal_checkpoint(truncate)")
            else:
                driver.autocommit = True
                for table in tables:
                    driver.execute(f"vacuum full {self.pool.dialect.identifier_preparer.quote(table)}")   # allowed: raw-sql - names of our own tables
        finally:
            raw.invalidate()
            raw.close()

    def close(self) -> None:
        """Give all connections back."""
        self.pool.dispose()


def _prepare_sqlite(connection: Any, _record: Any, synchronous: str = "FULL") -> None:
    connection.isolation_level = None  # we begin transactions ourselves, below
    for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", f"busy_timeout={BUSY_SECONDS * 1000}", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")   # allowed: raw-sql - the driver's own connection, and the words of the line above


def _prepare_throw_away(connection: Any, record: Any) -> None:
    _prepare_sqlite(connection, record, synchronous="OFF")


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")  # a write lock taken late can be refused; taken first it waits
