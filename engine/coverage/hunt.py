"""Which rules of a pack no story would miss: every story is played once, and again from each step at which a rule left out could be felt.

A rule is noticed when its story then goes another way than it says. Nothing is played again from its beginning: before each step the
database is kept, and the pack without the rule is laid on the shelf of an engine that goes on from there."""
from __future__ import annotations

import multiprocessing
import os
import re
import sqlite3
import tempfile
import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import Engine, actions
from engine.clock import SetClock
from engine.coverage.mutants import KINDS, Mutant, mutants
from engine.errors import ChecksRefuse, InvalidAnswers, Locked, NotAllowed, PackFaults
from engine.packs import read_pack
from engine.rehearsal.database import thrown_away
from engine.rehearsal.play import Stage
from engine.rehearsal.scenario import BadScenario, read_scenario
from engine.rehearsal.several import WORTH_SHARING
from engine.spiff import load
from engine.store import tables as t
from engine.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from engine.coverage.mutants import Sign
    from engine.packs import Pack
    from engine.rehearsal.scenario import Scenario, Step
    from engine.settings import Settings

#: What a clause marked so asks of the system must not be lost unnoticed.
MUST_BE_NOTICED = ("rule", "timer")
#: Felt by what comes long after, so several are left out at once; the others show in their own step.
_CLOCKS = ("deadline", "reminder")
_NUMBER = re.compile(r"\.\d+(?=\.|$)")


@dataclass(frozen=True)
class Survivor:
    """A rule that no story would miss."""

    mutant: Mutant
    marked: bool                 # does a clause of it ask for a rule or a timer?
    stories: tuple[str, ...]     # in which it could have been felt

    def __str__(self) -> str:
        one = self.mutant
        clauses = f"; {', '.join(one.clauses)}" + (" (a rule or timer)" if self.marked else "") if one.clauses else ""
        return f"{one.file}:{one.line or 1}: {one.id}: {one.words}{clauses}; {'felt in ' + ', '.join(self.stories) if self.stories else 'no story comes to it'}"


@dataclass(frozen=True)
class Hunted:
    """What came of it."""

    counts: dict[str, int]
    killed: dict[str, str]       # rule → the story and step that noticed
    survivors: tuple[Survivor, ...]
    broken: dict[str, str]       # story → why it could not be played
    seconds: float

    @property
    def passed(self) -> bool:
        """Would every rule that a clause asks for be missed?"""
        return not self.broken and not any(survivor.marked for survivor in self.survivors)

    @property
    def flat(self) -> dict[str, Any]:
        """The same for a machine."""
        left = Counter(survivor.mutant.kind for survivor in self.survivors)
        numbers = {f"{kind}_{what}": number for kind in KINDS for what, number in (("rules", self.counts.get(kind, 0)), ("survivors", left[kind]))}
        rows = [{"kind": one.mutant.kind, "id": one.mutant.id, "file": one.mutant.file, "line": one.mutant.line, "words": one.mutant.words,
                 "clauses": list(one.mutant.clauses), "rule_or_timer": one.marked, "stories": list(one.stories)} for one in self.survivors]
        return {"rules": sum(self.counts.values()), "survivors": len(rows), "survivors_rule_or_timer": sum(one.marked for one in self.survivors),
                "seconds": round(self.seconds, 1), **numbers, "broken": self.broken, "list": rows}


@dataclass(frozen=True)
class _Story:
    """One story's part in it."""

    name: str
    killed: dict[str, str] = field(default_factory=dict)
    felt: frozenset[str] = frozenset()
    broken: str | None = None


def hunt(folder: Path, stories: Sequence[Path], settings: Settings, tell: Callable[[str], None], only: str = "") -> Hunted:
    """Leave out each rule of the pack in `folder` whose id begins with `only`, and play these stories of it; `tell` hears how far it is."""
    began = time.monotonic()
    pack, rules = _rules(folder, only)
    killed: dict[str, str] = {}
    felt: dict[str, list[str]] = {}
    broken: dict[str, str] = {}
    for story in _each(stories, folder, settings, only, killed):
        killed.update({id: where for id, where in story.killed.items() if id not in killed})
        for id in story.felt:
            felt.setdefault(id, []).append(story.name)
        if story.broken:
            broken[story.name] = story.broken
        tell(f"{len(killed)} of {len(rules)} noticed after {time.monotonic() - began:.0f} s; {story.name}: {len(story.killed)}")
    marked = {clause.id for clause in pack.clauses.values() if set(clause.kinds).intersection(MUST_BE_NOTICED)}
    survivors = (Survivor(one, bool(marked.intersection(one.clauses)), tuple(sorted(felt.get(one.id, ())))) for one in rules if one.id not in killed)
    return Hunted(dict(Counter(one.kind for one in rules)), killed,
                  tuple(sorted(survivors, key=lambda each: (not each.marked, KINDS.index(each.mutant.kind), each.mutant.file, each.mutant.line or 0))),
                  broken, time.monotonic() - began)


def _each(stories: Sequence[Path], folder: Path, settings: Settings, only: str, killed: Mapping[str, str]) -> Iterator[_Story]:
    """What each story notices of what none has noticed before it was begun; the short ones first, so that the long ones have less to try."""
    waiting, processes = deque(sorted(stories, key=lambda file: file.stat().st_size)), os.cpu_count() or 1
    if processes == 1 or len(waiting) < WORTH_SHARING:
        yield from (_hunted(file, folder, settings, only, frozenset(killed)) for file in waiting)
        return
    playing: set[Future[_Story]] = set()
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:  # a forked copy of the expression sandbox hangs
        while waiting or playing:
            while waiting and len(playing) < processes:
                playing.add(pool.submit(_hunted, waiting.popleft(), folder, settings, only, frozenset(killed)))
            done, playing = wait(playing, return_when=FIRST_COMPLETED)
            yield from (each.result() for each in done)


def _hunted(file: Path, folder: Path, settings: Settings, only: str, killed: frozenset[str]) -> _Story:
    pack, rules = _rules(folder, only)
    with tempfile.TemporaryDirectory(prefix="hunt-") as place, closing(thrown_away(place, "story")) as story, closing(thrown_away(place, "again")) as again:
        try:
            scenario = read_scenario(file, settings.board.timezone)
            return _Hunt(pack, [one for one in rules if one.id not in killed], scenario, settings, story, again).hunt()
        except (BadScenario, PackFaults) as bad:
            return _Story(file.name, broken="; ".join(map(str, bad.faults)))


@cache
def _rules(folder: Path, only: str) -> tuple[Pack, tuple[Mutant, ...]]:
    pack = read_pack(folder)
    return pack, tuple(one for one in mutants(pack) if one.id.startswith(only))


@dataclass(frozen=True)
class _Moment:
    """A story as it stood before a step."""

    stage: Stage
    at: datetime
    place: int                   # of the step among the steps
    kept: sqlite3.Connection     # its database


class _Hunt:
    """One story, and everything that it might notice."""

    def __init__(self, pack: Pack, rules: Iterable[Mutant], scenario: Scenario, settings: Settings, database: Database, again: Database) -> None:
        self.pack, self.program, self.scenario, self.database, self.again = pack, load(pack), scenario, database, again
        self.settings = replace(settings, database_url=str(database.pool.url))
        self.alive = {one.id: one for one in rules}
        self.by_sign: dict[Sign, list[Mutant]] = {}
        for one in self.alive.values():
            for sign in one.signs:
                self.by_sign.setdefault(sign, []).append(one)
        self.refusals = 0                            # heard so far
        self.found = _Story(scenario.file.name)
        self.clocks: dict[str, _Moment] = {}         # deadline or reminder → the step at which its first clock began

    def hunt(self) -> _Story:
        """Play the story, and again without each rule wherever that could be felt."""
        stage = Stage(Engine(self.settings, self.database, SetClock(self.scenario.clock)), self.pack, self.scenario, actions.release_pack)
        with self.database.reading() as db:
            self.release = str(db.scalar(sa.select(t.releases.c.id)))
            self.signs_so_far = _signs_in(db)
        felt, first = set[str](), None
        for place, step in enumerate(self.scenario.steps):
            before = _Moment(stage.elsewhere(stage.engine), stage.engine.now(), place, _kept(self.database))
            if problems := stage.take(step):
                return _Story(self.found.name, broken=f"{step}: {problems[0]}")
            here = {one.id: one for sign in self.signs(stage, step) for one in self.by_sign.get(sign, ())}
            felt |= here.keys()
            for id, one in here.items():
                if one.kind in _CLOCKS:
                    self.clocks.setdefault(id, before)
                elif id in self.alive and (where := self.noticed([one], before)):
                    self.kill(one, where)
            first = first or (before if here else None)
        if first and (where := self.noticed([], first)):
            return _Story(self.found.name, broken=f"it does not go on from its step {first.place + 1} as it did: {where}")
        self.hunt_clocks()
        return replace(self.found, felt=frozenset(felt))

    def hunt_clocks(self) -> None:
        """All that are left at once: when that is noticed, those that are spoken of are tried alone, or else the halves; and again without them."""
        left = [id for id in self.clocks if id in self.alive]
        while where := self.noticed_clocks(left):
            blamed = [id for id in left if _speaks_of(id, where)]
            found = {id: noticed for id in blamed if (noticed := self.noticed_clocks([id]))} or self.one_of(left)
            for id, noticed in found.items():
                self.kill(self.alive[id], noticed)
                left.remove(id)
            if not found:
                break  # each of them alone goes unnoticed

    def one_of(self, ids: list[str]) -> dict[str, str]:
        """One of these that is noticed by itself, and where."""
        where, middle = self.noticed_clocks(ids), len(ids) // 2
        if where is None or len(ids) == 1:
            return {ids[0]: where} if where else {}
        return self.one_of(ids[:middle]) or self.one_of(ids[middle:])

    def noticed_clocks(self, ids: list[str]) -> str | None:
        return self.noticed([self.alive[id] for id in ids], min((self.clocks[id] for id in ids), key=lambda moment: moment.place)) if ids else None

    def kill(self, one: Mutant, where: str) -> None:
        del self.alive[one.id]
        self.found.killed[one.id] = f"{self.found.name}, {where}"

    # ---- what could be felt

    def signs(self, stage: Stage, step: Step) -> set[Sign]:
        """What happened in this step that a rule left out might have changed."""
        element, found = _element_of(step, stage.pack), self.signs_in_rows()
        refusal = stage.refused[-1][1] if len(stage.refused) > self.refusals else None
        self.refusals = len(stage.refused)
        if isinstance(refusal, ChecksRefuse):
            found |= {("table", hit.check) for hit in refusal.hits}
        if isinstance(refusal, InvalidAnswers) and (form := stage.pack.form_of(element)):
            found |= {("asked", f"{form.id}.{_NUMBER.sub('', path)}") for path in refusal.errors}
        if isinstance(refusal, NotAllowed):
            found.add(("not_by", element))
        for name in [each.partition("@")[0] for each in step.expect.get("locked", ())] + ([element] if isinstance(refusal, Locked) else []):
            found |= {("gate", name), *(("table", table) for table in stage.pack.elements[name].gate)}
        return found

    def signs_in_rows(self) -> set[Sign]:
        with self.database.reading() as db:
            now = _signs_in(db)
        new = now - self.signs_so_far
        self.signs_so_far = now
        return set(new)

    # ---- playing on

    def noticed(self, rules: Sequence[Mutant], moment: _Moment) -> str | None:
        """Play on from that moment without these rules: the step that went otherwise, and how; None if none did."""
        _copied(moment.kept, self.again)
        engine = Engine(self.settings, self.again, SetClock(moment.at))
        engine.shelf.lay(self.release, *reduce(lambda both, one: one.without(*both), rules, (self.pack, self.program)))
        stage = moment.stage.elsewhere(engine)
        for step in self.scenario.steps[moment.place:]:
            try:
                problems = stage.take(step)
            except Exception as problem:  # noqa: BLE001 - whatever breaks a story is noticed
                problems = [f"{type(problem).__name__}: {problem}"]
            if problems:
                return f"{step}: {'; '.join(problems)}"
            if rules and rules[0].kind not in _CLOCKS and step.number == moment.place + 1 and self.alike():
                return None
        return None

    def alike(self) -> bool:
        """Whether the story stands just where it stood with the rule."""
        with self.database.reading() as db, self.again.reading() as other:
            return _outline(db) == _outline(other)


def _speaks_of(id: str, where: str) -> bool:
    """Whether what went otherwise is about this deadline, or the reminders of it."""
    kind, name = re.split("[:#]", id)[:2]
    return re.search(rf"{'reminders of ' if kind == 'reminder' else ''}“{name}[”@#]", where) is not None


def _kept(database: Database) -> sqlite3.Connection:
    """A copy of a database, in memory."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(database.pool.raw_connection()) as connection:
        _file(connection).backup(kept)
    return kept


def _copied(kept: sqlite3.Connection, to: Database) -> None:
    with closing(to.pool.raw_connection()) as connection:
        kept.backup(_file(connection))


def _file(connection: sa.PoolProxiedConnection) -> sqlite3.Connection:
    opened: sqlite3.Connection = connection.driver_connection  # type: ignore[assignment]
    return opened


def _signs_in(db: sa.Connection) -> Counter[Sign]:
    """What was passed and which clocks began, and how often."""
    found: Counter[Sign] = Counter({("passed", row.element): row.times for row in db.execute(
        sa.select(t.passed.c.element, sa.func.count().label("times")).group_by(t.passed.c.element))})
    return found + Counter({("clock", row.name): row.times for row in db.execute(
        sa.select(t.deadlines.c.name, sa.func.count().label("times")).group_by(t.deadlines.c.name))})


def _outline(db: sa.Connection) -> list[Any]:
    """Where all cases stand, without what differs from play to play: ids, and what is sealed."""
    p, k, d, o = t.passed.c, t.tasks.c, t.deadlines.c, t.outbox.c
    return [db.execute(sa.select(p.element, p.item).order_by(p.id)).all(),
            Counter(db.execute(sa.select(k.element, k.item, k.state, k.due)).all()),
            Counter(db.execute(sa.select(d.name, d.item, d.due, d.state)).all()),
            Counter(db.execute(sa.select(o.message)).all()),
            db.scalar(sa.select(sa.func.count()).select_from(t.submissions))]


def _element_of(step: Step, pack: Pack) -> str:
    """The task, start or button that a step is about."""
    name = str(step.answers.get("task", "")) if step.deed == "perform" else step.name or ""
    name = re.split("[@#]", name)[0]
    return next((action.element for action in pack.case_actions.values() if name in (action.message, action.element)), name)
