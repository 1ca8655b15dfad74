"""Every table, with the invariants the database itself holds.

Columns that hold what people wrote about a case are `sealed` (see `store.sealing`): nothing here can be read without the case's key.
Plain columns hold ids, names of steps, moments and states only."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(32), primary_key=True)


def _of_case(**options: bool) -> sa.Column[str]:
    return sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=options.get("nullable", False), primary_key=options.get("primary_key", False))


def _states(column: str, *words: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} in ({', '.join(repr(word) for word in words)})", name=column)


# ---- people ---------------------------------------------------------------------------------------------------

agencies = sa.Table(
    "agencies", metadata,
    sa.Column("key", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("member", sa.Boolean, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
)

people = sa.Table(
    "people", metadata,
    _id(),
    sa.Column("login", sa.String(200), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(200), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    sa.Column("password", sa.String(200)),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", Moment, nullable=False),
)

#: Who holds which role: everywhere, at one agency, or in one case.
holdings = sa.Table(
    "holdings", metadata,
    _id(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("role", sa.String(60), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    _of_case(nullable=True),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment),
    sa.Index("ix_holdings_role", "role", "agency"),
)

#: Who stands in for whom in a role, on which days of the board. A row is never removed: what was done as deputy stays explained.
deputies = sa.Table(
    "deputies", metadata,
    _id(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),  # whose role it is
    sa.Column("role", sa.String(60), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    sa.Column("deputy", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),  # the last day
    sa.Column("reason", sa.LargeBinary, nullable=False),  # sealed, with the key of the house
    sa.Column("named_at", Moment, nullable=False),
    sa.Column("named_by", sa.ForeignKey("people.id")),  # null: the system itself
    sa.Column("ended_at", Moment),
    sa.Column("ended_by", sa.ForeignKey("people.id")),  # null: the period was over
    sa.CheckConstraint("since <= until", name="days"),
    sa.CheckConstraint("person <> deputy", name="another"),
    sa.CheckConstraint("ended_by is null or ended_at is not null", name="ended"),
    sa.Index("ix_deputies_open", "until", sqlite_where=sa.text("ended_at is null"), postgresql_where=sa.text("ended_at is null")),
)

sessions = sa.Table(
    "sessions", metadata,
    sa.Column("token", sa.String(64), primary_key=True),  # a digest: the cookie's own token is nowhere in the database
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
)

# ---- packs and cases ------------------------------------------------------------------------------------------

releases = sa.Table(
    "releases", metadata,
    _id(),
    sa.Column("pack", sa.String(100), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("files", sa.LargeBinary, nullable=False),  # every file of the pack, byte for byte
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("released_at", Moment, nullable=False),
    sa.Column("released_by", sa.String(32)),
    sa.UniqueConstraint("pack", "number"),
)

counters = sa.Table(
    "counters", metadata,
    sa.Column("series", sa.String(100), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

cases = sa.Table(
    "cases", metadata,
    _id(),
    sa.Column("reference", sa.String(40), nullable=False, unique=True),
    sa.Column("release", sa.ForeignKey("releases.id"), nullable=False),
    sa.Column("key", sa.LargeBinary),  # the case's own key, wrapped; destroying it erases the case
    sa.Column("start", sa.String(100), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("started_by", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("stage", sa.String(60)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("outcome", sa.String(20)),
    sa.Column("ended_at", Moment),
    sa.CheckConstraint("outcome is null or ended_at is not null", name="outcome"),
    # For lists, last changed first. PostgreSQL reads an index in order only if what comes before is equal, and null is equal to nothing.
    sa.Index("ix_cases_open", "changed_at", "id", sqlite_where=sa.text("ended_at is null"), postgresql_where=sa.text("ended_at is null")),
    sa.Index("ix_cases_changed", "changed_at", "id"),
)

#: One row a step, never updated: the saved process. Its key is the optimistic lock.
steps = sa.Table(
    "steps", metadata,
    _of_case(primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("release", sa.ForeignKey("releases.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(32)),
    sa.Column("verb", sa.String(40), nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),  # sealed
)

#: What the process went through, element by element: the picture's “done”, and what figures are reckoned from.
passed = sa.Table(
    "passed", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _of_case(),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("element", sa.String(100), nullable=False),
    sa.Column("item", sa.String(200)),
    sa.Column("at", Moment, nullable=False),
    sa.Index("ix_passed_case", "case_id", "element"),
)

# ---- work -----------------------------------------------------------------------------------------------------

tasks = sa.Table(
    "tasks", metadata,
    _id(),
    _of_case(),
    sa.Column("element", sa.String(100), nullable=False),
    sa.Column("process", sa.String(100), nullable=False),
    sa.Column("item", sa.String(200)),
    sa.Column("agency", sa.String(16)),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("offered_at", Moment, nullable=False),
    sa.Column("due", sa.Date),
    sa.Column("claimed_by", sa.ForeignKey("people.id"), index=True),
    sa.Column("done_at", Moment),
    sa.Column("done_by", sa.ForeignKey("people.id")),
    _states("state", "open", "done", "cancelled"),
    sa.CheckConstraint("(state = 'done') = (done_by is not null and done_at is not null)", name="done"),
    sa.Index("ix_tasks_case", "case_id", "state"),
)

#: Who may do a task: a holder is “role”, “role@AGENCY”, “role#case” or “role@AGENCY#case” (rules.access).
offers = sa.Table(
    "offers", metadata,
    sa.Column("task", sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("holder", sa.String(120), primary_key=True),
    _of_case(),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("due", sa.Date),
    sa.Column("offered_at", Moment, nullable=False),
    sa.Index("ix_offers_open", "holder", "open", "due", "offered_at"),
    sa.Index("ix_offers_case", "case_id", "holder"),
)

#: Answers given: to a task, a start form or a case action.
submissions = sa.Table(
    "submissions", metadata,
    _id(),
    _of_case(),
    sa.Column("element", sa.String(100), nullable=False),
    sa.Column("item", sa.String(200)),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("task", sa.ForeignKey("tasks.id")),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("deputy_of", sa.ForeignKey("people.id")),  # in whose place
    sa.Column("answers", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("reason", sa.LargeBinary),  # sealed: why a check was passed all the same
    sa.Column("seen", sa.LargeBinary),  # sealed: the process's variables that its form, checks and output mapping read
    sa.Index("ix_submissions_case", "case_id", "element", "round"),
)

#: Answers put right: what they were before. The submission always holds what is right now.
corrections = sa.Table(
    "corrections", metadata,
    _id(),
    _of_case(),
    sa.Column("submission", sa.ForeignKey("submissions.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the last step that was taken with the answer as it was
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("before", sa.LargeBinary, nullable=False),  # sealed: the answers, and the reason a check asked for
    sa.Column("reason", sa.LargeBinary, nullable=False),  # sealed: why it was corrected
    sa.UniqueConstraint("submission", "number"),
    sa.Index("ix_corrections_case", "case_id", "submission"),
)

#: What a gateway, a table, a script or a deadline read of the process when it was its turn: so that a correction can ask it again.
readings = sa.Table(
    "readings", metadata,
    _id(),
    _of_case(),
    sa.Column("version", sa.Integer, nullable=False),  # of the step, and the place in it
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),  # of the element or the deadline
    sa.Column("clock", sa.ForeignKey("deadlines.id")),
    sa.Column("element", sa.String(100), nullable=False),
    sa.Column("process", sa.String(100), nullable=False),
    sa.Column("item", sa.String(200)),
    sa.Column("agency", sa.String(16)),
    sa.Column("seen", sa.LargeBinary, nullable=False),  # sealed: variables by name
    _states("kind", "choice", "table", "script", "when", "from", "on", "ended"),
    sa.UniqueConstraint("case_id", "version", "place"),
)

#: What a corrected answer would have decided otherwise, until a person has settled it. Ids of elements and deadlines only.
unsettled = sa.Table(
    "unsettled", metadata,
    _id(),
    _of_case(),
    sa.Column("correction", sa.ForeignKey("corrections.id"), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),  # of the gateway, rule task, deadline or timer event
    sa.Column("item", sa.String(200)),
    sa.Column("was", sa.JSON, nullable=False),  # ids of the arrows taken
    sa.Column("would", sa.JSON, nullable=False),  # ids of those that would have been
    sa.Column("at", Moment, nullable=False),
    sa.Column("settled_at", Moment),
    sa.Column("settled_by", sa.ForeignKey("people.id")),
    sa.Column("note", sa.LargeBinary),  # sealed: what was done about it
    _states("kind", "choice", "table", "runs", "timer"),
    sa.CheckConstraint("(settled_at is null) = (settled_by is null) and (settled_at is null) = (note is null)", name="settled"),
    sa.Index("ix_unsettled_case", "case_id", "settled_at"),
    sa.Index("ix_unsettled_open", "at", sqlite_where=sa.text("settled_at is null"), postgresql_where=sa.text("settled_at is null")),
)

drafts = sa.Table(
    "drafts", metadata,
    _id(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("place", sa.String(200), nullable=False),  # “task <id>”, “start <pack> <element>” or “action <case> <element>”
    _of_case(nullable=True),
    sa.Column("key", sa.LargeBinary),  # of its own, while there is no case yet
    sa.Column("at", Moment, nullable=False),
    sa.Column("answers", sa.LargeBinary, nullable=False),  # sealed
    sa.UniqueConstraint("person", "place"),
)

#: What outlives the step that wrote it, row by row: a row is merged and sealed again when it changes.
register_rows = sa.Table(
    "register_rows", metadata,
    _id(),
    _of_case(),
    sa.Column("register", sa.String(60), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("submission", sa.ForeignKey("submissions.id")),  # the last that wrote it; null: a step did
    sa.Column("row", sa.LargeBinary, nullable=False),  # sealed
    sa.UniqueConstraint("case_id", "register", "number"),
)

#: Files of a case: handed in with an answer, or made by a step from a text of the pack.
documents = sa.Table(
    "documents", metadata,
    _id(),
    _of_case(),
    sa.Column("element", sa.String(100), nullable=False),
    sa.Column("field", sa.String(100), nullable=False),  # the question it answers, or the id of the text it was made from
    sa.Column("item", sa.String(200)),
    sa.Column("agency", sa.ForeignKey("agencies.key")),  # whose it is, of one made for each agency
    sa.Column("task", sa.ForeignKey("tasks.id")),
    sa.Column("kind", sa.String(100), nullable=False),  # media type
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.ForeignKey("people.id")),  # who handed it in
    sa.Column("name", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("content", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("digest", sa.LargeBinary),  # sealed
    sa.Column("made_from", sa.JSON(none_as_null=True)),  # ids of the elements whose answers it tells; null: it was handed in
    sa.Column("out_of_date_since", Moment),  # when one of those answers was corrected
    sa.CheckConstraint("(made_from is null) = (by is not null)", name="by"),
    sa.Index("ix_documents_case", "case_id", "field"),
)

# ---- moments --------------------------------------------------------------------------------------------------

#: One row a clock.
deadlines = sa.Table(
    "deadlines", metadata,
    _id(),
    _of_case(),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("item", sa.String(200), nullable=False, server_default=""),
    sa.Column("nth", sa.Integer, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("counted_from", sa.Date, nullable=False),
    sa.Column("due", sa.Date, nullable=False),
    sa.Column("breach_at", Moment, nullable=False),  # the first moment of the next local day
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("breached_at", Moment),
    sa.Column("ended_at", Moment),
    sa.Column("ended_on", sa.Date),
    sa.Column("ended_by", sa.String(100)),  # the element that ended or cancelled it, or “registers.<id>”: its row said so
    sa.Column("told", sa.JSON, nullable=False),  # the timer events, with their items, that have already carried its moment into the diagram
    _states("state", "running", "met", "breached", "cancelled"),
    sa.UniqueConstraint("case_id", "name", "item", "nth"),
    sa.Index("ix_deadlines_state", "state", "due"),
)

#: Everything that will happen of itself. The alarm clock asks for the first of these, and nothing else.
timers = sa.Table(
    "timers", metadata,
    _id(),
    _of_case(),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("deadline", sa.ForeignKey("deadlines.id")),
    sa.Column("event", sa.String(32)),  # the waiting event of the process, for a timer that no deadline owns
    sa.Column("roles", sa.String(300)),
    sa.Column("fired_at", Moment),
    _states("kind", "remind", "breach", "chase", "escalate", "event"),
    sa.Index("ix_timers_waiting", "due_at", sqlite_where=sa.text("fired_at is null"), postgresql_where=sa.text("fired_at is null")),
    sa.Index("ix_timers_case", "case_id", "deadline"),
)

#: What leaves the house, written in the transaction that caused it and sent after.
outbox = sa.Table(
    "outbox", metadata,
    _id(),
    _of_case(nullable=True),
    sa.Column("message", sa.String(60), nullable=False),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("queued_at", Moment, nullable=False),
    sa.Column("mail", sa.LargeBinary, nullable=False),  # sealed: subject and body
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", Moment),  # null: sent, or given up
    sa.Column("sent_at", Moment),
    sa.Index("ix_outbox_waiting", "next_at"),
)

# ---- what the public sees -------------------------------------------------------------------------------------

#: What was published: not sealed, for anyone may read it, and known by its public reference only.
published = sa.Table(
    "published", metadata,
    sa.Column("reference", sa.String(40), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("published_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("taken_down_at", Moment),
    sa.Column("reason", sa.Text),  # for taking it down
    sa.CheckConstraint("(taken_down_at is null) = (reason is null)", name="reason"),
)

published_files = sa.Table(
    "published_files", metadata,
    sa.Column("reference", sa.ForeignKey("published.reference"), primary_key=True),
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("file_name", sa.String(300), nullable=False),
    sa.Column("kind", sa.String(100), nullable=False),  # media type
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary),  # null: it was taken down
)

# ---- what happened --------------------------------------------------------------------------------------------

trail = sa.Table(
    "trail", metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(32)),  # null: the system itself
    _of_case(nullable=True),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Index("ix_trail_case", "case_id", "id"),
    sa.Index("ix_trail_event", "event", "at"),
)

incidents = sa.Table(
    "incidents", metadata,
    _id(),
    _of_case(nullable=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("element", sa.String(100)),
    sa.Column("says", sa.Text, nullable=False),  # the rule and the place that failed; never an answer
    sa.Column("mended_at", Moment),
    sa.Index("ix_incidents_open", "mended_at", "at"),
)
