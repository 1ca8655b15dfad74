"""The settings that Camunda Modeler keeps in the zeebe namespace, read one by one: what is not known here is a fault by name."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from engine.errors import Fault
from engine.packs.elements import Loop, Mapped
from engine.packs.xml import BPMN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ZEEBE = "http://camunda.org/schema/zeebe/1.0"
CAMUNDA_7 = "http://camunda.org/schema/1.0/bpmn"

BINDING = {"bindingType"}
# Which settings stand on which tags, and with which attributes. `None` as a place: any flow element, arrows and processes too.
ATTRIBUTES: dict[str, set[str]] = {
    "userTask": set(),
    "formDefinition": {"formId", *BINDING},
    "assignmentDefinition": {"assignee", "candidateGroups"},
    "taskSchedule": {"dueDate", "followUpDate"},
    "priorityDefinition": {"priority"},
    "ioMapping": set(),
    "calledElement": {"processId", "propagateAllChildVariables", "propagateAllParentVariables", *BINDING},
    "calledDecision": {"decisionId", "resultVariable", *BINDING},
    "loopCharacteristics": {"inputCollection", "inputElement", "outputCollection", "outputElement"},
    "script": {"expression", "resultVariable"},
    "taskDefinition": {"type"},
    "subscription": {"correlationKey"},
    "properties": set(),
    "taskHeaders": set(),
}
PLACES: dict[str, set[str]] = {
    "userTask": {"userTask"}, "formDefinition": {"userTask"}, "assignmentDefinition": {"userTask"}, "taskSchedule": {"userTask"},
    "priorityDefinition": {"userTask"}, "calledElement": {"callActivity"}, "calledDecision": {"businessRuleTask"}, "script": {"scriptTask"},
    "taskDefinition": {"serviceTask", "sendTask", "endEvent", "intermediateThrowEvent"}, "subscription": {"message"},
    "loopCharacteristics": {"multiInstanceLoopCharacteristics"},
    "taskHeaders": {"serviceTask", "sendTask", "endEvent", "intermediateThrowEvent"},
}
INSTEAD = {
    "candidateUsers": "name roles in the candidate groups instead",
    "retries": "leave it empty: a step that fails is listed as an incident",
    "formKey": "choose a Camunda form by its id instead",
    "externalReference": "choose a Camunda form by its id instead",
    "versionTag": "a case always stays on its own release, so take it out",
    "executionListeners": "take the listeners out, or draw what they do as a task",
    "taskListeners": "take the listeners out, or draw what they do as a task",
    "userTaskForm": "save the form as forms/<id>.form and link it by its id",
    "modelerTemplate": "remove the element template",
    "linkedResources": "take it out",
    "adHoc": "draw the tasks in the order they may be done",
}


@dataclass
class Settings:
    """All zeebe settings of one tag."""

    found: dict[str, dict[str, str]] = field(default_factory=dict)
    inputs: tuple[Mapped, ...] = ()
    outputs: tuple[Mapped, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, setting: str, attribute: str) -> str | None:
        return self.found.get(setting, {}).get(attribute, "").strip() or None


def tag(node: etree._Element) -> str:
    return etree.QName(node).localname


def namespace(node: etree._Element) -> str | None:
    return etree.QName(node).namespace


def read_settings(node: etree._Element, file: str, faults: list[Fault], owner: etree._Element | None = None) -> Settings:
    """The settings on `node`; faults are told in the name of `owner`, the element an owner would look for."""
    owner, settings = node if owner is None else owner, Settings()

    def fault(says: str, at: etree._Element) -> None:
        faults.append(Fault(file, at.sourceline, owner.get("id"), owner.get("name"), says))

    for attribute in node.attrib:
        written = etree.QName(str(attribute))
        if written.namespace in {ZEEBE, CAMUNDA_7}:
            prefix = "zeebe" if written.namespace == ZEEBE else "camunda"
            fault(f"{prefix}:{written.localname} is not supported: {_instead(written.localname)}", node)
    for setting in _extensions(node):
        name = tag(setting)
        if namespace(setting) != ZEEBE:
            prefix = setting.prefix or "?"
            says = "this is a setting of Camunda 7; draw the diagram for Camunda 8" if namespace(setting) == CAMUNDA_7 else "take it out"
            fault(f"{prefix}:{name} is not supported: {says}", setting)
        elif name not in ATTRIBUTES:
            fault(f"zeebe:{name} is not supported: {_instead(name)}", setting)
        elif name in PLACES and tag(node) not in PLACES[name]:
            fault(f"zeebe:{name} has no meaning here: take it out", setting)
        else:
            if name in settings.found:
                fault(f"zeebe:{name} is there twice: take one out", setting)
            _one(name, setting, settings, fault)
    return settings


def read_loop(node: etree._Element, owner: etree._Element, file: str, faults: list[Fault]) -> Loop:
    """The multi-instance marker of an activity."""
    settings = read_settings(node, file, faults, owner)
    until = node.findtext(f"{{{BPMN}}}completionCondition")
    for child in node:
        if namespace(child) == BPMN and tag(child) not in {"extensionElements", "completionCondition"}:
            faults.append(Fault(file, child.sourceline, owner.get("id"), owner.get("name"),
                                f"bpmn:{tag(child)} is not supported: name the list in the input collection"))
    where = next((each.sourceline for each in _extensions(node)), node.sourceline) or 0
    return Loop(collection=settings.get("loopCharacteristics", "inputCollection") or "", item=settings.get("loopCharacteristics", "inputElement"),
                gathers=settings.get("loopCharacteristics", "outputCollection"), output=settings.get("loopCharacteristics", "outputElement"),
                until=(until or "").strip() or None, sequential=node.get("isSequential") == "true", line=where)


def _extensions(node: etree._Element) -> Iterator[etree._Element]:
    for extensions in node.iterfind(f"{{{BPMN}}}extensionElements"):
        yield from extensions


def _instead(name: str) -> str:
    return INSTEAD.get(name, "take it out")


def _one(name: str, setting: etree._Element, settings: Settings, fault: Callable[[str, etree._Element], None]) -> None:
    settings.found[name] = {}
    for key, text in setting.attrib.items():
        attribute = str(key)
        if attribute not in ATTRIBUTES[name] or (attribute == "bindingType" and text == "versionTag"):
            fault(f"{etree.QName(attribute).localname} of zeebe:{name} is not supported: {_instead(etree.QName(attribute).localname)}", setting)
        else:
            settings.found[name][attribute] = str(text)
    rows = {"properties": ("property", "name"), "taskHeaders": ("header", "key")}.get(name)
    for child in setting:
        inside, line = tag(child), child.sourceline or 0
        if name == "ioMapping" and inside in {"input", "output"}:
            target, source = (child.get("target") or "").strip(), child.get("source") or ""
            row = Mapped(target, source.strip() if source.strip().startswith("=") else source, line)
            if not target:
                fault(f"an {inside} mapping names no variable: fill in its name, or remove it", child)
            elif inside == "input":
                settings.inputs += (row,)
            else:
                settings.outputs += (row,)
        elif rows and inside == rows[0]:
            key, text = (child.get(rows[1]) or "").strip(), child.get("value") or ""
            there = settings.properties if name == "properties" else settings.headers
            if key in there:
                fault(f"“{key}” is there twice among the {'properties' if name == 'properties' else 'headers'}: take one out", child)
            there[key] = text.strip()
        else:
            fault(f"zeebe:{inside} is not supported in zeebe:{name}: take it out", child)
