"""An identity provider on this machine: it speaks OpenID Connect as a real one does, and lies as told."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "casereview", "a-fictional-client-secret"
TENANT = "11111111-aaaa-bbbb-cccc-222222222222"


class FakeProvider:
    """Its keys, the codes it has given out, what it is to lie about, and how often it was asked for what."""

    def __init__(self) -> None:
        self.key, self.other_key, self.ec_key = (RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"}),
                                                 ECKey.generate_key("P-256", {"kid": "curve"}))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/realms/northmere"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.begin(None)

    def begin(self, clock: Any) -> None:
        """Honest again, for the next test."""
        self.clock, self.asked, self.told = clock, Counter[str](), list[str]()
        self.codes: dict[str, dict[str, Any]] = {}
        self.about: dict[str, Any] = {}           # instead of, or beside, what its discovery document says
        self.instead: dict[str, Any] = {}         # path → what it does there: a status, “huge”, “never”, “page”
        self.lax = False                          # codes are good for ever, whoever brings them
        self.kid, self.keys = "one", [self.key, self.ec_key]

    def signed_in(self, address: str, subject: str = "sub-ines", email: str = "ines@office.example", lie: Any = None, **claims: Any) -> str:
        """Where a browser is sent back to once somebody has signed in at this address. `lie` makes the token from honest claims."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        code, now = secrets.token_urlsafe(24), int(self.clock.now().timestamp())
        told = {"iss": self.issuer, "aud": CLIENT, "sub": subject, "email": email, "email_verified": True, "tid": TENANT, "nonce": asked["nonce"],
                "iat": now, "exp": now + 300, "auth_time": now} | claims
        told = {name: value for name, value in told.items() if value is not None}
        self.codes[code] = {"challenge": asked["code_challenge"], "to": asked["redirect_uri"], "token": (lie or self.token)(told)}
        self.told += [code, self.codes[code]["token"], asked["nonce"]]
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, claims: dict[str, Any], *, key: Any = None, alg: str = "RS256", **header: Any) -> str:
        return jwt.encode({"alg": alg, "kid": self.kid, **header}, claims, key or self.key, algorithms=[alg])

    def with_our_public_key_as_secret(self, claims: dict[str, Any]) -> str:
        signed = f"{_b64({'alg': 'HS256', 'kid': 'one'})}.{_b64(claims)}"
        signature = hmac.new(self.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    def unsigned(self, claims: dict[str, Any]) -> str:
        return f"{_b64({'alg': 'none', 'kid': 'one'})}.{_b64(claims)}."

    def tampered(self, claims: dict[str, Any]) -> str:
        head, _, signature = self.token(claims).split(".")
        return f"{head}.{_b64(claims | {'sub': 'sub-of-somebody-else'})}.{signature}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 64 * 1024          # head and body in one packet: else each answer waits for the other side

            def log_message(self, *_args: Any) -> None:
                pass

            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                self._answer({name: values[0] for name, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()})

            def _answer(self, form: dict[str, str]) -> None:
                name = urlsplit(self.path).path.rpartition("/")[2]
                provider.asked[name] += 1
                how = provider.instead.get(name)
                if how == "never":
                    time.sleep(1.5)
                    return
                status, body = provider._said(name, form, self.headers.get("Authorization", ""))
                if isinstance(how, int):
                    status, body = how, {}
                sent = {"huge": b'{"keys": "' + b"x" * 10_000_000 + b'"}', "page": b"<h1>Too many requests</h1>"}.get(how, json.dumps(body).encode())
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                with suppress(OSError):   # whoever asked has heard enough
                    self.wfile.write(sent)

        return Handler

    def _said(self, name: str, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if name == "openid-configuration":
            here = self.issuer
            return 200, {"issuer": here, "authorization_endpoint": f"{here}/auth", "token_endpoint": f"{here}/token", "jwks_uri": f"{here}/jwks",
                         "end_session_endpoint": f"{here}/logout"} | self.about
        if name == "jwks":
            return 200, {"keys": [key.as_dict(private=False, kid=self.kid if key is self.key else key.kid) for key in self.keys]}
        if authorization != "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode():
            return 401, {"error": "invalid_client"}
        found = self.codes.get(form["code"]) if self.lax else self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if found is None or found["challenge"] != challenge or found["to"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "an-access-token-nobody-keeps", "token_type": "Bearer", "id_token": found["token"]}


def _b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
