"""Whole cases done through the pages: every open task is opened by someone it is offered to, filled in, and sent."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from engine import queries
from engine.alarm import sweep
from engine.forms import Field, Form, Group, Item, List, Upload
from engine.rules.access import holder
from engine.store import tables as t
from tests.browser.conftest import Service

Given = Mapping[str, Any] | Callable[..., Mapping[str, Any]]
MOST_TASKS = 400


@dataclass
class ByHand:
    """One case and the people who work on it, each in a browser of their own."""

    service: Service
    as_person: Callable[..., Page]
    given: Mapping[str, Given] = field(default_factory=dict)        # what a task is answered with, beyond the plain sample
    leave: frozenset[str] = frozenset()                             # tasks that nobody does
    looks: Mapping[str, Callable[[Page], None]] = field(default_factory=dict)   # what is done with the page of a task before it is filled in
    reference: str = ""
    done: list[str] = field(default_factory=list)
    _today: set[tuple[str, str | None, date]] = field(default_factory=set)   # what comes round again is done once a day
    _pages: dict[str, Page] = field(default_factory=dict)

    def page(self, login: str) -> Page:
        """The one window that this person keeps open."""
        if login not in self._pages:
            self._pages[login] = self.as_person(login)
        return self._pages[login]

    def start(self, login: str, start: str, **given: Any) -> str:
        """Open the case on its start page."""
        page = self.page(login)
        page.goto(f"/start/serious-case-review/{start}")
        shown = self.service.engine.ask(self.service.actor(login), queries.start_page, "serious-case-review", start)
        self._answer(page, shown.form, shown.names, given)
        expect(page.get_by_text("Your case has been opened")).to_be_visible()
        self.reference = page.locator("h1").inner_text()
        return self.reference

    def press(self, login: str, action: str, **given: Any) -> None:
        """Use one of the buttons on the case's page."""
        page = self.page(login)
        page.goto(f"/cases/{self.reference}/do/{action}")
        shown = self.service.engine.ask(self.service.actor(login), queries.action_page, self.reference, action)
        self._answer(page, shown.form, shown.names, given)
        self.done.append(action)

    def go_on(self, until: str | None = None) -> None:
        """Do what is open, oldest first; when nothing is, let time pass to the next moment; until this task was done or the case has ended."""
        for _ in range(MOST_TASKS):
            if until in self.done or self._ended():
                return
            if waiting := self._open():
                self._do(*waiting[0])
            else:
                self._let_time_pass()
        raise AssertionError(f"still going after {MOST_TASKS} steps; the last were {self.done[-10:]}")

    def _do(self, task: str, element: str, item: str | None) -> None:
        login = self._someone_for(task)
        page, shown = self.page(login), self.service.engine.ask(self.service.actor(login), queries.task_page, task)
        page.goto(f"/tasks/{task}")
        if look := self.looks.get(element):
            look(page)
        given = self.given.get(element, {})
        self._answer(page, shown.form, shown.names, given(item) if callable(given) else given)
        expect(page.get_by_text("Thank you: this task is done"), f"{element} of {item}").to_be_visible()
        self.done.append(element)
        self._today.add((element, item, self.service.engine.now().date()))

    # ---- who and when, from the database

    def _ended(self) -> bool:
        with self.service.engine.database.reading() as db:
            return db.scalar(sa.select(t.cases.c.ended_at).where(t.cases.c.reference == self.reference)) is not None

    def _open(self) -> list[tuple[str, str, str | None]]:
        k = t.tasks
        query = sa.select(k.c.id, k.c.element, k.c.item).join(t.cases, t.cases.c.id == k.c.case_id).where(
            t.cases.c.reference == self.reference, k.c.state == "open").order_by(k.c.offered_at, k.c.element, k.c.item)
        with self.service.engine.database.reading() as db:
            found = [(row.id, row.element, row.item) for row in db.execute(query)]
        today = self.service.engine.now().date()
        return [one for one in found if one[1] not in self.leave and (*one[1:], today) not in self._today and not self._page_of(one[0]).locked]

    def _page_of(self, task: str) -> Any:
        return self.service.engine.ask(self.service.actor(self._candidates(task)[0]), queries.task_page, task)

    def _candidates(self, task: str) -> list[str]:
        """The logins of those this task is offered to."""
        h = t.holdings
        with self.service.engine.database.reading() as db:
            offers = set(db.scalars(sa.select(t.offers.c.holder).where(t.offers.c.task == task)))
            assigned = db.scalar(sa.select(t.tasks.c.claimed_by).where(t.tasks.c.id == task))
            rows = db.execute(sa.select(h.c.role, h.c.agency, h.c.case_id, t.people.c.login, t.people.c.id).join(
                t.people, t.people.c.id == h.c.person).where(h.c.until.is_(None)).order_by(t.people.c.login)).all()
        fit = [row.login for row in rows if offers & {holder(row.role, row.agency, row.case_id), holder(row.role, None, row.case_id)}]
        mine = [row.login for row in rows if row.id == assigned]
        assert mine or fit, f"nobody holds {sorted(offers)}"
        return mine or list(dict.fromkeys(fit))

    def _someone_for(self, task: str) -> str:
        for login in self._candidates(task):
            if not self.service.engine.ask(self.service.actor(login), queries.task_page, task).barred:
                return login
        raise AssertionError("everyone to whom this task is offered is barred from it")

    def _let_time_pass(self) -> None:
        k = t.timers
        query = sa.select(sa.func.min(k.c.due_at)).join(t.cases, t.cases.c.id == k.c.case_id).where(
            t.cases.c.reference == self.reference, k.c.fired_at.is_(None))
        with self.service.engine.database.reading() as db:
            due = db.scalar(query)
        assert due is not None, f"nothing is open and nothing will ever happen; the last were {self.done[-10:]}"
        self.service.engine.clock.move_to(max(due, self.service.engine.now()))
        sweep(self.service.engine)

    # ---- one form

    def _answer(self, page: Page, form: Form, names: Any, given: Mapping[str, Any]) -> None:
        values = form.sample(names, self.service.engine.now(), given)
        if page.url.endswith("/check"):
            raise AssertionError("already checked")
        for _ in range(4):   # sending brings up what an answer has made into a question
            _fill(page, form, values)
            page.locator(".app-send button").first.click()
            if page.get_by_role("heading", name="Check your answers").count():
                page.get_by_role("button", name="Confirm and send").click()
            if reason := page.locator('[name="reason_for_going_on"]:visible').all():
                reason[0].fill("Sample reason for going on")
                continue
            if not page.locator("form[data-live]").count():
                return
            if page.locator(".govuk-error-summary").count():
                raise AssertionError(f"{form.id} was refused: {page.locator('.govuk-error-summary').inner_text()}")
        raise AssertionError(f"{form.id} is still asked after four tries")


def _fill(page: Page, form: Form, values: Mapping[str, Any]) -> None:
    """Every question of this form that shows, with these answers."""
    _rows(page, form, values)
    for _ in range(6):
        before = _shape(page)
        for name, item, value in _leaves(form.fields, values, ""):
            _set(page, name, item, value)
        page.locator("form[data-live]:not([data-asking])").wait_for()
        _rows(page, form, values)
        if _shape(page) == before:
            return


def _shape(page: Page) -> Any:
    return page.eval_on_selector_all("form[data-live] [name]", "all => all.map(one => one.name).join()")


def _rows(page: Page, form: Form, values: Mapping[str, Any]) -> None:
    for path, wanted in _lists(form.fields, values, ""):
        for _ in range(wanted):
            button = page.locator(f'button[name="do"][value="add:{path}"]')
            if not button.count() or page.locator(f'[id="{path.replace(".", "-")}-{wanted - 1}"]').count():
                break
            button.click()
            page.wait_for_load_state()


def _lists(items: Iterable[Item], values: Any, prefix: str) -> Iterator[tuple[str, int]]:
    for item in items:
        if isinstance(item, Group):
            yield from _lists(item.items, (values or {}).get(item.path) if item.path else values, f"{prefix}{item.path}." if item.path else prefix)
        elif isinstance(item, List):
            rows = (values or {}).get(item.path) or []
            if rows: yield f"{prefix}{item.path}", len(rows)
            for at, row in enumerate(rows): yield from _lists(item.items, row, f"{prefix}{item.path}.{at}.")


def _leaves(items: Iterable[Item], values: Any, prefix: str) -> Iterator[tuple[str, Field, Any]]:
    for item in items:
        if isinstance(item, Group):
            yield from _leaves(item.items, (values or {}).get(item.path) if item.path else values, f"{prefix}{item.path}-" if item.path else prefix)
        elif isinstance(item, List):
            for at, row in enumerate((values or {}).get(item.path) or []): yield from _leaves(item.items, row, f"{prefix}{item.path}-{at}-")
        elif isinstance(item, Field) and not item.readonly and (value := (values or {}).get(item.key)) is not None:
            yield prefix + item.key, item, value


def _set(page: Page, name: str, item: Field, value: Any) -> None:
    """One answer typed, ticked or chosen, if its question shows and does not hold it already."""
    if item.type in ("radio", "checklist", "taglist", "checkbox"):
        given = ["true"] if value is True else [] if value is False else value if isinstance(value, list) else [value]
        for one in given:
            box = page.locator(f'input[name="{name}"][value="{_token(one)}"]')
            if box.count() and not box.is_checked(): box.check()
    elif item.type == "select":
        if page.locator(f'select[name="{name}"]').count(): page.locator(f'select[name="{name}"]').select_option(_token(value))
    elif item.type == "filepicker":
        files = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Upload)]
        chooser = page.locator(f'input[name="{name}-file"]')
        if files and chooser.count() and not chooser.evaluate("one => one.files.length"):
            chooser.set_input_files([{"name": one.name, "mimeType": one.type, "buffer": one.content} for one in files])
    elif isinstance(value, datetime):
        _set_date(page, f"{name}-date", value)
        _type(page, f"{name}-time", f"{value:%H:%M}")
    elif isinstance(value, date):
        _set_date(page, name, value)
    else:
        _type(page, name, f"{value:%H:%M}" if isinstance(value, time) else f"{value:g}" if isinstance(value, float) else str(value))


def _set_date(page: Page, name: str, value: date) -> None:
    for part in ("day", "month", "year"):
        _type(page, f"{name}-{part}", str(getattr(value, part)))


def _type(page: Page, name: str, text: str) -> None:
    box = page.locator(f'[name="{name}"]')
    if box.count() and box.input_value() != text: box.fill(text)


def _token(value: Any) -> str:
    return re.sub(r"\.0$", "", str(value)) if isinstance(value, float) else str(value)
