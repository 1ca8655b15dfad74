"""Sending what waits in the outbox: by SMTP, or as files in development."""
from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from email.errors import MessageError
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from engine.errors import Incident
from engine.feel import data
from engine.store import tables as t
from engine.store.role_holders import in_force

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine import Engine
    from engine.settings import Mail

BATCH = 50
#: How long a mail is one process's to send. Should it die meanwhile, another takes it up after that.
TAKEN_FOR = timedelta(minutes=30)
#: How long to wait after the first, second … failure; after the last, a mail is given up and an operator is told.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x20]+@[^\s@<>()\[\]\\,;:\"\x00-\x20]+")
#: What an address or a content that makes no mail raises, also deep inside the library: it must not hold up the others.
NO_MAIL = (ValueError, TypeError, LookupError, AttributeError, RecursionError, MessageError, Incident)
log = structlog.get_logger("casereview.mail")


Postman = Callable[[EmailMessage], object]  # takes one mail away, or raises OSError


@contextmanager
def postman(settings: Mail, folder: Path) -> Iterator[Postman]:
    """The way mails leave: one SMTP connection for a batch, or .eml files to look at."""
    if settings.send == "files":
        where = folder / "mail"
        where.mkdir(parents=True, exist_ok=True)
        yield lambda mail: (where / f"{mail['Message-ID'].strip('<>').partition('@')[0]}.eml").write_bytes(mail.as_bytes())
        return
    proven = ssl.create_default_context()   # smtplib by itself takes any certificate
    kind = partial(smtplib.SMTP_SSL, context=proven) if settings.security == "tls" else smtplib.SMTP
    with kind(settings.host, settings.port, timeout=settings.timeout_seconds) as server:
        if settings.security == "starttls":
            server.starttls(context=proven)
        if settings.user:
            server.login(settings.user, settings.password or "")
        yield server.send_message


def send_waiting(engine: Engine) -> int:
    """Send what is due now; gives how many left. A mail is marked after the server has taken it: dying in between sends the same
    Message-ID twice, never none."""
    sent, waiting = 0, _taken(engine)
    if not waiting:
        return 0
    tried: set[str] = set()
    try:
        with postman(engine.settings.mail, engine.settings.data_folder) as take:
            for row in waiting:
                tried.add(row.id)
                sent += _one(engine, row, take)
    except OSError as problem:  # the server cannot be reached at all: everything waits
        for row in waiting:
            if row.id not in tried:
                _failed(engine, row, problem)
    return sent


def _taken(engine: Engine) -> list[Any]:
    """What is due, now this process's to send: another that looks meanwhile does not find it, unless this one dies over it."""
    now, o = engine.clock.now(), t.outbox
    due = sa.select(o.c.id).where(o.c.next_at <= now).order_by(o.c.next_at, o.c.queued_at).limit(BATCH).with_for_update(skip_locked=True)
    with engine.database.reading() as db:
        if db.scalar(sa.select(o.c.id).where(o.c.next_at <= now).limit(1)) is None:
            return []
    with engine.database.writing() as db:
        mine = list(db.scalars(due))
        db.execute(sa.update(o).where(o.c.id.in_(mine)).values(next_at=now + TAKEN_FOR))
        query = sa.select(o, t.people.c.email, t.cases.c.key).outerjoin(t.people, t.people.c.id == o.c.person).outerjoin(t.cases, t.cases.c.id == o.c.case_id)
        return list(db.execute(query.where(o.c.id.in_(mine)).order_by(o.c.queued_at)).all())


def _one(engine: Engine, row: Any, take: Callable[[EmailMessage], object]) -> int:
    try:
        take(_written(engine, row))
    except (OSError, *NO_MAIL) as problem:
        _failed(engine, row, problem)
        return 0
    _sent(engine, row)
    return 1


def _sent(engine: Engine, row: Any) -> None:
    with engine.database.writing() as db:
        db.execute(sa.update(t.outbox).where(t.outbox.c.id == row.id).values(sent_at=engine.clock.now(), next_at=None, tries=row.tries + 1))


def _failed(engine: Engine, row: Any, problem: Exception) -> None:
    wait = WAITS[row.tries] if row.tries < len(WAITS) else None
    log.warning("mail_failed", mail=row.id, tries=row.tries + 1, why=type(problem).__name__, given_up=wait is None)
    with engine.database.writing() as db:
        db.execute(sa.update(t.outbox).where(t.outbox.c.id == row.id, t.outbox.c.sent_at.is_(None)).values(
            tries=row.tries + 1, next_at=engine.clock.now() + wait if wait else None))


def _written(engine: Engine, row: Any) -> EmailMessage:
    words = open_mail(engine, row)
    if words.get("for", row.person) != row.person:
        message = "meant for somebody else"   # the row was changed from outside: a one-time link goes to nobody but its owner
        raise ValueError(message)
    mail, to = EmailMessage(), row.email or words["to"]
    if not ADDRESS.fullmatch(to):
        message = "not an address"   # of one with brackets the library makes a header that ends all headers
        raise ValueError(message)
    mail["From"], mail["To"] = engine.settings.mail.sender, to
    mail["Subject"] = " ".join(words["subject"].split())
    mail["Message-ID"] = f"<{row.id}@{engine.settings.mail.sender.rpartition('@')[2].strip('>') or 'casereview'}>"
    mail["Date"] = engine.clock.now()
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday reply should come back
    mail.set_content(words["body"].rstrip("\n") + "\n" + _stands_in(engine, row))
    return mail


def _stands_in(engine: Engine, row: Any) -> str:
    """The last words of a mail about a case to whoever stands in for others on this day: it may be theirs."""
    if row.case_id is None or row.person is None: return ""
    d, p = t.deputies, t.people
    with engine.database.reading() as db:
        names = db.scalars(sa.select(p.c.name).distinct().join(d, d.c.person == p.c.id).where(
            d.c.deputy == row.person, in_force(engine.now().date())).order_by(p.c.name)).all()
    return f"\nYou stand in for {' and '.join(names)}: this may be one of their tasks.\n" if names else ""


def open_mail(engine: Engine, row: Any) -> dict[str, Any]:
    """Subject and body of a row of the outbox joined with its case's key, and for whom it was written."""
    place = (row.case_id or "", "outbox", row.id)
    plain = engine.vault.unwrap(row.key, row.case_id).open(row.mail, *place) if row.case_id else engine.vault.open(row.mail, *place)
    words: dict[str, Any] = data.loads(plain)
    return words
