"""What routes can be filled with: every row there is, with what kind of thing it is and whose."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.proposals import KINDS
from engine.store import tables as t
from tests.canaries.board import Populated

#: What can be proposed of an account, as its address says it.
CHANGES = ("give", "take", "open", "access")


@dataclass(frozen=True)
class Row:
    """The names of a route, filled."""

    values: dict[str, str] = field(hash=False)
    kind: str = ""              # the step, the question, the register: people see some kinds and not others
    agency: str | None = None   # whose it is
    case: str | None = None     # its reference

    def url(self, rule: str) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self.values[found[1]], rule)


class Rows:
    """All rows of a board, by the route they fit."""

    def __init__(self, board: Populated) -> None:
        self.pack = board.pack
        with board.engine.database.reading() as db:
            self.by_names = self._read(db)
            self.papers = set(db.scalars(sa.select(t.documents.c.id).where(t.documents.c.made_from.is_not(None))))
        self.kinds = {value: row.kind for rows in self.by_names.values() for row in rows for value in row.values.values() if row.kind}

    def of(self, rule: Any) -> list[Row]:
        """What fits this route. Of names that fit nothing, something that is not there."""
        names = frozenset(rule.arguments)
        return self.by_names.get(rule.endpoint) or self.by_names.get(names) or [Row(dict.fromkeys(names, "none"))]

    def kind(self, values: dict[str, Any]) -> str:
        """What kind of thing an address of a page leads to."""
        return " ".join(self.kinds.get(str(value), "") for value in values.values())

    def _read(self, db: sa.Connection) -> dict[Any, list[Row]]:
        pack = self.pack
        cases = {row.id: row.reference for row in db.execute(sa.select(t.cases.c.id, t.cases.c.reference).order_by(t.cases.c.reference))}
        at = {row.id: row.agency for row in db.execute(sa.select(t.people.c.id, t.people.c.agency))}
        everywhere = list(cases.values())

        def of_cases(table: sa.Table, name: str, **more: Any) -> Iterator[Row]:
            for row in db.execute(sa.select(table).order_by(table.c.id)):
                told = row._mapping
                yield Row({name: row.id, "reference": cases[row.case_id]} if more.get("within") else {name: row.id},
                          " ".join(str(told[column]) for column in ("element", "field", "kind", "name") if isinstance(told.get(column), str)),
                          told.get("agency") or at.get(told.get("by")), cases[row.case_id])

        def of_ids(table: sa.Table, name: str, kind: str | None = None) -> list[Row]:
            return [Row({name: row.id}, str(row._mapping[kind]) if kind else "") for row in db.execute(sa.select(table).order_by(table.c.id))]

        def of_pack(name: str, which: Any) -> list[Row]:
            return [Row({"reference": case, name: one}, str(one), None, case) for case in everywhere for one in which]

        files = db.execute(sa.select(t.published_files.c.reference, t.published_files.c.name, t.published_files.c.content.is_(None).label("gone"))).all()
        gone = db.scalars(sa.select(t.published.c.reference)).all()
        return {
            frozenset({"task"}): list(of_cases(t.tasks, "task")), "documents.download": list(of_cases(t.documents, "id")),
            frozenset({"answer", "reference"}): list(of_cases(t.submissions, "answer", within=True)),
            frozenset({"decision", "reference"}): list(of_cases(t.unsettled, "decision", within=True)),
            frozenset({"hold", "reference"}): list(of_cases(t.legal_holds, "hold", within=True)),
            frozenset({"reference"}): [Row({"reference": case}, "", None, case) for case in everywhere],
            frozenset({"name", "reference"}): of_pack("name", pack.registers), frozenset({"action", "reference"}): of_pack("action", pack.case_actions),
            frozenset({"process", "reference"}): of_pack("process", pack.processes),
            "published.one": [Row({"reference": one}) for one in dict.fromkeys([*gone, *everywhere])],
            "published.file": [Row({"reference": row.reference, "name": row.name}, "taken down" if row.gone else "published") for row in files],
            "account.factor": of_ids(t.factors, "id"), "account.remove": of_ids(t.factors, "id"), "account.end": of_ids(t.sessions, "id"),
            "trail.person": of_ids(t.people, "id"), "invitations.send": of_ids(t.people, "id"), "invitations.withdraw": of_ids(t.people, "id"),
            frozenset({"person"}): of_ids(t.people, "person"), frozenset({"proposal"}): of_ids(t.approvals, "proposal", "kind"),
            frozenset({"person", "change"}): [Row({**row.values, "change": change}, change) for row in of_ids(t.people, "person") for change in CHANGES],
            frozenset({"deputy"}): of_ids(t.deputies, "deputy"), frozenset({"draft"}): of_ids(t.drafts, "draft"),
            frozenset({"pack", "start"}): [Row({"pack": pack.id, "start": one}, one) for one in pack.starts], frozenset({"pack"}): [Row({"pack": pack.id})],
            frozenset({"pack", "process"}): [Row({"pack": pack.id, "process": one}, one) for one in pack.processes],
            frozenset({"pack", "role"}): [Row({"pack": pack.id, "role": one}, one) for one in pack.roles],
        }


def every_kind_of_proposal(board: Populated) -> bool:
    """Whether something of each kind that takes two people was proposed here."""
    with board.engine.database.reading() as db:
        return set(db.scalars(sa.select(t.approvals.c.kind))) == set(KINDS)
