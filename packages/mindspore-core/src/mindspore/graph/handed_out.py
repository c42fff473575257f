"""What a compiled function hands out, fit for a caller who runs after the function was compiled.

An iterator (`map`, `zip`, `enumerate`, `filter`, `reversed`, a generator, `iter(x)`) or a view of a dict would hand out
tensors of the compilation, which have no values, and a second call would find it used up. Its items are taken while the
function is compiled, and each call returns them in a container: a list for `filter`, generators, `map` over a list and
views; a tuple for all others.

Attributes of Cells also outlive the compilation (`note_assigned`).
"""
from __future__ import annotations

from collections.abc import ItemsView, KeysView, ValuesView
from types import GeneratorType
from typing import Any

from mindspore.compiler.frontend.generated_items import GeneratedItems
from mindspore.compiler.frontend.generators import Generator
from mindspore.graph.guards import Guards
from mindspore.graph.tree import is_traced, tuple_maker

__all__ = ["handed_out", "note_assigned"]

_TO_TUPLES = (zip, enumerate, reversed, type(iter(())), type(iter(range(0))))
_TO_LISTS = (filter, GeneratorType, GeneratedItems, Generator, KeysView, ValuesView, ItemsView, type(iter([])),
             type(reversed([])))


def handed_out(value: Any) -> Any:
    """The value with iterators, also those in its containers, replaced by their items. A container without any stays
    the object that it is. To be called while the function's trace is open, since an item may still be to be
    computed."""
    if isinstance(value, tuple | list):
        items = list(map(handed_out, value))
        if all(new is old for new, old in zip(items, value)):
            return value
        return items if isinstance(value, list) else tuple_maker(type(value))(items)
    if isinstance(value, dict):
        items = list(map(handed_out, value.values()))
        return value if all(new is old for new, old in zip(items, value.values())) else dict(zip(value, items))
    if isinstance(value, map):
        return handed_out(list(value) if _goes_over_a_list(value) else tuple(value))
    if isinstance(value, _TO_LISTS):
        return handed_out(list(value))
    return handed_out(tuple(value)) if isinstance(value, _TO_TUPLES) else value


def _goes_over_a_list(value: map) -> bool:
    return isinstance(value.__reduce__()[1][1], type(iter([])))


def note_assigned(guards: Guards | None, obj: Any, name: str, value: Any) -> None:
    """An attribute of a Cell is about to take a value in a function that is compiled: each call assigns it, if it holds
    tensors of the compilation. Interpreted functions note all that they assign; this serves those that are recorded as
    they run."""
    if guards is not None and is_traced(value):
        guards.note_assigned(obj, name)
