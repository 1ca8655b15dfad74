"""The tiny pack of a purchase, and what becomes of it when its owners slip."""
from pathlib import Path

import pytest

PURCHASE = Path(__file__).parent / "purchase"


@pytest.fixture(scope="session")
def purchase():
    return PURCHASE


@pytest.fixture
def files():
    """The files of the tiny pack, to be changed at will."""
    return {path.relative_to(PURCHASE).as_posix(): path.read_bytes() for path in sorted(PURCHASE.rglob("*")) if path.is_file()}
