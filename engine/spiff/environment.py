"""SpiffWorkflow's doors to expressions and services, behind which there is FEEL and nothing of Python."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

from engine import feel
from engine.errors import Incident, Refused
from engine.spiff import mends
from engine.spiff.places import GIVEN
from engine.spiff.variables import fresh, place_of, variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.spiff.places import Surroundings

_PLAIN_PATH = re.compile(r"=\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*", re.ASCII)
_WORDS_OF_FEEL = frozenset({"true", "false", "null"})
_ANSWERED = frozenset({"answers", "history"})


class FeelEnvironment(BasePythonScriptEngineEnvironment):
    """The environment is replaced, not only the engine: SpiffWorkflow goes past the engine in places."""

    def __init__(self, surroundings: Surroundings, tables: Mapping[str, Any]) -> None:
        super().__init__()
        self.surroundings, self.tables = surroundings, tables
        self.at: datetime | None = None      # the moment of the timer that is being fired, if that is earlier than now

    @property
    def now(self) -> datetime:
        return self.at or self.surroundings.now

    def evaluate(self, expression: str, context: dict[str, Any], external_context: dict[str, Any] | None = None) -> Any:
        return feel.value(expression, {**(external_context or {}), **context}, self.now)

    def execute(self, script: str, context: dict[str, Any], external_context: dict[str, Any] | None = None) -> NoReturn:
        raise Incident("A diagram runs no scripts of its own: a script task holds a FEEL expression.")

    def call_service(self, context: dict[str, Any], *, kind: str, headers: dict[str, str], task: Any) -> Any:
        return self.surroundings.service(kind, headers, context, place_of(task))


class FeelEngine(PythonScriptEngine):
    """Sees a task's scopes where SpiffWorkflow would show the task's own copy of all data."""

    environment: FeelEnvironment

    def validate(self, expression: str) -> None:
        feel.check(expression.removeprefix("="))

    def evaluate(self, task: Any, expression: str | None, external_context: dict[str, Any] | None = None) -> Any:
        """A setting of a diagram: its literal text, or what its expression gives where the task stands."""
        if expression is None or not expression.startswith("="):
            return expression
        seen = variables(task)
        if external_context:
            seen.update(external_context)
        if (plain := _PLAIN_PATH.fullmatch(expression)) and (found := _walk(plain[1], seen)) is not _NOTHING:
            return found
        try:
            self._add_names(task, feel.paths(expression[1:]), seen)
            return self.environment.evaluate(expression, seen)
        except Exception as problem:
            raise incident(task, problem) from problem

    def _add_names(self, task: Any, paths: frozenset[str], seen: dict[str, Any]) -> None:
        """The engine's names among what is read, unless variables hide them; nothing is asked for that nobody reads."""
        wanted = frozenset(path for path in paths if (head := path.partition(".")[0]) in GIVEN and head not in seen)
        if wanted:
            for name, given in self.environment.surroundings.names(wanted, place_of(task)).items():
                seen.setdefault(name, given)

    def decide(self, task: Any, decision: Any) -> Any:
        """What a decision table answers where the task stands."""
        table = self.environment.tables.get(decision) if isinstance(decision, str) else None   # an expression may give anything
        if table is None:
            raise incident(task, f"there is no decision table “{decision}”" if isinstance(decision, str) else "the name of a decision table must be a text")
        seen = variables(task)
        try:
            self._add_names(task, table.paths, seen)
            return table.decide(seen, self.environment.now)
        except Exception as problem:
            raise incident(task, problem) from problem

    def decided(self, task: Any, paths: frozenset[str]) -> None:
        """The surroundings are told what a choice, a table or a script has read of the process; not of one that read neither it nor answers."""
        heads = {path.partition(".")[0] for path in paths}
        seen = variables(task)
        read = {name: seen[name] for name in heads if name in seen}
        if read or heads & _ANSWERED:
            self.environment.surroundings.decided(place_of(task), fresh(read))

    def call_service(self, task: Any, **asked: Any) -> dict[str, Any]:
        """What the surroundings did about a service or send task."""
        if not mends.on(8):
            return super().call_service(task, task=task, **asked) or {}
        try:
            answer = self.environment.call_service(fresh(variables(task)), task=task, **asked) or {}
        except Exception as problem:
            raise incident(task, problem) from problem
        if not isinstance(answer, dict):
            raise incident(task, "the service answered with something that is not a set of variables")
        return answer


_NOTHING = object()


def _walk(path: str, seen: dict[str, Any]) -> Any:
    """A plain name is looked up here; the sandbox is asked only where there is something to work out."""
    if path in _WORDS_OF_FEEL:
        return _NOTHING
    found: Any = seen
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return _NOTHING
        found = found[name]
    return fresh(found)


def incident(task: Any, problem: Exception | str) -> Exception:
    """A failure at an element, in words; what already has words of its own passes unchanged."""
    if isinstance(problem, Incident | Refused):
        return problem
    spec = task.task_spec
    named = f"“{spec.bpmn_name}” ({spec.element})" if spec.bpmn_name else f"“{spec.element}”"
    says = str(problem) if isinstance(problem, str | ValueError) else f"{type(problem).__name__}: {problem}"
    return Incident(f"{named}: {says}", element=spec.element, position=getattr(problem, "position", None))
