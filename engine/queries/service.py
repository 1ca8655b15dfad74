"""How the service is, for administrators and for those who watch: whether the trail is whole, backups are made and mails leave. Nothing of any case."""
from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.errors import NotFound
from engine.queries.my_things import counts, moments
from engine.queries.shapes.service import ServicePage, Trouble, Verification
from engine.store import tables as t
from engine.store.chain import last_of
from engine.store.eyes import everywhere

if TYPE_CHECKING:
    from engine.look import Look


def service(look: Look) -> ServicePage:
    """What whoever manages people, or may see trails everywhere, should look at now and then."""
    if not (look.actor.may("manage_people") or look.actor.may("see_trail")):
        raise NotFound
    i = t.incidents.c
    with everywhere(look.db):    # figures of all cases together
        many, last = counts(look), moments(look)
        troubles = look.db.execute(sa.select(i.at, i.says).where(i.case_id.is_(None), i.mended_at.is_(None)).order_by(i.at.desc())).all()
    return ServicePage(
        verified=_verified(look), head_at=last["last_head"], heads_go_out=bool(look.settings.trail.heads_to), backup_at=last["last_backup"],
        mails_waiting=many["mails_waiting"], mails_given_up=many["mails_given_up"], oldest_mail=last["oldest_mail_waiting"],
        timers_overdue=many["timers_overdue"], troubles=[Trouble(row.at, row.says) for row in troubles])


def _verified(look: Look) -> Verification | None:
    done, failed = last_of(look.db, "verified"), last_of(look.db, "verify_failed")
    if failed is not None and (done is None or failed.at > done.at):
        return Verification(failed.at, 0, 0, None)
    return Verification(done.at, **done.details) if done is not None else None
