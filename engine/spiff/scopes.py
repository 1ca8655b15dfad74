"""Processes and what is inside of them: a scope begins at one start event and ends when nothing but idle listeners is left."""
from __future__ import annotations

from collections import deque
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.spiff import mends
from engine.spiff.steps import Step, active, put, stop


class Root(Step):
    """Where the tokens of a scope hang: its start event, its listeners, and what pruning has cut loose."""

    tells = holds_place = False


class Scope(BpmnProcessSpec):
    """The drawing of a process or of what is inside a sub-process."""

    process: str                       # id of the process it belongs to
    starts: dict[str, str | None]      # its start events, each with the message it waits for; None is a plain start
    listeners: tuple[str, ...]         # its event sub-processes

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.task_specs.clear()        # SpiffWorkflow's own start and end, whose names collide with ids of diagrams
        self.start, self.starts, self.listeners = Root(self, "(root)"), {}, ()
        self.start.element = self.name

    @property
    def plain_start(self) -> str | None:
        """The start event that waits for nothing."""
        return next((id for id, message in self.starts.items() if message is None), None)


class _Running:
    """What the main process and everything inside it share."""

    interruptions = 0                  # how often all else here was stopped
    tasks: dict[Any, Any]
    spec: Any
    completed: bool
    top_workflow: Any
    task_tree: Any

    def begin(self, start: str, payload: dict[str, Any]) -> None:
        """A token on a start event, with what its message brought."""
        self.plant()
        put(self.task_tree, self.spec.task_specs[start], payload)

    def plant(self) -> None:
        self.task_tree = Task(self, self.spec.start, state=TaskState.COMPLETED)

    def live(self) -> list[Any]:
        """All but idle listeners and the events on boundaries: what keeps the scope open."""
        return [task for task in active(self.tasks.values()) if not is_idle(task)]

    def update_waiting_tasks(self) -> None:
        """SpiffWorkflow would look at every task after every step; `Case.settle` looks where something moved."""

    def _task_completed_notify(self, task: Any) -> None:
        self.top_workflow.dirty.add(self)

    def prune(self) -> None:
        """Forget finished tasks: what still runs hangs from the root, instances from their activity."""
        root = self.task_tree
        kept = {task.id: task for task in self.tasks.values() if task is root or task._state & TaskState.DEFINITE_MASK}
        if len(kept) == len(self.tasks):
            return
        for task in kept.values():
            task._children = [child for child in task._children if child in kept]
            if task is not root and task._parent not in kept:
                task._parent = root.id
                root._children.append(task.id)
        self.tasks = kept


def is_idle(task: Any) -> bool:
    """An event sub-process that only listens, or an event on a boundary, which lives and dies with its activity."""
    return bool(task._state == TaskState.WAITING and (task.task_spec.idle_listener or "on" in task.internal_data))


class Inside(_Running, BpmnSubWorkflow):
    """What runs inside an activity: `owner` is that activity's task."""

    def __init__(self, spec: Scope, owner: Any) -> None:
        self.owner = owner
        super().__init__(spec, owner.id, owner.workflow.top_workflow, deserializing=True)

    def _calculate_depth(self) -> int:
        return int(self.owner.workflow.depth) + 1


class Case(_Running, BpmnWorkflow):
    """A running main process, with all that runs inside it."""

    owner = None

    def __init__(self, program: Any, script_engine: Any) -> None:
        self.program = program
        self.queue: deque[Any] = deque()               # automatic steps to be done
        self.dirty: set[Any] = set()                   # scopes where something moved
        self.tally: dict[str, dict[str, dict[str, int]]] = {}     # process → element → done, cancelled
        self.stage: str | None = None
        self.outcome: str | None = None
        super().__init__(program.main, program.specs, script_engine=script_engine, deserializing=True)

    def running(self) -> list[Any]:
        """Every scope with something left to do, outermost first."""
        return [self, *(inside for inside in self.subprocesses.values() if not inside.completed)]

    def count(self, task: Any, what: str) -> None:
        """Remember for the diagram what happened to an element: tasks are forgotten, this is not."""
        counts = self.tally.setdefault(task.workflow.spec.process, {}).setdefault(task.task_spec.element, {})
        counts[what] = counts.get(what, 0) + 1

    def entered(self, task: Any) -> None:
        """An activity of the main process says which stage the case is in."""
        stage = task.task_spec.settings.properties.get("stage")
        if stage and task.workflow.spec.process == self.spec.process:
            self.stage = stage

    def reached(self, task: Any) -> None:
        """An end event of the main process says how the case came out."""
        outcome = task.task_spec.settings.properties.get("outcome")
        if outcome and task.workflow.spec.process == self.spec.process:
            self.outcome = outcome

    def settle(self) -> bool:
        """Joins that may go on now, and scopes that have ended; was there anything?"""
        moved = False
        for workflow in sorted(self.dirty, key=lambda each: -each.depth):
            self.dirty.discard(workflow)
            if workflow.completed:
                continue
            live = workflow.live()
            for task in live:
                if task.state == TaskState.WAITING and task.task_spec.looks_back and task.task_spec.may_go_on(task, live):
                    task._ready()
                    moved = True
            if not live:
                end(workflow)
                moved = True
        return moved

    def prune_all(self) -> None:
        """Forget what is finished, everywhere."""
        for key in [key for key, inside in self.subprocesses.items() if not inside.owner._state & TaskState.DEFINITE_MASK]:
            del self.subprocesses[key]
        for workflow in self.running():
            workflow.prune()


def end(workflow: Any) -> None:
    """Nothing is left to do in a scope."""
    for task in active(workflow.tasks.values()):
        stop(task)
    workflow.completed = True
    if workflow.owner is not None and workflow.owner.state == TaskState.STARTED:
        workflow.owner.task_spec.inside_ended(workflow.owner, workflow)


def ready_tasks(case: Case) -> list[Any]:
    """Open user tasks, in the order of their coming."""
    if mends.on(6):
        return [task for workflow in case.running() for task in workflow.tasks.values() if task._state == TaskState.READY]
    return list(case.get_tasks(state=TaskState.READY))
