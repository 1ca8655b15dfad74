"""A case played by different people through the pages, on a clock that is moved; with pictures of what they see."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Service, own_browser, press, send, settle, shoot, sign_in

Enter = Callable[..., Page]


def fill(page: Page, texts: dict[str, str] | None = None, dates: dict[str, str] | None = None, choose: dict[str, str] | None = None) -> None:
    """Answer by the keys of the form; a date is written “6 3 2023”."""
    for key, option in (choose or {}).items():
        page.locator(f'input[name="{key}"][value="{option}"]').check()
        settle(page)
    for key, text in (texts or {}).items():
        page.locator(f'[name="{key}"]').fill(text)
    for key, when in (dates or {}).items():
        for part, text in zip(("day", "month", "year"), when.split(), strict=True):
            page.locator(f'[name="{key}-{part}"]').fill(text)
    settle(page)


#: The questions of a form that nobody has answered, in order: name and how it is answered. Dates are left out.
UNANSWERED = """form => {
    const boxes = [...form.querySelectorAll("input[type=text], input:not([type]), textarea, select, input[type=radio]")];
    const open = boxes.filter(one => one.type == "radio" ? !form.querySelector(`[name="${one.name}"]:checked`) : !one.value);
    return open.filter(one => !/-(day|month|year)$/.test(one.name)).map(one => [one.name, one.inputMode ? "number" : one.type]);
}"""


def fill_the_rest(page: Page) -> None:
    """Give a plain answer to whatever a form still asks: what someone does who only wants to see it go through."""
    for _ in range(100):
        unanswered = page.locator("form[data-live]").evaluate(UNANSWERED)
        if not unanswered:
            return
        name, kind = unanswered[0]
        box = page.locator(f'[name="{name}"]').first
        if kind == "radio":
            box.check()
        elif kind.startswith("select"):
            box.select_option(index=1)
        else:
            box.fill("4" if kind == "number" else "Sample answer")
        settle(page)
    raise AssertionError(f"{unanswered} are still not answered")


def task(page: Page, name: str | re.Pattern[str]) -> Page:
    page.goto("/")
    press(page, page.get_by_role("link", name=name).first)
    return page


def test_a_referral_goes_from_the_office_to_the_agencies_and_back(service: Service, as_person: Enter) -> None:
    service.at("2023-03-06T10:00:00")
    office = as_person("business.office")
    office.goto("/")
    shoot(office, "01-home-nothing-yet")
    office.goto("/start")
    shoot(office, "02-start")
    press(office, office.locator('main a[href$="/referral_keyed_in"]').first)
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
    office.go_back(wait_until="load")   # the form is still filled: sent again, it leads to the same case
    send(office)
    expect(office.get_by_text("You had already sent this")).to_be_visible()
    expect(office.locator("h1")).to_have_text(reference)

    task(office, "Key in the referral")
    shoot(office, "05-referral")
    fill(office, texts={"child_name": "Tamsin Marlow", "child_initials": "T.M."}, dates={"born_on": "14 6 2021", "incident_on": "20 2 2023"},
         choose={"source": "partner", "incident_kind": "death"})
    expect(office.locator('[name="died_on-day"]')).to_be_visible()   # came up with the answer before it
    fill(office, dates={"died_on": "20 2 2023"})
    expect(office.get_by_text("Saved as a draft")).to_be_visible()   # by itself, while it is written
    press(office, office.get_by_role("button", name="Save and come back later"))
    expect(office.get_by_text("Your draft is saved")).to_be_visible()
    office.goto("/drafts")
    shoot(office, "06-drafts")
    press(office, office.get_by_role("link", name="Key in the referral"))
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
    press(housing, housing.locator(".app-task a").first)
    shoot(housing, "11-agency-task")
    press(housing, housing.get_by_role("button", name="I will do it"))
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
    press(chair, chair.get_by_role("button", name=re.compile("Add (one|another) to conflicts")))
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
    send(chair)
    shoot(chair, "22-check-your-answers")
    expect(chair.get_by_role("heading", name="Check your answers")).to_be_visible()
    press(chair, chair.get_by_role("button", name="Confirm and send"))
    expect(chair.get_by_text("Thank you: this task is done")).to_be_visible()
    shoot(chair, "23-done")


def test_everything_works_without_javascript(service: Service, browser: Any) -> None:
    service.at("2023-03-28T17:00:00")
    context = own_browser(browser, service, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "business.office", service.people["business.office"].password)
    page.goto("/start/serious-case-review/referral_keyed_in")
    fill(page, dates={"received_on": "20 3 2023"})
    send(page)
    shoot(page, "30-no-javascript")
    expect(page.locator('[name="received_reason"]')).to_be_visible()   # asked because the day is past

    page.goto("/help")
    press(page, page.get_by_role("button", name="Sign out"))
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
