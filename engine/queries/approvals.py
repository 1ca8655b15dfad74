"""What waits for a second person, and what exactly it is."""
from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.feel import data
from engine.packs import pack_of
from engine.proposals import KINDS
from engine.queries.changes import changes
from engine.queries.deputies import in_words, role_labels
from engine.queries.shapes.proposals import ProposalPage, ProposalRow, ProposalsPage
from engine.queries.words import agency_names, person_names
from engine.releases import newest_of_all, unbundle
from engine.rules.access import in_own_right, not_the_second
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.look import Look

LATELY = 30


def proposals(look: Look) -> ProposalsPage:
    """What I can approve, what else waits that I may know of, and what was decided lately."""
    allowed, a = _allowed(look), t.approvals
    if not allowed:
        raise NotFound
    query = sa.select(a).where(a.c.kind.in_(allowed))
    waiting = rows(look, look.db.execute(query.where(a.c.state == "waiting", a.c.expires_at > look.now).order_by(a.c.proposed_at.desc())).all())
    over = rows(look, look.db.execute(query.where(a.c.state != "waiting").order_by(a.c.ended_at.desc()).limit(LATELY)).all())
    return ProposalsPage([row for row in waiting if row.for_me], [row for row in waiting if not row.for_me], over)


def proposal(look: Look, proposal: str) -> ProposalPage:
    """One proposal, in words; of a release, everything that it changes."""
    a = t.approvals
    row = look.db.execute(sa.select(a).where(a.c.id == proposal)).one_or_none()
    if row is None or (row.kind not in _allowed(look) and (look.actor.person is None or row.proposed_by != look.actor.person)):
        raise NotFound
    kept = data.loads(look.vault.open(row.details, "approvals", row.id))
    what, seen = kept["what"], kept["seen"]
    agencies = agency_names(look)
    facts = _facts(look, row, what, seen, agencies)
    changed, pack = [], None
    if row.kind == "release":
        pack = seen["pack"]
        newest = newest_of_all(look.db).get(pack)
        changed = changes(look.shelf.pack(look.db, newest) if newest else None, pack_of(unbundle(row.files)))
    return ProposalPage(
        row=rows(look, [row])[0], facts=facts, permits=list(seen.get("permits", ())), may=row.kind in _allowed(look),
        barred=not_the_second(look.actor, row.proposed_by, row.person), changes=changed, pack=pack, person=row.person,
        declined=data.loads(look.vault.open(row.reason, "approvals", row.id, "reason")) if row.reason else "")


def waiting_for_me(look: Look) -> int:
    """How many proposals I could approve now."""
    allowed, a = _allowed(look), t.approvals
    if not allowed:
        return 0
    found = look.db.execute(sa.select(a.c.proposed_by, a.c.person).where(a.c.state == "waiting", a.c.expires_at > look.now, a.c.kind.in_(allowed))).all()
    return sum(not_the_second(look.actor, row.proposed_by, row.person) is None for row in found)


def rows(look: Look, found: Sequence[Any]) -> list[ProposalRow]:
    """Rows of `approvals` in words."""
    allowed = _allowed(look)
    names = person_names(look, [person for row in found for person in (row.proposed_by, row.person, row.ended_by)])
    agencies, labels = (agency_names(look), role_labels(look)) if found else ({}, {})
    return [ProposalRow(
        id=row.id, kind=row.kind, title=_title(look, row, names, agencies, labels), proposed_at=row.proposed_at, until=row.expires_at,
        by=names.get(row.proposed_by, "") if row.proposed_by else "Someone on the machine itself",
        state="expired" if row.state == "waiting" and row.expires_at <= look.now else row.state, ended_at=row.ended_at,
        ended_by=names.get(row.ended_by, "") if row.ended_by else "", mine=row.proposed_by is not None and row.proposed_by == look.actor.person,
        for_me=row.state == "waiting" and row.expires_at > look.now and row.kind in allowed
        and not_the_second(look.actor, row.proposed_by, row.person) is None) for row in found]


def ways(look: Look) -> dict[str, str]:
    """What can be done for somebody who cannot come in, in words."""
    title = look.settings.single_sign_on.title
    link, away = "a link for a new password goes to the address of the account", "authenticator apps, passkeys and recovery codes are taken away"
    said = {"password": link.capitalize(), "factors": f"{away.capitalize()}. New ones are set up after the password", "both": f"Both: {link}, and {away}"}
    return said | ({"provider": f"From now on this person signs in with {title}, and no password opens the account"} if title else {})


def _allowed(look: Look) -> list[str]:
    """The kinds of proposals that whoever asks has the permission for, in their own right."""
    return [name for name, kind in KINDS.items() if in_own_right(look.actor, kind.permission, look.settings.roles)]


def _title(look: Look, row: Any, names: dict[str | None, str], agencies: dict[str, str], labels: dict[str, str]) -> str:
    kept = data.loads(look.vault.open(row.details, "approvals", row.id))
    what, who = kept["what"], names.get(row.person, "")
    if row.kind == "release":
        pack, after = kept["seen"]["pack"], kept["seen"]["after"]
        newest = newest_of_all(look.db).get(pack)
        return f"Release {after['number'] + 1 if after else 1} of “{look.shelf.pack(look.db, newest).title if newest else pack}”"
    if row.kind == "account_made":
        return f"An account for {what['name']}"
    if row.kind == "guest_made":
        return f"{what['name']} as a guest in {what['case']}"
    if row.kind == "case_erased":
        return f"Erase what was written in {what['case']}"
    if row.kind == "account_opened":
        return f"Open the account of {who} again"
    if row.kind == "let_in_again":
        return f"{who} is to be let in again" if what["way"] != "provider" else f"{who} is to sign in with {look.settings.single_sign_on.title}"
    role, _, agency = what["role"].partition("@")
    label = in_words(role, agency or None, agencies, labels)
    return f"{who} is to be {label}" if row.kind == "role_given" else f"{who} is no longer to be {label}"


def _facts(look: Look, row: Any, what: dict[str, Any], seen: dict[str, Any], agencies: dict[str, str]) -> list[tuple[str, str]]:
    """What is proposed, exactly."""
    if row.kind == "release":
        after = f"release {seen['after']['number']}" if seen["after"] else "no release"
        return [("Comes after", after), ("What changed", what["note"] or "No note was written."), ("Fingerprint of its content", seen["digest"])]
    if row.kind == "case_erased":
        since = date.fromisoformat(seen["since"])
        return [("Case", what["case"]), ("Kept", f"{seen['kept']} from {since.day} {since:%B %Y}; that time is over"), ("Why", what["reason"])]
    labels = role_labels(look)

    def told(text: str) -> str:
        role, _, agency = text.partition("@")
        return in_words(role, agency or None, agencies, labels)

    made = row.kind in ("account_made", "guest_made")
    person = what if made else seen
    facts = [("Name", person["name"]), ("Signs in as", person["login"]), ("E-mail", person["email"]),
             ("Agency", agencies.get(person["agency"], person["agency"]) if person["agency"] else "None: of the board itself")]
    if row.kind in ("role_given", "role_taken"):
        facts.append(("Role to be given" if row.kind == "role_given" else "Role to be taken", told(what["role"])))
    else:
        facts.append(("Roles", "; ".join(told(text) for text in (what if made else seen)["roles"]) or "None yet"))
    if row.kind == "let_in_again":
        has = [f"{name} ({'authenticator app' if kind == 'codes' else 'passkey'})" for _, kind, name in seen["factors"]]
        facts += [("Has set up", f"{'; '.join(has)}; {seen['codes']} recovery codes" if has else "No authenticator app and no passkey"),
                  ("What is done", ways(look)[what["way"]])]
    if row.kind == "guest_made":
        last = date.fromisoformat(what["ends_on"]) if what["ends_on"] else None
        facts += [("In the case", what["case"]), ("Ends", f"With the case, or after {last.day} {last:%B %Y}" if last else "With the case")]
    return [*facts, ("Why", what["reason"])]
