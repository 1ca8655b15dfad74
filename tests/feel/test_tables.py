"""Decision tables: every hit policy, and every fault at once."""
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from engine import feel
from engine.feel.tables import DecisionError, read_tables

NOW = datetime(2024, 5, 1, 10, tzinfo=UTC)
ONE = '<output id="o" name="o" label="Level"><outputValues><text>"high","low"</text></outputValues></output>'
ROWS = [("&lt; 10", '"low"'), ("&lt; 5", '"high"'), ("100", '"low"')]


def document(policy, rows, extra="", outputs=ONE):
    def row(test, *answers):
        given = "".join(f"<outputEntry><text>{each}</text></outputEntry>" for each in answers)
        return f"<rule><inputEntry><text>{test}</text></inputEntry>{given}</rule>"

    cells = "\n".join(row(*each) for each in rows)
    return etree.fromstring(f"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/">
<decision id="t" name="Level of concern"><decisionTable hitPolicy="{policy}" {extra}>
<input label="Score"><inputExpression><text>x</text></inputExpression></input>
{outputs}
{cells}
</decisionTable></decision></definitions>""")


def table(*args, **more):
    tables, faults = read_tables(document(*args, **more), "levels.dmn")
    assert faults == []
    return tables["t"]


def faults(*args, **more):
    return [fault.says for fault in read_tables(document(*args, **more), "levels.dmn")[1]]


@pytest.mark.parametrize(("policy", "x", "gives"), [
    ("UNIQUE", 7, "low"), ("ANY", 7, "low"), ("FIRST", 3, "low"), ("PRIORITY", 3, "high"), ("COLLECT", 3, ["low", "high"]),
    ("RULE ORDER", 3, ["low", "high"]),
    ("OUTPUT ORDER", 3, ["high", "low"]), ("COLLECT", 50, []), ("OUTPUT ORDER", 50, []),
])
def test_each_hit_policy(policy, x, gives):
    assert table(policy, ROWS).decide({"x": x}, NOW) == gives


@pytest.mark.parametrize(("policy", "x", "words"), [
    ("UNIQUE", 3, "rows 1 and 2 match"), ("ANY", 3, "disagree"), ("FIRST", 50, "no row matches"), ("UNIQUE", 50, "no row matches"),
    ("PRIORITY", 50, "no row matches"),
])
def test_no_answer_or_too_many_is_an_error(policy, x, words):
    with pytest.raises(DecisionError, match=words):
        table(policy, ROWS).decide({"x": x}, NOW)


def test_rows_that_agree_are_any_of_them():
    assert table("ANY", [("&lt; 10", '"low"'), ("&lt; 5", '"low"')]).decide({"x": 3}, NOW) == "low"


@pytest.mark.parametrize(("how", "gives", "none"), [("SUM", 5, 0), ("MIN", 2, None), ("MAX", 3, None), ("COUNT", 2, 0)])
def test_collected_answers_are_aggregated(how, gives, none):
    rows = [("&gt; 0", "2"), ("&gt; 0", "3")]
    summed = table("COLLECT", rows, f'aggregation="{how}"', '<output name="o"/>')
    assert summed.decide({"x": 1}, NOW) == gives
    assert summed.decide({"x": -1}, NOW) == none


def test_a_default_answers_when_no_row_does():
    outputs = '<output name="o"><defaultOutputEntry><text>"none"</text></defaultOutputEntry></output><output name="p"/>'
    assert table("UNIQUE", [("1", '"one"', "x + 1")], outputs=outputs).decide({"x": 5}, NOW) == {"o": "none", "p": None}
    assert table("UNIQUE", [("1", '"one"', "x + 1")], outputs=outputs).decide({"x": 1}, NOW) == {"o": "one", "p": 2}


def test_a_check_collects_its_hits_as_dicts_of_dates_and_words():
    outputs = '<output name="says"/><output name="clause"/><output name="due"/>'
    rows = [("&lt; today()", '"Too early"', '"H3-5"', 'x + duration("P1M")'), ("-", '"Always"', "", "")]
    hits = table("COLLECT", rows, outputs=outputs).decide({"x": date(2024, 1, 31)}, NOW)
    assert hits == [{"says": "Too early", "clause": "H3-5", "due": date(2024, 2, 29)}, {"says": "Always", "clause": None, "due": None}]


def test_a_table_knows_what_it_reads_and_where_it_stands():
    read = table("FIRST", [("&gt; options.least", "case.level"), ("-", "me.name")], outputs='<output name="o"/>')
    assert read.paths == {"x", "options.least", "case.level", "me.name"}
    assert (read.line, read.rules[1].line, read.inputs[0].label, read.name) == (2, 6, "Score", "Level of concern")


def test_a_failing_cell_is_named():
    with pytest.raises(feel.FeelError, match=r"nothing here is called “gone” \(decision table “Level of concern”, row 2, column “Level”\)"):
        table("FIRST", [("1", '"low"'), ("-", "gone")]).decide({"x": 5}, NOW)
    with pytest.raises(feel.FeelError, match=r"a text cannot be compared with a number \(decision table “Level of concern”, row 1, column “Score”\)"):
        table("FIRST", ROWS).decide({"x": "5"}, NOW)
    with pytest.raises(feel.FeelError, match=r"column “Score”"):
        table("FIRST", ROWS).decide({}, NOW)


def test_all_faults_are_found_at_once_with_row_column_and_line():
    tables, found = read_tables(document("BEST", [("&lt;", '"low'), ("1", "2", "3")]), "levels.dmn")
    assert tables == {}
    assert [(fault.line, fault.element) for fault in found] == [(2, "t"), (5, "t"), (5, "t"), (6, "t")]
    assert "hit policy “BEST”" in found[0].says
    assert "row 1, column “Score”: “<” at character 2" in found[1].says
    assert "row 1, column “Level”" in found[2].says
    assert "row 2 has 1 + 2 cells for 1 + 1 columns" in found[3].says


@pytest.mark.parametrize(("args", "more", "words"), [
    (("COLLECT", ROWS), {"outputs": '<output name="a"/><output name="a"/>'}, "two output columns are called “a”"), (("FIRST", []), {}, "no rows"),
    (("FIRST", ROWS, 'aggregation="SUM"'), {}, "does not go with the hit policy First"),
    (("PRIORITY", ROWS), {"outputs": '<output name="a"/>'}, "best first"),
    (("COLLECT", [("1", "1", "2")], 'aggregation="SUM"'), {"outputs": '<output name="a"/><output name="b"/>'}, "one output"),
    (("FIRST", [("1",)]), {"outputs": ""}, "no output column"),
    (("FIRST", [("1", "1", "2")]), {"outputs": '<output/><output name="b"/>'}, "needs a name"),
    (("FIRST", [('date("2024-02-30")', "1")]), {}, "no such date"),
])
def test_a_table_that_cannot_work_is_refused_in_words(args, more, words):
    assert any(words in says for says in faults(*args, **more))


@pytest.mark.parametrize(("xml", "words"), [
    ('<definitions xmlns="x"/>', "no decision"),
    ('<definitions xmlns="x"><decision id="a"><literalExpression/></decision></definitions>', "make this decision a table"),
    ('<definitions xmlns="x"><decision id="a"><informationRequirement><requiredDecision/></informationRequirement></decision></definitions>', "needs another"),
    ('<definitions xmlns="x"><businessKnowledgeModel id="b"/></definitions>', "businessKnowledgeModel is not supported"),
    ('<definitions xmlns="x"><decision/></definitions>', "needs an id"),
    (('<definitions xmlns="x"><decision id="a"><decisionTable><input><inputExpression expressionLanguage="groovy"><text>x</text>'
     '</inputExpression></input></decisionTable></decision></definitions>'), "only FEEL"),
    ('<definitions xmlns="x"><decision id="a"><decisionTable><input/></decisionTable></decision></definitions>', "has no expression"),
])
def test_what_is_no_table_is_refused_by_name(xml, words):
    assert any(words in fault.says for fault in read_tables(etree.fromstring(xml), "a.dmn")[1])
