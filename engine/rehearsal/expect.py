"""What a scenario expects, held against what is there. Every method gives the differences, in words."""
from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import queries
from engine.errors import Refused
from engine.outside.post import open_mail
from engine.progress.held import held
from engine.queries.case_status import figures_of
from engine.rehearsal.scenario import NotThere
from engine.store import tables as t
from engine.work import Case, case_of

if TYPE_CHECKING:
    from engine.rehearsal.play import Stage
    from engine.rehearsal.scenario import Step


def reference(stage: Stage, case: str) -> str:
    """The case's reference."""
    with stage.engine.database.reading() as db:
        return str(db.scalar(sa.select(t.cases.c.reference).where(t.cases.c.id == case)))


def document_of(stage: Stage, case: str, name: str) -> str:
    """The newest document given to this field, or of this kind; or the newest paper of this id."""
    d, fields = t.documents, [name, *(field for field, kind in _kinds(stage) if name == kind)]
    with stage.engine.database.reading() as db:
        found = db.scalar(sa.select(d.c.id).where(d.c.case_id == case, d.c.field.in_(fields)).order_by(d.c.at.desc()))
    if found is None:
        raise NotThere(f"“{name}” is no task, register, page or document of this case.")
    return str(found)


def _kinds(stage: Stage) -> list[tuple[str, str | None]]:
    """Every question of the pack that takes a document, and of what kind."""
    return [(field.key, field.document) for form in stage.pack.forms.values() for _, field in form.questions() if field.type == "filepicker"]


def open_tasks(stage: Stage, case: str | None) -> list[str]:
    """Names of the open tasks, with their items: task or task@key."""
    with stage.engine.database.reading() as db:
        rows = db.execute(sa.select(t.tasks.c.element, t.tasks.c.item).where(t.tasks.c.case_id == case, t.tasks.c.state == "open"))
        return sorted(_named(row.element, stage.cast.called(row.item)) for row in rows)


def unmet(stage: Stage, step: Step, case: str | None) -> list[str]:
    """Everything expected that is not so. Before a case has begun there is mail, and there are refusals, but nothing else."""
    look = _Look(stage, case)
    problems: list[str] = []
    for key, wanted in step.expect.items():
        if key in ("count", "values") and step.who:
            look.who = step.who
        problems += getattr(look, key)(wanted)
    stage.mails_seen |= {row.id for row in look.mails()}
    return problems


class _Look:
    def __init__(self, play: Stage, case: str | None) -> None:
        self.play, self.case_id, self.engine = play, case, play.engine
        self.who: str | None = None
        with self.engine.database.reading() as db:
            self.tasks = db.execute(sa.select(t.tasks).where(t.tasks.c.case_id == case)).all()
            self.clocks = db.execute(sa.select(t.deadlines).where(t.deadlines.c.case_id == case).order_by(t.deadlines.c.started_at, t.deadlines.c.nth)).all()

    @cached_property
    def row(self) -> Any:
        if self.case_id is None:
            raise NotThere("No case has begun yet.")
        with self.engine.database.reading() as db:
            return db.execute(sa.select(t.cases).where(t.cases.c.id == self.case_id)).one()

    @cached_property
    def case(self) -> Case:
        shelf = self.engine.shelf
        with self.engine.database.reading() as db:
            return case_of(self.row, self.engine.vault, shelf.pack(db, self.row.release), shelf.program(db, self.row.release))

    # ---- tasks

    def open(self, wanted: list[str]) -> list[str]:
        now = open_tasks(self.play, self.case_id)
        return [f"expected “{one}” to be open; open: {', '.join(now) or 'nothing'}" for one in wanted if not _among(one, now)]

    def only_open(self, wanted: list[str]) -> list[str]:
        now = open_tasks(self.play, self.case_id)
        named = {one if one in wanted else one.partition("@")[0] for one in now}
        if named == set(wanted):
            return []
        return [f"expected only {', '.join(sorted(wanted)) or 'nothing'} to be open; open: {', '.join(now) or 'nothing'}"]

    def absent(self, wanted: list[str]) -> list[str]:
        now = open_tasks(self.play, self.case_id)
        return [f"expected “{one}” not to be open" for one in wanted if _among(one, now)]

    def never(self, wanted: list[str]) -> list[str]:
        ever = {self._task_name(row) for row in self.tasks} | {self._clock_name(row) for row in self.clocks} | self._documents_and_registers()
        return [f"expected “{one}” never to have been; it was" for one in wanted if _among(one, sorted(ever))]

    def locked(self, wanted: list[str]) -> list[str]:
        problems = []
        for one in wanted:
            row = next((row for row in self.tasks if row.state == "open" and _among(one, [self._task_name(row)])), None)
            if row is None:
                problems.append(f"expected “{one}” to be locked; it is not open")
            elif hits := self._page(row).locked:
                self.play.spoke += hits
            else:
                problems.append(f"expected “{one}” to be locked; it can be done")
        return problems

    # ---- the case

    def ended(self, wanted: str) -> list[str]:
        return [] if (self.row.outcome or "") == wanted else [f"expected the end {wanted or 'not to have come'}; it is {self.row.outcome or 'not ended'}"]

    def stage(self, wanted: str) -> list[str]:
        return [] if self.row.stage == wanted else [f"expected the stage {wanted}; it is {self.row.stage}"]

    def held(self, wanted: list[str]) -> list[str]:
        """At least these; an empty list says that nothing is."""
        with self.engine.database.reading() as db:
            now = held(db, self.case, self.engine.now())
        if not wanted:
            return [f"expected nothing to be held; held: {', '.join(now)}"] if now else []
        return [f"expected {one} to be held; held: {', '.join(now) or 'nothing'}" for one in wanted if one not in now]

    def public(self, wanted: list[str]) -> list[str]:
        """Exactly these names on the public page of this case."""
        f = t.published_files
        with self.engine.database.reading() as db:
            found = list(db.scalars(sa.select(f.c.name).where(f.c.reference == self.row.reference, f.c.content.is_not(None)).order_by(f.c.place)))
        return [] if sorted(found) == sorted(wanted) else [
            f"expected {', '.join(wanted) or 'nothing'} to be public; public: {', '.join(found) or 'nothing'}"]

    def figures(self, wanted: dict[str, int]) -> list[str]:
        with self.engine.database.reading() as db:
            found = figures_of(db, self.case, self.engine.settings.board.timezone)
        return [f"expected the figure {name} to be {days}; it is {found.get(name, 'not known yet')}"
                for name, days in wanted.items() if found.get(name) != days]

    def refusals(self, wanted: int) -> list[str]:
        with self.engine.database.reading() as db:
            found = db.scalar(sa.select(sa.func.count()).select_from(t.trail).where(t.trail.c.event == "refused"))
        return [] if found == wanted else [f"expected {wanted} refusals on the trail; there are {found}"]

    # ---- clocks

    def deadlines(self, wanted: dict[str, dict[str, Any]]) -> list[str]:
        problems = []
        for name, expected in wanted.items():
            row = self._clock(name)
            if expected.get("state") == "none":
                problems += [f"expected no deadline “{name}”; it is {row.state}, due {row.due}"] if row is not None else []
            elif row is None:
                problems.append(f"there is no deadline “{name}”; there are: {', '.join(map(self._clock_name, self.clocks)) or 'none'}")
            else:
                problems += self._compare(name, expected, row)
        return problems

    def _compare(self, name: str, expected: dict[str, Any], row: Any) -> list[str]:
        until = row.ended_on or self.engine.now().date()
        found = {"due": row.due, "state": row.state, "days": max(0, (until - row.due).days)}
        return [f"expected the {key} of “{name}” to be {value}; it is {found[key]}" for key, value in expected.items() if found.get(key) != value]

    def reminders(self, wanted: dict[str, list[Any]]) -> list[str]:
        problems = []
        for name, dates in wanted.items():
            row = self._clock(name)
            with self.engine.database.reading() as db:
                moments = db.scalars(sa.select(t.timers.c.due_at).where(t.timers.c.deadline == row.id, t.timers.c.kind == "remind")).all() if row else []
            found = sorted(moment.astimezone(self.engine.settings.board.timezone).date() for moment in moments)
            if found != sorted(set(dates)):
                problems.append(f"expected reminders of “{name}” on {_dates(dates)}; there are {_dates(found)}")
        return problems

    def task_due(self, wanted: dict[str, Any]) -> list[str]:
        """The day an open task wears; "none" for one that wears no day."""
        days = {name: row.due or "none" for row in self.tasks if row.state == "open" for name in (row.element, self._task_name(row))}
        return [f"expected {name} to be due {day}; {f'it is {days[name]}' if name in days else 'it is not open'}"
                for name, day in wanted.items() if days.get(name) != day]

    def breaches(self, wanted: list[str]) -> list[str]:
        """Exactly these: each breached clock is named by someone, and each name is that of a breached clock."""
        rows = [row for row in self.clocks if row.breached_at is not None]
        names = [{name for base in (row.name, self._clock_name(row)) for name in (base, f"{base}#{row.nth}")} for row in rows]
        if all(each.intersection(wanted) for each in names) and set().union(*names).issuperset(wanted):
            return []
        found = sorted(map(self._clock_name, rows))
        return [f"expected the breaches {', '.join(sorted(wanted)) or 'none'}; there are: {', '.join(found) or 'none'}"]

    # ---- mail

    def mail_to(self, wanted: list[str]) -> list[str]:
        got = {row.person for row in self._new_mails()}
        names = self._names()
        return [f"expected mail to {who}; mail went to: {', '.join(sorted(names.get(person, person) for person in got)) or 'nobody'}"
                for who in wanted if self._person(who) not in got]

    def not_mail_to(self, wanted: list[str]) -> list[str]:
        got = {row.person for row in self._new_mails()}
        return [f"expected no mail to {who}" for who in wanted if self._person(who) in got]

    def mail(self, wanted: list[dict[str, Any]]) -> list[str]:
        new = self._new_mails()
        problems = []
        for one in wanted:
            person = self._person(one["to"]) if "to" in one else None
            fitting = [row for row in new if person in (None, row.person) and one.get("message") in (None, row.message)]
            texts = ["{subject}\n{body}".format_map(open_mail(self.engine, row)) for row in fitting]
            says = f"mail “{one.get('message', 'any')}” to {one.get('to', 'anyone')}"
            if not texts:
                problems.append(f"expected {says}; there were: {', '.join(sorted({row.message for row in new})) or 'none'}")
            elif not any(all(text in words for text in one.get("has", ())) and not any(text in words for text in one.get("lacks", ())) for words in texts):
                problems.append(f"{says} does not have {one.get('has', [])} or has {one.get('lacks', [])}: {texts[-1]!r}")
        return problems

    # ---- values

    def count(self, wanted: dict[str, int]) -> list[str]:
        found = Counter(row.element for row in self.tasks)
        with self.engine.database.reading() as db:
            found.update(db.scalars(sa.select(t.register_rows.c.register).where(t.register_rows.c.case_id == self.case_id)))
        if self.who is not None:
            actor = self.play.cast.actor(self.who, self.case_id)
            for name in wanted:
                if name in self.play.pack.registers:
                    found[name] = len(self.engine.ask(actor, queries.register_page, reference=self.case.reference, register=name).rows)
        return [f"expected {many} of {name}; there are {found[name]}" for name, many in wanted.items() if found[name] != many]

    def values(self, wanted: dict[str, Any]) -> list[str]:
        problems = []
        for path, value in wanted.items():
            found = self._value(path)
            if found != value and not (value == "" and found is None):
                problems.append(f"expected {path} to be {value!r}; it is {found!r}")
        return problems

    def _value(self, path: str) -> Any:
        """answers.<task>.<field>, with #n for a round and @key for an item; or what an open task shows. With `as`, nothing that is for other roles only."""
        name, _, rest = path.removeprefix("answers.").partition(".")
        element, item, nth = self._parts(name)
        s = t.submissions
        query = sa.select(s.c.id, s.c.answers, s.c.item, t.tasks.c.agency).outerjoin(t.tasks, t.tasks.c.id == s.c.task).where(
            s.c.case_id == self.case_id, s.c.element == element).order_by(s.c.at, s.c.round)
        with self.engine.database.reading() as db:
            rows = [row for row in db.execute(query) if not item or row.item == item]
        if self.who is not None:
            rows = [row for row in rows if self._may_read(element, rest, row.agency)]
        chosen = rows[nth - 1:nth] if nth else rows[-1:]
        for row in chosen:
            found = _dig(self.case.open(row.answers, "submissions", row.id), rest)
            if found is not None:
                return found
        showing = [row for row in self.tasks if row.state == "open" and row.element == element and (not item or row.item == item)]
        if rows:  # answered, but this was worked out afterwards: whoever has an open task that reads it is shown it
            showing += [row for row in self.tasks if row.state == "open" and row.element != element]
        found = next((found for found in (self._shown(row, rest) for row in showing) if found is not None), None)
        return self._told_later(rows[-1], rest) if found is None and rows and not nth else found

    def _may_read(self, element: str, path: str, agency: str | None) -> bool:
        """Is this answer of this agency, and what it stands in, for whoever does the step?"""
        form = self.case.pack.form_of(element)
        roles = self.play.cast.actor(self.who or "", self.case_id).roles(self.case_id, agency)
        around = [item for at, item in form.walk() if f"{path}.".startswith(f"{at}.")] if form else []
        return all(roles.intersection(only) for item in around if (only := getattr(item, "visible_to", ())))

    def _told_later(self, row: Any, path: str) -> Any:
        """What was worked out from these answers, as the next who were shown it handed it in."""
        s = t.submissions
        with self.engine.database.reading() as db:
            at = db.scalar(sa.select(s.c.at).where(s.c.id == row.id))
            later = db.execute(sa.select(s.c.id, s.c.answers).where(s.c.case_id == self.case_id, s.c.at >= at, s.c.id != row.id).order_by(s.c.at)).all()
        values = (_dig(self.case.open(one.answers, "submissions", one.id), path) for one in later)
        return next((value for value in values if value is not None), None)

    def _shown(self, row: Any, path: str) -> Any:
        page = self._page(row)
        return _dig({**dict(page.names), **{key: value for key, value in page.values.items() if value is not None}}, path)

    # ---- inside

    def _task_name(self, row: Any) -> str:
        return _named(row.element, self.play.cast.called(row.item))

    def _clock_name(self, row: Any) -> str:
        return _named(row.name, self.play.cast.called(row.item))

    def _parts(self, name: str) -> tuple[str, str, int]:
        """name@item#2 as its parts; 0 means that no round was named. A person such as role#2 is an item too."""
        ids = self.play.cast.ids
        base, _, item = name.partition("@")
        if item in ids:
            return base, ids[item], 0
        base, item, nth = _parts(name)
        return base, ids.get(item, item), nth

    def _clock(self, name: str) -> Any:
        base, item, nth = self._parts(name)
        rows = [row for row in self.clocks if row.name == base and (not item or row.item == item)]
        return next((row for row in rows if row.nth == nth), None) if nth else rows[-1] if rows else None

    def _page(self, row: Any) -> Any:
        with self.engine.database.reading() as db:
            holders = list(db.scalars(sa.select(t.offers.c.holder).where(t.offers.c.task == row.id)))
        cast = self.play.cast
        holder = next((holder for holder in holders if "#" not in holder), None)
        if holder and not any((actor := self.engine.actor(person)) and actor.answers_to(holders) for person in cast.ids.values()):
            cast.person(holder)  # the story has not spoken of anyone who could
        for person in dict.fromkeys(cast.ids.values()):
            actor = self.engine.actor(person)
            if actor is not None and (actor.answers_to(holders) or row.claimed_by == person):
                try:
                    with self.engine.database.reading() as db:
                        return queries.task_page(self.engine.look(db, actor), task=row.id)
                except Refused:
                    continue
        raise NotThere(f"nobody of this story can open “{row.element}”")

    def mails(self) -> list[Any]:
        with self.engine.database.reading() as db:
            return list(db.execute(sa.select(t.outbox, t.cases.c.key).outerjoin(t.cases, t.cases.c.id == t.outbox.c.case_id).order_by(t.outbox.c.queued_at)))

    def _new_mails(self) -> list[Any]:
        """Since the last expectations."""
        return [row for row in self.mails() if row.id not in self.play.mails_seen]

    def _person(self, who: str) -> str:
        return self.play.cast.person(who, self.case_id)

    def _names(self) -> dict[str, str]:
        return {person: key for key, person in self.play.cast.ids.items()}

    def _documents_and_registers(self) -> set[str]:
        with self.engine.database.reading() as db:
            fields = set(db.scalars(sa.select(t.documents.c.field).where(t.documents.c.case_id == self.case_id)))
            return {*fields, *(kind for field, kind in _kinds(self.play) if kind and field in fields),
                    *db.scalars(sa.select(t.register_rows.c.register).where(t.register_rows.c.case_id == self.case_id))}


def _named(name: str, item: str | None) -> str:
    return f"{name}@{item}" if item else name


def _parts(name: str) -> tuple[str, str, int]:
    name, _, nth = name.rpartition("#") if "#" in name else (name, "", "")
    base, _, item = name.partition("@")
    if nth and not nth.isdecimal():
        raise NotThere(f"“{name}#{nth}” does not end in a number: write {name}#2 for the second.")
    return base, item, int(nth or 0)


def _among(wanted: str, found: list[str]) -> bool:
    return any(one == wanted or one.partition("@")[0] == wanted for one in found)


def _dates(days: list[Any]) -> str:
    return ", ".join(str(day) for day in sorted(days)) or "none"


def _dig(value: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        if isinstance(value, list) and key.isdigit():
            value = value[int(key)] if int(key) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(key)
        else:
            return None
    return value
