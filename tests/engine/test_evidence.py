"""The trail read: by person, kind, period and words; who looked; and as a signed bundle that proves itself to whoever has nothing of ours."""
from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import date

import pytest

from engine import actions, events, evidence, queries
from engine.errors import NotFound, Refused
from engine.queries.case_trail import KINDS, SENTENCES
from engine.queries.shapes.trail import Chosen
from tests.makers import paper


@pytest.fixture
def case(office):
    started = office.begin(paper=paper("One"))
    office.answer(started.case, "NOR", "nora")
    for login in ("otto", "olga"):
        office.ask(login, queries.case_page, started.reference)
    return started


# ---- reading

def test_every_event_has_a_sentence_and_a_kind():
    kinds = [event for _, named in KINDS.values() for event in named.split()]

    assert set(SENTENCES) == set(events.EVENTS)
    assert sorted(kinds) == sorted(set(kinds))
    assert set(kinds) == set(events.EVENTS)


def test_the_trail_is_chosen_from_by_person_kind_period_and_words(office, case):
    def shown(**chosen):
        return office.ask("otto", queries.case_trail, case.reference, limit=500, chosen=Chosen(**chosen)).rows

    nora = office.who("nora").person
    assert {row.who for row in shown(person=nora)} == {"Nora Example"}
    assert {row.words.partition(" ")[0] for row in shown(kind="looked")} == {"looked"}
    assert [row.words for row in shown(words="COMPLETED “answer")] == ["completed “Answer” (North Side)"]
    assert shown(since=date(2026, 3, 3)) == [] == shown(until=date(2026, 3, 1))
    assert len(shown(since=date(2026, 3, 2), until=date(2026, 3, 2))) > 10
    assert shown(words="no such thing") == []


def test_words_are_looked_for_as_far_as_it_takes(office, case):
    olga = office.who("olga").person
    rows = [{"at": office.engine.now(), "actor": olga, "case_id": case.case, "event": "viewed", "details": {"page": "case"}}] * 1200
    with office.engine.database.writing() as db:
        office.engine.chain.write(db, rows)

    assert [row.words for row in office.ask("otto", queries.case_trail, case.reference, chosen=Chosen(words="opened the case")).rows] == [
        "opened the case with “Ask something”"]


def test_who_looked_is_told_with_what_they_looked_at_and_what_was_tried_by_whom(office, case):
    task = office.task(case.case, "answer", "SOU")
    with pytest.raises(NotFound):
        office.ask("zoe", queries.case_page, case.reference)
    with pytest.raises(Refused):
        office.do("elsa", actions.claim_task, task)
    found = office.ask("otto", queries.who_looked, case.reference)

    assert {one.name: one.pages for one in found.people} == {"Otto Example": [("case page", 1)], "Olga Example": [("case page", 1)]}
    assert [(row.who, row.words) for row in found.refused] == [
        ("Elsa Example", f"tried something that was refused: claim task (task {task})"),
        ("Zoe Example", f"tried something that was refused: case page ({case.reference})")]
    assert "looked at the trail" in office.ask("otto", queries.case_trail, case.reference).rows[0].words


def test_a_refusal_says_which_row_and_never_what_was_typed(office, case):
    for reference in (case.reference, "Tamsin", "x' or 1=1", "A" * 32):
        with pytest.raises(NotFound):
            office.ask("zoe", queries.case_page, reference)

    assert [row.details["row"] for row in office.trail(None, "refused")] == [case.reference, None, None, None]


def test_what_one_person_did_is_for_those_who_may_see_trails_everywhere(office, case):
    nora = office.who("nora").person
    found = office.ask("otto", queries.person_trail, nora)

    assert "completed “Answer” (North Side)" in [row.words for row in found.rows]
    assert {row.reference for row in found.rows} <= {case.reference, None}
    assert office.trail()[-1].details == {"page": f"trail {nora}"}
    assert "looked at the trail of Nora Example" in [row.words for row in office.ask("otto", queries.person_trail, office.who("otto").person).rows]
    assert "Nora Example" in [one.name for one in office.ask("otto", queries.watched)]
    for login in ("nora", "vera", "adam", "petra", "kate"):
        for query, given in ((queries.person_trail, {"person": nora}), (queries.watched, {})):
            with pytest.raises(NotFound):
                office.ask(login, query, **given)
    with pytest.raises(NotFound):
        office.ask("otto", queries.person_trail, "0" * 32)


# ---- as evidence

def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def judged(files, folder, *options):
    """What the verifier of the bundle says, on a Python that knows nothing of ours."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    said = subprocess.run([sys.executable, "-I", "-S", folder / "verify.py", *options], capture_output=True, text=True, cwd=folder, check=False)
    assert said.stderr == ""
    return said.returncode, said.stdout


@pytest.fixture
def bundle(office, case):
    return unpacked(evidence.make(office.engine, office.who("otto"), case.reference))


def test_a_bundle_is_whole_and_signed_and_taking_it_stands_on_the_trail(office, case, bundle, tmp_path):
    code, said = judged(bundle, tmp_path / "b")
    rows = json.loads(bundle["trail.json"])["rows"]

    assert (code, said.partition(":")[0]) == (0, "Whole")
    assert evidence.public_key(office.engine) in said
    assert [row["id"] for row in rows] == [row.id for row in office.trail(case.case)[:-1]]
    assert [row["link"] for row in rows] == [row.link for row in office.trail(case.case)[:-1]]
    assert office.trail(case.case)[-1].details == {"page": "evidence"}
    assert bundle["trail.pdf"].startswith(b"%PDF")
    assert judged(bundle, tmp_path / "b", "--key", evidence.public_key(office.engine), str(tmp_path / "b"))[0] == 0
    assert "another key" in judged(bundle, tmp_path / "b", "--key", "00" * 32, str(tmp_path / "b"))[1]


def test_a_file_that_was_put_beside_it_is_said_to_be_no_part_of_it_and_a_key_that_is_none_is_refused(bundle, tmp_path):
    code, said = judged(bundle | {"another.pdf": b"%PDF"}, tmp_path / "b")

    assert (code, said.splitlines()[0]) == (0, "No part of this bundle, and not signed: another.pdf.")
    for given in (["--key"], ["--key", "no key"]):
        assert judged(bundle, tmp_path / "b", *given)[0] == 2


@pytest.mark.parametrize("deed", ["change", "delete", "reorder", "add", "cut"])
def test_a_row_that_was_tampered_with_is_named(bundle, tmp_path, deed):
    trail = json.loads(bundle["trail.json"])
    rows = trail["rows"]
    at = 5
    if deed == "change":
        rows[at]["words"] = "did nothing"
    elif deed == "delete":
        del rows[at]
    elif deed == "reorder":
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
    elif deed == "add":
        rows.append(rows[-1])
        at = len(rows) - 1
    else:
        del rows[-2:]
    bundle["trail.json"] = json.dumps(trail, indent=1, ensure_ascii=False).encode()
    code, said = judged(bundle, tmp_path / "b")

    assert code == 1
    assert said.startswith("Rows are missing at the end" if deed == "cut" else f"Row {rows[at]['id']}, number {at + 1} of"), said
    assert "trail.json is not what was signed." in said


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "public_key.txt", "trail.pdf", "README.txt"])
def test_any_other_file_that_was_changed_is_named(bundle, tmp_path, name):
    content = bytearray(bundle[name])
    content[len(content) // 2] = ord("0") if content[len(content) // 2] != ord("0") else ord("1")
    bundle[name] = bytes(content)
    code, said = judged(bundle, tmp_path / "b")

    assert code == 1
    assert (f"{name} is not what was signed" if name in ("trail.pdf", "README.txt") else "signature does not belong") in said


def test_whoever_has_no_business_with_the_trail_gets_no_bundle(office, case):
    for login in ("nora", "vera", "zoe", "adam"):
        with pytest.raises(NotFound):
            evidence.make(office.engine, office.who(login), case.reference)
