"""What every element of a diagram has in common: tokens come, variables go in and out, the surroundings are told, tokens go on.

These are SpiffWorkflow's task specs. They hold nothing of a case, so that one parsed diagram serves all cases."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.util.task import TaskState

from engine.spiff import mends
from engine.spiff.settings import Settings
from engine.spiff.variables import assign, is_instance, place_of, variables

if TYPE_CHECKING:
    from collections.abc import Iterable

ACTIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED


def engine(task: Any) -> Any:
    """The one who evaluates expressions for this task."""
    return task.workflow.top_workflow.script_engine


def active(tasks: Iterable[Any]) -> list[Any]:
    """Those of the tasks that wait, are open or run."""
    return [task for task in tasks if task._state & ACTIVE]


class Step(BpmnTaskSpec):
    """Anything a token can stand on."""

    settings = Settings()
    element: str                          # the id in the diagram
    boundaries: tuple[str, ...] = ()      # names of the events on its boundary
    called = False                        # is it the caller of another process?
    idle_listener = False                 # does it wait without keeping its scope open?
    looks_back = False                    # must it look at the whole scope before it goes on?
    tells = True                          # are the surroundings told when it completes? (not of gateways)
    holds_place = True                    # is a token that is cancelled here something the diagram should show?

    def test(self) -> None:
        """The parser has seen to it."""

    def _predict(self, my_task: Any, *_: Any, **__: Any) -> None:
        """Nothing is guessed ahead: what may come stands in the diagram, and guesses would be saved with every case."""

    def _update_hook(self, my_task: Any) -> bool | None:
        if not mends.on(5):
            my_task._inherit_data()
        self.enter(my_task)
        return True

    def _on_ready_hook(self, my_task: Any) -> None:
        if not self.manual:
            my_task.workflow.top_workflow.queue.append(my_task)

    def _run_hook(self, my_task: Any) -> bool:
        return True

    def _on_complete_hook(self, my_task: Any) -> None:
        workflow = my_task.workflow
        assign(my_task, self.results(my_task), home=self.home(my_task))
        if self.counts(my_task):
            workflow.top_workflow.count(my_task, "done")
        if self.tells:
            engine(my_task).environment.surroundings.happened(place_of(my_task), lambda: variables(my_task))
        if self.boundaries:
            stop_attached(my_task)
        self.completed(my_task)
        interruptions = workflow.interruptions
        self.throw(my_task)
        if mends.on(5):
            my_task.data = {}             # or every later step would inherit it
        if workflow.interruptions == interruptions and not workflow.completed:
            self.go_on(my_task)

    def _on_cancel(self, my_task: Any) -> None:
        workflow = my_task.workflow
        workflow.top_workflow.event_manager.remove_task(my_task)
        workflow.top_workflow.dirty.add(workflow)
        if self.holds_place:
            workflow.top_workflow.count(my_task, "cancelled")
        if self.boundaries:
            stop_attached(my_task)

    # ---- what kinds of elements do differently

    def enter(self, my_task: Any) -> None:
        """Its inputs go into a scope of its own, one after the other."""
        for name, source in self.settings.inputs:
            my_task.data[name] = engine(my_task).evaluate(my_task, source)

    def results(self, my_task: Any) -> dict[str, Any]:
        """What goes outwards: by its output mapping, else what it found by itself."""
        if not self.settings.outputs:
            return self.found(my_task)
        found: dict[str, Any] = {}
        for name, source in self.settings.outputs:
            found[name] = engine(my_task).evaluate(my_task, source, found)       # each sees those before it
        return found

    def found(self, my_task: Any) -> dict[str, Any]:
        """Variables it gives without an output mapping: none, unless it worked something out."""
        return {}

    def home(self, my_task: Any) -> dict[str, Any] | None:
        """The scope for names that are not there yet; None for the outermost."""
        return None

    def counts(self, my_task: Any) -> bool:
        """Does its completion show on the diagram?"""
        return True

    def completed(self, my_task: Any) -> None:
        """Before the token goes on."""
        if is_instance(my_task):
            if mends.on(11):
                my_task.parent.task_spec.instance_done(my_task)
            else:
                self.completed_event.emit(my_task.workflow, my_task)

    def throw(self, my_task: Any) -> None:
        """After it completed: what it sets off elsewhere, which may stop everything here."""

    def go_on(self, my_task: Any) -> None:
        """A token on each of its ways out."""
        if not is_instance(my_task):
            self.send_tokens(my_task, self.outputs)

    @staticmethod
    def send_tokens(my_task: Any, specs: Iterable[Any]) -> None:
        for spec in specs:
            my_task._add_child(spec, TaskState.FUTURE)


def put(parent: Any, spec: Any, data: dict[str, Any] | None = None, **internal: Any) -> Any:
    """A new token on an element, which begins there at once."""
    task = parent._add_child(spec, TaskState.FUTURE)
    task.data, task.internal_data = data or {}, internal
    spec._update(task)
    return task


def stop(task: Any) -> None:
    """Cancel a task and all inside it, innermost first: Task.cancel() drops running instances and leaves their insides alive."""
    if mends.on(13):
        for instance in active(task.children):
            stop(instance)
        inside = task.workflow.top_workflow.subprocesses.get(task.id)
        if inside is not None:
            inside.completed = True
            for inner in active(inside.tasks.values()):
                stop(inner)
    task.cancel()


def stop_attached(task: Any) -> None:
    """The events on its boundary wait no longer."""
    for event in active(task.workflow.tasks.values()):
        if event.internal_data.get("on") == task.id.hex and event.state == TaskState.WAITING:
            stop(event)
