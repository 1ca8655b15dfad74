"""Every address: who may see it, what it answers to a stranger and to an outsider, and what it carries."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import actions
from engine.packs import read_pack
from engine.store import tables as t
from tests.webforms.conftest import task_of

ROOT = Path(__file__).parents[2]
ANYONE, PUBLISHED, SIGNED_IN, START, TASK = "anyone", "anyone, once it is published", "signed in", "may start", "offered the task"
MANAGES, APPROVES = "manages people", "can be a second person, or proposed it"
HALFWAY, LINK = "gave the password and must show something still", "has the link from a mail"
CASE, FULL, TRAIL = "sees the case", "sees all of the case", "sees the trail"
WATCHES = "sees what people did, wherever it was"
RUNS = "manages people, or sees what people did"
KEEPS, GIVES = "keeps cases", "answers requests for access"
PROVIDER = "anyone, where an identity provider is set"
#: endpoint → who may see it. A new address belongs here before it works.
WHO = {
    "static": ANYONE, "sign_in.form": ANYONE, "help.guide": ANYONE, "help.accessibility": ANYONE, "health.healthz": ANYONE, "health.readyz": ANYONE,
    "health.metrics": ANYONE, "help.roles": ANYONE, "help.role": ANYONE,
    "published.list": ANYONE, "published.feed": ANYONE, "published.one": PUBLISHED, "published.file": PUBLISHED,
    "sign_in.passkey": ANYONE, "sign_in.second": HALFWAY, "sign_in.set_up": HALFWAY, "links.open": LINK, "links.choose": LINK,
    "single_sign_on.start": PROVIDER, "single_sign_on.back": PROVIDER, "single_sign_on.leave": PROVIDER, "single_sign_on.again": SIGNED_IN,
    "single_sign_on.told_out": ANYONE,   # what the provider has signed is its proof
    "single_sign_on.shown": SIGNED_IN, "single_sign_on.list": MANAGES, "single_sign_on.expect": MANAGES, "single_sign_on.end": MANAGES,
    "account.page": SIGNED_IN, "account.end": SIGNED_IN, "account.end_others": SIGNED_IN, "account.password": SIGNED_IN, "account.authenticator": SIGNED_IN,
    "account.passkey": SIGNED_IN, "account.factor": SIGNED_IN, "account.remove": SIGNED_IN, "account.recovery_codes": SIGNED_IN, "confirm.answer": SIGNED_IN,
    "invitations.list": MANAGES, "invitations.guest": MANAGES, "invitations.guest_answer": MANAGES,
    "invitations.send": MANAGES, "invitations.withdraw": MANAGES, "invitations.lost": MANAGES,
    "people.list": MANAGES, "people.new": MANAGES, "people.new_answer": MANAGES, "people.one": MANAGES, "people.change": MANAGES,
    "people.change_answer": MANAGES,
    "people.close": MANAGES, "approvals.list": APPROVES, "approvals.one": APPROVES, "approvals.approve": APPROVES, "approvals.decline": APPROVES,
    "approvals.withdraw": APPROVES,
    "home.page": SIGNED_IN, "tasks.list": SIGNED_IN, "start.list": SIGNED_IN, "cases.list": SIGNED_IN, "cases.find": SIGNED_IN,
    "drafts.list": SIGNED_IN, "sign_in.out": SIGNED_IN,
    "drafts.discard": SIGNED_IN, "deputies.list": SIGNED_IN, "deputies.name": SIGNED_IN, "deputies.end": SIGNED_IN,
    "process.list": SIGNED_IN, "process.one": SIGNED_IN, "process.source": SIGNED_IN, "process.deadlines": SIGNED_IN, "process.releases": SIGNED_IN,
    "process.sources": SIGNED_IN,
    "tasks.task": TASK, "tasks.task_answer": TASK, "tasks.task_check": TASK, "tasks.claim": TASK, "tasks.let_go": TASK, "tasks.hand_over": TASK,
    "start.begin": START, "start.begin_answer": START, "start.begin_check": START,
    "cases.case": CASE, "cases.action": CASE, "cases.action_answer": CASE, "cases.action_check": CASE, "documents.download": CASE,
    "registers.one": CASE, "corrections.answer": CASE, "corrections.correct": CASE, "corrections.correct_answer": CASE, "corrections.correct_check": CASE,
    "corrections.decision": CASE, "corrections.settle": CASE,
    "diagrams.main": FULL, "diagrams.one": FULL, "diagrams.source": FULL, "trail.page": TRAIL, "trail.looked": TRAIL, "trail.evidence": TRAIL,
    "help.keeping": ANYONE, "keeping.list": KEEPS, "keeping.case": KEEPS, "keeping.hold": KEEPS, "keeping.lift": KEEPS, "keeping.erase": KEEPS,
    "access.page": GIVES, "access.account": GIVES, "access.search": GIVES, "access.passages": GIVES,
    "trail.people": WATCHES, "trail.person": WATCHES, "service.page": RUNS,
}
MISSING = {
    "hold": "0" * 32, "link": "0" * 60, "person": "0" * 32, "proposal": "0" * 32, "change": "give",
    "task": "0" * 32, "pack": "purchase", "start": "request_made", "reference": "PUR-2026-999", "action": "withdraw", "process": "purchase",
    "id": "0" * 32, "draft": "0" * 32, "name": "report", "answer": "0" * 32, "decision": "0" * 32, "role": "approver", "deputy": "0" * 32,
}


def rules(app, method):
    return [rule for rule in app.url_map.iter_rules() if method in rule.methods and rule.endpoint != "static"]


def address(rule, **given):
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: {**MISSING, **given}[found[1]], rule.rule)


def test_every_address_says_who_may_see_it(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(WHO)


def test_every_page_that_is_said_to_carry_a_clause_is_there():
    named = {id for clause in read_pack(ROOT / "bpmn/serious-case-review").catalogue.clauses for kind, id in clause.carried_by if kind == "page"}

    assert named <= set(WHO)
    assert named


def test_no_address_holds_a_name(app):
    for rule in app.url_map.iter_rules():
        assert set(rule.arguments) <= set(MISSING) | {"filename"}, rule.rule


def test_a_stranger_sees_only_what_is_for_anyone(app, visit):
    stranger = visit()
    for rule in rules(app, "GET"):
        response = stranger.client.get(address(rule))
        if WHO[rule.endpoint] == ANYONE:
            assert response.status_code == 200, rule.rule
        elif WHO[rule.endpoint] in (PUBLISHED, PROVIDER):
            assert response.status_code == 404, rule.rule
        elif rule.endpoint == "links.choose":   # the made-up link was opened just before, or will be
            assert response.status_code in (302, 404), rule.rule
        else:
            assert response.status_code == 302, rule.rule
            assert response.headers["Location"].startswith("/sign-in"), rule.rule


def test_every_post_needs_a_sign_in(app, visit):
    stranger = visit()
    for rule in rules(app, "POST"):
        stranger.get("/sign-in")
        stranger.post(address(rule), {"do": "submit"}, follow=False)
        if WHO[rule.endpoint] != ANYONE:
            assert stranger.status == 302, rule.rule
            assert stranger.response.headers["Location"].startswith("/sign-in"), rule.rule


def test_every_post_needs_its_token(app, visit):
    rosa = visit("rosa")
    for rule in rules(app, "POST"):
        response = rosa.client.post(address(rule), data={"do": "submit"})
        assert response.status_code == 400 or (response.status_code == 404 and "<" in rule.rule), (rule.rule, response.status_code)


def test_headers_are_on_every_answer(app, visit):
    rosa = visit("rosa")
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            response = rosa.client.open(address(rule), method=method)
            policy = response.headers["Content-Security-Policy"]
            assert "unsafe" not in policy, rule.rule
            assert "default-src 'none'" in policy, rule.rule
            assert "frame-ancestors 'none'" in policy or "sandbox" in policy, rule.rule
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "same-origin"
            kept = rule.rule.startswith("/published/") and response.status_code == 200
            assert response.headers["Cache-Control"] == ("public, max-age=300" if kept else "no-store"), rule.rule
            assert len(response.headers["X-Request-ID"]) >= 8
    assert "max-age=31536000" in rosa.client.get("/static/app.css?v=1").headers["Cache-Control"]


def test_no_page_has_anything_inline(app, visit, request_made):
    abel = visit("abel")
    for url in ("/", "/tasks", "/start", "/cases", "/cases/PUR-2026-001", "/cases/PUR-2026-001/diagram", "/cases/PUR-2026-001/trail", "/help", "/sign-in",
                task_of(abel, "Approve")):
        abel.get(url)
        assert not re.search(r"<script(?![^>]*\bsrc=)", abel.page), url
        assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", abel.page), url


def test_what_one_may_not_see_reads_like_what_is_not_there(app, visit, request_made, engine):
    abel, otto = visit("abel"), visit("otto")
    task = task_of(abel, "Approve").rpartition("/")[2]
    answer = re.search(r"/answers/([0-9a-f]+)", abel.get("/cases/PUR-2026-001"))[1]
    with engine.database.reading() as db:
        maud = db.scalar(sa.select(t.people.c.id).where(t.people.c.login == "maud"))
    engine.perform(engine.actor(maud), actions.correct_answer, answer, {"amount": 900}, "It was 900")   # leaves a decision to be settled
    decision = re.search(r"/settle/([0-9a-f]+)", visit("maud").get("/cases/PUR-2026-001"))[1]
    real = {"reference": "PUR-2026-001", "task": task, "answer": answer, "decision": decision, "name": "items"}

    def told(rule, method, **given):
        otto.get("/")
        url = address(rule, **given)
        response = otto.client.open(url, method=method, data={"csrf_token": _token(otto)} if method == "POST" else None)
        return response.status_code, re.sub(r'value="[^"]{40,}"', "", response.get_data(as_text=True))

    for method in ("GET", "POST"):
        for rule in rules(app, method):
            if WHO[rule.endpoint] in (CASE, TASK, TRAIL, FULL, WATCHES, KEEPS, GIVES, RUNS) or rule.endpoint.startswith(("people.", "approvals.")):
                status, page = told(rule, method)
                assert status == 404, rule.rule
                assert told(rule, method, **real) == (status, page), rule.rule
            elif WHO[rule.endpoint] == START:
                assert told(rule, method)[0] == 404, rule.rule


def test_an_agency_sees_its_own_part_only(visit, request_made):
    rosa = request_made
    rosa.get("/cases/PUR-2026-001")
    assert rosa.status == 200
    assert "Trail" not in rosa.words
    for page in ("trail", "diagram", "diagram/purchase", "diagram/purchase.bpmn"):
        rosa.get(f"/cases/PUR-2026-001/{page}")
        assert rosa.status == 404, page


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_answered_sanely(app, visit, method):
    rosa = visit("rosa")
    for rule in rules(app, "GET"):
        response = rosa.client.open(address(rule), method=method)
        assert response.status_code < 500, (method, rule.rule)
        if method == "HEAD":
            assert response.data == b""
        if method in ("PUT", "DELETE", "PATCH"):
            assert response.status_code in (400, 405), (method, rule.rule, response.status_code)


@pytest.mark.parametrize("url", ["/nowhere", "/tasks?which=theirs", "/tasks?after=x", "/tasks?which=team&after=a|b|c", "/cases?state=lost", "/cases?after=x",
                                 "/cases/PUR-2026-001/trail?before=x", "/cases/PUR-2026-001/trail?before=9999999999999999999999", "/cases/%00", "/start/a/b"])
def test_made_up_addresses_are_not_there(visit, request_made, url):
    abel = visit("abel")
    abel.get(url)

    assert abel.status == 404, abel.words
    assert "Page not found" in abel.words


def test_titles_say_the_case_never_a_name(visit, request_made):
    abel = visit("abel")
    for url in ("/cases/PUR-2026-001", task_of(abel, "Approve"), "/cases"):
        abel.get(url)
        title = re.search(r"<title>(.*?)</title>", abel.page, re.DOTALL)[1]
        assert "till" not in title
        assert "Example" not in title
        assert title.endswith("– casereview")


def test_there_is_one_heading_of_the_first_rank(visit, request_made):
    abel = visit("abel")
    for url in ("/", "/tasks", "/start", "/cases", "/cases/PUR-2026-001", "/cases/PUR-2026-001/diagram", "/cases/PUR-2026-001/trail", "/drafts", "/help",
                "/accessibility", task_of(abel, "Approve"), "/nowhere"):
        abel.get(url)
        assert abel.page.count("<h1") == 1, url


def test_logs_and_figures_hold_nothing_of_a_case(visit, request_made, capsys):
    rosa = request_made
    rosa.get("/cases?after=Tamsin")
    rosa.get("/metrics")
    said = capsys.readouterr()

    assert "casereview_requests_total" in rosa.page
    assert 'casereview_now{what="cases_open"} 1.0' in rosa.page
    for secret in ("Tamsin", "till", "PUR-2026", "Rosa"):
        assert secret not in rosa.page
    assert "Tamsin" not in said.out + said.err


def test_a_request_keeps_the_id_it_was_given(visit):
    stranger = visit()
    assert stranger.client.get("/healthz", headers={"X-Request-ID": "from-the-proxy-1"}).headers["X-Request-ID"] == "from-the-proxy-1"
    assert stranger.client.get("/healthz", headers={"X-Request-ID": "<b>"}).headers["X-Request-ID"] != "<b>"


def test_secure_cookies_bind_the_session_to_the_host(engine):
    from dataclasses import replace

    from webforms import create_app

    engine.settings = replace(engine.settings, web=replace(engine.settings.web, secure_cookies=True))
    response = create_app(engine).test_client().get("/sign-in", base_url="https://reviews.example")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for flag in ("Secure", "HttpOnly", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie
    assert response.headers["Strict-Transport-Security"]


def _token(visitor):
    from tests.webforms import office

    return office.token(visitor.page)


