"""Mails as owners write them: `messages/<id>.md`, the subject on the first line behind “# ”, the words below.

Above the subject, between two lines of +++, may stand which clauses it carries: clause = "H3-6"."""
from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.errors import Fault
from engine.packs.manifest import read_toml

LONGEST = 20_000     # characters
_HEAD = re.compile(r"\A\+\+\+[ \t]*\r?\n(.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class MessageText:
    """One mail: subject and body are templates."""

    id: str
    subject: str
    body: str
    file: str
    line: int = 1           # of the subject
    body_line: int = 2
    clause: str = ""


def read_message(data: bytes, file: str) -> tuple[MessageText | None, list[Fault]]:
    """The mail in a file, or what is wrong with it."""
    id = file.rpartition("/")[2].removesuffix(".md")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, [Fault(file, None, id, None, "This is not a text in UTF-8: save it as UTF-8.")]
    if len(text) > LONGEST:
        return None, [Fault(file, None, id, None, f"This mail is longer than {LONGEST:,} characters: make it shorter.")]
    head = _HEAD.match(text)
    told, faults = read_toml(("\n" + head[1]).encode(), file) if head else ({}, [])
    if faults:
        return None, [replace(each, element=id) for each in faults]
    clause = told.get("clause", "")
    if told.keys() - {"clause"} or not isinstance(clause, str):
        return None, [Fault(file, 1, id, None, "Above the subject there may only stand which clauses the mail carries: clause = \"H3-6\".")]
    lines = text.splitlines()
    above = head[0].count("\n") if head else 0
    first = next((number for number, line in enumerate(lines) if number >= above and line.strip()), None)
    if first is None or not lines[first].startswith("# ") or not lines[first][2:].strip():
        return None, [Fault(file, (first or 0) + 1, id, None, "The first line must be the subject of the mail, written “# Subject”.")]
    rest = first + 1
    while rest < len(lines) and not lines[rest].strip():
        rest += 1
    body = "\n".join(lines[rest:]).strip()
    if not body:
        return None, [Fault(file, first + 1, id, None, "This mail has a subject but no words: write them below the subject.")]
    return MessageText(id, lines[first][2:].strip(), body, file, first + 1, rest + 1, clause), []
