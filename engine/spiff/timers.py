"""Timer events: a moment fixed when waiting begins, or one that follows a deadline wherever it moves."""
from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util import PendingBpmnEvent

from engine import feel
from engine.clock import SystemClock
from engine.spiff import mends
from engine.spiff.environment import incident
from engine.spiff.steps import engine
from engine.spiff.variables import place_of

_DEADLINE = re.compile(r"=\s*deadlines\.([A-Za-z_]\w*)\s*", re.ASCII)


class Timer(TimerEventDefinition):
    """`<timeDate>=deadlines.NAME</timeDate>` is bound to that clock; any other date or duration is reckoned once."""

    def __init__(self, name: str, text: str, *, duration: bool) -> None:
        super().__init__(name, text)
        bound = None if duration else _DEADLINE.fullmatch(text)
        self.deadline: str | None = bound[1] if bound else None
        self.duration = duration

    @property
    def repeats(self) -> bool:
        """A clock may be started again; a moment comes once."""
        return self.deadline is not None

    def begin(self, my_task: Any) -> None:
        """Waiting begins: a moment of its own is reckoned now."""
        if self.deadline is None:
            my_task.internal_data["at"] = self._moment(my_task)

    def due(self, my_task: Any) -> datetime | None:
        """When it fires; None while the deadline it is bound to does not run."""
        if self.deadline is None:
            at: datetime | None = my_task.internal_data.get("at")
            return at
        due: datetime | None = engine(my_task).environment.surroundings.due(self.deadline, place_of(my_task, my_task.task_spec.waits_as))
        return due

    def _moment(self, my_task: Any) -> datetime:
        now = clock(engine(my_task).environment)
        value = engine(my_task).evaluate(my_task, self.expression)
        if self.duration:
            if not isinstance(value, str):
                raise incident(my_task, f"a timer needs a duration such as P6M, not {type(value).__name__}")
            try:
                value = feel.evaluate("now() + duration(length)", {"length": str(value)}, now)
            except feel.FeelError:
                value = None
            if not isinstance(value, datetime):
                raise incident(my_task, f"{self.expression} is not a duration such as P6M or PT12H")
        return _as_moment(my_task, value, now)

    def has_fired(self, my_task: Any) -> bool:
        return False                         # `Process.fire_due` says when

    def details(self, my_task: Any) -> Any:
        return PendingBpmnEvent(self.name, "timer", self.due(my_task))


def clock(environment: Any) -> datetime:
    """The time it is for timers."""
    now: datetime = environment.now if mends.on(4) else SystemClock().now()
    return now


def _as_moment(my_task: Any, value: Any, now: datetime) -> datetime:
    """A date is its first moment; what has no zone is local."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == len("2024-05-01") else datetime.fromisoformat(value)
        except ValueError:
            raise incident(my_task, f"“{value}” is not a date or a moment") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), now.tzinfo)
    if not isinstance(value, datetime):
        raise incident(my_task, f"a timer needs a date or a moment, not {type(value).__name__}")
    return value if value.tzinfo else value.replace(tzinfo=now.tzinfo)
