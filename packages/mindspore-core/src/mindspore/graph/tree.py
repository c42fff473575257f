"""Nested containers of tensors: taking them apart and putting them together again."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.graph.text import TracedText
from mindspore.graph.trace import Traced


def flatten(value: Any, leaves: list) -> Any:
    """Append the tensors in `value` to `leaves`; the rest is returned as a spec from which `rebuild` makes the value.

    Tuples (named ones too), lists, dicts and texts about tensors are taken apart; anything else is static and stays as
    it is.
    """
    if isinstance(value, Tensor):
        leaves.append(value)
        return _LEAF
    if isinstance(value, tuple):
        return _Node(_tuple_maker(type(value)), [flatten(v, leaves) for v in value])
    if isinstance(value, list):
        return _Node(list, [flatten(v, leaves) for v in value])
    if isinstance(value, dict):
        keys = list(value)
        return _Node(lambda items: dict(zip(keys, items)), [flatten(value[k], leaves) for k in keys])
    if isinstance(value, TracedText):
        return _Node(_text_maker(value), [flatten(v, leaves) for v in value.values])
    return _Static(value)


class _Leaf:
    pass


_LEAF = _Leaf()


class _Node:
    __slots__ = ("make", "items")

    def __init__(self, make: Callable, items: list):
        self.make, self.items = make, items


class _Static:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def _tuple_maker(cls: type) -> Callable:
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


def rebuild(spec: Any, leaves) -> Any:
    """The value of a spec with tensors taken from the iterator `leaves`."""
    if spec is _LEAF:
        return next(leaves)
    if type(spec) is _Static:
        return spec.value
    return spec.make([rebuild(item, leaves) for item in spec.items])


def is_single(spec: Any) -> bool:
    """Whether the value is one tensor."""
    return spec is _LEAF


def map_tensors(function: Callable, value: Any) -> Any:
    """`value` with `function` applied to each tensor in it."""
    leaves: list = []
    spec = flatten(value, leaves)
    return rebuild(spec, iter([function(t) for t in leaves]))
