"""Loops and decisions as operators: functions that are given functions.

What stands here is written as a user's program is, and interpreted like one where it is called from a function that is
compiled (`INTERPRETED`): decisions and loops by tensors become those of the graph.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.ops.primitive import Primitive

__all__ = ["switch", "switch_layer"]

INTERPRETED = True


def switch(pred: Any, x: Any, y: Any) -> Any:
    """x where pred, a bool or a tensor of one element, is true, else y; each may be a function."""
    if pred:
        return x
    return y


def switch_layer(index: Any, layers: Sequence) -> Any:
    """The layer, or function, at a place, an int or a tensor, in a sequence."""
    return layers[index]


class WhileLoop(Primitive):
    """A loop that runs while a condition holds: `WhileLoop()(cond_func, loop_func, init_val)`."""

    def __init__(self):
        Primitive.__init__(self, "WhileLoop")

    def __call__(self, cond_func: Callable, loop_func: Callable, init_val: Any) -> Any:
        """The value after `value = loop_func(value)` as often as cond_func(value) is true, from init_val on."""
        value = init_val
        while cond_func(value):
            value = loop_func(value)
        return value


class ForiLoop(Primitive):
    """A loop over numbers: `ForiLoop()(lower, upper, loop_func, init_val)`."""

    def __init__(self):
        Primitive.__init__(self, "ForiLoop")

    def __call__(self, lower: Any, upper: Any, loop_func: Callable, init_val: Any, unroll: bool = True) -> Any:
        """The value after `value = loop_func(i, value)` for i = lower .. upper - 1, from init_val on. Bounds may be
        tensors, and i is one then; `unroll` changes nothing: whether a loop is unrolled follows from what it does."""
        value = init_val
        if isinstance(lower, Tensor) or isinstance(upper, Tensor):
            i = lower + 0 * upper
            while i < upper:
                value = loop_func(i, value)
                i = i + 1
            return value
        for i in range(lower, upper):
            value = loop_func(i, value)
        return value


class Scan(Primitive):
    """A loop over the items of a sequence: `Scan()(loop_func, init, xs)`."""

    def __init__(self):
        Primitive.__init__(self, "Scan")

    def __call__(self, loop_func: Callable, init: Any, xs: Sequence | Tensor | None, length: int | None = None,
                 unroll: bool = True) -> tuple[Any, list]:
        """(the last value, the list of results) of `value, result = loop_func(value, x)` for each x of xs, from init
        on. Without xs x is None, `length` times.

        Raises:
            ValueError: neither xs nor length is given, or xs has not `length` items.
        """
        if xs is None and length is None:
            raise ValueError("Scan: xs and length are None; give one of them")
        items = [None] * length if xs is None else xs
        if length is not None and len(items) != length:
            raise ValueError(f"Scan: xs has {len(items)} items, but length is {length}")
        value, results = init, []
        for x in items:
            value, result = loop_func(value, x)
            results.append(result)
        return value, results


CLASSES = {"ForiLoop": ForiLoop, "Scan": Scan, "WhileLoop": WhileLoop}
