"""What the rows of a case's registers hold up at present, such as interviews or publication."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import feel
from engine.progress.registers import rows_of

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from engine.work import Case


def held(db: sa.Connection, case: Case, now: datetime) -> list[str]:
    """The words that the registers' expressions `held` give, each once, in the order in which they came."""
    says = {id: register.held for id, register in case.pack.registers.items() if register.held is not None}
    found: dict[str, None] = {}
    if case.ended_at is None:
        for register, rows in rows_of(db, case, says).items():
            for row in rows:
                found.update(dict.fromkeys(_words(register, says[register] or "", row, now)))
    return list(found)


def in_words(case: Case, words: list[str]) -> tuple[str, ...]:
    """The same as people read them: the label, where a word is an option of a question in the register's form."""
    labels: dict[str, str] = {}
    for register in case.pack.registers.values():
        form = case.pack.forms.get(register.form)
        if register.held is not None and form is not None:
            for _, field in form.questions():
                labels.update({str(option.value): option.label for option in field.options})
    return tuple(labels.get(word, word) for word in words)


def _words(register: str, text: str, row: dict[str, Any], now: datetime) -> list[str]:
    """One row that cannot be understood must neither hide itself nor the page it stands on."""
    try:
        value = feel.evaluate(text, {"row": row}, now)
    except feel.FeelError:
        return [f"cannot be told of {row['key']} in “{register}”"]
    return [str(word) for word in (value if isinstance(value, list) else [value]) if word]
