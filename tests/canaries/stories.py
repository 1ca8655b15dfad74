"""Stories of the pack, played one after the other on one board by the same people, with a word in every answer."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from engine import SYSTEM, Engine, actions, queries
from engine.clock import SetClock
from engine.errors import ChecksRefuse, Incident, InvalidAnswers, Refused
from engine.packs import REASON, Pack, read_pack
from engine.progress.case_actions import waited_for
from engine.progress.drafts import DraftPlace
from engine.queries.forms_to_answer import running
from engine.rehearsal.cast import Cast
from engine.rehearsal.play import Stage
from engine.rehearsal.scenario import Scenario, Step, read_scenario
from engine.settings import Settings
from engine.store import tables as t
from engine.store.database import Database
from tests.canaries.words import Planted, Words, filled, planted

PACK = Path(__file__).parents[2] / "bpmn/serious-case-review"
#: Buttons that end a case or stop others: they are pressed in stories only.
ENDING = frozenset({"merge_into_joint", "pass_on", "withdraw", "court_order"})
#: Tasks that every story leaves open: they are done once it is over.
LEFT_OPEN = frozenset({"action_update", "national_panel_answer"})
#: Told before and after each step of a story that is done.
Watch = Callable[["PlantingStage", Step, str], None]


@cache
def the_pack() -> Pack:
    """Read once for all boards."""
    return read_pack(PACK)


class PlantingEngine(Engine):
    """The engine; answers that are refused for their canaries go in without those that were in the way."""

    def perform(self, actor: Any, verb: Any, *args: Any, **kwargs: Any) -> Any:
        answers = kwargs.get("answers")
        if not isinstance(answers, Planted):
            return super().perform(actor, verb, *args, **kwargs)
        for _ in range(3):
            try:
                return super().perform(actor, verb, *args, **{**kwargs, "answers": dict(answers)})
            except InvalidAnswers as refusal:
                for path in refusal.errors:
                    answers.without(path)
            except (ChecksRefuse, Incident):
                break
        return super().perform(actor, verb, *args, **{**kwargs, "answers": answers.plain})


@dataclass
class PlantingStage(Stage):
    """A story whose every free answer holds a word of its own."""

    word: Words = field(default_factory=Words)
    watch: Watch = field(default=lambda *_: None)

    def __init__(self, engine: Engine, scenario: Scenario, release: Any, word: Words, watch: Watch) -> None:
        self.word, self.watch = word, watch
        super().__init__(engine, the_pack(), scenario, release)

    def take(self, step: Step) -> list[str]:
        self.watch(self, step, "before")
        problems = super().take(step)
        self.watch(self, step, "after")
        return problems

    def _changes(self) -> int:
        return 0   # what a refusal changes is the rehearsals' business

    def _answers(self, step: Any, page: Any) -> dict[str, Any]:
        return planted(page.form.fields, super()._answers(step, page), self.word)


def play(settings: Settings, database: Database, stories: tuple[str, ...], word: Words, watch: Watch) -> datetime:
    """All of these; then drafts, corrections and buttons in each of their cases. Gives the latest moment at which anything was done."""
    people: dict[str, str] = {}
    latest: datetime | None = None
    for nth, name in enumerate(stories):
        scenario = read_scenario(PACK / f"scenarios/{name}.toml", settings.board.timezone)
        steps = tuple(replace(step, expect={}, **({"deed": None, "refused": None} if step.refused is not None else {})) for step in scenario.steps)
        engine = PlantingEngine(settings, database, SetClock(scenario.clock))
        with patch.object(Cast, "_add", _once(Cast._add, scenario, people)):
            stage = PlantingStage(engine, replace(scenario, steps=steps), (lambda *_: None) if nth else actions.release_pack, word, watch)
            outcome = stage.play()
        assert outcome.passed, f"{name}: {outcome.failures}"
        for case in stage.cases.values():
            _go_on(engine, case, word)
        latest = max(latest or engine.clock.now(), engine.clock.now())
    assert latest is not None
    return latest


def _once(add: Any, scenario: Scenario, known: dict[str, str]) -> Any:
    """Who was in the story before is in this one, too; but for those that a story names itself."""
    def once(self: Cast, key: str, name: str, agency: str | None, roles: list[str]) -> str:
        fitting = f"{key}.{scenario.file.stem}" if key in scenario.people else key
        if fitting not in known:
            known[fitting] = add(self, fitting, name, agency, roles)
            self.ids.pop(fitting)
        self.ids[key] = known[fitting]
        return known[fitting]

    return once


def everyone(engine: Engine) -> list[Any]:
    """All who can come in, ready to act."""
    with engine.database.reading() as db:
        people = list(db.scalars(sa.select(t.people.c.id).where(t.people.c.active).order_by(t.people.c.login)))
    return [actor for person in people if (actor := engine.actor(person)) is not None]


def _go_on(engine: Engine, case: str, word: Words) -> None:
    """Every button that can be pressed is, by the first it is for; then corrections, and a draft in every open task, by two of those it is offered to."""
    pack, people, k, o = the_pack(), everyone(engine), t.tasks, t.offers
    with engine.database.reading() as db:
        reference = db.scalar(sa.select(t.cases.c.reference).where(t.cases.c.id == case))
    for element, action in pack.case_actions.items():
        if element in ENDING or element not in _waited_for(engine, case):
            continue
        for actor in [one for one in people if one.roles(case).intersection(action.offer_to)][:3]:
            with suppress(Refused, Incident):
                page = engine.ask(actor, queries.action_page, reference=reference, action=element)
                engine.perform(actor, actions.save_draft, DraftPlace("action", case, element), filled(page.form.fields, {}, word))
                answers = planted(page.form.fields, page.form.sample(page.names, engine.now()), word)
                engine.perform(actor, actions.press_case_action, case=case, action=element, answers=answers)
                engine.perform(actor, actions.save_draft, DraftPlace("action", case, element), filled(page.form.fields, {}, word))   # and begun once more
                break
    _correct(engine, case, people, word)
    with engine.database.reading() as db:
        open_ones = db.execute(sa.select(k.c.id, k.c.element).where(k.c.case_id == case, k.c.state == "open").order_by(
            k.c.offered_at, k.c.element, k.c.item)).all()
        offers = defaultdict(set)
        for row in db.execute(sa.select(o.c.task, o.c.holder).where(o.c.case_id == case)):
            offers[row.task].add(row.holder)
    for row in open_ones:
        for actor in [one for one in people if one.answers_to(offers[row.id])][:2]:
            with suppress(Refused, Incident):
                page = engine.ask(actor, queries.task_page, row.id)
                sample = page.form.sample(page.names, engine.now())
                engine.perform(actor, actions.save_draft, DraftPlace("task", row.id), filled(page.form.fields, sample, word) | {REASON: word()})
                if pack.elements[row.element].form in LEFT_OPEN:
                    engine.perform(actor, actions.submit_task, task=row.id, answers=planted(page.form.fields, sample, word))
                    break


def _waited_for(engine: Engine, case: str) -> set[str]:
    """The buttons that can be pressed now, by whomever."""
    with engine.database.reading() as db:
        look = engine.look(db, SYSTEM)
        process = running(look, look.case_by_id(case))
        return set(waited_for(the_pack(), process.waiting_messages())) if process else set()


def _correct(engine: Engine, case: str, people: list[Any], word: Words) -> None:
    """One text of every third answer, by whoever gave it or else by who may; a draft of a correction of every fifth; all to be settled but the first."""
    s, u = t.submissions, t.unsettled
    with engine.database.reading() as db:
        given = db.execute(sa.select(s.c.id, s.c.element, s.c.by).where(s.c.case_id == case).order_by(s.c.at, s.c.element, s.c.item)).all()
    by_id = {actor.person: actor for actor in people}
    manager = next((actor for actor in people if "business_manager" in actor.roles()), people[0])
    for number, row in enumerate(given):
        form = the_pack().form_of(row.element)
        texts = [item.key for path, item in form.questions() if path == item.key and item.type == "textarea" and not item.readonly] if form else []
        if not texts:
            continue
        for actor in (by_id[row.by], manager):
            with suppress(Refused, Incident):
                if number % 5 == 0:
                    engine.perform(actor, actions.save_draft, DraftPlace("correction", case, row.id), {texts[0]: word()})
                if number % 3 == 0:
                    engine.perform(actor, actions.correct_answer, row.id, {texts[0]: f"{word()} is right"}, f"{word()} was mistyped")
                break
    with engine.database.reading() as db:
        doubts = list(db.scalars(sa.select(u.c.id).where(u.c.case_id == case, u.c.settled_at.is_(None)).order_by(u.c.name)))
    for doubt in doubts[1::2]:
        with suppress(Refused):
            engine.perform(manager, actions.settle_decision, doubt, word())
