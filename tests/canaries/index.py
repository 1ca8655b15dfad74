"""Where each word was written first, by whom and for whom: read from the database with the keys of the cases."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from engine import Engine
from engine.feel import data
from engine.proposals import KINDS
from engine.store import tables as t
from engine.work import case_of
from tests.canaries.words import NONE, Canary, text_of, words, words_in


def index(engine: Engine) -> tuple[dict[str, Canary], dict[str, Any]]:
    """Every word by where it was written first; and the cases by their references."""
    found: dict[str, Canary] = {}
    cases: dict[str, Any] = {}
    with engine.database.reading() as db:
        at = {row.id: row.agency for row in db.execute(sa.select(t.people.c.id, t.people.c.agency))}
        for row in db.execute(sa.select(t.cases).order_by(t.cases.c.reference)).all():
            case = cases[row.reference] = case_of(row, engine.vault, engine.shelf.pack(db, row.release), engine.shelf.program(db, row.release))
            for canary in _of_case(db, case, at):
                found.setdefault(canary.word, canary)
        for canary in _beside(db, engine):
            found.setdefault(canary.word, canary)
    return found, cases


def published_words(engine: Engine) -> set[str]:
    """Words that lie on the public page."""
    with engine.database.reading() as db:
        said = [str(value) for row in db.execute(sa.select(t.published)) for value in row]
        said += [row.name + row.file_name + text_of(row.content or b"") for row in db.execute(sa.select(t.published_files))]
    return words(" ".join(said))


def _of_case(db: sa.Connection, case: Any, at: Mapping[str, str | None]) -> Iterator[Canary]:
    s, d, c, u, r, h = t.submissions, t.documents, t.corrections, t.unsettled, t.drafts, t.legal_holds
    given = {}
    for row in db.execute(sa.select(s, t.tasks.c.agency).outerjoin(t.tasks, t.tasks.c.id == s.c.task).where(s.c.case_id == case.id).order_by(
            s.c.at, s.c.id)).all():
        form = case.pack.elements[row.element].form or row.element
        agency = _one(row.agency or at[row.by])
        given[row.id] = (form, agency, row.by)
        for path, word, about in words_in(case.open(row.answers, "submissions", row.id)):
            yield Canary(word, "answer", form, path, case.id, about or agency, row.by)
        if row.reason:
            for word in words(case.open(row.reason, "submissions", row.id, "reason")):
                yield Canary(word, "reason", form, "", case.id, agency, row.by)
    for row in db.execute(sa.select(c).where(c.c.case_id == case.id)).all():
        form, agency, by = given[row.submission]
        for path, word, about in words_in(case.open(row.before, "corrections", row.id, "before")):
            yield Canary(word, "answer", form, path.removeprefix("answers."), case.id, about or agency, by)
        for word in words(case.open(row.reason, "corrections", row.id, "reason")):
            yield Canary(word, "correction", form, "", case.id, agency, row.by)
    for row in db.execute(sa.select(d).where(d.c.case_id == case.id, d.c.made_from.is_(None))).all():
        form = case.pack.elements[row.element].form or row.element
        for word in words(text_of(case.key.open(row.content, case.id, "documents", row.id, "content"))):
            yield Canary(word, "file", form, row.field, case.id, _one(row.agency or at[row.by]), row.by)
    for row in db.execute(sa.select(r).where(r.c.case_id == case.id)).all():
        for path, word, _ in words_in(case.open(row.answers, "drafts", row.id)):
            yield Canary(word, "draft", _form_of_draft(db, case, row.place), path, case.id, NONE, row.person)
    for row in db.execute(sa.select(u).where(u.c.case_id == case.id, u.c.note.is_not(None))).all():
        for word in words(str(case.open(row.note, "unsettled", row.id, "note"))):
            yield Canary(word, "note", "settled", "", case.id, NONE, row.settled_by)
    for row in db.execute(sa.select(h).where(h.c.case_id == case.id)).all():
        for column, by in (("reason", row.set_by), ("why_lifted", row.lifted_by)):
            if sealed := getattr(row, column):
                for word in words(case.open(sealed, "legal_holds", row.id, column)):
                    yield Canary(word, "hold", "legal_hold", column, case.id, NONE, by)


def _beside(db: sa.Connection, engine: Engine) -> Iterator[Canary]:
    """What belongs to no case."""
    vault, settings = engine.vault, engine.settings
    for row in db.execute(sa.select(t.drafts).where(t.drafts.c.key.is_not(None))):
        for word in words(vault.unwrap(row.key, "drafts", row.id).open(row.answers, "drafts", row.id).decode()):
            yield Canary(word, "draft", "a start", "", None, NONE, row.person)
    for row in db.execute(sa.select(t.deputies)):
        for word in words(vault.open(row.reason, "deputies", row.id).decode()):
            yield Canary(word, "deputy", "deputy", "reason", None, NONE, row.person, frozenset({row.deputy}))
    for row in db.execute(sa.select(t.approvals)):
        for word in words(str(data.loads(vault.open(row.details, "approvals", row.id)))):
            yield Canary(word, "proposal", f"proposal.{KINDS[row.kind].permission}", row.kind, None, NONE, row.proposed_by)
        if row.reason:
            for word in words(data.loads(vault.open(row.reason, "approvals", row.id, "reason"))):
                yield Canary(word, "proposal", f"proposal.{KINDS[row.kind].permission}", "declined", None, NONE, row.ended_by, frozenset({row.proposed_by}))
    for row in db.execute(sa.select(t.factors)):
        for word in words(row.name):
            yield Canary(word, "factor", "factor", "name", None, NONE, row.person)
    for name, secret in {"secret_key": settings.secret_key, "master_key": settings.master_key, "metrics_token": settings.metrics_token,
                         "mail_password": settings.mail.password, "provider_secret": settings.single_sign_on.secret}.items():
        for word in words(secret.decode() if isinstance(secret, bytes) else secret or ""):
            yield Canary(word, "secret", "secret", name, None, NONE, None)


def _one(agency: str | None) -> frozenset[str]:
    return frozenset({agency}) if agency else NONE


def _form_of_draft(db: sa.Connection, case: Any, place: str) -> str:
    """The form that a draft belongs to."""
    kind, *which = place.split(" ")
    table = {"task": t.tasks, "correction": t.submissions}.get(kind)
    element = which[-1] if table is None else db.scalar(sa.select(table.c.element).where(table.c.id == which[-1]))
    return str(case.pack.elements[element].form)
