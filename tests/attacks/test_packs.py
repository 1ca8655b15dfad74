"""Whatever a process owner writes, or a thief in an owner's name: nothing outside happens, and the next expression works."""
from __future__ import annotations

import json
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from pypdf import PdfReader

from engine import feel
from engine.documents import escaped
from engine.errors import Incident, PackFaults
from engine.feel import isolate
from engine.feel.tables import DecisionError
from tests.attacks import guard
from tests.attacks.doors import NOW, doors, file_of, whole_pack
from tests.attacks.payloads import CODE, COSTLY, PYTHON, TEXTS, WORDS

DOORS = doors()
#: A refusal in words; anything else that is raised is a fault of ours.
REFUSED = (feel.FeelError, feel.DataError, DecisionError, Incident, PackFaults)
#: Stopped at once here, so that thousands of tries take seconds.
HEAVY = {*COSTLY, "deep brackets", "deep lists", "deep names"}
TABLE = Path(__file__).parents[2] / "build/attacks.json"


def payloads(door):
    """What is tried there, by name: behind “=” what may be code, without it what could be taken for Python; words elsewhere."""
    if door.feel:
        return {f"={name}": f"={text}" for name, text in CODE.items()} | PYTHON
    return WORDS


def tried(trap, called, payload, use):
    """What is wrong with the way this one was met."""
    text, began, told, faults = trap.set_in(payload), time.monotonic(), "", []
    try:
        with guard.watched(trap, text.removeprefix("=")):
            told = use(text)
    except REFUSED as refused:
        told = str(refused)
        faults += ["refused without a word"] if not told else []
    except Exception as broken:  # noqa: BLE001 - every one is told at once
        faults.append(f"{type(broken).__name__}: {broken!s:.150}")
    faults += trap.sprung(told)
    if (took := time.monotonic() - began) > guard.PATIENCE / 2:
        faults.append(f"took {took:.1f} s")
    return [f"{called}: {one}" for one in faults]


ASKED = isolate.ask
_told: dict[bytes, dict[str, Any] | isolate.Spent] = {}


def ask_once(question):
    """The sandbox's answer. Letter by letter the same question, which many doors come to, is put to it once: it costs most of what all this takes."""
    if question not in _told:
        try:
            _told[question] = ASKED(question)
        except isolate.Spent as spent:
            _told[question] = spent
    if isinstance(found := _told[question], isolate.Spent):
        raise isolate.Spent(*found.args)
    return found


def test_there_are_payloads_enough():
    assert len(set(TEXTS.values())) == len(TEXTS)
    assert min(len(payloads(door)) for door in DOORS.values()) >= 60
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(json.dumps({"payloads": len(TEXTS), "doors": {name: len(payloads(door)) for name, door in DOORS.items()},
                                 "tried": sum(len(payloads(door)) for door in DOORS.values())}, indent=1))


@pytest.mark.parametrize("name", DOORS)
def test_no_payload_does_anything_at(name, tmp_path, monkeypatch):
    door, faults = DOORS[name], []
    feel.evaluate("1 + 1", {}, NOW)     # the sandbox is there before anyone looks
    if door.fine is not None:
        door.use(door.fine)
    with guard.trap(tmp_path) as trap, monkeypatch.context() as patched:
        patched.setattr(isolate, "ask", ask_once)
        for called, payload in payloads(door).items():
            harsh = called.removeprefix("=") in HEAVY
            patched.setattr(isolate, "TIME_LIMIT", 0.1 if harsh else 2.0)
            patched.setattr(isolate, "PATIENCE", 1 if harsh else 5)
            faults += tried(trap, called, payload, door.use)
    assert feel.evaluate("max(1, 2)", {}, NOW) == 2
    assert faults == []
    if door.fine is not None:
        door.use(door.fine)


def test_a_pack_full_of_payloads_is_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(isolate, "TIME_LIMIT", 0.2)
    texts, faults = list(TEXTS.values()), []
    with guard.trap(tmp_path) as trap:
        for nth in range(0, len(texts), 7):
            found = []
            faults += tried(trap, list(TEXTS)[nth], "", lambda _, nth=nth,
                            found=found: found.extend(whole_pack(nth, [trap.set_in(one) for one in texts])) or found)
            assert found, f"{list(TEXTS)[nth]}: the pack is taken"
    assert faults == []


def test_what_people_type_into_a_paper_is_read_and_nothing_more(tmp_path):
    """A paper of all payloads at once: a name, an answer, a reason may be any of them."""
    with guard.trap(tmp_path) as trap:
        words = [trap.set_in(text) for name, text in TEXTS.items() if len(text) < 3000 and name != "marks on marks"]   # the reader below gives up on those
        text = "\n\n".join(f"{number}: {escaped(each)}" for number, each in enumerate(words))
        for kind in ("docx", "pdf"):
            with guard.watched(trap):
                made = file_of("T", text, kind)
            read = " ".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages) if kind == "pdf" else " ".join(
                each.text for each in docx.Document(BytesIO(made)).paragraphs)
            assert trap.sprung(read) == []
            for shown in ("{{7*7}}", "<script>window.attacked=1</script>", "#read(", "[x](javascript:window.attacked=1)"):
                assert shown in "".join(read.split()) or shown in read, (kind, shown)
            assert b"javascript:" not in made or kind == "pdf"
