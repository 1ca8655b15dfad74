"""Passwords that are tried first. No list of leaked passwords is shipped: what people make is made of few things, and these are told by rule."""
from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

#: What must be left of a password when all that anyone would try is taken out of it.
LEFT = 5
ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")
RUN = 3   # neighbours on the keyboard, or in the alphabet, that are one thing to guess
SAME = "This password is one character or a few again and again. Choose three or four words that only you would put together."
IN_ORDER = "This password is made of keys or letters in their order. Choose three or four words that only you would put together."
COMMON = "This password is among those that are tried first. Choose three or four words that only you would put together."
KNOWN = "This password is made of names that anyone here knows: yours, the board’s or an agency’s. Choose three or four words that only you would put together."
LOOKS_LIKE = str.maketrans("013457@$!|€", "oieastasiie")


def guessable(password: str, known: Iterable[str] = ()) -> str | None:
    """Why this password would soon be found, in words for who chose it; None if it is good."""
    text = password.lower()
    if len(set(text)) < LEFT or _repeats(text):
        return SAME
    rest = _without_runs(text)
    if len(rest) < LEFT:
        return IN_ORDER
    if _left(rest, text, _common()) < LEFT:
        return COMMON
    return KNOWN if _left(rest, text, _common() | _words(known)) < LEFT else None


def _repeats(text: str) -> bool:
    """Whether the whole of it is its beginning over and over."""
    return any(text == (text[:many] * len(text))[:len(text)] for many in range(1, len(text) // 2 + 1))


def _without_runs(text: str) -> str:
    for row in ROWS:
        for line in (row, row[::-1]):
            for many in range(len(line), RUN, -1):
                for at in range(len(line) - many + 1):
                    text = text.replace(line[at:at + many], "")
    return text


def _left(rest: str, text: str, words: frozenset[str]) -> int:
    """How many characters are left without these words, years and marks, whichever way it is read: 0 may stand for o."""
    return min(_count(one, words) for one in (text, rest, text.translate(LOOKS_LIKE), rest.translate(LOOKS_LIKE)))


def _count(text: str, words: frozenset[str]) -> int:
    plain = re.sub(r"[\W_]", "", text)
    for word in sorted(words, key=len, reverse=True):
        plain = plain.replace(word, " ")
    plain = re.sub(r"(?<!\d)(19|20)\d\d(?!\d)", " ", plain)
    return len(plain.replace(" ", ""))


def _words(known: Iterable[str]) -> frozenset[str]:
    """The parts of names and addresses that are long enough to mean something."""
    return frozenset(word for text in known for word in re.findall(r"[^\W_]{3,}", text.lower()))


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
