"""Correcting an answer in a browser without JavaScript: the case page, the form, what will change, and what is left to settle."""
from __future__ import annotations

import re

import pytest

PAPER = "/cases/PUR-2026-001"


def given(visitor) -> str:
    """The address of the request on the case page."""
    return re.search(rf'href="({PAPER}/answers/[0-9a-f]+)"', visitor.get(PAPER))[1]


def form_of(visitor, address):
    """What a browser would post back unchanged."""
    page = visitor.get(f"{address}/correct")
    fields = dict(re.findall(r'<input[^>]*name="([\w-]+)"[^>]*value="([^"]*)"(?![^>]*type="(?:checkbox|radio)")', page))
    ticked = re.findall(r'<input[^>]*name="([\w-]+)"[^>]*type="(?:checkbox|radio)"[^>]*value="([^"]*)"[^>]*checked', page)
    answers = {name: value for name, value in fields.items() if name not in ("csrf_token", "do", "_shown")}
    for name, value in ticked:
        answers[name] = [*answers[name], value] if isinstance(answers.get(name), list) else [value]
    texts = re.findall(r'<textarea[^>]*name="([\w-]+)"[^>]*>\s*([^<]*)</textarea>', page)
    return answers | {name: text.strip() for name, text in texts}


@pytest.fixture
def maud(visit, request_made):
    return visit("maud")


def test_the_case_page_offers_it_to_who_may(request_made, maud, visit):
    assert "Correct<span" in maud.get(PAPER)
    assert "Correct<span" in request_made.get(PAPER)  # her own answer
    assert "Correct<span" not in visit("abel").get(PAPER)


def test_an_answer_is_corrected_after_a_look_at_what_changes(maud):
    address = given(maud)
    assert "Correct this answer" in maud.get(address)
    answers = form_of(maud, address)
    here = re.search(r'<form method="post" action="([^"]+correct\?since=0)"', maud.page)[1]

    maud.post(here, answers | {"amount": "900", "reason_for_correction": "The quote said 900", "do": "submit"})
    assert "Check what changes" in maud.words
    assert "Nothing has been changed yet" in maud.words
    assert re.search(r"450.*900", maud.words)
    assert "How closely must this be looked at?" in maud.words  # what would have been decided otherwise
    check = re.search(r'<form method="post" action="([^"]+/correct/check[^"]*)"', maud.page)[1]

    maud.post(check)
    assert maud.url == address
    assert "The answer is corrected" in maud.words
    assert "The quote said 900" in maud.words
    assert re.search(r"Corrected by Maud Example", maud.words)
    maud.get(PAPER)
    assert "To be settled after a correction" in maud.words
    assert "The quote said 900" in maud.words


def test_faults_come_back_on_the_form_with_what_was_typed(maud):
    address = given(maud)
    answers = form_of(maud, address)
    page = maud.post(f"{address}/correct?since=0", answers | {"amount": "lots", "do": "submit"})
    assert maud.status == 422
    assert "There is a problem" in page
    assert 'value="lots"' in page
    assert "Why is this corrected?" in maud.words


def test_a_correction_that_changes_nothing_is_refused_in_words(maud):
    address = given(maud)
    maud.post(f"{address}/correct?since=0", form_of(maud, address) | {"reason_for_correction": "I am not sure", "do": "submit"})
    assert "Nothing would change" in maud.words


def test_what_someone_may_not_correct_is_not_there(request_made, maud, visit):
    address = given(maud)
    abel = visit("abel")   # reads everything, corrects nothing
    abel.get(f"{address}/correct")
    assert abel.status == 403
    ruth = visit("otto")
    ruth.get(address)
    assert ruth.status == 404


def test_a_decision_is_settled_with_a_note(maud):
    address = given(maud)
    maud.post(f"{address}/correct?since=0", form_of(maud, address) | {"amount": "900", "reason_for_correction": "It was 900", "do": "submit"})
    maud.post(re.search(r'<form method="post" action="([^"]+/correct/check[^"]*)"', maud.page)[1])
    home = maud.get("/")
    settle = re.search(rf'href="({PAPER}/settle/[0-9a-f]+)"', home)[1]

    maud.get(settle)
    maud.post(settle, {"note": " "})
    assert maud.status == 422
    assert "Say what was done about it" in maud.words
    maud.post(settle, {"note": "Looked at closely by hand"})
    assert maud.url == PAPER
    assert "Looked at closely by hand" in maud.words
    assert "To be settled after a correction" not in maud.get("/")


def test_someone_else_was_quicker(maud, request_made):
    address = given(maud)
    answers = form_of(maud, address)
    first = form_of(request_made, address) | {"amount": "500", "reason_for_correction": "Mine", "do": "submit"}
    request_made.post(f"{address}/correct?since=0", first)
    request_made.post(re.search(r'<form method="post" action="([^"]+/correct/check[^"]*)"', request_made.page)[1])

    maud.post(f"{address}/correct?since=0", answers | {"amount": "900", "reason_for_correction": "Hers", "do": "submit"})
    maud.post(re.search(r'<form method="post" action="([^"]+/correct/check[^"]*)"', maud.page)[1])
    assert "while you were writing" in maud.words


def test_a_draft_of_a_correction_is_found_again(maud):
    address = given(maud)
    maud.post(f"{address}/correct?since=0", form_of(maud, address) | {"amount": "901", "do": "draft"})
    assert "Correct: Ask for something to be bought" in maud.get("/drafts")
    assert 'value="901"' in maud.get(re.search(rf'href="({address}/correct)"', maud.page)[1])
