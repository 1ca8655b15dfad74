"""Running processes: the only room that imports SpiffWorkflow."""
import logging

from engine.spiff.mends import MENDS
from engine.spiff.places import GIVEN, Moment, OpenTask, Place, Surroundings, Waiting
from engine.spiff.process import Process
from engine.spiff.program import Program, load
from engine.spiff.saved import FORMAT, Unreadable

# SpiffWorkflow's log lines carry whole data of cases, and cost more than the steps they tell of.
for _name in ("spiff", "spiff.task", "spiff.workflow", "spiff.data"):
    logging.getLogger(_name).setLevel(logging.WARNING)

__all__ = ["FORMAT", "GIVEN", "MENDS", "Moment", "OpenTask", "Place", "Process", "Program", "Surroundings", "Unreadable", "Waiting", "load"]
