"""Guards: what a compiled function took for granted, and the check that it still holds.

While a function is compiled, every value that it reads from outside its arguments - globals, closure cells, attributes,
the code of the functions that it calls - is recorded with the value found. Before a compiled graph is used again the
guards are checked. Reads from Cells are checked only when some Cell was changed since the last call: every change of a
Cell's attribute bumps one global epoch. Lists and dictionaries change without a Cell hearing of it, so that they are
compared at each call, wherever they were read.
"""
from __future__ import annotations

from collections.abc import Callable
from types import CellType
from typing import Any

from mindspore.compiler.frontend.journal import Attribute
from mindspore.compiler.frontend.policy import ABSENT
from mindspore.graph.trace import _stack

CELL_EPOCH = [0]
_OPENED = (list, tuple, set, dict)
_BY_VALUE = (int, float, str, bytes, bool, complex, type(None))


def snapshot(value: Any, depth: int = 4) -> Any:
    """What is compared later: containers by their contents, other objects by identity, numbers and text by value."""
    if depth and isinstance(value, list | tuple):
        return Contents(type(value), [snapshot(v, depth - 1) for v in value])
    if depth and isinstance(value, dict):
        return Contents(type(value), [(k, snapshot(v, depth - 1)) for k, v in value.items()])
    return value


class Contents:
    """A container as it was: its type and its elements, for dictionaries (key, element)."""

    __slots__ = ("kind", "items")

    def __init__(self, kind: type, items: list):
        self.kind, self.items = kind, items


def same(value: Any, seen: Any) -> bool:
    """Whether `value` is still what the snapshot `seen` was taken of."""
    if type(seen) is Contents:
        if type(value) is not seen.kind or len(value) != len(seen.items):
            return False
        if issubclass(seen.kind, dict):
            return all(k == key and same(v, s) for (key, v), (k, s) in zip(value.items(), seen.items))
        return all(same(v, s) for v, s in zip(value, seen.items))
    if type(seen) is SameObject:
        return value is seen.value
    if value is seen:
        return True
    return isinstance(value, _BY_VALUE) and type(value) is type(seen) and value == seen


class SameObject:
    """A list to which the program only appends, or a dict of which it only sets entries: it must be the same object."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class Guards:
    """The guards of one compiled graph.

    by_identity: the type of container that is read now only to append to it, or to set entries.
    """

    __slots__ = ("by_identity", "contents", "read", "outer", "opened", "globals", "cells", "attrs", "cell_attrs",
                 "values", "layers", "effects", "before", "epoch", "_seen", "_recorders", "mixing", "lifted",
                 "arguments")

    def __init__(self):
        self.globals: list[tuple[dict, str, Any]] = []
        self.cells: list[tuple[CellType, Any]] = []
        self.attrs: list[tuple[Any, str, Any]] = []
        self.cell_attrs: list[tuple[Any, str, Any]] = []  # attributes of Cells, read by interpreted code
        self.values: list[tuple[Any, Any]] = []  # tensors that the program looked at, and their storages
        self.layers: list[tuple[Any, dict]] = []  # framework Cells that ran natively: all their attributes
        self.effects: dict[tuple[int, str], tuple[Any, str]] = {}  # attributes that the function assigns
        self.before: list[tuple[Attribute, Any]] = []  # what they were, while the function is traced
        self.contents: list[tuple[Any, Any]] = []  # containers that the function changes, as they were before
        self.read: list = []  # what was read from outside
        self.outer: dict[int, Any] = {}  # the same with what lies in it, by identity, as far as somebody has asked
        self.opened: set[int] = set()  # the containers among these whose items are noted, by identity
        self.arguments: Any = None  # what the function is called with (`arguments.Copies`), while it is traced
        self.by_identity: Any = None
        self.lifted: list[tuple[Any, Any]] = []  # tensors from outside that are inputs, and their avals
        self.epoch = -1
        self.mixing = _stack.mixing  # in which precision operators computed
        self._seen: set = set()
        self._recorders: list[list] = []

    def recorded(self, reads: list) -> _Recording:
        """Inside the block every read, new or not, is appended to `reads` as (kind, place, value as it is then)."""
        return _Recording(self._recorders, reads)

    def _record(self, kind: str, place: tuple, value: Any) -> None:
        for reads in self._recorders:
            reads.append((kind, place, snapshot(value)))

    def add(self, kind: str, place: tuple, value: Any) -> None:
        """Add a guard as `recorded` lists it."""
        if kind == "attr":
            self.add_attr(*place, value, hasattr(place[0], "UNGUARDED"))
        elif kind == "layer":
            self.add_layer(*place)
        elif kind == "global":
            self.add_global(*place, value)
        else:
            self.add_cell(*place, value)

    def note_assigned(self, obj: Any, name: str) -> None:
        """The program is about to assign an attribute."""
        if (id(obj), name) not in self.effects:
            self.effects[id(obj), name] = (obj, name)
            place = Attribute(obj, name)
            self.before.append((place, place.read()))

    def put_back(self, is_traced: Callable[[Any], bool]) -> None:
        """The attributes that were assigned while the function was traced, and hold tensors of the trace, are as they
        were: a run assigns them."""
        while self.before:
            place, value = self.before.pop()
            if is_traced(place.read()):
                place.write(value)

    def assigned_since(self, before: set) -> list[tuple[Any, str]]:
        """The attributes, as (object, name), that the program has assigned and that are not among the keys `before`."""
        return [place for key, place in self.effects.items() if key not in before and hasattr(*place)]

    def _new(self, *key) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def add_global(self, namespace: dict, name: str, value: Any) -> None:
        if self._recorders:
            self._record("global", (namespace, name), value)
        if self._new("global", id(namespace), name, self._is_same_object(value)):
            self.globals.append((namespace, name, self._as_seen(value)))

    def add_cell(self, cell: CellType, value: Any) -> None:
        if self._recorders:
            self._record("cell", (cell,), value)
        if self._new("cell", id(cell), self._is_same_object(value)):
            self.cells.append((cell, self._as_seen(value)))

    def add_attr(self, obj: Any, name: str, value: Any, is_cell: bool) -> None:
        if self._recorders:
            self._record("attr", (obj, name), value)
        if (id(obj), name) not in self.effects and self._new("attr", id(obj), name, self._is_same_object(value)):
            found = self.cell_attrs if is_cell and not _is_mutable(value) else self.attrs
            found.append((obj, name, self._as_seen(value)))

    def add_contents(self, container: Any, before: Any) -> None:
        """A container that the function changes held `before` (`journal.Contents`)."""
        items = list(zip(before.keys, before.items)) if before.keys is not None else list(before.items)
        seen = [(k, snapshot(v)) for k, v in items] if before.keys is not None else list(map(snapshot, items))
        self.contents.append((container, Contents(type(container), seen)))

    def _is_same_object(self, value: Any) -> bool:
        return self.by_identity is not None and type(value) is self.by_identity

    def _as_seen(self, value: Any) -> Any:
        return SameObject(value) if self._is_same_object(value) else snapshot(value)

    def note_read(self, value: Any) -> None:
        """The program has read an object. What lies in a container is noted now: the program may put other things
        there."""
        if isinstance(value, _OPENED):
            self._note_outer(value, 4)
        else:
            self.read.append(value)

    def holds(self, value: Any) -> bool:
        """Whether an object was there before, and was read, or lies in a container that was read."""
        while self.read:
            self._note_outer(self.read.pop(), 4)
        return self.outer.get(id(value)) is value and value is not None

    def add_arguments(self, copies: Any) -> None:
        """What the function is called with is the caller's."""
        self.arguments = copies
        for value in (*copies.containers, *copies.objects):
            self._note_outer(value, 0)

    def _note_outer(self, value: Any, depth: int) -> None:
        """Note an object, and what lies in it, if it is a container, down to a depth. A container is opened once."""
        self.outer[id(value)] = value
        pending = [value] if isinstance(value, _OPENED) else []
        for _ in range(depth):
            found: list = []
            for container in pending:
                if id(container) in self.opened:
                    continue
                self.opened.add(id(container))
                items = container.values() if isinstance(container, dict) else container
                self.outer.update(zip(map(id, items), items))
                for item in items:
                    if isinstance(item, _OPENED):
                        found.append(item)
            pending = found

    def is_effect(self, obj: Any, name: str) -> bool:
        """Whether the attribute is assigned at each call."""
        return (id(obj), name) in self.effects

    def add_value(self, tensor: Any) -> None:
        """The value of a tensor from outside was looked at."""
        if self._new("value", id(tensor)):
            self.values.append((tensor, tensor._value))

    def knows(self, obj: Any) -> bool:
        """Whether an attribute of `obj` was read, so that it is not an object of the compiled function's own making."""
        return any(found is obj for found, _, _ in self.attrs)

    def add_layer(self, layer: Any) -> None:
        for reads in self._recorders:
            reads.append(("layer", (layer,), _layer_state(layer)))
        if self._new("layer", id(layer)):
            self.layers.append((layer, _layer_state(layer)))

    def hold(self) -> bool:
        """Whether everything is as it was when the graph was made."""
        if self.mixing is not _stack.mixing or not self.places_hold():
            return False
        for obj, name, seen in self.attrs:
            if not same(_read(obj, name), seen):
                return False
        if not all(tensor._value is seen for tensor, seen in self.values):
            return False
        return self.epoch == CELL_EPOCH[0] or self._cells_hold()

    def places_hold(self) -> bool:
        """Whether globals, closure variables, and containers that the function changes are as they were."""
        if not all(same(container, seen) for container, seen in self.contents):
            return False
        for namespace, name, seen in self.globals:
            value = namespace.get(name, ABSENT)
            if value is not seen and not same(value, seen):
                return False
        return all(same(_contents(cell), seen) for cell, seen in self.cells)

    def _cells_hold(self) -> bool:
        epoch = CELL_EPOCH[0]
        if not all(tensor._value.aval is aval for tensor, aval in self.lifted):
            return False
        for obj, name, seen in self.cell_attrs:
            if not same(getattr(obj, name, ABSENT), seen):
                return False
        for layer, seen in self.layers:
            state = _layer_state(layer)
            if state.keys() != seen.keys() or not all(same(layer.__dict__[k], s) for k, s in seen.items()):
                return False
        self.epoch = epoch
        return True

    def broken(self) -> str | None:
        """What has changed since the graph was made, in words; None if nothing has."""
        if self.mixing is not _stack.mixing:
            return "the lists of mixed precision around the call changed"
        for namespace, name, seen in self.globals:
            if not same(namespace.get(name, ABSENT), seen):
                return f"the global {name!r} of {namespace.get('__name__')} changed"
        for cell, seen in self.cells:
            if not same(_contents(cell), seen):
                return f"a closure variable changed from {seen!r} to {_contents(cell)!r}"
        for obj, name, seen in self.attrs + self.cell_attrs:
            if not same(_read(obj, name), seen):
                return f"the attribute {name!r} of {type(obj).__name__} changed from {seen!r} to {_read(obj, name)!r}"
        for tensor, seen in self.values:
            if tensor._value is not seen:
                return f"a tensor whose value decided something changed: {type(tensor).__name__} of {tensor.shape}"
        for tensor, aval in self.lifted:
            if tensor._value.aval is not aval:
                return f"a tensor from outside is {tensor._value.aval} in place of {aval}"
        for container, seen in self.contents:
            if not same(container, seen):
                return f"the contents of a {type(container).__name__} that the function changes changed"
        for layer, seen in self.layers:
            state = _layer_state(layer)
            for name in seen.keys() | state.keys():
                if name not in seen or name not in state or not same(layer.__dict__[name], seen[name]):
                    return f"the attribute {name!r} of {type(layer).__name__} changed"
        return None

    def close(self) -> None:
        """All reads are recorded: forget the bookkeeping."""
        self._seen = set()
        self.read, self.outer, self.opened, self.arguments = [], {}, set(), None
        self.epoch = CELL_EPOCH[0]


class _Recording:
    """Appends what a compilation reads to a list, inside a block."""

    def __init__(self, recorders: list[list], reads: list):
        self.recorders, self.reads = recorders, reads

    def __enter__(self) -> None:
        self.recorders.append(self.reads)

    def __exit__(self, *exc) -> None:
        self.recorders.pop()


def current_value(kind: str, place: tuple) -> Any:
    """What a place holds now; of a layer all guarded attributes."""
    if kind == "attr":
        return _read(*place)
    if kind == "layer":
        return {k: v for k, v in place[0].__dict__.items() if k not in place[0].UNGUARDED}
    return place[0].get(place[1], ABSENT) if kind == "global" else _contents(*place)


def _is_mutable(value: Any, depth: int = 4) -> bool:
    """Whether a container, or one inside it, can change in place."""
    if isinstance(value, tuple):
        return depth > 0 and any(_is_mutable(v, depth - 1) for v in value)
    return isinstance(value, list | dict)


def _layer_state(layer: Any) -> dict:
    return {k: snapshot(v) for k, v in layer.__dict__.items() if k not in layer.UNGUARDED}


def _read(obj: Any, name: str) -> Any:
    if isinstance(obj, type):
        return vars(obj).get(name, ABSENT)
    return getattr(obj, name, ABSENT)


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return ABSENT
