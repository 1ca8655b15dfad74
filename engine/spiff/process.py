"""A running case's process: begun or resumed, moved by people, messages and moments, and saved."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from SpiffWorkflow.util.task import TaskState

from engine.errors import Incident, NotFound
from engine.spiff import mends, saved
from engine.spiff.activities import UserTask
from engine.spiff.environment import FeelEngine, FeelEnvironment, incident
from engine.spiff.events import Message, deliver, waiting_kind
from engine.spiff.multi_instance import ForEach
from engine.spiff.places import Moment, OpenTask, Waiting
from engine.spiff.rewriting import Rewritten, rewrite
from engine.spiff.scopes import Case, is_idle, ready_tasks
from engine.spiff.steps import active
from engine.spiff.timers import Timer, clock
from engine.spiff.variables import fresh, place_of, variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.spiff.places import Surroundings
    from engine.spiff.program import Program

#: Automatic steps one action may set off; a diagram that needs more runs in circles.
MOST_STEPS = 5_000
_PRUNE_AFTER = 200
_UNTOUCHED = {"done": 0, "now": 0, "cancelled": 0, "waiting": 0}


class Process:
    """One running process."""

    def __init__(self, program: Program, case: Case) -> None:
        self.program, self.case = program, case

    @classmethod
    def begin(cls, program: Program, surroundings: Surroundings, start: str | None = None, payload: dict[str, Any] | None = None) -> Self:
        """A new process that begins at this start event of the main process, with what its message brought."""
        start = start or program.main.plain_start
        if start not in program.main.starts:
            raise NotFound(f"The process cannot begin with “{start}”.")
        case = Case(program, FeelEngine(FeelEnvironment(surroundings, program.tables)))
        case.begin(start, fresh(payload or {}))
        return cls(program, case)._go_on()

    @classmethod
    def resume(cls, program: Program, state: bytes, surroundings: Surroundings) -> Self:
        """A process as it was saved."""
        return cls(program, saved.restore(program, state, FeelEngine(FeelEnvironment(surroundings, program.tables))))

    def save(self) -> bytes:
        """All that is needed to resume it with the same program."""
        return saved.dump(self.case, self.program.digest)

    def bind(self, surroundings: Surroundings) -> Self:
        """The same process in new surroundings, without saving and resuming it."""
        self.case.script_engine.environment.surroundings = surroundings
        return self

    # ---- what there is to see

    @property
    def ended(self) -> bool:
        """Is nothing left to do, for anyone?"""
        return bool(self.case.completed)

    @property
    def outcome(self) -> str | None:
        """How it came out: the property of the end event of the main process that was reached last."""
        return self.case.outcome

    @property
    def stage(self) -> str | None:
        """The stage of the activity of the main process entered last."""
        return self.case.stage

    def open_tasks(self) -> list[OpenTask]:
        """What people can do now, in the order of its coming."""
        return [self._open(task) for task in ready_tasks(self.case) if isinstance(task.task_spec, UserTask)]

    def variables(self, task_id: str) -> dict[str, Any]:
        """All that an open task or a waiting event sees."""
        seen: dict[str, Any] = fresh(variables(self._task(task_id)))
        return seen

    def waiting_messages(self) -> list[Waiting]:
        """What messages are waited for, and by whom."""
        return [Waiting(task.id.hex, place_of(task, task.task_spec.waits_as), task.task_spec.event_definition.name,
                        task.internal_data.get("key"))
                for task in self._waiting(Message)]

    def waiting_moments(self) -> list[Moment]:
        """What moments are waited for, first come first."""
        rows = [(task.task_spec.event_definition.due(task), task) for task in self._waiting(Timer)]
        rows.sort(key=lambda row: (row[0] is None, row[0] and row[0].timestamp()))
        return [Moment(task.id.hex, place_of(task, task.task_spec.waits_as), at, task.task_spec.event_definition.deadline)
                for at, task in rows]

    def marks(self) -> dict[str, dict[str, dict[str, int]]]:
        """For the diagram: process → element → how often it was done and cancelled, and how many are there now or waiting."""
        marks = {process: {element: {**_UNTOUCHED, **counts} for element, counts in elements.items()}
                 for process, elements in self.case.tally.items()}
        for workflow in self.case.running():
            for task in active(workflow.tasks.values()):
                if isinstance(task.task_spec, ForEach):
                    continue
                waits = task.state == TaskState.WAITING
                element = getattr(task.task_spec, "waits_as", task.task_spec.element) if waits else task.task_spec.element
                counts = marks.setdefault(workflow.spec.process, {}).setdefault(element, dict(_UNTOUCHED))
                counts["waiting" if waits else "now"] += 1
        return marks

    # ---- what can be done

    def complete(self, task_id: str, answers: dict[str, Any]) -> None:
        """A person has done an open task."""
        task = self._task(task_id)
        if task.state != TaskState.READY or not isinstance(task.task_spec, UserTask):
            raise NotFound("This task is not open.")
        task.data.update(fresh(answers))
        task.run()
        self._go_on()

    def send(self, message: str, key: Any = None, payload: dict[str, Any] | None = None, *, task_id: str | None = None) -> bool:
        """A message for one who waits for it; False when nobody does. `task_id` names who of several."""
        for task in list(self._waiting(Message)):
            event = task.task_spec.event_definition
            if event.name == message and event.awaits(task, key) and task_id in (None, task.id.hex):
                deliver(task, payload)
                self._go_on()
                return True
        return False

    def fire_due(self) -> int:
        """Everything that is due by now, one by one and in order, each at its own moment. How many there were."""
        environment = self.case.script_engine.environment
        until, fired = clock(environment), 0
        try:
            while (moments := self.waiting_moments()) and (at := moments[0].at) is not None and at <= until:
                fired += 1
                if fired > MOST_STEPS:
                    raise Incident("Timers fire without end here.", element=moments[0].place.element)
                environment.at = max(environment.at or at, at).astimezone(until.tzinfo)
                deliver(self._task(moments[0].task_id))
                self._go_on()
        finally:
            environment.at = None
        return fired

    def rewrite(self, changes: Iterable[Rewritten], item: str | None) -> int:
        """A corrected answer in every scope that still holds what was copied from it. How many there were; nothing moves by it."""
        return rewrite(self.case, changes, item)

    def grow(self) -> bool:
        """New items of collections that grow get their instances, and what is enough by now ends; was there any? Asked after every action as well."""
        return self._grow() and bool(self._go_on())

    # ---- inside

    def _grow(self) -> bool:
        growing = [task for workflow in self.case.running() for task in active(workflow.tasks.values())
                   if isinstance(task.task_spec, ForEach) and task.task_spec.grows and task.state == TaskState.STARTED]
        return bool(sum(task.task_spec.grow(task) or task.task_spec.settled(task) for task in growing))

    def _go_on(self) -> Self:
        """Run until a person, a message or a moment is needed."""
        case, steps = self.case, 0
        while True:
            while (task := self._next()) is not None:
                steps += 1
                if steps > MOST_STEPS and mends.on(7):
                    raise incident(task, f"the process runs in circles here: {MOST_STEPS:,} automatic steps without anyone to wait for")
                if mends.on(6) and steps % _PRUNE_AFTER == 0:
                    case.prune_all()
                task.run()
            if not case.settle() and not self._grow():
                break
        self._refuse_standstill()
        return self

    def _next(self) -> Any:
        if not mends.on(6):
            return next((task for task in ready_tasks(self.case) if not task.task_spec.manual), None)
        queue = self.case.queue
        while queue:
            task = queue.popleft()
            if task.state == TaskState.READY:
                return task
        return None

    def _refuse_standstill(self) -> None:
        if self.ended or not mends.on(6):
            return
        stuck = None
        for workflow in self.case.running():
            for task in active(workflow.tasks.values()):
                spec = task.task_spec
                if spec.manual or (hasattr(spec, "waits_as") and task.state == TaskState.WAITING and not is_idle(task)):
                    return
                if task.state == TaskState.WAITING and not is_idle(task):
                    stuck = task
        if stuck is None:
            raise Incident("The process is neither ended nor waiting for anyone.", element=self.program.main.name)
        raise incident(stuck, "the process stands still: nothing that this waits for can come any more")

    def _task(self, task_id: str) -> Any:
        try:
            key = UUID(hex=task_id)
        except ValueError:
            raise NotFound("There is no such task.") from None
        for workflow in self.case.running():
            if key in workflow.tasks:
                return workflow.tasks[key]
        raise NotFound("This task is not open.")

    def _waiting(self, kind: type[Any]) -> Iterator[Any]:
        return (task for task in list(self.case.event_manager.tasks.values()) if waiting_kind(task, kind))

    def _open(self, task: Any) -> OpenTask:
        offer = task.task_spec.offer(task)
        groups = offer.get("candidateGroups") or ()
        if isinstance(groups, str):
            groups = groups.split(",")
        if not isinstance(groups, list | tuple):
            raise incident(task, f"the candidate groups must be names, not {type(groups).__name__}")
        if not isinstance(offer.get("assignee") or "", str):
            raise incident(task, f"the assignee must be one person, not {type(offer['assignee']).__name__}")
        named = (str(group).strip() for group in groups)
        return OpenTask(task.id.hex, place_of(task), tuple(group for group in named if group), offer.get("assignee") or None,
                        fresh(task.data), offer.get("dueDate"), offer.get("followUpDate"), offer.get("priority"))
