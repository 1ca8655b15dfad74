"""The web on a real database, and a browser of Flask's own for each person."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from engine import Engine
from tests.webforms import office
from webforms import create_app

REQUEST = {"what": "A new till", "amount": "450", "needed_on-day": "30", "needed_on-month": "3", "needed_on-year": "2026", "suppliers": ["QUI", "INK"]}


@dataclass
class Visitor:
    """Someone at a browser without JavaScript: what they last saw gives the token of the next post."""

    client: FlaskClient
    page: str = ""
    status: int = 0
    url: str = ""

    def get(self, url: str) -> str:
        return self._seen(self.client.get(url, follow_redirects=True))

    def post(self, url: str, answers: dict[str, Any] | None = None, *, csrf: str | None = None, follow: bool = True) -> str:
        given = MultiDict({"csrf_token": office.token(self.page) if csrf is None else csrf, **(answers or {})})
        return self._seen(self.client.post(url, data=given, follow_redirects=follow, content_type="multipart/form-data"))

    def sign_in(self, login: str, password: str = office.PASSWORD) -> str:
        self.get("/sign-in")
        return self.post("/sign-in", {"login": login, "password": password})

    @property
    def words(self) -> str:
        return office.words(self.page)

    def _seen(self, response: Any) -> str:
        self.page, self.status, self.url = response.get_data(as_text=True), response.status_code, response.request.path
        self.response = response
        return self.page


@pytest.fixture
def engine(make_database: Any, tmp_path: Any) -> Any:
    engine = office.open_office(tmp_path, make_database("sqlite", office.fill))
    yield engine
    engine.close()


@pytest.fixture
def app(engine: Engine) -> Flask:
    app = create_app(engine)
    app.config["TESTING"] = False   # errors are shown as people see them
    return app


@pytest.fixture
def visit(app: Flask) -> Any:
    """visit("rosa"): her browser, signed in; visit(): a stranger's."""
    def visitor(login: str | None = None) -> Visitor:
        one = Visitor(app.test_client())
        if login:
            one.sign_in(login)
            assert one.status == 200, one.words
        return one

    return visitor


@pytest.fixture
def request_made(visit: Any) -> Any:
    """A case: Rosa has asked for a till, and Abel is to approve it. Gives Rosa's browser."""
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    rosa.post("/start/purchase/request_made", REQUEST)
    assert rosa.url == "/cases/PUR-2026-001", rosa.words
    return rosa


def task_of(visitor: Visitor, name: str) -> str:
    """The address of a task on someone's page."""
    import re

    page = visitor.get("/")
    return re.search(rf'href="(/tasks/[0-9a-f]+)"[^>]*>{name}', page)[1]
