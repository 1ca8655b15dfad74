"""Answers as people were shown them, for papers: options by their labels, agencies and people by their names.

`words.<task>.<question>` is one answer, `papers.<task>` everything answered there, `rows.<register>` a register. What the readers of the
paper may not read is not there."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.forms.words import NOT_ANSWERED
from engine.packs import REASON
from engine.progress.asked import ANSWERS, names_at
from engine.progress.names import nearest
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.forms import Form, Row
    from engine.packs.documents import DocumentText
    from engine.progress.surroundings import Here
    from engine.spiff import Place


class InWords:
    """The names that a paper has besides those of every expression."""

    def __init__(self, here: Here, text: DocumentText, place: Place) -> None:
        self.here, self.case, self.text, self.place = here, here.case, text, place

    def of(self, paths: Iterable[str]) -> dict[str, Any]:
        """A value for each of these names that the paths begin with."""
        wanted: dict[str, set[str]] = {"words": set(), "papers": set(), "rows": set()}
        for path in paths:
            head, _, rest = path.partition(".")
            if head in wanted and rest:
                wanted[head].add(rest.partition(".")[0])
        given = self._given(wanted["words"] | wanted["papers"])
        return {
            "words": {element: self._words(element, given[element]) for element in wanted["words"]},
            "papers": {element: self._papers(element, given[element]) for element in wanted["papers"]},
            "rows": {register: self._rows(register) for register in wanted["rows"]},
        }

    def _given(self, elements: set[str]) -> dict[str, dict[str | None, Any]]:
        """Element → item → the last submission there, in the order they came."""
        found: dict[str, dict[str | None, Any]] = {element: {} for element in elements}
        s = t.submissions
        query = ANSWERS.where(s.c.case_id == self.case.id, s.c.element.in_(sorted(elements))).order_by(s.c.at, s.c.round)
        for row in self.here.work.db.execute(query) if elements else ():
            found[row.element].pop(row.item, None)
            found[row.element][row.item] = row
        return found

    def _words(self, element: str, given: dict[str | None, Any]) -> Any:
        """As `answers` has them: those of this item; from outside of the items, by item."""
        form = self.case.pack.form_of(element)
        if form is None:
            return None
        blank = _blank(form.filled({})) | {REASON: None}
        texts = [(item, blank | _texts(self._plain(form, row)) | {REASON: self._reason(row)}) for item, row in given.items()]
        return nearest(texts, self.place) if texts else blank

    def _papers(self, element: str, given: dict[str | None, Any]) -> list[dict[str, Any]]:
        """Each item's last answers, with who gave them and when; inside an item only its own."""
        form, at = self.case.pack.form_of(element), self.case.pack.elements[element]
        people = {row.id: row.name for row in self.here.work.db.execute(sa.select(t.people.c.id, t.people.c.name).where(
            t.people.c.id.in_([one for row in given.values() for one in (row.by, row.deputy_of) if one])))}
        agencies = {row.key: row.name for row in self.here.work.db.execute(sa.select(t.agencies.c.key, t.agencies.c.name))}
        return [{
            "title": at.properties.get("label") or at.name, "item": item, "of": agencies.get(item or "", item), "by": _by(people, row),
            "on": row.at.astimezone(self.here.work.zone).date(), "reason": self._reason(row),
            "answers": _told(self._plain(form, row)) if form else [],
        } for item, row in given.items() if item is None or self.place.item in (None, item) or (self.place.item or "").startswith(f"{item}/")]

    def _rows(self, register: str) -> list[dict[str, Any]]:
        """A register's rows, each column in words."""
        form = self.case.pack.forms[self.case.pack.registers[register].form]
        rows = self.here.names(frozenset({f"registers.{register}"}), self.place)["registers"][register]
        names = self.here.names(form.paths | {"people", "board.agencies"}, self.place)
        return [row | _blank(form.filled({})) | _texts(self._may_tell(form.plain(row, names, self.here.work.now))) for row in rows]

    def _plain(self, form: Form, row: Any) -> list[Row]:
        names = names_at(self.here.looked_up, row, {"people", "board.agencies"})
        return self._may_tell(form.plain(self.case.open(row.answers, "submissions", row.id), names, self.here.work.now))

    def _reason(self, row: Any) -> str | None:
        return self.case.open(row.reason, "submissions", row.id, "reason") if row.reason else None

    def _may_tell(self, rows: Iterable[Row]) -> list[Row]:
        """The answers that everyone who may read this paper may read."""
        from dataclasses import replace

        found = []
        readers = set(self.text.visible_to)
        for row in rows:
            if (row.sensitive and not self.text.sensitive) or (row.visible_to and not (readers and readers <= set(row.visible_to))):
                continue
            inside = tuple(self._may_tell(row.rows))
            if inside or not row.rows:
                found.append(replace(row, rows=inside))
        return found


def _by(people: dict[str, str], row: Any) -> str | None:
    """Who answered, and in whose place."""
    return f"{people[row.by]}, as deputy for {people[row.deputy_of]}" if row.deputy_of else people.get(row.by)


def _texts(rows: Iterable[Row], prefix: str = "") -> dict[str, Any]:
    """Answers by their keys, nested as the answers are."""
    out: dict[str, Any] = {}
    for row in rows:
        key = row.path.removeprefix(prefix)
        if not row.rows:
            out[key] = None if row.text == NOT_ANSWERED else row.text
        elif row.rows[0].path == f"{row.path}.0" or row.rows[0].path.removeprefix(f"{row.path}.").isdigit():
            out[key] = [_texts(one.rows, f"{one.path}.") for one in row.rows]
        elif row.rows[0].path.startswith(f"{row.path}."):
            out[key] = _texts(row.rows, f"{row.path}.")
        else:
            out |= _texts(row.rows, prefix)
    return out


def _told(rows: Iterable[Row], before: str = "") -> list[dict[str, str]]:
    """Questions and answers one below the other; what was not answered is left out."""
    found = []
    for row in rows:
        if not row.rows:
            found += [] if row.text == NOT_ANSWERED else [{"question": before + row.label, "answer": row.text}]
        else:
            several = row.rows[0].path.removeprefix(f"{row.path}.").isdigit()
            for one in row.rows if several else (row,):
                found += _told(one.rows, f"{before}{one.label} – " if several else before)
    return found


def _blank(values: dict[str, Any]) -> dict[str, Any]:
    """The same keys with nothing in them."""
    return {key: _blank(value) if isinstance(value, dict) else [] if isinstance(value, list) else None for key, value in values.items()}
