"""Sessions, passwords and expected sign-ins that nobody makes without the master key; letting somebody in again as something that takes two people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from engine.settings import BadSettings
from engine.store.accounts import password_mark
from engine.store.keys import wrong_key

revision = "0012"
down_revision = "0011"

KINDS = ("release", "role_given", "role_taken", "account_made", "account_opened", "guest_made", "case_erased", "let_in_again")


def upgrade() -> None:
    """Every session ends: nothing that was kept of the old ones says whose they are to somebody with the key. People sign in again.

    Passwords that there are get their mark. Who was expected with the identity provider, or was invited and has not come yet, comes in by the link, or is
    expected anew: by whom it was said cannot be told afterwards."""
    op.execute(sa.text("delete from sessions"))
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("pk_sessions"), type_="primary")
        batch_op.drop_constraint(batch_op.f("uq_sessions_id"), type_="unique")
        batch_op.drop_column("token")
        batch_op.add_column(sa.Column("proof", sa.String(length=64), nullable=False))
        batch_op.add_column(sa.Column("provider", sa.String(length=64), nullable=True))
        batch_op.create_primary_key(batch_op.f("pk_sessions"), ["id"])
    op.create_index(op.f("ix_sessions_provider"), "sessions", ["provider"])
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password_mark", sa.String(length=64), nullable=True))
    _mark_passwords()
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=64), nullable=False, server_default=""))
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_identities_bound"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_identities_bound"), "(subject is null) = (bound_at is null) and (subject is null or proof is not null)")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_approvals_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_approvals_kind"), f"kind in ({', '.join(map(repr, KINDS))})")


def _mark_passwords() -> None:
    people = sa.table("people", sa.column("id"), sa.column("password"), sa.column("password_mark"))
    db = op.get_bind()
    rows = db.execute(sa.select(people.c.id, people.c.password).where(people.c.password.is_not(None))).all()
    vault = context.config.attributes.get("vault")
    if not rows:
        return
    if vault is None:
        message = "there are passwords in this database, and they can be marked with the master key alone"
        raise ValueError(message)
    if says := wrong_key(db, vault):
        raise BadSettings([says])   # or nobody could come in any more once the right one is back
    for row in rows:
        db.execute(sa.update(people).where(people.c.id == row.id).values(password_mark=password_mark(vault, row.id, row.password)))
