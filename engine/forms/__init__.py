"""Forms: a .form file as a plain model, and the only validation its answers get."""
from engine.forms.cleaning import Cleaned
from engine.forms.form import Form
from engine.forms.items import Field, Group, Item, List, Option, Separator, Table, Text
from engine.forms.plainly import Row, plain
from engine.forms.reading import read_form
from engine.forms.showing import Shown
from engine.forms.uploads import Upload

__all__ = [
    "Cleaned", "Field", "Form", "Group", "Item", "List", "Option", "Row", "Separator", "Shown", "Table", "Text", "Upload", "plain",
    "read_form",
]
