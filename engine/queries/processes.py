"""A process as its owners released it: its diagrams, deadlines and sources, release by release. Nothing of a case is in it."""
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.packs import clauses_of, in_words
from engine.packs.elements import split
from engine.queries.guide import ahead_of, clock_rule, questions
from engine.queries.shapes.cases import DiagramRow
from engine.queries.shapes.processes import ClauseRow, DrawnElement, Place, ProcessPage, ProcessRow, Released, ReleaseRow, SourceSection, SourcesPage
from engine.queries.words import person_names
from engine.store import tables as t
from engine.store.eyes import everywhere

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.look import Look
    from engine.packs import Carried, Element, Pack, Process

WORDS = {
    "role": "Role", "page": "Page", "register": "Register", "message": "Mail", "document": "Paper", "figure": "Figure", "permission": "Permission",
    "stage": "Stage", "outcome": "End of a case", "option": "Option", "deadline": "Deadline", "question": "Question", "check": "Check", "flow": "Way",
    "process": "Diagram", "method": "Method", **in_words.KINDS,
}
#: What is told of first where a clause has many places; the rest follows as it stands in the pack.
ORDER = ["Deadline", "Start of a case", "Task", "Button on the case page", "Part of the process", "Mail", "Paper", "Option", "Role", "Page", "Register",
         "Question", "Check"]


def process_releases(look: Look, pack: str, number: int | None = None) -> Released:
    """The releases of a process, newest first, and the diagrams and deadlines of one of them: the newest if none is named."""
    rows = _releases(look, pack)
    row = _chosen(rows, number)
    there = look.shelf.pack(look.db, row.id)
    clocks = [clock_rule(there, deadline) for deadline in there.deadlines.values()]
    return Released(there.id, there.title, row, rows[0].number, diagrams=_tree(there), clocks=clocks, releases=rows)


def process_page(look: Look, pack: str, process: str, number: int | None = None) -> ProcessPage:
    """One diagram of a release, with all that its elements say."""
    rows = _releases(look, pack)
    row = _chosen(rows, number)
    there = look.shelf.pack(look.db, row.id)
    drawn = there.processes.get(process)
    if drawn is None:
        raise NotFound
    called = {element.id: other for element in drawn.elements.values() for other in there.called(element) if other in there.processes}
    return ProcessPage(
        pack=there.id, pack_title=there.title, release=row, newest=rows[0].number, process=drawn.id, name=drawn.name or drawn.id, help=drawn.documentation,
        clauses=split(drawn.properties.get("clause")),
        parents=[_row(other) for other in there.processes.values() if any(drawn.id in there.called(element) for element in other.elements.values())],
        elements=[*(_element(there, element) for element in in_words.reading_order(drawn)), *_flows(drawn)],
        calls={element: _row(there.processes[other]) for element, other in called.items()})


def process_drawing(look: Look, pack: str, process: str, number: int | None = None) -> bytes:
    """The diagram itself, as its owner drew it for that release."""
    there = look.shelf.pack(look.db, _chosen(_releases(look, pack), number).id)
    if process not in there.processes:
        raise NotFound
    return there.processes[process].xml


def process_sources(look: Look, pack: str, number: int | None = None, *, source: str = "", kind: str = "", words: str = "") -> SourcesPage:
    """Clause by clause what carries it and which story shows it; only those of one source or kind, or with these words."""
    rows = _releases(look, pack)
    row = _chosen(rows, number)
    there = look.shelf.pack(look.db, row.id)
    tied = clauses_of(there)
    in_documents = [one for one in tied if one.clause.source.is_document] or list(tied)
    sections: dict[tuple[str, str], SourceSection] = {}
    for one, found in zip(tied, _clause_rows(there), strict=True):
        clause = one.clause
        if (source and source != clause.source.id) or (kind and kind not in clause.kinds) or not _has(found, clause.section, words):
            continue
        title = f"{clause.source.title}, {clause.source.date}" if clause.source.date else clause.source.title
        sections.setdefault((clause.source.id, clause.section), SourceSection(clause.source.id, title, clause.section, [])).clauses.append(found)
    return SourcesPage(
        pack=there.id, pack_title=there.title, release=row, newest=rows[0].number,
        sources=list({one.clause.source.id: (one.clause.source.id, one.clause.source.title) for one in tied}.values()),
        kinds=sorted({kind for one in tied for kind in one.clause.kinds}), sections=list(sections.values()),
        shown=sum(len(section.clauses) for section in sections.values()),
        met=sum(1 for one in in_documents if one.places and (one.stories or one.clause.proved_by)), all=len(in_documents))


# ---- releases


def _releases(look: Look, pack: str) -> list[ReleaseRow]:
    r, c = t.releases, t.cases
    columns = (r.c.id, r.c.number, r.c.released_at, r.c.released_by, r.c.approved_by, r.c.note)
    found = look.db.execute(sa.select(*columns).where(r.c.pack == pack).order_by(r.c.number.desc())).all()
    if not found:
        raise NotFound
    people = person_names(look, [who for row in found for who in (row.released_by, row.approved_by)])
    cases = None
    if look.actor.may("see_status") or look.actor.may("read_packs"):
        with everywhere(look.db):    # how many there are, and nothing else of them
            counted = look.db.execute(sa.select(c.c.release, sa.func.count().label("all"), sa.func.count(c.c.ended_at).label("ended")).where(
                c.c.release.in_([row.id for row in found])).group_by(c.c.release)).all()
        cases = {row.release: (row.all - row.ended, row.ended) for row in counted}
    return [ReleaseRow(row.id, row.number, row.released_at, _by(row, people), row.note, newest=row is found[0],
                       cases=None if cases is None else cases.get(row.id, (0, 0))) for row in found]


def _by(row: Any, people: dict[str | None, str]) -> str:
    who = people.get(row.released_by, "")
    return f"{who}, approved by {people.get(row.approved_by, '')}" if row.approved_by else who


def _chosen(rows: list[ReleaseRow], number: int | None) -> ReleaseRow:
    if number is None:
        return rows[0]
    for row in rows:
        if row.number == number:
            return row
    raise NotFound


# ---- diagrams


def _row(process: Process) -> DiagramRow:
    return DiagramRow(process.id, process.name or process.id)


def _tree(pack: Pack) -> list[ProcessRow]:
    """The main process and what it calls, each where it is first called."""
    callers: dict[str, list[Process]] = {}
    for process in pack.processes.values():
        for called in dict.fromkeys(called for element in process.elements.values() for called in pack.called(element)):
            callers.setdefault(called, []).append(process)
    found: list[ProcessRow] = []

    def take(process: Process, depth: int, above: str | None) -> None:
        also = [_row(other) for other in callers.get(process.id, []) if other.id != above]
        found.append(ProcessRow(process.id, process.name or process.id, process.documentation, depth, also))
        for element in in_words.reading_order(process):
            for called in pack.called(element):
                if called in pack.processes and all(row.process != called for row in found):
                    take(pack.processes[called], depth + 1, process.id)

    take(pack.main, 0, None)
    return found


def _element(pack: Pack, element: Element) -> DrawnElement:
    form = pack.form_of(element.id)
    clocks = [deadline for deadline in pack.deadlines.values() if element.id in (*deadline.starts, *deadline.presses_on, *deadline.cancelled_by)
              or deadline.name == element.event.deadline]
    roles = in_words.told(pack, element) if element.job == "mail" else in_words.offered(pack, element)
    called = next((_row(pack.processes[other]) for other in pack.called(element) if other in pack.processes), None)
    waits = element.kind == "userTask" or element.id in pack.starts or element.id in pack.case_actions
    return DrawnElement(
        id=element.id, kind=_kind(pack, element), name=element.label if element.label != element.id else "", help=element.documentation or element.help,
        who=in_words.who(pack, roles), form=form.title if form else "", questions=questions(form) if form else [],
        clocks=[clock_rule(pack, deadline) for deadline in clocks], clauses=element.clauses, limits=in_words.limits(pack, element),
        ahead=ahead_of(pack, element) if waits else None, called=called)


def _kind(pack: Pack, element: Element) -> str:
    if element.id in pack.case_actions: return "Button on the case page"
    if element.id in pack.starts: return "Start of a case"
    if element.event.kind == "timer": return "Waits for a date"
    if element.job == "mail": return "Mail"
    if element.kind.endswith("Gateway"): return "Question the process asks" if len(element.outgoing) > 1 and element.name else "Junction"
    return in_words.KINDS[element.kind]


def _flows(process: Process) -> Iterable[DrawnElement]:
    """The arrows that carry a clause."""
    for flow in process.flows.values():
        ends = [process.elements[end].name or in_words.KINDS.get(process.elements[end].kind, "a junction") for end in (flow.source, flow.target)
                if end in process.elements]
        if clauses := split(flow.properties.get("clause")):
            yield DrawnElement(flow.id, "Way", f"{flow.name or 'The way'}: from “{ends[0]}” to “{ends[-1]}”", "", "", "", [], [], clauses, [], None, None)


# ---- sources


@lru_cache(maxsize=4)
def _clause_rows(pack: Pack) -> list[ClauseRow]:
    """Every clause with its places in words: a release never changes."""
    return [ClauseRow(one.clause.id, one.clause.says, one.clause.kinds, _places(pack, one.places), [story.title for story in one.stories], one.clause.proved_by)
            for one in clauses_of(pack)]


def _has(row: ClauseRow, section: str, words: str) -> bool:
    """Every word stands somewhere in what the page says of the clause."""
    text = " ".join([row.id, row.says, section, *(place.words for place in row.places), *row.stories]).casefold()
    return all(word in text for word in words.casefold().split())


def _places(pack: Pack, carried: Iterable[Carried]) -> list[Place]:
    """What carries a clause, each thing once."""
    found: dict[tuple[str, str], Place] = {}
    for one in carried:
        for place in _place(pack, one):
            found.setdefault((place.words, place.element), place)
    return sorted(found.values(), key=lambda place: ORDER.index(place.kind) if place.kind in ORDER else len(ORDER))


def _place(pack: Pack, one: Carried) -> list[Place]:
    kind = WORDS.get(one.kind, "Junction")
    if one.process:
        there = pack.elements.get(one.id)
        words = one.name or pack.processes[one.process].name
        return [Place(_kind(pack, there) if there else kind, words, one.process, "" if one.kind == "process" else one.id)]
    if one.kind == "question":
        form = one.id.partition(".")[0]
        at = [element for element in pack.elements.values() if element.form == form]
        title = pack.forms[form].title if form in pack.forms else form
        return _on(kind, one.name or one.id, at) or [Place(kind, f"{one.name} ({title})")]
    if one.kind == "check":
        table = pack.tables[one.id]
        says = next((in_words.row_says(table, rule).get("says") for rule in table.rules if rule.line == one.line), "") or table.name
        at = [element for element in pack.elements.values() if one.id in (*element.checks, *element.gate)]
        return _on(kind, says, at) or [Place(kind, says)]
    if one.kind == "deadline":
        return [Place(kind, f"{one.name}: {in_words.date_rule(pack, pack.deadlines[one.id])}", element=one.id)]
    if one.kind == "option":
        setting = {True: "on", False: "off"}.get(pack.options[one.id].default, pack.options[one.id].default)
        return [Place(kind, f"{one.name}: {setting if setting != '' else 'empty'}")]
    if one.kind == "method":
        return [Place(kind, one.name, pack.methods[one.id].process)]
    return [Place(kind, one.name or one.id, page=one.id if one.kind == "page" else "", element=one.id if one.kind == "role" else "")]


def _on(kind: str, words: str, elements: list[Element]) -> list[Place]:
    """What is asked or tested at several elements, once, with the way to the first."""
    names = "; ".join(dict.fromkeys(element.label for element in elements))
    return [Place(kind, f"{words} ({names})", elements[0].process, elements[0].id)] if elements else []
