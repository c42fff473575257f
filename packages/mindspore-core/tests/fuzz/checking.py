"""What a random program is checked for: plain Python, graph mode and PyNative mode agree, and so do differences.

A program runs at several points. Plain Python (`tests/programs/plain.py`) says what is right. The gradient is compared
along one direction: the derivative of the sum of all results along it, by central differences of fourth order, is the
product of the direction with the gradient. The comparisons that a plain run makes are written down; where a
difference's points compare otherwise than the middle does, or come out non-finite, there is no derivative to compare.
"""
from __future__ import annotations

import itertools
import linecache
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "programs"))

import plain
from grammar import Program

from mindspore import Tensor, jit, ops
from mindspore.compiler.frontend import GraphCompileError
from mindspore.gradient import grad
from mindspore.runtime.device import use_backend

FLOATS = 4  # the first arguments are differentiated
POINTS = [
    (0.47, -0.83, [0.31, -0.58, 1.13], [0.72, 0.24, -0.96], 2),
    (-1.21, 0.66, [-0.43, 0.87, 0.19], [-1.37, 0.52, 0.08], 0),
    (1.62, 0.17, [1.07, 0.63, -0.29], [0.38, -1.11, 0.91], 3),
]
DIRECTION = (0.83, -0.57, [0.41, 0.92, -0.66], [-0.35, 0.78, 0.59])
STEP = 1e-4
_numbers = itertools.count()


class Mismatch(AssertionError):
    """Two ways to run a program differ; the message says where and shows the program."""

    def __init__(self, program: Program, message: str) -> None:
        super().__init__(f"{message}\n{program.text}")
        self.program = program


class Refused(Exception):
    """Graph mode does not compile the program; the message says why."""


class Comparisons:
    """Within the block, the results of comparisons of plain tensors are written down."""

    NAMES = ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__")

    def __init__(self) -> None:
        self.results: list[bytes] = []

    def __enter__(self) -> list[bytes]:
        self.saved = {name: getattr(plain.Tensor, name) for name in self.NAMES}
        for name, compare in self.saved.items():
            setattr(plain.Tensor, name, self._noted(compare))
        return self.results

    def _noted(self, compare: Callable) -> Callable:
        def noted(a: Any, b: Any) -> Any:
            result = compare(a, b)
            if isinstance(result, plain.Tensor):
                self.results.append(result.array.tobytes())
            return result
        return noted

    def __exit__(self, *exc: Any) -> None:
        for name, compare in self.saved.items():
            setattr(plain.Tensor, name, compare)


# -- running -----------------------------------------------------------------------------------------------------------


def load(text: str, name: str, functions: Any) -> types.FunctionType:
    """The function `main` of a program, with its text where the compiler looks for it."""
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    namespace: dict[str, Any] = {"__name__": "random_program", "ops": functions}
    exec(compile(text, name, "exec"), namespace)
    return namespace["main"]


def check(program: Program, backend: str = "reference", gradients: bool = True) -> bool:
    """Check a program on a backend; whether gradients could be compared.

    Raises Mismatch, or Refused if graph mode does not compile it.
    """
    name = f"<random program {next(_numbers)}>"
    try:
        truth, real = [load(program.text, name, functions) for functions in (plain.ops, ops)]
        with use_backend(backend):
            return _check(program, truth, real, gradients)
    finally:
        linecache.cache.pop(name, None)


def _check(program: Program, truth: Callable, real: Callable, gradients: bool) -> bool:
    modes = {"graph": jit(real), "pynative": real}
    expected = [leaves(truth(*plain_arguments(point))) for point in POINTS]
    for mode, function in modes.items():
        for point, values in zip(POINTS, expected):
            found = leaves(attempt(program, mode, function, point))
            same = len(values) == len(found) and all(close(a, b, 1e-7) for a, b in zip(values, found))
            if not same:
                raise Mismatch(program, f"{mode} mode at {point}: {found}, plain Python: {values}")
    if not gradients:
        return False
    slopes = [(point, slope) for point in POINTS if (slope := difference(truth, point)) is not None]
    for mode in modes if slopes else ():
        derivative = grad(real, tuple(range(FLOATS)))
        derivative = jit(derivative) if mode == "graph" else derivative
        for point, slope in slopes:
            found = attempt(program, f"the gradient in {mode}", derivative, point)
            along = sum(float(np.sum(g.asnumpy() * np.array(d))) for g, d in zip(found, DIRECTION))
            if not close(slope, along, 1e-5):
                raise Mismatch(program, f"the derivative in {mode} mode at {point}: {along}, by differences: {slope}")
    return bool(slopes)


def attempt(program: Program, what: str, function: Callable, point: tuple) -> Any:
    """The result of the product; every error but a refusal is a mismatch, since plain Python has a result."""
    try:
        return function(*[Tensor(np.array(value)) for value in point])
    except GraphCompileError as refusal:
        raise Refused(refusal.summary) from refusal
    except Exception as error:
        raise Mismatch(program, f"{what} mode at {point}: {type(error).__name__}: {error}") from error


def plain_arguments(point: tuple) -> list[plain.Tensor]:
    return [plain.wrap(np.array(value)) for value in point]


def leaves(result: Any) -> list[np.ndarray]:
    """The arrays in a result, in order."""
    if isinstance(result, tuple | list):
        return [leaf for each in result for leaf in leaves(each)]
    return [np.asarray(result.array if isinstance(result, plain.Tensor) else
                       result.asnumpy() if isinstance(result, Tensor) else result)]


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Whether values are equal up to rounding, relative to their size where that is above one."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


def difference(truth: Callable, point: tuple) -> float | None:
    """The derivative of the sum of all results at a point along `DIRECTION`; None where it cannot be told."""
    def at(step: float) -> float:
        moved = [np.array(value) + step * np.array(d) for value, d in zip(point, DIRECTION)]
        return sum(leaf.sum() for leaf in leaves(truth(*plain_arguments((*moved, *point[FLOATS:])))))

    seen, values = set(), []
    for step in (-2 * STEP, -STEP, STEP, 2 * STEP):
        with Comparisons() as results:
            values.append(at(step))
        seen.add(tuple(results))
    slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * STEP)
    return slope if len(seen) == 1 and np.isfinite(slope) else None
