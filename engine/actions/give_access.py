"""That somebody was given what is kept about them."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InvalidAnswers, NotFound
from engine.rules.proof import need_proof
from engine.store.seen import visible_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


def give_access(work: Work, person: str | None = None, passages: Mapping[str, int] | None = None) -> None:
    """Record that data was handed out: a person's account data, or so many `passages` of each of these cases. Never who is named in them."""
    if work.actor.person is None or not work.actor.may("subject_access"):
        raise NotFound
    if (person is None) == (not passages):
        raise InvalidAnswers({"passages": "Choose what is to be given"})
    need_proof(work)
    if person is not None:
        work.record("access_given", kind="account", person=person, passages=0)
    for case, many in sorted((passages or {}).items()):
        visible_case(work.db, work.actor, case)
        work.hold(case)
        work.record("access_given", kind="passages", person=None, passages=many)
