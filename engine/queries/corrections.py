"""Answers that were given: one of them in words, as a form to correct, and what a correction would change."""
from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.forms import Row, Upload
from engine.packs import REASON
from engine.progress.asked import ANSWERS, names_at
from engine.progress.correcting import WHY, WHY_FIELD, answer_of, changed_with, judged, may_correct
from engine.progress.effects import Given, effects_of
from engine.progress.names import Names
from engine.queries.forms_to_answer import draft_of
from engine.queries.shapes.cases import AnswerPage, ClockMove, CorrectionPage, CorrectionPreview, CorrectionRow, DoneRow
from engine.queries.unsettled import doubt_title, doubt_words
from engine.queries.words import agency_names, doer, item_name, person_names, readable
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.look import Look
    from engine.progress.correcting import Answer
    from engine.progress.effects import Recount
    from engine.work import Case

NOTHING = "Not answered"


def done_rows(look: Look, case: Case, mine: set[str], agencies: dict[str, str], entered: set[str], *, full: bool) -> list[DoneRow]:
    """What was done, newest first: tasks, the start and the buttons; with what was corrected, and what this person may correct."""
    s, reads_all = t.submissions, look.actor.may("see_answers", case.id)
    columns = (s.c.id, s.c.element, s.c.item, s.c.task, s.c.at, s.c.by, s.c.deputy_of)
    rows = [row for row in look.db.execute(sa.select(*columns).where(s.c.case_id == case.id).order_by(s.c.at.desc(), s.c.id)).all()
            if full or row.task in mine or row.by == look.actor.person]
    readable_ones = {row.id for row in rows if reads_all or row.by == look.actor.person or row.task in mine}
    people = person_names(look, [one for row in rows for one in (row.by, row.deputy_of, row.item)])
    corrected = corrections_of(look, case, [row for row in rows if row.id in readable_ones])
    found = []
    for row in rows:
        element, stages = case.pack.elements[row.element], case.pack.stages_of.get(row.element, ())
        stage = next((one for one in stages if one in entered), next(iter(stages), ""))
        found.append(DoneRow(
            name=element.properties.get("label") or element.name, item=item_name(row.item, {**agencies, **people}, case.pack), who=doer(people, row), at=row.at,
            task=row.task if row.id in readable_ones else None, answer=row.id if row.id in readable_ones else None,
            can_correct=row.id in readable_ones and _correctable(look, case, row), corrections=corrected.get(row.id, []),
            stage=case.pack.stages.get(stage, "")))
    return found


def _correctable(look: Look, case: Case, row: Any) -> bool:
    return may_correct(look.actor, case, row.by, row.deputy_of) and not changed_with(case, case.pack.elements[row.element])


def answer_page(look: Look, reference: str, answer: str) -> AnswerPage:
    """What was answered, in words, for whoever may read it; with everything that was corrected since."""
    case, s = look.case(reference), t.submissions
    row = look.db.execute(ANSWERS.where(s.c.id == answer, s.c.case_id == case.id)).one_or_none()
    if row is None or not (look.actor.may("see_answers", case.id) or row.by == look.actor.person or _offered(look, row.task)):
        raise NotFound
    element, form = case.pack.elements[row.element], case.pack.form_of(row.element)
    names = names_at(Names(look.db, case, look.settings, look.actor), row)
    rows = form.plain(case.open(row.answers, "submissions", row.id), names, look.now) if form else []
    if row.reason:
        rows.append(Row(label="Reason for going on", text=case.open(row.reason, "submissions", row.id, "reason"), path=REASON))
    look.shows(case.id, f"answer {element.id}")
    return AnswerPage(id=row.id, reference=case.reference, title=element.properties.get("label") or element.name,
                      item=item_name(row.item, agency_names(look), case.pack),
                      who=doer(person_names(look, [row.by, row.deputy_of]), row), at=row.at, rows=readable(look.actor, case, rows, row.agency),
                      corrections=corrections_of(look, case, [row]).get(row.id, []), can_correct=_correctable(look, case, row), task=row.task)


def correction_page(look: Look, reference: str, answer: str) -> CorrectionPage:
    """The same form with what was answered, and a question for the reason. What this person may not read is not in it."""
    case = look.case(reference)
    found = answer_of(look.db, case, look.settings, look.actor, answer)
    draft, at, draft_id = draft_of(look, found.asked.draft, case)
    element = found.element
    title = element.properties.get("label") or element.name
    values = draft if draft is not None else found.open_form.filled(found.values) | {WHY: None} | ({REASON: found.reason} if found.reason else {})
    look.shows(case.id, f"answer {element.id}")
    return CorrectionPage(
        title=f"Correct: {title}", help="", form=_with_why(found), names=found.asked.names, values=values, draft=found.asked.draft,
        draft_at=at, draft_id=draft_id, confirm=True,
        pack=case.pack.id, element=element.id, clause="", case_id=case.id, answer=answer, reference=case.reference,
        item=item_name(found.row.item, agency_names(look)), who=doer(person_names(look, [found.row.by, found.row.deputy_of]), found.row),
        at=found.row.at, since=found.corrections, kept_back=len(list(found.open_form.questions())) < len(list(found.asked.form.questions())))


def correction_preview(look: Look, reference: str, answer: str, answers: Mapping[str, Any], reason: str) -> CorrectionPreview:
    """What would change: worked out in the same way as when it is done. Refused in the same words, too."""
    case = look.case(reference)
    found = answer_of(look.db, case, look.settings, look.actor, answer)
    right = judged(found, answers, reason, look.now)
    after = found.asked.form.filled(_named(right.values))
    given = Given(found.row, found.element, found.before, after, found.seen)
    names = Names(look.db, case, look.settings, look.actor)
    effects = effects_of(look.db, case, names, look.settings, given, look.now)
    agencies, pack = agency_names(look), case.pack
    d = t.documents
    made = look.db.execute(sa.select(d.c.field).where(d.c.id.in_(effects.papers)).order_by(d.c.at)) if effects.papers else ()
    papers = [pack.documents[row.field].title if row.field in pack.documents else row.field for row in made]
    changed, _ = _differences(look, case, found.element.id, (found.values, found.reason), (_named(right.values), right.reason),
                              found.asked.names, found.asked.place.agency)
    return CorrectionPreview(
        changes=changed, clocks=[_move(look, case, one, agencies) for one in effects.clocks], papers=papers,
        doubts=[(doubt_title(pack, one.kind, one.name) + (f" – {item_name(one.item, agencies)}" if one.item else ""),
                 doubt_words(pack, one.kind, one.was, one.would)) for one in effects.doubts])


def corrections_of(look: Look, case: Case, answers: Iterable[Any]) -> dict[str, list[CorrectionRow]]:
    """Submission → its corrections, newest first, as this person may read them. `answers` are those they may read."""
    wanted, c, s = {row.id for row in answers}, t.corrections, t.submissions
    found = [row for row in look.db.execute(sa.select(c).where(c.c.case_id == case.id).order_by(c.c.number.desc())).all() if row.submission in wanted]
    rows = {row.id: row for row in look.db.execute(ANSWERS.where(s.c.id.in_(sorted({row.submission for row in found}))))} if found else {}
    people, told, known = person_names(look, [row.by for row in found]), defaultdict(list), Names(look.db, case, look.settings, look.actor)
    after: dict[str, tuple[Any, Any]] = {}
    for row in found:
        given = rows[row.submission]
        if row.submission not in after:
            after[row.submission] = (case.open(given.answers, "submissions", given.id),
                                     case.open(given.reason, "submissions", given.id, "reason") if given.reason else None)
        was = case.open(row.before, "corrections", row.id, "before")
        before = (was["answers"], was["reason"])
        changes, whole = _differences(look, case, given.element, before, after[row.submission], names_at(known, given), given.agency)
        told[row.submission].append(CorrectionRow(
            who=people.get(row.by, ""), at=row.at, changes=changes, reason=case.open(row.reason, "corrections", row.id, "reason") if whole else None))
        after[row.submission] = before
    return dict(told)


# ---- inside

def _with_why(found: Answer) -> Any:
    return replace(found.open_form, fields=(*found.open_form.fields, WHY_FIELD))


def _offered(look: Look, task: str | None) -> bool:
    offers = look.db.scalars(sa.select(t.offers.c.holder).where(t.offers.c.task == task)) if task else ()
    return look.actor.answers_to(offers)


def _differences(look: Look, case: Case, element: str, before: tuple[Any, Any], after: tuple[Any, Any],
                 names: Mapping[str, Any], agency: str | None) -> tuple[list[tuple[str, str, str]], bool]:
    """Question, what was and what is answered, of those this person may read; and whether that is all that changed."""
    form = case.pack.form_of(element)
    if form is None:
        return [], True
    was, now = (form.plain(values, names, look.now) + ([Row("Reason for going on", reason, REASON)] if reason else [])
                for values, reason in (before, after))
    everything = _changed(was, now)
    readable_ones = _changed(readable(look.actor, case, was, agency), readable(look.actor, case, now, agency))
    return readable_ones, len(readable_ones) == len(everything)


def _changed(was: list[Row], now: list[Row]) -> list[tuple[str, str, str]]:
    before, after = dict(_flat(was, "")), dict(_flat(now, ""))
    paths = [*before, *(path for path in after if path not in before)]
    return [((after.get(path) or before[path])[0], before.get(path, ("", NOTHING))[1], after.get(path, ("", NOTHING))[1])
            for path in paths if before.get(path, ("", NOTHING))[1] != after.get(path, ("", NOTHING))[1]]


def _flat(rows: Iterable[Row], above: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for row in rows:
        label = f"{above}: {row.label}" if above else row.label
        if row.rows:
            yield from _flat(row.rows, label)
        else:
            yield row.path, (label, row.text)


def _named(value: Any) -> Any:
    """Uploads by their names: they are no documents yet."""
    if isinstance(value, Upload):
        return {"document": None, "name": value.name, "digest": None}
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, list) else value


def _move(look: Look, case: Case, one: Recount, agencies: dict[str, str]) -> ClockMove:
    row, deadline = one.row, case.pack.deadlines[one.row["name"]]
    words = ""
    if row["ended_at"] is not None and one.ended_on is not None and row["state"] != "cancelled":
        late_before, late = (row["ended_on"] - row["due"]).days, (one.ended_on - one.due).days
        words = "It was met in time." if late <= 0 < late_before else f"It was met {_days(late)} late." if late > 0 and late != late_before else ""
    elif row["ended_at"] is None and not deadline.milestone:
        late_now = (look.today - one.due).days
        words = (f"It is late by {_days(late_now)}." if late_now > 0 else "It is no longer late." if row["state"] == "breached" else "")
    return ClockMove(deadline.title, item_name(row["item"] or None, agencies), row["due"], one.due, words)


def _days(many: int) -> str:
    return "1 day" if many == 1 else f"{many} days"


__all__ = ["answer_page", "correction_page", "correction_preview", "corrections_of"]
