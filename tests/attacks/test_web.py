"""The web's doors, tried as an attacker would: other hosts, other places to go, odd paths, odd requests, forged posts, huge ones."""
from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from werkzeug.datastructures import MultiDict

from tests.attacks.mails import waiting
from tests.attacks.payloads import TEXTS, WORDS
from tests.webforms import office
from tests.webforms.conftest import REQUEST, task_of
from tests.webforms.test_house import address, rules
from webforms import create_app
from webforms.filters import first_line
from webforms.security import HEADERS, STRANGERS_BYTES

EVIL = "evil.example"
ELSEWHERE = [
    f"//{EVIL}", f"///{EVIL}", f"////{EVIL}/", f"https://{EVIL}", f"http:{EVIL}", f"http:/{EVIL}", f"https:///{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}",
    f"/\t/{EVIL}", f"\t//{EVIL}",
    f"/\n/{EVIL}", f" //{EVIL}", f"javascript://{EVIL}/%0aalert(1)", f"data:text/html,{EVIL}", f"//localhost@{EVIL}", f"http://localhost.{EVIL}",
    f"/\x00/{EVIL}",
    f"//{EVIL}%2f..", f"/\u2028/{EVIL}", f"/\uff0f{EVIL}", f"x:{EVIL}", f".{EVIL}", f"@{EVIL}", f"?next=//{EVIL}", f"/\r\nLocation: https://{EVIL}",
]
NAMES_OF_PLACES = ("next", "url", "return", "return_to", "redirect", "back", "here", "continue", "to", "why", "as", "after")


def leads_away(where):
    """Whether a browser that is told to go there leaves this site; it takes a backslash for a slash and leaves out what cannot be seen."""
    plain = re.sub(r"[\x00-\x20]", "", where).replace("\\", "/")
    return bool(urlsplit(plain).netloc.replace("localhost", "")) or plain.startswith("//") or (":" in plain.split("/")[0] and not plain.startswith("http://localhost/"))


def signed_in(served, login="rosa"):
    """The cookie of somebody who has signed in by that port, and the token of their forms."""
    def cookies(head):
        return "; ".join(re.findall(r"^Set-Cookie: ([^;]+)", head, re.MULTILINE))

    _, head, page = served.ask("GET /sign-in")
    body = f"csrf_token={office.token(page)}&login={login}&password={office.PASSWORD}".encode()
    status, head, _ = served.ask("POST /sign-in", "Host: localhost", f"Cookie: {cookies(head)}", "Content-Type: application/x-www-form-urlencoded",
                                 f"Content-Length: {len(body)}", body=body)
    assert status == 302, head
    _, head, page = served.ask("GET /deputies", "Host: localhost", f"Cookie: {cookies(head)}")
    return f"Cookie: {cookies(head)}", office.token(page)


def upload(visitor, answers, content, name, kind):
    """A request for a purchase with a file."""
    given = MultiDict({"csrf_token": office.token(visitor.page), **answers})
    given["drawing-file"] = (io.BytesIO(content), name, kind)
    visitor._seen(visitor.client.post("/start/purchase/request_made", data=given, follow_redirects=True, content_type="multipart/form-data"))


# ---- who is asked, and where one is sent

def test_no_answer_repeats_the_host_it_was_asked_under(served):
    cookie, _ = signed_in(served)
    claims = (f"Host: {EVIL}", f"X-Forwarded-Host: {EVIL}", f"X-Forwarded-Server: {EVIL}", f"X-Host: {EVIL}", f"Forwarded: host={EVIL}",
              f"X-Original-URL: http://{EVIL}/",
              f"X-Rewrite-URL: //{EVIL}", "X-Forwarded-Proto: https", f"X-Forwarded-Prefix: //{EVIL}", f"X-Forwarded-For: {EVIL}", f"Referer: http://{EVIL}/",
              f"Origin: http://{EVIL}")
    for rule in rules(served.app, "GET"):
        for who in ((), (cookie,)):
            status, head, page = served.ask(f"GET {address(rule)}", *claims, *who)
            assert EVIL not in head + page, rule.rule
            assert status in (200, 302, 403, 404), (rule.rule, status)
    for target in (f"GET http://{EVIL}/sign-in", f"GET //{EVIL}/sign-in", f"GET /sign-in#{EVIL}", f"GET @{EVIL}/"):
        status, head, page = served.ask(target, f"Host: {EVIL}")
        assert EVIL not in re.sub(r'next=[^"]*|value="[^"]*"', "", head + page), target
    for host in ("", "a b", "x\\y", "localhost:99999999", "[::1", "x" * 9000):
        status, head, page = served.ask("GET /sign-in", f"Host: {host}")
        assert status in (0, 200, 400, 431), (host, status)


def test_links_in_mails_come_from_the_settings_alone(served, engine):
    cookie, token = signed_in(served, "rosa")
    boundary = "x"
    fields = {**REQUEST, "csrf_token": token, "do": "submit"}
    parts = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n' for name, given in fields.items()
                    for one in (given if isinstance(given, list) else [given])) + f"--{boundary}--\r\n"
    status, head, _ = served.ask("POST /start/purchase/request_made", f"Host: {EVIL}", f"X-Forwarded-Host: {EVIL}", cookie,
                                 f"Content-Type: multipart/form-data; boundary={boundary}",
                                 f"Content-Length: {len(parts)}", body=parts.encode())
    assert status == 302, head
    assert EVIL not in head
    cookie, token = signed_in(served, "abel")
    _, _, page = served.ask("GET /", "Host: localhost", cookie)
    task = re.search(r"/tasks/[0-9a-f]{32}", page)[0]
    body = f"csrf_token={token}&do=submit&decision=approve&confirmed=yes"
    served.ask(f"POST {task}", f"Host: {EVIL}", cookie, "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", body=body.encode())
    for mail in waiting(engine):
        assert EVIL not in str(mail)
        assert engine.settings.mail.base_url in mail["body"]


def test_nothing_leads_to_another_site(app, visit):
    rosa, stranger = visit("rosa"), visit()
    for who in (rosa, stranger):
        for rule in rules(app, "GET"):
            for nth, where in enumerate(ELSEWHERE):
                if rule.endpoint != "sign_in.form" and (nth - len(rule.rule)) % 26:
                    continue   # the page that is known to look at it meets every one, the others a few each
                response = who.client.get(address(rule), query_string=dict.fromkeys(NAMES_OF_PLACES, where))
                assert response.status_code < 500, (rule.rule, where)
                assert not leads_away(response.headers.get("Location", "")), (rule.rule, where)
                for link in re.findall(r'(?:href|action|formaction)="([^"]*)"', response.get_data(as_text=True)):
                    assert EVIL not in urlsplit(link).netloc, (rule.rule, link)
                    assert not re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE), (rule.rule, link)
    for where in ELSEWHERE[:3]:
        stranger.get("/sign-in")
        stranger.client.post("/sign-in", query_string={"next": where}, data={"csrf_token": office.token(stranger.page), "login": "ruth",
                                                                             "password": office.PASSWORD})
        assert leads_away(where)
        assert stranger.client.get("/sign-in", query_string={"next": where}).headers["Location"] == "/"
        stranger.client = app.test_client()


# ---- paths, verbs, requests

PATHS = [
    "/../../etc/passwd", "/static/../../engine/settings.py", "/static/..%2f..%2fSECURITY.md", "/static/%2e%2e/%2e%2e/SECURITY.md",
    "/static/..\\..\\SECURITY.md",
    "/static/%5c..%5cSECURITY.md", "/static//etc/passwd", "/static/%00app.css", "/static/app.css%00.png", "/static/app.css/", "/static/.", "/static/",
    "/static/%ff", "//static/app.css",
    "/%2e%2e/%2e%2e/etc/passwd", "/static/..;/..;/SECURITY.md", "/;/metrics", "/./healthz", "/healthz/../metrics", "/cases/..%2f..%2fmetrics", "/cases/%2e%2e",
    "/cases/..", "/tasks/%0d%0aX-Evil:1",
    "/documents/../cases", "/documents/%252e%252e", "/cases/PUR-2026-001%20", "/cases/PUR-2026-001%00", "/cases/pur-2026-001", "/cases/PUR-2026-001/",
    "/CASES", "/sign-in/", "/sign-in%2f", "/sign-in%23",
    "/published/..%2f..%2fcases", "/published/x/..%2f..%2f..%2fetc%2fpasswd", "/.git/config", "/.env", "/var/database.sqlite", "/config/default.toml",
    "/" + "a" * 5000, "/%", "/%zz", "/\xff\xfe",
    "*", "http://", "/?\x00", "/sign-in?next=%00", "/tasks?after=%00", "/" + "%2e%2e/" * 500,
]


def test_no_path_leads_out_of_what_is_there(served, request_made):
    cookie, _ = signed_in(served)
    for path in PATHS:
        for who in ((), (cookie,)):
            status, head, page = served.ask(f"GET {path}", "Host: localhost", *who)
            assert status < 500 or status == 501, (path, status)
            assert not re.search(r"root:|secret_key|\[mail\]|SQLite format|^x-evil", page + head, re.IGNORECASE | re.MULTILINE), path
            if status == 200:
                assert re.match(r"/+(sign-in|static/app\.css|healthz|cases|tasks|published|\?|\.?/|;)", path) or path.startswith("http"), (path, page[:80])


def test_a_verb_cannot_be_had_by_another_name(app, visit):
    rosa = visit("rosa")
    claims = dict.fromkeys(("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"), "POST")
    for rule in rules(app, "POST"):
        response = rosa.client.get(address(rule), headers=claims, query_string={"_method": "POST", "method": "POST"})
        reads = "GET" in rule.methods or any(rule.rule == one.rule for one in rules(app, "GET"))
        assert reads or response.status_code == 405 or ("<" in rule.rule and response.status_code == 404), (rule.rule, response.status_code)
    assert rosa.client.get("/sign-out", headers=claims).status_code == 405
    assert rosa.client.get("/deputies").status_code == 200, "still signed in"


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
HIDDEN = [
    f"Content-Length: {len(SMUGGLED)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: 0\r\nContent-Length: 47\r\n\r\n",
    "Content-Length: 0, 47\r\n\r\n",
    "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n",
    "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: +0\r\n\r\n",
    "Content-Length: -1\r\n\r\n", "Content-Length: 0x0\r\n\r\n", "Content-Length: 1_0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n0;\nx\r\n\r\n", "X: a\x00b\r\n\r\n", "No colon\r\n\r\n", ": no name\r\n\r\n", "X\r\n\r\n", "Content-Length: 0\n\n",
]


def test_two_readers_of_one_request_see_the_same(served):
    """What a proxy takes for the body of one request must not be the next request here. A second one that every reader sees as such may be answered."""
    for hidden in HIDDEN:
        served.reached.clear()
        told = served.say(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + hidden.encode("latin-1") + SMUGGLED, 0.15)
        plain = re.match(r"Content-Length: 0\n", hidden)
        assert plain or "GET /smuggled" not in served.reached, (hidden, told[:200])
    assert served.ask("GET /healthz")[0] == 200


NO_REQUESTS = [b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"A" * 300_000,
                                  b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 60_000 + b"\r\n", b"GET / HTTP/1.1\r\nCookie: " + b"a=b; " * 60_000 + b"\r\n\r\n",
                                  b"\r\n" * 5000, b"\x00" * 100,
                                  b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n"]


def test_what_is_no_request_is_answered_shortly_or_not(served):
    for sent in NO_REQUESTS:
        told = served.say(sent, 0.15, patience=0.5)
        assert len(told) < 8000, sent[:20]
        assert b"Traceback" not in told, sent[:20]
        assert served.ask("GET /healthz")[0] == 200


# ---- size

@pytest.mark.parametrize("cookie", ["", "Cookie: session=x"])
def test_what_a_stranger_sends_is_refused_before_it_is_all_there(served, cookie):
    asking = f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{cookie}\r\n".replace("\r\n\r\n", "\r\n")
    for length in (served.app.config["MAX_CONTENT_LENGTH"] * 2 + 1, 10 ** 12, 10 ** 30):
        told = served.say(f"{asking}Content-Length: {length}\r\n\r\na=".encode(), 0.5)
        assert re.match(rb"HTTP/1.1 (413|400)", told), told[:100]
    many = b"a=" + b"b" * (STRANGERS_BYTES + 1)
    told = served.say(f"{asking}Content-Length: {len(many)}\r\n\r\n".encode() + many, 0.5)
    assert told.startswith(b"HTTP/1.1 413"), told[:100]
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    told = served.say(f"{asking}Transfer-Encoding: chunked\r\n\r\n".encode() + 2 * piece + b"0\r\n\r\n", 0.5)
    assert re.match(rb"HTTP/1.1 (413|400)", told), told[:100]


def test_too_many_answers_and_files_are_refused(app, visit):
    rosa = visit("rosa")
    for data, kind in (({f"x{number}": "y" for number in range(app.config["MAX_FORM_PARTS"] + 2)}, "multipart/form-data"),
                       ({"x": "y" * (9 * 1024 * 1024)}, "multipart/form-data"),
                       ({f"items-{number}-name": "y" for number in range(3000)}, "multipart/form-data"), ({"-".join(["items"] * 3000): "y"},
                                                                                                          "application/x-www-form-urlencoded"),
                       ({"items-" + "9" * 400 + "-name": "y", "items--1-name": "y", "__proto__-polluted": "1", "constructor-prototype-x": "1",
                         "items-__class__": "1"}, "multipart/form-data")):
        rosa.get("/start/purchase/request_made")
        response = rosa.client.post("/start/purchase/request_made", data={"csrf_token": office.token(rosa.page), "do": "submit", **data}, content_type=kind)
        assert response.status_code in (400, 413, 422), (response.status_code, list(data)[:1])


KINDS = ["application/json", "application/xml", "text/plain", "multipart/form-data", "multipart/form-data; boundary=",
         "multipart/form-data; boundary=" + "x" * 9000,
         "application/x-www-form-urlencoded; charset=utf-7", "multipart/mixed; boundary=x", "", "a\x00b", "*/*"]


def test_a_body_of_another_kind_is_refused_or_read_as_nothing(app, visit):
    rosa = visit("rosa")
    rosa.get("/deputies")
    token, before = office.token(rosa.page), rosa.words
    for kind in KINDS:
        for body in (b'{"role": "requester@OFF"}', b"--x\r\n\r\n--x--", b"\xff\xfe\x00"):
            for url in ("/deputies", "/start/purchase/request_made"):
                response = rosa.client.post(url, data=body, headers={"X-CSRFToken": token, "Content-Type": kind, "Content-Encoding": "gzip"})
                assert response.status_code < 500, (url, kind)
    assert (rosa.get("/deputies"), rosa.words)[1] == before


# ---- forged posts

def test_no_post_is_taken_with_anothers_token_or_none(app, visit):
    """From the map of addresses: one that is added tomorrow is tried too."""
    rosa, ruth = visit("rosa"), visit("ruth")
    ruth.get("/deputies")
    foreign, stranger = office.token(ruth.page), visit()
    stranger.get("/sign-in")
    own = office.token(stranger.page)
    ways = [{"data": {"do": "submit"}}, {"data": {"csrf_token": foreign}}, {"data": {"csrf_token": own}}, {"data": {"csrf_token": ""}},
            {"json": {"csrf_token": foreign}},
            {"headers": {"X-CSRFToken": foreign}}, {"headers": {"X-CSRF-Token": own, "X-Requested-With": "XMLHttpRequest"}},
            {"query_string": {"csrf_token": foreign}},
            {"data": f"csrf_token={own}&do=submit".encode(), "content_type": "text/plain"},
            {"data": MultiDict([("csrf_token", own), ("csrf_token", foreign)])}]
    for nth, rule in enumerate(rules(app, "POST")):
        for sent in (*ways[:2], ways[2 + nth % 8]):
            response = rosa.client.post(address(rule), **sent)
            assert response.status_code == 400 or (response.status_code == 404 and "<" in rule.rule), (rule.rule, response.status_code)


# ---- what every answer carries

def kept_apart(response, where):
    """The headers that keep browsers from doing harm."""
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, where
    assert "unsafe" not in policy, where
    assert "*" not in policy, where
    for name in HEADERS:
        if name != "X-Robots-Tag" or not where.startswith("/published"):
            assert response.headers.getlist(name), (where, name)
            assert len(response.headers.getlist(name)) == 1, (where, name)
    assert response.headers["X-Frame-Options"] == "DENY", where
    assert not {"Server", "X-Powered-By", "Access-Control-Allow-Origin"} & set(response.headers), where
    if not where.startswith(("/static", "/published")):
        assert response.headers["Cache-Control"] == "no-store", where


def test_headers_are_on_every_page_that_can_be_walked_to_and_on_every_failure(app, visit, request_made, monkeypatch):
    rosa, abel = request_made, visit("abel")
    rosa.get("/start/purchase/request_made")
    upload(rosa, {**REQUEST, "do": "submit"}, b"<svg onload=x>", "a.svg", "image/svg+xml")
    assert rosa.url == "/cases/PUR-2026-002", rosa.words
    seen, downloads = set(), 0
    for who in (rosa, abel, visit("maud"), visit()):
        to_see = ["/", "/cases/PUR-2026-002", "/nowhere", "/static/app.css", "/published/", "/published/feed.atom", "/healthz", "/readyz", "/metrics"]
        while to_see:
            url = to_see.pop(0).partition("#")[0]
            kind = (id(who), re.sub(r"[0-9a-f]{32}", "…", url.partition("?")[0]))   # one of each kind
            if kind in seen:
                continue
            seen.add(kind)
            response = who.client.get(url)
            kept_apart(response, url)
            if response.headers.get("Content-Disposition", "").startswith("attachment"):
                downloads += 1
                assert response.headers["Content-Type"] == "application/octet-stream"
                assert "sandbox" in response.headers["Content-Security-Policy"]
            elif response.mimetype == "text/html":
                to_see += [one for one in re.findall(r'href="(/[^"#]*)"', response.get_data(as_text=True)) if not one.startswith(("/static", "/help"))]
    assert downloads >= 1
    for method, url, status in (("POST", "/deputies", 400), ("PUT", "/deputies", 405), ("GET", "/cases/PUR-2026-001/trail", 404), ("TRACE", "/", 405),
                                ("GET", "/tasks?after=x", 404)):
        response = rosa.client.open(url, method=method)
        assert response.status_code == status, url
        kept_apart(response, url)

    def broken():
        message = "Tamsin Canary lives at 4 Elm Row"
        raise ValueError(message)

    monkeypatch.setitem(app.view_functions, "home.page", broken)
    response = rosa.client.get("/")
    assert response.status_code == 500
    kept_apart(response, "/")
    assert "Canary" not in response.get_data(as_text=True)


def test_every_cookie_is_bound_to_the_host_in_production(engine):
    engine.settings = replace(engine.settings, web=replace(engine.settings.web, secure_cookies=True))
    client, cookies = create_app(engine).test_client(), []
    page = client.get("/sign-in", base_url="https://reviews.example")
    sent = {"csrf_token": office.token(page.get_data(as_text=True)), "login": "rosa", "password": office.PASSWORD}
    for response in (page, client.post("/sign-in", base_url="https://reviews.example", data=sent, headers={"Referer": "https://reviews.example/sign-in"}),
                     client.get("/", base_url="https://reviews.example"), client.get("/published/", base_url="https://reviews.example")):
        cookies += response.headers.getlist("Set-Cookie")
        assert response.status_code in (200, 302)
    assert {one.partition("=")[0] for one in cookies} == {"__Host-session", "__Host-browser"}
    for cookie in cookies:
        assert all(flag in cookie for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax")), cookie
        assert "domain" not in cookie.lower()
        assert "rosa" not in cookie


def test_a_post_from_another_site_is_refused_though_it_has_the_token(engine):
    engine.settings = replace(engine.settings, web=replace(engine.settings.web, secure_cookies=True))
    client, base = create_app(engine).test_client(), "https://reviews.example"
    page = client.get("/sign-in", base_url=base).get_data(as_text=True)
    sent = {"csrf_token": office.token(page), "login": "rosa", "password": office.PASSWORD}
    for referer in (f"https://{EVIL}/", f"https://reviews.example.{EVIL}/", "http://reviews.example/", None):
        response = client.post("/sign-in", base_url=base, data=sent, headers={"Referer": referer} if referer else {})
        assert response.status_code == 400, referer


def test_a_cookie_that_another_name_of_the_host_could_set_is_not_looked_at(engine):
    """A page under the same domain can set `session`, but nothing whose name begins with __Host-."""
    engine.settings = replace(engine.settings, web=replace(engine.settings.web, secure_cookies=True))
    app, base = create_app(engine), "https://reviews.example"
    rosa, tossed = app.test_client(), app.test_client()
    page = rosa.get("/sign-in", base_url=base).get_data(as_text=True)
    rosa.post("/sign-in", base_url=base, data={"csrf_token": office.token(page), "login": "rosa", "password": office.PASSWORD},
              headers={"Referer": f"{base}/sign-in"})
    assert rosa.get("/account", base_url=base).status_code == 200
    value = rosa.get_cookie("__Host-session", "reviews.example").value
    for name in ("session", "__host-session", "Host-session", "__Secure-session", "remember_token"):
        tossed.set_cookie(name, value, domain="reviews.example")
    assert tossed.get("/account", base_url=base).status_code == 302


# ---- figures, days and patterns

FIGURES = ["9" * 12, "9" * 5000, "-1", "1e999", "\u0663", "9223372036854775808"]


def test_no_figure_is_too_big_or_too_odd(app, visit):
    rosa = visit("rosa")
    for figure in FIGURES:
        for fields in (("needed_on-day",), ("needed_on-month",), ("needed_on-year",), ("amount", "items-0-pieces", f"items-{figure}-name")):
            rosa.get("/start/purchase/request_made")
            rosa.post("/start/purchase/request_made", {**REQUEST, **dict.fromkeys(fields, figure), "do": "submit"}, follow=False)
            assert rosa.status < 500, (figure, fields)
    for rule in rules(app, "GET"):
        query = dict.fromkeys(("after", "before", "release", "since", "page"), "9" * 30)
        assert rosa.client.get(address(rule), query_string=query).status_code < 500, rule.rule


def test_a_help_text_of_brackets_takes_no_longer_than_another():
    began = time.perf_counter()
    assert first_line("[" * 20_000)
    assert first_line("a [word](/help) of `it`") == "a word of it"
    assert time.perf_counter() - began < 2


# ---- what people wrote, where it should not be

@pytest.fixture
def canaries(visit):
    """A case whose every answer is a word to be looked for."""
    rosa = visit("rosa")
    rosa.get("/start/purchase/request_made")
    upload(rosa, {**REQUEST, "what": "Canaryone", "items-0-name": "Canarytwo", "items-0-pieces": "3", "card": "Canarythree"}, b"Canaryfour", "Canaryfive.txt",
           "text/plain")
    assert rosa.url == "/cases/PUR-2026-001", rosa.words
    return rosa


def test_no_word_of_a_case_is_in_an_address_a_figure_or_an_error(app, visit, canaries):
    abel = visit("abel")
    told = abel.get("/cases/PUR-2026-001") + abel.get(task_of(abel, "Approve")) + canaries.get("/cases/PUR-2026-001")
    assert "Canaryone" in told
    for page in (told, abel.get("/tasks"), abel.get("/cases"), abel.get("/cases/PUR-2026-001/registers/items")):
        for link in re.findall(r'(?:href|action|src)="([^"]*)"', page):
            assert "anary" not in link, link
        assert "anary" not in re.search(r"<title>.*?</title>", page, re.DOTALL)[0]
    for url in ("/metrics", "/nowhere?Canaryone", "/cases/Canaryone", "/tasks?after=Canaryone", "/documents/Canaryone", "/healthz"):
        assert "anary" not in abel.client.get(url).get_data(as_text=True), url
    for method in ("POST", "PUT"):
        assert "anary" not in abel.client.open("/cases/PUR-2026-001", method=method, data={"what": "Canaryone"}).get_data(as_text=True)


def test_whatever_is_typed_comes_back_as_letters(app, visit):
    """Every payload in every text of a form at once, refused and then taken: no mark-up of its own, no header of its own."""
    rosa, abel, faults = visit("rosa"), visit("abel"), []
    taken = 0
    texts = [text.encode("utf-8", "replace").decode() for text in TEXTS.values() if len(text) < 3000]
    for nth in range(0, len(texts), 10):
        some = texts[nth:nth + 10]
        rosa.get("/start/purchase/request_made")
        fields = dict(zip(("amount", "needed_on-day", "needed_on-month", "needed_on-year", "items-0-pieces", "suppliers"), some, strict=False))
        rosa.post("/start/purchase/request_made", {**fields, "what": some[0], some[-1][:200]: "x", "do": "submit", "_shown": some[0]})
        faults += wrong_with(rosa, some)
        name = re.sub(r"[^\w ()<>'\"=;.,&-]", "", some[0])[:80] or "x"
        rosa.get("/start/purchase/request_made")
        plain = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", "", one) for one in some)[:300]
        upload(rosa, {**REQUEST, "what": plain, "items-0-name": plain[:100], "items-0-pieces": "1", "do": "submit"}, b"x", f"{name}.txt",
               re.sub(r"[\x00-\x1f]", "", some[1])[:50])
        faults += wrong_with(rosa, some)
        if rosa.url.startswith("/cases/"):
            taken += 1
            abel.get(rosa.url)
            faults += wrong_with(abel, some)
            for link in re.findall(r'href="(/documents/[0-9a-f]+)"', abel.page):
                answer = abel.client.get(link)
                assert answer.headers["Content-Type"] == "application/octet-stream"
                assert set(dict(answer.headers)) == set(dict(abel.client.get(link).headers))
    assert faults == []
    assert taken > 4


class Marks(HTMLParser):
    """What in a page could act, and does not come from our own files."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [f"{tag} {name}" for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        if tag in ("iframe", "object", "embed", "base", "style", "math") or (tag == "script" and not (given.get("src") or "").startswith("/static/")):
            self.found.append(tag)
        for name in ("href", "src", "action", "formaction"):
            if re.match(r"\s*(javascript:|vbscript:|data:text|//|https?://(127|evil))", given.get(name) or "", re.IGNORECASE):
                self.found.append(f"{tag} {name} {given[name][:60]}")
        if tag == "meta" and "http-equiv" in given:
            self.found.append("meta http-equiv")


def wrong_with(visitor, sent):
    """What of a page came from a payload, and is more than letters."""
    found = [] if visitor.status in (200, 400, 404, 422) else [f"{visitor.status} for {sent}"]
    reader = Marks()
    reader.feed(visitor.page)
    found += reader.found
    if "Set-Cookie" in visitor.response.headers and any("evil" in one for one in visitor.response.headers.getlist("Set-Cookie")):
        found.append("a cookie of theirs")
    return found


def test_every_header_of_a_request_may_hold_anything(app, visit, capfd):
    rosa = visit("rosa")
    for text in WORDS.values():
        value = re.sub(r"[\r\n\x00]", " ", text)[:4000].encode("utf-8", "replace").decode("latin-1")
        for url in ("/", "/sign-in", "/published/"):
            response = rosa.client.get(url, headers=dict.fromkeys(
                ("X-Request-ID", "User-Agent", "Referer", "Accept-Language", "Accept", "If-None-Match", "If-Modified-Since", "Range", "Authorization",
                 "Origin", "X-Forwarded-For"), value))
            assert response.status_code in (200, 302), (url, text)
            assert "evil" not in str(response.headers).lower()
            assert not re.search(r"<script>|onerror=", response.get_data(as_text=True))
    assert "window.attacked" not in "".join(capfd.readouterr())
