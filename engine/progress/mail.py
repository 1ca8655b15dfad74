"""Mails: to whom, and in which fixed words. Never anything of a case but its reference."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.feel.templates import render
from engine.rules.access import holder
from engine.store import tables as t
from engine.store.role_holders import holders_on, in_force

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from engine.work import Case, Work


def _answers_to() -> sa.Select[Any]:
    wanted: sa.BindParameter[Any] = sa.bindparam("wanted", expanding=True)
    h, p = holders_on(sa.bindparam("day", type_=sa.Date), ("role", sa.bindparam("roles", expanding=True))), t.people
    at_agency = h.c.role + "@" + h.c.agency
    ways = sa.or_(
        sa.and_(h.c.case_id.is_(None), sa.or_(h.c.role.in_(wanted), at_agency.in_(wanted))),
        sa.and_(h.c.case_id.is_not(None), sa.or_((h.c.role + "#" + h.c.case_id).in_(wanted), (at_agency + "#" + h.c.case_id).in_(wanted))),
    )
    return sa.select(p.c.id, h.c.role, h.c.agency, h.c.case_id).join(h, h.c.person == p.c.id).where(p.c.active, ways)


_IF_NOT = "If you did not ask for it, tell the board’s business office at once, by phone.\n{link}"
#: Mails that are about no case, and no pack words: what happened, and where to look. Whom it is about and why stands on that page alone.
NOTES = {
    "second_person": ("Something waits for a second person",
                      ("Someone has proposed a change that takes two people, and you are one of those who may approve it.\n\n"
                      "Look at what exactly is proposed, and approve or decline it:\n{link}\n\nIf nobody does, it lapses after {days} days.")),
    "proposal_approved": ("What you proposed is approved, and done", "A second person has approved what you proposed, and it is done:\n{link}"),
    "proposal_declined": ("What you proposed is declined", "A second person has declined what you proposed. Their reason stands here:\n{link}"),
    "proposal_expired": ("What you proposed has lapsed", "Nobody approved what you proposed in time, and it is not done:\n{link}"),
    "let_in_proposed": ("Somebody wants to change how you sign in",
                        ("An administrator has proposed that you get a new password, that your phone, passkeys and recovery codes are taken away, or that "
                         "you sign in another way, since you asked for it. Another administrator has to approve it first.\n\n"
                         "If you did not ask for it, tell the board’s business office at once, by phone: somebody may want to sign in as you.\n{link}")),
    "let_in_password": ("You can choose a new password", "Two administrators have sent you a link for a new password, in a mail of its own. " + _IF_NOT),
    "let_in_factors": ("Your phone, passkeys and recovery codes count no longer",
                       ("Two administrators have taken away what you showed beside your password, and you were signed out everywhere. The next time you "
                        "sign in you set up something new. ") + _IF_NOT),
    "let_in_both": ("How you sign in was taken back",
                    ("Two administrators have taken away what you showed beside your password, signed you out everywhere, and sent you a link for a new "
                     "password in a mail of its own. ") + _IF_NOT),
    "let_in_provider": ("You sign in another way from now on",
                        ("Two administrators have said that you sign in with the account of your organisation. The first time you do, your password here "
                         "opens nothing any more. ") + _IF_NOT),
    "deputy_named": ("Somebody stands in for you", ("An administrator has named a deputy for one of your roles. See who, from when and why, and end it "
                                                    "if it should not be:\n{link}")),
    "deputy_for": ("You are named as a deputy",
                   ("Somebody has named you as their deputy. See for whom, in which role, from when and why, and end it if you cannot do it:\n{link}\n\n"
                    "From the first day on you see the tasks of that role and get its mails. You get another mail that morning, unless it is today.")),
    "deputy_begins": ("From today you stand in for somebody",
                      ("You were named as a deputy from today on. You see the tasks of that role beside your own, and get its mails. See for whom, and until "
                       "when:\n{link}")),
    "trail_not_whole": ("The verification of the trail found something",
                        ("Every night the trail of all cases is verified. What it found tonight is not as it should be: something was changed in the "
                        "database past the program, or it could not be verified. See what, and tell whoever runs the machine today:\n{link}")),
    "account_changed": ("An account with wide permissions was made or changed",
                        ("Someone can now do more, or less, than before: manage people, release processes, or see every case or its trail. "
                        "You get this mail because you manage people. If you did not expect it, ask who did it and why:\n{link}")),
}
_ANSWERS_TO = _answers_to()   # asked many times a step, so built once


def holders_of(db: sa.Connection, offered: Iterable[str], day: date) -> list[str]:
    """Everyone active who answers to one of these offers on this day, each once; deputies too."""
    return sorted({person for people in holders_by_offer(db, offered, day).values() for person in people})


def holders_by_offer(db: sa.Connection, offered: Iterable[str], day: date) -> dict[str, list[str]]:
    """Offer → everyone active who answers to it on this day, in one query however many offers there are."""
    wanted = sorted(set(offered))
    roles = sorted({offer.partition("#")[0].partition("@")[0] for offer in wanted})
    found: dict[str, set[str]] = {offer: set() for offer in wanted}
    for row in db.execute(_ANSWERS_TO, {"day": day, "roles": roles, "wanted": wanted}):
        for offer in {holder(row.role, row.agency, row.case_id), holder(row.role, None, row.case_id)} & found.keys():
            found[offer].add(row.id)
    return {offer: sorted(people) for offer, people in found.items()}


def deputies_of(db: sa.Connection, people: Iterable[str], offered: Iterable[str], day: date) -> list[str]:
    """Who stands in for these people on this day, in the roles of these offers."""
    d, roles = t.deputies, sorted({offer.partition("#")[0].partition("@")[0] for offer in offered})
    return list(db.scalars(sa.select(d.c.deputy).where(d.c.person.in_(sorted(people)), d.c.role.in_(roles), in_force(day))))


def holders_of_roles(work: Work, case: Case, roles: Iterable[str], agency: str | None) -> list[str]:
    """Everyone who holds these roles for this case: at the agency where the role belongs to one."""
    offered = []
    for name in roles:
        role = case.pack.roles.get(name)
        scope = role.scope if role else "board"
        if scope in ("agency", "case agency") and agency is None:
            offered += [holder(name, key) for key in work.db.scalars(sa.select(t.agencies.c.key))]
        else:
            offered.append(holder(name, agency if "agency" in scope else None, case.id if "case" in scope else None))
    return holders_of(work.db, offered, work.today)


def tell(work: Work, case: Case, message: str, people: Iterable[str], **words: Any) -> None:
    """Queue one mail for each of these people. `words`: due, days, task, link."""
    text = case.pack.messages[message]
    link = words.pop("link", None) or f"{work.settings.mail.base_url}/cases/{case.reference}"
    names = {"case": {"reference": case.reference}, "board": {"name": work.settings.board.name}, "link": link,
             "due": None, "days": None, "task": None} | words
    subject = body = None
    for person in dict.fromkeys(people):
        if subject is None or body is None:
            subject, body = render(text.subject, names, work.now), render(text.body, names, work.now)
        work.post(message, person, subject, body)


def note(work: Work, message: str, people: Iterable[str], page: str, at: datetime | None = None) -> None:
    """Queue one mail of no case for each of these people, in the fixed words of `NOTES`, with a link to this page; to leave now, or at a later moment."""
    subject, body = NOTES[message]
    told = {"link": f"{work.settings.mail.base_url}{page}", "days": work.settings.approvals.days}
    for person in dict.fromkeys(people):
        work.post(message, person, f"{subject}: {work.settings.board.short}", body.format_map(told), at=at)


def send_link(work: Work, person: str, kind: str, link: str) -> None:
    """Queue the mail with somebody's one-time link. It names no case and no role."""
    board, days = work.settings.board.name, work.settings.sessions.link_days
    login = work.db.scalar(sa.select(t.people.c.login).where(t.people.c.id == person))
    last = f"The link can be used once, within {days} days. If you did not expect it, do nothing, and tell the board’s business office.\n"
    if kind == "invitation":
        work.post("invitation", person, f"Your account with {board}",
                  f"You are invited to work on reviews of {board}.\n\nYour sign-in name is {login}. Choose a password here:\n\n{link}\n\n{last}")
    else:
        work.post("reset", person, f"A new password for {board}",
                  f"You can choose a new password for your account, {login}, here:\n\n{link}\n\n{last}")


def send_head(work: Work, digest: str, chains: int, found: str) -> None:
    """Queue the mail with the head of all trails, to the address of the settings, and with what verifying has found this night (`found`; empty:
    there was none). It names no case and no person."""
    board, day = work.settings.board, f"{work.today.day} {work.today:%B %Y}"
    work.post("trail_head", None, f"{'The trail is NOT whole' if found.startswith('NOT') else 'Head of the trail'}, {day}: {board.short}", (
        f"{board.name}: the trail as it was on {day} at {work.now:%H:%M}.\n\n{f'{found}{chr(10) * 2}' if found else ''}"
        f"Trails covered: {chains}\nHead: {digest}\n\n"
        "Keep this mail where whoever runs the service cannot change it. Whether the database still holds everything that this head covers is told, "
        f"on the machine, by\n\ncasereview verify --head {digest}\n"), address=work.settings.trail.heads_to)
