"""Who sees what: need to know, and nothing more."""
from __future__ import annotations

import inspect
from datetime import date

import pytest
import sqlalchemy as sa

from engine import SYSTEM, Actor, actions, queries
from engine.errors import NotAllowed, NotFound, Refused
from engine.progress.drafts import DraftPlace
from engine.progress.names import people_names
from engine.store import tables as t
from tests.makers import everything_else, paper


@pytest.fixture
def case(office):
    """Asked of North and South, with a paper, kept by Kate; North has answered."""
    started = office.begin("NOR", "SOU", secret="Only for Kate", paper=paper(), secret_paper=paper("Eyes only", "secret.txt"),
                           keeper=office.who("kate").person, notes=[{"words": "A note"}])
    office.press(started.case, "decision_asked", asked_on="2026-03-02")
    office.answer(started.case, "NOR", "nora", "What North found")
    return started


def document(office, case, field):
    return office.one(sa.select(t.documents.c.id).where(t.documents.c.case_id == case.case, t.documents.c.field == field))


def given(office, case):
    """What North answered."""
    s = t.submissions
    return office.one(sa.select(s.c.id).where(s.c.case_id == case.case, s.c.element == "answer", s.c.item == "NOR"))


#: Every query that is asked about one case, and with what.
ABOUT_A_CASE = {
    queries.case_page: lambda office, case: {"reference": case.reference},
    queries.to_settle: lambda office, case: {"reference": case.reference, "decision": "none"},
    queries.coming_next: lambda office, case: {"reference": case.reference},
    queries.case_trail: lambda office, case: {"reference": case.reference},
    queries.case_keeping: lambda office, case: {"reference": case.reference},
    queries.evidence: lambda office, case: {"reference": case.reference},
    queries.who_looked: lambda office, case: {"reference": case.reference},
    queries.diagram: lambda office, case: {"reference": case.reference},
    queries.drawing: lambda office, case: {"reference": case.reference, "process": "clocks"},
    queries.register_page: lambda office, case: {"reference": case.reference, "register": "notes"},
    queries.action_page: lambda office, case: {"reference": case.reference, "action": "looked"},
    queries.task_page: lambda office, case: {"task": office.task(case.case, "answer", "SOU")},
    queries.task_checks: lambda office, case: {"task": office.task(case.case, "answer", "SOU"), "answers": {}},
    queries.task_form: lambda office, case: {"task": office.task(case.case, "answer", "SOU")},
    queries.document: lambda office, case: {"document_id": document(office, case, "paper")},
    queries.answer_page: lambda office, case: {"reference": case.reference, "answer": given(office, case)},
    queries.correction_page: lambda office, case: {"reference": case.reference, "answer": given(office, case)},
    queries.correction_preview: lambda office, case: {"reference": case.reference, "answer": given(office, case), "answers": {"findings": "x"}, "reason": "x"},
}
OF_NO_CASE = {"start_page", "starts", "home", "task_list", "all_cases", "my_drafts", "session_of", "session_that_ran_out", "counts", "ready"}


def test_every_query_is_known_here():
    asked = {name for name in queries.__all__ if inspect.isfunction(getattr(queries, name))}

    unknown = asked - {query.__name__ for query in ABOUT_A_CASE} - OF_NO_CASE
    about = {name for name in unknown if {"reference", "task", "document_id", "case"} & set(inspect.signature(getattr(queries, name)).parameters)}
    assert not about, f"say in ABOUT_A_CASE how an outsider would ask {about}"


@pytest.mark.parametrize("query", ABOUT_A_CASE, ids=lambda query: query.__name__)
@pytest.mark.parametrize("login", ["zoe", "elsa", "rosa", "petra", "adam", "bess"])
def test_an_outsider_sees_nothing_of_a_case(office, case, query, login):
    with pytest.raises(NotFound) as refusal:
        office.ask(login, query, **ABOUT_A_CASE[query](office, case))

    assert refusal.value.says == NotFound().says
    assert not [row for row in office.trail(case.case, "viewed") if row.actor == office.who(login).person]


@pytest.mark.parametrize("login", ["zoe", "elsa", "petra", "adam"])
def test_an_outsider_has_empty_lists(office, case, login):
    home = office.ask(login, queries.home)

    assert (home.mine, home.team, home.drafts) == ([], [], 0)
    assert office.ask(login, queries.task_list, "team").rows == []
    assert office.ask(login, queries.all_cases, "all").rows == []
    assert office.ask(login, queries.my_drafts) == []


@pytest.mark.parametrize("login", ["zoe", "elsa", "saul", "petra", "adam", "vera", "bess", "otto"])
def test_nobody_does_what_is_not_offered_to_them(office, case, login):
    answered = office.task(case.case, "answer", "NOR", "done")
    before = everything_else(office.engine)

    for verb, given in {
        actions.press_case_action: {"case": case.case, "action": "looked", "answers": {"why": "x"}},
        actions.submit_task: {"task": answered, "answers": {"findings": "x"}},
        actions.correct_answer: {"task": answered, "answers": {"findings": "x"}, "reason": "x"},
        actions.claim_task: {"task": answered},
        actions.let_task_go: {"task": answered},
        actions.hand_over_task: {"task": answered, "to": office.who(login).person},
        actions.save_draft: {"place": DraftPlace("task", answered), "answers": {"findings": "x"}},
        actions.start_case: {"pack": "clocks", "start": "began", "answers": {}},
        actions.release_pack: {"files": {}},
        actions.set_password: {"login": "kate", "secret": "x"},
        actions.set_agencies: {"agencies": []},
        actions.name_deputy: {"role": "rep@NOR", "to": office.who("nils").person, "from_": date(2026, 3, 2), "until": date(2026, 3, 6), "reason": "x",
                              "of": office.who("nora").person},
        actions.end_deputy: {"deputy": "0" * 32},
        actions.propose: {"kind": "release", "what": {"note": ""}, "files": b""},
        actions.approve: {"proposal": "0" * 32},
        actions.decline: {"proposal": "0" * 32, "reason": "x"},
        actions.withdraw: {"proposal": "0" * 32},
        actions.expire: {"proposal": "0" * 32},
        actions.add_person: {"login": "new", "name": "New", "email": "n@office.example", "agency": None, "roles": []},
        actions.give_role: {"login": login, "role": "administrator"},
        actions.take_role: {"login": "adam", "role": "administrator"},
        actions.open_account: {"login": "kate"},
        actions.close_account: {"login": "kate" if login != "adam" else "adam"},
        actions.note_backup: {"rows": 1},
        actions.send_head: {},
        actions.thin: {},
        actions.hold_case: {"reference": case.reference, "reason": "x"},
        actions.lift_hold: {"reference": case.reference, "hold": "0" * 32, "reason": "x"},
        actions.give_access: {"passages": {case.case: 1}},
        actions.note_restore: {"made_at": "x", "software": "x"},
        actions.receive_message: {"case": case.case, "message": "x"},
        actions.fire_timer: {"timer": office.one(sa.select(t.timers.c.id))},
    }.items():
        if login == "adam" and verb is actions.name_deputy:
            continue
        with pytest.raises(Refused):
            office.engine.perform(office.who(login), verb, **given)
    assert everything_else(office.engine) == before


def test_an_agency_sees_its_own_part(office, case):
    office.at(2026, 3, 3, 9)
    page = office.ask("saul", queries.case_page, case.reference)

    assert [(row.name, row.item) for row in page.open_tasks] == [("Answer", "South Side")]
    assert page.done_tasks == []
    assert [(clock.name, clock.item) for clock in page.clocks] == [("answer", "SOU")]
    assert (page.documents, page.diagrams, page.figures, page.incidents, page.actions, page.may_see_trail) == ([], [], [], [], [], False)
    assert "North" not in str(page)
    for query in (queries.case_trail, queries.diagram):
        with pytest.raises(NotFound):
            office.ask("saul", query, case.reference)


def test_an_agency_sees_its_own_part_in_the_list_of_cases_too(office, case):
    row = office.ask("saul", queries.all_cases).rows[0]

    assert [(clock.name, clock.item) for clock in row.clocks] == [("answer", "SOU")]
    assert (row.open_tasks, row.next_tasks) == (1, ["Answer"])
    assert "North" not in str(row)


def test_an_agency_does_not_see_what_another_answered(office, case):
    done = office.task(case.case, "answer", "NOR", "done")

    assert "What North found" in str(office.ask("nora", queries.task_page, done).submitted)
    with pytest.raises(NotFound):
        office.ask("saul", queries.task_page, done)


def test_a_viewer_sees_no_answers(office, case):
    page = office.ask("vera", queries.case_page, case.reference)

    assert page.full
    assert page.documents == []
    assert {row.task for row in page.done_tasks} == {None}
    assert "What North found" not in str(page)
    for query in (queries.task_page, queries.document, queries.register_page, queries.case_trail, queries.answer_page):
        with pytest.raises(NotFound):
            office.ask("vera", query, **ABOUT_A_CASE[query](office, case))
    with pytest.raises(NotFound):
        office.ask("vera", queries.task_page, office.task(case.case, "answer", "NOR", "done"))


def test_who_may_see_the_status_has_the_list_and_not_the_page(office, case):
    rows = office.ask("bess", queries.all_cases).rows

    assert [row.reference for row in rows] == [case.reference]
    assert {clock.name for clock in rows[0].clocks} == {"answer", "decision", "look_again"}
    with pytest.raises(NotFound):
        office.ask("bess", queries.case_page, case.reference)


def test_an_auditor_reads_the_trail_and_no_answer(office, case):
    assert office.ask("otto", queries.case_trail, case.reference).rows
    assert office.ask("otto", queries.case_page, case.reference).documents == []


def test_what_is_for_certain_roles_alone_is_for_them_alone(office, case):
    paper_, secret = document(office, case, "paper"), document(office, case, "secret_paper")
    office.do(None, actions.add_person, "sly", "Sly", "sly@office.example", None, ["panel_chair"], secret="x")

    assert office.ask("kate", queries.document, secret).content == b"Eyes only"  # appointed in this case
    assert office.ask("olga", queries.document, secret).content == b"Eyes only"  # her own
    assert office.ask("sly", queries.document, paper_).content == b"On paper"  # may read answers
    with pytest.raises(NotFound):
        office.ask("sly", queries.document, secret)
    assert [row.name for row in office.ask("sly", queries.case_page, case.reference).documents] == ["paper.txt"]
    assert [row.name for row in office.ask("kate", queries.case_page, case.reference).documents] == ["paper.txt", "secret.txt"]


def test_an_answer_for_one_role_stays_hidden_inside_a_group_too(office, case):
    office.do(None, actions.add_person, "sly", "Sly", "sly@office.example", None, ["panel_chair"], secret="x")
    task = office.task(case.case, "answer", "SOU")
    answers = {"findings": "Nothing of note", "private": {"aside": "Canary of the keeper", "reachable": "By post"}}
    office.do("saul", actions.submit_task, task=task, answers=answers)

    for login, seen in (("sly", False), ("kate", True)):
        shown = str(office.ask(login, queries.task_page, task).submitted)
        assert "By post" in shown
        assert ("Canary of the keeper" in shown) is seen


def test_an_answer_for_a_role_of_an_agency_is_for_that_agency_only(office):
    """Somebody of another agency may hold the same role, and read answers besides (L-15)."""
    office.do(None, actions.add_person, "indra", "Indra", "indra@office.example", "INK", ["supplier@INK", "head"], secret="x")
    office.do(None, actions.add_person, "quirin", "Quirin", "quirin@office.example", "QUI", ["supplier@QUI", "head"], secret="x")
    bought = office.request()
    office.approve(bought.case)
    task = office.task(bought.case, "quote", "QUI")
    office.do("quin", actions.submit_task, task=task, answers={"price": 30, "delivery_on": date(2026, 4, 2), "lowest": "Canary of Quillfeather"})
    given = office.one(sa.select(t.submissions.c.id).where(t.submissions.c.task == task))

    for login, seen in (("indra", False), ("quirin", True)):
        for shown in (office.ask(login, queries.task_page, task).submitted, office.ask(login, queries.answer_page, bought.reference, given).rows):
            assert "Price in pounds" in str(shown)
            assert ("Canary of Quillfeather" in str(shown)) is seen


def test_an_appointment_counts_in_its_case_only(office, case):
    other = office.begin("EAS", paper=paper("Elsewhere"))
    office.do("olga", actions.hand_over_task, office.task(other.case, "answer", "EAS"), to=office.who("elsa").person)
    office.do(None, actions.add_person, "kit", "Kit", "kit@office.example", "EAS", ["rep@EAS"], secret="x")
    kept = office.begin("NOR", keeper=office.who("kit").person)

    assert office.ask("kit", queries.case_page, kept.reference).full
    assert not office.ask("kit", queries.case_page, other.reference).full
    assert office.ask("kit", queries.case_page, other.reference).documents == []
    assert not office.ask("kit", queries.case_page, other.reference).may_see_trail
    with pytest.raises(NotFound):
        office.ask("kit", queries.case_trail, other.reference)
    with pytest.raises(NotFound):
        office.ask("kit", queries.document, document(office, other, "paper"))
    with pytest.raises(NotFound):
        office.ask("kit", queries.case_page, case.reference)


def test_a_role_that_was_taken_back_opens_nothing(office, case):
    task = office.task(case.case, "answer", "SOU")
    assert office.ask("saul", queries.task_page, task).state == "open"

    office.write(sa.update(t.holdings).where(t.holdings.c.person == office.who("saul").person).values(until=office.clock.now()))

    assert office.ask("saul", queries.home).team == []
    with pytest.raises(NotFound):
        office.ask("saul", queries.task_page, task)
    with pytest.raises(NotFound):
        office.ask("saul", queries.case_page, case.reference)


def test_someone_who_left_cannot_come_in(office):
    person = office.who("saul").person
    office.write(sa.update(t.people).where(t.people.c.id == person).values(active=False))

    assert office.engine.actor(person) is None


def test_forms_and_checks_know_the_agency_of_everyone_who_can_be_picked(office):
    with office.engine.database.reading() as db:
        found = {person["name"]: person for person in people_names(db)}

    assert found["Nora Example"] == {"key": office.who("nora").person, "name": "Nora Example", "agency": "NOR", "agency_name": "North Side", "roles": ["rep"]}
    assert found["Olga Example"]["agency"] is None


def test_looking_at_content_stands_on_the_trail(office, case):
    office.ask("saul", queries.task_page, office.task(case.case, "answer", "SOU"))
    office.ask("olga", queries.case_page, case.reference)
    paper = document(office, case, "paper")
    office.ask("olga", queries.document, paper)
    office.ask("otto", queries.case_trail, case.reference)
    office.ask("olga", queries.register_page, case.reference, "notes")
    office.ask("olga", queries.diagram, case.reference)

    assert [(row.actor, row.details["page"]) for row in office.trail(case.case, "viewed")] == [
        (office.who("saul").person, "task answer"), (office.who("olga").person, "case"), (office.who("olga").person, f"document {paper}"),
        (office.who("otto").person, "trail"), (office.who("olga").person, "register notes"), (office.who("olga").person, "diagram clocks")]


def test_a_barred_person_is_told_so_on_the_page(office):
    office.do(None, actions.add_person, "both", "Both Example", "both@office.example", "OFF", ["requester@OFF", "approver"], secret="x")
    case = office.request("both").case

    assert "your own work" in office.ask("both", queries.task_page, office.task(case, "approve")).barred
    with pytest.raises(NotAllowed):
        office.approve(case, "both")


def test_whoever_is_neither_a_person_nor_the_system_sees_no_case(both):
    """As whatever comes in with a token will be."""
    both.begin("NOR")

    assert both.engine.ask(Actor(person=None, name="A token"), queries.all_cases, "all").rows == []
    assert len(both.engine.ask(SYSTEM, queries.all_cases, "all").rows) == 1
