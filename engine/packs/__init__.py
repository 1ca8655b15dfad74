"""Reading what process owners write: packs, their diagrams, and everything that is wrong with them."""
from engine.packs.catalogue import Clause, Source
from engine.packs.check import check, check_file
from engine.packs.clauses import Carried, Tied, Told, carried, clauses_of
from engine.packs.diagram import Diagram, read_diagram
from engine.packs.elements import ITEM, REASON, Element, Event, Flow, Loop, Mapped, Process
from engine.packs.manifest import Figure, Method, Option, Register, Role
from engine.packs.messages import MessageText
from engine.packs.outline import outline
from engine.packs.pack import Button, Pack
from engine.packs.reading import pack_of, read_pack

__all__ = [
           "ITEM",
           "REASON",
           "Button",
           "Carried",
           "Clause",
           "Diagram",
           "Element",
           "Event",
           "Figure",
           "Flow",
           "Loop",
           "Mapped",
           "MessageText",
           "Method",
           "Option",
           "Pack",
           "Process",
           "Register",
           "Role",
           "Source",
           "Tied",
           "Told",
           "carried",
           "check",
           "check_file",
           "clauses_of",
           "outline",
           "pack_of",
           "read_diagram",
           "read_pack",
]
