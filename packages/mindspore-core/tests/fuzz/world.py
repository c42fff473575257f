"""What the random programs use, as plain Python knows it: `tests/programs/plain.py`, and what differences can tell.

A derivative by differences is wrong where a comparison, the order of elements, or the choice of a maximum comes out
otherwise at the points of the difference. `noted` writes such decisions down; where they differ, `Untold` is raised or
None returned: there is nothing to compare.

Transformations are what their definitions say: `vmap` is a loop, derivatives are central differences of order six.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import plain
from plain import Tensor, lifted, raw, wrap

STEP = 1e-2
TIE = 1e-7  # of values that are this near, relative to their size, differences do not tell which is the greater
COEFFICIENTS = (3 / 4, -3 / 20, 1 / 60)  # of f(x + k h) - f(x - k h), for the first derivative
_decisions: list[bytes] = []
_differenced = False  # whether a derivative by differences is among the values of the program that runs


class Untold(Exception):
    """Differences do not give a derivative that the program asks for."""


@contextmanager
def decisions() -> Iterator[list[bytes]]:
    """The decisions that are taken in the block: they are in the list after it, and in no list around it."""
    global _decisions
    saved, _decisions = _decisions, []
    try:
        yield _decisions
    finally:
        _decisions = saved


def note(decision: Any) -> None:
    _decisions.append(np.asarray(decision).tobytes())


def tell_apart(x: Any, y: Any) -> None:
    """Untold if x and y are equal up to rounding, but not equal, and a derivative by differences may be among them."""
    if _differenced and np.any((x != y) & np.isclose(x, y, rtol=TIE, atol=TIE)):
        raise Untold


def noting(function: Callable, decide: Callable) -> Callable:
    """A function of tensors that notes what it decides: a function of its arguments as arrays."""
    def operate(*args: Any, **kwargs: Any) -> Any:
        note(decide(*map(raw, args), **{name: raw(value) for name, value in kwargs.items()}))
        return function(*args, **kwargs)
    return operate


class Comparisons:
    """Within the block, the results of comparisons of plain tensors are noted."""

    NAMES = ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__")
    METHODS = {"max": np.argmax, "min": np.argmin, "__abs__": np.sign}

    def __enter__(self) -> None:
        global _differenced
        _differenced = False
        self.saved = {name: getattr(Tensor, name) for name in (*self.NAMES, *self.METHODS)}
        for name, function in self.saved.items():
            setattr(Tensor, name, noting(function, self.METHODS[name]) if name in self.METHODS else
                    self._noted(function))

    def _noted(self, compare: Callable) -> Callable:
        def noted(a: Any, b: Any) -> Any:
            result = compare(a, b)
            if isinstance(result, Tensor):
                note(result.array)
                tell_apart(raw(a), raw(b))
            return result
        return noted

    def __exit__(self, *exc: Any) -> None:
        for name, function in self.saved.items():
            setattr(Tensor, name, function)


# -- operators ---------------------------------------------------------------------------------------------------------


def order(x: np.ndarray, axis: int = -1, descending: bool = False) -> np.ndarray:
    found = np.argsort(-x if descending else x, axis, kind="stable")
    in_order = np.moveaxis(np.take_along_axis(x, found, axis), axis, -1)
    tell_apart(in_order[..., 1:], in_order[..., :-1])
    return found


def sort(x: np.ndarray, axis: int = -1, descending: bool = False) -> tuple:
    indices = order(x, axis, descending)
    return np.take_along_axis(x, indices, axis), indices


def first_largest(x: np.ndarray, axis: int | None = None) -> np.ndarray:
    order(x.ravel() if axis is None else x, -1 if axis is None else axis)
    return np.argmax(x, axis)


def topk(x: np.ndarray, k: int) -> tuple:
    values, indices = sort(x, -1, True)
    return values[..., :k], indices[..., :k]


def cummax(x: np.ndarray, axis: int) -> tuple:
    values = np.maximum.accumulate(x, axis)
    return values, np.maximum.accumulate(np.where(values == x, np.arange(len(x)), 0), axis)


class ops(plain.ops):
    """The functions that programs use, named as in `mindspore.ops`."""

    sort, topk, argsort = noting(lifted(sort), order), noting(lifted(topk), lambda x, k: order(x)), lifted(order)
    argmax = noting(plain.ops.argmax, first_largest)
    cummax = noting(lifted(cummax), lambda x, axis: cummax(x, axis)[1])
    amax = noting(lifted(np.max), np.argmax)
    maximum, minimum = [noting(function, np.greater) for function in (plain.ops.maximum, plain.ops.minimum)]
    relu = noting(plain.ops.relu, np.sign)
    clamp = noting(plain.ops.clamp, lambda x, low, high: np.sign(x - low) + np.sign(x - high))
    einsum, cumprod, tril, outer = map(lifted, (np.einsum, np.cumprod, np.tril, np.outer))
    logsumexp = lifted(lambda x, axis: np.log(np.exp(x).sum(axis)))
    index_select = lifted(lambda x, axis, indices: np.take(x, indices, axis))
    masked_fill = lifted(lambda x, mask, value: np.where(mask, value, x))


# -- transformations ---------------------------------------------------------------------------------------------------


def vmap(function: Callable, in_axes: Any = 0, out_axes: int = 0) -> Callable:
    """A loop over the lanes; the functions take and return tensors."""
    def over_lanes(*args: Any) -> Tensor:
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        size = next(len(arg) for arg, axis in zip(args, axes) if axis is not None)
        lanes = [function(*[plain.fresh(arg if axis is None else arg[k]) for arg, axis in zip(args, axes)])
                 for k in range(size)]
        return wrap(np.stack([lane.array for lane in lanes], out_axes))
    return over_lanes


def derivative(at: Callable[[float], np.ndarray]) -> np.ndarray:
    """The derivative of a function of one number at zero."""
    global _differenced
    values, seen = {}, set()
    for k in (0, *range(-len(COEFFICIENTS), 0), *range(1, len(COEFFICIENTS) + 1)):
        with decisions() as taken:
            values[k] = at(k * STEP)
        seen.add(tuple(taken))
    _decisions.extend(taken)
    if len(seen) > 1:
        raise Untold
    _differenced = True
    return sum(c * (values[k] - values[-k]) for k, c in enumerate(COEFFICIENTS, 1)) / STEP


def jvp(function: Callable, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """The value and the derivative along a direction. Where that is long the steps are along a shorter one: they are as
    wide as differences of differences allow."""
    length = max(1.0, np.abs(direction.array).max(initial=0.0))
    shorter = direction.array / length
    along = derivative(lambda step: function(wrap(point.array + step * shorter)).array.copy())
    return function(plain.fresh(point)), wrap(along * length)


def jacobian(function: Callable) -> Callable:
    """The derivative of each element of the result by each of the argument: the result's axes first."""
    def evaluate(point: Tensor) -> Tensor:
        units = np.eye(point.array.size).reshape(-1, *point.shape)
        columns = [jvp(function, point, wrap(unit))[1].array for unit in units]
        return wrap(np.stack(columns, -1).reshape(columns[0].shape + point.shape))
    return evaluate


def grad(function: Callable, grad_position: Any = 0) -> Callable:
    """The derivative of the sum of the result, by one argument or several."""
    def evaluate(*args: Any) -> Any:
        def by(position: int) -> Tensor:
            return jacobian(lambda x: wrap(function(*args[:position], x, *args[position + 1:]).array.sum()))(
                args[position])
        return tuple(map(by, grad_position)) if isinstance(grad_position, tuple) else by(grad_position)
    return evaluate


def value_and_grad(function: Callable, grad_position: Any = 0) -> Callable:
    """The value and the derivative."""
    return lambda *args: (function(*args), grad(function, grad_position)(*args))


def hessian(function: Callable) -> Callable:
    """The second derivative."""
    return jacobian(jacobian(function))


def recompute(function: Callable, *args: Any) -> Any:
    """A call, whose result is a tensor of its own."""
    return plain.fresh(function(*args))


NAMES = {"ops": ops, "Tensor": Tensor, "Parameter": plain.Parameter, "Cell": plain.Cell, "float32": np.float32,
         "float64": np.float64, "int64": np.int64, "grad": grad, "value_and_grad": value_and_grad, "vmap": vmap,
         "jvp": jvp, "jacfwd": jacobian, "jacrev": jacobian, "hessian": hessian, "recompute": recompute}
