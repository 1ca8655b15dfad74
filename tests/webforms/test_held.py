"""What people read of holds, rows and milestones."""
from __future__ import annotations

from datetime import date

import pytest

from engine import actions, queries
from engine.alarm import sweep
from tests.makers import PASSWORD, board, fill
from tests.webforms.conftest import Visitor
from webforms import create_app


def prepared(url):
    """A board with the pack of holds."""
    fill(url, "purchase", "clocks", "holds")


@pytest.fixture
def house(make_database, tmp_path):
    made = board(make_database("sqlite", prepared), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def olga(house):
    visitor = Visitor(create_app(house.engine).test_client())
    visitor.sign_in("olga", PASSWORD)
    return visitor


@pytest.fixture
def reference(house):
    answers = {"subject": "A fictional matter", "method": "quick", "agencies": ["NOR"], "parts_by": date(2026, 3, 20), "open_day": date(2026, 3, 30),
               "holds": [{"effects": ["publication"], "review_on": date(2026, 4, 1)}]}
    return house.do("olga", actions.start_case, pack="holds", start="opened", answers=answers).reference


def test_what_is_held_stands_on_the_page_of_the_case_and_in_the_list(olga, reference):
    olga.get(f"/cases/{reference}")
    assert "Held: Publication" in olga.words
    assert "A hold is reviewed – H1" in olga.words

    olga.get("/cases")
    assert "Held: Publication" in olga.words


def test_a_milestone_is_waited_for_and_not_late(olga, reference):
    olga.get(f"/cases/{reference}")

    assert "The open day Local target Mon 30 March 2026 Waited for" in olga.words


def test_a_row_that_is_not_there_is_refused_beside_its_question(olga, reference):
    olga.get(f"/cases/{reference}/do/change_holds")

    olga.post(f"/cases/{reference}/do/change_holds", {"holds-0-key": "H7", "holds-0-effects": "interviews"})

    assert olga.status == 422
    assert olga.words.count("There is no “H7” in “Holds”: choose one that is there") == 2


def test_a_hold_is_released_by_its_button(olga, reference):
    olga.get(f"/cases/{reference}/do/release_hold")

    olga.post(f"/cases/{reference}/do/release_hold", {
        "which": "H1", "release-released_on-day": "2", "release-released_on-month": "3", "release-released_on-year": "2026"})
    olga.get(f"/cases/{reference}")

    assert "Held:" not in olga.words


def test_a_register_has_a_page_with_its_rows_in_words_and_their_keys(olga, reference):
    page = olga.get(f"/cases/{reference}")
    assert f'href="/cases/{reference}/registers/holds"' in page
    assert "Holds: what waits, why, and until when" in olga.words

    page = olga.get(f"/cases/{reference}/registers/holds")

    assert olga.status == 200
    assert "H1" in olga.words
    assert "Publication" in olga.words   # the label, not the value
    assert 'data-head="' in page         # so that a row can stand as lines on a phone
    assert "What no row says anything about yet" in olga.words


def test_a_register_that_is_not_there_is_not_found(olga, reference):
    olga.get(f"/cases/{reference}/registers/nothing")

    assert olga.status == 404


def test_a_task_that_asks_why_something_is_late_does_not_wear_the_date_that_was_missed(house, reference):
    case = house.ask("olga", queries.case_page, reference)
    house.do("olga", actions.press_case_action, case.id, "place_hold", {"hold": {"effects": ["publication"], "review_on": date(2026, 3, 10)}})
    house.at(2026, 3, 11, 0, 0)
    sweep(house.engine)

    [explaining] = [task for task in house.ask("olga", queries.case_page, reference).open_tasks if task.name == "Say why"]
    assert (explaining.item, explaining.due, explaining.overdue_days) == ("H2", None, 0)
    page = house.ask("olga", queries.task_page, explaining.id)
    assert (page.due, page.clauses) == (None, [])


def test_tasks_of_others_stand_apart_from_ones_own(house, olga, reference):
    olga.get(f"/cases/{reference}")
    assert "For others" not in olga.words

    [look] = house.ask("olga", queries.case_page, reference).open_tasks
    house.do("olga", actions.submit_task, look.id, {"words": "Looked at."})
    olga.get(f"/cases/{reference}")

    assert "For others: nothing waits for you Contribute – North Side" in olga.words


def test_what_else_may_be_recorded_stands_under_its_own_heading(olga, reference):
    page = olga.get(f"/cases/{reference}")

    assert "Something else has happened?" in olga.words
    assert f'href="/cases/{reference}/do/place_hold"' in page
