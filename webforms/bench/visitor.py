"""Somebody at a browser: signed in, with their cookie and the token that every post must bring."""
from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import structlog

from engine.bench.ground import PASSWORD
from engine.bench.pack import POSTED
from webforms import create_app

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from engine.bench.ground import Ground

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Visitor:
    """One browser at the application of a ground, in this process."""

    def __init__(self, here: Ground, login: str) -> None:
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - log lines are written as `serve` does, until the process ends
        structlog.configure(processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
                            logger_factory=structlog.PrintLoggerFactory(nowhere))
        self._client = create_app(here.engine).test_client()
        self._token = self._token_in(self.see("/sign-in"))
        entered = self._client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": self._token})
        if entered.status_code != 302:
            message = f"{login} was not let in: {entered.status}"
            raise RuntimeError(message)
        self._token = self._token_in(self.see("/"))  # whoever signs in gets a fresh session, and a fresh token

    def see(self, address: str) -> str:
        """A page."""
        return self._good(self._client.get(address), 200)

    def answer(self, task: str) -> None:
        """The form of a task, filled in and sent."""
        self._good(self._client.post(f"/tasks/{task}", data=POSTED | {"do": "submit", "csrf_token": self._token}), 302)

    def opened(self, task: str) -> str:
        """The page of a task, with its form."""
        return self.see(f"/tasks/{task}")

    @staticmethod
    def _good(answer: TestResponse, status: int) -> str:
        if answer.status_code != status:
            message = f"expected {status} of {answer.request.path}, got {answer.status}: {answer.text[:2000]}"
            raise RuntimeError(message)
        return str(answer.text)

    @staticmethod
    def _token_in(page: str) -> str:
        found = _TOKEN.search(page)
        return found[1] if found else ""
