"""A diagram of a case with what is done, what is now and what is late marked on it; and the same as a list."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.look import sees_all_of
from engine.packs.elements import ACTIVITIES
from engine.packs.in_words import KINDS, reading_order
from engine.queries.forms_to_answer import running
from engine.queries.shapes.cases import Diagram, DiagramRow, Marks
from engine.store import tables as t

if TYPE_CHECKING:
    from datetime import datetime

    from engine.look import Look
    from engine.packs import Element, Process
    from engine.work import Case


def diagram(look: Look, reference: str, process: str | None = None) -> Diagram:
    """The main process, or one it calls, as this case has gone through it."""
    case = look.case(reference)
    if not sees_all_of(look, case.id):
        raise NotFound
    found = marked(look, case, process)
    look.shows(case.id, f"diagram {found.process}")
    return found


def marked(look: Look, case: Case, process: str | None = None) -> Diagram:
    """The same for a page of the case that shows more than this, and has seen to it that this person may see all of it."""
    drawn = case.pack.processes.get(process or case.pack.main.id)
    if drawn is None:
        raise NotFound
    names = {other.id: other.name or other.id for other in case.pack.processes.values()}
    marks, moments = _marks(look, case, drawn)
    rows = [(element.name or KINDS[element.kind], KINDS[element.kind], _state(marks.get(element.id, Marks())), moments.get(element.id))
            for element in reading_order(drawn) if element.kind in KINDS]
    return Diagram(
        reference=case.reference, process=drawn.id, name=names[drawn.id], marks=marks, rows=rows,
        parents=[DiagramRow(other.id, names[other.id]) for other in case.pack.processes.values() if any(
            drawn.id in case.pack.called(element) for element in other.elements.values())],
        calls={element.id: DiagramRow(called, names[called]) for element in drawn.elements.values() if (called := _called(look, case, element)) in names})


def drawing(look: Look, reference: str, process: str) -> bytes:
    """The diagram itself, as its owner drew it, on the release of this case."""
    case = look.case(reference)
    if not sees_all_of(look, case.id) or process not in case.pack.processes:
        raise NotFound
    return case.pack.processes[process].xml


def _called(look: Look, case: Case, element: Element) -> str:
    """The process that an element calls; where data chooses, the one that this case has been in."""
    may_be = [process for process in case.pack.called(element) if process in case.pack.processes]
    if not (element.called or "").startswith("="):
        return element.called or ""
    p, k = t.passed, t.tasks
    for process in may_be:
        inside = list(case.pack.processes[process].elements)
        if any(look.db.scalar(sa.select(table.c.element).where(table.c.case_id == case.id, table.c.element.in_(inside)).limit(1)) for table in (p, k)):
            return process
    return ""


def _marks(look: Look, case: Case, drawn: Process) -> tuple[dict[str, Marks], dict[str, datetime]]:
    ids = list(drawn.elements)
    p, k = t.passed, t.tasks
    done, moments = {}, {}
    for row in look.db.execute(sa.select(p.c.element, sa.func.count().label("many"), sa.func.max(p.c.at).label("at"))
                               .where(p.c.case_id == case.id, p.c.element.in_(ids)).group_by(p.c.element)):
        done[row.element], moments[row.element] = row.many, row.at
    process = running(look, case)
    here = process.marks().get(drawn.id, {}) if process else {}
    now = {element: counts["now"] for element, counts in here.items() if counts["now"] and drawn.elements[element].kind in ACTIVITIES}
    late: set[str] = set()
    inside = _calling(case)
    for task in look.db.execute(sa.select(k.c.element, k.c.process, k.c.due, k.c.offered_at).where(k.c.case_id == case.id, k.c.state == "open")):
        for element in now.keys() & {task.element, *inside.get(task.process, ()), *_around(case, task.element)}:
            moments.setdefault(element, task.offered_at)
            if task.due and task.due < look.today:
                late.add(element)
    found = {element: Marks(done=done.get(element, 0), now=now.get(element, 0), late=element in late) for element in {*done, *now}}
    return found, moments


def _calling(case: Case) -> dict[str, set[str]]:
    """Process → every call activity or sub-process, at any height, that it runs inside of."""
    direct: dict[str, set[tuple[str, str]]] = {}
    for process in case.pack.processes.values():
        for element in process.elements.values():
            for called in case.pack.called(element):
                direct.setdefault(called, set()).add((element.id, process.id))
    found: dict[str, set[str]] = {}
    for called in case.pack.processes:
        seen: set[str] = set()
        ahead = [called]
        while ahead:
            for caller, owner in direct.get(ahead.pop(), ()):
                if caller not in seen:
                    seen |= {caller, *_around(case, caller)}
                    ahead.append(owner)
        found[called] = seen
    return found


def _around(case: Case, element: str) -> set[str]:
    """The sub-processes an element is drawn in."""
    found, here = set(), case.pack.elements.get(element)
    while here is not None and here.parent is not None:
        found.add(here.parent)
        here = case.pack.elements.get(here.parent)
    return found


def _state(marks: Marks) -> str:
    if marks.now:
        times = f" ({marks.now} open)" if marks.now > 1 else ""
        return ("Late" if marks.late else "Now") + times
    if marks.done:
        return "Done" + (f" {marks.done} times" if marks.done > 1 else "")
    return "Not reached"
