"""Deputies: someone stands in for another in a role, for a time."""
from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import AlreadyDone, InvalidAnswers, NotAllowed, NotFound
from engine.feel import data
from engine.progress import mail
from engine.proposals.roles import tell_of
from engine.releases import newest_of_all
from engine.rules.access import SYSTEM, holder
from engine.rules.local_days import at_hour
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.eyes import everywhere, may_write

if TYPE_CHECKING:
    from engine.work import Work

LONGEST_REASON = 2_000


def name_deputy(work: Work, role: str, to: str, from_: date, until: date, reason: str, of: str | None = None) -> str:
    """`to` holds this role too, from this day until the end of that one. Gives the id of the period.

    `role` is written “role” or “role@AGENCY”. Its holder names the deputy; for somebody else (`of`) it takes the permission to manage people.
    A deputy acts in their own name: whoever may not do a task themselves may not do it as deputy."""
    whose = of or work.actor.person
    if whose is None:
        raise NotFound
    if whose != work.actor.person and not _manages(work):
        raise NotAllowed("Only an administrator may name a deputy for somebody else.")
    h = t.holdings
    work.db.execute(sa.select(t.people.c.id).where(t.people.c.id == whose).with_for_update())  # two who name at once: one after the other
    own = work.db.execute(sa.select(h.c.role, h.c.agency).where(h.c.person == whose, h.c.case_id.is_(None), h.c.until.is_(None))).all()
    name, _, agency = role.partition("@") if isinstance(role, str) else ("", "", "")
    held = next((one for one in own if one.role == name and agency in ("", one.agency)), None)
    errors: dict[str, str] = {}
    if held is None:
        errors["role"] = _not_theirs(work, whose, name)
    errors |= _wrong_person(work, whose, to, held)
    errors |= _wrong_days(work, from_, until)
    words = reason.strip() if isinstance(reason, str) else ""
    if not words:
        errors["reason"] = "Say why a deputy is needed, for example annual leave"
    elif len(words) > LONGEST_REASON or "\0" in words:
        errors["reason"] = f"The reason must be text of at most {LONGEST_REASON:,} characters"
    if held is not None and not errors and (other := _in_the_way(work, whose, held, from_, until)):
        errors["from"] = other
    if errors or held is None:
        raise InvalidAnswers(errors)
    row = new_id()
    work.write(sa.insert(t.deputies).values(
        id=row, person=whose, role=held.role, agency=held.agency, deputy=to, since=from_, until=until, named_at=work.now, named_by=work.actor.person,
        reason=work.vault.seal(data.dumps(words), "deputies", row)))
    if whose != work.actor.person:
        mail.note(work, "deputy_named", [whose], "/deputies")
    mail.note(work, "deputy_for", [to], "/deputies")
    if from_ > work.today:
        mail.note(work, "deputy_begins", [to], "/deputies", at=_that_morning(work, from_))
    tell_of(work, to, [held.role])
    work.record("deputy_named", person=whose, role=held.role, agency=held.agency, to=to, **{"from": from_.isoformat()}, until=until.isoformat())
    return row


def end_deputy(work: Work, deputy: str) -> None:
    """This period is over: at once, or as its last day has passed. What the deputy had taken and may no longer do is open to the others again."""
    d = t.deputies
    row = work.db.execute(sa.select(d).where(d.c.id == deputy).with_for_update()).one_or_none()
    if row is None or not (_manages(work) or work.actor.person in (row.person, row.deputy)):
        raise NotFound
    if row.ended_at is not None or (row.until < work.today and work.actor is not SYSTEM):
        raise AlreadyDone("This is over already.")
    if work.actor is SYSTEM and row.until >= work.today:
        return
    work.write(sa.update(t.deputies).where(d.c.id == deputy).values(ended_at=work.now, ended_by=work.actor.person))
    _free(work, row)
    if row.since > work.today:
        _never_begins(work, row)
    work.record("deputy_ended", person=row.person, role=row.role, agency=row.agency, to=row.deputy)


def _manages(work: Work) -> bool:
    return work.actor is SYSTEM or work.actor.may("manage_people")


def _not_theirs(work: Work, whose: str, role: str) -> str:
    """Why there is nothing to give: a deputy hands nothing on, and an appointment belongs to its case."""
    if whose == work.actor.person and any(one.role == role and one.deputy_of for one in work.actor.holdings):
        return "You hold this role as a deputy yourself. Only whose role it is can name another deputy"
    h = t.holdings
    appointed = sa.select(h.c.id).where(h.c.person == whose, h.c.role == role, h.c.case_id.is_not(None), h.c.until.is_(None))
    if work.db.scalar(appointed.limit(1)) is not None:
        return "This is an appointment to one case. Someone else is appointed there, no deputy named here"
    return "Choose a role that you hold" if whose == work.actor.person else "Choose a role that this person holds"


def _wrong_person(work: Work, whose: str, to: str, held: Any) -> dict[str, str]:
    p, h = t.people, t.holdings
    found = work.db.execute(sa.select(p.c.id, p.c.name, p.c.agency).where(p.c.id == to, p.c.active)).one_or_none() if isinstance(to, str) else None
    if found is None:
        return {"to": "Choose who is to be the deputy"}
    if to == whose:
        return {"to": "Someone else has to be the deputy: nobody stands in for themselves"}
    if to == work.actor.person:
        return {"to": "Nobody makes themselves a deputy: whose role it is names you, or another administrator"}
    if held is None:
        return {}
    if not _has_tasks(work, held.role):
        return {"role": "This role has no tasks in a case, so nobody stands in for it: let two people hold it"}
    if held.agency is None and found.agency is not None and not _of_the_board(work, to):
        return {"to": f"{found.name} belongs to an agency and holds no role of the board. The deputy in a role of the board comes from the board"}
    if held.agency is not None and found.agency != held.agency:
        agency = work.db.scalar(sa.select(t.agencies.c.name).where(t.agencies.c.key == held.agency))
        return {"to": f"{found.name} does not belong to {agency}. The deputy in a role of an agency comes from the same agency"}
    same = sa.select(h.c.id).where(h.c.person == to, h.c.role == held.role, h.c.agency.is_not_distinct_from(held.agency),
                                   h.c.case_id.is_(None), h.c.until.is_(None))
    if work.db.scalar(same.limit(1)) is not None:
        return {"to": f"{found.name} holds this role already, and can do all of its tasks"}
    return {}


def _has_tasks(work: Work, role: str) -> bool:
    """Roles that look after the system stay with whom two people gave them to; only what a diagram gives tasks to has deputies."""
    drawn = set().union(*(work.shelf.pack(work.db, release).roles for release in newest_of_all(work.db).values()))
    return role in drawn and work.settings.may(role).isdisjoint({"manage_people", "release_pack"})


def _of_the_board(work: Work, person: str) -> bool:
    """Does this person hold a role of the board?"""
    h = t.holdings
    return work.db.scalar(sa.select(h.c.id).where(h.c.person == person, h.c.agency.is_(None), h.c.case_id.is_(None), h.c.until.is_(None)).limit(1)) is not None


def _wrong_days(work: Work, since: date, until: date) -> dict[str, str]:
    errors = {}
    if not isinstance(since, date) or isinstance(since, datetime):
        errors["from"] = "Enter the first day"
    elif since < work.today:
        errors["from"] = "The first day must be today or later: nobody becomes a deputy for what is past"
    if not isinstance(until, date) or isinstance(until, datetime):
        errors["until"] = "Enter the last day"
    elif "from" not in errors and until < since:
        errors["until"] = "The last day must not be before the first"
    return errors


def _in_the_way(work: Work, whose: str, held: Any, since: date, until: date) -> str | None:
    """One deputy at a time for each role that someone holds."""
    d = t.deputies
    query = sa.select(d.c.since, d.c.until, t.people.c.name).join(t.people, t.people.c.id == d.c.deputy).where(
        d.c.person == whose, d.c.role == held.role, d.c.agency.is_not_distinct_from(held.agency), d.c.ended_at.is_(None),
        d.c.since <= until, d.c.until >= since)
    row = work.db.execute(query.order_by(d.c.since).limit(1)).one_or_none()
    if row is None:
        return None
    first, last = (f"{day.day} {day:%B %Y}" for day in (row.since, row.until))
    return f"{row.name} is deputy in this role from {first} to {last} already. End that first, or choose other days"


def _that_morning(work: Work, day: date) -> datetime:
    return at_hour(day, work.settings.board.reminder_hour, work.settings.board.timezone)


def _never_begins(work: Work, row: Any) -> None:
    """The mail that waits for the first day does not go, unless the same deputy begins for somebody else that day."""
    d, o = t.deputies, t.outbox
    another = sa.select(d.c.id).where(d.c.deputy == row.deputy, d.c.since == row.since, d.c.id != row.id, d.c.ended_at.is_(None))
    if work.db.scalar(another.limit(1)) is None:
        work.db.execute(sa.delete(o).where(o.c.message == "deputy_begins", o.c.person == row.deputy, o.c.next_at == _that_morning(work, row.since)))


def _free(work: Work, row: Any) -> None:
    """Nothing stays with someone who can no longer do it."""
    k, o = t.tasks, t.offers
    with everywhere(work.db):    # who ends this need not see the cases
        taken = work.db.execute(sa.select(k.c.id, k.c.case_id, o.c.holder).join(o, o.c.task == k.c.id).where(
            k.c.state == "open", k.c.claimed_by == row.deputy)).all()
        able = mail.holders_by_offer(work.db, {task.holder for task in taken}, work.today) if taken else {}
    stood_in_for = {task.id: task.case_id for task in taken if task.holder in {holder(row.role, row.agency), holder(row.role)}}
    for task, case in stood_in_for.items():
        if not any(row.deputy in able[one.holder] for one in taken if one.id == task):
            may_write(work.db, case)
            work.write(sa.update(k).where(k.c.id == task, k.c.state == "open", k.c.claimed_by == row.deputy).values(claimed_by=None))
