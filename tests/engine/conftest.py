"""A board for each test: on SQLite, or on both databases where that may matter."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.makers import Board, board, filled


@pytest.fixture
def office(make_database, tmp_path) -> Iterator[Board]:
    """A board on SQLite."""
    made = board(make_database("sqlite", filled), tmp_path)
    yield made
    made.engine.close()


@pytest.fixture
def both(make_database, database_kind, tmp_path) -> Iterator[Board]:
    """A board on SQLite, and again on PostgreSQL."""
    made = board(make_database(database_kind, filled), tmp_path)
    yield made
    made.engine.close()
