"""What this program writes about itself: one line of JSON for each thing worth noting, on standard error.

Never a word of any case. An error is told by its kind and where it happened: its own text may hold what someone typed."""
from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from types import TracebackType

    from structlog.typing import EventDict, Processor

#: Libraries that talk a lot, or tell what they handle.
QUIET = ("alembic", "apscheduler", "sqlalchemy", "waitress", "werkzeug")


def set_up_logs() -> None:
    """From now on every line is JSON: ours and those of libraries."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _only_the_place]
    structlog.configure(processors=[*shared, structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()]))
    logging.basicConfig(level=logging.WARNING, handlers=[to_stderr], force=True)
    logging.captureWarnings(True)
    logging.getLogger("casereview").setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _only_the_place(_logger: Any, _name: str, line: EventDict) -> EventDict:
    """Instead of a traceback: the kinds of the errors, and the places in our own code."""
    problem = line.pop("exc_info", None)
    if problem is True:
        problem = sys.exc_info()[1]
    elif isinstance(problem, tuple):
        problem = problem[1]
    if isinstance(problem, BaseException):
        kinds: list[str] = []
        cause: BaseException | None = problem
        while cause is not None and len(kinds) < 5:
            kinds.append(type(cause).__name__)
            cause = cause.__cause__
        line.update(error=" from ".join(kinds), at=places(problem.__traceback__))
    return line


def places(trace: TracebackType | None) -> list[str]:
    """The last steps of a traceback, as file and line; no values."""
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-6:]]
