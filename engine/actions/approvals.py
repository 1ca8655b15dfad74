"""What takes two people: proposed by one, and done in the transaction in which another approves it."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import AlreadyDone, InvalidAnswers, NotAllowed, NotFound, Refused
from engine.feel import data
from engine.progress import mail
from engine.proposals import KINDS, Agreed
from engine.proposals.roles import LONGEST_REASON, who_may
from engine.rules.access import SYSTEM, in_own_right, not_the_second
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.proposals import Kind
    from engine.work import Work

CHANGED = "Things have changed since this was proposed, so it is no longer what was proposed. Have it proposed again."


def propose(work: Work, kind: str, what: Mapping[str, Any], files: bytes | None = None) -> str:
    """Let this wait for a second person: `what` says it, exactly; `files` are those of a release, bundled. Gives the proposal's id."""
    known = _kind(work, kind)
    if set(what) != known.asks or (files is None) != (kind != "release"):
        raise InvalidAnswers({"what": f"A proposal of this kind says {', '.join(sorted(known.asks))}"})
    seen = known.look(work, what, files)
    others = sorted(set(who_may(work, known.permission)) - {work.actor.person, seen.person})
    if not others:
        raise Refused("Nobody else here could approve this: it takes a second person, active and with the same permission. "
                      "Whoever runs the machine can do it there; docs/operators.md says how.")
    a = t.approvals
    for row in work.db.execute(sa.select(a).where(a.c.state == "waiting", a.c.kind == kind, a.c.person.is_not_distinct_from(seen.person))).all():
        kept = data.loads(work.vault.open(row.details, "approvals", row.id))
        if row.expires_at > work.now and kept["seen"] == dict(seen.seen) and _same(kept["what"], seen.what):
            raise Refused("The same is proposed already, and waits for a second person.")
    need_proof(work)
    new = new_id()
    work.write(sa.insert(a).values(
        id=new, kind=kind, person=seen.person, files=seen.files, proposed_at=work.now, proposed_by=work.actor.person, state="waiting",
        details=work.vault.seal(data.dumps({"what": dict(seen.what), "seen": dict(seen.seen), "by": work.actor.person}), "approvals", new),
        expires_at=work.now + timedelta(days=work.settings.approvals.days)))
    nothing = dict.fromkeys(("role", "agency", "pack", "digest"))
    work.record("proposed", proposal=new, kind=kind, person=seen.person, **{**nothing, **seen.on_the_trail})
    mail.note(work, "second_person", others, f"/approvals/{new}")
    if known.tells is not None and seen.person is not None:
        mail.note(work, known.tells, [seen.person], "/sign-in")
    return new


def approve(work: Work, proposal: str) -> None:
    """Do what somebody else has proposed, exactly as it was proposed."""
    row = _to_decide(work, proposal)
    known = KINDS[row.kind]
    if row.expires_at <= work.now:
        raise AlreadyDone("This was not approved in time, and has lapsed. Have it proposed again.")
    if row.proposed_by is not None and row.proposed_by not in who_may(work, known.permission):
        raise Refused("Whoever proposed this may no longer do so. Have it proposed again by someone who may.")
    kept = data.loads(work.vault.open(row.details, "approvals", row.id))
    seen = known.look(work, kept["what"], row.files)
    if (dict(seen.seen), dict(seen.what), seen.person, row.proposed_by) != (kept["seen"], kept["what"], row.person, kept["by"]):
        raise Refused(CHANGED)
    need_proof(work)
    _end(work, row, "approved")
    known.do(work, Agreed(id=row.id, by=row.proposed_by, proposed=seen))


def decline(work: Work, proposal: str, reason: str) -> None:
    """This is not to be done, and why."""
    row = _to_decide(work, proposal)
    words = reason.strip() if isinstance(reason, str) else ""
    if not words:
        raise InvalidAnswers({"reason": "Say why, for whoever proposed it"})
    if len(words) > LONGEST_REASON or "\0" in words:
        raise InvalidAnswers({"reason": f"The reason must be text of at most {LONGEST_REASON:,} characters"})
    _end(work, row, "declined", reason=work.vault.seal(data.dumps(words), "approvals", row.id, "reason"))


def withdraw(work: Work, proposal: str) -> None:
    """Take back what one has proposed oneself."""
    row = _waiting(work, proposal)
    if work.actor.person is None or row.proposed_by != work.actor.person:
        raise NotFound if not in_own_right(work.actor, KINDS[row.kind].permission, work.settings.roles) else NotAllowed(
            "Only who proposed this can take it back. You can decline it.")
    _end(work, row, "withdrawn")


def expire(work: Work, proposal: str) -> None:
    """Nobody has approved this in time."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    row = _waiting(work, proposal)
    if row.expires_at <= work.now:
        _end(work, row, "expired")


def _kind(work: Work, kind: str) -> Kind:
    """A kind of proposal that this person may make, in their own right."""
    if kind not in KINDS or not (work.actor is SYSTEM or in_own_right(work.actor, KINDS[kind].permission, work.settings.roles)):
        raise NotFound
    return KINDS[kind]


def _waiting(work: Work, proposal: str) -> Any:
    """A proposal that waits still, locked: of two who decide at once, the second finds it decided."""
    a, p = t.approvals, t.people
    row = work.db.execute(sa.select(a).where(a.c.id == proposal).with_for_update()).one_or_none()
    if row is None or not (work.actor is SYSTEM or work.actor.person == row.proposed_by
                           or in_own_right(work.actor, KINDS[row.kind].permission, work.settings.roles)):
        raise NotFound
    if row.state != "waiting":
        by = work.db.scalar(sa.select(p.c.name).where(p.c.id == row.ended_by)) if row.ended_by else None
        raise AlreadyDone("This waits no longer.", by=by, at=row.ended_at)
    return row


def _to_decide(work: Work, proposal: str) -> Any:
    """A proposal that this person may decide on: in their own right, and not on their own."""
    row = _waiting(work, proposal)
    if work.actor.person is None or not in_own_right(work.actor, KINDS[row.kind].permission, work.settings.roles):
        raise NotFound
    if barred := not_the_second(work.actor, row.proposed_by, row.person):
        raise NotAllowed(barred)
    return row


def _end(work: Work, row: Any, state: str, **more: Any) -> None:
    a = t.approvals
    work.write(sa.update(a).where(a.c.id == row.id).values(state=state, ended_at=work.now, ended_by=work.actor.person, **more))
    work.record(f"proposal_{state}", proposal=row.id, kind=row.kind, person=row.person)
    if row.proposed_by is not None and f"proposal_{state}" in mail.NOTES:
        mail.note(work, f"proposal_{state}", [row.proposed_by], f"/approvals/{row.id}")


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """The same is asked for, whatever the reason."""
    return {key: value for key, value in before.items() if key != "reason"} == {key: value for key, value in now.items() if key != "reason"}
