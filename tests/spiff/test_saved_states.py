"""A saved case is read whole and by its own release, or refused in words."""
from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest
import zstandard

from engine import feel
from engine.spiff import FORMAT, Process, Unreadable, load
from engine.spiff.saved import _HEAD, _sum
from tests.spiff.drawing import between, boundary, call, document, each, event, listener, person, simple
from tests.spiff.story import DUE, Ground, Story, pack

if TYPE_CHECKING:
    from typing import Any

BODIES = (between(person("a") + call("n", loop=each(output="")), "a", "n") + listener("message", interrupting=False) + boundary("b", "a", event("timer"))
          + person("late") + '<endEvent id="z"/><sequenceFlow id="b_l" sourceRef="b" targetRef="late"/><sequenceFlow id="l_z" sourceRef="late" targetRef="z"/>',
          simple("inner") + listener("message", "more", interrupting=False))


def saved() -> tuple[Story, bytes]:
    story = Story(*BODIES, items=["x", "y"], **DUE)
    story.send("m")
    return story.do("a"), story.process.save()


def rewritten(state: bytes, change: Any, *, version: int = FORMAT) -> bytes:
    """A state whose content was changed by someone who can reckon the check sum."""
    content = feel.loads(zstandard.ZstdDecompressor().decompress(state[_HEAD.size:]))
    change(content)
    body = zstandard.ZstdCompressor().compress(feel.dumps(content))
    return _HEAD.pack(b"crPS", version, _sum(body)) + body


def test_every_flipped_bit_is_refused() -> None:
    story, state = saved()
    for _ in range(600):
        at = random.randrange(len(state) * 8)
        damaged = bytearray(state)
        damaged[at // 8] ^= 1 << at % 8
        with pytest.raises(Unreadable):
            Process.resume(story.program, bytes(damaged), Ground())


def test_every_cut_and_every_addition_is_refused() -> None:
    story, state = saved()
    for damaged in [*(state[:length] for length in range(len(state))), state + b"\0", b"", b"{}", state * 2]:
        with pytest.raises(Unreadable):
            Process.resume(story.program, damaged, Ground())


@pytest.mark.mend(9)
def test_a_state_of_another_format_is_refused() -> None:
    story, state = saved()
    other = rewritten(state, lambda content: None, version=FORMAT + 1)

    with pytest.raises(Unreadable, match=f"format {FORMAT + 1}; this version reads format {FORMAT}"):
        Process.resume(story.program, other, Ground())


@pytest.mark.mend(9)
def test_a_state_of_another_release_is_refused() -> None:
    _, state = saved()
    other = load(pack(document(*BODIES), digest="another release"))

    with pytest.raises(Unreadable, match="another release"):
        Process.resume(other, state, Ground())


@pytest.mark.parametrize("change", [
    lambda content: content["main"]["tasks"][0].__setitem__(2, "nowhere"), lambda content: content["main"]["tasks"][0].__setitem__(0, "no id"),
    lambda content: content["main"]["tasks"].append(1), lambda content: content.pop("inside"), lambda content: content["inside"].update({"0" * 32: {}}),
    lambda content: content["main"]["tasks"][0].__setitem__(1, "f" * 32), lambda content: content.update(main=[]),
])
def test_content_that_does_not_fit_the_diagrams_is_refused(change: Any) -> None:
    story, state = saved()

    with pytest.raises(Unreadable, match="does not fit"):
        Process.resume(story.program, rewritten(state, change), Ground())


def test_a_bomb_is_refused() -> None:
    story, _ = saved()
    body = zstandard.ZstdCompressor().compress(b"[" + b"1," * 40_000_000 + b"1]")

    with pytest.raises(Unreadable, match="too large"):
        Process.resume(story.program, _HEAD.pack(b"crPS", FORMAT, _sum(body)) + body, Ground())


def test_a_state_says_nothing_of_specs_and_holds_no_pickle() -> None:
    _, state = saved()
    content = feel.loads(zstandard.ZstdDecompressor().decompress(state[_HEAD.size:]))

    assert set(content) == {"program", "tally", "stage", "outcome", "ended", "main", "inside"}
    assert struct.unpack("<4sH", state[:6]) == (b"crPS", FORMAT)
    assert len(state) < 2_000


def test_saving_twice_says_the_same() -> None:
    story, state = saved()

    assert Process.resume(story.program, state, Ground()).save() == state
