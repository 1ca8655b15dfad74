"""The trail as a chain: the only place that writes it.

Each case has a chain of its own, and what belongs to no case is on the chain of the house. A row carries its number there and a link. Behind the
links is a state: HMAC-SHA-256 over the state before and everything the row says, under a key derived from the master key, which is not in the
database. The row shows the SHA-256 of its state; only the newest state itself is kept, in the head (`cases.trail_state`, `heads`). So who can write
to the database can neither make a link nor, having cut rows off, set the head back to one they have not seen (docs/decisions/0013).

The head is locked before a row is written, heads of cases in the order of their ids and the house's last: two at once never make two rows of one number."""
from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import events
from engine.store import tables as t
from engine.store.eyes import everywhere
from engine.store.sealing import Broken
from engine.store.written import WIDER, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from engine.store.written import Place

HOUSE = "house"
#: Stands on the chain of the house, on its first row or on one `trail_widened`: trails say of all that `store.written` knows what was written.
WIDE = ("heads", HOUSE, "wide")
BEGINNING = 32    # so much of a case's link stands on the chain of the house when a head is sent out
Row = dict[str, Any]    # at, actor, case_id, event, details; and sealed, where it wrote something
_HEAD = sa.select(t.cases.c.trail_number, t.cases.c.trail_state).where(t.cases.c.id == sa.bindparam("case")).with_for_update()
_HEAD_ON = sa.update(t.cases).where(t.cases.c.id == sa.bindparam("this"))
_HOUSE = sa.select(t.heads.c.trail_number, t.heads.c.trail_state).where(t.heads.c.chain == HOUSE).with_for_update()
_HOUSE_ON = sa.update(t.heads).where(t.heads.c.chain == HOUSE)


@dataclass(frozen=True)
class Head:
    """How far a chain goes, and the state behind its last link."""

    number: int
    state: str


class Chain:
    """Makes states and links with a key that the database does not hold."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def begun(self, case: str | None, older: Iterable[Any] = ()) -> str:
        """The state before the first row. It covers the rows that were written before there were chains."""
        state = self._mac("", ["begun", case])
        for row in older:
            state = self._mac(state, ["older", row.id, _moment(row.at), row.actor, row.event, row.details])
        return state

    def after(self, state: str, number: int, row: Mapping[str, Any]) -> str:
        """The state once this row stands at this number."""
        return self._mac(state, [row["case_id"], number, _moment(row["at"]), row["actor"], row["event"], row["details"], row.get("sealed")])

    def write(self, db: sa.Connection, rows: Iterable[Row], wrote: Mapping[tuple[str | None, Place], str | None] | None = None,
              held: Mapping[str, Head] | None = None) -> dict[str, Head]:
        """Write these rows, with the fingerprints of what their deed `wrote` (none: removed) on the first of each chain; each has one then.

        `held` are the heads of cases whose rows the caller has locked: their new heads are given back for the caller to write. All others are
        locked here, and their heads written."""
        prints: dict[str | None, list[list[str | None]]] = {}
        for (case, place), print_ in (wrote or {}).items():
            prints.setdefault(case, []).append([*place, print_])
        waiting: dict[str | None, list[Row]] = {}
        for row in rows:
            waiting.setdefault(row["case_id"], []).append({**row, "sealed": prints.pop(row["case_id"], None)})
        given: dict[str, Head] = {}
        ready: list[Row] = []
        for case in sorted(waiting, key=lambda case: (case is None, case or "")):
            mine = (held or {}).get(case or "")
            head = mine or self._locked(db, case, waiting[case][0]["at"])
            if case is None and head.number == 0:    # nothing stands yet that it would not say
                waiting[case][0]["sealed"] = [*(waiting[case][0]["sealed"] or ()), [*WIDE, "1"]]
            for row in waiting[case]:
                head = Head(head.number + 1, self.after(head.state, head.number + 1, row))
                ready.append({**row, "number": head.number, "link": link_of(head.state)})
            if mine and case:
                given[case] = head
            else:
                _keep(db, case, head)
        if ready:
            db.execute(sa.insert(t.trail), ready)
        return given

    def begin(self, db: sa.Connection, now: datetime) -> None:
        """Put on chains whatever was written before there were any: once in the life of a database, all of it together."""
        if db.execute(_HOUSE).first() is not None:
            return
        _make_house(db)
        if db.execute(_HOUSE).one().trail_state is not None:    # another did so at the same moment
            return
        with everywhere(db):    # whoever comes first, it is all of it
            for case in [*db.scalars(sa.select(t.cases.c.id).where(t.cases.c.trail_state.is_(None)).order_by(t.cases.c.id)), None]:
                _keep(db, case, self._begin(db, case, now))

    def widen(self, db: sa.Connection, now: datetime) -> None:
        """Once after an upgrade, all of it together: say on trails that an earlier release began what stands there that they say nothing of."""
        self.begin(db, now)
        lock_house(db)
        if is_wide(db):    # another did so at the same moment
            return
        for case in [*db.scalars(sa.select(t.cases.c.id).order_by(t.cases.c.id)), None]:
            prints: dict[tuple[str | None, Place], str | None] = {(case, place): print_ for place, print_ in standing(db, case, WIDER)}
            row = {"at": now, "actor": None, "case_id": case, "event": "trail_widened", "details": events.checked("trail_widened", {"rows": len(prints)})}
            self.write(db, [row], prints if case else prints | {(None, WIDE): "1"})

    def _locked(self, db: sa.Connection, case: str | None, now: datetime) -> Head:
        query, which = (_HEAD, {"case": case}) if case else (_HOUSE, {})
        found = db.execute(query, which).first()
        if found is None or found.trail_state is None:
            self.begin(db, now)
            found = db.execute(query, which).first()
        if found is None or found.trail_state is None:
            raise Broken
        return Head(found.trail_number, found.trail_state)

    def _begin(self, db: sa.Connection, case: str | None, now: datetime) -> Head:
        """The first link covers every older row, and the first row says what stands there now: from then on both are protected."""
        older = list(db.execute(older_rows(case)))
        state = self.begun(case, older)
        if not older:
            return Head(0, state)
        row = {"at": now, "actor": None, "case_id": case, "event": "trail_linked", "details": events.checked("trail_linked", {"rows": len(older)}),
               "sealed": [[*place, print_] for place, print_ in standing(db, case)] + [[*WIDE, "1"]] * (case is None)}
        head = Head(1, self.after(state, 1, row))
        db.execute(sa.insert(t.trail), {**row, "number": 1, "link": link_of(head.state)})
        return head

    def _mac(self, state: str, says: list[Any]) -> str:
        return hmac.new(self._key, f"{state}\n{json.dumps(says, sort_keys=True, separators=(',', ':'))}".encode(), hashlib.sha256).hexdigest()


def link_of(state: str) -> str:
    """What a row shows of its state."""
    return hashlib.sha256(state.encode()).hexdigest()


def older_rows(case: str | None) -> sa.Select[Any]:
    """The rows of this case, or of none, that were written before there were chains."""
    return sa.select(t.trail).where(on_chain(case), t.trail.c.number.is_(None)).order_by(t.trail.c.id)


def on_chain(case: str | None) -> sa.ColumnElement[bool]:
    """Rows of this case, or of none."""
    return t.trail.c.case_id == case if case else t.trail.c.case_id.is_(None)


def is_wide(db: sa.Connection) -> bool:
    """Whether trails say of everything what was written: those that an earlier release began do not until they were widened."""
    for which in (t.trail.c.number == 1, t.trail.c.event == "trail_widened"):
        for wrote in db.scalars(sa.select(t.trail.c.sealed).where(on_chain(None), t.trail.c.number.is_not(None), which)):
            if [*WIDE, "1"] in (wrote or ()):
                return True
    return False


def sent_heads(db: sa.Connection) -> dict[str, tuple[int, str]]:
    """How far the trail of each case went when a head was sent out last, and how the link there begins: it stands on the chain of the house. Where that
    one is right, so are all before it."""
    found: dict[str, tuple[int, str]] = {}
    rows = sa.select(t.trail.c.sealed).where(on_chain(None), t.trail.c.event == "head_sent").order_by(t.trail.c.number)
    for _, case, _, told in (one for row in db.scalars(rows.execution_options(yield_per=10)) for one in row or () if one[0] == "cases"):
        number, _, link = told.partition(" ")
        found[case] = int(number), link
    return found


def last_of(db: sa.Connection, event: str) -> Any:
    """When this happened last in the house, with its link and what it tells; none if it never did. Of `head_sent` the link was told."""
    rows = sa.select(t.trail.c.at, t.trail.c.link, t.trail.c.details).where(on_chain(None), t.trail.c.event == event)
    return db.execute(rows.order_by(t.trail.c.at.desc(), t.trail.c.number.desc()).limit(1)).first()


def was_on(db: sa.Connection, event: str, now: datetime) -> bool:
    """Whether this happened in the house on the day of this moment, which is in the board's own zone, or later."""
    last = last_of(db, event)
    return last is not None and last.at.astimezone(now.tzinfo).date() >= now.date()


def lock_house(db: sa.Connection) -> None:
    """From now on until the end of this transaction nobody else writes to the chain of the house."""
    db.execute(_HOUSE)


def heads(db: sa.Connection) -> Iterator[tuple[str, Head]]:
    """The trail of each case, with how far it goes."""
    c = t.cases.c
    for row in db.execute(sa.select(c.id, c.trail_number, c.trail_state).where(c.trail_state.is_not(None)).order_by(c.id)):
        yield row.id, Head(row.trail_number, row.trail_state)


def _keep(db: sa.Connection, case: str | None, head: Head) -> None:
    values = {"trail_number": head.number, "trail_state": head.state}
    db.execute(_HEAD_ON if case else _HOUSE_ON, {"this": case, **values} if case else values)


def _make_house(db: sa.Connection) -> None:
    """The row that everyone locks before writing of what belongs to no case."""
    if db.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    db.execute(insert(t.heads).values(chain=HOUSE, trail_number=0).on_conflict_do_nothing())


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
