"""The engine: `perform` does one thing, wholly or not at all; `ask` looks one thing up. All else is behind these two."""
from __future__ import annotations

import inspect
import logging
import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from engine import events
from engine.clock import SystemClock
from engine.errors import Conflict, Incident, NotFound, Refused
from engine.feel import FeelError
from engine.feel.tables import DecisionError
from engine.look import Look
from engine.releases import Shelf
from engine.rules.access import SYSTEM, Actor, Holding, permissions_of
from engine.store import tables as t
from engine.store.accounts import may_come_in
from engine.store.chain import Chain, is_wide
from engine.store.database import Database
from engine.store.eyes import no_wall
from engine.store.incidents import note_incident
from engine.store.keys import wrong_key
from engine.store.role_holders import holders_on
from engine.store.sealing import Vault
from engine.store.seen import eyes_of
from engine.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from engine.clock import Clock
    from engine.settings import Settings
    from engine.spiff import Process

P = ParamSpec("P")
R = TypeVar("R")
_ROW = re.compile(r"[0-9a-f]{32}|[A-Z]{1,10}-\d{4}-\d{1,6}")  # an id, or the reference of a case
MOST_LIVE = 200  # processes kept in memory between steps
log = logging.getLogger("casereview")

__all__ = ["SYSTEM", "Actor", "Engine", "open_engine"]


class Engine:
    """One deployment: its settings, its database, its clock."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self.settings, self.database, self.clock = settings, database, clock
        self.vault = Vault(settings.master_key)
        self.chain = Chain(self.vault.derived("trail"))
        self.shelf = Shelf()
        self._live: dict[str, tuple[int, Process]] = {}
        self.swept_at: datetime | None = None  # when this process last looked for what has fallen due
        self._making_room = threading.Lock()

    def perform(self, actor: Actor, verb: Callable[Concatenate[Work, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do one thing in one transaction. A refusal changes nothing but the trail; a lost race is tried once more."""
        for last_try in (False, True):
            work: Work | None = None
            refusal: Refused
            try:
                with self.database.writing(eyes_of(actor)) as db:
                    work = Work(db=db, actor=actor, now=self.now(), settings=self.settings, vault=self.vault, chain=self.chain,
                                shelf=self.shelf, verb=verb.__name__, live=self._live)
                    result = verb(work, *args, **kwargs)
                    work.finish()
                self._keep_alive(work)
            except (Conflict, sa.exc.IntegrityError, sa.exc.OperationalError) as clash:
                if not last_try:
                    continue
                log.exception("lost_race_twice", extra={"verb": verb.__name__})
                refusal = clash if isinstance(clash, Conflict) else Conflict()
                self._note(actor, work, verb, tried(verb, args, kwargs), refused=refusal)
                raise refusal from clash
            except (sa.exc.DataError, UnicodeError):  # an id that no row could have
                refusal = NotFound()
                self._note(actor, work, verb, tried(verb, args, kwargs), refused=refusal)
                raise refusal from None
            except Refused as said:
                self._note(actor, work, verb, tried(verb, args, kwargs), refused=said)
                raise
            except (Incident, FeelError, DecisionError) as problem:
                incident = problem if isinstance(problem, Incident) else Incident(str(problem))
                self._note(actor, work, verb, tried(verb, args, kwargs), incident=incident)
                raise incident from problem
            return result
        raise AssertionError  # the second try returns or raises

    def ask(self, actor: Actor, query: Callable[Concatenate[Look, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Look one thing up. A query that shows what is in a case leaves one row on the trail: who looked."""
        look: Look | None = None
        try:
            with self.database.reading(eyes_of(actor)) as db:
                look = self.look(db, actor)
                result = query(look, *args, **kwargs)
        except (sa.exc.DataError, UnicodeError):
            raise NotFound from None
        except Refused as said:
            self._note(actor, look, query, tried(query, args, kwargs), refused=said)
            raise
        except (Incident, FeelError, DecisionError) as problem:
            incident = problem if isinstance(problem, Incident) else Incident(str(problem))
            self._note(actor, look, query, tried(query, args, kwargs), incident=incident)
            raise incident from problem
        if look.viewed:
            with self.database.writing() as db:
                self.chain.write(db, [
                    {"at": look.now, "actor": actor.person, "case_id": case, "event": "viewed", "details": {"page": page}} for case, page in look.viewed])
        return result

    def look_through(self, query: Callable[Concatenate[Look, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Look through all there is as it is at this moment, however long it takes, while people go on: for whoever works on the machine itself."""
        with self.database.picture() as db:
            return query(self.look(db, SYSTEM), *args, **kwargs)

    def look(self, db: sa.Connection, actor: Actor) -> Look:
        """What a query is handed, in a transaction of the caller's."""
        return Look(db=db, actor=actor, now=self.now(), settings=self.settings, vault=self.vault, chain=self.chain, shelf=self.shelf)

    def actor(self, person: str) -> Actor | None:
        """The person with what they hold now; None if they may no longer come in."""
        with self.database.reading() as db:
            return actor_of(db, self.settings, person, self.now().date())

    def now(self) -> datetime:
        """This moment, in the board's zone."""
        return self.clock.now().astimezone(self.settings.board.timezone)

    def link_older(self) -> None:
        """Put trails that an earlier release wrote on a chain. Does nothing where there is no trail, or all are on one."""
        with self.database.reading() as db:
            if db.scalar(sa.select(t.trail.c.id).limit(1)) is None or is_wide(db):
                return
        with self.database.writing() as db:
            self.chain.widen(db, self.now())

    def wrong_key(self) -> str | None:
        """What to say if the master key is not the one this database was written with: asked once, before anyone is let in."""
        with self.database.reading() as db:
            return wrong_key(db, self.vault)

    def no_wall(self) -> str | None:
        """Why the database itself would not stop a query that forgets whose cases it is about; None where it would, and for SQLite."""
        with self.database.reading() as db:
            return no_wall(db)

    def forget_ended(self) -> None:
        """Let go of processes whose cases have ended, in whichever process that was: of one that is erased nothing stays in any memory."""
        if kept := list(self._live):
            with self.database.reading() as db:
                for case in db.scalars(sa.select(t.cases.c.id).where(t.cases.c.id.in_(kept), t.cases.c.ended_at.is_not(None))).all():
                    self._live.pop(case, None)

    def close(self) -> None:
        """Give everything back."""
        self.database.close()

    def _keep_alive(self, work: Work) -> None:
        """Only after the commit: a failed transaction can never leave a changed process behind."""
        case = work.case
        if case is not None and case.process is not None and case.ended_at is None:
            with self._making_room:
                while len(self._live) >= MOST_LIVE:
                    self._live.pop(next(iter(self._live)))
                self._live[case.id] = (case.version, case.process)

    def _note(self, actor: Actor, at_work: Work | Look | None, what: Callable[..., Any], which: tuple[str | None, str | None],
              refused: Refused | None = None, incident: Incident | None = None) -> None:
        """What was refused or went wrong stands on the trail, in a transaction of its own; the first one has changed nothing."""
        case = at_work.holding if at_work else None
        with self.database.writing() as db:
            if case and db.scalar(sa.select(t.cases.c.id).where(t.cases.c.id == case)) is None:
                case = None  # the case was to begin with this very step
            row: dict[str, Any] = {"at": self.now(), "actor": actor.person, "case_id": case}
            if refused is not None:
                log.info("refused", extra={"verb": what.__name__, "kind": refused.why, "person": actor.person, "case": case})
                said = {"verb": what.__name__, "kind": refused.why, "what": which[0], "row": which[1]}
                row |= {"event": "refused", "details": events.checked("refused", said)}
            if incident is not None:
                log.error("incident", extra={"verb": what.__name__, "element": incident.element, "person": actor.person, "case": case})
                if not note_incident(db, row["at"], case, incident.element, incident.says) and actor is SYSTEM:
                    return  # the alarm clock tries again and again: it is told once
                row |= {"event": "incident", "details": events.checked("incident", {"element": incident.element, "kind": what.__name__})}
            self.chain.write(db, [row])


# Asked with every request, so built once.
_HELD = holders_on(sa.bindparam("day", type_=sa.Date), ("person", sa.bindparam("person")))
_PERSON = sa.select(t.people.c.id, t.people.c.name, t.people.c.agency, _HELD.c.role, _HELD.c.agency.label("at"), _HELD.c.case_id, _HELD.c.deputy_of).outerjoin(
    _HELD, _HELD.c.person == t.people.c.id).where(
    t.people.c.id == sa.bindparam("person"), may_come_in(sa.bindparam("day", type_=sa.Date))).order_by(_HELD.c.deputy_of.is_not(None))


def actor_of(db: sa.Connection, settings: Settings, person: str, day: date) -> Actor | None:
    """A person as an actor, with what they hold on this day."""
    rows = db.execute(_PERSON, {"person": person, "day": day}).all()
    if not rows:
        return None
    holdings = tuple(Holding(row.role, row.at, row.case_id, row.deputy_of) for row in rows if row.role)
    everywhere = permissions_of((one.role for one in holdings if one.case is None), settings.roles)
    in_cases = {case: permissions_of((one.role for one in holdings if one.case == case), settings.roles)
                for case in {one.case for one in holdings} if case is not None}
    agencies = frozenset(one.agency for one in holdings if one.agency and one.case is None and "see_agency_cases" in settings.roles.get(one.role, ()))
    return Actor(person=rows[0].id, name=rows[0].name, agency=rows[0].agency, holdings=holdings, permissions=everywhere, in_cases=in_cases,
                 sees_agencies=agencies)


def open_engine(settings: Settings, clock: Clock | None = None) -> Engine:
    """The engine of these settings, on its database."""
    return Engine(settings, Database(settings.database_url), clock or SystemClock())


def tried(what: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Which row a verb or query was asked for: the name of the first argument that is an id or a reference, and the id. Never what someone wrote."""
    with suppress(TypeError):  # it was not even called rightly
        given = inspect.signature(what).bind(None, *args, **kwargs).arguments
        for name, value in given.items():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, str) and _ROW.fullmatch(one):
                    return name.rstrip("_").removesuffix("_id"), one
    return None, None


def arguments_of(verb: Callable[..., Any]) -> list[str]:
    """What a verb is told, besides the work itself; one that is a word of Python's own has a stroke behind it there (`from_`)."""
    return [name.rstrip("_") for name in inspect.signature(verb).parameters][1:]
