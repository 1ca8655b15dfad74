"""The one door through which XML comes in: diagrams and decision tables, from owners, uploads and releases alike."""
from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Callable

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"

MAX_BYTES = 2_000_000
MAX_DEPTH = 60
MAX_NODES = 20_000
MAX_TEXT = 20_000        # characters in one text, comment or attribute
MAX_ATTRIBUTES = 40      # of one tag


class UnsafeXml(ValueError):
    """This file cannot be read safely."""

    def __init__(self, says: str, line: int | None = None) -> None:
        super().__init__(says)
        self.says, self.line = says, line


def parse(data: bytes, root: str | None = None) -> etree._Element:
    """The root of a harmless document, with line numbers; `root` is the namespace it must have. Anything else is UnsafeXml."""
    if len(data) > MAX_BYTES:
        raise UnsafeXml(f"The file is larger than {MAX_BYTES // 1_000_000} MB. Split it into smaller diagrams.")
    _scan(data)
    # Read as UTF-8 whatever the file declares, like the scan: the two must never see different documents.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
                             remove_pis=True, remove_comments=True, recover=False, encoding="utf-8")
    try:
        found = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        raise UnsafeXml(f"This is not well-formed XML: {problem.msg}", problem.lineno) from None
    if found.tag not in {f"{{{namespace}}}definitions" for namespace in ((root,) if root else (BPMN, DMN))}:
        what = {BPMN: "a BPMN diagram", DMN: "a DMN decision table"}.get(root or "", "a BPMN diagram or a DMN decision table")
        raise UnsafeXml(f"This is not {what}. Save it from the modeller as BPMN 2.0 or DMN 1.3.", found.sourceline)
    return found


def _scan(data: bytes) -> None:
    """Reads once with a parser that builds nothing, so that a bomb is refused before anything grows."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = False
    depth = nodes = text = 0

    def refuse(says: str) -> NoReturn:
        raise UnsafeXml(says, parser.CurrentLineNumber)

    def refused(says: str) -> Callable[..., int]:
        def handler(*_: object) -> NoReturn:
            refuse(says)
        return handler

    def begins(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, nodes, text
        depth, nodes, text = depth + 1, nodes + 1, 0
        if depth > MAX_DEPTH:
            refuse(f"Things are nested more than {MAX_DEPTH} deep.")
        if nodes > MAX_NODES:
            refuse(f"The file has more than {MAX_NODES:,} parts. Split it into smaller diagrams.")
        if len(attributes) > MAX_ATTRIBUTES:
            refuse(f"A tag has more than {MAX_ATTRIBUTES} attributes.")
        if any(len(value) > MAX_TEXT for value in attributes.values()):
            refuse(f"A text is longer than {MAX_TEXT:,} characters.")
        if tag.startswith("http://www.w3.org/2001/XInclude"):
            refuse("The file includes other files (XInclude), which is not allowed.")

    def ends(_: str) -> None:
        nonlocal depth, text
        depth, text = depth - 1, 0

    def reads(piece: str) -> None:
        nonlocal text
        text += len(piece)
        if text > MAX_TEXT:
            refuse(f"A text is longer than {MAX_TEXT:,} characters.")

    def remarks(comment: str) -> None:
        nonlocal nodes
        nodes += 1
        if len(comment) > MAX_TEXT or nodes > MAX_NODES:
            refuse("The file has too many or too long comments.")

    parser.StartElementHandler, parser.EndElementHandler = begins, ends
    parser.CharacterDataHandler, parser.CommentHandler = reads, remarks
    parser.StartDoctypeDeclHandler = refused("The file has a DOCTYPE, which is not allowed. Take it out.")
    parser.EntityDeclHandler = refused("The file declares entities, which is not allowed.")
    parser.ExternalEntityRefHandler = refused("The file refers to other files, which is not allowed.")
    parser.ProcessingInstructionHandler = refused("The file has a processing instruction (<?…?>), which is not allowed. Take it out.")
    try:
        parser.Parse(data, True)
    except expat.ExpatError as problem:
        raise UnsafeXml(f"This is not well-formed XML: {expat.ErrorString(problem.code)}", problem.lineno) from None
    except ValueError as problem:
        if isinstance(problem, UnsafeXml):
            raise
        raise UnsafeXml("This is not a text in UTF-8. Save it as UTF-8.") from None
