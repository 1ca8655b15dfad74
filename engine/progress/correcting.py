"""Correcting an answer: who may, which of its questions they are shown, and what the whole answer then is.

`me` in the form and its checks stays whoever gave the answer: the answer is still theirs, and what the form says of them must not change
because somebody else put a date right. What a person may not read is kept as it is, and is not even asked whether it is there."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import ChecksRefuse, Incident, InvalidAnswers, NotAllowed, NotFound, ReasonNeeded, Refused
from engine.feel import templates
from engine.forms import Field, Form, Group, List, Upload
from engine.forms.items import Table, Text
from engine.forms.names import ENGINE_NAMES
from engine.forms.sheet import keyed
from engine.packs import REASON
from engine.progress import registers
from engine.progress.answers import judge
from engine.progress.asked import ANSWERS, Asked, names_at, paths_of, place_of
from engine.progress.drafts import DraftPlace
from engine.progress.names import Names
from engine.progress.open_tasks import barred_from
from engine.rules.access import Actor, Holding
from engine.store import tables as t
from engine.store.seen import sees_case

if TYPE_CHECKING:
    from datetime import datetime

    from engine.errors import Hit
    from engine.forms import Item
    from engine.packs import Element
    from engine.packs.pack import Button
    from engine.settings import Settings
    from engine.work import Case

#: The key of the reason for a correction, on the page beside the questions of the form.
WHY = "reason_for_correction"
LONGEST = 20_000
WHY_FIELD = Field(id=WHY, key=WHY, type="textarea", label="Why is this corrected?", required=True, max_length=LONGEST,
                  hint="This stays on the case page, beside what was answered before. Everyone who may read the answer reads it.")


@dataclass(frozen=True)
class Answer:
    """An answer that was given, with its form and all that the form may use; `open_form` is what this person may correct of it."""

    case: Case
    row: Any
    element: Element
    values: dict[str, Any]
    reason: str | None
    seen: dict[str, Any]
    asked: Asked
    open_form: Form
    corrections: int

    @property
    def before(self) -> dict[str, Any]:
        """What it says, with every key of the form."""
        return self.asked.form.filled(self.values)


@dataclass(frozen=True)
class Corrected:
    """The answer as it shall be: found good by its form and its checks."""

    values: dict[str, Any]
    reason: str | None       # why a check is passed all the same
    hits: tuple[Hit, ...]
    why: str


def may_correct(actor: Actor, case: Case, given_by: str, deputy_of: str | None) -> bool:
    """Whoever gave it, while the case is open, and as deputy only while they still stand in; and who has the permission, in a case whose answers
    they may read."""
    if actor.person is None:
        return False
    still = deputy_of is None or actor.stands_in_for(deputy_of)
    return (actor.person == given_by and case.ended_at is None and still) or (actor.may("correct_answers", case.id) and actor.may("see_answers", case.id))


def changed_with(case: Case, element: Element) -> Button | None:
    """The button that changes what is answered here: it moves what followed from the answer, which a correction would leave as it was.

    None once the case has ended: there is no such button any more, and nothing that could follow."""
    return case.pack.case_actions.get(element.corrected_with or "") if case.ended_at is None else None


def answer_of(db: sa.Connection, case: Case, settings: Settings, actor: Actor, submission: str) -> Answer:
    """The answer this person wants to correct, or why they may not."""
    s = t.submissions
    row = db.execute(ANSWERS.where(s.c.id == submission, s.c.case_id == case.id)).one_or_none()
    seen_at_all = db.scalar(sa.select(t.cases.c.id).where(t.cases.c.id == case.id, sees_case(actor))) is not None
    if row is None or not seen_at_all or not (actor.person == row.by or actor.may("see_answers", case.id)):
        raise NotFound
    element = case.pack.elements[row.element]
    if not may_correct(actor, case, row.by, row.deputy_of):
        if actor.person == row.by and case.ended_at is None:
            raise NotAllowed("You answered this as a deputy, and you stand in no longer. Ask the one whose role it is, or the Business Manager.")
        if actor.person == row.by:
            raise NotAllowed("The case has ended. Ask the Business Manager to correct what you answered.")
        raise NotAllowed("An answer is corrected by whoever gave it while the case is open, or by someone with the permission, such as the Business Manager.")
    if button := changed_with(case, element):
        raise NotAllowed(f"This is changed with “{button.label}” on the case page, not corrected here.")
    if actor.person and actor.person != row.by and (name := barred_from(db, case, element, actor.person, row.item)):
        raise NotAllowed(f"You cannot correct this: you did “{name}”, and this has to be independent of it. Ask whoever answered it.")
    form = case.pack.form_of(element.id)
    if form is None:
        raise NotFound
    values = case.open(row.answers, "submissions", row.id)
    reason = case.open(row.reason, "submissions", row.id, "reason") if row.reason else None
    seen = case.open(row.seen, "submissions", row.id, "seen") if row.seen else {}
    place = place_of(case, row)
    heads = {path.partition(".")[0] for path in paths_of(case.pack, element)}
    names = {**dict.fromkeys(heads - ENGINE_NAMES), **names_at(Names(db, case, settings, _giver(db, row, case.id)), row), **seen}
    asked = Asked(form, element, place, names, DraftPlace("correction", case.id, row.id), row.task, seen)
    count = db.scalar(sa.select(sa.func.count()).select_from(t.corrections).where(t.corrections.c.submission == row.id)) or 0
    return Answer(case, row, element, values, reason, seen, asked, _open_form(form, _kept_back(actor, case, form, place.agency)), count)


def judged(answer: Answer, raw: Mapping[str, Any], why: Any, now: datetime) -> Corrected:
    """The whole answer with these in it, cleaned and judged like the first time; every fault at once otherwise.

    What is not named stays as it is. Refused when nothing changes, and when register rows or appointments would be others: those have steps of
    their own, which say what became of them."""
    if not isinstance(raw, Mapping):
        raise InvalidAnswers({"": "The answers must come as a form: each under the name of its question."})
    given = dict(raw)
    told = given.pop(REASON, answer.reason)
    shown = dict(keyed(answer.open_form.fields))
    whole = {key: value for key, value in answer.values.items() if key in dict(keyed(answer.asked.form.fields))}
    strays = {key: f"“{key}” is not asked here" for key in given if key not in shown}
    for key, value in given.items():
        if key in shown:
            whole[key] = _merged(shown[key], whole.get(key), value)
    try:
        cleaned = answer.asked.form.clean(whole, answer.asked.names, now)
    except feel.FeelError as problem:
        raise Incident(str(problem), element=answer.element.id) from problem
    errors = strays | _for_whom(answer, cleaned.errors)
    reason = _text(why)
    if reason is None:
        errors[WHY] = "Say why the answer is corrected"
    elif len(reason) > LONGEST or "\0" in reason:
        errors[WHY] = f"The reason must be text of at most {LONGEST:,} characters"
    if errors:
        raise InvalidAnswers(errors)
    if _same(answer.asked.form.filled(cleaned.values), answer.before) and _text(told) == answer.reason:
        raise Refused("Nothing would change: these are the answers that stand there already.")
    _nothing_else_follows(answer, cleaned.values, now)
    hits = judge(answer.case.pack, answer.asked.at.checks, {**answer.asked.names, **answer.asked.form.told(cleaned.values)}, now)
    if refusing := [hit for hit in hits if hit.effect != "reason"]:
        raise ChecksRefuse(refusing)
    if hits and _text(told) is None:
        raise ReasonNeeded(hits)
    return Corrected(cleaned.values, _text(told) if hits else None, tuple(hits), reason or "")


def readable_here(actor: Actor, case: Case, visible_to: tuple[str, ...], agency: str | None = None) -> bool:
    """May this person read what is visible to these roles, of this agency where it belongs to one?"""
    return not visible_to or bool(actor.roles(case.id, agency).intersection(visible_to))


# ---- what is kept back

def _kept_back(actor: Actor, case: Case, form: Form, agency: str | None) -> frozenset[int]:
    """The items this person is not shown: what they may not read, and what would tell of it by being there or by what it says."""
    def readable(item: Item) -> bool:
        register = case.pack.registers.get(getattr(item, "register", None) or "")
        return readable_here(actor, case, getattr(item, "visible_to", ()), agency) and (register is None or readable_here(actor, case, register.visible_to))

    back = {id(item): item for _, item in form.walk() if not readable(item)}
    while True:
        hidden = {item.name for item in back.values()}
        for _, item in form.walk():
            if id(item) in back:
                continue
            inside = [one for _, one in Form("", "", item.items).walk()] if isinstance(item, List) else []
            if _reads(item) & hidden or any(id(one) in back for one in inside):
                back[id(item)] = item
        if hidden == {item.name for item in back.values()}:
            return frozenset(back)


def _reads(item: Item) -> set[str]:
    texts = [getattr(item, name, None) for name in ("hide", "options_expression", "source", "row")]
    default = getattr(item, "default", None)
    if isinstance(default, str) and default.startswith("="):
        texts.append(default[1:])
    paths = {path for text in texts if text for path in feel.paths(text)}
    if isinstance(item, Text):
        paths |= set(templates.paths_of(item.markdown))
    if isinstance(item, Table):
        paths |= set(feel.paths(item.source))
    if isinstance(item, Field) and item.options_key:
        paths.add(item.options_key)
    return {part for path in paths for part in path.split(".")}


def _open_form(form: Form, back: frozenset[int]) -> Form:
    def kept(items: tuple[Item, ...]) -> tuple[Item, ...]:
        found: list[Item] = []
        for item in items:
            if id(item) in back:
                continue
            found.append(replace(item, items=kept(item.items)) if isinstance(item, Group) else item)
        return tuple(found)

    return replace(form, fields=kept(form.fields))


def _merged(item: Field | Group | List, before: Any, given: Any) -> Any:
    """A group is corrected question by question; anything else as a whole."""
    if not isinstance(item, Group) or not isinstance(given, Mapping):
        return given
    inside = dict(keyed(item.items))
    there = dict(before) if isinstance(before, Mapping) else {}
    return there | {key: _merged(inside[key], there.get(key), value) if key in inside else value for key, value in given.items()}


def _for_whom(answer: Answer, errors: Mapping[str, str]) -> dict[str, str]:
    """Faults of questions that this person is not shown are told without naming them."""
    shown = {path for path, _ in answer.open_form.walk()}
    found: dict[str, str] = {}
    for path, says in errors.items():
        plain = ".".join(part for part in path.split(".") if not part.isdigit())
        if plain in shown:
            found[path] = says
        else:
            found[""] = "This does not fit with a part of the answer that only others may read. Ask whoever answered it to correct it."
    return found


# ---- what may not change

def _nothing_else_follows(answer: Answer, values: Mapping[str, Any], now: datetime) -> None:
    pack, form = answer.case.pack, answer.asked.form
    before, after = (registers.entries(pack, answer.asked, one, now) for one in (answer.values, values))
    changed = [entry.register for entry in (*before, *after) if entry not in before or entry not in after]
    if changed:
        title = pack.registers[changed[0]].title
        raise Refused(f"These answers stand in the register “{title}”, where others may have worked on them since. Change the row there with its own step, "
                      "not by a correction.")
    for path, item in form.walk():
        if isinstance(item, Field) and (item.appoints or item.ends_appointment) and not _same(_at(answer.before, path), _at(form.filled(values), path)):
            raise Refused(f"“{item.label}” appointed someone in this case, and a correction cannot take that back. "
                          "Use the step that changes who is appointed.")


def _at(values: Any, path: str) -> Any:
    for key in path.split("."):
        values = [one.get(key) for one in values] if isinstance(values, list) else values.get(key) if isinstance(values, Mapping) else None
    return values


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Upload) or isinstance(other, Upload):
        return False
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if "document" in one and "document" in other:
            return bool(one["document"] == other["document"])
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _text(given: Any) -> str | None:
    return (given.strip() or None) if isinstance(given, str) else None


def _giver(db: sa.Connection, row: Any, case: str) -> Actor:
    """Whoever gave the answer, with what they hold now; and what they held as deputy when they gave it."""
    p, h, d = t.people, t.holdings, t.deputies
    who = db.execute(sa.select(p.c.id, p.c.name, p.c.agency).where(p.c.id == row.by)).one()
    held = [Holding(one.role, one.agency, one.case_id) for one in db.execute(sa.select(h.c.role, h.c.agency, h.c.case_id).where(
        h.c.person == row.by, h.c.until.is_(None), sa.or_(h.c.case_id.is_(None), h.c.case_id == case)))]
    if row.deputy_of:
        query = sa.select(d.c.role, d.c.agency).where(d.c.person == row.deputy_of, d.c.deputy == row.by, d.c.named_at <= row.at)
        held += [Holding(one.role, one.agency, None, row.deputy_of) for one in db.execute(query.distinct())]
    return Actor(person=who.id, name=who.name, agency=who.agency, holdings=tuple(held))


__all__ = ["WHY", "WHY_FIELD", "Answer", "Corrected", "answer_of", "changed_with", "judged", "may_correct", "readable_here"]
