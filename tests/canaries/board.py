"""A board full of canaries: stories of the pack are played, and every text that a person can write holds a word of its own."""
from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import SYSTEM, Engine, actions, queries
from engine.clock import SetClock
from engine.errors import ChecksRefuse, Incident, InvalidAnswers, Refused
from engine.forms import Field, Group, List, Upload
from engine.forms.samples import file as sample_file
from engine.packs import REASON, Pack, read_pack
from engine.progress.case_actions import waited_for
from engine.queries.forms_to_answer import running
from engine.rehearsal import cast
from engine.rehearsal.play import Stage
from engine.rehearsal.scenario import read_scenario
from engine.store import tables as t
from engine.store.database import Database
from engine.store.migrate import migrate
from engine.work import case_of
from tests.makers import settings

ROOT = Path(__file__).parents[2]
PACK = ROOT / "bpmn/serious-case-review"
NONE: frozenset[str] = frozenset()
WORD = re.compile(r"Zq[0-9]{5}")
#: Those that between them answer the most forms; the others are crawled in `make soak`.
STORIES = ("concern_becomes_review", "actions_progress_and_feedback", "silp_joint_review_led_by_us", "published_and_kept")
#: Buttons that end a case or stop others: they are pressed in stories only.
ENDING = frozenset({"merge_into_joint", "pass_on", "withdraw", "court_order"})
#: People whom no story has: those who look after the system, who watch, and who belong to another case, agency or role.
OTHERS = {
    "otto.owner": (None, ["process_owner"]), "adam.admin": (None, ["administrator"]), "vera.viewer": (None, ["viewer"]), "audrey.audit": (None, ["auditor"]),
    "bo.member": (None, ["board_member"]), "vince.vice": (None, ["vice_chair"]), "lex.legal": (None, ["legal_adviser"]), "pim.panel": (None, ["panel_member"]),
    "cleo.cdop": (None, ["cdop_chair"]), "paul.press": (None, ["communications_lead"]), "quil.quality": (None, ["qa_group"]),
    "stray.hou": ("HOU", ["practitioner@HOU"]), "rep.hou": ("HOU", ["board_rep@HOU", "manager@HOU"]), "head.edu": ("EDU", ["agency_head@EDU", "referrer@EDU"]),
    "chris.checker": ("POL", ["agency_checker@POL"]), "dep.rep": ("HLT", []), "dep.chair": (None, []), "nils.nothing": (None, []),
}


@dataclass(frozen=True)
class Canary:
    """Where a word was written, and by whom."""

    word: str
    kind: str            # answer | file | file name | reason | draft | correction | note | deputy
    form: str
    path: str
    case: str | None
    agencies: frozenset[str]   # whose word it is: the agency the task is for or the row is about, else the writer's
    by: str | None
    also: frozenset[str] = frozenset()  # whom it is for besides, by what it is: deputies

    @property
    def place(self) -> str:
        return f"{self.form}.{self.path}" + ("" if self.kind == "answer" else f" ({self.kind})")


class Planted(dict[str, Any]):
    """Answers full of canaries, and the same without, should they be refused."""

    plain: dict[str, Any]


class Words:
    """The next unused word."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"Zq{self.last:05d}"


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
                    _put_back(answers, answers.plain, path.split("."))
            except (ChecksRefuse, Incident):
                break
        return super().perform(actor, verb, *args, **{**kwargs, "answers": answers.plain})


def _put_back(answers: Any, plain: Any, path: list[str]) -> None:
    """What stood at this path before a canary did; with one element, whatever is there."""
    for part in path[:-1]:
        key: Any = int(part) if part.isdigit() else part
        with suppress(KeyError, IndexError, TypeError):
            answers, plain = answers[key], plain[key]
    if isinstance(answers, dict):
        if isinstance(plain, Mapping) and path[-1] in plain:
            answers[path[-1]] = plain[path[-1]]
        else:
            answers.pop(path[-1], None)


@dataclass
class PlantingStage(Stage):
    """A story whose every free answer holds a word of its own."""

    words: Words = field(default_factory=Words)

    def __init__(self, engine: Engine, pack: Pack, scenario: Any, release: Any, words: Words) -> None:
        self.words = words
        super().__init__(engine, pack, scenario, release)

    def _changes(self) -> int:
        return 0   # what a refusal changes is the rehearsals' business

    def _answers(self, step: Any, page: Any) -> dict[str, Any]:
        return planted(page.form.fields, super()._answers(step, page), self.words)


def planted(items: Any, answers: dict[str, Any], words: Words) -> Planted:
    """These answers with a word in every text and file; also in those that need not be given."""
    found = Planted(_planted(items, answers, words))
    if REASON in answers:
        found[REASON] = f"{answers[REASON]} {words()}"
    found.plain = answers
    return found


def _planted(items: Any, answers: Mapping[str, Any], words: Words) -> dict[str, Any]:
    new = dict(answers)
    for item in items:
        if isinstance(item, Field):
            value = _word_in(item, new.get(item.key), words)
            if value is not None:
                new[item.key] = value
        elif isinstance(item, Group) and item.path:
            inside = new.get(item.path)
            new[item.path] = _planted(item.items, inside if isinstance(inside, Mapping) else {}, words)
        elif isinstance(item, Group):
            new = _planted(item.items, new, words)
        elif isinstance(item, List) and isinstance(new.get(item.path), list):
            new[item.path] = [_planted(item.items, row, words) if isinstance(row, Mapping) else row for row in new[item.path]]
    return new


def _word_in(item: Field, value: Any, words: Words) -> Any:
    if item.readonly or item.key in ("key", "number", "entry"):
        return None
    if item.type in ("textfield", "textarea"):
        if item.pattern or item.validation == "phone" or (isinstance(value, str) and WORD.search(value)):
            return None
        if item.validation == "email":
            return f"{words()}@example.org"
        if value is not None and not isinstance(value, str):
            return None
        text = f"{value} {words()}" if value else f"{words()} was written here"
        return text if not item.max_length or len(text) <= item.max_length else words()
    if item.type == "filepicker":
        given = value if isinstance(value, list) else [value] if value else [sample_file(item)]
        files = [_file(one, words) if isinstance(one, Upload) else one for one in given]
        return files if item.multiple else files[0]
    return None


def _file(upload: Upload, words: Words) -> Upload:
    stem, dot, ending = upload.name.rpartition(".")
    plain = not upload.content.startswith((b"PK", b"%PDF")) and b"\0" not in upload.content
    return replace(upload, name=f"{stem or upload.name} {words()}{dot}{ending if stem else ''}",
                   content=upload.content + f" {words()}".encode() if plain else upload.content)


# ---- the whole board


@dataclass
class Populated:
    """The board as it stands, and every word by where it was written."""

    engine: Engine
    pack: Pack
    canaries: dict[str, Canary]
    cases: dict[str, Any]             # reference → the opened case
    published: set[str]               # words that lie on the public page
    people: dict[str, str]            # login → id
    played: list[str]


def populate(url: str, folder: Path, stories: tuple[str, ...] = STORIES) -> Populated:
    """Play these stories into one database; then drafts, corrections, notes and deputies in all of their cases. The same each time."""
    migrate(url)
    set_up, pack, words = replace(settings(url, folder)), read_pack(PACK), Words()
    database = Database(url, durable=False)
    played, moment, people = [], None, {}
    for name in stories:
        scenario = read_scenario(PACK / f"scenarios/{name}.toml", set_up.board.timezone)
        steps = tuple(replace(step, expect={}, **({"deed": None, "refused": None} if step.refused is not None else {})) for step in scenario.steps)
        engine = PlantingEngine(set_up, database, SetClock(scenario.clock))
        stage = _staged(engine, pack, replace(scenario, steps=steps), people, words, first=not played)
        outcome = stage.play()
        assert outcome.passed, f"{name}: {outcome.failures}"
        people |= stage.cast.ids
        for case in stage.cases.values():
            _go_on(engine, pack, case, words)
        played.append(name)
        moment = max(moment or engine.clock.now(), engine.clock.now())
    assert moment is not None
    engine = PlantingEngine(set_up, database, SetClock(moment + timedelta(minutes=1)))
    _others(engine, words)
    with database.reading() as db:
        logins = {row.login: row.id for row in db.execute(sa.select(t.people.c.login, t.people.c.id))}
    return Populated(engine, pack, *_index(engine), logins, played)


def _staged(engine: Engine, pack: Pack, scenario: Any, known: dict[str, str], words: Words, *, first: bool) -> PlantingStage:
    """The people of one story go on into the next."""
    add = cast.Cast._add

    def once(self: Any, key: str, name: str, agency: str | None, roles: list[str]) -> str:
        fitting = f"{key}.{scenario.file.stem}" if key in scenario.people else key
        if fitting in known:
            self.ids[key] = known[fitting]
            return known[fitting]
        person = add(self, fitting, name, agency, roles)
        self.ids[key] = self.ids.pop(fitting)
        known[fitting] = person
        return person

    cast.Cast._add = once  # type: ignore[method-assign]
    try:
        stage = PlantingStage(engine, pack, scenario, actions.release_pack if first else lambda *_: None, words)
        take = stage.take
        stage.take = lambda step: _with_cast(once, add, lambda: take(step))  # type: ignore[method-assign]
        return stage
    finally:
        cast.Cast._add = add  # type: ignore[method-assign]


def _with_cast(once: Any, add: Any, do: Any) -> Any:
    cast.Cast._add = once  # type: ignore[method-assign]
    try:
        return do()
    finally:
        cast.Cast._add = add  # type: ignore[method-assign]


def _go_on(engine: Engine, pack: Pack, case: str, words: Words) -> None:
    """Every button that can be pressed is, by the first it is for; then corrections, and a draft in every open task, by two of those it is offered to."""
    with engine.database.reading() as db:
        reference = db.scalar(sa.select(t.cases.c.reference).where(t.cases.c.id == case))
        people = list(db.scalars(sa.select(t.people.c.id).where(t.people.c.active).order_by(t.people.c.login)))
    everyone = [actor for person in people if (actor := engine.actor(person)) is not None]
    for element, action in pack.case_actions.items():
        if element in ENDING or element not in _waited_for(engine, pack, case):
            continue
        for actor in [one for one in everyone if one.roles(case).intersection(action.offer_to)][:3]:
            with suppress(Refused, Incident):
                page = engine.ask(actor, queries.action_page, reference=reference, action=element)
                engine.perform(actor, actions.save_draft, _planted(page.form.fields, {}, words), action=(case, element))
                answers = planted(page.form.fields, page.form.sample(page.names, engine.now()), words)
                engine.perform(actor, actions.press_case_action, case=case, action=element, answers=answers)
                break
    _correct(engine, pack, case, everyone, words)
    k, o = t.tasks, t.offers
    with engine.database.reading() as db:
        open_ones = db.execute(sa.select(k.c.id).where(k.c.case_id == case, k.c.state == "open").order_by(k.c.offered_at, k.c.element, k.c.item)).all()
        offers = defaultdict(set)
        for row in db.execute(sa.select(o.c.task, o.c.holder).where(o.c.case_id == case)):
            offers[row.task].add(row.holder)
    for row in open_ones:
        for actor in [one for one in everyone if one.answers_to(offers[row.id])][:2]:
            with suppress(Refused, Incident):
                page = engine.ask(actor, queries.task_page, row.id)
                engine.perform(actor, actions.save_draft, _planted(page.form.fields, page.form.sample(page.names, engine.now()), words) | {
                    REASON: words()}, task=row.id)


def _waited_for(engine: Engine, pack: Pack, case: str) -> set[str]:
    """The buttons that can be pressed now, by whomever."""
    with engine.database.reading() as db:
        look = engine.look(db, SYSTEM)
        process = running(look, look.case_by_id(case))
        return set(waited_for(pack, process.waiting_messages())) if process else set()


def _correct(engine: Engine, pack: Pack, case: str, everyone: list[Any], words: Words) -> None:
    """One text of every third answer, by whoever gave it or else by who may; a draft of a correction of every fifth; what is left to settle is."""
    s = t.submissions
    with engine.database.reading() as db:
        given = db.execute(sa.select(s.c.id, s.c.element, s.c.by).where(s.c.case_id == case).order_by(s.c.at, s.c.element, s.c.item)).all()
    by_id = {actor.person: actor for actor in everyone}
    manager = next((actor for actor in everyone if "business_manager" in actor.roles()), everyone[0])
    for number, row in enumerate(given):
        form = pack.form_of(row.element)
        texts = [item.key for path, item in form.questions() if path == item.key and item.type == "textarea" and not item.readonly] if form else []
        if not texts:
            continue
        for actor in (by_id[row.by], manager):
            with suppress(Refused, Incident):
                if number % 5 == 0:
                    engine.perform(actor, actions.save_draft, {texts[0]: words()}, correction=(case, row.id))
                if number % 3 == 0:
                    engine.perform(actor, actions.correct_answer, row.id, {texts[0]: f"{words()} is right"}, f"{words()} was mistyped")
                break
    u = t.unsettled
    with engine.database.reading() as db:
        doubts = list(db.scalars(sa.select(u.c.id).where(u.c.case_id == case, u.c.settled_at.is_(None)).order_by(u.c.name)))
    for doubt in doubts:
        with suppress(Refused):
            engine.perform(manager, actions.settle_decision, doubt, words())


def _others(engine: Engine, words: Words) -> None:
    """Everyone else, two deputies with the reasons for them, and a draft of a concern."""
    for login, (agency, roles) in OTHERS.items():
        engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@example.org", agency, roles)
    with engine.database.reading() as db:
        ids = {row.login: row.id for row in db.execute(sa.select(t.people.c.login, t.people.c.id))}
    today = engine.now().date()
    for whose, deputy, role in (("board_rep.hlt", "dep.rep", "board_rep@HLT"), ("independent_chair", "dep.chair", "independent_chair")):
        if whose not in ids:   # this board has nobody there
            continue
        engine.perform(engine.actor(ids[whose]), actions.name_deputy, role=role, to=ids[deputy], from_=today, until=today + timedelta(days=9), reason=words())
    pack = read_pack(PACK)
    for start in pack.starts.values():
        for actor in [one for one in map(engine.actor, ids.values()) if one and one.roles().intersection(start.offer_to)][:1]:
            page = engine.ask(actor, queries.start_page, pack=pack.id, start=start.element)
            engine.perform(actor, actions.save_draft, _planted(page.form.fields, {}, words), start=(pack.id, start.element))


# ---- where each word stands


def _index(engine: Engine) -> tuple[dict[str, Canary], dict[str, Any], set[str]]:
    """Every word by where it was written first, read with the keys of the cases."""
    found: dict[str, Canary] = {}
    cases: dict[str, Any] = {}
    with engine.database.reading() as db:
        at = {row.id: row.agency for row in db.execute(sa.select(t.people.c.id, t.people.c.agency))}
        for row in db.execute(sa.select(t.cases).order_by(t.cases.c.reference)).all():
            case = cases[row.reference] = case_of(row, engine.vault, engine.shelf.pack(db, row.release), engine.shelf.program(db, row.release))
            for canary in _of_case(db, case, at):
                found.setdefault(canary.word, canary)
        for row in db.execute(sa.select(t.drafts).where(t.drafts.c.key.is_not(None))):
            values = engine.vault.unwrap(row.key, "drafts", row.id).open(row.answers, "drafts", row.id).decode()
            for word in WORD.findall(values):
                found[word] = Canary(word, "draft", "a start", "", None, NONE, row.person)
        for row in db.execute(sa.select(t.deputies)):
            for word in WORD.findall(engine.vault.open(row.reason, "deputies", row.id).decode()):
                found[word] = Canary(word, "deputy", "deputy", "reason", None, NONE, row.person, frozenset({row.deputy}))
        public = " ".join(str(value) for row in db.execute(sa.select(t.published)) for value in row)
        public += " ".join(row.name + text_of(row.content or b"") for row in db.execute(sa.select(t.published_files)))
    return found, cases, set(WORD.findall(public))


def _of_case(db: sa.Connection, case: Any, at: Mapping[str, str | None]) -> Iterator[Canary]:
    s, d, c, u, r = t.submissions, t.documents, t.corrections, t.unsettled, t.drafts
    columns = (s, t.tasks.c.agency)
    given = {}
    for row in db.execute(sa.select(*columns).outerjoin(t.tasks, t.tasks.c.id == s.c.task).where(s.c.case_id == case.id).order_by(s.c.at, s.c.id)).all():
        form = case.pack.elements[row.element].form or row.element
        agency = _one(row.agency or at[row.by])
        given[row.id] = (form, agency, row.by)
        for path, word, about in words_in(case.open(row.answers, "submissions", row.id)):
            yield Canary(word, "answer", form, path, case.id, about or agency, row.by)
        if row.reason:
            for word in WORD.findall(case.open(row.reason, "submissions", row.id, "reason")):
                yield Canary(word, "reason", form, "", case.id, agency, row.by)
    for row in db.execute(sa.select(c).where(c.c.case_id == case.id)).all():
        form, agency, by = given[row.submission]
        for path, word, about in words_in(case.open(row.before, "corrections", row.id, "before")):
            yield Canary(word, "answer", form, path.removeprefix("answers."), case.id, about or agency, by)
        for word in WORD.findall(case.open(row.reason, "corrections", row.id, "reason")):
            yield Canary(word, "correction", form, "", case.id, agency, row.by)
    for row in db.execute(sa.select(d).where(d.c.case_id == case.id, d.c.made_from.is_(None))).all():
        form = case.pack.elements[row.element].form or row.element
        for word in WORD.findall(text_of(case.key.open(row.content, case.id, "documents", row.id, "content"))):
            yield Canary(word, "file", form, row.field, case.id, _one(row.agency or at[row.by]), row.by)
    for row in db.execute(sa.select(r).where(r.c.case_id == case.id)).all():
        element = row.element if "element" in r.c else None
        for path, word, _ in words_in(case.open(row.answers, "drafts", row.id)):
            yield Canary(word, "draft", _form_of_draft(db, case, row.place) or str(element), path, case.id, NONE, row.person)
    for row in db.execute(sa.select(u).where(u.c.case_id == case.id, u.c.note.is_not(None))).all():
        for word in WORD.findall(str(case.open(row.note, "unsettled", row.id, "note"))):
            yield Canary(word, "note", "settled", "", case.id, NONE, row.settled_by)


def _one(agency: str | None) -> frozenset[str]:
    return frozenset({agency}) if agency else NONE


def _form_of_draft(db: sa.Connection, case: Any, place: str) -> str | None:
    """The form that a draft belongs to."""
    kind, *which = place.split(" ")
    table = {"task": t.tasks, "correction": t.submissions}.get(kind)
    element = which[-1] if table is None else db.scalar(sa.select(table.c.element).where(table.c.id == which[-1]))
    return str(case.pack.elements[element].form) if element in case.pack.elements else None


def words_in(value: Any, path: str = "", about: frozenset[str] = NONE) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every word in an answer, with its path (rows of a list without their numbers) and the agencies that its row is about."""
    if isinstance(value, Mapping):
        named = value.get("agency") or value.get("agencies")
        about = about if not path or not named else frozenset(named if isinstance(named, list) else [str(named)])
        for key, inside in value.items():
            yield from words_in(inside, f"{path}.{key}" if path else str(key), about)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from words_in(inside, path, about)
    elif isinstance(value, str):
        for word in WORD.findall(value):
            yield path, word, about


def text_of(content: bytes) -> str:
    """What can be read in a file: a page, a text, a Word file or a PDF."""
    if content[:4] == b"PK\x03\x04":
        parts = zipfile.ZipFile(io.BytesIO(content))
        return " ".join(re.sub(r"<[^>]+>", "", parts.read(name).decode("utf-8", "replace")) for name in parts.namelist() if name.endswith((".xml", ".rels")))
    if content[:4] == b"%PDF":
        import pypdf

        return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    return content.decode("utf-8", "replace")
