"""To whom backups are encrypted."""

from __future__ import annotations


def known_recipient(recipient: str, faults: list[str]) -> None:
    """A public key of age, with its checksum; or none."""
    if not recipient:
        return
    if recipient.upper().startswith("AGE-SECRET-KEY"):
        faults.append("default.toml: [backup] recipient is a private key! It must never be on this machine: throw it away and make another one elsewhere; "
                      "what belongs here is its public half, which begins with age1.")
        return
    from pyrage import RecipientError, x25519  # only where there is one

    try:
        x25519.Recipient.from_str(recipient)
    except RecipientError:
        faults.append("default.toml: [backup] recipient is no public key of age; write one such as age1…, as `age-keygen` prints it.")
