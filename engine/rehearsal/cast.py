"""The people of a rehearsal: those a scenario names, and one made for every role it uses."""
from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.actions import add_person
from engine.rehearsal.scenario import NotThere
from engine.rules.access import SYSTEM
from engine.store import tables as t

if TYPE_CHECKING:
    from engine import Actor, Engine
    from engine.packs import Pack
    from engine.rehearsal.scenario import Scenario


class Cast:
    """Who plays: a person's key, “role”, “role@AGENCY” or “role@AGENCY#2”."""

    def __init__(self, engine: Engine, pack: Pack, scenario: Scenario, agencies: list[str]) -> None:
        self.engine, self.pack, self.agencies = engine, pack, agencies
        self.ids: dict[str, str] = {}
        for key, row in scenario.people.items():
            roles = [str(role) for role in row.get("roles", [])]
            agency = row.get("agency") or next((role.partition("@")[2] for role in roles if "@" in role), None)
            self._add(key, str(row.get("name") or key.title()), agency, roles)

    def elsewhere(self, engine: Engine) -> Cast:
        """The same people, before another engine."""
        other = copy(self)
        other.engine, other.ids = engine, dict(self.ids)
        return other

    def person(self, who: str, case: str | None = None) -> str:
        """The id of the person meant; one is made for a role that nobody has yet."""
        if who in self.ids:
            return self.ids[who]
        role, _, agency = who.partition("#")[0].partition("@")
        known = self.pack.roles.get(role)
        if known is None:
            raise NotThere(f"Nobody is called “{who}”, and no role is.")
        if "case" in known.scope:
            return self._appointed(role, agency or None, case, who)
        if agency and agency not in self.agencies:
            raise NotThere(f"No agency is called {agency}; the agencies of this scenario are: {', '.join(self.agencies)}.")
        if known.scope == "agency" and not agency:
            return self._anyone(role, who)
        return self._add(who, f"{known.label}{f' ({agency})' if agency else ''}", agency or None, [f"{role}@{agency}" if agency else role])

    def called(self, item: str | None) -> str | None:
        """An item as the story names it: a person by their key."""
        return next((key for key, person in self.ids.items() if person == item), item)

    def actor(self, who: str, case: str | None = None) -> Actor:
        """The same, ready to act."""
        found = self.engine.actor(self.person(who, case))
        if found is None:
            raise NotThere(f"{who} cannot come in.")
        return found

    def prepare(self, who: str) -> None:
        """Make this person now, so that mail before their first deed reaches them; what makes no sense is told at its step."""
        role, _, agency = who.partition("#")[0].partition("@")
        known = self.pack.roles.get(role)
        if who in self.ids or known is None or "case" in known.scope:
            return
        if agency in self.agencies if agency else known.scope != "agency":
            self.person(who)

    def _add(self, key: str, name: str, agency: str | None, roles: list[str]) -> str:
        login = key.lower().replace("#", ".").replace("@", ".")
        person = self.engine.perform(SYSTEM, add_person, login=login, name=name, email=f"{login}@example.org", agency=agency, roles=roles)
        self.ids[key] = person
        return person

    def _appointed(self, role: str, agency: str | None, case: str | None, who: str) -> str:
        query = sa.select(t.holdings.c.person).where(t.holdings.c.role == role, t.holdings.c.case_id == case, t.holdings.c.until.is_(None))
        if agency:
            query = query.where(t.holdings.c.agency == agency)
        with self.engine.database.reading() as db:
            found = list(db.scalars(query.order_by(t.holdings.c.since)))
        number = int(who.partition("#")[2] or 1)
        if len(found) < number:
            raise NotThere(f"Nobody is {who} in this case.")
        return str(found[number - 1])

    def _anyone(self, role: str, who: str) -> str:
        for key, person in self.ids.items():
            if key.partition("@")[0] == role:
                return person
        return self._add(who, self.pack.roles[role].label, self.agencies[0], [f"{role}@{self.agencies[0]}"])


def named_in(value: Any) -> list[str]:
    """Every text in a table, however deep: a scenario's mentions of people among them."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in named_in(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in named_in(one)]
    return []
