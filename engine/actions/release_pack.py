"""Freeze a pack by content; cases begin on its newest release and stay on theirs."""
from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import NotAllowed
from engine.proposals.releases import before, freeze, sound
from engine.rules.access import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.work import Work


def release_pack(work: Work, files: Mapping[str, bytes], note: str = "") -> tuple[str, int]:
    """The release's id and number. A pack with faults cannot be released; the same content twice is the same release.

    Where releases take two people this is for the first one only: every other is proposed, and made when it is approved."""
    if work.actor is not SYSTEM and not work.actor.may("release_pack"):
        raise NotAllowed
    pack = sound(files)
    if before(work, pack) is not None and work.settings.approvals.release:
        raise NotAllowed("A new release takes a second person here: propose it.")
    return freeze(work, pack, note, by=work.actor.person)
