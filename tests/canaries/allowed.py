"""The allowed sets: read from the table that people keep, and asked of one person and one word."""
from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.rules.access import Actor
from tests.canaries.words import Canary

TABLE = Path(__file__).with_name("allowed.toml")


@dataclass(frozen=True)
class Rule:
    """Who may read what is written in one kind of place."""

    own: frozenset[str]
    any: frozenset[str]
    board: frozenset[str]
    released: frozenset[str]
    public: bool


class Allowed:
    """The table, by form and question."""

    def __init__(self, text: str | None = None) -> None:
        table = tomllib.loads(TABLE.read_text(encoding="utf-8") if text is None else text)
        groups = table["groups"]
        self.rules: dict[str, Rule] = {}
        for row in table["allowed"]:
            rule = Rule(*(_roles(row.get(kind, ()), groups) for kind in ("own", "any", "board", "released")), bool(row.get("public")))
            for form in row["forms"]:
                self.rules[form] = rule

    def rule(self, canary: Canary) -> Rule:
        """The rule of the longest name that fits."""
        name = f"{canary.form}.{canary.path}" if canary.path else canary.form
        while name not in self.rules:
            if "." not in name:
                message = f"allowed.toml says nothing about {canary.place}: add the form, with who may read it by the requirements"
                raise AssertionError(message)
            name = name.rpartition(".")[0]
        return self.rules[name]

    def may_read(self, who: Actor | None, canary: Canary) -> bool:
        """May this person ever read this word? None is nobody."""
        if who is not None and who.person in (canary.by, *canary.also):
            return True
        if canary.kind in ("draft", "secret"):
            return False
        rule = self.rule(canary)
        if rule.public:
            return True
        return any(held.case in (None, canary.case) and (held.role in rule.board | rule.any | rule.released or (
            held.role in rule.own and held.agency in canary.agencies)) for held in (who.holdings if who else ()))


def _roles(given: Iterable[Any], groups: dict[str, list[str]]) -> frozenset[str]:
    return frozenset(role for one in given for role in (groups[one[1:]] if one.startswith("@") else [one]))
