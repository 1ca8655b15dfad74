"""Whole cases done through the pages: every open task is opened by someone it is offered to, filled in, and sent."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from engine import queries
from engine.alarm import sweep
from engine.forms import Field, Form, Group, Item, List, Upload
from engine.rules.access import holder
from engine.store import tables as t
from tests.browser.conftest import Service, press, send, settle

Given = Mapping[str, Any] | Callable[..., Mapping[str, Any]]
MOST_TASKS = 400


@dataclass
class ByHand:
    """One case and the people who work on it, each in a browser of their own."""

    service: Service
    as_person: Callable[..., Page]
    given: Mapping[str, Given] = field(default_factory=dict)        # what a task is answered with, beyond the plain sample
    leave: frozenset[str] = frozenset()                             # tasks that nobody does
    looks: dict[str, Callable[[Page], None]] = field(default_factory=dict)   # what is done with the first page of a task before it is filled in
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
            if waiting := next(self._doable(), None):
                self._do(*waiting)
            else:
                self._let_time_pass()
        raise AssertionError(f"still going after {MOST_TASKS} steps; the last were {self.done[-10:]}")

    def _do(self, login: str, shown: Any, element: str, item: str | None) -> None:
        page = self.page(login)
        page.goto(f"/tasks/{shown.id}")
        if look := self.looks.pop(element, None):
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

    def _doable(self) -> Iterator[tuple[str, Any, str, str | None]]:
        """What is open, oldest first: who does it, the task as they see it, its element and item."""
        k = t.tasks
        query = sa.select(k.c.id, k.c.element, k.c.item).join(t.cases, t.cases.c.id == k.c.case_id).where(
            t.cases.c.reference == self.reference, k.c.state == "open").order_by(k.c.offered_at, k.c.element, k.c.item)
        with self.service.engine.database.reading() as db:
            found = [(row.id, row.element, row.item) for row in db.execute(query)]
        today = self.service.engine.now().date()
        for task, element, item in found:
            if element in self.leave or (element, item, today) in self._today:
                continue
            seen = ((login, self.service.engine.ask(self.service.actor(login), queries.task_page, task)) for login in self._candidates(task))
            login, shown = next((one for one in seen if one[1].locked or not one[1].barred), (None, None))
            assert login, f"everyone to whom {element} of {item} is offered is barred from it"
            if not shown.locked:
                yield login, shown, element, item

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
            send(page)
            if page.get_by_role("heading", name="Check your answers").count():
                press(page, page.get_by_role("button", name="Confirm and send"))
            if (reason := page.locator('[name="reason_for_going_on"]:visible')).count():
                reason.fill("Sample reason for going on")
                continue
            if not page.locator("form[data-live]").count():
                return
            if page.locator(".govuk-error-summary").count():
                raise AssertionError(f"{form.id} was refused: {page.locator('.govuk-error-summary').inner_text()}")
        raise AssertionError(f"{form.id} is still asked after four tries")


def _fill(page: Page, form: Form, values: Mapping[str, Any]) -> None:
    """Every question of this form that shows, with these answers."""
    for _ in range(6):   # an answer may bring up a question that stands before it
        _rows(page, form, values)
        boxes, acted = _boxes(page), False
        for name, item, value in _leaves(form.fields, values, ""):
            if _set(page, boxes, name, item, value):
                acted = True
                if settle(page): boxes = _boxes(page)
        if not acted:
            return
    raise AssertionError(f"{form.id} does not keep what is typed")


Boxes = Mapping[str, list[Mapping[str, Any]]]


def _boxes(page: Page) -> Boxes:
    """What can be typed, ticked or chosen on this page, by name, and what it holds. Asked of a page at rest, all at once."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in page.eval_on_selector_all("form[data-live] [name]", """all => all.map(one => (
            {name: one.name, value: one.value, checked: one.checked, files: one.files?.length}))"""):
        found.setdefault(one["name"], []).append(one)
    return found


def _rows(page: Page, form: Form, values: Mapping[str, Any]) -> None:
    for path, wanted in _lists(form.fields, values, ""):
        for _ in range(wanted):
            button = page.locator(f'button[name="do"][value="add:{path}"]')
            if not button.count() or page.locator(f'[id="{path.replace(".", "-")}-{wanted - 1}"]').count():
                break
            press(page, button)


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


def _set(page: Page, boxes: Boxes, name: str, item: Field, value: Any) -> bool:
    """One answer typed, ticked or chosen, if its question shows and does not hold it already; whether anything was to do."""
    if item.type in ("radio", "checklist", "taglist", "checkbox"):
        given = ["true"] if value is True else [] if value is False else value if isinstance(value, list) else [value]
        wanted = {_token(one) for one in given}
        unticked = [one["value"] for one in boxes.get(name, []) if one["value"] in wanted and not one["checked"]]
        for one in unticked: page.locator(f'input[name="{name}"][value="{one}"]').check()
        return bool(unticked)
    if item.type == "select":
        return _type(boxes, name, _token(value), page.locator(f'select[name="{name}"]').select_option)
    if item.type == "filepicker":
        files = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Upload)]
        if not files or any(one["files"] for one in boxes.get(f"{name}-file", [{"files": 1}])):
            return False
        page.locator(f'input[name="{name}-file"]').set_input_files([{"name": one.name, "mimeType": one.type, "buffer": one.content} for one in files])
        return True
    if isinstance(value, date):
        box = f"{name}-date" if isinstance(value, datetime) else name
        parts = {f"{box}-{part}": str(getattr(value, part)) for part in ("day", "month", "year")}
        if isinstance(value, datetime): parts[f"{name}-time"] = f"{value:%H:%M}"
    else:
        parts = {name: f"{value:%H:%M}" if isinstance(value, time) else f"{value:g}" if isinstance(value, float) else str(value)}
    done = [_type(boxes, box, text, _box(page, box).fill) for box, text in parts.items()]
    return any(done)


def _box(page: Page, name: str) -> Locator:
    return page.locator(f'[name="{name}"]')


def _type(boxes: Boxes, name: str, text: str, how: Callable[[str], object]) -> bool:
    if name not in boxes or boxes[name][0]["value"] == text:
        return False
    how(text)
    return True


def _token(value: Any) -> str:
    return re.sub(r"\.0$", "", str(value)) if isinstance(value, float) else str(value)
