"""What an expression gives, and what FEEL does that surprises."""
import threading
from collections import ChainMap
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from engine import feel

NOW = datetime(2024, 5, 1, 10, tzinfo=ZoneInfo("Europe/London"))
CASE = {
    "case": {"reference": "SCR-2024-001", "started": date(2024, 3, 6)},
    "count_of": 2,
    "rows": [{"agency": "HLT", "done": True, "days": 3}, {"agency": "POL", "done": False, "days": 9}],
    "half": 0.5,
}


def give(text, **names):
    return feel.evaluate(text, {**CASE, **names}, NOW)


@pytest.mark.parametrize(("text", "gives"), [
    ("1 + 1", 2), ("true", True), ("null", None), ("case.reference", "SCR-2024-001"), ("case.started", date(2024, 3, 6)),
    ('rows[agency = "POL"].days', [9]), ("rows.agency", ["HLT", "POL"]), ("rows[done = true][1].agency", "HLT"), ("half", 0.5),
    ("some row in rows satisfies row.days > 8", True), ("for row in rows return row.days * 2", [6, 18]), ("count(rows)", 2),
    ('if count_of > 1 then "many" else "one"', "many"), ('get value(case, "reference")', "SCR-2024-001"),
    ("rows[2]", {"agency": "POL", "done": False, "days": 9}),
    ('"a" + "b"', "ab"), ('string join(["a", "b"], ", ")', "a, b"), ("{a: 1, b: a + 1}.b", 2), ("-count_of", -2), ("rows", CASE["rows"]),
    ("(case).reference", "SCR-2024-001"),
])
def test_an_expression_gives_a_plain_value(text, gives):
    assert give(text) == gives


@pytest.mark.parametrize("text", ["1/0", "sum([])", 'number("x")', "not(null)", 'date(name)'])
def test_some_mistakes_are_null_without_a_word(text):
    assert give(text, name="2024-02-30") is None


def test_a_text_is_not_compared_with_a_number():
    with pytest.raises(feel.FeelError, match="a text cannot be compared with a number"):
        give('"5" > 3')
    assert give("null > 3") is None
    assert give('"5" = 5') is None


def test_a_flag_in_a_filter_is_taken_for_a_position_and_the_words_say_what_to_write():
    with pytest.raises(feel.FeelError, match=r"write \[done = true\]"):
        give("rows[done]")


def test_a_variable_does_not_hide_the_function_that_is_called():
    assert give("count(rows)", count=3) == 2
    assert give("count + 1", count=3) == 4
    assert give("{x: count, y: string length(\"ab\")}.x", count=3) == 3


def test_a_column_hides_the_function_of_its_name_so_those_names_are_reserved():
    with pytest.raises(feel.FeelError, match="not a function"):
        give("list[count(tags) = 1]", list=[{"count": 1, "tags": []}])
    assert {"count", "date", "today", "now", "sum", "not", "item"} <= feel.RESERVED


def test_every_reserved_name_is_given_by_the_language():
    for name in feel.RESERVED - {"item", "partial"}:
        with pytest.raises(feel.FeelError, match=r"is a function|not understood|something is missing"):
            give(name)


@pytest.mark.parametrize(("text", "words", "position"), [
    ("missing", "nothing here is called “missing”", (0, 7)), ("case.ending", "there is no “ending” in it", (5, 11)),
    ("count_of +", "something is missing at the end", (10, 10)),
    ("count_of + case.reference", "a text and a number do not go together", (9, 10)), ("case.reference.x", "cannot be looked up in a text", (15, 16)),
    ("1 +* 2", "not understood", (3, 4)), ("", "there is no expression here", None), ("nofunction(1)", "no function called “nofunction”", (0, 10)),
    ("x instance of number", "instance of", (0, 20)), ('date("2024-02-30")', "no such date", (0, 18)), ("during(1, 2)", "does not exist", (0, 6)),
    ("10 ** 400", "not a finite number", None), ("count", "a function, not a value", None), ("[1..3]", "a range", None),
])
def test_a_mistake_says_what_and_where(text, words, position):
    with pytest.raises(feel.FeelError) as failed:
        give(text)

    assert words in failed.value.reason
    if position:
        assert tuple(failed.value.position) == position
        assert f"at character {position[0] + 1}" in str(failed.value)


def test_a_position_is_counted_in_characters_even_after_rare_ones():
    with pytest.raises(feel.FeelError) as failed:
        give('"🙂🙂" + nothing')
    assert tuple(failed.value.position) == (7, 14)


def test_no_value_of_a_case_stands_in_an_error():
    with pytest.raises(feel.FeelError) as failed:
        give("name + 1", name="Tamsin Example")
    assert "Tamsin" not in str(failed.value)


def test_data_cannot_change_what_an_expression_means():
    assert give("a-b", a=3, b=1, **{"a-b": 99}) == 2
    assert give("`a-b`", **{"a-b": 99}) == 99


def test_a_setting_is_literal_unless_it_begins_with_an_equals_sign():
    assert feel.value("case.reference", CASE, NOW) == "case.reference"
    assert feel.value("=case.reference", CASE, NOW) == "SCR-2024-001"
    assert feel.value(None, CASE, NOW) is None


@pytest.mark.parametrize(("cell", "it", "passes"), [
    ("> 3", 4, True), ("> 3", 3, False), ("> 3", None, False), ('"a","b"', "b", True), ('not("a")', "b", True), ("-", None, True), ("", 1, True),
    ("[1..3]", 2, True),
    ("true", False, False), ("false", False, True), ("null", None, True), ('list contains(?, "x")', ["x"], True), ("? > count_of", 3, True),
    ("< today()", date(2024, 4, 30), True),
    ('date("2024-05-01")', date(2024, 5, 1), True), ("count_of", 2, True),
])
def test_a_cell_is_a_test(cell, it, passes):
    assert feel.test(cell, it, CASE, NOW) is passes


def test_several_are_asked_at_once_in_order():
    asks = [("expression", "1 + 1", CASE), ("test", "> 1", {**CASE, "?": 2}), ("expression", "case.reference", CASE)]
    assert feel.many(asks, NOW) == [2, True, "SCR-2024-001"]
    with pytest.raises(feel.FeelError) as failed:
        feel.many([("expression", "1", {}), ("expression", "gone", {})], NOW)
    assert failed.value.expression == "gone"


@pytest.mark.parametrize(("text", "reads"), [
    ("answers.panel.computed + options.strict", {"answers.panel.computed", "options.strict"}),
    ("for r in registers.rows return r.x + y", {"registers.rows", "y"}),
    ("some a in b.c, d in a.e satisfies d = f.g", {"b.c", "f.g"}), ("every a in b satisfies a", {"b"}), ("function(a, b) a + c", {"c"}),
    ("{a: b, c: a.d}.c", {"b"}),
    ('rows.all[agency = "x" and item.n > me.n].name', {"rows.all.name", "me.n"}), ("rows[1].a", {"rows.a"}), ('get value(a.b, "c")', {"a.b.c"}),
    ("string length(a.b)", {"a.b"}),
    ("count(a) + today().year", {"a"}), ("a.date", {"a.date"}), ("max(a, b.c)", {"a", "b.c"}), ("x in (a, > b.c)", {"x", "a", "b.c"}),
    ("{f: function(x) x + y, g: f(1)}.g", {"y"}),
])
def test_the_paths_an_expression_reads(text, reads):
    assert feel.paths(text) == reads


def test_a_path_read_only_inside_a_filter_is_told_apart():
    assert feel.paths_in_filters("rows[place.town = me.town] + me.name") == {"place.town", "me.town"}


def test_checking_evaluates_nothing():
    assert feel.check("missing.name > 1") == "missing.name > 1"
    assert feel.check("-", "test") == "-"
    with pytest.raises(feel.FeelError):
        feel.check("> ")


def test_lists_find_dates_by_value():
    days = [date(2024, 5, 1), date(2023, 1, 2)]
    assert give("list contains(days, today())", days=days) is True
    assert give("index of(days, today())", days=days) == [1]
    assert give("max(days)", days=days) == date(2024, 5, 1)
    assert give("min(days)", days=days) == date(2023, 1, 2)
    assert give('max("a", "b")') == "b"
    assert give("min([])") is None


def test_variables_may_be_any_mapping_and_are_not_changed():
    layers = ChainMap({"a": 1}, {"b": {"c": 2}})
    assert feel.evaluate("a + b.c", layers, NOW) == 3
    assert feel.evaluate("b.c", layers, NOW) == 2


@pytest.mark.parametrize("value", [2**53, float("nan"), datetime(2024, 1, 1), object(), {"a": {1, 2}}])
def test_a_value_that_would_come_back_as_another_is_refused(value):
    with pytest.raises(feel.FeelError):
        give("it = 1", it=value)


def test_now_needs_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        feel.evaluate("1 + 1", {}, datetime(2024, 1, 1))
    assert feel.evaluate("now()", {}, datetime(2024, 1, 1, tzinfo=UTC)) == datetime(2024, 1, 1, tzinfo=UTC)


def test_threads_may_ask_at_the_same_time():
    answers = {}

    def ask(number):
        answers[number] = [feel.evaluate("n * 2 + 1", {"n": number}, NOW) for _ in range(20)]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: [number * 2 + 1] * 20 for number in range(8)}
