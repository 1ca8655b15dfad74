"""Things that name other things: forms, tables, mails, processes, elements. What is named must be there, what is there must be used."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check.places import all_read, at, elements, in_form, in_manifest, known, there
from engine.packs.check.scope import METHOD
from engine.rules.references import wrong_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.packs.pack import Pack


#: Mails the engine sends of itself, if the pack has them.
SENT_BY_ITSELF = frozenset({"task_offered"})


def faults(pack: Pack) -> Iterator[Fault]:
    """Names that lead nowhere, and things that nobody names."""
    yield from _manifest(pack)
    yield from _forms(pack)
    yield from _tables(pack)
    yield from _messages(pack)
    yield from _elements(pack)


def _manifest(pack: Pack) -> Iterator[Fault]:
    manifest = pack.manifest
    if manifest.main and not there(pack, "process", manifest.main):
        yield in_manifest(pack, f"The main process “{manifest.main}” is in no diagram: {known(pack.processes)}.", "main")
    if manifest.main and not manifest.reference:
        yield in_manifest(pack, "“reference” is missing: say how cases are numbered, such as reference = \"SCR-{year}-{number:03}\".", "id")
    elif manifest.reference and (says := wrong_with(manifest.reference)):
        yield in_manifest(pack, says, "reference")
    for method in pack.methods.values():
        if method.id in METHOD:
            yield in_manifest(pack, f"“{method.id}” cannot be the id of a method: every method has a {method.id} of its own.", "methods", method.id)
        if not there(pack, "process", method.process):
            yield in_manifest(pack, f"The process “{method.process}” of this method is in no diagram: {known(pack.processes)}.", "methods", method.id)
    for figure in pack.figures.values():
        for key, id in (("since", figure.since), ("until", figure.until)):
            head, _, rest = id.partition(".")
            name, _, which = rest.partition(".")
            if head == "deadlines" and (name not in pack.deadlines or which not in ("from", "ended")):
                yield in_manifest(pack, f"“{key}” is “{id}”: of a deadline in deadlines.toml, write deadlines.<name>.from or deadlines.<name>.ended.",
                                  "figures", figure.id)
            elif head != "deadlines" and id and id not in pack.elements and all_read(pack):
                yield in_manifest(pack, f"“{key}” names “{id}”, which no diagram has.", "figures", figure.id)


def _forms(pack: Pack) -> Iterator[Fault]:
    used = {register.form for register in pack.registers.values()}
    for _, element in elements(pack):
        if element.form:
            used.add(element.form)
            if not there(pack, "form", element.form):
                yield at(element, f"There is no form “{element.form}”: put forms/{element.form}.form there, or choose another; {known(pack.forms)}.")
    for register in pack.registers.values():
        if not there(pack, "form", register.form):
            yield in_manifest(pack, f"There is no form “{register.form}”, which says what the rows hold; {known(pack.forms)}.", "registers", register.id)
    for id in pack.forms:
        if id not in used and all_read(pack):
            yield in_form(pack, id, None, "Nothing uses this form: link it from a task, or remove it.")


def _tables(pack: Pack) -> Iterator[Fault]:
    decisions = {id for id in pack.tables if id not in pack.check_ids}
    used: set[str] = set()
    for _, element in elements(pack):
        if element.decision and not element.decision.startswith("="):
            used.add(element.decision)
            if element.decision in pack.check_ids:
                yield at(element, f"“{element.decision}” is a check, not a decision: name it in a task's property “checks”, or move it out of checks/.")
            elif not there(pack, "table", element.decision):
                yield at(element, f"There is no decision table “{element.decision}”; {known(decisions)}.")
        for name, ids in (("checks", element.checks), ("gate", element.gate)):
            for id in ids:
                used.add(id)
                if not there(pack, "table", id):
                    yield at(element, f"“{name}” names the check “{id}”, which is not in checks/; {known(pack.check_ids)}.")
                elif id in decisions:
                    yield at(element, f"“{name}” names “{id}”, which is not a check: move it into checks/, or name another.")
    for id in pack.tables:
        if id not in used and all_read(pack):
            kind = "check: name it in the property “checks” or “gate” of a task" if id in pack.check_ids else "table: call it from a business rule task"
            yield Fault(pack.tables[id].file, pack.tables[id].line, id, pack.tables[id].name or None, f"Nothing asks this {kind}, or remove it.")


def _messages(pack: Pack) -> Iterator[Fault]:
    used = set(SENT_BY_ITSELF)
    for _, element in elements(pack):
        id = element.headers.get("message", "") if element.job == "mail" else ""
        if id and not id.startswith("="):
            used.add(id)
            if not there(pack, "message", id):
                yield at(element, f"There is no mail “{id}”: write messages/{id}.md, or choose another; {known(pack.messages)}.")
        elif id:
            yield at(element, "The mail must be named, not computed: write its id in the header “message”.")
    for name, deadline in pack.deadlines.items():
        for key, id, sends in (("remind", deadline.message.reminder, deadline.remind), ("chase", deadline.message.overdue, deadline.chase),
                               ("escalate", deadline.message.escalation, deadline.escalate)):
            if sends:
                used.add(id)
                if not there(pack, "message", id):
                    yield Fault(pack.file_of("deadline", name), deadline.line, name, deadline.title,
                                f"“{key}” sends the mail “{id}”, which is not there: write messages/{id}.md.")
    unread_deadlines = any(path.endswith("deadlines.toml") for path in pack.unread)
    for id, message in pack.messages.items():
        if id not in used and all_read(pack) and not unread_deadlines:
            yield Fault(message.file, 1, id, message.subject, "Nothing sends this mail: name it in a send task or a deadline, or remove it.")


def _elements(pack: Pack) -> Iterator[Fault]:
    outcomes: set[str] = set()
    main = pack.processes.get(pack.manifest.main)
    for process, element in elements(pack):
        for id in element.not_by:
            if id not in pack.tasks and id not in pack.starts and id not in pack.case_actions and all_read(pack):
                yield at(element, f"not_by names “{id}”, which is no task: write the id of the task whose doer may not do this one.")
        if element.corrected_with is not None and element.corrected_with not in pack.case_actions and all_read(pack):
            yield at(element, f"corrected_with names “{element.corrected_with}”, which is no case action: write the id of the message event that is the "
                              f"button; {known(pack.case_actions)}.")
        if element.stage is not None:
            if main is not None and process.id != main.id:
                yield at(element, "Only the main process has stages: take the property out, or move it to the activity that calls this process.")
            elif element.stage not in pack.stages:
                yield at(element, f"There is no stage “{element.stage}” in pack.toml; {known(pack.stages)}.")
        if element.outcome is not None:
            outcomes.add(element.outcome)
            if main is not None and process.id != main.id:
                yield at(element, "Only the main process has outcomes: take the property out.")
            elif element.outcome not in pack.outcomes:
                yield at(element, f"There is no outcome “{element.outcome}” in pack.toml; {known(pack.outcomes)}.")
    for code, title in pack.outcomes.items():
        if code not in outcomes and all_read(pack):
            yield in_manifest(pack, f"No case ends with “{title}”: give an end event of the main process the property outcome = {code}, or take it out.",
                              "outcomes", code)
