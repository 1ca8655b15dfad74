"""Who does what a service or send task asks for, by its type. Handlers only write rows: nothing leaves the house inside a step.

Another type of the engine's own: its headers in engine.packs.services, its handler in `DOES`. A room's types: its `SERVICES` (engine.rooms)."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import rooms
from engine.errors import Incident
from engine.progress import mail, papers, registers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.progress.surroundings import Here
    from engine.rooms import Does
    from engine.spiff import Place


def do(here: Here, kind: str, headers: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """It is done, and what it gives becomes variables."""
    room = rooms.services().get(kind)
    does = room.does if room else DOES.get(kind)
    if does is None:
        raise Incident(f"No service is called {kind}.", element=place.element)
    return does(here, headers, place)


def _mail(here: Here, headers: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Mails for whoever holds the roles; they become rows in the outbox."""
    roles = [role.strip() for role in str(headers.get("to", "")).split(",") if role.strip()]
    people = mail.holders_of_roles(here.work, here.case, roles, place.agency)
    if "starter" in roles:
        people.append(here.case.started_by)
    mail.tell(here.work, here.case, headers["message"], people)
    return {}


#: The engine's own.
DOES: dict[str, Does] = {
    "mail": _mail,
    "register": registers.service,
    "document": papers.make,
}
