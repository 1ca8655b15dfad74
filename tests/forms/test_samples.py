"""The plain sample of a form always passes, whatever the form asks."""
import itertools
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.forms import Upload

YES_NO = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
MUST = {"required": True}


def one(type_, key="x", **more):
    return {"type": type_, "key": key, "id": key, "label": key.capitalize(), **more}


@pytest.mark.parametrize(("component", "value"), [
    (one("textfield", validate=MUST), "Sample X"), (one("textfield", validate={**MUST, "maxLength": 3}), "Sam"),
    (one("textarea", validate={**MUST, "minLength": 12}), "Sample Xxxxx"),
    (one("textfield", validate={**MUST, "validationType": "email"}), "sample@example.org"),
    (one("textfield", validate={**MUST, "validationType": "phone"}), "01632 960 001"),
    (one("textfield", validate={**MUST, "pattern": "^[A-Z]{2}$"}, properties={"sample": "AB"}), "AB"),
    (one("number", validate=MUST), 1), (one("number", validate={**MUST, "min": 5}), 5), (one("number", validate={**MUST, "max": -2}), -2),
    (one("number", validate=MUST, properties={"sample": "7.5"}), 7.5),
    (one("datetime", dateLabel="X", validate=MUST), date(2023, 3, 6)), (one("checkbox", validate=MUST), True),
    (one("datetime", dateLabel="X", validate=MUST, properties={"sample": "+14 days"}), date(2023, 3, 20)),
    (one("radio", values=YES_NO, validate=MUST), "yes"), (one("radio", values=YES_NO, defaultValue="no", validate=MUST), "no"),
    (one("radio", values=YES_NO, validate=MUST, properties={"sample": "no"}), "no"),
    (one("checklist", values=YES_NO, validate=MUST), ["yes"]),
    (one("select", properties={"agency": "true"}, validate=MUST), "HLT"),
    (one("select", properties={"person": "true"}, validate=MUST), "ivy"),
    (one("filepicker", accept=".pdf", validate=MUST), Upload("sample.pdf", b"Sample")),
])
def test_a_required_question_has_a_plain_answer(made, names, now, component, value):
    form = made(component)

    assert form.sample(names, now) == {"x": value}
    assert form.clean(form.sample(names, now), names, now).errors == {}


def test_only_what_is_required_and_shows_is_answered(made, names, now):
    form = made(one("textfield", "a"), one("radio", "b", values=YES_NO, validate=MUST), one("textfield", "c", validate=MUST,
        conditional={"hide": '=b != "yes"'}),
                one("textfield", "d", validate=MUST, conditional={"hide": '=b = "yes"'}), one("textfield", "e", validate=MUST,
                    conditional={"hide": "=c = null"}))

    assert form.sample(names, now) == {"b": "yes", "c": "Sample C", "e": "Sample E"}
    assert form.clean(form.sample(names, now), names, now).ok


def test_rows_are_made_as_many_as_are_needed(made, names, now):
    form = made({"type": "dynamiclist", "path": "rows", "label": "Rows", "id": "rows", "properties": {"min": "2"}, "components": [
        one("textfield", "a", validate=MUST), {"type": "dynamiclist", "path": "inner", "label": "In", "id": "inner", "components": []}]},
        {"type": "group", "path": "home", "id": "home", "components": [one("textfield", "street", validate=MUST)]})

    assert form.sample(names, now) == {"rows": [{"a": "Sample A"}, {"a": "Sample A"}], "home": {"street": "Sample Street"}}
    assert form.clean(form.sample(names, now), names, now).ok


def test_options_that_depend_on_another_answer_are_chosen_anew(made, names, now):
    form = made(one("select", "b", valuesExpression='=if a = "yes" then ["one"] else ["two"]', validate=MUST), one("radio", "a",
        values=YES_NO, validate=MUST))

    assert form.sample(names, now) == {"a": "yes", "b": "one"}


def test_what_is_given_stays_even_where_it_is_wrong_and_the_rest_is_filled_in(made, names, now):
    form = made(one("textfield", "a", validate=MUST), one("textfield", "b", validate=MUST),
                {"type": "group", "path": "g", "id": "g", "label": "G", "components": [one("textfield", "c", validate=MUST)]},
                {"type": "dynamiclist", "path": "p", "id": "p", "label": "P", "properties": {"min": "1"}, "components": [
                    one("textfield", "d", validate=MUST), one("textfield", "e", validate=MUST)]})

    assert form.sample(names, now, {"a": "", "p": [{"d": "x"}]}) == {"a": "", "b": "Sample B", "g": {"c": "Sample C"}, "p": [{"d": "x", "e": "Sample E"}]}
    assert form.sample(names, now, {"a": 1, "g": ["x"], "p": ["x"]}) == {"a": 1, "b": "Sample B", "g": ["x"], "p": ["x"]}
    assert form.sample(names, now, {"p": "x", "g": "x"})["p"] == "x"


def test_a_given_date_that_is_not_real_is_not_put_right(made, names, now):
    given = {"x": {"day": "31", "month": "2", "year": "2023"}}

    assert made(one("datetime", dateLabel="X", validate=MUST)).sample(names, now, given) == given


KEYS = "abcdefgh"


@st.composite
def components(draw, keys=KEYS, depth=0):
    """Some questions under these keys, hidden by earlier or later ones; a key is read only by those after it, so that no circle arises."""
    made = []
    for key in draw(st.permutations(keys)):
        rules = {"required": draw(st.booleans())}
        kinds = ["textfield", "textarea", "number", "date", "datetime", "time", "checkbox", "radio", "checklist", "agency", "file",
            "list", "group"]
        kind = draw(st.sampled_from(kinds if depth < 2 else kinds[:-2]))
        if kind in ("date", "datetime", "time"): component = one("datetime", key, subtype=kind, dateLabel=key, timeLabel=key)
        elif kind in ("radio", "checklist"): component = one(kind, key, values=YES_NO)
        elif kind == "agency": component = one("taglist" if draw(st.booleans()) else "select", key, properties={"agency": "true"})
        elif kind == "file": component = one("filepicker", key, multiple=draw(st.booleans()))
        elif kind in ("list", "group"):
            inside = draw(components(keys=keys[:3], depth=depth + 1))
            component = {"type": "dynamiclist" if kind == "list" else "group", "path": key, "label": key, "components": inside}
            if kind == "list": component["properties"] = {"min": str(draw(st.integers(0, 2)))}
        else: component = one(kind, key)
        if kind == "number": rules |= {"min": draw(st.integers(-9, 3)), "max": draw(st.integers(3, 9))}
        if kind in ("textfield", "textarea"): rules |= {"minLength": draw(st.integers(0, 20)), "maxLength": draw(st.integers(20, 40))}
        before = [other for other in made if other["type"] not in ("dynamiclist", "group")]
        if before and draw(st.booleans()):
            other = draw(st.sampled_from(before))
            typed = {"radio": ['={} = "yes"', '={} != "yes"'], "checkbox": ["={}", "=not({})"]}
            ways = ["={} = null", "={} != null", *typed.get(other["type"], [])]
            component["conditional"] = {"hide": draw(st.sampled_from(ways)).format(other["key"])}
        made.append(component | ({"validate": rules} if kind not in ("list", "group") else {}))
    order = draw(st.permutations(range(len(made))))
    return [made[at] for at in order]


def _numbered(tree, taken=None):
    taken = taken or itertools.count()
    out = []
    for component in tree:
        inside = {"components": _numbered(component["components"], taken)} if "components" in component else {}
        out.append(component | {"id": f"c{next(taken)}"} | inside)
    return out


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=components(), at=st.datetimes(datetime(2001, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)))
def test_the_sample_of_any_form_passes(made, names, tree, at):
    form = made(*_numbered(tree))

    sample = form.sample(names, at)

    assert form.clean(sample, names, at).errors == {}
    assert form.sample(names, at) == sample


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes() | st.times() | st.binary(max_size=5)
    | st.builds(Upload, st.text(max_size=5), st.binary(max_size=3), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "day", "month", "year", "date", "time",
        "document", "name"]) | st.text(max_size=3), inner, max_size=4),
    max_leaves=12)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(raw=st.dictionaries(st.sampled_from(KEYS), ODD, max_size=8))
def test_nothing_that_is_sent_breaks_a_form(made, names, now, raw):
    form = made(
        one("textfield", "a"), one("number", "b", conditional={"hide": '=a = "x"'}), one("datetime", "c", dateLabel="C"),
        one("datetime", "d", subtype="datetime", dateLabel="D", conditional={"hide": "=c = null"}), one("checkbox", "e"), one("checklist",
            "f", values=YES_NO),
        {"type": "dynamiclist", "path": "g", "label": "G", "id": "g", "components": [
            one("radio", "a", values=YES_NO) | {"id": "ga"}, one("filepicker", "b", conditional={"hide": "=a = b or e"}) | {"id": "gb",
                "conditional": {"hide": "=e"}}]},
        {"type": "group", "path": "h", "id": "h", "components": [one("datetime", "a", subtype="time", timeLabel="A") | {"id": "ha"}]})

    cleaned = form.clean(raw, names, now)

    assert all(isinstance(says, str) for says in cleaned.errors.values())
    if cleaned.ok: assert form.clean(cleaned.values, names, now) == cleaned
    form.plain(cleaned.values)
    form.show(raw, names, now)
