"""`/help` and `/accessibility`: what this is, how to use it, who does what, and what is kept. For anyone: nothing of a case is in it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template
from flask_login import current_user

from engine.queries import kept, role_guide, role_guides
from engine.rules.access import SYSTEM
from webforms.identity import actor, engine

if TYPE_CHECKING:
    from engine.queries.shapes.processes import RoleGuide, RoleRow

page = Blueprint("help", __name__)


def _ask(query: Any, *args: str) -> Any:
    """Look up what is for anyone: as the person signed in, if there is one, to show their own first."""
    return engine().ask(actor() if current_user.is_authenticated else SYSTEM, query, *args)


@page.get("/help")
def guide() -> str:
    return render_template("help.html")


@page.get("/help/roles")
def roles() -> str:
    found: list[RoleRow] = _ask(role_guides)
    packs = {row.pack: row.pack_title for row in found}
    return render_template("roles.html", mine=[row for row in found if row.mine],
                           packs=[(pack, title, [row for row in found if row.pack == pack]) for pack, title in packs.items()])


@page.get("/help/roles/<pack>/<role>")
def role(pack: str, role: str) -> str:
    found: RoleGuide = _ask(role_guide, pack, role)
    return render_template("role.html", guide=found)


@page.get("/help/keeping")
def keeping() -> str:
    return render_template("help_keeping.html", rows=_ask(kept))


@page.get("/accessibility")
def accessibility() -> str:
    return render_template("accessibility.html")
