"""Accounts, and the roles people hold: for those who manage people. Nothing of a case is in it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.forms import Field, Form, Option
from engine.proposals.roles import permits, scopes, who_may
from engine.queries.approvals import rows as proposal_rows
from engine.queries.approvals import ways
from engine.queries.deputies import in_words, role_labels
from engine.queries.shapes.people import AccountForm, HeldRow, PeoplePage, PersonPage, PersonRow
from engine.queries.words import agency_names, person_names
from engine.rules.access import holder, in_own_right
from engine.store import tables as t
from engine.store.accounts import never_came
from engine.store.identities import is_bound

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.look import Look

MOST_SHOWN = 500


def people(look: Look, words: str = "", which: str = "open") -> PeoplePage:
    """Accounts by name: those with all of these words in their name, sign-in name, agency or roles."""
    _manages(look)
    p, h = t.people, t.holdings
    agencies, labels = agency_names(look), role_labels(look)
    held: dict[str, list[str]] = {}
    for row in look.db.execute(sa.select(h.c.person, h.c.role, h.c.agency).where(h.c.until.is_(None), h.c.case_id.is_(None)).order_by(h.c.since, h.c.id)):
        held.setdefault(row.person, []).append(in_words(row.role, row.agency, agencies, labels))
    every = look.db.execute(sa.select(p.c.id, p.c.name, p.c.login, p.c.agency, p.c.active).where(p.c.active == (which == "open")).order_by(
        sa.func.lower(p.c.name), p.c.id)).all()
    found = [PersonRow(row.id, row.name, row.login, agencies.get(row.agency or ""), held.get(row.id, []), row.active) for row in every]
    wanted = words.casefold().split()
    shown = [row for row in found if all(word in " ".join([row.name, row.login, row.agency_name or "", *row.roles]).casefold() for word in wanted)]
    return PeoplePage(shown[:MOST_SHOWN], len(found), words, which, _alone(look))


def person(look: Look, person: str) -> PersonPage:
    """One account with the roles it holds and held, and who gave and took them; appointments to cases without the case."""
    _manages(look)
    p, h, a = t.people, t.holdings, t.approvals
    query = sa.select(p, never_came().label("never_came"), is_bound().label("bound")).where(p.c.id == person)
    row = look.db.execute(query).one_or_none()
    if row is None:
        raise NotFound
    found = look.db.execute(sa.select(h).where(h.c.person == person).order_by(h.c.since.desc(), h.c.id)).all()
    with_ = {one for held in found for one in (held.given_with, held.taken_with) if one}
    decided = {one.id: one for one in look.db.execute(sa.select(a.c.id, a.c.proposed_by, a.c.ended_by).where(a.c.id.in_(sorted(with_)))).all()} if with_ else {}
    names = person_names(look, [who for one in decided.values() for who in (one.proposed_by, one.ended_by)])
    agencies, labels = agency_names(look), role_labels(look)

    def by(proposal: str | None, held: Any) -> str:
        if proposal in decided:
            one = decided[proposal]
            return f"{names.get(one.proposed_by, '')}, approved by {names.get(one.ended_by, '')}"
        return "by an answer of the process" if held.case_id else "set up on the machine itself"

    rows = [HeldRow(text=holder(held.role, held.agency), label=in_words(held.role, held.agency, agencies, labels), since=_day(look, held.since),
                    until=_day(look, held.until) if held.until else None, given=by(held.given_with, held),
                    taken=by(held.taken_with, held) if held.until else "", in_a_case=held.case_id is not None,
                    permits=permits(look, [held.role]) if held.case_id is None else []) for held in found]
    waiting = look.db.execute(sa.select(a).where(a.c.person == person, a.c.state == "waiting", a.c.expires_at > look.now).order_by(a.c.proposed_at)).all()
    return PersonPage(
        id=row.id, name=row.name, login=row.login, email=row.email, agency_name=agencies.get(row.agency or ""), active=row.active,
        since=_day(look, row.created_at), can_sign_in=row.password is not None or row.bound, came=not row.never_came,
        held=[one for one in rows if one.until is None],
        past=[one for one in rows if one.until is not None], waiting=proposal_rows(look, waiting), own=row.id == look.actor.person,
        alone=_alone(look, row.id))


def account_form(look: Look, kind: str, person: str | None = None) -> AccountForm:
    """What to say to propose a change of this account: a role given or taken, a closed account opened; or, of nobody, a new account."""
    _manages(look)
    if kind == "account_made":
        return AccountForm(None, "", _new(look), _alone(look))
    p, h = t.people, t.holdings
    row = look.db.execute(sa.select(p.c.id, p.c.name, p.c.agency, p.c.active).where(p.c.id == person)).one_or_none()
    if row is None or kind not in ("role_given", "role_taken", "account_opened", "let_in_again") or row.active == (kind == "account_opened"):
        raise NotFound
    if kind == "let_in_again":
        return AccountForm(row.id, row.name, _ways(look), _alone(look, row.id))
    agencies, labels = agency_names(look), role_labels(look)
    found = look.db.execute(sa.select(h.c.role, h.c.agency).where(h.c.person == person, h.c.until.is_(None), h.c.case_id.is_(None)).distinct()).all()
    holds = {holder(held.role, held.agency) for held in found}
    every = [holder(role, agency) for role, scope in scopes(look).items() for agency in ([None] if scope == "board" else [row.agency] if row.agency else [])]
    wanted = sorted(holds) if kind == "role_taken" else [text for text in every if text not in holds]
    options = [Option(text, in_words(text.partition("@")[0], text.partition("@")[2] or None, agencies, labels)) for text in wanted]
    role = Field(id="role", key="role", type="select", label="Role", required=True, options=tuple(sorted(options, key=lambda one: one.label)))
    return AccountForm(row.id, row.name, Form(id=kind, title=kind, fields=(_why(),) if kind == "account_opened" else (role, _why())),
                       _alone(look, row.id))


def _ways(look: Look) -> Form:
    return Form(id="let_in", title="Let somebody in again", fields=(
        Field(id="way", key="way", type="radio", label="What is to be done?", required=True,
              options=tuple(Option(way, words) for way, words in ways(look).items())),
        _why(),
    ))


def _new(look: Look) -> Form:
    """The form for a new account. A guest of one case is invited elsewhere (`invitations`)."""
    labels = role_labels(look)
    options = [Option(role, in_words(role, None, {}, labels) + (" (at their agency)" if scope == "agency" else "")) for role, scope in scopes(look).items()]
    return Form(id="account", title="A new account", fields=(
        Field(id="name", key="name", type="textfield", label="Name", required=True, max_length=200),
        Field(id="email", key="email", type="textfield", label="E-mail address", required=True, max_length=200,
              hint="They sign in with it, and the link to choose a password goes there once the account is approved."),
        Field(id="agency", key="agency", type="select", label="Agency", hint="Leave it empty for someone of the board itself.",
              options=tuple(Option(key, name) for key, name in sorted(agency_names(look).items(), key=lambda one: one[1]))),
        Field(id="roles", key="roles", type="checklist", label="Roles", required=True, options=tuple(sorted(options, key=lambda one: one.label))),
        Field(id="ends_on", key="ends_on", type="datetime", subtype="date", label="Last day of the account", hint="Leave it empty if there is none."),
        _why(),
    ))


def _why() -> Field:
    return Field(id="reason", key="reason", type="textfield", label="Why?", required=True, max_length=2000,
                 hint="Whoever is asked to approve it reads this.")


def _manages(look: Look) -> None:
    if not in_own_right(look.actor, "manage_people", look.settings.roles):
        raise NotFound


def _alone(look: Look, about: str | None = None) -> list[str] | None:
    """Is there nobody else who could approve a change, `about` this account? Then who manages people beside the one who asks: whom it is about, or nobody."""
    others = set(who_may(look, "manage_people")) - {look.actor.person}
    return None if others - {about} else [name for person, name in person_names(look, others).items() if person in others]


def _day(look: Look, moment: datetime) -> date:
    return moment.astimezone(look.settings.board.timezone).date()
