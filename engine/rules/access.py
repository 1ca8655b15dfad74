"""Who may do and see what. One rule each, asked inside actions and queries; the default answer is no.

A person *holds* roles: everywhere, at an agency, or in one case. A task is *offered* to holders. Both are written the same
way, as a string, so that matching them is equality and the database can do it:

    role              everywhere
    role@AGENCY       at one agency
    role#case         appointed in one case
    role@AGENCY#case  both

Who is a deputy holds the role too, while it lasts, and is still who they are: what they may not do themselves they may not do as deputy.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.settings import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


def holder(role: str, agency: str | None = None, case: str | None = None) -> str:
    """How a role, held or offered, is written."""
    return role + (f"@{agency}" if agency else "") + (f"#{case}" if case else "")


@dataclass(frozen=True)
class Holding:
    """A role someone holds."""

    role: str
    agency: str | None = None
    case: str | None = None
    deputy_of: str | None = None  # whose role it is, for one who stands in

    def __str__(self) -> str:
        return holder(self.role, self.agency, self.case)

    @property
    def ways(self) -> frozenset[str]:
        """What it answers to: who holds a role at an agency also answers to offers that name no agency."""
        return frozenset({str(self), holder(self.role, None, self.case)})


@dataclass(frozen=True)
class Actor:
    """Who asks: a person with what they hold, or the system itself."""

    person: str | None
    name: str
    agency: str | None = None
    holdings: tuple[Holding, ...] = ()
    permissions: frozenset[str] = frozenset()
    in_cases: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)  # what appointments permit, in their case only
    session: str | None = None  # through which a person asks; without one nobody is asked again who they are
    proved_at: datetime | None = None  # when they last showed it in that session
    sees_agencies: frozenset[str] = frozenset()  # whose cases they see
    holders: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "holders", frozenset[str]().union(*(held.ways for held in self.holdings)))

    def roles(self, case: str | None = None, agency: str | None = None) -> frozenset[str]:
        """The roles held everywhere or at an agency, and those appointed to in this case: never those of another one.

        With an agency: only those that count for what belongs to it. A role held at another agency does not (L-15)."""
        return frozenset(held.role for held in self.holdings if held.case in (None, case) and (agency is None or held.agency in (None, agency)))

    def may(self, permission: str, case: str | None = None) -> bool:
        """Does any role held give this permission, everywhere or in this case?"""
        if permission not in PERMISSIONS:
            message = f"no permission is called {permission}"
            raise ValueError(message)
        return permission in self.permissions or (case is not None and permission in self.in_cases.get(case, ()))

    def holding(self, roles: Iterable[str]) -> Holding | None:
        """The first holding of one of these roles, in their order."""
        return next((held for role in roles for held in self.holdings if held.role == role and held.case is None), None)

    def answers_to(self, offered: Iterable[str]) -> bool:
        """Is this person among those a task is offered to?"""
        return not self.holders.isdisjoint(offered)

    def deputy_for(self, offered: Iterable[str]) -> str | None:
        """In whose place this person does what is offered so; None if in their own right."""
        wanted = frozenset(offered)
        found = [held.deputy_of for held in self.holdings if not held.ways.isdisjoint(wanted)]
        return None if None in found else next(iter(found), None)

    def stands_in_for(self, person: str | None) -> bool:
        """Is this person a deputy of that one now?"""
        return person is not None and any(held.deputy_of == person for held in self.holdings)

    @property
    def is_deputy(self) -> bool:
        """Does this person stand in for anyone now?"""
        return any(held.deputy_of for held in self.holdings)


SYSTEM = Actor(person=None, name="The system")
#: Permissions so wide that whoever manages people hears when an account with one of them is made or changed.
WIDE = frozenset({"manage_people", "release_pack", "see_all_cases", "see_trail", "keep_cases", "subject_access"})


def permissions_of(roles: Iterable[str], given: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """All that these roles permit."""
    return frozenset(permission for role in roles for permission in given.get(role, ()))


def in_own_right(actor: Actor, permission: str, given: Mapping[str, frozenset[str]]) -> bool:
    """Does a role of the board or of an agency that this person holds themselves, not as a deputy, give this permission?"""
    return permission in permissions_of((held.role for held in actor.holdings if held.case is None and held.deputy_of is None), given)


def not_the_second(actor: Actor, proposed_by: str | None, person: str | None) -> str | None:
    """Why this person cannot be the second one for what that one proposed about another; None if they can."""
    if proposed_by is not None and proposed_by == actor.person:
        return "You proposed this yourself. A second person has to approve it."
    if person is not None and person == actor.person:
        return "This is about your own account. Someone else has to approve it."
    if actor.stands_in_for(proposed_by):
        return "You stand in for the person who proposed this. Someone else has to approve it."
    return None


def offered_to(role: str, scope: str, agency: str | None, case: str) -> str:
    """The holder string a task of this role is offered to. A role of an agency needs one."""
    if scope in ("agency", "case agency") and not agency:
        message = f"the role {role} belongs to an agency, but no agency is known at this place"
        raise ValueError(message)
    return holder(role, agency if scope in ("agency", "case agency") else None, case if scope in ("case", "case agency") else None)
