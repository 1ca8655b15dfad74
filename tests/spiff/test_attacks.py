"""Nothing of a process that was saved and taken up again is Python; the doors of diagrams are tried in tests/attacks."""
from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Incident
from engine.feel import FeelError
from tests.spiff.drawing import between, person, script, simple
from tests.spiff.story import Story


@pytest.mark.mend(1)
def test_a_resumed_process_has_no_python_in_it(tmp_path: Path) -> None:
    broken_into = tmp_path / "broken-into"
    evil = f"__import__('os').system('touch {broken_into}')"
    engine = Story(simple()).again().process.case.script_engine

    for _ in range(2):
        with pytest.raises(FeelError):
            engine.environment.evaluate(f"={evil}", {})
        with pytest.raises(Incident):
            engine.environment.execute(evil, {})
        assert engine.environment.evaluate(evil, {}) == evil, "what does not begin with = is a literal"
    assert not broken_into.exists()


@pytest.mark.mend(1)
def test_a_resumed_process_still_speaks_feel() -> None:
    story = Story(between(person("a") + script("b", "=if true then 1 else 2", "c") + person("d"), "a", "b", "d"))

    assert story.do("a").values == {"c": 1}


def test_a_variable_cannot_name_its_way_to_anything() -> None:
    for source in ("=x.__class__", "=x.constructor", "=get value(x, &quot;__proto__&quot;)", "=globalThis", "=x.__init__.__globals__"):
        try:
            story = Story(between(script("a", source, "r"), "a"), x={"y": 1})
        except Incident:
            continue
        assert story.values.get("r") is None
