"""A message from outside reaches a case."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import progress
from engine.errors import NotAllowed
from engine.rules.access import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


def receive_message(work: Work, case: str, message: str, key: str | None = None, payload: Mapping[str, Any] | None = None) -> str:
    """The message is heard where the process waits for it. One that is offered to people comes from them, with its form."""
    if work.actor is not SYSTEM:
        raise NotAllowed("Messages from outside come in through the API.")
    held = work.hold(case)
    if any(action.message == message for action in held.pack.case_actions.values()):
        raise NotAllowed(f"“{message}” is sent by pressing its button, with its form.")
    here = progress.resume(work, held)
    waiting = next((one for one in here.waiting_messages() if one.message == message and key in (None, one.key)), None)
    if waiting is None:
        raise NotAllowed(f"Nothing waits for “{message}” now.")
    progress.send(here, message, waiting.key, payload or {})
    return held.id
