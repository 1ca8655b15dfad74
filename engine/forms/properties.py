"""What an owner says about a question in the form editor's “custom properties”."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

# A misspelt `sensitive` would put a child's name into a mail: unknown names are faults, never ignored.
PROPERTIES = frozenset({
    "sensitive", "visible_to", "person", "agency", "document", "register", "appoints", "sample", "min", "max", "past", "max_size", "clause",
    "row", "replaces", "ends_appointment", "case_agency", "when_empty",
})


@dataclass(frozen=True)
class Properties:
    """The properties of one component; who may read an answer is handed down to what stands inside."""

    sensitive: bool = False
    visible_to: tuple[str, ...] = ()
    picker: str | None = None
    document: str | None = None
    register: str | None = None
    row: str | None = None
    appoints: str | None = None
    replaces: bool = False
    ends_appointment: str | None = None
    case_agency: bool = False
    sample: str | None = None
    min: int | None = None
    max: int | None = None
    past: bool = False
    max_size: int | None = None
    when_empty: str | None = None

    def inherited(self) -> Properties:
        return Properties(sensitive=self.sensitive, visible_to=self.visible_to)

    @classmethod
    def read(cls, given: Mapping[str, Any], around: Properties) -> tuple[Properties, list[str]]:
        """The properties in `given` within those around it, and what is wrong with them."""
        says: list[str] = []
        flags = {name: _flag(given, name, says) for name in ("sensitive", "person", "agency", "past", "replaces", "case_agency")}
        if flags["person"] and flags["agency"]: says.append("a question asks for a person or for an agency, not both")
        roles = tuple(role for role in (part.strip() for part in str(given.get("visible_to") or "").split(",")) if role)
        if roles and around.visible_to:
            roles = tuple(role for role in roles if role in around.visible_to)
            if not roles: says.append("nobody may read this: its visible_to names no role of the group it stands in")
        for name in ("appoints", "ends_appointment"):
            if given.get(name) and not flags["person"]: says.append(f"{name} needs a question for a person: set person to true")
        if flags["case_agency"] and not flags["agency"]: says.append("case_agency needs a question for an agency: set agency to true")
        if flags["replaces"] and not given.get("appoints"): says.append("replaces goes with appoints, whose earlier holders it ends: take it out")
        if given.get("appoints") and given.get("ends_appointment"): says.append("a question appoints someone or ends an appointment, not both")
        row = _word(given, "row")
        if row and not given.get("register"): says.append("row says which row of a register is changed: name the register too, or take it out")
        if row and not (row.startswith("=") and row[1:].strip()): says.append("row must be an expression that gives the key of a row, like =hold")
        own = replace(
            around.inherited(), sensitive=flags["sensitive"] or around.sensitive, visible_to=roles or around.visible_to,
            picker="person" if flags["person"] else "agency" if flags["agency"] else None,
            document=_word(given, "document"), register=_word(given, "register"), row=row, appoints=_word(given, "appoints"),
            replaces=flags["replaces"], ends_appointment=_word(given, "ends_appointment"),
            case_agency=flags["case_agency"], sample=_word(given, "sample"),
            min=_count(given, "min", says), max=_count(given, "max", says), past=flags["past"], max_size=_size(given, says),
            when_empty=_word(given, "when_empty"))
        return own, says


def _word(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    return None if value is None or str(value).strip() == "" else str(value).strip()


def _flag(given: Mapping[str, Any], name: str, says: list[str]) -> bool:
    value = given.get(name)
    if value is None or value == "": return False
    word = str(value).strip().lower()
    if word not in ("true", "false"): says.append(f"the property {name} must be true or false")
    return word == "true"


def _count(given: Mapping[str, Any], name: str, says: list[str]) -> int | None:
    word = _word(given, name)
    if word is None: return None
    if re.fullmatch(r"[0-9]{1,4}", word): return int(word)
    says.append(f"the property {name} must be a whole number")
    return None


def _size(given: Mapping[str, Any], says: list[str]) -> int | None:
    word = _word(given, "max_size")
    if word is None: return None
    found = re.fullmatch(r"([0-9]{1,6}) ?(KB|MB)", word, re.IGNORECASE)
    if found: return int(found[1]) * (1024 if found[2].upper() == "KB" else 1024 ** 2)
    says.append("the property max_size must be a size, like 10 MB")
    return None
