"""Who signs in with the identity provider, for administrators, and for oneself."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.shapes.accounts import ProviderAccount
from engine.rules.access import in_own_right
from engine.store import tables as t
from engine.store.accounts import may_come_in, never_came

if TYPE_CHECKING:
    from engine.look import Look


def provider_accounts(look: Look) -> list[ProviderAccount]:
    """Every open account: whether it signs in with the provider, or is expected to."""
    if not in_own_right(look.actor, "manage_people", look.settings.roles) or not look.settings.single_sign_on.on:
        raise NotFound
    i, p = t.identities, t.people
    rows = look.db.execute(sa.select(p.c.id, p.c.name, p.c.email, i.c.bound_at, i.c.expires_at, never_came().label("never_came")).outerjoin(
        i, sa.and_(i.c.person == p.c.id, i.c.ended_at.is_(None))).where(may_come_in(look.today)).order_by(p.c.name, p.c.login))
    domains = look.settings.single_sign_on.domains
    return [ProviderAccount(row.id, row.name, row.email, row.bound_at,
                            expected=row.expires_at if row.bound_at is None and row.expires_at is not None and row.expires_at > look.now else None,
                            could=row.email.rpartition("@")[2].lower() in domains and row.id != look.actor.person, never_came=row.never_came) for row in rows]
