"""The office of the web's own tests, also behind a real port."""
from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.webforms.conftest import app, engine, request_made, visit
from webforms import cli

__all__ = ["app", "engine", "request_made", "served", "visit"]


@dataclass
class Served:
    """The service behind its port, as `serve` starts it."""

    port: int
    app: Any
    reached: list[str] = field(default_factory=list)     # methods and paths that got as far as the application

    def say(self, sent: bytes, wait: float = 0.4, most: int = 200_000, patience: float = 10) -> bytes:
        """Send these bytes; all that comes back until the other side closes or is silent."""
        found = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as talk, suppress(TimeoutError, ConnectionError):
            talk.sendall(sent)
            while len(found) < most and (more := talk.recv(65536)):
                found += more
                talk.settimeout(wait)
        return found

    def ask(self, first: str, *headers: str, body: bytes = b"", wait: float = 10) -> tuple[int, str, str]:
        """One request whose connection ends after it: status, head and body of the answer."""
        told = self.say("\r\n".join([f"{first} HTTP/1.1", "Connection: close", *(headers or ("Host: localhost",)), "", ""]).encode("latin-1") + body, wait)
        head, _, rest = told.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else 0, head.decode("latin-1"), rest.decode(errors="replace")


@pytest.fixture
def served(engine: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    engine.settings = replace(engine.settings, web=replace(engine.settings.web, port=0))
    made: list[Any] = []

    def kept(of: Any) -> Any:
        made.append(create(of))
        return made[0]

    create = cli.create_app
    monkeypatch.setattr(cli, "create_app", kept)
    server = cli._listening(engine)
    found = Served(server.effective_port, made[0])

    @made[0].before_request
    def note() -> None:
        from flask import request

        found.reached.append(f"{request.method} {request.path}")

    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield found
    server.close()
    thread.join(5)
