"""A passkey in software: what a browser and its authenticator would answer, right or wrong as a test wants it."""
from __future__ import annotations

import hashlib
import html
import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN, HOST = "http://localhost", "localhost"
PRESENT, UNLOCKED, WITH_KEY = 1, 4, 64


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def options_in(page: str) -> dict:
    """What a page asks a passkey for."""
    return json.loads(html.unescape(re.search(r'data-options="([^"]+)"', page)[1]))


@dataclass
class Authenticator:
    """One passkey. `origin`, `host` and `unlocked` say what its browser claims."""

    origin: str = ORIGIN
    host: str = HOST
    unlocked: bool = True
    counter: int = 0
    id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict) -> str:
        """The answer to navigator.credentials.create."""
        return self._answer({"clientDataJSON": self._client("webauthn.create", options["challenge"]), "attestationObject": b64(cbor2.dumps(
            {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._cose()}))})

    def sign(self, options: dict, *, counts: bool = True) -> str:
        """The answer to navigator.credentials.get."""
        self.counter += counts
        client, data = self._client("webauthn.get", options["challenge"]), self._data()
        signature = self.key.sign(data + hashlib.sha256(urlsafe_b64decode(client + "==")).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": b64(data), "signature": b64(signature), "userHandle": None})

    def _answer(self, response: dict) -> str:
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response, "clientExtensionResults": {}})

    def _client(self, kind: str, challenge: str) -> str:
        return b64(json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode())

    def _data(self, more: int = 0) -> bytes:
        flags = PRESENT | (UNLOCKED if self.unlocked else 0) | more
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
