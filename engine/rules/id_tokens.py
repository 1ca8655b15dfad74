"""What an identity provider says of someone who has signed in there (OpenID Connect ID tokens): whether it is genuine, meant for us, and of now.

Nothing here knows a network or a database."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.settings import SingleSignOn

#: Signatures of a key whose other half never leaves the provider. Never `none`, never one that our own secret could make.
SIGNED_WITH: dict[str, type[RSAKey | ECKey]] = {"RS256": RSAKey, "ES256": ECKey}
SHORTEST_RSA = 2048
#: By so much may the two clocks differ.
LEEWAY = timedelta(seconds=60)
#: A token is fetched in the moment it is made.
OLDEST = timedelta(minutes=5)
LONGEST, LONGEST_NAME = 16 * 1024, 255
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_KINDS = {"iss": "issuer", "aud": "audience", "azp": "audience", "exp": "expired", "nbf": "not_yet_valid", "iat": "not_yet_valid", "nonce": "nonce"}


class NotShown(Exception):
    """What came back shows nothing; `kind` says for the trail which check it did not pass."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Shown:
    """Someone whom the provider has shown us."""

    issuer: str
    subject: str
    email: str | None  # only if the provider has verified it
    second_factor: bool
    authenticated_at: datetime | None
    session: str | None = None  # what the provider calls the session there (`sid`)


@dataclass(frozen=True)
class LoggedOut:
    """Sessions that the provider says are over: that one, or all of somebody’s."""

    issuer: str
    subject: str | None
    session: str | None
    id: str  # of the token, which counts once
    until: datetime  # when it is too old anyway


def key_named(token: str) -> str:
    """The id of the key that the token says it was signed with."""
    kid = _header(token).get("kid")
    if not isinstance(kid, str) or not kid:
        raise NotShown("signature")
    return kid


def shown(token: str, keys: Sequence[Mapping[str, Any]], settings: SingleSignOn, nonce: str, now: datetime) -> Shown:
    """Whom this token shows; NotShown unless every part of it is right."""
    header = _header(token)
    claims = CodeIDToken(_signed(token, header, keys), header, {"iss": {"value": settings.issuer}, "aud": {"value": settings.client_id}},
                         {"client_id": settings.client_id, "nonce": nonce})
    try:
        claims.validate(now=now.timestamp(), leeway=LEEWAY.total_seconds())
    except ClaimError as wrong:
        raise NotShown(_KINDS.get(wrong.claim, "token")) from None
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != settings.client_id:
        raise NotShown("audience")  # made for several: then it has to say that it was us who asked
    if int(now.timestamp()) - claims["iat"] > OLDEST.total_seconds():
        raise NotShown("expired")
    if any(claims.get(name) != wanted for name, wanted in settings.require.items()):
        raise NotShown("tenant")
    if not claims["sub"] or len(claims["sub"]) > LONGEST_NAME:
        raise NotShown("token")
    return Shown(settings.issuer, claims["sub"], _verified(claims), _second_factor(claims, settings), _authenticated(claims), _session(claims))


def logged_out(token: str, keys: Sequence[Mapping[str, Any]], settings: SingleSignOn, now: datetime) -> LoggedOut:
    """Whose session this logout token says is over (OpenID Connect Back-Channel Logout 1.0, 2.6); NotShown unless every part of it is right."""
    header = _header(token)
    if header.get("typ", "JWT") not in ("JWT", "logout+jwt"):
        raise NotShown("token")
    claims = _signed(token, header, keys)
    audience, events = claims.get("aud"), claims.get("events")
    if claims.get("iss") != settings.issuer:
        raise NotShown("issuer")
    if settings.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise NotShown("audience")
    if "nonce" in claims:
        raise NotShown("nonce")  # so nobody takes an ID token for one of these
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT), dict):
        raise NotShown("token")
    made, ends = _moment(claims.get("iat")), _moment(claims.get("exp", claims.get("iat")))
    if made > now + LEEWAY:
        raise NotShown("not_yet_valid")
    if now - made > OLDEST or ("exp" in claims and ends < now - LEEWAY):
        raise NotShown("expired")
    subject, session, name = (claims.get(key) for key in ("sub", "sid", "jti"))
    if name is None or (subject is None and session is None) or not all(
            one is None or (isinstance(one, str) and 0 < len(one) <= LONGEST_NAME) for one in (subject, session, name)):
        raise NotShown("token")
    return LoggedOut(settings.issuer, subject, session, str(name), made + OLDEST)


def _moment(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise NotShown("token")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotShown("token") from None


def _header(token: str) -> Mapping[str, Any]:
    try:
        header = jws.extract_compact(token[:LONGEST].encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise NotShown("token") from None
    if header.get("alg") not in SIGNED_WITH:
        raise NotShown("algorithm")
    return header


def _signed(token: str, header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was signed, with the key of the provider that the header names and of the kind that its algorithm takes."""
    alg = header["alg"]
    kind = SIGNED_WITH[alg]
    for each in keys:
        if each.get("kid") != header.get("kid") or each.get("kty") != kind.key_type or each.get("use", "sig") != "sig" or each.get("alg", alg) != alg:
            continue
        try:
            key = kind.import_key({name: each[name] for name in ("kty", "kid", "n", "e", "crv", "x", "y") if name in each})
            if isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA:
                continue
            return dict(jwt.decode(token, KeySet([key]), algorithms=[alg]).claims)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            continue
    raise NotShown("signature")


def _verified(claims: Mapping[str, Any]) -> str | None:
    """The address, if the provider says it has seen to it that it is theirs (`email_verified`; Entra ID says `xms_edov` instead)."""
    said = claims.get("email_verified", claims.get("xms_edov"))
    email = claims.get("email")
    return email if said in (True, 1, "1", "true", "True") and isinstance(email, str) else None


def _second_factor(claims: Mapping[str, Any], settings: SingleSignOn) -> bool:
    """Whether more than a password was asked for there (RFC 8176: `mfa`), or the operator says that it always is."""
    return settings.trusts_second_factor or "mfa" in claims.get("amr", ()) or claims.get("acr") in settings.second_factor_acr


def _session(claims: Mapping[str, Any]) -> str | None:
    sid = claims.get("sid")
    return sid if isinstance(sid, str) and sid else None


def _authenticated(claims: Mapping[str, Any]) -> datetime | None:
    at = claims.get("auth_time")
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        raise NotShown("token") from None
