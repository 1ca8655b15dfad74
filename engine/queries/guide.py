"""Who does what in a process, in plain words: made from the newest release of each pack, with nothing of any case in it."""
from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.forms import Field, Group, List
from engine.packs import in_words
from engine.packs.ahead import comes_next
from engine.queries.shapes.processes import Ahead, ClockRule, NextStep, RoleGuide, RoleRow, RoleStep
from engine.releases import newest, newest_of_all

if TYPE_CHECKING:
    from engine.forms import Form
    from engine.look import Look
    from engine.packs import Element, Pack
    from engine.rules.deadlines import Deadline

AT_ANY_TIME = "At any time"


def role_guides(look: Look) -> list[RoleRow]:
    """Every role of every process: what it is there for, and whether the person asking holds it."""
    mine = {held.role for held in look.actor.holdings}
    found = []
    for release in newest_of_all(look.db).values():
        pack = look.shelf.pack(look.db, release)
        steps = _steps_by_role(pack)
        found += [RoleRow(pack.id, pack.title, role.id, role.label, _sentence(pack, role.id, steps.get(role.id, [])), role.scope, role.id in mine)
                  for role in pack.roles.values() if not role.outside]
    return found


def role_guide(look: Look, pack: str, role: str) -> RoleGuide:
    """Everything a process puts to one role, in its order."""
    there = look.shelf.pack(look.db, newest(look.db, pack))
    if role not in there.roles or there.roles[role].outside:
        raise NotFound
    elements = _steps_by_role(there).get(role, [])
    stages: dict[str, list[RoleStep]] = {title: [] for title in (*there.stages.values(), AT_ANY_TIME)}
    for step in _steps(there, role):
        stages[step.stage].append(step)
    must_not: dict[str, list[tuple[str, str]]] = {}
    for step in _steps(there, role):
        for limit in step.limits:
            must_not.setdefault(limit, []).append((step.element, step.name))
    return RoleGuide(
        pack=there.id, pack_title=there.title, role=role, label=there.roles[role].label, sentence=_sentence(there, role, elements),
        scope=there.roles[role].scope,
        stages=[(title, found) for title, found in stages.items() if found],
        must_not=list(must_not.items()), registers=[register.title for register in there.registers.values() if role in register.visible_to],
        papers=[paper.title for paper in there.documents.values() if role in paper.visible_to],
        may=sorted(look.settings.roles.get(role, ())), mine=any(held.role == role for held in look.actor.holdings))


@lru_cache(maxsize=4)
def _steps_by_role(pack: Pack) -> dict[str, list[Element]]:
    """Role → the starts, tasks and buttons put to it, by stage and then as the process runs."""
    order = list(pack.stages)
    found: dict[str, list[Element]] = {}
    for element in in_words.whole_order(pack):
        if element.kind == "userTask" or element.id in pack.starts or element.id in pack.case_actions:
            for role in in_words.offered(pack, element):
                found.setdefault(role, []).append(element)
    for elements in found.values():
        elements.sort(key=lambda element: order.index(stages[0]) if (stages := pack.stages_of.get(element.id)) else len(order))
    return found


@lru_cache(maxsize=128)
def _steps(pack: Pack, role: str) -> list[RoleStep]:
    """The same for reading: a release never changes, and anyone may ask."""
    return [_step(pack, element, role) for element in _steps_by_role(pack).get(role, [])]


def _sentence(pack: Pack, role: str, elements: list[Element]) -> str:
    """What its owners say of a role; else its first steps."""
    if pack.roles[role].help:
        return pack.roles[role].help
    names = [element.label for element in elements]
    if not names:
        return "Nothing in this process is put to this role."
    return f"Does {', '.join(f'“{name}”' for name in names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}."


def _step(pack: Pack, element: Element, role: str) -> RoleStep:
    process = pack.processes[element.process]
    met, on_the_way = in_words.clocks_of(pack, element)
    stages = pack.stages_of.get(element.id, ())
    kind = "task" if element.kind == "userTask" else "start" if element.id in pack.starts else "button"
    form = pack.form_of(element.id)
    return RoleStep(
        element=element.id, kind=kind, name=element.label, stage=pack.stages[stages[0]] if stages else AT_ANY_TIME,
        also_in=[pack.stages[stage] for stage in stages[1:]],
        help=element.documentation or element.help, process=process.id, process_name=process.name or process.id,
        with_others=in_words.who(pack, [other for other in in_words.offered(pack, element) if other != role]),
        clocks=[clock_rule(pack, deadline) for deadline in met], on_the_way=[clock_rule(pack, deadline) for deadline in on_the_way],
        ahead=ahead_of(pack, element), clauses=element.clauses, questions=questions(form) if form else [], limits=in_words.limits(pack, element),
        checked=in_words.checked(pack, element))


def clock_rule(pack: Pack, deadline: Deadline) -> ClockRule:
    """A deadline as its owner wrote it, in words."""
    to = deadline.to or _pressed(pack, deadline)
    return ClockRule(
        name=deadline.name, title=deadline.title, kind=deadline.kind, clause=deadline.clause or "", rule=in_words.date_rule(pack, deadline),
        only=in_words.runs_only(pack, deadline), starts=in_words.names_of(pack, deadline.starts), ends=in_words.names_of(pack, deadline.ends),
        presses=in_words.names_of(pack, deadline.presses),
        to=in_words.who(pack, to) if len(to) < 4 else "whoever has the task", reminded=in_words.reminded(deadline),
        escalated=in_words.escalated(pack, deadline), milestone=deadline.milestone)


def _pressed(pack: Pack, deadline: Deadline) -> tuple[str, ...]:
    roles = (role for name in deadline.presses_on if name in pack.tasks for role in in_words.offered(pack, pack.tasks[name]))
    return tuple(dict.fromkeys(roles))


def ahead_of(pack: Pack, element: Element) -> Ahead:
    """What comes next, in words: what is surest first."""
    found = comes_next(pack, element)
    ways: dict[tuple[tuple[str, ...], ...], list[NextStep]] = {}
    for one in sorted(found, key=lambda one: min(map(len, one.when), default=0)):
        if one.kind not in ("mail", "end"):
            there = pack.elements.get(one.element)
            ways.setdefault(one.when, []).append(NextStep(one.kind, one.words, in_words.who(pack, one.roles), there.process if there else "", one.element))
    ends = {one.words: one.when for one in found if one.kind == "end"}
    for words, when in ends.items() if len(ends) < 4 else [(" · ".join(ends), ())]:
        ways.setdefault(when, []).append(NextStep("end", words))
    told = in_words.who(pack, dict.fromkeys(role for one in found if one.kind == "mail" for role in one.roles)).replace(" or ", " and ")
    return Ahead(list(ways.items()), told, joined=bool(found) and all(one.joined for one in found))


def questions(form: Form) -> list[tuple[int, str, bool]]:
    """What a form asks: how deep it stands under headings, its words, and whether it has to be answered."""
    found = []
    for path, item in form.walk():
        depth = path.count(".")
        if isinstance(item, Field):
            found.append((depth, item.label, item.required and not item.hide))
        elif isinstance(item, Group | List) and item.label:
            found.append((depth, f"{item.label}:", False))
    return found
