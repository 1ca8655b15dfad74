"""What a verb is handed: the transaction, who acts, and the moment.

A verb changes rows through `work.db` and nothing else. What it wants told (trail, mail) is kept here and written just before
the commit, in the same transaction."""
from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import events
from engine.errors import Conflict, Erased, NotFound
from engine.feel import data
from engine.store import tables as t
from engine.store.chain import Head
from engine.store.database import new_id
from engine.store.eyes import everywhere, may_write
from engine.store.incidents import note_incident
from engine.store.sealing import Broken
from engine.store.written import FRAMES, WHOLE, fingerprint, owner_and_place, print_of_case, prints, told, whole_rows, written_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from engine.packs import Pack
    from engine.releases import Shelf
    from engine.rules.access import Actor
    from engine.settings import Settings
    from engine.spiff import Process, Program
    from engine.store.chain import Chain, Row
    from engine.store.sealing import Key, Vault
    from engine.store.written import Place, Writes

log = logging.getLogger("casereview")

# Statements of every step are built once: building one costs more than running it.
_CASE = sa.select(t.cases).where(t.cases.c.id == sa.bindparam("case")).with_for_update(of=t.cases)
_CASE_OF_TASK = sa.select(t.cases).join(t.tasks, t.tasks.c.case_id == t.cases.c.id).where(t.tasks.c.id == sa.bindparam("task")).with_for_update(of=t.cases)
_CASE_ON = sa.update(t.cases).where(t.cases.c.id == sa.bindparam("this"), t.cases.c.version == sa.bindparam("before"))
_HEAD_ON = sa.update(t.cases).where(t.cases.c.id == sa.bindparam("this"))


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
    chain: Chain
    shelf: Shelf
    verb: str
    live: dict[str, tuple[int, Process]]  # processes kept in memory between steps, by case
    case: Case | None = None
    holding: str | None = None  # the case that is being held, even if it could not be opened
    _trail: list[Row] = field(default_factory=list)
    _mails: list[dict[str, Any]] = field(default_factory=list)
    _wrote: dict[tuple[str | None, Place], str | None] = field(default_factory=dict)    # fingerprints for the trail; none: removed
    _cases: dict[str, Case] = field(default_factory=dict)    # that are held or began, and how each stood before
    _stood: dict[str, str] = field(default_factory=dict)
    _heads: dict[str, Head] = field(default_factory=dict)    # of the trails of cases that are held
    _further: set[str] = field(default_factory=set)    # those of them that grew
    _moved: dict[str, tuple[Case, int]] = field(default_factory=dict)    # cases that took a step, and the version they had before

    def __post_init__(self) -> None:
        self.vault = self.vault.heard_by(self._sealed)

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

    def began(self, row: Any) -> Case:
        """The case that begins with this row, which was just written: held, for nobody else sees it."""
        self.case = self._cases[row.id] = case_of(row, self.vault, self.shelf.pack(self.db, row.release), self.shelf.program(self.db, row.release))
        return self.case

    def hold_case_of(self, task: str) -> Case:
        """The case of this task, held the same way. What is true of the task itself is read after."""
        return self._held(_CASE_OF_TASK, task=task)

    def _held(self, query: sa.Select[Any], **which: str) -> Case:
        row = self.db.execute(query, which).one_or_none()
        if row is None:
            raise NotFound
        if self.holding != row.id:
            may_write(self.db, row.id)
        self.holding = row.id
        if row.trail_state is not None:
            self._heads.setdefault(row.id, Head(row.trail_number, row.trail_state))
        self._stood.setdefault(row.id, print_of_case(row))
        self.case = case_of(row, self.vault, self.shelf.pack(self.db, row.release), self.shelf.program(self.db, row.release))
        self._cases[row.id] = self.case
        return self.case

    def removed(self, table: str, row: str, column: str, case: str | None) -> None:
        """Record that a sealed value was deleted on purpose; otherwise `verify` reports it as missing."""
        self._wrote[case, (table, row, column)] = None

    def write(self, statement: Writes, rows: Any = None) -> int:
        """Write to a table of `store.written.ROWS`, whose rows are believed as they stand, and fingerprint them for the trail. Returns how many.

        What is written past this, `verify` reports as put in from outside. A statement that many steps run is made once, with `told`."""
        wrote = self.db.execute(told(statement), rows).all()
        self._wrote |= {(case, place): None if statement.is_delete else print_ for case, place, print_ in prints(written_to(statement), wrote)}
        return len(wrote)

    def shut(self, table: str, row: str) -> None:
        """Say that a sealed row does not open, where one can do without it: whoever runs the machine has to look, and is told once."""
        element = f"{table} {row}"
        with everywhere(self.db):
            new = note_incident(self.db, self.now, None, element, str(Broken()))
        if new:
            log.error("incident", extra={"verb": self.verb, "element": element, "person": self.actor.person, "case": None})
            self.record("incident", element=element, kind=self.verb)

    def covers(self, case: str, number: int, link: str) -> None:
        """Say on the chain of the house how far the trail of a case goes."""
        self._wrote[None, ("cases", case, "trail")] = f"{number} {link}"

    def _sealed(self, place: tuple[Any, ...], sealed: bytes) -> None:
        self._wrote[owner_and_place(place)] = fingerprint(sealed)

    def record(self, event: str, by: str | None = None, **details: Any) -> None:
        """Say on the trail that this happened, `by` whom if not by the actor."""
        owner = self.case.id if self.case else None
        entry = {"at": self.now, "actor": by or self.actor.person, "case_id": owner, "event": event, "details": events.checked(event, details)}
        self._trail.append(entry)

    def post(self, message: str, person: str | None, subject: str, body: str, address: str | None = None, at: datetime | None = None) -> None:
        """Put a mail in the outbox, to a person or to an address of the settings; it leaves after the commit, or at a later moment."""
        letter = new_id()
        case = self.case
        content = data.dumps({"subject": subject, "body": body, "for": person} | ({"to": address} if address else {}))
        place = (case.id if case else "", "outbox", letter)
        sealed = case.key.seal(content, *place) if case else self.vault.seal(content, *place)
        self._mails.append({"id": letter, "case_id": case.id if case else None, "message": message, "person": person,
                            "queued_at": self.now, "mail": sealed, "next_at": at or self.now})
        self.record("mail_queued", message=message, to=person)

    def finish(self) -> None:
        """Write what was kept for the end. The heads of the trails of cases that are held go with what their step changed."""
        if self._mails:
            self.db.execute(sa.insert(t.outbox), self._mails)
        self.write_trail()
        for held in self._further - self._moved.keys():
            self.db.execute(_HEAD_ON, {"this": held, **self._head(held)})
        for case, before in self._moved.values():
            values = {"version": case.version, "changed_at": self.now, "stage": case.stage, "outcome": case.outcome, "ended_at": case.ended_at}
            if self.db.execute(_CASE_ON, {"this": case.id, "before": before, **values, **self._head(case.id)}).rowcount != 1:
                raise Conflict

    def write_trail(self) -> None:
        """Write what was recorded so far, with what was written so far; a deed that needs its own link does so before it goes on."""
        framed = {(table, row) for (_, (table, row, _)), print_ in self._wrote.items() if print_ and table in FRAMES}
        for table in sorted({table for table, _ in framed}):
            self._wrote |= {(case, place): print_ for case, place, print_ in whole_rows(self.db, table, [row for name, row in framed if name == table])}
        for id, held in self._cases.items():
            if (now := print_of_case(held)) != self._stood.get(id):
                self._stood[id] = self._wrote[id, ("cases", id, WHOLE)] = now
        for case in {case for case, _ in self._wrote} - {row["case_id"] for row in self._trail}:
            self._trail.append({"at": self.now, "actor": self.actor.person, "case_id": case, "event": "kept",
                                "details": events.checked("kept", {"verb": self.verb})})
        further = self.chain.write(self.db, self._trail, self._wrote, self._heads)
        self._heads |= further
        self._further |= further.keys()
        self._trail.clear()
        self._wrote.clear()

    def _head(self, case: str) -> dict[str, Any]:
        return {"trail_number": self._heads[case].number, "trail_state": self._heads[case].state} if case in self._further else {}

    def save_step(self, case: Case) -> None:
        """Append the state of the process. Its version is the lock: two who began from the same version cannot both end."""
        assert case.process is not None  # noqa: S101 - only called after the process moved
        sealed = case.key.seal(case.process.save(), case.id, "steps", case.version + 1)
        self.db.execute(sa.insert(t.steps), {"case_id": case.id, "version": case.version + 1, "release": case.release, "at": self.now,
                                             "actor": self.actor.person, "verb": self.verb, "state": sealed})
        self._moved.setdefault(case.id, (case, case.version))
        case.version += 1


def case_of(row: Any, vault: Vault, pack: Pack, program: Program) -> Case:
    """A row of `cases` with its key opened."""
    if row.key is None:
        raise Erased
    return Case(id=row.id, reference=row.reference, release=row.release, pack=pack, program=program, key=vault.unwrap(row.key, row.id),
                start=row.start, started_at=row.started_at, started_by=row.started_by, agency=row.agency, options=row.options,
                stage=row.stage, version=row.version, outcome=row.outcome, ended_at=row.ended_at)


def saved_state(db: sa.Connection, case: Case) -> bytes:
    """The process as the last step left it."""
    sealed = db.scalar(sa.select(t.steps.c.state).where(t.steps.c.case_id == case.id, t.steps.c.version == case.version))
    if sealed is None:
        raise Broken
    return case.key.open(sealed, case.id, "steps", case.version)
