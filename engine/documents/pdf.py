"""A paper as PDF/UA: tagged, with its title and language, on fonts that travel with the typesetter."""
from __future__ import annotations

import json
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typst

if TYPE_CHECKING:
    from engine.documents.paper import Block, Paper, Run

#: Whether the machine's own fonts may help, and the standard.
_WAYS: tuple[tuple[bool, Literal["ua-1", "1.7"]], ...] = ((False, "ua-1"), (True, "ua-1"), (True, "1.7"))
_LAYOUT = (Path(__file__).parent / "paper.typ").read_bytes()


def as_pdf(paper: Paper) -> bytes:
    """The file. What it says reaches the typesetter as data: nothing in it can be a command.

    A name in a script that the enclosed fonts lack is looked for in the machine's, and left out of the standard as the last way."""
    language, _, region = paper.language.partition("-")
    told = {"paper": json.dumps({
        "title": paper.title, "sender": paper.sender, "reference": paper.reference, "confidential": paper.confidential,
        "language": language, "region": region or None, "blocks": [_block(block) for block in paper.blocks]})}
    at = paper.made_at.astimezone(UTC)
    problem: typst.TypstError | None = None
    for fonts, standard in _WAYS:
        try:
            return typst.compile(_LAYOUT, sys_inputs=told, font_paths=_fonts(fonts), pdf_standards=standard, timestamp=at)
        except typst.TypstError as found:
            problem = found
    raise problem or AssertionError


@cache
def _fonts(system: bool) -> typst.Fonts:  # noqa: FBT001 - the key of the cache
    return typst.Fonts(include_system_fonts=system)


def _block(block: Block) -> dict[str, Any]:
    return {"kind": block.kind, "level": block.level, "runs": _runs(block.runs), "inside": [[_block(one) for one in item] for item in block.inside],
            "rows": [[_runs(cell) for cell in row] for row in block.rows], "headed": block.headed}


def _runs(runs: tuple[Run, ...]) -> list[dict[str, Any]]:
    return [{"text": run.text, "bold": run.bold, "italic": run.italic, "link": run.link} for run in runs]
