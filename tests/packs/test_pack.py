"""A pack read from its folder or its files, with the parts it shares."""
import shutil

import pytest

from engine.errors import PackFaults
from engine.packs import pack_of, read_pack


@pytest.fixture
def shared(tmp_path, purchase):
    """The tiny pack with its called process moved into a part."""
    shutil.copytree(purchase, tmp_path / "purchase")
    (tmp_path / "late-parts/forms").mkdir(parents=True)
    shutil.move(tmp_path / "purchase/reason_for_delay.bpmn", tmp_path / "late-parts")
    shutil.move(tmp_path / "purchase/forms/reason.form", tmp_path / "late-parts/forms")
    manifest = tmp_path / "purchase/pack.toml"
    manifest.write_text(manifest.read_text().replace("[stages]", 'parts = ["late-parts"]\n[stages]'))
    return tmp_path / "purchase"


def test_the_tiny_pack_is_read_whole(purchase):
    pack = read_pack(purchase)

    assert pack.faults == ()
    assert (pack.id, pack.title, pack.reference, pack.main.id) == ("purchase", "Purchase request", "PUR-{year}-{number:03}", "purchase")
    assert set(pack.processes) == {"purchase", "reason_for_delay"}
    assert set(pack.tasks) == {"approve", "quote", "give_reason"}
    assert pack.starts["request_made"].offer_to == ("requester",)
    assert (pack.case_actions["withdraw"].message, pack.case_actions["withdraw"].form) == ("purchase_withdrawn", "withdrawal")
    assert pack.case_actions["withdraw"].label == "Withdraw the request"
    assert pack.check_ids == {"over_budget"}
    assert set(pack.tables) == {"over_budget", "approval_level"}
    assert pack.deadlines["approval"].ends == ("approve",)
    assert pack.messages["ordered"].subject == "{{ case.reference }}: your request"
    assert pack.messages["ordered"].body.startswith("Your request")
    assert (pack.roles["supplier"].scope, pack.options["ask_quotes"].kind) == ("agency", "yes or no")
    assert list(pack.stages) == ["approval", "buying"]
    assert [(agency.key, agency.member) for agency in pack.scenario_agencies] == [("OFF", True), ("QUI", False), ("INK", False)]


def test_a_pack_from_its_files_is_the_same(purchase, files):
    assert pack_of(files).digest == read_pack(purchase).digest


def test_the_digest_follows_the_content_only(files):
    other = dict(reversed(files.items()))
    moved = {("x.md" if path == "CHANGES.md" else path): data for path, data in files.items()}
    changed = files | {"CHANGES.md": b"# Changed"}

    assert pack_of(other).digest == pack_of(files).digest
    assert len({pack_of(each).digest for each in (files, moved, changed)}) == 3


def test_a_part_is_folded_in_from_beside(shared):
    pack = read_pack(shared)

    assert pack.faults == ()
    assert pack.files.keys() >= {"parts/late-parts/reason_for_delay.bpmn", "parts/late-parts/forms/reason.form"}
    assert pack.processes["reason_for_delay"].file == "parts/late-parts/reason_for_delay.bpmn"
    assert pack_of(pack.files).digest == pack.digest


def test_the_same_id_in_a_pack_and_its_part_is_a_fault(shared, purchase):
    shutil.copy(purchase / "forms/reason.form", shared / "forms/reason.form")

    (fault,) = read_pack(shared).faults
    assert (fault.file, fault.element) == ("parts/late-parts/forms/reason.form", "reason")
    assert "There is already a form “reason” in forms/reason.form" in fault.says


def test_a_missing_part_is_a_fault(shared):
    shutil.rmtree(shared.parent / "late-parts")

    (fault,) = read_pack(shared).faults
    assert (fault.file, fault.line, fault.element) == ("pack.toml", 6, "late-parts")


def test_a_part_cannot_lead_out_of_its_folder(files):
    files["pack.toml"] = files["pack.toml"].replace(b"[stages]", b'parts = ["../../etc"]\n[stages]')

    assert [fault.says for fault in pack_of(files).faults] == [
        "“../../etc” cannot be the name of a part: use small letters, digits and hyphens."]


def test_a_link_in_a_pack_is_refused(tmp_path, purchase):
    shutil.copytree(purchase, tmp_path / "purchase")
    (tmp_path / "purchase/messages/stolen.md").symlink_to("/etc/hostname")

    (fault,) = read_pack(tmp_path / "purchase").faults
    assert (fault.file, "link" in fault.says) == ("messages/stolen.md", True)


def test_hidden_files_are_not_part_of_a_pack(tmp_path, purchase):
    shutil.copytree(purchase, tmp_path / "purchase")
    (tmp_path / "purchase/.DS_Store").write_bytes(b"x")
    (tmp_path / "purchase/.git").mkdir()
    (tmp_path / "purchase/.git/config").write_bytes(b"x")

    assert read_pack(tmp_path / "purchase").digest == read_pack(purchase).digest


@pytest.mark.parametrize(("path", "data"), [
    ("pack.toml", b"id = "), ("pack.toml", b"\xff\xfe"), ("pack.toml", b""), ("pack.toml", b"id = 3\ntitle = []\nroles = 1\nstages = 2\n[options]\nx=1"),
    ("deadlines.toml", b"[a"), ("deadlines.toml", b"a = 1"), ("purchase.bpmn", b""), ("purchase.bpmn", b"<!DOCTYPE a>"),
    ("forms/approval.form", b"{"),
    ("forms/approval.form", b'{"id": "approval", "components": [1]}'), ("approval_level.dmn", b"<a/>"), ("messages/ordered.md", b"Hello"),
    ("messages/ordered.md", b"\xff"), ("scenarios/board.toml", b"agencies = 1"),
])
def test_nothing_an_owner_writes_raises(files, path, data):
    pack = pack_of(files | {path: data})

    assert path in {fault.file for fault in pack.faults}


def test_an_empty_folder_is_a_pack_with_a_fault(tmp_path):
    pack = read_pack(tmp_path)

    assert "There is no pack.toml" in pack.faults[0].says
    with pytest.raises(PackFaults):
        _ = pack.main
