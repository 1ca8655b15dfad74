"""Asking the council's identity provider (OpenID Connect): where to send people, what a code is worth, and which keys it signs with.

It is trusted to say who someone is, and with nothing else: it may be slow, endless or down, and holds up nobody but those who sign in with it."""
from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from engine.errors import Busy
from engine.rules.id_tokens import LONGEST, LoggedOut, NotShown, Shown, key_named, logged_out, shown
from engine.settings.secret import on_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from engine.clock import Clock
    from engine.settings import SingleSignOn

#: Seconds for a connection or the next piece of an answer, and for the whole of it; and how much of it is read.
TIMEOUT, WHOLE_ANSWER, LARGEST_ANSWER = 5.0, 10.0, 256 * 1024
#: So many conversations at once, and so many seconds one more waits: the others shall still get their pages.
CONVERSATIONS, PATIENCE = 3, 2.0
KNOWN_FOR = timedelta(hours=1)
#: Keys are fetched again for one we do not know, and not more often than this: anyone can write an unknown key into a token.
KEYS_AT_MOST_EVERY = timedelta(minutes=1)
DOWN_FOR = timedelta(seconds=10)
log = structlog.get_logger("casereview.identity_provider")


class ProviderDown(Exception):
    """The provider does not answer, or answers what cannot be used; the kind is for the log."""


@dataclass(frozen=True)
class Fetched:
    """Something of the provider's, and when we got it."""

    at: datetime
    what: Any


class IdentityProvider:
    """The provider of the settings, with what it has told us lately."""

    def __init__(self, settings: SingleSignOn, return_to: str, clock: Clock) -> None:
        self._settings, self._return_to, self._clock = settings, return_to, clock
        self._known: dict[str, Fetched] = {}
        self._failed: datetime | None = None
        self._talking, self._asking = BoundedSemaphore(CONVERSATIONS), Lock()

    def sign_in_address(self, state: str, nonce: str, verifier: str, *, again: bool = False) -> str:
        """Where somebody shows who they are; `again`: also if they did just now."""
        with self._conversation():
            address = self._about()["authorization_endpoint"]
        more = {"prompt": "login", "max_age": "0"} if again else {}
        return str(self._client().create_authorization_url(address, state=state, nonce=nonce, code_verifier=verifier, **more)[0])

    def sign_out_address(self, return_to: str) -> str | None:
        """Where somebody ends their session with the provider too, if there is such a place."""
        with self._conversation():
            address = self._about().get("end_session_endpoint")
        if not address:
            return None
        asked = urlencode({"client_id": self._settings.client_id, "post_logout_redirect_uri": return_to})
        return f"{self._safe(address)}{'&' if '?' in address else '?'}{asked}"

    def names_itself(self) -> bool:
        """Whether every answer that people bring back says which provider it is from (RFC 9207)."""
        with self._conversation():
            return self._about().get("authorization_response_iss_parameter_supported") is True

    def whom(self, code: str, verifier: str, nonce: str) -> Shown:
        """Whom a code is about; NotShown if it is worth nothing, or what we get for it is not right."""
        with self._conversation():
            token = self._exchanged(code, verifier)
            keys = self._keys(key_named(token))
        return shown(token, keys, self._settings, nonce, self._clock.now())

    def logged_out(self, token: str) -> LoggedOut:
        """Whose session it says is over; NotShown if the token is not right."""
        with self._conversation():
            keys = self._keys(key_named(token))
        return logged_out(token, keys, self._settings, self._clock.now())

    # ---- what it tells

    def _exchanged(self, code: str, verifier: str) -> str:
        about = self._about()
        try:
            got = self._client(about).fetch_token(about["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier,
                                                  allow_redirects=False)
        except requests.HTTPError as refused:
            raise self._down("token", refused) from None
        except AuthlibBaseError as refused:
            if refused.error in ("invalid_client", "unauthorized_client"):  # it is us whom it does not know: an operator has to look
                raise self._down("client", refused) from None
            raise NotShown("code") from None
        except (requests.RequestException, HTTPError, OSError, ValueError, RecursionError) as problem:
            raise self._down("token", problem) from None
        token = got.get("id_token")
        if not isinstance(token, str) or len(token) > LONGEST:
            raise NotShown("token")
        return token

    def _about(self) -> Mapping[str, Any]:
        """Its discovery document: it must be about the provider of the settings, and name addresses that are safe."""
        issuer = self._settings.issuer

        def sound(found: Any) -> bool:
            return found.get("issuer") == issuer and all(self._is_safe(found.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))

        return self._fetched("about", f"{issuer.rstrip('/')}/.well-known/openid-configuration", sound)

    def _keys(self, wanted: str) -> list[Mapping[str, Any]]:
        """The keys it signs with; asked for again if the one that is wanted is not among them, but not for everyone who wants one."""
        def sound(found: Any) -> bool:
            return isinstance(found.get("keys"), list) and all(isinstance(key, dict) for key in found["keys"])

        address = self._about()["jwks_uri"]
        keys: list[Mapping[str, Any]] = self._fetched("keys", address, sound)["keys"]
        if not any(key.get("kid") == wanted for key in keys):
            keys = self._fetched("keys", address, sound, KEYS_AT_MOST_EVERY)["keys"]
        return keys

    def _fetched(self, name: str, address: str, sound: Callable[[Any], bool], known_for: timedelta = KNOWN_FOR) -> Mapping[str, Any]:
        with self._asking:
            known, now = self._known.get(name), self._clock.now()
            if known is not None and now - known.at < known_for:
                return cast("Mapping[str, Any]", known.what)
            if self._failed is not None and now - self._failed < DOWN_FOR:
                raise ProviderDown
            try:
                answer = self._client().get(address, withhold_token=True, auth=_nobody, allow_redirects=False)
                found = answer.json() if answer.status_code == requests.codes.ok else None
            except (requests.RequestException, HTTPError, OSError, ValueError, RecursionError) as problem:
                raise self._down(name, problem) from None
            if not isinstance(found, dict) or not sound(found):
                raise self._down(name, None)
            self._known[name] = Fetched(now, found)
            return found

    # ---- how it is asked

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        if not self._talking.acquire(timeout=PATIENCE):
            raise Busy
        try:
            yield
        finally:
            self._talking.release()

    def _client(self, about: Mapping[str, Any] | None = None) -> Any:
        methods = (about or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        client = OAuth2Session(
            self._settings.client_id, self._settings.secret, redirect_uri=self._return_to, scope="openid email", code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
            default_timeout=TIMEOUT)
        client.headers["Accept-Encoding"] = "identity"  # nothing that grows when it is unpacked
        for scheme in ("https://", "http://"):
            client.mount(scheme, _Careful())
        return client

    def _is_safe(self, address: Any) -> bool:
        """By https; without, only where the provider itself is on this machine."""
        if not isinstance(address, str):
            return False
        parts, home = urlsplit(address), urlsplit(self._settings.issuer)
        here = home.scheme == "http" and parts.scheme == "http" and on_this_machine(parts.hostname or "")
        return bool(parts.hostname) and not parts.username and (parts.scheme == "https" or here)

    def _safe(self, address: str) -> str:
        if not self._is_safe(address):
            raise self._down("address", None)
        return address

    def _down(self, what: str, problem: Exception | None) -> ProviderDown:
        self._failed = self._clock.now()
        log.warning("identity_provider_down", kind=what, why=type(problem).__name__ if problem else "answer")
        return ProviderDown(what)


class _Careful(HTTPAdapter):
    """Reads no more of an answer than it may have, and no longer than it may take."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        response = super().send(request, *args, **{**more, "stream": True})
        began, read = time.monotonic(), bytearray()
        try:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise requests.exceptions.ContentDecodingError(response=None)
            while piece := response.raw.read1(16 * 1024):
                read += piece
                if len(read) > LARGEST_ANSWER or time.monotonic() - began > WHOLE_ANSWER:
                    raise requests.exceptions.ConnectionError(response=None)
        finally:
            response.close()
        response.raw = BytesIO(bytes(read))
        return response


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Asked as nobody: not as whoever a file on this machine (.netrc) names for the host."""
    return request
