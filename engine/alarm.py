"""The alarm clock. It keeps no appointments of its own: every due moment is a row, and this only looks when the next one is."""
from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from engine.actions.approvals import expire
from engine.actions.deputies import end_deputy
from engine.actions.fire_timer import fire_timer
from engine.actions.heads import send_head
from engine.actions.invitations import end_account
from engine.actions.thin import BATCH as THINNED_AT_ONCE
from engine.actions.thin import thin
from engine.actions.verifying import LONGEST, begin_verifying, in_words, note_verified
from engine.errors import Incident, Refused
from engine.outside.post import send_waiting
from engine.queries import verified
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.accounts import is_over
from engine.store.chain import last_of, was_on
from engine.store.erasing import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from engine import Engine
    from engine.queries.verify import Verified

BATCH = 100
ORDER = {"remind": 0, "breach": 1, "event": 2}
log = structlog.get_logger("casereview.alarm")


def due_now(db: sa.Connection, now: datetime, limit: int = BATCH) -> list[str]:
    """The timers that are due, in the order in which they fell due."""
    timer = t.timers
    first = sa.case(ORDER, value=timer.c.kind, else_=len(ORDER))  # of one moment: the breach before those who are told of it
    query = sa.select(timer.c.id).where(timer.c.fired_at.is_(None), timer.c.due_at <= now).order_by(timer.c.due_at, first, timer.c.id)
    return list(db.scalars(query.limit(limit)))


def next_due(db: sa.Connection) -> datetime | None:
    """When something will happen of itself next."""
    moment: datetime | None = db.scalar(sa.select(sa.func.min(t.timers.c.due_at)).where(t.timers.c.fired_at.is_(None)))
    return moment


def deputies_over(db: sa.Connection, now: datetime) -> list[str]:
    """Periods of deputies whose last day has passed."""
    d = t.deputies
    return list(db.scalars(sa.select(d.c.id).where(d.c.ended_at.is_(None), d.c.until < now.date()).order_by(d.c.until, d.c.id)))


def lapsed(db: sa.Connection, now: datetime) -> list[str]:
    """Proposals that nobody has approved in time."""
    a = t.approvals
    return list(db.scalars(sa.select(a.c.id).where(a.c.state == "waiting", a.c.expires_at <= now).order_by(a.c.expires_at, a.c.id)))


def accounts_over(db: sa.Connection, now: datetime) -> list[str]:
    """Accounts whose last day has passed, and those of guests whose last case has ended."""
    return list(db.scalars(sa.select(t.people.c.id).where(is_over(now.date())).order_by(t.people.c.id)))


#: What ends of itself on its day: what is over at a moment of the board's, and the deed that ends one of them.
ENDINGS: tuple[tuple[Callable[[sa.Connection, datetime], list[str]], Callable[..., Any]], ...] = (
    (deputies_over, end_deputy), (lapsed, expire), (accounts_over, end_account))


def endings(engine: Engine) -> Iterator[tuple[Callable[..., Any], str]]:
    """What is over by now, each with the deed that ends it."""
    for over, deed in ENDINGS:
        with engine.database.reading() as db:
            found = over(db, engine.now())
        yield from ((deed, row) for row in found)


def sweep(engine: Engine) -> int:
    """Fire everything that is due; gives how many timers. One deed that fails does not hold up the others."""
    engine.forget_ended()
    for deed, row in endings(engine):
        _done(engine, deed, row)
    fired, tried = 0, set[str]()
    while True:
        with engine.database.reading() as db:
            due = [timer for timer in due_now(db, engine.clock.now(), BATCH + len(tried)) if timer not in tried]
        if not due:
            engine.swept_at = engine.clock.now()
            return fired
        tried.update(due)
        fired += sum(_done(engine, fire_timer, timer) for timer in due)


def _done(engine: Engine, deed: Callable[..., Any], row: str) -> bool:
    """Whether this was done; if not, it stands in the log, and is tried again at the next look."""
    try:
        return bool(engine.perform(SYSTEM, deed, row))
    except (Incident, Refused) as problem:   # an incident stands in their list, too; refused is what another process was quicker to do
        log.warning("alarm_failed", verb=deed.__name__, row=row, why=type(problem).__name__)
    except Exception:   # an error of ours must not hold up the others either
        log.exception("alarm_failed", verb=deed.__name__, row=row)
    return False


def at_night(engine: Engine) -> None:
    """Once a day, at the board's midnight or as soon as someone looks, by one of however many processes: what is over goes, then all trails are verified,
    then their head goes out. One after the other: giving space back to the machine waits for whoever reads, and all others for it."""
    if _done_today(engine, "thinned") and _done_today(engine, "head_sent"):
        return
    with engine.database.reading() as db:
        begun = last_of(db, "verify_begun")
    if begun is not None and begun.at > engine.clock.now() - LONGEST and _done_today(engine, "verify_begun"):
        return
    mine = engine.perform(SYSTEM, begin_verifying)
    if mine is None:
        return
    try:
        keep_house(engine)
    except Exception:    # it is tried again; the head goes out all the same
        log.exception("keeping_failed")
    if not _done_today(engine, "head_sent"):
        tell_head(engine, verify(engine) if mine else note(engine, None))


def verify(engine: Engine) -> str:
    """Look through everything as it is at this moment, while people go on, and tell what was found; gives it in words."""
    began = time.monotonic()
    try:
        found = engine.look_through(verified)
    except Exception:    # whatever it is: that nothing is known has to be told
        log.exception("verify_failed")
        return note(engine, None)
    took = round((time.monotonic() - began) * 1000)
    if found.broke:
        log.error("trail_not_whole", rows=found.rows, chains=found.chains, broken=len(found.broke), ms=took)
    else:
        log.info("trail_verified", rows=found.rows, chains=found.chains, ms=took)
    return note(engine, found)


def note(engine: Engine, found: Verified | None) -> str:
    """Tell what verifying has found (none: it did not come to its end); gives it in words."""
    engine.perform(SYSTEM, note_verified, found)
    return in_words(found)


def tell_head(engine: Engine, found: str = "") -> None:
    """Once a day the head of all trails goes out, and into the log, with what verifying has found (`found`)."""
    if _done_today(engine, "head_sent"):
        return
    sent = engine.perform(SYSTEM, send_head, found)
    if sent is not None:
        log.info("trail_head", digest=sent.digest, chains=sent.chains)


def keep_house(engine: Engine) -> None:
    """Once a day what is over by the register of what is kept goes; and after a case was erased, the space that it took."""
    r = t.trail.c
    if _done_today(engine, "thinned"):
        return
    with engine.database.reading() as db:
        last = last_of(db, "thinned")
        since = () if last is None else (r.at > last.at,)
        erased = db.scalar(sa.select(r.id).where(r.event == "case_erased", *since).limit(1)) is not None
    if erased:   # before it is noted that today was done: if the database cannot be rewritten now, it is tried again
        engine.database.give_back(table.name for table in CONTENT)
    while THINNED_AT_ONCE in engine.perform(SYSTEM, thin).values():
        pass


def _done_today(engine: Engine, event: str) -> bool:
    with engine.database.reading() as db:
        return was_on(db, event, engine.now())


class Alarm:
    """APScheduler waking `sweep` and the post every few seconds, one at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.scheduler = BackgroundScheduler(timezone="UTC")

    def start(self) -> None:
        """Look at once, and then again and again. What fell due while nobody looked fires now, in order."""
        every = self.engine.settings.moments.look_every_seconds
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self.scheduler.add_job(sweep, "interval", [self.engine], seconds=every, next_run_time=self.engine.clock.now(), **options)
        self.scheduler.add_job(at_night, "interval", [self.engine], seconds=every, **options)
        self.scheduler.add_job(send_waiting, "interval", [self.engine], seconds=every, **options)
        self.scheduler.start()

    def stop(self) -> None:
        """Finish what is being done, and look no more."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=True)
