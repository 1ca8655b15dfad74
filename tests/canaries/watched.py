"""What people see in the middle of a story, while the board is made."""
from __future__ import annotations

from typing import Any

from engine.queries import case_page, register_page
from engine.rehearsal.play import Stage
from engine.rehearsal.scenario import Step

#: Two agencies write chronologies and reports; the Business Manager checks what was merged; the panel notes learning meanwhile.
STORY, STEP = "silp_joint_review_led_by_us", "review_merged_chronology"
ASKED = (("imr_author@CSC", "chronology"), ("petra", "chronology"), ("board_rep@CSC", "contributions"), ("board_rep@POL", "authors"),
         ("business_manager", "contributions"))


class WhoseRows:
    """Whose rows of a register each of these people reads, before the merged chronology has been checked and after."""

    def __init__(self) -> None:
        self.read: dict[str, set[Any]] = {}

    def __call__(self, stage: Stage, step: Step, when: str) -> None:
        if (stage.scenario.file.stem, step.name, step.refused) == (STORY, STEP, None) and step.deed is not None:
            for who, register in ASKED:
                self.read[f"{when}: {who}, {register}"] = _agencies_read(stage, who, register)


def _agencies_read(stage: Stage, who: str, register: str) -> set[Any]:
    """The case's page tells how many there are in the same words."""
    case = stage.cases[next(iter(stage.cases))]
    actor = stage.cast.actor(who, case)
    with stage.engine.database.reading() as db:
        look = stage.engine.look(db, actor)
        reference = look.case_by_id(case).reference
        rows = register_page(look, reference, register).rows
        told = next((row.rows for row in case_page(look, reference).registers if row.name == register), 0)
    assert told == len(rows)
    return {row["agency"] for row in rows}
