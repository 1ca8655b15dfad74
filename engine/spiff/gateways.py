"""Gateways: where tokens part and meet."""
from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs import defaults as spiff
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import _BpmnCondition
from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.spiff.environment import incident
from engine.spiff.steps import Step, active, engine


def holds(task: Any, text: str) -> bool:
    """Whether a condition holds; FEEL turns many mistakes into null, so that only true and false are answers."""
    answer = engine(task).evaluate(task, text)
    if not isinstance(answer, bool):
        raise incident(task, f"the condition {text.removeprefix('=').strip()} is neither true nor false but {type(answer).__name__}")
    return answer


class Condition(_BpmnCondition):
    """A condition on a way out of a gateway."""

    def _matches(self, task: Any) -> bool:
        return holds(task, self.args[0])


class Gateway(Step):
    """A gateway is passed, nothing happens at it."""

    tells = holds_place = False
    cond_task_specs: list[tuple[Condition | None, str]]

    def tell(self, my_task: Any) -> None:
        """What was read to choose, so that it can be asked again when an answer is corrected."""
        texts = (condition.args[0].removeprefix("=") for condition, _ in self.cond_task_specs if condition is not None)
        engine(my_task).decided(my_task, frozenset().union(*(feel.paths(text) for text in texts)))

    def found_ways(self, my_task: Any) -> list[str]:
        """The ways whose condition holds, else the default."""
        ways = [name for condition, name in self.cond_task_specs if condition is not None and condition._matches(my_task)]
        return ways or [name for condition, name in self.cond_task_specs if condition is None]


class ExclusiveGateway(Gateway, spiff.ExclusiveGateway):
    """One way: the first whose condition holds, else the default."""

    def go_on(self, my_task: Any) -> None:
        specs = my_task.workflow.spec.task_specs
        for condition, name in self.cond_task_specs:
            if condition is not None and condition._matches(my_task):
                self.tell(my_task)
                return self.send_tokens(my_task, [specs[name]])
        default = [name for condition, name in self.cond_task_specs if condition is None]
        if not default:
            raise incident(my_task, "no condition holds and there is no default way: mark one way as the default")
        self.tell(my_task)
        return self.send_tokens(my_task, [specs[default[0]]])


class Meeting(Gateway):
    """A gateway at which tokens may have to wait for each other."""

    def _update_hook(self, my_task: Any) -> bool | None:
        if len(self._inputs) < 2:
            return True
        my_task.internal_data["from"] = my_task.parent.task_spec.name      # its parent may be pruned
        my_task._set_state(TaskState.WAITING)
        return self.met(my_task)

    def met(self, my_task: Any) -> bool:
        raise NotImplementedError

    def waiting(self, workflow: Any) -> list[Any]:
        return [task for task in workflow.tasks.values() if task.task_spec is self and task.state == TaskState.WAITING]


class ParallelGateway(Meeting, spiff.ParallelGateway):
    """All ways out, once a token has come on every way in. A second token on one way waits for the next round."""

    def met(self, my_task: Any) -> bool:
        waiting = self.waiting(my_task.workflow)
        taken = []
        for name in self._inputs:
            first = next((task for task in waiting if task.internal_data["from"] == name and task not in taken), None)
            if first is None:
                return False
            taken.append(first)
        for task in taken:
            if task is not my_task:
                task._set_state(TaskState.COMPLETED)
        return True


class InclusiveGateway(Meeting, spiff.InclusiveGateway):
    """Every way whose condition holds, once no other token in the scope can still come here."""

    looks_back = True

    def met(self, my_task: Any) -> bool:
        return False                       # the scope is looked at when all automatic steps are done

    def may_go_on(self, my_task: Any, live: list[Any]) -> bool:
        if any(task.task_spec is not self and self._can_come(task.task_spec) for task in live):
            return False
        if my_task.state != TaskState.WAITING:
            return False
        for task in self.waiting(my_task.workflow):
            if task is not my_task:
                task._set_state(TaskState.COMPLETED)
        return True

    def _can_come(self, spec: Any) -> bool:
        seen, todo = set(), [spec]
        while todo:
            spec = todo.pop()
            for name in (*spec._outputs, *spec.boundaries):
                if name == self.name:
                    return True
                if name not in seen:
                    seen.add(name)
                    todo.append(self._wf_spec.task_specs[name])
        return False

    def go_on(self, my_task: Any) -> None:
        ways = self.found_ways(my_task)
        self.tell(my_task)
        if not ways:
            raise incident(my_task, "no condition holds and there is no default way: mark one way as the default")
        self.send_tokens(my_task, [my_task.workflow.spec.task_specs[name] for name in ways])


class EventGateway(Gateway, spiff.EventBasedGateway):
    """Waits at all the events that follow; the first to happen ends the waiting of the others."""

    def connect(self, child: Any) -> None:
        self._outputs.append(child.name)     # SpiffWorkflow would take the events away from those that follow
        child._connect_notify(self)

    def send_tokens(self, my_task: Any, specs: Any) -> None:  # type: ignore[override]
        for spec in specs:
            event = my_task._add_child(spec, TaskState.FUTURE)
            event.internal_data["race"] = my_task.id.hex

    @staticmethod
    def rivals(my_task: Any) -> list[Any]:
        """The other events that wait in the same race."""
        race = my_task.internal_data.get("race")
        return [task for task in active(my_task.workflow.tasks.values())
                if race and task is not my_task and task.internal_data.get("race") == race]
