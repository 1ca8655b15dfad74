"""What stands beside a task of the shipped process: the papers to read first, and the answers it opens with."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, actions, queries
from engine.clock import SetClock
from engine.errors import NotAllowed, NotFound
from engine.packs import Pack, read_pack
from engine.queries.shapes.tasks import TaskPage
from engine.rehearsal.database import thrown_away
from engine.rehearsal.play import Stage
from engine.rehearsal.scenario import read_scenario
from engine.settings import Settings

REFERRED = """
title = "A referral comes back to its writer"
clock = 2023-03-06T09:00:00
[[step]]
as = "practitioner@HLT"
start = "concern_raised"
with = { child_initials = "T.M." }
[[step]]
as = "manager@HLT"
do = "discuss_with_manager"
[[step]]
as = "board_rep@HLT"
do = "discuss_with_board_rep"
with = { agreed = "yes" }
[[step]]
as = "referrer@HLT"
do = "referral"
with = { child_name = "Tamsin Marlow", what_happened = "*Stars* and\\n# marks" }
"""
RETURNED = REFERRED + """
[[step]]
as = "agency_checker@HLT"
do = "agency_check"
with = { result = "return", comments = "Say when." }
"""


@pytest.fixture(scope="session")
def review() -> Pack:
    return read_pack(Path(__file__).parents[2] / "bpmn/serious-case-review")


@pytest.fixture
def played(settings: Settings, review: Pack, tmp_path: Path) -> Any:
    @contextmanager
    def play(story: str) -> Iterator[Stage]:
        scenario = read_scenario(tmp_path / "story.toml", settings.board.timezone, story)
        database = thrown_away(str(tmp_path), "story")
        stage = Stage(Engine(settings, database, SetClock(scenario.clock)), review, scenario, actions.release_pack)
        assert stage.play().failures == []
        yield stage
        database.close()
    return play


def page(stage: Stage, who: str) -> TaskPage:
    """The first task someone is offered, as they see it."""
    actor = stage.cast.actor(who)
    found: TaskPage = stage.engine.ask(actor, queries.task_page, task=stage.engine.ask(actor, queries.home).team[0].id)
    return found


def words(page: TaskPage) -> str:
    def inside(rows: Iterable[Any]) -> str:
        return " ".join(f"{row.text or ''} {inside(row.rows or ())}" for row in rows)
    return " ".join(inside(paper.rows) for paper in page.papers)


def test_a_checker_reads_the_referral_she_judges(played):
    with played(REFERRED) as stage:
        seen = page(stage, "agency_checker@HLT")

        assert [paper.title for paper in seen.papers] == ["Write the referral"]
        assert "Tamsin Marlow" in words(seen)


def test_a_referral_begins_with_the_initials_of_the_concern(played):
    with played(REFERRED.partition('[[step]]\nas = "referrer@HLT"')[0]) as stage:
        assert page(stage, "referrer@HLT").values["child_initials"] == "T.M."


def test_a_returned_referral_opens_with_what_was_written_and_a_returned_check_afresh(played):
    with played(RETURNED) as stage:
        assert page(stage, "referrer@HLT").values["child_name"] == "Tamsin Marlow"

        task = stage.engine.ask(stage.cast.actor("referrer@HLT"), queries.home).team[0].id
        again = stage.engine.ask(stage.cast.actor("referrer@HLT"), queries.task_page, task=task)
        stage.engine.perform(stage.cast.actor("referrer@HLT"), actions.submit_task, task=task,
                             answers=again.form.sample(again.names, stage.engine.now(), dict(again.values)))
        assert page(stage, "agency_checker@HLT").values["result"] is None


def test_a_manager_hands_over_a_task_she_may_not_do(played):
    with played(REFERRED) as stage:
        manager = stage.cast.actor("business_manager")
        task = stage.engine.ask(stage.cast.actor("agency_checker@HLT"), queries.home).team[0].id

        seen = stage.engine.ask(manager, queries.task_page, task=task)
        assert seen.barred
        assert not seen.can_claim
        assert seen.can_hand_over
        assert seen.papers == []
        with pytest.raises((NotAllowed, NotFound)):
            stage.engine.perform(manager, actions.submit_task, task=task, answers={})

        checker = stage.cast.person("agency_checker@HLT")
        stage.engine.perform(manager, actions.hand_over_task, task=task, to=checker)
        assert stage.engine.ask(manager, queries.task_page, task=task).claimed_by == checker


def test_a_board_member_sees_in_the_list_where_a_case_stands_and_no_more(played):
    with played(REFERRED) as stage:
        member = stage.cast.actor("board_member")

        (row,) = stage.engine.ask(member, queries.all_cases).rows
        assert row.stage_title == "Referral"
        assert not row.can_open
        with pytest.raises(NotFound):
            stage.engine.ask(member, queries.case_page, reference=row.reference)


def test_a_picture_marks_only_where_this_case_is(played):
    with played(REFERRED) as stage:
        drawn = stage.engine.ask(stage.cast.actor("business_manager"), queries.diagram, reference="SCR-2023-001")

        assert {element for element, mark in drawn.marks.items() if mark.now} == {"referring"}
        assert drawn.calls["referring"].name
