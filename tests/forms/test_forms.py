"""Whole forms: what shows, what is required, what is kept, and under which path a fault stands."""
from datetime import date

import pytest
from markdown_it import MarkdownIt

from engine import feel
from engine.errors import Incident
from engine.forms import Upload

NAME = {"type": "textfield", "key": "name", "label": "Name", "id": "name", "validate": {"required": True}}
DIED = {"type": "radio", "key": "died", "label": "Did the child die?", "id": "died", "validate": {"required": True},
        "values": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]}
DIED_ON = {"type": "datetime", "key": "died_on", "dateLabel": "Date of death", "id": "died_on", "validate": {"required": True},
           "conditional": {"hide": '=died != "yes"'}}
INQUEST = {"type": "textfield", "key": "inquest", "label": "Inquest", "id": "inquest", "validate": {"required": True},
           "conditional": {"hide": "=died_on = null"}}
PEOPLE = {"type": "dynamiclist", "path": "people", "label": "Family and others", "id": "people", "components": [
    NAME | {"id": "pn"},
    {"type": "checkbox", "key": "parent_", "label": "Parent", "id": "pp"},
    {"type": "textfield", "key": "why", "label": "Why", "id": "pw", "validate": {"required": True}, "conditional": {"hide": "=parent_"}},
    {"type": "dynamiclist", "path": "homes", "label": "Homes", "id": "homes", "defaultRepetitions": 0, "components": [
        {"type": "textfield", "key": "street", "label": "Street", "id": "street", "validate": {"required": True}},
        {"type": "textfield", "key": "flat", "label": "Flat", "id": "flat", "conditional": {"hide": '=name = "Ann" or street = "Hill"'}}]}]}


def test_a_hidden_question_is_neither_required_nor_kept(made, names, now):
    form = made(DIED, DIED_ON)

    assert form.clean({"died": "no", "died_on": "2023-03-01"}, names, now).values == {"died": "no"}
    assert form.clean({"died": "no", "died_on": ["nonsense"]}, names, now).ok
    assert form.clean({"died": "yes"}, names, now).errors == {"died_on": "Enter the date of death"}
    assert form.clean({"died": "yes", "died_on": "2023-03-01"}, names, now).values == {"died": "yes", "died_on": date(2023, 3, 1)}


def test_what_depends_on_a_hidden_question_sees_it_unanswered(made, names, now):
    form = made(INQUEST, DIED_ON, DIED)  # whatever their order

    cleaned = form.clean({"died": "no", "died_on": "2023-03-01", "inquest": "Northmere"}, names, now)

    assert cleaned.values == {"died": "no"}
    assert cleaned.ok


def test_a_group_hides_all_that_is_in_it(made, names, now):
    form = made(DIED, {"type": "group", "label": "Death", "path": "death", "conditional": {"hide": '=died != "yes"'},
                       "components": [DIED_ON | {"conditional": None}, {"type": "group", "id": "in", "components": [NAME]}]},
                {"type": "textfield", "key": "after", "label": "After", "conditional": {"hide": "=death.name = null"}})

    assert form.clean({"died": "no", "death": {"name": "Ann", "stray": 1}, "after": "x"}, names, now).values == {"died": "no"}
    assert form.clean({"died": "yes", "death": {"name": "Ann", "died_on": "2023-03-01"}, "after": "x"}, names, now).values == {
        "died": "yes", "death": {"died_on": date(2023, 3, 1), "name": "Ann"}, "after": "x"}
    assert form.clean({"died": "yes"}, names, now).errors == {"death.died_on": "Enter the date of death", "death.name": "Enter the name"}


def test_names_from_outside_are_hidden_by_the_forms_own(made, names, now):
    form = made(NAME | {"validate": {}}, {"type": "checkbox", "key": "x", "label": "X",
        "conditional": {"hide": '=name = "outside" or colour = "red"'}})

    assert "x" in form.clean({}, {"name": "outside", "colour": "blue"}, now).values
    assert "x" not in form.clean({}, {"name": "outside", "colour": "red"}, now).values


def test_a_condition_that_is_neither_true_nor_false_is_an_incident(made, names, now):
    form = made({"type": "checkbox", "key": "x", "label": "X", "conditional": {"hide": "=age < 18"}})

    with pytest.raises(Incident) as incident: form.clean({}, {"age": None}, now)
    assert incident.value.element == "x"
    with pytest.raises(Incident) as incident: form.clean({}, {}, now)
    assert incident.value.element == "x"


def test_each_row_is_asked_by_its_own_values_first(made, names, now):
    form = made(NAME, PEOPLE)

    cleaned = form.clean({"name": "Ann", "people": [
        {"name": "Bo", "parent_": "on", "why": "dropped", "homes": [{"street": "Hill", "flat": "1"}, {"street": "Vale", "flat": "2"}]},
        {"name": "Ann", "why": "aunt", "homes": [{"street": "Vale", "flat": "3"}]}]}, names, now)

    assert cleaned.errors == {}
    assert cleaned.values["people"] == [
        {"name": "Bo", "parent_": True, "homes": [{"street": "Hill"}, {"street": "Vale", "flat": "2"}]},
        {"name": "Ann", "parent_": False, "why": "aunt", "homes": [{"street": "Vale"}]}]


def test_a_row_can_name_itself_and_what_is_around_it(made, names, now):
    form = made(NAME, {"type": "dynamiclist", "path": "rows", "label": "Rows", "id": "rows", "components": [
        NAME | {"id": "n2"}, {"type": "textfield", "key": "x", "label": "X", "id": "x",
            "conditional": {"hide": "=this.name = parent.name"}}]})

    cleaned = form.clean({"name": "Ann", "rows": [{"name": "Ann", "x": "1"}, {"name": "Bo", "x": "2"}]}, names, now)

    assert cleaned.values["rows"] == [{"name": "Ann"}, {"name": "Bo", "x": "2"}]


def test_faults_stand_in_the_order_of_the_form_under_their_paths(made, names, now):
    form = made(NAME, PEOPLE, DIED)

    cleaned = form.clean({"zz": 1, "died": "perhaps", "people": [{"name": "Bo", "parent_": True, "homes": [{"flat": "1"}]}, {"why": "x",
        "q": 2}]}, names, now)

    assert list(cleaned.errors.items()) == [
        ("name", "Enter the name"), ("people.0.homes.0.street", "Enter the street"), ("people.1.q", "“q” is not asked here"),
        ("people.1.name", "Enter the name"), ("died", "Answer “Did the child die?” from the options given"),
        ("zz", "“zz” is not asked here")]


@pytest.mark.parametrize(("raw", "errors"), [
    ("a text", {"": "The answers must be a set of names and values: what was sent is wrongly typed"}),
    ([], {"": "The answers must be a set of names and values: what was sent is wrongly typed"}),
    ({"people": "Ann"}, {"people": "Family and others must be a list of rows: what was sent is wrongly typed"}),
    ({"people": {"0": {}}}, {"people": "Family and others must be a list of rows: what was sent is wrongly typed"}),
    ({"people": ["Ann"]}, {"people.0": "Row 1 of family and others must be a set of answers: what was sent is wrongly typed",
                           "people.0.name": "Enter the name", "people.0.why": "Enter why"}),
    ({"people": [{"name": "x", "parent_": True}] * 201}, {"people": "Family and others must have 200 rows or fewer"}),
    ({"people": [{"name": ["x"], "parent_": True}]}, {"people.0.name": "Name must be text: what was sent is wrongly typed"}),
    ({"<b>\x00" + "k" * 99: 1}, {"<b>?" + "k" * 56: f"“<b>?{'k' * 56}” is not asked here"}),
    ({7: 1, None: 2}, {"7": "“7” is not asked here", "None": "“None” is not asked here"}),
    ({"people.0.name": "x"}, {"people.0.name": "“people.0.name” is not asked here"}),
    ({"__class__": "x", "this": "y"}, {"__class__": "“__class__” is not asked here", "this": "“this” is not asked here"}),
])
def test_answers_of_the_wrong_shape_are_refused(made, names, now, raw, errors):
    assert made(PEOPLE).clean(raw, names, now).errors == errors


def test_a_group_that_is_no_set_of_answers_is_refused(made, names, now):
    form = made({"type": "group", "path": "home", "label": "Home", "components": [NAME | {"validate": {}}]})

    assert form.clean({"home": ["x"]}, names, now).errors == {"home": "Home must be a set of answers: what was sent is wrongly typed"}
    assert form.clean({"home": {"nam": 1}}, names, now).errors == {"home.nam": "“nam” is not asked here"}


def test_rows_nobody_filled_in_are_left_out_and_the_others_keep_their_place_in_the_faults(made, names, now):
    form = made(PEOPLE)

    cleaned = form.clean({"people": [{"name": "", "parent_": "", "why": ""}, {"name": "Bo", "parent_": "on"}, {"why": "x"}]}, names, now)

    assert cleaned.errors == {"people.2.name": "Enter the name"}
    assert cleaned.values["people"][0] == {"name": "Bo", "parent_": True, "homes": []}


def test_a_required_question_or_list_says_when_it_is_empty_what_its_owner_wrote(made, faults, names, now):
    required = {"validate": {"required": True}, "properties": {"when_empty": "Say who is told, and when."}}
    form = made({"type": "textarea", "key": "family", "label": "Family", **required},
                {"type": "dynamiclist", "path": "lines", "label": "Questions", "properties": {"min": "2", "when_empty": "Write one down."},
                 "components": [{"type": "textfield", "id": "line", "key": "line", "label": "Line"}]})

    assert form.clean({"family": " ", "lines": []}, names, now).errors == {"family": "Say who is told, and when.", "lines": "Write one down."}
    assert form.clean({"family": "All.", "lines": [{"line": "a"}]}, names, now).errors == {"lines": "Add at least 2 rows to “Questions”"}
    assert "make this one required" in " ".join(faults({"type": "textarea", "key": "it", "label": "It", "properties": {"when_empty": "Say it."}}))


@pytest.mark.parametrize(("rows", "errors"), [
    ([], {"rows": "Add at least 2 rows to “Rows”"}), ([{"name": "a"}], {"rows": "Add at least 2 rows to “Rows”"}),
    ([{"name": "a"}, {"name": "b"}], {}),
    ([{"name": "a"}, {}], {"rows.1.name": "Enter the name"}), ([{"name": "a"}] * 4, {"rows": "Rows must have 3 rows or fewer"}),
])
def test_a_list_has_its_least_and_greatest_number_of_rows(made, names, now, rows, errors):
    form = made({"type": "dynamiclist", "path": "rows", "label": "Rows", "properties": {"min": "2", "max": "3"}, "components": [NAME]})

    assert form.clean({"rows": rows}, names, now).errors == errors


def test_a_hidden_list_is_empty_to_the_others(made, names, now):
    form = made(DIED, {**PEOPLE, "conditional": {"hide": '=died = "no"'}},
                {"type": "checkbox", "key": "any_", "label": "Any", "conditional": {"hide": "=count(people) = 0"}})
    bo = {"name": "Bo", "parent_": True}

    assert form.clean({"died": "yes", "people": [bo, {}]}, names, now).values["any_"] is False
    assert form.clean({"died": "no", "people": [bo]}, names, now).values == {"died": "no"}


def test_what_is_read_only_is_never_taken_from_outside(made, names, now):
    form = made({"type": "textfield", "key": "computed", "label": "Computed", "readonly": True, "validate": {"required": True}},
                {"type": "textfield", "key": "fixed", "label": "Fixed", "disabled": True, "defaultValue": "as drawn"},
                {"type": "textfield", "key": "told", "label": "Told", "readonly": True, "defaultValue": "=answers.panel.result"})
    given = {"computed": "scr_mandatory", "answers": {"panel": {"result": "met", "other": object()}}}

    cleaned = form.clean({"computed": "not_met", "fixed": "forged", "told": ["forged"]}, given, now)

    assert cleaned.values == {"computed": "scr_mandatory", "fixed": "as drawn", "told": "met"}
    assert cleaned.ok


def test_rows_that_are_given_can_be_answered_but_not_added_to(made, names, now):
    form = made({"type": "dynamiclist", "path": "findings", "label": "Findings", "allowAddRemove": False, "components": [
        {"type": "textfield", "key": "criterion", "label": "Criterion", "readonly": True, "id": "cr"}, NAME | {"key": "found",
            "label": "Finding"}]})
    given = {"findings": [{"criterion": "A"}, {"criterion": "B"}]}

    cleaned = form.clean({"findings": [{"found": "yes", "criterion": "Z"}, {"found": "no"}]}, given, now)

    assert cleaned.values == {"findings": [{"criterion": "A", "found": "yes"}, {"criterion": "B", "found": "no"}]}
    assert form.clean({"findings": [{"found": "yes"}]}, given, now).errors == {"findings.1.found": "Enter the finding"}
    assert form.clean({"findings": [{"found": "a"}] * 3}, given, now).errors == {"findings": "Findings must have 2 rows or fewer"}


def test_options_may_come_from_names_and_from_other_answers(made, names, now):
    form = made({"type": "select", "key": "area", "label": "Area", "valuesKey": "areas", "id": "area"},
                {"type": "radio", "key": "town", "label": "Town", "valuesExpression": "=towns[area = parent_area].name", "id": "town"},
                {"type": "textfield", "key": "parent_area", "label": "Parent area", "id": "pa"},
                {"type": "taglist", "key": "who", "label": "Who", "valuesExpression": "=board.agencies", "id": "who"})
    given = names | {"areas": ["north", "south"], "towns": [{"area": "north", "name": "Moss"}, {"area": "south", "name": "Hill"}]}

    assert form.clean({"area": "north", "parent_area": "south", "town": "Hill", "who": ["POL"]}, given, now).ok
    assert form.clean({"area": "east", "parent_area": "north", "town": "Hill", "who": ["XXX"]}, given, now).errors == {
        "area": "Select the area from the options given", "town": "Select the town from the options given",
            "who": "Select who from the options given"}
    assert form.choices(dict(form.questions())["area"], given, now) == [("north", "north"), ("south", "south")]
    assert form.choices(dict(form.questions())["who"], given, now) == [("HLT", "Northmere Health"), ("POL", "Northmere Police")]


def test_a_check_reads_a_group_that_holds_a_file(made, names, now):
    """What is beside the file is asked for by the name of the group: the file comes along, as its name."""
    form = made({"type": "group", "path": "reply", "label": "The reply", "id": "reply", "components": [NAME, {
        "type": "filepicker", "key": "sent", "label": "What was sent", "id": "sent"}]})

    told = form.told(form.clean({"reply": {"name": "Ann", "sent": Upload("letter.txt", b"Dear Ann", "text/plain")}}, names, now).values)

    assert told["reply"]["sent"]["name"] == "letter.txt"
    assert feel.evaluate("reply.name", told, now) == "Ann"


def test_a_condition_can_ask_whether_a_file_is_there(made, names, now):
    form = made({"type": "filepicker", "key": "sin", "label": "Notification", "id": "sin"},
                {"type": "textfield", "key": "ref", "label": "Reference", "id": "ref", "validate": {"required": True},
                    "conditional": {"hide": "=sin = null"}})

    assert form.clean({}, names, now).ok
    assert form.clean({"sin": Upload("a.pdf", b"x")}, names, now).errors == {"ref": "Enter the reference"}


def test_a_form_knows_what_it_reads_from_outside(made):
    form = made(
        DIED, DIED_ON, PEOPLE,
        {"type": "text", "text": "About {{ case.reference }}, {{ died }}"},
        {"type": "checkbox", "key": "x", "label": "X", "conditional": {"hide": "=options.strict = true and answers.panel_findings.computed != died"}},
        {"type": "select", "key": "who", "label": "Who", "properties": {"person": "true"}},
        {"type": "select", "key": "agency", "label": "Agency", "properties": {"agency": "true"}},
        {"type": "select", "key": "hold", "label": "Hold", "valuesExpression": '=registers.holds[kind = "x"].name'},
        {"type": "table", "label": "Holds", "dataSource": "=registers.holds", "columns": [{"key": "kind", "label": "Kind"}]})

    assert form.paths == {"case.reference", "options.strict", "answers.panel_findings.computed", "people", "board.agencies",
        "registers.holds.name", "registers.holds"}
    assert dict(form.walk())["x"].paths == {"options.strict", "answers.panel_findings.computed"}


def test_a_page_gets_all_it_needs_to_draw_the_form(made, names, now):
    form = made(DIED, DIED_ON, PEOPLE, {"type": "text", "id": "intro", "text": "For {{ board.name }}"},
                {"type": "table", "id": "holds", "label": "Holds", "dataSource": "=holds", "columns": [{"key": "on", "label": "On"},
                    {"key": "kind", "label": "Kind"}]})

    shown = form.show({"died": "perhaps", "people": [{"parent_": "on"}, {}]}, names | {"holds": [{"on": date(2023, 3, 6)}]}, now)

    assert shown.hidden == {"died_on", "people.0.why"}
    assert shown.choices["died"] == [("yes", "Yes"), ("no", "No")]
    assert shown.texts == {"intro": "For Northmere Board"}
    assert shown.tables == {"holds": [["6 March 2023", "Not answered"]]}
    assert shown.rows == {"people": 2, "people.0.homes": 0, "people.1.homes": 0}


def test_a_form_opens_with_variables_and_defaults(made, now):
    form = made(NAME, {"type": "number", "key": "rows_", "label": "Rows", "defaultValue": 3}, PEOPLE,
                {"type": "textfield", "key": "case", "label": "Case"},
                {"type": "textfield", "key": "ref", "label": "Ref", "defaultValue": "=case_.reference"})

    opened = form.initial({"name": "Ann", "case": {"reference": "SCR-2017-003"}, "case_": {"reference": "R1"}}, now)

    assert opened == {"name": "Ann", "rows_": 3, "people": [{"name": None, "parent_": False, "why": None, "homes": []}], "case": None,
        "ref": "R1"}


def test_values_can_be_filled_up_so_that_every_key_is_there(made, names, now):
    form = made(DIED, DIED_ON, PEOPLE)
    values = form.clean({"died": "no", "people": [{"name": "Bo", "parent_": True}]}, names, now).values

    assert form.filled(values) == {"died": "no", "died_on": None, "people": [{"name": "Bo", "parent_": True, "why": None, "homes": []}]}


def test_answers_are_told_in_words(made, names, now):
    form = made(
        {"type": "textfield", "key": "child", "label": "Child", "properties": {"sensitive": "true",
            "visible_to": "panel_chair, business_manager"}},
        DIED, DIED_ON, PEOPLE | {"properties": {"sensitive": "true"}},
        {"type": "number", "key": "cost", "label": "Cost", "decimalDigits": 2, "appearance": {"prefixAdorner": "£"}},
        {"type": "select", "key": "agency", "label": "Agency", "properties": {"agency": "true"}},
        {"type": "checklist", "key": "ticks", "label": "Ticks", "values": [{"value": "a", "label": "First"}, {"value": "b",
            "label": "Second"}]},
        {"type": "datetime", "subtype": "datetime", "key": "met", "dateLabel": "Met"},
        {"type": "filepicker", "key": "copy", "label": "Copy"})
    values = form.clean({"child": "", "died": "yes", "died_on": "2023-03-06", "people": [{"name": "Bo", "parent_": "on"}], "cost": 3,
        "agency": "POL", "ticks": ["b", "a"],
                         "met": "2023-07-06T10:05", "copy": {"document": "d", "name": "a.pdf"}}, names, now).values

    rows = form.plain(values, names, now)

    assert [(row.label, row.text) for row in rows] == [
        ("Child", "Not answered"), ("Did the child die?", "Yes"), ("Date of death", "6 March 2023"), ("Family and others", ""),
        ("Cost", "£3.00"),
        ("Agency", "Northmere Police"), ("Ticks", "First, Second"), ("Met", "6 July 2023 at 10:05"), ("Copy", "a.pdf")]
    assert rows[0].sensitive
    assert rows[0].visible_to == ("panel_chair", "business_manager")
    person = rows[3].rows[0]
    assert (person.label, [(row.label, row.text, row.path, row.sensitive) for row in person.rows]) == ("Family and others 1", [
        ("Name", "Bo", "people.0.name", True), ("Parent", "Yes", "people.0.parent_", True),
        ("Homes", "Not answered", "people.0.homes", True)])


def test_a_hidden_question_has_no_row(made, names, now):
    form = made(DIED, DIED_ON)

    assert [row.label for row in form.plain(form.clean({"died": "no"}, names, now).values)] == ["Did the child die?"]


def test_typed_and_posted_answers_give_the_same_values(made, names, now):
    form = made(
        NAME, DIED, DIED_ON, PEOPLE, {"type": "number", "key": "cost", "label": "Cost"},
        {"type": "taglist", "key": "agencies", "label": "Agencies", "properties": {"agency": "true"}},
        {"type": "datetime", "subtype": "datetime", "key": "met", "dateLabel": "Met"}, {"type": "datetime", "subtype": "time",
            "key": "at", "timeLabel": "At"})
    typed = {"name": "Ann", "died": "yes", "died_on": date(2023, 3, 6), "cost": 12.5, "agencies": ["POL", "HLT"], "met": now,
        "at": now.time(),
             "people": [{"name": "Bo", "parent_": True, "homes": [{"street": "Vale"}]}]}
    posted = {"name": "Ann ", "died": "yes", "died_on": {"day": "6", "month": "3", "year": "2023"}, "cost": "12.50", "agencies": ["HLT",
        "POL"],
              "met": {"date": {"day": "6", "month": "3", "year": "2023"}, "time": "10:00"}, "at": "10:00",
              "people": [{"name": "Bo", "parent_": "on", "why": "", "homes": [{"street": "Vale", "flat": ""}, {"street": "", "flat": ""}]},
                         {"name": "", "why": "", "homes": []}]}

    assert form.clean(typed, names, now) == form.clean(posted, names, now)
    assert form.clean(typed, names, now).ok


def test_cleaned_values_are_clean_again(made, names, now):
    form = made(NAME, DIED, DIED_ON, PEOPLE)
    once = form.clean({"name": "Ann", "died": "yes", "died_on": "2023-03-06", "people": [{"name": "Bo", "parent_": True}]}, names, now)

    assert form.clean(once.values, names, now) == once


def test_what_people_typed_is_text_and_keeps_its_lines(made, now):
    form = made({"type": "text", "id": "told", "text": "**They said:** {{ said }}"})

    told = form.show({}, {"said": "*stars*\n# marks\n\n<b>1. x</b> [a](b)"}, now).texts["told"]

    assert MarkdownIt().render(told) == "<p><strong>They said:</strong> *stars*<br />\n# marks<br />\n&lt;b&gt;1. x&lt;/b&gt; [a](b)</p>\n"
