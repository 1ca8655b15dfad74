"""The real service behind a port, on a clock that the test moves, with the fictional board's people; and a browser for each of them."""
from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from waitress import create_server

from engine import Actor, Engine, actions, open_engine, queries
from engine.alarm import sweep
from engine.clock import SetClock
from engine.demo import SignIn, prepare
from engine.settings import load_settings
from engine.store import tables as t
from engine.store.migrate import migrate
from tests.machine import chromium
from webforms import create_app

ROOT = Path(__file__).parents[2]
LONDON = ZoneInfo("Europe/London")
SCREENSHOTS = ROOT / "build/screenshots"
PATIENCE = 60_000   # milliseconds: a machine that does ten things at once is slow, not wrong

expect.set_options(timeout=PATIENCE)


@dataclass
class Service:
    """The service as people find it, and a back door for getting a case somewhere quickly."""

    engine: Engine
    app: Any
    address: str
    people: dict[str, SignIn]
    contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def at(self, when: str) -> None:
        """Move the clock to a local time; what is due on the way fires."""
        self.engine.clock.move_to(datetime.fromisoformat(when).replace(tzinfo=LONDON))
        sweep(self.engine)

    def actor(self, login: str) -> Actor:
        with self.engine.database.reading() as db:
            person = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login))
        return self.engine.actor(person)

    def begin(self, login: str, start: str, **answers: Any) -> str:
        """Open a case with sample answers and these; gives its reference."""
        actor, pack = self.actor(login), "serious-case-review"
        page = self.engine.ask(actor, queries.start_page, pack, start)
        given = page.form.sample(page.names, self.engine.now()) | answers
        return self.engine.perform(actor, actions.start_case, pack, start, given).reference

    def open_task(self, reference: str, element: str, item: str | None = None) -> str:
        """The id of an open task of this case."""
        k = t.tasks
        query = sa.select(k.c.id).join(t.cases, t.cases.c.id == k.c.case_id).where(
            t.cases.c.reference == reference, k.c.element == element, k.c.state == "open")
        with self.engine.database.reading() as db:
            found = db.scalars(query if item is None else query.where(k.c.item == item)).first()
        assert found, f"{element} is not open in {reference}"
        return found

    def do(self, login: str, reference: str, element: str, item: str | None = None, **answers: Any) -> str:
        """Do a task with sample answers and these."""
        actor, task = self.actor(login), self.open_task(reference, element, item)
        page = self.engine.ask(actor, queries.task_page, task)
        given = page.form.sample(page.names, self.engine.now()) | answers
        self.engine.perform(actor, actions.submit_task, task, given)
        return task


@pytest.fixture(scope="session")
def make_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Service]]:
    """make_service("2023-03-06T09:00"): a service of its own whose clock stands there."""
    ends: list[Callable[[], object]] = []

    prepared: dict[str, tuple[Path, list[SignIn]]] = {}

    def opened(folder: Path, when: str) -> Engine:
        environment = {"DATABASE_URL": f"sqlite:///{folder}/database.sqlite", "CASEREVIEW_SECRET_KEY": "s" * 40,
                       "CASEREVIEW_MASTER_KEY": "bWFzdGVyLWtleS1mb3ItdGVzdHMtb25seS0zMmJ5dGU="}
        settings = load_settings(ROOT / "config", environment, kind="development")
        settings = replace(settings, data_folder=folder, demo_people=True, sessions=replace(settings.sessions, idle_minutes=10**6, absolute_minutes=10**6,
                                                                                             prove_again_minutes=10**6),
                           single_sign_on=replace(settings.single_sign_on, issuer="https://sign-in.northmere.example", client_id="reviews",
                                                  title="Northmere Council"))
        return open_engine(settings, SetClock(datetime.fromisoformat(when).replace(tzinfo=LONDON)))

    def office(when: str) -> tuple[Path, list[SignIn]]:
        """A folder with a board on the first morning, and who works there: made once, since a pack takes seconds to release."""
        if when not in prepared:
            folder = tmp_path_factory.mktemp("prepared")
            migrate(f"sqlite:///{folder}/database.sqlite")
            engine = opened(folder, when)
            prepared[when] = folder, prepare(engine)
            engine.close()
        return prepared[when]

    def make(when: str) -> Service:
        folder = tmp_path_factory.mktemp("service")
        as_prepared, made = office(when)
        shutil.copytree(as_prepared, folder, dirs_exist_ok=True)
        engine = opened(folder, when)
        app = create_app(engine)
        server = create_server(app, host="127.0.0.1", port=0, threads=4, connection_limit=2000)   # many people's browsers, a few each
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        ends.append(lambda: (server.close(), engine.close()))
        return Service(engine, app, f"http://127.0.0.1:{server.effective_port}", {one.login: one for one in made})

    yield make
    for end in ends:
        end()


@pytest.fixture
def service(make_service: Callable[[str], Service]) -> Service:
    """A service of this test's own, on Monday 6 March 2023, in the morning: what another test did to a case or the clock is not here."""
    return make_service("2023-03-06T09:00:00")


@pytest.fixture
def as_person(service: Service, browser: Browser) -> Iterator[Callable[..., Page]]:
    """as_person("business.manager"): a page in that person's own browser, signed in."""
    def enter(login: str, **options: Any) -> Page:
        if login not in service.contexts:
            service.contexts[login] = own_browser(browser, service, **options)
            let_in(service.contexts[login], service, entered(service, login))
        return service.contexts[login].new_page()

    yield enter
    for context in service.contexts.values():
        context.close()


def own_browser(browser: Browser, service: Service, **options: Any) -> BrowserContext:
    """As good as a browser on somebody's desk: no cookie of anyone else's."""
    context = browser.new_context(base_url=service.address, locale="en-GB", timezone_id="Europe/London", **options)
    context.set_default_timeout(PATIENCE)
    return context


def entered(service: Service, login: str) -> FlaskClient:
    """Someone who has signed in: what their browser would be sent, without the work of showing it."""
    client = service.app.test_client()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert found, "no form to sign in with"
    sent = client.post("/sign-in", data={"login": login, "password": service.people[login].password, "csrf_token": found[1]})
    assert sent.location == "/", f"{login} does not get in"
    return client


def let_in(context: BrowserContext, service: Service, client: FlaskClient) -> None:
    """This browser is that person's from now on."""
    context.clear_cookies()
    context.add_cookies([{"name": one.key, "value": one.value, "url": service.address} for one in client._cookies.values()])


def sign_in(page: Page, login: str, password: str) -> None:
    """By the page, as people do it."""
    page.goto("/sign-in")
    page.get_by_label("Sign-in name").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, page.get_by_role("button", name="Sign in", exact=True))
    expect(page).to_have_url(re.compile("//[^/]+/$"))


# ---- what a person does who waits for the page; playwright's `click` does not, nor do `count`, `all`, `input_value` and a picture

def press(page: Page, button: Locator) -> None:
    """Press what sends a form, or follow a link; done when the page that comes of it is there, scripts and all."""
    with page.expect_navigation(wait_until="load"):
        button.click()


def settle(page: Page) -> bool:
    """Leave the box that was typed in, and wait until the questions that hang on its answer have come or gone; False when none do."""
    if not page.evaluate("() => { document.activeElement?.blur(); return Boolean(document.querySelector('form[data-asking]')) }"):
        return False   # only leaving a box makes what was typed a change; the script then asks at once or not at all
    page.locator("form[data-live]:not([data-asking])").wait_for()
    return True


def send(page: Page) -> None:
    """Press the first button below the form."""
    settle(page)
    press(page, page.locator(".app-send button").first)


def shoot(page: Page, name: str) -> None:
    """The page as it looks on a desk and on a phone."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for kind, width, height in (("wide", 1280, 900), ("phone", 390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        chromium.picture(page, path=SCREENSHOTS / f"{name}-{kind}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
