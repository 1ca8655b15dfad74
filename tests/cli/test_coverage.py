"""`casereview coverage`: what a tiny pack carries of a made-up procedure, and what its two stories show of it."""
from __future__ import annotations

from pathlib import Path

import pytest

PACK = "bpmn/purchase"
SAYS = {1: "Say what you want", 2: "Anyone may ask", 3: "It is approved in time", 4: "Suppliers quote", 5: "No more than there is"}


def clause(number: int, more: str = "") -> str:
    return f'[clauses.P-{number}]\nsays = "{SAYS.get(number, "Something else")}"\nsection = "Buying"\nkinds = ["rule"]\n{more}\n'


CATALOGUE = "".join(["""[sources.P]
title = "How we buy"
year = 2020

""", *map(clause, (1, 2, 3, 4)), clause(5, 'carried_by = ["stage: buying"]')])


@pytest.fixture
def tied(folder: Path) -> Path:
    """The tiny pack with a catalogue that it carries, and stories that show it."""
    (folder / PACK / "clauses.toml").write_text(CATALOGUE)
    claim(folder, "ordered", "P-1", "P-2", "P-4", "P-5")
    claim(folder, "late", "P-3")
    checks = folder / PACK / "checks/over_budget.dmn"
    checks.write_text(checks.read_text().replace("P-6", "P-5"))
    return folder


def claim(folder: Path, story: str, *clauses: str) -> None:
    file = folder / PACK / f"scenarios/{story}.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("clauses = ")]
    file.write_text("\n".join([f"clauses = {list(clauses)}", *lines]))


def test_each_clause_has_a_line_with_its_places_and_stories(run, tied: Path):
    ran, told = run("coverage"), run("coverage", "purchase", "--json").json

    assert ran.code == 0, ran.out
    lines = ran.out.splitlines()
    assert lines[:2] == ["How we buy (2020)", "  Buying"]
    assert "user task Approve" in lines[4]
    assert lines[4].endswith("| late.toml")
    assert lines[-1] == "5 of 5 clauses have a place and are exercised."
    assert [row["id"] for row in told] == [f"P-{number}" for number in range(1, 6)]
    assert {(place["kind"], place["id"]) for place in told[4]["places"]} == {("check", "over_budget"), ("stage", "buying")}
    assert told[3]["scenarios"] == [{"title": told[3]["scenarios"][0]["title"], "file": "scenarios/ordered.toml"}]
    assert {row["section"] for row in told} == {"Buying"}


def test_what_lacks_a_place_what_nothing_shows_and_what_is_claimed_falsely_is_told(run, tied: Path):
    more = clause(6) + clause(7, 'proved_by = ["tests/test_it.py::test_it"]') + clause(8, 'carried_by = ["register: items"]')
    (tied / PACK / "clauses.toml").write_text(CATALOGUE + more)
    (tied / "tests").mkdir()
    claim(tied, "ordered", "P-1", "P-2", "P-4", "P-5", "P-3")
    claim(tied, "late", "P-6", "P-3", "P-4")

    ran = run("coverage")

    assert ran.code == 1
    assert ran.out.split("are exercised.\n")[1].splitlines() == [
        "P-4: scenarios/late.toml says it shows it, but uses nothing that carries it.",
        "P-6: nothing carries it. Give what does its property “clause”.",
        "P-6: no scenario and no test shows it.",
        "P-6: scenarios/late.toml says it shows it, but uses nothing that carries it.",
        "P-7: nothing carries it. Give what does its property “clause”.",
        "P-7: no scenario and no test shows it.",
        "P-7: there is no test tests/test_it.py::test_it.",
        "P-8: no scenario and no test shows it.",
    ]


def test_a_test_is_believed_when_it_is_there(run, tied: Path):
    (tied / PACK / "clauses.toml").write_text(CATALOGUE + clause(
        7, 'carried_by = ["page: help.roles"]\nproved_by = ["tests/test_it.py::test_it"]'))
    (tied / "tests").mkdir()
    (tied / "tests/test_it.py").write_text("def test_it():\n    pass\n")

    assert run("coverage").code == 0


def test_a_story_that_does_not_come_true_shows_nothing_to_be_proud_of(run, tied: Path):
    story = tied / PACK / "scenarios/late.toml"
    story.write_text(story.read_text() + '\n[[step]]\nas = "head"\ndo = "approve"\n')

    ran, told = run("coverage"), run("coverage", "--json")

    assert (ran.code, told.code) == (1, 1)
    assert "scenarios/late.toml does not come true: step" in ran.out.splitlines()[-1]
    assert "scenarios/late.toml does not come true" in told.err


def test_the_catalogue_is_checked_with_the_pack(run, tied: Path):
    (tied / PACK / "clauses.toml").write_text(
        '[sources.P]\ntitle = "How we buy"\n[clauses.P-1]\nsays = "One"\nsection = "Buying"\nkinds = ["wish"]\nwhy = 1\n'
        'carried_by = ["role: king", "permission: fly", "hat"]\n'
        '[clauses.Q-1]\nsays = "Two"\n')

    faults = run("check", "--json").json
    says = {(fault["file"], fault["element"]): fault["says"] for fault in faults}
    of_p1 = " ".join(fault["says"] for fault in faults if fault["element"] == "P-1")

    told = ("no role “king”", "no permission “fly”", "“hat” names nothing", "“wish” is no kind", "“why” means nothing")
    assert [words for words in told if words not in of_p1] == []
    assert says["clauses.toml", "Q-1"].startswith("“Q-1” is no id of a clause")
    assert says["purchase.bpmn", "request_made"] == "There is no clause “P-2” in clauses.toml: add it there, or correct its id here."
    assert says["scenarios/late.toml", "clauses"].startswith("There is no clause “P-3”")


def test_a_pack_with_faults_is_not_played(run, tied: Path):
    claim(tied, "late", "P-99")

    ran = run("coverage")

    assert (ran.code, ran.out) == (1, "scenarios/late.toml:1: clauses: There is no clause “P-99” in clauses.toml: add it there, or correct its id here.\n")


def test_a_pack_without_a_catalogue_has_nothing_to_cover(run):
    ran = run("coverage", "purchase")

    assert (ran.code, ran.out) == (2, "")
    assert "The pack purchase keeps no catalogue of clauses: that is a file clauses.toml." in ran.err
