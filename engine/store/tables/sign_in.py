"""That people are signed in, with what they show who they are, and the links that let them in."""
from __future__ import annotations

import sqlalchemy as sa

from engine.store.moments import Moment
from engine.store.tables.base import id_column, metadata, states

sessions = sa.Table(
    "sessions", metadata,
    id_column(),  # half of what the cookie holds; it stays when the other half, the secret, changes
    sa.Column("proof", sa.String(64), nullable=False),  # made with the master key, over the secret and all that lets somebody in; empty once it is over
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("proved_at", Moment),  # when the person last showed who they are
    sa.Column("needs", sa.String(10)),  # null: nothing more; else the password was right, and this is still wanted
    sa.Column("provider", sa.String(64), index=True),  # a digest of the session at the identity provider that it came from; null: from none
    sa.Column("browser", sa.String(60), nullable=False, server_default=""),  # in words, such as “Firefox on Windows”
    sa.Column("ended_at", Moment),
    sa.CheckConstraint("needs in ('factor', 'setup')", name="needs"),
)

#: Authenticator apps and passkeys.
factors = sa.Table(
    "factors", metadata,
    id_column(),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),  # sealed, with the key of the house: so nobody adds one by writing a row
    sa.Column("credential", sa.String(64), unique=True),  # of a passkey: the digest of its id
    sa.Column("counter", sa.BigInteger, nullable=False),  # the last time step whose code was accepted, or a passkey's count: it never goes back
    sa.Column("added_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    states("kind", "codes", "passkey"),
    sa.CheckConstraint("(kind = 'passkey') = (credential is not null)", name="credential"),
)

#: One-time codes for the day on which the rest is lost. A row is gone once it was used.
recovery_codes = sa.Table(
    "recovery_codes", metadata,
    sa.Column("person", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("made_at", Moment, nullable=False),
)

#: What a passkey has signed once, kept until it would be too old anyway.
spent_challenges = sa.Table(
    "spent_challenges", metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("until", Moment, nullable=False, index=True),
)

#: One-time links by which somebody chooses a password.
links = sa.Table(
    "links", metadata,
    id_column(),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("person", sa.ForeignKey("people.id"), nullable=False, index=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("made_by", sa.ForeignKey("people.id")),  # null: on the machine itself
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("address", sa.String(64), nullable=False, server_default=""),  # made with the master key, over the e-mail address it went to
    sa.Column("ended_at", Moment),
    sa.Column("ending", sa.String(10)),
    states("kind", "invitation", "reset"),
    states("ending", "used", "withdrawn", "replaced"),
    sa.CheckConstraint("(ended_at is null) = (ending is null)", name="ended"),
)
