"""A running process as bytes, and back: what runs and waits, and its variables; never specs, never what is finished.

The bytes begin with our mark, the number of the format and a check sum. SpiffWorkflow's serializer, its migrations (which evaluate
what a state says) and pickle have no part in it."""
from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any
from uuid import UUID

import zstandard
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import feel
from engine.errors import Incident
from engine.spiff import mends
from engine.spiff.scopes import Case, Inside

if TYPE_CHECKING:
    from engine.spiff.program import Program

#: Raised with every change of what is written: older states are then read by a reader of their own, or moved.
FORMAT = 1
_HEAD = struct.Struct("<4sH16s")
_MARK = b"crPS"
_LARGEST = 64 << 20
_STATES = {TaskState.WAITING: "waiting", TaskState.READY: "open", TaskState.STARTED: "running"}
_NUMBERS = {word: number for number, word in _STATES.items()}


class Unreadable(Incident):
    """This saved case cannot be read."""


def dump(case: Case, digest: str) -> bytes:
    """All of a case that is needed to go on."""
    if mends.on(6):
        case.prune_all()
    content = {
        "program": digest, "tally": case.tally, "stage": case.stage, "outcome": case.outcome, "ended": case.completed,
        "main": _scope(case), "inside": {inside.owner.id.hex: _scope(inside) for inside in case.running()[1:]},
    }
    try:
        text = feel.dumps(content)
    except feel.DataError as problem:
        raise Incident(f"A variable of the process cannot be kept: {problem}", element=case.spec.name) from problem
    body = zstandard.ZstdCompressor(level=3).compress(text)
    return _HEAD.pack(_MARK, FORMAT, _sum(body)) + body


def restore(program: Program, saved: bytes, script_engine: Any) -> Case:
    """The case as it was. Unreadable says in words what is wrong with it."""
    content = _content(saved)
    if mends.on(9) and content.get("program") != program.digest:
        raise Unreadable("This case was saved by another release: resume it with its own.")
    case = Case(program, script_engine if mends.on(1) else None)
    try:
        _fill(case, content["main"])
        waiting = dict(content["inside"])
        for key in content["inside"]:                      # outer ones were written first
            owner = case.get_task_from_id(UUID(hex=key))
            inside = Inside(owner.task_spec.inside_spec(owner), owner)
            case.subprocesses[owner.id] = inside
            _fill(inside, waiting.pop(key))
        case.tally, case.stage, case.outcome, case.completed = content["tally"], content["stage"], content["outcome"], content["ended"]
    except Incident:
        raise
    except Exception as problem:
        raise Unreadable("The saved case does not fit its diagrams: restore it from a backup.") from problem
    return case


def _content(saved: bytes) -> dict[str, Any]:
    if len(saved) < _HEAD.size:
        raise Unreadable("The saved case is cut off: restore it from a backup.")
    mark, version, checksum = _HEAD.unpack_from(saved)
    body = saved[_HEAD.size:]
    if mark != _MARK:
        raise Unreadable("This is not a saved case.")
    if mends.on(9) and version != FORMAT:
        raise Unreadable(f"The case was saved in format {version}; this version reads format {FORMAT}.")
    if checksum != _sum(body):
        raise Unreadable("The saved case is damaged: restore it from a backup.")
    try:
        if zstandard.frame_content_size(body) > _LARGEST:
            raise Unreadable("The saved case is too large to be one of ours.")
        content = feel.loads(zstandard.ZstdDecompressor().decompress(body, max_output_size=_LARGEST))
    except (zstandard.ZstdError, ValueError) as problem:
        raise Unreadable("The saved case is damaged: restore it from a backup.") from problem
    if not isinstance(content, dict):
        raise Unreadable("This is not a saved case.")
    return content


def _sum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _scope(workflow: Any) -> dict[str, Any]:
    root = workflow.task_tree.id
    return {"data": workflow.data, "tasks": [_task(task, root) for task in workflow.tasks.values() if task.id != root]}


def _task(task: Any, root: UUID) -> list[Any]:
    return [task.id.hex, None if task._parent == root else task._parent.hex, task.task_spec.name,
            _STATES.get(task.state, task.state), task.data, task.internal_data]


def _fill(workflow: Any, content: dict[str, Any]) -> None:
    workflow.data = content["data"]
    workflow.plant()
    for key, parent, name, state, data, internal in content["tasks"]:
        holder = workflow.task_tree if parent is None else workflow.tasks[UUID(hex=parent)]
        task = Task(workflow, workflow.spec.task_specs[name], holder, state=_NUMBERS.get(state, state), id=UUID(hex=key))
        task.data, task.internal_data = data, internal
        if state == "waiting" and hasattr(task.task_spec, "waits_as"):
            workflow.top_workflow.event_manager.add_task(task)
