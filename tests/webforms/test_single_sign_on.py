"""Signing in with the council's identity provider, and everything that must not let anyone in."""
from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey
from structlog.testing import capture_logs

from engine import SYSTEM, actions
from engine.errors import NotFound, Refused
from engine.outside import identity_provider
from engine.queries import verify
from engine.settings import SingleSignOn
from engine.store import tables as t
from engine.store.database import new_id
from tests.webforms.conftest import Visitor
from tests.webforms.fake_provider import CLIENT, SECRET, TENANT, FakeProvider
from webforms import create_app
from webforms.provider import install

BUTTON = "Sign in with Northmere Council"


@pytest.fixture(scope="module")
def one_provider():
    found = FakeProvider()
    yield found
    found.server.shutdown()


@pytest.fixture
def provider(one_provider, engine):
    """The provider, honest; `engine` knows it."""
    one_provider.begin(engine.clock)
    engine.settings = replace(engine.settings, single_sign_on=SingleSignOn(
        issuer=one_provider.issuer, client_id=CLIENT, title="Northmere Council", domains=["office.example"], require={"tid": TENANT},
        trusts_second_factor=False, second_factor_acr=["urn:two"], passwords_too=False, session_hours=8, secret=SECRET))
    return one_provider


@pytest.fixture
def app(provider, engine):
    app = create_app(engine)
    app.config["TESTING"] = False
    return app


@pytest.fixture
def ines(engine):
    """Someone who was invited and has no password."""
    person = engine.perform(SYSTEM, actions.add_person, "ines", "Ines Example", "ines@office.example", None, ["approver"])
    engine.perform(SYSTEM, actions.make_link, "ines")
    return person


def out(visitor: Visitor, after: str | None = None) -> str:
    """To the provider: the address somebody is sent to."""
    response = visitor.client.get("/sign-in/provider", query_string={"next": after} if after else None)
    assert response.status_code == 303, response.get_data(as_text=True)
    return response.headers["Location"]


def comes(visitor: Visitor, provider: FakeProvider, after: str | None = None, **who) -> str:
    """Out, and back."""
    return visitor.get(provider.signed_in(out(visitor, after), **who))


def inside(visitor: Visitor) -> bool:
    return visitor.client.get("/account").status_code == 200


def kinds(engine) -> list[str]:
    with engine.database.reading() as db:
        query = sa.select(t.trail.c.details).where(t.trail.c.event == "provider_sign_in_failed").order_by(t.trail.c.id)
        return [row.details["kind"] for row in db.execute(query)]


def events(engine) -> list[str]:
    with engine.database.reading() as db:
        return list(db.scalars(sa.select(t.trail.c.event).order_by(t.trail.c.id)))


def person_called(engine, login: str) -> str:
    with engine.database.reading() as db:
        return db.scalar(sa.select(t.people.c.id).where(t.people.c.login == login))


def expect(engine, login: str) -> None:
    engine.perform(SYSTEM, actions.expect_with_provider, person_called(engine, login))


# ---- coming in

def test_the_button_stands_above_the_password_form(visit):
    page = visit().get("/sign-in?next=/cases")

    assert page.index(BUTTON) < page.index('name="password"')
    assert 'href="/sign-in/provider?next=/cases"' in page


def test_without_a_provider_nothing_of_it_is_there(engine, one_provider):
    stranger = Visitor(create_app(engine).test_client())

    assert "Sign in with" not in stranger.get("/sign-in")
    for path in ("/sign-in/provider", "/sign-in/provider/back?code=x&state=y", "/sign-in/provider/leave"):
        assert stranger.client.get(path).status_code == 404


def test_someone_invited_comes_in_without_ever_having_a_password_and_is_the_same_person_from_then_on(visit, provider, ines, engine):
    visitor = visit()
    comes(visitor, provider, after="/cases", email="Ines@Office.example")
    assert visitor.url == "/cases"
    assert "Ines Example" in visitor.page

    later = visit()
    comes(later, provider, email="ines.married@elsewhere.example", email_verified=None)
    assert inside(later)
    with engine.database.reading() as db:
        assert db.scalar(sa.select(t.people.c.password).where(t.people.c.id == ines)) is None
        assert db.scalar(sa.select(t.links.c.ending).where(t.links.c.person == ines)) == "used"
        assert verify(engine.look(db, SYSTEM)) == []
    with pytest.raises(Refused, match="no password opens it"):
        engine.perform(SYSTEM, actions.send_link, ines)


def test_who_has_a_password_is_expected_first_and_it_opens_nothing_afterwards(visit, provider, engine):
    rosa, who = visit("rosa"), {"subject": "sub-rosa", "email": "rosa@office.example"}
    comes(visit(), provider, **who)
    assert kinds(engine) == ["unknown"]

    expect(engine, "rosa")
    comes(council := visit(), provider, **who)
    assert inside(council)
    assert not inside(rosa)                       # sessions from before are over
    rosa.sign_in("rosa")
    assert "not right" in rosa.words

    engine.settings = replace(engine.settings, single_sign_on=replace(engine.settings.single_sign_on, passwords_too=True))
    assert inside(visit("rosa"))


def test_when_it_is_ended_the_person_is_out_and_nobody_comes_in_by_it(visit, provider, engine):
    expect(engine, "rosa")
    comes(rosa := visit(), provider, subject="sub-rosa", email="rosa@office.example")
    engine.perform(SYSTEM, actions.end_with_provider, person_called(engine, "rosa"))

    assert not inside(rosa)
    comes(rosa, provider, subject="sub-rosa", email="rosa@office.example")
    assert not inside(rosa)
    assert inside(visit("rosa"))                  # with the password again


def test_a_link_for_a_password_does_not_bind_again_whose_binding_was_ended(visit, provider, ines, engine):
    comes(visit(), provider)
    engine.perform(SYSTEM, actions.end_with_provider, ines)
    engine.perform(SYSTEM, actions.send_link, ines)
    comes(visitor := visit(), provider)
    assert kinds(engine) == ["unknown"]
    expect(engine, "ines")
    comes(visitor, provider)
    assert inside(visitor)


def test_ours_is_asked_for_unless_the_provider_says_it_was(visit, provider, ines, engine):
    engine.settings = replace(engine.settings, sessions=replace(engine.settings.sessions, second_factor="required"))
    for said, path in (({}, "/sign-in/set-up"), ({"amr": ["pwd"]}, "/sign-in/set-up"), ({"amr": ["pwd", "mfa"]}, "/"), ({"acr": "urn:two"}, "/"),
                       ({"amr": "mfa"}, "/sign-in/provider/back")):
        comes(visitor := visit(), provider, **said)
        assert inside(visitor) is (path == "/"), said
        assert visitor.url == path, said


# ---- showing it again

def test_it_is_shown_again_at_the_provider_and_only_then(visit, provider, ines, engine):
    comes(visitor := visit(), provider)
    comes(other := visit(), provider)
    engine.clock.move_to(engine.clock.now() + timedelta(minutes=15))

    def again(one, **who):
        response = one.client.get("/confirm/provider")
        asked = parse_qs(urlsplit(response.headers["Location"]).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        return provider.signed_in(response.headers["Location"], **who)

    now = int(engine.clock.now().timestamp())
    for said, kind in (({"auth_time": now - 900}, "not_again"), ({"auth_time": None}, "not_again"), ({"subject": "sub-another"}, "another")):
        visitor.get(again(visitor, **said))
        assert visitor.status == 403
        assert kinds(engine)[-1] == kind
    taken = again(visitor)
    other.get(taken)
    assert kinds(engine)[-1] == "no_note"
    before = _cookie(visitor)
    visitor.get(taken)
    assert visitor.url == "/confirm/provider/done"
    with engine.database.reading() as db:
        assert db.scalar(sa.select(sa.func.max(t.sessions.c.proved_at))) == engine.clock.now()
    copied = visit()
    copied.client.set_cookie("session", before)
    assert not inside(copied)                     # the token from before is worth nothing


def test_a_session_is_as_fresh_as_the_sign_in_at_the_provider(visit, provider, ines, engine):
    at = engine.clock.now() - timedelta(hours=3)
    comes(visit(), provider, auth_time=int(at.timestamp()))
    comes(visit(), provider, auth_time=None)

    with engine.database.reading() as db:
        assert set(db.scalars(sa.select(t.sessions.c.proved_at))) == {at, None}


# ---- tokens that show nothing

@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_no_forged_or_foreign_token_lets_anyone_in(visit, provider, ines, engine):
    now = int(engine.clock.now().timestamp())
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    provider.keys = [provider.key, provider.ec_key, weak]
    attacks = {
        "signed with another key": ({"lie": partial(provider.token, key=provider.other_key)}, "signature"),
        "changed after it was signed": ({"lie": provider.tampered}, "signature"),
        "not signed": ({"lie": provider.unsigned}, "algorithm"),
        "signed with the public key as a secret": ({"lie": provider.with_our_public_key_as_secret}, "algorithm"),
        "signed with another algorithm": ({"lie": partial(provider.token, alg="PS256")}, "algorithm"),
        "of a key of another kind": ({"lie": partial(provider.token, kid="curve")}, "signature"),
        "of a key too short": ({"lie": partial(provider.token, key=weak, kid="weak")}, "signature"),
        "with an address of a key of its own": ({"lie": partial(provider.token, key=provider.other_key, jku="https://evil.example/jwks")}, "signature"),
        "no token": ({"lie": lambda _claims: "x.y.z"}, "token"),
        "expired": ({"iat": now - 200, "exp": now - 61}, "expired"),
        "made long ago": ({"iat": now - 301}, "expired"),
        "without an end": ({"exp": None}, "expired"),
        "made tomorrow": ({"iat": now + 120}, "not_yet_valid"),
        "good from tomorrow": ({"nbf": now + 120}, "not_yet_valid"),
        "for another service": ({"aud": "payroll"}, "audience"),
        "for several, asked by another": ({"aud": [CLIENT, "payroll"], "azp": "payroll"}, "audience"),
        "for several, asked by nobody": ({"aud": [CLIENT, "payroll"]}, "audience"),
        "from another provider": ({"iss": "https://login.elsewhere.example"}, "issuer"),
        "of another tenant": ({"tid": "99999999-aaaa-bbbb-cccc-222222222222"}, "tenant"),
        "of no tenant": ({"tid": None}, "tenant"),
        "of a list of tenants": ({"tid": [TENANT]}, "tenant"),
        "without a nonce": ({"nonce": None}, "nonce"),
        "with the nonce of another": ({"nonce": "the-nonce-of-another"}, "nonce"),
        "of nobody": ({"sub": ""}, "token"),
    }
    for attack, (how, kind) in attacks.items():
        comes(visitor := visit(), provider, **how)
        assert visitor.status in (400, 403), attack
        assert not inside(visitor), attack
        assert kinds(engine)[-1] == kind, attack
    assert len(kinds(engine)) == len(attacks)
    comes(visitor, provider, lie=partial(provider.token, key=provider.ec_key, alg="ES256", kid="curve"))
    assert inside(visitor)                        # an honest one is taken still


# ---- the way there and back

def test_an_answer_counts_once_in_the_browser_that_asked_and_for_what_it_asked(visit, provider, ines, engine):
    visitor, victim = visit(), visit()
    answer = provider.signed_in(out(visitor))
    victim.get(answer)                            # the attacker's answer, in a browser that never asked
    out(victim)
    victim.get(answer)                            # … and in one that asked for itself
    out(visitor)
    visitor.get(answer)                           # from before it asked again
    visitor.get(f"/sign-in/provider/back?code=x&state={'x' * 5000}")
    assert kinds(engine) == ["no_note", "state", "state", "no_note"]

    late = provider.signed_in(out(visitor))
    engine.clock.move_to(engine.clock.now() + timedelta(minutes=11))
    visitor.get(late)
    assert kinds(engine)[-1] == "late"
    assert not inside(visitor)
    assert not inside(victim)


def test_a_code_is_worth_nothing_twice_or_to_whoever_did_not_ask_for_it(visit, provider, ines, engine):
    visitor, victim = visit(), visit()
    provider.lax = True                           # a provider that takes codes again
    answer = provider.signed_in(out(visitor))
    cookie = _cookie(visitor)
    visitor.get(answer)
    assert inside(visitor)
    copied = visit()
    copied.client.set_cookie("session", cookie)
    copied.get(answer)
    assert not inside(copied)
    assert kinds(engine) == ["replayed"]

    stolen = parse_qs(urlsplit(provider.signed_in(out(victim))).query)["code"][0]   # put into one's own answer: PKCE
    mine = re.sub(r"code=[^&]+", f"code={stolen}", provider.signed_in(out(copied)))
    copied.get(mine)
    copied.get(re.sub(r"code=[^&]+", "code=", provider.signed_in(out(copied))))
    assert not inside(copied)
    assert kinds(engine) == ["replayed", "code", "code"]


def test_an_answer_says_which_provider_it_is_from(visit, provider, ines, engine, app):
    visitor = visit()
    visitor.get(provider.signed_in(out(visitor)) + "&iss=https://login.elsewhere.example")
    assert kinds(engine) == ["mix_up"]
    visitor.get(provider.signed_in(out(visitor)) + f"&iss={provider.issuer}")
    assert inside(visitor)

    provider.about = {"authorization_response_iss_parameter_supported": True}
    install(app)
    comes(visit(), provider)
    assert kinds(engine) == ["mix_up", "mix_up"]


def test_one_is_led_to_a_page_of_ours_and_nowhere_else(visit, provider, ines):
    for wanted in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/" + "x" * 5000):
        comes(visitor := visit(), provider, after=wanted)
        assert visitor.url == "/", wanted
        assert inside(visitor)


def test_a_session_from_before_is_not_the_one_after(visit, provider, ines):
    planted = visit()
    planted.get("/sign-in")
    before = _cookie(planted)
    comes(planted, provider)
    copied = visit()
    copied.client.set_cookie("session", before)

    assert inside(planted)
    assert not inside(copied)


def test_nobody_asks_for_another_address_to_come_back_to(visit, provider, engine):
    sent = visit().client.get("/sign-in/provider", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    assert parse_qs(urlsplit(sent.headers["Location"]).query)["redirect_uri"] == [f"{engine.settings.mail.base_url}/sign-in/provider/back"]


# ---- who it is

def test_an_address_that_is_not_surely_theirs_makes_them_nobody(visit, provider, ines, engine):
    unverified = ({"email_verified": False}, {"email_verified": None}, {"email_verified": "no"}, {"email": None})
    others = ("ine\u017f@office.example", "\u0131nes@office.example", "ines@offi\u0441e.example", "ines@office.example.evil.example", "ines@elsewhere.example",
              "ruth@office.example", "%@office.example", "ines@office.example ", "ines")
    for said, kind in (*((one, "unverified") for one in unverified), *(({"email": one}, "unknown") for one in others)):
        comes(visitor := visit(), provider, **said)
        assert visitor.status == 403, said
        assert not inside(visitor), said
        assert kinds(engine)[-1] == kind, said


def test_nobody_becomes_somebody_who_is_not_waiting_or_not_alone(visit, provider, ines, engine):
    comes(visit(), provider)                      # Ines is bound now
    comes(visitor := visit(), provider, subject="sub-another-ines")
    twin = engine.perform(SYSTEM, actions.add_person, "twin", "Twin One", "twins@office.example", None, ["approver"])
    engine.perform(SYSTEM, actions.add_person, "twin2", "Twin Two", "twins@office.example", None, ["approver"])
    for login in ("twin", "twin2"):
        engine.perform(SYSTEM, actions.make_link, login)
    comes(visitor, provider, subject="sub-twin", email="twins@office.example")
    engine.perform(SYSTEM, actions.close_account, "twin2")
    engine.perform(SYSTEM, actions.withdraw_link, twin)
    comes(visitor, provider, subject="sub-twin", email="twins@office.example")
    engine.perform(SYSTEM, actions.close_account, "ines")
    comes(visitor, provider)
    assert not inside(visitor)
    assert kinds(engine) == ["unknown", "unknown", "unknown", "closed"]


def test_who_can_write_to_the_database_binds_nobody(visit, provider, ines, engine):
    comes(visit(), provider)
    maud = person_called(engine, "maud")
    i = t.identities
    with engine.database.writing() as db:
        mine = db.execute(sa.select(i)).one()
        db.execute(sa.update(i).values(person=maud))
    comes(visitor := visit(), provider)
    assert not inside(visitor)
    with engine.database.writing() as db:
        db.execute(sa.delete(i))
        db.execute(sa.insert(i).values(**{**mine._mapping, "id": new_id(), "person": maud}))
    comes(visitor, provider)
    assert not inside(visitor)
    with engine.database.writing() as db:
        db.execute(sa.delete(i))
        db.execute(sa.insert(i).values(**mine._mapping))
    comes(visitor, provider)
    assert inside(visitor)
    engine.perform(SYSTEM, actions.end_with_provider, ines)
    with engine.database.writing() as db:
        db.execute(sa.update(i).values(ended_at=None))   # what was ended is opened again
    comes(visitor := visit(), provider)
    assert not inside(visitor)


def test_who_can_write_to_the_database_has_nobody_expected(visit, provider, ines, engine):
    """Not by a row that says so, nor by an invitation, nor by giving an account that waits another address."""
    maud, until = person_called(engine, "maud"), engine.now() + timedelta(days=1)
    forged = (
        [sa.insert(t.identities).values(id=new_id(), person=maud, expected_at=engine.now(), expires_at=until, proof="x")],
        [sa.delete(t.identities), sa.update(t.people).where(t.people.c.id == maud).values(password=None),
         sa.insert(t.links).values(id=new_id(), digest="x", kind="invitation", person=maud, made_at=engine.now(), expires_at=until)],
        [sa.update(t.people).where(t.people.c.id == ines).values(email="mallory@office.example")],
    )
    for whose, statements in zip((maud, maud, ines), forged, strict=True):
        with engine.database.writing() as db:
            db.execute(sa.update(t.people).where(t.people.c.email == "mallory@office.example").values(email="x@office.example"))
            db.execute(sa.update(t.people).where(t.people.c.id == whose).values(email="mallory@office.example"))
            for statement in statements:
                db.execute(statement)
        comes(visitor := visit(), provider, subject="sub-mallory", email="mallory@office.example")
        assert not inside(visitor)
    assert kinds(engine) == ["unknown"] * 3


def test_only_administrators_say_who_signs_in_with_the_provider(visit, provider, engine):
    adam = engine.perform(SYSTEM, actions.add_person, "adam", "Adam Example", "adam@office.example", None, ["administrator"])
    engine.perform(SYSTEM, actions.add_person, "gus", "Gus Example", "gus@elsewhere.example", None, ["approver"])
    engine.perform(SYSTEM, actions.set_password, "adam", office_secret(engine))
    rosa, administrator = visit("rosa"), visit("adam")
    assert rosa.client.get("/people/provider").status_code == 404
    with pytest.raises(NotFound):
        engine.perform(engine.actor(person_called(engine, "rosa")), actions.expect_with_provider, adam)
    with pytest.raises(Refused, match="does not speak for"):
        expect(engine, "gus")

    administrator.get("/people/provider")
    ruth = person_called(engine, "ruth")
    administrator.post(f"/people/provider/{ruth}/expect")
    assert "takes two administrators" in administrator.words   # she has a password: else one alone could hand her account to whoever runs the provider
    engine.perform(SYSTEM, actions.add_person, "agnes", "Agnes Example", "agnes@office.example", None, ["administrator"])
    administrator.get(f"/people/{ruth}/access")
    administrator.post(administrator.url, {"way": "provider", "reason": "She is of the council"})
    assert "Ruth Example is to sign in with Northmere Council" in administrator.words
    engine.perform(engine.actor(person_called(engine, "agnes")), actions.approve, administrator.url.rpartition("/")[2])
    administrator.get("/people/provider")
    assert "Ruth Example ruth@office.example Expected with Northmere Council until" in administrator.words
    engine.clock.move_to(engine.clock.now() + timedelta(days=8))
    comes(visit(), provider, subject="sub-ruth", email="ruth@office.example")
    assert kinds(engine) == ["unknown"]           # they came too late


# ---- a provider in trouble

def test_a_provider_that_does_not_answer_as_it_should_is_said_to_be_down(visit, provider, ines, monkeypatch, app):
    monkeypatch.setattr(identity_provider, "TIMEOUT", 0.2)
    visitor = visit()
    for where, how in [(where, how) for where in ("openid-configuration", "jwks", "token") for how in (500, "huge", "never", "page")]:
        install(app)                              # nothing is known of it yet
        provider.instead = {where: how} if where == "openid-configuration" else {}
        sent = visitor.client.get("/sign-in/provider")
        if sent.status_code == 303:
            provider.instead = {where: how}
            visitor.get(provider.signed_in(sent.headers["Location"]))
        else:
            visitor.get("/sign-in/provider")      # and it is left in peace for a moment
        assert visitor.status == 503, (where, how)
        assert "Northmere Council does not answer" in visitor.words
        assert "Try again in a few minutes" in visitor.words
        assert not inside(visitor)
    assert provider.asked["openid-configuration"] <= 12
    assert visit("rosa").url == "/"               # everyone else comes in


def test_a_discovery_document_of_another_or_with_unsafe_addresses_is_not_used(visit, app, provider):
    for lie in ({"issuer": "https://login.elsewhere.example"}, {"token_endpoint": "http://login.elsewhere.example/token"}, {"jwks_uri": "file:///etc/passwd"},
                {"authorization_endpoint": "javascript:alert(1)"}, {"token_endpoint": None}):
        provider.about = lie
        install(app)
        assert visit().client.get("/sign-in/provider").status_code == 503, lie


def test_unknown_keys_do_not_make_us_ask_for_keys_without_end(visit, provider, ines, engine):
    comes(visit(), provider)
    for _ in range(5):
        comes(visitor := visit(), provider, lie=partial(provider.token, kid="unknown"))
        assert not inside(visitor)
    assert provider.asked["jwks"] == 1

    engine.clock.move_to(engine.clock.now() + timedelta(seconds=61))
    provider.kid = "two"                          # they have changed their key
    comes(visitor, provider)
    assert inside(visitor)
    assert provider.asked["jwks"] == 2
    assert provider.asked["openid-configuration"] == 1


def test_a_wrong_secret_is_for_the_operator_to_mend(visit, app, engine, provider, ines):
    engine.settings = replace(engine.settings, single_sign_on=replace(engine.settings.single_sign_on, secret="wrong"))
    install(app)
    comes(visitor := visit(), provider)

    assert visitor.status == 503


def test_who_turns_back_is_told_that_nothing_happened(visit, provider, engine):
    visitor = visit()
    state = parse_qs(urlsplit(out(visitor)).query)["state"][0]
    visitor.get(f"/sign-in/provider/back?error=access_denied&error_description=<script>alert(1)</script>&state={state}")

    assert "You turned back before you were signed in" in visitor.words
    assert "alert" not in visitor.page
    assert kinds(engine) == ["cancelled"]


def test_the_trail_is_not_filled_by_opening_the_address_of_answers(visit, provider, engine):
    stranger, most = visit(), engine.settings.sessions.tries * 10
    for number in range(most + 5):
        stranger.client.get(f"/sign-in/provider/back?code=x&state={number}")

    assert len(kinds(engine)) == most
    assert visit("rosa").url == "/"               # and it slows no password down


# ---- going out

def test_signing_out_ends_our_session_and_offers_to_end_theirs(visit, provider, ines):
    comes(visitor := visit(), provider)
    before = _cookie(visitor)
    visitor.get("/account")
    visitor.post("/sign-out")
    assert "sign out of Northmere Council too" in visitor.words
    copied = visit()
    copied.client.set_cookie("session", before)
    assert not inside(copied)
    there = visitor.client.get("/sign-in/provider/leave").headers["Location"]
    assert there.startswith(f"{provider.issuer}/logout?client_id={CLIENT}&post_logout_redirect_uri=http")


# ---- what is kept of it

def test_no_token_code_or_secret_is_logged_or_kept(visit, provider, ines, engine, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        comes(visitor := visit(), provider)
        assert inside(visitor)
        comes(visitor := visit(), provider, lie=provider.tampered)
        address = out(visitor)
        provider.instead = {"token": 500}
        visitor.get(provider.signed_in(address))

    written = caplog.text + "".join(capfd.readouterr()) + repr(lines)
    assert "identity_provider_down" in written
    base = Path(sa.engine.make_url(engine.settings.database_url).database)
    kept = b"".join(path.read_bytes() for path in base.parent.glob(f"{base.name}*"))
    for secret in (*provider.told, SECRET, "an-access-token-nobody-keeps", "sub-ines"):
        assert secret not in written
        assert secret.encode() not in kept


def _cookie(visitor: Visitor) -> str:
    return visitor.client.get_cookie("session").value


def office_secret(engine) -> str:
    with engine.database.reading() as db:
        return db.scalar(sa.select(t.people.c.password).where(t.people.c.login == "rosa"))


# ---- told by the provider that it is over

LOGOUT = {"http://schemas.openid.net/event/backchannel-logout": {}}


def tells(app, provider, *, token=None, **claims):
    """The provider posts a logout token; the status that it gets."""
    now = int(provider.clock.now().timestamp())
    told = {"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": new_id(), "events": LOGOUT} | claims
    told = {name: value for name, value in told.items() if value is not None}
    return app.test_client().post("/sign-in/provider/told-out", data={"logout_token": (token or provider.token)(told)}).status_code


@pytest.mark.parametrize(("sid", "told", "out_then"), [
    ("desk", {"sid": "desk"}, [True, False]), ("desk", {"sid": "desk", "sub": "sub-ines"}, [True, False]), ("desk", {"sub": "sub-ines"}, [True, True]),
    ("desk", {"sid": "other"}, [False, False]), ("desk", {"sid": "desk", "sub": "sub-of-nobody"}, [False, False]),
    (None, {"sub": "sub-ines", "sid": "desk"}, [True, False]),
])
def test_a_session_ends_when_the_provider_says_so_and_no_other_does(visit, app, provider, ines, engine, sid, told, out_then):
    comes(desk := visit(), provider, sid=sid)
    comes(phone := visit(), provider, sid="phone")
    rosa = visit("rosa")
    assert tells(app, provider, **told) == 200
    assert [not inside(one) for one in (desk, phone)] == out_then
    assert inside(rosa)                           # of ourselves: the provider says nothing of it
    assert "provider_signed_out" in events(engine)


def test_no_forged_foreign_or_old_logout_token_ends_a_session(visit, app, provider, ines):
    comes(desk := visit(), provider, sid="desk")
    now = int(provider.clock.now().timestamp())
    for lie in ({"iss": "https://login.elsewhere.example"}, {"aud": "another"}, {"aud": None}, {"nonce": "n"}, {"nonce": ""}, {"events": None}, {"events": {}},
                {"events": {"http://schemas.openid.net/event/backchannel-logout": "x"}}, {"iat": now - 400}, {"iat": now + 120}, {"iat": None}, {"iat": "now"},
                {"iat": True}, {"iat": 1e300}, {"exp": now - 120}, {"exp": "later"}, {"jti": None}, {"jti": ""}, {"sid": None}, {"sid": ""}, {"sid": 7},
                {"sub": ["x"]}, {"sid": "x" * 300}):
        assert tells(app, provider, **{"sid": "desk"} | lie) == 400, lie
    for forged in (provider.with_our_public_key_as_secret, provider.unsigned, provider.tampered, partial(provider.token, key=provider.other_key),
                   partial(provider.token, kid="unknown"), partial(provider.token, typ="at+jwt"), lambda _: "", lambda _: "x.y.z", lambda _: "x" * 20_000):
        assert tells(app, provider, token=forged, sid="desk") == 400, forged
    assert app.test_client().post("/sign-in/provider/told-out").status_code == 400
    assert inside(desk)


def test_a_logout_token_counts_once_and_is_no_id_token(visit, app, provider, ines):
    comes(visit(), provider, sid="desk")
    assert [tells(app, provider, sid="desk", jti="one") for _ in range(2)] == [200, 400]
    comes(desk := visit(), provider, sid="desk")
    assert tells(app, provider, sid="desk", jti="one") == 400
    assert inside(desk)
    comes(thief := visit(), provider, nonce=None, events=LOGOUT, jti="two")
    assert not inside(thief)


def test_a_session_from_the_provider_lasts_no_longer_than_it_is_let(visit, provider, ines, engine):
    comes(desk := visit(), provider)
    rosa = visit("rosa")
    for _ in range(17):
        engine.clock.move_to(engine.clock.now() + timedelta(minutes=29))
        rosa.get("/")
        desk.get("/")
    assert (inside(rosa), inside(desk)) == (True, False)
