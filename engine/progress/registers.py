"""The rows of a case's registers: read as expressions see them, added, and changed by their keys.

A changed row is merged with what it held and sealed again; every submission that wrote to it is kept as it was."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import Incident
from engine.forms import Group, List
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.forms import Item
    from engine.packs import Pack
    from engine.progress.asked import Asked
    from engine.progress.surroundings import Here
    from engine.spiff import Place
    from engine.work import Case, Work

_ROWS = sa.select(t.register_rows.c.id, t.register_rows.c.register, t.register_rows.c.number, t.register_rows.c.row).where(
    t.register_rows.c.case_id == sa.bindparam("case"), t.register_rows.c.register.in_(sa.bindparam("registers", expanding=True))).order_by(
    t.register_rows.c.register, t.register_rows.c.number)
_CHANGED = sa.update(t.register_rows).where(t.register_rows.c.id == sa.bindparam("this"))


@dataclass(frozen=True)
class Entry:
    """What is to be written: to the row of this key, or as a new one. `path` is where the key was answered."""

    register: str
    path: str
    values: dict[str, Any]
    key: str | None = None
    named: bool = False          # the key was given as the row to change


# Reading ----------------------------------------------------------------------------------------------------------------------------


def rows_of(db: sa.Connection, case: Case, registers: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of these registers with every column, null where nothing was given; `key` is what each is known by."""
    wanted = set(registers) & case.pack.registers.keys()
    if unread := sorted(wanted - case.rows.keys()):
        case.rows.update({name: [] for name in unread})
        for row in db.execute(_ROWS, {"case": case.id, "registers": unread}):
            case.rows[row.register].append(as_seen(case.pack, row.register, row.number, case.open(row.row, "register_rows", row.id)))
    return {name: list(case.rows[name]) for name in sorted(wanted)}


def as_seen(pack: Pack, register: str, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """A row as expressions see it."""
    known, form = pack.registers[register], pack.forms.get(pack.registers[register].form)
    row = {"number": number, **(form.filled(values) if form else values)}
    if pack.assigns(register):
        row[known.called] = f"{known.prefix}{number}" if known.prefix else number
    return row | {"key": key_of(row[known.called])}


def key_of(value: Any) -> str | None:
    """What a row or item is known by, as text: the same for an item of a multi-instance."""
    if isinstance(value, Mapping):
        value = value.get("key")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or value == "" else str(value)


# Writing ----------------------------------------------------------------------------------------------------------------------------


def entries(pack: Pack, asked: Asked, values: Mapping[str, Any], now: datetime) -> list[Entry]:
    """What these answers write to registers."""
    found: list[Entry] = []
    for item, path, answers in _answered(asked.form.fields, values, ""):
        register = item.register or ""
        called = pack.registers[register].called
        aside = {"key", called} if pack.assigns(register) else {"key"} - {called}
        row, named = {name: value for name, value in answers.items() if name not in aside}, False
        key = key_of(answers.get(called, answers.get("key")))
        if isinstance(item, Group) and item.row:
            try:
                key = key_of(feel.evaluate(item.row, {**asked.names, **asked.form.filled(values)}, now))
            except feel.FeelError as problem:
                raise Incident(str(problem), element=asked.at.id) from problem
            named = key is not None
            if named and not pack.assigns(register):
                row[called] = key
        asks_key = next((name for name in (called, "key") if any(each.name == name for each in item.items)), None)
        found.append(Entry(register, f"{path}.{asks_key}" if asks_key else path, row, key, named or (key is not None and pack.assigns(register))))
    return found


def wrong(work: Work, pack: Pack, planned: list[Entry]) -> dict[str, str]:
    """What is wrong with the keys of what is to be written, by path."""
    errors: dict[str, str] = {}
    there = _keys(work, {entry.register for entry in planned if entry.named})
    seen: set[tuple[str, str]] = set()
    for entry in planned:
        known, assigned = pack.registers[entry.register], pack.assigns(entry.register)
        if entry.key is None:
            if not assigned:
                errors[entry.path] = f"Answer this question: “{known.title}” keeps its rows by it"
            continue
        if assigned and entry.key not in there[entry.register]:
            errors[entry.path] = f"There is no “{entry.key}” in “{known.title}”: choose one that is there"
        elif (entry.register, entry.key) in seen:
            errors[entry.path] = "This is named twice here: name each once"
        elif "/" in entry.key and not entry.named:
            errors[entry.path] = f"This cannot have a stroke (/) in it: “{known.title}” keeps its rows by it"
        seen.add((entry.register, entry.key))
    return errors


def write(work: Work, case: Case, planned: Iterable[Entry], submission: str | None) -> None:
    """Add these rows, or change those that are there: what is given replaces, the rest stays."""
    by_register: dict[str, list[Entry]] = defaultdict(list)
    for entry in planned:
        by_register[entry.register].append(entry)
    for register, new in by_register.items():
        _write(work, case, register, new, submission)
        case.rows.pop(register, None)
        case.rows_changed.add(register)


def _write(work: Work, case: Case, register: str, new: list[Entry], submission: str | None) -> None:
    kept: dict[str | None, tuple[str, dict[str, Any]]] = {}
    number = 0
    for row in work.db.execute(_ROWS, {"case": case.id, "registers": [register]}):
        values = case.open(row.row, "register_rows", row.id)
        number = row.number
        kept[as_seen(case.pack, register, number, values)["key"]] = (row.id, values)
    for entry in new:
        if entry.key is not None and entry.key in kept:
            row_id, before = kept[entry.key]
            values = before | entry.values
            work.db.execute(_CHANGED, {"this": row_id, "submission": submission, "row": case.seal(values, "register_rows", row_id)})
        else:
            row_id, number, values = new_id(), number + 1, dict(entry.values)
            work.db.execute(sa.insert(t.register_rows).values(
                id=row_id, case_id=case.id, register=register, number=number, submission=submission, row=case.seal(values, "register_rows", row_id)))
        kept[as_seen(case.pack, register, number, values)["key"] if entry.key is None else entry.key] = (row_id, values)


def _keys(work: Work, registers: set[str]) -> dict[str, set[str | None]]:
    """The keys that are there; before a case has begun there are none."""
    rows = rows_of(work.db, work.case, registers) if work.case is not None else {}
    return {register: {row["key"] for row in rows.get(register, ())} for register in registers}


def _answered(items: tuple[Item, ...], values: Any, prefix: str) -> Iterator[tuple[Group | List, str, dict[str, Any]]]:
    """Every group and list entry that is a row of a register, with its path and answers; what is hidden was not answered."""
    for item in items:
        if isinstance(item, Group):
            inside = values.get(item.path) if item.path else values
            if not isinstance(inside, Mapping):
                continue
            path = f"{prefix}{item.path}." if item.path else prefix
            if item.register:
                yield item, path.removesuffix("."), _given(inside)
            yield from _answered(item.items, inside, path)
        elif isinstance(item, List):
            for number, entry in enumerate(values.get(item.path) or ()):
                path = f"{prefix}{item.path}.{number}"
                if item.register:
                    yield item, path, _given(entry)
                yield from _answered(item.items, entry, f"{path}.")


def _given(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that were left empty change nothing of a row that is there."""
    return {name: value for name, value in answers.items() if value is not None and value not in ("", [])}


# The service ------------------------------------------------------------------------------------------------------------------------


def service(here: Here, headers: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """A service task of type `register`: the rows its expression gives are added, or change those that have their keys."""
    register, rows = str(headers["register"]), headers["rows"]
    pack = here.case.pack
    called, assigned, columns = pack.registers[register].called, pack.assigns(register), pack.columns(register)
    rows = [] if rows is None else [rows] if isinstance(rows, Mapping) else rows
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Incident(f"The rows for the register “{register}” are not a list of sets of names and values.", element=place.element)
    there = {row["key"] for row in rows_of(here.work.db, here.case, [register])[register]}
    planned = []
    for row in rows:
        if unknown := sorted(set(row) - (columns or set(row))):
            raise Incident(f"The register “{register}” has no column {', '.join(unknown)}.", element=place.element)
        key = key_of(row.get(called) if called in row else row.get("key"))
        if (key is None and not assigned) or (key is not None and assigned and key not in there):
            raise Incident(f"A row for the register “{register}” has no {called} that fits.", element=place.element)
        values = {name: value for name, value in row.items() if name != "key" or called == "key"}
        if assigned:
            values.pop(called, None)
            values.pop("number", None)
        elif isinstance(values.get(called), Mapping):
            values[called] = key
        planned.append(Entry(register, "", values, key))
    write(here.work, here.case, planned, None)
    return {}
