"""What people read says who is meant, and says it in words.

Four people are called chair, and nobody is ever just “the chair”: not in a diagram, form, check, mail or paper, and on no page (X-12)."""
from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).parents[2]
CHAIR = re.compile(r"(?<![\w-])chair(?![\w-])", re.IGNORECASE)
#: How one of them is called. The Independent Chair's deputy is the vice-chair.
NAMED = re.compile(r"\b(?:Independent|panel|CDOP|vice-?)[ -]chair\b|\bchair of the (?:child death overview|review) panel\b", re.IGNORECASE)
SHOWN_IN_FORMS = frozenset({"label", "text", "description", "dateLabel", "timeLabel", "when_empty"})
SHOWN_IN_SETTINGS = frozenset({"title", "label", "help", "says"})
SHOWN_PROPERTIES = frozenset({"help", "label", "group"})


def alone(text):
    """Does it say chair without saying which?"""
    return bool(CHAIR.search(NAMED.sub("", " ".join(text.split()))))


def inside(value, keys):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [one] if key in keys and isinstance(one, str) else inside(one, keys)
    elif isinstance(value, list):
        for one in value:
            yield from inside(one, keys)


def in_a_drawing(file):
    """Names, documentation, help, and the words in expressions and tables."""
    for element in etree.parse(file).iter(etree.Element):
        tag, attributes = etree.QName(element).localname, dict(element.attrib)
        if tag == "property":
            yield from [attributes["value"]] if attributes["name"] in SHOWN_PROPERTIES else []
        elif tag != "message":
            yield from (attributes[key] for key in ("name", "label") if key in attributes)
        yield from re.findall(r'"([^"]* [^"]*)"', attributes.get("source", ""))
        if tag == "documentation" or (tag == "text" and (element.text or "").strip().startswith('"')):
            yield element.text or ""


def texts(file):
    """Everything in this file that someone reads."""
    if file.suffix in (".bpmn", ".dmn"):
        yield from in_a_drawing(file)
    elif file.suffix == ".form":
        yield from inside(json.loads(file.read_text(encoding="utf-8")), SHOWN_IN_FORMS)
    elif file.suffix == ".toml":
        yield from inside(tomllib.loads(file.read_text(encoding="utf-8")), SHOWN_IN_SETTINGS)
    elif file.suffix == ".md":
        yield from re.split(r"\n\s*\n|\n(?=- )", file.read_text(encoding="utf-8"))
    elif file.suffix == ".html":
        yield from re.split(r"<[^>]+>|\{%.*?%\}", file.read_text(encoding="utf-8"))


def test_nobody_is_called_just_chair():
    files = [file for folder in ("bpmn", "webforms/templates", "docs") for file in (ROOT / folder).rglob("*")
             if file.is_file() and file.name != "glossary.md"]  # it says so
    found = [f"{file.relative_to(ROOT)}: {text.strip()[:120]}" for file in files for text in texts(file) if alone(text)]

    assert found == []


def test_the_rule_itself_tells_the_four_apart():
    for good in ("Independent Chair", "the review panel chair’s", "CDOP Chair", "Chair of the Child Death Overview Panel", "vice-chair", "chairs the panel"):
        assert not alone(good), good
    for bad in ("Chair", "the chair decides", "the panel's chair", "its chair", "the Board’s Chair"):
        assert alone(bad), bad


def test_nothing_that_is_drawn_or_asked_has_the_name_of_a_variable():
    """A name for machines among words for people: somebody renamed something, and the words with it."""
    found = []
    for file in (ROOT / "bpmn").rglob("*"):
        if file.suffix == ".form":
            found += [(file.name, text) for text in texts(file)]
        elif file.suffix == ".bpmn":
            shown = [element for element in etree.parse(file).iter(etree.Element)
                     if etree.QName(element).localname.endswith(("Task", "Event", "Gateway", "Activity", "process", "participant", "lane", "sequenceFlow"))]
            found += [(file.name, element.get("name", "")) for element in shown]

    assert len(found) > 2000
    assert [(name, text) for name, text in found if re.search(r"\b[a-z]+_[a-z]", re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL))] == []


def test_how_long_a_local_deadline_is_stands_in_deadlines_toml_alone():
    """Whoever makes it 21 days there would leave “14 days” behind in forms, mails and diagrams. What the Board's process fixes itself (its six
    months, the month, the week before publication) may be named."""
    deadlines = tomllib.loads((ROOT / "bpmn/serious-case-review/deadlines.toml").read_text(encoding="utf-8")).values()
    lengths = {one["within"] for one in deadlines if one["kind"] == "local" and "within" in one} - {"7 days", "1 month", "1 working day"}
    spelled = {"14 days": "fourteen days", "28 days": "twenty-eight days|four weeks"}
    phrase = re.compile("|".join(f"\\b(?:{length}|{spelled[length]})\\b" for length in sorted(lengths)), re.IGNORECASE)
    files = [file for file in (ROOT / "bpmn").rglob("*")
             if file.is_file() and "scenarios" not in file.parts and file.name not in ("CHANGES.md", "clauses.toml", "deadlines.toml")]

    assert [f"{file.relative_to(ROOT)}: {text.strip()[:120]}" for file in files for text in texts(file) if phrase.search(text)] == []
    assert [bool(phrase.search(text)) for text in ("The agency has 14 days", "in 2014 days")] == [True, False]
