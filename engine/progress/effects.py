"""What follows from a corrected answer: worked out without changing anything, so that it can be shown before it is done.

Every gateway, table, script and deadline that has been asked since the answer was given is asked again, once with the answers as they
were and once as they are now, with what it had read then. Where the two differ, a deadline counts anew, and a decision is for a person."""
from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import Refused
from engine.feel.tables import DecisionError
from engine.progress.asked import place_of
from engine.progress.following import FOREVER, PROBLEMS, Trace, passes_of
from engine.rules import deadlines as rules
from engine.spiff import Place
from engine.spiff.rewriting import about
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.packs import Element
    from engine.progress.names import Names
    from engine.rules.deadlines import Deadline
    from engine.settings import Settings
    from engine.spiff.rewriting import Rewritten
    from engine.work import Case


@dataclass(frozen=True)
class Given:
    """An answer that is being corrected: the row of its submission, and what it says before and after, with every key of the form."""

    row: Any
    element: Element
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    seen: Mapping[str, Any]


@dataclass(frozen=True)
class Recount:
    """A clock with the right dates in it."""

    row: Mapping[str, Any]
    counted_from: date
    due: date
    ended_on: date | None

    @property
    def changes(self) -> bool:
        """Is there anything to write?"""
        return (self.counted_from, self.due, self.ended_on) != (self.row["counted_from"], self.row["due"], self.row["ended_on"])


@dataclass(frozen=True)
class Doubt:
    """Something that was decided, and would have been decided otherwise."""

    kind: str          # choice | table | runs | timer
    name: str
    item: str | None
    was: tuple[str, ...] = ()
    would: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effects:
    """All that a correction brings with it."""

    variables: tuple[Rewritten, ...]
    clocks: tuple[Recount, ...]
    papers: tuple[str, ...]       # ids of documents
    doubts: tuple[Doubt, ...]
    moot: tuple[Any, ...]         # rows of earlier doubts that an earlier correction of the same answer had left open


def effects_of(db: sa.Connection, case: Case, names: Names, settings: Settings, given: Given, now: datetime) -> Effects:
    """What the correction changes. Refused when a date that a deadline needs would be empty, or one that has come would lie ahead."""
    return _Asking(db, case, names, settings, given, now).effects()


class _Asking:
    def __init__(self, db: sa.Connection, case: Case, names: Names, settings: Settings, given: Given, now: datetime) -> None:
        self.db, self.case, self.names, self.settings, self.given, self.now = db, case, names, settings, given, now
        self.today, self.zone = now.date(), settings.board.timezone
        row, passes = given.row, passes_of(db, case.id)
        steps = [version for version, item in passes.get(given.element.id, ()) if item == row.item]
        begins = steps[row.round - 1] if len(steps) >= row.round else 0
        ends = steps[row.round] if len(steps) > row.round else FOREVER
        self.begins, self.ends = begins, ends
        c = t.corrections
        earlier = db.execute(sa.select(c).where(c.c.submission == row.id).order_by(c.c.number)).all()
        self.until = [one.version for one in earlier]     # the last step that was taken with each state of the answer
        form = case.pack.form_of(given.element.id)
        olds = [case.open(one.before, "corrections", one.id, "before")["answers"] for one in earlier]
        #: The answer in all its states: as given first, as each correction left it, and as it shall be.
        self.states: list[Mapping[str, Any]] = [*(form.filled(old) if form else old for old in olds), given.before, given.after]
        self.last = len(self.states) - 1
        self.traces = {(before, after): Trace(case, given.element, row.item, begins, ends, passes)
                       for after in range(len(self.states)) for before in range(after)}
        s = t.submissions
        self.later = frozenset(db.scalars(sa.select(s.c.id).where(
            s.c.case_id == case.id, s.c.element == row.element, s.c.item.is_not_distinct_from(row.item), s.c.round > row.round)))
        self.clocks = {one.id: dict(one._mapping) for one in db.execute(sa.select(t.deadlines).where(t.deadlines.c.case_id == case.id))}  # noqa: SLF001 - SQLAlchemy's documented name
        self.recounts: dict[str, Recount] = {}
        self.doubts: dict[tuple[str, str, str | None], Doubt] = {}

    def effects(self) -> Effects:
        self._map()
        r = t.readings
        for row in self.db.execute(sa.select(r).where(r.c.case_id == self.case.id, r.c.version >= self.begins).order_by(r.c.version, r.c.place)).all():
            self._ask(row)
        clocks = tuple(one for one in self.recounts.values() if one.changes)
        for one in clocks:
            self._sensible(one)
            self._doubt_timers(one)
        new, moot = self._new_doubts()
        return Effects(tuple(self.traces[self.last - 1, self.last].rewritten()), clocks, self._papers(), new, moot)

    # ---- asking again

    def _map(self) -> None:
        """The output mapping of what was answered, with the answer in each of its states."""
        element, place = self.given.element, place_of(self.case, self.given.row)
        at = self.given.row.at.astimezone(self.zone)
        found_in: list[dict[str, Any]] = []
        for answers in self.states:
            names = self._as(answers, at, self.later)
            found: dict[str, Any] = {}
            sources = [(row.target, row.source) for row in element.outputs]
            if element.loop and element.loop.gathers and element.loop.output:
                sources.append((_GATHERED, element.loop.output))
            for target, source in sources:
                known = {**names.of(_paths(source), place), **self.given.seen, **answers, **found}
                try:
                    found[target] = feel.value(source, known, at)
                except PROBLEMS:
                    continue  # it read what is not known any more; what it gave is then not followed
            found_in.append(found)
        for (one, other), trace in self.traces.items():
            before, after = found_in[one], found_in[other]
            for name in before.keys() & after.keys():
                if name == _GATHERED and element.loop and element.loop.gathers:
                    trace.add(element.process, element.loop.gathers, (before[name], after[name]), entry=True)
                elif element.loop is None:
                    trace.add(element.process, name, (before[name], after[name]))
            trace.spread(at)

    def _ask(self, row: Any) -> None:
        seen = self.case.open(row.seen, "readings", row.id, "seen")
        was = sum(version < row.version for version in self.until)     # the state of the answer when this was read
        later = range(was + 1, self.last + 1)
        seen_in = {was: seen} | {state: self.traces[was, state].corrected(row.process, seen, row.version, row.item) for state in later}
        if all(seen_in[state] == seen for state in later) and not self._reads_answers(row):
            return
        place, at = Place(row.element, row.process, row.item, row.agency), row.at.astimezone(self.zone)
        without = self.later if row.version < self.ends else frozenset()
        told = {state: self._told(row, seen_in[state], self._as(self.states[state], at, without), place, at) for state in seen_in}
        before, after = told[was], told[self.last]
        if row.kind in ("from", "on", "ended"):
            if any(told[state] != before for state in later):
                self._recount(row, after)
        elif row.kind in ("script", "table"):
            self._answered_again(row, told, was, at)
        elif before != after and row.kind == "when":
            self._doubt(Doubt("runs", row.name, row.item))
        elif before != after:
            self._doubt(Doubt("choice", row.name, row.item, tuple(before or ()), tuple(after or ())))

    def _answered_again(self, row: Any, told: Mapping[int, Any], was: int, at: datetime) -> None:
        """What a script worked out follows the answer; what a table decided stays in the process, whatever it would have decided."""
        decided, element = row.kind == "table", self.case.pack.elements[row.name]
        if decided and told[was] != told[self.last]:
            self._doubt(Doubt("table", row.name, row.item))
        for (one, other), trace in self.traces.items():
            if one < was or not element.result:
                continue
            pair = (told[was] if decided else told[one], told[other])
            if not any(isinstance(value, _Failed) for value in pair):
                trace.add(row.process, element.result, pair, decided=decided, by=row.name)
                trace.spread(at)

    def _reads_answers(self, row: Any) -> bool:
        source = self.given.element.id
        return any(path.partition(".")[0] in ("answers", "history") and path.split(".")[1:2] in ([source], []) for path in self._paths_of(row))

    def _paths_of(self, row: Any) -> frozenset[str]:
        pack = self.case.pack
        if row.kind == "table":
            table = pack.tables.get(pack.elements[row.name].decision or "")
            return table.paths if table else frozenset()
        if row.kind == "script":
            return _paths(pack.elements[row.name].script or "")
        if row.kind == "choice":
            return frozenset().union(*(_paths(flow.condition or "") for flow in self._flows(row.name)))
        return feel.paths(self._text(row))

    def _told(self, row: Any, seen: Mapping[str, Any], names: Names, place: Place, at: datetime) -> Any:
        """What it answers with these values, as a plain value; a failure is an answer of its own."""
        known = {**names.of(self._paths_of(row), place), **seen}
        try:
            if row.kind == "choice":
                return self._ways(row.name, known, at)
            if row.kind == "table":
                table = self.case.pack.tables.get(self.case.pack.elements[row.name].decision or "")
                return table.decide(known, at) if table else None
            if row.kind == "script":
                return feel.value(self.case.pack.elements[row.name].script or "", known, at)
            return feel.evaluate(self._text(row), known, at)
        except (*PROBLEMS, DecisionError):
            return _Failed()

    def _text(self, row: Any) -> str:
        deadline = self.case.pack.deadlines[row.name]
        return {"from": deadline.from_, "on": deadline.on, "ended": deadline.ended, "when": deadline.when}[row.kind] or "null"

    def _flows(self, gateway: str) -> list[Any]:
        element = self.case.pack.elements[gateway]
        return [flow for flow in self.case.pack.processes[element.process].flows.values() if flow.source == gateway]

    def _ways(self, gateway: str, known: Mapping[str, Any], at: datetime) -> list[str]:
        element, flows = self.case.pack.elements[gateway], self._flows(gateway)
        ways = []
        for flow in flows:
            if flow.id != element.default and flow.condition and feel.value(flow.condition, known, at) is True:
                ways.append(flow.id)
                if element.kind == "exclusiveGateway":
                    break
        return ways or [flow.id for flow in flows if flow.id == element.default]

    def _as(self, answers: Mapping[str, Any], at: datetime, without: frozenset[str]) -> Names:
        return self.names.as_if(self.given.row.id, dict(answers), at, without)

    # ---- deadlines

    def _recount(self, row: Any, after: Any) -> None:
        clock, deadline = self.clocks.get(row.clock), self.case.pack.deadlines[row.name]
        if clock is None:
            return
        day = self._day(deadline, after)
        series = [clock]
        if row.kind == "from" and deadline.every is not None:
            series = [one for one in self.clocks.values()
                      if (one["name"], one["item"], one["counted_from"]) == (clock["name"], clock["item"], clock["counted_from"])]
        for one in series:
            known = self.recounts.get(one["id"]) or Recount(one, one["counted_from"], one["due"], one["ended_on"])
            if row.kind == "ended":
                self.recounts[one["id"]] = replace(known, ended_on=day)
            elif row.kind == "on":
                self.recounts[one["id"]] = replace(known, due=day)
            else:
                due = known.due if deadline.on is not None else self._due(deadline, one, day)
                self.recounts[one["id"]] = replace(known, counted_from=day, due=due)

    def _due(self, deadline: Deadline, clock: Mapping[str, Any], day: date) -> date:
        calendar = self.settings.board.calendar
        if deadline.every is None:
            return rules.due_date(deadline, day, calendar)
        nth = 1  # the round it was, from the right first start
        while rules.due_date(deadline, clock["counted_from"], calendar, nth=nth) < clock["due"]:
            nth += 1
        return rules.due_date(deadline, day, calendar, nth=nth)

    def _day(self, deadline: Deadline, value: Any) -> date:
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        if not isinstance(value, date):
            raise Refused(f"The deadline “{deadline.title}” counts from this answer: it cannot be left empty.")
        return value

    def _sensible(self, one: Recount) -> None:
        """A day that something happened on cannot be corrected to one that has not come."""
        deadline = self.case.pack.deadlines[one.row["name"]]
        if one.ended_on is not None and one.ended_on > self.today:
            raise Refused(f"“{deadline.title}” was done on the day you give, and {_said(one.ended_on)} has not come yet. Give the day on which it was done.")
        if deadline.within is not None and one.counted_from > self.today >= one.row["counted_from"]:
            raise Refused(f"“{deadline.title}” counts from the day you give, and {_said(one.counted_from)} has not come yet. "
                          "Give the day on which it happened.")

    def _doubt_timers(self, one: Recount) -> None:
        """A timer event has carried a breach into the diagram that was none; or it was in time until now, and nobody was asked why it was late."""
        row, deadline = one.row, self.case.pack.deadlines[one.row["name"]]
        if row["state"] == "cancelled":
            return
        item = row["item"] or None
        if one.ended_on is not None:
            late_before, late = row["ended_on"] > row["due"], one.ended_on > one.due
        else:
            late_before, late = bool(row["told"]), rules.due_moment(deadline, one.due, self.zone) <= self.now
        for event in row["told"] if not late else ():
            self._doubt(Doubt("timer", event, item))
        if late and not late_before and one.ended_on is not None:
            for event in (each.id for each in self.case.pack.elements.values() if each.event.deadline == deadline.name and each.id not in row["told"]):
                self._doubt(Doubt("timer", event, item, (), (event,)))

    # ---- the rest

    def _papers(self) -> tuple[str, ...]:
        d = t.documents
        rows = self.db.execute(sa.select(d.c.id, d.c.item, d.c.made_from, d.c.at).where(
            d.c.case_id == self.case.id, d.c.made_from.is_not(None), d.c.out_of_date_since.is_(None), d.c.at >= self.given.row.at).order_by(d.c.at))
        return tuple(row.id for row in rows if self.given.element.id in (row.made_from or ()) and about(self.given.row.item, row.item))

    def _new_doubts(self) -> tuple[tuple[Doubt, ...], tuple[Any, ...]]:
        """What is not listed yet, and what earlier corrections of this answer had listed and is not so any more."""
        u, c = t.unsettled, t.corrections
        rows = self.db.execute(sa.select(u).join(c, c.c.id == u.c.correction).where(c.c.submission == self.given.row.id, u.c.settled_at.is_(None))).all()
        listed = {Doubt(row.kind, row.name, row.item, tuple(row.was), tuple(row.would)): row for row in rows}
        doubts = tuple(self.doubts.values())
        return (tuple(one for one in doubts if one not in listed),
                tuple(row for one, row in listed.items() if one not in doubts and one.kind != "timer"))

    def _doubt(self, doubt: Doubt) -> None:
        self.doubts.setdefault((doubt.kind, doubt.name, doubt.item), doubt)


class _Failed:
    """It could not be answered with these values."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Failed)

    def __hash__(self) -> int:
        return 0

    def __iter__(self) -> Any:
        return iter(())


_GATHERED = "(gathered)"


def _paths(text: str) -> frozenset[str]:
    return feel.paths(text[1:]) if text.startswith("=") else frozenset()


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


__all__ = ["Doubt", "Effects", "Given", "Recount", "effects_of"]
