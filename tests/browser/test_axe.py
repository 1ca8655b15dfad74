"""Every page, as everyone who may see it: no breach of WCAG 2.2 A and AA that a machine can find."""
from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from html import unescape
from itertools import groupby
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from lxml import etree, html
from playwright.sync_api import Page

from engine import actions, queries
from engine.progress.drafts import DraftPlace
from engine.store import tables as t
from tests.browser.conftest import SCREENSHOTS, Service, entered, let_in, own_browser, press, send
from tests.browser.fixed_days import asked_of_three

AXE = Axe().axe_script
#: Attributes whose very words axe judges, and those that name another element of the page.
JUDGED = frozenset({"autocomplete", "class", "dir", "lang", "role", "scope", "style", "tabindex", "type"})
POINTING = frozenset({"aria-controls", "aria-describedby", "aria-labelledby", "for", "form", "headers"})
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}, "resultTypes": ["violations"]}
MACHINES = {"static", "health.healthz", "health.readyz", "health.metrics", "diagrams.source", "process.source", "documents.download",
            "published.feed", "published.file", "links.open", "links.choose", "account.factor",
            "single_sign_on.start", "single_sign_on.back", "single_sign_on.leave", "single_sign_on.again",
            "sign_in.second", "sign_in.set_up"}   # no pages; those of signing in are judged in test_signing_in.py
#: What tells one page of an address from another.
KINDS = ("id", "change", "person", "proposal", "action", "start", "role", "pack", "process", "name", "answer", "decision", "reference")
DRAWN = ("information_gathering", "publication", "reason_for_delay")   # pages of other diagrams differ in the picture and its list alone
SEES_ALL = "business.manager"   # a diagram looks the same to everyone who may see it: one person opens all of them
#: One person for each role; for a role of the agencies, one at an agency that has been asked.
TABLE = SCREENSHOTS.parent / "axe.json"


@pytest.fixture
def prepared(service: Service) -> Service:
    service.reference = asked_of_three(service)
    office = service.actor("business.office")
    unfinished = DraftPlace("start", "serious-case-review", "referral_keyed_in")
    service.engine.perform(office, actions.save_draft, unfinished, {"received_on": {"day": "31", "month": "2"}})
    _corrected(service)
    _published(service)
    _proposed(service)
    return service


def _corrected(service: Service) -> None:
    """Nobody had been notified, after all: what was decided by that is for someone to settle."""
    s, manager = t.submissions, service.actor("business.manager")
    with service.engine.database.reading() as db:
        row = db.execute(sa.select(s.c.id, s.c.case_id).where(s.c.element == "sin_check")).one()
    service.engine.perform(manager, actions.correct_answer, row.id, {"notified": "no"}, "The letter was never sent")
    service.engine.perform(manager, actions.save_draft, DraftPlace("correction", row.case_id, row.id), {"notified": "yes"})


def _published(service: Service) -> None:
    """Two entries for the public, one of them taken down."""
    now = service.engine.now()
    entry = {"title": "A fictional review", "summary": "What was learnt.", "published_at": now, "changed_at": now, "taken_down_at": None, "reason": None}
    with service.engine.database.writing() as db:
        db.execute(sa.insert(t.published), [entry | {"reference": service.reference},
                                            entry | {"reference": "SCR-1999-001", "taken_down_at": now, "reason": "Twelve months are over."}])
        db.execute(sa.insert(t.published_files).values(reference=service.reference, name="report", place=0, title="The report", file_name="report.pdf",
                                                       kind="application/pdf", size=4, digest="0" * 64, content=b"%PDF"))


def _proposed(service: Service) -> None:
    """A role that waits for a second person, and an account that is closed."""
    second = service.actor("administrator.2")
    service.engine.perform(second, actions.propose, "role_given", {"person": service.actor("panel.member").person, "role": "legal_adviser", "reason": "New"})
    service.engine.perform(second, actions.close_account, "panel.member.3")


def one_of_each_role(service: Service) -> dict[str, str]:
    """Role → login."""
    h, p = t.holdings, t.people
    with service.engine.database.reading() as db:
        rows = db.execute(sa.select(h.c.role, h.c.agency, p.c.login).join(p, p.c.id == h.c.person).where(h.c.case_id.is_(None)).order_by(p.c.login)).all()
    found: dict[str, str] = {}
    for row in rows:
        if row.role not in found or row.agency == "HOU":
            found[row.role] = row.login
    return found


def addresses(service: Service, login: str) -> Iterator[tuple[str, str]]:
    """Every page for this person, by endpoint; ids are those of the prepared case."""
    actor, reference = service.actor(login), service.reference
    with service.engine.database.reading() as db:
        tasks = db.execute(sa.select(t.tasks.c.id, t.tasks.c.element, t.tasks.c.state).join(t.cases, t.cases.c.id == t.tasks.c.case_id)
                           .where(t.cases.c.reference == reference)).all()
        pack = service.engine.shelf.pack(db, db.scalar(sa.select(t.cases.c.release)))
        answered = db.scalars(sa.select(t.submissions.c.id).join(t.cases, t.cases.c.id == t.submissions.c.case_id).where(
            t.cases.c.reference == reference).order_by(t.submissions.c.at)).all()
        decisions = db.scalars(sa.select(t.unsettled.c.id)).all()
        proposals = db.scalars(sa.select(t.approvals.c.id)).all()
        people = {row.login: row.id for row in db.execute(sa.select(t.people.c.login, t.people.c.id))} if login == "administrator" else {}
    starts = service.engine.ask(actor, queries.starts)
    choices: dict[str, list[dict[str, str]]] = {
        "tasks": [{"task": task} for task in {(row.element, row.state): row.id for row in tasks}.values()],
        "start": [{"pack": start.pack, "start": start.start} for start in starts],
        "action": [{"reference": reference, "action": one} for one in ("withdraw", "add_agency", "release_with_gaps", "ask_peer_challenge", "ask_panel_again")],
        "process": [{"reference": reference, "process": process} for process in (pack.main.id, *(DRAWN if login == SEES_ALL else ()))],
        "role": [{"pack": pack.id, "role": "board_rep"}] if login == SEES_ALL else [],
        "pack": [{"pack": pack.id, "process": "panel_consideration"}] if login == SEES_ALL else [],
        "name": [{"reference": reference, "name": register} for register in pack.registers],
        "answer": [{"reference": reference, "answer": answer} for answer in answered],
        "id": [{"id": service.actor(SEES_ALL).person}], "proposal": [{"proposal": proposal} for proposal in proposals] if people else [],
        "person": [{"person": people[one]} for one in ("panel.member", "panel.member.3", "administrator") if people],
        "change": [{"person": people[one], "change": change} for one, change in (("panel.member", "give"), ("panel.member", "take"), ("panel.member.3", "open"))
                   if people],
        "decision": [{"reference": reference, "decision": decision} for decision in decisions],
        "reference": [{"reference": reference}], "": [{}],
    }
    seen = set()
    for rule in service.app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in MACHINES or (rule.endpoint.startswith("account.") and login != SEES_ALL):
            continue   # one's own account looks the same to everyone, but for secrets and times
        kind = next((one for one in KINDS if one in rule.arguments), "tasks" if "task" in rule.arguments else "")
        for given in choices[kind]:
            url = re.sub(r"<(?:\w+:)?(\w+)>", lambda found, given=given: given[found[1]], rule.rule)
            if rule.endpoint == "process.sources":
                url += "?words=H3-5"   # a few clauses: to judge hundreds that look the same takes a machine minutes
            if url not in seen:
                seen.add(url)
                yield rule.endpoint, url


def shape(text: str) -> str:
    """What axe can judge of a page: its elements, what they are called and point to, and where there are words; not which words, nor how many rows alike."""
    root = html.fromstring(text)
    ids = Counter(root.xpath("//@id"))
    tags = {each.get("id"): each.tag for each in root.iterfind(".//*[@id]")}

    def attribute(name: str, value: str) -> str:
        if name == "id":
            return f"id {ids[value]}"
        if name in POINTING or value.startswith("#"):
            return f"{name}={[tags.get(one) for one in value.strip('#').split()]}"
        return f"{name}={value}" if name in JUDGED else f"{name} {bool(value.strip())}"

    def drawn(element: html.HtmlElement) -> str:
        parts: list[str] = ["…" if (element.text or "").strip() else ""]
        for child in element.iterchildren(etree.Element):
            parts += [drawn(child), "…" if (child.tail or "").strip() else ""]
        told = " ".join(sorted(attribute(*each) for each in element.items()))
        return f"<{element.tag} {told}>{''.join(part for part, _ in groupby(filter(None, parts)))}</>"

    return drawn(root)


def test_no_page_breaks_the_guidelines_for_anyone(prepared: Service, browser: Any) -> None:
    faults: list[str] = []
    looked: set[str] = set()
    table: dict[str, dict[str, int]] = {}
    page = own_browser(browser, prepared).new_page()
    for url in ("/sign-in", "/help", "/help/roles", "/help/roles/serious-case-review/manager", "/accessibility", "/published/",
                "/published/?words=nothing", f"/published/{prepared.reference}/", "/published/SCR-1999-001/"):
        page.goto(url)
        faults += judged(page, f"stranger {url}")
    for role, login in one_of_each_role(prepared).items():
        client, row = entered(prepared, login), {}
        let_in(page.context, prepared, client)
        for endpoint, url in addresses(prepared, login):
            sent = client.get(url, follow_redirects=True)
            if sent.status_code in (403, 404):
                continue   # not theirs to see; the refusal itself is judged below
            assert sent.status_code in (200, 422), f"{role} {url}: {sent.status_code}"   # 422: a draft that is not ready to be checked over
            row[endpoint] = row.get(endpoint, 0) + 1
            drawn = "data-diagram" in sent.text
            if (looks := url if drawn else shape(sent.text)) not in looked:
                looked.add(looks)
                page.goto(url)
                assert page.title() in unescape(sent.text), f"{role} {url}: the browser is somebody else's"
                if drawn:
                    page.locator("[data-ready]").wait_for()
                faults += judged(page, f"{role} {url}")
        table[role] = row
    page.context.close()
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(json.dumps({"pages_looked_at": len(looked), "visits": sum(sum(row.values()) for row in table.values()), "roles": table}, indent=1))
    assert faults == []
    endpoints = {rule.endpoint for rule in prepared.app.url_map.iter_rules() if "GET" in rule.methods} - MACHINES
    assert endpoints - {one for row in table.values() for one in row} <= {
        "sign_in.form", "corrections.correct_check", "cases.action_check", "start.begin_check", "tasks.task_check"}


def test_pages_with_mistakes_and_refusals_keep_to_the_guidelines_too(prepared: Service, as_person: Callable[..., Page]) -> None:
    faults: list[str] = []
    office = as_person("business.office")
    office.goto("/start/serious-case-review/referral_keyed_in")
    faults += judged(office, "a draft")
    send(office)
    faults += judged(office, "errors")
    office.goto("/nowhere")
    faults += judged(office, "not found")
    police = prepared.open_task(prepared.reference, "information_request", "POL")
    office.goto(f"/tasks/{police}")
    press(office, office.get_by_role("button", name="I will do it"))
    faults += judged(office, "taken, with a message")
    office.set_viewport_size({"width": 320, "height": 600})   # what 400% is on a usual screen
    for url in ("/", "/cases", f"/cases/{prepared.reference}", f"/tasks/{police}"):
        office.goto(url)
        faults += judged(office, f"narrow {url}")
        assert office.evaluate("document.documentElement.scrollWidth") <= 320, f"{url} needs scrolling sideways"

    assert faults == []


def judged(page: Page, where: str) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options).then(({ violations }) => violations)", WCAG)   # the rest is long, and nobody reads it
    return [f"{where}: {one['id']}: {one['help']}: {node['html'][:160]}" for one in found for node in one["nodes"][:2]]
