"""Every address that takes posts is sent fields that its form does not have, and tried by people who have no business there."""
from __future__ import annotations

import inspect
import re
import shutil
from datetime import date

import pytest

from engine import actions
from engine.packs import read_pack
from engine.store import tables as t
from tests.webforms import office
from tests.webforms.conftest import task_of
from tests.webforms.posts import POSTS, House, plain
from tests.webforms.test_house import rules

pytestmark = pytest.mark.xdist_group("posts")    # they share an office
PLANTED, LONG_AGO = "zz-planted", "2001-02-03T04:05:06"
PACK = read_pack(office.ROOT / "tests/packs/purchase")
FIELDS = {item.key for form in PACK.forms.values() for _, item in form.questions()}
#: Whatever somebody could hope is handed on: all columns of all tables, what every verb is told, the questions of every form, and what attackers try.
NAMES = FIELDS | {column.name for table in t.metadata.sorted_tables for column in table.columns} | {
    name for verb in actions.__all__ if inspect.isfunction(getattr(actions, verb)) for name in inspect.signature(getattr(actions, verb)).parameters} | {
    "is_admin", "admin", "guest", "permissions", "roles", "id", "_id", "_user_id", "_fresh", "halfway", "next", "here", "why", "as", "done_by", "visible_to",
    "__class__", "__class__.__init__.__globals__", "__proto__", "constructor-prototype-x", "person[id]", "person.id", "role[0][role]", "roles[]", "a[b][c]",
    "a-b-c", "a-0-role", "a-__class__", "a..b", "-", "what-by", "items-999-by", "items-0-case_id", "_method", "_row", "_kept", "drawing-_kept", "X-CSRFToken"}
WIDE = {"role": "administrator", "roles": "administrator", "state": "approved", "login": "adam", "case": "PUR-2026-003", "reference": "PUR-2026-003"}
PEOPLE = {"person", "by", "actor", "to", "of", "deputy", "deputy_of", "proposed_by", "decided_by", "claimed_by"}


@pytest.fixture(scope="module")
def house(tmp_path_factory, _sqlite_templates):
    folder = tmp_path_factory.mktemp("posts")
    shutil.copyfile(_sqlite_templates(office.fill), folder / "office.sqlite")
    with pytest.MonkeyPatch.context() as patch:
        found = House(folder, f"sqlite:///{folder}/office.sqlite", patch)
        yield found
        found.engine.close()


IN_ADDRESS = {"since", "before", "next"}     # what some addresses do look at


def extra(house, own):
    """Every field that is not one of these, with what would be worth most."""
    def worth(name):
        if name in WIDE:
            return WIDE[name]
        if name in PEOPLE:
            return house.at["maud"]
        return LONG_AGO if name.endswith("_at") or name in ("at", "from", "from_", "since", "until", "day") else "1" if name in ("active", "admin") else PLANTED

    own = {re.split(r"[-.\[]", name)[0] for name in own} | {"csrf_token"}
    return {name: worth(name) for name in sorted(NAMES) if re.split(r"[-.\[]", name)[0] not in own}


def test_every_address_that_takes_posts_is_tried_here(house):
    assert {name.partition(" ")[0] for name in POSTS} == {rule.endpoint for rule in rules(house.app, "POST")}


@pytest.mark.parametrize("name", POSTS)
def test_only_what_its_form_has_is_taken(name, house):
    post = POSTS[name]
    usual, beside, above = house.come_of(post), extra(house, [*post.fields, *post.own.split()]), extra(house, IN_ADDRESS) | dict.fromkeys(post.fields, PLANTED)
    assert usual.status == post.status, usual.body

    came = house.come_of(post, body=beside, query=above)
    assert came.like(usual) or came.refused, came.changed
    if came.refused:
        came = house.come_of(post, query=above)      # what stands in the address is not looked at
        assert came.like(usual) or (usual.refused and came.refused), came.changed
    twice = house.come_of(post, change=lambda given: {field: [*(one if isinstance(one, list) else [one]), PLANTED] for field, one in given.items()})
    if not (twice.like(usual) or twice.refused):     # the last one counts: no more than if it had been sent alone
        assert twice.like(house.come_of(post, change=lambda given: dict.fromkeys(given, PLANTED))), twice.changed


@pytest.mark.parametrize("name", [name for name, post in POSTS.items() if "{" in post.url])
def test_who_has_no_business_there_finds_nothing_and_changes_nothing(name, house):
    post = POSTS[name]
    house.begin()
    before = house.rows()
    for login in house.tokens.keys() - {post.who, *post.business.split()}:
        there = house.send(house.visitor(login), post.url.format(**house.at), house.filled(post))
        assert (there.status_code, plain(there)) == (404, house.nothing(login)), login
    nowhere = post.url.format(**{id: "PUR-2026-999" if id in ("case", "ended", "quoted") else "0" * 32 for id in house.at})
    missing = house.send(house.visitor("otto"), nowhere, house.filled(post))
    assert (missing.status_code, plain(missing)) == (404, house.nothing("otto"))
    after = house.rows()
    assert {name for name, rows in after.items() if rows != before[name]} <= {"trail", "heads"}


# ---- what a form asks now, and of whom

def test_a_draft_with_fields_that_no_form_has_is_refused_when_it_is_sent(visit, engine, request_made):
    abel = visit("abel")
    task, maud = task_of(abel, "Approve"), "0" * 32
    abel.get(task)
    abel.post(task, {"do": "draft", "decision": "approve", "by": maud, "at": str(date(2001, 2, 3))})
    abel.get(task)
    assert maud not in abel.page
    abel.post(task, {"decision": "approve", "by": maud})
    assert abel.status == 422
