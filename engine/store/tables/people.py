"""Who there is, what they hold, and that they are signed in."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, of_case

agencies = sa.Table(
    "agencies", metadata,
    sa.Column("key", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("member", sa.Boolean, nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
)

people = sa.Table(
    "people", metadata,
    id_column(),
    sa.Column("login", sa.String(200), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(200), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    sa.Column("password", sa.String(200)),
    sa.Column("password_mark", sa.String(64)),  # made with the master key, over the password's digest and whose it is
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("guest", sa.Boolean, nullable=False, server_default=sa.false()),  # the account ends with the last case it has a role in
    sa.Column("ends_on", sa.Date),  # the account's last day
)

#: Who holds which role: everywhere, at one agency, or in one case.
holdings = sa.Table(
    "holdings", metadata,
    id_column(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("role", sa.String(60), nullable=False),
    sa.Column("agency", sa.ForeignKey("agencies.key")),
    of_case(nullable=True),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment),
    sa.Column("given_with", sa.ForeignKey("approvals.id")),  # null: by an answer of the process, or on the machine itself
    sa.Column("taken_with", sa.ForeignKey("approvals.id")),
    sa.Index("ix_holdings_role", "role", "agency"),
)

#: Who stands in for whom in a role, on which days of the board. A row is never removed: what was done as deputy stays explained.
deputies = sa.Table(
    "deputies", metadata,
    id_column(),
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
