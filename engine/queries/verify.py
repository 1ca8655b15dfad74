"""Whether everything that is stored can still be read, and is where it was written."""
from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.feel import DataError
from engine.progress.looking import Looking
from engine.spiff import Process, Unreadable
from engine.store import tables as t
from engine.store.sealing import Broken
from engine.work import case_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.look import Look
    from engine.work import Case


@dataclass(frozen=True)
class Broke:
    """A row that does not open."""

    table: str
    row: str
    reference: str
    says: str


def verify(look: Look) -> list[Broke]:
    """Every sealed row of every case, opened; every newest state, resumed. Gives what does not open; nobody reads what does."""
    found: list[Broke] = []
    for row in look.db.execute(sa.select(t.cases).where(t.cases.c.key.is_not(None)).order_by(t.cases.c.reference)).all():
        try:
            case = case_of(row, look.vault, look.shelf.pack(look.db, row.release), look.shelf.program(look.db, row.release))
        except Broken as broken:
            found.append(Broke("cases", row.id, row.reference, str(broken)))
            continue
        found += [Broke(table, name, case.reference, says) for table, name, says in _what_does_not_open(_sealed(look, case))]
    return found + [Broke(table, name, "no case", says) for table, name, says in _what_does_not_open(_of_no_case(look))]


def _what_does_not_open(rows: Iterator[tuple[str, str, Callable[[], Any]]]) -> Iterator[tuple[str, str, str]]:
    for table, row, opening in rows:
        try:
            opening()
        except (Broken, Unreadable, DataError) as broken:
            yield table, row, str(broken)


def _sealed(look: Look, case: Case) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Each sealed value with the way to open it."""
    for row in _rows(look, case, t.steps):
        yield "steps", f"version {row.version}", partial(_open_step, look, case, row)
    for table, column in ((t.submissions, "answers"), (t.register_rows, "row"), (t.drafts, "answers")):
        for row in _rows(look, case, table):
            yield table.name, row.id, partial(case.open, getattr(row, column), table.name, row.id)
    for table, columns in ((t.submissions, ("reason", "seen")), (t.corrections, ("before", "reason")), (t.readings, ("seen",)), (t.unsettled, ("note",))):
        for row in _rows(look, case, table):
            for column in columns:
                if getattr(row, column) is not None:
                    yield table.name, row.id, partial(case.open, getattr(row, column), table.name, row.id, column)
    for row in _rows(look, case, t.documents):
        yield "documents", row.id, partial(case.key.open, row.content, case.id, "documents", row.id, "content")
        yield "documents", row.id, partial(case.open, row.name, "documents", row.id, "name")
        if row.digest:
            yield "documents", row.id, partial(case.open, row.digest, "documents", row.id, "digest")
    for row in _rows(look, case, t.outbox):
        yield "outbox", row.id, partial(case.key.open, row.mail, case.id, "outbox", row.id)


def _of_no_case(look: Look) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """What was begun and is no case yet, and mails of no case."""
    for row in look.db.execute(sa.select(t.drafts).where(t.drafts.c.case_id.is_(None))).all():
        yield "drafts", row.id, partial(_open_draft, look, row)
    for row in look.db.execute(sa.select(t.deputies)).all():
        yield "deputies", row.id, partial(look.vault.open, row.reason, "deputies", row.id)
    for row in look.db.execute(sa.select(t.outbox).where(t.outbox.c.case_id.is_(None))).all():
        yield "outbox", row.id, partial(look.vault.open, row.mail, "", "outbox", row.id)


def _open_draft(look: Look, row: Any) -> None:
    look.vault.unwrap(row.key, "drafts", row.id).open(row.answers, "drafts", row.id)


def _open_step(look: Look, case: Case, row: Any) -> None:
    state = case.key.open(row.state, case.id, "steps", row.version)
    if row.version == case.version:
        Process.resume(case.program, state, Looking(look, case))


def _rows(look: Look, case: Case, table: sa.Table) -> list[Any]:
    return list(look.db.execute(sa.select(table).where(table.c.case_id == case.id)))
