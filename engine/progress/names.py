"""What an expression may ask the engine for: case, options, board, answers, history, registers, deadlines, documents, me.

Looked up when asked for, so that an expression about one answer costs one row, not the whole case."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.forms.names import ENGINE_NAMES
from engine.packs import REASON
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.rules.access import Actor
    from engine.settings import Settings
    from engine.spiff import Place
    from engine.work import Case


class Names:
    """The engine's names for one case in one transaction. `fresh` holds what this very step has just added."""

    def __init__(self, db: sa.Connection, case: Case, settings: Settings, actor: Actor) -> None:
        self.db, self.case, self.settings, self.actor = db, case, settings, actor
        self._submissions: dict[str, list[tuple[str | None, dict[str, Any]]]] = {}
        self._makers: dict[str, Callable[[set[str], Place | None], Any]] = {
            "case": self._case, "options": self._options, "board": self._board, "answers": self._answers, "history": self._history,
            "registers": self._registers, "deadlines": self._deadlines, "documents": self._documents, "me": self._me, "people": self._people,
        }

    def of(self, paths: Iterable[str], place: Place | None = None) -> dict[str, Any]:
        """A value for each engine name these paths begin with, holding at least what they read."""
        wanted: dict[str, set[str]] = {}
        for path in paths:
            head, _, rest = path.partition(".")
            if head in self._makers:
                wanted.setdefault(head, set()).add(rest.partition(".")[0])
        return {head: self._makers[head](second, place) for head, second in wanted.items()}

    def forget(self, element: str) -> None:
        """Look the answers of this element up again: there are new ones."""
        self._submissions.pop(element, None)

    # ---- one method a name

    def _case(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        case = self.case
        return {"reference": case.reference, "started": case.started_at.astimezone(self.settings.board.timezone).date(),
                "edition": case.options.get("guidance_edition"), "agency": case.agency, "stage": case.stage, "start": case.start}

    def _options(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return {name: option.default for name, option in self.case.pack.options.items()} | dict(self.case.options)

    def _board(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return board_names(self.db, self.settings)

    def _answers(self, wanted: set[str], place: Place | None) -> dict[str, Any]:
        return {element: _nearest(rows, place) if rows else self._unanswered(element) for element, rows in self._given(wanted).items()}

    def _unanswered(self, element: str) -> dict[str, Any] | None:
        """Every key of a form that nobody has answered yet, with nothing in it."""
        form = self.case.pack.form_of(element)
        return form.filled({}) | {REASON: None} if form else None

    def _history(self, wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return {element: [answers for _, answers in rows] for element, rows in self._given(wanted).items()}

    def _given(self, wanted: set[str]) -> dict[str, list[tuple[str | None, dict[str, Any]]]]:
        """Submissions of the wanted elements, oldest first; all of them where a path names none."""
        missing = wanted - self._submissions.keys()
        s = t.submissions
        query = sa.select(s.c.id, s.c.element, s.c.item, s.c.answers, s.c.reason).where(s.c.case_id == self.case.id)
        if missing and "" not in wanted:
            query = query.where(s.c.element.in_(sorted(missing)))
        elif "" not in wanted:
            return {element: self._submissions[element] for element in wanted}
        for element in missing - {""}:
            self._submissions[element] = []
        found: dict[str, list[tuple[str | None, dict[str, Any]]]] = {}
        for row in self.db.execute(query.order_by(s.c.at, s.c.round)):
            form, answers = self.case.pack.form_of(row.element), self.case.open(row.answers, "submissions", row.id)
            reason = self.case.open(row.reason, "submissions", row.id, "reason") if row.reason else None
            found.setdefault(row.element, []).append((row.item, (form.filled(answers) if form else answers) | {REASON: reason}))
        self._submissions.update(found)
        return dict(self._submissions) if "" in wanted else {element: self._submissions[element] for element in wanted}

    def _registers(self, wanted: set[str], _place: Place | None) -> dict[str, Any]:
        r = t.register_rows
        names = sorted(self.case.pack.registers) if "" in wanted else sorted(wanted)
        rows: dict[str, list[Any]] = {name: [] for name in names}
        query = sa.select(r.c.id, r.c.register, r.c.number, r.c.row).where(r.c.case_id == self.case.id, r.c.register.in_(names))
        for row in self.db.execute(query.order_by(r.c.register, r.c.number)):
            rows[row.register].append({"number": row.number} | self.case.open(row.row, "register_rows", row.id))
        return rows

    def _deadlines(self, wanted: set[str], place: Place | None) -> dict[str, Any]:
        d = t.deadlines
        names = sorted(self.case.pack.deadlines) if "" in wanted else sorted(wanted)
        due: dict[str, Any] = dict.fromkeys(names)
        query = sa.select(d.c.name, d.c.item, d.c.due).where(d.c.case_id == self.case.id, d.c.name.in_(names)).order_by(d.c.nth)
        for row in self.db.execute(query):
            if _concerns(row.item, place):
                due[row.name] = row.due
        return due

    def _documents(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        d = t.documents
        found: dict[str, Any] = {}
        for row in self.db.execute(sa.select(d.c.id, d.c.field, d.c.name).where(d.c.case_id == self.case.id).order_by(d.c.at)):
            found[row.field] = {"document": row.id, "name": self.case.open(row.name, "documents", row.id, "name")}
        return found

    def _me(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return me_of(self.actor, self.case.id)

    def _people(self, _wanted: set[str], _place: Place | None) -> list[dict[str, Any]]:
        return people_names(self.db)


def me_of(actor: Actor, case: str | None = None) -> dict[str, Any]:
    """The name `me`: who is acting, with the roles that count here."""
    return {"key": actor.person, "name": actor.name, "agency": actor.agency, "roles": sorted(actor.roles(case))}


def board_names(db: sa.Connection, settings: Settings) -> dict[str, Any]:
    """The name `board`: what it is called, and the agencies that may be asked."""
    agencies = [{"key": row.key, "name": row.name, "member": row.member} for row in db.execute(sa.select(t.agencies).order_by(t.agencies.c.place))]
    return {"name": settings.board.name, "short": settings.board.short, "agencies": agencies}


def people_names(db: sa.Connection) -> list[dict[str, Any]]:
    """The name `people`: everyone who can be picked in a form, with the roles they hold whatever the case."""
    p, h = t.people, t.holdings
    query = sa.select(p.c.id, p.c.name, h.c.role).outerjoin(h, sa.and_(h.c.person == p.c.id, h.c.case_id.is_(None), h.c.until.is_(None)))
    found: dict[str, dict[str, Any]] = {}
    for row in db.execute(query.where(p.c.active).order_by(p.c.name, p.c.id, h.c.role)):
        person = found.setdefault(row.id, {"key": row.id, "name": row.name, "roles": []})
        person["roles"] += [row.role] if row.role and row.role not in person["roles"] else []
    return list(found.values())


def outside_a_case(paths: Iterable[str], db: sa.Connection, settings: Settings, actor: Actor, options: dict[str, Any], today: Any) -> dict[str, Any]:
    """The names a start form may use, when there is no case yet."""
    heads = {path.partition(".")[0] for path in paths}
    makers: dict[str, Callable[[], Any]] = {
        "board": lambda: board_names(db, settings), "people": lambda: people_names(db), "me": lambda: me_of(actor), "options": lambda: options,
        "case": lambda: {"reference": None, "started": today, "edition": options.get("guidance_edition"), "agency": actor.agency},
        "answers": dict, "history": dict, "registers": dict, "deadlines": dict, "documents": dict,
    }
    return {head: make() for head, make in makers.items() if head in heads}


def _nearest(rows: list[tuple[str | None, dict[str, Any]]], place: Place | None) -> Any:
    """The last answers given at this item; from outside of the items, all of them by item."""
    by_item: dict[str | None, dict[str, Any]] = dict(rows)
    item = place.item if place else None
    while item:
        if item in by_item:
            return by_item[item]
        item = item.rpartition("/")[0]
    if set(by_item) == {None}:
        return by_item[None]
    return {key: answers for key, answers in by_item.items() if key is not None}


def _concerns(item: str, place: Place | None) -> bool:
    """Is a clock of this item meant, seen from this place?"""
    here = place.item if place and place.item else ""
    return not item or item in (here, place.agency if place else None) or here.startswith(f"{item}/")


__all__ = ["ENGINE_NAMES", "Names", "board_names", "me_of", "outside_a_case", "people_names"]
