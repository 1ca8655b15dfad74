"""Every address there is, filled with everything there is, as everyone there is: which words each person comes to read."""
from __future__ import annotations

import html
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from engine.store import tables as t
from engine.store.database import new_id
from engine.store.open_sessions import digest
from tests.canaries.board import WORD, Populated, text_of
from webforms import create_app

#: Pages that only a query makes; the routes without one are visited anyway.
FIXED = ("/tasks?which=team", "/tasks?which=mine", "/cases?state=all")
#: Pages for what is not there, with a word in the address: what one typed comes back to nobody else.
TYPED = ("/published/?words={word}", "/sign-in?next=/cases/{word}", "/{word}", "/cases/{word}", "/documents/{word}", "/tasks/{word}", "/cases?after={word}",
         "/help/roles/{word}/x", "/deputies?of={word}")
#: Pages about the process, which know no case, and cost most: not for everyone in the short run.
OF_PACKS = ("help.", "process.")
TYPING = frozenset({"nobody", "business_manager", "stray.hou"})


LINK = re.compile(r'href="(/[^"#]*)"')
LINKS = 12   # of one page, where not everything is visited


@dataclass
class Seen:
    """What was visited, and which words came back, by who looked."""

    visits: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))      # (endpoint, status) → how often
    words: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(dict))  # login → word → where
    people: set[str] = field(default_factory=set)

    @property
    def routes(self) -> set[str]:
        """The routes that answered anyone with a page or a file."""
        return {endpoint for endpoint, status in self.visits if status == "200"}

    @property
    def all_words(self) -> set[str]:
        """Every word that somebody read."""
        return {word for words in self.words.values() for word in words}


class Crawler:
    """A browser for each person before the same application."""

    def __init__(self, board: Populated, most: int | None = None) -> None:
        """`most`: so many of the ids that a route can take, others for each person; besides what their own pages lead to. None: all."""
        self.board, self.seen, self.most = board, Seen(), most
        self.app = create_app(board.engine)
        self.app.config["TESTING"] = False
        self.app.config["WTF_CSRF_CHECK_DEFAULT"] = False   # tokens are tried elsewhere
        self.ids = _ids(board)
        self.rules = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint != "static"]
        self.pdfs: dict[str, int] = defaultdict(int)

    def visit_all(self, login: str | None) -> None:
        """Every address as this person; None is nobody."""
        client, who = self.client(login), login or "nobody"
        self.seen.people.add(who)
        been: set[str] = set()
        for url in self.addresses(who):
            if url not in been:
                been.add(url)
                page = self._get(client, who, url) or ""
                found = LINK.findall(page) if url.startswith(("/cases/", "/tasks?", "/drafts")) else []
                for link in [html.unescape(one) for one in dict.fromkeys(found)][:self.most and LINKS]:
                    if link not in been and not link.startswith(("/help", "/process")):
                        been.add(link)
                        self._get(client, who, link)
        self._read(client.post("/access/search", data={"words": "zq0"}), who, "/access/search")   # every word there is, for who answers requests for access
        for url, answers in self._some(list(self.posts()), f"{who} posts"):
            self._read(client.post(url, data=answers), who, url)

    def client(self, login: str | None) -> FlaskClient:
        client = self.app.test_client()
        if login is not None:
            token, engine, s = new_id(), self.board.engine, t.sessions
            now = engine.clock.now()
            with engine.database.writing() as db:
                db.execute(sa.insert(s).values(id=new_id(), token=digest(token), person=self.board.people[login], created_at=now, seen_at=now, proved_at=now))
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = token, True
        return client

    # ---- where to

    def addresses(self, who: str) -> Iterator[str]:
        """Every route filled with every id it could take, and pages that only a query makes."""
        yield from FIXED
        yield from (url.format(word="Zq99999 typed by someone") for url in (TYPED if self.most is None or who in TYPING else ()))
        for rule in self.rules:
            if "GET" in (rule.methods or ()) and (self.most is None or who in TYPING or not rule.endpoint.startswith(OF_PACKS)):
                yield from self._filled(rule, who)

    def _filled(self, rule: Any, who: str) -> Iterator[str]:
        names = sorted(rule.arguments)
        if not names:
            yield rule.rule
            return
        known = self.ids.get(tuple(names), {})
        every = known.get(rule.rule, ()) or known.get("", ()) or self._by_name(names)
        for values in self._some(list(every), f"{who} {rule.rule}"):
            url = rule.rule
            for name, value in zip(names, values, strict=True):
                url = re.sub(rf"<(?:\w+:)?{name}>", value, url)
            yield url
            if rule.endpoint == "documents.download" and values[0] in self.ids["papers"]:
                yield f"{url}?as=docx"
                yield f"{url}?as=pdf"

    def _by_name(self, names: list[str]) -> list[tuple[str, ...]]:
        """Routes whose one argument is called like a table: all of its ids. Of any other, something that is not there."""
        table = t.metadata.tables.get(f"{names[0]}s", t.metadata.tables.get("people" if names == ["person"] else names[0]))
        if len(names) == 1 and table is not None and "id" in table.c:
            with self.board.engine.database.reading() as db:
                return [(str(id),) for id in db.scalars(sa.select(table.c.id))] or [("none",)]
        return [tuple("none" for _ in names)]

    def _some(self, every: list[Any], who: str) -> list[Any]:
        """All of them, or so many as are asked for: others for each person, and the same each time."""
        if self.most is None or len(every) <= self.most:
            return every
        begin, step = zlib.crc32(who.encode()) % len(every), max(1, len(every) // self.most)
        return [every[(begin + step * number) % len(every)] for number in range(self.most)]

    def posts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Posts that are answered with a page and change nothing: a form sent empty, a correction looked at before it is made."""
        for task in self.ids["open tasks"]:
            yield f"/tasks/{task}", {"do": "submit"}
        for reference, answer in self.ids["answers"][::4]:
            yield f"/cases/{reference}/answers/{answer}/correct", {"do": "check", "why": ""}

    # ---- what comes back

    def _get(self, client: FlaskClient, who: str, url: str) -> str | None:
        if "as=pdf" in url and self.pdfs[url]:   # written from the same paper for everyone
            return None
        response = client.get(url)
        if "as=pdf" in url and response.status_code == 200:
            self.pdfs[url] += 1
        self._read(response, who, url)
        return response.get_data(as_text=True) if "html" in response.headers.get("Content-Type", "") else None

    def _read(self, response: Any, who: str, url: str) -> None:
        kind = _endpoint(self.app, url)
        self.seen.visits[kind, str(response.status_code)] += 1
        content = response.get_data()
        sent = " ".join(f"{name}: {value}" for name, value in response.headers if name != "Set-Cookie")
        text = f"{sent} {text_of(content)}"
        if "html" in response.headers.get("Content-Type", ""):
            text = html.unescape(text)
        planted_in_address = set(WORD.findall(url))
        for word in set(WORD.findall(text)) - planted_in_address:
            self.seen.words[who].setdefault(word, set()).add(url)


def _endpoint(app: Any, url: str) -> str:
    adapter = app.url_map.bind("localhost")
    try:
        return str(adapter.match(url.partition("?")[0])[0])
    except Exception:  # noqa: BLE001 - no route at all
        return "nowhere"


def _ids(board: Populated) -> dict[Any, Any]:
    """The values of every set of names that routes have, from the database and the pack."""
    pack = board.pack
    with board.engine.database.reading() as db:
        def column(*columns: Any, where: Any = None) -> list[tuple[str, ...]]:
            query = sa.select(*columns)
            return [tuple(map(str, row)) for row in db.execute(query if where is None else query.where(where)).all()]

        cases = {row.id: row.reference for row in db.execute(sa.select(t.cases.c.id, t.cases.c.reference))}
        tasks = column(t.tasks.c.id)
        open_tasks = column(t.tasks.c.id, where=t.tasks.c.state == "open")
        answers = [(cases[case], id) for id, case in column(t.submissions.c.id, t.submissions.c.case_id)]
        decisions = [(id, cases[case]) for id, case in column(t.unsettled.c.id, t.unsettled.c.case_id)]
        documents = column(t.documents.c.id)
        papers = {row[0] for row in column(t.documents.c.id, where=t.documents.c.made_from.is_not(None))}
        published = column(t.published_files.c.reference, t.published_files.c.name) if "reference" in t.published_files.c else []
        gone = column(t.published.c.reference) if "reference" in t.published.c else []
    references = sorted(cases.values())
    of_cases = [(reference,) for reference in references]
    return {
        "open tasks": [one[0] for one in open_tasks], "answers": answers, "papers": papers,
        ("task",): {"": tasks}, ("id",): {"": documents}, ("draft",): {"": []}, ("deputy",): {"": []},
        ("reference",): {"": of_cases, "/published/<reference>/": [*of_cases, *gone]},
        ("answer", "reference"): {"": [(id, reference) for reference, id in answers]},
        ("decision", "reference"): {"": decisions},
        ("name", "reference"): {"/cases/<reference>/registers/<name>": [(name, reference) for reference in references for name in pack.registers],
                                "/published/<reference>/<name>": [(name, reference) for reference, name in published]},
        ("action", "reference"): {"": [(action, reference) for reference in references for action in pack.case_actions]},
        ("process", "reference"): {"": [(process, reference) for reference in references for process in pack.processes]},
        ("pack", "start"): {"": [(pack.id, start) for start in pack.starts]}, ("pack",): {"": [(pack.id,)]},
        ("pack", "process"): {"": [(pack.id, pack.main.id)]}, ("pack", "role"): {"": [(pack.id, role) for role in pack.roles]},
    }
