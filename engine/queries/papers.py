"""Papers that steps have made of a case: which there are, who may read them, and the files written from them."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.documents import KINDS, written
from engine.errors import NotFound
from engine.progress.papers import paper_of
from engine.queries.shapes.cases import DocumentFile, MadeRow
from engine.rules.access import holder
from engine.store import tables as t

if TYPE_CHECKING:
    from collections.abc import Collection

    from engine.look import Look
    from engine.packs.documents import DocumentText
    from engine.rules.access import Actor
    from engine.work import Case


def papers_of(look: Look, case: Case, fields: Collection[str] | None = None, item: str | None = None, *, offered: bool = False) -> list[MadeRow]:
    """The newest version of each paper this person may read, with the earlier ones. `offered`: they are shown with a task of theirs, within `item`."""
    d = t.documents
    query = sa.select(d.c.id, d.c.field, d.c.item, d.c.agency, d.c.at, d.c.name, d.c.out_of_date_since).where(
        d.c.case_id == case.id, d.c.made_from.is_not(None)).order_by(d.c.at, d.c.id)
    if fields is not None:
        query = query.where(d.c.field.in_(sorted(fields)))
    versions: dict[tuple[str, str | None], list[Any]] = {}
    for row in look.db.execute(query):
        text = case.pack.documents.get(row.field)
        if text is None or (item and row.item and not f"{item}/".startswith(f"{row.item}/")) or not (offered or is_reader(look.actor, case, text, row.agency)):
            continue
        versions.setdefault((row.field, row.item), []).append(row)
    return [_row(look, case, rows[-1], [_row(look, case, old, []) for old in reversed(rows[:-1])]) for rows in versions.values()]


def _row(look: Look, case: Case, row: Any, before: list[MadeRow]) -> MadeRow:
    text, stale = case.pack.documents[row.field], row.out_of_date_since
    return MadeRow(row.id, case.open(row.name, "documents", row.id, "name"), list(text.kinds), row.at, readers(case, text),
                   stale.astimezone(look.settings.board.timezone).date() if stale else None, before)


def readers(case: Case, text: DocumentText) -> str:
    """Who may read a paper, in words."""
    if not text.visible_to:
        return "whoever may read answers in this case"
    return ", ".join(case.pack.roles[role].label if role in case.pack.roles else role for role in text.visible_to)


def is_reader(actor: Actor, case: Case, text: DocumentText, agency: str | None) -> bool:
    """May this person, who sees the case, read this paper? One that is for an agency is for those who hold the role there."""
    if not text.visible_to:
        return actor.may("see_answers", case.id)
    wanted = []
    for role in text.visible_to:
        scope = case.pack.roles[role].scope if role in case.pack.roles else "board"
        wanted.append(holder(role, agency if "agency" in scope else None, case.id if "case" in scope else None))
    return actor.answers_to(wanted)


def shown_with_a_task(look: Look, case: Case, row: Any) -> bool:
    """Was this person given a task of this case that shows the paper?"""
    k, o = t.tasks, t.offers
    showing = [element.id for element in case.pack.tasks.values() if row.field in element.shows]
    mine = sa.or_(k.c.claimed_by == look.actor.person, k.c.done_by == look.actor.person, sa.exists().where(
        o.c.task == k.c.id, o.c.holder.in_(sorted(look.actor.holders))))
    query = sa.select(k.c.item).where(k.c.case_id == case.id, k.c.element.in_(showing), k.c.state != "cancelled", mine)
    tasks = look.db.execute(query).all() if showing else []
    return any(row.item is None or not task.item or f"{task.item}/".startswith(f"{row.item}/") for task in tasks)


def file_of(look: Look, case: Case, row: Any, kind: str | None) -> DocumentFile:
    """A paper written as Word or PDF: the first of its kinds if none is named."""
    text = case.pack.documents.get(row.field)
    kinds = text.kinds if text else tuple(KINDS)
    if kind is not None and kind not in kinds:
        raise NotFound
    chosen = kind or kinds[0]
    paper = paper_of(case, row)
    day = row.at.astimezone(look.settings.board.timezone).date()
    name = f"{case.reference} {case.open(row.name, 'documents', row.id, 'name')} {day}.{chosen}"
    return DocumentFile(name, KINDS[chosen], written(paper, chosen))


__all__ = ["file_of", "is_reader", "papers_of", "shown_with_a_task"]
