"""What a role of an agency reads in a register: the rows of its own agency, and those that are for all by then."""
from __future__ import annotations

import pytest

from tests.canaries.board import Populated
from tests.canaries.watched import WhoseRows

pytestmark = pytest.mark.xdist_group("canaries")


def test_an_author_reads_the_merged_chronology_when_it_has_been_checked(board: Populated, whose_rows: WhoseRows) -> None:
    assert whose_rows.read["before: imr_author@CSC, chronology"] == {"CSC"}
    assert whose_rows.read["before: petra, chronology"] == {"CSC", "POL"}
    assert whose_rows.read["after: imr_author@CSC, chronology"] == {"CSC", "POL"}


def test_an_agency_reads_what_it_contributes_itself(board: Populated, whose_rows: WhoseRows) -> None:
    assert whose_rows.read["before: board_rep@CSC, contributions"] == {"CSC"}
    assert whose_rows.read["before: board_rep@POL, authors"] == {"POL"}
    assert whose_rows.read["before: business_manager, contributions"] == {"CSC", "POL"}
