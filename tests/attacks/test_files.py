"""Files that people hand in: whatever they are, reading them for publication harms nothing, and what is published holds nothing that acts."""
from __future__ import annotations

import io
import resource
import time
import zipfile

import pytest
from pypdf import PdfReader

from engine.documents.stripping import stripped
from engine.packs.xml import BPMN, DMN, UnsafeXml, parse
from tests.attacks import guard
from tests.attacks.payloads import XML, files

FILES = files()
MEMORY = 1_500_000     # KB that the whole of this process may have come to


@pytest.fixture
def trap(tmp_path):
    with guard.trap(tmp_path) as trap:
        yield trap


@pytest.mark.parametrize("name", FILES)
def test_no_file_does_anything_when_it_is_cleaned(name, trap):
    content, began = trap.set_in(FILES[name].decode("latin-1")).encode("latin-1"), time.monotonic()
    if content.startswith(b"PK") and zipfile.is_zipfile(io.BytesIO(FILES[name])) and "lies" not in name:     # the payload is inside
        with zipfile.ZipFile(io.BytesIO(FILES[name])) as packed:
            parts = [(one.filename, packed.read(one)) for one in packed.infolist()]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as again:
            for inner, data in parts:
                again.writestr(trap.set_in(inner), trap.set_in(data.decode("latin-1")).encode("latin-1") if len(data) < 1_000_000 else data)
        content = buffer.getvalue()
    with guard.watched(trap):
        found = stripped(content, "Report")

    assert trap.sprung(found.content.decode("latin-1")) == []
    assert time.monotonic() - began < guard.PATIENCE / 2
    assert found.clean or found.content == content
    if found.clean and content.startswith(b"%PDF"):
        root = PdfReader(io.BytesIO(found.content)).root_object
        assert not {"/OpenAction", "/AA", "/AF", "/Collection"} & set(root)
        assert b"/Launch" not in found.content
        assert b"/JavaScript" not in found.content
    assert stripped(FINE, "Report").clean


@pytest.mark.parametrize("root", [BPMN, DMN])
@pytest.mark.parametrize("name", XML)
def test_no_document_does_anything_where_diagrams_and_tables_come_in(name, root, trap):
    whole = f'<definitions xmlns="{root}" id="d"/>'
    begins = f'<definitions xmlns="{root}"'
    for text in (XML[name], XML[name].replace("<d>", f"{begins}>").replace("</d>", "</definitions>").replace("<d ", f"{begins} ")):
        told = ""
        try:
            with guard.watched(trap):
                found = parse(trap.set_in(text.replace("%s", whole)).encode(), root)
                told = repr([found.tag, found.text, list(found.attrib)])
        except UnsafeXml as refused:
            told = refused.says
        assert trap.sprung(told) == []
    assert parse(whole.encode(), root) is not None


def test_all_of_it_took_no_more_memory_than_a_small_machine_has():
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEMORY


FINE = FILES["Word with a template from the net"]
