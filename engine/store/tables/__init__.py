"""Every table, with the invariants the database itself holds.

Columns that hold what people wrote about a case are `sealed` (see `store.sealing`): nothing here can be read without the case's key.
Plain columns hold ids, names of steps, moments and states only."""
from __future__ import annotations

from engine.store.tables.approvals import approvals
from engine.store.tables.base import metadata
from engine.store.tables.cases import cases, counters, passed, releases, steps
from engine.store.tables.identities import identities
from engine.store.tables.keeping import legal_holds
from engine.store.tables.moments import deadlines, outbox, timers
from engine.store.tables.people import agencies, deputies, holdings, people
from engine.store.tables.published import published, published_files
from engine.store.tables.sign_in import factors, links, recovery_codes, sessions, spent_challenges
from engine.store.tables.trail import heads, incidents, trail
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
    "factors",
    "heads",
    "holdings",
    "identities",
    "incidents",
    "legal_holds",
    "links",
    "metadata",
    "offers",
    "outbox",
    "passed",
    "people",
    "published",
    "published_files",
    "readings",
    "recovery_codes",
    "register_rows",
    "releases",
    "sessions",
    "spent_challenges",
    "steps",
    "submissions",
    "tasks",
    "timers",
    "trail",
    "unsettled",
]
