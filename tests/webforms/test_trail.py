"""The pages of the trail: chosen from without a name in any address, and taken away as evidence."""
from __future__ import annotations

import io
import re
import zipfile

import sqlalchemy as sa

from engine.store import tables as t

TRAIL = "/cases/PUR-2026-001/trail"


def test_what_is_looked_for_is_posted_and_stands_in_no_address(visit, request_made):
    abel = visit("abel")
    abel.get(TRAIL)
    abel.post(TRAIL, {"kind": "did", "person": "", "since": "2020-01-01", "until": "", "words": "OPENED the case"})

    assert (abel.status, abel.response.request.query_string) == (200, b"")
    assert re.findall(r'app-timeline__what">(.*?)</p>', abel.page)[0].endswith("opened the case with “Ask for something to be bought”")
    assert abel.page.count("app-timeline__what") == 1
    abel.post(TRAIL, {"kind": "looked", "words": "nothing of the kind", "since": "yesterday"})
    assert "Nothing that fits" in abel.words


def test_who_looked_leads_to_what_they_did(visit, request_made, engine):
    abel = visit("abel")
    visit("otto").get("/cases/PUR-2026-001")
    abel.get("/cases/PUR-2026-001")
    abel.get(f"{TRAIL}/looked")
    assert "Abel Example" in abel.words
    assert "Otto Outsider tried something that was refused: case page (PUR-2026-001)" in abel.words
    abel.post(f"{TRAIL}/looked", {"since": "2020-01-01", "until": "2020-01-31"})
    assert "Nobody on these days." in abel.words
    assert "from 1 January 2020, until 31 January 2020" in abel.words
    abel.get(f"{TRAIL}/looked")
    with engine.database.reading() as db:
        otto = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == "otto"))
    assert f"/trail/{otto}" in abel.page
    abel.get(f"/trail/{otto}")
    assert "signed in" in abel.words


def test_a_bundle_is_downloaded_and_never_opened_as_a_page(visit, request_made):
    abel = visit("abel")
    abel.get(TRAIL)
    response = abel.client.post(f"{TRAIL}/evidence", data={"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', abel.page)[1]})

    assert response.headers["Content-Disposition"] == "attachment; filename=PUR-2026-001-trail.zip"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(response.data)).namelist()
