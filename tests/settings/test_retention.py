"""What is kept, why and how long: a file that is read whole, or told what is wrong with it."""
from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from engine.settings.retention import KINDS, read_retention
from engine.settings.values import Span

SHIPPED = tomllib.loads((Path(__file__).parents[2] / "config/retention.toml").read_text())


def test_what_ships_has_a_rule_for_every_kind():
    faults = []
    found = read_retention(SHIPPED, faults)

    assert (faults, [*found]) == ([], [*KINDS])
    assert found["case_content"].span == Span(35, "year")
    assert found["trail"].span is None


@pytest.mark.parametrize(("kind", "changes", "says"), [
    ("mails", {"keep": "soon"}, '[mails]: keep is “soon”; write it as "30 days"'),
    ("mails", {"keep": "0 days"}, "[mails]: keep is “0 days”"),
    ("mails", {"keep": 90}, "[mails]: keep must be text in quotes."),
    ("mails", {"from": "made"}, "[mails]: from is “made”; it must be sent."),
    ("case_content", {"from": "sent"}, "it must be case_ended or published."),
    ("case_content", {"then": "keep"}, "[case_content]: then is “keep”; here it must be erase."),
    ("trail", {"keep": "1 year"}, '[trail]: keep is “1 year”; this is kept for good: write keep = "always".'),
    ("trail", {"from": "made"}, "[trail]: from is “made”; it must be left out: this is kept for good."),
    ("links", {"why": " "}, "[links]: why must be one line of at most 1000 characters."),
    ("links", {"note": "x"}, "[links]: note is not known."),
])
def test_a_mistake_is_told(kind, changes, says):
    faults = []

    assert kind not in read_retention({**SHIPPED, kind: {**SHIPPED[kind], **changes}}, faults)
    [told] = faults
    assert says in told


def test_a_kind_too_many_or_too_few_is_told():
    faults = []
    read_retention({**{name: rule for name, rule in SHIPPED.items() if name != "trail"}, "gossip": {}}, faults)

    assert ["[trail] is missing" in fault or "[gossip] is not known" in fault for fault in faults] == [True, True]
