"""Which stage an element belongs to, on the product's own pack: what people did is told under it."""
from __future__ import annotations

import pytest

from engine.packs import read_pack
from tests.makers import ROOT


@pytest.fixture(scope="module")
def stages():
    return read_pack(ROOT / "bpmn/serious-case-review").stages_of


def test_a_start_belongs_to_the_stage_it_leads_to(stages):
    assert stages["concern_raised"] == ("concern",)
    assert stages["cdop_referral"] == ("referral",)


def test_a_step_of_a_called_process_belongs_to_the_stage_that_calls_it(stages):
    assert stages["write_chronology"] == ("contributions",)
    assert stages["publish_report"] == ("publication",)


def test_what_is_called_from_two_stages_belongs_to_both_in_their_order(stages):
    assert stages["update_action"] == ("alternative", "learning")


def test_what_can_come_at_any_time_belongs_to_none(stages):
    assert "place_hold" not in stages
    assert "new_facts" not in stages
