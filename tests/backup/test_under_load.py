"""A backup taken while people work is one moment of the board: whole, and with all that was acknowledged before it began."""
from __future__ import annotations

import random
import threading
from contextlib import suppress
from typing import Self

import pytest
import sqlalchemy as sa

from engine.errors import Refused
from engine.store import tables as t
from tests.backup.conftest import copied, restored, rows_agree_with_processes
from tests.faults.worker import do_task, open_tasks
from tests.makers import Board, board, filled

PEOPLE, BACKUPS, BETWEEN = 3, 3, 6


class AtWork:
    """People who begin cases and do tasks until told to stop, and note each deed only when it has been acknowledged."""

    def __init__(self, offices: list[Board]) -> None:
        self.done: list[tuple[str, str]] = []
        self.something_done = threading.Condition()
        self.over = threading.Event()
        self.broke: list[BaseException] = []
        self.threads = [threading.Thread(target=self.work, args=(office, random.Random(number))) for number, office in enumerate(offices)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def work(self, office: Board, chance: random.Random) -> None:
        try:
            while not self.over.is_set():
                with suppress(Refused):  # somebody else was quicker
                    self.one_deed(office, chance)
        except BaseException as problem:  # noqa: BLE001 - told to the test
            self.broke.append(problem)
            self.over.set()

    def one_deed(self, office: Board, chance: random.Random) -> None:
        waiting = open_tasks(office)
        if not waiting or chance.random() < 0.3:
            self.acknowledge("case", (office.request() if chance.random() < 0.5 else office.begin("NOR", "SOU")).case)
        else:
            row = chance.choice(waiting)
            do_task(office, row)
            self.acknowledge("task", row.id)

    def acknowledge(self, *deed: str) -> None:
        with self.something_done:
            self.done.append(deed)
            self.something_done.notify_all()

    def wait_for(self, many: int) -> None:
        with self.something_done:
            aim = len(self.done) + many
            assert self.something_done.wait_for(lambda: len(self.done) >= aim or self.broke, 60)


@pytest.mark.parametrize(("kind", "into"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])   # all four ways: test_there_and_back.py
def test_what_was_acknowledged_before_a_backup_began_is_in_it(make_database, tmp_path, kind, into):
    url = make_database(kind, filled)
    offices = [board(url, tmp_path) for _ in range(PEOPLE)]
    keeper = board(url, tmp_path)
    before: list[list[tuple[str, str]]] = []
    with AtWork(offices) as people:
        for number in range(BACKUPS):
            people.wait_for(BETWEEN)
            before.append(list(people.done))
            copied(keeper, tmp_path / f"{number}.zip")
        people.wait_for(BETWEEN)
    assert people.broke == []
    last = len(people.done)
    for office in (*offices, keeper):
        office.engine.close()

    for number, acknowledged in enumerate(before):
        url = make_database(into)
        restored(url, tmp_path / f"{number}.zip")
        again = board(url, tmp_path)
        cases = {row.id for row in again.rows(sa.select(t.cases.c.id))}
        done = {row.id for row in again.rows(sa.select(t.tasks.c.id).where(t.tasks.c.state == "done"))}
        assert {deed for kind, deed in acknowledged if kind == "case"} <= cases
        assert {deed for kind, deed in acknowledged if kind == "task"} <= done
        assert len(cases) + len(done) < last + PEOPLE
        rows_agree_with_processes(again)
        used = {row.reference for row in again.rows(sa.select(t.cases.c.reference))}
        assert again.request().reference not in used
        again.engine.close()


def test_nobody_waits_for_a_backup(make_database, database_kind, tmp_path):
    url = make_database(database_kind, filled)
    office, other = board(url, tmp_path), board(url, tmp_path)
    case = office.request().case
    with office.engine.database.picture() as db:   # as long as a backup reads
        before = db.scalar(sa.select(sa.func.count()).select_from(t.steps))
        other.approve(case)
        other.begin("NOR")
        assert db.scalar(sa.select(sa.func.count()).select_from(t.steps)) == before
        with pytest.raises(sa.exc.DBAPIError):   # who reads a picture changes nothing in it
            db.execute(sa.text("delete from drafts"))

    assert office.one(sa.select(sa.func.count()).select_from(t.steps)) > before
    office.engine.close()
    other.engine.close()
