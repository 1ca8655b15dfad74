"""A paper as a Word file, with real headings, lists and table heads, its title and language: what screen readers go by."""
from __future__ import annotations

from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from engine.documents.archive import packed

if TYPE_CHECKING:
    from engine.documents.paper import Block, Paper, Run

FONT = "Arial"


def as_word(paper: Paper) -> bytes:
    """The file."""
    document = Document()
    _properties(document, paper)
    _styles(document, paper)
    _margins(document, paper)
    for block in paper.blocks:
        _put(document, document, block)
    buffer = BytesIO()
    document.save(buffer)
    return packed(buffer.getvalue())


def _properties(document: Any, paper: Paper) -> None:
    told, at = document.core_properties, paper.made_at.astimezone(UTC).replace(tzinfo=None)
    told.title, told.author, told.last_modified_by, told.language = paper.title, paper.sender, paper.sender, paper.language
    told.created = told.modified = at
    told.comments = told.keywords = told.subject = ""
    told.revision = 1


def _styles(document: Any, paper: Paper) -> None:
    sizes = {"Normal": 11.5, "Heading 1": 18, "Heading 2": 14, "Heading 3": 12.5}
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(f"w:{theme}"), None)
    document.styles["Normal"].paragraph_format.space_after = Pt(8)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), paper.language)
    for old in document.styles["Normal"].element.rPr.findall(qn("w:lang")):
        old.getparent().remove(old)
    document.styles["Normal"].element.rPr.append(language)
    for default in document.styles.element.iter(qn("w:lang")):
        default.set(qn("w:val"), paper.language)


def _margins(document: Any, paper: Paper) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    right = section.page_width - section.left_margin - section.right_margin
    for part, words in ((section.header, f"{paper.sender}\t{paper.reference}{' – Confidential' if paper.confidential else ''}"), (section.footer, "\tPage ")):
        line = part.paragraphs[0]
        line.style.font.size = Pt(9)
        line.paragraph_format.tab_stops.clear_all()
        line.style.paragraph_format.tab_stops.clear_all()
        line.paragraph_format.tab_stops.add_tab_stop(right, WD_TAB_ALIGNMENT.RIGHT)
        line.add_run(words)
    _field(section.footer.paragraphs[0], "PAGE")
    section.footer.paragraphs[0].add_run(" of ")
    _field(section.footer.paragraphs[0], "NUMPAGES")


def _field(line: Any, code: str) -> None:
    """A number that Word works out."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    line._p.append(field)  # noqa: SLF001 - python-docx has no fields of its own


def _put(document: Any, place: Any, block: Block, style: str | None = None) -> None:
    if block.kind == "heading":
        _words(place.add_paragraph(style=f"Heading {min(block.level, 3)}"), block.runs)
    elif block.kind == "paragraph":
        _words(place.add_paragraph(style=style), block.runs)
    elif block.kind in ("bullets", "numbers"):
        _items(document, place, block, depth=1)
    elif block.kind == "quote":
        for inside in block.inside[0]:
            _put(document, place, inside, style="Quote")
    elif block.kind == "rule":
        _rule(place.add_paragraph())
    elif block.kind == "table":
        _table(document, block)


def _items(document: Any, place: Any, block: Block, depth: int) -> None:
    name = ("List Bullet" if block.kind == "bullets" else "List Number") + (f" {min(depth, 3)}" if depth > 1 else "")
    numbers = _fresh_numbers(document, name) if block.kind == "numbers" else None
    for item in block.inside:
        for at, inside in enumerate(item):
            if inside.kind in ("bullets", "numbers"):
                _items(document, place, inside, depth + 1)
            elif at == 0:
                line = place.add_paragraph(style=name)
                if numbers is not None:
                    line._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = numbers  # noqa: SLF001
                _words(line, inside.runs)
            else:
                _put(document, place, inside, style="List Continue" if depth == 1 else f"List Continue {min(depth, 3)}")


def _fresh_numbers(document: Any, style: str) -> int:
    """A numbering that begins at 1 again."""
    numbering = document.part.numbering_part.element
    used = document.styles[style].element.pPr.numPr.numId.val
    model = next(each for each in numbering.findall(qn("w:num")) if each.numId == used)
    fresh = numbering.add_num(model.abstractNumId.val)
    fresh.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(fresh.numId)


def _table(document: Any, block: Block) -> None:
    columns = max(map(len, block.rows), default=0)
    if not columns:
        return
    table = document.add_table(rows=0, cols=columns, style="Table Grid")
    for number, row in enumerate(block.rows):
        cells = table.add_row().cells
        for at, (cell, runs) in enumerate(zip(cells, row, strict=False)):
            _words(cell.paragraphs[0], runs, bold=number == 0 if block.headed else at == 0)
    if block.headed:
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001
    document.add_paragraph()


def _rule(line: Any) -> None:
    border, below = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "808080")):
        below.set(qn(f"w:{name}"), value)
    border.append(below)
    line._p.get_or_add_pPr().append(border)  # noqa: SLF001


def _words(line: Any, runs: tuple[Run, ...], *, bold: bool = False) -> None:
    for run in runs:
        if run.text == "\n":
            line.add_run().add_break()
            continue
        shown = line.add_run(run.text if not run.link or run.link == run.text else f"{run.text} ({run.link})")
        shown.bold, shown.italic = run.bold or bold or None, run.italic or None
