"""One file by itself: judged for what it is, not for what it refers to."""
import shutil

import pytest

from engine.packs.check import check_file


def test_every_file_of_the_tiny_pack_is_fine_by_itself(purchase):
    files = [path for path in purchase.rglob("*") if path.is_file()]

    assert {path.name: check_file(path) for path in files if check_file(path)} == {}


def test_what_a_single_diagram_refers_to_is_not_looked_for(tmp_path, purchase):
    shutil.copy(purchase / "purchase.bpmn", tmp_path / "alone.bpmn")

    assert check_file(tmp_path / "alone.bpmn") == []


@pytest.mark.parametrize(("file", "old", "new", "line", "element", "says"), [
    ("purchase.bpmn", "<bpmn:scriptTask", "<bpmn:manualTask", None, None, "not well-formed"),
    ("purchase.bpmn", 'default="to_refused"', "", 71, "approved", "No arrow is the default"),
    ("purchase.bpmn", "=min(for", "=min(fro", 106, "find_cheapest", "FEEL cannot read"),
    ("reason_for_delay.bpmn", 'id="late"', 'id="Start"', 4, "Start", "taken by the engine"),
    ("approval_level.dmn", "FIRST", "BEST", 4, "approval_level", "hit policy “BEST” is not known"),
    ("checks/over_budget.dmn", '"refuse"', '"never"', 14, "over_budget", "The effect of a row"),
    ("forms/quote.form", '"key": "price"', '"key": "1"', 13, "Field_price", "letters"),
    ("pack.toml", "[stages]", "[stagse]", 6, "stagse", "means nothing in pack.toml"),
    ("deadlines.toml", "5 working days", "soon", 7, "approval", "soon"),
    ("deadlines.toml", "=case.started", "=case.", 1, "approval", "FEEL cannot read “from”"),
    ("messages/ordered.md", "{{ link }}", "{{ answers.quote.price }}", 3, "ordered", "may not stand in it"),
    ("scenarios/late.toml", "[[step]]", "[[step]]\nlook_at = 1", 4, "step 1", "“look_at” means nothing in a step"),
])
def test_a_fault_of_a_single_file_is_told_with_its_place(tmp_path, purchase, file, old, new, line, element, says):
    shutil.copytree(purchase, tmp_path / "p")
    path = tmp_path / "p" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    found = [fault for fault in check_file(path) if says in fault.says]

    assert len(found) == 1, check_file(path)
    assert found[0].file == str(path)
    assert line is None or (found[0].line, found[0].element) == (line, element)


@pytest.mark.parametrize(("name", "data", "says"), [
    ("a.docx", b"PK", "no file of a pack"), ("a.bpmn", b"x" * 3_000_000, "larger than 2 MB"), ("a.bpmn", b"<!DOCTYPE a>", "DOCTYPE"),
])
def test_a_file_that_cannot_be_judged_is_a_fault(tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)

    (fault,) = check_file(tmp_path / name)
    assert says in fault.says


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    (fault,) = check_file(tmp_path / "none.bpmn")

    assert "cannot be opened" in fault.says
