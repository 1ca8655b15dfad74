"""What stands in the lists of tasks, and in what order they are read."""
from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine import actions, queries
from engine.errors import NotFound
from engine.store import tables as t


def test_tasks_that_one_has_taken_do_not_crowd_others_out_of_the_team_s_list(office):
    tasks = sorted(office.task(office.request().case, "approve") for _ in range(4))    # offered at one moment: in the order of their ids
    for task in tasks[:2]:
        office.do("abel", actions.claim_task, task)

    first = office.ask("abel", queries.task_list, "team", limit=1)
    rest = office.ask("abel", queries.task_list, "team", after=first.next, limit=1)

    assert [row.id for page in (first, rest) for row in page.rows] == tasks[2:]
    assert rest.next is None
    assert [row.id for row in office.ask("anna", queries.task_list, "team").rows] == tasks


def test_what_comes_next_is_told_to_each_as_far_as_they_may_know_and_is_no_look_at_the_case(office):
    started = office.request()
    office.approve(started.case)

    told = {login: [row.name for row in office.ask(login, queries.coming_next, started.reference)] for login in ("olga", "quin", "rosa")}

    assert told == {"olga": ["Give a quote", "Give a quote"], "quin": ["Give a quote"], "rosa": []}
    assert office.trail(started.case, "viewed") == []


def test_the_timers_of_a_deadline_are_found_without_reading_those_of_other_cases(office):
    """What is asked at every step reads an index by its case."""
    k, s = t.timers, t.submissions
    asked = (sa.delete(k).where(k.c.case_id == "c", k.c.deadline == "d", k.c.fired_at.is_(None)),
             sa.select(k.c.roles).where(k.c.case_id == "c", k.c.deadline == "d", k.c.kind == "escalate"),
             sa.select(s.c.id).where(s.c.case_id == "c", s.c.element == "e", s.c.task == "t"))
    with office.engine.database.reading() as db:
        texts = [str(query.compile(db, compile_kwargs={"literal_binds": True})) for query in asked]
        plans = [" ".join(row[3] for row in db.execute(sa.text(f"explain query plan {text}"))) for text in texts]

    assert [plan for plan in plans if "SCAN" in plan or "case_id=?" not in plan] == []


def test_cases_are_found_by_reference_or_agency_and_only_those_one_may_see(office):
    office.request("rosa")
    office.request("rex")
    found = {login: [sorted(row.reference[-3:] for row in office.ask(login, queries.all_cases, "all", words=words).rows)
                     for words in ("pur-2026", "002", "north", "%", "Elsa")] for login in ("olga", "rosa", "vera", "zoe")}

    assert found == {"olga": [["001", "002"], ["002"], ["002"], [], []], "rosa": [["001"], [], [], [], []],
                     "vera": [["001", "002"], ["002"], ["002"], [], []], "zoe": [[], [], [], [], []]}


def test_whether_a_case_is_late_is_for_those_who_see_where_all_stand(office):
    office.begin("NOR")
    office.at(2026, 3, 2, 10)
    assert office.ask("hedy", queries.all_cases, "late").rows == []
    office.at(2026, 12, 1, 9)

    assert len(office.ask("hedy", queries.all_cases, "late").rows) == 1
    with pytest.raises(NotFound):
        office.ask("nora", queries.all_cases, "late")
