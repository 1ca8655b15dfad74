"""What a verb is handed: the transaction, who acts, and the moment.

A verb changes rows through `work.db` and nothing else. What it wants told (trail, mail) is kept here and written just before
the commit, in the same transaction."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import events
from engine.errors import Conflict, NotFound
from engine.feel import data
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.sealing import Broken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from engine.packs import Pack
    from engine.releases import Shelf
    from engine.rules.access import Actor
    from engine.settings import Settings
    from engine.spiff import Process, Program
    from engine.store.sealing import Key, Vault

# Statements of every step are built once: building one costs more than running it.
_CASE = sa.select(t.cases).where(t.cases.c.id == sa.bindparam("case")).with_for_update(of=t.cases)
_CASE_OF_TASK = sa.select(t.cases).join(t.tasks, t.tasks.c.case_id == t.cases.c.id).where(t.tasks.c.id == sa.bindparam("task")).with_for_update(of=t.cases)
_STEP_ON = sa.update(t.cases).where(t.cases.c.id == sa.bindparam("this"), t.cases.c.version == sa.bindparam("before"))


@dataclass
class Case:
    """A running case, held: nobody else changes it until this transaction ends."""

    id: str
    reference: str
    release: str
    pack: Pack
    program: Program
    key: Key
    start: str
    started_at: datetime
    started_by: str
    agency: str | None
    options: Mapping[str, Any]
    stage: str | None
    version: int
    outcome: str | None
    ended_at: datetime | None
    process: Process | None = None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # registers read in this transaction, as expressions see them
    rows_changed: set[str] = field(default_factory=set)  # registers written since the clocks of their rows were looked at

    def seal(self, value: Any, *place: Any) -> bytes:
        """A value sealed for this case and place."""
        return self.key.seal(data.dumps(value), self.id, *place)

    def open(self, sealed: bytes, *place: Any) -> Any:
        """What was sealed at this place of this case."""
        return data.loads(self.key.open(sealed, self.id, *place))


@dataclass
class Work:
    """One transaction of one actor at one moment."""

    db: sa.Connection
    actor: Actor
    now: datetime  # in the board's own zone
    settings: Settings
    vault: Vault
    shelf: Shelf
    verb: str
    live: dict[str, tuple[int, Process]]  # processes kept in memory between steps, by case
    case: Case | None = None
    holding: str | None = None  # the case that is being held, even if it could not be opened
    _trail: list[dict[str, Any]] = field(default_factory=list)
    _mails: list[dict[str, Any]] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        """The board's zone: what “today” means here."""
        return self.settings.board.timezone

    @property
    def today(self) -> date:
        """The board's local date."""
        return self.now.date()

    def hold(self, case_id: str) -> Case:
        """The case, locked first and read after: whoever comes second sees what the first has done."""
        return self._held(_CASE, case=case_id)

    def hold_case_of(self, task: str) -> Case:
        """The case of this task, held the same way. What is true of the task itself is read after."""
        return self._held(_CASE_OF_TASK, task=task)

    def _held(self, query: sa.Select[Any], **which: str) -> Case:
        row = self.db.execute(query, which).one_or_none()
        if row is None:
            raise NotFound
        self.holding = row.id
        self.case = case_of(row, self.vault, self.shelf.pack(self.db, row.release), self.shelf.program(self.db, row.release))
        return self.case

    def record(self, event: str, by: str | None = None, **details: Any) -> None:
        """Say on the trail that this happened, `by` whom if not by the actor."""
        owner = self.case.id if self.case else None
        entry = {"at": self.now, "actor": by or self.actor.person, "case_id": owner, "event": event, "details": events.checked(event, details)}
        self._trail.append(entry)

    def post(self, message: str, person: str, subject: str, body: str) -> None:
        """Put a mail in the outbox; it leaves after the commit."""
        letter = new_id()
        case = self.case
        content = data.dumps({"subject": subject, "body": body})
        place = (case.id if case else "", "outbox", letter)
        sealed = case.key.seal(content, *place) if case else self.vault.seal(content, *place)
        self._mails.append({"id": letter, "case_id": case.id if case else None, "message": message, "person": person,
                            "queued_at": self.now, "mail": sealed, "next_at": self.now})
        self.record("mail_queued", message=message, to=person)

    def finish(self) -> None:
        """Write what was kept for the end."""
        if self._mails:
            self.db.execute(sa.insert(t.outbox), self._mails)
        if self._trail:
            self.db.execute(sa.insert(t.trail), self._trail)

    def save_step(self, case: Case) -> None:
        """Append the state of the process. Its version is the lock: two who began from the same version cannot both end."""
        assert case.process is not None  # noqa: S101 - only called after the process moved
        sealed = case.key.seal(case.process.save(), case.id, "steps", case.version + 1)
        self.db.execute(sa.insert(t.steps), {"case_id": case.id, "version": case.version + 1, "release": case.release, "at": self.now,
                                             "actor": self.actor.person, "verb": self.verb, "state": sealed})
        changed = self.db.execute(_STEP_ON, {"this": case.id, "before": case.version, "version": case.version + 1, "changed_at": self.now,
                                             "stage": case.stage, "outcome": case.outcome, "ended_at": case.ended_at})
        if changed.rowcount != 1:
            raise Conflict
        case.version += 1


def case_of(row: Any, vault: Vault, pack: Pack, program: Program) -> Case:
    """A row of `cases` with its key opened."""
    if row.key is None:
        raise NotFound("This case has been erased.")
    return Case(id=row.id, reference=row.reference, release=row.release, pack=pack, program=program, key=vault.unwrap(row.key, row.id),
                start=row.start, started_at=row.started_at, started_by=row.started_by, agency=row.agency, options=row.options,
                stage=row.stage, version=row.version, outcome=row.outcome, ended_at=row.ended_at)


def saved_state(db: sa.Connection, case: Case) -> bytes:
    """The process as the last step left it."""
    sealed = db.scalar(sa.select(t.steps.c.state).where(t.steps.c.case_id == case.id, t.steps.c.version == case.version))
    if sealed is None:
        raise Broken
    return case.key.open(sealed, case.id, "steps", case.version)
