"""A process without a case: its diagrams, deadlines, sources and releases, for everyone who is signed in; and who does what, for anyone."""
from __future__ import annotations

import re
from datetime import date

import pytest

from engine import SYSTEM, actions
from engine.packs import read_pack
from tests.makers import PASSWORD, ROOT, board, filled
from tests.webforms.conftest import Visitor
from webforms import create_app
from webforms.pages.processes import NAMES

CLOCKS = ROOT / "tests/packs/clocks"


@pytest.fixture
def clocks(make_database, tmp_path):
    made = board(make_database("sqlite", filled), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def come_in(clocks):
    def visitor(login=None):
        one = Visitor(create_app(clocks.engine).test_client())
        if login:
            one.sign_in(login, PASSWORD)
        return one

    return visitor


def released_again(clocks, note="Ten days are enough", **changed):
    """A release of the clocks with these lines of deadlines.toml changed."""
    files = dict(read_pack(CLOCKS).files)
    text = files["deadlines.toml"].decode()
    for before, after in changed.values():
        assert before in text
        text = text.replace(before, after)
    return clocks.engine.perform(SYSTEM, actions.release_pack, files | {"deadlines.toml": text.encode()}, note)


def asked_to_decide(clocks, on):
    started = clocks.begin()
    clocks.press(started.case, "decision_asked", asked_on=on)
    return started


def test_a_running_case_keeps_fourteen_days_and_a_new_one_has_ten(clocks, come_in):
    first = asked_to_decide(clocks, "2026-03-02")
    released_again(clocks, days=('within = "14 days"', 'within = "10 days"'))
    second = asked_to_decide(clocks, "2026-03-02")
    clocks.at(2026, 3, 3, 9)
    clocks.press(first.case, "decision_stopped", why="Asked too early")
    clocks.press(first.case, "decision_asked", asked_on="2026-03-03")   # a clock that begins after the release, in a case from before

    assert [[(row.counted_from, row.due) for row in clocks.clocks(case.case, "decision")] for case in (first, second)] == [
        [(date(2026, 3, 2), date(2026, 3, 16)), (date(2026, 3, 3), date(2026, 3, 17))], [(date(2026, 3, 2), date(2026, 3, 12))]]
    olga = come_in("olga")
    olga.get(f"/cases/{first.reference}")
    assert "14 days from 3 March 2026. Local target, K-2 Tue 17 March 2026" in olga.words
    assert "release 1 of 2 March 2026" in olga.words
    assert "There is a newer one, release 2 of 2 March 2026. This case stays on its own." in olga.words
    olga.get(re.search(r'href="(/process/clocks/deadlines[^"]*)"', olga.page)[1])
    assert "You are looking at release 1" in olga.words
    assert "The office decides Local target, K-2 14 days from" in olga.words
    olga.get(f"/cases/{second.reference}")
    assert "10 days from 2 March 2026. Local target, K-2 Thu 12 March 2026" in olga.words
    assert "It is the newest." in olga.words
    olga.get(re.search(r'href="(/process/clocks/deadlines[^"]*)"', olga.page)[1])
    assert "The office decides Local target, K-2 10 days from" in olga.words


def test_the_releases_say_when_why_and_how_many_cases_run_on_each(clocks, come_in):
    asked_to_decide(clocks, "2026-03-02")
    released_again(clocks, note="Ten days are enough", days=('within = "14 days"', 'within = "10 days"'))

    olga, quin = come_in("olga"), come_in("quin")
    olga.get("/process/clocks/releases")
    assert "Release 2 newest 2 March 2026, 9:00am, The system Ten days are enough 0 open, 0 ended" in olga.words
    assert "Release 1 2 March 2026, 9:00am, The system No note was written. 1 open, 0 ended" in olga.words
    quin.get("/process/clocks/releases")
    assert "Ten days are enough" in quin.words
    assert " open, " not in quin.words, "how many cases there are is for those who see where cases stand"


@pytest.mark.parametrize("url", ["?release=3", "?release=0", "?release=x", "?release=-1", "?release=²", "?release=99999999999999999999", "/nothing",
                                 "/nothing.bpmn", "/clocks?release=3", "/deadlines?release=9", "/sources?release=9"])
def test_a_release_or_diagram_that_is_not_there_is_not_found(come_in, url):
    olga = come_in("olga")
    olga.get(f"/process/clocks{url}")

    assert olga.status == 404


def test_a_diagram_says_the_same_as_a_list_and_each_element_has_its_address(clocks, come_in):
    olga = come_in("olga")
    olga.get("/process/clocks/clocks")

    for words in ("Ask something Start of a case · Office", "Decide Task · Office · K-2", "The office decides: 14 days from “Asked on” of “Ask for a decision”",
                  "What the form asks (2)", "Show it in the picture"):
        assert words in olga.words, words
    assert 'id="decide"' in olga.page
    assert 'data-element="decide"' in olga.page
    assert olga.client.get("/process/clocks/clocks.bpmn").data == read_pack(CLOCKS).files["clocks.bpmn"]


CATALOGUE = """
[sources.K]
title = "Rules for clocks"
date = "May 2020"
[sources.Z]
title = "Where they are silent"
[clauses.K-1]
says = "An agency answers in five working days"
section = "Answers"
kinds = ["timer"]
[clauses.K-2]
says = "The office decides"
section = "Decisions"
kinds = ["task"]
proved_by = ["tests/webforms/test_processes.py::CATALOGUE"]
[clauses.K-3]
says = "It is looked at again"
section = "Decisions"
kinds = ["timer"]
[clauses.Z-1]
says = "Nobody said how"
section = "Ways"
kinds = ["help"]
carried_by = ["page: help.roles", "role: office"]
"""


def test_the_sources_say_clause_by_clause_what_carries_them_and_what_shows_them(clocks, come_in):
    clocks.engine.perform(SYSTEM, actions.release_pack, dict(read_pack(CLOCKS).files) | {"clauses.toml": CATALOGUE.encode()})
    olga = come_in("olga")
    olga.get("/process/clocks/sources")

    assert "1 of 3 clauses have a place in the process and a story or test that shows it." in olga.words
    assert "Rules for clocks, May 2020 Answers K-1 An agency answers in five working days deadline" in olga.words
    assert "Deadline: An agency answers: 5 working days from the day of “Asked”" in olga.words
    for href in ("/process/clocks/deadlines#answer", "/process/clocks/clocks#decide", "/help/roles", "/help/roles/clocks/office"):
        assert f'href="{href}"' in olga.page, href
    assert "No story or test shows it yet." in olga.words
    assert "Test: tests/webforms/test_processes.py::CATALOGUE" in olga.words
    olga.get("/process/clocks/sources?words=office+decides&source=K&kind=task")
    assert "1 clause found." in olga.words
    assert "K-2 The office decides" in olga.words
    assert "K-1" not in olga.words
    olga.get("/process/clocks/sources?words=cellar")
    assert "No clauses found." in olga.words
    olga.get("/process/clocks/sources?release=1")
    assert "have not listed the clauses" in olga.words


def test_pages_that_carry_a_clause_are_called_what_people_call_them(clocks):
    assert set(NAMES) <= {rule.endpoint for rule in create_app(clocks.engine).url_map.iter_rules()}


def test_anyone_reads_who_does_what_and_takes_no_cookie_along(come_in):
    stranger = come_in()
    stranger.get("/help/roles")
    assert "Does “Answer”, “Explain”." in stranger.words
    assert "What you do" not in stranger.words
    assert "/process/" not in stranger.page, "the diagrams are for those who are signed in"
    stranger.get("/help/roles/purchase/approver")
    for words in ("Approve the request 5 working days from the day the case began", "Look at what is asked for, and decide whether it may be bought.",
                  "Not by whoever did “Request made”.", "If “May it be bought?” Yes, ask for quotes: Give a quote – Supplier", "Told by e-mail: Requester.",
                  "If “May it be bought?” No: The case ends: Refused", "What the form asks (2)",
                  "This is more than you may approve: refuse it.", "read the registers: Things to buy"):
        assert words in stranger.words, words
    assert "Set-Cookie" not in stranger.response.headers
    stranger.get("/help/roles/purchase/nobody")
    assert stranger.status == 404


def test_one_s_own_role_comes_first(come_in):
    olga = come_in("olga")
    olga.get("/help/roles")

    assert re.search("What you do Office .* Clocks In an agency Representative", olga.words)
