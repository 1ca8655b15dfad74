"""A finished text: markdown, read once into the blocks that Word and PDF are written from."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

#: What a paper can be written as, with the media type.
KINDS = {"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "pdf": "application/pdf"}
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable(
    ["code", "fence", "backticks", "image", "html_block", "html_inline", "autolink", "reference", "lheading"])
MARKS = re.compile(r"[!#&()*+\-.:<>\[\\\]_`{|}~]")  # all that could mean something to markdown
LINE, GAP = "\u2028", "\u2029"      # a new line and a new paragraph inside a value: unlike “\n” they cannot end a row of a table
_FORBIDDEN = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that no XML can hold


@dataclass(frozen=True)
class Run:
    """Words in one style; `link` leads somewhere. A line feed alone is a new line."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str = ""


@dataclass(frozen=True)
class Block:
    """A piece of a text: heading, paragraph, bullets, numbers, table, quote or rule."""

    kind: str
    runs: tuple[Run, ...] = ()                              # of a heading or paragraph
    level: int = 0                                          # of a heading
    inside: tuple[tuple[Block, ...], ...] = ()              # of bullets and numbers: each item; of a quote: one
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()      # of a table
    headed: bool = True                                     # its first row is a head; without one its first column says what each row is


@dataclass(frozen=True)
class Paper:
    """A text with all that a reader of the file needs to know about it."""

    title: str
    text: str                 # markdown
    sender: str               # whose paper it is: stands at the top of every page
    reference: str
    made_at: datetime
    confidential: bool = True
    language: str = "en-GB"

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The text, under its title, with headings that never skip a level: what screen readers go by."""
        found = list(_blocks(MARKDOWN.parse(_FORBIDDEN.sub("", self.text))))
        if not any(block.kind == "heading" and block.level == 1 for block in found):
            found.insert(0, Block("heading", (Run(self.title),), 1))
        level, settled = 0, []
        for block in found:
            if block.kind == "heading":
                level = min(block.level, level + 1)
                block = Block("heading", block.runs, level)  # noqa: PLW2901 - the same heading
            settled.append(block)
        return tuple(settled)


def escaped(words: str) -> str:
    """What someone typed, as markdown that shows exactly that, in a paragraph as in a row of a table; lines are kept."""
    parts = [[MARKS.sub(r"\\\g<0>", line.strip()) for line in part.split("\n") if line.strip()]
             for part in re.split(r"\n[ \t]*\n", words.replace("\r\n", "\n").replace(LINE, "\n").replace(GAP, "\n\n"))]
    text = GAP.join(LINE.join(lines) for lines in parts if lines)
    return f"{' ' * words.startswith(' ')}{text}{' ' * (len(words) > 1 and words.endswith(' '))}"   # an expression may begin or end with one


def plain_text(text: str) -> str:
    """Markdown as words only, for tests and searching."""
    return "\n".join("".join(run.text for run in runs) for block in _blocks(MARKDOWN.parse(text)) for runs in _runs_of(block))


def _runs_of(block: Block) -> Iterator[tuple[Run, ...]]:
    if block.runs:
        yield block.runs
    for item in block.inside:
        for one in item:
            yield from _runs_of(one)
    for row in block.rows:
        yield from row


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _close(tokens, at)
        inside = tokens[at + 1:end]
        if token.type == "heading_open":
            yield Block("heading", _runs(inside[0].children or []), int(token.tag[1:]))
        elif token.type == "paragraph_open":
            yield from (Block("paragraph", runs) for runs in _paragraphs(_runs(inside[0].children or [])))
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            items = tuple(tuple(_blocks(item)) for item in _children(inside))
            yield Block("bullets" if token.type[0] == "b" else "numbers", inside=items)
        elif token.type == "blockquote_open":
            yield Block("quote", inside=(tuple(_blocks(inside)),))
        elif token.type == "hr":
            yield Block("rule")
        elif token.type == "table_open":
            rows = [[_runs(cell[0].children or []) for cell in _children(row)] for part in _children(inside) for row in _children(part)]
            headed = any(rows[0])
            yield Block("table", rows=tuple(tuple(_on_lines(cell) for cell in row) for row in rows[not headed:]), headed=headed)
        at = end + 1


def _close(tokens: list[Token], at: int) -> int:
    """Where what opens here is closed."""
    depth = 0
    for place in range(at, len(tokens)):
        depth += tokens[place].nesting
        if depth == 0:
            return place
    return len(tokens)


def _children(tokens: list[Token]) -> Iterator[list[Token]]:
    """What stands inside each of the pairs side by side here."""
    at = 0
    while at < len(tokens):
        end = _close(tokens, at)
        yield tokens[at + 1:end]
        at = end + 1


def _runs(tokens: list[Token]) -> tuple[Run, ...]:
    found: list[Run] = []
    bold = italic = 0
    link = ""
    for token in tokens:
        if token.type in ("strong_open", "strong_close"):
            bold += token.nesting
        elif token.type in ("em_open", "em_close"):
            italic += token.nesting
        elif token.type in ("link_open", "link_close"):
            link = str(token.attrs.get("href", "")) if token.nesting > 0 else ""
        elif token.type == "hardbreak":
            found.append(Run("\n"))
        else:
            text = " " if token.type == "softbreak" else token.content
            for piece in filter(None, re.split(f"([{LINE}{GAP}])", text)):
                found.append(Run("\n") if piece == LINE else Run(piece, bold > 0, italic > 0, link))
    return tuple(found)


def _paragraphs(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    """A paragraph, cut where a value inside it begins a new one."""
    part: list[Run] = []
    for run in runs:
        if run.text == GAP:
            yield tuple(part)
            part = []
        else:
            part.append(run)
    if part:
        yield tuple(part)


def _on_lines(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """A cell of a table: new paragraphs become new lines."""
    return tuple(one for run in runs for one in ((Run("\n"), Run("\n")) if run.text == GAP else (run,)))

