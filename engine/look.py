"""What a query is handed: a reading transaction, who asks, and the moment."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import NotFound
from engine.store import tables as t
from engine.store.seen import sees_case
from engine.work import Case, case_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from engine.releases import Shelf
    from engine.rules.access import Actor
    from engine.settings import Settings
    from engine.store.chain import Chain
    from engine.store.sealing import Vault


_CASE = sa.select(t.cases).where(t.cases.c.id == sa.bindparam("case"))


@dataclass
class Look:
    """One consistent picture for one actor."""

    db: sa.Connection
    actor: Actor
    now: datetime  # in the board's own zone
    settings: Settings
    vault: Vault
    chain: Chain
    shelf: Shelf
    viewed: list[tuple[str | None, str]] = field(default_factory=list)
    holding: str | None = None  # the case being looked at

    @property
    def today(self) -> date:
        """The board's local date."""
        return self.now.date()

    def case(self, reference: str) -> Case:
        """A case this person may see, by its reference."""
        row = self.db.execute(sa.select(t.cases).where(t.cases.c.reference == reference, sees_case(self.actor))).one_or_none()
        return self._opened(row)

    def case_by_id(self, case: str) -> Case:
        """A case by its id, for whoever has already been found to have business with it."""
        row = self.db.execute(_CASE, {"case": case}).one_or_none()
        return self._opened(row)

    def _opened(self, row: Any) -> Case:
        if row is None:
            raise NotFound
        self.holding = row.id
        return case_of(row, self.vault, self.shelf.pack(self.db, row.release), self.shelf.program(self.db, row.release))

    def shows(self, case: str | None, page: str) -> None:
        """Content of this case, or the trail of a person, is being shown: it will stand on the trail."""
        self.viewed.append((case, page))


def sees_all_of(look: Look, case: str) -> bool:
    """Whether this person, in a case they may see, sees more than their own part of it."""
    return look.actor.may("see_all_cases") or look.actor.may("see_answers", case)
