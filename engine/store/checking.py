"""Whether a chain of the trail is as it was written: its first bad row, and in words what happened to it."""
from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.chain import link_of, older_rows, on_chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.store.chain import Chain, Head

#: How far ahead one looks for the row that belongs where another stands.
LOOK_AHEAD = 200


@dataclass(frozen=True)
class Bad:
    """The first row of a chain that is not what was written."""

    row: str
    says: str


def first_bad(db: sa.Connection, chain: Chain, case: str | None, head: Head | None, covered: Mapping[int, str]) -> Bad | None:
    """The first bad row of this chain; none if it is whole. `covered`: numbers whose links stand on the chain of the house, too."""
    older = list(db.execute(older_rows(case)))
    query = sa.select(t.trail).where(on_chain(case), t.trail.c.number.is_not(None)).order_by(t.trail.c.number, t.trail.c.id)
    rows = list(db.execute(query))
    if head is None:
        return Bad(str((older or rows)[-1].id), "The head of this trail is gone: it was taken away outside the program.")
    if rows and (late := next((row for row in older if row.id > rows[0].id), None)):
        return Bad(str(late.id), PUT_IN)
    state, last = chain.begun(case, older), 0
    for at, row in enumerate(rows):
        number = last + 1
        fits = chain.after(state, number, said(row))
        if row.number > head.number and at == head.number:
            return Bad(str(row.id), PUT_IN)
        if row.number != number or link_of(fits) != row.link:
            return _why(chain, state, number, rows[at:], older)
        state, last = fits, number
    return _ends(rows, head, state) or _covers(rows, covered) or _in_order(rows)


PUT_IN = "This row was put into the trail from outside the program."


def said(row: Any) -> dict[str, Any]:
    """A row of the trail as the chain reads it."""
    return {"at": row.at, "actor": row.actor, "case_id": row.case_id, "event": row.event, "details": row.details, "sealed": row.sealed}


def _why(chain: Chain, state: str, number: int, rest: Sequence[Any], older: Sequence[Any]) -> Bad:
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
        return Bad(str(row.id), f"This row, or one of the {len(older)} from before there were chains, was changed, deleted or put in outside the program.")
    return Bad(str(row.id), "This row is not what was written: it was changed outside the program, or the one before it was taken out.")


def _ends(rows: Sequence[Any], head: Head, state: str) -> Bad | None:
    last = rows[-1] if rows else None
    name = str(last.id) if last else "none"
    if head.number > len(rows):
        return Bad(name, f"This trail ends here, at number {len(rows)}, and had {head.number}: its newest rows were deleted outside the program.")
    if head.state != state:
        return Bad(name, "The head of this trail does not belong to its last row: one of the two was changed outside the program.")
    return None


def _covers(rows: Sequence[Any], covered: Mapping[int, str]) -> Bad | None:
    """A trail that was put back to an older state is whole in itself; what the house wrote down of it meanwhile is not there."""
    for number, link in covered.items():
        if number > len(rows) or not rows[number - 1].link.startswith(link):
            return Bad(str(rows[-1].id) if rows else "none",
                       f"This trail had a number {number} that is not there any more: it was put back to an older state outside the program.")
    return None


def _in_order(rows: Sequence[Any]) -> Bad | None:
    """People read the trail by its ids: they rise as the numbers do."""
    wrong = next((later for earlier, later in pairwise(rows) if later.id < earlier.id), None)
    return Bad(str(wrong.id), "This row has another id than it was written with: people would read it in another place.") if wrong is not None else None
