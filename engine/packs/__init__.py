"""Reading what process owners write: packs, their diagrams, and everything that is wrong with them."""
from engine.packs.check import check, check_file
from engine.packs.clauses import Carried, carried
from engine.packs.diagram import Diagram, read_diagram
from engine.packs.elements import REASON, Element, Event, Flow, Loop, Mapped, Process
from engine.packs.manifest import Figure, Method, Option, Register, Role
from engine.packs.messages import MessageText
from engine.packs.outline import outline
from engine.packs.pack import Pack, Start, read_pack

__all__ = ["REASON", "Carried", "Diagram", "Element", "Event", "Figure", "Flow", "Loop", "Mapped", "MessageText", "Method", "Option", "Pack", "Process",
           "Register", "Role", "Start", "carried", "check", "check_file", "outline", "read_diagram", "read_pack"]
