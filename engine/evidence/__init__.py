"""The trail of one case as a file that proves itself: to read, for machines, signed, with a verifier that needs nothing of ours."""
from engine.evidence.bundle import make, public_key

__all__ = ["make", "public_key"]
