"""What service and send tasks can ask for: the types, and the headers each has. Whoever does it is in engine.progress.services."""
from __future__ import annotations

from engine import rooms
from engine.rooms import Service

OWN = {service.kind: service for service in (
    Service("mail", {"message": "the mail to send (messages/<id>.md)", "to": "the roles it goes to"}),
    Service("register", {"register": "the register that rows are written to", "rows": "the rows, such as =for one in … return {…}"}),
    Service("document", {"document": "the paper to make (documents/<id>.md)"}),
)}


def known() -> dict[str, Service]:
    """Every type with its headers: the engine's own and the rooms'."""
    return OWN | rooms.services()
