"""Nested containers of tensors: taking them apart and putting them together again."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.frames import Unbound
from mindspore.compiler.frontend.journal import Contents
from mindspore.compiler.frontend.variants import Tag, Variant
from mindspore.compiler.ir.dims import Symbolic
from mindspore.graph.text import TracedText
from mindspore.graph.trace import Traced


def flatten(value: Any, leaves: list, kept: Callable[[Any], Any] | None = None) -> Any:
    """Append the tensors in `value` to `leaves`; the rest is returned as a spec from which `rebuild` makes the value.

    Tuples (named ones too), lists, dicts, slices and texts about tensors are taken apart, variants into their tag and
    their members; anything else is static and stays as it is. kept: given a list or dict, the spec of one that stays
    the object that it is (`same_object`, `Given`), or None.
    """
    if isinstance(value, Tensor):
        leaves.append(value)
        return _LEAF
    if isinstance(value, tuple):
        return _Node(tuple_maker(type(value)), [flatten(v, leaves, kept) for v in value])
    if isinstance(value, list | dict):
        found = None if kept is None else kept(value)
        if found is not None:
            return found
        if isinstance(value, list):
            return _Node(list, [flatten(v, leaves, kept) for v in value])
        keys = list(value)
        return _Node(lambda items: dict(zip(keys, items)), [flatten(value[k], leaves, kept) for k in keys])
    if type(value) is slice:
        bounds = value.start, value.stop, value.step
        return _Node(lambda items: slice(*items), [flatten(v, leaves) for v in bounds])
    if isinstance(value, TracedText):
        return _Text(_text_maker(value), [flatten(v, leaves) for v in value.values])
    if type(value) is Variant:
        leaves.append(value.tag.tensor)
        different = list({id(member): member for member in value.members}.values())
        return _Choice(value, different, [flatten(member, leaves, kept) for member in different])
    if type(value) is Contents:
        kind, keys = value.kind, value.keys
        return _Node(lambda items: Contents(kind, keys, tuple(items)), [flatten(v, leaves, kept) for v in value.items])
    return _Static(value.value if type(value) is Kept else value)


class Kept:
    """A container that is not taken apart, but stays the object that it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)


class _Leaf:
    pass


_LEAF = _Leaf()


class _Node:
    __slots__ = ("make", "items")

    def __init__(self, make: Callable, items: list):
        self.make, self.items = make, items


class _Text(_Node):
    """A text about tensors."""

    __slots__ = ()


class _Static:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Given(_Node):
    """One of the containers that a call is made with, by its number (`graph.arguments`)."""

    __slots__ = ("number",)

    def __init__(self, number: int):
        super().__init__(list, [])
        self.number = number


def same_object(value: Any) -> Any:
    """The spec of a container that stays the object that it is."""
    return _Static(value)


class _Choice:
    """A variant: its tag is a leaf, then follow those of all members that differ."""

    __slots__ = ("count", "items", "places")

    def __init__(self, value: Variant, different: list, items: list):
        self.count, self.items = value.tag.count, items
        self.places = [next(k for k, each in enumerate(different) if each is member) for member in value.members]

    def make(self, tag: Tensor | int, members: list) -> Any:
        """A variant on the tag; of a number, or a tensor with a value, the member that it says."""
        if isinstance(tag, Tensor) and type(tag._value) is Traced:
            return Variant(Tag(self.count, tag), tuple([members[k] for k in self.places]))
        number = tag.item() if isinstance(tag, Tensor) else tag
        member = members[self.places[int(not number) if isinstance(number, bool) else number]]
        if isinstance(member, Unbound):
            raise UnboundLocalError("a variable that has no value on one side of a decision was returned")
        return member


def tuple_maker(cls: type) -> Callable:
    """What makes a tuple of a class from a list of its items."""
    if cls is tuple:
        return tuple
    if hasattr(cls, "_fields"):
        return lambda items: cls(*items)
    return tuple


def _text_maker(text: TracedText) -> Callable:
    """What makes the text about other values: characters, if these are concrete."""
    def make(items):
        made = text.with_values(items)
        return made if is_traced(items) else made.render()

    return make


def is_traced(value: Any) -> bool:
    """Whether a tensor in the value is known only at run time."""
    leaves: list = []
    flatten(value, leaves)
    return any(type(t._value) is Traced for t in leaves)


def holds_sizes(value: Any) -> bool:
    """Whether a symbolic size stands in a value or in containers in it."""
    if isinstance(value, tuple | list):
        return any(map(holds_sizes, value))
    return any(map(holds_sizes, value.values())) if isinstance(value, dict) else isinstance(value, Symbolic)


def rebuild(spec: Any, leaves, given: list | None = None) -> Any:
    """The value of a spec with tensors taken from the iterator `leaves`. given: the containers of a call."""
    if spec is _LEAF:
        return next(leaves)
    if type(spec) is _Static:
        return spec.value
    if type(spec) is _Choice:
        return spec.make(next(leaves), [rebuild(item, leaves, given) for item in spec.items])
    if type(spec) is Given and given is not None:
        return given[spec.number]
    return spec.make([rebuild(item, leaves, given) for item in spec.items])


def conditions(spec: Any) -> list[list[tuple[int, tuple[int, ...], int]] | None]:
    """For each tensor of a value, of which alternatives it is a part: (the number of the tag among the tensors, the
    alternatives, how many there are); None for the tensors of a text."""
    found: list[list[tuple[int, tuple[int, ...], int]] | None] = []

    def visit(part: Any, around: Any) -> None:
        if part is _LEAF:
            found.append(around)
        elif type(part) is _Text:
            for item in part.items:
                visit(item, None)
        elif type(part) is _Choice and around is not None:
            tag = len(found)
            found.append(around)
            for number, item in enumerate(part.items):
                places = tuple([k for k, place in enumerate(part.places) if place == number])
                visit(item, [*around, (tag, places, part.count)])
        elif type(part) is _Choice:
            found.append(None)
            for item in part.items:
                visit(item, None)
        elif type(part) is _Node:
            for item in part.items:
                visit(item, around)

    visit(spec, [])
    return found


def static_values(spec: Any) -> list:
    """What a spec holds beside tensors."""
    if spec is _LEAF:
        return []
    if type(spec) is _Static:
        return [spec.value]
    return [value for item in spec.items for value in static_values(item)]


def is_static(spec: Any) -> bool:
    """Whether the value is neither a tensor nor a container."""
    return type(spec) is _Static


def is_single(spec: Any) -> bool:
    """Whether the value is one tensor."""
    return spec is _LEAF


def map_static(function: Callable, value: Any) -> Any:
    """`value` with `function` applied to each thing in it that is neither a tensor nor a container."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, tuple):
        return tuple_maker(type(value))([map_static(function, v) for v in value])
    if isinstance(value, list):
        return [map_static(function, v) for v in value]
    if isinstance(value, dict):
        return {k: map_static(function, v) for k, v in value.items()}
    if type(value) is slice:
        return slice(*[map_static(function, v) for v in (value.start, value.stop, value.step)])
    return function(value)


def map_tensors(function: Callable, value: Any) -> Any:
    """`value` with `function` applied to each tensor in it."""
    leaves: list = []
    spec = flatten(value, leaves)
    return rebuild(spec, iter([function(t) for t in leaves]))
