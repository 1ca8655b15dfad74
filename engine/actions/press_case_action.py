"""Press one of the buttons that a case offers at any time."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import progress
from engine.errors import NotAllowed, NotFound
from engine.progress.answers import keep, take
from engine.progress.asked import asked_of_action
from engine.progress.case_actions import is_for, may_press, waited_for
from engine.store.seen import visible_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


def press_case_action(work: Work, case: str, action: str, answers: Mapping[str, Any]) -> str:
    """The action's message has reached the process, with its answers. Gives the id of the case."""
    visible_case(work.db, work.actor, case)
    held = work.hold(case)
    offered = held.pack.case_actions.get(action)
    if offered is None or work.actor.person is None:
        raise NotFound
    for_whom = f"“{offered.label}” is for: {', '.join(held.pack.roles[role].label for role in offered.offer_to)}."
    if not is_for(work.actor, offered, held):
        raise NotAllowed(for_whom)
    here = progress.resume(work, held)
    waiting = waited_for(held.pack, here.waiting_messages(), answers).get(action)
    if waiting is None or (held.ended_at is not None and not offered.after_end):
        raise NotAllowed(f"“{offered.label}” is not possible now.")
    if not may_press(work.actor, offered, waiting.place, held):
        raise NotAllowed(for_whom)

    asked = asked_of_action(here.looked_up, offered, waiting, here.variables(waiting.task_id))
    values = keep(here, take(work, held.pack, asked, answers))
    work.record("action_pressed", element=action)
    progress.send(here, offered.message, waiting.key, values, waiting.task_id)
    return held.id
