"""What a random program is checked for: plain Python, graph mode and PyNative mode agree, and so do differences.

A program runs at several points. Plain Python (`world.py`) says what is right: the results, what is printed, the error
that is raised, and what the arguments and the Parameters of its Cells hold afterwards; each call begins with the same
Parameters.

The gradient is compared along one direction: the derivative of the sum of all results along it, by central differences,
is the product of the direction with the gradient, by the floats among the arguments and by the
Parameters. The decisions that a plain run takes are noted; where a difference's points decide otherwise than the middle
does, raise an error, or come out non-finite, or where smaller steps give another slope, there is no derivative to
compare.
"""
from __future__ import annotations

import contextlib
import io
import itertools
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "programs"))

import plain
import world
from writing import Program

import mindspore
from mindspore import Tensor, jit
from mindspore.compiler.frontend import GraphCompileError, for_loops, scans, while_loops
from mindspore.compiler.frontend.errors import InternalCompileError
from mindspore.gradient import grad
from mindspore.nn import Cell
from mindspore.runtime.device import use_backend

FLOATS = 4  # the first arguments are differentiated
POINTS = [
    (0.47, -0.83, [0.31, -0.58, 1.13], [0.72, 0.24, -0.96], 2),
    (-1.21, 0.66, [-0.43, 0.87, 0.19], [-1.37, 0.52, 0.08], 0),
    (1.62, 0.17, [1.07, 0.63, -0.29], [0.38, -1.11, 0.91], 3),
]
DIRECTION = (0.83, -0.57, [0.41, 0.92, -0.66], [-0.35, 0.78, 0.59])
PARAMETER_DIRECTION = (0.61, [-0.44, 0.75, 0.38])
STEP = 1e-5
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")
PRODUCT = {name: getattr(mindspore, name, None) or getattr(mindspore.nn, name) for name in world.NAMES}
_numbers = itertools.count()


class Mismatch(AssertionError):
    """Two ways to run a program differ; the message says where and shows the program."""

    def __init__(self, program: Program, message: str) -> None:
        super().__init__(f"{message}{program!r}")
        self.program = program


class Refused(Exception):
    """Graph mode does not compile the program; the message says why."""


class Discarded(Exception):
    """Plain Python cannot tell at any point what a program gives."""


class Outcome(NamedTuple):
    """What a call gave: arrays, or an error; what was printed; the values of the Parameters and of the arguments."""

    values: list[np.ndarray]
    error: Exception | None
    text: str
    state: list[np.ndarray]
    arguments: list[np.ndarray]


# -- running -----------------------------------------------------------------------------------------------------------


class Loaded:
    """A program in one of the worlds: its function `main`, and the Parameters of its Cells."""

    def __init__(self, text: str, name: str, names: dict) -> None:
        namespace: dict[str, Any] = {"__name__": "random_program", **names}
        exec(compile(text, name, "exec"), namespace)
        self.main = namespace["main"]
        cells = [each for each in namespace.values() if isinstance(each, plain.Cell | Cell)]
        self.parameters = [getattr(cell, name) for cell in cells for name in ("p", "u")]
        self.first = [each.array.copy() if isinstance(each, plain.Tensor) else each.asnumpy()
                      for each in self.parameters]

    def reset(self, step: float = 0.0) -> None:
        """Give the Parameters the values that they had at first, moved along the direction."""
        for parameter, value, along in zip(self.parameters, self.first, itertools.cycle(PARAMETER_DIRECTION)):
            value = value + step * np.array(along)
            if isinstance(parameter, plain.Tensor):
                parameter.array = np.array(value)
            else:
                parameter.set_data(Tensor(value))

    def outcome(self, function: Callable, args: list) -> Outcome:
        """The outcome of a call."""
        text, values, error = io.StringIO(), [], None
        with contextlib.redirect_stdout(text):
            try:
                values = leaves(function(*args))
            except (GraphCompileError, world.Untold):
                raise
            except Exception as caught:
                error = caught
        return Outcome(values, error, text.getvalue(), leaves(self.parameters), leaves(args))

    def plainly(self, point: tuple, step: float = 0.0) -> Outcome:
        """The outcome in plain Python at a point, moved along the direction."""
        self.reset(step)
        moved = [np.array(value) + step * np.array(d) for value, d in zip(point, DIRECTION)]
        args = [plain.wrap(value) for value in (*moved, *map(np.array, point[FLOATS:]))]
        return self.outcome(self.main, args)


def leaves(result: Any) -> list[np.ndarray]:
    """The arrays in a result, in order."""
    if isinstance(result, tuple | list):
        return [leaf for each in result for leaf in leaves(each)]
    return [np.asarray(result.array if isinstance(result, plain.Tensor) else
                       result.asnumpy() if isinstance(result, Tensor) else result)]


def close(a: Any, b: Any, tolerance: float) -> bool:
    """Whether values are equal up to rounding, relative to their size where that is above one."""
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


def same_text(a: str, b: str) -> bool:
    """Whether texts are equal up to the last digits of numbers, and to blanks."""
    shapes = ["".join(NUMBER.sub("#", text).split()) for text in (a, b)]
    numbers = [np.array([float(number) for number in NUMBER.findall(text)]) for text in (a, b)]
    return shapes[0] == shapes[1] and close(*numbers, 2e-3)


# -- checking ----------------------------------------------------------------------------------------------------------


class Check:
    """A program in both worlds, on the backend that is current."""

    def __init__(self, program: Program, name: str) -> None:
        self.program = program
        self.truth = Loaded(program.text, name, world.NAMES)
        self.real = Loaded(program.text, name, PRODUCT)
        self.expected: list[tuple[tuple, Outcome, list]] = []
        for point in POINTS:
            with contextlib.suppress(world.Untold), world.Comparisons(), world.decisions() as taken:
                self.expected.append((point, self.truth.plainly(point), taken))
        for _, outcome, _ in self.expected:
            if type(outcome.error) is RuntimeError:
                raise Discarded  # it changes a dictionary that it goes over, which Python notices by chance
            if outcome.error is not None and type(outcome.error) is not ValueError:
                raise outcome.error  # the program is not well-typed
        if not self.expected:
            raise Discarded

    def calls(self) -> None:
        """Compare the outcomes of calls."""
        for mode, function in (("graph", jit(self.real.main, fullgraph=True)), ("pynative", self.real.main)):
            for point, truth, _ in self.expected:
                found = self.attempt(function, point)
                self.compare(truth, found, f"{mode} mode at {point}")
                types = [[str(leaf.dtype) for leaf in each.values] for each in (truth, found)]
                if types[0] != types[1]:
                    raise Mismatch(self.program, f"{mode} mode at {point}: dtypes {types[1]}, Python: {types[0]}")
                if not all(close(a, b, 1e-7) for a, b in zip(truth.values, found.values)):
                    raise Mismatch(self.program, f"{mode} mode at {point}: {found.values}, Python: {truth.values}")
                if not all(close(a, b, 1e-7) for a, b in zip(truth.arguments, found.arguments)):
                    raise Mismatch(self.program, f"{mode} mode at {point}: arguments are {found.arguments} after the "
                                                 f"call, in Python: {truth.arguments}")

    def compare(self, truth: Outcome, found: Outcome, where: str) -> None:
        """Compare errors, printed texts, and the values of Parameters."""
        if (truth.error is None) != (found.error is None) or not same_text(str(truth.error), str(found.error)) \
                or type(truth.error) is not type(found.error):
            raise Mismatch(self.program, f"{where}: raised {found.error!r}, plain Python: {truth.error!r}"
                           ) from found.error
        if not same_text(truth.text, found.text):
            raise Mismatch(self.program, f"{where}: printed {found.text!r}, plain Python {truth.text!r}")
        if not all(close(a, b, 1e-7) for a, b in zip(truth.state, found.state)):
            raise Mismatch(self.program, f"{where}: left {found.state}, plain Python: {truth.state}")

    def attempt(self, function: Callable, point: tuple) -> Outcome:
        """An outcome of the product."""
        self.real.reset()
        try:
            return self.real.outcome(function, [Tensor(np.array(value)) for value in point])
        except InternalCompileError as error:
            raise Mismatch(self.program, f"at {point}: {error}: {error.__cause__!r}") from error
        except GraphCompileError as refusal:
            raise Refused(refusal.summary) from refusal

    def gradients(self) -> bool:
        """Compare gradients with differences; whether there was one to compare."""
        slopes = [(point, truth, self.difference(point, taken)) for point, truth, taken in self.expected]
        slopes = [each for each in slopes if each[1].error is not None or each[2] is not None]
        derivative = grad(self.real.main, tuple(range(FLOATS)), self.real.parameters or None)
        for mode, function in (("graph", jit(derivative, fullgraph=True)), ("pynative", derivative)):
            for point, truth, slope in slopes:
                found = self.attempt(function, point)
                where = f"the gradient in {mode} mode at {point}"
                self.compare(truth, found, where)
                if slope is None:
                    continue
                directions = (*DIRECTION, *PARAMETER_DIRECTION * (len(self.real.parameters) // 2))
                along = sum(float(np.sum(g * np.array(d))) for g, d in zip(found.values, directions, strict=True))
                if not close(slope, along, 1e-5) and self.reliable(point, slope):
                    raise Mismatch(self.program, f"{where}: {along} along the direction, by differences: {slope}")
        return any(slope is not None for _, _, slope in slopes)

    def reliable(self, point: tuple, slope: float) -> bool:
        """Whether differences of smaller steps agree: those of a function that bends much do not."""
        middle = next(taken for known, _, taken in self.expected if known is point)
        return all(smaller is not None and close(smaller, slope, 1e-4)
                   for smaller in (self.difference(point, middle, STEP / part) for part in (2, 8)))

    def difference(self, point: tuple, middle: list, size: float = STEP) -> float | None:
        """The derivative of the sum of all results at a point along the directions, from the difference of two points
        that are `size` from it; None where it cannot be told."""
        values = []
        for step in (-size, size):
            try:
                with world.Comparisons(), world.decisions() as taken:
                    moved = self.truth.plainly(point, step)
            except world.Untold:
                return None
            if moved.error is not None or taken != middle:
                return None
            values.append(sum(leaf.sum() for leaf in moved.values))
        slope = (values[1] - values[0]) / (2 * size)
        return slope if np.isfinite(slope) else None


@contextlib.contextmanager
def loops_as_one(wanted: bool) -> Iterator[None]:
    """Within the block, loops of two trips are compiled as long ones are, if that is wanted."""
    thresholds = [(scans, "FEW_TRIPS", 1), (for_loops, "FEW_TRIPS", 1), (while_loops, "FEW_TRIPS", 1),
                  (scans, "_FEW_OPERATIONS", 0)]
    saved = [getattr(module, name) for module, name, _ in thresholds]
    for module, name, low in thresholds if wanted else ():
        setattr(module, name, low)
    try:
        yield
    finally:
        for (module, name, _), value in zip(thresholds, saved):
            setattr(module, name, value)


def check(program: Program, backend: str = "reference", gradients: bool = True) -> bool:
    """Check a program on a backend; whether gradients could be compared.

    Raises Mismatch; Refused if graph mode does not compile it; Discarded if plain Python cannot tell what it gives.
    """
    name = f"<random program {next(_numbers)}>"
    linecache.cache[name] = len(program.text), None, program.text.splitlines(keepends=True), name
    try:
        with use_backend(backend), loops_as_one(program.scanned):
            checked = Check(program, name)
            checked.calls()
            return gradients and checked.gradients()
    finally:
        linecache.cache.pop(name, None)
