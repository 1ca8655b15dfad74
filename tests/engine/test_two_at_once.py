"""Two people press Submit together: one does it, the other is told who did and when."""
from __future__ import annotations

import threading
from datetime import date

import pytest
import sqlalchemy as sa

from engine import actions
from engine.errors import AlreadyDone, NotAllowed, Refused
from engine.store import tables as t
from tests.makers import board, filled

TIMES = 50


def at_once(*deeds):
    """What each of these gave or raised, all begun together."""
    together, ends = threading.Barrier(len(deeds)), [None] * len(deeds)

    def play(number, deed):
        together.wait()
        try:
            ends[number] = deed()
        except Exception as problem:  # noqa: BLE001 - what it raised is what is asked for
            ends[number] = problem

    threads = [threading.Thread(target=play, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


@pytest.mark.parametrize("engines", ["threads of one engine", "two engines"])
def test_two_who_complete_one_task_have_one_winner(make_database, database_kind, tmp_path, engines):
    url = make_database(database_kind, filled)
    one = board(url, tmp_path)
    other = board(url, tmp_path) if engines == "two engines" else one
    abel, anna = one.who("abel"), other.who("anna")
    no = {"decision": "refuse", "comment": "No"}

    for _ in range(TIMES):
        case = one.request().case
        task = one.task(case, "approve")
        ends = at_once(lambda task=task: one.engine.perform(abel, actions.submit_task, task=task, answers=no),
                       lambda task=task: other.engine.perform(anna, actions.submit_task, task=task, answers=no))

        lost = [end for end in ends if isinstance(end, Exception)]
        assert [type(end) for end in lost] == [AlreadyDone], ends
        winner = "Abel Example" if ends[0] == case else "Anna Example"
        assert (lost[0].by, lost[0].at) == (winner, one.clock.now())
        assert winner in lost[0].says[0]

    s = t.submissions
    assert one.one(sa.select(sa.func.count()).select_from(s).where(s.c.element == "approve")) == TIMES
    assert len(one.trail(None, "task_completed")) == TIMES
    assert len(one.trail(None, "refused")) == TIMES
    assert one.one(sa.select(sa.func.count()).select_from(t.cases).where(t.cases.c.outcome == "refused")) == TIMES
    one.engine.close()
    other.engine.close()


def test_two_who_take_one_task_have_one_winner(both):
    abel, anna = both.who("abel"), both.who("anna")
    for _ in range(10):
        task = both.task(both.request().case, "approve")
        ends = at_once(lambda task=task: both.engine.perform(abel, actions.claim_task, task),
                       lambda task=task: both.engine.perform(anna, actions.claim_task, task))
        assert sorted(type(end) for end in ends if end is not None) == [NotAllowed]
        assert both.one(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.id == task)) in (abel.person, anna.person)


def test_different_items_of_one_case_are_done_at_once_and_both_count(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    one, other = board(url, tmp_path), board(url, tmp_path)
    nora, saul = one.who("nora"), other.who("saul")
    for _ in range(15):
        case = one.begin("NOR", "SOU").case
        north, south = one.task(case, "answer", "NOR"), one.task(case, "answer", "SOU")
        ends = at_once(lambda task=north: one.engine.perform(nora, actions.submit_task, task=task, answers={"findings": "a"}),
                       lambda task=south: other.engine.perform(saul, actions.submit_task, task=task, answers={"findings": "b"}))
        assert ends == [case, case]
        assert one.task(case, "decide")
    one.engine.close()
    other.engine.close()


def test_cases_begun_at_once_have_numbers_in_a_row(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    offices = [board(url, tmp_path) for _ in range(4)]
    ends = at_once(*(lambda office=office: [office.request().reference for _ in range(5)] for office in offices))

    assert not [end for end in ends if isinstance(end, Exception)], ends
    assert sorted(reference for end in ends for reference in end) == [f"PUR-2026-{number:03}" for number in range(1, 21)]
    for office in offices:
        office.engine.close()


def test_one_page_sent_twice_at_once_opens_one_case(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    boards = [board(url, tmp_path), board(url, tmp_path)]
    what = {"pack": "purchase", "start": "request_made", "once": "k" * 20, "answers": {
        "what": "Pencils", "amount": 40, "needed_on": date(2026, 4, 1), "suppliers": ["QUI"], "items": [{"name": "Pencil", "pieces": 12}]}}
    ends = at_once(*(lambda one=one: one.do("rosa", actions.start_case, **what) for one in boards))

    assert len({end.case for end in ends}) == 1, ends
    assert sorted(end.before for end in ends) == [False, True]
    assert boards[0].request().reference == "PUR-2026-002"
    for one in boards:
        one.engine.close()


def test_a_message_and_a_task_at_once_leave_one_story(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    one, other = board(url, tmp_path), board(url, tmp_path)
    abel, rosa = one.who("abel"), other.who("rosa")
    for _ in range(15):
        case = one.request().case
        task = one.task(case, "approve")
        ends = at_once(lambda task=task: one.engine.perform(abel, actions.submit_task, task=task, answers={"decision": "approve"}),
                       lambda case=case: other.engine.perform(rosa, actions.press_case_action, case=case, action="withdraw", answers={"reason": "Enough"}))
        assert all(end == case or isinstance(end, Refused) for end in ends), ends
        assert ends[1] == case  # a withdrawal is always possible before the end
        assert one.one(sa.select(t.cases.c.outcome).where(t.cases.c.id == case)) == "withdrawn"
        assert one.one(sa.select(sa.func.count()).select_from(t.tasks).where(t.tasks.c.case_id == case, t.tasks.c.state == "open")) == 0
    one.engine.close()
    other.engine.close()
