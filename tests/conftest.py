"""What every test may ask for: a database of its own on either engine, a mail server, a browser."""
from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from tests.machine import chromium, postgres
from tests.machine.smtp import MailServer, mail_server

chromium.use_our_node()

#: Many tests start programs of their own. Where compiled modules are not kept, each start takes three seconds longer.
COMPILED = Path(__file__).parents[1] / "build/compiled"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(COMPILED)
#: Each test makes an application of its own, which would compile every template anew: most of what a small test of a page costs.
TEMPLATES = COMPILED / "templates"
TEMPLATES.mkdir(parents=True, exist_ok=True)
Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(TEMPLATES))}

MakeDatabase = Callable[..., str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-mend", metavar="N", help="switch mend N of SpiffWorkflow off (engine/spiff/mends.py): its tests must fail")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--without-mend"):  # read when engine.spiff is first imported, which no conftest does
        os.environ["CASEREVIEW_WITHOUT_MEND"] = config.getoption("--without-mend")


#: What takes longest, longest first: begun last, it would keep one core waiting for the other.
LONG = ("canaries/test_nobody_reads_more.py", "browser/test_whole_cases.py", "browser/test_axe.py", "browser/test_a_case.py", "cli/test_production.py",
        "faults/test_killed.py", "backup/test_under_load.py", "browser/test_corrections.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((place for place, file in enumerate(LONG) if item.nodeid.partition("::")[0].endswith(file)), len(LONG)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What shares a board would otherwise make it once for each worker, and nobody would notice."""
    if os.environ.get("PYTEST_XDIST_WORKER") and any(item.get_closest_marker("xdist_group") and "@" not in item.nodeid for item in session.items):
        raise pytest.UsageError("These versions of pytest and xdist do not keep tests marked xdist_group on one worker.")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Comparing a password takes a fifth of a second of a core, on purpose: hundreds of tests sign in. How slow it is in earnest, tests/rules says."""
    from argon2 import PasswordHasher

    from engine.rules import passwords

    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """A service compiles each statement once. Tests open a database each and would compile them all anew, a fifth of what a page costs: they share them."""
    from engine.store.database import Database

    opened = Database.__init__
    known: dict[str, Database] = {}

    def alike(self: Database, url: str, *, durable: bool = True, like: Database | None = None) -> None:
        kind = url.partition(":")[0]
        first = known.get(kind)
        if first and first.pool.dialect.server_version_info:   # it has met its server, and knows what that can do
            like = like or first
        opened(self, url, durable=durable, like=like)
        if like is None:
            known[kind] = self

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "__init__", alike)
        yield


@pytest.fixture(scope="session", autouse=True)
def _addresses_once() -> Iterator[None]:
    """Most of what it costs to make an application is compiling how its hundred addresses are written: the same for the application of every test."""
    compiled = Rule._compile_builder
    known: dict[tuple[str, str, bool], Any] = {}

    def once(self: Rule, append_unknown: bool = True) -> Any:
        which = (self.rule, str(self.endpoint), append_unknown)
        if which not in known:
            known[which] = compiled(self, append_unknown)
        return known[which]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.cluster() as server:
        yield server


@pytest.fixture(scope="session")
def _sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[str], object]], Path]:
    made: dict[Callable[[str], object], Path] = {}

    def template(prepare: Callable[[str], object]) -> Path:
        if prepare not in made:
            path = tmp_path_factory.mktemp("templates") / "template.sqlite"
            prepare(f"sqlite:///{path}")
            made[prepare] = path
        return made[prepare]

    return template


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path, _sqlite_templates: Any) -> Iterator[MakeDatabase]:
    """make_database("sqlite" | "postgresql", prepare): the address of a fresh database, gone after the test.

    `prepare`, a module's function, is called once a session with the address of a database to fill, say with tables; it must
    close its connections. Each test gets a copy of what it made. Without it the database is empty.
    """
    names: list[str] = []

    def make(kind: str = "sqlite", prepare: Callable[[str], object] | None = None) -> str:
        if kind == "sqlite":
            path = tmp_path / f"database-{len(list(tmp_path.glob('database-*.sqlite')))}.sqlite"
            if prepare:
                shutil.copyfile(_sqlite_templates(prepare), path)
            return f"sqlite:///{path}"
        server: postgres.Server = request.getfixturevalue("postgres_server")
        names.append(server.create(server.template(prepare)) if prepare else server.create())
        return server.url(names[-1])

    yield make
    for name in names:
        request.getfixturevalue("postgres_server").drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def database_url(make_database: MakeDatabase, database_kind: str) -> str:
    """An empty database of the test's own; the test runs twice, on SQLite and on PostgreSQL."""
    return make_database(database_kind)


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **chromium.launch_args()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/London"}
