"""What all tables share: one metadata, names of constraints, and the columns that many of them have."""
from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column(name: str = "id") -> sa.Column[str]:
    """A primary key that tells nothing (`database.new_id`)."""
    return sa.Column(name, sa.String(32), primary_key=True)


def of_case(**options: bool) -> sa.Column[str]:
    """Whose row it is."""
    return sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=options.get("nullable", False), primary_key=options.get("primary_key", False))


def states(column: str, *words: str) -> sa.CheckConstraint:
    """Only these words may stand in the column."""
    return sa.CheckConstraint(f"{column} in ({', '.join(repr(word) for word in words)})", name=column)
