"""What pages call the things a step repeats over, and how far several who are asked at once have come."""
from engine import queries
from engine.packs import read_pack
from engine.queries.words import item_name
from tests.makers import ROOT

AGENCIES = {"POL": "Northmere Police", "HLT": "Northmere Community Health"}


def test_an_item_is_shown_by_names_and_not_by_keys():
    pack = read_pack(ROOT / "bpmn/serious-case-review")

    assert item_name("POL report", AGENCIES, pack) == "Northmere Police report"
    assert item_name("R1/HLT", AGENCIES, pack) == "R1 / Northmere Community Health"
    assert item_name("R1-HLT", AGENCIES, pack) == "R1-Northmere Community Health"
    assert item_name("notify_ofsted", AGENCIES, pack) == pack.deadlines["notify_ofsted"].title
    assert item_name("Police", AGENCIES, pack) == "Police"
    assert item_name(None, AGENCIES, pack) is None


def test_a_page_says_how_many_of_several_have_done_it(office):
    case = office.request(amount=900, suppliers=["QUI", "INK"])
    office.approve(case.case)
    assert {row.done for row in office.ask("hedy", queries.case_page, case.reference).open_tasks} == {(0, 2)}

    office.quote(case.case, "quin", "QUI")

    assert [row.done for row in office.ask("hedy", queries.case_page, case.reference).open_tasks] == [(1, 2)]
    assert office.ask("inez", queries.task_page, office.task(case.case, "quote", "INK")).done == (1, 2)
    alone = office.request(amount=900, suppliers=["QUI"])
    office.approve(alone.case)
    assert office.ask("quin", queries.task_page, office.task(alone.case, "quote", "QUI")).done is None
