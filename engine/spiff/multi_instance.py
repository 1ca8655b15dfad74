"""Multi-instance activities: one instance for each item, side by side or one by one; only the output collection leaves."""
from __future__ import annotations

from datetime import date, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs import defaults as spiff
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.util.task import TaskState

from engine.spiff import mends
from engine.spiff.activities import Activity
from engine.spiff.environment import incident
from engine.spiff.gateways import holds
from engine.spiff.steps import active, engine, put, stop
from engine.spiff.variables import fresh


class ForEach(Activity, LoopTask, spiff.BpmnSpecMixin):
    """The activity as a whole. What it does for one item is the spec named `instance`."""

    instance: str
    condition: str | None = None
    sequential = grows = False
    holds_place = False                    # its instances are what the diagram counts

    def _update_hook(self, my_task: Any) -> bool | None:
        super()._update_hook(my_task)
        my_task.internal_data.update(items=[], keys=[], results=[], begun=0, done=0)
        self._take(my_task, self._collection(my_task))
        if not my_task.internal_data["items"]:
            return True
        my_task._set_state(TaskState.STARTED)
        self._begin_instances(my_task)
        return None

    def counts(self, my_task: Any) -> bool:
        return not my_task.internal_data["items"]

    def grow(self, my_task: Any) -> bool:
        """Instances for items that have come to the collection since; were there any?"""
        before = len(my_task.internal_data["items"])
        known = set(my_task.internal_data["keys"])
        self._take(my_task, [item for item in self._collection(my_task) if self._key(my_task, item) not in known])
        self._begin_instances(my_task)
        return len(my_task.internal_data["items"]) > before

    def _collection(self, my_task: Any) -> list[Any]:
        text = self.settings.get("loopCharacteristics", "inputCollection")
        items = engine(my_task).evaluate(my_task, text)
        if not isinstance(items, list):
            raise incident(my_task, f"{text} is not a list but {type(items).__name__}")
        return items

    def _take(self, my_task: Any, items: list[Any]) -> None:
        state = my_task.internal_data
        for item in items:
            key = self._key(my_task, item)
            if key in state["keys"]:
                raise incident(my_task, f"two items have the key “{key}”: keys must differ, or their tasks cannot be told apart")
            state["keys"].append(key)
            state["items"].append(item)
            state["results"].append(None)

    def _key(self, my_task: Any, item: Any) -> str:
        """An item's key is its field `key`, else the item itself."""
        key = item.get("key") if isinstance(item, dict) else item
        if isinstance(key, date | datetime):
            return key.isoformat()
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        if isinstance(key, bool) or not isinstance(key, str | int | float) or key == "":
            raise incident(my_task, "an item needs a key, in its field “key” or by being a text or a number")
        if "/" in str(key):
            raise incident(my_task, f"the key “{key}” holds a stroke (/), which parts nested keys")
        return str(key)

    def _begin_instances(self, my_task: Any) -> None:
        state = my_task.internal_data
        until = min(state["done"] + 1, len(state["items"])) if self.sequential else len(state["items"])
        while state["begun"] < until:
            self._begin_instance(my_task)

    def _begin_instance(self, my_task: Any) -> None:
        state = my_task.internal_data
        index = state["begun"]
        state["begun"] += 1
        spec = my_task.workflow.spec.task_specs[self.instance]
        if not mends.on(11) and not spec.completed_event.is_connected(self.merge_child):
            spec.completed_event.connect(self.merge_child)
        data = {"loopCounter": index + 1} if mends.on(10) else {}
        if name := self.settings.get("loopCharacteristics", "inputElement"):
            data[name] = fresh(state["items"][index])
        put(my_task, spec, data, item=state["keys"][index], index=index)

    def merge_child(self, _workflow: Any, instance: Any) -> None:
        """How SpiffWorkflow would be told, in the process where the first instance was begun."""
        self.instance_done(instance)

    def instance_done(self, instance: Any) -> None:
        """One item is done: gather what it gives, and see whether that is enough."""
        my_task, state = instance.parent, instance.parent.internal_data
        state["done"] += 1
        if text := self.settings.get("loopCharacteristics", "outputElement"):
            state["results"][instance.internal_data["index"]] = engine(instance).evaluate(instance, text)
        if self.grows:
            self.grow(my_task)             # what the last one named must still be asked
        running = active(my_task.children)
        if self._enough(instance, len(running)) or state["done"] == len(state["items"]):
            for other in running:
                stop(other)
            my_task._ready()
        elif self.sequential:
            self._begin_instances(my_task)

    def settled(self, my_task: Any) -> bool:
        """Whether what changed elsewhere makes it enough, as when someone still awaited stepped back: then the rest is stopped."""
        running = active(my_task.children)
        if self.condition is None or not running or not self._enough(running[0], len(running)):
            return False
        for other in running:
            stop(other)
        my_task._ready()
        return True

    def _enough(self, instance: Any, running: int) -> bool:
        if self.condition is None:
            return False
        state = instance.parent.internal_data
        if mends.on(10):
            instance.data.update(numberOfInstances=len(state["items"]), numberOfActiveInstances=running,
                                 numberOfCompletedInstances=state["done"], numberOfTerminatedInstances=0)
        instance.data.update(self.results(instance.parent))  # as in Camunda 8, what was gathered so far can be looked at
        return holds(instance, self.condition)

    def results(self, my_task: Any) -> dict[str, Any]:
        name = self.settings.get("loopCharacteristics", "outputCollection")
        return {name: my_task.internal_data["results"]} if name else {}
