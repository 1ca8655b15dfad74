"""What an expression may ask the engine for: case, options, board, answers, history, registers, deadlines, documents, me.

Looked up when asked for, so that an expression about one answer costs one row, not the whole case."""
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.forms.names import ENGINE_NAMES
from engine.packs import REASON
from engine.progress.registers import rows_of
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from engine.packs import Pack
    from engine.rules.access import Actor
    from engine.settings import Settings
    from engine.spiff import Place
    from engine.work import Case


class Names:
    """The engine's names for one case in one transaction. `fresh` holds what this very step has just added."""

    def __init__(self, db: sa.Connection, case: Case, settings: Settings, actor: Actor) -> None:
        self.db, self.case, self.settings, self.actor = db, case, settings, actor
        self._submissions: dict[str, list[tuple[str | None, dict[str, Any]]]] = {}
        self._instead: dict[str, dict[str, Any]] = {}
        self._until: datetime | None = None
        self._without: frozenset[str] = frozenset()
        self._makers: dict[str, Callable[[set[str], Place | None], Any]] = {
            "case": self._case, "options": self._options, "board": self._board, "answers": self._answers, "history": self._history,
            "registers": self._registers, "deadlines": self._deadlines, "documents": self._documents, "methods": self._methods,
            "me": self._me, "people": self._people,
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

    def as_if(self, submission: str, answers: dict[str, Any], until: datetime | None = None, without: frozenset[str] = frozenset()) -> Names:
        """The same names, had this been answered there; `until`: and nothing later been answered at all, nor these submissions made."""
        other = Names(self.db, self.case, self.settings, self.actor)
        other._instead, other._until, other._without = {submission: answers}, until, without
        return other

    # ---- one method a name

    def _case(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        case = self.case
        return {"reference": case.reference, "started": case.started_at.astimezone(self.settings.board.timezone).date(),
                "edition": case.options.get("guidance_edition"), "agency": case.agency, "stage": case.stage, "start": case.start,
                "outcome": case.outcome}

    def _options(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return {name: option.default for name, option in self.case.pack.options.items()} | dict(self.case.options)

    def _board(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return board_names(self.db, self.settings)

    def _answers(self, wanted: set[str], place: Place | None) -> dict[str, Any]:
        return {element: nearest(rows, place) if rows else self._unanswered(element, place) for element, rows in self._given(wanted).items()}

    def _unanswered(self, element: str, place: Place | None) -> dict[str, Any] | None:
        """Every key of a form that nobody has answered yet, with nothing in it; from outside of the items it is asked for, no item."""
        form, at = self.case.pack.form_of(element), self.case.pack.elements.get(element)
        if at is not None and self.case.pack.in_items(at) and (place is None or not (place.item or place.process == at.process)):
            return {}
        return form.filled({}) | {REASON: None} if form else None

    def _history(self, wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return {element: [answers for _, answers in rows] for element, rows in self._given(wanted).items()}

    def _given(self, wanted: set[str]) -> dict[str, list[tuple[str | None, dict[str, Any]]]]:
        """Submissions of the wanted elements, oldest first; all of them where a path names none."""
        missing = wanted - self._submissions.keys()
        s = t.submissions
        query = sa.select(s.c.id, s.c.element, s.c.item, s.c.answers, s.c.reason).where(s.c.case_id == self.case.id)
        if self._until is not None:
            query = query.where(s.c.at <= self._until)
        if missing and "" not in wanted:
            query = query.where(s.c.element.in_(sorted(missing)))
        elif "" not in wanted:
            return {element: self._submissions[element] for element in wanted}
        for element in missing - {""}:
            self._submissions[element] = []
        found: dict[str, list[tuple[str | None, dict[str, Any]]]] = {}
        for row in self.db.execute(query.order_by(s.c.at, s.c.round)):
            if row.id in self._without:
                continue
            form = self.case.pack.form_of(row.element)
            answers = self._instead[row.id] if row.id in self._instead else self.case.open(row.answers, "submissions", row.id)
            reason = self.case.open(row.reason, "submissions", row.id, "reason") if row.reason else None
            found.setdefault(row.element, []).append((row.item, (form.filled(answers) if form else answers) | {REASON: reason}))
        self._submissions.update(found)
        return dict(self._submissions) if "" in wanted else {element: self._submissions[element] for element in wanted}

    def _registers(self, wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return dict(rows_of(self.db, self.case, self.case.pack.registers if "" in wanted else wanted))

    def _deadlines(self, wanted: set[str], place: Place | None) -> dict[str, Any]:
        d = t.deadlines
        names = sorted(self.case.pack.deadlines) if "" in wanted else sorted(wanted)
        due: dict[str, Any] = dict.fromkeys(names)
        query = sa.select(d.c.name, d.c.item, d.c.due).where(d.c.case_id == self.case.id, d.c.name.in_(names)).order_by(d.c.nth)
        for row in self.db.execute(query):
            if concerns(row.item, place):
                due[row.name] = row.due
        return due

    def _documents(self, wanted: set[str], place: Place | None) -> dict[str, Any]:
        """The newest file of each question and of each paper; inside an item those of that item."""
        d = t.documents
        found: dict[str, Any] = dict.fromkeys(wanted - {""})
        for row in self.db.execute(sa.select(*FILE).where(d.c.case_id == self.case.id).order_by(d.c.at)):
            key = row.field.rpartition(".")[2]
            if ("" in wanted or key in wanted) and (place is None or not place.item or concerns(row.item or "", place)):
                found[key] = {**file_of(self.case, row), "on": row.at.astimezone(self.settings.board.timezone).date()}
        return found

    def _methods(self, wanted: set[str], _place: Place | None) -> Any:
        return methods_of(self.case.pack, wanted)

    def _me(self, _wanted: set[str], _place: Place | None) -> dict[str, Any]:
        return me_of(self.actor, self.case.id)

    def _people(self, _wanted: set[str], _place: Place | None) -> list[dict[str, Any]]:
        return people_names(self.db)


#: What is asked of `documents` to know a file: its content, which may be large, only where nothing else tells it apart.
FILE = (*(column for column in t.documents.c if column.name != "content"),
        sa.case((t.documents.c.digest.is_(None), t.documents.c.content)).label("content"))


def file_of(case: Case, row: Any) -> dict[str, Any]:
    """What expressions see of a row of `documents`: the file, its name, and a digest that only the same content has."""
    if row.digest is None:  # from before digests were kept
        digest = hashlib.sha256(case.key.open(row.content, case.id, "documents", row.id, "content")).hexdigest()
    else:
        digest = case.open(row.digest, "documents", row.id, "digest")
    return {"document": row.id, "name": case.open(row.name, "documents", row.id, "name"), "digest": digest}


def agency_of_files(db: sa.Connection, place: Place) -> str | None:
    """Whose a file or paper is that comes to be at this place: the agency's it stands in; outside of agencies, and of what is the board's own, nobody's."""
    return db.scalar(sa.select(t.agencies.c.key).where(t.agencies.c.key == place.agency)) if place.item and place.agency else None


def me_of(actor: Actor, case: str | None = None) -> dict[str, Any]:
    """The name `me`: who is acting, with the roles that count here. In whose place, a form knows that is theirs only as a deputy (progress.asked)."""
    return {"key": actor.person, "name": actor.name, "agency": actor.agency, "roles": sorted(actor.roles(case)), "deputy_of": None}


def board_names(db: sa.Connection, settings: Settings) -> dict[str, Any]:
    """The name `board`: what it is called, and the agencies that may be asked."""
    agencies = [{"key": row.key, "name": row.name, "member": row.member} for row in db.execute(sa.select(t.agencies).order_by(t.agencies.c.place))]
    return {"name": settings.board.name, "short": settings.board.short, "agencies": agencies}


def people_names(db: sa.Connection) -> list[dict[str, Any]]:
    """The name `people`: everyone who can be picked in a form, with their agency and the roles they hold whatever the case."""
    p, h, a = t.people, t.holdings, t.agencies
    query = sa.select(p.c.id, p.c.name, p.c.agency, a.c.name.label("agency_name"), h.c.role).outerjoin(a, a.c.key == p.c.agency).outerjoin(
        h, sa.and_(h.c.person == p.c.id, h.c.case_id.is_(None), h.c.until.is_(None)))
    found: dict[str, dict[str, Any]] = {}
    for row in db.execute(query.where(p.c.active).order_by(p.c.name, p.c.id, h.c.role)):
        person = found.setdefault(row.id, {"key": row.id, "name": row.name, "agency": row.agency, "agency_name": row.agency_name, "roles": []})
        person["roles"] += [row.role] if row.role and row.role not in person["roles"] else []
    return list(found.values())


def methods_of(pack: Pack, wanted: set[str]) -> Any:
    """The name `methods`: all as a list, or where an expression names one of them, each by its id."""
    methods = pack.methods_named()
    return {method["key"]: method for method in methods} if wanted <= pack.methods.keys() else methods


def outside_a_case(pack: Pack, paths: Iterable[str], db: sa.Connection, settings: Settings, actor: Actor, options: dict[str, Any],
                   today: Any) -> dict[str, Any]:
    """The names a start form may use, when there is no case yet."""
    paths = set(paths)
    heads = {path.partition(".")[0] for path in paths}
    makers: dict[str, Callable[[], Any]] = {
        "board": lambda: board_names(db, settings), "people": lambda: people_names(db), "me": lambda: me_of(actor), "options": lambda: options,
        "case": lambda: {"reference": None, "started": today, "edition": options.get("guidance_edition"), "agency": actor.agency},
        "answers": dict, "history": dict, "registers": dict, "deadlines": dict, "documents": dict,
        "methods": lambda: methods_of(pack, {path.partition(".")[2].partition(".")[0] for path in paths if path.partition(".")[0] == "methods"}),
    }
    return {head: make() for head, make in makers.items() if head in heads}


def nearest(rows: list[tuple[str | None, dict[str, Any]]], place: Place | None) -> Any:
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


def concerns(item: str, place: Place | None) -> bool:
    """Is a clock or file of this item meant, seen from this place? From inside of it, and of what is inside of that."""
    here = place.item if place and place.item else ""
    return not item or item == (place.agency if place else None) or f"/{item}/" in f"/{here}/"


__all__ = ["ENGINE_NAMES", "Names", "board_names", "concerns", "file_of", "me_of", "nearest", "outside_a_case", "people_names"]
