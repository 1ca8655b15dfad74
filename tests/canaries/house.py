"""What stands beside the cases: people whom no story has, deputies, proposals, legal holds, authenticators, drafts; with a word in each text of them."""
from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import sqlalchemy as sa

from engine import SYSTEM, Engine, actions, queries
from engine.clock import SetClock
from engine.errors import Refused
from engine.packs import read_pack
from engine.progress.drafts import DraftPlace
from engine.releases import bundle
from engine.settings import Settings, SingleSignOn
from engine.store import tables as t
from engine.store.open_sessions import begun
from tests.canaries.stories import the_pack
from tests.canaries.words import Words, filled

#: Those who look after the system, who watch, and who belong to another case, agency or role.
OTHERS = {
    "otto.owner": (None, ["process_owner"]), "olive.owner": (None, ["process_owner"]), "adam.admin": (None, ["administrator"]),
    "ada.admin": (None, ["administrator"]), "vera.viewer": (None, ["viewer"]), "audrey.audit": (None, ["auditor"]),
    "bo.member": (None, ["board_member"]), "vince.vice": (None, ["vice_chair"]), "lex.legal": (None, ["legal_adviser"]),
    "lea.legal": (None, ["legal_adviser"]), "pim.panel": (None, ["panel_member"]),
    "cleo.cdop": (None, ["cdop_chair"]), "paul.press": (None, ["communications_lead"]), "quil.quality": (None, ["qa_group"]),
    "stray.hou": ("HOU", ["practitioner@HOU"]), "rep.hou": ("HOU", ["board_rep@HOU", "manager@HOU"]), "head.edu": ("EDU", ["agency_head@EDU", "referrer@EDU"]),
    "chris.checker": ("POL", ["agency_checker@POL"]), "dep.rep": ("HLT", []), "dep.chair": (None, []), "nils.nothing": (None, []),
}
GUEST = "gus.guest@example.org"
LATER = timedelta(days=365 * 60)   # by then every case that has ended may be erased


def secretive(settings: Settings, word: Words, issuer: str) -> Settings:
    """These settings, with a word in each secret; people may also sign in with a provider."""
    return replace(
        settings, secret_key=f"{word()} signs the sessions of a test".encode(), master_key=f"{word()}{word()} wraps the keys.".encode().ljust(32)[:32],
        metrics_token=f"{word()}-opens-the-figures", mail=replace(settings.mail, password=f"{word()} sends mails"),
        single_sign_on=SingleSignOn(issuer=issuer, client_id="casereview", title="Northmere Council", domains=["example.org"], require={},
                                    trusts_second_factor=False, second_factor_acr=[], passwords_too=True, session_hours=8, secret=f"{word()} is theirs"))


class House:
    """The people of the board, by their sign-in names."""

    def __init__(self, engine: Engine, word: Words) -> None:
        self.engine, self.word = engine, word
        for login, (agency, roles) in OTHERS.items():
            engine.perform(SYSTEM, actions.add_person, login, f"{login.title()} Example", f"{login}@example.org", agency, roles)

    def furnish(self) -> None:
        """All of it."""
        self.deputies()
        self.proposals()
        self.holds()
        self.authenticators()
        self.drafts()
        self.do("adam.admin", actions.expect_with_provider, self.ids["paul.press"])

    @property
    def ids(self) -> dict[str, str]:
        with self.engine.database.reading() as db:
            return {row.login: row.id for row in db.execute(sa.select(t.people.c.login, t.people.c.id))}

    def do(self, login: str, verb: Any, *args: Any, **kwargs: Any) -> Any:
        return self.engine.perform(self.engine.actor(self.ids[login]), verb, *args, **kwargs)

    def cases(self, *, ended: bool) -> list[str]:
        with self.engine.database.reading() as db:
            return list(db.scalars(sa.select(t.cases.c.reference).where(t.cases.c.ended_at.is_not(None) if ended else t.cases.c.ended_at.is_(None)).order_by(
                t.cases.c.reference)))

    def deputies(self) -> None:
        today, ids = self.engine.now().date(), self.ids
        for whose, deputy, role in (("board_rep.hlt", "dep.rep", "board_rep@HLT"), ("independent_chair", "dep.chair", "independent_chair")):
            if whose in ids:   # this board may have nobody there
                self.do(whose, actions.name_deputy, role=role, to=ids[deputy], from_=today, until=today + timedelta(days=9), reason=self.word())

    def proposals(self) -> None:
        """Of every kind: some wait, one was declined, and one was approved: a guest in the first case that is running."""
        ids, new = self.ids, {"agency": None, "ends_on": None}
        self.do("adam.admin", actions.propose, "role_given", {"person": ids["nils.nothing"], "role": "viewer", "reason": self.word()})
        self.do("adam.admin", actions.propose, "let_in_again", {"person": ids["vera.viewer"], "way": "password", "reason": self.word()})
        self.do("adam.admin", actions.propose, "role_taken", {"person": ids["vera.viewer"], "role": "viewer", "reason": self.word()})
        made = {**new, "name": "Nell New", "email": "nell.new@example.org", "roles": ["viewer"], "reason": self.word()}
        self.do("ada.admin", actions.decline, self.do("adam.admin", actions.propose, "account_made", made), self.word())
        self.do("adam.admin", actions.close_account, "pim.panel")
        self.do("adam.admin", actions.propose, "account_opened", {"person": ids["pim.panel"], "reason": self.word()})
        for reference in self.cases(ended=False)[:1]:
            guest = {**new, "name": "Gus Guest", "email": GUEST, "roles": ["adviser"], "case": reference, "reason": self.word()}
            self.do("ada.admin", actions.approve, self.do("adam.admin", actions.propose, "guest_made", guest))
        files = bundle(read_pack(Path(__file__).parents[1] / "packs/purchase").files)
        self.do("otto.owner", actions.propose, "release", {"note": self.word()}, files)
        for reference in self.cases(ended=True)[:1]:
            before = self.engine.clock
            self.engine.clock = SetClock(before.now() + LATER)
            self.do("lex.legal", actions.propose, "case_erased", {"case": reference, "reason": self.word()})
            self.engine.clock = before

    def holds(self) -> None:
        """One in force and one lifted in each running case."""
        for reference in self.cases(ended=False)[:2]:
            self.do("lex.legal", actions.hold_case, reference, self.word())
            self.do("lex.legal", actions.lift_hold, reference, self.do("lex.legal", actions.hold_case, reference, self.word()), self.word())

    def authenticators(self) -> None:
        """Of three people, named by them."""
        for login in ("business_manager", "otto.owner", "stray.hou"):
            if login in self.ids:
                who, now = self.engine.actor(self.ids[login]), self.engine.now()
                with self.engine.database.writing() as db:
                    token = begun(db, self.engine.vault, self.ids[login], now, None, "", now)
                new = self.engine.ask(who, queries.new_authenticator)
                self.do(login, actions.add_authenticator, token, new.sealed, pyotp.TOTP(new.secret).at(now), self.word())

    def drafts(self) -> None:
        """Of every way to open a case, by the first who may."""
        pack = the_pack()
        for start in pack.starts.values():
            for actor in [one for one in map(self.engine.actor, self.ids.values()) if one and one.roles().intersection(start.offer_to)][:1]:
                page = self.engine.ask(actor, queries.start_page, pack=pack.id, start=start.element)
                with suppress(Refused):
                    self.engine.perform(actor, actions.save_draft, DraftPlace("start", pack.id, start.element), filled(page.form.fields, {}, self.word))
