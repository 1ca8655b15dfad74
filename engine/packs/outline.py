"""What someone needs to know of a pack who writes a scenario from outside: every start, task, question, clock and word."""
from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.clock import SystemClock
from engine.errors import Incident
from engine.forms import Field, Group, List, Option, Upload
from engine.forms.samples import one
from engine.packs.ahead import comes_next
from engine.packs.check.scope import reads
from engine.packs.elements import REASON
from engine.packs.in_words import offered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.forms import Form, Item
    from engine.packs.elements import Element, Loop, Mapped
    from engine.packs.pack import Button, Pack

#: What a scenario's `look` may name besides tasks, registers and documents.
PAGES = ("home", "cases", "drafts", "case", "diagram", "trail")


def outline(pack: Pack, verbs: Mapping[str, list[str]] | None = None, now: datetime | None = None) -> dict[str, Any]:
    """The pack as a plain dict; samples are those that questions left out of a scenario are answered with."""
    drawer = _Outline(pack, now or SystemClock().now())
    return {
        "pack": {"id": pack.id, "title": pack.title, "digest": pack.digest, "main": pack.manifest.main, "reference": pack.reference,
                 "parts": list(pack.manifest.parts)},
        "starts": [drawer.button(start) for start in pack.starts.values()],
        "case_actions": [drawer.button(action) for action in pack.case_actions.values()],
        "messages_from_outside": drawer.outside_messages(),
        "tasks": [drawer.task(element) for element in pack.tasks.values()],
        "verbs": [{"name": name, "arguments": list(arguments)} for name, arguments in sorted((verbs or {}).items())],
        "pages": list(PAGES),
        "roles": [{"id": role.id, "label": role.label, "scope": role.scope, "outside": role.outside} for role in pack.roles.values()],
        "agencies": [{"key": agency.key, "name": agency.name, "member": agency.member} for agency in pack.scenario_agencies],
        "options": [{"id": option.id, "title": option.title, "kind": option.kind, "default": plain(option.default), "clause": option.clause,
                     "choices": [plain(choice) for choice in option.choices]} for option in pack.options.values()],
        "stages": [{"id": id, "title": title} for id, title in pack.stages.items()],
        "outcomes": [{"code": code, "title": title} for code, title in pack.outcomes.items()],
        "registers": [{"id": register.id, "title": register.title, "key": register.called, "prefix": register.prefix or None, "form": register.form,
                       "visible_to": list(register.visible_to), "own_rows": register.own_rows, "all_rows": list(register.all_rows),
                       "open_when": register.open_when, "held": register.held, "columns": drawer.questions(register.form)}
                      for register in pack.registers.values()],
        "methods": [{"key": method.id, "title": method.title, "process": method.process} for method in pack.methods.values()],
        "figures": [{"id": figure.id, "title": figure.title, "since": figure.since, "until": figure.until} for figure in pack.figures.values()],
        "deadlines": [drawer.deadline(name) for name in pack.deadlines],
        "messages": [{"id": message.id, "subject": message.subject, "body": message.body, "to": drawer.addressees(message.id)}
                     for message in pack.messages.values()],
        "documents": drawer.documents(),
        "decisions": [drawer.decision(id) for id in pack.tables if id not in pack.check_ids],
        "checks": [drawer.decision(id) for id in sorted(pack.check_ids)],
        "repeats": [drawer.repeat(element, element.loop) for element in pack.elements.values() if element.loop],
    }


def plain(value: Any) -> Any:
    """A value as JSON has it; a file as a scenario writes it."""
    if isinstance(value, Upload):
        return {"name": value.name, "text": value.content.decode("utf-8", "replace")}
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


class _Outline:
    """Draws one pack; samples need names, and these come from the samples of the forms before."""

    def __init__(self, pack: Pack, now: datetime) -> None:
        self.pack, self.now = pack, now
        agencies = [{"key": agency.key, "name": agency.name, "member": agency.member} for agency in pack.scenario_agencies]
        person = {"key": "sample", "name": "Sample person", "roles": sorted(pack.roles)}
        self.names: dict[str, Any] = {
            "board": {"name": pack.title, "short": pack.id, "agencies": agencies}, "people": [person],
            "me": {**person, "deputy_of": None, "agency": agencies[0]["key"] if agencies else None},
            "options": {id: option.default for id, option in pack.options.items()}, "answers": {}, "history": {}, "documents": {},
            "case": {"reference": "SAMPLE-1", "started": now.date(), "edition": pack.manifest.edition, "stage": None, "start": None,
                     "agency": agencies[0]["key"] if agencies else None},
            "registers": {id: [] for id in pack.registers}, "methods": pack.methods_named(), "deadlines": dict.fromkeys(pack.deadlines, now.date()),
        }
        for element in pack.elements.values():
            for name in self.variables(element):
                self.names.setdefault(name, None)
        self.names["registers"] = {id: self.rows(id) for id in pack.registers}
        for _ in range(2):                                       # what one form asks may hang on what another was answered
            for element in pack.elements.values():
                self.walk(element)

    def rows(self, register: str) -> list[dict[str, Any]]:
        """One row with its key and nothing else, so that what is chosen from a register has a sample."""
        known, form = self.pack.registers[register], self.pack.forms.get(self.pack.registers[register].form)
        if form is None:
            return []
        key: Any = f"{known.prefix}1" if known.prefix else 1
        if not self.pack.assigns(register):
            key = (self.sample(form) or {}).get(known.called)
        return [form.filled({}) | {"number": 1, known.called: key, "key": None if key is None else str(key)}]

    @staticmethod
    def variables(element: Element) -> Iterator[str]:
        """The names an element gives."""
        yield from (row.target.partition(".")[0] for row in (*element.inputs, *element.outputs))
        yield from (name for name in (element.result, element.loop and element.loop.item, element.loop and element.loop.gathers) if name)

    def walk(self, element: Element) -> None:
        """Pass an element as a case might: a variable is worth what sample answers make of it."""
        if element.loop and element.loop.item:
            items = self.value(element.loop.collection)
            self.names[element.loop.item] = items[0] if isinstance(items, list) and items else None
        self.take(element.inputs, {})
        form = self.pack.form_of(element.id)
        answers = form.filled(self.sample(form) or {}) if form else {}
        if form:
            self.names["answers"][element.id] = answers
        self.take(element.outputs, answers)

    def take(self, rows: Iterable[Mapped], answers: Mapping[str, Any]) -> None:
        for row in rows:
            try:
                self.names[row.target.partition(".")[0]] = feel.value(row.source, {**self.names, **answers}, self.now)
            except feel.FeelError:
                continue

    def sample(self, form: Form) -> dict[str, Any] | None:
        try:
            return form.sample(self.names, self.now)
        except (feel.FeelError, Incident, ValueError):
            return None                                          # it hangs on what only a running case knows

    # ---- buttons and tasks

    def button(self, start: Button) -> dict[str, Any]:
        element = start.at
        return {"id": start.element, "name": element.name, "label": start.label, "process": element.process, "message": start.message,
                "offer_to": list(start.offer_to), "repeats": self.repeats(element), **self.asked(element)}

    def task(self, element: Element) -> dict[str, Any]:
        return {"id": element.id, "name": element.name, "process": element.process,
                "groups": list(element.roles) or ([element.groups] if element.groups else []),
                "groups_may_be": list(offered(self.pack, element)) if element.groups.startswith("=") else [],
                "assignee": element.assignee,
                "repeats": self.repeats(element), "called_from": self.called_from(element), **self.asked(element)}

    def asked(self, element: Element) -> dict[str, Any]:
        """What a person is asked there, and what is asked of the answers."""
        form = self.pack.form_of(element.id)
        return {"form": element.form, "not_by": list(element.not_by), "checks": list(element.checks), "gate": list(element.gate),
                "reason": REASON if self.may_ask_a_reason(element) else None, "confirm": element.confirm, "stage": element.stage,
                "confirm_identity": element.confirm_identity,
                "clauses": list(element.clauses), "help": element.documentation or element.help, "next": self.next(element),
                "fields": self.questions(element.form), "sample": plain(self.sample(form)) if form else None}

    def next(self, element: Element) -> list[dict[str, Any]]:
        """What can come after it: tasks, what is waited for, ends; `when` has the ways that lead there, none where it always does."""
        return [{"id": step.element, "kind": step.kind, "when": [list(way) for way in step.when]}
                for step in comes_next(self.pack, element) if step.kind in ("task", "button", "wait", "end")]

    def may_ask_a_reason(self, element: Element) -> bool:
        """Whether one of its checks lets answers pass once a reason is given with them, under the key REASON."""
        rows = [row for table in element.checks if table in self.pack.tables for row in self.pack.tables[table].rules]
        return any('"reason"' in str(row) for row in rows)

    def outside_messages(self) -> list[dict[str, Any]]:
        return [{"id": element.id, "name": element.name, "process": element.process, "message": element.event.name}
                for element in self.pack.elements.values() if element.catches and element.event.kind == "message" and not element.offer_to]

    # ---- questions

    def questions(self, form: str | None) -> list[dict[str, Any]]:
        there = self.pack.forms.get(form or "")
        if there is None:
            return []
        sample = self.sample(there) or {}
        rows = []
        for path, item in there.walk():
            choices, value = self.choices(there, item), _at(sample, path)
            if value is None and isinstance(item, Field) and item.required and not item.readonly:      # hidden until another answer brings it up
                value = one(item, [Option(each["value"], each["label"]) for each in choices or ()], self.now)
            if isinstance(item, Field | List) or (isinstance(item, Group) and item.path):
                rows.append(_question(path, item, choices, value))
        return rows

    def choices(self, form: Form, item: Item) -> list[dict[str, Any]] | None:
        if not isinstance(item, Field) or not item.chosen:
            return None
        try:
            return [{"value": plain(value), "label": label} for value, label in form.choices(item, self.names, self.now)]
        except (feel.FeelError, Incident, ValueError):
            return []

    # ---- the rest

    def deadline(self, name: str) -> dict[str, Any]:
        deadline = self.pack.deadlines[name]
        when = {"within": deadline.within, "before": deadline.before, "every": deadline.every}
        return {"id": name, "title": deadline.title, "kind": deadline.kind, "clause": deadline.clause,
                "starts": deadline.starts[0] if len(deadline.starts) == 1 else list(deadline.starts),
                "from": deadline.from_, "when": deadline.when, "on": deadline.on, **{key: str(period) if period else None for key, period in when.items()},
                "ends": list(deadline.ends), "presses": list(deadline.presses), "ends_when": deadline.ends_when,
                "milestone": deadline.milestone, "cancelled": deadline.cancelled,
                "ended": deadline.ended, "cancelled_by": list(deadline.cancelled_by), "per": deadline.per,
                "to": list(deadline.to), "remind": [str(period) for period in deadline.remind], "chase": [str(period) for period in deadline.chase],
                "escalate": [{"after": str(step.after), "to": list(step.to)} for step in deadline.escalate],
                "timers": [element.id for element in self.pack.elements.values() if element.event.deadline == name]}

    def documents(self) -> list[dict[str, Any]]:
        return [{"field": field.key, "path": path, "kind": field.document, "label": field.label, "form": id}
                for id, form in self.pack.forms.items() for path, field in form.questions() if field.type == "filepicker"]

    def decision(self, id: str) -> dict[str, Any]:
        table = self.pack.tables[id]
        return {"id": id, "name": table.name, "policy": table.policy, "inputs": [{"label": each.label, "text": each.text} for each in table.inputs],
                "outputs": [each.name for each in table.outputs], "rules": len(table.rules),
                "rows": [{"tests": list(rule.tests), "outputs": list(rule.outputs), "note": rule.note} for rule in table.rules]}

    def addressees(self, message: str) -> list[str]:
        """Whom the diagrams send this mail to; the clocks name theirs in `deadlines`, and a task is told to those it is offered to."""
        sending = (element for element in self.pack.elements.values() if element.headers.get("message") == message)
        return list(dict.fromkeys(who.strip() for element in sending for who in element.headers.get("to", "").split(",") if who.strip()))

    def repeat(self, element: Element, loop: Loop) -> dict[str, Any]:
        return {"id": element.id, "name": element.name, "process": element.process, "item": loop.item, "over": loop.collection,
                "key": self.key_of(loop), "key_is": self.given_to(loop), "sequential": loop.sequential}

    def key_of(self, loop: Loop) -> str:
        """What an item is called by: its `key`, the key of its register, or itself."""
        for path in reads(loop.collection.removeprefix("="))[0]:
            head, _, rest = path.partition(".")
            if head == "registers" and rest in self.pack.registers:
                return f"{loop.item}.{self.pack.registers[rest].called}"
            if path == "board.agencies":
                return f"{loop.item}.key"
        value = self.value(loop.collection)
        first = value[0] if isinstance(value, list) and value else None
        return f"{loop.item}.key" if isinstance(first, dict) and "key" in first else f"{loop.item}"

    def given_to(self, loop: Loop) -> list[str]:
        """What the diagrams put into the one name that a list of one is made of, as in “=[late_key]”: each is a key of its own."""
        if not (one_of := re.fullmatch(r"=\[(\w+)\]", loop.collection)):
            return []
        name = one_of[1]
        sources = (row.source for element in self.pack.elements.values() for row in (*element.inputs, *element.outputs) if row.target == name)
        return sorted({source.removeprefix("=") for source in sources} - {name})

    def value(self, text: str) -> Any:
        try:
            return feel.value(text, self.names, self.now)
        except feel.FeelError:
            return None

    def repeats(self, element: Element) -> list[str]:
        """The names of the items it is done for, outermost first: what a scenario's `for` gives the keys of."""
        return list(self._chain(element, frozenset()))

    def called_from(self, element: Element) -> list[dict[str, Any]]:
        """Each element that calls the process of this task, with the items that are repeated on that way: `repeats` is the longest of them."""
        inside = list(_items(reversed([element, *self.pack.processes[element.process].around(element)])))
        return [{"id": caller.id, "repeats": [*self._chain(caller, frozenset({element.process})), *inside]}
                for caller in self.pack.elements.values() if element.process in self.pack.called(caller)]

    def _chain(self, element: Element, seen: frozenset[str]) -> Iterator[str]:
        process = self.pack.processes[element.process]
        if process.id not in seen:
            callers = (each for each in self.pack.elements.values() if process.id in self.pack.called(each))
            yield from max((list(self._chain(caller, seen | {process.id})) for caller in callers), key=len, default=[])
        around = [element, *process.around(element)]
        yield from _items(reversed(around))


def _items(elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        if element.loop and element.loop.item:
            yield element.loop.item


def _question(path: str, item: Item, choices: list[dict[str, Any]] | None, sample: Any) -> dict[str, Any]:
    if isinstance(item, List):
        return {"path": path, "key": item.path, "label": item.label, "type": "list", "required": item.min > 0, "min": item.min, "max": item.max,
                "register": item.register, "sensitive": item.sensitive, "visible_to": list(item.visible_to), "hide": item.hide,
                "when_empty": item.when_empty, "sample": plain(sample)}
    if isinstance(item, Group):
        return {"path": path, "key": item.path, "label": item.label, "type": "group", "required": False, "register": item.register,
                "row": item.row, "hide": item.hide, "sample": plain(sample)}
    if not isinstance(item, Field):
        return {}                                                # texts, tables and lines ask nothing
    return {"path": path, "key": item.key, "label": item.label, "type": item.type, "subtype": item.subtype, "required": item.required,
            "readonly": item.readonly, "options": choices, "many": item.many, "picker": item.picker, "min": item.min, "max": item.max,
            "sensitive": item.sensitive, "visible_to": list(item.visible_to), "document": item.document,
            "appoints": item.appoints, "replaces": item.replaces, "ends_appointment": item.ends_appointment, "case_agency": item.case_agency, "hide": item.hide,
            "when_empty": item.when_empty, "sample": plain(sample)}


def _at(sample: Any, path: str) -> Any:
    """The answer at a path; in a list, that of the first row."""
    for key in re.split(r"\.", path):
        if isinstance(sample, list):
            sample = sample[0] if sample else None
        sample = sample.get(key) if isinstance(sample, dict) else None
    return sample
