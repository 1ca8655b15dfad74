"""The buttons of a running case: which are waited for now, and which of them this person may press."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.packs import ITEM
from engine.rules.access import offered_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.packs import Button, Pack
    from engine.rules.access import Actor
    from engine.spiff import Place, Waiting
    from engine.work import Case


def waited_for(pack: Pack, messages: Iterable[Waiting], answers: object = None) -> dict[str, Waiting]:
    """Case action → the event that waits for it; where one waits for each agency and the answers name one, that agency's."""
    found: dict[str, Waiting] = {}
    agency = answers.get(ITEM) if isinstance(answers, Mapping) else None
    for waiting in messages:
        of_another = waiting.place.item and agency is not None and waiting.place.agency != agency
        if waiting.place.element in pack.case_actions and not of_another:
            found.setdefault(waiting.place.element, waiting)
    return found


def is_for(actor: Actor, action: Button, case: Case) -> bool:
    """Whether they hold any role this button is for here: nobody else is told whether it can be pressed now."""
    return not actor.roles(case.id).isdisjoint(action.offer_to)


def may_press(actor: Actor, action: Button, place: Place, case: Case) -> bool:
    """A role of an agency presses it for its own agency only: the one this place is about, or else the one whose case this is."""
    return actor.answers_to(offers(action, place, case))


def offers(action: Button, place: Place, case: Case) -> list[str]:
    """The holders that this button is for here."""
    agency, offered = place.agency or case.agency, []
    for name in action.offer_to:
        scope = case.pack.roles[name].scope
        if "agency" not in scope or agency:
            offered.append(offered_to(name, scope, agency, case.id))
    return offered
