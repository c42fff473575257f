"""What a program changes besides its variables, noted just before it does.

A side of a decision must not see what another side did, and afterwards the two states are joined. Copying all state
at each decision would cost as much as the program is large. Instead, whoever is about to change a container, an
attribute, a shared variable or a global notes the *place* in the journal of the decision under way, with the value
that stands there. A decision inside of another one notes in both; a place that is noted already costs one look-up.

The contents of a container are one value (`Contents`), so that the container stays the same object for all who hold
it. What a side has made itself needs no note: nobody else sees it. `Journal.fresh` knows these objects.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from types import CellType
from typing import Any, NoReturn

import numpy as np

from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.frontend.frames import UNBOUND, Unbound
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.variants import Variant

__all__ = ["MADE", "MUTABLE", "Attribute", "Contents", "Elements", "Global", "Items", "Journal", "Place",
           "SharedVariable", "contents_of", "is_container"]

_CONTAINERS = (list, dict, set, bytearray, deque)
MUTABLE = frozenset(_CONTAINERS)
MADE = MUTABLE | {np.ndarray}
_BY_VALUE = (str, int, float, bool, bytes, tuple, frozenset)


def is_container(value: Any) -> bool:
    """Whether the value is a container that can change."""
    return isinstance(value, _CONTAINERS)


class Contents:
    """What a container holds: its items, and for a dict its keys."""

    __slots__ = ("items", "keys", "kind")

    def __init__(self, kind: type, keys: tuple[Any, ...] | None, items: tuple[Any, ...]) -> None:
        self.kind, self.keys, self.items = kind, keys, items

    def has_form_of(self, other: Any) -> bool:
        """Whether both have the same keys in the same order, or as many items; sets must be the same sets."""
        if type(other) is not Contents or len(self.items) != len(other.items):
            return False
        if self.kind in (set, bytearray):
            return all(a is b or (type(a) is type(b) and type(a) in _BY_VALUE and a == b)
                       for a, b in zip(self.items, other.items))
        if self.keys is None:
            return True
        return other.keys is not None and all(
            a is b or (type(a) is type(b) and type(a) in _BY_VALUE and a == b)
            for a, b in zip(self.keys, other.keys)
        )

    def same(self, other: Any) -> bool:
        """Whether both hold the same objects."""
        return self.has_form_of(other) and all(a is b for a, b in zip(self.items, other.items))

    def __repr__(self) -> str:
        return f"a {self.kind.__name__} of {len(self.items)} items"


def contents_of(value: Any) -> Contents:
    """What a container holds now."""
    if isinstance(value, dict):
        return Contents(dict, tuple(value), tuple(value.values()))
    for kind in (list, set, bytearray):
        if isinstance(value, kind):
            return Contents(kind, None, tuple(value))
    return Contents(deque, None, tuple(value))


class Place:
    """Something that can change: `read` and `write` it; `what` describes it."""

    what = "a value"

    def read(self) -> Any:
        raise AssertionError("a place says how it is read")

    def write(self, value: Any) -> None:
        raise AssertionError("a place says how it is written")

    def note(self, journal: Journal) -> None:
        """The place will change."""
        raise AssertionError("a place says how it is noted")

    def unchanged(self, before: Any, now: Any) -> bool:
        return before is now

    def joins(self, policy: Any, values: Any) -> None:
        """The sides of a decision leave these values, which are not all the same one."""


class SharedVariable(Place):
    """A variable that closures share."""

    what = "a variable of an enclosing function"

    def __init__(self, cell: CellType) -> None:
        self.owner = cell

    def read(self) -> Any:
        try:
            return self.owner.cell_contents
        except ValueError:
            return UNBOUND

    def write(self, value: Any) -> None:
        if value is not UNBOUND:
            self.owner.cell_contents = value
        elif self.read() is not UNBOUND:
            del self.owner.cell_contents

    def note(self, journal: Journal) -> None:
        journal.note_variable(self.owner)


class FrameVariable(SharedVariable):
    """A variable of a function that goes over the items of a generator, while the body of the generator runs."""

    def __init__(self, frame: Any, slot: int) -> None:
        self.frame, self.slot = frame, slot
        self.owner = frame

    def read(self) -> Any:
        return self.frame.vars[self.slot] if self.slot < len(self.frame.vars) else UNBOUND

    def write(self, value: Any) -> None:
        if self.slot < len(self.frame.vars):
            self.frame.vars[self.slot] = value

    def note(self, journal: Journal) -> None:
        journal.note_frame(self.frame, journal.outer)


class Items(Place):
    """The contents of a container; a variant of contents makes the container superposed."""

    def __init__(self, owner: Any, superposed: dict[int, Any]) -> None:
        self.owner, self.superposed = owner, superposed
        self.what = f"the contents of a {type(owner).__name__}"

    def read(self) -> Any:
        found = self.superposed.get(id(self.owner))
        return contents_of(self.owner) if found is None else found[1]

    def write(self, value: Any) -> None:
        owner = self.owner
        if type(value) is Variant:
            self.superposed[id(owner)] = (owner, value)
            return
        self.superposed.pop(id(owner), None)
        if isinstance(owner, dict):
            base = OrderedDict if isinstance(owner, OrderedDict) else dict
            base.clear(owner)
            for key, item in zip(value.keys, value.items):
                base.__setitem__(owner, key, item)
        elif isinstance(owner, (list, bytearray)):
            owner[:] = value.items
        else:
            owner.clear()
            (owner.update if isinstance(owner, set) else owner.extend)(value.items)

    def note(self, journal: Journal) -> None:
        journal.note_items(self.owner)

    def unchanged(self, before: Any, now: Any) -> bool:
        return before is now or (type(before) is Contents and before.same(now))


class Elements(Place):
    """The elements of a NumPy array of numbers."""

    what = "the elements of a NumPy array"

    def __init__(self, owner: np.ndarray) -> None:
        self.owner = owner

    def read(self) -> Any:
        return self.owner.copy()

    def write(self, value: Any) -> None:
        self.owner[...] = value

    def note(self, journal: Journal) -> None:
        journal.note_elements(self.owner)

    def unchanged(self, before: Any, now: Any) -> bool:
        return before is now or before.tobytes() == now.tobytes()

    def joins(self, policy: Any, values: Any) -> None:
        raise policy.control.Mismatch("the elements of a NumPy array change where a tensor decides; use a Tensor",
                                      self.owner)


class Attribute(Place):
    """An attribute of an object; UNBOUND where it has none.

    A class with a `__setattr__` of its own may keep an attribute elsewhere than among the object's variables, as Cells
    keep their Parameters. Such a class is asked to put it back there, over nothing that stands there now.
    """

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name
        self.what = f"the attribute '{name}'"
        self.is_kept_elsewhere = not isinstance(owner, type) and type(owner).__setattr__ is not object.__setattr__ \
            and name not in getattr(owner, "__dict__", ())

    def read(self) -> Any:
        try:
            own = vars(self.owner)
        except TypeError:
            own = {}
        if self.name in own:
            return own[self.name]
        if self._is_plain():
            return UNBOUND
        return getattr(self.owner, self.name, UNBOUND)

    def write(self, value: Any) -> None:
        owner, name = self.owner, self.name
        if self.is_kept_elsewhere or isinstance(owner, type) or type(owner).__setattr__ is object.__setattr__ \
                or name not in vars(owner):
            put, remove = setattr, delattr
            if self.is_kept_elsewhere and not isinstance(value, Unbound) and not isinstance(self.read(), Unbound):
                remove(owner, name)
        else:
            put, remove = object.__setattr__, object.__delattr__
        if not isinstance(value, Unbound):
            put(owner, name, value)
        elif not isinstance(self.read(), Unbound):
            remove(owner, name)

    def note(self, journal: Journal) -> None:
        journal.note_attribute(self.owner, self.name)

    def joins(self, policy: Any, values: Any) -> None:
        policy.joins_attribute(self.owner, self.name, values)

    def _is_plain(self) -> bool:
        """Whether no class defines the attribute, so that only the object itself can hold it."""
        return not isinstance(self.owner, type) and hasattr(self.owner, "__dict__") and not any(
            self.name in vars(each) for each in type(self.owner).__mro__
        ) and not hasattr(type(self.owner), "__getattr__")


class Global(Place):
    """An entry of a module's namespace; UNBOUND where it has none."""

    def __init__(self, namespace: dict[str, Any], name: str) -> None:
        self.owner, self.name = namespace, name
        self.what = f"the global '{name}'"

    def read(self) -> Any:
        return self.owner.get(self.name, UNBOUND)

    def write(self, value: Any) -> None:
        if isinstance(value, Unbound):
            self.owner.pop(self.name, None)
        else:
            self.owner[self.name] = value

    def note(self, journal: Journal) -> None:
        journal.note_global(self.owner, self.name)


def _refuse_ambiguous(container: Any, site: Site) -> NoReturn:
    raise GraphCompileError(
        "A container is changed that may be the same one as another, by the number of trips that a loop on a tensor "
        "has made.", found=f"a {type(container).__name__} of {len(container)} items, and the loop in line "
        f"{site.lineno}: {site.source.line(site.lineno).strip()}",
        remedy="give the variable a container of its own before the loop, such as list(items)")


class Journal:
    """The places that were changed since a moment, with what stood there.

    Attributes:
        outer: the journal that was under way at that moment.
        places: the noted places; before: their values then.
        ambiguous: containers that may be one with another one, by identity, with where that came about; of the whole
            session.
        fresh: what was made since, by identity; None where nobody asks (outside of all decisions).
        is_local: whether a value was computed inside of the branch under way.
    """

    def __init__(self, outer: Journal | None, superposed: dict[int, Any]) -> None:
        self.outer, self.superposed = outer, superposed
        self.ambiguous: dict[int, tuple[Any, Site]] = {} if outer is None else outer.ambiguous
        self.places: list[Place] = []
        self.before: list[Any] = []
        self.fresh: dict[int, Any] | None = None
        self.is_local: Any = None
        self._keys: set[tuple[int, Any]] = set()

    def made(self, value: Any) -> Any:
        """The program made this container or object now."""
        if self.fresh is not None:
            self.fresh[id(value)] = value
        return value

    def items_of(self, container: Any) -> Items:
        """The contents of a container as a place."""
        return Items(container, self.superposed)

    def note_items(self, container: Any) -> None:
        """The contents of a container will change. GraphCompileError if it may be one with another container."""
        if id(container) in self.ambiguous and self.ambiguous[id(container)][0] is container:
            _refuse_ambiguous(container, self.ambiguous[id(container)][1])
        if (id(container), None) not in self._keys:
            self._note((id(container), None), container, self.items_of(container))

    def note_elements(self, array: np.ndarray) -> None:
        """The elements of a NumPy array will change, which may be a view of another one."""
        while isinstance(array.base, np.ndarray):
            array = array.base
        if (id(array), None) not in self._keys and not array.dtype.hasobject:
            self._note((id(array), None), array, Elements(array))

    def note_change(self, value: Any) -> None:
        """A value may change in place: of consequence for containers and NumPy arrays."""
        if is_container(value):
            self.note_items(value)
        elif isinstance(value, np.ndarray):
            self.note_elements(value)

    def note_attribute(self, obj: Any, name: str) -> None:
        """An attribute will change."""
        if (id(obj), name) not in self._keys:
            self._note((id(obj), name), obj, Attribute(obj, name))

    def note_variable(self, cell: CellType) -> None:
        """A variable that closures share will change."""
        if (id(cell), None) not in self._keys:
            self._note((id(cell), None), cell, SharedVariable(cell))

    def note_frame(self, frame: Any, until: Journal | None) -> None:
        """The variables of a function will change, for this journal and those around it up to `until`."""
        for slot, value in enumerate(frame.vars):
            journal: Journal | None = self
            while journal is not None and journal is not until and (id(frame), slot) not in journal._keys:
                if type(value) is not CellType:
                    journal._keys.add((id(frame), slot))
                    journal.places.append(FrameVariable(frame, slot))
                    journal.before.append(value)
                journal = journal.outer

    def note_global(self, namespace: dict[str, Any], name: str) -> None:
        """A global will change."""
        if (id(namespace), name) not in self._keys:
            self._note((id(namespace), name), namespace, Global(namespace, name))

    def _note(self, key: tuple[int, Any], owner: Any, place: Place) -> None:
        value = place.read()
        journal: Journal | None = self
        while journal is not None and key not in journal._keys:
            if journal.fresh is not None and (id(owner) in journal.fresh or journal._holds_local(value)):
                journal.fresh[id(owner)] = owner
                return
            journal._keys.add(key)
            journal.places.append(place)
            journal.before.append(value)
            journal = journal.outer

    def _holds_local(self, value: Any) -> bool:
        """Whether a value holds something that was computed since: then what holds it was made since."""
        items = value.items if type(value) is Contents else (value,)
        return any(map(self.is_local, items))
