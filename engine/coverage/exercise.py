"""What a story really used of all that carries a clause, read from its database when it is over."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers
from engine.packs import carried
from engine.packs.elements import split
from engine.queries.case_status import figures_of
from engine.rehearsal.several import play_all
from engine.store import tables as t
from engine.work import case_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from engine.packs import Carried, Pack
    from engine.rehearsal.play import Stage
    from engine.rehearsal.several import Played
    from engine.settings import Settings
    from engine.work import Case

#: (kind, id) of what was used; what is drawn is known by its id alone, and is of the kind DRAWN.
Key = tuple[str, str]
DRAWN = "element"
LISTED = frozenset({"process", "flow", "question", "check", "deadline", "option", "role", "register", "message", "document", "figure", "method", "stage",
                    "outcome", "page", "permission"})


def exercise(stories: Sequence[tuple[Path, Path]], settings: Settings) -> Iterator[Played]:
    """Plays each scenario file, with the folder of its pack; `seen` is the frozenset of places (Carried) that it used."""
    return play_all(stories, settings, after=used)


def used(stage: Stage) -> frozenset[Carried]:
    """Every place of a clause that was used in this rehearsal."""
    keys, rows = set(_in_cases(stage)) | set(_as_told(stage)), _rows_that_spoke(stage)
    keys |= set(_around(stage.pack, {id for kind, id in keys if kind == DRAWN}))
    return frozenset(place for place in carried(stage.pack) if _was_used(place, keys, rows, stage.pack))


def _was_used(place: Carried, keys: set[Key], rows: set[tuple[str, str]], pack: Pack) -> bool:
    if place.kind == "check":
        return (place.id, place.clause) in rows
    if place.kind == "question":
        form, _, key = place.id.partition(".")
        asked = key in pack.forms[form].keys
        return ("question", place.id) in keys if asked else ("form", form) in keys     # a text or a heading was read with its form
    return (place.kind if place.kind in LISTED else DRAWN, place.id) in keys


def _rows_that_spoke(stage: Stage) -> set[tuple[str, str]]:
    """Check and clause of each row that refused, locked or had its reason given."""
    rows = {(hit.check, clause) for hit in stage.spoke for clause in split(hit.clause)}
    with stage.engine.database.reading() as db:
        given = list(db.scalars(sa.select(t.trail.c.details).where(t.trail.c.event == "reason_given")))
    for check in {check for details in given for check in details.get("checks", ())}:
        table = stage.pack.tables[check]
        names = [output.name for output in table.outputs]
        for rule in table.rules:
            said = {name: text.strip().strip('"') for name, text in zip(names, rule.outputs, strict=True)}
            if said.get("effect") == "reason":
                rows |= {(check, clause) for clause in split(said.get("clause"))}
    return rows


def _as_told(stage: Stage) -> Iterator[Key]:
    """Options that the story sets, and questions whose answers it saw refused."""
    for option in stage.scenario.options:
        yield "option", option
    for step, refusal in stage.refused:
        name = step.partition("@")[0]
        action = next((one.element for one in stage.pack.case_actions.values() if name in (one.message, one.element)), name)
        form = stage.pack.form_of(action)
        if form is not None and isinstance(refusal, InvalidAnswers):
            yield from (("question", f"{form.id}.{key}") for path in refusal.errors for key in path.split("."))


def _in_cases(stage: Stage) -> Iterator[Key]:
    """What the tables of its cases tell."""
    pack = stage.pack
    with stage.engine.database.reading() as db:
        for row in db.execute(sa.select(t.cases)).all():
            case = case_of(row, stage.engine.vault, pack, stage.engine.shelf.program(db, row.release))
            yield from ((DRAWN, element) for element in db.scalars(sa.select(t.passed.c.element).where(t.passed.c.case_id == case.id).distinct()))
            yield from _answered(db, case)
            yield from (("figure", name) for name in figures_of(db, case, stage.engine.settings.board.timezone))
            if row.outcome:
                yield "outcome", row.outcome
        yield from (("deadline", name) for name in db.scalars(sa.select(t.deadlines.c.name).distinct()))
        yield from (("message", name) for name in db.scalars(sa.select(t.outbox.c.message).distinct()))
        yield from (("document", name) for name in db.scalars(sa.select(t.documents.c.field).where(t.documents.c.made_from.is_not(None)).distinct()))
        yield from (("stage", name) for name in db.scalars(sa.select(t.trail.c.details["stage"].as_string()).where(t.trail.c.event == "stage_entered")) if name)
        yield from (("role", name) for name in db.scalars(sa.select(t.holdings.c.role).where(t.holdings.c.case_id.is_not(None)).distinct()))
        done = sa.select(t.offers.c.holder).join(t.tasks, t.tasks.c.id == t.offers.c.task).where(t.tasks.c.state == "done").distinct()
        yield from (("role", holder.partition("#")[0].partition("@")[0]) for holder in db.scalars(done))


def _answered(db: sa.Connection, case: Case) -> Iterator[Key]:
    """Elements that were answered, their forms, and the questions of these that have an answer; registers that have rows likewise."""
    s, r = t.submissions, t.register_rows
    for row in db.execute(sa.select(s.c.id, s.c.element, s.c.answers).where(s.c.case_id == case.id)).all():
        yield DRAWN, row.element
        element, form = case.pack.elements[row.element], case.pack.form_of(row.element)
        yield from (("role", role) for role in element.offer_to)
        if form is not None:
            yield "form", form.id
            yield from (("question", f"{form.id}.{key}") for key in _keys(case.open(row.answers, "submissions", row.id)))
    for row in db.execute(sa.select(r.c.id, r.c.register, r.c.row).where(r.c.case_id == case.id)).all():
        yield "register", row.register
        if row.register in case.pack.registers:
            form_id = case.pack.registers[row.register].form
            yield "form", form_id
            yield from (("question", f"{form_id}.{key}") for key in _keys(case.open(row.row, "register_rows", row.id)))


def _keys(value: Any) -> Iterator[str]:
    """The keys under which something stands, however deep."""
    if isinstance(value, dict):
        for key, one in value.items():
            if one not in (None, "", False, [], {}):
                yield key
                yield from _keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one)


def _around(pack: Pack, passed: set[str]) -> Iterator[Key]:
    """What the elements that were passed lie in, and the arrows between them: a sub-process is begun before it is over."""
    processes = {element.process for id in passed if (element := pack.elements.get(id))}
    callers: dict[str, list[str]] = {}
    for element in pack.elements.values():
        for called in pack.called(element):
            callers.setdefault(called, []).append(element.id)
    for process in processes:
        yield "process", process
        yield from ((DRAWN, caller) for caller in callers.get(process, ()) if len(callers[process]) == 1)
        yield from (("flow", flow.id) for flow in pack.processes[process].flows.values() if flow.source in passed and flow.target in passed)
    yield from (("method", method.id) for method in pack.methods.values() if method.process in processes)
    for id in passed & pack.elements.keys():
        parent = pack.elements[id].parent
        while parent:
            yield DRAWN, parent
            parent = pack.elements[parent].parent
