"""The ledger of deadlines: rows that start, end and are breached as the process passes their elements.

A diagram's timer event names a deadline; the row here says when it fires. What a clock will do of itself is in `plans`, whom it tells
in `telling`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import Incident
from engine.progress import telling
from engine.progress.names import concerns
from engine.progress.plans import Plans
from engine.progress.registers import rows_of
from engine.rules import deadlines as rules
from engine.spiff import Place
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from engine.progress.names import Names
    from engine.progress.readings import Readings
    from engine.rules.deadlines import Deadline
    from engine.work import Case, Work

#: A clock that was breached and is not ended yet still runs for whoever has to act.
UNENDED = ("running", "breached")
_CLOCKS = sa.select(t.deadlines).where(t.deadlines.c.case_id == sa.bindparam("case")).order_by(t.deadlines.c.started_at, t.deadlines.c.nth)


class Clocks:
    """The clocks of one held case."""

    def __init__(self, work: Work, case: Case, names: Names, readings: Readings) -> None:
        self.work, self.case, self.names, self.readings = work, case, names, readings
        self.plans = Plans(work, case)
        self._rows: list[dict[str, Any]] | None = None
        self.moved = False
        self._reached: list[dict[str, Any]] = []  # repeating milestones that have come, whose next round has not begun

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
        if row is None or _waiting(place) in row["told"] or not (self._has_come(row) or (row["state"] in UNENDED and not row["ended_at"])):
            return None
        moment: datetime = row["breach_at"]
        return moment

    def happened(self, place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """An element was passed: end, cancel and start what names it."""
        for deadline, what in self.case.pack.deadlines_moved_by.get(place.element, ()):
            if what == "cancels":
                for row in self._unended(deadline.name, place):
                    self._close(row, "cancelled", by=place.element)
            elif what == "ends":
                for row in self._unended(deadline.name, place):
                    self._finish(deadline, row, place, variables)
            elif self._runs(deadline, place, variables):
                self.start(deadline, place, variables)
        if name := self.case.pack.deadline_of_event.get(place.element):
            breached = self._latest(name, place)
            if breached is not None:
                self._write(breached, told=[*breached["told"], _waiting(place)])
                if breached["state"] == "running" and breached["breach_at"] <= self.work.now:
                    self.fall_due(breached)
        if self.case.rows_changed:
            self.follow_rows()

    def follow_rows(self) -> None:
        """Rows of registers were written: their clocks start, move, end or are cancelled, as each row says now."""
        while self.case.rows_changed:
            register = self.case.rows_changed.pop()
            for deadline in self.case.pack.deadlines.values():
                if deadline.register == register and self.case.ended_at is None:
                    for row in rows_of(self.work.db, self.case, [register])[register]:
                        self._follow(deadline, row)

    def go_on(self) -> bool:
        """Begin the next round of repeating milestones that have come, once their events have fired. Were there any?"""
        reached, self._reached = self._reached, []
        for row in reached:
            self._begin_next(self.case.pack.deadlines[row["name"]], row)
        return bool(reached)

    # ---- what a clock does

    def start(self, deadline: Deadline, place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """Start a clock here, unless the same one is still running: what restarts a step does not restart its clock."""
        item = (place.item or place.agency or "") if deadline.per else ""
        same = [row for row in self.rows if row["name"] == deadline.name and row["item"] == item]
        if same and same[-1]["state"] in UNENDED and same[-1]["ended_at"] is None:
            return
        counted_from, clock = self.work.today, new_id()
        if deadline.from_ is not None:
            counted_from = self._date(deadline, deadline.from_, place, variables)
            self.readings.of_clock("from", deadline.name, clock, deadline.from_, place, variables)
        if deadline.on is not None:
            due = self._date(deadline, deadline.on, place, variables)
            self.readings.of_clock("on", deadline.name, clock, deadline.on, place, variables)
        else:
            due = rules.due_date(deadline, counted_from, self.work.settings.board.calendar)
        self._open(deadline, item, counted_from, due, clock)

    def fall_due(self, row: dict[str, Any]) -> None:
        """Its moment is here: a milestone has come, anything else is breached."""
        deadline = self.case.pack.deadlines[row["name"]]
        if not deadline.milestone:
            self.breach(row)
            return
        self.work.record("deadline_met", deadline=row["name"], item=row["item"], due=row["due"].isoformat(), ended=row["due"].isoformat(), late_record=False)
        self._write(row, state="met", ended_at=self.work.now, ended_on=row["due"])
        self.plans.drop(row)
        if deadline.every is not None:
            self._reached.append(row)

    def breach(self, row: dict[str, Any]) -> None:
        """The due day is over and nothing has met it."""
        self._write(row, state="breached", breached_at=self.work.now)
        self.work.record("deadline_breached", deadline=row["name"], item=row["item"], due=row["due"].isoformat())

    def move(self, row: dict[str, Any], due: date, counted_from: date | None = None) -> None:
        """Another due date: timers and unsent reminders follow."""
        before, deadline = row["due"], self.case.pack.deadlines[row["name"]]
        self._write(row, due=due, breach_at=rules.due_moment(deadline, due, self.work.zone), state="running", breached_at=None, told=[],
                    counted_from=counted_from or row["counted_from"])
        self.work.record("deadline_moved", deadline=row["name"], item=row["item"], due=due.isoformat(), before=before.isoformat())
        self.plans.drop(row)
        self.plans.make(deadline, row)

    def recount(self, row: dict[str, Any], counted_from: date, due: date, ended_on: date | None) -> None:
        """A date it was reckoned with was corrected. It runs, is met or is missed by the right one; what it has told already is not told again."""
        deadline, before, late = self.case.pack.deadlines[row["name"]], row["due"], row["state"] == "breached"
        breach_at = rules.due_moment(deadline, due, self.work.zone)
        if due != before:
            self.work.record("deadline_moved", deadline=row["name"], item=row["item"], due=due.isoformat(), before=before.isoformat())
        self._write(row, counted_from=counted_from, due=due, breach_at=breach_at, ended_on=ended_on)
        if row["state"] == "cancelled" or (deadline.milestone and row["ended_at"] is not None):
            return
        if row["ended_at"] is not None:
            missed = ended_on is not None and ended_on > due
            self._write(row, state="breached" if missed else "met", breached_at=(row["breached_at"] or self.work.now) if missed else None)
            if missed and not late:
                self.work.record("deadline_breached", deadline=row["name"], item=row["item"], due=due.isoformat())
            elif not missed and ended_on is not None:
                self.work.record("deadline_met", deadline=row["name"], item=row["item"], due=due.isoformat(), ended=ended_on.isoformat(), late_record=late)
            return
        if breach_at > self.work.now:
            self._write(row, state="running", breached_at=None, told=[])
        self.plans.drop(row)
        self.plans.make(deadline, row, again=True)
        if breach_at <= self.work.now and not late:
            self.fall_due(row)  # its timer events fire as this step settles

    def remind(self, row: dict[str, Any], kind: str, roles: list[str]) -> None:
        """Tell those who can still meet it, or those it is escalated to. A reminder that comes when the day is over says nothing: others do."""
        if kind == "remind" and self.work.today > row["due"]:
            return
        deadline = self.case.pack.deadlines[row["name"]]
        telling.tell(self.work, self.case, deadline, row, kind, roles)
        if kind == "escalate":
            self.work.record("escalated", deadline=row["name"], item=row["item"], roles=roles)
        else:
            self.work.record("reminded", deadline=row["name"], item=row["item"])
        if kind == "chase":
            self.plans.chase(deadline, row, after=self.work.now)

    def end_all(self) -> None:
        """The case is over: no clock runs on."""
        for row in self.rows:
            if row["ended_at"] is None:
                self._close(row, "cancelled" if row["state"] == "running" else row["state"])

    # ---- inside

    def _finish(self, deadline: Deadline, row: dict[str, Any], place: Place, variables: Callable[[], Mapping[str, Any]]) -> None:
        """An element has ended it."""
        ended_on = self.work.today
        if deadline.ended is not None:
            ended_on = self._date(deadline, deadline.ended, place, variables)
            self.readings.of_clock("ended", deadline.name, row["id"], deadline.ended, place, variables)
        self._end(row, ended_on, place.element)
        if deadline.every is not None:
            self._begin_next(deadline, row)

    def _end(self, row: dict[str, Any], ended_on: date, by: str) -> None:
        met = ended_on <= row["due"]
        late_record = met and row["state"] == "breached"
        if met:
            self.work.record("deadline_met", deadline=row["name"], item=row["item"], due=row["due"].isoformat(),
                             ended=ended_on.isoformat(), late_record=late_record)
        elif row["state"] == "running":
            self.breach(row)
        self._write(row, state="met" if met else "breached", ended_at=self.work.now, ended_on=ended_on, ended_by=by)
        self.plans.drop(row)

    def _begin_next(self, deadline: Deadline, row: dict[str, Any]) -> None:
        """The next round of a repeating clock: the first multiple from the first start that is still to come, so that lateness does not creep."""
        due = rules.next_due(deadline, row["counted_from"], max(row["due"], self.work.today), self.work.settings.board.calendar)
        self._open(deadline, row["item"], row["counted_from"], due)

    def _open(self, deadline: Deadline, item: str, counted_from: date, due: date, clock: str | None = None) -> None:
        """A new row, running."""
        nth = 1 + max((row["nth"] for row in self.rows if row["name"] == deadline.name and row["item"] == item), default=0)
        row: dict[str, Any] = {
            "id": clock or new_id(), "case_id": self.case.id, "name": deadline.name, "item": item, "nth": nth, "started_at": self.work.now,
            "counted_from": counted_from, "due": due, "breach_at": rules.due_moment(deadline, due, self.work.zone), "state": "running",
            "breached_at": None, "ended_at": None, "ended_on": None, "ended_by": None, "told": [],
        }
        self.work.write(sa.insert(t.deadlines).values(row))
        self.rows.append(row)
        self.moved = True  # a task that is open already may be due by it
        self.work.record("deadline_started", deadline=deadline.name, item=item, due=due.isoformat())
        self.plans.make(deadline, row)

    def _close(self, row: dict[str, Any], state: str, by: str | None = None) -> None:
        self._write(row, state=state, ended_at=self.work.now, ended_by=by)
        if state == "cancelled":
            self.work.record("deadline_cancelled", deadline=row["name"], item=row["item"])
        self.plans.drop(row)

    def _write(self, row: dict[str, Any], **values: Any) -> None:
        row.update(values)
        self.moved = True
        self.work.write(sa.update(t.deadlines).where(t.deadlines.c.id == row["id"]).values(**values))

    # ---- the clocks of rows

    def _follow(self, deadline: Deadline, row: dict[str, Any]) -> None:
        """One row, and what its clock has to do now."""
        by = f"{rules.ROWS}{deadline.register}"
        place, item = Place(by, self.case.pack.main.id, row["key"], None), row["key"]
        same = [clock for clock in self.rows if clock["name"] == deadline.name and clock["item"] == item]
        clock = same[-1] if same else None
        running = clock if clock is not None and clock["ended_at"] is None else None

        def variables() -> dict[str, Any]:
            return {"row": row}

        if deadline.cancelled is not None and self._true(deadline, deadline.cancelled, place, variables):
            if running:
                self._close(running, "cancelled", by=by)
            return
        if deadline.ends_when is not None and self._true(deadline, deadline.ends_when, place, variables):
            if running:
                given = self._value(deadline.ended, place, variables) if deadline.ended else None
                self._end(running, self._day(given) if given is not None else self.work.today, by)
            return
        reckoned = self._reckoned(deadline, place, variables)
        if running:
            if reckoned is None:
                self._close(running, "cancelled", by=by)
            elif (deadline.from_ or deadline.on) and reckoned != (running["counted_from"], running["due"]):
                self._move_row(deadline, running, *reckoned)
            return
        if reckoned is None or (clock is not None and clock["ended_by"] != by and self._same_day(deadline, clock, *reckoned)):
            return  # no day is known; or what ended it still holds
        if deadline.when is None or self._true(deadline, deadline.when, place, variables):
            self._open(deadline, item, *reckoned)

    def _reckoned(self, deadline: Deadline, place: Place, variables: Callable[[], Mapping[str, Any]]) -> tuple[date, date] | None:
        """The day a row's clock counts from and the day it is due; None while the row does not say."""
        counted_from = self.work.today
        if text := deadline.from_ or deadline.on:
            value = self._value(text, place, variables)
            if value is None:
                return None
            counted_from = self._day(value)
        if deadline.on is None:
            return counted_from, rules.due_date(deadline, counted_from, self.work.settings.board.calendar)
        return self.work.today, counted_from

    def _move_row(self, deadline: Deadline, running: dict[str, Any], counted_from: date, due: date) -> None:
        if self._same_day(deadline, running, counted_from, due):
            return
        if deadline.every is not None and running["nth"] > 1:
            due = rules.next_due(deadline, counted_from, self.work.today, self.work.settings.board.calendar)
        self.move(running, due, running["counted_from"] if deadline.on else counted_from)

    @staticmethod
    def _same_day(deadline: Deadline, clock: dict[str, Any], counted_from: date, due: date) -> bool:
        """Whether this clock was reckoned with the same day already; one that counts from its own start always was."""
        if deadline.every is not None:
            return deadline.from_ is None or clock["counted_from"] == counted_from
        return (deadline.from_ is None and deadline.on is None) or bool(clock["due"] == due)

    # ---- which, and whose

    def _has_come(self, row: dict[str, Any]) -> bool:
        """Whether it is a milestone that came of itself: events that wait for it later need not wait."""
        return row["state"] == "met" and row["ended_by"] is None and self.case.pack.deadlines[row["name"]].milestone

    def _unended(self, name: str, place: Place) -> list[dict[str, Any]]:
        """Clocks of this deadline that have not ended: inside an item only that item's, elsewhere every item's."""
        return [row for row in self.rows if row["name"] == name and row["ended_at"] is None and (not place.item or concerns(row["item"], place))]

    def _latest(self, name: str, place: Place) -> dict[str, Any] | None:
        here = [row for row in self.rows if row["name"] == name and concerns(row["item"], place)]
        return here[-1] if here else None

    def _value(self, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> Any:
        try:
            return feel.evaluate(text, {**self.names.of(feel.paths(text), place), **variables()}, self.work.now)
        except feel.FeelError as problem:
            raise Incident(str(problem), element=place.element) from problem

    def _runs(self, deadline: Deadline, place: Place, variables: Callable[[], Mapping[str, Any]]) -> bool:
        if deadline.when is None:
            return True
        self.readings.of_clock("when", deadline.name, None, deadline.when, place, variables)
        return self._true(deadline, deadline.when, place, variables)

    def _true(self, deadline: Deadline, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> bool:
        value = self._value(text, place, variables)
        if not isinstance(value, bool):
            raise Incident(f"The deadline “{deadline.title}” asks whether {text}, which is neither true nor false here.", element=place.element)
        return value

    def _date(self, deadline: Deadline, text: str, place: Place, variables: Callable[[], Mapping[str, Any]]) -> date:
        value = self._value(text, place, variables)
        if value is None:
            raise Incident(f"The deadline “{deadline.title}” counts from {text}, which is empty here.", element=place.element)
        return self._day(value)

    def _day(self, value: Any) -> date:
        """A date, or the local date of a moment."""
        found: date = value.astimezone(self.work.zone).date() if hasattr(value, "astimezone") else value
        return found


def _waiting(place: Place) -> str:
    """The key of a waiting timer event: `element`, or `element@item` inside a multi-instance."""
    return f"{place.element}@{place.item}" if place.item else place.element
