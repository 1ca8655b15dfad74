"""Sending what waits in the outbox: by SMTP, or as files in development."""
from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from engine.feel import data
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine import Engine
    from engine.settings import Mail

BATCH = 50
#: How long to wait after the first, second … failure; after the last, a mail is given up and an operator is told.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
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
    kind = smtplib.SMTP_SSL if settings.security == "tls" else smtplib.SMTP
    with kind(settings.host, settings.port, timeout=settings.timeout_seconds) as server:
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user:
            server.login(settings.user, settings.password or "")
        yield server.send_message


def send_waiting(engine: Engine) -> int:
    """Send what is due now; gives how many left. A mail is marked after the server has taken it: dying in between sends the same
    Message-ID twice, never none."""
    now, sent = engine.clock.now(), 0
    with engine.database.reading() as db:
        waiting = db.execute(sa.select(t.outbox, t.people.c.email, t.people.c.name, t.cases.c.key).join(t.people, t.people.c.id == t.outbox.c.person)
                             .outerjoin(t.cases, t.cases.c.id == t.outbox.c.case_id)
                             .where(t.outbox.c.next_at <= now).order_by(t.outbox.c.next_at).limit(BATCH)).all()
    if not waiting:
        return 0
    try:
        with postman(engine.settings.mail, engine.settings.data_folder) as take:
            for row in waiting:
                sent += _one(engine, row, take)
    except OSError as problem:  # the server cannot be reached at all: everything waits
        for row in waiting:
            _failed(engine, row, problem)
    return sent


def _one(engine: Engine, row: Any, take: Postman) -> int:
    try:
        take(_written(engine, row))
    except OSError as problem:
        _failed(engine, row, problem)
        return 0
    with engine.database.writing() as db:
        db.execute(sa.update(t.outbox).where(t.outbox.c.id == row.id).values(sent_at=engine.clock.now(), next_at=None, tries=row.tries + 1))
    return 1


def _failed(engine: Engine, row: Any, problem: OSError) -> None:
    wait = WAITS[row.tries] if row.tries < len(WAITS) else None
    log.warning("mail_failed", mail=row.id, tries=row.tries + 1, why=type(problem).__name__, given_up=wait is None)
    with engine.database.writing() as db:
        db.execute(sa.update(t.outbox).where(t.outbox.c.id == row.id, t.outbox.c.sent_at.is_(None)).values(
            tries=row.tries + 1, next_at=engine.clock.now() + wait if wait else None))


def _written(engine: Engine, row: Any) -> EmailMessage:
    words = open_mail(engine, row)
    mail = EmailMessage()
    mail["From"], mail["To"] = engine.settings.mail.sender, row.email
    mail["Subject"] = " ".join(words["subject"].split())
    mail["Message-ID"] = f"<{row.id}@{engine.settings.mail.sender.rpartition('@')[2].strip('>') or 'casereview'}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday reply should come back
    mail.set_content(words["body"])
    return mail


def open_mail(engine: Engine, row: Any) -> dict[str, str]:
    """Subject and body of a row of the outbox joined with its case's key."""
    place = (row.case_id or "", "outbox", row.id)
    plain = engine.vault.unwrap(row.key, row.case_id).open(row.mail, *place) if row.case_id else engine.vault.open(row.mail, *place)
    words: dict[str, str] = data.loads(plain)
    return words
