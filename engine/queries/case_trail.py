"""What happened in a case, or what one person did, in words. The trail holds ids and names of steps; this makes sentences of them."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.shapes.trail import Chosen, TrailPage, TrailRow
from engine.queries.unsettled import doubt_title
from engine.queries.words import agency_names, item_name, person_names
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.look import Look
    from engine.packs import Pack

SENTENCES = {
    "case_started": "opened the case with “{start}”",
    "case_ended": "The case ended: {outcome}",
    "stage_entered": "The case moved to “{stage}”",
    "task_offered": "“{element}” was offered{item}",
    "task_completed": "completed “{element}”{item}",
    "answer_corrected": "corrected the answers to “{element}”{item}",
    "decision_unsettled": "“{name}”{item} would have been decided otherwise: to be settled",
    "decision_settled": "settled “{name}”{item}",
    "document_out_of_date": "The document “{field}” is out of date: an answer it was made from was corrected",
    "task_cancelled": "“{element}” was no longer needed{item}",
    "task_claimed": "took “{element}”{item}",
    "task_let_go": "gave back “{element}”{item}",
    "task_handed_over": "handed “{element}”{item} to {to}",
    "acted_as_deputy": "did “{element}” as deputy for {person}",
    "draft_saved": "saved a draft of “{element}”",
    "action_pressed": "used “{element}”",
    "reason_given": "gave a reason for going on with “{element}”",
    "appointed": "appointed {person} as {role}",
    "deadline_started": "Deadline “{deadline}”{item} began: due {due}",
    "deadline_moved": "Deadline “{deadline}”{item} moved from {before} to {due}",
    "deadline_met": "Deadline “{deadline}”{item} was met on {ended}{late_record}",
    "deadline_breached": "Deadline “{deadline}”{item} was missed: it was due {due}",
    "deadline_cancelled": "Deadline “{deadline}”{item} no longer applies",
    "reminded": "A reminder of “{deadline}”{item} was sent",
    "escalated": "“{deadline}”{item} was escalated",
    "mail_queued": "Mail to {to}: {message}",
    "document_added": "added a document to “{element}”",
    "document_made": "The document “{field}” was made",
    "document_opened": "opened a document",
    "appointment_ended": "ended the appointment of {person} as {role}",
    "published": "published the review",
    "taken_down": "took the published review down",
    "viewed": "looked at the {page}",
    "refused": "tried something that was refused: {verb}{row}",
    "kept": "wrote down where things stand ({verb})",
    "trail_linked": "The {rows} rows before this one were put on a chain",
    "incident": "Something could not go on at “{element}”",
    "legal_hold_set": "put this case under legal hold",
    "legal_hold_lifted": "lifted a legal hold",
    "case_erased": "erased what was written in this case, as a second person: {rows} rows",
    "access_given": "took passages of this case away, for a request for access: {passages}",
    # of no case
    "thinned": "What need not be kept any longer was taken away: {mails} mails, {drafts} drafts, {sessions} sessions, {links} links",
    "signed_in": "signed in",
    "signed_out": "signed out",
    "sign_in_failed": "Someone tried to sign in and was not let in",
    "provider_sign_in_failed": "What came back from the identity provider let nobody in ({kind})",
    "provider_expected": "said that {person} signs in with the identity provider",
    "provider_bound": "came from the identity provider for the first time, and signs in there from now on",
    "provider_ended": "ended that {person} signs in with the identity provider",
    "provider_signed_out": "was signed out by the identity provider ({sessions} sessions)",
    "second_factor_failed": "Someone gave a wrong second proof",
    "identity_confirmed": "showed again who they are ({how})",
    "session_ended": "ended a session",
    "factor_added": "set up a second proof ({kind})",
    "factor_removed": "removed a second proof ({kind})",
    "factors_taken_away": "took the second proofs of {person} away",
    "recovery_codes_made": "made recovery codes",
    "recovery_code_used": "used a recovery code; {left} are left",
    "link_sent": "sent {person} a link ({kind})",
    "link_withdrawn": "withdrew a link that {person} was sent ({kind})",
    "link_used": "used the link that {person} was sent ({kind})",
    "account_ended": "The account of {person} ended",
    "person_changed": "changed the account of {person} ({what})",
    "deputy_named": "named {to} as deputy for {person} as {role}, {from} to {until}",
    "deputy_ended": "ended that {to} stands in for {person} as {role}",
    "role_given": "gave {person} the role {role}",
    "role_taken": "took the role {role} from {person}",
    "proposed": "proposed something that takes a second person ({kind})",
    "proposal_approved": "approved what was proposed ({kind})",
    "proposal_declined": "declined what was proposed ({kind})",
    "proposal_withdrawn": "took back what they had proposed ({kind})",
    "proposal_expired": "What was proposed has lapsed ({kind})",
    "pack_released": "released the process “{pack}”",
    "backed_up": "A backup was made",
    "restored": "This database was made from the backup of {made_at}",
    "trail_widened": "What stood there ({rows} places) was written down on this trail, after an upgrade",
    "verify_begun": "The nightly verification of all trails began",
    "verify_failed": "The nightly verification of all trails did not come to its end",
    "verified": "All {chains} trails were verified ({rows} rows): {broken} places are not as they were written",
    "head_sent": "The head of all {chains} trails was sent out",
}

#: Kinds of events to choose from, in the words of the page.
KINDS = {
    "looked": ("Looked at something", "viewed document_opened"),
    "did": ("Did something", (
        "case_started task_completed task_claimed task_let_go task_handed_over acted_as_deputy answer_corrected decision_settled draft_saved "
        "action_pressed reason_given document_added published taken_down kept")),
    "refused": ("Tried, and was refused", "refused sign_in_failed provider_sign_in_failed second_factor_failed"),
    "went_on": ("How the case went on", (
        "case_ended stage_entered task_offered task_cancelled decision_unsettled document_made document_out_of_date incident")),
    "clocks": ("Deadlines", "deadline_started deadline_moved deadline_met deadline_breached deadline_cancelled reminded escalated"),
    "mails": ("Mails", "mail_queued"),
    "people": ("Roles, accounts and deputies", (
        "appointed appointment_ended person_changed deputy_named deputy_ended role_given role_taken account_ended link_sent link_withdrawn link_used "
        "proposed proposal_approved proposal_declined proposal_withdrawn proposal_expired factors_taken_away provider_expected provider_bound provider_ended")),
    "signing_in": ("Signing in", (
        "signed_in signed_out provider_signed_out identity_confirmed session_ended factor_added factor_removed recovery_codes_made recovery_code_used")),
    "keeping": ("Keeping, erasing and requests for access", "legal_hold_set legal_hold_lifted case_erased access_given thinned"),
    "house": ("The service itself", "pack_released backed_up restored trail_linked trail_widened verify_begun verify_failed verified head_sent"),
}
#: Rows that are read at a time when words are looked for, and after how many one is asked whether to go on.
BATCH, MOST = 500, 10_000


def case_trail(look: Look, reference: str, before: int | None = None, limit: int = 100, chosen: Chosen | None = None) -> TrailPage:
    """The newest things first; `next` asks for older ones."""
    case = whose_trail(look, reference)
    rows, further = _found(look, t.trail.c.case_id == case.id, chosen or Chosen(), before, limit)
    look.shows(case.id, "trail")
    actors = look.db.scalars(sa.select(t.trail.c.actor).where(t.trail.c.case_id == case.id, t.trail.c.actor.is_not(None)).distinct())
    people = sorted(((person, name) for person, name in person_names(look, actors).items() if person), key=lambda one: one[1])
    return TrailPage(reference, [replace(row, reference=None) for row in rows], further, people, sees_people(look))


def person_trail(look: Look, person: str, before: int | None = None, limit: int = 100, chosen: Chosen | None = None) -> TrailPage:
    """What this person looked at and did, in all cases that whoever asks may see, and outside them."""
    if not sees_people(look):
        raise NotFound
    name = look.db.scalar(sa.select(t.people.c.name).where(t.people.c.id == person))
    if name is None:
        raise NotFound
    seen = sa.or_(t.trail.c.case_id.is_(None), t.trail.c.case_id.in_(sa.select(t.cases.c.id).where(sees_case(look.actor))))
    rows, further = _found(look, sa.and_(t.trail.c.actor == person, seen), replace(chosen or Chosen(), person=""), before, limit)
    look.shows(None, f"trail {person}")
    return TrailPage(name, rows, further, [], may_see_people=True)


def whose_trail(look: Look, reference: str) -> Any:
    """The row of a case whose trail this person may see. A trail outlives what was answered: it can be read when the case has been erased."""
    row = look.db.execute(sa.select(t.cases.c.id, t.cases.c.reference, t.cases.c.release).where(
        t.cases.c.reference == reference, sees_case(look.actor))).one_or_none()
    if row is None or not (look.actor is SYSTEM or look.actor.may("see_trail", row.id)):
        raise NotFound
    look.holding = row.id
    return row


def sees_people(look: Look) -> bool:
    """May whoever asks see what people did wherever it was, and not only in a case?"""
    return look.actor.may("see_trail")


def _found(look: Look, which: sa.ColumnElement[bool], chosen: Chosen, before: int | None, limit: int) -> tuple[list[TrailRow], int | None]:
    """The rows chosen, and where to go on."""
    query = sa.select(t.trail, t.cases.c.reference, t.cases.c.release).outerjoin(t.cases, t.cases.c.id == t.trail.c.case_id).where(
        which, *where(look, chosen)).order_by(t.trail.c.id.desc())
    if not chosen.words:
        rows = look.db.execute((query.where(t.trail.c.id < before) if before else query).limit(limit + 1)).all()
        return in_words(look, rows[:limit]), rows[limit - 1].id if len(rows) > limit else None
    found: list[TrailRow] = []
    wanted, read = chosen.words.casefold(), 0
    while read < MOST:
        rows = look.db.execute((query.where(t.trail.c.id < before) if before else query).limit(BATCH)).all()
        for row, told in zip(rows, in_words(look, rows), strict=True):
            if wanted in f"{told.who} {told.words}".casefold():
                found.append(told)
            before = row.id
            if len(found) == limit:
                return found, before
        read += BATCH
        if len(rows) < BATCH:
            return found, None
    return found, before


def where(look: Look, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    """What the database itself chooses by: everything but words."""
    wanted: list[sa.ColumnElement[bool]] = []
    if chosen.person:
        wanted.append(t.trail.c.actor == chosen.person)
    if chosen.kind in KINDS:
        wanted.append(t.trail.c.event.in_(KINDS[chosen.kind][1].split()))
    if chosen.since:
        wanted.append(t.trail.c.at >= datetime.combine(chosen.since, time(), look.settings.board.timezone))
    if chosen.until:
        wanted.append(t.trail.c.at < datetime.combine(chosen.until + timedelta(days=1), time(), look.settings.board.timezone))
    return wanted


def in_words(look: Look, rows: Sequence[Any]) -> list[TrailRow]:
    """Sentences; the rows come with reference and release of their case."""
    named = [row.actor for row in rows] + [row.details.get(key) for row in rows for key in ("to", "person")]
    named += [_which(row)[1] for row in rows if row.event == "viewed" and _which(row)[0] == "trail"]
    people, agencies = person_names(look, named), agency_names(look)
    packs = {release: look.shelf.pack(look.db, release) for release in {row.release for row in rows} if release}
    files = _files(look, [row for row in rows if row.event == "viewed"], packs, agencies)
    return [TrailRow(row.at, people.get(row.actor, "Someone"), _words(row, packs.get(row.release), people, agencies, files), row.actor, row.reference)
            for row in rows]


def _which(row: Any) -> tuple[str, str]:
    page, _, which = str(row.details.get("page")).partition(" ")
    return page, which


def _files(look: Look, rows: Iterable[Any], packs: dict[str, Pack], agencies: dict[str, str]) -> dict[str, str]:
    """Id of a file that was looked at → the question it answers. Its own name is not for everyone who may read the trail."""
    d, wanted = t.documents, {_which(row)[1]: packs.get(row.release) for row in rows if _which(row)[0] == "document"}
    found = {}
    for row in look.db.execute(sa.select(d.c.id, d.c.element, d.c.field, d.c.item).where(d.c.id.in_(sorted(wanted)))).all() if wanted else []:
        pack = wanted[row.id]
        form = pack.form_of(row.element) if pack else None
        asked = next((field.label for at, field in form.questions() if at == row.field), None) if form else None
        found[row.id] = (asked or row.field) + (f" – {item_name(row.item, agencies, pack)}" if row.item else "")
    return found


def _words(row: Any, pack: Pack | None, people: dict[str | None, str], agencies: dict[str, str], files: dict[str, str]) -> str:
    """One sentence; what no pack knows by name, or no longer, is shown by its id."""
    says: dict[str, Any] = dict(row.details)
    if pack is not None:
        _by_name(says, pack)
    says["item"] = f" ({item_name(says['item'], agencies, pack)})" if says.get("item") else ""
    says["late_record"] = " (recorded late)" if says.get("late_record") else ""
    says["role"] = str(says.get("role") or "").replace("_", " ") + (f" of {agencies.get(says['agency'], says['agency'])}" if says.get("agency") else "")
    for key in ("to", "person"):
        says[key] = people.get(says.get(key), says.get(key)) if says.get(key) else "an address of the settings" if key == "to" else "someone"
    for key in ("due", "before", "ended", "from", "until", "made_at"):
        if says.get(key):
            day = date.fromisoformat(str(says[key])[:10])
            says[key] = f"{day.day} {day:%B %Y}"
    for key in ("message", "verb", "kind", "what", "how"):
        says[key] = str(says.get(key) or "").replace("_", " ")
    if row.event == "refused":
        says["row"] = f" ({says['what'].removeprefix('reference')} {says['row']})".replace("( ", "(") if says.get("row") else ""
    if row.event == "viewed":
        page, which = _which(row)
        if page == "evidence":
            return "took this trail away as evidence"
        if page == "trail" and which:
            says["page"] = f"trail of {people.get(which, which)}"
        else:
            says["page"] = f"{page} “{files.get(which) or _name(pack, which)}”" if which else f"{page} page" if page == "case" else page
    return SENTENCES.get(str(row.event), str(row.event)).format_map(says)


def _by_name(says: dict[str, Any], pack: Pack) -> None:
    """Steps, deadlines, stages, outcomes and roles as the pack calls them."""
    for key in ("element", "start"):
        if says.get(key) in pack.elements:
            element = pack.elements[says[key]]
            says[key] = element.properties.get("label") or element.name
    if "name" in says:
        says["name"] = doubt_title(pack, says["kind"], says["name"])
    if says.get("deadline") in pack.deadlines:
        says["deadline"] = pack.deadlines[says["deadline"]].title
    if says.get("field") in pack.documents:
        says["field"] = pack.documents[says["field"]].title
    says["stage"] = pack.stages.get(says.get("stage", ""), says.get("stage"))
    says["outcome"] = pack.outcomes.get(says.get("outcome") or "", says.get("outcome"))
    if says.get("role") in pack.roles:
        says["role"] = pack.roles[says["role"]].label


def _name(pack: Pack | None, which: str) -> str:
    """What people call an element, register or diagram."""
    if pack is None:
        return which
    if which in pack.elements:
        return pack.elements[which].properties.get("label") or pack.elements[which].name or which
    if which in pack.registers:
        return pack.registers[which].title
    if which in pack.documents:
        return pack.documents[which].title
    return pack.processes[which].name or which if which in pack.processes else which
