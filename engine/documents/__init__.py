"""Finished texts as files: markdown as Word and as tagged PDF, and what a file says about its makers taken out.

Knows nothing of cases or packs. The same text gives the same bytes. What writes and reads files is loaded when it is first needed."""
from __future__ import annotations

from engine.documents.paper import KINDS, Paper, escaped, plain_text

__all__ = ["KINDS", "Paper", "escaped", "plain_text", "written"]


def written(paper: Paper, kind: str) -> bytes:
    """The paper as a file of this kind."""
    if kind == "docx":
        from engine.documents.word import as_word

        return as_word(paper)
    from engine.documents.pdf import as_pdf

    return as_pdf(paper)
