"""The registers of a case and their rows, as one person may read them."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.forms import Field, List, Row
from engine.forms.words import NOT_ANSWERED
from engine.progress.names import Names
from engine.progress.readers import reads_register, reads_some_rows, rows_for
from engine.queries.shapes.cases import RegisterLine, RegisterPage, RegisterRow
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.forms import Form
    from engine.look import Look
    from engine.packs.manifest import Register
    from engine.work import Case


def registers_of(look: Look, case: Case) -> list[RegisterRow]:
    """The registers that have rows and that this person may read, in the pack's order."""
    readable_ones = [known for known in case.pack.registers.values() if reads_register(look.actor, case, known)]
    if not readable_ones:
        return []
    r = t.register_rows
    query = sa.select(r.c.register, sa.func.count().label("rows")).where(r.c.case_id == case.id).group_by(r.c.register)
    rows = {row.register: row.rows for row in look.db.execute(query)}
    for known in readable_ones:
        if known.id in rows and reads_some_rows(look.actor, case, known) is not None:
            rows[known.id] = len(_rows(look, case, known))
    return [RegisterRow(known.id, known.title, rows[known.id], known.held is not None) for known in readable_ones if rows.get(known.id)]


def register_page(look: Look, reference: str, register: str) -> RegisterPage:
    """The whole register, for those it is visible to."""
    case = look.case(reference)
    known = case.pack.registers.get(register)
    if known is None or not reads_register(look.actor, case, known):
        raise NotFound
    look.shows(case.id, f"register {register}")
    roles, form = look.actor.roles(case.id), case.pack.forms.get(known.form)
    hidden = [path for path, item in (form.walk() if form else ())
              if isinstance(item, Field | List) and item.visible_to and not roles.intersection(item.visible_to)]
    rows = _rows(look, case, known)
    for path in hidden:
        rows = [_without(row, path.split(".")) for row in rows]
    heads, lines, empty = _in_words(look, case, form, known, rows) if form else ((), [], ())
    return RegisterPage(known.title, rows, case.reference, heads, lines, empty)


def _rows(look: Look, case: Case, known: Register) -> list[dict[str, Any]]:
    return rows_for(look.db, look.actor, case, known, Names(look.db, case, look.settings, look.actor), look.now)


def _in_words(look: Look, case: Case, form: Form, known: Register, rows: list[dict[str, Any]]) -> tuple[tuple[str, ...], list[RegisterLine], tuple[str, ...]]:
    """The heads of the columns that any row fills, the rows in words, and the questions that none answers. What a row is known by comes first."""
    names = Names(look.db, case, look.settings, look.actor).of(form.paths)
    told = [dict(_flat(form.plain(row, names, look.now))) for row in rows]
    labels = {path: label for line in told for path, (label, _) in line.items()}
    key = known.called if known.called in labels and not case.pack.assigns(known.id) else None
    filled = {path for line in told for path, (_, text) in line.items() if text not in ("", NOT_ANSWERED)}
    columns = [path for path in labels if path != key and path in filled]
    lines = []
    for row, line in zip(rows, told, strict=True):
        called = str(row["key"] or row["number"])
        lines.append(RegisterLine(called, (line[key][1] if key else called, *(_cell(line, path) for path in columns))))
    return ((labels[key] if key else "No.", *(labels[path] for path in columns)), lines,
            tuple(labels[path] for path in labels if path != key and path not in filled))


def _cell(line: dict[str, tuple[str, str]], path: str) -> str:
    text = line.get(path, ("", ""))[1]
    return "" if text == NOT_ANSWERED else text


def _flat(rows: Iterable[Row]) -> Iterator[tuple[str, tuple[str, str]]]:
    """A column for each question; a group that keeps its answers apart, or a list, is one column of several lines."""
    for row in rows:
        if row.rows and (inside := list(row.rows)):
            if all("." not in one.path for one in inside):   # a heading around questions of the row itself
                yield from _flat(inside)
            else:
                yield row.path, (row.label, "\n".join(_lines(inside)))
        else:
            yield row.path, (row.label, row.text)


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row.rows:
            yield row.label
            yield from _lines(row.rows)
        elif row.text != NOT_ANSWERED:
            yield f"{row.label}: {row.text}"


def _without(value: Any, path: list[str]) -> Any:
    """The same without what is for other roles only."""
    if isinstance(value, list):
        return [_without(each, path) for each in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    kept = {name: each for name, each in value.items() if name != path[0]}
    return kept if len(path) == 1 else kept | {path[0]: _without(value[path[0]], path[1:])}


__all__ = ["register_page", "registers_of"]
