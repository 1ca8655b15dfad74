"""A pack's diagrams as something that runs: parsed once, holding nothing of a case, shared by all of them."""
from __future__ import annotations

import threading
from collections import OrderedDict
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from engine.errors import Fault, PackFaults
from engine.packs.xml import UnsafeXml, parse
from engine.spiff.activities import CallActivity
from engine.spiff.dialect import ZeebeParser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.spiff.scopes import Scope

#: Releases kept in memory: cases stay on theirs, and a board has few.
MOST_PROGRAMS = 32
_known: OrderedDict[str, Program] = OrderedDict()
_one_at_a_time = threading.Lock()


class Runnable(Protocol):
    """What of a pack makes a program."""

    @property
    def digest(self) -> str: ...
    @property
    def main(self) -> Any: ...
    @property
    def processes(self) -> Mapping[str, Any]: ...
    @property
    def tables(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Program:
    """The processes and decision tables of a release."""

    digest: str
    main: Scope
    processes: frozenset[str]
    specs: Mapping[str, Any]              # every scope by id: processes and what is inside sub-processes
    tables: Mapping[str, Any]

    @property
    def starts(self) -> dict[str, str | None]:
        """The start events of the main process, each with the message it waits for."""
        return dict(self.main.starts)

    def always(self, scope: str, gateway: str, target: str, condition: str) -> Program:
        """The same, but for one way out of a gateway, which no longer depends on its condition."""
        changed = deepcopy(self.specs[scope])
        for asked, way in changed.task_specs[gateway].cond_task_specs:
            if asked is not None and (way, asked.args[0]) == (target, condition):
                asked.args = ("=true",)
        specs = {**self.specs, scope: changed}
        return replace(self, specs=specs, main=specs[self.main.name])


def load(pack: Runnable) -> Program:
    """The program of a pack; the same one for the same content. PackFaults when its diagrams cannot be run."""
    with _one_at_a_time:
        if pack.digest in _known:
            _known.move_to_end(pack.digest)
        else:
            _known[pack.digest] = _parsed(pack)
            while len(_known) > MOST_PROGRAMS:
                _known.popitem(last=False)
        return _known[pack.digest]


def forget() -> None:
    """Parse afresh from now on."""
    with _one_at_a_time:
        _known.clear()


def _parsed(pack: Runnable) -> Program:
    parser, faults = ZeebeParser(), list[Fault]()
    files = {process.xml: getattr(process, "file", id) for id, process in pack.processes.items()}
    for xml, file in files.items():
        try:
            parser.add_bpmn_xml(parse(xml), file)
        except UnsafeXml as problem:
            faults.append(Fault(file, problem.line, None, None, problem.says))
        except ValidationException as problem:
            faults.append(_fault(problem, file))
    processes = frozenset(parser.process_parsers) & frozenset(pack.processes)
    specs: dict[str, Any] = {}
    for id in sorted(processes):
        _read(parser, id, specs, faults)
    for id in processes & specs.keys():
        faults += _begins_wrongly(specs[id], main=id == pack.main.id)
    faults += [fault for scope in specs.values() for fault in _calls_nothing(scope, processes)]
    if pack.main.id not in processes:
        faults.append(Fault("pack.toml", None, pack.main.id, None, f"there is no process “{pack.main.id}” to begin with"))
    if faults:
        raise PackFaults(faults)
    return Program(pack.digest, specs[pack.main.id], processes, specs, pack.tables)


def _read(parser: ZeebeParser, id: str, specs: dict[str, Any], faults: list[Fault]) -> None:
    """One scope, then those inside it."""
    before = set(parser.process_parsers)
    try:
        specs[id] = parser.get_spec(id)
    except ValidationException as problem:
        faults.append(_fault(problem, parser.process_parsers[id].filename))
    for inner in [each for each in parser.process_parsers if each not in before]:
        _read(parser, inner, specs, faults)


def _fault(problem: Any, file: str) -> Fault:
    return Fault(file, problem.line_number or None, problem.id or None, problem.name or None, str(problem.args[0]))


def _begins_wrongly(scope: Scope, *, main: bool) -> list[Fault]:
    """Which starts a process may have: SpiffWorkflow would run the first, or none, without a word."""
    plain = sum(message is None for message in scope.starts.values())
    if main:
        says = "a process can have one plain start event, or several with messages"
        return [Fault(scope.file, None, scope.name, None, says)] if plain > 1 else []
    if plain != 1 or len(scope.starts) != 1:
        return [Fault(scope.file, None, scope.name, None, "a process that is called begins with exactly one plain start event")]
    return []


def _calls_nothing(scope: Scope, processes: frozenset[str]) -> list[Fault]:
    return [Fault(scope.file, None, spec.element, spec.bpmn_name, f"there is no process “{spec.spec}” to call")
            for spec in scope.task_specs.values()
            if isinstance(spec, CallActivity) and not spec.spec.startswith("=") and spec.spec not in processes]

