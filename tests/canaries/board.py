"""A board full of canaries: stories of the pack are played, and every text that a person can write holds a word of its own."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import Engine
from engine.clock import SetClock
from engine.packs import Pack
from engine.store import tables as t
from engine.store.database import Database
from engine.store.migrate import migrate
from tests.canaries.house import House, secretive
from tests.canaries.index import index, published_words
from tests.canaries.stories import PlantingEngine, Watch, play, the_pack
from tests.canaries.words import Canary, Words
from tests.makers import settings

#: Those that between them answer the most forms for what they cost; `make soak` has others for the rest.
STORIES = ("concern_becomes_review", "feedback_belongs_to_its_agency", "silp_joint_review_led_by_us", "published_and_kept", "all_that_is_in_the_way")
#: Where nobody answers: pages that would send people on to a provider say that it cannot be reached.
NO_PROVIDER = "http://127.0.0.1:9/realms/northmere"


@dataclass
class Populated:
    """The board as it stands, and every word by where it was written."""

    engine: Engine
    pack: Pack
    canaries: dict[str, Canary]
    cases: dict[str, Any]             # reference → the opened case
    published: set[str]               # words that lie on the public page
    people: dict[str, str]            # login → id

    def forms(self) -> set[str]:
        """The forms in whose texts words stand that somebody sent."""
        return {canary.form for canary in self.canaries.values() if canary.kind != "draft"}


def populate(url: str, folder: Path, stories: Iterable[str] = STORIES, watch: Watch = lambda *_: None, issuer: str = NO_PROVIDER) -> Populated:
    """Play these stories into one database, then furnish the house around them. The same each time."""
    migrate(url)
    word = Words()
    set_up = secretive(settings(url, folder), word, issuer)
    database = Database(url, durable=False)
    latest = play(set_up, database, tuple(stories), word, watch)
    engine = PlantingEngine(set_up, database, SetClock(latest + timedelta(minutes=1)))
    House(engine, word).furnish()
    canaries, cases = index(engine)
    with database.reading() as db:
        people = {row.login: row.id for row in db.execute(sa.select(t.people.c.login, t.people.c.id).where(t.people.c.active).order_by(t.people.c.login))}
    return Populated(engine, the_pack(), canaries, cases, published_words(engine), people)
