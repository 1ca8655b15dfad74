"""What can be wrong with a form that reads well: circles of conditions, patterns and samples that refuse themselves."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from engine import feel
from engine.forms.cleaning import MATCHES, token
from engine.forms.items import Field, Group, Item, List, walk
from engine.forms.names import variables
from engine.forms.reach import Scope, Teller
from engine.forms.samples import one
from engine.forms.sheet import Sheet, empty, keyed
from engine.forms.single import TEXT_LIMIT, Wrong, read

SOME_DAY = datetime(2023, 3, 6, 10, tzinfo=UTC)  # judging a form must not depend on when that is done


def judge(items: tuple[Item, ...], teller: Teller) -> None:
    """Tell every fault that shows without answers."""
    circle = _circle(items)
    if circle is not None:
        teller.fault(circle, "whether this is hidden depends, in a circle, on itself")
        return
    for item in _conditions_unsure(items):
        teller.fault(item, f"the condition “{item.hide}” is neither true nor false for some answers, or while nothing is "
                           "answered: compare like with like, and say what holds then, as in “age = null or age < 18”")
    for _, item in walk(items):
        if isinstance(item, Field): _judge_field(item, teller)
        if isinstance(item, List) and not item.fixed:
            for _, inner in walk(item.items):
                if isinstance(inner, Field) and inner.readonly and inner.default is None:
                    teller.fault(inner, "a read-only question in a list needs rows that stay: untick “allow add/remove” of the list")


# -- fields

def _judge_field(item: Field, teller: Teller) -> None:
    if item.min is not None and item.max is not None and item.min > item.max: teller.fault(item, "its least value is above its greatest")
    most = item.max_length or TEXT_LIMIT.get(item.type)
    if item.min_length and most and item.min_length > most:
        teller.fault(item, f"answers cannot have at least {item.min_length} and at most {most} characters")
    computed = isinstance(item.default, str) and item.default.startswith("=")
    if item.default is not None and not computed: _judge_value(item, "default value", item.default, teller)
    if item.sample is not None and item.type != "filepicker": _judge_value(item, "sample", one(item, [], SOME_DAY), teller)
    if item.pattern and _matches("", item.pattern) is None:
        teller.fault(item, f"the pattern “{item.pattern}” cannot be read")
    elif item.required and item.sample is None and not item.chosen and not computed and not item.readonly:
        _judge_value(item, "plain sample", one(item, [], SOME_DAY), teller, "give it a property “sample” with an answer that fits")


def _judge_value(item: Field, what: str, value: Any, teller: Teller, advice: str = "") -> None:
    says = ""
    try:
        kept = read(item, value, SOME_DAY)
    except Wrong as wrong:
        says = str(wrong)
    else:
        if item.options:
            known = {token(option.value) for option in item.options}
            given = kept if isinstance(kept, list) else [] if kept is None else [kept]
            if any(token(single) not in known for single in given): says = "it is not among the options"
        elif item.pattern and isinstance(kept, str) and _matches(kept, item.pattern) is not True:
            says = item.pattern_says or "it does not fit the pattern"
    if says: teller.fault(item, f"its {what} “{value}” would be refused ({says})" + (f": {advice}" if advice else ""))


def _matches(given: str, pattern: str) -> Any:
    try:
        return feel.evaluate(MATCHES, {"given": given, "pattern": pattern}, SOME_DAY)
    except feel.FeelError:
        return None


# -- conditions

def _conditions_unsure(items: tuple[Item, ...]) -> list[Item]:
    """Items whose condition reads only this form, and gives neither true nor false over a blank one, or one with plain answers."""
    unsure: list[Item] = []
    sheets = [Sheet(items, _one_row_each(items, answered), {}, SOME_DAY, tidy=False, settled=False) for answered in (False, True)]
    for node in sheets[0].nodes + sheets[1].nodes:
        item = node.item
        if not item.hide or item.paths or item in unsure: continue
        try:
            answer = feel.evaluate(item.hide, variables(item.hide, node.level.find), SOME_DAY)
        except feel.FeelError:
            answer = None
        if not isinstance(answer, bool): unsure.append(item)
    return unsure


def _one_row_each(items: tuple[Item, ...], answered: bool) -> dict[str, Any]:  # noqa: FBT001 - the only thing that can be said of it
    out: dict[str, Any] = {}
    for key, item in keyed(items):
        if isinstance(item, Field): out[key] = one(item, list(item.options), SOME_DAY) if answered else empty(item)
        elif isinstance(item, Group): out[key] = _one_row_each(item.items, answered)
        else: out[key] = [_one_row_each(item.items, answered)]
    return out


def _circle(items: tuple[Item, ...]) -> Item | None:
    """An item whose being hidden depends on itself."""
    hiding: dict[str, Item] = {}
    above: dict[int, tuple[str, ...]] = {}     # for each item the conditions that may hide it: its own and those around it
    scopes: list[tuple[Item, Scope]] = []
    for item, scope, around in _scoped(items, Scope.of(items), ()):
        above[id(item)] = (*around, item.id) if item.hide else around
        if item.hide:
            hiding[item.id] = item
            scopes.append((item, scope))
    needs = {item.id: {id_ for read in _read_by(item, scope) for id_ in above[id(read)]} for item, scope in scopes}
    done: set[str] = set()
    for start in needs:
        if (found := _loop(start, needs, done, ())) is not None: return hiding[found]
    return None


def _loop(at: str, needs: dict[str, set[str]], done: set[str], trail: tuple[str, ...]) -> str | None:
    if at in trail: return at
    if at in done: return None
    for next_ in sorted(needs[at]):
        if (found := _loop(next_, needs, done, (*trail, at))) is not None: return found
    done.add(at)
    return None


def _scoped(items: tuple[Item, ...], scope: Scope, around: tuple[str, ...]) -> Iterator[tuple[Item, Scope, tuple[str, ...]]]:
    for item in items:
        yield item, scope, around
        if isinstance(item, Group | List):
            inner = scope if isinstance(item, Group) and item.path is None else Scope.of(item.items, scope)
            yield from _scoped(item.items, inner, (*around, item.id) if item.hide else around)


def _read_by(item: Item, scope: Scope) -> Iterator[Item]:
    """The questions a condition reads; of a whole group or list, all in it."""
    for path in feel.paths(item.hide or ""):
        own = scope.own(path)
        if own is None: continue
        found, rest = own
        while rest and isinstance(found, Group):
            inside = dict(keyed(found.items))
            if rest[0] not in inside: break
            found, rest = inside[rest[0]], rest[1:]
        yield found
        if isinstance(found, Group | List): yield from (inner for _, inner in walk(found.items))
