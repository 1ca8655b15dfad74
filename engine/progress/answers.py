"""Taking answers: cleaned by the form, judged by the checks, kept as a submission with its documents, register rows and appointments."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import feel
from engine.errors import ChecksRefuse, Hit, Incident, InvalidAnswers, Locked, NotFound, ReasonNeeded
from engine.feel.tables import DecisionError
from engine.forms import Field, Upload
from engine.packs import REASON
from engine.store import tables as t
from engine.store.database import new_id

if TYPE_CHECKING:
    from engine.forms import Form
    from engine.packs import Element, Pack
    from engine.work import Case, Work

LONGEST_REASON = 20_000
_GIVEN_BEFORE = t.submissions.alias()
_SUBMISSION = sa.insert(t.submissions).values(round=sa.select(sa.func.count() + 1).select_from(_GIVEN_BEFORE).where(
    _GIVEN_BEFORE.c.case_id == sa.bindparam("same_case"), _GIVEN_BEFORE.c.element == sa.bindparam("same_element"),
    _GIVEN_BEFORE.c.item.is_not_distinct_from(sa.bindparam("same_item"))).scalar_subquery())


@dataclass(frozen=True)
class Asked:
    """A form where it is asked: of a task, a start or a case action."""

    form: Form
    element: str
    checks: tuple[str, ...]
    names: Mapping[str, Any]  # all that its expressions and checks may use
    item: str | None = None
    agency: str | None = None
    task: str | None = None


@dataclass(frozen=True)
class Taken:
    """Answers that passed, ready to be kept."""

    values: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)
    reason: str | None = None
    hits: tuple[Hit, ...] = ()


def paths_of(pack: Pack, element: Element) -> set[str]:
    """Every name that the form and the tables of this element read."""
    form = pack.form_of(element.id)
    paths = set(form.paths) if form else set()
    for table in (*element.checks, *element.gate):
        paths |= pack.tables[table].paths
    return paths


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


def locked(pack: Pack, gate: tuple[str, ...], names: Mapping[str, Any], now: Any) -> None:
    """Refuse while a gate is shut."""
    if gate and (hits := judge(pack, gate, names, now)):
        raise Locked(hits)


def take(work: Work, pack: Pack, asked: Asked, raw: Mapping[str, Any]) -> Taken:
    """The answers, cleaned and found good; every fault at once otherwise."""
    if not isinstance(raw, Mapping):
        raise InvalidAnswers({"": "The answers must come as a form: each under the name of its question."})
    given = dict(raw)
    reason = _reason(given.pop(REASON, None))
    try:
        cleaned = asked.form.clean(given, asked.names, work.now)
    except feel.FeelError as problem:
        raise Incident(str(problem), element=asked.element) from problem
    if cleaned.errors:
        raise InvalidAnswers(cleaned.errors)
    hits = judge(pack, asked.checks, {**asked.names, **asked.form.filled(cleaned.values)}, work.now) if asked.checks else []
    if refusing := [hit for hit in hits if hit.effect != "reason"]:
        raise ChecksRefuse(refusing)
    if hits and reason is None:
        raise ReasonNeeded(hits)
    return Taken(cleaned.values, reason=reason if hits else None, hits=tuple(hits))


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


def keep(work: Work, case: Case, asked: Asked, taken: Taken) -> dict[str, Any]:
    """Write the submission and all that follows from its fields; gives the answers as the process will see them:
    with every key of the form, so that an expression may name what was not asked."""
    submission = new_id()
    values = _keep_documents(work, case, asked, taken.values, "")
    work.db.execute(_SUBMISSION, {
        "id": submission, "case_id": case.id, "element": asked.element, "item": asked.item, "task": asked.task, "at": work.now, "by": work.actor.person,
        "answers": case.seal(values, "submissions", submission),
        "reason": case.seal(taken.reason, "submissions", submission, "reason") if taken.reason else None,
        "same_case": case.id, "same_element": asked.element, "same_item": asked.item})
    if taken.hits:
        work.record("reason_given", element=asked.element, checks=sorted({hit.check for hit in taken.hits}))
    _keep_registers(work, case, asked.form, values, submission)
    _appoint(work, case, asked, values)
    return asked.form.filled(values)


def _keep_documents(work: Work, case: Case, asked: Asked, values: Any, path: str) -> Any:
    """Every upload becomes a document of the case; its place in the answers names the document."""
    if isinstance(values, Upload):
        return _document(work, case, asked, values, path)
    if isinstance(values, dict):
        return {key: _keep_documents(work, case, asked, value, f"{path}.{key}" if path else key) for key, value in values.items()}
    if isinstance(values, list):
        return [_keep_documents(work, case, asked, value, path) for value in values]
    return values


def _document(work: Work, case: Case, asked: Asked, upload: Upload, path: str) -> dict[str, Any]:
    document = new_id()
    work.db.execute(sa.insert(t.documents).values(
        id=document, case_id=case.id, element=asked.element, field=path, task=asked.task, kind=upload.type, size=len(upload.content), at=work.now,
        by=work.actor.person, name=case.seal(upload.name, "documents", document, "name"),
        content=case.key.seal(upload.content, case.id, "documents", document, "content")))
    work.record("document_added", document=document, field=path, element=asked.element)
    return {"document": document, "name": upload.name}


def _keep_registers(work: Work, case: Case, form: Form, values: Mapping[str, Any], submission: str) -> None:
    for path, item in form.walk():
        register = getattr(item, "register", None)
        if not register or isinstance(item, Field):
            continue
        rows = _dig(values, path) or []
        first = (work.db.scalar(sa.select(sa.func.max(t.register_rows.c.number)).where(
            t.register_rows.c.case_id == case.id, t.register_rows.c.register == register)) or 0) + 1
        fresh = []
        for number, row in enumerate(rows, first):
            row_id = new_id()
            fresh.append({"id": row_id, "case_id": case.id, "register": register, "number": number, "submission": submission,
                          "row": case.seal(row, "register_rows", row_id)})
        if fresh:
            work.db.execute(sa.insert(t.register_rows), fresh)


def _appoint(work: Work, case: Case, asked: Asked, values: Mapping[str, Any]) -> None:
    """A field that appoints gives the person answered a role in this case."""
    for path, item in asked.form.walk():
        role = getattr(item, "appoints", None)
        if not role:
            continue
        for person in _all(_dig(values, path)):
            scope = case.pack.roles[role].scope
            work.db.execute(sa.insert(t.holdings).values(
                id=new_id(), person=person, role=role, agency=asked.agency if "agency" in scope else None, case_id=case.id, since=work.now))
            work.record("appointed", person=person, role=role, element=asked.element)


def _dig(values: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(values, list):
            values = [one.get(key) for one in values]
        elif isinstance(values, dict):
            values = values.get(key)
        else:
            return None
    return values


def _all(value: Any) -> list[str]:
    if value is None:
        return []
    return [one for one in value if one] if isinstance(value, list) else [value]


def draft_place(*, task: str | None = None, start: tuple[str, str] | None = None, action: tuple[str, str] | None = None) -> str:
    """Where a draft belongs: to one task, start form or case action."""
    if task:
        return f"task {task}"
    if start:
        return f"start {start[0]} {start[1]}"
    if action:
        return f"action {action[0]} {action[1]}"
    raise NotFound
