"""Whether a chain of the trail is as it was written: its first bad row, and in words what happened to it; and what it says was written.

It is read once, row by row, so that a long one takes no more memory than a short one."""
from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.chain import BEGINNING, link_of, older_rows, on_chain
from engine.store.erasing import CONTENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from engine.store.chain import Chain, Head
    from engine.store.written import Place

#: How far ahead one looks for the row that belongs where another stands.
LOOK_AHEAD = 200
_ROWS_AT_A_TIME = 500
_ERASED = frozenset(table.name for table in CONTENT)
PUT_IN = "This row was put into the trail from outside the program."


@dataclass(frozen=True)
class Bad:
    """The first row of a chain that is not what was written."""

    row: str
    says: str


@dataclass
class Followed:
    """A chain that was followed to its end: whether it is whole, how many rows it has, and what should stand where by what it says."""

    bad: Bad | None = None
    rows: int = 0
    stands: dict[Place, str] = field(default_factory=dict)


def follow(db: sa.Connection, chain: Chain, case: str | None, head: Head | None, covered: tuple[int, str] | None) -> Followed:
    """This chain, from its first row to its head. `covered`: the newest number of it whose link stands on the chain of the house, too."""
    found = Followed()
    rows = _heard(db.execute(_rows(case)), found)
    found.bad = _first_bad(db, chain, case, head, covered, rows)
    for _ in rows:
        pass    # what is behind the first bad row still says what was written
    return found


def ever_said(db: sa.Connection, case: str | None, places: Collection[Place]) -> dict[Place, list[str | None]]:
    """Everything that was ever said of these places, oldest first."""
    said: dict[Place, list[str | None]] = {place: [] for place in places}
    for row in db.execute(_rows(case)) if places else ():
        if row.event == "case_erased":
            for place in (place for place in said if place[0] in _ERASED):
                said[place].append(None)
        for table, key, column, print_ in _wrote(row):
            if (table, key, column) in said:
                said[table, key, column].append(print_)
    return said


def _rows(case: str | None) -> sa.Select[Any]:
    numbered = sa.select(t.trail).where(on_chain(case), t.trail.c.number.is_not(None)).order_by(t.trail.c.number, t.trail.c.id)
    return numbered.execution_options(yield_per=_ROWS_AT_A_TIME)


def _wrote(row: Any) -> list[list[Any]]:
    return [] if row.event == "head_sent" else row.sealed or []    # there it stands how far other chains go


def _heard(rows: sa.CursorResult[Any], found: Followed) -> Iterator[Any]:
    """These rows, while what they say of the database is noted."""
    for row in rows:
        found.rows += 1
        if row.event == "case_erased":
            found.stands = {place: print_ for place, print_ in found.stands.items() if place[0] not in _ERASED}
        for table, key, column, print_ in _wrote(row):
            if print_ is None:
                found.stands.pop((table, key, column), None)
            else:
                found.stands[table, key, column] = print_
        yield row


def _first_bad(db: sa.Connection, chain: Chain, case: str | None, head: Head | None, covered: tuple[int, str] | None, rows: Iterator[Any]) -> Bad | None:
    k = t.trail.c
    if head is None:
        last = db.scalar(sa.select(sa.func.coalesce(sa.func.max(sa.case((k.number.is_(None), k.id))), sa.func.max(k.id))).where(on_chain(case)))
        return Bad(str(last or "none"), "The head of this trail is gone: it was taken away outside the program.")
    older = db.scalar(sa.select(sa.func.count()).where(on_chain(case), k.number.is_(None))) or 0
    state, before = chain.begun(case, db.execute(older_rows(case).execution_options(yield_per=_ROWS_AT_A_TIME)) if older else ()), None
    put_back = out_of_order = None
    number = 0
    for row in rows:
        if before is None and (late := db.scalar(sa.select(sa.func.min(k.id)).where(on_chain(case), k.number.is_(None), k.id > row.id))):
            return Bad(str(late), PUT_IN)
        fits = chain.after(state, number + 1, said(row))
        if row.number > head.number and number == head.number:
            return Bad(str(row.id), PUT_IN)
        if row.number != number + 1 or link_of(fits) != row.link:
            return _why(chain, state, number + 1, [row, *islice(rows, LOOK_AHEAD)], older)
        state, number = fits, number + 1
        if covered and number == covered[0] and not row.link.startswith(covered[1][:BEGINNING]):
            put_back = number
        if before and row.id < before.id:
            out_of_order = out_of_order or str(row.id)
        before = row
    name = str(before.id) if before else "none"
    if covered and covered[0] > number:
        put_back = covered[0]
    return _ends(name, number, head, state) or _covers(name, put_back) or _in_order(out_of_order)


def said(row: Any) -> dict[str, Any]:
    """A row of the trail as the chain reads it."""
    return {"at": row.at, "actor": row.actor, "case_id": row.case_id, "event": row.event, "details": row.details, "sealed": row.sealed}


def _why(chain: Chain, state: str, number: int, rest: Sequence[Any], older: int) -> Bad:
    """What happened at this number: a row put in, gone, in another place, or changed."""
    row = rest[0]

    def belongs(other: Any, at: str, place: int) -> bool:
        return bool(link_of(chain.after(at, place, said(other))) == other.link)

    other = next((one for one in islice(rest, 1, LOOK_AHEAD) if belongs(one, state, number)), None)
    if other is not None:
        after = chain.after(state, number, said(other))
        if row.number == number and any(belongs(one, after, number + 1) for one in rest[:2] if one is not other) and not belongs(row, after, number + 1):
            return Bad(str(row.id), PUT_IN)
        moved = any(belongs(row, chain.after(after, number + 1, said(one)), number + 2) for one in rest[1:3]) or belongs(row, after, number + 1)
        return Bad(str(row.id), f"This row stands at number {row.number} of its trail, where row {other.id} belongs: rows were put in another order."
                   if moved else PUT_IN)
    if row.number > number:
        gone = f"Number {number} of this trail is gone" if row.number == number + 1 else f"Numbers {number} to {row.number - 1} of this trail are gone"
        return Bad(str(row.id), f"{gone}: deleted outside the program, just before this row.")
    if number == 1 and older:
        return Bad(str(row.id), f"This row, or one of the {older} from before there were chains, was changed, deleted or put in outside the program.")
    return Bad(str(row.id), "This row is not what was written: it was changed outside the program, or the one before it was taken out.")


def _ends(name: str, rows: int, head: Head, state: str) -> Bad | None:
    if head.number > rows:
        return Bad(name, f"This trail ends here, at number {rows}, and had {head.number}: its newest rows were deleted outside the program.")
    if head.state != state:
        return Bad(name, "The head of this trail does not belong to its last row: one of the two was changed outside the program.")
    return None


def _covers(name: str, number: int | None) -> Bad | None:
    """A trail that was put back to an older state is whole in itself; what the house wrote down of it meanwhile is not there."""
    return Bad(name, f"This trail had a number {number} that is not there any more: it was put back to an older state outside the program.") if number else None


def _in_order(row: str | None) -> Bad | None:
    """People read the trail by its ids: they rise as the numbers do."""
    return Bad(row, "This row has another id than it was written with: people would read it in another place.") if row else None
