"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is right. Nothing here knows a database."""
from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

#: How long a page with a passkey's button is good for.
ANSWERED_WITHIN = timedelta(minutes=30)
LONGEST_ANSWER = 16 * 1024
#: Makes a digest that nobody else can make (`Vault.mark`).
Mark = Callable[..., str]


@dataclass(frozen=True)
class Here:
    """Where passkeys belong: to one name of a host, and its pages alone."""

    host: str
    origin: str


@dataclass(frozen=True)
class Passkey:
    """What is kept of one: its id, and the key to check its signatures with."""

    id: bytes
    public: bytes
    counter: int = 0


def here(base_url: str) -> Here:
    """Where people open the service. A passkey belongs to a name, never to a bare address: on this machine that name is localhost."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if loopback:
        host = "localhost"
    return Here(host, f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}")


def digest(credential: bytes) -> str:
    """How a passkey is found."""
    return hashlib.sha256(credential).hexdigest()


def new_challenge(mark: Mark, purpose: str, now: datetime) -> bytes:
    """Something to sign that was never there before and says itself until when it is good, and for what: no row is written for it."""
    until = int((now + ANSWERED_WITHIN).timestamp())
    head = secrets.token_bytes(16) + until.to_bytes(8, "big")
    return head + _seal(mark, purpose, head)


def until_when(mark: Mark, challenge: bytes, purpose: str, now: datetime) -> datetime | None:
    """Until when this challenge is good; None if it is not one of ours for this purpose, or too old."""
    head, seal = challenge[:24], challenge[24:]
    if len(head) != 24 or not secrets.compare_digest(seal, _seal(mark, purpose, head)):
        return None
    until = datetime.fromtimestamp(int.from_bytes(head[16:], "big"), now.tzinfo)
    return until if now <= until else None


def _seal(mark: Mark, purpose: str, head: bytes) -> bytes:
    return bytes.fromhex(mark(head.hex(), "challenge", purpose))


def to_register(place: Here, challenge: bytes, *, board: str, person: str, login: str, name: str, known: Iterable[Passkey]) -> str:
    """What the browser is asked to make, as JSON. One that can be unlocked by finger, face or PIN is preferred: it will do instead of a password."""
    return webauthn.options_to_json(webauthn.generate_registration_options(
        rp_id=place.host, rp_name=board, user_id=person.encode(), user_name=login, user_display_name=name, challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known]))


def to_sign(place: Here, challenge: bytes, known: Iterable[Passkey] = (), *, alone: bool = False) -> str:
    """What the browser is asked to sign, as JSON. `alone`: instead of a password, so it must be unlocked."""
    return webauthn.options_to_json(webauthn.generate_authentication_options(
        rp_id=place.host, challenge=challenge, allow_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED))


def challenge_in(answer: str) -> bytes | None:
    """The challenge that an answer says it was given."""
    try:
        return bytes(parse_client_data_json(base64url_to_bytes(_parsed(answer)["response"]["clientDataJSON"])).challenge)
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        return None


def credential_in(answer: str) -> bytes | None:
    """The id of the passkey that answers."""
    try:
        return base64url_to_bytes(_parsed(answer)["rawId"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def registered(answer: str, place: Here, challenge: bytes) -> Passkey | None:
    """The passkey that was made; None if anything about the answer is wrong."""
    try:
        found = webauthn.verify_registration_response(
            credential=_parsed(answer), expected_challenge=challenge, expected_rp_id=place.host, expected_origin=place.origin)
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Passkey(found.credential_id, found.credential_public_key, found.sign_count)


def signed(answer: str, place: Here, challenge: bytes, passkey: Passkey, *, alone: bool = False) -> int | None:
    """The passkey's new count; None if it did not sign this, for here, or its count went back (it was copied)."""
    try:
        found = webauthn.verify_authentication_response(
            credential=_parsed(answer), expected_challenge=challenge, expected_rp_id=place.host, expected_origin=place.origin,
            credential_public_key=passkey.public, credential_current_sign_count=passkey.counter, require_user_verification=alone)
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found.new_sign_count


def _parsed(answer: str) -> dict[str, Any]:
    try:
        found = json.loads(answer[:LONGEST_ANSWER])
    except RecursionError:
        raise ValueError from None
    if not isinstance(found, dict):
        raise TypeError
    return found
