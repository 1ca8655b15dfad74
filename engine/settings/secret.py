"""Addresses that must be safe, and the secrets, which come from the environment alone."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.settings.tables import read_file
from engine.settings.values import Mail, SingleSignOn, Web


def addressed(mail: Mail, web: Web) -> Mail:
    """Without an address of its own, links lead to where the service listens."""
    return replace(mail, base_url=(mail.base_url or f"http://{web.host}:{web.port}").rstrip("/"))


def safe_mail(mail: Mail, kind: str, faults: list[str]) -> None:
    address = urlsplit(mail.base_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        faults.append(f"{kind}.toml: [mail] base_url must be an address such as https://reviews.example.org.")
    elif kind == "production" and address.scheme != "https":
        faults.append("production.toml: [mail] base_url must be set and begin with https://.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", mail.sender):
        faults.append("default.toml: [mail] sender must be an e-mail address.")
    if mail.send == "smtp" and mail.user and not mail.password:
        faults.append("environment: SMTP_PASSWORD is not set, and [mail] user names someone who must sign in to the mail server.")
    if mail.send == "smtp" and mail.user and mail.security == "none":
        faults.append('production.toml: [mail] security is "none": the password would travel unencrypted; use "starttls" or "tls".')


def safe_provider(provider: SingleSignOn, kind: str, faults: list[str]) -> None:
    """An identity provider that is reached by https, is asked with a secret, and speaks for addresses that are named here."""
    if not provider.on:
        return
    where, address = f"{kind}.toml: [single_sign_on]", urlsplit(provider.issuer)
    if address.query or address.fragment or address.username or not address.hostname or not (
            address.scheme == "https" or (kind != "production" and address.scheme == "http" and on_this_machine(address.hostname))):
        faults.append(f"{where} issuer must begin with https://, as the provider itself writes it, such as https://login.example.org/realms/council.")
    faults.extend(f"{where} {name} must be set, since an issuer is." for name in ("client_id", "title") if not getattr(provider, name).strip())
    if not provider.domains or not all(isinstance(one, str) and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", one) for one in provider.domains):
        faults.append(f'{where} domains must name whose addresses the provider speaks for, in small letters, such as ["northmere.example"].')
    if not all(isinstance(one, str) and one for one in (*provider.require.values(), *provider.second_factor_acr)):
        faults.append(f"{where} require and second_factor_acr hold texts in quotes.")
    if not provider.secret:
        faults.append("environment: CASEREVIEW_SSO_SECRET is not set, and [single_sign_on] names an issuer.")


def on_this_machine(host: str) -> bool:
    """Whether this name of a host never leaves the machine."""
    return host in ("localhost", "127.0.0.1", "::1")


def known_database(url: str | None, faults: list[str]) -> None:
    if url and not re.match(r"(postgres(ql)?(\+psycopg)?|sqlite)://", url):
        faults.append("environment: DATABASE_URL must begin with postgresql:// (or be left out, for SQLite in the data folder).")


def database_address(url: str | None, data: Path) -> str:
    if not url:
        return f"sqlite:///{data / 'casereview.db'}"
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)   # as hosting services write it


def read_keys(environment: Mapping[str, str], data: Path, *, make: bool, faults: list[str]) -> tuple[bytes, bytes]:
    """The key that signs sessions and the key that wraps those of the cases."""
    given = dict(environment)
    names = ("CASEREVIEW_SECRET_KEY", "CASEREVIEW_MASTER_KEY")
    if make and not all(given.get(name) for name in names):
        made = _made_keys(data / "development-keys.toml", names, faults)
        given |= {name: str(made.get(name, "")) for name in names if not given.get(name)}
    secret, master = (given.get(name, "") for name in names)
    if len(secret) < 32:
        faults.append(f"environment: {names[0]} must be set to at least 32 characters, made at random.")
    try:
        master_key = base64.b64decode(master.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        master_key = b""
    if len(master_key) != 32:
        faults.append(f"environment: {names[1]} must be set to 32 random bytes in base64 (44 characters).")
    return secret.encode(), master_key


def _made_keys(path: Path, names: tuple[str, str], faults: list[str]) -> dict[str, Any]:
    """Keys for a machine without real cases, made once: cases sealed yesterday must open today."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as new:   # readable by us alone
            new.write("# Made at first start, for development only. Without it what the database holds cannot be read.\n")
            new.writelines(f'{name} = "{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"\n' for name in names)
        try:
            os.link(new.name, path)   # whole or not at all: of two processes that start together, both get the first's
        except FileExistsError:
            pass
        finally:
            Path(new.name).unlink()
    return read_file(path.parent, path.name, faults)
