"""Keeping, holding and erasing a case, and requests for access, on the pages."""
from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.rules.passwords import hashed
from engine.settings.values import Span
from engine.store import tables as t
from tests.webforms.office import PASSWORD, token, words

REFERENCE = "PUR-2026-001"


@pytest.fixture
def over(engine, visit, request_made):
    """Rosa has taken her request back; a case is kept for a year here. Lena keeps cases beside Maud."""
    engine.perform(SYSTEM, actions.add_person, "lena", "Lena Example", "lena@office.example", None, ["legal_adviser"], secret=hashed(PASSWORD))
    rule = replace(engine.settings.retention["case_content"], span=Span(1, "year"))
    engine.settings = replace(engine.settings, retention={**engine.settings.retention, "case_content": rule})
    request_made.get(f"/cases/{REFERENCE}")
    request_made.get(f"/cases/{REFERENCE}/do/withdraw")
    request_made.post(f"/cases/{REFERENCE}/do/withdraw", {"reason": "Not needed"})
    return visit


def test_a_case_is_held_let_go_and_erased(over, engine):
    maud = over("maud")
    page = words(maud.get(f"/cases/{REFERENCE}"))
    assert "Until 2 March 2027: 1 year after 2 March 2026" in page
    maud.get(f"/cases/{REFERENCE}/keeping")
    assert "It may be erased from that day on" in maud.words
    maud.post(f"/cases/{REFERENCE}/hold", {"reason": " "})
    assert (maud.status, "Say why" in maud.words) == (422, True)
    maud.post(f"/cases/{REFERENCE}/hold", {"reason": "<b>The inquiry</b>"})
    assert "The case is under legal hold" in maud.words
    assert "&lt;b&gt;The inquiry" in maud.page
    assert "Under legal hold since 2 March 2026" in words(maud.get(f"/cases/{REFERENCE}"))
    assert REFERENCE in words(maud.get("/keeping")).partition("Under legal hold")[2]
    with engine.database.reading() as db:
        hold = db.scalar(sa.select(t.legal_holds.c.id))
    maud.get(f"/cases/{REFERENCE}/keeping")
    maud.post(f"/cases/{REFERENCE}/hold/{hold}/lift", {"reason": "It is over"})
    assert "The hold is lifted" in maud.words

    engine.clock.move_to(datetime(2027, 3, 2, 9, tzinfo=UTC))
    maud, lena = over("maud"), over("lena")
    assert REFERENCE in words(maud.get("/keeping")).partition("Under legal hold")[0]
    maud.get(f"/cases/{REFERENCE}/keeping")
    assert "sets of answers: 2" in maud.words
    maud.post(f"/cases/{REFERENCE}/erase", {"reason": "Its time is over"})
    assert f"Erase what was written in {REFERENCE}" in maud.words
    proposal = maud.url
    assert "It waits for a second person" in words(maud.get(f"/cases/{REFERENCE}/keeping"))
    lena.get(proposal)
    assert "Kept 1 year from 2 March 2026" in lena.words
    assert "nobody can bring it back" in lena.words
    lena.post(f"{proposal}/approve")

    lena.get(f"/cases/{REFERENCE}")
    assert (lena.status, "This case has been erased" in lena.words, "Approved by Lena Example" in lena.words) == (410, True, True)
    assert "Gone from backups by 1 April 2027" in lena.words
    for url in (f"/cases/{REFERENCE}/diagram", f"/cases/{REFERENCE}/keeping"):
        lena.get(url)
        assert (lena.status, "This case has been erased" in lena.words) == (410, True)
    assert "Erased" in words(lena.get("/cases?state=ended"))
    maud.get(f"/cases/{REFERENCE}/trail")
    assert "erased what was written in this case" in maud.words
    outsider = over("otto")
    outsider.get(f"/cases/{REFERENCE}")
    assert (outsider.status, "erased" in outsider.words) == (404, False)


def test_who_does_not_keep_cases_reads_how_long_and_why(over, visit):
    rosa, stranger = visit("rosa"), visit()

    for url in ("/keeping", f"/cases/{REFERENCE}/keeping", "/access"):
        rosa.get(url)
        assert rosa.status == 404
    assert "Requests for access" not in rosa.get("/cases")
    rosa.get(f"/cases/{REFERENCE}")
    rosa.post(f"/cases/{REFERENCE}/hold", {"reason": "x"})
    assert rosa.status == 403
    shown = words(stranger.get("/help/keeping"))
    assert "1 year after the end of the case" in shown
    assert "Article 6(1)(e)" in shown


def test_a_request_for_access_is_answered(over):
    maud = over("maud")
    maud.get("/access")
    maud.post("/access/search", {"words": "A new", "cases": ""})
    assert "1 passage in 1 case" in maud.words
    assert "A new till" in maud.words
    assert maud.url == "/access/search"   # whom one looks for stands in no address
    assert re.findall(r'name="words" value="([^"]*)"', maud.page)[0] == "A new"
    maud.post("/access/passages", {"words": "A new", "cases": ""})
    assert (maud.status, "Choose at least one passage" in maud.words) == (422, True)
    with taken(maud, "/access/passages", words="A new", passage=re.findall(r'name="passage" value="(\w+)"', maud.page)) as archive:
        assert [row["text"] for row in json.loads(archive.read("passages.json"))["passages"]] == ["A new till"]
    maud.get("/access")
    maud.post("/access/search", {"words": "x"})
    assert maud.status == 422
    person = next(iter(re.findall(r'<option value="(\w+)">Rosa', maud.page)))
    with taken(maud, "/access/account", person=person) as archive:
        assert archive.namelist() == ["account.json", "account.pdf"]


def taken(who, url, **given):
    """The ZIP that this post is answered with."""
    response = who.client.post(url, data={"csrf_token": token(who.page), **given})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(response.data))
