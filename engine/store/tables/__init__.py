"""Every table, with the invariants the database itself holds.

Columns that hold what people wrote about a case are `sealed` (see `store.sealing`): nothing here can be read without the case's key.
Plain columns hold ids, names of steps, moments and states only."""
from __future__ import annotations

from engine.store.tables.approvals import approvals
from engine.store.tables.base import metadata
from engine.store.tables.cases import cases, counters, passed, releases, steps
from engine.store.tables.moments import deadlines, outbox, timers
from engine.store.tables.people import agencies, deputies, holdings, people, sessions
from engine.store.tables.published import published, published_files
from engine.store.tables.trail import incidents, trail
from engine.store.tables.work import corrections, documents, drafts, offers, readings, register_rows, submissions, tasks, unsettled

__all__ = [
    "agencies",
    "approvals",
    "cases",
    "corrections",
    "counters",
    "deadlines",
    "deputies",
    "documents",
    "drafts",
    "holdings",
    "incidents",
    "metadata",
    "offers",
    "outbox",
    "passed",
    "people",
    "published",
    "published_files",
    "readings",
    "register_rows",
    "releases",
    "sessions",
    "steps",
    "submissions",
    "tasks",
    "timers",
    "trail",
    "unsettled",
]
