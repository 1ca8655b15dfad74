"""A pack as people read it, without a case: in which order, offered to whom, until when, and what is refused."""
from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.packs.check.scope import reads
from engine.packs.elements import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.feel.tables import Rule, Table
    from engine.packs.elements import Element, Process
    from engine.packs.pack import Pack
    from engine.rules.deadlines import Deadline
    from engine.rules.periods import Period

KINDS = {
    "userTask": "Task", "callActivity": "Part of the process", "subProcess": "Part of the process", "sendTask": "Mail", "serviceTask": "Automatic step",
    "scriptTask": "Automatic step", "businessRuleTask": "Decision table", "receiveTask": "Waits for news", "startEvent": "Beginning", "endEvent": "End",
    "boundaryEvent": "Event", "intermediateCatchEvent": "Event", "intermediateThrowEvent": "Event",
}
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
CONDITION = re.compile(r"\bif\b.*?\bthen\b", re.DOTALL)   # what only chooses between two dates is none itself
SHORT = 12           # letters: “Date” alone says nothing


# ---- order


def reading_order(process: Process) -> list[Element]:
    """As it runs: from the starts along the arrows, then whatever hangs beside them."""
    order: dict[str, None] = {}
    ahead = [element.id for element in process.elements.values() if element.kind == "startEvent" and element.parent is None]
    while ahead:
        one = ahead.pop(0)
        if one in order:
            continue
        order[one] = None
        ahead += [process.flows[flow].target for flow in process.elements[one].outgoing if flow in process.flows]
        ahead += [element.id for element in process.elements.values() if element.attached_to == one]
        ahead = [element.id for element in process.elements.values() if element.parent == one and element.kind == "startEvent"] + ahead
    return [process.elements[element] for element in [*order, *(other for other in process.elements if other not in order)]]


def whole_order(pack: Pack) -> list[Element]:
    """Every element of the pack as the whole runs: what a process calls stands where it is first called."""
    found: list[Element] = []
    seen: set[str] = set()

    def take(process: Process) -> None:
        seen.add(process.id)
        for element in reading_order(process):
            found.append(element)
            for called in pack.called(element):
                if called in pack.processes and called not in seen:
                    take(pack.processes[called])

    for process in [pack.main, *pack.processes.values()]:
        if process.id not in seen:
            take(process)
    return found


# ---- who


def offered(pack: Pack, element: Element) -> tuple[str, ...]:
    """The roles that a task or button is put to; where an expression chooses, all that it may choose."""
    if element.kind == "userTask":
        return element.roles or _chosen(pack, element.groups)
    return element.offer_to


def told(pack: Pack, element: Element) -> tuple[str, ...]:
    """The roles that a mail goes to."""
    to = element.headers.get("to", "")
    return _chosen(pack, to) if to.startswith("=") else split(to)


@lru_cache(maxsize=4096)
def _chosen(pack: Pack, text: str) -> tuple[str, ...]:
    """The roles that an expression can name: those written in it, and those that mappings put into the variables it reads."""
    sources, found, waiting = _sources(pack), dict[str, None](), [text]
    seen = {text}
    while waiting:
        text = waiting.pop()
        if not text.startswith("="):
            continue
        found |= dict.fromkeys(word for word in TEXT.findall(text) if word in pack.roles)
        paths = reads(text[1:])[0]
        names = {path.partition(".")[0] for path in paths} | {path.rpartition(".")[2] for path in paths}      # “missed.explains” was put there as “explains”
        further = [source for name in sorted(names) for source in sources.get(name, ()) if source not in seen]
        seen.update(further)
        waiting += reversed(further)
    return tuple(found)


@lru_cache(maxsize=16)
def _sources(pack: Pack) -> Mapping[str, list[str]]:
    """Variable → the expressions that mappings fill it with."""
    sources = defaultdict[str, list[str]](list)
    for element in pack.elements.values():
        for row in (*element.inputs, *element.outputs):
            sources[row.target].append(row.source)
    return sources


def who(pack: Pack, roles: Iterable[str]) -> str:
    """“Business Manager or Business Office”."""
    labels = [pack.roles[role].label if role in pack.roles else role for role in roles]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}" if labels else ""


# ---- until when


def clocks_of(pack: Pack, element: Element) -> tuple[list[Deadline], list[Deadline]]:
    """The deadlines that are met by doing this, and those that it is on the way to, inside its own process."""
    process = pack.processes[element.process]

    def ahead(*, through_tasks: bool) -> set[str]:
        reached, ways = {element.id}, [element]
        for at in ways:     # grows as it goes
            for one in [*process.after(at), *(process.starts(at.id) if at.kind == "subProcess" else ())]:
                waits = one.waits or one.kind in {"callActivity", "subProcess"}
                if one.id not in reached and (through_tasks or not waits) and not (one.kind == "parallelGateway" and len(one.incoming) > 1):
                    reached.add(one.id)
                    ways.append(one)
        return reached

    at_once = ahead(through_tasks=False)
    met = [deadline for deadline in pack.deadlines.values() if not at_once.isdisjoint(deadline.ends)]
    later = ahead(through_tasks=True) if not met and process.id != pack.main.id else set()
    return met, [deadline for deadline in pack.deadlines.values() if deadline not in met and (
        element.id in deadline.presses or (not later.isdisjoint(deadline.ends) and not later.issuperset(deadline.starts)))]


def date_rule(pack: Pack, deadline: Deadline) -> str:
    """“14 days from the day of “The recommendation arrives””."""
    if deadline.on is not None:
        return f"on {_day(pack, deadline, deadline.on)}"
    if deadline.before is not None:
        return f"{_length(deadline.before)} before {_day(pack, deadline, deadline.from_)}"
    return f"{within(deadline)} from {_day(pack, deadline, deadline.from_)}"


def within(deadline: Deadline) -> str:
    """How long it gives: “14 days”, “every 8 weeks”, “7 days before”; nothing where the day itself is answered."""
    if deadline.before is not None:
        return f"{_length(deadline.before)} before"
    if deadline.every is not None:
        return f"every {deadline.every.unit}" if deadline.every.count == 1 else f"every {_length(deadline.every)}"
    return _length(deadline.within) if deadline.within else ""


def runs_only(pack: Pack, deadline: Deadline) -> str:
    """Where it does not run in every case: what that depends on."""
    if deadline.when is None:
        return ""
    paths = reads(deadline.when)[0]
    options = [pack.options[path.partition(".")[2]].title for path in sorted(paths) if path.startswith("options.") and path.partition(".")[2] in pack.options]
    if options:
        return f"Only with the option “{options[0]}”"
    labels = _labels(pack, deadline, deadline.when)
    return f"Not in every case: it depends on {_and(labels)}" if labels else "Not in every case"


def reminded(deadline: Deadline) -> str:
    """When its reminders go out: “4 days and 1 day before; again 1 day, then every 7 days after”."""
    parts = []
    if deadline.remind:
        parts.append(f"{_and([_length(period) for period in deadline.remind])} before")
    if deadline.chase:
        parts.append(f"{_and([str(period) for period in deadline.chase])} after, while it is late")
    return "; ".join(parts)


def escalated(pack: Pack, deadline: Deadline) -> list[str]:
    """Who is told when it is missed, and how much later."""
    return [f"{'When it is missed' if step.after.count == 0 else f'{_length(step.after)} later'}: {who(pack, step.to)}" for step in deadline.escalate]


def names_of(pack: Pack, ids: Iterable[str]) -> list[str]:
    """The names of elements and registers, as diagrams show them."""
    found = []
    for id in ids:
        register = pack.registers.get(id.partition(".")[2]) if id.startswith("registers.") else None
        element = pack.elements.get(id)
        found.append(f"a row of “{register.title}”" if register else f"“{(element.name or element.label) if element else id}”")
    return list(dict.fromkeys(found))


def _day(pack: Pack, deadline: Deadline, text: str | None) -> str:
    begins = f"the day of {' or '.join(names_of(pack, deadline.starts[:3]))}" + (" or one like it" if len(deadline.starts) > 3 else "")
    if text is None or "today()" in text:
        return begins
    labels = _labels(pack, deadline, text)
    days = [f"the day answered to {label}" if "?”" in label else label for label in labels]
    return " or ".join(days) if days else "a day that the process works out"


def _labels(pack: Pack, deadline: Deadline, text: str) -> list[str]:
    """The questions whose answers an expression reads, by their words."""
    found: dict[str, None] = {}
    for path in sorted(reads(text)[0], key=CONDITION.sub(" ", text).find):
        if path.rpartition(".")[2] in CONDITION.sub(" ", text):
            found.update(dict.fromkeys(_label(pack, deadline, path)))
    return list(found)[:3]


def _label(pack: Pack, deadline: Deadline, path: str) -> list[str]:
    head, _, rest = path.partition(".")
    if head == "answers":
        task, _, question = rest.partition(".")
        return _asked(pack, pack.elements[task].form, question, pack.elements[task].label) if task in pack.elements else []
    if head == "row" and (deadline.register or "") in pack.registers:
        register = pack.registers[deadline.register or ""]
        return _asked(pack, register.form, rest, register.title)
    if head == "registers" and rest.partition(".")[0] in pack.registers:
        register = pack.registers[rest.partition(".")[0]]
        return _asked(pack, register.form, rest.rpartition(".")[2], register.title)
    if path == "case.started":
        return ["the day the case began"]
    if head == "deadlines":
        return [f"“{pack.deadlines[rest].title}”"] if rest in pack.deadlines else []
    for element in pack.elements.values():
        for row in element.outputs:
            if row.target == head and (labels := _asked(pack, element.form, row.source.removeprefix("=").strip(), element.label)):
                return labels
    return []


def _asked(pack: Pack, form: str | None, key: str, where: str) -> list[str]:
    """A question's words; one that says little says where it is asked."""
    there = pack.forms.get(form or "")
    labels = [field.label for path, field in there.questions() if key in (path, field.key) and field.label] if there else []
    return [f"“{label}”" if len(label) > SHORT else f"“{label}” of “{where}”" for label in labels[:1]]


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _length(period: Period) -> str:
    return str(period).removeprefix("every ")


# ---- what is refused


def row_says(table: Table, rule: Rule) -> dict[str, str]:
    """The cells of a check's row as words, by the name of their column; what is only known in a case is left out."""
    return {output.name: sentence(cell) for output, cell in zip(table.outputs, rule.outputs, strict=True)}


def sentence(text: str) -> str:
    """The words in an expression that makes a sentence."""
    pieces = [piece.replace('\\"', '"') for piece in TEXT.findall(text) if len(piece) > 2 or not piece.isalnum()]
    plain = re.sub(r"\s+", " ", " … ".join(piece.strip() for piece in pieces if " " in piece.strip() or len(pieces) == 1))
    plain = re.sub(r"\s*\(\s*…\s*\)", "", plain)
    plain = re.sub(r"\s+([.,;:])", r"\1", plain.replace("… …", "…")).strip()
    return plain if not plain or plain[-1] in ".?!:…" else f"{plain} …"


def limits(pack: Pack, element: Element) -> list[str]:
    """Who may not do this, and when it is locked, in words."""
    found = [f"Not by whoever did {_and(names_of(pack, [other]))}." for other in element.not_by]
    tables = [pack.tables[id] for id in element.gate if id in pack.tables]
    says = dict.fromkeys(words.rstrip(".") for table in tables for rule in table.rules if (words := row_says(table, rule).get("says")))
    return [*found, *(f"Locked when this is so: “{one}”." for one in says)]


def checked(pack: Pack, element: Element) -> list[tuple[str, bool]]:
    """What is said to answers that will not do, and whether a reason lets them pass."""
    found: dict[str, bool] = {}
    for id in element.checks:
        table = pack.tables.get(id)
        for rule in table.rules if table else ():
            cells = row_says(table, rule) if table else {}
            if cells.get("says"):
                found.setdefault(cells["says"], cells.get("effect") == "reason")
    return list(found.items())
