"""Requests for access: everything kept about someone with an account, and the passages of cases in which somebody is named."""
from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.documents import plain_text
from engine.errors import InvalidAnswers, NotFound
from engine.feel import data
from engine.forms.words import NOT_ANSWERED
from engine.progress.asked import ANSWERS, names_at
from engine.progress.names import Names
from engine.progress.papers import paper_of
from engine.progress.readers import reads_file
from engine.progress.registers import rows_of
from engine.queries.case_trail import in_words
from engine.queries.papers import is_reader
from engine.queries.registers import register_page, registers_of
from engine.queries.shapes.access import AccessPage, AccountData, Passage, Passages
from engine.queries.words import agency_names, item_name, readable
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.forms import Row
    from engine.look import Look
    from engine.work import Case

SHORTEST, LONGEST = 3, 100
#: Up to so many characters a passage is given whole; of a longer one what stands around the words.
WHOLE, AROUND = 600, 250
#: Columns that tell nothing but how somebody is recognised: nobody can read them back, and they are of use to a thief only.
NOT_TOLD = frozenset({"password", "token", "digest", "credential", "counter", "secret", "key"})


def access_page(look: Look) -> AccessPage:
    """Whom and what this person can look for."""
    _allowed(look)
    people = look.db.execute(sa.select(t.people.c.id, t.people.c.name).order_by(sa.func.lower(t.people.c.name), t.people.c.id)).all()
    return AccessPage([(row.id, row.name) for row in people], [row.reference for row in _cases(look)])


def account_data(look: Look, person: str) -> AccountData:
    """Every row that names this person, without what could open their account; and all of the trail by them or about them."""
    _allowed(look)
    name = look.db.scalar(sa.select(t.people.c.name).where(t.people.c.id == person))
    if name is None:
        raise NotFound
    need_proof(look)
    look.shows(None, f"account {person}")
    references = dict(look.db.execute(sa.select(t.cases.c.id, t.cases.c.reference)).all())
    found = {table: _naming(look, table, person) for table in t.metadata.sorted_tables}
    records = {table.name: [_told(look, table, row, references) for row in rows] for table, rows in found.items() if rows}
    said, r = t.trail.c.details, t.trail.c
    about = sa.or_(r.actor == person, said["person"].as_string() == person, said["to"].as_string() == person)
    query = sa.select(t.trail, t.cases.c.reference, t.cases.c.release).outerjoin(t.cases, t.cases.c.id == r.case_id).where(about).order_by(r.id.desc())
    trail = [{"at": row.at.isoformat(), "case": row.reference, "event": row.event, "by_them": row.actor == person, "words": told.words}
             for some in look.db.execute(query).partitions(1000) for row, told in zip(some, in_words(look, some), strict=True)]
    return AccountData(person, name, records, trail)


def passages(look: Look, words: str, cases: Sequence[str] = ()) -> Passages:
    """Where these words stand in answers, registers, names of files and papers: of these cases, or of all that this person may read.

    Only what they may read themselves is looked through. What is inside a file that somebody handed in is not."""
    _allowed(look)
    wanted = _plain(words if isinstance(words, str) else "")
    if not SHORTEST <= len(wanted) <= LONGEST:
        raise InvalidAnswers({"words": f"Enter a name, or part of one, of {SHORTEST} to {LONGEST} characters"})
    readable_ones = {row.reference: row.id for row in _cases(look)}
    asked = [one for one in dict.fromkeys(str(case).strip().upper() for case in cases) if one] or list(readable_ones)
    looked = [one for one in asked if one in readable_ones]
    needles = {wanted} | _keys_of(look, wanted)
    found: list[Passage] = []
    for reference in looked:
        case = look.case(reference)
        look.shows(case.id, "search for a request for access")
        for table, row, where, label, at, text in (*_answers(look, case, needles), *_registers(look, case, needles), *_files(look, case)):
            if wanted in _plain(text):
                mark = hashlib.sha256(f"{case.id}\n{table}\n{row}\n{label}".encode()).hexdigest()[:16]
                found.append(Passage(mark, case.id, reference, where, label, at, _around(text, wanted)))
    return Passages(" ".join(words.split()), looked, [one for one in asked if one not in readable_ones], found)


# ---- inside

def _allowed(look: Look) -> None:
    if look.actor.person is None or not look.actor.may("subject_access"):
        raise NotFound


def _cases(look: Look) -> list[Any]:
    """The cases whose answers this person may read."""
    c = t.cases.c
    rows = look.db.execute(sa.select(c.id, c.reference).where(sees_case(look.actor), c.key.is_not(None)).order_by(c.reference)).all()
    return [row for row in rows if look.actor.may("see_answers", row.id)]


def _naming(look: Look, table: sa.Table, person: str) -> list[sa.RowMapping]:
    """The rows of a table that name this person in any of its columns."""
    columns = [column for column in table.columns if any(key.column is t.people.c.id for key in column.foreign_keys)]
    if table is t.people:
        columns = [t.people.c.id]
    if not columns:
        return []
    shown = [column for column in table.columns if not isinstance(column.type, sa.LargeBinary) or (table is t.deputies and column.name == "reason")]
    return list(look.db.execute(sa.select(*shown).where(sa.or_(*(column == person for column in columns))).order_by(*table.primary_key.columns)).mappings())


def _told(look: Look, table: sa.Table, row: Any, references: Mapping[str, str]) -> dict[str, Any]:
    says = {name: value for name, value in row.items() if name not in NOT_TOLD}
    if says.get("case_id"):
        says["case"] = references[says.pop("case_id")]
    if table is t.deputies:
        says["reason"] = data.loads(look.vault.open(says["reason"], "deputies", row["id"]))
    return {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in says.items()}


Hit = tuple[str, str, str, str, "datetime | None", str]   # table, row, where, label, when, text


def _answers(look: Look, case: Case, needles: set[str]) -> Iterator[Hit]:
    """Answers as they are now, and as they were before a correction."""
    s, c, agencies = t.submissions, t.corrections, agency_names(look)
    given, known = look.db.execute(ANSWERS.where(s.c.case_id == case.id).order_by(s.c.at)).all(), Names(look.db, case, look.settings, look.actor)
    before: dict[str, list[Any]] = {}
    for row in look.db.execute(sa.select(c.c.id, c.c.submission, c.c.before).where(c.c.case_id == case.id).order_by(c.c.number)):
        before.setdefault(row.submission, []).append(row)
    for row in given:
        versions = [("submissions", row.id, "", case.open(row.answers, "submissions", row.id))]
        versions += [("corrections", old.id, ", before a correction", case.open(old.before, "corrections", old.id, "before")["answers"])
                     for old in before.get(row.id, ())]
        element, form = case.pack.elements[row.element], case.pack.form_of(row.element)
        title = (element.properties.get("label") or element.name or element.id) + (f" – {item_name(row.item, agencies, case.pack)}" if row.item else "")
        if row.reason:
            yield "submissions", row.id, title, "Reason for going on", row.at, case.open(row.reason, "submissions", row.id, "reason")
        if form is None or not any(_holds(values, needles) for *_, values in versions):
            continue
        names = names_at(known, row)
        for table, id, note, values in versions:
            for label, text in _flat(readable(look.actor, case, form.plain(values, names, look.now), row.agency), ""):
                yield table, id, title + note, label, row.at, text


def _registers(look: Look, case: Case, needles: set[str]) -> Iterator[Hit]:
    for register in registers_of(look, case):
        if not _holds(rows_of(look.db, case, [register.name])[register.name], needles):
            continue
        page = register_page(look, case.reference, register.name)
        for line in page.lines:
            for head, cell in zip(page.heads, line.cells, strict=True):
                yield "register_rows", f"{register.name} {line.key}", f"{page.title}, {line.key}", head, None, cell


def _files(look: Look, case: Case) -> Iterator[Hit]:
    d = t.documents
    for row in look.db.execute(sa.select(d).where(d.c.case_id == case.id).order_by(d.c.at)).all():
        text = case.pack.documents.get(row.field) if row.made_from is not None else None
        if row.made_from is None and reads_file(look.db, look.actor, case, row):
            yield "documents", row.id, "Files", "Name of a file", row.at, case.open(row.name, "documents", row.id, "name")
        elif text is not None and is_reader(look.actor, case, text, row.agency):
            yield "documents", row.id, "Papers", text.title, row.at, plain_text(paper_of(case, row).text)


def _flat(rows: Iterable[Row], above: str) -> Iterator[tuple[str, str]]:
    for row in rows:
        label = f"{above}: {row.label}" if above else row.label
        if row.rows:
            yield from _flat(row.rows, label)
        elif row.text != NOT_ANSWERED:
            yield label, row.text


def _keys_of(look: Look, wanted: str) -> set[str]:
    """The ids of people and keys of agencies of this name: an answer that picks one holds only that."""
    people = look.db.execute(sa.select(t.people.c.id, t.people.c.name)).all()
    return {row.id for row in people if wanted in _plain(row.name)} | {key.casefold() for key, name in agency_names(look).items() if wanted in _plain(name)}


def _holds(value: Any, needles: set[str]) -> bool:
    """Whether any text in these answers has one of these in it: looked at before anything is put into words, which takes longer."""
    if isinstance(value, Mapping):
        return any(_holds(one, needles) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(one, needles) for one in value)
    text = _plain(value) if isinstance(value, str) else str(value)
    return any(needle in text for needle in needles)


def _plain(text: str) -> str:
    """How two spellings of a name are the same: without capitals, accents put one way, one space between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _around(text: str, wanted: str) -> str:
    """The passage: whole, or what stands around each place where the words are."""
    if len(text) <= WHOLE:
        return text
    parts: list[list[int]] = []
    for place in re.finditer(r"\s+".join(map(re.escape, wanted.split())), text, re.IGNORECASE):
        if parts and place.start() - AROUND <= parts[-1][1]:
            parts[-1][1] = place.end() + AROUND
        else:
            parts.append([max(0, place.start() - AROUND), place.end() + AROUND])
    return " … ".join(text[start:end].strip() for start, end in parts) if parts else text
