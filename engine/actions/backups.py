"""That a copy of everything was made, and that this database was made from one."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotAllowed
from engine.rules.access import SYSTEM
from engine.store.open_sessions import end_sessions

if TYPE_CHECKING:
    from engine.work import Work


def note_backup(work: Work, rows: int) -> None:
    """A backup was written: it stands on the trail, and the monitor can ask when the last one was."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    work.record("backed_up", rows=rows)


def note_restore(work: Work, made_at: str, software: str) -> None:
    """This database was made from a backup. Sessions that were open then are over: who signed out since must not be signed in again."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    end_sessions(work.db, work.now)
    work.record("restored", made_at=made_at, software=software)
