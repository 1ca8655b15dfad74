"""Signing in as people do it: an app set up, a passkey of the browser's own, asked again; every page of it judged and pictured."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from engine import SYSTEM, actions
from engine.store import tables as t
from tests.browser.conftest import Service, own_browser, press, shoot
from tests.browser.test_axe import judged

LOGIN = "business.manager"


@pytest.fixture
def strict(make_service: Callable[[str], Service]) -> Service:
    """A service where everyone shows something beside the password, opened by a name, as passkeys need it."""
    service = make_service("2023-03-06T09:00:00")
    service.address = service.address.replace("127.0.0.1", "localhost")
    settings = service.engine.settings
    service.engine.settings = replace(settings, mail=replace(settings.mail, base_url=service.address),
                                      sessions=replace(settings.sessions, second_factor="required", prove_again_minutes=10))
    return service


@pytest.fixture
def page(strict: Service, browser: Browser) -> Iterator[Page]:
    context = own_browser(browser, strict)
    page = context.new_page()
    tools = context.new_cdp_session(page)   # Chromium's virtual authenticator: unlocked by a finger that is always there
    tools.send("WebAuthn.enable")
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
        "automaticPresenceSimulation": True}})
    yield page
    context.close()


def later(service: Service, **how: int) -> None:
    service.engine.clock.move_to(service.engine.clock.now() + timedelta(**how))


def code(service: Service, secret: str) -> str:
    later(service, minutes=1)
    return pyotp.TOTP(secret).at(service.engine.now())


def enter(page: Page, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Sign-in name").fill(LOGIN)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, page.get_by_role("button", name="Sign in", exact=True))


def seen(page: Page, name: str, faults: list[str]) -> None:
    shoot(page, f"sign-in-{name}")
    faults += judged(page, name)


def test_from_an_invitation_to_a_passkey_in_a_real_browser(strict: Service, page: Page) -> None:
    faults: list[str] = []
    link = strict.engine.perform(SYSTEM, actions.make_link, LOGIN)
    page.goto(link)
    expect(page).to_have_url(re.compile("/sign-in/link$"))
    seen(page, "link", faults)
    page.get_by_label("New password").fill("blue-teapot-sings-low")
    page.get_by_label("The same once more").fill("blue-teapot-sings-low")
    press(page, page.get_by_role("button", name="Save the password"))
    seen(page, "name-and-password", faults)

    enter(page, "blue-teapot-sings-low")
    expect(page).to_have_url(re.compile("/sign-in/set-up"))
    page.get_by_text("I cannot use the picture").click()
    seen(page, "set-up", faults)
    secret = page.locator(".app-key").inner_text().replace(" ", "")
    page.get_by_label("The six digits").fill(code(strict, secret))
    press(page, page.get_by_role("button", name="Continue"))
    seen(page, "recovery-codes", faults)
    press(page, page.get_by_role("button", name="I have kept them"))

    page.goto("/account/passkey")
    page.get_by_label("What do you call it?").fill("Work laptop")
    seen(page, "add-passkey", faults)
    press(page, page.get_by_role("button", name="Make a passkey"))
    expect(page.get_by_text("Added. From now on")).to_be_visible()
    seen(page, "account", faults)
    press(page, page.get_by_role("link", name=re.compile("Rename or remove.*Work laptop")))
    seen(page, "factor", faults)
    page.goto("/account/password")
    seen(page, "password", faults)
    page.goto("/account/authenticator")
    seen(page, "add-authenticator", faults)
    press(page, page.get_by_role("button", name="Sign out"))

    press(page, page.get_by_role("button", name="Sign in with a passkey"))
    expect(page).to_have_url(re.compile("//[^/]+/$"))
    press(page, page.get_by_role("button", name="Sign out"))

    enter(page, "blue-teapot-sings-low")
    expect(page).to_have_url(re.compile("/sign-in/code"))
    seen(page, "code", faults)
    press(page, page.get_by_role("button", name="Use your passkey"))
    expect(page).to_have_url(re.compile("//[^/]+/$"))

    later(strict, minutes=11)
    page.goto("/account")
    press(page, page.get_by_role("button", name="Make new recovery codes"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    seen(page, "confirm", faults)
    press(page, page.get_by_role("button", name="Use your passkey"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    assert faults == []


def test_an_administrators_page_of_links_in_a_real_browser(strict: Service, page: Page) -> None:
    faults: list[str] = []
    strict.engine.settings = replace(strict.engine.settings, sessions=replace(strict.engine.settings.sessions, second_factor="optional"))
    page.goto("/sign-in")
    page.get_by_label("Sign-in name").fill("administrator")
    page.get_by_label("Password", exact=True).fill(strict.people["administrator"].password)
    press(page, page.get_by_role("button", name="Sign in", exact=True))
    page.goto("/invitations")
    with strict.engine.database.reading() as db:
        manager = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == LOGIN))
    seen(page, "invitations", faults)
    page.get_by_label("Who?").select_option(manager)
    press(page, page.get_by_role("button", name="Go on"))
    expect(page.get_by_role("heading", name="Propose to let them in again")).to_be_visible()
    seen(page, "let-in-again", faults)
    page.goto("/invitations/guest")
    press(page, page.get_by_role("button", name="Propose this guest"))
    expect(page.get_by_text("There is a problem")).to_be_visible()
    seen(page, "guest", faults)
    page.goto("/sign-in/link/nothing")
    seen(page, "link-over", faults)
    assert faults == []
