"""Forms to test with, made of the components a form editor writes."""
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.forms import read_form

NOW = datetime(2023, 3, 6, 10, 0, tzinfo=ZoneInfo("Europe/London"))
NAMES = {
    "people": [{"key": "ivy", "name": "Ivy Fictional"}, {"key": "omid", "name": "Omid Invented"}],
    "board": {"name": "Northmere Board", "agencies": [{"key": "HLT", "name": "Northmere Health", "member": True},
                                                      {"key": "POL", "name": "Northmere Police", "member": True}]},
}


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def names():
    return NAMES


@pytest.fixture
def written():
    """The bytes of a form with these components."""
    def write(*components, **more):
        numbered = [{"id": f"c{at}", **component} for at, component in enumerate(components)]
        return json.dumps({"id": "made", "type": "default", "schemaVersion": 19, "components": numbered, **more}).encode()
    return write


@pytest.fixture
def made(written):
    """A form of these components, which must be sound."""
    def make(*components, **more):
        form, faults = read_form(written(*components, **more), "forms/made.form")
        assert [str(fault) for fault in faults] == []
        return form
    return make


@pytest.fixture
def faults(written):
    """What is said about a form of these components."""
    def find(*components, **more):
        return [fault.says for fault in read_form(written(*components, **more), "forms/made.form")[1]]
    return find


@pytest.fixture
def answer(made, names, now):
    """What becomes of one raw answer to one component: its value, or the error."""
    def give(component, raw, given=None, at=now):
        cleaned = made({"label": "Reply", "key": "it", "id": "it", **component}).clean({"it": raw}, given or names, at)
        return cleaned.errors.get("it") or cleaned.values["it"]
    return give
