"""What is kept, why and how long; which cases may be erased, are held, or were erased."""
from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.feel import data
from engine.queries.shapes.keeping import CaseKeeping, ErasedCase, HoldRow, Keeping, KeepingPage, KeepingRow, KeptRow
from engine.queries.words import person_names
from engine.rules.access import SYSTEM, in_own_right
from engine.rules.retention import counted_from, in_words, over_on, why_not_erased
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from datetime import datetime

    from engine.look import Look
    from engine.settings.values import Kept
    from engine.work import Case

#: What the time of a kind is counted from, and what happens when it is over, in words.
SINCE = {"case_ended": "the end of the case", "published": "publication", "ended": "their end", "last_saved": "the day they were last saved",
         "sent": "the day they were sent", "made": "the day they were made"}
THEN = {"keep": "They stay", "process": "Somebody is asked whether they stay or are taken down", "erase": "Taken away by itself, at night"}
THEN_OF = {"case_content": "Erased for good, when one person has proposed it and a second one has approved it", "case_frame": "It stays",
           "trail": "It stays: nothing is ever taken out", "backups": "Taken away by the timer of whoever runs the machine"}
#: What is told of a case that is to be erased.
GOES = {"submissions": "sets of answers", "documents": "files and papers", "register_rows": "rows of registers",
        "corrections": "earlier answers, before a correction",
        "drafts": "drafts", "outbox": "mails", "steps": "states of the process", "legal_holds": "reasons of legal holds that were lifted"}
#: The cases whose time is over within so long are told beforehand.
SOON = timedelta(days=730)


def kept(look: Look) -> list[KeptRow]:
    """Everything that is kept, for anyone to read."""
    return [KeptRow(one.kind, one.title, one.holds, one.why, _how_long(one), THEN_OF.get(one.kind, THEN[one.then])) for one in look.settings.retention.values()]


def keeping(look: Look) -> KeepingPage:
    """The cases this person keeps, by what may be done with them."""
    if look.actor is not SYSTEM and not look.actor.may("keep_cases"):
        raise NotFound
    c, p, h, r = t.cases.c, t.published.c, t.legal_holds.c, t.trail.c
    held = sa.select(h.case_id, sa.func.min(h.set_at, type_=h.set_at.type).label("since")).where(h.lifted_at.is_(None)).group_by(h.case_id).subquery()
    query = sa.select(c.id, c.reference, c.release, c.outcome, c.ended_at, c.key.is_(None).label("erased"), p.published_at, held.c.since).outerjoin(
        t.published, p.reference == c.reference).outerjoin(held, held.c.case_id == c.id).where(
        sees_case(look.actor), sa.or_(c.ended_at.is_not(None), held.c.since.is_not(None))).order_by(c.ended_at, c.reference)
    erased = dict(look.db.execute(sa.select(r.case_id, r.at).where(r.event == "case_erased")).all())
    rows = [_row(look, row, erased) for row in look.db.execute(query).all()]
    kept = [row for row in rows if row.erased_on is None]
    soon = look.today + SOON
    return KeepingPage(
        may_go=[row for row in kept if row.held_since is None and row.until is not None and row.until <= look.today],
        held=[row for row in kept if row.held_since is not None],
        next=[row for row in kept if row.held_since is None and row.until is not None and look.today < row.until <= soon],
        erased=[row for row in rows if row.erased_on is not None])


def case_keeping(look: Look, reference: str) -> CaseKeeping:
    """How long this case is kept and why, its holds, and what would go if it were erased."""
    case = look.case(reference)
    found = keeping_of(look, case)
    if not found.may_keep:
        raise NotFound
    look.shows(case.id, "keeping")
    tables = [(t.metadata.tables[name], words) for name, words in GOES.items()]
    goes = [(words, look.db.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.case_id == case.id)) or 0) for table, words in tables]
    a = t.approvals
    waiting = [row.id for row in look.db.execute(sa.select(a.c.id, a.c.details).where(
        a.c.kind == "case_erased", a.c.state == "waiting", a.c.expires_at > look.now)).all()
        if data.loads(look.vault.open(row.details, "approvals", row.id))["what"]["case"] == case.reference]
    return CaseKeeping(case.reference, found, [one for one in goes if one[1]], _published(look, case.reference) is not None,
                       in_own_right(look.actor, "keep_cases", look.settings.roles), next(iter(waiting), None))


def keeping_of(look: Look, case: Case) -> Keeping:
    """How long a case is kept, for its page."""
    h, zone = t.legal_holds, look.settings.board.timezone
    rows = look.db.execute(sa.select(h).where(h.c.case_id == case.id).order_by(h.c.lifted_at.is_not(None), h.c.set_at.desc())).all()
    names = person_names(look, [person for row in rows for person in (row.set_by, row.lifted_by)]) if rows else {}
    reads = look.actor is SYSTEM or look.actor.may("keep_cases", case.id)
    holds = [HoldRow(
        row.id, _day(look, row.set_at), names.get(row.set_by, ""), case.open(row.reason, "legal_holds", row.id, "reason") if reads else None,
        _day(look, row.lifted_at) if row.lifted_at else None, names.get(row.lifted_by, ""),
        case.open(row.why_lifted, "legal_holds", row.id, "why_lifted") if reads and row.why_lifted else None) for row in rows]
    rule = look.settings.retention["case_content"]
    ended = case.ended_at.astimezone(zone).date() if case.ended_at else None
    published = _published(look, case.reference)
    since = counted_from(rule, ended, published)
    held = min((hold.since for hold in holds if hold.lifted_on is None), default=None)
    until = over_on(rule, since) if since else None
    words = f"until {in_words(until)}: {rule.span} after {in_words(since)}" if until and since else _how_long(rule)
    return Keeping(words, why_not_erased(rule, ended, published, held, look.today), holds, reads)


def erased_case(look: Look, reference: str) -> ErasedCase:
    """What is left of a case that was erased, for whoever may see it."""
    c, r, a = t.cases, t.trail, t.approvals
    row = look.db.execute(sa.select(c).where(c.c.reference == reference, c.c.key.is_(None), sees_case(look.actor))).one_or_none()
    if row is None:
        raise NotFound
    pack = look.shelf.pack(look.db, row.release)
    told = look.db.execute(sa.select(r.c.at, r.c.actor, r.c.details).where(r.c.case_id == row.id, r.c.event == "case_erased")).first()
    proposer = look.db.scalar(sa.select(a.c.proposed_by).where(a.c.id == told.details["proposal"])) if told else None
    names = person_names(look, [told.actor, proposer]) if told else {}
    erased_on = _day(look, told.at) if told else None
    final = over_on(look.settings.retention["backups"], erased_on) if erased_on else None
    return ErasedCase(row.reference, pack.title, _day(look, row.started_at), _day(look, row.ended_at) if row.ended_at else None,
                      pack.outcomes.get(row.outcome or "", ""), erased_on, names.get(proposer, "Someone on the machine itself") if told else "",
                      names.get(told.actor, "") if told else "", _published(look, reference) is not None, look.actor.may("see_trail", row.id), final)


def _row(look: Look, row: Any, erased: dict[str, datetime]) -> KeepingRow:
    pack, zone = look.shelf.pack(look.db, row.release), look.settings.board.timezone
    ended, published, held = (moment.astimezone(zone).date() if moment else None for moment in (row.ended_at, row.published_at, row.since))
    rule = look.settings.retention["case_content"]
    since = counted_from(rule, ended, published)
    return KeepingRow(row.reference, pack.title, pack.outcomes.get(row.outcome or "", ""), ended, over_on(rule, since) if since else None, held,
                      _day(look, erased.get(row.id, row.ended_at)) if row.erased else None)


def _how_long(rule: Kept) -> str:
    return f"{rule.span} after {SINCE[rule.since]}" if rule.span else "For good"


def _published(look: Look, reference: str) -> date | None:
    at = look.db.scalar(sa.select(t.published.c.published_at).where(t.published.c.reference == reference))
    return _day(look, at) if at else None


def _day(look: Look, at: datetime) -> date:
    return at.astimezone(look.settings.board.timezone).date()
