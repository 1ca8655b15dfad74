"""Filling in a form without JavaScript: nothing typed is ever lost."""
from __future__ import annotations

import io
import re

import pytest
from werkzeug.datastructures import MultiDict

from engine import queries
from tests.webforms import office
from tests.webforms.conftest import REQUEST, task_of

START = "/start/purchase/request_made"


@pytest.fixture
def rosa(visit):
    rosa = visit("rosa")
    rosa.get(START)
    return rosa


@pytest.fixture
def abel(visit, request_made):
    abel = visit("abel")
    abel.task = task_of(abel, "Approve the request")
    abel.get(abel.task)
    return abel


def value(page, name):
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    given = re.search(r'value="([^"]*)"', found[0]) if found else None
    return given[1] if given else None


def test_a_form_sent_opens_a_case(rosa):
    rosa.post(START, REQUEST)

    assert rosa.url == "/cases/PUR-2026-001"
    assert "Your case has been opened" in rosa.words


def test_what_is_missing_is_named_and_what_was_typed_stays(rosa):
    rosa.post(START, {"amount": "450", "needed_on-day": "30"})

    assert rosa.status == 422
    assert "There is a problem" in rosa.words
    assert "Error: " in rosa.page[:2000]
    assert value(rosa.page, "amount") == "450"
    assert value(rosa.page, "needed_on-day") == "30"
    for place in ("what", "needed_on-day"):
        assert f'href="#{place}"' in rosa.page
        assert f'id="{place}"' in rosa.page


def test_every_link_of_the_error_summary_has_its_place(rosa):
    rosa.post(START, {"items-0-_row": "1", "items-0-name": "", "items-0-pieces": "no number"})

    links = re.findall(r'govuk-error-summary.*?</ul>', rosa.page, re.DOTALL)[0]
    for target in re.findall(r'href="#([^"]+)"', links):
        assert f'id="{target}"' in rosa.page, target


@pytest.mark.parametrize(("day", "month", "says"), [("31", "2", "real date"), ("", "2", "must include a day"), ("x", "2", "real date")])
def test_a_day_that_does_not_exist_is_refused_and_shown_again(rosa, day, month, says):
    rosa.post(START, {**REQUEST, "needed_on-day": day, "needed_on-month": month})

    assert rosa.status == 422
    assert says in rosa.words
    assert value(rosa.page, "needed_on-month") == month


def test_a_post_without_all_parts_of_a_date_is_no_fault_of_ours(rosa):
    answers = {key: given for key, given in REQUEST.items() if not key.startswith("needed_on")}
    rosa.post(START, {**answers, "needed_on-day": "3"})
    assert rosa.status == 422

    rosa.post(START, {**answers, "needed_on": "2026-03-30"})
    assert rosa.url == "/cases/PUR-2026-001"


def test_an_answer_nobody_asked_for_is_refused(rosa):
    rosa.post(START, {**REQUEST, "approved": "yes"})

    assert rosa.status == 422
    assert "“approved” is not asked here" in rosa.words


@pytest.mark.parametrize("names", [
    ["what-day"], ["items"], ["items-x-name"], ["items-0"], ["suppliers-0"], ["needed_on-day-day"], ["-"], ["--"], ["a-b-c", "a-b"],
    ["drawing"], ["drawing-file-x"],
    ["items-99999999999999999999-name"], ["_kept"], ["_row"], ["needed_on-date-day"], ["items-0-name-x"],
])
def test_strangely_named_posts_are_refused_in_words(rosa, names):
    rosa.post(START, {**REQUEST, **dict.fromkeys(names, "x")})

    assert rosa.status in (200, 422), rosa.words
    assert "Sorry" not in rosa.words


def test_rows_are_added_and_removed_and_everything_typed_stays(rosa):
    rosa.post(START, {"what": "A new till", "items-0-_row": "1", "items-0-name": "Till", "do": "add:items"})
    assert rosa.status == 200
    assert value(rosa.page, "what") == "A new till"
    assert value(rosa.page, "items-0-name") == "Till"
    assert 'id="items-1-name"' in rosa.page
    assert "autofocus" in re.search(r'<input[^>]*id="items-1-name"[^>]*>', rosa.page)[0]

    rosa.post(START, {"what": "A new till", "items-0-_row": "1", "items-0-name": "Till", "items-1-_row": "1", "items-1-name": "Drawer", "do": "remove:items:0"})
    assert value(rosa.page, "items-0-name") == "Drawer"
    assert 'id="items-1-name"' not in rosa.page
    assert "There is a problem" not in rosa.words


def test_a_row_in_which_nothing_was_typed_keeps_the_others_in_place(rosa):
    rosa.post(START, {"items-0-_row": "1", "items-1-_row": "1", "items-1-name": "Drawer", "do": "add:items"})

    assert value(rosa.page, "items-1-name") == "Drawer"
    assert 'id="items-2-name"' in rosa.page


@pytest.mark.parametrize("button", [
    "add:", "add:nothing", "add:what", "add:items.0", "remove:items", "remove:items:9", "remove:items:x", "remove::", "add:items.x.y", "dance"])
def test_made_up_buttons_do_no_harm(rosa, button):
    rosa.post(START, {"what": "A new till", "do": button})

    assert rosa.status in (200, 422), rosa.words
    assert value(rosa.page, "what") == "A new till"


def test_a_draft_is_saved_and_found_again(rosa):
    rosa.post(START, {"what": "Half a thought", "needed_on-day": "31", "needed_on-month": "2", "do": "draft"})
    assert rosa.url == "/drafts"
    assert "Your draft is saved" in rosa.words
    assert "Ask for something to be bought" in rosa.words

    rosa.get(START)
    assert value(rosa.page, "what") == "Half a thought"
    assert value(rosa.page, "needed_on-day") == "31"

    rosa.get("/drafts")
    rosa.post(re.search(r'action="(/drafts/[^"]+/discard)"', rosa.page)[1])
    assert "The draft is gone" in rosa.words
    rosa.get(START)
    assert not value(rosa.page, "what")


def test_nobody_else_sees_a_draft(rosa, visit):
    rosa.post(START, {"what": "Half a thought", "do": "draft"})

    ruth = visit("ruth")
    ruth.get("/drafts")
    assert "You have no drafts" in ruth.words


def test_a_question_that_an_answer_brings_up_is_asked_before_it_is_missed(abel):
    abel.post(abel.task, {"decision": "refuse"})

    assert abel.status == 200
    assert "There is more to answer" in abel.words
    assert 'name="comment"' in abel.page
    assert "There is a problem" not in abel.words

    abel.post(abel.task, {"decision": "refuse", "_shown": "comment", "comment": ""})
    assert abel.status == 422
    assert 'href="#comment"' in abel.page


def test_answers_are_checked_over_before_they_are_sent(abel, engine):
    abel.post(abel.task, {"decision": "refuse", "_shown": "comment", "comment": "Too dear"})
    assert abel.url == f"{abel.task}/check"
    assert "Nothing has been sent yet" in abel.words
    assert "Too dear" in abel.words

    abel.get(abel.task)
    assert "Too dear" in abel.page

    abel.get(f"{abel.task}/check")
    abel.post(f"{abel.task}/check")
    assert abel.url == abel.task
    assert "Thank you: this task is done" in abel.words
    assert "Too dear" in abel.words


def test_there_is_nothing_to_check_before_something_was_written(abel):
    abel.get(f"{abel.task}/check")
    assert abel.url == abel.task


def test_the_second_to_send_is_told_who_was_first_and_keeps_what_was_written(abel, visit):
    anna = visit("anna")
    anna.get(abel.task)
    abel.post(abel.task, {"decision": "approve"})
    abel.post(f"{abel.task}/check")

    anna.post(abel.task, {"decision": "refuse", "_shown": "comment", "comment": "I had doubts about the till"})

    assert anna.status == 409
    assert "This has already been done" in anna.words
    assert "Abel Example" in anna.words
    assert "2 March 2026, 9:00am" in anna.words
    assert "I had doubts about the till" in anna.words
    anna.get("/drafts")
    assert "done by someone else meanwhile" in anna.words


def test_ones_own_work_cannot_be_checked(visit):
    anna = visit("anna")
    anna.get(START)
    anna.post(START, REQUEST)
    anna.get(task_of(anna, "Approve the request"))

    assert "You cannot check your own work" in anna.words
    assert "<textarea" not in anna.page


def test_a_page_left_open_too_long_shows_what_was_typed_once_more(rosa):
    rosa.post(START, {**REQUEST, "what": "A till after lunch"}, csrf="stale")

    assert rosa.status == 400
    assert "Please send it again" in rosa.words
    assert value(rosa.page, "what") == "A till after lunch"
    rosa.post(START, REQUEST)
    assert rosa.url == "/cases/PUR-2026-001"


def upload(visitor, url, answers, name="drawing.pdf", content=b"%PDF fictional"):
    given = MultiDict({"csrf_token": office.token(visitor.page), **answers})
    given["drawing-file"] = (io.BytesIO(content), name)
    return visitor._seen(visitor.client.post(url, data=given, follow_redirects=True, content_type="multipart/form-data"))


def test_a_file_need_not_be_chosen_again_after_an_error(rosa, engine):
    upload(rosa, START, {key: given for key, given in REQUEST.items() if key != "what"})
    assert rosa.status == 422
    assert "Keep drawing.pdf" in rosa.words
    kept = value(rosa.page, "drawing-_kept")

    rosa.post(START, {**REQUEST, "drawing-_kept": kept})
    assert rosa.url == "/cases/PUR-2026-001"
    documents = engine.ask(engine.actor(_person(engine, "abel")), queries.case_page, "PUR-2026-001").documents
    assert [one.name for one in documents] == ["drawing.pdf"]


def test_a_file_no_longer_wanted_is_left_out(rosa, engine):
    upload(rosa, START, {key: given for key, given in REQUEST.items() if key != "what"})
    rosa.post(START, REQUEST)

    assert engine.ask(engine.actor(_person(engine, "abel")), queries.case_page, "PUR-2026-001").documents == []


def test_a_made_up_file_is_not_taken_for_one_that_was_here(rosa, engine):
    rosa.post(START, {**REQUEST, "drawing-_kept": "doc" + "0" * 32})

    assert rosa.url == "/cases/PUR-2026-001"
    assert engine.ask(engine.actor(_person(engine, "abel")), queries.case_page, "PUR-2026-001").documents == []


def test_what_looks_like_a_file_of_a_draft_and_is_none_is_text(rosa):
    rosa.post(START, {**REQUEST, "items-0-name-file_in_draft": "n", "items-0-name-type": "t", "items-0-name-content": "A", "do": "draft"})
    assert rosa.status == 200
    rosa.get(START)

    assert rosa.status == 200
    assert value(rosa.page, "what") == "A new till"


def test_a_document_is_always_a_download(rosa, visit, engine):
    upload(rosa, START, REQUEST, "page.html", b"<script>alert(1)</script>")
    abel = visit("abel")
    abel.get("/cases/PUR-2026-001")
    address = re.search(r'href="(/documents/[^"]+)"', abel.page)[1]
    response = abel.client.get(address)

    assert response.data == b"<script>alert(1)</script>"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.mimetype == "application/octet-stream"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    otto = visit("otto")
    otto.get(address)
    assert otto.status == 404


def test_too_big_a_post_is_answered_in_words(rosa, app):
    app.config["MAX_CONTENT_LENGTH"] = 20_000
    upload(rosa, START, REQUEST, content=b"x" * 30_000)

    assert rosa.status == 413
    assert "What you sent is too big" in rosa.words
    assert "Choose a smaller file" in rosa.words


def test_a_case_action_is_a_button_with_a_form(request_made):
    rosa = request_made
    rosa.get("/cases/PUR-2026-001")
    address = re.search(r'href="(/cases/PUR-2026-001/do/[^"]+)"', rosa.page)[1]
    rosa.get(address)
    rosa.post(address, {"reason": ""})
    assert rosa.status == 422

    rosa.post(address, {"reason": "It was found in the cellar"})
    assert rosa.url == "/cases/PUR-2026-001"
    assert "This case has ended: Withdrawn" in rosa.words


def test_a_task_is_taken_given_back_and_handed_over(abel, visit):
    abel.post(f"{abel.task}/claim")
    assert "You have taken this task" in abel.words
    anna = visit("anna")
    anna.get(abel.task)
    assert "Abel Example has taken this task" in anna.words
    assert 'name="decision"' not in anna.page

    abel.post(f"{abel.task}/let-go")
    assert "You gave the task back" in abel.words
    abel.get(abel.task)
    abel.post(f"{abel.task}/hand-over", {"to": ""})
    assert "Choose who you want to hand this task to" in abel.words
    abel.post(f"{abel.task}/hand-over", {"to": re.search(r'<option value="([0-9a-f]{32})">Anna', abel.page)[1]})
    assert "You handed the task over" in abel.words
    anna.get(abel.task)
    assert "You have taken this task" in anna.words


HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&{{ 7*7 }}'


def test_html_in_any_answer_is_shown_as_text(rosa, visit):
    rosa.post(START, {**REQUEST, "what": HOSTILE, "items-0-_row": "1", "items-0-name": HOSTILE, "items-0-pieces": HOSTILE, "card": HOSTILE})
    assert rosa.status == 422
    harmless(rosa.page)
    rosa.post(START, {**REQUEST, "what": HOSTILE, "do": "draft"})
    rosa.get(START)
    harmless(rosa.page)

    rosa.post(START, {**REQUEST, "what": HOSTILE, "card": HOSTILE})
    abel = visit("abel")
    task = task_of(abel, "Approve")
    abel.get(task)
    harmless(abel.page)
    abel.post(task, {"decision": "refuse", "_shown": "comment", "comment": HOSTILE})
    harmless(abel.page)
    abel.post(f"{task}/check")
    harmless(abel.page)


def harmless(page):
    main = page[page.index("<main"):page.index("</main>")]
    assert "<script" not in main
    assert "<img" not in main
    assert "49" not in re.sub(r"\w{20,}", "", office.words(page))


def _person(engine, login):
    import sqlalchemy as sa

    from engine.store import tables as t

    with engine.database.reading() as db:
        return db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login))


def test_a_form_that_comes_back_is_a_draft_already(rosa, visit):
    rosa.post(START, {"amount": "450"})
    assert rosa.status == 422

    later = visit("rosa")
    later.get(START)

    assert value(later.page, "amount") == "450"
    assert "Your draft of" in later.words


def test_the_same_page_sent_again_leads_to_the_case_that_there_is(rosa):
    once = {"_once": value(rosa.page, "_once")}
    rosa.post(START, {**REQUEST, **once, "what": ""})
    assert value(rosa.page, "_once") == once["_once"]   # the page that comes back is the same page
    rosa.post(START, {**REQUEST, **once})
    assert rosa.url == "/cases/PUR-2026-001"
    rosa.post(START, {**REQUEST, **once, "what": "Another till"})
    assert rosa.url == "/cases/PUR-2026-001"
    assert "You had already sent this" in rosa.words

    rosa.get(START)
    rosa.post(START, {**REQUEST, "_once": value(rosa.page, "_once")})
    assert rosa.url == "/cases/PUR-2026-002"


def test_a_draft_that_another_window_saved_is_not_written_over_unseen(rosa):
    first = {"_draft": value(rosa.page, "_draft") or ""}
    rosa.post(START, {"what": "In window A", **first, "do": "draft"})
    rosa.get(START)
    kept = value(rosa.page, "_draft")
    for do in ("draft", "submit", "add:items"):
        rosa.post(START, {"what": "In window B", **first, "do": do})
        assert rosa.status == 409
        assert "This form was also saved in another window" in rosa.words
        assert "In window A" in rosa.words           # what the other one says
        assert value(rosa.page, "what") == "In window B"
    assert rosa.client.post(START, data={"what": "In window B", **first, "do": "keep", "csrf_token": office.token(rosa.page)}).status_code == 409

    assert value(rosa.page, "_draft") == kept         # pressed again, it was seen
    rosa.post(START, {"what": "In window B", "_draft": kept, "do": "draft"})
    rosa.get(START)
    assert value(rosa.page, "what") == "In window B"


def test_what_is_typed_is_kept_quietly_while_the_page_stays_open(rosa):
    def keep(**typed):
        return rosa.client.post(START, data={"do": "keep", "csrf_token": office.token(rosa.page), **typed})

    first = keep(what="Half", _draft="")
    assert first.get_json()["says"] == "Saved as a draft 09:00"
    second = keep(what="Half a thought", _draft=first.get_json()["draft"])
    assert second.status_code == 200
    page = rosa.get(START)
    assert value(page, "what") == "Half a thought"
    rosa.post(START, {**REQUEST, "_draft": second.get_json()["draft"]})
    assert keep(what="Too late", _draft=second.get_json()["draft"]).status_code == 409   # it was sent: no draft comes back
    assert "You have no drafts" in (rosa.get("/drafts"), rosa.words)[1]


@pytest.mark.parametrize(("amount", "says"), [("20000", "more than you may approve"), ("3000", "say why it is needed")])
def test_what_checks_have_against_answers_is_said_before_they_are_looked_over(rosa, visit, amount, says):
    rosa.post(START, REQUEST | {"amount": amount})
    abel = visit("abel")
    task = task_of(abel, "Approve the request")
    abel.get(task)
    abel.post(task, {"decision": "approve"})
    assert (abel.status, abel.url) == (422, task)
    assert says in abel.words

    abel.post(task, {"decision": "approve", "reason_for_going_on": "Worth it"})
    assert abel.url == (f"{task}/check" if amount == "3000" else task)
    if amount == "3000":
        abel.post(abel.url)
        assert re.search(r'href="/cases/PUR-2026-001/answers/[0-9a-f]+/correct">Correct this answer', abel.page)
