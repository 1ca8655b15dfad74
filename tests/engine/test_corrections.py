"""A corrected answer: what stands beside it, what moves with it, and what is left for a person."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from engine import actions, alarm, queries
from engine.errors import AlreadyDone, ChecksRefuse, InvalidAnswers, NotAllowed, NotFound, ReasonNeeded, Refused
from engine.progress.drafts import DraftPlace
from engine.progress.names import Names
from engine.spiff import Place
from engine.store import tables as t
from tests.makers import LONDON, Board, board, everything_else, fill, paper

LETTER = {"received_on": date(2026, 3, 2), "pages": 4, "urgent": "no"}
WHY = "The stamp on the envelope says otherwise"


def with_inquiry(url: str) -> None:
    fill(url, "purchase", "clocks", "inquiry")


@pytest.fixture
def desk(make_database, tmp_path) -> Iterator[Board]:
    """An office that answers letters."""
    made = board(make_database("sqlite", with_inquiry), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def both_desks(make_database, database_kind, tmp_path) -> Iterator[Board]:
    """The same, on each database."""
    made = board(make_database(database_kind, with_inquiry), tmp_path)
    yield made
    made.engine.close()


def letter(desk, login="olga", **answers):
    return desk.do(login, actions.start_case, pack="inquiry", start="letter_received", answers=LETTER | answers)


def answer_of(desk, case, element, item=None):
    s = t.submissions
    query = sa.select(s.c.id).where(s.c.case_id == case, s.c.element == element).order_by(s.c.round.desc())
    return desk.one(query.where(s.c.item == item) if item else query)


def correct(desk, case, element, login="hedy", why=WHY, item=None, **answers):
    return desk.do(login, actions.correct_answer, answer_of(desk, case, element, item), answers, why)


def do(desk, case, element, login="olga", item=None, **answers):
    return desk.do(login, actions.submit_task, desk.task(case, element, item), answers)


def opinions(desk, case, nor="good", sou="bad"):
    do(desk, case, "opinion", "nora", "NOR", opinion=nor)
    do(desk, case, "opinion", "saul", "SOU", opinion=sou)


def clock(desk, case, name):
    (row,) = desk.clocks(case, name)
    return row.state, row.counted_from, row.due


def waiting(desk, case, name):
    k, d = t.timers, t.deadlines
    rows = desk.rows(sa.select(k.c.kind, k.c.due_at).join(d, d.c.id == k.c.deadline).where(
        d.c.case_id == case, d.c.name == name, k.c.fired_at.is_(None)).order_by(k.c.due_at, k.c.kind))
    return [(row.kind, row.due_at.astimezone(LONDON).date()) for row in rows]


def unsettled(desk, case):
    u = t.unsettled
    return [(row.kind, row.name, row.was, row.would) for row in desk.rows(sa.select(u).where(u.c.case_id == case).order_by(u.c.name))]


def sweep(desk, *moment):
    desk.at(*moment)
    return alarm.sweep(desk.engine)


def variables(desk, case, element="write_reply"):
    """What the process holds now, as an open task sees it."""
    from engine import progress
    seen = {}

    def look(work):
        seen.update(progress.resume(work, work.hold(case)).variables(desk.task(case, element)))

    desk.do(None, look)
    return seen


# ---- what stands beside it

def test_the_old_answer_stays_to_be_read_with_who_when_and_why(both_desks):
    case = letter(both_desks)
    both_desks.at(2026, 3, 3, 10)
    correct(both_desks, case.case, "letter_received", received_on=date(2026, 2, 27))

    done = both_desks.ask("olga", queries.case_page, case.reference).done_tasks[0]
    assert (done.name, done.who) == ("Enter a letter", "Olga Example")
    (one,) = done.corrections
    assert (one.who, one.at.astimezone(LONDON).hour, one.reason) == ("Hedy Example", 10, WHY)
    assert one.changes == [("Received on", "2 March 2026", "27 February 2026")]
    now = both_desks.ask("olga", queries.answer_page, case.reference, answer_of(both_desks, case.case, "letter_received"))
    assert ("Received on", "27 February 2026") in [(row.label, row.text) for row in now.rows]


def test_an_answer_is_read_and_corrected_where_it_was_given(desk, monkeypatch):
    """What an expression of its form finds, such as the deadlines of an agency, is the same whoever reads it, and when."""
    case, there, looked_up = letter(desk), Place("opinion", "inquiry", "NOR", "NOR"), Names.of
    places = []
    monkeypatch.setattr(Names, "of", lambda self, paths, place=None: [places.append(place), looked_up(self, paths, place)][1])
    opinions(desk, case.case)
    asked = [place for place in places if place and (place.element, place.item) == ("opinion", "NOR")]
    given, places[:] = answer_of(desk, case.case, "opinion", "NOR"), []

    desk.ask("hedy", queries.answer_page, case.reference, given)
    desk.ask("hedy", queries.correction_preview, case.reference, given, {"opinion": "bad"}, WHY)
    correct(desk, case.case, "opinion", item="NOR", opinion="bad")
    desk.ask("hedy", queries.answer_page, case.reference, given)

    read = [place for place in places if place and (place.element, place.item) == ("opinion", "NOR")]
    assert set(asked) == set(read) == {there}


def test_each_of_several_corrections_says_what_it_changed(desk):
    case = letter(desk)
    correct(desk, case.case, "letter_received", pages=5)
    correct(desk, case.case, "letter_received", "olga", pages=6, received_on=date(2026, 3, 1))

    found = desk.ask("olga", queries.case_page, case.reference).done_tasks[0].corrections
    assert [(one.who, one.changes) for one in found] == [
        ("Olga Example", [("Received on", "2 March 2026", "1 March 2026"), ("Pages", "5", "6")]), ("Hedy Example", [("Pages", "4", "5")])]


def test_what_is_not_named_stays_and_what_a_new_answer_hides_goes(desk):
    case = letter(desk, urgent="yes", why_urgent="They wait", enclosures=[{"what": "A photograph"}])
    correct(desk, case.case, "letter_received", urgent="no")

    page = desk.ask("olga", queries.answer_page, case.reference, answer_of(desk, case.case, "letter_received"))
    said = {row.label: row.text for row in page.rows if not row.rows}
    assert (said["Pages"], said["Is it urgent?"]) == ("4", "No")
    assert "Why is it urgent?" not in said
    assert any(row.label == "Enclosures" and row.rows for row in page.rows)


def test_the_trail_says_that_it_was_corrected_and_not_what(desk):
    case = letter(desk, why_urgent=None)
    correct(desk, case.case, "letter_received", received_on=date(2026, 2, 27), why="Velvet elephants")

    rows = desk.trail(case.case, "answer_corrected", "deadline_moved")
    assert [(row.event, row.details) for row in rows] == [
        ("answer_corrected", {"element": "letter_received", "item": None, "round": 1}),
        ("deadline_moved", {"deadline": "reply", "item": "", "due": "2026-03-13", "before": "2026-03-16"})]
    assert "corrected the answers to “Enter a letter”" in [row.words for row in desk.ask("hedy", queries.case_trail, case.reference).rows]
    c = t.corrections
    assert b"elephants" not in b"".join(bytes(row.reason) + bytes(row.before) for row in desk.rows(sa.select(c)))


def test_everything_that_is_kept_of_it_opens_again(desk):
    case = letter(desk, pages=40)
    correct(desk, case.case, "letter_received", pages=4)
    decision = desk.one(sa.select(t.unsettled.c.id).where(t.unsettled.c.kind == "choice"))
    desk.do("hedy", actions.settle_decision, decision, "Read it all the same")

    assert desk.engine.ask(desk.who("hedy"), queries.verify) == []


# ---- who may

def test_whoever_answered_corrects_while_the_case_is_open_and_not_after(desk):
    case = letter(desk)
    opinions(desk, case.case)
    correct(desk, case.case, "opinion", "nora", item="NOR", opinion="bad")
    do(desk, case.case, "write_reply", sent_on=date(2026, 3, 2), result="badly")
    do(desk, case.case, "try_again", remark="No answer came")

    with pytest.raises(NotAllowed, match="has ended"):
        correct(desk, case.case, "opinion", "nora", item="NOR", opinion="good")
    correct(desk, case.case, "opinion", "hedy", item="NOR", opinion="good")


def test_nobody_else_does(desk):
    case = letter(desk)
    opinions(desk, case.case)
    before = everything_else(desk.engine)

    with pytest.raises(NotAllowed, match="Business Manager"):
        correct(desk, case.case, "letter_received", "omar", pages=9)  # reads every answer, and may not correct them
    with pytest.raises(NotFound):
        correct(desk, case.case, "opinion", "saul", item="NOR", opinion="bad")  # an agency does not see what another one said
    with pytest.raises(NotFound):
        correct(desk, case.case, "letter_received", "elsa", pages=9)
    with pytest.raises(NotFound):
        desk.do("hedy", actions.correct_answer, "0" * 32, {"pages": 9}, WHY)
    assert everything_else(desk.engine) == before


def test_who_must_be_independent_of_an_answer_does_not_correct_the_check_of_it(desk):
    asked = desk.request("rosa")
    desk.approve(asked.case)
    desk.write(sa.update(t.submissions).where(t.submissions.c.case_id == asked.case, t.submissions.c.element == "request_made").values(
        by=desk.who("hedy").person))

    with pytest.raises(NotAllowed, match="independent"):
        correct(desk, asked.case, "approve", decision="refuse")


def test_what_one_may_not_read_is_not_shown_and_stays_as_it_is(desk):
    case = letter(desk, "olga", aside="A word in confidence", aside_about="Somebody")
    answer = answer_of(desk, case.case, "letter_received")
    page = desk.ask("hedy", queries.correction_page, case.reference, answer)
    assert page.kept_back
    assert not {"aside", "aside_about"} & {path for path, _ in page.form.questions()}  # that there is a name would tell of the aside
    assert "confidence" not in repr(page.values)
    assert "Somebody" not in repr(page.values)

    with pytest.raises(InvalidAnswers, match="not asked here"):
        correct(desk, case.case, "letter_received", aside=None)
    correct(desk, case.case, "letter_received", pages=5)

    case_row = desk.one(sa.select(t.cases.c.id).where(t.cases.c.id == case.case))
    given = {}

    def read(work):
        held = work.hold(case_row)
        given.update(held.open(work.db.scalar(sa.select(t.submissions.c.answers).where(t.submissions.c.id == answer)), "submissions", answer))

    desk.do(None, read)
    assert (given["aside"], given["aside_about"], given["pages"]) == ("A word in confidence", "Somebody", 5)


def test_a_correction_of_what_one_may_not_read_is_told_without_what_and_why(desk):
    case = letter(desk, keeper=[desk.who("olga").person], aside="A word in confidence")
    correct(desk, case.case, "letter_received", "olga", aside="Another word", why="It was about someone else")

    (one,) = desk.ask("hedy", queries.case_page, case.reference).done_tasks[0].corrections
    assert (one.changes, one.reason) == ([], None)
    (mine,) = desk.ask("olga", queries.case_page, case.reference).done_tasks[0].corrections
    assert mine.changes == [("For the keeper alone", "A word in confidence", "Another word")]


# ---- what is refused

@pytest.mark.parametrize(("answers", "words"), [
    ({"received_on": date(2026, 3, 9)}, "Received on"),                      # a day that has not come
    ({"received_on": None}, "Received on"),
    ({"received_on": "31 February"}, "Received on"),
    ({"pages": 0}, "Pages"),
    ({"urgent": "perhaps"}, "urgent"),
    ({"urgent": "yes"}, "Why is it urgent"),                                 # brings up a question
    ({"colour": "red"}, "not asked here"),
    ({"pages": 4}, "Nothing would change"),
    ({}, "Nothing would change"),
    ({"enclosures": [{"what": "A photograph"}]}, "register “Enclosures”"),
])
def test_a_wrong_correction_is_refused_in_words_and_changes_nothing(desk, answers, words):
    case = letter(desk)
    before = everything_else(desk.engine)

    with pytest.raises(Refused, match=words):
        correct(desk, case.case, "letter_received", **answers)
    assert everything_else(desk.engine) == before
    assert [row.details["verb"] for row in desk.trail(case.case, "refused")] == ["correct_answer"]


@pytest.mark.parametrize("why", ["", "   ", None, 7, "x" * 20_001, "a\0b"])
def test_a_correction_says_why(desk, why):
    case = letter(desk)
    with pytest.raises(InvalidAnswers) as refusal:
        correct(desk, case.case, "letter_received", why=why, pages=5)
    assert "reason_for_correction" in refusal.value.errors


def test_an_appointment_is_not_taken_back_by_a_correction(desk):
    case = letter(desk, keeper=[desk.who("omar").person])
    with pytest.raises(Refused, match="appointed someone"):
        correct(desk, case.case, "letter_received", keeper=[desk.who("olga").person])


def test_the_day_something_was_done_on_cannot_lie_ahead_even_where_the_form_would_take_it(desk):
    case = letter(desk)
    opinions(desk, case.case)
    do(desk, case.case, "write_reply", sent_on=date(2026, 3, 2), result="ok")
    do(desk, case.case, "file_it", filed_on=date(2026, 3, 2))

    with pytest.raises(Refused, match="5 March 2026 has not come yet"):
        correct(desk, case.case, "file_it", filed_on=date(2026, 3, 5))


def test_the_same_checks_judge_it(desk):
    small, large = desk.request("rosa", amount=3000), desk.request("rosa", amount=30000)
    for asked in (small, large):
        desk.approve(asked.case, decision="refuse", comment="Too much")

    with pytest.raises(ChecksRefuse, match="more than you may approve"):
        correct(desk, large.case, "approve", decision="approve")
    with pytest.raises(ReasonNeeded, match="say why"):
        correct(desk, small.case, "approve", decision="approve")
    correct(desk, small.case, "approve", decision="approve", reason_for_going_on="The roof leaks")

    (one,) = next(row for row in desk.ask("hedy", queries.case_page, small.reference).done_tasks if row.name == "Approve the request").corrections
    assert ("Reason for going on", "Not answered", "The roof leaks") in one.changes
    assert [name for kind, name, _, _ in unsettled(desk, small.case) if kind == "choice"] == ["approved"]


def test_whoever_comes_second_looks_first(desk):
    case = letter(desk)
    answer = answer_of(desk, case.case, "letter_received")
    seen = desk.ask("hedy", queries.correction_page, case.reference, answer).since
    desk.do("olga", actions.correct_answer, answer, {"pages": 5}, WHY, seen)

    with pytest.raises(Refused, match="while you were writing"):
        desk.do("hedy", actions.correct_answer, answer, {"pages": 6}, WHY, seen)


# ---- what moves

def test_a_deadline_moves_with_its_timers_and_its_task(both_desks):
    case = letter(both_desks).case
    opinions(both_desks, case)
    correct(both_desks, case, "letter_received", received_on=date(2026, 2, 26))

    assert clock(both_desks, case, "reply") == ("running", date(2026, 2, 26), date(2026, 3, 12))
    assert waiting(both_desks, case, "reply") == [("remind", date(2026, 3, 6)), ("remind", date(2026, 3, 11)), ("breach", date(2026, 3, 13)),
                                                  ("escalate", date(2026, 3, 13)), ("chase", date(2026, 3, 13))]
    assert both_desks.ask("olga", queries.task_page, both_desks.task(case, "write_reply")).due == date(2026, 3, 12)


def test_a_copy_in_the_process_is_right_from_then_on_in_every_scope(desk):
    case = letter(desk).case
    opinions(desk, case)
    correct(desk, case, "letter_received", received_on=date(2026, 2, 26), pages=7)

    seen = variables(desk, case)
    assert (seen["received_on"], seen["pages"]) == (date(2026, 2, 26), 7)
    page = desk.ask("olga", queries.task_page, desk.task(case, "write_reply"))
    assert page.form.show({}, page.names, desk.engine.now()).values["about"] == "7 pages"
    desk.engine._live.clear()  # also in what was saved
    assert variables(desk, case)["pages"] == 7


def test_a_copy_that_was_handed_back_by_a_call_under_another_name_is_followed(desk):
    case = letter(desk).case
    opinions(desk, case)
    desk.at(2026, 3, 10, 9)
    do(desk, case, "write_reply", sent_on=date(2026, 3, 9), result="ok")
    assert clock(desk, case, "filing") == ("running", date(2026, 3, 9), date(2026, 3, 19))

    correct(desk, case, "write_reply", sent_on=date(2026, 3, 5))

    assert clock(desk, case, "filing") == ("running", date(2026, 3, 5), date(2026, 3, 15))
    assert variables(desk, case, "file_it")["answered_on"] == date(2026, 3, 5)


def test_a_breach_is_undone_when_the_right_day_leaves_time(desk):
    case = letter(desk, received_on=date(2026, 2, 20)).case
    opinions(desk, case)
    sweep(desk, 2026, 3, 7, 9)
    assert clock(desk, case, "reply")[0] == "breached"
    assert desk.task(case, "explain_reply")

    correct(desk, case, "letter_received", received_on=date(2026, 3, 2))

    assert clock(desk, case, "reply") == ("running", date(2026, 3, 2), date(2026, 3, 16))
    assert desk.clocks(case, "reply")[0].breached_at is None
    assert desk.task(case, "explain_reply")  # nothing that was begun is taken back: it is listed
    assert unsettled(desk, case) == [("timer", "reply_late", [], [])]
    assert [kind for kind, _ in waiting(desk, case, "reply")] == ["remind", "remind", "breach", "escalate", "chase"]  # another breach would be another one


def test_a_breach_is_made_at_once_and_told_to_the_diagram(desk):
    case = letter(desk).case
    opinions(desk, case)
    desk.at(2026, 3, 10, 9)
    correct(desk, case, "letter_received", received_on=date(2026, 2, 20))

    assert clock(desk, case, "reply") == ("breached", date(2026, 2, 20), date(2026, 3, 6))
    assert desk.task(case, "explain_reply")
    assert sweep(desk, 2026, 3, 10, 9) == 1  # the escalation; a reminder that would lie in the past is not sent
    assert [row.details["roles"] for row in desk.trail(case, "escalated")] == [["head"]]
    assert desk.trail(case, "reminded") == []


def test_a_clock_that_stays_late_says_nothing_twice(desk):
    case = letter(desk, received_on=date(2026, 2, 10)).case
    opinions(desk, case)
    sweep(desk, 2026, 3, 3, 9)
    do(desk, case, "explain_reply", remark="It lay in a drawer")
    told = len(desk.trail(case, "escalated")), len(desk.trail(case, "deadline_breached"))

    correct(desk, case, "letter_received", received_on=date(2026, 2, 9))
    sweep(desk, 2026, 3, 20, 9)

    assert clock(desk, case, "reply")[0] == "breached"
    assert (len(desk.trail(case, "escalated")), len(desk.trail(case, "deadline_breached"))) == told
    assert not desk.rows(sa.select(t.tasks.c.id).where(t.tasks.c.case_id == case, t.tasks.c.element == "explain_reply", t.tasks.c.state == "open"))


def test_a_clock_that_has_ended_is_judged_by_the_right_day(desk):
    case = letter(desk).case
    opinions(desk, case)
    desk.at(2026, 3, 16, 9)
    do(desk, case, "write_reply", sent_on=date(2026, 3, 16), result="ok")
    assert clock(desk, case, "reply")[0] == "met"

    correct(desk, case, "letter_received", received_on=date(2026, 3, 1))

    assert clock(desk, case, "reply") == ("breached", date(2026, 3, 1), date(2026, 3, 15))
    assert unsettled(desk, case) == [("timer", "reply_late", [], ["reply_late"])]
    correct(desk, case, "write_reply", sent_on=date(2026, 3, 14))
    assert clock(desk, case, "reply")[0] == "met"
    assert desk.clocks(case, "reply")[0].ended_on == date(2026, 3, 14)


def test_a_round_that_was_answered_again_moves_nothing_that_counts_from_the_later_one(desk):
    case = desk.begin("NOR").case
    desk.press(case, "decision_asked", asked_on="2026-02-20")
    first = answer_of(desk, case, "decision_asked")
    desk.press(case, "decision_stopped", why="Not yet")
    desk.press(case, "decision_asked", asked_on="2026-02-26")

    desk.do("olga", actions.correct_answer, first, {"asked_on": date(2026, 2, 19)}, WHY)

    assert [(row.nth, row.state, row.counted_from, row.due) for row in desk.clocks(case, "decision")] == [
        (1, "cancelled", date(2026, 2, 19), date(2026, 3, 5)), (2, "running", date(2026, 2, 26), date(2026, 3, 12))]


def test_what_has_a_button_of_its_own_is_changed_with_that_and_not_corrected(desk):
    case = desk.begin("NOR", "SOU")
    desk.answer(case.case, "NOR", "nora")

    with pytest.raises(NotAllowed, match="changed with “Ask for a decision” on the case page, not corrected here"):
        correct(desk, case.case, "answer", "nora", item="NOR", findings="A note after all")
    with pytest.raises(NotAllowed, match="not corrected here"):
        desk.ask("hedy", queries.correction_page, case.reference, answer_of(desk, case.case, "answer", "NOR"))
    done = {row.name: row.can_correct for row in desk.ask("hedy", queries.case_page, case.reference).done_tasks}
    assert done == {"Answer": False, "Ask something": True}
    assert not desk.ask("nora", queries.answer_page, case.reference, answer_of(desk, case.case, "answer", "NOR")).can_correct


def test_once_the_case_has_ended_there_is_no_such_button_and_it_is_corrected(desk):
    case = desk.begin("NOR").case
    desk.answer(case, "NOR", "nora")
    do(desk, case, "decide", decided_on="2026-03-02", decision="Yes")
    correct(desk, case, "answer", item="NOR", findings="A note after all")

    assert desk.trail(case, "answer_corrected")


# ---- what is left for a person

def test_choices_and_tables_that_would_have_gone_otherwise_are_listed_and_nothing_is_run_again(both_desks):
    case = letter(both_desks, pages=40).case
    correct(both_desks, case, "letter_received", pages=4)

    assert unsettled(both_desks, case) == [("choice", "much", ["much_to_read_closely"], ["much_to_met"]), ("table", "weigh", [], [])]
    assert both_desks.task(case, "read_closely")
    assert variables(both_desks, case, "read_closely")["weight"] == "much"  # what a table decided stays decided
    (choice, _) = both_desks.ask("hedy", queries.home).unsettled
    assert (choice.title, choice.words) == ("Is it much to read?", "It went “Yes”. With the right answer it would have gone “No”.")


def test_a_choice_after_a_call_and_over_gathered_answers_is_asked_again(desk):
    case = letter(desk).case
    opinions(desk, case, "good", "bad")
    do(desk, case, "write_reply", sent_on=date(2026, 3, 2), result="ok")
    correct(desk, case, "opinion", item="NOR", opinion="bad")
    assert unsettled(desk, case) == [("choice", "enough", ["enough_to_file_it"], ["enough_to_try_again"])]
    assert variables(desk, case, "file_it")["opinions"] == ["bad", "bad"]


def test_an_answer_gathered_while_others_are_asked_is_right_when_all_have_answered(desk):
    case = letter(desk).case
    do(desk, case, "opinion", "nora", "NOR", opinion="bad")
    correct(desk, case, "opinion", "nora", item="NOR", opinion="good")
    do(desk, case, "opinion", "saul", "SOU", opinion="bad")
    do(desk, case, "write_reply", sent_on=date(2026, 3, 2), result="ok")

    assert desk.task(case, "file_it")
    assert unsettled(desk, case) == []


def test_a_change_that_would_not_have_turned_anything_leaves_nothing_to_settle(desk):
    case = letter(desk, pages=40).case
    correct(desk, case, "letter_received", pages=41)
    assert unsettled(desk, case) == []


def test_a_deadline_that_would_not_have_run_is_listed(desk):
    case = letter(desk, urgent="yes", why_urgent="They wait").case
    correct(desk, case, "letter_received", urgent="no")
    assert unsettled(desk, case) == [("runs", "urgent_look", [], [])]
    assert clock(desk, case, "urgent_look")[0] == "running"


def test_a_decision_is_settled_once_with_a_note(desk):
    case = letter(desk, pages=40)
    correct(desk, case.case, "letter_received", pages=4)
    decision = desk.ask("hedy", queries.home).unsettled[0].id

    with pytest.raises(InvalidAnswers):
        desk.do("hedy", actions.settle_decision, decision, "  ")
    with pytest.raises(NotAllowed):
        desk.do("olga", actions.settle_decision, decision, "Never mind")
    with pytest.raises(NotFound):
        desk.do("elsa", actions.settle_decision, decision, "Never mind")
    desk.do("hedy", actions.settle_decision, decision, "It is read closely all the same")
    with pytest.raises(AlreadyDone, match="You have already settled"):
        desk.do("hedy", actions.settle_decision, decision, "Again")

    assert len(desk.ask("hedy", queries.home).unsettled) == 1
    assert desk.ask("olga", queries.home).unsettled == []
    settled = next(one for one in desk.ask("olga", queries.case_page, case.reference).unsettled if one.settled_at)
    assert (settled.settled_by_name, settled.note) == ("Hedy Example", "It is read closely all the same")


def test_a_paper_made_from_the_answer_is_out_of_date_and_others_are_not(desk):
    case = letter(desk, copy=paper("Dear Sir")).case
    d, when = t.documents, desk.engine.now()
    made = [{"id": f"{name:0>32}", "case_id": case, "element": "made", "field": name, "kind": "application/pdf", "size": 1, "at": when, "by": None,
             "name": b"", "content": b"", "made_from": elements}
            for name, elements in (("thanks", ["letter_received"]), ("other", ["write_reply"]))]
    desk.write(*(sa.insert(d).values(one) for one in made))
    correct(desk, case, "letter_received", pages=5)

    assert dict(desk.rows(sa.select(d.c.field, d.c.out_of_date_since.is_not(None)))) == {"thanks": True, "other": False, "copy": False}
    assert [row.details["field"] for row in desk.trail(case, "document_out_of_date")] == ["thanks"]


def test_a_wrong_file_is_replaced_and_the_old_one_stays(desk):
    case = letter(desk, copy=paper("The wrong one", "wrong.txt"))
    correct(desk, case.case, "letter_received", copy=paper("The right one", "right.txt"))

    page = desk.ask("olga", queries.case_page, case.reference)
    assert [one.name for one in page.documents] == ["wrong.txt", "right.txt"]
    assert page.done_tasks[0].corrections[0].changes == [("A copy of it", "wrong.txt", "right.txt")]


# ---- before it is done

def test_the_preview_says_what_the_correction_then_does_and_changes_nothing(desk):
    case = letter(desk, pages=40)
    answer = answer_of(desk, case.case, "letter_received")
    before = everything_else(desk.engine)
    seen = desk.ask("hedy", queries.correction_preview, case.reference, answer, {"pages": 4, "received_on": date(2026, 2, 10)}, WHY)

    assert everything_else(desk.engine) == before
    assert seen.changes == [("Received on", "2 March 2026", "10 February 2026"), ("Pages", "40", "4")]
    assert [(one.title, one.before, one.after, one.words) for one in seen.clocks] == [
        ("The letter is answered", date(2026, 3, 16), date(2026, 2, 24), "It is late by 6 days.")]
    assert [title for title, _ in seen.doubts] == ["How much is it?", "Is it much to read?"]
    correct(desk, case.case, "letter_received", pages=4, received_on=date(2026, 2, 10))
    assert clock(desk, case.case, "reply") == ("breached", date(2026, 2, 10), date(2026, 2, 24))


def test_drafts_of_others_stay_as_they_were(desk):
    case = letter(desk).case
    opinions(desk, case)
    desk.do("olga", actions.save_draft, DraftPlace("task", desk.task(case, "write_reply")), {"result": "ok"})
    before = everything_else(desk.engine)["drafts"]
    desk.do("hedy", actions.save_draft, DraftPlace("correction", case, answer_of(desk, case, "letter_received")), {"pages": 7})
    assert [row.title for row in desk.ask("hedy", queries.my_drafts)] == ["Correct: Enter a letter"]
    correct(desk, case, "letter_received", pages=7)
    assert everything_else(desk.engine)["drafts"] == before


def test_an_answer_that_is_corrected_back_leaves_nothing_to_settle_and_the_deadline_where_it_was(desk):
    case = letter(desk, pages=40)
    correct(desk, case.case, "letter_received", pages=4, received_on=date(2026, 2, 27))
    assert clock(desk, case.case, "reply")[2] == date(2026, 3, 13)
    assert len(unsettled(desk, case.case)) == 2

    correct(desk, case.case, "letter_received", pages=40, received_on=date(2026, 3, 2))

    assert desk.ask("hedy", queries.home).unsettled == []
    assert clock(desk, case.case, "reply")[2] == date(2026, 3, 16)
    assert variables(desk, case.case, "read_closely")["received_on"] == date(2026, 3, 2)


def test_what_one_correction_listed_is_not_listed_twice_by_the_next(desk):
    case = letter(desk, pages=40)
    correct(desk, case.case, "letter_received", pages=4)
    correct(desk, case.case, "letter_received", pages=5)
    assert [name for _, name, _, _ in unsettled(desk, case.case)] == ["much", "weigh"]
