"""Whom a clock tells: who can still meet it, or those it is escalated to."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.progress import mail
from engine.progress.registers import key_of, rows_of
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.rules.deadlines import Deadline
    from engine.work import Case, Work


def tell(work: Work, case: Case, deadline: Deadline, row: dict[str, Any], kind: str, roles: list[str]) -> None:
    """The mail of a reminder, a chase or an escalation, to the holders of these roles; of none, to whoever can meet the clock."""
    agency = _agency_of(work, case, row)
    days = (work.today - row["due"]).days if kind != "remind" else (row["due"] - work.today).days
    message = {"remind": deadline.message.reminder, "chase": deadline.message.overdue, "escalate": deadline.message.escalation}[kind]
    people = mail.holders_of_roles(work, case, roles, agency) if roles else _who_can_meet(work, case, deadline, row, agency)
    if message in case.pack.messages:
        mail.tell(work, case, message, people, due=row["due"], days=days, task=deadline.title)


def _agency_of(work: Work, case: Case, row: dict[str, Any]) -> str | None:
    """Whose clock it is: its item, if that is an agency; else the agency its row or task names; else the one whose case this is."""
    if not row["item"]:
        return case.agency
    last, register = row["item"].rpartition("/")[2], case.pack.deadlines[row["name"]].register
    if work.db.scalar(sa.select(t.agencies.c.key).where(t.agencies.c.key == last)):
        return str(last)
    rows = rows_of(work.db, case, [register])[register] if register else []
    named = key_of(next((each.get("agency") for each in rows if each["key"] == row["item"]), None))
    return named or work.db.scalar(sa.select(t.tasks.c.agency).where(
        t.tasks.c.case_id == case.id, t.tasks.c.item == row["item"], t.tasks.c.agency.is_not(None)).limit(1)) or case.agency


def _who_can_meet(work: Work, case: Case, deadline: Deadline, row: dict[str, Any], agency: str | None) -> list[str]:
    """The holder of each open task that it presses on: who has taken it (with their deputy), or else everyone it is offered to."""
    query = sa.select(t.tasks.c.claimed_by, t.offers.c.holder).join(t.offers, t.offers.c.task == t.tasks.c.id).where(
        t.tasks.c.case_id == case.id, t.tasks.c.state == "open", t.tasks.c.element.in_(deadline.presses_on))
    if row["item"]:
        own = ("/" + t.tasks.c.item + "/").contains(f"/{row['item']}/", autoescape=True)
        query = query.where(sa.or_(own, sa.and_(t.tasks.c.item.is_(None), t.tasks.c.agency == row["item"])))
    found = work.db.execute(query).all()
    people = {one.claimed_by for one in found if one.claimed_by}
    if people:
        people.update(mail.deputies_of(work.db, people, (one.holder for one in found if one.claimed_by), work.today))
    offered = {one.holder for one in found if not one.claimed_by}
    if offered:
        people.update(mail.holders_of(work.db, offered, work.today))
    if not found:
        first = next(iter(deadline.escalate), None)
        return mail.holders_of_roles(work, case, first.to, agency) if first else []
    return sorted(people)
