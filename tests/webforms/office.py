"""A fictional office on the tiny purchase pack, with people to sign in as."""
from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from engine import SYSTEM, Engine, actions, open_engine
from engine.clock import SetClock
from engine.packs import read_pack
from engine.settings import Settings, load_settings
from engine.store.migrate import migrate

ROOT = Path(__file__).parents[2]
LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 3, 2, 9, 0, tzinfo=LONDON)
PASSWORD = "four-fictional-words"
AGENCIES = [
    {"key": "OFF", "name": "Front Office"}, {"key": "QUI", "name": "Quillfeather Stationers"}, {"key": "INK", "name": "Inkwell & Daughters"},
]
PEOPLE = {
    "rosa": ("Rosa Example", "OFF", ["requester@OFF"]),
    "ruth": ("Ruth Example", "OFF", ["requester@OFF"]),
    "abel": ("Abel Example", None, ["approver"]),
    "anna": ("Anna Example", None, ["approver", "requester"]),
    "quin": ("Quin Example", "QUI", ["supplier@QUI"]),
    "inez": ("Inez Example", "INK", ["supplier@INK"]),
    "maud": ("Maud Example", None, ["business_manager"]),
    "otto": ("Otto Outsider", None, ["practitioner"]),
}
#: Roles that only the tiny pack has, and what they may do.
ROLES = {
    "approver": frozenset({"see_answers", "see_status", "see_trail", "see_all_cases"}), "requester": frozenset(), "supplier": frozenset(), "head": frozenset(),
}


@cache
def _shipped() -> Settings:
    keys = {"CASEREVIEW_SECRET_KEY": "s" * 40, "CASEREVIEW_MASTER_KEY": "bWFzdGVyLWtleS1mb3ItdGVzdHMtb25seS0zMmJ5dGU="}
    return load_settings(ROOT / "config", keys, kind="development")


def settings(folder: Path, database_url: str) -> Settings:
    """The settings that ship, with data in a folder of the test's own."""
    found = _shipped()
    return replace(found, database_url=database_url, data_folder=folder, roles={**found.roles, **ROLES})


def fill(database_url: str) -> None:
    """Tables, agencies, the pack, and people, in an empty database."""
    migrate(database_url)
    engine = open_engine(settings(Path("unused"), database_url), SetClock(START))
    engine.perform(SYSTEM, actions.set_agencies, AGENCIES)
    engine.perform(SYSTEM, actions.release_pack, read_pack(ROOT / "tests/packs/purchase").files)
    secret = None
    for login, (name, agency, roles) in PEOPLE.items():
        if secret is None:
            from engine.rules.passwords import hashed

            secret = hashed(PASSWORD)
        engine.perform(SYSTEM, actions.add_person, login, name, f"{login}@office.example", agency, roles, secret=secret)
    engine.close()


def open_office(folder: Path, database_url: str) -> Engine:
    return open_engine(settings(folder, database_url), SetClock(START))


def token(page: str) -> str:
    """The token a form of this page must bring back."""
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def words(page: str) -> str:
    """What a person reads on a page."""
    import html

    body = page[page.index("<main"):page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
