"""What people show beside their password: authenticator apps, passkeys, recovery codes. Nothing here is accepted twice."""
from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.errors import InvalidAnswers
from engine.rules import codes, passkeys
from engine.rules.passkeys import Passkey
from engine.store import tables as t
from engine.store.database import new_id
from engine.store.sealing import Broken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from engine.rules.passkeys import Here
    from engine.store.sealing import Vault

    #: Is told the table and the id of what does not open.
    Shut = Callable[[str, str], None]

MOST_FACTORS = 10


@dataclass(frozen=True)
class Factor:
    """One of somebody's, opened."""

    id: str
    person: str
    kind: str
    counter: int
    body: Mapping[str, str]

    @property
    def passkey(self) -> Passkey:
        return Passkey(base64.b64decode(self.body["id"]), base64.b64decode(self.body["public"]), self.counter)


def factors_of(db: sa.Connection, vault: Vault, person: str, kind: str, *, hold: bool = False, shut: Shut | None = None) -> list[Factor]:
    """All of this kind that somebody has and that open. One that was changed from outside is told to `shut`, and counts for nothing."""
    f = t.factors
    query = sa.select(f).where(f.c.person == person, f.c.kind == kind).order_by(f.c.added_at, f.c.id)
    found = [_opened(vault, row, shut) for row in db.execute(query.with_for_update() if hold else query).all()]
    return [factor for factor in found if factor is not None]


def keep_authenticator(db: sa.Connection, vault: Vault, person: str, name: str, secret: str, step: int, now: datetime) -> str:
    """An authenticator app that has just shown a code of this step."""
    return _keep(db, vault, person, "codes", name, {"secret": secret}, now, counter=step)


def keep_passkey(db: sa.Connection, vault: Vault, person: str, name: str, found: Passkey, now: datetime) -> str:
    """A passkey that was just made."""
    body = {"id": base64.b64encode(found.id).decode(), "public": base64.b64encode(found.public).decode()}
    return _keep(db, vault, person, "passkey", name, body, now, credential=passkeys.digest(found.id), counter=found.counter)


def offered_secret(vault: Vault, sealed: bytes, person: str) -> str:
    """The secret of an app that was offered to this person, as their page has brought it back. Refused: one that was made up, or offered to somebody else."""
    try:
        return vault.open(sealed, "offered authenticator", person).decode()
    except Broken:
        raise InvalidAnswers({"code": "This page was open for another account. Read the picture below with the app, and enter its code"}) from None


def accept_code(db: sa.Connection, vault: Vault, person: str, code: str, now: datetime, shut: Shut) -> bool:
    """Whether an authenticator of this person shows this code now, and it was not used before: its step is written down, whoever else tries it."""
    for factor in factors_of(db, vault, person, "codes", hold=True, shut=shut):
        step = codes.step_of(factor.body["secret"], code, now, factor.counter)
        if step is not None and _counted(db, factor.id, step, now):
            return True
    return False


def accept_recovery_code(db: sa.Connection, vault: Vault, person: str, code: str) -> bool:
    """Whether this is one of this person's recovery codes; it is gone then."""
    r = t.recovery_codes
    return db.execute(sa.delete(r).where(r.c.person == person, r.c.digest == vault.mark(code, "recovery code", person))).rowcount == 1


def accept_passkey(db: sa.Connection, vault: Vault, answer: str, place: Here, purpose: str, now: datetime, shut: Shut, *,
                   of: str | None = None) -> str | None:
    """Whose passkey has signed our challenge just now, for the first time. `of`: it must be one of this person's; else it must have been unlocked."""
    f, credential, challenge = t.factors, passkeys.credential_in(answer), passkeys.challenge_in(answer)
    if credential is None or challenge is None:
        return None
    row = db.execute(sa.select(f).where(f.c.credential == passkeys.digest(credential)).with_for_update()).one_or_none()
    until = passkeys.until_when(vault.mark, challenge, purpose, now)
    if row is None or until is None or (of is not None and row.person != of):
        return None
    factor = _opened(vault, row, shut)
    if factor is None:
        return None
    counter = passkeys.signed(answer, place, challenge, factor.passkey, alone=of is None)
    if counter is None or not spend(db, challenge, until, now):
        return None
    db.execute(sa.update(f).where(f.c.id == factor.id).values(counter=counter, used_at=now))
    return factor.person


def spend(db: sa.Connection, challenge: bytes, until: datetime, now: datetime) -> bool:
    """Whether nobody has answered this challenge before; from now on somebody has."""
    s, digest = t.spent_challenges, passkeys.digest(challenge)
    db.execute(sa.delete(s).where(s.c.until < now))
    if db.scalar(sa.select(s.c.digest).where(s.c.digest == digest)) is not None:
        return False
    db.execute(sa.insert(s).values(digest=digest, until=until))  # of two at once the second one meets the key, and is refused when it tries again
    return True


def new_recovery_codes(db: sa.Connection, vault: Vault, person: str, now: datetime) -> list[str]:
    """Ten fresh ones, and the old ones are worth nothing any more. Only their digests are kept."""
    r, made = t.recovery_codes, codes.new_recovery_codes()
    db.execute(sa.delete(r).where(r.c.person == person))
    db.execute(sa.insert(r), [{"person": person, "digest": vault.mark(codes.as_typed(code), "recovery code", person), "made_at": now} for code in made])
    return made


def _keep(db: sa.Connection, vault: Vault, person: str, kind: str, name: str, body: dict[str, str], now: datetime, **more: Any) -> str:
    factor = new_id()
    db.execute(sa.insert(t.factors).values(id=factor, person=person, kind=kind, name=name, added_at=now, used_at=now, **more,
                                           secret=vault.seal(json.dumps(body).encode(), "factors", factor, "secret", person, kind)))
    return factor


def _opened(vault: Vault, row: Any, shut: Shut | None) -> Factor | None:
    try:
        body = vault.open(row.secret, "factors", row.id, "secret", row.person, row.kind)
    except Broken:
        if shut is not None:
            shut("factors", row.id)
        return None
    return Factor(row.id, row.person, row.kind, row.counter, json.loads(body))


def _counted(db: sa.Connection, factor: str, step: int, now: datetime) -> bool:
    f = t.factors
    return db.execute(sa.update(f).where(f.c.id == factor, f.c.counter < step).values(counter=step, used_at=now)).rowcount == 1
