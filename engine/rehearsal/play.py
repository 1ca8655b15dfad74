"""Playing a scenario on a set clock, in a database of its own, through the same door as everyone else."""
from __future__ import annotations

import inspect
import mimetypes
import tempfile
from contextlib import closing
from copy import copy
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import SYSTEM, Engine, actions, arguments_of, queries
from engine.alarm import due_now, endings, next_due
from engine.clock import SetClock
from engine.errors import ChecksRefuse, Incident, InvalidAnswers, Refused
from engine.forms import Field, Upload
from engine.rehearsal import expect
from engine.rehearsal.cast import Cast, named_in
from engine.rehearsal.database import changes, thrown_away
from engine.rehearsal.scenario import NotThere
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from engine import Actor
    from engine.errors import Hit
    from engine.packs import Pack
    from engine.queries.shapes.tasks import FormPage
    from engine.rehearsal.scenario import Scenario, Step
    from engine.settings import Settings
    from engine.work import Work

    Release = Callable[[Work, Mapping[str, bytes], str], object]
    After = Callable[["Stage"], Any]


@dataclass
class Outcome:
    """How a rehearsal went: nothing in `failures` means as it should."""

    scenario: Scenario
    failures: list[str] = field(default_factory=list)
    steps: int = 0
    seen: Any = None     # what whoever asked for the rehearsal saw when it was over

    @property
    def passed(self) -> bool:
        """Did everything happen as the story says?"""
        return not self.failures


def rehearse(scenario: Scenario, pack: Pack, settings: Settings, release: Release = actions.release_pack, after: After | None = None) -> Outcome:
    """Play it to its end or to the first step that fails. `release` is the verb that puts the pack on the shelf; `after` looks at it once it is played."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder, closing(thrown_away(folder)) as database:
        stage = Stage(Engine(settings, database, SetClock(scenario.clock)), pack, scenario, release)
        outcome = stage.play()
        outcome.seen = after(stage) if after else None
        return outcome


class Stage:
    """One rehearsal while it is played."""

    def __init__(self, engine: Engine, pack: Pack, scenario: Scenario, release: Release) -> None:
        self.engine, self.pack, self.scenario = engine, pack, scenario
        self.outcome = Outcome(scenario)
        agencies = _agencies(scenario, pack)
        engine.perform(SYSTEM, actions.set_agencies, agencies)
        engine.perform(SYSTEM, release, pack.files, "rehearsal")
        self.cast = Cast(engine, pack, scenario, [agency["key"] for agency in agencies])
        for who in _mentioned(scenario):
            self.cast.prepare(who)
        self.cases: dict[str, str] = {}  # the story's name of a case → its id
        self.last_case: str | None = None
        self.mails_seen: set[str] = set()
        self.spoke: list[Hit] = []                       # rows of checks that refused, asked for a reason or kept a task locked
        self.refused: list[tuple[str, Refused]] = []     # what a step asked for, and the refusal

    def play(self) -> Outcome:
        """Every step in turn; what is wrong is told in words, and the story stops there."""
        for step in self.scenario.steps:
            self.outcome.steps += 1
            if problems := self.take(step):
                self.outcome.failures += [f"{step}: {problem}" for problem in problems]
                break
        return self.outcome

    def take(self, step: Step) -> list[str]:
        """One step, and everything about it that is not as the story says."""
        try:
            self._wait_until(step.at)
            problems = self._act(step)
            return problems + (self._unmet(step) if step.expect else [])
        except NotThere as problem:
            return [str(problem)]
        except Incident as incident:
            return [f"an incident at {incident.element}: {incident.says}"]

    def elsewhere(self, engine: Engine) -> Stage:
        """The story where it stands now, to be played on by another engine on a copy of the database."""
        other = copy(self)
        other.engine, other.cast, other.outcome = engine, self.cast.elsewhere(engine), Outcome(self.scenario)
        other.cases, other.mails_seen, other.spoke, other.refused = dict(self.cases), set(self.mails_seen), [], []
        return other

    def _unmet(self, step: Step) -> list[str]:
        try:
            return expect.unmet(self, step, self._case(step) if self.last_case else None)
        except Refused as refusal:
            return [f"what is expected cannot be looked at: {' / '.join(refusal.says)}"]

    # ---- time

    def _wait_until(self, at: datetime | None) -> None:
        """Everything due up to and including then fires first, in order, each at its own moment."""
        if at is None:
            return
        clock = self.engine.clock
        assert isinstance(clock, SetClock)  # noqa: S101 - made above
        while True:
            with self.engine.database.reading() as db:
                due = next_due(db)
                if due is None or due > at:
                    break
                clock.move_to(max(due, clock.now()))
                timers = due_now(db, clock.now(), 1)
            self.engine.perform(SYSTEM, actions.fire_timer, timers[0])
        clock.move_to(max(at, clock.now()))
        for deed, row in endings(self.engine):
            self.engine.perform(SYSTEM, deed, row)

    # ---- deeds

    def _act(self, step: Step) -> list[str]:
        if step.deed is None:
            return []
        if step.who:
            self.cast.person(step.who, self.cases.get(step.case or "") or self.last_case)  # whom the story makes up is no effect of the deed
        before = self._changes()
        try:
            getattr(self, f"_{step.deed}")(step)
        except Refused as refusal:
            self.refused.append((step.name or "", refusal))
            self.spoke += refusal.hits if isinstance(refusal, ChecksRefuse | InvalidAnswers) else ()
            if step.refused is None:
                return [f"was refused ({refusal.why}): {' / '.join(refusal.says)}"]
            shown = " ".join(refusal.says).lower()
            problems = [f"expected the refusal to say “{text}”; it said: {' / '.join(refusal.says)}" for text in step.refused if text.lower() not in shown]
            if self._changes() != before:
                problems.append("a refusal must change nothing but the trail, and something else changed")
            return problems
        return [] if step.refused is None else [f"expected to be refused ({', '.join(step.refused)}), but it was done"]

    def _changes(self) -> int:
        with self.engine.database.reading() as db:
            return changes(db)

    def _start(self, step: Step) -> None:
        start = self.pack.starts.get(step.name or "")
        if start is None:
            raise NotThere(f"There is no start called {step.name}; there are: {', '.join(self.pack.starts)}.")
        actor = self._actor(step, start.offer_to)
        answers = dict(step.answers)
        if actor.roles().intersection(start.offer_to):
            page = self._sees(actor, queries.start_page, pack=self.pack.id, start=start.element)
            answers = self._answers(step, page)
        started = self.engine.perform(actor, actions.start_case, pack=self.pack.id, start=start.element, answers=answers, options=self.scenario.options)
        self.last_case = started.case
        self.cases[step.case or f"case {len(self.cases) + 1}"] = started.case

    def _task_meant(self, step: Step) -> tuple[Actor, str]:
        """The actor and the open task meant, also as task@key; of several offered, the one for this item."""
        name, _, item = (step.name or "").partition("@")
        step = replace(step, name=name, item=item or step.item)
        element = self.pack.tasks.get(name)
        if element is None:
            raise NotThere(f"There is no task called {step.name}; there are: {', '.join(sorted(self.pack.tasks))}.")
        actor, case = self._actor(step, element.roles), self._case(step)
        k = t.tasks
        query = sa.select(k.c.id, k.c.state, k.c.item, k.c.claimed_by).where(k.c.case_id == case, k.c.element == element.id)
        if step.item is not None:
            query = query.where(k.c.item == self.cast.ids.get(step.item, step.item))
        with self.engine.database.reading() as db:
            rows = db.execute(query.order_by(k.c.offered_at.desc(), k.c.round.desc())).all()
            offered: dict[str, set[str]] = {}
            for row in db.execute(sa.select(t.offers.c.task, t.offers.c.holder).where(t.offers.c.task.in_([row.id for row in rows]))):
                offered.setdefault(row.task, set()).add(row.holder)
        open_rows = [row for row in rows if row.state == "open"] or rows
        taken = [row for row in open_rows if row.claimed_by == actor.person]
        mine = taken or [row for row in open_rows if row.claimed_by is None and actor.answers_to(offered.get(row.id, ()))] or open_rows
        if not mine:
            open_now = ", ".join(expect.open_tasks(self, case)) or "nothing"
            raise NotThere(f"“{step.name}” is not there{f' for {step.item}' if step.item else ''}; open now: {open_now}.")
        if len(mine) > 1 and mine[0].state == "open" and step.item is None:
            items = ", ".join(sorted(row.item or "-" for row in mine))
            raise NotThere(f"“{step.name}” is open several times ({items}): say which with for.")
        return actor, mine[0].id

    def _do(self, step: Step) -> None:
        if step.name in self.pack.case_actions:  # a button of the case is pressed like any other
            self._message(step)
            return
        actor, task = self._task_meant(step)
        answers = dict(step.answers)
        try:
            page = self._sees(actor, queries.task_page, task=task)
            if page.state == "open" and not page.barred:
                answers = self._answers(step, page)
        except Refused:
            pass  # what cannot be looked at is refused below, in the verb's own words
        self.engine.perform(actor, actions.submit_task, task=task, answers=answers)

    def _message(self, step: Step) -> None:
        """A case action is pressed by a person; any other message comes from outside."""
        case = self._case(step)
        action = next((one for one in self.pack.case_actions.values() if step.name in (one.message, one.element)), None)
        if action is None or step.who is None:
            self.engine.perform(SYSTEM, actions.receive_message, case=case, message=step.name or "", key=step.item, payload=dict(step.answers))
            return
        actor = self._actor(step, action.offer_to)
        answers = dict(step.answers)
        try:
            page = self._sees(actor, queries.action_page, reference=expect.reference(self, case), action=action.element)
            answers = self._answers(step, page)
        except Refused:
            pass  # as above
        self.engine.perform(actor, actions.press_case_action, case=case, action=action.element, answers=answers)

    def _perform(self, step: Step) -> None:
        """A verb by its name; a task is named by its element, a person by their key."""
        verb: Any = getattr(actions, step.name) if step.name in actions.__all__ else None
        if verb is None:
            raise NotThere(f"There is no verb called {step.name}; there are: {', '.join(actions.__all__)}.")
        arguments = dict(step.answers)
        actor = self._actor(step, ())
        if verb is actions.correct_answer:
            arguments |= self._correction(step)
        elif verb is actions.settle_decision:
            arguments["decision"] = self._decision_meant(step)
        elif verb is actions.end_deputy:
            arguments["deputy"] = self._deputy_meant(step, actor)
        elif isinstance(arguments.get("task"), str):
            actor, arguments["task"] = self._task_meant(replace(step, name=arguments["task"]))
        for key in ("to", "person", "of"):
            if isinstance(arguments.get(key), str):
                arguments[key] = self.cast.person(arguments[key], self.last_case)
        known = arguments_of(verb)
        arguments = {f"{key}_" if iskeyword(key) else key: value for key, value in arguments.items()}
        if "case" in known:
            arguments.setdefault("case", self._case(step))
        try:
            inspect.signature(verb).bind(None, **arguments)
        except TypeError as wrong:
            raise NotThere(f"{step.name} is told {', '.join(arguments) or 'nothing'}; it takes: {', '.join(known)}.") from wrong
        self.engine.perform(actor, verb, **arguments)

    def _correction(self, step: Step) -> dict[str, Any]:
        """The answer meant, named by its task, start or button: name, name@item, name#2 for the second round."""
        case, named = self._case(step), str(step.answers.get("task"))
        name, _, which = named.partition("#")
        element, _, item = name.partition("@")
        item = item or step.item or ""
        s = t.submissions
        query = sa.select(s.c.id).where(s.c.case_id == case, s.c.element == element).order_by(s.c.at.desc(), s.c.round.desc())
        query = query.where(s.c.item == self.cast.ids.get(item, item)) if item else query
        with self.engine.database.reading() as db:
            found = db.scalar(query.where(s.c.round == int(which)) if which.isdigit() else query)
        if found is None:
            raise NotThere(f"Nothing was answered to “{named}” yet.")
        form = self.pack.form_of(element)
        people = {path for path, field in form.questions() if field.picker == "person"} if form else set()
        answers = step.answers.get("answers", {})
        return {"task": found, "answers": self._given(dict(answers), "", people) if isinstance(answers, dict) else answers}

    def _deputy_meant(self, step: Step, actor: Actor) -> str:
        """The period meant, named by its role (role or role@AGENCY): the actor's own before others', the first that is not over."""
        d, (role, _, agency) = t.deputies, str(step.answers.get("deputy")).partition("@")
        own = sa.or_(d.c.person == actor.person, d.c.deputy == actor.person)
        query = sa.select(d.c.id).where(d.c.role == role).order_by(d.c.ended_at.is_not(None), sa.not_(own), d.c.since)
        with self.engine.database.reading() as db:
            found = db.scalar((query.where(d.c.agency == agency) if agency else query).limit(1))
        if found is None:
            raise NotThere(f"Nobody was named deputy as {step.answers.get('deputy')}.")
        return str(found)

    def _decision_meant(self, step: Step) -> str:
        """What is to be settled, named by its gateway, table, deadline or timer event, with @item where it has one."""
        name, _, item = str(step.answers.get("decision")).partition("@")
        u = t.unsettled
        query = sa.select(u.c.id).where(u.c.case_id == self._case(step), u.c.name == name).order_by(u.c.settled_at.is_not(None), u.c.at)
        with self.engine.database.reading() as db:
            found = db.scalar(query.where(u.c.item == self.cast.ids.get(item, item)) if item else query)
            there = db.scalars(sa.select(u.c.name).where(u.c.case_id == self._case(step), u.c.settled_at.is_(None))).all()
        if found is None:
            raise NotThere(f"“{name}” is not to be settled; to be settled now: {', '.join(sorted(there)) or 'nothing'}.")
        return str(found)

    def _look(self, step: Step) -> None:
        """A task, document, register or page, as this person sees it."""
        case, name = self._case(step), step.name or ""
        reference = expect.reference(self, case)
        if name.partition("@")[0] in self.pack.tasks:
            actor, task = self._task_meant(step)
            self.engine.ask(actor, queries.task_page, task=task)
        elif name in self.pack.registers:
            self.engine.ask(self._actor(step, ()), queries.register_page, reference=reference, register=name)
        elif name in ("home", "cases", "drafts"):
            query: Any = {"home": queries.home, "cases": queries.all_cases, "drafts": queries.my_drafts}[name]
            self.engine.ask(self._actor(step, ()), query)
        elif name in ("case", "diagram", "trail"):
            page: Any = {"case": queries.case_page, "diagram": queries.diagram, "trail": queries.case_trail}[name]
            self.engine.ask(self._actor(step, ()), page, reference=reference)
        else:
            self.engine.ask(self._actor(step, ()), queries.document, document_id=expect.document_of(self, case, name))

    # ---- inside

    def _sees(self, actor: Actor, query: Any, **what: Any) -> Any:
        """What a form needs to be filled in. The story did not ask to look, so nothing of it stands on the trail."""
        with self.engine.database.reading() as db:
            return query(self.engine.look(db, actor), **what)

    def _actor(self, step: Step, offered: tuple[str, ...]) -> Actor:
        who = step.who or (offered[0] if offered else None)
        if who is None:
            raise NotThere("This step does not say who does it.")
        return self.cast.actor(who, self.cases.get(step.case or "") or self.last_case)

    def _case(self, step: Step) -> str:
        if step.case is not None and step.deed != "start":
            if step.case not in self.cases:
                raise NotThere(f"No case of this story is called {step.case}.")
            return self.cases[step.case]
        if self.last_case is None:
            raise NotThere("No case has begun yet.")
        return self.last_case

    def _answers(self, step: Step, page: FormPage) -> dict[str, Any]:
        """What the story gives; required questions it leaves out get the plain sample."""
        people = {path for path, item in page.form.walk() if isinstance(item, Field) and item.picker == "person"}
        given: dict[str, Any] = self._given(dict(step.answers), "", people)
        return given if self.scenario.exact else page.form.sample(page.names, self.engine.now(), given)

    def _given(self, value: Any, path: str, people: set[str]) -> Any:
        """Files become uploads, people's keys become people."""
        if isinstance(value, dict):
            if set(value) == {"file"}:
                file = self.scenario.file.parent / str(value["file"])
                return Upload(file.name, file.read_bytes(), _kind(file.name))
            if set(value) == {"name", "text"}:
                return Upload(value["name"], str(value["text"]).encode(), _kind(value["name"]))
            return {key: self._given(one, f"{path}.{key}" if path else key, people) for key, one in value.items()}
        if isinstance(value, list):
            return [self._given(one, path, people) for one in value]
        if path in people and isinstance(value, str) and value:
            return self.cast.person(value, self.last_case)
        return value


def _kind(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _agencies(scenario: Scenario, pack: Pack) -> list[dict[str, Any]]:
    if scenario.agencies is None:
        return [{"key": one.key, "name": one.name, "member": one.member} for one in pack.scenario_agencies]
    return [{"key": key, "name": value["name"], "member": value.get("member", True)} if isinstance(value, dict) else {"key": key, "name": str(value)}
            for key, value in scenario.agencies.items()]


def _mentioned(scenario: Scenario) -> list[str]:
    """Everyone the story speaks of: who acts, who gets mail, who is picked in a form."""
    texts = [step.who for step in scenario.steps if step.who]
    texts += [text for step in scenario.steps for text in named_in([dict(step.expect), dict(step.answers)])]
    return list(dict.fromkeys(texts))
