"""Each rule of a pack is left out once, and some story has to notice."""
from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from shutil import copytree

import pytest
import sqlalchemy as sa

from engine import Engine, actions
from engine.clock import SetClock
from engine.coverage.hunt import Hunted, hunt
from engine.coverage.mutants import KINDS, Mutant, mutants
from engine.packs import Pack, read_pack
from engine.rehearsal.database import thrown_away
from engine.rehearsal.play import Stage
from engine.rehearsal.scenario import Scenario, read_scenario
from engine.settings import Settings, load_settings
from engine.spiff import load
from engine.store import tables as t

ROOT = Path(__file__).parents[2]
PURCHASE = ROOT / "tests/packs/purchase"
REVIEW = ROOT / "bpmn/serious-case-review"
CATALOGUE = '[sources.P]\ntitle = "How we buy"\n' + "".join(
    f'[clauses.P-{number}]\nsays = "A sentence"\nsection = "Money"\nkinds = ["{{kind}}"]\n' for number in range(1, 7))


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings(ROOT / "config", os.environ, kind="development")


@pytest.fixture(scope="session")
def hunted(settings: Settings) -> Hunted:
    return hunt(PURCHASE, stories_of(PURCHASE), settings, lambda _: None)


def stories_of(pack: Path) -> list[Path]:
    return [file for file in sorted((pack / "scenarios").glob("*.toml")) if file.name != "board.toml"]


def test_what_a_story_tries_is_missed_and_told_with_the_step_that_missed_it(hunted: Hunted):
    assert not hunted.broken
    assert set(hunted.killed) == {"check:over_budget#1", "decision:approval_level#2", "condition:to_order", "condition:to_quote", "deadline:approval",
                                  "reminder:approval#1"}
    assert hunted.killed["check:over_budget#1"].startswith("late.toml, step 3 (do approve as approver): expected to be refused")
    assert "expected reminders of “approval” on 2026-03-06; there are none" in hunted.killed["reminder:approval#1"]


def test_what_no_story_tries_survives_and_is_told_with_its_place(hunted: Hunted):
    left = {each.mutant.id: each for each in hunted.survivors}

    assert str(left["check:over_budget#2"]) == ("checks/over_budget.dmn:21: check:over_budget#2: This is a large amount: say why it is needed.; P-6; "
                                                "felt in late.toml")
    assert str(left["not_by:approve/request_made"]).endswith("Approve the request: not by who did “Ask for something to be bought”; P-3; no story comes to it")
    assert left["required:quote.price"].stories == ()
    assert "required:item.name" not in left  # it only names the columns of a register: nobody is asked
    assert hunted.flat["survivors"] == len(left) == hunted.flat["rules"] - len(hunted.killed)


@pytest.mark.parametrize(("kind", "passed"), [("rule", False), ("task", True)])
def test_a_rule_that_a_clause_asks_for_must_not_survive(kind: str, passed: bool, settings: Settings, tmp_path: Path):
    pack = copytree(PURCHASE, tmp_path / "purchase")
    (pack / "clauses.toml").write_text(CATALOGUE.format(kind=kind))

    found = hunt(pack, [pack / "scenarios/late.toml"], settings, lambda _: None, only="check:")

    assert [(each.mutant.id, each.marked) for each in found.survivors] == [("check:over_budget#2", not passed)]
    assert found.passed is passed


def test_a_story_that_does_not_come_true_proves_nothing(settings: Settings, tmp_path: Path):
    story = tmp_path / "late.toml"
    story.write_text((PURCHASE / "scenarios/late.toml").read_text().replace("2026-03-06]", "2026-03-05]"))

    found = hunt(PURCHASE, [story], settings, lambda _: None)

    assert not found.passed
    assert found.killed == {}
    assert found.broken["late.toml"].startswith("step 1 (start request_made as requester@OFF): expected reminders of “approval” on 2026-03-05")


@pytest.mark.parametrize("id", ["check:over_budget#2", "condition:to_quote", "reminder:approval#1"])
def test_a_story_played_on_goes_as_one_played_from_its_beginning(id: str, hunted: Hunted, settings: Settings, tmp_path: Path):
    pack = read_pack(PURCHASE)
    [rule] = [one for one in mutants(pack) if one.id == id]
    missed = [failure for file in stories_of(PURCHASE)
              if (failure := from_the_beginning(read_scenario(file, settings.board.timezone), pack, rule, settings, tmp_path / file.stem))]

    assert bool(missed) == (id in hunted.killed)


def from_the_beginning(story: Scenario, pack: Pack, rule: Mutant, settings: Settings, place: Path) -> list[str]:
    database = thrown_away(str(place.parent), place.name)
    engine = Engine(settings, database, SetClock(story.clock))
    stage = Stage(engine, pack, story, actions.release_pack)
    with database.reading() as db:
        engine.shelf.lay(db.scalar(sa.select(t.releases.c.id)), *rule.without(pack, load(pack)))
    failures = stage.play().failures
    database.close()
    return failures


def test_every_rule_of_the_review_has_an_id_a_place_and_a_pack_without_it():
    pack = read_pack(REVIEW)
    rules = list(mutants(pack))

    assert max(Counter(rule.id for rule in rules).values()) == 1
    assert {rule.kind for rule in rules} == set(KINDS)
    assert [rule.id for rule in rules if not (rule.line and rule.words and rule.signs and (rule.way or rule.leave_out(pack) is not pack))] == []


@pytest.mark.soak
def test_no_rule_that_a_clause_of_the_review_asks_for_could_be_lost_unnoticed(settings: Settings):
    found = hunt(REVIEW, stories_of(REVIEW), settings, print)

    assert found.broken == {}
    assert [str(each) for each in found.survivors if each.marked] == []
    assert found.seconds < 600
