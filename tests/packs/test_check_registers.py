"""What is wrong with registers, the clocks of their rows, and calls chosen by data: told with its place, in words that say what to do."""
from __future__ import annotations

from pathlib import Path

import pytest

from engine.packs import pack_of
from engine.packs.check import check
from engine.packs.outline import outline

HOLDS = Path(__file__).parent / "holds"


@pytest.fixture(scope="module")
def files():
    return {path.relative_to(HOLDS).as_posix(): path.read_bytes() for path in sorted(HOLDS.rglob("*")) if path.is_file()}


def changed(files, file, old, new):
    text = files[file].decode()
    assert old in text, f"“{old}” is not in {file}"
    return files | {file: text.replace(old, new, 1).encode()}


def told(files, file, old, new):
    return [(fault.file, fault.element, fault.says) for fault in check(pack_of(changed(files, file, old, new)))]


def test_the_pack_of_holds_has_no_faults(files):
    assert check(pack_of(files)) == []


@pytest.mark.parametrize(("file", "old", "new", "where", "element", "says"), [
    # registers
    ("pack.toml", "[registers.parts]", '[registers.spare]\nform = "words"\n\n[registers.parts]', "pack.toml", "spare", "Nothing writes this register"),
    ("pack.toml", 'prefix = "H"', 'prefix = "H1"', "pack.toml", "prefix", "“H1” cannot be a prefix"),
    ("pack.toml", 'key = "agency"', 'key = "team"', "pack.toml", "parts", "The key “team” of this register is no question of the form “parts”"),
    ("pack.toml", "then row.effects", "then row.colours", "pack.toml", "held", "no column “colours”"),
    ("pack.toml", 'held = "=', 'held = "', "pack.toml", "held", "must be an expression over row"),
    ("pack.toml", "row.released_on = null", "row.released_on = (null", "pack.toml", "held", "FEEL cannot read “held”"),
    ("pack.toml", 'key = "agency"', 'key = "agency"\nown_rows = "team"', "pack.toml", "own_rows", "“team” is no question of the form “parts”"),
    ("pack.toml", 'key = "agency"', 'key = "agency"\nopen_when = "=true"', "pack.toml", "open_when", "say with “own_rows” whose it is until then"),
    ("pack.toml", 'key = "agency"', 'key = "agency"\nown_rows = "agency"', "pack.toml", "own_rows", "none of them reads this register"),
    ("pack.toml", 'key = "agency"', 'key = "agency"\nvisible_to = ["rep"]', "pack.toml", "parts", "Every agency would read the rows of all the others"),
    ("pack.toml", 'key = "agency"', 'key = "agency"\nopen_when = "true"', "pack.toml", "open_when", "must be an expression over row"),
    ("pack.toml", 'key = "agency"', 'key = "agency"\nall_rows = ["rep"]', "pack.toml", "all_rows", "rep would not: take it out"),
    # rows of forms
    ("forms/placing.form", '"register": "holds"', '"register": "halts"', "forms/placing.form", "Group_placing_hold", "There is no register “halts”"),
    ("forms/placing.form", '"key": "placed_by"', '"key": "placed_from"', "forms/placing.form", "Group_placing_hold", "has no column “placed_from”"),
    ("forms/placing.form", '"path": "hold",\n', "", "forms/placing.form", "Group_placing_hold", "needs a path"),
    ("forms/releasing.form", '"register": "holds",\n        ', "", "forms/releasing.form", "Group_releasing_release", "name the register too"),
    ("forms/releasing.form", '"row": "=which"', '"row": "which"', "forms/releasing.form", "Group_releasing_release", "row must be an expression"),
    ("forms/releasing.form", '"row": "=which"', '"row": "=witch"', "forms/releasing.form", "Group_releasing_release", "Nothing gives “witch”"),
    ("forms/changing.form", '"register": "holds"', '"register": "holds", "row": "=1"', "forms/changing.form", "List_changing_holds", "row goes with a group"),
    ("forms/part.form", '"row": "=part.key"', '"clause": "X-1"', "forms/part.form", "Group_part_given", "are known by their “agency”: ask it here"),
    ("forms/part.form", '"key": "words"', '"key": "agency"', "forms/part.form", "Group_part_given", "row says already which row this is"),
    ("forms/moving.form", '"subtype": "date"', '"subtype": "date", "properties": {"register": "holds"}', "forms/moving.form", "Field_moving_day",
     "a group with a path or a list"),
    # rows of service tasks
    ("holds.bpmn", 'key="register" value="parts"', 'key="register" value="party"', "holds.bpmn", "fan_out", "There is no register “party”"),
    ("holds.bpmn", 'key="rows" value="=for', 'key="rows" value="for', "holds.bpmn", "fan_out", "must be a FEEL expression"),
    ("holds.bpmn", 'key="rows" value="=for', 'key="lines" value="=for', "holds.bpmn", "fan_out", "needs the header “rows”"),
    ("holds.bpmn", 'type="register"', 'type="registers"', "holds.bpmn", "fan_out", "Nothing here can do “registers”"),
    # their clocks
    ("deadlines.toml", "registers.holds", "registers.halts", "deadlines.toml", "hold_review", "“halts”, which pack.toml does not have"),
    ("deadlines.toml", '"registers.parts"', '"parts"', "deadlines.toml", "part_due", 'write starts = "registers.parts"'),
    ("deadlines.toml", "=row.review_on", "=row.reviewed_on", "deadlines.toml", "hold_review", "In “on”: The register “holds” has no column “reviewed_on”"),
    ("deadlines.toml", "=row.released_on", "=row.gone_on", "deadlines.toml", "hold_review", "In “ends”: The register “holds” has no column “gone_on”"),
    ("deadlines.toml", "=row.review_on", "=raw.review_on", "deadlines.toml", "hold_review", "Nothing gives “raw”"),
    ("deadlines.toml", '"review_hold", ', '"finish", ', "deadlines.toml", "hold_review", "would end the clocks of every row"),
    ("deadlines.toml", '["opened", "move_open_day"]', '["opened", "moved"]', "deadlines.toml", "open_day", "It starts at “moved”"),
    ("deadlines.toml", '["opened", "move_open_day"]', '["opened", "registers.holds"]', "deadlines.toml", "open_day", "let nothing else start this deadline"),
    ("deadlines.toml", 'ends = "contribute"', 'ends = "contribute"\nper = "part"', "deadlines.toml", "part_due", "take per out"),
    ("deadlines.toml", 'ends = "news_told"', 'ends = "=row.told"', "deadlines.toml", "news_told", "starts from a register"),
    ("deadlines.toml", "milestone = true", 'milestone = true\nchase = ["1 day"]', "deadlines.toml", "open_day", "cannot be missed: take chase out"),
    ("deadlines.toml", "milestone = true", "milestone = 1", "deadlines.toml", "open_day", "milestone must be true or false"),
    ("holds.bpmn", "=deadlines.open_day", "=deadlines.part_due", "holds.bpmn", "open_day_come", "stands outside of them"),
    # methods
    ("pack.toml", 'process = "method_slow"', 'process = "method_steady"', "pack.toml", "slow", "The process “method_steady” of this method is in no diagram"),
    ("pack.toml", "[methods.slow]", "[methods.title]", "pack.toml", "title", "cannot be the id of a method"),
    ("holds.bpmn", "=method.process", "=means.process", "holds.bpmn", "do_it", "must be named, or be =method.process"),
    ("holds.bpmn", "=methods[key = answers.opened.method][1]", "=methods.brisk", "holds.bpmn", "do_it", "There is no method “brisk”"),
    ("holds.bpmn", 'target="method"', 'target="way"', "holds.bpmn", "do_it", "Nothing gives “method”"),
    # appointments
    ("forms/appointing.form", '"replaces": "true"', '"replaces": "yes"', "forms/appointing.form", "Field_appointing_keeper", "replaces must be true or false"),
    ("forms/appointing.form", '"appoints": "keeper",', "", "forms/appointing.form", "Field_appointing_keeper", "replaces goes with appoints"),
    ("forms/standing_down.form", '"ends_appointment": "keeper"', '"ends_appointment": "office"', "forms/standing_down.form", "Field_standing_down_who",
     "no appointment ends"),
    ("forms/standing_down.form", '"ends_appointment": "keeper"', '"ends_appointment": "goalkeeper"', "forms/standing_down.form", "Field_standing_down_who",
     "ends_appointment names “goalkeeper”"),
    # what items are called by
    ("holds.bpmn", 'inputCollection="=registers.parts"', 'inputCollection="=answers.opened.holds"', "holds.bpmn", "contribute", "have no key to call each"),
    ("holds.bpmn", 'inputCollection="=registers.parts"', 'inputCollection="=answers.change_holds.holds"', "holds.bpmn", "contribute",
     "called by what is written as “key”"),
])
def test_a_fault_is_told_where_it_is(files, file, old, new, where, element, says):
    found = told(files, file, old, new)

    assert any((at, id) == (where, element) and says in words for at, id, words in found), found


def test_a_key_that_a_person_types_may_not_call_clocks_or_rounds(files):
    typed = changed(files, "pack.toml", 'key = "number"\nprefix = "H"', 'key = "placed_by"')

    found = [(fault.element, fault.says) for fault in check(pack_of(typed))]

    assert any(element == "holds" and "is written freely, and “A hold is reviewed” would call" in says for element, says in found)


def test_one_mistake_is_not_told_as_many(files):
    assert len(told(files, "deadlines.toml", "=row.review_on", "=row.reviewed_on")) == 1
    assert len(told(files, "forms/placing.form", '"register": "holds"', '"register": "halts"')) == 1
    assert len(told(files, "pack.toml", "then row.effects", "then row.colours")) == 1


def test_a_text_in_a_list_of_texts_is_what_an_item_would_be_called_by(files):
    found = told(files, "holds.bpmn", 'inputCollection="=registers.parts"', 'inputCollection="=for each in answers.change_holds.holds return each.key"')

    assert any(id == "contribute" and "what is written as “key”" in words for _, id, words in found)


def test_the_outline_tells_registers_methods_and_keys(files):
    found = outline(pack_of(files))

    registers = {register["id"]: register for register in found["registers"]}
    assert {id: (register["key"], register["prefix"]) for id, register in registers.items()} == {"holds": ("number", "H"), "parts": ("agency", None)}
    assert [column["key"] for column in registers["parts"]["columns"]] == ["agency", "due_on", "words"]
    assert found["methods"] == [{"key": "quick", "title": "A quick look", "process": "method_quick"},
                                {"key": "slow", "title": "A slow look", "process": "method_slow"}]
    assert {repeat["id"]: repeat["key"] for repeat in found["repeats"]} == {"contribute": "part.agency", "each_hold": "hold.number"}
    samples = {action["id"]: action["sample"] for action in found["case_actions"]}
    assert samples["release_hold"]["which"] == "H1"  # a row that could be there
    deadlines = {deadline["id"]: deadline for deadline in found["deadlines"]}
    assert (deadlines["hold_review"]["starts"], deadlines["hold_review"]["ends_when"]) == ("registers.holds", "row.released_on != null")
    assert (deadlines["open_day"]["starts"], deadlines["open_day"]["milestone"]) == (["opened", "move_open_day"], True)
