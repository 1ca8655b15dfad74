"""Who is behind a cookie, and what stands on the page “Your account”."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.deputies import in_words, role_labels
from engine.queries.shapes.accounts import Account, FactorRow, Session, SessionRow
from engine.queries.words import agency_names, person_names
from engine.store import tables as t
from engine.store.identities import is_bound
from engine.store.open_sessions import found, lasts_until

if TYPE_CHECKING:
    from engine.look import Look

#: For so long after a session ran out, what is posted with it is kept as a draft.
STILL_KEPT = timedelta(hours=2)


def session_of(look: Look, token: str) -> Session | None:
    """The live session of a token. One that waits for a second factor is none."""
    row = found(look.db, look.vault, token)
    if row is None or row.needs is not None or look.now > lasts_until(row, look.settings):
        return None
    return Session(row.id, row.person, row.proved_at, quiet=look.now - row.seen_at > timedelta(minutes=1))


def session_that_ran_out(look: Look, token: str) -> str | None:
    """The person of a session that has run out within the last two hours: what they typed until then is still theirs. Never of one that was ended."""
    row = found(look.db, look.vault, token)
    if row is None or row.needs is not None:
        return None
    ended = lasts_until(row, look.settings)
    return row.person if ended < look.now <= ended + STILL_KEPT else None


def my_account(look: Look) -> Account:
    """Me: my sessions that last, newest first, and what I show beside my password."""
    p, s, f, r, me = t.people, t.sessions, t.factors, t.recovery_codes, look.actor.person
    row = look.db.execute(sa.select(p, t.agencies.c.name.label("at"), is_bound().label("bound")).outerjoin(
        t.agencies, t.agencies.c.key == p.c.agency).where(p.c.id == me)).one_or_none()
    if row is None:
        raise NotFound
    sessions = look.db.execute(sa.select(s).where(
        s.c.person == me, s.c.ended_at.is_(None), s.c.needs.is_(None)).order_by(s.c.seen_at.desc(), s.c.id))
    factors = look.db.execute(sa.select(f).where(f.c.person == me).order_by(f.c.added_at, f.c.id))
    left = look.db.scalar(sa.select(sa.func.count()).select_from(r).where(r.c.person == me)) or 0
    return Account(
        login=row.login, name=row.name, email=row.email, agency=row.at, ends_on=row.ends_on, guest=row.guest, recovery_codes=left,
        sessions=[SessionRow(one.id, one.created_at, one.seen_at, one.browser, this=one.id == look.actor.session) for one in sessions
                  if look.now <= lasts_until(one, look.settings)],
        factors=[FactorRow(one.id, one.kind, one.name, one.added_at, one.used_at) for one in factors],
        required=look.settings.sessions.second_factor == "required",
        provider=look.settings.single_sign_on.on and bool(row.bound), roles=_my_roles(look))


def _my_roles(look: Look) -> list[str]:
    holdings, agencies, labels = look.actor.holdings, agency_names(look), role_labels(look)
    people, c = person_names(look, [held.deputy_of for held in holdings]), t.cases.c
    cases = {row.id: row.reference for row in look.db.execute(sa.select(c.id, c.reference).where(c.id.in_([held.case for held in holdings if held.case])))}
    return sorted(in_words(held.role, held.agency, agencies, labels) + (f", in {cases[held.case]}" if held.case in cases else "")
                  + (f", as deputy for {people[held.deputy_of]}" if held.deputy_of else "") for held in holdings)
