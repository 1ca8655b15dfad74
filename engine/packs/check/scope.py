"""Which names an expression can use where it stands: what the process gives, and what the engine looks up."""
from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.forms import Field, Group, List
from engine.packs.check.places import all_read, there
from engine.packs.elements import REASON

if TYPE_CHECKING:
    from engine.feel.expressions import Kind
    from engine.forms import Form, Item
    from engine.packs.elements import Element, Process
    from engine.packs.pack import Pack

#: What the engine knows by itself; None stands for anything.
CASE = {"reference", "started", "edition", "agency", "stage", "start", "outcome"}
BOARD = {"name", "short", "agencies"}
METHOD = {"key", "title", "process"}
ME = {"key", "name", "agency", "roles", "deputy_of"}
#: Only where somebody looks on: forms and checks.
PERSONAL = frozenset({"me", "people"})
COUNTERS = frozenset({"numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances", "numberOfTerminatedInstances"})

Tree = dict[str, Any]      # key → the tree below it, or None for a plain answer


def tree(form: Form) -> Tree:
    """The keys of a form's answers, nested as the answers are."""
    return _tree(form.fields)


def keys_of(items: tuple[Item, ...]) -> frozenset[str]:
    """The names that answers to these have, at their outermost level."""
    return frozenset(_tree(items))


def _tree(items: tuple[Item, ...]) -> Tree:
    found: Tree = {}
    for item in items:
        if isinstance(item, Field):
            found[item.key] = None
        elif isinstance(item, List):
            found[item.path] = _tree(item.items)
        elif isinstance(item, Group):
            found.update({item.path: _tree(item.items)} if item.path else _tree(item.items))
    return found


def reads(text: str, kind: Kind = "expression") -> tuple[frozenset[str], frozenset[str]]:
    """The paths an expression reads (without its “=”), and those of them that may be columns of a list; none if it cannot be read."""
    try:
        return feel.paths(text, kind), feel.paths_in_filters(text, kind)
    except feel.FeelError:
        return frozenset(), frozenset()                       # told as bad FEEL


class Scope:
    """The names of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.trees = {id: tree(form) for id, form in pack.forms.items()}
        #: Whether all is known that could give a name: no diagram unread, no call that leads nowhere.
        self.whole = all_read(pack) and all(
            called in pack.processes for element in pack.elements.values() if element.called for called in self.called(element))

    @cached_property
    def given(self) -> dict[str, set[str]]:
        """Process → the variables it has, whoever in it gives them: its own steps, the processes it calls, those that call it."""
        found = {id: self._own(process) for id, process in self.pack.processes.items()}
        calls = [(process, element, called) for process in self.pack.processes.values() for element in process.elements.values()
                 if element.called for called in self.called(element) if called in found]
        moved = True
        while moved:
            moved = False
            for process, element, called in calls:
                down = {each.target.partition(".")[0] for each in element.inputs}
                if element.gives_all:
                    down |= found[process.id] | self.local(process, element)
                up = found[called] if element.takes_all and not element.outputs else set()
                moved = moved or bool(down - found[called]) or bool(up - found[process.id])
                found[called] |= down
                found[process.id] |= up
        return found

    def called(self, element: Element) -> list[str]:
        """The processes a call activity may call."""
        return list(self.pack.called(element))

    @staticmethod
    def _own(process: Process) -> set[str]:
        found = set()
        for element in process.elements.values():
            found |= {each.target.partition(".")[0] for each in element.outputs}
            if element.result:
                found.add(element.result)
            if element.loop and element.loop.gathers:
                found.add(element.loop.gathers)
        return found

    def local(self, process: Process, element: Element) -> set[str]:
        """The names that exist at an element only: its inputs, its item, and those of the sub-processes around it."""
        found = set()
        for each in (element, *process.around(element)):
            found |= {row.target.partition(".")[0] for row in each.inputs}
            if each.loop and each.loop.item:
                found.add(each.loop.item)
        return found

    def variables(self, process: Process, element: Element) -> set[str]:
        """The variables an expression at this element can use."""
        return self.given.get(process.id, set()) | self.local(process, element)

    def answers(self, element: Element) -> set[str] | None:
        """What an element's own result brings for its output mapping; None if that cannot be known."""
        if element.form:
            return set(self.trees[element.form]) if element.form in self.trees else None
        if element.kind == "userTask":
            return None                                       # told as a task without a form
        if element.catches and element.event.kind == "message":
            return None                                       # a message from outside
        if element.kind == "callActivity":
            inside = self.called(element)
            if any(each not in self.given for each in inside):
                return None
            return set().union(*(self.given[each] for each in inside))
        if element.kind in {"serviceTask", "sendTask"} and element.job != "mail":
            return None
        return set()

    def engine_fault(self, path: str) -> str | None:
        """What is wrong with a path that begins with one of the engine's names."""
        head, _, rest = path.partition(".")
        second, _, deeper = rest.partition(".")
        if not second:
            return None
        choices = {"case": CASE, "board": BOARD, "me": ME, "options": set(self.pack.options), "registers": set(self.pack.registers),
                   "methods": set(self.pack.methods)}
        if head == "methods" and second in METHOD:                # of one that was looked for in the list
            return None
        if head in choices and second not in choices[head]:
            says = f"There is no {head[:-1]} “{second}” in pack.toml" if head in {"options", "registers", "methods"} else f"{head} has no “{second}”"
            return says + self._have(choices[head])
        if head == "deadlines" and second not in self.pack.deadlines:
            return None if there(self.pack, "deadline", second) else f"There is no deadline “{second}” in deadlines.toml" + self._have(self.pack.deadlines)
        if head == "documents" and second not in self.files | set(self.pack.documents) and not any(
                path.endswith(".form") or "documents/" in path for path in self.pack.unread):
            return f"No form asks for a file called “{second}”, and there is no such paper" + self._have(self.files | set(self.pack.documents))
        if head in {"answers", "history"}:
            return self._answers_fault(second, deeper if head == "answers" else "")
        return None

    @cached_property
    def files(self) -> set[str]:
        """The file questions of all forms."""
        return {field.key for form in self.pack.forms.values() for _, field in form.questions() if field.type == "filepicker"}

    def _answers_fault(self, task: str, deeper: str) -> str | None:
        element = self.pack.elements.get(task)
        if element is None and not self.whole:
            return None
        if element is None or not (element.kind == "userTask" or element.form):
            asked = [each.id for each in self.pack.elements.values() if each.form]
            return f"Nobody answers “{task}”: it is no task, start or case action" + self._have(asked)
        if element.form not in self.trees or not deeper or deeper.rpartition(".")[2] == REASON:
            return None
        here: Tree | None = self.trees[element.form]
        keys = deeper.split(".")
        if self.pack.in_items(element) and keys[0] not in (here or {}):
            keys = keys[1:]                                   # the key of an item
        for key in keys:
            if here is None:
                return None
            if key not in here:
                return f"The form “{element.form}” of “{task}” does not ask “{key}”" + self._have(here)
            here = here[key]
        return None

    @staticmethod
    def _have(names: Any) -> str:
        ordered = sorted(names)
        return f": there is {', '.join(ordered[:12])}{' …' if len(ordered) > 12 else ''}." if ordered else "."
