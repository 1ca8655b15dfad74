"""Every address there is, filled with everything there is, as everyone there is: which words each person comes to read."""
from __future__ import annotations

import html
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from engine import SYSTEM, actions
from engine.rules.access import Actor
from engine.store.open_sessions import begun
from tests.canaries.board import Populated
from tests.canaries.rows import Row, Rows
from tests.canaries.words import text_of, words
from webforms import create_app

#: Pages that only a query makes; the routes without one are visited anyway.
FIXED = ("/tasks?which=team", "/tasks?which=mine", "/cases?state=all", "/people?which=closed")
#: Pages for what is not there, with a word in the address: what one typed comes back to nobody else.
TYPED = ("/published/?words={word}", "/sign-in?next=/cases/{word}", "/{word}", "/cases/{word}", "/documents/{word}", "/tasks/{word}", "/cases?after={word}",
         "/help/roles/{word}/x", "/deputies?of={word}", "/people?words={word}", "/sign-in/link/{word}", "/sign-in/provider/back?code={word}&state={word}")
#: Pages that know neither who asks nor any case: not for everyone.
ALIKE = ("help.", "process.", "published.", "health.", "sign_in.", "links.", "static", "single_sign_on.start", "single_sign_on.back", "single_sign_on.leave",
         "single_sign_on.again", "single_sign_on.shown", "account.password", "account.authenticator", "account.passkey")
#: Those who go everywhere, also where all pages are alike, and who send what no form sends.
TYPING = ("nobody", "business_manager", "stray.hou")
#: What is sent without a token is refused, with what was typed on the page; in the short run it is sent by these, too.
SENDING = (*TYPING, "board_rep.csc")

LINK = re.compile(r'(?:href|action|src)="(/[^"#]*)')
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
PASSAGE = re.compile(r'name="passage" value="([^"]*)"')


@dataclass
class Visits:
    """Of one route by one person."""

    visits: int = 0
    pages: int = 0
    words: set[str] = field(default_factory=set)


@dataclass
class Seen:
    """What was visited, and which words came back, by who looked."""

    visits: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))      # (endpoint, method and status) → how often
    words: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(dict))  # login → word → where
    table: dict[str, dict[str, Visits]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Visits)))   # endpoint → login → what came
    broken: set[str] = field(default_factory=set)                         # what was answered with our own mistake
    misplaced: set[tuple[str, str, str]] = field(default_factory=set)     # (where, endpoint, word): where no word belongs, whoever looks

    @property
    def routes(self) -> set[str]:
        """The routes that answered anyone with a page or a file; also with a form and what is wrong with it (422)."""
        return {endpoint for endpoint, status in self.visits if status in ("GET 200", "POST 200", "GET 422")}

    @property
    def all_words(self) -> set[str]:
        """Every word that somebody read."""
        return {word for found in self.words.values() for word in found}


class Crawler:
    """A browser for each person before the same application."""

    def __init__(self, board: Populated, *, thorough: bool = False) -> None:
        """Thorough: something of every kind there is, own and others'; else some of each route, others for each person. And what their own pages lead to."""
        self.board, self.seen, self.thorough = board, Seen(), thorough
        self.app = create_app(board.engine)
        self.app.config["TESTING"] = False
        self.app.config["WTF_CSRF_CHECK_DEFAULT"] = False   # but for what is sent without a token, below
        self.map = self.app.url_map.bind("localhost")
        self.rows = Rows(board)
        self.rules = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint != "static"]
        self.written: set[str] = set()     # papers that were made into a PDF for someone: it takes long, and is the same for all

    def visit_all(self, login: str | None) -> None:
        """Every address as this person; None is nobody."""
        _Visitor(self, login).go()

    def visit(self, login: str, *urls: str) -> None:
        """These addresses only."""
        visitor = _Visitor(self, login)
        for url in urls:
            visitor.get(url)

    def visit_with_keys(self) -> None:
        """Who has something that opens one door: a monitor its token, a person a link from a mail, or a password that is right and no code yet."""
        engine = self.board.engine
        monitor = _Visitor(self, None, "a monitor")
        monitor.get("/metrics", {"Authorization": f"Bearer {engine.settings.metrics_token}"})
        link = engine.perform(SYSTEM, actions.make_link, "nils.nothing")
        invited = _Visitor(self, None, "with a link")
        invited.get(urlsplit(link).path)
        invited.get("/sign-in/link")
        for needs, url in (("factor", "/sign-in/code"), ("setup", "/sign-in/set-up")):
            halfway = _Visitor(self, None, f"halfway ({needs})")
            with halfway.client.session_transaction() as session:
                session["halfway"] = self.token("business_manager", needs)
            for one in (url, "/", "/tasks", *(row.url("/cases/<reference>") for row in self.rows.by_names[frozenset({"reference"})])):
                halfway.get(one)

    def client(self, login: str | None) -> FlaskClient:
        """The browser of somebody who has signed in."""
        client = self.app.test_client()
        if login is not None:
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = self.token(login), True
        return client

    def token(self, login: str, needs: str | None = None) -> str:
        """A session of this person, as the cookie has it."""
        engine, now = self.board.engine, self.board.engine.clock.now()
        with engine.database.writing() as db:
            return begun(db, engine.vault, self.board.people[login], now, needs, "", now)

    def matched(self, url: str, method: str = "GET") -> tuple[str, dict[str, Any]]:
        """The route that an address leads to."""
        try:
            endpoint, values = self.map.match(urlsplit(url).path, method)
        except HTTPException as problem:
            return ("nowhere" if problem.code == 404 else "another method", {})
        return str(endpoint), dict(values)


class _Visitor:
    """One of them, at their browser."""

    def __init__(self, crawler: Crawler, login: str | None, called: str | None = None) -> None:
        self.crawler, self.seen, self.who = crawler, crawler.seen, called or login or "nobody"
        self.client = crawler.client(login)
        self.actor: Actor | None = crawler.board.engine.actor(crawler.board.people[login]) if login else None
        self.agencies = {held.agency for held in self.actor.holdings} - {None} if self.actor else set()
        self.been: set[str] = set()
        self.followed: Counter[tuple[str, str]] = Counter()
        self.open_cases: set[str] = set()
        self.last, self.status = "", 0   # the page that came last

    def go(self) -> None:
        self.look_for_cases()
        for url in (*FIXED, *(url.format(word="Zq99999 typed by someone") for url in (TYPED if self.everywhere else ()))):
            self.get(url)
        for rule in self.crawler.rules:
            if "GET" in (rule.methods or ()) and (self.everywhere or not rule.endpoint.startswith(ALIKE)):
                for row in self.some(rule):
                    self.get(row.url(rule.rule))
        self.ask()
        if self.crawler.thorough or self.who in SENDING:
            self.send_without_token()
        if self.everywhere:
            self.use_other_methods()

    @property
    def everywhere(self) -> bool:
        return self.who in TYPING

    def look_for_cases(self) -> None:
        """Which one sees: by the list; by trying each, where everything is tried."""
        if not self.crawler.thorough:
            self.get("/cases?state=all")
            self.open_cases = {url.removeprefix("/cases/") for url in LINK.findall(self.last) if url.startswith("/cases/")}
            return
        for row in self.crawler.rows.by_names[frozenset({"reference"})]:
            if self.get(row.url("/cases/<reference>")) == 200:
                self.open_cases.add(row.values["reference"])

    # ---- where to

    def some(self, rule: Any) -> list[Row]:
        """Of what fits this route: some of one's own agency, of others, and of cases that one does not see."""
        thorough, groups = self.crawler.thorough, defaultdict(list)
        for row in self.crawler.rows.of(rule):
            shut = row.case is not None and row.case not in self.open_cases and not rule.endpoint.startswith("published.")
            groups["shut" if shut else (row.kind if thorough or rule.endpoint == "published.file" else "", row.agency in self.agencies)].append(row)
        return [row for key, rows in groups.items() for row in self._others_each(rows, f"{self.who} {rule.rule} {key}", 4 if thorough and key == "shut" else 1)]

    def _others_each(self, rows: list[Any], who: str, most: int) -> list[Any]:
        """So many: others for each person, and the same each time."""
        begin, step = zlib.crc32(who.encode()), max(1, len(rows) // most)
        return [rows[(begin + step * number) % len(rows)] for number in range(min(most, len(rows)))]

    def follow(self, page: str) -> Iterator[str]:
        """What a page leads to; of each kind of thing a few."""
        for link in dict.fromkeys(html.unescape(one) for one in LINK.findall(page)):
            endpoint, values = self.crawler.matched(link)
            if link in self.been or endpoint in ("nowhere", "another method") or (endpoint.startswith(ALIKE) and not self.everywhere):
                continue
            key = (endpoint, self.crawler.rows.kind(values) if self.crawler.thorough else "")
            self.followed[key] += 1
            if self.followed[key] <= (1 if key[1] or not values else 2):
                yield link

    def begun(self, page: str) -> Iterator[str]:
        """What one has begun to answer, and the page to check it on."""
        for link in LINK.findall(page):
            endpoint, _ = self.crawler.matched(link)
            self.followed[endpoint, "begun"] += 1
            if f"{endpoint}_check" in self.crawler.app.view_functions and (self.crawler.thorough or self.followed[endpoint, "begun"] <= 2):
                yield link
                yield f"{urlsplit(link).path}/check"

    def ask(self) -> None:
        """What is posted only because it could be a name; and posts that are answered with a page and change no case."""
        everything = {"words": "zq0"}
        if passages := PASSAGE.findall(self.post("/access/search", everything)):
            self.post("/access/passages", {**everything, "passage": passages[:None if self.crawler.thorough else 20]})
        for rule, sent in (("/cases/<reference>/trail/evidence", {}), ("/cases/<reference>/trail", everything), ("/trail/<id>", everything),
                           ("/tasks/<task>", {"do": "submit"}), ("/cases/<reference>/answers/<answer>/correct", {"do": "check", "why": ""}),
                           ("/access/account", {"person": self.crawler.board.people["business_manager"]})):
            for known in [one for one in self.crawler.rules if one.rule == rule and "POST" in (one.methods or ())]:
                for row in self.some(known):
                    self.post(row.url(rule), sent)

    def send_without_token(self) -> None:
        """A post from another site, or from a page that was open too long: nothing is done, and the form may be shown again."""
        self.crawler.app.config["WTF_CSRF_CHECK_DEFAULT"] = True
        for rule in self.crawler.rules:
            if "POST" in (rule.methods or ()):
                for row in self.some(rule)[:2 if self.crawler.thorough else 1]:
                    self.post(row.url(rule.rule), {"do": "submit", "reason": "nothing"})
        self.crawler.app.config["WTF_CSRF_CHECK_DEFAULT"] = False

    def use_other_methods(self) -> None:
        """HEAD tells what GET does, without the page; what has no method says so."""
        for rule in self.crawler.rules:
            if "GET" in (rule.methods or ()):
                url = self.some(rule)[0].url(rule.rule)
                for method in ("HEAD", "OPTIONS", "PUT"):
                    self.read(self.client.open(url, method=method), url, method)

    # ---- what comes back

    def get(self, url: str, headers: dict[str, str] | None = None) -> int:
        """Look at a page, and at what it leads to."""
        if url in self.been:
            return 0
        self.been.add(url)
        page = self.last = self.read(self.client.get(url, headers=headers), url)
        if page and not self.crawler.matched(url)[0].startswith(ALIKE):
            for link in self.begun(page) if url == "/drafts" else self.follow(page):
                self.get(link)
            self.last = page
        if url.removeprefix("/documents/") in self.crawler.rows.papers:
            self.get(f"{url}?as=docx")
            if self.status != 200 or url not in self.crawler.written:
                self.crawler.written.add(url)
                self.get(f"{url}?as=pdf")
        return self.status

    def post(self, url: str, sent: dict[str, Any]) -> str:
        return self.read(self.client.post(url, data=sent), url, "POST")

    def read(self, response: Any, url: str, method: str = "GET") -> str:
        """Every word in what was sent, but for those in the address that one typed oneself; gives the page, if it was one."""
        endpoint, typed = self.crawler.matched(url, method)[0], words(url)
        self.status = int(response.status_code)
        page = html.unescape(response.get_data(as_text=True)) if "text/html" in response.headers.get("Content-Type", "") else None
        headers = {name: value for name, value in response.headers if name != "Set-Cookie"}
        found = (words(page if page is not None else text_of(response.get_data())) | words(str(headers))) - typed
        noted = self.seen.table[endpoint][self.who]
        if self.status >= 500 and not endpoint.startswith("single_sign_on."):   # whose provider does not answer
            self.seen.broken.add(f"{self.who}: {method} {url} {self.status}")
        self.seen.visits[endpoint, f"{method} {self.status}"] += 1
        noted.visits, noted.pages, noted.words = noted.visits + 1, noted.pages + (self.status in (200, 422)), noted.words | found
        for word in found:
            self.seen.words[self.who].setdefault(word, set()).add(url)
        self.seen.misplaced |= {(place, endpoint, word) for place, text in self._never(response, headers, page) for word in words(text) - typed}
        return response.get_data(as_text=True) if page is not None and self.status == 200 else ""

    def _never(self, response: Any, headers: dict[str, str], page: str | None) -> Iterable[tuple[str, str]]:
        """Where no word stands, whoever looks: histories, proxies and other people's logs keep these."""
        yield "header", str({name: value for name, value in headers.items() if name != "Content-Disposition"})
        if page is not None:
            yield "title", " ".join(TITLE.findall(page))
            yield "address", " ".join(LINK.findall(page))
        for cookie in response.headers.getlist("Set-Cookie"):
            value = cookie.partition("=")[2].partition(";")[0]
            serializer: Any = self.crawler.app.session_interface.get_signing_serializer(self.crawler.app)  # type: ignore[attr-defined]
            yield "cookie", f"{cookie} {serializer.loads_unsafe(value)}"
