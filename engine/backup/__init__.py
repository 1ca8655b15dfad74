"""A copy of everything in one file, taken while people work, and a database made of it again.

The file is a ZIP: `manifest.json`, and one `tables/<name>.jsonl` for each table. What was sealed in the database is sealed in it;
the master key is not in it. The whole of it is signed with that key (docs/decisions/0011), and encrypted where the settings say to whom."""
from engine.backup.encryption import Locked, new_key
from engine.backup.making import Made, back_up
from engine.backup.restoring import Restored, restore
from engine.backup.signature import Damaged, fingerprint

__all__ = ["Damaged", "Locked", "Made", "Restored", "back_up", "fingerprint", "new_key", "restore"]
