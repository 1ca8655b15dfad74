"""Whether everything that is stored is what was written, where it was written, and can still be read."""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.feel import DataError
from engine.progress.looking import Looking
from engine.spiff import Process, Unreadable
from engine.store import tables as t
from engine.store.chain import HOUSE, Head, on_chain, sent_heads
from engine.store.checking import PUT_IN, first_bad
from engine.store.sealing import Broken
from engine.store.written import RIGHTS, WHOLE, standing
from engine.work import case_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from engine.look import Look
    from engine.store.written import Place
    from engine.work import Case


KEY_GONE = "The key of this case was destroyed outside the program: its trail does not say that it was erased."
KEY_BACK = "This case was erased, and its key was put back outside the program."


@dataclass(frozen=True)
class Broke:
    """A row that is not what was written there."""

    table: str
    row: str
    reference: str
    says: str


def verify(look: Look, head: str | None = None) -> list[Broke]:
    """Every trail followed from its first row to its head; every sealed row opened; what stands there held against what the trail says was written;
    every newest state resumed. `head`: the one that a mail told, to be found again. Gives what is not as it should be; nobody reads what is."""
    found: list[Broke] = []
    at = look.db.execute(sa.select(t.heads).where(t.heads.c.chain == HOUSE)).first()
    house = Head(at.trail_number, at.trail_state) if at else None
    covered = sent_heads(look.db)
    erased = set(look.db.scalars(sa.select(t.trail.c.case_id).where(t.trail.c.event == "case_erased")))
    for row in look.db.execute(sa.select(t.cases).order_by(t.cases.c.reference)).all():
        chain = Head(row.trail_number, row.trail_state) if row.trail_state else None
        if chain or house:
            found += _trail(look, row.id, row.reference, chain, covered.pop(row.id, {}))
        if (row.key is None) != (row.id in erased):
            found.append(Broke("cases", row.id, row.reference, KEY_BACK if row.id in erased else KEY_GONE))
        if row.key is None:
            found += _not_as_written(look, row.id, row.reference, chain, [])
            continue
        try:
            case = case_of(row, look.vault, look.shelf.pack(look.db, row.release), look.shelf.program(look.db, row.release))
        except Broken as broken:
            found.append(Broke("cases", row.id, row.reference, str(broken)))
            continue
        shut = [Broke(table, name, case.reference, says) for table, name, says in _what_does_not_open(_sealed(look, case))]
        found += shut + _not_as_written(look, row.id, row.reference, chain, shut)
    found += [Broke("cases", case, "no case", "This case had a trail, and is gone with all of it.") for case in covered]
    if house or _linked(look):
        found += _trail(look, None, "no case", house, {})
    shut = [Broke(table, name, "no case", says) for table, name, says in _what_does_not_open(_of_no_case(look))]
    return found + shut + _not_as_written(look, None, "no case", house, shut) + (_sent(look, head) if head else [])


def _linked(look: Look) -> bool:
    """Whether this database has chains at all: one that was just brought up to date has none until something is written."""
    return look.db.scalar(sa.select(t.trail.c.id).where(t.trail.c.link.is_not(None)).limit(1)) is not None


def _trail(look: Look, case: str | None, reference: str, head: Head | None, covered: Mapping[int, str]) -> list[Broke]:
    bad = first_bad(look.db, look.chain, case, head, covered)
    return [Broke("trail", bad.row, reference, bad.says)] if bad else []


def _sent(look: Look, link: str) -> list[Broke]:
    """Nothing, if the head that a mail told is still on the chain of the house: then so is all that it covers."""
    held = look.db.scalar(sa.select(t.trail.c.id).where(on_chain(None), t.trail.c.event == "head_sent", t.trail.c.link == link))
    return [] if held is not None else [Broke("heads", HOUSE, "no case", (
        "The head that was sent out is not in this database: it was put back to a state from before that head, or is another database."))]


def _not_as_written(look: Look, case: str | None, reference: str, head: Head | None, shut: list[Broke]) -> list[Broke]:
    """What was put back to an earlier value, swapped, taken away, or put in, though it opens. What does not open is named already."""
    if head is None:    # nothing on its trail yet says what was written
        return []
    written: dict[Place, list[str | None]] = defaultdict(list)
    rows = look.db.execute(sa.select(t.trail.c.event, t.trail.c.sealed).where(
        on_chain(case), t.trail.c.number.is_not(None), t.trail.c.event != "head_sent").order_by(t.trail.c.number))
    for event, sealed in rows:
        for told in (told for (table, *_), told in written.items() if event == "case_erased" and table not in RIGHTS):
            told.append(None)
        for table, row, column, print_ in sealed or ():
            written[table, row, column].append(print_)
    named = {(one.table, one.row) for one in shut}
    found = []
    for (table, row, column), print_ in standing(look.db, case):
        told = written.pop((table, row, column), [None])
        name = f"version {row}" if table == "steps" else row
        if told[-1] != print_ and (table, name) not in named:
            found.append(Broke(table, name, reference, _says(table, column, told, print_)))
    for (table, row, column), told in written.items():
        if told[-1] is not None:
            found.append(Broke(table, f"version {row}" if table == "steps" else row, reference, f"{_what(column)} was removed outside the program."))
    return found


def _says(table: str, column: str, told: list[str | None], stands: str) -> str:
    if told[-1] is None:
        return PUT_IN.replace("the trail", table) if told == [None] and table in RIGHTS and column == WHOLE else (
            f"{_what(column)} was put in from outside the program: its trail says that nothing stands here.")
    if stands in told:
        return f"{_what(column)} was put back to what stood there before, outside the program."
    return f"{_what(column)} was changed outside the program."


def _what(column: str) -> str:
    return "This row" if column == WHOLE else f"The value in {column}"


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
    for table, columns in ((t.submissions, ("reason", "seen")), (t.corrections, ("before", "reason")), (t.readings, ("seen",)), (t.unsettled, ("note",)),
                           (t.legal_holds, ("reason", "why_lifted"))):
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
    for row in look.db.execute(sa.select(t.approvals)).all():
        yield "approvals", row.id, partial(look.vault.open, row.details, "approvals", row.id)
        if row.reason is not None:
            yield "approvals", row.id, partial(look.vault.open, row.reason, "approvals", row.id, "reason")
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
