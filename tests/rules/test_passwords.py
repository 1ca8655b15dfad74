"""How slow it is to try passwords in earnest; in the tests it is quick (tests/conftest.py)."""
from __future__ import annotations

import runpy

from engine.rules import passwords


def test_passwords_are_written_down_with_argon2id_as_rfc_9106_recommends():
    as_shipped = runpy.run_path(passwords.__file__)

    assert as_shipped["hashed"]("four-fictional-words").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
