"""Who has the database, its files, a backup, the logs and the temporary folder, but no key, finds none of the words that people wrote."""
from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.backup.making import back_up
from engine.store import tables as t
from tests.canaries.board import Populated, populate
from tests.canaries.crawl import Crawler

pytestmark = pytest.mark.xdist_group("canaries")

IN_BYTES = re.compile(rb"[Zz]\0?[Qq]\0?(?:[0-9]\0?){5}")


def words(content: bytes, board: Populated) -> set[str]:
    """The words in these bytes, in whatever letters they are written; but for what is published anyway, and what people call their own phones."""
    found = {word.replace(b"\0", b"").decode().capitalize() for word in IN_BYTES.findall(content)}
    return {word for word in found & board.canaries.keys() if board.canaries[word].kind != "factor"} - board.published


def entries(content: bytes) -> Iterator[bytes]:
    """A file as it is, and what is packed in it."""
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        packed = zipfile.ZipFile(io.BytesIO(content))
        for name in packed.namelist():
            yield packed.read(name)


def test_not_in_the_files_of_the_database_nor_in_a_backup(board: Populated, tmp_path: Path) -> None:
    back_up(board.engine, tmp_path / "backup")
    folder = Path(str(board.engine.database.pool.url.database)).parent
    files = [file for place in (folder, tmp_path) for file in place.rglob("*") if file.is_file()]

    assert len(files) >= 2
    assert sum(file.stat().st_size for file in files) > 1_000_000
    assert {(file.name, *words(part, board)) for file in files for part in entries(file.read_bytes()) if words(part, board)} == set()


def test_not_in_the_temporary_folder_after_a_file_was_handed_in(board: Populated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    word = min(board.canaries)
    with board.engine.database.reading() as db:
        task = db.scalar(sa.select(t.tasks.c.id).where(t.tasks.c.state == "open").order_by(t.tasks.c.id))
    answer = Crawler(board).client("board_rep.csc").post(f"/tasks/{task}", data={
        "do": "draft", "report": (io.BytesIO(f"{word} ".encode() * 200_000), f"{word}.txt")}, content_type="multipart/form-data")

    assert answer.status_code in (200, 302, 404, 422)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file() and words(file.read_bytes(), board)] == []


def test_not_in_any_table_of_postgresql(make_database: Any, tmp_path: Path) -> None:
    board = populate(make_database("postgresql"), tmp_path, ("concern_not_taken_forward",))
    raw = board.engine.database.pool.raw_connection()
    found, size = {}, 0
    for table in t.metadata.sorted_tables:
        with raw.cursor() as cursor, cursor.copy(f'copy "{table.name}" to stdout (format binary)') as rows:  # type: ignore[attr-defined]
            content = b"".join(bytes(row) for row in rows)
        size += len(content)
        if told := words(content, board):
            found[table.name] = sorted(told)[:3]
    raw.close()
    with board.engine.database.reading() as db:
        kept = db.scalar(sa.select(sa.func.count()).select_from(t.submissions))
    board.engine.close()

    assert found == {}
    assert kept >= 3
    assert size > 100_000
    assert len(board.canaries) >= 20
