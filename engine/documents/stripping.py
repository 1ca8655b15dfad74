"""What a file says about the people who made it, taken out: authors, companies, comments, tracked changes, earlier versions.

What the words themselves give away is for people to find; so is a picture. A file of another kind, or one that cannot be read, stays as it is,
and that is said."""
from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import cast

import pypdf
from lxml import etree

from engine.documents.archive import closed, opened

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: Parts that are about the makers: the package still names them, so they stay, with nothing in them.
_EMPTIED = ("word/comments", "word/people.xml", "docProps/custom.xml", "docProps/app.xml", "customXml/item")
#: Removed with all that is in them: deleted words, and marks of comments and changes.
_GONE = frozenset(f"{_WORD}{name}" for name in (
    "del", "moveFrom", "commentRangeStart", "commentRangeEnd", "commentReference", "rPrChange", "pPrChange", "sectPrChange", "tblPrChange",
    "tblGridChange", "trPrChange", "tcPrChange", "numberingChange", "tblPrExChange", "moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart",
    "moveToRangeEnd", "rsids"))
_OPENED = frozenset(f"{_WORD}{name}" for name in ("ins", "moveTo"))     # what was put in stays, without who did it
_CORE = ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties '
         'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
         "<dc:title>{title}</dc:title></cp:coreProperties>")


@dataclass(frozen=True)
class Stripped:
    """A file as the public may have it; `clean` says whether it could be read and cleaned."""

    content: bytes
    clean: bool


def stripped(content: bytes, title: str) -> Stripped:
    """The file without what it says of its makers, under this title. Its kind is told by its first bytes, not by its name."""
    try:
        if content.startswith(b"%PDF-"):
            return Stripped(_pdf(content, title), clean=True)
        if content.startswith(b"PK") and (parts := opened(content)) is not None and "word/document.xml" in parts:
            return Stripped(_word(parts, title), clean=True)
    except (pypdf.errors.PyPdfError, etree.XMLSyntaxError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        pass  # damaged, encrypted, or made to trip whoever reads it
    return Stripped(content, clean=False)


def _pdf(content: bytes, title: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(content))   # what is no longer part of the document is left behind
    writer.metadata = None
    writer.xmp_metadata = None
    writer.add_metadata({"/Title": title})
    root = writer.root_object
    for key in ("/PieceInfo", "/AF", "/Collection", "/OpenAction", "/AA"):
        root.pop(key, None)
    names = root.get("/Names")
    if names is not None:
        for key in ("/EmbeddedFiles", "/JavaScript"):
            names.get_object().pop(key, None)
    for page in writer.pages:
        page.pop("/PieceInfo", None)
        if "/Annots" in page:   # links and form fields stay; what people noted goes
            kept = [one for one in cast("pypdf.generic.ArrayObject", page["/Annots"].get_object()) if one.get_object().get("/Subtype") in ("/Link", "/Widget")]
            page[pypdf.generic.NameObject("/Annots")] = pypdf.generic.ArrayObject(kept)
    writer.compress_identical_objects(remove_unreferenced=True)
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _word(parts: dict[str, bytes], title: str) -> bytes:
    out: dict[str, bytes] = {}
    for name, content in parts.items():
        if name == "docProps/core.xml":
            out[name] = _CORE.format(title=title.replace("&", "&amp;").replace("<", "&lt;")).encode()
        elif name.startswith("docProps/thumbnail"):
            out[name] = b""
        elif name.startswith(_EMPTIED) and name.endswith(".xml") and "_rels" not in name:
            root = _root(content)
            for child in list(root):
                root.remove(child)
            out[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        elif name.startswith("word/") and name.endswith(".xml"):
            out[name] = _without_marks(content)
        else:
            out[name] = content
    return closed(out)


def _root(content: bytes) -> etree._Element:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False))
    if root.getroottree().docinfo.doctype:
        message = "a document type has no place in a Word file"
        raise ValueError(message)
    return root


def _without_marks(content: bytes) -> bytes:
    root = _root(content)
    for element in list(root.iter(*_GONE)):
        if (parent := element.getparent()) is not None:
            parent.remove(element)
    for element in list(root.iter(*_OPENED)):
        parent = element.getparent()
        if parent is not None:
            at = parent.index(element)
            parent.remove(element)
            for child in reversed(element):
                parent.insert(at, child)
    for element in root.iter(etree.Element):
        for key in [key for key in element.attrib if str(key).rpartition("}")[2].startswith("rsid") or str(key) in (f"{_WORD}author", f"{_WORD}date")]:
            del element.attrib[key]
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
