"""Papers: a step writes them, the right people read them, and what is published is read from them."""
from __future__ import annotations

import io
from datetime import date, timedelta

import pypdf
import pytest
import sqlalchemy as sa

from engine import actions, queries
from engine.errors import Incident, InvalidAnswers, NotFound
from engine.forms import Upload
from engine.packs import read_pack
from engine.review.public import entries, entry, public_file
from engine.rules.access import SYSTEM
from engine.store import tables as t
from tests.makers import ROOT, Board, board, fill


def filled(url):
    fill(url, "purchase", "clocks", "papers")


@pytest.fixture
def papers(make_database, tmp_path):
    made = board(make_database("sqlite", filled), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def both_papers(make_database, database_kind, tmp_path):
    made = board(make_database(database_kind, filled), tmp_path)
    yield made
    made.engine.close()


def raised(papers: Board, *agencies: str, **answers):
    given = {"subject": "the *matter* | of the stairs", "agencies": list(agencies or ("NOR", "SOU")), "child": "Tamsin", "aside": "Only for the office"}
    return papers.do("olga", actions.start_case, pack="papers", start="begun", answers=given | answers)


def answered(papers: Board, case: str, agency: str, login: str, **answers):
    given = {"findings": "Nothing\n\nof note", "weight": "high", "born": "4 March 2015", "notes": "Private to the agency"}
    return papers.do(login, actions.submit_task, task=papers.task(case, "answer", agency), answers=given | answers)


def reviewed(papers: Board, case: str, **answers):
    given = {"again": "no", "report": Upload("Tamsin v4.pdf", b"%PDF-1.7 not quite", "application/pdf")}
    return papers.do("olga", actions.submit_task, task=papers.task(case, "review"), answers=given | answers)


def up_to_the_review(papers: Board):
    started = raised(papers)
    answered(papers, started.case, "NOR", "nora")
    answered(papers, started.case, "SOU", "saul", notes=None, findings="Much")
    return started


def rows(papers: Board, case: str, field: str):
    d = t.documents
    return papers.rows(sa.select(d).where(d.c.case_id == case, d.c.field == field).order_by(d.c.at, d.c.id))


def read(papers: Board, login: str, id: str, kind: str = "pdf"):
    found = papers.ask(login, queries.document, document_id=id, kind=kind)
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(found.content)).pages), found


def of(papers: Board, login: str, reference: str):
    return papers.ask(login, queries.case_page, reference=reference).papers


# ---- making

def test_each_agency_gets_its_own_letter(both_papers):
    started = raised(both_papers)
    letters = rows(both_papers, started.case, "letter")

    assert [(row.item, row.agency, row.by, row.made_from) for row in sorted(letters, key=lambda row: row.item)] == [
        ("NOR", "NOR", None, ["begun"]), ("SOU", "SOU", None, ["begun"])]
    words, file = read(both_papers, "olga", next(row.id for row in letters if row.item == "NOR"))
    assert "Dear colleagues at North Side" in words
    assert "we ask you about the *matter* | of the stairs" in words, "what was typed is not markup, and keeps its lines"
    assert "Others are asked too." in words
    assert "2 March 2026" in words
    assert file.name == f"{started.reference} Letter to an agency – North Side 2026-03-02.pdf"


def test_a_paper_collects_what_was_answered_in_the_words_people_saw(papers):
    started = up_to_the_review(papers)
    words, _ = read(papers, "olga", rows(papers, started.case, "pack")[0].id)

    assert f"Words for {started.reference}: North Side, South Side" in words
    assert words.index("North Side\nGiven by Nora Example on 2 March 2026") < words.index("South Side\nGiven by Saul Example")
    assert "Of great weight" in words
    assert rows(papers, started.case, "pack")[0].made_from == ["answer", "begun"]


def test_a_paper_leaves_out_what_its_readers_may_not_read(papers):
    started = up_to_the_review(papers)
    words, _ = read(papers, "olga", rows(papers, started.case, "pack")[0].id)

    assert "Private to the agency" not in words, "for the agency's representative alone"
    assert "4 March 2015" not in words, "sensitive, and the paper is not"


def test_nothing_of_a_paper_is_readable_in_the_database(papers):
    started = up_to_the_review(papers)
    with papers.engine.database.reading() as db:
        everything = repr([tuple(row) for table in t.metadata.sorted_tables for row in db.execute(sa.select(table))])

    for secret in ("stairs", "Tamsin", "of note", "Letter to an agency – North"):
        assert secret not in everything.replace("+++", ""), secret
    assert papers.engine.ask(SYSTEM, queries.verify) == []
    assert [row.details["field"] for row in papers.trail(started.case, "document_made")] == ["letter", "letter", "pack"]


def test_made_again_it_is_a_new_version_beside_the_old(papers):
    started = up_to_the_review(papers)
    papers.at(2026, 7, 3, 0, 30)   # the third here, the second in UTC
    reviewed(papers, started.case, again="yes")

    (pack,) = [paper for paper in of(papers, "olga", started.reference) if paper.name == "Answers of the agencies"]
    first, second = rows(papers, started.case, "pack")
    assert pack.id == second.id
    assert [old.id for old in pack.before] == [first.id]
    assert read(papers, "olga", first.id)[1].name.endswith("2026-03-02.pdf")
    assert read(papers, "olga", second.id)[1].name.endswith("2026-07-03.pdf")


def test_a_paper_stays_as_it_was_made(papers):
    started = up_to_the_review(papers)
    id = rows(papers, started.case, "pack")[0].id
    before = papers.ask("olga", queries.document, document_id=id, kind="pdf").content
    papers.at(2026, 4, 1, 9)

    assert papers.ask("olga", queries.document, document_id=id, kind="pdf").content == before


def test_a_paper_comes_in_its_kinds_and_no_others(papers):
    started = up_to_the_review(papers)
    pack, letter = rows(papers, started.case, "pack")[0].id, rows(papers, started.case, "letter")[0].id

    assert papers.ask("olga", queries.document, document_id=letter, kind="docx").content.startswith(b"PK")
    assert papers.ask("olga", queries.document, document_id=letter).name.endswith(".docx"), "the first of its kinds"
    assert papers.ask("olga", queries.document, document_id=pack).name.endswith(".pdf")
    for kind in ("docx", "odt", ""):
        with pytest.raises(NotFound):
            papers.ask("olga", queries.document, document_id=pack, kind=kind)


# ---- reading

def test_an_agency_reads_its_own_letter_and_no_other(papers):
    started = raised(papers)
    by_item = {row.item: row.id for row in rows(papers, started.case, "letter")}

    assert [paper.id for paper in of(papers, "nora", started.reference)] == [by_item["NOR"]]
    read(papers, "nora", by_item["NOR"])
    for login in ("saul", "elsa", "otto"):
        with pytest.raises(NotFound):
            papers.ask(login, queries.document, document_id=by_item["NOR"], kind="pdf")


def test_a_paper_for_nobody_in_particular_is_for_who_reads_answers(papers):
    started = up_to_the_review(papers)
    pack = rows(papers, started.case, "pack")[0].id

    read(papers, "olga", pack)
    for login in ("nora", "otto", "vera"):
        with pytest.raises(NotFound):
            papers.ask(login, queries.document, document_id=pack, kind="pdf")


def test_whoever_pressed_submit_gains_nothing_by_it(papers):
    started = up_to_the_review(papers)  # Saul's answer made the pack

    assert "Answers of the agencies" not in [paper.name for paper in of(papers, "saul", started.reference)]


def test_a_task_shows_the_papers_it_names(papers):
    started = raised(papers)
    page = papers.ask("nora", queries.task_page, task=papers.task(started.case, "answer", "NOR"))
    assert [(paper.name, paper.kinds, paper.readers) for paper in page.made] == [
        ("Letter to an agency – North Side", ["docx", "pdf"], "Office, Representative")]

    answered(papers, started.case, "NOR", "nora")
    answered(papers, started.case, "SOU", "saul")
    page = papers.ask("olga", queries.task_page, task=papers.task(started.case, "review"))
    assert [paper.name for paper in page.made] == ["Answers of the agencies"]
    assert [paper.title for paper in page.papers] == ["Answer – North Side", "Answer – South Side"]


def test_reading_a_paper_stands_on_the_trail(papers):
    started = up_to_the_review(papers)
    read(papers, "olga", rows(papers, started.case, "pack")[0].id)

    assert papers.trail(started.case, "viewed")[-1].details == {"page": "document pack"}


def test_a_paper_says_when_an_answer_it_was_made_from_was_corrected(papers):
    started = up_to_the_review(papers)
    papers.write(sa.update(t.documents).where(t.documents.c.field == "pack").values(out_of_date_since=papers.clock.now() + timedelta(days=2)))

    assert {paper.name: paper.out_of_date for paper in of(papers, "olga", started.reference)}["Answers of the agencies"] == date(2026, 3, 4)


def test_a_paper_that_cannot_be_written_is_an_incident_and_changes_nothing(papers):
    files = dict(read_pack(ROOT / "tests/packs/papers").files)
    files["documents/pack.md"] = files["documents/pack.md"].replace(b"{{ words.begun.agencies }}", b"{{ answers.begun.agencies + 1 }}")
    papers.do(None, actions.release_pack, files)
    started = raised(papers, "NOR")

    with pytest.raises(Incident, match="“Answers of the agencies” cannot be written"):
        answered(papers, started.case, "NOR", "nora")
    assert papers.task(started.case, "answer", "NOR"), "still open"
    assert rows(papers, started.case, "pack") == []


# ---- file answers

def test_an_answer_that_is_a_file_carries_its_digest_and_a_changed_file_another(papers):
    started = up_to_the_review(papers)
    reviewed(papers, started.case, again="yes")
    reviewed(papers, started.case, again="yes", report=Upload("x.pdf", b"other", "application/pdf"))
    with papers.engine.database.reading() as db:
        look = papers.engine.look(db, papers.who("olga"))
        case = look.case(started.reference)
        s = t.submissions
        given = [case.open(row.answers, "submissions", row.id)["report"] for row in db.execute(
            sa.select(s).where(s.c.element == "review").order_by(s.c.round))]

    assert [set(one) for one in given] == [{"document", "name", "digest"}] * 2
    assert given[0]["digest"] != given[1]["digest"]


def test_a_file_of_another_case_is_not_taken_for_an_answer(papers):
    started = up_to_the_review(papers)
    reviewed(papers, started.case, again="yes")
    theirs = rows(papers, started.case, "report")[0].id
    other = up_to_the_review(papers)

    with pytest.raises(InvalidAnswers, match="not one of this case"):
        reviewed(papers, other.case, report={"document": theirs, "name": "Mine"})
    reviewed(papers, started.case, report={"document": theirs, "name": "Renamed on the way"})
    assert len(rows(papers, started.case, "report")) == 1, "a file that was there already is not kept twice"


def test_a_file_of_another_agency_is_not_taken_for_an_answer(papers):
    case = raised(papers).case
    answered(papers, case, "NOR", "nora", evidence=Upload("Confidential.pdf", b"theirs", "application/pdf"))
    theirs = rows(papers, case, "evidence")[0].id

    with pytest.raises(InvalidAnswers, match="not one of this case"):
        answered(papers, case, "SOU", "saul", evidence={"document": theirs, "name": "Mine"})
    answered(papers, case, "SOU", "saul")
    papers.do("nora", actions.correct_answer, papers.task(case, "answer", "NOR", "done"),
              {"findings": "More", "evidence": {"document": theirs, "name": "Mine"}}, "It was more")
    assert len(rows(papers, case, "evidence")) == 1


# ---- publication

def public(papers: Board, query, *args):
    return papers.engine.ask(SYSTEM, query, *args)


def test_publishing_puts_the_documents_where_anyone_can_read_them(both_papers):
    started = up_to_the_review(both_papers)
    assert public(both_papers, entries) == []
    reviewed(both_papers, started.case)

    (found,) = public(both_papers, entries)
    assert (found.reference, found.summary, found.published_on) == (started.reference, "What was learnt.", date(2026, 3, 2))
    assert found.stays_until == date(2027, 3, 2)
    shown = public(both_papers, entry, started.reference)
    assert [(file.name, file.title, file.file_name) for file in shown.files] == [
        ("report", "The report", f"{started.reference}-report.pdf"), ("response", "What was done", f"{started.reference}-response.pdf")]
    assert public(both_papers, public_file, started.reference, "report").content == b"%PDF-1.7 not quite"
    assert b"%PDF" in public(both_papers, public_file, started.reference, "response").content
    (told,) = both_papers.trail(started.case, "published")
    assert told.details == {"files": ["report", "response"], "unread": ["report"]}


def test_what_is_public_leads_to_no_case(papers):
    started = up_to_the_review(papers)
    reviewed(papers, started.case)
    with papers.engine.database.reading() as db:
        everything = repr([tuple(row)[:-1] for table in (t.published, t.published_files) for row in db.execute(sa.select(table))])

    assert started.case not in everything
    assert "Tamsin" not in everything, "the name of the file was the agency's own"


def test_taken_down_the_files_are_gone_and_the_entry_stays(both_papers):
    started = up_to_the_review(both_papers)
    reviewed(both_papers, started.case)
    both_papers.at(2027, 4, 6, 9)
    both_papers.do("olga", actions.submit_task, task=both_papers.task(started.case, "keep"), answers={"why": "Twelve months are over."})

    shown = public(both_papers, entry, started.reference)
    assert shown.taken_down_on == date(2027, 4, 6)
    assert [file.title for file in shown.files] == ["The report", "What was done"]
    for name in ("report", "response"):
        with pytest.raises(NotFound):
            public(both_papers, public_file, started.reference, name)
    assert both_papers.rows(sa.select(t.published_files.c.content).where(t.published_files.c.content.is_not(None))) == []


def test_the_public_finds_entries_by_their_words(papers):
    started = up_to_the_review(papers)
    reviewed(papers, started.case)

    assert len(public(papers, entries, "STAIRS learnt")) == 1
    assert len(public(papers, entries, started.reference)) == 1
    assert public(papers, entries, "stairs cellar") == []


@pytest.mark.parametrize(("documents", "wanted"), [
    ([], "no document to publish"), ("x", "must be a list"), ([{"name": "The Report", "document": None}], "small letters"),
    ([{"name": "a", "document": {"document": "0" * 32}}], "no document of this case"),
    ([{"name": "a", "document": None}], "no document to publish"),
])
def test_what_cannot_be_published_is_an_incident(papers, documents, wanted):
    from engine.progress import Here
    from engine.review.publication import publish
    from engine.spiff import Place

    started = up_to_the_review(papers)

    def publishing(work):
        publish(Here(work, work.hold(started.case)), {"title": "A", "summary": "B", "documents": documents}, Place("publish", "papers", None, None))

    with pytest.raises(Incident, match=wanted):
        papers.engine.perform(papers.who("olga"), publishing)
    assert papers.rows(sa.select(t.published)) == []
