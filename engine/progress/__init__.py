"""After anything moves a process: the rows people see agree with it.

A verb says what happened (`begin`, `complete`, `send`, `fire`); the process runs as far as a person or a moment; then tasks,
offers, timers and the case's row are made to agree, and the step is appended. All in the verb's transaction."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Incident
from engine.progress.agree import NEW_TASK, agree
from engine.progress.surroundings import Here
from engine.spiff import Process
from engine.work import saved_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from engine.spiff.rewriting import Rewritten
    from engine.work import Case, Work

__all__ = ["NEW_TASK", "Here", "begin", "complete", "correct", "fire", "resume", "send"]


def begin(here: Here, answers: Mapping[str, Any]) -> None:
    """Start the case's process at the start event it was opened with."""
    case = here.case
    case.process = Process.begin(case.program, here, case.start, dict(answers))
    _settle(here)


def resume(work: Work, case: Case) -> Here:
    """The case's process as it stands, in memory if its last step was made here, else from that step."""
    here = Here(work, case)
    version, process = work.live.pop(case.id, (None, None))
    if process is not None and version == case.version:
        process.bind(here)
        case.process = process
    else:
        case.process = Process.resume(case.program, saved_state(work.db, case), here)
    return here


def complete(here: Here, task: str, answers: Mapping[str, Any]) -> None:
    """A person has done a task."""
    _process(here).complete(task, dict(answers))
    _settle(here)


def send(here: Here, message: str, key: str | None, payload: Mapping[str, Any], waiting: str | None = None) -> None:
    """A message reaches the case, and of several that wait the one meant. That nobody waits for it is an incident: whoever offers it looked before."""
    if not _process(here).send(message, key, dict(payload), task_id=waiting):
        raise Incident(f"Nothing in the process waits for the message {message} now.", element=message)
    _settle(here)


def correct(here: Here, changes: Iterable[Rewritten], item: str | None) -> None:
    """The right values in every scope that holds the wrong ones. Nothing is done again; a deadline that is late by now tells the diagram so."""
    _process(here).rewrite(changes, item)
    _settle(here)


def fire(here: Here, until: datetime) -> None:
    """Let every timer event that was due by then move its token. What fell due later has a row of its own, and its turn."""
    here.now = until.astimezone(here.now.tzinfo)
    _settle(here)


def _settle(here: Here) -> None:
    here.clocks.follow_rows()
    _process(here).fire_due()  # a step may begin to wait for a moment that has passed already
    while here.clocks.go_on():
        _process(here).fire_due()
    agree(here)
    here.work.save_step(here.case)


def _process(here: Here) -> Process:
    if here.case.process is None:
        raise Incident("The process was not resumed.")
    return here.case.process
