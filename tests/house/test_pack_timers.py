"""The targets of the Board's process are enforced by what is drawn: without its timer, a pack is neither released nor true."""
from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import etree

from engine.errors import Fault
from engine.packs import Pack, check, pack_of, read_pack
from engine.rehearsal.play import rehearse
from engine.rehearsal.scenario import Scenario, read_scenario
from engine.releases import bundle
from engine.settings import Settings, load_settings
from engine.store import tables as t
from engine.store.database import new_id

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "bpmn/serious-case-review"
TARGETS = ["H3-1", "H3-5", "H3-7", "H8-1", "H10-24", "L-6"]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return read_pack(SHIPPED)


@cache
def settings() -> Settings:
    return load_settings(ROOT / "config", os.environ, kind="development")


@cache
def stories() -> tuple[Scenario, ...]:
    return tuple(read_scenario(file, settings().board.timezone) for file in sorted((SHIPPED / "scenarios").glob("*.toml")) if file.name != "board.toml")


@dataclass(frozen=True)
class Timer:
    """A timer event of the shipped pack that carries a target."""

    clause: str
    element: str
    deadline: str
    file: str


def timers(pack: Pack, clause: str) -> list[Timer]:
    return [Timer(clause, element.id, element.event.deadline, element.file)
            for element in pack.elements.values() if clause in element.clauses and element.event.deadline]


@cache
def all_timers() -> list[Timer]:
    pack = read_pack(SHIPPED)
    return [timer for clause in TARGETS for timer in timers(pack, clause)]


@cache
def faults_as_shipped() -> list[Fault]:
    return check(read_pack(SHIPPED))


each_timer = pytest.mark.parametrize("timer", all_timers(), ids=lambda timer: f"{timer.clause}-{timer.element}")


# ---- what an owner could do

def without(pack: Pack, timer: Timer) -> Pack:
    """The pack with this event taken out of its diagram, and everything only it leads to, as pressing Delete does it."""
    process = pack.processes[pack.elements[timer.element].process]
    gone = {timer.element}
    while True:
        arrows = {flow.id for flow in process.flows.values() if flow.source in gone or flow.target in gone}
        behind = {each.id for each in process.elements.values()
                  if each.id not in gone and ((each.incoming and arrows.issuperset(each.incoming)) or each.attached_to in gone or each.parent in gone)}
        if not behind:
            break
        gone |= behind
    root = etree.fromstring(pack.files[timer.file])
    for node in [*root.iter()]:
        if isinstance(node.tag, str) and {node.get("id"), node.get("bpmnElement"), (node.text or "").strip()} & (gone | arrows):
            parent = node.getparent()
            parent.remove(node)
    return pack_of({**pack.files, timer.file: etree.tostring(root, xml_declaration=True, encoding="UTF-8")})


def release_unchecked(work: Any, files: Any, note: str) -> None:
    """What `release_pack` does, but for what `check` says against it."""
    pack = pack_of(files)
    work.db.execute(sa.insert(t.releases).values(id=new_id(), pack=pack.id, number=1, digest=pack.digest, files=bundle(files), note=note,
                                                 released_at=work.now, released_by=None))


def likely_first(deadline: str) -> list[Scenario]:
    """Every shipped story: first those that speak of this deadline being missed, the short ones before the long."""
    return sorted(stories(), key=lambda story: (not any(any(one.partition("@")[0] == deadline for one in step.expect.get("breaches", ()))
                                                        for step in story.steps), len(story.steps)))


# ---- facts

@pytest.mark.parametrize("clause", TARGETS)
def test_a_target_has_a_timer_event_in_a_diagram(pack: Pack, clause: str):
    found = timers(pack, clause)

    assert found, f"No timer event has the clause {clause}."
    for timer in found:
        deadline = pack.deadlines[timer.deadline]
        assert (deadline.kind, clause in deadline.clause) == ("seed target", True)


@each_timer
def test_without_its_timer_the_pack_has_a_fault_that_names_the_deadline(pack: Pack, timer: Timer):
    mutilated = without(pack, timer)

    assert timer.element not in mutilated.elements
    assert pack.elements.keys() - mutilated.elements.keys() <= {timer.element, *everything_behind(pack, timer)}
    faults = [fault for fault in check(mutilated) if fault not in faults_as_shipped()]
    [fault] = [fault for fault in faults if fault.element == timer.deadline]
    assert fault.file == "deadlines.toml"
    assert f"=deadlines.{timer.deadline}" in fault.says
    around = pack.elements[timer.element].parent   # an event sub-process listens for nothing then
    assert all(timer.element in other.says or other.element == around for other in faults if other is not fault), \
        "nothing but what counted from the event, or listened for it, is at fault too"


@each_timer
def test_without_its_timer_a_shipped_story_fails(pack: Pack, timer: Timer):
    mutilated = without(pack, timer)

    failing = next((story for story in likely_first(timer.deadline) if not rehearse(story, mutilated, settings(), release_unchecked).passed), None)

    assert failing is not None, f"No scenario notices that {timer.element} is gone: one should expect what it leads to."
    assert rehearse(failing, pack, settings(), release_unchecked).failures == []


def test_every_deadline_stands_on_a_task_or_waits_for_news(pack: Pack):
    """A date that no task wears is seen by nobody before it is over."""
    unseen = [deadline.name for deadline in pack.deadlines.values() if not deadline.milestone and pack.tasks.keys().isdisjoint(deadline.presses_on)]

    assert unseen == ["advice_on_publication"], "what comes from outside is waited for, and recorded with a button"


def test_whoever_is_late_is_not_the_only_one_told(pack: Pack):
    """Those who have to meet it are reminded; when it is missed, somebody else hears of it."""
    meant = {deadline.name: set(deadline.to) | {role for task in deadline.presses_on if task in pack.tasks for role in pack.tasks[task].roles}
             for deadline in pack.deadlines.values()}
    alone = [deadline.name for deadline in pack.deadlines.values()
             if deadline.escalate and meant[deadline.name].issuperset(role for step in deadline.escalate for role in step.to)]

    assert alone == []


def everything_behind(pack: Pack, timer: Timer) -> set[str]:
    """Ids of the elements that the timer's arrows lead to, however far."""
    process = pack.processes[pack.elements[timer.element].process]
    found: set[str] = set()
    waiting = [pack.elements[timer.element]]
    while waiting:
        for each in process.after(waiting.pop()):
            if each.id not in found:
                found.add(each.id)
                waiting.append(each)
    return found
