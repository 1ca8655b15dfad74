"""Help for each role is made of what the diagrams say: so every task and button of the shipped packs explains itself."""
from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from lxml import etree

BPMN, ZEEBE = "{http://www.omg.org/spec/BPMN/20100524/MODEL}", "{http://camunda.org/schema/zeebe/1.0}"
DRAWN = sorted((Path(__file__).parents[2] / "bpmn").glob("*/*.bpmn"))


@pytest.mark.parametrize("file", DRAWN, ids=lambda file: file.stem)
def test_every_task_and_button_says_what_it_is_for(file):
    thin = []
    for element in etree.parse(file).iter():
        help = {one.get("name"): one.get("value") for one in element.iterfind(f"{BPMN}extensionElements/{ZEEBE}properties/{ZEEBE}property")}
        said = " ".join(one.text or "" for one in element.iterfind(f"{BPMN}documentation")) or help.get("help", "")
        if (element.tag == f"{BPMN}userTask" and len(said) < 100) or ("offer_to" in help and len(said) < 75):
            thin.append(f"{element.get('id')}: “{said}”")

    assert thin == [], "say what to do, why, and what to have at hand, for someone who does it twice a year"


def test_every_role_says_what_it_is_there_for():
    for file in DRAWN[0].parents[1].glob("*/pack.toml"):
        assert [id for id, role in tomllib.loads(file.read_text(encoding="utf-8"))["roles"].items() if len(role.get("help", "")) < 30] == [], file.parent.name
