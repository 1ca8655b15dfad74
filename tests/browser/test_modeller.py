"""What process owners draw with: Camunda's own Camunda 8 modeller opens every diagram that ships, and saves it unharmed."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from playwright.sync_api import Browser, Page, expect

from engine import SYSTEM, actions, open_engine
from engine.packs import Pack, check, pack_of, read_diagram, read_pack
from engine.settings import load_settings
from engine.store.migrate import migrate
from tests.browser.conftest import PATIENCE

pytestmark = pytest.mark.xdist_group("modeller")   # it takes a second to start: one worker, one page

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "tests/browser/modeller/built"
DIAGRAMS = sorted((ROOT / "bpmn").rglob("*.bpmn"))
KEYS = {"CASEREVIEW_SECRET_KEY": "s" * 40, "CASEREVIEW_MASTER_KEY": "bWFzdGVyLWtleS1mb3ItdGVzdHMtb25seS0zMmJ5dGU="}

Opened = Callable[[Path], tuple[dict[str, list[str]], bytes]]

every_diagram = pytest.mark.parametrize("file", DIAGRAMS, ids=lambda file: f"{file.parent.name}/{file.stem}")


@pytest.fixture(scope="module")
def modeller(browser: Browser) -> Iterator[Page]:
    """A page that is nothing but the modeller; whatever goes wrong in it fails the test."""
    if not (BUILT / "modeller.js").exists():
        raise RuntimeError("The modeller has not been built: `make test` does.")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.set_content("<!doctype html><html lang='en'><title>Modeller</title>")
    page.add_style_tag(path=BUILT / "modeller.css")
    page.add_script_tag(path=BUILT / "modeller.js")
    yield page
    page.close()


@pytest.fixture(autouse=True)
def complaints(modeller: Page) -> Iterator[list[str]]:
    """What the page says to a developer: nothing."""
    said: list[str] = []

    def note(message: Any) -> None:
        if getattr(message, "type", "error") in {"error", "warning"}:
            said.append(getattr(message, "text", None) or str(message))

    modeller.on("console", note)
    modeller.on("pageerror", note)
    yield said
    modeller.remove_listener("console", note)
    modeller.remove_listener("pageerror", note)
    assert said == []


@pytest.fixture(scope="module")
def opened(modeller: Page) -> Opened:
    """What the modeller says of a diagram that it opens, and how it then writes it; each is opened once."""

    @cache
    def look(file: Path) -> tuple[dict[str, list[str]], bytes]:
        told = modeller.evaluate("xml => openDiagram(xml)", file.read_text(encoding="utf-8"))
        return told, modeller.evaluate("() => savedDiagram()").encode()

    return look


# ---- comparing

def facts(it: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything our own reader knows of a diagram, one value a row; the line something stands on means nothing."""
    if is_dataclass(it):
        for field in fields(it):
            if field.name not in {"line", "xml", "file"}:
                yield from facts(getattr(it, field.name), f"{path}.{field.name}")
    elif isinstance(it, Mapping):
        for key, value in it.items():
            yield from facts(value, f"{path}[{key}]")
    elif isinstance(it, tuple):
        yield f"{path}.length", len(it)
        for number, value in enumerate(it):
            yield from facts(value, f"{path}[{number}]")
    else:
        yield path, it


def meaning(data: bytes, file: str) -> dict[str, Any]:
    diagram = read_diagram(data, file)
    assert diagram.faults == ()
    found: dict[str, Any] = {}
    for process in diagram.processes:
        found |= facts(process, process.id)
    for plane in diagram.planes:
        found |= facts(plane, f"plane {plane.element}")
    return found


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {path: (before.get(path), after.get(path)) for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)}


def written(data: bytes) -> Counter[tuple[str, tuple[tuple[str, str], ...], str]]:
    """Everything that stands in the XML, whoever reads it: tags with their place, attributes and text."""
    found: Counter[tuple[str, tuple[tuple[str, str], ...], str]] = Counter()

    def look(node: etree._Element, place: str) -> None:
        tag = str(node.tag) if isinstance(node.tag, str) else "comment"
        here = f"{place}/{tag.rpartition('}')[2]}"
        found[here, tuple(sorted((str(key), str(value)) for key, value in node.attrib.items())), (node.text or "").strip()] += 1
        for child in node:
            look(child, f"{here}#{node.get('id') or ''}")

    look(etree.fromstring(data), "")
    return found


# ---- every diagram

def test_there_are_diagrams_to_open():
    assert len(DIAGRAMS) > 5


@every_diagram
def test_the_modeller_opens_a_diagram_without_a_warning(opened: Opened, file: Path):
    told, _ = opened(file)

    assert told == {"warnings": [], "unknown": []}


@every_diagram
def test_a_diagram_opened_and_saved_is_the_same(opened: Opened, file: Path):
    _, again = opened(file)

    assert changes(meaning(file.read_bytes(), file.name), meaning(again, file.name)) == {}
    before, after = written(file.read_bytes()), written(again)
    assert {"lost": sorted(before - after), "new": sorted(after - before)} == {"lost": [], "new": []}


def test_a_loss_would_be_noticed(modeller: Page):
    file = DIAGRAMS[0]
    text = file.read_bytes()
    without = text.replace(b"</bpmn:definitions>", b"<!-- said in passing --></bpmn:definitions>")

    assert written(without) - written(text)
    assert changes(meaning(text, file.name), meaning(text.replace(b'waypoint x="', b'waypoint x="1', 1), file.name))


# ---- one change by an owner

@pytest.fixture
def pack() -> Pack:
    return read_pack(ROOT / "bpmn/serious-case-review")


@pytest.fixture
def timer(pack: Pack) -> Any:
    """A timer event for a target of the board's own, which may be waited for by another date instead, in a diagram with a task."""
    drawn_with_a_task = {task.file for task in pack.tasks.values()}
    return next(element for element in pack.elements.values() if element.file in drawn_with_a_task
                and element.event.deadline and pack.deadlines[element.event.deadline].kind == "local" and element.kind == "boundaryEvent")


@pytest.fixture
def redrawn(modeller: Page, pack: Pack, timer: Any) -> Callable[[str, str, str], bytes]:
    """The timer's diagram with another date there, and another label somewhere, as the modeller saves it."""

    def redraw(date: str, labelled: str, label: str) -> bytes:
        modeller.evaluate("xml => openDiagram(xml)", pack.files[timer.file].decode())
        modeller.evaluate("([id, date]) => changeDate(id, date)", [timer.id, date])
        modeller.evaluate("([id, label]) => changeLabel(id, label)", [labelled, label])
        return modeller.evaluate("() => savedDiagram()").encode()

    return redraw


def test_the_panel_shows_a_timer_as_its_owner_wrote_it(modeller: Page, pack: Pack, timer: Any):
    modeller.evaluate("xml => openDiagram(xml)", pack.files[timer.file].decode())
    modeller.evaluate("id => select(id)", timer.id)

    panel = modeller.locator("#panel")
    expect(panel.locator(".bio-properties-panel-header-label")).to_have_text(timer.name)
    expect(panel).to_contain_text(timer.event.text.removeprefix("="))


def test_a_changed_date_and_label_are_the_only_changes_and_can_be_released(redrawn, pack: Pack, timer: Any, tmp_path: Path):
    another = next(name for name, deadline in pack.deadlines.items() if deadline.kind == "seed target")
    task = next(each for each in pack.tasks.values() if each.file == timer.file)

    new = redrawn(f"=deadlines.{another}", task.id, "Told by telephone first")
    changed = pack_of({**pack.files, timer.file: new})

    assert changes(meaning(pack.files[timer.file], timer.file), meaning(new, timer.file)) == {
        f"{timer.process}.elements[{timer.id}].event.text": (timer.event.text, f"=deadlines.{another}"),
        f"{task.process}.elements[{task.id}].name": (task.name, "Told by telephone first"),
    }
    assert changed.elements[timer.id].event.deadline == another
    assert check(changed) == []
    assert list(released(tmp_path, pack, changed)) == [(1, pack.digest), (2, changed.digest)]


def released(folder: Path, *packs: Pack) -> Iterator[tuple[int, str]]:
    """The number and content of each release, in an office of its own."""
    environment = {**KEYS, "DATABASE_URL": f"sqlite:///{folder}/office.sqlite"}
    settings = replace(load_settings(ROOT / "config", environment, kind="development"), data_folder=folder)
    migrate(settings.database_url)
    engine = open_engine(settings)
    for pack in packs:
        release, number = engine.perform(SYSTEM, actions.release_pack, pack.files)
        with engine.database.reading() as db:
            yield number, engine.shelf.pack(db, release).digest
    engine.close()
