"""A pack as people read it."""
from __future__ import annotations

from pathlib import Path

import pytest

from engine.packs import in_words, pack_of, read_pack
from engine.packs.ahead import comes_next

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def office():
    return read_pack(HERE / "purchase")


@pytest.fixture(scope="module")
def inquiry():
    return read_pack(HERE / "inquiry")


@pytest.mark.parametrize(("cell", "words"), [
    ('"Say why."', "Say why."),
    ('"The copy went out on " + string(sent_on) + ": the earliest day is " + string(sent_on + duration("P7D")) + "."',
     "The copy went out on …: the earliest day is …"),
    ('"Publication is on hold (" + string join(rows, ", ") + "). It opens when the hold is released."',
     "Publication is on hold. It opens when the hold is released."),
    ('if day = null then "" else "Not before " + string(day)', "Not before …"),
    ("null", ""),
])
def test_a_cell_that_makes_a_sentence_reads_as_one(cell, words):
    assert in_words.sentence(cell) == words


def test_a_task_is_offered_to_whoever_an_expression_can_name(files):
    text = files["reason_for_delay.bpmn"].decode()
    assert 'candidateGroups="approver"' in text
    chosen = 'candidateGroups="=if late then &#34;head&#34; else &#34;approver&#34;"'
    files["reason_for_delay.bpmn"] = text.replace('candidateGroups="approver"', chosen).encode()
    changed = pack_of(files)
    task = next(element for element in changed.tasks.values() if element.process == "reason_for_delay")

    assert in_words.who(changed, in_words.offered(changed, task)) == "Head of office or Budget holder"


def test_what_comes_next_is_told_with_the_answers_that_lead_there(office):
    found = {(one.kind, one.words): one.when for one in comes_next(office, office.elements["approve"])}

    assert found["task", "Give a quote"] == (("“May it be bought?” Yes, ask for quotes",),)
    assert found["end", "Refused"] == (("“May it be bought?” No",),)


def test_the_order_is_that_of_the_process_with_what_it_calls_in_its_place(inquiry):
    order = [element.id for element in in_words.whole_order(inquiry)]

    assert sorted(order) == sorted(inquiry.elements)
    for process in inquiry.processes.values():
        caller = next((id for id, element in inquiry.elements.items() if process.id in inquiry.called(element)), None)
        assert caller is None or order.index(caller) < min(order.index(inside) for inside in process.elements)
