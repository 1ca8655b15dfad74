"""A database that is gone for a while: nobody is told something else, and what was typed comes back with the page."""
from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from engine import queries
from engine.errors import Unavailable
from engine.store import tables as t
from tests.makers import board, filled
from tests.webforms.conftest import REQUEST, task_of

GONE = "The service cannot reach its records"


@pytest.fixture
def cut(engine, monkeypatch):
    """Cut off the database, and put it back."""
    whole = engine.database.pool, engine.database._writing
    gone = sa.create_engine("sqlite:////nowhere/at/all.sqlite")

    def cut(*, back=False):
        engine.database.pool, engine.database._writing = whole if back else (gone, gone)

    return cut


def test_what_was_typed_is_sent_again_with_one_press(visit, cut, engine):
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    cut()
    rosa.post("/start/purchase/request_made", REQUEST | {"what": 'A "new" <till>'})
    assert (rosa.status, rosa.response.headers["Retry-After"]) == (503, "30")
    assert GONE in rosa.words
    assert "send it again" in rosa.words

    held = {name: html.unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', rosa.page)}
    assert held["what"] == 'A "new" <till>'
    again = re.search(r'<form method="post" action="([^"]+)">', rosa.page)[1]
    cut(back=True)
    rosa.post(again, held | {"suppliers": REQUEST["suppliers"]})
    assert rosa.url == "/cases/PUR-2026-001"


def test_a_page_that_cannot_be_made_says_why_and_is_not_a_colleague_s_doing(visit, cut, request_made):
    rosa = visit("rosa")
    cut()
    for url in ("/", "/cases/PUR-2026-001", "/published/"):
        rosa.get(url)
        assert (rosa.status, GONE in rosa.words) == (503, True), url
    assert "Someone else" not in rosa.words
    cut(back=True)
    rosa.get("/cases/PUR-2026-001")
    assert rosa.status == 200


def test_a_password_is_held_by_no_page(visit, cut):
    stranger = visit()
    stranger.get("/sign-in")
    cut()
    stranger.post("/sign-in", {"login": "rosa", "password": "not-to-be-shown"})
    assert stranger.status == 503
    assert "not-to-be-shown" not in stranger.page


def test_nothing_stands_on_the_trail_of_what_was_not_even_tried(visit, cut, request_made, engine):
    abel = visit("abel")
    task = task_of(abel, "Approve the request")
    abel.get(task)
    with engine.database.reading() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(t.trail).where(t.trail.c.event == "refused"))
    cut()
    abel.post(task, {"decision": "approve"})
    assert abel.status == 503
    cut(back=True)
    with engine.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(t.trail).where(t.trail.c.event == "refused")) == before


def test_after_a_restart_of_the_server_the_first_question_is_answered(make_database, tmp_path):
    """Every connection that was open is gone; only PostgreSQL has a server."""
    made = board(make_database("postgresql", filled), tmp_path)
    there = made.ask("olga", queries.home).starts

    def cut_off_in_the_middle():
        with made.engine.database.writing() as other, made.engine.database.writing() as db:
            db.execute(sa.text("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"))
            other.execute(sa.select(t.cases))

    with pytest.raises(Unavailable):
        cut_off_in_the_middle()
    assert made.ask("olga", queries.home).starts == there
    made.engine.close()
