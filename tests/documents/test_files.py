"""A finished text becomes Word and tagged PDF that say what it says; and what a file tells about its makers can be taken out."""
from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import docx
import pypdf
import pypdf.annotations
import pytest

from engine.documents import Paper, escaped, plain_text, written
from engine.documents.stripping import stripped

TEXT = """Northmere Board\\
2 March 2026

Dear **colleagues**,

1. Say what you *know*.
2. Say how much it weighs.

| Question | Answer |
|---|---|
| What do you know? | Little |

## The law

#### Far below

> You must answer.

See [our page](https://board.example/).
"""
PAPER = Paper("Request for information", TEXT, "Northmere Board", "SCR-2026-001", datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


def pdf(content):
    return pypdf.PdfReader(io.BytesIO(content))


def word(content):
    return docx.Document(io.BytesIO(content))


def in_order(text, *words):
    places = [text.index(word) for word in words]
    assert places == sorted(places), text


def test_the_pdf_says_what_the_text_says():
    words = " ".join(page.extract_text() for page in pdf(written(PAPER, "pdf")).pages)

    in_order(words, "Request for information", "Northmere Board\n2 March 2026", "Dear colleagues", "1. Say what you know.", "2. Say how much", "Question",
             "Little", "The law", "You must answer.", "our page", "Page 1 of 1")
    assert "**" not in words


def test_the_pdf_is_tagged_titled_and_in_english():
    found = pdf(written(PAPER, "pdf"))
    root = found.trailer["/Root"]

    assert found.metadata["/Title"] == "Request for information"
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"]
    assert b"<pdfuaid:part>1" in found.xmp_metadata.stream.get_data()
    kinds = tags(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/BlockQuote", "/Link"} <= kinds
    assert "/H4" not in kinds, "a level was skipped"


def test_every_font_travels_with_the_pdf():
    found = pdf(written(PAPER, "pdf"))
    fonts = [font.get_object() for page in found.pages for font in page["/Resources"]["/Font"].values()]

    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"].get_object())


@pytest.mark.parametrize("kind", ["pdf", "docx"])
def test_the_same_text_gives_the_same_bytes(kind):
    assert written(PAPER, kind) == written(replace(PAPER), kind)
    assert written(PAPER, kind) != written(replace(PAPER, text="Something else"), kind)


def test_the_word_file_has_real_headings_lists_and_table_heads():
    found = word(written(PAPER, "docx"))
    styles = [(line.style.name, line.text) for line in found.paragraphs]

    assert styles[0] == ("Heading 1", "Request for information")
    assert ("Heading 2", "The law") in styles
    assert ("Heading 3", "Far below") in styles
    assert ("List Number", "Say what you know.") in styles
    assert ("Quote", "You must answer.") in styles
    assert [[cell.text for cell in row.cells] for row in found.tables[0].rows] == [["Question", "Answer"], ["What do you know?", "Little"]]
    assert b"tblHeader" in part(written(PAPER, "docx"), "word/document.xml")
    assert "Northmere Board" in found.sections[0].header.paragraphs[0].text


def test_the_word_file_says_its_title_its_sender_and_its_language():
    told = word(written(PAPER, "docx")).core_properties

    assert (told.title, told.author, told.language) == ("Request for information", "Northmere Board", "en-GB")
    assert told.created == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert b'w:lang w:val="en-GB"' in part(written(PAPER, "docx"), "word/styles.xml")


def test_numbers_begin_again_in_each_list():
    found = word(written(replace(PAPER, text="1. one\n2. two\n\nBetween.\n\n1. one again"), "docx"))
    numbers = [line._p.pPr.numPr.numId.val for line in found.paragraphs if line.style.name == "List Number"]

    assert numbers[0] == numbers[1] != numbers[2]


@pytest.mark.parametrize("typed", [
    "# no heading", "1. no list", "- nor this", "a | b", "**not bold**", "<b>", "[x](https://evil.example)", "`code`", "\\", "&amp; &lt;", "#let x = 1", "$1$",
    "    indented", "+++", "---", "{{ case.reference }}",
])
def test_what_people_typed_is_never_markup(typed):
    shown = " ".join(escaped(typed).split())
    for text in (f"{shown} end", f"| a | b |\n|---|---|\n| {shown} | end |", f"- {shown} end"):
        paper = replace(PAPER, text=text)
        wanted = " ".join(typed.split())
        assert wanted in " ".join(plain_text(text).split())
        assert wanted in " ".join("\n".join(cell for cell in all_words(word(written(paper, "docx")))).split())
        assert "end" in pdf(written(paper, "pdf")).pages[0].extract_text()


def test_lines_and_paragraphs_that_people_typed_are_kept_also_in_a_table():
    typed = escaped("first\nsecond\n\nnew paragraph")
    found = word(written(replace(PAPER, text=f"{typed}\n\n| a |\n|---|\n| {typed} |"), "docx"))

    assert [line.text for line in found.paragraphs[1:3]] == ["first\nsecond", "new paragraph"]
    assert found.tables[0].rows[1].cells[0].text == "first\nsecond\n\nnew paragraph"


def test_a_table_without_a_head_has_none():
    paper = replace(PAPER, text="| | |\n|---|---|\n| Lead | Somebody |")
    found = word(written(paper, "docx")).tables[0]

    assert [[cell.text for cell in row.cells] for row in found.rows] == [["Lead", "Somebody"]]
    assert "/TH" not in tags(pdf(written(paper, "pdf")).trailer["/Root"]["/StructTreeRoot"])


@pytest.mark.parametrize("name", ["Łukasz Żółć", "Siân Ŵyn", "Ольга", "王小明", "محمد", "👍", "\x0b"])
def test_names_in_any_script_make_a_file(name):
    paper = replace(PAPER, text=f"Dear {escaped(name)},")

    assert pdf(written(paper, "pdf")).pages
    assert len(word(written(paper, "docx")).paragraphs) == 2


# ---- what a file says of its makers

def test_a_word_file_loses_its_makers_comments_and_changes():
    made = docx.Document()
    made.core_properties.author, made.core_properties.title = "Secret Author", "secret-draft-v4"
    made.add_paragraph("What was found.")
    made.add_comment(made.paragraphs[0].runs, text="Tamsin said this", author="Secret Author", initials="SA")
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    made.paragraphs[0]._p.append(docx.oxml.parse_xml(
        f'<w:del xmlns:w="{w}" w:author="Secret Author" w:id="7"><w:r><w:delText>Tamsin</w:delText></w:r></w:del>'))
    made.paragraphs[0]._p.append(docx.oxml.parse_xml(f'<w:ins xmlns:w="{w}" w:author="Secret Author" w:id="8"><w:r><w:t> The child.</w:t></w:r></w:ins>'))
    buffer = io.BytesIO()
    made.save(buffer)

    found = stripped(buffer.getvalue(), "Overview report")

    assert found.clean
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (b"Secret", b"Tamsin", b"secret-draft"):
        assert secret not in everything
    read = word(found.content)
    assert read.paragraphs[0].text == "What was found. The child."
    assert read.core_properties.title == "Overview report"


def test_a_pdf_loses_its_makers_notes_and_enclosures():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(written(PAPER, "pdf")))
    writer.add_metadata({"/Author": "Secret Author", "/Producer": "Secret Machine", "/Title": "secret-draft-v4"})
    writer.add_attachment("secret.txt", b"Tamsin")
    writer.add_annotation(0, pypdf.annotations.FreeText(text="Tamsin said this", rect=(10, 10, 90, 40)))
    buffer = io.BytesIO()
    writer.write(buffer)

    found = stripped(buffer.getvalue(), "Overview report")

    assert found.clean
    read = pdf(found.content)
    assert {key: str(value) for key, value in read.metadata.items() if key != "/Producer"} == {"/Title": "Overview report"}
    assert read.metadata.get("/Producer") in (None, "pypdf")
    assert not read.attachments
    assert "/StructTreeRoot" in read.trailer["/Root"], "what screen readers go by must stay"
    assert "Dear colleagues" in read.pages[0].extract_text()
    assert b"Secret" not in found.content
    assert [one.get_object()["/Subtype"] for one in read.pages[0].get("/Annots", [])] == ["/Link"]


@pytest.mark.parametrize("content", [b"", b"just text", b"%PDF-1.7 broken", b"PK\x03\x04 broken", b"\x89PNG"])
def test_a_file_that_cannot_be_read_stays_as_it_is_and_that_is_said(content):
    found = stripped(content, "Overview report")

    assert (found.content, found.clean) == (content, False)


def tags(node):
    kinds, todo = set(), [node]
    while todo:
        one = todo.pop().get_object()
        if "/S" in one:
            kinds.add(one["/S"])
        inside = one.get("/K", [])
        todo += [each for each in (inside if isinstance(inside, list) else [inside]) if hasattr(each.get_object(), "get")]
    return kinds


def part(content, name):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def all_words(document):
    yield from (line.text for line in document.paragraphs)
    yield from (cell.text for table in document.tables for row in table.rows for cell in row.cells)
