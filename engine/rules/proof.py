"""Asking again: what must not happen in a session that somebody left open, or that somebody else has got hold of."""
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from engine.errors import ProveAgain

if TYPE_CHECKING:
    from datetime import datetime

    from engine.rules.access import Actor
    from engine.settings import Settings


class Asked(Protocol):
    """A verb's Work, or a query's Look."""

    @property
    def actor(self) -> Actor: ...
    @property
    def now(self) -> datetime: ...
    @property
    def settings(self) -> Settings: ...


def need_proof(asked: Asked) -> None:
    """Refuse whoever has not shown lately who they are. Who asks without a session, such as the machine itself, is not asked."""
    actor = asked.actor
    if actor.session is None:
        return
    lately = timedelta(minutes=asked.settings.sessions.prove_again_minutes)
    if actor.proved_at is None or asked.now - actor.proved_at > lately:
        raise ProveAgain
