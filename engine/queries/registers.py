"""The rows of a register, as one person may see them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.store import tables as t

if TYPE_CHECKING:
    from engine.look import Look


@dataclass(frozen=True)
class RegisterPage:
    """A register of a case: its title and its rows."""

    title: str
    rows: list[dict[str, Any]]


def register_page(look: Look, reference: str, register: str) -> RegisterPage:
    """The whole register, for those it is visible to."""
    case = look.case(reference)
    known = case.pack.registers.get(register)
    if known is None or not (look.actor.roles(case.id).intersection(known.visible_to) if known.visible_to else look.actor.may("see_answers", case.id)):
        raise NotFound
    r = t.register_rows
    rows = look.db.execute(sa.select(r.c.id, r.c.number, r.c.row).where(r.c.case_id == case.id, r.c.register == register).order_by(r.c.number))
    look.shows(case.id, f"register {register}")
    return RegisterPage(known.title, [{"number": row.number} | case.open(row.row, "register_rows", row.id) for row in rows])
