"""A board to measure on: an engine on a fresh database, two people, and as many open cases as wanted."""
from __future__ import annotations

import base64
import secrets
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine import SYSTEM, Actor, Engine, actions
from engine.bench.pack import ANSWERS, row_of
from engine.clock import SystemClock
from engine.rules.passwords import hashed
from engine.settings import load_settings
from engine.store import tables as t
from engine.store.database import Database, new_id
from engine.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "made-up-for-measuring"  # nosec B105 # noqa: S105 - of fictional people in a database that is thrown away
#: Every table with rows of a case, in an order in which they can be written.
_OF_CASE = (t.tasks, t.offers, t.submissions, t.steps, t.passed, t.deadlines, t.timers, t.trail)
_SEALED = {"submissions": "answers", "steps": "state"}
#: Columns that name a row of another of these tables.
_NAMES_ROW = ("id", "task", "deadline")


@dataclass
class Ground:
    """Where measuring happens."""

    engine: Engine
    clerk: Actor      # does the tasks
    overseer: Actor   # does them too, and may see every case
    tasks: int        # in a row

    def start(self) -> str:
        """A new case at its first task."""
        started = self.engine.perform(self.clerk, actions.start_case, pack=f"row-of-{self.tasks}", start="begun", answers=ANSWERS)
        return str(started.case)

    def open_task(self, case: str) -> str | None:
        """The task a case waits for; None when it is over."""
        with self.engine.database.reading() as db:
            return db.scalar(sa.select(t.tasks.c.id).where(t.tasks.c.case_id == case, t.tasks.c.state == "open"))

    def task_of(self, reference: str) -> str:
        """The open task of the case with this reference."""
        with self.engine.database.reading() as db:
            query = sa.select(t.tasks.c.id).join(t.cases, t.cases.c.id == t.tasks.c.case_id).where(t.cases.c.reference == reference)
            return str(db.execute(query.where(t.tasks.c.state == "open")).scalar_one())

    def submit(self, task: str) -> None:
        """The task done."""
        self.engine.perform(self.clerk, actions.submit_task, task=task, answers=ANSWERS)

    def run_through(self) -> None:
        """One whole case: whatever is made once has then been made."""
        case = self.start()
        while (task := self.open_task(case)) is not None:
            self.submit(task)

    def open_cases(self, number: int) -> str:
        """So many open cases: one that was really begun, and copies of its rows under keys of their own. Gives one's reference."""
        first = self.start()
        task = self.open_task(first)
        assert task is not None  # noqa: S101 - it was just begun
        self.submit(task)
        with self.engine.database.writing() as db:
            pattern = db.execute(sa.select(t.cases).where(t.cases.c.id == first)).one()._asdict()
            rows = {table.name: [row._asdict() for row in db.execute(sa.select(table).where(table.c.case_id == first))] for table in _OF_CASE}
            made = [self._copy(pattern, rows, nth) for nth in range(1, number)]
            db.execute(sa.insert(t.cases), [case for case, _ in made])
            for table in _OF_CASE:
                if fresh := [row for _, copied in made for row in copied[table.name]]:
                    db.execute(sa.insert(table), fresh)
            if db.dialect.name == "postgresql":
                db.execute(sa.text("ANALYZE"))
        return str(pattern["reference"])

    def _copy(self, pattern: dict[str, Any], rows: dict[str, list[dict[str, Any]]], nth: int) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
        vault, case, ago = self.engine.vault, new_id(), timedelta(seconds=nth)
        old, (key, wrapped) = vault.unwrap(pattern["key"], pattern["id"]), vault.new_key(case)
        fresh = {row[name]: new_id() for table in rows.values() for row in table for name in _NAMES_ROW if isinstance(row.get(name), str)}
        copied: dict[str, list[dict[str, Any]]] = {}
        for table, originals in rows.items():
            copied[table] = []
            for original in originals:
                row: dict[str, Any] = {name: fresh[value] if name in _NAMES_ROW and value in fresh else value for name, value in original.items()}
                row["case_id"] = case
                if sealed := _SEALED.get(table):
                    place = (table, original["version"]) if table == "steps" else (table, original["id"])
                    row[sealed] = key.seal(old.open(original[sealed], pattern["id"], *place), case, table, row.get("version", row.get("id")))
                if isinstance(row.get("id"), int):
                    del row["id"]  # the database counts these itself
                if "offered_at" in row:
                    row["offered_at"] -= ago
                copied[table].append(row)
        number = f"{pattern['reference']}-{nth}"
        return pattern | {"id": case, "key": wrapped, "reference": number, "changed_at": pattern["changed_at"] - ago}, copied


@contextmanager
def ground(tasks: int = 10) -> Iterator[Ground]:
    """A fresh board, thrown away afterwards: on SQLite as it ships, writing through to the disk."""
    with tempfile.TemporaryDirectory(prefix="casereview-bench-") as folder:
        url = f"sqlite:///{folder}/bench.db"
        everything = frozenset({"see_all_cases", "see_answers", "see_status", "see_trail"})
        keys = {"CASEREVIEW_SECRET_KEY": secrets.token_hex(), "CASEREVIEW_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode()}
        found = load_settings(Path("config"), keys, kind="development")  # keys of its own, and nothing of this deployment's environment
        settings = replace(found, database_url=url, data_folder=Path(folder), roles={**found.roles, "overseer": everything})
        migrate(url)
        engine = Engine(settings, Database(url), SystemClock())
        try:
            yield _peopled(engine, tasks)
        finally:
            engine.close()


def _peopled(engine: Engine, tasks: int) -> Ground:
    engine.perform(SYSTEM, actions.set_agencies, [{"key": one.key, "name": one.name, "member": one.member} for one in engine.settings.board.agencies])
    engine.perform(SYSTEM, actions.release_pack, row_of(tasks), "to be measured")
    secret, made = hashed(PASSWORD), []
    for login, roles in (("clerk", ["clerk"]), ("overseer", ["clerk", "overseer"])):
        person = engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@bench.example", None, roles, secret=secret)
        actor = engine.actor(person)
        assert actor is not None  # noqa: S101 - just made
        made.append(actor)
    return Ground(engine, made[0], made[1], tasks)
