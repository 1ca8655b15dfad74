"""The library by itself, as it comes: what `bench` measures our steps against. Nothing that runs cases uses this."""
from __future__ import annotations

from itertools import pairwise
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

_NAMESPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"


class Stock:
    """User tasks in a row on SpiffWorkflow's own parser, engine and serializer."""

    def __init__(self, tasks: int) -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(_row(tasks))
        self._spec = parser.get_spec("row")
        self._serializer = BpmnWorkflowSerializer()

    def begin(self) -> str:
        """A new instance at its first task, saved."""
        workflow = BpmnWorkflow(self._spec)
        workflow.do_engine_steps()
        return str(self._serializer.serialize_json(workflow))

    def step(self, saved: str, answers: dict[str, Any]) -> tuple[str, bool]:
        """One task done the plain way: loaded, answered, run on, saved. Also whether that was the last one."""
        workflow = self._serializer.deserialize_json(saved)
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data.update(answers)
        task.run()
        workflow.do_engine_steps()
        return str(self._serializer.serialize_json(workflow)), bool(workflow.is_completed())


def _row(tasks: int) -> bytes:
    ids = ["begun", *(f"task_{number}" for number in range(1, tasks + 1)), "over"]
    steps = "".join(f'<userTask id="{id}" name="{id}" />' for id in ids[1:-1])
    flows = "".join(f'<sequenceFlow id="flow_{number}" sourceRef="{a}" targetRef="{b}" />' for number, (a, b) in enumerate(pairwise(ids)))
    return (f'<definitions xmlns="{_NAMESPACE}" id="d" targetNamespace="row"><process id="row" isExecutable="true">'
            f'<startEvent id="begun" />{steps}<endEvent id="over" />{flows}</process></definitions>').encode()
