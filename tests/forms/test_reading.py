"""What a form's owner is told: every fault, where it stands, and what to do about it."""
import json

import pytest

from engine.forms import Group, List, Separator, Table, Text, read_form

TEXT = {"type": "textfield", "key": "x", "label": "X", "id": "x"}


def test_every_component_of_the_editor_that_we_know_is_read(made):
    choice = {"values": [{"value": "a", "label": "A"}]}
    form = made(
        {"type": "text", "text": "# Referral\nhello"}, {"type": "html", "content": "<p>hello</p>"}, {"type": "textfield", "key": "a",
            "label": "A"},
        {"type": "textarea", "key": "b", "label": "B"}, {"type": "number", "key": "c", "label": "C"}, {"type": "datetime", "key": "d",
            "dateLabel": "D"},
        {"type": "checkbox", "key": "e", "label": "E"}, {"type": "checklist", "key": "f", "label": "F", **choice}, {"type": "radio",
            "key": "g", "label": "G", **choice},
        {"type": "select", "key": "h", "label": "H", **choice}, {"type": "taglist", "key": "i", "label": "I", **choice},
        {"type": "group", "label": "J", "components": [{"type": "textfield", "key": "j", "label": "J", "id": "jj"}]},
        {"type": "dynamiclist", "path": "k", "label": "K", "components": []}, {"type": "filepicker", "key": "l", "label": "L"},
        {"type": "table", "label": "M", "dataSource": "=rows", "columns": [{"key": "a", "label": "A"}]}, {"type": "separator"},
            {"type": "spacer"},
        {"type": "button", "action": "submit", "label": "Send"})

    assert [path for path, _ in form.questions()] == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "l"]
    assert [type(item) for item in form.fields if not hasattr(item, "key")] == [Text, Text, Group, List, Table, Separator, Separator]
    assert form.title == "Referral"


@pytest.mark.parametrize("type_", ["expression", "iframe", "image", "documentPreview", "", None, "script"])
def test_any_other_component_is_refused_by_name(faults, type_):
    assert faults({"type": type_, "key": "x"}) == [f"fields of type “{type_}” cannot be used"]


def test_a_fault_says_where_it_stands():
    data = json.dumps({"id": "made", "components": [{"id": "Field_1", "type": "image", "key": "x"}]}, indent=1).encode()

    (fault,) = read_form(data, "forms/made.form")[1]

    assert (fault.file, fault.line, fault.element, fault.name) == ("forms/made.form", 5, "Field_1", "x")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"id": "x"}', b'{"id": "x", "components": {}}', b"\xff\xfe",
    b"[" * 100_000, b'"' + b"x" * 2_000_000])
def test_what_is_no_form_is_told_and_never_raises(data):
    form, faults = read_form(data, "x.form")

    assert form is None
    assert len(faults) == 1


@pytest.mark.parametrize(("component", "says"), [
    (TEXT | {"key": ""}, "this textfield has no key: answers are kept under it"),
    (TEXT | {"key": "a.b"}, "the key “a.b” may have only letters, figures and _, and starts with a letter"),
    (TEXT | {"key": "été"}, "the key “été” may have only letters, figures and _, and starts with a letter"),
    (TEXT | {"key": "then"}, "the key “then” is a word of the expression language: choose another"),
    (TEXT | {"label": None}, "this question has no label"),
    (TEXT | {"label": "=name"}, "label must be plain words: put what changes into a text above it"),
    (TEXT | {"readonly": "=flag"}, "readonly must be true or false, not a condition: use “hide” for that"),
    (TEXT | {"conditional": {"hide": "flag"}}, "“flag” must be an expression that starts with “=”"),
    (TEXT | {"conditional": {"show": "=flag"}}, "the only condition a question can have is “hide”"),
    (TEXT | {"properties": {"sensative": "true"}}, "there is no property “sensative”"),
    (TEXT | {"properties": {"sensitive": "yes"}}, "the property sensitive must be true or false"),
    (TEXT | {"properties": {"appoints": "imr_author"}}, "appoints needs a question for a person: set person to true"),
    (TEXT | {"properties": {"person": "true", "agency": "true"}}, "a question asks for a person or for an agency, not both"),
    (TEXT | {"properties": {"max_size": "huge"}}, "the property max_size must be a size, like 10 MB"),
    (TEXT | {"validate": {"minLength": "a"}}, "minLength must be a number"),
    (TEXT | {"validate": {"minLength": 400}}, "answers cannot have at least 400 and at most 300 characters"),
    (TEXT | {"validate": {"pattern": "["}}, "the pattern “[” cannot be read"),
    (TEXT | {"validate": {"pattern": "^[A-Z]$", "required": True}}, "give it a property “sample” with an answer that fits"),
    (TEXT | {"validate": {"pattern": "^[A-Z]$"}, "properties": {"sample": "aa"}}, "its sample “aa” would be refused"),
    (TEXT | {"validate": {"validationType": "postcode"}}, "answers cannot be checked as “postcode”"),
    (TEXT | {"defaultValue": 7}, "its default value “7” would be refused"),
    (TEXT | {"type": "radio"}, "this question has no options"),
    (TEXT | {"type": "radio", "values": [{"value": "a", "label": "A"}, {"value": "a", "label": "B"}]}, "two options have the value “a”"),
    (TEXT | {"type": "radio", "values": [{"value": "a", "label": "A"}], "defaultValue": "b"}, "it is not among the options"),
    (TEXT | {"type": "number", "validate": {"min": 5, "max": 1}}, "its least value is above its greatest"),
    (TEXT | {"type": "datetime", "dateLabel": "D", "subtype": "week"}, "“week” is no kind of date"),
    (TEXT | {"type": "filepicker", "accept": "pdf"}, "“pdf” is no kind of file: write .pdf or image/*"),
    ({"type": "button", "action": "reset", "label": "Reset"}, "a “reset” button cannot be used"),
    ({"type": "table", "dataSource": "rows", "columns": []}, "this table has no data source"),
    ({"type": "text", "text": "{{ 1 + }}"}, "line 1 of the text: "),
    ({"type": "dynamiclist", "path": "p", "label": "P", "components": [TEXT | {"readonly": True}]},
        "a read-only question in a list needs rows that stay"),
    ({"type": "dynamiclist", "path": "p", "label": "P", "properties": {"min": "3", "max": "2"}},
        "this list asks for at least 3 and at most 2 rows"),
    ({"type": "group", "properties": {"visible_to": "a"}, "components": [TEXT | {"properties": {"visible_to": "b"}}]},
        "nobody may read this"),
])
def test_a_fault_says_what_to_do(faults, component, says):
    assert [told for told in faults(component) if says in told]


def test_an_expression_that_cannot_be_read_is_a_fault(faults):
    (says,) = faults(TEXT | {"conditional": {"hide": "=a ="}})

    assert says.startswith("this expression cannot be read: “a =”")


@pytest.mark.parametrize("hides", [
    {"x": "=y = null", "y": "=x = null"}, {"x": "=x = null"}, {"x": "=y = null", "y": "=z = null", "z": "=x = null"},
])
def test_conditions_in_a_circle_are_a_fault(faults, hides):
    said = faults(*(TEXT | {"key": key, "id": key, "conditional": {"hide": hide}} for key, hide in hides.items()))

    assert said == ["whether this is hidden depends, in a circle, on itself"]


def test_a_group_hidden_by_what_is_in_it_is_a_circle(faults):
    said = faults({"type": "group", "conditional": {"hide": "=x = null"}, "components": [TEXT]})

    assert said == ["whether this is hidden depends, in a circle, on itself"]


def test_a_condition_unsure_over_a_blank_form_is_a_fault(faults):
    age = {"type": "number", "key": "age", "label": "Age"}

    (says,) = faults(age, TEXT | {"conditional": {"hide": "=age > 17"}})
    assert "is neither true nor false for some answers, or while nothing is answered" in says
    assert faults(age, TEXT | {"conditional": {"hide": "=age = null or age > 17"}}) == []


def test_two_questions_under_one_key_are_a_fault(faults):
    assert faults(TEXT, TEXT | {"id": "y"}) == ["two questions have the key “x”"]
    assert faults(TEXT, {"type": "group", "components": [TEXT | {"id": "y"}]}) == ["two questions have the key “x”"]
    assert faults(TEXT, {"type": "group", "path": "g", "components": [TEXT | {"id": "y"}]}) == []
    assert faults(TEXT, TEXT | {"key": "y"}) == ["two components have the id “x”"]


def test_a_path_that_leads_nowhere_is_a_fault(faults):
    group = {"type": "group", "path": "home", "label": "Home", "components": [TEXT]}

    lost = TEXT | {"id": "y", "conditional": {"hide": "=home.street = null"}}

    assert faults(group, lost) == ["“home.street” leads nowhere: there is no question “street” there"]


def test_a_key_that_hides_a_function_is_a_fault_only_where_it_does(faults):
    day = {"type": "textfield", "key": "date", "label": "Date"}

    clash = TEXT | {"conditional": {"hide": "=date = null and date(on) < today()"}}

    assert faults(day) == []
    assert faults(day, clash)[0].startswith("the question “date” hides the function date()")


def test_properties_of_a_group_hold_for_what_is_in_it(made):
    form = made({"type": "group", "properties": {"sensitive": "true", "visible_to": "a, b"}, "components": [
        TEXT, TEXT | {"id": "y", "key": "y", "properties": {"visible_to": "b"}}]})
    fields = dict(form.questions())

    assert (fields["x"].sensitive, fields["x"].visible_to) == (True, ("a", "b"))
    assert (fields["y"].sensitive, fields["y"].visible_to) == (True, ("b",))
