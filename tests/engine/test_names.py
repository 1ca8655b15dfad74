"""What expressions see of a case."""
from __future__ import annotations

import sqlalchemy as sa

from engine.progress.names import Names
from engine.spiff import Place
from engine.store import tables as t


def seen(office, case, path, **place):
    with office.engine.database.reading() as db:
        look = office.engine.look(db, office.who("olga"))
        held = look.case(db.scalar(sa.select(t.cases.c.reference).where(t.cases.c.id == case)))
        return Names(db, held, look.settings, look.actor).of({path}, Place(process="purchase", **place) if place else None)


def test_of_items_that_nobody_has_answered_for_there_are_none_from_outside_and_each_key_is_there_inside(office):
    case = office.request().case
    office.approve(case)

    assert seen(office, case, "answers.quote", element="somewhere")["answers"]["quote"] != {}     # in the same process: nothing is known of an item
    assert "price" in seen(office, case, "answers.quote", element="quote", item="INK")["answers"]["quote"]
    with_none = seen(office, case, "answers.quote")["answers"]["quote"]
    office.quote(case, "quin", "QUI")
    with_one = seen(office, case, "answers.quote")["answers"]["quote"]

    assert (with_none, list(with_one)) == ({}, ["QUI"])
