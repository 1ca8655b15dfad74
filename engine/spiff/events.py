"""Events: those that are waited for, those that are thrown, and how one reaches the other."""
from __future__ import annotations

from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs import defaults as spiff
from SpiffWorkflow.bpmn.specs.event_definitions import (
    ErrorEventDefinition,
    EscalationEventDefinition,
    MessageEventDefinition,
    NoneEventDefinition,
    SignalEventDefinition,
    TerminateEventDefinition,
)
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from engine.spiff import mends
from engine.spiff.activities import Activity, HasInside, ask_service
from engine.spiff.environment import incident
from engine.spiff.gateways import EventGateway
from engine.spiff.steps import Step, active, engine, put, stop
from engine.spiff.variables import fresh, is_instance

# ---- what is waited for or thrown ------------------------------------------------------------------------------


class _Kind:
    """A kind of event."""

    repeats = True

    def begin(self, my_task: Any) -> None:
        """Waiting begins."""

    def throw(self, my_task: Any) -> None:
        """It is thrown."""


class Nothing(_Kind, NoneEventDefinition):
    """A plain start or end."""


class Message(_Kind, MessageEventDefinition):
    """A message, perhaps with a key that is fixed when waiting begins. Thrown, it leaves as a service."""

    def __init__(self, name: str, key: str | None) -> None:
        super().__init__(name)
        self.key = key

    def begin(self, my_task: Any) -> None:
        if self.key is not None:
            my_task.internal_data["key"] = engine(my_task).evaluate(my_task, self.key)

    def awaits(self, my_task: Any, key: Any) -> bool:
        """Is a message with this key for this task? A message without a key is for anyone, and without one anyone waits."""
        return key is None or self.key is None or my_task.internal_data["key"] == key


class Signal(_Kind, SignalEventDefinition):
    """Reaches everything in the case that waits for it."""

    def throw(self, my_task: Any) -> None:
        for task in _waiting(my_task):
            if isinstance(task.task_spec.event_definition, Signal) and task.task_spec.event_definition.name == self.name:
                deliver(task, my_task.data)


class Terminate(_Kind, TerminateEventDefinition):
    """Ends its scope at once."""

    def throw(self, my_task: Any) -> None:
        stop_scope(my_task.workflow)


class _Outwards(_Kind):
    """Goes outwards, scope by scope, to the first that hears it."""

    name: str
    code: str | None

    def throw(self, my_task: Any) -> None:
        workflow = my_task.workflow
        while workflow is not None:
            heard = [task for task in _waiting(my_task) if self._is_for(task) and (_is_next_to(task, workflow) or not mends.on(13))]
            heard.sort(key=lambda task: task.task_spec.event_definition.code is None)      # who names it comes before who takes any
            if heard:
                for task in heard[:1] if mends.on(13) else heard:
                    deliver(task, my_task.data)
                return
            workflow = workflow.owner.workflow if workflow.owner else None
        self.unheard(my_task)

    def _is_for(self, task: Any) -> bool:
        other = task.task_spec.event_definition
        return type(other) is type(self) and other.code in (None, self.code)

    def unheard(self, my_task: Any) -> None:
        """Nobody hears it."""


class Error(_Outwards, ErrorEventDefinition):
    """Someone must hear an error."""

    def unheard(self, my_task: Any) -> None:
        if mends.on(13):
            raise incident(my_task, f"nothing catches the error {self.code or self.name}: draw where it goes")


class Escalation(_Outwards, EscalationEventDefinition):
    """An escalation that nobody hears is heard by nobody."""


def _waiting(my_task: Any) -> list[Any]:
    return list(my_task.workflow.top_workflow.event_manager.tasks.values())


def _is_next_to(task: Any, workflow: Any) -> bool:
    """Does it wait on the boundary of what this scope is inside of, or listen in the scope?"""
    if task.task_spec.idle_listener:
        return bool(task.workflow is workflow)
    owner = workflow.owner
    if owner is None or "on" not in task.internal_data:
        return False
    return task.internal_data["on"] in (owner.id.hex, owner.parent.id.hex if is_instance(owner) else None)


def deliver(task: Any, payload: dict[str, Any] | None = None) -> bool:
    """Hand an event to one who waits; one that was heard before may have ended the waiting."""
    if task.state != TaskState.WAITING:
        return False
    task.task_spec.catch(task, BpmnEvent(task.task_spec.event_definition, fresh(payload or {})))
    return True


def stop_scope(workflow: Any, but: Any = None) -> None:
    """Stop everything in a scope, except one."""
    workflow.interruptions += 1
    for task in active(workflow.tasks.values()):
        if task is not but and task.has_state(TaskState.NOT_FINISHED_MASK):
            stop(task)


# ---- elements --------------------------------------------------------------------------------------------------


class StartEvent(Step, spiff.StartEvent):
    """Where a scope begins; what its message brought is its own, only the output mapping enters the scope."""

    def home(self, my_task: Any) -> dict[str, Any] | None:
        data: dict[str, Any] = my_task.workflow.data
        return data

    def completed(self, my_task: Any) -> None:
        """From now on the event sub-processes of the scope listen."""
        for name in my_task.workflow.spec.listeners:
            listen(my_task.workflow, name)


class Catching(Step):
    """Waits for its event; what that brings is its own, only the output mapping enters the process."""

    @property
    def waits_as(self) -> str:
        """The id of the event that is waited for."""
        return self.element

    def _update_hook(self, my_task: Any) -> bool | None:
        super()._update_hook(my_task)
        self.wait(my_task)
        return None

    def wait(self, my_task: Any) -> None:
        my_task._set_state(TaskState.WAITING)
        my_task.workflow.top_workflow.event_manager.add_task(my_task)
        self.event_definition.begin(my_task)

    def catch(self, my_task: Any, event: Any) -> None:
        my_task.workflow.top_workflow.event_manager.remove_task(my_task)
        my_task.data.update(event.payload)
        my_task._ready()


class CatchEvent(Catching, spiff.IntermediateCatchEvent):
    """An event on the way, perhaps in a race with others."""

    def _on_ready_hook(self, my_task: Any) -> None:
        for rival in EventGateway.rivals(my_task):
            stop(rival)
        super()._on_ready_hook(my_task)


class ReceiveTask(Activity, CatchEvent):
    """A task that waits for a message."""


class BoundaryEvent(Catching, spiff.BoundaryEvent):
    """Waits as long as its activity lasts, and may end it."""

    holds_place = False

    def _on_ready_hook(self, my_task: Any) -> None:
        workflow = my_task.workflow
        activity = workflow.tasks.get(UUID(my_task.internal_data["on"]))
        if self.cancel_activity:
            if activity is not None:
                stop(activity)             # at once, or it could still be done
        elif self.event_definition.repeats:
            put(workflow.task_tree, self, on=my_task.internal_data["on"])
        super()._on_ready_hook(my_task)


class Throwing(Step):
    """Does its job, if it has one, and throws."""

    def _run_hook(self, my_task: Any) -> bool:
        if self.settings.get("taskDefinition", "type"):
            my_task.data.update(fresh(ask_service(my_task)))
        return True

    def throw(self, my_task: Any) -> None:
        self.event_definition.throw(my_task)


class ThrowEvent(Throwing, spiff.IntermediateThrowEvent):
    """An event thrown on the way."""

    holds_place = False


class EndEvent(Throwing, spiff.EndEvent):
    """Where a way ends, perhaps with the outcome of the case."""

    holds_place = False

    def completed(self, my_task: Any) -> None:
        my_task.workflow.top_workflow.reached(my_task)


# ---- event sub-processes ---------------------------------------------------------------------------------------


class Listener(HasInside, Catching, spiff.EventSubprocess):
    """An event sub-process: listens from the beginning of its scope, and begins inside when its event happens."""

    idle_listener = True
    holds_place = False
    start: str                         # its start event
    interrupting: bool
    event_definition: Any

    @property
    def waits_as(self) -> str:
        return self.start

    def _update_hook(self, my_task: Any) -> bool | None:
        self.wait(my_task)
        return None

    def catch(self, my_task: Any, event: Any) -> None:
        workflow = my_task.workflow
        workflow.top_workflow.event_manager.remove_task(my_task)
        my_task._set_state(TaskState.STARTED)
        if self.interrupting and mends.on(2):
            stop_scope(workflow, but=my_task)
        elif self.event_definition.repeats:
            listen(workflow, self.name)
        self.enter(my_task)
        self.begin_inside(my_task, self.start, event.payload)


def listen(workflow: Any, name: str) -> None:
    """A fresh listener of a scope."""
    put(workflow.task_tree, workflow.spec.task_specs[name])


def waiting_kind(task: Any, kind: type[Any]) -> bool:
    """Does this task wait for this kind of event?"""
    return task.state == TaskState.WAITING and isinstance(task.task_spec.event_definition, kind)
