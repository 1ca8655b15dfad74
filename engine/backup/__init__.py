"""A copy of everything in one file, taken while people work, and a database made of it again.

The file is a ZIP: `manifest.json`, and one `tables/<name>.jsonl` for each table. What was sealed in the database is sealed in it;
the master key is not in it. The whole of it is signed with that key (docs/decisions/0011)."""
from engine.backup.making import Made, back_up
from engine.backup.restoring import Restored, restore
from engine.backup.signature import Damaged, fingerprint

__all__ = ["Damaged", "Made", "Restored", "back_up", "fingerprint", "restore"]
