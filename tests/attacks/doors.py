"""Every place where what somebody wrote in a pack is read as an expression, a template, a pattern or XML: each takes one text and gives all that came of it."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from engine.documents import Paper, escaped, written
from engine.feel import templates
from engine.feel.tables import read_tables
from engine.forms import read_form
from engine.packs import check, pack_of, read_diagram, read_pack
from engine.packs.catalogue import read_catalogue
from engine.packs.documents import WORDS, read_document
from engine.packs.manifest import read_manifest
from engine.packs.messages import read_message
from engine.packs.xml import DMN, UnsafeXml, parse
from engine.rehearsal.scenario import BadScenario, read_scenario
from engine.rules.deadlines import read_deadlines
from tests.spiff.drawing import (
    HEAD,
    between,
    boundary,
    document,
    each,
    event,
    listener,
    mapping,
    person,
    properties,
    rule,
    script,
    service,
    settings,
    simple,
    when,
)
from tests.spiff.drawing import path as arrows
from tests.spiff.story import DUE, Ground, Story

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Europe/London"))
NAMES: dict[str, Any] = {
    "case": {"reference": "PUR-2026-001", "started": NOW}, "board": {"name": "Northmere Board", "agencies": [{"key": "QUI", "name": "Quillfeather"}]},
    "link": "https://x.example/",
    "task": "Approve", "due": NOW.date(), "days": 3, "people": [], "x": 1, "it": "a", "answers": {}, "options": {}, "row": {}, "registers": {}}
HERE = "HERE"        # where the payload goes


@dataclass(frozen=True)
class Door:
    """What happens to a text there, and one that it takes."""

    use: Callable[[str], Any]
    fine: str | None        # none: whatever stands there is refused
    feel: bool = False      # an expression, where it begins with “=”


def utf8(text: str) -> bytes:
    """As a file may hold it: half a character is bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogatepass")


def in_xml(whole: str, text: str) -> bytes:
    return whole.encode().replace(HERE.encode(), utf8(escape(text, {'"': "&quot;", "\n": "&#10;", "\r": "&#13;"})))


# ---- diagrams: read, begun, and played for more than a year

LEVEL = SimpleNamespace(paths=frozenset(), decide=lambda seen, now: "low")


def play(whole: str, text: str) -> Any:
    drawn = in_xml(whole, text)
    read = read_diagram(drawn, "p.bpmn")
    if read.root is None:
        return read.faults
    story = Story(files=(drawn,), items=["1"], ground=Ground(services={"record": lambda *_: None}, given=NAMES), cold=False, tables={"t": LEVEL}, **DUE)
    if story.open:
        story.do(story.open.split(" ")[0], answer=1)
    story.wait(days=400)
    return [read.faults, story.values, story.open, story.ground.passed, story.process.marks()]


DRAWN = {
    "condition": between('<exclusiveGateway id="g" default="g_e0"/><endEvent id="e1"/>', "g") + when(HERE, "g", "e1"),
    "script": between(script("a", HERE, "r"), "a"),
    "script in another language": between(f'<scriptTask id="a" scriptFormat="python"><script>{HERE}</script></scriptTask>', "a"),
    "result of a script": between(script("a", "=1", HERE), "a"),
    "input": between(person("a", mapping(inputs={"r": HERE})), "a"),
    "output": between(person("a", mapping(outputs={"r": HERE})), "a"),
    "name of an output": between(person("a", mapping(outputs={HERE: "=1"})), "a"),
    "assignee": between(person("a", f'<zeebe:assignmentDefinition assignee="{HERE}" candidateGroups="{HERE}"/>'), "a"),
    "schedule": between(person("a", f'<zeebe:taskSchedule dueDate="{HERE}" followUpDate="{HERE}"/>'), "a"),
    "timer date": simple() + listener("timer", timer=HERE),
    "timer duration": simple() + boundary("b", "a", event("duration", timer=HERE)) + '<endEvent id="z"/>' + arrows("b", "z"),
    "timer cycle": simple() + boundary("b", "a", f"<timerEventDefinition><timeCycle>{HERE}</timeCycle></timerEventDefinition>",
                                       interrupting=False) + '<endEvent id="z"/>'
                   + arrows("b", "z"),
    "collection": between(person("a", loop=each(HERE)), "a"),
    "output element": between(person("a", loop=each(output=HERE)), "a"),
    "completion condition": between(person("a", loop=each(until=HERE, output="")), "a"),
    "service type": between(service("a", kind=HERE), "a"),
    "service header": between(service("a", inside=f'<zeebe:taskHeaders><zeebe:header key="k" value="{HERE}"/></zeebe:taskHeaders>'), "a"),
    "decision": between(rule("a", HERE), "a"),
    "called process": between(f'<callActivity id="a">{settings(f"""<zeebe:calledElement processId="{HERE}"/>""")}</callActivity>', "a"),
    "form of a task": between(person("a", f'<zeebe:formDefinition formId="{HERE}"/>'), "a"),
    "property": between(person("a", properties(stage=HERE, checks=HERE, offer_to=HERE, clause=HERE)), "a"),
    "name of a step": between(f'<userTask id="a" name="{HERE}"><documentation>{HERE}</documentation></userTask>', "a"),
}
FINE = {"condition": "=true", "script in another language": None, "timer date": "=due", "timer duration": "P1D", "timer cycle": None,
        "completion condition": "=true",
        "service type": "record", "decision": "t", "called process": "p1", "correlation": "=items", "assignee": "ann", "schedule": "=due"}
NO_EXPRESSION = {"script in another language", "result of a script", "name of an output", "form of a task", "property", "name of a step"}


def diagrams() -> dict[str, Door]:
    """The doors in a process."""
    found = {name: Door(partial(play, document(body, simple("other", prefix="o")).decode()),
                        FINE.get(name, "plain" if name in NO_EXPRESSION else "=items"), feel=name not in NO_EXPRESSION)
             for name, body in DRAWN.items()}
    heard = (simple() + listener("message", ref="k"))
    head = {"correlation": 'correlationKey="=key"', "name of a message": 'name="m"', "code of an error": 'errorCode="E1"',
            "name of a signal": '<signal id="s" name="s"'}
    for name, where in head.items():
        whole = HEAD.replace(where, where.rpartition('="')[0] + f'="{HERE}"', 1) + f'<process id="p0" isExecutable="true">{heard}</process></definitions>'
        found[name] = Door(partial(play, whole.replace('"=key"', '"=items"')), "=items", feel=name == "correlation")
    return found


# ---- decision tables

TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="t" name="{name}">
<decisionTable hitPolicy="{policy}" aggregation="{sum}">
<input label="{label}"><inputExpression><text>{asked}</text></inputExpression></input>
<output id="o" name="{called}" label="Level"><outputValues><text>{values}</text></outputValues>
<defaultOutputEntry><text>{default}</text></defaultOutputEntry></output>
<rule><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{given}</text></outputEntry></rule></decisionTable></decision></definitions>"""
CELLS = {"name": "Level", "policy": "PRIORITY", "sum": "", "label": "Score", "asked": "x", "called": "o", "values": '"low"', "default": '"low"', "test": "1",
         "given": '"low"'}


def decide(where: str, text: str) -> Any:
    try:
        tables, faults = read_tables(parse(in_xml(TABLE.format(**CELLS | {where: HERE}), text), DMN), "t.dmn")
    except UnsafeXml as refused:
        return refused.says
    return [faults, [table.decide(NAMES, NOW) for table in tables.values()]]


# ---- forms

QUESTION = {"type": "select", "id": "c", "key": "it", "label": "It", "values": [{"value": "a", "label": "A"}]}
PLACES: dict[str, dict[str, Any]] = {
    "hide": {"conditional": {"hide": HERE}}, "default": {"defaultValue": HERE}, "options by an expression": {"values": None, "valuesExpression": HERE},
    "options by a name": {"values": None, "valuesKey": HERE}, "option": {"values": [{"value": HERE, "label": HERE}]},
    "label": {"label": HERE, "description": HERE},
    "pattern": {"type": "textfield", "validate": {"pattern": HERE, "patternErrorMessage": HERE}}, "key": {"key": HERE},
    "visible to": {"properties": {"visible_to": HERE}}, "property of a question": {"properties": {"sample": HERE, "document": HERE, "appoints": HERE,
                                                                                                  "when_empty": HERE, "max_size": HERE}},
    "limits": {"type": "number", "validate": {"min": HERE, "max": HERE}, "decimalDigits": HERE}, "accept": {"type": "filepicker", "accept": HERE},
    "kind of a question": {"type": HERE}, "kind of a date": {"type": "datetime", "dateLabel": "On", "subtype": HERE},
    "text": {"type": "text", "text": HERE}, "html": {"type": "html", "content": HERE}, "rows of a table": {"type": "table", "dataSource": HERE,
                                                                                                           "columns": [{"key": "k", "label": "K"}]},
    "row of a register": {"type": "group", "path": "it", "properties": {"register": "items", "row": HERE}, "components": []},
}
KINDS = {"options by a name": "people", "kind of a question": "textfield", "kind of a date": "date", "limits": "1"}
EXPRESSIONS = {"hide", "options by an expression", "rows of a table", "row of a register"}


def answer(changed: dict[str, Any], text: str) -> Any:
    made = {"id": "made", "type": "default", "components": [QUESTION | changed]}
    form, faults = read_form(json.dumps(made).replace(HERE, json.dumps(text)[1:-1]).encode(), "made.form")
    if form is None or faults:
        return faults
    opened = form.initial(NAMES, NOW)
    shown, cleaned = form.show({"it": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"} | opened, NAMES, NOW), form.clean({"it": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}, NAMES,
                                                                                                            NOW)
    return [faults, opened, shown, cleaned, form.sample(NAMES, NOW), form.plain(cleaned.values, NAMES, NOW)]


# ---- texts

def mail(head: str, body: str) -> Any:
    found, faults = read_message(utf8(f"# {head}\n\n{body}\n"), "messages/m.md")
    return [faults, found and (templates.check_template(found.subject), templates.render(found.subject, NAMES, NOW), templates.render(found.body, NAMES, NOW))]


def paper(head: str, body: str) -> Any:
    found, faults = read_document(utf8(f"+++\n{head}\n+++\n{body}\n"), "documents/d.md")
    if found is None:
        return faults
    words = templates.render(found.body, NAMES | {name: {} for name in WORDS}, NOW, lambda value: escaped(str(value)))
    return [faults, words, found.title]


def file_of(title: str, words: str, kind: str) -> bytes:
    """A paper with these words, as people get it."""
    return written(Paper(title, words, "Northmere Board", "PUR-2026-001", NOW), kind)


# ---- settings of a pack

@cache
def purchase() -> dict[str, bytes]:
    return dict(read_pack(ROOT / "tests/packs/purchase").files)


#: Texts of the tiny pack that are replaced, all at once, each by another payload.
REPLACED = {
    "deadlines.toml": ("=case.started", "Budget holder decides", "request_made", "5 working days", "1 day", "head", "seed target", "withdrawn"),
    "pack.toml": ("Purchase request", "PUR-{year}-{number:03}", "Budget holder", "board", "tell_requester", "P-4", "Things to buy"),
    "purchase.bpmn": ('=decision = "approve" and options.ask_quotes', "=suppliers", "=price", "over_budget", "purchase_withdrawn", "approval_level",
                      "reason_for_delay",
                      "=deadlines.approval", "=min(for each in quotes return each.price)"),
    "messages/ordered.md": ("board.name", "case.reference"),
    "forms/purchase_request.form": ("=for each in board.agencies return {value: each.key, label: each.name}", "# What do you need?", "approver"),
    "checks/over_budget.dmn": ("answers.request_made.amount",),
}


def whole_pack(nth: int, payloads: list[str]) -> list[str]:
    """The tiny pack with payloads in all those places: read, and everything wrong with it found, as before a release."""
    files = purchase()
    for file, places in REPLACED.items():
        for at, old in enumerate(places):
            text = payloads[(nth + at) % len(payloads)]
            quoted = utf8(text) if file.endswith(".md") else utf8(json.dumps(text)[1:-1]) if file.endswith((".toml", ".form")) else in_xml(HERE, text)
            was = (json.dumps(old)[1:-1] if file.endswith(".form") else old).encode() if file.endswith((".toml", ".form", ".md")) else in_xml(HERE, old)
            assert was in purchase()[file] or old.encode() in purchase()[file], f"{old} is not in {file}"
            files = {**files, file: files[file].replace(was, quoted).replace(old.encode(), quoted)}
    return [str(fault) for fault in check(pack_of(files))]


DEADLINE = '[d]\ntitle = "D"\nkind = "local"\nstarts = "registers.r"\n{0} = "{1}"\nends = "e"\n'
REGISTER = ('id = "p"\ntitle = "P"\nmain = "p"\nreference = "P-{{number}}"\n'
            '[registers.r]\ntitle = "R"\nform = "f"\nkey = "number"\nheld = "{0}"\nvisible_to = ["{0}"]\n')


def toml(read: Callable[..., Any], whole: str, text: str) -> Any:
    found = read(utf8(whole.replace(HERE, json.dumps(text, ensure_ascii=False)[1:-1])), "x.toml")
    return repr(found)


def story(whole: str, text: str) -> Any:
    try:
        return read_scenario(Path("x.toml"), NOW.tzinfo, whole.replace(HERE, json.dumps(text, ensure_ascii=False)[1:-1]))
    except BadScenario as refused:
        return refused.faults


STORY = (f'title = "{HERE}"\npack = "{HERE}"\nclock = 2026-03-02T09:00:00\n'
         f'[agencies]\nA = "{HERE}"\n[[step]]\nas = "{HERE}"\ndo = "{HERE}"\nfor = "{HERE}"\nwith = {{ "{HERE}" = "{HERE}" }}\n')


def whole_file(path: str, text: str) -> Any:
    """A file of a pack that is nothing but this."""
    data = utf8(text)
    read: dict[str, Callable[..., Any]] = {".bpmn": read_diagram, ".form": read_form, "pack.toml": read_manifest, ".md": read_message,
                                           "deadlines.toml": read_deadlines}
    return repr(next(how for end, how in read.items() if path.endswith(end))(data, path))


def doors() -> dict[str, Door]:
    """Every door of a pack, by its name."""
    found = diagrams()
    found |= {f"decision: {where}": Door(lambda text, where=where: decide(where, text), fine, feel=False) for where, fine in CELLS.items()}
    found |= {f"form: {where}": Door(lambda text, changed=changed: answer(changed, text),
                                     "=false" if where == "hide" else "=[]" if where in EXPRESSIONS else KINDS.get(where, "it"),
                                     feel=where in EXPRESSIONS) for where, changed in PLACES.items()}
    found |= {"mail: subject": Door(lambda text: mail(text, "Words"), "{{ case.reference }}"),
              "mail: words": Door(lambda text: mail("Subject", text), "{{ days + 1 }}"),
              "mail: placeholder": Door(lambda text: mail("Subject", f"{{{{ {text} }}}}"), "days + 1"),
              "mail: loop": Door(lambda text: mail("Subject", f"{{{{#for a in {text}}}}}x{{{{/for}}}}"), "[1, 2]"),
              "paper: words": Door(lambda text: paper('title = "T"', text), "**{{ days }}**"),
              "paper: title": Door(lambda text: paper(f"title = {json.dumps(text)}", "Words"), "T"),
              "paper: condition": Door(lambda text: paper('title = "T"', f"{{{{#if {text}}}}}yes{{{{/if}}}}"), "true")}
    found |= {f"deadline: {key}": Door(lambda text, key=key: toml(read_deadlines, DEADLINE.replace("{0}", key).replace("{1}", HERE), text), "=row.due",
                                       feel=True)
              for key in ("on", "when", "ended", "cancelled", "per", "every", "chase", "message")}
    found |= {"register: held and visible to": Door(lambda text: toml(read_manifest, REGISTER.replace("{0}", HERE), text), "=row.effects", feel=True),
              "clauses": Door(lambda text: toml(read_catalogue,
                                                f'[sources.S]\ntitle = "{HERE}"\ndate = "{HERE}"\n[["clauses"]]\nid = "{HERE}"\nsays = "{HERE}"\n', text), "x"),
              "scenario": Door(lambda text: story(STORY, text), "x")}
    found |= {f"a whole {Path(path).suffix} file": Door(lambda text, path=path: whole_file(path, text), purchase()[path].decode())
              for path in ("purchase.bpmn", "forms/quote.form", "pack.toml", "messages/ordered.md", "deadlines.toml")}
    return found
