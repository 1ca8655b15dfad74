"""What people are asked and what they answered."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case, states

tasks = sa.Table(
    "tasks", metadata,
    id_column(),
    of_case(),
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
    states("state", "open", "done", "cancelled"),
    sa.CheckConstraint("(state = 'done') = (done_by is not null and done_at is not null)", name="done"),
    sa.Index("ix_tasks_case", "case_id", "state"),
)

#: Who may do a task: a holder is “role”, “role@AGENCY”, “role#case” or “role@AGENCY#case” (rules.access).
offers = sa.Table(
    "offers", metadata,
    sa.Column("task", sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("holder", sa.String(120), primary_key=True),
    of_case(),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("due", sa.Date),
    sa.Column("offered_at", Moment, nullable=False),
    sa.Index("ix_offers_open", "holder", "open", "due", "offered_at"),
    sa.Index("ix_offers_case", "case_id", "holder"),
)

#: Answers given: to a task, a start form or a case action.
submissions = sa.Table(
    "submissions", metadata,
    id_column(),
    of_case(),
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
    id_column(),
    of_case(),
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
    id_column(),
    of_case(),
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
    states("kind", "choice", "table", "script", "when", "from", "on", "ended"),
    sa.UniqueConstraint("case_id", "version", "place"),
)

#: What a corrected answer would have decided otherwise, until a person has settled it. Ids of elements and deadlines only.
unsettled = sa.Table(
    "unsettled", metadata,
    id_column(),
    of_case(),
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
    states("kind", "choice", "table", "runs", "timer"),
    sa.CheckConstraint("(settled_at is null) = (settled_by is null) and (settled_at is null) = (note is null)", name="settled"),
    sa.Index("ix_unsettled_case", "case_id", "settled_at"),
    sa.Index("ix_unsettled_open", "at", sqlite_where=sa.text("settled_at is null"), postgresql_where=sa.text("settled_at is null")),
)

drafts = sa.Table(
    "drafts", metadata,
    id_column(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("place", sa.String(200), nullable=False),  # progress.drafts.DraftPlace
    of_case(nullable=True),
    sa.Column("key", sa.LargeBinary),  # of its own, while there is no case yet
    sa.Column("at", Moment, nullable=False),
    sa.Column("answers", sa.LargeBinary, nullable=False),  # sealed
    sa.UniqueConstraint("person", "place"),
)

#: What outlives the step that wrote it, row by row: a row is merged and sealed again when it changes.
register_rows = sa.Table(
    "register_rows", metadata,
    id_column(),
    of_case(),
    sa.Column("register", sa.String(60), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("submission", sa.ForeignKey("submissions.id")),  # the last that wrote it; null: a step did
    sa.Column("row", sa.LargeBinary, nullable=False),  # sealed
    sa.UniqueConstraint("case_id", "register", "number"),
)

#: Files of a case: handed in with an answer, or made by a step from a text of the pack.
documents = sa.Table(
    "documents", metadata,
    id_column(),
    of_case(),
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
