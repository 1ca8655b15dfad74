"""What takes two people: one proposes it, and it is done in the moment in which another approves."""
from engine.proposals.accounts import AccountMade, AccountOpened
from engine.proposals.erasure import CaseErased
from engine.proposals.guests import GuestMade
from engine.proposals.kind import Agreed, Kind, Proposed
from engine.proposals.let_in import LetInAgain
from engine.proposals.releases import Release
from engine.proposals.roles import RoleGiven, RoleTaken

#: Every kind, by the name it has in the table.
KINDS: dict[str, Kind] = {kind.name: kind for kind in (
    Release(), RoleGiven(), RoleTaken(), AccountMade(), AccountOpened(), LetInAgain(), GuestMade(), CaseErased())}

__all__ = ["KINDS", "Agreed", "Kind", "Proposed"]
