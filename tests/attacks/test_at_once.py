"""What is good once is good once, also for who sends it many times in the same moment."""
from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from engine import SYSTEM, actions
from engine.store import tables as t
from tests.webforms import office
from tests.webforms.test_second_factor import set_up

MANY = 4


def at_once(visitors, url, fields):
    """The statuses of the same post from all these browsers together."""
    def send(visitor):
        return visitor.client.post(url, data={"csrf_token": office.token(visitor.page), **fields}).status_code

    with ThreadPoolExecutor(MANY) as pool:
        return sorted(pool.map(send, visitors))


def test_a_recovery_code_lets_one_of_many_in(visit, engine):
    _, codes = set_up(visit("rosa"), engine)
    halfway = [visit() for _ in range(MANY)]
    for one in halfway:
        one.sign_in("rosa")
        assert one.url == "/sign-in/code"

    assert at_once(halfway, "/sign-in/code", {"code": codes[0]}) == [302] + [422] * (MANY - 1)
    assert sum(one.client.get("/account").status_code == 200 for one in halfway) == 1


def test_a_link_is_used_once_by_many(visit, engine):
    path = re.sub(r"^https?://[^/]+", "", engine.perform(SYSTEM, actions.make_link, "otto"))
    strangers = [visit() for _ in range(MANY)]
    for one in strangers:
        one.get(path)

    assert at_once(strangers, "/sign-in/link", {"password": "blue-teapot-sings-low", "again": "blue-teapot-sings-low"}) == [302] + [404] * (MANY - 1)
    with engine.database.reading() as db:
        assert len(db.execute(sa.select(t.trail).where(t.trail.c.event == "link_used")).all()) == 1
