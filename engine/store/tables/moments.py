"""What happens of itself: clocks, timers, and mails that wait to leave."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case, states

#: One row a clock.
deadlines = sa.Table(
    "deadlines", metadata,
    id_column(),
    of_case(),
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
    states("state", "running", "met", "breached", "cancelled"),
    sa.UniqueConstraint("case_id", "name", "item", "nth"),
    sa.Index("ix_deadlines_state", "state", "due"),
)

#: Everything that will happen of itself. The alarm clock asks for the first of these, and nothing else.
timers = sa.Table(
    "timers", metadata,
    id_column(),
    of_case(),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("deadline", sa.ForeignKey("deadlines.id")),
    sa.Column("event", sa.String(32)),  # the waiting event of the process, for a timer that no deadline owns
    sa.Column("roles", sa.String(300)),
    sa.Column("fired_at", Moment),
    states("kind", "remind", "breach", "chase", "escalate", "event"),
    sa.Index("ix_timers_waiting", "due_at", sqlite_where=sa.text("fired_at is null"), postgresql_where=sa.text("fired_at is null")),
    sa.Index("ix_timers_case", "case_id", "deadline"),
)

#: What leaves the house, written in the transaction that caused it and sent after.
outbox = sa.Table(
    "outbox", metadata,
    id_column(),
    of_case(nullable=True),
    sa.Column("message", sa.String(60), nullable=False),
    sa.Column("person", sa.ForeignKey("people.id")),  # null: to an address of the settings, which stands in the mail
    sa.Column("queued_at", Moment, nullable=False),
    sa.Column("mail", sa.LargeBinary, nullable=False),  # sealed: subject and body
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", Moment),  # null: sent, or given up
    sa.Column("sent_at", Moment),
    sa.Index("ix_outbox_waiting", "next_at"),
)
