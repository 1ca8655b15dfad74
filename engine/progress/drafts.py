"""Unfinished answers: the places they belong to, and how files travel in them, so that nobody has to choose them twice."""
from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from engine.forms import Upload
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.work import Work

_GONE = sa.delete(t.drafts).where(t.drafts.c.person == sa.bindparam("person"), t.drafts.c.place == sa.bindparam("place")).returning(
    t.drafts.c.id, t.drafts.c.case_id)
_FILE = frozenset({"file_in_draft", "type", "content"})


class DraftPlace(NamedTuple):
    """Where a draft belongs: to a task, to a start of a process, to a button of a case, or to the correction of an answer. Of each person one."""

    kind: str        # task, start, action or correction
    of: str          # the id of the task, the process, or the id of the case
    name: str = ""   # the start, the button, or the id of the answer

    def __str__(self) -> str:
        return " ".join(part for part in self if part)

    @classmethod
    def read(cls, text: str) -> DraftPlace:
        """The place that was written so."""
        return cls(*text.split(" ", 2))


def forget_draft(work: Work, place: DraftPlace) -> str | None:
    """This person's draft that belongs there, if there is one, is of no more use. Gives its id."""
    gone = None
    for row in work.db.execute(_GONE, {"person": work.actor.person, "place": str(place)}).all():
        work.removed("drafts", row.id, "answers", row.case_id)
        gone = str(row.id)
    return gone


def packed(values: Any) -> Any:
    """Answers as a draft holds them, files and all."""
    if isinstance(values, Upload):
        return {"file_in_draft": values.name, "type": values.type, "content": base64.b64encode(values.content).decode()}
    if isinstance(values, dict):
        return {key: packed(one) for key, one in values.items()} if set(values) != _FILE else ""  # no file: somebody made it up
    return [packed(one) for one in values] if isinstance(values, list) else values


def unpacked(values: Any) -> Any:
    """The answers of a draft with their files again."""
    if isinstance(values, dict):
        if set(values) == _FILE:
            return Upload(values["file_in_draft"], base64.b64decode(values["content"]), values["type"])
        return {key: unpacked(one) for key, one in values.items()}
    return [unpacked(one) for one in values] if isinstance(values, list) else values
