"""Fictional boards to test on: people of every kind on a tiny pack, on whichever database."""
from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine import SYSTEM, Actor, Engine, actions, open_engine, queries
from engine.clock import SetClock
from engine.forms import Upload
from engine.packs import read_pack
from engine.rules.passwords import hashed
from engine.settings import Settings, load_settings
from engine.store import tables as t
from engine.store.migrate import migrate

ROOT = Path(__file__).parents[1]
LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=LONDON)
PASSWORD = "four-fictional-words"
KEYS = {"CASEREVIEW_SECRET_KEY": "s" * 40, "CASEREVIEW_MASTER_KEY": "bWFzdGVyLWtleS1mb3ItdGVzdHMtb25seS0zMmJ5dGU="}
AGENCIES = [{"key": key, "name": name} for key, name in {
    "OFF": "Front Office", "QUI": "Quillfeather Stationers", "INK": "Inkwell & Daughters", "NOR": "North Side", "SOU": "South Side",
    "EAS": "East Side"}.items()]
PEOPLE = {
    "rosa": ("OFF", ["requester@OFF"]), "ruth": ("OFF", ["requester@OFF"]), "rex": ("NOR", ["requester@NOR"]),
    "abel": (None, ["approver"]), "anna": (None, ["approver"]), "hedy": (None, ["head"]),
    "quin": ("QUI", ["supplier@QUI"]), "inez": ("INK", ["supplier@INK"]), "nils": ("NOR", ["supplier@NOR"]),
    "olga": (None, ["office"]), "omar": (None, ["office"]), "nora": ("NOR", ["rep@NOR"]), "saul": ("SOU", ["rep@SOU"]), "elsa": ("EAS", ["rep@EAS"]),
    "kate": ("EAS", ["practitioner@EAS"]), "vera": (None, ["viewer"]), "otto": (None, ["auditor"]), "bess": (None, ["board_member"]),
    "petra": (None, ["process_owner"]), "adam": (None, ["administrator"]), "zoe": ("EAS", ["practitioner@EAS"]),
}
ALL = frozenset({"see_all_cases", "see_answers", "see_status", "see_trail", "hand_over"})
#: Roles that only the tiny packs have, and what they permit. What “keeper” permits, it permits in the case kept.
ROLES = {"head": ALL | {"correct_answers"}, "office": ALL, "keeper": frozenset({"see_answers", "see_trail"})}


@cache
def _shipped() -> Settings:
    return load_settings(ROOT / "config", KEYS, kind="development")


def settings(url: str, folder: Path | None = None, **changed: Any) -> Settings:
    """The settings that ship, for this database."""
    found = _shipped()
    return replace(found, database_url=url, data_folder=folder or Path(tempfile.gettempdir()), roles={**found.roles, **ROLES}, **changed)


def fill(url: str, *packs: str) -> None:
    """Tables, agencies, people and these packs, in an empty database."""
    migrate(url)
    engine = open_engine(settings(url), SetClock(MONDAY))
    engine.perform(SYSTEM, actions.set_agencies, AGENCIES)
    for pack in packs:
        engine.perform(SYSTEM, actions.release_pack, read_pack(ROOT / "tests/packs" / pack).files)
    secret = hashed(PASSWORD)
    for login, (agency, roles) in PEOPLE.items():
        engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", agency, roles, secret=secret)
    engine.close()


def filled(url: str) -> None:
    """A board with both tiny packs: what templates of databases are made with."""
    fill(url, "purchase", "clocks")


@dataclass
class Board:
    """An engine on a set clock, and the people by their first names."""

    engine: Engine
    clock: SetClock

    def who(self, login: str) -> Actor:
        with self.engine.database.reading() as db:
            person = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login))
        found = self.engine.actor(person)
        assert found is not None, f"{login} cannot come in"
        return found

    def do(self, login: str | None, verb: Any, *args: Any, **kwargs: Any) -> Any:
        return self.engine.perform(self.who(login) if login else SYSTEM, verb, *args, **kwargs)

    def ask(self, login: str, query: Any, *args: Any, **kwargs: Any) -> Any:
        return self.engine.ask(self.who(login), query, *args, **kwargs)

    def at(self, *moment: int) -> None:
        """Local time of the board; nothing fires by it."""
        self.clock.move_to(datetime(*moment, tzinfo=LONDON).astimezone(UTC))

    def rows(self, query: Any) -> list[Any]:
        with self.engine.database.reading() as db:
            return list(db.execute(query).all())

    def one(self, query: Any) -> Any:
        with self.engine.database.reading() as db:
            return db.scalar(query)

    def write(self, *statements: Any) -> None:
        """Past the engine, as someone with the database's password could."""
        with self.engine.database.writing() as db:
            for statement in statements:
                db.execute(statement)

    # ---- a purchase

    def request(self, login: str = "rosa", **answers: Any) -> Any:
        """A request for a purchase: Started(case, reference)."""
        given = {"what": "Pencils", "amount": 40, "needed_on": date(2026, 4, 1), "suppliers": ["QUI", "INK"], "items": [{"name": "Pencil", "pieces": 12}]}
        return self.do(login, actions.start_case, pack="purchase", start="request_made", answers=given | answers)

    def task(self, case: str, element: str, item: str | None = None, state: str = "open") -> str:
        k = t.tasks
        query = sa.select(k.c.id).where(k.c.case_id == case, k.c.element == element, k.c.state == state)
        found: list[str] = [row.id for row in self.rows(query.where(k.c.item == item) if item else query)]
        assert len(found) == 1, f"{len(found)} tasks {element} {item or ''} are {state}"
        return found[0]

    def approve(self, case: str, login: str = "abel", **answers: Any) -> Any:
        return self.do(login, actions.submit_task, task=self.task(case, "approve"), answers={"decision": "approve"} | answers)

    def quote(self, case: str, login: str, agency: str, price: int = 10) -> Any:
        answers = {"price": price, "delivery_on": date(2026, 4, 2)}
        return self.do(login, actions.submit_task, task=self.task(case, "quote", agency), answers=answers)

    # ---- clocks

    def begin(self, *agencies: str, **answers: Any) -> Any:
        """A case of the clocks pack that asks these agencies."""
        given = {"subject": "A fictional matter", "agencies": list(agencies or ("NOR", "SOU")), "notes": []}
        return self.do("olga", actions.start_case, pack="clocks", start="began", answers=given | answers)

    def press(self, case: str, action: str, login: str = "olga", **answers: Any) -> Any:
        return self.do(login, actions.press_case_action, case=case, action=action, answers=answers)

    def answer(self, case: str, agency: str, login: str, findings: str = "Nothing of note") -> Any:
        return self.do(login, actions.submit_task, task=self.task(case, "answer", agency), answers={"findings": findings})

    # ---- what there is

    def clocks(self, case: str, name: str | None = None) -> list[Any]:
        d = t.deadlines
        query = sa.select(d).where(d.c.case_id == case).order_by(d.c.name, d.c.item, d.c.nth)
        return self.rows(query.where(d.c.name == name) if name else query)

    def trail(self, case: str | None = None, *events: str) -> list[Any]:
        query = sa.select(t.trail).order_by(t.trail.c.id)
        query = query.where(t.trail.c.case_id == case) if case else query
        return self.rows(query.where(t.trail.c.event.in_(events)) if events else query)

    def incidents(self) -> list[Any]:
        return self.rows(sa.select(t.incidents).order_by(t.incidents.c.at))


def board(url: str, folder: Path | None = None, at: datetime = MONDAY, **changed: Any) -> Board:
    """A board on a database that `filled` has filled."""
    clock = SetClock(at)
    return Board(open_engine(settings(url, folder, **changed), clock), clock)


def paper(words: str = "On paper", name: str = "paper.txt") -> Upload:
    return Upload(name, words.encode(), "text/plain")


#: What a refusal may add to.
MAY_CHANGE = frozenset({"trail", "heads", "sessions", "incidents"})
HEADS = frozenset({"trail_number", "trail_state"})


def everything_else(engine: Engine) -> dict[str, list[Any]]:
    """Every row of every table that a refusal must leave alone."""
    with engine.database.reading() as db:
        return {table.name: [tuple(row) for row in db.execute(
                    sa.select(*(column for column in table.columns if column.name not in HEADS)).order_by(*table.primary_key.columns))]
                for table in t.metadata.sorted_tables if table.name not in MAY_CHANGE}


__all__ = ["AGENCIES", "LONDON", "MONDAY", "PASSWORD", "Board", "board", "everything_else", "fill", "filled", "paper", "queries", "settings"]
