"""What people and process owners wrote is shown as letters, on every page, in a real browser: nothing of it runs, fetches or looks like ours."""
from __future__ import annotations

import json
import re
import threading
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext
from waitress import create_server

from engine import SYSTEM, actions
from engine.forms import Upload
from engine.packs import read_pack
from engine.progress.drafts import DraftPlace
from engine.rules.passwords import hashed
from engine.store import tables as t
from tests.webforms import office
from webforms import create_app

ELSEWHERE = "elsewhere.example"
SCRIPT, IMAGE = "<script>window.attacked=1</script>", "<img src=x onerror=window.attacked=1>"
#: Short ones for names; all of them where there is room.
NAME = f"{SCRIPT}{IMAGE}"
ALL = " ".join([
    SCRIPT, IMAGE, "<svg/onload=window.attacked=1>", '" autofocus onfocus="window.attacked=1', "'-window.attacked=1-'", "{{7*7}}", "${7*7}",
    "[x](javascript:window.attacked=1)", f"![y](http://{ELSEWHERE}/p)",
    f"<a href='javascript:window.attacked=1'>x</a><link rel=stylesheet href=//{ELSEWHERE}/s.css>",
    f"<style>@import '//{ELSEWHERE}/s.css'; body {{ background: url(//{ELSEWHERE}/b) }}</style>", f"<iframe src=//{ELSEWHERE}></iframe>",
    "</textarea></title></script>" + SCRIPT,
    f"<base href=//{ELSEWHERE}/><form action=//{ELSEWHERE}><button>", "&lt;script&gt;window.attacked=1&lt;/script&gt;",
    "<details open ontoggle=window.attacked=1>",
    f"[z](//{ELSEWHERE}/) <{'http'}://{ELSEWHERE}/auto> `{SCRIPT}`", "<math><mtext><table><mglyph><style><img src=x onerror=window.attacked=1>",
])
#: Texts of the pack that are replaced by all of that.
OF_THE_PACK = {
    "purchase.bpmn": ("Purchase request", "Ask for something to be bought", "Approve the request",
                      "Look at what is asked for, and decide whether it may be bought.", "Give a quote",
                      "Withdraw the request", "May it be bought?", "Yes, ask for quotes", "Tell the requester", "Not decided in time"),
    "pack.toml": ("Purchase request", "Approval", "Buying", "Budget holder", "Head of office", "Things to buy",
                  "Suppliers are asked for quotes before anything is ordered",
                  "Days from the request to the order", "Ordered", "Withdrawn"),
    "deadlines.toml": ("Budget holder decides",),
    "forms/purchase_request.form": ("# What do you need?", "What is it for?", "Things to buy", "Estimated cost in pounds", "Suppliers to ask",
                                    "Drawing, if there is one"),
    "forms/approval.form": (), "CHANGES.md": (),
}
WATCH = """() => { window.violations = [];
  addEventListener('securitypolicyviolation', e => window.violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample)) }"""
LOOK = """() => ({attacked: window.attacked ?? null, violations: window.violations, text: document.body.innerText,
  ours: [...document.querySelectorAll('*')].flatMap(e => [
    ...[...e.attributes].filter(a => /^on/i.test(a.name)
      || /^\\s*(javascript|vbscript|data:text)/i.test(a.value) && /^(href|src|action|formaction)$/.test(a.name))
      .map(a => e.tagName + ' ' + a.name + '=' + a.value.slice(0, 60)),
    ...(e.tagName === 'SCRIPT' && !e.src ||
       ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'STYLE', 'MATH', 'DETAILS'].includes(e.tagName)
       && !e.className.toString().includes('govuk') && !e.className.toString().includes('app-') && !e.closest('.djs-container, .app-diagram, [data-diagram]')
       ? [e.tagName + ' ' + e.outerHTML.slice(0, 60)] : []),
    ...(/^(A|FORM|IMG|LINK)$/.test(e.tagName) && [e.href, e.action, e.src].some(u => typeof u === 'string' && u.startsWith('http')
       && new URL(u).host !== location.host
         && !(e.tagName === 'A' && ['elsewhere.example', 'bpmn.io'].includes(new URL(u).host)))
       ? [e.tagName + ' ' + (e.href || e.action || e.src)] : [])])})"""


#: What people write leads nowhere; the link of an owner of a process may, to where it says.
PEOPLE = ALL.replace(ELSEWHERE, "people.example")


def poisoned_pack() -> dict[str, bytes]:
    """The tiny pack whose owners write payloads wherever words are shown."""
    files = dict(read_pack(office.ROOT / "tests/packs/purchase").files)
    for path, texts in OF_THE_PACK.items():
        for old in texts:
            whole, evil = files[path].decode(), f"{old} {NAME if path.endswith('.form') and not old.startswith('#') else ALL}"   # its sample has to fit
            assert f'"{old}"' in whole or f">{old}<" in whole, f"{old} is not in {path}"
            if path.endswith(".bpmn"):
                shown = escape(evil, {'"': "&quot;"})
                whole = whole.replace(f'name="{old}"', f'name="{escape(old[:20] + " " + SCRIPT)}"')   # a name has room for 60 letters
                whole = whole.replace(f'value="{old}"', f'value="{shown}"').replace(f">{old}<", f">{shown}<")
            else:
                whole = whole.replace(f'"{old}"', json.dumps(evil.replace("{{7*7}}", "") if old.startswith("#") else evil))
            files[path] = whole.encode()
    return files


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A served office in which every text is an attack."""
    folder = tmp_path_factory.mktemp("poisoned")
    url = f"sqlite:///{folder}/database.sqlite"
    office.fill(url)
    engine = office.open_office(folder, url)
    secret = hashed(office.PASSWORD)

    def who(login: str) -> Any:
        with engine.database.reading() as db:
            return engine.actor(db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login)))

    engine.perform(SYSTEM, actions.set_agencies, [{"key": one["key"], "name": f"{one['name']} {PEOPLE}"} for one in office.AGENCIES])
    engine.perform(SYSTEM, actions.release_pack, poisoned_pack(), ALL)
    for login, role in (("adam", "administrator"), ("ari", "administrator"), ("petra", "process_owner")):
        engine.perform(SYSTEM, actions.add_person, login, f"{login} {NAME}", f"{login}@office.example", None, [role], secret=secret)
    with engine.database.writing() as db:    # whoever's name could not be made like this may have been named before that was asked
        db.execute(sa.update(t.people).values(name=t.people.c.name.concat(f" {NAME}")))
    first, second, third = (SCRIPT + PEOPLE[at:at + 260] for at in (0, 250, 500))   # a line of text has room for 300 letters
    given = {"what": first, "amount": 450, "needed_on": date(2026, 4, 1), "suppliers": ["QUI", "INK"], "items": [{"name": second, "pieces": 2}], "card": third,
             "drawing": Upload(f"{IMAGE} '{{{{7*7}}}}' [x](javascript:window.attacked=1).svg", b"<svg onload=window.attacked=1>", "image/svg+xml")}
    case = engine.perform(who("rosa"), actions.start_case, "purchase", "request_made", given)
    with engine.database.reading() as db:
        task, answer = db.scalar(sa.select(t.tasks.c.id).where(t.tasks.c.case_id == case.case)), db.scalar(sa.select(t.submissions.c.id))
    engine.perform(who("abel"), actions.submit_task, task, {"decision": "approve", "comment": PEOPLE})
    engine.perform(who("maud"), actions.correct_answer, answer, {"amount": 900}, PEOPLE)
    engine.perform(who("rosa"), actions.save_draft, DraftPlace("start", "purchase", "request_made"), {"what": PEOPLE})
    engine.perform(who("abel"), actions.name_deputy, "approver", who("maud").person, date(2026, 3, 3), date(2026, 3, 9), PEOPLE)
    for what in ({"name": NAME, "email": "n@office.example", "agency": "INK", "roles": ["supplier"], "ends_on": None, "reason": PEOPLE},):
        for decided in (False, True):
            proposal = engine.perform(who("adam"), actions.propose, "account_made", what | {"email": f"n{decided}@office.example"})
            if decided:
                engine.perform(who("ari"), actions.decline, proposal, PEOPLE)
    app = create_app(engine)
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{server.effective_port}"
    server.close()
    engine.close()


def in_as(browser: Browser, app: Any, address: str, login: str | None) -> BrowserContext:
    """Somebody's browser, signed in."""
    context = browser.new_context(base_url=address)
    context.set_default_timeout(30_000)
    context.add_init_script(f"({WATCH})()")
    if login:
        client = app.test_client()
        token = office.token(client.get("/sign-in").get_data(as_text=True))
        client.post("/sign-in", data={"csrf_token": token, "login": login, "password": office.PASSWORD})
        context.add_cookies([{"name": "session", "value": client.get_cookie("session").value, "url": address}])
    return context


@pytest.mark.parametrize(("login", "pages"), [("maud", 14), ("abel", 10), ("rosa", 8), ("adam", 8), (None, 2)])
def test_nothing_that_somebody_wrote_runs_or_fetches(browser: Browser, poisoned: tuple[Any, str], login: str | None, pages: int) -> None:
    app, address = poisoned
    context, faults, seen, shown, asked = in_as(browser, app, address, login), [], set(), 0, []
    page = context.new_page()
    page.on("dialog", lambda dialog: (faults.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: faults.append(f"{page.url}: {said.text[:150]}") if "Content Security Policy" in said.text else None)
    to_see = ["/", "/cases/PUR-2026-001", "/start/purchase/request_made", "/deputies", "/approvals", "/people", "/published/", "/help/roles",
              f"/published/?words={NAME}", f"/nowhere/{NAME}"]
    while to_see and len(seen) < 45:
        url = to_see.pop(0)
        kind = re.sub(r"[0-9a-f]{32}", "…", url)
        if kind in seen:
            continue     # one of each kind: the others hold the same
        seen.add(kind)
        response = page.goto(url)
        if response is None or not response.headers.get("content-type", "").startswith("text/html"):
            continue
        found = page.evaluate(LOOK)
        faults += [f"{url}: {one}" for one in (*found["violations"], *found["ours"], *(["it ran"] if found["attacked"] is not None else []))]
        shown += SCRIPT in found["text"]
        hrefs = page.evaluate("() => [...document.querySelectorAll('a[href^=\"/\"]:not([href^=\"//\"])')].map(a => a.getAttribute('href').split('#')[0])")
        to_see += [one for one in hrefs if not re.match(r"/(documents|static|sign-out|help|accessibility)|.*\.(bpmn|atom)|.*[?&](as|after|before)=",
                                                        one) and one not in to_see]
    print(f"{login}: {len(seen)} kinds of pages, payloads on {shown}")
    faults += [f"asked for {one}" for one in asked if not one.startswith((address, "data:", "blob:"))]
    context.close()
    assert faults == []
    assert shown >= pages, f"the payloads stand on {shown} of {len(seen)} pages only"
