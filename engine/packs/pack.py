"""A pack: one process as its owners wrote it, with the parts it shares folded in, as one immutable value."""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from engine.errors import Fault, PackFaults
from engine.packs.catalogue import Catalogue
from engine.packs.diagram import Diagram
from engine.packs.documents import DocumentText
from engine.packs.manifest import Manifest
from engine.packs.messages import MessageText
from engine.packs.stages import stages_of
from engine.settings import Agency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.feel.tables import Table
    from engine.forms import Form
    from engine.packs.catalogue import Clause
    from engine.packs.elements import Element, Process
    from engine.packs.manifest import Figure, Method, Option, Register, Role
    from engine.rules.deadlines import Deadline


@dataclass(frozen=True)
class Button:
    """A button: a message event that a person sends by answering a form. Offered to nobody, it comes from outside."""

    element: str
    message: str
    form: str | None
    offer_to: tuple[str, ...]
    label: str
    at: Element = field(repr=False)

    @property
    def after_end(self) -> bool:
        """May it still be pressed when the case has its outcome?"""
        return self.at.properties.get("after_end") == "true"

    @property
    def checks(self) -> tuple[str, ...]:
        return self.at.checks

    @property
    def gate(self) -> tuple[str, ...]:
        return self.at.gate

    @property
    def not_by(self) -> tuple[str, ...]:
        return self.at.not_by

    @property
    def confirm(self) -> bool:
        return self.at.confirm

    @property
    def help(self) -> str:
        return self.at.documentation or self.at.help

    @property
    def group(self) -> str:
        """The heading that the button stands under."""
        return self.at.properties.get("group", "")


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything a process is made of. Mistakes of its owners are in `faults`: what could not be read is left out."""

    files: Mapping[str, bytes] = field(repr=False)
    digest: str
    manifest: Manifest = field(repr=False)
    diagrams: tuple[Diagram, ...] = field(repr=False)
    processes: Mapping[str, Process] = field(repr=False)
    forms: Mapping[str, Form] = field(repr=False)
    tables: Mapping[str, Table] = field(repr=False)
    check_ids: frozenset[str] = field(repr=False)              # the tables in checks/
    deadlines: Mapping[str, Deadline] = field(repr=False)
    messages: Mapping[str, MessageText] = field(repr=False)
    documents: Mapping[str, DocumentText] = field(repr=False)    # papers that steps make
    catalogue: Catalogue = field(repr=False)                     # of the clauses it is to carry
    scenario_agencies: tuple[Agency, ...] = field(repr=False)
    origins: Mapping[tuple[str, str], str] = field(repr=False)   # (kind, id) → the file that holds it
    faults: tuple[Fault, ...] = field(repr=False)
    unread: frozenset[str] = field(repr=False)                   # files of which nothing could be made out

    # ---- what pack.toml says

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def title(self) -> str:
        return self.manifest.title

    @property
    def reference(self) -> str:
        return self.manifest.reference

    @property
    def roles(self) -> Mapping[str, Role]:
        return self.manifest.roles

    @property
    def options(self) -> Mapping[str, Option]:
        return self.manifest.options

    @property
    def registers(self) -> Mapping[str, Register]:
        return self.manifest.registers

    @property
    def stages(self) -> Mapping[str, str]:
        return self.manifest.stages

    @property
    def outcomes(self) -> Mapping[str, str]:
        return self.manifest.outcomes

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses it is to carry, by id; none where its owners list none."""
        return {clause.id: clause for clause in self.catalogue.clauses}

    @property
    def figures(self) -> Mapping[str, Figure]:
        return self.manifest.figures

    @property
    def methods(self) -> Mapping[str, Method]:
        return self.manifest.methods

    def methods_named(self) -> list[dict[str, str]]:
        """The methods as expressions see them."""
        return [{"key": method.id, "title": method.title, "process": method.process} for method in self.methods.values()]

    def columns(self, register: str) -> frozenset[str] | None:
        """The columns of a register: what its form asks, and its key; None if that form is not there."""
        form = self.forms.get(self.registers[register].form)
        return None if form is None else form.keys | {"number", "key", self.registers[register].called}

    def assigns(self, register: str) -> bool:
        """Whether the engine gives the rows their keys, rather than whoever fills the form in."""
        known, form = self.registers[register], self.forms.get(self.registers[register].form)
        return bool(known.prefix) or form is None or known.called not in form.keys

    # ---- what the diagrams hold

    def called(self, element: Element) -> tuple[str, ...]:
        """The processes that a call activity calls, or may call: of a method, each of them."""
        if (element.called or "").startswith("="):
            return tuple(dict.fromkeys(method.process for method in self.methods.values()))
        return (element.called,) if element.called else ()

    @property
    def main(self) -> Process:
        """The process a case is; a pack without one has faults."""
        if self.manifest.main not in self.processes:
            raise PackFaults(self.faults)
        return self.processes[self.manifest.main]

    @cached_property
    def elements(self) -> Mapping[str, Element]:
        """Every element of every process, by id."""
        return {id: element for process in self.processes.values() for id, element in process.elements.items()}

    @cached_property
    def tasks(self) -> Mapping[str, Element]:
        """Every user task of every process."""
        return {id: element for id, element in self.elements.items() if element.kind == "userTask"}

    @cached_property
    def starts(self) -> Mapping[str, Button]:
        """The message start events of the main process: how a case begins."""
        main = self.processes.get(self.manifest.main)
        found = main.starts() if main else []
        return {element.id: _button(element) for element in found if element.event.kind == "message"}

    @cached_property
    def case_actions(self) -> Mapping[str, Button]:
        """The message events of a running case that are offered to someone as a button."""
        return {id: _button(element) for id, element in self.elements.items()
                if element.catches and element.event.kind == "message" and id not in self.starts and element.offer_to}

    @cached_property
    def repeated(self) -> frozenset[str]:
        """The processes that run once for each item of something."""
        found: frozenset[str] = frozenset()
        while fresh := {called for element in self.elements.values() for called in self.called(element)
                        if called in self.processes and called not in found and self.in_items(element, found)}:
            found |= fresh
        return found

    def in_items(self, element: Element, repeated: frozenset[str] | None = None) -> bool:
        """Whether an element runs once for each item of something."""
        process = self.processes[element.process]
        return process.id in (self.repeated if repeated is None else repeated) or any(each.loop for each in (element, *process.around(element)))

    @cached_property
    def deadlines_moved_by(self) -> Mapping[str, list[tuple[Deadline, str]]]:
        """Element → what passing it does to which deadlines (cancels, ends, starts): endings before beginnings."""
        found: dict[str, list[tuple[Deadline, str]]] = defaultdict(list)
        for deed in ("cancels", "ends", "starts"):
            for deadline in self.deadlines.values():
                for element in {"cancels": deadline.cancelled_by, "ends": deadline.ends, "starts": deadline.starts}[deed]:
                    found[element].append((deadline, deed))
        return found

    @cached_property
    def deadline_of_event(self) -> Mapping[str, str]:
        """Timer event → the deadline whose date it waits for."""
        return {id: element.event.deadline for id, element in self.elements.items() if element.event.deadline is not None}

    @cached_property
    def has_own_timers(self) -> bool:
        """Whether a timer event waits for a moment that no deadline owns."""
        return any(element.event.kind == "timer" and element.event.deadline is None for element in self.elements.values())

    @cached_property
    def stages_of(self) -> Mapping[str, tuple[str, ...]]:
        """Element → the stages it belongs to; what can come at any time belongs to none."""
        return stages_of(self)

    def form_of(self, element: str) -> Form | None:
        """The form of a task, start or case action."""
        there = self.elements.get(element)
        return self.forms.get(there.form) if there and there.form else None

    def file_of(self, kind: str, id: str) -> str:
        """The file that holds a form, table, deadline, message or process."""
        return self.origins.get((kind, id), "pack.toml")


def own_path(path: str) -> str:
    """The path inside the pack or part that a file belongs to."""
    return path.split("/", 2)[2] if path.startswith("parts/") and path.count("/") >= 2 else path


def _button(element: Element) -> Button:
    return Button(element.id, element.event.name or "", element.form, element.offer_to, element.label, element)
