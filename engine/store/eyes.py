"""Whose eyes a transaction has. PostgreSQL itself lets it read and write no more than that (docs/decisions/0017); SQLite takes no notice.

A transaction that says nothing sees no case. All of it is said for one transaction, and is gone with it."""
from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL, OF_A_PERSON = "*", "person"
READS, WRITES = "casereview.reads", "casereview.writes"


def _array(words: Iterable[str]) -> str:
    """As PostgreSQL writes an array of texts: JSON's strings are quoted as it wants them."""
    return "{" + json.dumps(sorted(words), ensure_ascii=False)[1:-1] + "}"


def _set(name: str, value: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.func.set_config(name, value, sa.true())


# Said in every transaction, so built once.
_OPEN = sa.select(*(_set(f"casereview.{name}", sa.bindparam(name, type_=sa.Text)) for name in ("reads", "writes", "person", "holders", "agencies", "may")))
_MAY_WRITE = sa.select(_set(WRITES, sa.func.current_setting(WRITES, sa.true()) + " " + sa.bindparam("case", type_=sa.Text)))
_NOW = sa.select(sa.func.current_setting(READS, sa.true()), sa.func.current_setting(WRITES, sa.true()))
_AGAIN = sa.select(_set(READS, sa.bindparam("reads", type_=sa.Text)), _set(WRITES, sa.bindparam("writes", type_=sa.Text)))


@dataclass(frozen=True)
class Eyes:
    """What a transaction may read, and before it holds a case, what it may write. The database itself looks up in which cases a person has business."""

    reads: str = ""     # every case, or those of this person
    writes: str = ""    # ids of cases, or every case
    person: str = ""
    holders: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()    # whose cases they see
    may: Iterable[str] = ()

    def open(self, db: sa.Connection) -> None:
        """This transaction has these eyes, until it ends."""
        if db.dialect.name == "postgresql":
            db.execute(_OPEN, {"reads": self.reads, "writes": self.writes, "person": self.person, "holders": _array(self.holders),
                               "agencies": _array(self.agencies), "may": " ".join(self.may)})


#: Those of whatever runs on the machine itself: the alarm clock, the post, backups, migrations, the command line.
MACHINE = Eyes(reads=ALL, writes=ALL)


def may_write(db: sa.Connection, case: str) -> None:
    """From here on this transaction may write what belongs to this case, too."""
    if db.dialect.name == "postgresql":
        db.execute(_MAY_WRITE, {"case": case})


@contextmanager
def everywhere(db: sa.Connection) -> Iterator[None]:
    """For the few statements that must reach cases the person does not see: what is looked up in here is not shown to them."""
    if db.dialect.name != "postgresql":
        yield
        return
    before = dict(zip(("reads", "writes"), db.execute(_NOW).one(), strict=True))
    db.execute(_AGAIN, {"reads": ALL, "writes": ALL})
    try:
        yield
    finally:
        with suppress(sa.exc.DBAPIError):    # the database has refused something: then nothing more is done in this transaction
            db.execute(_AGAIN, before)


def no_wall(db: sa.Connection) -> str | None:
    """Why the database would let a query read more than it should; None if it does not, or is not PostgreSQL."""
    if db.dialect.name != "postgresql":
        return None
    role, kind = sa.table("pg_roles", *map(sa.column, ("rolname", "rolsuper", "rolbypassrls"))), sa.table(
        "pg_class", *map(sa.column, ("oid", "relname", "relrowsecurity", "relforcerowsecurity")))
    if db.scalar(sa.select(sa.or_(role.c.rolsuper, role.c.rolbypassrls)).where(role.c.rolname == sa.func.current_user())):
        return "DATABASE_URL signs in with a role that row-level security does not hold: take SUPERUSER and BYPASSRLS from it (docs/operators.md)."
    guarded = [table.name for table in t.metadata.sorted_tables if "case_id" in table.c or table is t.cases]
    bare = db.scalars(sa.select(kind.c.relname).where(kind.c.oid.in_([sa.func.to_regclass(name) for name in guarded]),
                                                      sa.not_(sa.and_(kind.c.relrowsecurity, kind.c.relforcerowsecurity))).order_by(kind.c.relname)).all()
    return f"Row-level security has been switched off on: {', '.join(bare)} (docs/operators.md)." if bare else None
