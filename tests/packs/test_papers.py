"""Papers in a pack: what they may say, and what is told to their owner when they cannot be made."""
from __future__ import annotations

from pathlib import Path

import pytest

from engine.packs import check, check_file, pack_of
from engine.packs.documents import read_document

FOLDER = Path(__file__).parent / "papers"
HEAD = '+++\ntitle = "Answers of the agencies"\n+++\n'


@pytest.fixture
def papers():
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in sorted(FOLDER.rglob("*")) if path.is_file()}


def says(files):
    return [(fault.file, fault.line, fault.says) for fault in check(pack_of(files))]


def with_pack(papers, words, head=HEAD):
    return papers | {"documents/pack.md": (head + words).encode()}


def test_the_tiny_pack_has_no_faults(papers):
    assert says(papers) == []


@pytest.mark.parametrize(("text", "line", "wanted"), [
    ("No head at all", 1, "between two lines of +++"),
    ("+++\ntitle = \n+++\nWords", 2, "not readable TOML"),
    ("+++\nkinds = [\"pdf\"]\n+++\nWords", 1, "“title” must be what the paper is called"),
    ('+++\ntitle = "A {{ case.reference }}"\n+++\nWords', 2, "without placeholders"),
    ('+++\ntitle = "A"\nkinds = ["odt"]\n+++\nWords', 3, "“kinds” must be"),
    ('+++\ntitle = "A"\nvisible_to = "office"\n+++\nWords', 3, "a list of roles"),
    ('+++\ntitle = "A"\nsensitive = "yes"\n+++\nWords', 3, "true or false"),
    ('+++\ntitle = "A"\nfor = "B"\n+++\nWords', 3, "means nothing here"),
    ('+++\ntitle = "A"\n+++\n\n', 5, "has no words"),
    ('+++\ntitle = "A"\n+++\n\nFirst\n\n{{ 1 + }}', 7, "A placeholder cannot be read"),
    ('+++\ntitle = "A"\n+++\n{{#for x in y}}', 4, "never closed"),
])
def test_a_paper_that_cannot_be_read_is_told_with_its_line(text, line, wanted):
    found, faults = read_document(text.encode(), "documents/letter.md")

    assert found is None
    assert [(fault.line, wanted in fault.says) for fault in faults] == [(line, True)], faults


def test_what_is_left_out_at_the_head_has_a_plain_meaning():
    found, faults = read_document(b'+++\ntitle = "A letter"\n+++\n\n\nWords', "documents/letter.md")

    assert not faults
    assert (found.id, found.title, found.kinds, found.visible_to, found.sensitive, found.body, found.body_line) == (
        "letter", "A letter", ("docx", "pdf"), (), False, "Words", 6)


def test_a_paper_that_nobody_makes_is_a_fault(papers):
    found = says(papers | {"documents/forgotten.md": b'+++\ntitle = "Forgotten"\n+++\nWords'})

    assert [(file, "No step makes this paper" in words) for file, _, words in found] == [("documents/forgotten.md", True)]


def test_a_step_that_makes_no_paper_there_is_is_a_fault(papers):
    del papers["documents/pack.md"]

    found = [words for _, _, words in says(papers)]
    assert any("There is no paper “pack”: write documents/pack.md" in words for words in found)
    assert any("shows names “pack”, which is no task, start, case action or paper" in words for words in found)
    assert any("No form asks for a file called “pack”, and there is no such paper" in words for words in found)


def test_a_paper_with_a_fault_of_its_own_is_not_told_as_missing(papers):
    found = says(with_pack(papers, "{{ 1 + }}"))

    assert [file for file, _, _ in found] == ["documents/pack.md"]
    assert "A placeholder cannot be read" in found[0][2]


@pytest.mark.parametrize(("words", "line", "wanted"), [
    ("{{ answers.begun.nothing }}", 4, "does not ask “nothing”"),
    ("One\n\n{{ words.begun.nothing }}", 6, "does not ask “nothing”"),
    ("{{ words }}", 4, "Say which of “words” is meant"),
    ("{{#for x in papers.nobody}}{{ x.by }}{{/for}}", 4, "Nobody answers “nobody”"),
    ("{{#for x in rows.nothing}}{{ x.number }}{{/for}}", 4, "There is no register “nothing”"),
    ("{{ nothing }}", 4, "Nothing gives “nothing”"),
    ("{{ me.name }}", 4, "known in forms and checks only"),
    ("{{ documents.nothing.name }}", 4, "No form asks for a file called “nothing”"),
    ("{{ agency }}", 4, "Nothing gives “agency”"),
])
def test_a_name_that_nobody_gives_is_told_where_the_paper_is_made(papers, words, line, wanted):
    found = says(with_pack(papers, words))

    assert [(file, at, wanted in told) for file, at, told in found] == [("documents/pack.md", line, True)], found


def test_what_is_for_some_roles_may_only_stand_in_a_paper_for_them(papers):
    found = says(with_pack(papers, "{{ words.begun.aside }}"))
    assert ["may be read by office only" in words for _, _, words in found] == [True]

    for_both = HEAD.replace("\n+++\n", '\nvisible_to = ["office", "rep"]\n+++\n', 1)
    assert ["may be read by office only" in words for _, _, words in says(with_pack(papers, "{{ answers.begun.aside }}", for_both))] == [True]
    for_them = HEAD.replace("\n+++\n", '\nvisible_to = ["office"]\n+++\n', 1)
    assert says(with_pack(papers, "{{ answers.begun.aside }}", for_them)) == []


def test_a_sensitive_answer_makes_a_sensitive_paper(papers):
    assert ["is a sensitive answer" in words for _, _, words in says(with_pack(papers, "{{ answers.begun.child }}"))] == [True]
    assert says(with_pack(papers, "{{ answers.begun.child }}", HEAD.replace("\n+++\n", "\nsensitive = true\n+++\n", 1))) == []


def test_who_may_read_a_paper_must_be_a_role(papers):
    found = says(with_pack(papers, "Words", HEAD.replace("\n+++\n", '\nvisible_to = ["nobody"]\n+++\n', 1)))
    assert ["visible_to names “nobody”, which is no role" in words for _, _, words in found] == [True]


def test_a_paper_is_not_called_like_a_file_that_a_form_asks_for(papers):
    found = says(papers | {"documents/report.md": HEAD.encode() + b"Words"})
    assert any("A form asks for a file called “report” too" in words for _, _, words in found)


def test_publication_says_what_its_step_needs(papers):
    papers["papers.bpmn"] = papers["papers.bpmn"].replace(b'<zeebe:header key="summary" value="What was learnt." />', b'<zeebe:header key="about" value="x" />')

    found = [words for _, _, words in says(papers)]
    assert any("needs the header “summary”" in words for words in found)
    assert any("has no header “about”" in words for words in found)


def test_a_single_paper_can_be_checked_by_itself(tmp_path):
    (tmp_path / "documents").mkdir()
    path = tmp_path / "documents" / "letter.md"
    path.write_text('+++\ntitle = "A"\n+++\n{{ 1 + }}')

    assert [fault.line for fault in check_file(path)] == [4]
    path.write_text('+++\ntitle = "A"\n+++\nWords')
    assert check_file(path) == []
