"""Roles: everyone named is a role of pack.toml, and every role there is named somewhere."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.errors import Fault
from engine.packs.check.places import at, elements, in_form, in_manifest, known
from engine.packs.elements import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.packs.pack import Pack

TEXT = re.compile(r'"([A-Za-z_][A-Za-z0-9_]*)"')


def faults(pack: Pack) -> Iterator[Fault]:
    """Roles that are not there, and roles that have nothing to do."""
    used: set[str] = set()

    def missing(roles: Iterable[str]) -> list[str]:
        names = list(roles)
        used.update(names)
        return [role for role in names if role not in pack.roles]

    for _, element in elements(pack):
        for role in missing(element.roles):
            yield at(element, f"There is no role “{role}” in pack.toml; {known(pack.roles)}.")
        for role in missing(element.offer_to):
            yield at(element, f"offer_to names “{role}”, which is no role in pack.toml; {known(pack.roles)}.")
        sent = element.headers.get("to", "") if element.job == "mail" else ""
        for role in missing(() if sent.startswith("=") else split(sent)):
            yield at(element, f"The mail goes to “{role}”, which is no role in pack.toml; {known(pack.roles)}.")
        for text in (element.groups, element.assignee or "", sent, element.script or ""):
            if text.startswith("="):
                used.update(TEXT.findall(text))              # a role chosen by an expression
        for role in (*element.roles, *element.offer_to):
            if role in pack.roles and pack.roles[role].outside:
                yield at(element, f"“{pack.roles[role].label}” has no sign-in: ask a role inside to record what they say.")
    for name, deadline in pack.deadlines.items():
        for role in missing([*deadline.to, *(role for step in deadline.escalate for role in step.to)]):
            yield Fault(pack.file_of("deadline", name), deadline.line, name, deadline.title,
                        f"This tells “{role}”, which is no role in pack.toml; {known(pack.roles)}.")
    for register in pack.registers.values():
        for role in missing(register.visible_to):
            yield in_manifest(pack, f"visible_to names “{role}”, which is no role in pack.toml; {known(pack.roles)}.", "registers", register.id)
    for paper in pack.documents.values():
        used.update(paper.visible_to)                            # what is wrong with them is told with the paper
    for id, form in pack.forms.items():
        for _, item in form.walk():
            for role in missing(getattr(item, "visible_to", ())):
                yield in_form(pack, id, item, f"visible_to names “{role}”, which is no role in pack.toml; {known(pack.roles)}.")
            ended = getattr(item, "ends_appointment", None)
            if ended and missing([ended]):
                yield in_form(pack, id, item, f"ends_appointment names “{ended}”, which is no role in pack.toml; {known(pack.roles)}.")
            elif ended and "case" not in pack.roles[ended].scope:
                yield in_form(pack, id, item, f"Nobody is appointed {pack.roles[ended].label}, so no appointment ends: give the role the scope case.")
            appoints = getattr(item, "appoints", None)
            if appoints and missing([appoints]):
                yield in_form(pack, id, item, f"appoints names “{appoints}”, which is no role in pack.toml; {known(pack.roles)}.")
            elif appoints and "case" not in pack.roles[appoints].scope:
                yield in_form(pack, id, item, f"Nobody is appointed {pack.roles[appoints].label}: give the role the scope case.")
    for data in (pack.files[pack.file_of("table", id)] for id in pack.tables):
        used.update(role for role in pack.roles if role.encode() in data)
    for form_file in (pack.files[pack.file_of("form", id)] for id in pack.forms):
        used.update(role for role in pack.roles if b'"' + role.encode() in form_file or role.encode() + b'\\"' in form_file)
    for role in sorted(pack.roles.keys() - used) if not pack.unread else ():
        yield in_manifest(pack, "Nothing names this role: let it do or see something, or take it out.", "roles", role)
