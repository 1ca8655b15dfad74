"""The ledger of deadlines: rows that start, end and are breached as the process passes their elements.

A diagram's timer event names a deadline; the row here says when it fires. Everything a clock will do of itself (remind, breach,
chase, escalate) is a row of `timers`, written when the clock starts and taken back when it ends."""
from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import Incident
from engine.progress import mail
from engine.rules import deadlines as rules
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from engine.packs import Pack
    from engine.progress.names import Names
    from engine.rules.deadlines import Deadline
    from engine.spiff import Place
    from engine.work import Case, Work

#: A clock that was breached and is not ended yet still runs for whoever has to act.
UNENDED = ("running", "breached")
_CLOCKS = sa.select(t.deadlines).where(t.deadlines.c.case_id == sa.bindparam("case")).order_by(t.deadlines.c.started_at, t.deadlines.c.nth)


class Clocks:
    """The clocks of one held case."""

    def __init__(self, work: Work, case: Case, names: Names) -> None:
        self.work, self.case, self.names = work, case, names
        self._rows: list[dict[str, Any]] | None = None
        self.moved = False

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every clock this case ever had, in order of their starting."""
        if self._rows is None and not self.case.pack.deadlines:
            self._rows = []
        elif self._rows is None:
            self._rows = [dict(row._mapping) for row in self.work.db.execute(_CLOCKS, {"case": self.case.id})]  # noqa: SLF001 - SQLAlchemy's documented name
        return self._rows

    # ---- what the process asks and tells

    def due(self, name: str, place: Place) -> datetime | None:
        """When a timer event on this clock fires; None while nothing runs or once this event has carried the breach."""
        row = self._latest(name, place)
        if row is None or row["state"] not in UNENDED or row["ended_at"] or place.element in row["told"]:
            return None
        moment: datetime = row["breach_at"]
        return moment

    def happened(self, place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """An element was passed: end, cancel and start what names it."""
        for deadline, what in _by_element(self.case.pack).get(place.element, ()):
            if what == "cancels":
                for row in self._unended(deadline.name, place):
                    self._close(row, "cancelled")
            elif what == "ends":
                for row in self._unended(deadline.name, place):
                    self._end(deadline, row, place, variables)
            elif deadline.when is None or self._true(deadline, deadline.when, place, variables):
                self.start(deadline, place, variables)
        if name := _timer_events(self.case.pack).get(place.element):
            breached = self._latest(name, place)
            if breached is not None:
                self._write(breached, told=[*breached["told"], place.element])
                if breached["state"] == "running" and breached["breach_at"] <= self.work.now:
                    self.breach(breached)

    # ---- what a clock does

    def start(self, deadline: Deadline, place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """Start a clock here, unless the same one is still running: what restarts a step does not restart its clock."""
        item = (place.item or place.agency or "") if deadline.per else ""
        same = [row for row in self.rows if row["name"] == deadline.name and row["item"] == item]
        if same and same[-1]["state"] in UNENDED and same[-1]["ended_at"] is None:
            return
        counted_from = self.work.today
        if deadline.from_ is not None:
            counted_from = self._date(deadline, deadline.from_, place, variables)
        if deadline.on is not None:
            due = self._date(deadline, deadline.on, place, variables)
        else:
            due = rules.due_date(deadline, counted_from, self.work.settings.board.calendar)
        row = {
            "id": new_id(), "case_id": self.case.id, "name": deadline.name, "item": item, "nth": len(same) + 1, "started_at": self.work.now,
            "counted_from": counted_from, "due": due, "breach_at": rules.breach_moment(due, self.work.zone), "state": "running",
            "breached_at": None, "ended_at": None, "ended_on": None, "told": [],
        }
        self.work.db.execute(sa.insert(t.deadlines).values(row))
        self.rows.append(row)
        self.moved = True  # a task that is open already may be due by it
        self.work.record("deadline_started", deadline=deadline.name, item=item, due=due.isoformat())
        self._plan(deadline, row)

    def breach(self, row: dict[str, Any]) -> None:
        """The due day is over and nothing has met it."""
        self._write(row, state="breached", breached_at=self.work.now)
        self.work.record("deadline_breached", deadline=row["name"], item=row["item"], due=row["due"].isoformat())

    def move(self, row: dict[str, Any], due: date) -> None:
        """Another due date: timers and unsent reminders follow."""
        before, deadline = row["due"], self.case.pack.deadlines[row["name"]]
        self._write(row, due=due, breach_at=rules.breach_moment(due, self.work.zone), state="running", breached_at=None, told=[])
        self.work.record("deadline_moved", deadline=row["name"], item=row["item"], due=due.isoformat(), before=before.isoformat())
        self._unplan(row)
        self._plan(deadline, row)

    def remind(self, row: dict[str, Any], kind: str, roles: list[str]) -> None:
        """Tell those who can still meet it, or those it is escalated to."""
        deadline = self.case.pack.deadlines[row["name"]]
        agency = self._agency_of(row)
        days = (self.work.today - row["due"]).days if kind != "remind" else (row["due"] - self.work.today).days
        message = {"remind": deadline.message.reminder, "chase": deadline.message.overdue, "escalate": deadline.message.escalation}[kind]
        people = mail.holders_of_roles(self.work, self.case, roles, agency) if roles else self._who_can_meet(deadline, row, agency)
        if message in self.case.pack.messages:
            mail.tell(self.work, self.case, message, people, due=row["due"], days=max(0, days), task=deadline.title)
        if kind == "escalate":
            self.work.record("escalated", deadline=row["name"], item=row["item"], roles=roles)
        else:
            self.work.record("reminded", deadline=row["name"], item=row["item"])
        if kind == "chase":
            self._plan_chase(deadline, row, after=self.work.now)

    def end_all(self) -> None:
        """The case is over: no clock runs on."""
        for row in self.rows:
            if row["ended_at"] is None:
                self._close(row, "cancelled" if row["state"] == "running" else row["state"])

    # ---- inside

    def _end(self, deadline: Deadline, row: dict[str, Any], place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        ended_on = self.work.today if deadline.ended is None else self._date(deadline, deadline.ended, place, variables)
        met = ended_on <= row["due"]
        late_record = met and row["state"] == "breached"
        if met:
            self.work.record("deadline_met", deadline=row["name"], item=row["item"], due=row["due"].isoformat(),
                             ended=ended_on.isoformat(), late_record=late_record)
        elif row["state"] == "running":
            self.breach(row)
        self._write(row, state="met" if met else "breached", ended_at=self.work.now, ended_on=ended_on)
        self._unplan(row)
        if deadline.every is not None:
            self._begin_next(deadline, row)

    def _begin_next(self, deadline: Deadline, row: dict[str, Any]) -> None:
        """The next round of a repeating clock, reckoned from the first start so that lateness does not creep."""
        nth = row["nth"] + 1
        due = rules.due_date(deadline, row["counted_from"], self.work.settings.board.calendar, nth=nth)
        fresh = row | {"id": new_id(), "nth": nth, "started_at": self.work.now, "due": due, "breach_at": rules.breach_moment(due, self.work.zone),
                       "state": "running", "breached_at": None, "ended_at": None, "ended_on": None, "told": []}
        self.work.db.execute(sa.insert(t.deadlines).values(fresh))
        self.rows.append(fresh)
        self.moved = True
        self.work.record("deadline_started", deadline=row["name"], item=row["item"], due=due.isoformat())
        self._plan(deadline, fresh)

    def _close(self, row: dict[str, Any], state: str) -> None:
        self._write(row, state=state, ended_at=self.work.now)
        if state == "cancelled":
            self.work.record("deadline_cancelled", deadline=row["name"], item=row["item"])
        self._unplan(row)

    def _plan(self, deadline: Deadline, row: dict[str, Any]) -> None:
        board = self.work.settings.board
        planned: list[dict[str, Any]] = [{"kind": "breach", "due_at": row["breach_at"], "roles": ""}]
        planned += [{"kind": "remind", "due_at": at, "roles": ",".join(deadline.to)}
                    for at in rules.reminders(deadline, row["due"], self.work.now, board.calendar, board.reminder_hour, board.timezone)]
        planned += [{"kind": "escalate", "due_at": at, "roles": ",".join(roles)}
                    for at, roles in rules.escalations(deadline, row["due"], board.calendar, board.timezone)]
        self.work.db.execute(sa.insert(t.timers), [
            {"id": new_id(), "case_id": self.case.id, "deadline": row["id"], "event": None, **timer} for timer in planned])
        self._plan_chase(deadline, row, after=None)

    def _plan_chase(self, deadline: Deadline, row: dict[str, Any], after: datetime | None) -> None:
        board = self.work.settings.board
        at = rules.next_chase(deadline, row["due"], after or row["breach_at"], board.calendar, board.reminder_hour, board.timezone)
        if at is not None:
            self.work.db.execute(sa.insert(t.timers).values(id=new_id(), case_id=self.case.id, deadline=row["id"], kind="chase", due_at=at,
                                                            roles=",".join(deadline.to)))

    def _unplan(self, row: dict[str, Any]) -> None:
        self.work.db.execute(sa.delete(t.timers).where(t.timers.c.deadline == row["id"], t.timers.c.fired_at.is_(None)))

    def _write(self, row: dict[str, Any], **values: Any) -> None:
        row.update(values)
        self.moved = True
        self.work.db.execute(sa.update(t.deadlines).where(t.deadlines.c.id == row["id"]).values(**values))

    def _unended(self, name: str, place: Place) -> list[dict[str, Any]]:
        """The unended clocks of this name that a place concerns: its own item's, and from outside the items all of them."""
        return [row for row in self.rows if row["name"] == name and row["ended_at"] is None and (
            not row["item"] or not place.item or row["item"] in (place.item, place.agency) or place.item.startswith(f"{row['item']}/"))]

    def _latest(self, name: str, place: Place) -> dict[str, Any] | None:
        here = [row for row in self.rows if row["name"] == name and (
            not row["item"] or row["item"] in (place.item, place.agency) or (place.item or "").startswith(f"{row['item']}/"))]
        return here[-1] if here else None

    def _agency_of(self, row: dict[str, Any]) -> str | None:
        return row["item"].rpartition("/")[2] or self.case.agency if row["item"] else self.case.agency

    def _who_can_meet(self, deadline: Deadline, row: dict[str, Any], agency: str | None) -> list[str]:
        """The holder of each open task that would end it: who has taken it, or else everyone it is offered to."""
        query = sa.select(t.tasks.c.claimed_by, t.offers.c.holder).join(t.offers, t.offers.c.task == t.tasks.c.id).where(
            t.tasks.c.case_id == self.case.id, t.tasks.c.state == "open", t.tasks.c.element.in_(deadline.ends))
        if row["item"]:
            own = sa.or_(t.tasks.c.item == row["item"], t.tasks.c.item.startswith(f"{row['item']}/", autoescape=True))
            query = query.where(sa.or_(own, sa.and_(t.tasks.c.item.is_(None), t.tasks.c.agency == row["item"])))
        found = self.work.db.execute(query).all()
        people = {one.claimed_by for one in found if one.claimed_by}
        offered = {one.holder for one in found if not one.claimed_by}
        if offered:
            people.update(mail.holders_of(self.work.db, offered))
        if not found:
            first = next(iter(deadline.escalate), None)
            return mail.holders_of_roles(self.work, self.case, first.to, agency) if first else []
        return sorted(people)

    def _value(self, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> Any:
        try:
            return feel.evaluate(text, {**self.names.of(feel.paths(text), place), **variables()}, self.work.now)
        except feel.FeelError as problem:
            raise Incident(str(problem), element=place.element) from problem

    def _true(self, deadline: Deadline, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> bool:
        value = self._value(text, place, variables)
        if not isinstance(value, bool):
            raise Incident(f"The deadline “{deadline.title}” runs when {text}, which is neither true nor false here.", element=place.element)
        return value

    def _date(self, deadline: Deadline, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> date:
        value = self._value(text, place, variables)
        if hasattr(value, "astimezone"):
            value = value.astimezone(self.work.zone).date()
        if value is None:
            raise Incident(f"The deadline “{deadline.title}” counts from {text}, which is empty here.", element=place.element)
        found: date = value
        return found


@cache
def _by_element(pack: Pack) -> Mapping[str, list[tuple[Deadline, str]]]:
    """Element → what passing it does to which clocks: endings before beginnings."""
    made: dict[str, list[tuple[Deadline, str]]] = defaultdict(list)
    for what, attribute in (("cancels", "cancelled_by"), ("ends", "ends"), ("starts", "starts")):
        for deadline in pack.deadlines.values():
            named = getattr(deadline, attribute)
            for element in [named] if isinstance(named, str) else named:
                made[element].append((deadline, what))
    return made


@cache
def _timer_events(pack: Pack) -> Mapping[str, str]:
    """Timer event → the deadline its date names."""
    return {element.id: element.event.deadline for process in pack.processes.values() for element in process.elements.values()
            if element.event.deadline is not None}
