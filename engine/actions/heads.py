"""The head of all trails goes out of the house once a day: whoever puts the whole database back to an older state is found by it."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import NotAllowed
from engine.progress import mail
from engine.rules.access import SYSTEM
from engine.store.chain import BEGINNING, heads, last_of, link_of, lock_house, sent_heads, was_on

if TYPE_CHECKING:
    from engine.work import Work


@dataclass(frozen=True)
class Sent:
    """What went out."""

    digest: str
    chains: int


def send_head(work: Work, found: str = "") -> Sent | None:
    """Say on the chain of the house how far every trail goes; the link of that row, which covers them all, is mailed to the address of the settings,
    with what the nightly verification has found (`found`, in words). Nothing, if that was done today."""
    if work.actor is not SYSTEM:
        raise NotAllowed
    lock_house(work.db)     # of two processes that want to at once, one does
    if was_on(work.db, "head_sent", work.now):
        return None
    covered, chains = sent_heads(work.db), 1
    for case, head in heads(work.db):
        chains += 1
        if head.number > covered.get(case, (0, ""))[0]:
            work.covers(case, head.number, link_of(head.state)[:BEGINNING])
    work.record("head_sent", chains=chains)
    work.write_trail()
    now = last_of(work.db, "head_sent")
    if now is None:
        raise AssertionError    # it was just written
    if work.settings.trail.heads_to:
        mail.send_head(work, now.link, chains, found)
    return Sent(now.link, chains)
