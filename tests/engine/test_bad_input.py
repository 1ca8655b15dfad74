"""Whatever is wrong is refused in words, and nothing changes but the trail."""
from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import SYSTEM, actions, queries
from engine.errors import AlreadyDone, ChecksRefuse, Incident, InvalidAnswers, NotAllowed, NotFound, PackFaults, ReasonNeeded, Refused
from engine.forms import Upload
from engine.packs import read_pack
from engine.progress.drafts import DraftPlace
from engine.store import tables as t
from tests.makers import everything_else, paper

REQUEST = {"what": "Pencils", "amount": 40, "needed_on": date(2026, 4, 1), "suppliers": ["QUI"], "items": []}


@contextmanager
def refused(office, kind=Refused, says=""):
    before, told = everything_else(office.engine), len(office.trail(None, "refused"))
    with pytest.raises(kind) as refusal:
        yield refusal
    assert refusal.value.says
    assert all(isinstance(one, str) and one for one in refusal.value.says)
    assert says.lower() in " ".join(refusal.value.says).lower()
    assert everything_else(office.engine) == before
    assert len(office.trail(None, "refused")) == told + 1


@pytest.mark.parametrize(("answers", "path"), [
    ({"amount": "forty"}, "amount"),
    ({"amount": 0}, "amount"),
    ({"amount": float("nan")}, "amount"),
    ({"amount": float("inf")}, "amount"),
    ({"amount": 10 ** 400}, "amount"),
    ({"amount": [1]}, "amount"),
    ({"amount": True}, "amount"),
    ({"amount": None}, "amount"),
    ({"what": ""}, "what"),
    ({"what": {"a": "b"}}, "what"),
    ({"what": "x" * 2_000_000}, "what"),
    ({"what": "\ud800 half a letter"}, "what"),
    ({"what": "a\x00b"}, "what"),
    ({"needed_on": {"day": "31", "month": "02", "year": "2026"}}, "needed_on"),
    ({"needed_on": "2026-02-31"}, "needed_on"),
    ({"needed_on": "31/02/2026"}, "needed_on"),
    ({"suppliers": ["NOBODY"]}, "suppliers"),
    ({"suppliers": "QUI,INK"}, "suppliers"),
    ({"suppliers": [["QUI"]]}, "suppliers"),
    ({"items": "many"}, "items"),
    ({"items": ["one"]}, "items.0"),
    ({"items": [{"name": "Pencil", "pieces": "x"}]}, "items.0.pieces"),
    ({"items": [{"name": "Pencil", "pieces": 1, "colour": "red"}]}, "items.0.colour"),
    ({"colour": "red"}, "colour"),
    ({"__class__": "x"}, "__class__"),
])
def test_wrong_extra_oversized_and_mistyped_fields_are_named(office, answers, path):
    with refused(office, InvalidAnswers) as refusal:
        office.do("rosa", actions.start_case, pack="purchase", start="request_made", answers=REQUEST | answers)

    assert path in refusal.value.errors or any(key.startswith(path) for key in refusal.value.errors)


@pytest.mark.parametrize("answers", [[], "text", None, 7, [["what", "x"]]])
def test_answers_that_are_no_form_at_all_are_refused(office, answers):
    with refused(office):
        office.do("rosa", actions.start_case, pack="purchase", start="request_made", answers=answers)


def test_all_faults_are_told_at_once(office):
    with refused(office, InvalidAnswers) as refusal:
        office.do("rosa", actions.start_case, pack="purchase", start="request_made", answers={"amount": -1, "colour": "red"})

    assert {"what", "amount", "needed_on", "suppliers", "colour"} <= set(refusal.value.errors)


def test_options_are_not_for_whoever_starts_a_case(office):
    with refused(office, says="option"):
        office.do("rosa", actions.start_case, pack="purchase", start="request_made", answers=REQUEST, options={"no_such_switch": True})


@pytest.mark.parametrize("task", ["", "0" * 32, "x" * 5000, "a\x00b", "\ud800", "' or 1=1 --", None])
def test_a_task_that_is_not_there_is_not_found(both, task):
    with refused(both, NotFound):
        both.do("abel", actions.submit_task, task=task, answers={})
    with pytest.raises(NotFound):
        both.ask("abel", queries.task_page, task=task)


def test_another_roles_task_is_the_same_as_none(office):
    case = office.request().case

    with refused(office, NotFound) as refusal:
        office.do("quin", actions.submit_task, task=office.task(case, "approve"), answers={"decision": "approve"})
    with pytest.raises(NotFound) as missing:
        office.do("quin", actions.submit_task, task="0" * 32, answers={"decision": "approve"})

    assert refusal.value.says == missing.value.says


def test_another_agencys_task_is_the_same_as_none(office):
    case = office.request().case
    office.approve(case)

    with refused(office, NotFound):
        office.quote(case, "inez", "QUI")
    with refused(office, NotFound):
        office.do("inez", actions.claim_task, office.task(case, "quote", "QUI"))
    with refused(office, NotFound):
        office.do("inez", actions.let_task_go, office.task(case, "quote", "QUI"))
    with refused(office, NotFound):
        office.do("inez", actions.hand_over_task, office.task(case, "quote", "QUI"), to=office.who("inez").person)
    with refused(office, NotFound):
        office.do("inez", actions.save_draft, DraftPlace("task", office.task(case, "quote", "QUI")), {"price": 1})


def test_another_agencys_case_is_the_same_as_none(office):
    started = office.request()
    verb = {"action": "withdraw", "answers": {"reason": "Enough"}}

    with refused(office, NotFound) as refusal:
        office.do("rex", actions.press_case_action, case=started.case, **verb)
    with pytest.raises(NotFound) as missing:
        office.do("rex", actions.press_case_action, case="0" * 32, **verb)
    with pytest.raises(NotFound) as unseen:
        office.ask("rex", queries.case_page, started.reference)
    with pytest.raises(NotFound) as nowhere:
        office.ask("rex", queries.case_page, "PUR-1999-001")

    assert refusal.value.says == missing.value.says == unseen.value.says == nowhere.value.says


def test_a_task_done_already_says_who_did_it_and_when(office):
    case = office.request().case
    task = office.task(case, "approve")
    office.approve(case)
    office.at(2026, 3, 3, 9)

    with refused(office, AlreadyDone, "Abel Example") as refusal:
        office.do("anna", actions.submit_task, task=task, answers={"decision": "refuse", "comment": "No"})

    assert refusal.value.by == "Abel Example"
    assert refusal.value.at.date() == date(2026, 3, 2)


def test_a_task_that_the_process_has_left_behind_is_refused(office):
    case = office.request().case
    task = office.task(case, "approve")
    office.press(case, "withdraw", "rosa", reason="Enough")

    with refused(office, AlreadyDone, "no longer needed"):
        office.do("abel", actions.submit_task, task=task, answers={"decision": "approve"})


def test_a_colleagues_task_is_refused_until_it_is_let_go(office):
    case = office.request().case
    task = office.task(case, "approve")
    office.do("anna", actions.claim_task, task)

    with refused(office, NotAllowed, "taken"):
        office.approve(case)
    with refused(office, NotAllowed, "taken"):
        office.do("abel", actions.claim_task, task)
    office.do("anna", actions.let_task_go, task)
    with refused(office, NotAllowed, "nobody has taken"):
        office.do("anna", actions.let_task_go, task)
    office.approve(case)


def test_a_task_is_handed_only_to_whom_it_is_offered(office):
    case = office.request().case
    task = office.task(case, "approve")

    with refused(office, NotAllowed):
        office.do("abel", actions.hand_over_task, task, to=office.who("quin").person)
    with refused(office, NotAllowed):
        office.do("abel", actions.hand_over_task, task, to="nobody")
    office.do("hedy", actions.hand_over_task, task, to=office.who("anna").person)
    with refused(office, NotAllowed):
        office.approve(case)


def test_nobody_checks_their_own_work(office):
    office.do(None, actions.add_person, "both", "Both Example", "both@office.example", "OFF", ["requester@OFF", "approver"], secret="x")
    case = office.request("both").case

    with refused(office, NotAllowed, "your own"):
        office.approve(case, "both")
    with refused(office, NotAllowed, "your own"):
        office.do("both", actions.claim_task, office.task(case, "approve"))
    with refused(office, NotAllowed, "did the task it has to be independent of"):
        office.do("hedy", actions.hand_over_task, office.task(case, "approve"), to=office.who("both").person)


def test_checks_refuse_and_ask_for_reasons(office):
    case = office.request(amount=5000).case
    with refused(office, ReasonNeeded, "say why"):
        office.approve(case)
    with refused(office, ReasonNeeded):
        office.approve(case, reason_for_going_on="   ")
    with refused(office, InvalidAnswers):
        office.approve(case, reason_for_going_on="x" * 2_000_000)
    office.approve(case, reason_for_going_on="Pencils are dear")
    assert [row.details["checks"] for row in office.trail(case, "reason_given")] == [["over_budget"]]

    other = office.request(amount=50_000).case
    with refused(office, ChecksRefuse, "more than you may approve"):
        office.approve(other, reason_for_going_on="Please")


@pytest.mark.parametrize("login", ["abel", "quin", "vera", "petra"])
def test_a_start_one_may_not_make_is_refused(office, login):
    with refused(office, NotAllowed, "Requester"):
        office.do(login, actions.start_case, pack="purchase", start="request_made", answers=REQUEST)


@pytest.mark.parametrize(("pack", "start"), [("purchase", "approve"), ("purchase", "withdraw"), ("purchase", "nothing"), ("nothing", "request_made")])
def test_a_start_that_is_not_there_is_not_found(office, pack, start):
    with refused(office, NotFound):
        office.do("rosa", actions.start_case, pack=pack, start=start, answers=REQUEST)


@pytest.mark.parametrize("action", ["request_made", "approve", "nothing", ""])
def test_an_action_that_is_not_there_is_not_found(office, action):
    case = office.request().case

    with refused(office, NotFound):
        office.do("rosa", actions.press_case_action, case=case, action=action, answers={})


def test_an_action_of_a_case_that_has_ended_is_refused(office):
    case = office.request().case
    office.press(case, "withdraw", "rosa", reason="Enough")

    with refused(office, NotAllowed, "not possible now"):
        office.press(case, "withdraw", "rosa", reason="Enough")


def test_whether_a_button_is_open_is_told_to_nobody_it_is_not_for(office):
    started = office.request()

    def asked():
        with pytest.raises(NotFound):
            office.ask("abel", queries.action_page, started.reference, "withdraw")
        with pytest.raises(NotAllowed) as refusal:
            office.press(started.case, "withdraw", "abel", reason="x")
        return refusal.value.says

    while_open = asked()
    office.press(started.case, "withdraw", "rosa", reason="Enough")
    with pytest.raises(NotAllowed, match="not possible now"):
        office.ask("rosa", queries.action_page, started.reference, "withdraw")
    assert asked() == while_open


def test_a_message_from_outside_comes_through_the_api_and_never_past_a_form(office):
    case = office.request().case

    with refused(office, NotAllowed):
        office.do("rosa", actions.receive_message, case, "purchase_withdrawn")
    with refused(office, NotAllowed, "button"):
        office.do(None, actions.receive_message, case, "purchase_withdrawn")
    with refused(office, NotAllowed, "Nothing waits"):
        office.do(None, actions.receive_message, case, "nothing")


def test_a_pack_with_faults_is_not_released(office):
    files = dict(read_pack(Path("tests/packs/purchase")).files)
    files["purchase.bpmn"] = files["purchase.bpmn"].replace(b'formId="approval"', b'formId="nowhere"')

    with refused(office, PackFaults, "nowhere"):
        office.do(None, actions.release_pack, files)
    with refused(office, PackFaults):
        office.do(None, actions.release_pack, {})
    with refused(office, NotAllowed):
        office.do("abel", actions.release_pack, read_pack(Path("tests/packs/purchase")).files)


@pytest.mark.parametrize("place", [DraftPlace("start", "purchase", "Tamsin lives at 4 Elm Row"), DraftPlace("start", "nothing", "request_made"),
                                   DraftPlace("action", "case", "Tamsin"), DraftPlace("Tamsin", "case")])
def test_a_draft_belongs_to_a_form_that_there_is(office, place):
    case = office.request().case

    with refused(office, NotFound):
        office.do("rosa", actions.save_draft, place._replace(of=case) if place.of == "case" else place, {"what": "Pens"})
    assert "Tamsin" not in str(office.trail())


def test_a_draft_of_a_form_one_may_not_answer_is_refused(office):
    case = office.request().case
    office.approve(case)

    with refused(office, NotFound):
        office.do("quin", actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": "x"})
    with refused(office, NotFound):
        office.do("quin", actions.save_draft, DraftPlace("action", case, "withdraw"), {"reason": "x"})


def test_a_draft_keeps_the_files_that_were_chosen(office):
    begun = {"what": "Pens", "items": [{"name": paper("What it looks like", "pens.txt")}]}
    office.do("rosa", actions.save_draft, DraftPlace("start", "purchase", "request_made"), begun)

    page = office.ask("rosa", queries.start_page, "purchase", "request_made")
    assert (page.values, page.draft) == (begun, DraftPlace("start", "purchase", "request_made"))


def test_anothers_draft_is_not_thrown_away(office):
    office.do("rosa", actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": "Pens"})
    draft = office.ask("rosa", queries.my_drafts)[0].id

    with refused(office, NotFound):
        office.do("ruth", actions.discard_draft, draft)
    office.do("rosa", actions.discard_draft, draft)
    assert office.ask("rosa", queries.my_drafts) == []


def test_what_colleagues_typed_outlives_the_task(office):
    case = office.request().case
    task = office.task(case, "approve")
    office.do("anna", actions.save_draft, DraftPlace("task", task), {"decision": "refuse", "comment": "Half a sentence"})
    office.do("abel", actions.save_draft, DraftPlace("task", task), {"decision": "approve"})
    office.approve(case)

    kept = office.ask("anna", queries.my_drafts)
    assert [(row.task, row.done_meanwhile) for row in kept] == [(task, True)]
    assert office.ask("anna", queries.task_page, task).values["comment"] == "Half a sentence"
    assert office.ask("abel", queries.my_drafts) == []


def test_a_second_account_of_one_name_or_agency_that_is_not_there_is_refused(office):
    with refused(office, Refused, "already an account"):
        office.do(None, actions.add_person, "ROSA", "Rosa", "r@office.example", "OFF", [], secret="x")
    with refused(office, Refused, "No agency"):
        office.do(None, actions.add_person, "new", "New", "n@office.example", "XXX", [], secret="x")
    with refused(office, Refused, "No agency"):
        office.do(None, actions.add_person, "new", "New", "n@office.example", None, ["supplier@XXX"], secret="x")
    with refused(office, Refused, "No role"):
        office.do(None, actions.add_person, "new", "New", "n@office.example", None, ["no_such_role"], secret="x")
    with refused(office, Refused, "e-mail"):
        office.do(None, actions.add_person, "new", "New", "n@office.example\nBcc: all@else.example", None, [], secret="x")
    with refused(office, NotAllowed):
        office.do("rosa", actions.add_person, "new", "New", "n@office.example", None, [], secret="x")


def test_an_upload_is_named_and_typed_by_us(office):
    with refused(office, InvalidAnswers, "control characters"):
        office.begin(paper=Upload("x\r\nSet-Cookie: a=b.txt", b"On paper", "text/plain"))
    case = office.begin(paper=Upload("../../etc/x.txt", b"On paper", "text/plain\r\nSet-Cookie: a=b" + "x" * 500)).case
    row = office.rows(sa.select(t.documents).where(t.documents.c.case_id == case))[0]
    file = office.ask("olga", queries.document, row.id)

    assert (file.name, file.kind, file.content) == ("x.txt", "application/octet-stream", b"On paper")


@pytest.mark.parametrize("after", ["x", "2026-03-02", "a|b", "a|b|c", "|", "\x00|x"])
def test_a_page_that_was_never_offered_is_not_found(both, after):
    both.request()
    for query in (queries.task_list, queries.all_cases):
        with pytest.raises(NotFound):
            both.ask("hedy", query, after=after)


def test_an_expression_that_fails_is_an_incident_without_the_answer(office, monkeypatch):
    """The amount is compared with a text: the table cannot be asked, and says so without saying what was answered."""
    files = dict(read_pack(Path("tests/packs/purchase")).files)
    files["checks/over_budget.dmn"] = files["checks/over_budget.dmn"].replace(b"answers.request_made.amount", b"answers.request_made.what + 1")
    office.do(None, actions.release_pack, files)
    case = office.request(what="Tamsin Canary").case

    before = everything_else(office.engine)
    with pytest.raises(Incident) as incident:
        office.approve(case)

    assert everything_else(office.engine) == before
    assert [(row.case_id, row.mended_at) for row in office.incidents()] == [(case, None)]
    assert "Canary" not in str(office.incidents()) + str(office.trail()) + incident.value.says
    assert office.trail(case)[-1].event == "incident"


@pytest.mark.parametrize("element", ["approve", "a_question_of_a_form"])
def test_an_incident_is_over_when_the_case_has_gone_on_after_all(office, element):
    started = office.request()
    with office.engine.database.writing() as db:
        db.execute(sa.insert(t.incidents).values(id="i", case_id=started.case, at=office.engine.now(), element=element, says="it could not go on"))

    assert [row.says for row in office.ask("hedy", queries.case_page, reference=started.reference).incidents] == ["it could not go on"]
    assert office.ask("hedy", queries.all_cases).rows[0].incidents == 1

    office.clock.move_to(office.clock.now() + timedelta(minutes=1))
    office.approve(started.case)
    assert office.ask("hedy", queries.case_page, reference=started.reference).incidents == []
    assert office.ask("hedy", queries.all_cases).rows[0].incidents == 0


def test_the_system_itself_does_no_tasks(office):
    case = office.request().case

    with refused(office, NotFound):
        office.engine.perform(SYSTEM, actions.submit_task, office.task(case, "approve"), {"decision": "approve"})
