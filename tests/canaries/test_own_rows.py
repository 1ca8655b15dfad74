"""What a role of an agency reads in a register: the rows of its own agency, and those that are for all by then."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.packs import read_pack
from engine.queries import case_page, register_page
from engine.rehearsal.play import Stage, rehearse
from engine.rehearsal.scenario import read_scenario
from tests.canaries.board import PACK
from tests.makers import settings

#: Two agencies write chronologies and reports; the Business Manager checks what was merged; the panel notes learning meanwhile.
STORY = PACK / "scenarios/silp_joint_review_led_by_us.toml"


def agencies_read(stage: Stage, who: str, register: str) -> set[Any]:
    """Whose rows this person reads; the case's page tells how many there are in the same words."""
    case = stage.cases[next(iter(stage.cases))]
    actor = stage.cast.actor(who, case)
    with stage.engine.database.reading() as db:
        look = stage.engine.look(db, actor)
        reference = look.case_by_id(case).reference
        rows = register_page(look, reference, register).rows
        told = next((row.rows for row in case_page(look, reference).registers if row.name == register), 0)
    assert told == len(rows)
    return {row["agency"] for row in rows}


@pytest.fixture(scope="module")
def read() -> dict[str, set[Any]]:
    """Who reads whose rows just before the merged chronology has been checked, and after."""
    set_up = settings("sqlite://")
    story = read_scenario(STORY, set_up.board.timezone)
    upto = next(at for at, step in enumerate(story.steps) if step.name == "review_merged_chronology" and step.refused is None)
    before = replace(story, steps=tuple(replace(step, expect={}) for step in story.steps[:upto]))

    def look(stage: Stage) -> dict[str, set[Any]]:
        found = {f"{who} {register}": agencies_read(stage, who, register) for who, register in (
            ("imr_author@CSC", "chronology"), ("petra", "chronology"), ("board_rep@CSC", "contributions"), ("board_rep@POL", "authors"),
            ("business_manager", "contributions"))}
        assert stage.take(replace(story.steps[upto], expect={})) == []
        return found | {"then": agencies_read(stage, "imr_author@CSC", "chronology")}

    outcome = rehearse(before, read_pack(PACK), set_up, after=look)
    assert outcome.passed, outcome.failures
    return dict(outcome.seen)


def test_an_author_reads_the_merged_chronology_when_it_has_been_checked(read: dict[str, set[Any]]) -> None:
    assert read["imr_author@CSC chronology"] == {"CSC"}
    assert read["petra chronology"] == {"CSC", "POL"}
    assert read["then"] == {"CSC", "POL"}


def test_an_agency_reads_what_it_contributes_itself(read: dict[str, set[Any]]) -> None:
    assert read["board_rep@CSC contributions"] == {"CSC"}
    assert read["board_rep@POL authors"] == {"POL"}
    assert read["business_manager contributions"] == {"CSC", "POL"}
