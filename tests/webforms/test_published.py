"""What the public sees, and papers on the pages of those who work on a case."""
from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from engine.forms import Upload
from tests.engine.test_papers import filled, raised, reviewed, rows, up_to_the_review
from tests.makers import PASSWORD, board
from tests.webforms.conftest import Visitor
from webforms import create_app


@pytest.fixture
def papers(make_database, tmp_path):
    made = board(make_database("sqlite", filled), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def stranger(papers):
    return Visitor(create_app(papers.engine).test_client())


@pytest.fixture
def come_in(papers):
    def visitor(login):
        one = Visitor(create_app(papers.engine).test_client())
        one.sign_in(login, PASSWORD)
        return one

    return visitor


@pytest.fixture
def published(papers):
    started = up_to_the_review(papers)
    reviewed(papers, started.case, report=Upload("Tamsin v4.docx", b"PK\x03\x04 not quite", "application/msword"))
    return started


def test_before_anything_is_published_the_page_says_so(stranger):
    stranger.get("/published/")

    assert stranger.status == 200
    assert "No review has been published here yet" in stranger.words


def test_anyone_finds_reads_and_downloads_what_is_published(stranger, published):
    stranger.get("/published/?words=stairs")
    assert "1 review has all of “stairs”" in stranger.words
    assert f'href="/published/{published.reference}/"' in stranger.page
    stranger.get(f"/published/{published.reference}/")
    for words in ("The matter of the *matter* | of the stairs", "Published on 2 March 2026", "What was learnt.", "The report DOCX, 14 bytes",
                  "What was done PDF,", "at least 12 months, until 2 March 2027"):
        assert words in stranger.words, words
    response = stranger.client.get(f"/published/{published.reference}/report")
    assert response.data == b"PK\x03\x04 not quite"
    assert response.headers["Content-Disposition"] == f"attachment; filename={published.reference}-report.docx"
    assert stranger.client.get(f"/published/{published.reference}/response").headers["Content-Type"] == "application/pdf"


def test_what_nobody_finds_is_said_with_the_way_back(stranger, published):
    stranger.get("/published/?words=cellar%20%3Cb%3E")

    assert "No review has all of “cellar <b>”" in stranger.words
    assert "Show all reviews" in stranger.words


@pytest.mark.parametrize("path", ["", "{reference}/", "{reference}/report", "feed.atom"])
def test_public_pages_are_the_same_for_everyone_and_fit_for_caches(stranger, come_in, published, path):
    url = "/published/" + path.format(reference=published.reference)
    theirs, ours = stranger.client.get(url), come_in("olga").client.get(url)

    assert theirs.status_code == 200
    assert theirs.data == ours.data, "nothing of whoever is signed in"
    for response in (theirs, ours):
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert "X-Robots-Tag" not in response.headers, "to be found is what these pages are for"


def test_the_pages_need_no_script(stranger, published):
    stranger.get("/published/")

    assert '<form action="/published/" method="get"' in stranger.page
    assert 'name="words"' in stranger.page


@pytest.mark.parametrize("path", ["SCR-1999-001/", "SCR-1999-001/report", "{reference}/summary", "{reference}/../../cases"])
def test_what_was_never_published_is_not_there(stranger, published, path):
    response = stranger.client.get("/published/" + path.format(reference=published.reference))

    assert response.status_code in (302, 404) if ".." in path else response.status_code == 404
    assert "no-store" in response.headers["Cache-Control"]


def test_a_running_case_is_not_there_for_the_public(stranger, papers):
    started = up_to_the_review(papers)

    assert stranger.client.get(f"/published/{started.reference}/").status_code == 404


def test_after_it_was_taken_down_the_page_says_how_to_ask(stranger, published, papers):
    from engine import actions

    papers.do("olga", actions.submit_task, task=papers.task(published.case, "keep"), answers={"why": "A court ordered it."})
    stranger.get(f"/published/{published.reference}/")

    assert "Available on request." in stranger.words
    assert papers.engine.settings.board.email in stranger.words
    assert "The report" in stranger.words
    assert "A court ordered it" not in stranger.page, "why is the board's own affair"
    assert f"/published/{published.reference}/report" not in stranger.page
    assert stranger.client.get(f"/published/{published.reference}/report").status_code == 404
    stranger.get("/published/")
    assert "Available on request" in stranger.words


def test_the_feed_names_each_entry(stranger, published):
    feed = ET.fromstring(stranger.client.get("/published/feed.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"

    assert [one.findtext(f"{atom}title") for one in feed.findall(f"{atom}entry")] == ["The matter of the *matter* | of the stairs"]
    assert feed.find(f"{atom}entry").findtext(f"{atom}id").endswith(f"/published/{published.reference}/")


# ---- papers

def test_the_case_page_lists_papers_with_who_may_read_them(papers, come_in):
    started = up_to_the_review(papers)
    olga = come_in("olga")
    olga.get(f"/cases/{started.reference}")

    assert "Papers" in olga.words
    assert "Letter to an agency – North Side: Word" in olga.words
    assert "For Office, Representative." in olga.words
    assert "Answers of the agencies: PDF" in olga.words
    pack = rows(papers, started.case, "pack")[0].id
    response = olga.client.get(f"/documents/{pack}?as=pdf")
    assert response.data.startswith(b"%PDF")
    assert "attachment" in response.headers["Content-Disposition"]
    assert olga.client.get(f"/documents/{pack}?as=docx").status_code == 404


def test_earlier_versions_and_what_is_out_of_date_are_told(papers, come_in):
    import sqlalchemy as sa

    from engine.store import tables as t

    started = up_to_the_review(papers)
    papers.at(2026, 3, 3, 9)
    reviewed(papers, started.case, again="yes")
    papers.write(sa.update(t.documents).where(t.documents.c.id == rows(papers, started.case, "pack")[1].id).values(out_of_date_since=papers.clock.now()))
    olga = come_in("olga")
    olga.get(f"/cases/{started.reference}")

    assert "Earlier versions of Answers of the agencies (1)" in olga.words
    assert "Out of date An answer it was made from was corrected on 3 March 2026." in olga.words


def test_a_task_shows_its_papers_to_read_first(papers, come_in):
    started = raised(papers, "NOR")
    nora = come_in("nora")
    nora.get(f"/tasks/{papers.task(started.case, 'answer', 'NOR')}")

    assert "Read first Letter to an agency – North Side: Word" in nora.words


def test_a_file_that_is_too_big_is_refused_in_plain_words_beside_its_question(papers, come_in):
    import io

    started = raised(papers, "NOR")
    nora = come_in("nora")
    url = f"/tasks/{papers.task(started.case, 'answer', 'NOR')}"
    nora.get(url)
    assert "100 KB" in nora.words, "said before anyone chooses a file"
    given = {"findings": "Much", "weight": "low", "do": "submit"}
    nora.post(url, given | {"evidence-file": [(io.BytesIO(b"x" * 200_000), "big.pdf")]})
    assert "“big.pdf” cannot be taken: it must be smaller than 100 KB" in nora.words
    assert "Much" in nora.page, "what was typed stands there again"
    assert "Keep big.pdf" not in nora.get(url), "what would be refused again is not in the draft"
    nora.post(url, given | {"evidence-file": [(io.BytesIO(b""), "empty.pdf")]})
    assert "“empty.pdf” cannot be taken: it is empty" in nora.words
    nora.post(url, given | {"evidence-file": [(io.BytesIO(b"small"), "small.pdf")]})
    assert rows(papers, started.case, "evidence")[0].size == 5


