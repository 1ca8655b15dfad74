"""A case played by different people through the pages, on a clock that is moved; with pictures of what they see."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Service, shoot

Enter = Callable[..., Page]


def fill(page: Page, texts: dict[str, str] | None = None, dates: dict[str, str] | None = None, choose: dict[str, str] | None = None) -> None:
    """Answer by the keys of the form; a date is written “6 3 2023”."""
    for key, option in (choose or {}).items():
        page.locator(f'input[name="{key}"][value="{option}"]').check()
    for key, text in (texts or {}).items():
        page.locator(f'[name="{key}"]').fill(text)
    for key, when in (dates or {}).items():
        for part, text in zip(("day", "month", "year"), when.split(), strict=True):
            page.locator(f'[name="{key}-{part}"]').fill(text)


def fill_the_rest(page: Page) -> None:
    """Give a plain answer to whatever a form still asks: what someone does who only wants to see it go through."""
    for _ in range(6):
        before = page.locator("form[data-live] [name]").count()
        names = page.eval_on_selector_all("form[data-live] input[type=radio]", "all => [...new Set(all.map(one => one.name))]")
        for name in names:
            if not page.locator(f'input[name="{name}"]:checked').count():
                page.locator(f'input[name="{name}"]').first.check()
        page.locator("form[data-live]:not([data-asking])").wait_for()
        if page.locator("form[data-live] [name]").count() == before:
            break
    for one in page.locator("form[data-live] :is(input[type=text], input:not([type]), textarea)").all():
        name = one.get_attribute("name") or ""
        if not one.input_value() and not name.endswith(("-day", "-month", "-year")):
            one.fill("4" if one.get_attribute("inputmode") else "Sample answer")
    for one in page.locator("form[data-live] select").all():
        if not one.input_value():
            one.select_option(index=1)


def send(page: Page) -> None:
    page.locator(".app-send button").first.click()


def task(page: Page, name: str | re.Pattern[str]) -> Page:
    page.goto("/")
    page.get_by_role("link", name=name).first.click()
    return page


def test_a_referral_goes_from_the_office_to_the_agencies_and_back(service: Service, as_person: Enter) -> None:
    service.at("2023-03-06T10:00:00")
    office = as_person("business.office")
    office.goto("/")
    shoot(office, "01-home-nothing-yet")
    office.goto("/start")
    shoot(office, "02-start")
    office.locator('main a[href$="/referral_keyed_in"]').first.click()
    send(office)
    expect(office.get_by_role("heading", name="There is a problem")).to_be_visible()
    shoot(office, "03-start-errors")

    fill(office, dates={"received_on": "31 2 2023"})
    send(office)
    expect(office.locator("#received_on-error")).to_contain_text("must be a real date")
    fill(office, dates={"received_on": "6 3 2023", "agreed_on": "6 3 2023"})
    fill_the_rest(office)
    send(office)
    expect(office.get_by_text("Your case has been opened")).to_be_visible()
    reference = office.locator("h1").inner_text()
    shoot(office, "04-case-opened")

    task(office, "Key in the referral")
    shoot(office, "05-referral")
    fill(office, texts={"child_name": "Tamsin Marlow", "child_initials": "T.M."}, dates={"born_on": "14 6 2021", "incident_on": "20 2 2023"},
         choose={"source": "partner", "incident_kind": "death"})
    expect(office.locator('[name="died_on-day"]')).to_be_visible()   # came up with the answer before it
    fill(office, dates={"died_on": "20 2 2023"})
    office.get_by_role("button", name="Save and come back later").click()
    expect(office.get_by_text("Your draft is saved")).to_be_visible()
    office.goto("/drafts")
    shoot(office, "06-drafts")
    office.get_by_role("link", name="Key in the referral").click()
    expect(office.locator('[name="child_name"]')).to_have_value("Tamsin Marlow")
    service.do("business.office", reference, "key_in_referral", **_child())   # the rest of this long form is the pack's own affair
    send(office)
    expect(office.get_by_role("heading", name="This has already been done")).to_be_visible()
    expect(office.get_by_text("Tamsin Marlow")).to_be_visible()
    shoot(office, "07-already-done")

    service.do("business.office", reference, "acknowledge")
    manager = as_person("business.manager")
    task(manager, re.compile("notif", re.IGNORECASE))
    shoot(manager, "08-task")
    service.do("business.manager", reference, "sin_check", **_notified())
    task(manager, re.compile("Screen", re.IGNORECASE))
    shoot(manager, "09-screening")
    service.do("business.manager", reference, "screening", agencies=["CSC", "HOU"])

    service.at("2023-03-07T10:00:00")
    for agency in ("CSC", "HOU"):
        service.do("business.office", reference, "information_request", agency, **_period())
    housing = as_person("board.rep.hou")
    housing.goto("/")
    shoot(housing, "10-agency-home")
    housing.locator(".app-task a").first.click()
    shoot(housing, "11-agency-task")
    housing.get_by_role("button", name="I will do it").click()
    expect(housing.get_by_text("You have taken this task")).to_be_visible()
    housing.goto(f"/cases/{reference}")
    expect(housing.get_by_role("heading", name="Your part of it")).to_be_visible()
    shoot(housing, "12-agency-case")

    service.at("2023-03-24T10:00:00")
    housing.goto("/")
    expect(housing.get_by_text(re.compile("Overdue by")).first).to_be_visible()
    shoot(housing, "13-agency-late")
    manager.goto("/cases")
    expect(manager.get_by_text(re.compile("Overdue by")).first).to_be_visible()
    shoot(manager, "14-cases-late")
    manager.goto(f"/cases/{reference}")
    shoot(manager, "15-case-late")
    manager.goto(f"/cases/{reference}/diagram")
    expect(manager.locator("[data-ready]")).to_be_visible()
    shoot(manager, "16-diagram")
    manager.goto(f"/cases/{reference}/diagram/information_from_one_agency")
    expect(manager.locator("[data-ready]")).to_be_visible()
    shoot(manager, "17-diagram-of-a-part")
    manager.goto(f"/cases/{reference}/trail")
    shoot(manager, "18-trail")

    chair = as_person("panel.chair")
    service.do("board.rep.csc", reference, "information_return", "CSC")
    service.do("board.rep.hou", reference, "information_return", "HOU")
    for agency in ("CSC", "HOU"):
        service.do("business.office", reference, "completeness_check", agency)
    service.do("business.office", reference, "panel_meeting", meeting_on=_day(2023, 3, 28))
    service.at("2023-03-28T16:00:00")
    task(chair, re.compile("finding", re.IGNORECASE))
    fill(chair, choose={"more_information": "no", "conflicts_declared": "yes"})
    chair.get_by_role("button", name=re.compile("Add (one|another) to conflicts")).click()
    shoot(chair, "19-findings")
    chair.emulate_media(media="print")
    shoot(chair, "20-findings-printed")
    chair.emulate_media(media="screen")
    service.do("panel.chair", reference, "panel_findings", meeting_on=_day(2023, 3, 28), abuse_or_neglect="suspected", child_died="yes")
    task(chair, re.compile("recommend", re.IGNORECASE))
    shoot(chair, "21-recommendation")
    fill(chair, choose={"recommendation": "scr"})
    fill_the_rest(chair)
    fill(chair, dates=dict.fromkeys(_empty_dates(chair), "28 3 2023"))
    chair.locator(".app-send button").first.click()
    shoot(chair, "22-check-your-answers")
    expect(chair.get_by_role("heading", name="Check your answers")).to_be_visible()
    chair.get_by_role("button", name="Confirm and send").click()
    expect(chair.get_by_text("Thank you: this task is done")).to_be_visible()
    shoot(chair, "23-done")


def test_everything_works_without_javascript(service: Service, browser: Any) -> None:
    service.at("2023-03-28T17:00:00")
    context = browser.new_context(base_url=service.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Sign-in name").fill("business.office")
    page.get_by_label("Password", exact=True).fill(service.people["business.office"].password)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/start/serious-case-review/referral_keyed_in")
    fill(page, dates={"received_on": "20 3 2023"})
    page.locator(".app-send button").first.click()
    shoot(page, "30-no-javascript")
    expect(page.locator('[name="received_reason"]')).to_be_visible()   # asked because the day is past

    page.goto("/help")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_nothing_is_refused_by_the_content_security_policy(service: Service, as_person: Enter) -> None:
    page, said = as_person("business.manager"), []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    reference = service.begin("referrer.hlt", "concern_raised")   # its own case: which tests went before is not known
    for url in ("/", "/cases", f"/cases/{reference}", f"/cases/{reference}/diagram", "/help"):
        page.goto(url)
        page.wait_for_load_state("networkidle")
    assert said == []


def _empty_dates(page: Page) -> list[str]:
    names = page.eval_on_selector_all("form[data-live] input[name$='-day']", "all => all.filter(one => !one.value).map(one => one.name)")
    return [name.removesuffix("-day") for name in names]


def _day(*parts: int) -> Any:
    from datetime import date

    return date(*parts)


def _child() -> dict[str, Any]:
    from tests.browser.fixed_days import CHILD

    return CHILD


def _notified() -> dict[str, Any]:
    return {"notifiable": "yes", "notified": "yes", "aware_on": _day(2023, 2, 21), "sent_on": _day(2023, 2, 23)}


def _period() -> dict[str, Any]:
    return {"period_from": _day(2021, 6, 14), "period_to": _day(2023, 3, 7)}
