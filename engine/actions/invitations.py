"""Letting people in who have no password: invitations, new passwords, and the account of a guest that ends."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotAllowed, NotFound, Refused
from engine.progress import links
from engine.rules.access import SYSTEM, in_own_right
from engine.rules.passwords import as_signed_in
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.accounts import is_over, may_come_in, never_came, with_password
from engine.store.identities import by_ourselves
from engine.store.open_sessions import end_sessions_of

if TYPE_CHECKING:
    from engine.work import Work


def send_link(work: Work, person: str) -> None:
    """A fresh invitation by mail, for an account by which nobody has come in yet: two people have said to which address. The one from before cannot be
    used any more. A link for a new password takes two as well (`proposals.let_in`)."""
    _manages(work)
    row = _account(work, person)
    need_proof(work)
    if work.actor is not SYSTEM and work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, never_came())) is None:
        raise Refused("Somebody comes in by this account already. A link for a new password takes two administrators: propose it under “People”.")
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, may_come_in(work.today))) is None:
        raise Refused("This account is closed. It has to be opened again first.")
    _needs_a_password(work, person)
    links.send(work, person, "invitation" if row.password is None else "reset")


def withdraw_link(work: Work, person: str) -> None:
    """The link cannot be used any more. The account of someone who was invited and never came is closed with it."""
    _manages(work)
    row = _account(work, person)
    if not links.end(work, person, "withdrawn"):
        raise NotFound
    if row.password is None:
        work.write(sa.update(t.people).where(t.people.c.id == person).values(active=False))
    work.record("link_withdrawn", person=person, kind="invitation" if row.password is None else "reset")


def make_link(work: Work, login: str) -> str:
    """The address of a link, for whoever works on the machine itself: an administrator has it mailed, and never sees it."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    row = work.db.execute(sa.select(t.people.c.id, t.people.c.password).where(t.people.c.login == as_signed_in(login))).one_or_none()
    if row is None:
        raise NotFound(f"There is no account called {login}.")
    _needs_a_password(work, row.id)
    return links.make(work, row.id, "invitation" if row.password is None else "reset")


def use_link(work: Work, token: str, secret: str) -> None:
    """The password that was chosen by a link (rules.passwords.hashed). The link is used up, and every session from before ends."""
    row, k = links.found(work.db, work.vault, token, work.now), t.links
    if row is None:
        raise NotFound
    work.write(sa.update(t.people).where(t.people.c.id == row.person).values(**with_password(work.vault, row.person, secret)))
    work.db.execute(sa.update(k).where(k.c.id == row.id).values(**links.over(work.now, "used")))
    end_sessions_of(work.db, row.person, work.now)
    work.record("link_used", by=row.person, person=row.person, kind=row.kind)


def end_account(work: Work, person: str) -> None:
    """The account's last day has passed, or the last case of a guest has ended: nobody comes in with it, nothing is offered to it any more."""
    p, h = t.people, t.holdings
    if work.actor is not SYSTEM:
        raise NotFound
    if work.db.scalar(sa.select(p.c.id).where(p.c.id == person, is_over(work.today)).with_for_update()) is None:
        return  # another process was quicker
    work.write(sa.update(p).where(p.c.id == person).values(active=False))
    work.write(sa.update(h).where(h.c.person == person, h.c.until.is_(None)).values(until=work.now))
    end_sessions_of(work.db, person, work.now)
    links.end(work, person, "withdrawn")
    work.record("account_ended", person=person)


def _manages(work: Work) -> None:
    if work.actor is not SYSTEM and not in_own_right(work.actor, "manage_people", work.settings.roles):
        raise NotFound


def _needs_a_password(work: Work, person: str) -> None:
    provider = work.settings.single_sign_on
    if work.db.scalar(sa.select(t.people.c.id).where(t.people.c.id == person, by_ourselves(provider))) is None:
        raise Refused(f"This account signs in with {provider.title}, and no password opens it.")


def _account(work: Work, person: str) -> Any:
    row = work.db.execute(sa.select(t.people).where(t.people.c.id == person).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row
