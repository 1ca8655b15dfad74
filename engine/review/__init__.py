"""What reviews need and needs algorithms: for now publication. Hooked into the engine by name (engine.rooms); nothing in the engine imports it."""
from engine.review.publication import SERVICES

__all__ = ["SERVICES"]
