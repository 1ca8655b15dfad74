"""Two whole cases, every task of them done on its page by someone it is offered to, on a clock that is moved."""
from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from engine.store import tables as t
from tests.browser.by_hand import ByHand
from tests.browser.conftest import Service, own_browser, press, shoot

Enter = Callable[..., Page]
SUSPECTED = {"abuse_or_neglect": "suspected", "child_died": "yes", "more_information": "no"}
NEITHER = {"abuse_or_neglect": "neither", "child_died": "yes", "custody": "none", "more_information": "no"}


def person(service: Service, login: str) -> str:
    with service.engine.database.reading() as db:
        return str(db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login)))


def pictures(prefix: str, *elements: str) -> dict[str, Callable[[Page], None]]:
    """A picture of the page of each of these tasks, as it looks before it is filled in."""
    return {element: lambda page, name=f"{prefix}-{element}": shoot(page, name) for element in elements}


def test_a_case_goes_from_a_practitioners_concern_to_the_public_page_and_the_last_action(
        service: Service, as_person: Enter, browser: Browser) -> None:
    who = lambda login: person(service, login)  # noqa: E731 - a word for what stands in every line below
    case = ByHand(service, as_person, given={
        "screening": {"agencies": ["HLT", "HOU"]},
        "panel_findings": SUSPECTED, "panel_recommendation": {"recommendation": "scr"}, "chair_decision": {"decision": "scr"},
        "appoint_panel_chair": {"appointment": {"person": who("vice.chair")}}, "appoint_reviewer": {"appointment": {"person": who("peer.challenger")}},
        "nominate_author": lambda agency: {"author": who(f"referrer.{agency.lower()}"), "compiler": who(f"manager.{agency.lower()}")},
        "contact_family_member": {"next": "enough"},
    }, looks=pictures("40", "scope_and_method", "contribution_matrix", "draft_terms", "write_chronology", "write_report", "quality_check", "draft_overview",
                      "panel_agrees", "adopt_recommendation", "publication_plan", "publish_report", "confirm_publication", "update_action",
                      "keep_or_take_down"))
    reference = case.start("practitioner.hlt", "concern_raised")
    case.go_on(until="confirm_publication")

    public = own_browser(browser, service).new_page()   # nobody: no session, no cookie
    public.goto("/published/")
    shoot(public, "41-published")
    press(public, public.get_by_role("link", name=reference).first)
    expect(public.get_by_role("heading", level=1)).to_be_visible()
    shoot(public, "42-published-report")
    assert public.context.cookies() == []

    case.go_on()
    with service.engine.database.reading() as db:
        assert db.scalar(sa.select(t.cases.c.outcome).where(t.cases.c.reference == reference)) == "E-f"
    manager = case.page("business.manager")
    manager.goto(f"/cases/{reference}")
    expect(manager.get_by_text("Published, actions closed, kept on the public page").first).to_be_visible()
    shoot(manager, "43-case-ended")
    manager.goto(f"/cases/{reference}/diagram")
    expect(manager.locator("[data-ready]")).to_be_visible()
    shoot(manager, "44-case-ended-diagram")


def test_a_case_that_does_not_meet_the_criteria_goes_to_the_report_of_another_review(service: Service, as_person: Enter) -> None:
    case = ByHand(service, as_person, given={
        "screening": {"agencies": ["HLT", "HOU"]},
        "panel_findings": NEITHER, "panel_recommendation": {"recommendation": "alternative"},
        "chair_decision": {"decision": "not_scr", "learning_agreed": "yes", "alternative": "local_case_review"},
    }, looks=pictures("50", "commission_alternative", "alternative_plan", "alternative_report", "alternative_at_board"))
    reference = case.start("business.office", "referral_keyed_in", referring_agency="HLT", received_on=date(2023, 3, 6), agreed_on=date(2023, 3, 6))
    case.go_on()
    with service.engine.database.reading() as db:
        found: Any = db.execute(sa.select(t.cases.c.id, t.cases.c.outcome).where(t.cases.c.reference == reference)).one()
        clocks = set(db.scalars(sa.select(t.deadlines.c.name).where(t.deadlines.c.case_id == found.id)))
    assert found.outcome == "E-d"
    assert clocks.isdisjoint({"six_months", "panel_copy", "earliest_removal", "contribution"})
    manager = case.page("business.manager")
    manager.goto(f"/cases/{reference}")
    shoot(manager, "51-case-ended")
