"""Taking answers: cleaned by the form, judged by the checks, kept as a submission with its documents, register rows and appointments."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import ChecksRefuse, Hit, Incident, InvalidAnswers, Locked, ReasonNeeded
from engine.feel.tables import DecisionError
from engine.forms import Upload
from engine.packs import REASON
from engine.progress import appointments, registers
from engine.progress.drafts import forget_draft
from engine.progress.names import FILE, agency_of_files, file_of
from engine.progress.readers import reads_file
from engine.rules.proof import need_proof
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.forms import Form
    from engine.packs import Pack
    from engine.progress.asked import Asked
    from engine.progress.surroundings import Here
    from engine.settings.values import Limits
    from engine.work import Case, Work

LONGEST_REASON = 20_000
_GIVEN_BEFORE = t.submissions.alias()
_SUBMISSION = sa.insert(t.submissions).values(round=sa.select(sa.func.count() + 1).select_from(_GIVEN_BEFORE).where(
    _GIVEN_BEFORE.c.case_id == sa.bindparam("same_case"), _GIVEN_BEFORE.c.element == sa.bindparam("same_element"),
    _GIVEN_BEFORE.c.item.is_not_distinct_from(sa.bindparam("same_item"))).scalar_subquery())


@dataclass(frozen=True)
class Taken:
    """Answers that passed, ready to be kept."""

    asked: Asked
    values: dict[str, Any]
    reason: str | None
    hits: tuple[Hit, ...]


def judge(pack: Pack, tables: tuple[str, ...], names: Mapping[str, Any], now: Any) -> list[Hit]:
    """Every row of these check tables that applies."""
    hits = []
    for table in tables:
        try:
            hits += [Hit(check=table, says=row["says"], clause=row.get("clause") or "", effect=row.get("effect") or "refuse")
                     for row in pack.tables[table].decide(names, now)]
        except (feel.FeelError, DecisionError) as problem:
            raise Incident(str(problem), element=table) from problem
    return hits


def take(work: Work, pack: Pack, asked: Asked, raw: Mapping[str, Any]) -> Taken:
    """The answers, cleaned and found good, of someone who is known to be who they are; while a gate is shut, only that; else every fault at once."""
    if shut := judge(pack, asked.at.gate, asked.names, work.now):
        raise Locked(shut)
    if not isinstance(raw, Mapping):
        raise InvalidAnswers({"": "The answers must come as a form: each under the name of its question."})
    given = dict(raw)
    reason = _reason(given.pop(REASON, None))
    try:
        cleaned = asked.form.clean(given, asked.names, work.now)
    except feel.FeelError as problem:
        raise Incident(str(problem), element=asked.at.id) from problem
    if errors := cleaned.errors or dict(_too_big(cleaned.values, work.settings.limits)):
        raise InvalidAnswers(errors, _refused_anyway(work, pack, asked))
    if errors := registers.wrong(work, pack, registers.entries(pack, asked, cleaned.values, work.now)):
        raise InvalidAnswers(errors)
    hits = judge(pack, asked.at.checks, {**asked.names, **asked.form.told(cleaned.values)}, work.now)
    if refusing := [hit for hit in hits if hit.effect != "reason"]:
        raise ChecksRefuse(refusing)
    if hits and reason is None:
        raise ReasonNeeded(hits)
    if asked.at.confirm_identity:
        need_proof(work)
    return Taken(asked, cleaned.values, reason if hits else None, tuple(hits))


def _refused_anyway(work: Work, pack: Pack, asked: Asked) -> list[Hit]:
    """What checks that read no answer of this form have against it, so that it is said together with the form's own faults."""
    tables = tuple(table for table in asked.at.checks if not asked.form.keys & {path.partition(".")[0] for path in pack.tables[table].paths})
    return [hit for hit in judge(pack, tables, asked.names, work.now) if hit.effect == "refuse"]


def _too_big(value: Any, limits: Limits, path: str = "") -> Iterator[tuple[str, str]]:
    """Files that are larger than this deployment takes, each with its place."""
    if isinstance(value, Upload) and value.size > limits.upload_bytes:
        yield path, f"“{value.name}” cannot be taken: it must be smaller than {limits.upload_megabytes} MB"
    inside = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from _too_big(one, limits, f"{path}.{key}" if path else str(key))


def _reason(given: Any) -> str | None:
    """Why a check shall be passed all the same."""
    if not isinstance(given, str | None) or len(given or "") > LONGEST_REASON or not _plain(given or ""):
        raise InvalidAnswers({REASON: f"The reason must be text of at most {LONGEST_REASON:,} characters."})
    return (given or "").strip() or None


def _plain(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def keep(here: Here, taken: Taken) -> dict[str, Any]:
    """Write the submission and all that follows from its fields; no draft is left of it, and names that were looked up are looked up anew.
    Gives the answers as the process will see them: with every key of the form, so that an expression may name what was not asked."""
    work, case, asked, submission = here.work, here.case, taken.asked, new_id()
    element, item = asked.at.id, asked.place.item
    values = _keep_documents(work, case, asked, taken.values, "", {})
    work.db.execute(_SUBMISSION, {
        "id": submission, "case_id": case.id, "element": element, "item": item, "task": asked.task, "at": work.now, "by": work.actor.person,
        "deputy_of": asked.deputy_of, "answers": case.seal(values, "submissions", submission),
        "reason": case.seal(taken.reason, "submissions", submission, "reason") if taken.reason else None,
        "seen": case.seal(dict(asked.seen), "submissions", submission, "seen") if asked.seen else None,
        "same_case": case.id, "same_element": element, "same_item": item})
    if asked.deputy_of is not None:
        work.record("acted_as_deputy", person=asked.deputy_of, element=element)
    if taken.hits:
        work.record("reason_given", element=element, checks=sorted({hit.check for hit in taken.hits}))
    registers.write(work, case, registers.entries(case.pack, asked, values, work.now), submission)
    appointments.settle(work, case, asked, values)
    whose_case(work, case, asked.form, values)
    here.looked_up.forget(element)
    forget_draft(work, asked.draft)
    return asked.form.filled(values)


def whose_case(work: Work, case: Case, form: Form, values: Mapping[str, Any]) -> None:
    """The case is the agency's that these answers name as its own, also if someone else entered it."""
    for path, asked in form.questions():
        agency = values.get(path) if asked.case_agency else None
        if agency and agency != case.agency:
            case.agency = agency
            work.db.execute(sa.update(t.cases).where(t.cases.c.id == case.id).values(agency=agency))


def keep_files(work: Work, case: Case, asked: Asked, values: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers, with every upload in them made a document of the case; what was there `before` may stay."""
    kept: dict[str, Any] = _keep_documents(work, case, asked, values, "", before)
    return kept


def _keep_documents(work: Work, case: Case, asked: Asked, values: Any, path: str, before: Mapping[str, Any]) -> Any:
    """Every upload becomes a document of the case; its place in the answers names the document."""
    if isinstance(values, Upload):
        return _document(work, case, asked, values, path)
    if isinstance(values, dict) and "document" in values and any(path == at and field.type == "filepicker" for at, field in asked.form.questions()):
        return _kept(work, case, asked, values, path, before)
    if isinstance(values, dict):
        return {key: _keep_documents(work, case, asked, value, f"{path}.{key}" if path else key, before) for key, value in values.items()}
    if isinstance(values, list):
        return [_keep_documents(work, case, asked, value, path, before) for value in values]
    return values


def _kept(work: Work, case: Case, asked: Asked, value: Mapping[str, Any], path: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """A file that was there already, under its own name: one that was handed in at this step or at one it opens with, or that this person may
    read, or that stands in the answer already. All others are said not to be there: nobody claims another agency's file."""
    row = work.db.execute(sa.select(*FILE).where(
        t.documents.c.id == value["document"], t.documents.c.case_id == case.id, t.documents.c.made_from.is_(None))).one_or_none()
    if row is not None:
        sources = (asked.at.id, *asked.at.opens_with) if asked.task else ()
        of_this = row.element in sources and row.item in (None, asked.place.item)
        if of_this or row.id in _documents_in(before) or reads_file(work.db, work.actor, case, row):
            return file_of(case, row)
    raise InvalidAnswers({path: "This file is not one of this case. Choose it again."})


def _documents_in(values: Any) -> set[Any]:
    """The documents that these answers name."""
    inside = values.values() if isinstance(values, Mapping) else values if isinstance(values, list) else ()
    return {values["document"]} if isinstance(values, Mapping) and isinstance(values.get("document"), str) else set().union(*map(_documents_in, inside))


def _document(work: Work, case: Case, asked: Asked, upload: Upload, path: str) -> dict[str, Any]:
    document, digest, place = new_id(), hashlib.sha256(upload.content).hexdigest(), asked.place
    agency = agency_of_files(work.db, place)
    work.db.execute(sa.insert(t.documents).values(
        id=document, case_id=case.id, element=asked.at.id, field=path, item=place.item, agency=agency, task=asked.task,
        kind=upload.type, size=len(upload.content), at=work.now, by=work.actor.person, name=case.seal(upload.name, "documents", document, "name"),
        content=case.key.seal(upload.content, case.id, "documents", document, "content"), digest=case.seal(digest, "documents", document, "digest")))
    work.record("document_added", document=document, field=path, element=asked.at.id)
    return {"document": document, "name": upload.name, "digest": digest}
