"""Papers as owners write them: `documents/<id>.md`, what the paper is called and who may read it between +++ lines, the words below."""
from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from engine.errors import Fault
from engine.feel import templates
from engine.packs.manifest import ID, line_of, read_toml

LONGEST = 200_000     # characters
LONGEST_TITLE = 200
KINDS = ("docx", "pdf")
_PARTS = re.compile(r"\A\s*\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
#: Names that papers have besides those of every expression: answers in the words people were shown.
WORDS = frozenset({"words", "papers", "rows"})


@dataclass(frozen=True)
class DocumentText:
    """One paper: the words are a template in markdown."""

    id: str
    title: str
    kinds: tuple[str, ...]
    visible_to: tuple[str, ...]     # roles; none: whoever may read answers in the case
    sensitive: bool                 # tells what is sensitive: marked confidential, and never published
    body: str
    file: str
    body_line: int = 1
    clause: str = ""

    @cached_property
    def paths(self) -> frozenset[str]:
        """Every name its words read."""
        return templates.paths_of(self.body)


def read_document(data: bytes, file: str) -> tuple[DocumentText | None, list[Fault]]:
    """The paper in a file, or what is wrong with it."""
    id = file.rpartition("/")[2].removesuffix(".md")

    def fault(says: str, line: int | None = 1) -> Fault:
        return Fault(file, line, id, None, says)

    if not ID.fullmatch(id):
        return None, [fault("The name of the file is the paper's id: use letters, digits and _.", None)]
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None, [fault("This is not a text in UTF-8: save it as UTF-8.", None)]
    if len(text) > LONGEST:
        return None, [fault(f"This paper is longer than {LONGEST:,} characters: make it shorter.", None)]
    parts = _PARTS.match(text)
    if parts is None:
        return None, [fault("Begin with what the paper is called, between two lines of +++: title = \"…\".")]
    head = ("\n" * text.count("\n", 0, parts.start(1)) + parts[1]).encode()
    table, faults = read_toml(head, file)
    if faults:
        return None, [replace(each, element=id) for each in faults]
    found, faults = _head(table, head, id, file)
    body_line = text.count("\n", 0, parts.end()) + 1
    body = text[parts.end():]
    body_line += len(body) - len(body.lstrip("\n"))
    body = body.strip("\n")
    if not body.strip():
        faults.append(fault("This paper has no words: write them below the second +++.", body_line))
    broken = templates.check_template(body, file)
    faults += [Fault(file, body_line + (each.line or 1) - 1, id, None, f"A placeholder cannot be read: {each.says}") for each in broken]
    if faults:
        return None, faults
    return DocumentText(id=id, body=body, file=file, body_line=body_line, **found), []


def _head(table: dict[str, Any], head: bytes, id: str, file: str) -> tuple[dict[str, Any], list[Fault]]:
    """What stands between the +++ lines."""
    faults = []

    def wrong(key: str, says: str) -> None:
        faults.append(Fault(file, line_of(head, key) or 1, id, None, says))

    title, kinds, visible, sensitive, clause = (table.pop(key, default) for key, default in (
        ("title", ""), ("kinds", list(KINDS)), ("visible_to", []), ("sensitive", False), ("clause", "")))
    if not isinstance(title, str) or not title.strip() or "{{" in title:
        wrong("title", "“title” must be what the paper is called, without placeholders: it stands in lists and in the name of the file.")
    elif len(title) > LONGEST_TITLE or not title.isprintable():   # a Word file could not hold it
        wrong("title", f"“title” must be at most {LONGEST_TITLE} plain characters on one line.")
    if not isinstance(kinds, list) or not kinds or any(kind not in KINDS for kind in kinds):
        wrong("kinds", "“kinds” must be [\"docx\"], [\"pdf\"] or both.")
    if not isinstance(visible, list) or not all(isinstance(role, str) for role in visible):
        wrong("visible_to", "“visible_to” must be a list of roles, such as [\"panel_chair\"].")
    if not isinstance(sensitive, bool):
        wrong("sensitive", "“sensitive” must be true or false.")
    if not isinstance(clause, str):
        wrong("clause", "“clause” must be a text: the ids of the clauses this paper carries.")
    for key in table:
        wrong(key, f"“{key}” means nothing here: there is title, kinds, visible_to, sensitive and clause.")
    if faults:
        return {}, faults
    return {"title": title.strip(), "kinds": tuple(dict.fromkeys(kinds)), "visible_to": tuple(visible), "sensitive": sensitive, "clause": clause}, []
