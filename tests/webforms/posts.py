"""A valid post for every address that takes one, in an office where all of them can be made, and what each changes in the database."""
from __future__ import annotations

import hashlib
import os
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from werkzeug.datastructures import MultiDict

from engine import SYSTEM, actions
from engine.packs import read_pack
from engine.queries import whose_password
from engine.rules import passwords
from engine.settings.values import Span
from engine.store import sealing
from engine.store import tables as t
from tests.webforms import office
from tests.webforms.authenticator import ORIGIN, Authenticator, options_in
from tests.webforms.conftest import REQUEST, Visitor
from tests.webforms.test_passkeys import add
from tests.webforms.test_second_factor import code_of, offered_on, required, secret_on, set_up
from webforms import create_app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CASE, ENDED, QUOTED = "PUR-2026-001", "PUR-2026-002", "PUR-2026-003"
MORE_PEOPLE = {"adam": ["administrator"], "ari": ["administrator"], "petra": ["process_owner"], "lena": ["legal_adviser"], "ines": ["approver"],
               "sam": ["approver"], "sue": ["approver"]}
INVITED = {"ines", "sam", "sue"}     # who have no password yet
NEW = "blue-teapot-sings-low"
LEAVE = {"from-day": "2", "from-month": "3", "from-year": "2026", "until-day": "6", "until-month": "3", "until-year": "2026", "reason": "Leave"}
#: What a refusal may add to: the trail, and the draft of who typed it.
MAY_CHANGE = frozenset({"trail", "heads", "drafts"})


@dataclass(frozen=True)
class Post:
    """Who sends it, where to, and what. `{names}` are ids of the office."""

    who: str | None
    url: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    first: Callable[[House, Visitor], Mapping[str, Any] | None] | None = None   # done before, in the same browser; gives more fields
    own: str = ""                 # further fields of this form: they are not extra
    status: int = 302
    business: str = ""            # who else has business there, or is told more than that nothing is there


Rows = Mapping[str, Counter[str]]


@dataclass(frozen=True)
class Came:
    """What came of a post: the answer, and every row of the database before and afterwards."""

    status: int
    body: str
    before: Rows
    rows: Rows

    @property
    def refused(self) -> bool:
        """Said, and nothing changed."""
        return self.status >= 400 and self.changed <= MAY_CHANGE

    @property
    def changed(self) -> set[str]:
        return {name for name, rows in self.rows.items() if rows != self.before[name]}

    def like(self, other: Came) -> bool:
        """Whether the same came of both."""
        return (self.status, self.body, self.rows) == (other.status, other.body, other.rows)


class House:
    """The office with all of that. Each post begins on the same database, at the same moment, with the same random numbers."""

    def __init__(self, folder: Path, url: str, patch: pytest.MonkeyPatch) -> None:
        self.engine = office.open_office(folder, url)
        settings = self.engine.settings
        kept = replace(settings.retention["case_content"], span=Span(0, "year"))
        provider = replace(settings.single_sign_on, issuer="https://provider.example", client_id="x", title="Northmere", domains=["office.example"],
                           passwords_too=True, secret="x")
        self.engine.settings = self.settings = replace(
            settings, roles={**settings.roles, "keeper": frozenset()}, mail=replace(settings.mail, base_url=ORIGIN), single_sign_on=provider,
            retention={**settings.retention, "case_content": kept})
        self.app = create_app(self.engine)
        self.app.config["TESTING"] = False
        patch.setattr(passwords, "HASHER", PasswordHasher(1, 8, 1))     # forty people sign in here; what a password costs is tried elsewhere
        self.live = sqlite3.connect(url.removeprefix("sqlite:///"))
        self.at: dict[str, str] = {}      # ids by name, as the addresses below call them
        self.cookies: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.passkey, self._nothing = Authenticator(), dict[str, str]()
        _furnish(self)
        self.moment, self.template = self.engine.clock.now(), sqlite3.connect(":memory:", check_same_thread=False)
        self.live.backup(self.template)
        self.base, self.drawn = self.rows(), 0
        patch.setattr(os, "urandom", self._draw)
        patch.setattr(random, "_urandom", self._draw)
        patch.setattr(sealing, "AESGCM", type("Cipher", (), {"__new__": lambda _, secret: AESGCM(secret), "generate_key": lambda bits: self._draw(bits // 8)}))

    def visitor(self, login: str | None = None) -> Visitor:
        one = Visitor(self.app.test_client())
        for name, value in self.cookies.get(login or "", {}).items():
            one.client.set_cookie(name, value)
        one.token = self.tokens.get(login or "", "")
        return one

    def begin(self) -> None:
        """Everything as it was."""
        self.template.backup(self.live)
        self.engine.settings, self.drawn = self.settings, 0
        self.engine.clock.move_to(self.moment, back=True)
        self.engine._live.clear()   # a process that is kept draws other numbers than one that is read

    def come_of(self, post: Post, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None,
                change: Callable[[dict[str, Any]], Mapping[str, Any]] = dict) -> Came:
        """What comes of this post, with more in its body or its address, or with its fields changed."""
        self.begin()
        visitor, given = self.visitor(post.who), self.filled(post)
        if post.first:
            given |= post.first(self, visitor) or {}
        elif post.who is None:
            visitor.get("/sign-in")
        before = self.rows() if post.first else self.base
        response = self.send(visitor, post.url.format(**self.at), {**(body or {}), **change(given)}, query)
        return Came(response.status_code, plain(response), before, self.rows())

    def nothing(self, login: str) -> str:
        """What somebody reads where nothing is."""
        if login not in self._nothing:
            self._nothing[login] = plain(self.send(self.visitor(login), f"/tasks/{'0' * 32}/claim", {}))
        return self._nothing[login]

    def filled(self, post: Post) -> dict[str, Any]:
        return {name: one.format(**self.at) if isinstance(one, str) else one for name, one in post.fields.items()}

    def send(self, visitor: Visitor, url: str, data: Mapping[str, Any], query: Mapping[str, Any] | None = None) -> Any:
        token = office.token(visitor.page) if 'name="csrf_token"' in visitor.page else visitor.token
        return visitor.client.post(url, data=MultiDict({"csrf_token": token, **data}), query_string=query, content_type="multipart/form-data")

    def rows(self) -> dict[str, Counter[str]]:
        """Every row that there is; how far a trail goes is left out, since the trail itself is in."""
        found = {}
        for table in t.metadata.sorted_tables:
            columns = ", ".join(column.name for column in table.columns if not column.name.startswith("trail_"))
            found[table.name] = Counter(map(repr, self.live.execute(f"select {columns} from {table.name}")))
        return found

    def _draw(self, many: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(str(self.drawn).encode()).digest(many)


def plain(response: Any) -> str:
    """A page without what is new on each, and without the menu, which marks where one is; a digest of anything else."""
    if response.mimetype != "text/html":
        return hashlib.sha256(response.data).hexdigest()
    return re.sub(r'value="[^"]{40,}"|<nav.*?</nav>| aria-current="true"', "", response.get_data(as_text=True), flags=re.DOTALL)


def _furnish(house: House) -> None:
    """People, cases, and one of everything that can be posted about."""
    engine = house.engine
    for login, roles in MORE_PEOPLE.items():
        engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@office.example", None, roles)
    for login in {*office.PEOPLE, *MORE_PEOPLE} - INVITED:
        engine.perform(SYSTEM, actions.set_password, login, passwords.HASHER.hash(office.PASSWORD))
    with engine.database.reading() as db:
        house.at |= dict(db.execute(sa.select(t.people.c.login, t.people.c.id)).all())
    sessions, visitors = {login: _session(engine, login) for login in house.at if login not in INVITED}, {}
    _session(engine, "rosa", "Safari")
    for login, token in sessions.items():
        visitors[login] = house.visitor()
        with visitors[login].client.session_transaction() as cookie:
            cookie["_user_id"] = token
    rosa, abel = visitors["rosa"], visitors["abel"]
    files = read_pack(office.ROOT / "tests/packs/purchase").files
    more = {"pack.toml": files["pack.toml"] + b'\n[roles.keeper]\nlabel = "Keeper"\nscope = "case"\n',
            "forms/quote.form": files["forms/quote.form"].replace(b'"visible_to": "supplier"', b'"visible_to": "supplier, keeper"')}
    engine.perform(SYSTEM, actions.release_pack, {**files, **more})    # with a role that a guest can have
    for _ in range(3):
        rosa.get("/start/purchase/request_made")
        rosa.post("/start/purchase/request_made", REQUEST)
    as_ = {login: engine.actor(person) for login, person in house.at.items() if login not in INVITED}
    cases = _ids(house, t.cases, t.cases.c.reference)
    engine.perform(as_["rosa"], actions.press_case_action, cases[ENDED], "withdraw", {"reason": "Not needed"})
    approve = _ids(house, t.tasks, t.tasks.c.case_id, t.tasks.c.state == "open")
    engine.perform(as_["abel"], actions.submit_task, approve[cases[QUOTED]], {"decision": "approve"})
    quotes = _ids(house, t.tasks, t.tasks.c.item, t.tasks.c.state == "open", t.tasks.c.case_id == cases[QUOTED])
    engine.perform(as_["inez"], actions.claim_task, quotes["INK"])
    answers = _ids(house, t.submissions, t.submissions.c.case_id, t.submissions.c.element == "request_made")
    engine.perform(as_["maud"], actions.correct_answer, answers[cases[CASE]], {"amount": 900}, "It was 900")
    rosa.get("/start/purchase/request_made")
    rosa.post("/start/purchase/request_made", {"what": "A draft", "do": "draft"})
    engine.perform(as_["maud"], actions.hold_case, QUOTED, "An inquiry")
    day = engine.now().date()
    engine.perform(as_["anna"], actions.name_deputy, "approver", house.at["maud"], day, day + timedelta(days=3), "Leave")
    house.at["proposal"] = engine.perform(as_["adam"], actions.propose, "role_given", {"person": house.at["otto"], "role": "viewer", "reason": "x"})
    house.at["link"] = engine.perform(SYSTEM, actions.make_link, "ines").removeprefix(ORIGIN)
    engine.perform(as_["adam"], actions.expect_with_provider, house.at["sam"])
    house.secret, _ = set_up(rosa, engine)
    add(visitors["petra"], house.passkey, name="Laptop")
    house.at |= {
        "task": approve[cases[CASE]], "quote": quotes["QUI"], "taken": quotes["INK"], "answer": answers[cases[CASE]], "case": CASE, "ended": ENDED,
        "quoted": QUOTED, "decision": _only(house, t.unsettled), "draft": _only(house, t.drafts), "deputy": _only(house, t.deputies),
        "hold": _only(house, t.legal_holds), "factor": _only(house, t.factors, t.factors.c.person == house.at["rosa"]),
        "session": _only(house, t.sessions, t.sessions.c.person == house.at["rosa"], t.sessions.c.browser == "Safari")}
    assert abel.get("/deputies")
    for login, visitor in visitors.items():
        visitor.get("/deputies")
        house.tokens[login] = office.token(visitor.page)
        house.cookies[login] = {name: visitor.client.get_cookie(name).value for name in ("session", "browser") if visitor.client.get_cookie(name)}


def _session(engine: Any, login: str, browser: str = "Firefox") -> str:
    proven = engine.ask(SYSTEM, whose_password, login, office.PASSWORD, "127.0.0.1")
    return str(engine.perform(SYSTEM, actions.sign_in, login, proven, "127.0.0.1", browser).token)


def _ids(house: House, table: Any, by: Any, *where: Any) -> dict[str, str]:
    with house.engine.database.reading() as db:
        return dict(db.execute(sa.select(by, table.c.id).where(*where)).all())


def _only(house: House, table: Any, *where: Any) -> str:
    with house.engine.database.reading() as db:
        return str(db.scalars(sa.select(table.c.id).where(*where)).one())


# ---- what is done before some of them

def _answered(url: str, fields: Mapping[str, Any]) -> Callable[[House, Visitor], None]:
    """The answers stand on the page to check them on."""
    def first(house: House, visitor: Visitor) -> None:
        visitor.get("/deputies")
        visitor.post(url.format(**house.at), {**fields, "do": "draft"})
    return first


def _with_code(house: House, visitor: Visitor) -> dict[str, Any]:
    visitor.get("/account/authenticator")
    return {"offered": offered_on(visitor.page), "code": code_of(house.engine, secret_on(visitor.page)), "name": "Phone"}


def _with_passkey(house: House, visitor: Visitor) -> dict[str, Any]:
    visitor.get("/account/passkey")
    return {"passkey": replace(house.passkey, id=b"another" * 4).make(options_in(visitor.page)), "name": "Laptop"}


def _signed_by_passkey(house: House, visitor: Visitor) -> dict[str, Any]:
    visitor.get("/sign-in")
    return {"passkey": replace(house.passkey).sign(options_in(visitor.page))}


def _halfway(house: House, visitor: Visitor) -> dict[str, Any]:
    visitor.sign_in("rosa")
    return {"code": code_of(house.engine, house.secret)}


def _to_set_up(house: House, visitor: Visitor) -> dict[str, Any]:
    required(house.engine)
    visitor.sign_in("otto")
    return {"offered": offered_on(visitor.page), "code": code_of(house.engine, secret_on(visitor.page)), "name": "Phone"}


def _by_link(house: House, visitor: Visitor) -> None:
    visitor.get(house.at["link"])


def _asked_again(house: House, visitor: Visitor) -> dict[str, Any]:
    house.engine.clock.move_to(house.moment + timedelta(minutes=20))
    visitor.get("/deputies")
    visitor.post(f"/people/{house.at['quin']}/close")
    return {"kept": re.search(r'name="kept" value="([^"]+)"', visitor.page)[1], "password": office.PASSWORD}


def _found(_: House, visitor: Visitor) -> dict[str, Any]:
    visitor.get("/access")
    visitor.post("/access/search", {"words": "A new", "cases": ""})
    return {"passage": re.findall(r'name="passage" value="(\w+)"', visitor.page)[:1]}


APPROVE, WITHDRAW, CORRECTED = {"decision": "approve"}, {"reason": "Not needed"}, {**REQUEST, "amount": "901", "reason_for_correction": "It was 901"}
TRAIL, FORM = "kind person since until words before", "do _shown name passkey code offered"
READERS = "rosa abel anna lena"     # who sees the case, and is told that this is not theirs to do
#: endpoint, and after a blank what is special → the post. A new address that takes posts belongs here before `make test` is content.
POSTS: dict[str, Post] = {
    "access.account": Post("maud", "/access/account", {"person": "{rosa}"}, status=200, own="person"),
    "access.search": Post("maud", "/access/search", {"words": "A new", "cases": CASE}, status=200),
    "access.passages": Post("maud", "/access/passages", {"words": "A new", "cases": ""}, _found, status=200),
    "account.authenticator": Post("ruth", "/account/authenticator", {}, _with_code, FORM, 200),
    "account.passkey": Post("ruth", "/account/passkey", {}, _with_passkey, FORM, 200),
    "account.factor": Post("rosa", "/account/factors/{factor}", {"name": "Old phone"}),
    "account.remove": Post("rosa", "/account/factors/{factor}/remove"),
    "account.password": Post("rosa", "/account/password", {"old": office.PASSWORD, "password": NEW, "again": NEW}),
    "account.recovery_codes": Post("rosa", "/account/recovery-codes", status=200),
    "account.end": Post("rosa", "/account/sessions/{session}/end"),
    "account.end_others": Post("rosa", "/account/sessions/end"),
    "approvals.approve": Post("ari", "/approvals/{proposal}/approve", business="adam"),
    "approvals.decline": Post("ari", "/approvals/{proposal}/decline", {"reason": "Not now"}, business="adam"),
    "approvals.withdraw": Post("adam", "/approvals/{proposal}/withdraw", business="ari"),
    "cases.action_answer": Post("rosa", "/cases/{case}/do/withdraw", WITHDRAW, own=FORM),
    "cases.action_check": Post("rosa", "/cases/{case}/do/withdraw/check", {}, _answered("/cases/{case}/do/withdraw", WITHDRAW), "reason_for_going_on",
                               ),
    "cases.find": Post("rosa", "/cases", {"words": "PUR-2026"}, status=200),
    "confirm.answer": Post("adam", "/confirm", {}, _asked_again, "passkey code password kept"),
    "corrections.correct_answer": Post("maud", "/cases/{case}/answers/{answer}/correct", CORRECTED, own="since do _shown", business=READERS),
    "corrections.correct_check": Post("maud", "/cases/{case}/answers/{answer}/correct/check", {},
                                      _answered("/cases/{case}/answers/{answer}/correct", CORRECTED), "since", business=READERS),
    "corrections.settle": Post("maud", "/cases/{case}/settle/{decision}", {"note": "It stays as it is"}, business=READERS),
    "deputies.name": Post("abel", "/deputies", {"role": "approver", "to": "{maud}", **LEAVE}, own="of"),
    "deputies.end": Post("anna", "/deputies/{deputy}/end", business="maud adam ari"),
    "drafts.discard": Post("rosa", "/drafts/{draft}/discard"),
    "invitations.guest_answer": Post("adam", "/invitations/guest", {"name": "Hella Outside", "email": "h@else.example", "case": CASE, "roles": ["keeper"],
                                                                    "reason": "x"}),
    "invitations.send": Post("adam", "/invitations/{ines}/send", business="ari"),
    "invitations.withdraw": Post("adam", "/invitations/{ines}/withdraw", business="ari"),
    "keeping.hold": Post("maud", "/cases/{case}/hold", {"reason": "An inquiry"}, business=READERS),
    "keeping.lift": Post("maud", "/cases/{quoted}/hold/{hold}/lift", {"reason": "It is over"}, business=READERS + " quin inez"),
    "keeping.erase": Post("maud", "/cases/{ended}/erase", {"reason": "Its time is over"}, business="lena"),
    "links.choose": Post(None, "/sign-in/link", {"password": NEW, "again": NEW}, _by_link),
    "people.new_answer": Post("adam", "/people/new", {"name": "Nell Example", "email": "nell@office.example", "agency": "INK", "roles": ["supplier"],
                                                       "reason": "New"}),
    "people.change_answer": Post("adam", "/people/{quin}/give", {"role": "viewer", "reason": "x"}, business="ari"),
    "people.change_answer let in": Post("adam", "/people/{rosa}/access", {"way": "both", "reason": "Phone and password are lost"}, business="ari"),
    "people.close": Post("adam", "/people/{quin}/close", business="ari"),
    "sign_in.form": Post(None, "/sign-in", {"login": "otto", "password": office.PASSWORD}),
    "sign_in.passkey": Post(None, "/sign-in/passkey", {}, _signed_by_passkey),
    "sign_in.second": Post(None, "/sign-in/code", {}, _halfway, "passkey"),
    "sign_in.set_up": Post(None, "/sign-in/set-up", {}, _to_set_up, FORM, 200),
    "sign_in.out": Post("rosa", "/sign-out"),
    "single_sign_on.expect": Post("adam", "/people/provider/{sue}/expect", business="ari"),
    "single_sign_on.end": Post("adam", "/people/provider/{sam}/end", business="ari"),
    "single_sign_on.told_out": Post(None, "/sign-in/provider/told-out", {"logout_token": "x"}, status=400),    # only what is signed counts
    "start.begin_answer": Post("rosa", "/start/purchase/request_made", REQUEST, own="do _shown items card drawing"),
    "start.begin_check": Post("rosa", "/start/purchase/request_made/check", {}, _answered("/start/purchase/request_made", REQUEST)),
    "tasks.task_answer": Post("abel", "/tasks/{task}", APPROVE, own="do _shown comment", business="anna maud"),
    "tasks.task_answer at once": Post("quin", "/tasks/{quote}", {"price": "9", "delivery_on-day": "9", "delivery_on-month": "3", "delivery_on-year": "2026"},
                                      own="do _shown lowest", business="maud"),
    "tasks.task_check": Post("abel", "/tasks/{task}/check", {}, _answered("/tasks/{task}", APPROVE), business="anna maud"),
    "tasks.claim": Post("abel", "/tasks/{task}/claim", business="anna maud"),
    "tasks.let_go": Post("inez", "/tasks/{taken}/let-go"),
    "tasks.hand_over": Post("maud", "/tasks/{task}/hand-over", {"to": "{abel}"}, business="abel anna"),
    "trail.page": Post("maud", "/cases/{case}/trail", {"words": "Rosa"}, own=TRAIL, status=200, business="abel anna"),
    "trail.looked": Post("maud", "/cases/{case}/trail/looked", {"since": "2026-03-02", "until": "2026-03-02"}, own=TRAIL, status=200, business="abel anna"),
    "trail.evidence": Post("maud", "/cases/{case}/trail/evidence", status=200, business="abel anna"),
    "trail.person": Post("maud", "/trail/{rosa}", {"words": "Rosa"}, own=TRAIL, status=200, business="abel anna"),
}
