"""What somebody is given who asked what is kept about them: a PDF to read and the same for machines, in a ZIP.

A person decides what goes out. Nothing is blacked out by machine: what was not chosen is simply not in it."""
from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine import actions, queries
from engine.documents.archive import closed
from engine.documents.paper import Paper, escaped
from engine.documents.pdf import as_pdf
from engine.errors import InvalidAnswers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from engine import Actor, Engine
    from engine.queries.shapes.access import AccountData, Passage, Passages

FORMAT = "casereview subject access 1"
#: The PDF tells so many rows of the trail, the newest; for machines all are there.
TOLD = 1000
#: Rows of one table of the PDF: a longer one takes the typesetter more than its share of time.
_TABLE = 200
#: What the tables are called to whoever reads the PDF.
CALLED = {"people": "Account", "holdings": "Roles", "deputies": "Deputies", "sessions": "Sessions", "factors": "Second factors", "links": "One-time links",
          "tasks": "Tasks", "submissions": "Answers given", "documents": "Files handed in", "corrections": "Corrections", "outbox": "Mails",
          "drafts": "Drafts", "approvals": "Proposals", "legal_holds": "Legal holds", "cases": "Cases opened", "unsettled": "Decisions settled",
          "recovery_codes": "Recovery codes"}


def of_account(engine: Engine, actor: Actor, person: str) -> bytes:
    """Everything kept about someone with an account."""
    found: AccountData = engine.ask(actor, queries.account_data, person)
    engine.perform(actor, actions.give_access, person=person)
    return _zip(engine, actor, "account", asdict(found), f"What is kept about {found.name}", _account(found, engine.now()))


def of_passages(engine: Engine, actor: Actor, words: str, cases: Sequence[str], chosen: Collection[str]) -> bytes:
    """The chosen ones of the passages in which these words stand."""
    found: Passages = engine.ask(actor, queries.passages, words, cases)
    going = [one for one in found.found if one.id in chosen]
    if not going:
        raise InvalidAnswers({"passages": "Choose at least one passage"})
    engine.perform(actor, actions.give_access, passages=Counter(one.case for one in going))
    told = {"looked_for": found.words, "passages": [{key: value for key, value in asdict(one).items() if key not in ("id", "case")} for one in going]}
    return _zip(engine, actor, "passages", told, f"What is kept about {found.words}", _passages(going))


def _zip(engine: Engine, actor: Actor, kind: str, told: dict[str, Any], title: str, text: str) -> bytes:
    now, board = engine.now(), engine.settings.board
    head: dict[str, Any] = {"format": FORMAT, "kind": kind, "board": board.name, "made_at": now, "made_by": actor.name,
            "kept": [asdict(row) for row in engine.ask(actor, queries.kept)]}
    kept = "\n".join(f"- **{escaped(row['title'])}**: {escaped(row['why'])}. {escaped(row['how_long'])}." for row in head["kept"])
    paper = Paper(title, f"{text}\n\n## Why it is kept, and how long\n\n{kept}", board.name, f"{now:%d.%m.%Y}", now)
    return closed({f"{kind}.json": json.dumps(head | told, default=_plain, indent=1, ensure_ascii=False).encode(), f"{kind}.pdf": as_pdf(paper)})


def _account(found: AccountData, now: datetime) -> str:
    lines = [f"Everything that is kept about the account of {escaped(found.name)}, as of {now:%d.%m.%Y at %H:%M}. What could open the account is left out."]
    for table, rows in found.records.items():
        lines += ["", f"## {CALLED.get(table, table.replace('_', ' ').capitalize())} ({len(rows)})", ""]
        if table in ("people", "holdings", "deputies", "sessions", "factors", "links"):
            lines += [f"- {_row(row)}" for row in rows]
        else:
            lines.append("Which ones stands in account.json.")
    lines += ["", f"## What they did and looked at, and what was done to them ({len(found.trail)})"]
    if len(found.trail) > TOLD:
        lines += ["", f"The newest {TOLD}; all of them stand in account.json."]
    for nth, row in enumerate(found.trail[:TOLD]):
        if nth % _TABLE == 0:
            lines += ["", "| When | Case | What |", "|---|---|---|"]
        at = datetime.fromisoformat(row["at"]).astimezone(now.tzinfo)
        words = row["words"] if row["by_them"] else f"by someone else: {row['words']}"
        lines.append(f"| {at:%d.%m.%Y %H:%M} | {escaped(row['case'] or '–')} | {escaped(words)} |")
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    return "; ".join(f"{escaped(name.replace('_', ' '))}: {escaped(str(value))}" for name, value in row.items() if value is not None)


def _passages(going: list[Passage]) -> str:
    lines = ["These passages were chosen by a person of the board. What is about other people was left out."]
    for one in going:
        when = f", {one.at:%d.%m.%Y}" if one.at else ""
        lines += ["", f"## {escaped(one.reference)}: {escaped(one.where)}{when}", "", f"**{escaped(one.label)}**", "", escaped(one.text)]
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
