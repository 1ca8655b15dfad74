"""Whether everything that is stored is what was written, where it was written, and can still be read."""
from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.feel import DataError
from engine.progress.looking import Looking
from engine.spiff import Process, Unreadable
from engine.store import tables as t
from engine.store.chain import HOUSE, Head, is_wide, on_chain, sent_heads
from engine.store.checking import PUT_IN, ever_said, follow
from engine.store.sealing import Broken
from engine.store.written import EVERYTHING, SEALED, WHOLE, WIDER, few_at_a_time, standing
from engine.work import case_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what of it is not as it should be, the first of each trail before all others of it."""

    rows: int    # of all trails
    chains: int
    broke: tuple[Broke, ...]


def verify(look: Look, head: str | None = None) -> list[Broke]:
    """What is not as it should be; nobody reads what is. `head`: the one that a mail told, to be found again."""
    return [*verified(look).broke, *(_sent(look, head) if head else ())]


def verified(look: Look) -> Verified:
    """Every trail followed from its first row to its head; every sealed row opened; what stands there held against what the trail says was written;
    every newest state resumed."""
    check = _Check(look)
    erased = set(look.db.scalars(sa.select(t.trail.c.case_id).where(t.trail.c.event == "case_erased")))
    for case in look.db.scalars(sa.select(t.cases.c.id).order_by(t.cases.c.reference)).all():
        check.case(look.db.execute(sa.select(t.cases).where(t.cases.c.id == case)).one(), erased=case in erased)
    check.house()
    return Verified(check.rows, check.chains, tuple(check.found))


class _Check:
    """One look through all there is, case by case: no more of it is held at a time than one case has places."""

    def __init__(self, look: Look) -> None:
        self.look, self.found = look, list[Broke]()
        self.rows = self.chains = 0
        at = look.db.execute(sa.select(t.heads).where(t.heads.c.chain == HOUSE)).first()
        self.head = Head(at.trail_number, at.trail_state) if at else None
        self.covered = sent_heads(look.db)
        self.among = EVERYTHING if is_wide(look.db) else EVERYTHING - WIDER

    def case(self, row: Any, *, erased: bool) -> None:
        """One case: its trail, its key, all that is sealed, its process."""
        look, head = self.look, Head(row.trail_number, row.trail_state) if row.trail_state else None
        stands = self._trail(row.id, row.reference, head, self.covered.pop(row.id, None))
        if (row.key is None) != erased:
            self.found.append(Broke("cases", row.id, row.reference, KEY_BACK if erased else KEY_GONE))
        shut: list[Broke] = []
        if row.key is not None:
            try:
                case = case_of(row, look.vault, look.shelf.pack(look.db, row.release), look.shelf.program(look.db, row.release))
            except Broken as broken:
                self.found.append(Broke("cases", row.id, row.reference, str(broken)))
                return
            shut = [Broke(table, name, case.reference, says) for table, name, says in _what_does_not_open(_sealed(look, case))]
        self.found += shut
        self._as_written(row.id, row.reference, stands, shut)

    def house(self) -> None:
        """What belongs to no case, and the cases that are not there any more."""
        self.found += [Broke("cases", case, "no case", "This case had a trail, and is gone with all of it.") for case in self.covered]
        stands = self._trail(None, "no case", self.head, None) if self.head or _linked(self.look) else None
        shut = [Broke(table, name, "no case", says) for table, name, says in _what_does_not_open(_of_no_case(self.look))]
        self.found += shut
        self._as_written(None, "no case", stands, shut)

    def _trail(self, case: str | None, reference: str, head: Head | None, covered: tuple[int, str] | None) -> dict[Place, str] | None:
        """What stands where by what this trail says; none while nothing is on it that says so."""
        if head is None and self.head is None and case:
            return None
        followed = follow(self.look.db, self.look.chain, case, head, covered)
        self.rows, self.chains = self.rows + followed.rows, self.chains + 1
        if followed.bad:
            self.found.append(Broke("trail", followed.bad.row, reference, followed.bad.says))
        return followed.stands if head else None

    def _as_written(self, case: str | None, reference: str, stands: dict[Place, str] | None, shut: list[Broke]) -> None:
        """What was put back to an earlier value, swapped, taken away, or put in, though it opens. What does not open is named already."""
        if stands is None:
            return
        named = {(one.table, one.row) for one in shut}
        other = {place: print_ for place, print_ in standing(self.look.db, case, self.among)
                 if stands.pop(place, None) != print_ and (place[0], _name(place)) not in named}
        for place, said in ever_said(self.look.db, case, other.keys()).items():
            self.found.append(Broke(place[0], _name(place), reference, _says(place, said, other[place])))
        for place in (place for place in stands if place[0] in self.among):
            self.found.append(Broke(place[0], _name(place), reference, f"{_what(place)} was removed outside the program."))


def _linked(look: Look) -> bool:
    """Whether this database has chains at all: one that was just brought up to date has none until something is written."""
    return look.db.scalar(sa.select(t.trail.c.id).where(t.trail.c.link.is_not(None)).limit(1)) is not None


def _sent(look: Look, link: str) -> list[Broke]:
    """Nothing, if the head that a mail told is still on the chain of the house: then so is all that it covers."""
    held = look.db.scalar(sa.select(t.trail.c.id).where(on_chain(None), t.trail.c.event == "head_sent", t.trail.c.link == link))
    return [] if held is not None else [Broke("heads", HOUSE, "no case", (
        "The head that was sent out is not in this database: it was put back to a state from before that head, or is another database."))]


def _name(place: Place) -> str:
    table, row, _ = place
    return f"version {row}" if table == "steps" else row


def _says(place: Place, told: list[str | None], stands: str) -> str:
    table, _, column = place
    if not told or told[-1] is None:
        return PUT_IN.replace("the trail", table) if not told and table not in SEALED and column == WHOLE else (
            f"{_what(place)} was put in from outside the program: its trail says that nothing stands here.")
    if stands in told:
        return f"{_what(place)} was put back to what stood there before, outside the program."
    return f"{_what(place)} was changed outside the program."


def _what(place: Place) -> str:
    table, _, column = place
    if table == "offers":
        return "To whom this task is offered"
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
    """What was begun and is no case yet, what people show who they are with, and mails of no case."""
    for row in look.db.execute(sa.select(t.drafts).where(t.drafts.c.case_id.is_(None))):
        yield "drafts", row.id, partial(_open_draft, look, row)
    for row in look.db.execute(sa.select(t.deputies)):
        yield "deputies", row.id, partial(look.vault.open, row.reason, "deputies", row.id)
    for row in look.db.execute(sa.select(t.factors)):
        yield "factors", row.id, partial(look.vault.open, row.secret, "factors", row.id, "secret", row.person, row.kind)
    for row in look.db.execute(sa.select(t.approvals)):
        yield "approvals", row.id, partial(look.vault.open, row.details, "approvals", row.id)
        if row.reason is not None:
            yield "approvals", row.id, partial(look.vault.open, row.reason, "approvals", row.id, "reason")
    for row in look.db.execute(sa.select(t.outbox).where(t.outbox.c.case_id.is_(None))):
        yield "outbox", row.id, partial(look.vault.open, row.mail, "", "outbox", row.id)


def _open_draft(look: Look, row: Any) -> None:
    look.vault.unwrap(row.key, "drafts", row.id).open(row.answers, "drafts", row.id)


def _open_step(look: Look, case: Case, row: Any) -> None:
    state = case.key.open(row.state, case.id, "steps", row.version)
    if row.version == case.version:
        Process.resume(case.program, state, Looking(look, case))


def _rows(look: Look, case: Case, table: sa.Table) -> Iterator[Any]:
    yield from look.db.execute(few_at_a_time(table, sa.select(table).where(table.c.case_id == case.id)))
