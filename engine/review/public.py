"""What the public is shown. Asked by nobody in particular; nothing here touches a case."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.rules.periods import Period, after
from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.look import Look


@dataclass(frozen=True)
class PublicFile:
    """A file of an entry; `content` only where it was asked for."""

    name: str
    title: str
    file_name: str
    kind: str
    size: int
    digest: str
    content: bytes | None = None


@dataclass(frozen=True)
class Entry:
    """One published review."""

    reference: str
    title: str
    summary: str
    published_on: date
    changed_at: datetime
    changed_on: date | None     # when it was last replaced, if it was
    stays_until: date           # at least
    taken_down_on: date | None
    files: list[PublicFile]


def entries(look: Look, words: str = "") -> list[Entry]:
    """Everything ever published, newest first; with `words`, what has all of them in its title, summary or reference."""
    p = t.published
    wanted = words.casefold().split()[:20]
    rows = look.db.execute(sa.select(p).order_by(p.c.published_at.desc(), p.c.reference)).all()
    return [_entry(look, row) for row in rows if all(word in f"{row.reference} {row.title} {row.summary}".casefold() for word in wanted)]


def entry(look: Look, reference: str) -> Entry:
    """One of them."""
    p = t.published
    row = look.db.execute(sa.select(p).where(p.c.reference == reference)).one_or_none()
    if row is None:
        raise NotFound
    return _entry(look, row, with_files=True)


def public_file(look: Look, reference: str, name: str) -> PublicFile:
    """A file that has not been taken down."""
    f = t.published_files
    row = look.db.execute(sa.select(f).where(f.c.reference == reference, f.c.name == name, f.c.content.is_not(None))).one_or_none()
    if row is None:
        raise NotFound
    return PublicFile(row.name, row.title, row.file_name, row.kind, row.size, row.digest, row.content)


def _entry(look: Look, row: Any, *, with_files: bool = False) -> Entry:
    zone, f = look.settings.board.timezone, t.published_files
    first, changed = row.published_at.astimezone(zone).date(), row.changed_at.astimezone(zone).date()
    files = look.db.execute(sa.select(f.c.name, f.c.title, f.c.file_name, f.c.kind, f.c.size, f.c.digest).where(
        f.c.reference == row.reference).order_by(f.c.place)).all() if with_files else []
    return Entry(
        reference=row.reference, title=row.title, summary=row.summary, published_on=first, changed_at=row.changed_at,
        changed_on=changed if changed != first and row.taken_down_at is None else None,
        stays_until=after(Period(12, "month"), first, look.settings.board.calendar),
        taken_down_on=row.taken_down_at.astimezone(zone).date() if row.taken_down_at else None,
        files=[PublicFile(one.name, one.title, one.file_name, one.kind, one.size, one.digest) for one in files])
