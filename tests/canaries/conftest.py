"""One board full of canaries for all of these tests, and what is written about it meanwhile."""
from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tests.canaries.board import Populated, populate
from tests.canaries.watched import WhoseRows

pytestmark = pytest.mark.xdist_group("canaries")


class Lines(logging.Handler):
    """Every line of the log, with all that it was given."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        problem = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self.lines.append(repr({**vars(record), "exc_info": None}) + problem)

    def keep(self, _logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
        """The same for lines that structlog writes."""
        self.lines.append(repr({**event, "exc_info": None}))
        raise structlog.DropEvent


@pytest.fixture(scope="session")
def log_lines() -> Iterator[list[str]]:
    handler, before = Lines(), structlog.get_config()
    logging.getLogger().addHandler(handler)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, handler.keep])
    yield handler.lines
    logging.getLogger().removeHandler(handler)
    structlog.configure(**before)


@pytest.fixture(scope="session")
def whose_rows() -> WhoseRows:
    return WhoseRows()


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory, log_lines: list[str], whose_rows: WhoseRows) -> Iterator[Populated]:
    folder = tmp_path_factory.mktemp("canaries")
    found = populate(f"sqlite:///{folder}/canaries.sqlite", folder, watch=whose_rows)
    yield found
    found.engine.close()
