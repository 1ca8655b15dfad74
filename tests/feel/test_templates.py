"""Texts with places to fill in."""
from datetime import UTC, date, datetime, time

import pytest

from engine.feel import Duration, FeelError
from engine.feel.templates import TemplateError, check_template, in_words, paths_of, render

NOW = datetime(2024, 5, 1, 10, tzinfo=UTC)
NAMES = {"name": "Ivy & Co", "late": True, "due": date(2023, 3, 6), "rows": [{"n": 1, "ok": True}, {"n": 2, "ok": False}], "nothing": None}


def fill(text):
    return render(text, NAMES, NOW)


@pytest.mark.parametrize(("text", "gives"), [
    ("no places", "no places"), ("Dear {{ name }},", "Dear Ivy & Co,"), ("{{due}} and {{ today() }}", "6 March 2023 and 1 May 2024"),
    ("{{ late }}{{ nothing }}.", "yes."),
    ('{{ rows.n }}', "1, 2"), ("{{#if late}}late{{else}}in time{{/if}}", "late"), ("{{#if not(late)}}late{{else}}in time{{/if}}", "in time"),
    ("{{#if not(late)}}late{{/if}}", ""),
    ("{{#for r in rows}}{{ r.n }}{{#if r.ok}}!{{/if}} {{/for}}", "1! 2 "),
    ("{{#for r in rows}}{{#for s in rows}}{{ r.n * s.n }} {{/for}}{{/for}}", "1 2 2 4 "),
    ('{{ "}}" }} {{ {a: {b: 1}}.a.b }} {{ {a: 1}.a}} {{"{{"}}', "}} 1 1 {{"), ('{{ duration("P1M") }}', "1 month"),
    ("{{ now() }}", "1 May 2024 at 10:00"), ("{{ 0.1 + 0.2 }}", "0.3"),
    ("a\n{{#if late}}\nb\n{{/if}}\nc", "a\nb\nc"), ("{{#for r in rows}}\n- {{ r.n }}\n{{/for}}\nend", "- 1\n- 2\nend"),
    ("{{ if late then due else null }}", "6 March 2023"), ("}} { {", "}} { {"),
])
def test_a_place_is_filled_in(text, gives):
    assert fill(text) == gives


@pytest.mark.parametrize(("value", "words"), [
    (None, ""), (True, "yes"), (False, "no"), (date(2024, 2, 29), "29 February 2024"),
    (datetime(2024, 2, 9, 14, 5, tzinfo=UTC), "9 February 2024 at 14:05"), (time(9, 30), "09:30"), (3, "3"), (2.5, "2.5"),
    (["a", None, date(2024, 1, 1)], "a, 1 January 2024"), (Duration("P1Y2M3DT4H"), "1 year 2 months 3 days 4 hours"), (Duration("P0D"), "0 days"),
    (Duration("PT1M"), "1 minute"), ([], ""),
])
def test_values_are_written_as_words(value, words):
    assert in_words(value) == words


def test_what_has_several_values_is_not_written():
    with pytest.raises(FeelError, match="say which one"):
        fill("{{ rows[1] }}")


@pytest.mark.parametrize(("text", "line", "words"), [
    ("a\nb {{ gone }}", 2, "nothing here is called “gone”"), ("{{#if name}}x{{/if}}", 1, "must be true or false"),
    ("{{#if nothing}}x{{/if}}", 1, "must be true or false"),
    ("\n\n{{#for x in name}}{{/for}}", 3, "must be a list"), ("{{#for x in rows}}\n{{ x.gone }}{{/for}}", 2, "no “gone”"),
    ("{{ 1 + }}", 1, "something is missing"), ("{{#if late}}", 1, "never closed"),
])
def test_a_mistake_names_its_line(text, line, words):
    with pytest.raises(TemplateError, match=words) as failed:
        fill(text)
    assert failed.value.line == line
    assert f"line {line}" in str(failed.value)


def test_all_faults_of_a_template_are_found_at_once():
    text = "a\n{{ x + }}\n{{#if b}}\n{{/for}}\n{{#while c}}\n{{ }}{{else}}{{/if}}\n{{else}}\n{{#for in x}}{{ foo(1) }}\n{{ open"
    found = check_template(text, "messages/hello.md")
    assert [fault.line for fault in found] == [2, 4, 5, 6, 7, 8, 8, 9]
    assert {fault.file for fault in found} == {"messages/hello.md"}
    assert check_template("{{ a }} {{#if b}}c{{/if}}") == []


def test_a_template_knows_what_it_reads():
    text = "{{ a.b }}{{#for r in c.d}}{{ r.x }}{{ e }}{{/for}}{{#if f}}{{ g.h }}{{else}}{{ i }}{{/if}}{{ r }}"
    assert paths_of(text) == {"a.b", "c.d", "e", "f", "g.h", "i", "r"}


def test_a_template_that_costs_too_much_is_stopped():
    with pytest.raises(FeelError, match=r"memory|longer"):
        fill("{{#for a in for x in 1..3000 return x}}{{#for b in for x in 1..3000 return x}}{{ a }}{{/for}}{{/for}}")
    assert fill("{{ name }}") == "Ivy & Co"
