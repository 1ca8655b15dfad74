"""An answer is put right in a real browser, with pictures of what the person sees."""
from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Service, press, send, shoot
from tests.browser.test_a_case import fill

Enter = Callable[..., Page]


def test_a_wrong_day_of_receipt_is_put_right(service: Service, as_person: Enter) -> None:
    reference: Any = service.begin("business.office", "referral_keyed_in", received_on=date(2023, 3, 3), agreed_on=date(2023, 3, 1),
                                   received_reason="It came on Friday evening")
    service.do("business.office", reference, "key_in_referral")
    service.at("2023-03-09T10:00:00")
    manager = as_person("business.manager")
    manager.goto(f"/cases/{reference}")
    press(manager, manager.get_by_role("link", name="Correct Register a referral"))
    shoot(manager, "60-correct")

    send(manager)
    expect(manager.get_by_role("heading", name="There is a problem")).to_be_visible()
    fill(manager, {"reason_for_correction": "The stamp on the letter says 2 March"}, dates={"received_on": "30 3 2023"})
    send(manager)
    expect(manager.locator(".govuk-error-summary")).to_contain_text("future")  # a day that has not come
    shoot(manager, "61-correct-future")
    fill(manager, dates={"received_on": "2 3 2023"})
    fill(manager, {"received_reason": "It came on Thursday evening"})  # asked again, now that it is not in the future
    send(manager)
    expect(manager.get_by_role("heading", name="Check what changes")).to_be_visible()
    expect(manager.get_by_text("2 April 2023")).to_be_visible()
    shoot(manager, "62-correct-check")

    press(manager, manager.get_by_role("button", name="Correct the answer"))
    expect(manager.get_by_text("The answer is corrected")).to_be_visible()
    shoot(manager, "63-corrected")
    manager.goto(f"/cases/{reference}")
    expect(manager.get_by_text("The stamp on the letter says 2 March")).to_be_visible()
    shoot(manager, "64-case-after-correction")
