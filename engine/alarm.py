"""The alarm clock. It keeps no appointments of its own: every due moment is a row, and this only looks when the next one is."""
from __future__ import annotations

from typing import TYPE_CHECKING

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
from engine.errors import Incident, Refused
from engine.outside.post import send_waiting
from engine.rules.access import SYSTEM
from engine.store import tables as t
from engine.store.accounts import is_over
from engine.store.chain import newest_head
from engine.store.erasing import CONTENT

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine import Engine

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


def deputies_over(db: sa.Connection, day: date) -> list[str]:
    """Periods of deputies whose last day has passed."""
    d = t.deputies
    return list(db.scalars(sa.select(d.c.id).where(d.c.ended_at.is_(None), d.c.until < day).order_by(d.c.until, d.c.id)))


def lapsed(db: sa.Connection, now: datetime) -> list[str]:
    """Proposals that nobody has approved in time."""
    a = t.approvals
    return list(db.scalars(sa.select(a.c.id).where(a.c.state == "waiting", a.c.expires_at <= now).order_by(a.c.expires_at, a.c.id)))


def accounts_over(db: sa.Connection, day: date) -> list[str]:
    """Accounts whose last day has passed, and those of guests whose last case has ended."""
    return list(db.scalars(sa.select(t.people.c.id).where(is_over(day)).order_by(t.people.c.id)))


def sweep(engine: Engine) -> int:
    """Fire everything that is due; gives how many. One case that cannot go on does not hold up the others."""
    fired = 0
    with engine.database.reading() as db:
        over, unapproved, gone = deputies_over(db, engine.now().date()), lapsed(db, engine.clock.now()), accounts_over(db, engine.now().date())
    for deputy in over:
        engine.perform(SYSTEM, end_deputy, deputy)
    for proposal in unapproved:
        engine.perform(SYSTEM, expire, proposal)
    for person in gone:
        engine.perform(SYSTEM, end_account, person)
    tried: set[str] = set()
    while True:
        with engine.database.reading() as db:
            due = [timer for timer in due_now(db, engine.clock.now(), BATCH + len(tried)) if timer not in tried]
        if not due:
            engine.swept_at = engine.clock.now()
            return fired
        for timer in due:
            tried.add(timer)
            try:
                fired += bool(engine.perform(SYSTEM, fire_timer, timer))
            except (Incident, Refused) as problem:  # it stands in the list of incidents, and is tried again at the next look
                log.warning("timer_failed", timer=timer, why=type(problem).__name__)
            except Exception:  # an error of ours in one case must not hold up the others either
                log.exception("timer_failed", timer=timer)


def tell_head(engine: Engine) -> None:
    """Once a day, at the board's midnight or as soon as someone looks, the head of all trails goes out, and into the log."""
    with engine.database.reading() as db:
        last = newest_head(db)
    if last is not None and last.at.astimezone(engine.now().tzinfo).date() >= engine.now().date():
        return
    sent = engine.perform(SYSTEM, send_head)
    if sent is not None:
        log.info("trail_head", digest=sent.digest, chains=sent.chains)


def keep_house(engine: Engine) -> None:
    """Once a day what is over by the register of what is kept goes; and after a case was erased, the space that it took."""
    r = t.trail.c
    with engine.database.reading() as db:
        last = db.scalar(sa.select(r.at).where(r.event == "thinned").order_by(r.at.desc()).limit(1))
        if last is not None and last.astimezone(engine.now().tzinfo).date() >= engine.now().date():
            return
        since = () if last is None else (r.at > last,)
        erased = db.scalar(sa.select(r.id).where(r.event == "case_erased", *since).limit(1)) is not None
    if erased:   # before it is noted that today was done: if the database cannot be rewritten now, it is tried again
        engine.database.give_back(table.name for table in CONTENT)
    while THINNED_AT_ONCE in engine.perform(SYSTEM, thin).values():
        pass


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
        self.scheduler.add_job(tell_head, "interval", [self.engine], seconds=every, **options)
        self.scheduler.add_job(keep_house, "interval", [self.engine], seconds=every, **options)
        self.scheduler.add_job(send_waiting, "interval", [self.engine], seconds=every, **options)
        self.scheduler.start()

    def stop(self) -> None:
        """Finish what is being done, and look no more."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=True)
