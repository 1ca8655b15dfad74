"""What Camunda Modeler keeps about an element in the zeebe namespace, as one value."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from engine.spiff import mends

if TYPE_CHECKING:
    from collections.abc import Mapping

ZEEBE = "http://camunda.org/schema/zeebe/1.0"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
#: Settings that are kept by attribute, and the attributes that must be expressions.
_KNOWN = frozenset({"userTask", "formDefinition", "assignmentDefinition", "taskSchedule", "priorityDefinition", "calledElement",
                    "calledDecision", "loopCharacteristics", "script", "taskDefinition", "subscription"})
_ALWAYS_FEEL = frozenset({("script", "expression"), ("loopCharacteristics", "inputCollection"), ("loopCharacteristics", "outputElement"),
                          ("subscription", "correlationKey")})
_OFFER = ("assignmentDefinition", "taskSchedule", "priorityDefinition")


class NotRunnable(ValidationException):
    """A diagram cannot be run as it is drawn."""

    def __init__(self, says: str, node: Any) -> None:
        super().__init__(says, node=node)
        self.says = says
        if mends.on(3):
            self.line_number = node.sourceline     # SpiffWorkflow looks for another name, and finds none


@dataclass(frozen=True)
class Settings:
    """The settings of one element."""

    inputs: tuple[tuple[str, str], ...] = ()                     # (name, source)
    outputs: tuple[tuple[str, str], ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    offer: Mapping[str, str] = field(default_factory=dict)       # assignee, candidateGroups, dueDate, followUpDate, priority
    found: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def get(self, setting: str, attribute: str) -> str | None:
        """One attribute of one setting; None if it is empty or not there."""
        return self.found.get(setting, {}).get(attribute, "").strip() or None


def expression(text: str | None, node: Any) -> str:
    """The text, which must be an expression."""
    text = (text or "").strip()
    if not text.startswith("="):
        raise NotRunnable(f"“{text}” must be an expression, beginning with =", node=node)
    return text


def read(node: Any) -> Settings:
    """The settings on an element; what is not known is refused by name."""
    inputs: list[tuple[str, str]] = []
    outputs: list[tuple[str, str]] = []
    found: dict[str, dict[str, str]] = {}
    lists: dict[str, dict[str, str]] = {"properties": {}, "taskHeaders": {}}
    for setting in node.iterfind(f"{{{BPMN}}}extensionElements/{{{ZEEBE}}}*"):
        name = etree.QName(setting).localname
        if name == "ioMapping":
            inputs += [_mapped(each, node) for each in setting.iterfind(f"{{{ZEEBE}}}input")]
            outputs += [_mapped(each, node) for each in setting.iterfind(f"{{{ZEEBE}}}output")]
        elif name in lists:
            lists[name].update({each.get("key" if name == "taskHeaders" else "name", ""): each.get("value", "") for each in setting})
        elif name in _KNOWN:
            found[name] = {attribute: expression(text, node) if (name, attribute) in _ALWAYS_FEEL and text.strip() else text.strip()
                           for attribute, text in setting.attrib.items()}
        else:
            raise NotRunnable(f"zeebe:{name} is not supported", node=node)
    offer = {attribute: text for each in _OFFER for attribute, text in found.get(each, {}).items() if text}
    return Settings(tuple(inputs), tuple(outputs), lists["properties"], lists["taskHeaders"], offer, found)


def _mapped(mapping: Any, node: Any) -> tuple[str, str]:
    target = (mapping.get("target") or "").strip()
    if not target:
        raise NotRunnable("an input or output mapping needs a variable to write to", node=node)
    if "." in target:
        raise NotRunnable(f"a mapping writes to a variable, not to a part of one: {target}", node=node)
    return target, (mapping.get("source") or "").strip()
