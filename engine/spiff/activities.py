"""Tasks, sub-processes and calls: what is done, and what it leaves behind."""
from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs import defaults as spiff
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.spiff import mends
from engine.spiff.environment import incident
from engine.spiff.scopes import Inside
from engine.spiff.steps import Step, engine, put
from engine.spiff.variables import fresh, variables


class Activity(Step):
    """Something with a duration: it can carry a stage, and events on its boundary."""

    def enter(self, my_task: Any) -> None:
        super().enter(my_task)
        my_task.workflow.top_workflow.entered(my_task)
        self.open_boundaries(my_task)

    def open_boundaries(self, my_task: Any) -> None:
        """Its boundary events begin to wait; they see its inputs while their moments and keys are fixed."""
        workflow = my_task.workflow
        for name in self.boundaries:
            event = put(workflow.task_tree, workflow.spec.task_specs[name], dict(my_task.data), on=my_task.id.hex)
            event.data = {}


class UserTask(Activity, spiff.UserTask):
    """Waits for a person. Of what was answered, only the output mapping enters the process."""

    def enter(self, my_task: Any) -> None:
        super().enter(my_task)
        if any(text.startswith("=") for text in self.settings.offer.values()):
            my_task.internal_data["offer"] = {name: engine(my_task).evaluate(my_task, text) for name, text in self.settings.offer.items()}

    def offer(self, my_task: Any) -> dict[str, Any]:
        """Whom it is offered to, as fixed when it came."""
        return my_task.internal_data.get("offer") or dict(self.settings.offer)


class PlainTask(UserTask):
    """What SpiffWorkflow makes of a task nobody is named for: it waits for a person. Refused, unless a test wants to see that."""


class Automatic(Activity):
    """Works something out and goes on."""

    def _run_hook(self, my_task: Any) -> bool:
        my_task.internal_data["found"] = self.work(my_task)
        return True

    def work(self, my_task: Any) -> dict[str, Any]:
        raise NotImplementedError

    def results(self, my_task: Any) -> dict[str, Any]:
        my_task.data.update(my_task.internal_data["found"])      # an output mapping sees what was found
        return super().results(my_task)

    def found(self, my_task: Any) -> dict[str, Any]:
        return dict(my_task.internal_data["found"])


class ScriptTask(Automatic, spiff.BpmnSpecMixin):
    """A FEEL expression and the variable its value goes to."""

    def work(self, my_task: Any) -> dict[str, Any]:
        script = self.settings.found["script"]
        answer = engine(my_task).evaluate(my_task, script["expression"])
        engine(my_task).decided(my_task, feel.paths(script["expression"].removeprefix("=")))
        return {script["resultVariable"]: answer}


class RuleTask(Automatic, spiff.BpmnSpecMixin):
    """A decision table and the variable its answer goes to."""

    def work(self, my_task: Any) -> dict[str, Any]:
        called = self.settings.found["calledDecision"]
        decision = engine(my_task).evaluate(my_task, called["decisionId"])
        answer = engine(my_task).decide(my_task, decision)
        engine(my_task).decided(my_task, engine(my_task).environment.tables[decision].paths)
        return {called["resultVariable"]: answer}


def ask_service(my_task: Any) -> dict[str, Any]:
    """What the surroundings answer to a service or send task."""
    settings = my_task.task_spec.settings
    kind = engine(my_task).evaluate(my_task, settings.get("taskDefinition", "type"))
    if not isinstance(kind, str):
        raise incident(my_task, f"the type of a service must be a name, not {type(kind).__name__}")
    headers = {name: str(engine(my_task).evaluate(my_task, text)) if not text.startswith("=") else engine(my_task).evaluate(my_task, text)
               for name, text in settings.headers.items()}
    answer: dict[str, Any] = engine(my_task).call_service(my_task, kind=kind, headers=headers)
    return answer


class ServiceTask(Automatic, spiff.BpmnSpecMixin):
    """A service or send task: the surroundings do it."""

    def work(self, my_task: Any) -> dict[str, Any]:
        return fresh(ask_service(my_task))  # type: ignore[no-any-return]


class HasInside(Activity):
    """An activity with a scope of its own inside."""

    def _update_hook(self, my_task: Any) -> bool | None:
        if my_task.state & TaskState.DEFINITE_MASK and my_task.state >= TaskState.STARTED:
            return None                       # it goes on when its inside has ended
        super()._update_hook(my_task)
        self.begin_inside(my_task, self.plain_start(my_task), {})
        return None

    def plain_start(self, my_task: Any) -> str:
        name: str = self.inside_spec(my_task).plain_start
        return name

    def inside_spec(self, my_task: Any) -> Any:
        return my_task.workflow.top_workflow.subprocess_specs[self.spec]

    def begin_inside(self, my_task: Any, start: str, payload: dict[str, Any]) -> None:
        my_task._set_state(TaskState.STARTED)
        inside = Inside(self.inside_spec(my_task), my_task)
        my_task.workflow.top_workflow.subprocesses[my_task.id] = inside
        inside.data.update(self.hand_in(my_task))
        inside.begin(start, payload)

    def hand_in(self, my_task: Any) -> dict[str, Any]:
        """What the inside begins with: an embedded one sees its surroundings through its scopes."""
        return {}

    def inside_ended(self, my_task: Any, inside: Any) -> None:
        """Nothing is left to do inside."""
        my_task._ready()

    def _on_cancel(self, my_task: Any) -> None:
        super()._on_cancel(my_task)
        if not mends.on(13):
            SubWorkflowTask._on_cancel(self, my_task)


class SubProcess(HasInside, spiff.SubWorkflowTask):
    """A part of a process drawn inside it; its outputs see what is left in its scope."""

    def results(self, my_task: Any) -> dict[str, Any]:
        if self.settings.outputs:
            my_task.data.update(my_task.workflow.top_workflow.subprocesses[my_task.id].data)
        return super().results(my_task)


class CallActivity(HasInside, spiff.CallActivity):
    """Another process: it sees what it is handed, and hands back what it found."""

    called = True

    def plain_start(self, my_task: Any) -> str:
        wanted = self.spec
        if wanted.startswith("="):
            wanted = engine(my_task).evaluate(my_task, wanted)
            if not isinstance(wanted, str) or wanted not in my_task.workflow.top_workflow.program.processes:
                raise incident(my_task, f"there is no process “{wanted}” to call" if isinstance(wanted, str) else "the name of a process must be a text")
            my_task.internal_data["called"] = wanted
        return super().plain_start(my_task)

    def inside_spec(self, my_task: Any) -> Any:
        return my_task.workflow.top_workflow.subprocess_specs[my_task.internal_data.get("called", self.spec)]

    def hand_in(self, my_task: Any) -> dict[str, Any]:
        everything = self.settings.get("calledElement", "propagateAllParentVariables") != "false"
        handed: dict[str, Any] = fresh(variables(my_task) if everything else my_task.data)
        return handed

    def results(self, my_task: Any) -> dict[str, Any]:
        if self.settings.outputs:
            my_task.data.update(my_task.workflow.top_workflow.subprocesses[my_task.id].data)
        return super().results(my_task)

    def found(self, my_task: Any) -> dict[str, Any]:
        if self.settings.get("calledElement", "propagateAllChildVariables") == "false":
            return {}
        return dict(my_task.workflow.top_workflow.subprocesses[my_task.id].data)
