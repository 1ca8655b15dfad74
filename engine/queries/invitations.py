"""Links that let people in: what one is for, and for administrators who was sent one."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.forms import Field, Form, Option
from engine.progress import links
from engine.queries.shapes.accounts import InvitationsPage, LinkPage, LinkRow
from engine.queries.words import agency_names
from engine.releases import newest_of_all
from engine.rules.access import in_own_right
from engine.store import tables as t
from engine.store.accounts import may_come_in, never_came

if TYPE_CHECKING:
    from engine.look import Look


def link(look: Look, token: str) -> LinkPage:
    """What a link is for, while it can be used."""
    row = links.found(look.db, look.vault, token, look.now)
    if row is None:
        raise NotFound
    return LinkPage(row.person, row.kind, row.name, row.login, row.expires_at)


def invitations(look: Look) -> InvitationsPage:
    """The newest link of everyone who was sent one, newest first; and everyone who may have lost access."""
    _manages(look)
    k, p = t.links, t.people
    later = k.alias()
    newest = ~sa.exists().where(later.c.person == k.c.person, later.c.made_at > k.c.made_at)
    rows = look.db.execute(sa.select(k, p.c.name, p.c.email, never_came().label("never_came")).join(
        p, p.c.id == k.c.person).where(newest).order_by(k.c.made_at.desc(), k.c.id))
    people = look.db.execute(sa.select(p.c.id, p.c.name, p.c.login).where(
        may_come_in(look.today), sa.not_(never_came()), p.c.id != look.actor.person).order_by(p.c.name, p.c.login))
    return InvitationsPage(
        links=[LinkRow(row.person, row.name, row.email, row.kind, row.made_at, row.expires_at,
                       row.ending or ("expired" if row.expires_at <= look.now else "waiting"), row.never_came) for row in rows],
        people=[(row.id, f"{row.name}, {row.login}") for row in people])



def guest_form(look: Look) -> Form:
    """The form to propose a guest of one case."""
    _manages(look)
    packs = [look.shelf.pack(look.db, release) for release in newest_of_all(look.db).values()]
    roles = {role.id: role.label for pack in packs for role in pack.roles.values() if role.scope in ("case", "case agency") and not role.outside}
    agencies = [Option(key, name) for key, name in sorted(agency_names(look).items(), key=lambda one: one[1])]
    return Form(id="guest", title="Invite a guest", fields=(
        Field(id="name", key="name", type="textfield", label="Name", required=True, max_length=200),
        Field(id="email", key="email", type="textfield", label="E-mail address", required=True, max_length=200,
              hint="They sign in with it, and the link goes there."),
        Field(id="case", key="case", type="textfield", label="Case", required=True, max_length=40,
              hint="The reference of the one case they have a part in, such as SCR-2017-003. The account ends with the case."),
        Field(id="roles", key="roles", type="checklist", label="Roles in this case", required=True,
              options=tuple(Option(role, label) for role, label in sorted(roles.items(), key=lambda one: one[1]))),
        Field(id="agency", key="agency", type="select", label="Agency", options=tuple(agencies), hint="Leave it empty if they belong to none."),
        Field(id="ends_on", key="ends_on", type="datetime", subtype="date", label="Last day of the account", hint="Leave it empty if it ends with the case."),
        Field(id="reason", key="reason", type="textfield", label="Why?", required=True, max_length=2000,
              hint="Whoever is asked to approve it reads this."),
    ))


def _manages(look: Look) -> None:
    if not in_own_right(look.actor, "manage_people", look.settings.roles):
        raise NotFound
