"""How far to go in a direction: steps that satisfy the strong Wolfe conditions.

The step a is accepted where f(x + a p) <= f(x) + c1 a f'(x)p and |f'(x + a p)p| <= c2 |f'(x)p|. It is bracketed by
doubling, and the bracket is narrowed by cubic interpolation (Nocedal and Wright, "Numerical Optimization", 2006,
algorithms 3.5 and 3.6).
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.gradient import grad, value_and_grad

FOUND, ZOOM_FAILED, NO_STEPS_LEFT = 0, 1, 3


class LineSearchResults(NamedTuple):
    """The outcome of `line_search`.

    failed: whether no acceptable step was found; nit: iterations; nfev, ngev: how often the function and its gradient
    were computed; k: as nit; a_k: the step; f_k, g_k: value and gradient there; status: 0 where a step was found, 1
    where the bracket became too small, 3 where no iterations were left.
    """

    failed: bool
    nit: int
    nfev: int
    ngev: int
    k: int
    a_k: Tensor
    f_k: Tensor
    g_k: Tensor
    status: int


class Objective:
    """A function of a tensor with one axis, and its gradient, on arrays; counts its calls.

    function: gives one number; gradient: gives a tensor like its argument, by default that of `function`; dtype: of the
    tensors that they get.
    """

    def __init__(self, function: Callable, gradient: Callable | None, dtype):
        self.function, self.gradient, self.dtype = function, gradient, dtype
        self.both = value_and_grad(function) if gradient is None else None
        self.calls = 0

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """(value, gradient) at a point. ValueError where the function gives anything but one number."""
        self.calls += 1
        point = Tensor(np.asarray(x), self.dtype)
        if self.both is not None:
            value, slope = self.both(point)
        else:
            value, slope = self.function(point), self.gradient(point)  # type: ignore[misc]
        value = value.asnumpy() if isinstance(value, Tensor) else np.asarray(value)
        if value.size != 1:
            raise ValueError(f"minimize: the function gives a tensor of shape {value.shape}; expected one number")
        slope = slope.asnumpy() if isinstance(slope, Tensor) else np.asarray(slope)
        return float(value.reshape(())), slope.astype(np.float64)


class Point(NamedTuple):
    """A point on the line: step, value, slope along the line, gradient."""

    step: float
    value: float
    slope: float
    gradient: np.ndarray


class Search(NamedTuple):
    """What was found: the point, whether and how the search failed, and the number of iterations."""

    point: Point
    status: int
    iterations: int


def search(objective: Objective, x: np.ndarray, direction: np.ndarray, start: Point, c1: float, c2: float,
           maxiter: int) -> Search:
    """The search from `start`, the point with step 0."""

    def at(step: float) -> Point:
        value, gradient = objective(x + step * direction)
        return Point(step, value, float(gradient @ direction), gradient)

    def too_high(p: Point) -> bool:
        return not p.value <= start.value + c1 * p.step * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * start.slope

    def narrowed(low: Point, high: Point, used: int) -> Search:
        for count in range(used, used + maxiter):
            if abs(high.step - low.step) <= 1e-10 * max(1.0, abs(low.step)):
                return Search(low, ZOOM_FAILED, count)
            p = at(_between(low, high))
            if too_high(p) or p.value >= low.value:
                high = p
                continue
            if flat(p):
                return Search(p, FOUND, count + 1)
            if p.slope * (high.step - low.step) >= 0:
                high = low
            low = p
        return Search(low, ZOOM_FAILED, used + maxiter)

    before, step = start, 1.0
    for count in range(1, maxiter + 1):
        p = at(step)
        if too_high(p) or (count > 1 and p.value >= before.value):
            return narrowed(before, p, count)
        if flat(p):
            return Search(p, FOUND, count)
        if p.slope >= 0:
            return narrowed(p, before, count)
        before, step = p, 2 * step
    return Search(before, NO_STEPS_LEFT, maxiter)


def _between(low: Point, high: Point) -> float:
    """The minimum of the cubic through both points with their slopes, but no nearer to either than a tenth of the gap;
    the middle where there is none."""
    gap = high.step - low.step
    first = low.slope + high.slope - 3 * (low.value - high.value) / (low.step - high.step)
    square = first * first - low.slope * high.slope
    if not square >= 0 or not math.isfinite(square):
        return low.step + gap / 2
    second = math.copysign(math.sqrt(square), gap)
    bottom = high.slope - low.slope + 2 * second
    place = high.step - gap * (high.slope + second - first) / bottom if bottom else math.nan
    share = (place - low.step) / gap
    return low.step + gap * (min(max(share, 0.1), 0.9) if math.isfinite(share) else 0.5)


def line_search(f: Callable, xk: Tensor, pk: Tensor, jac: Callable | None = None, gfk: Tensor | None = None,
                old_fval: Tensor | None = None, old_old_fval: Tensor | None = None, c1: float = 1e-4, c2: float = 0.9,
                maxiter: int = 20) -> LineSearchResults:
    """A step in the direction `pk` from `xk` that satisfies the strong Wolfe conditions.

    Args:
        f: a function from a tensor like xk to one number. jac: its gradient, by default by differentiation.
        xk, pk: floating tensors with one axis. gfk, old_fval: gradient and value at xk where they are known.
        old_old_fval: has no influence.
        c1, c2: constants of the conditions, 0 < c1 < c2 < 1.
        maxiter: how many steps are tried, and how often the bracket is narrowed.

    Raises:
        TypeError: xk or pk is no floating tensor. ValueError: they differ in shape or do not have one axis.
    """
    check_point("line_search", xk)
    if not isinstance(pk, Tensor) or pk.shape != xk.shape:
        raise ValueError(f"line_search: pk must be a Tensor of the shape of xk, {xk.shape}, but got {pk!r}")
    objective = Objective(f, grad(f) if jac is None and old_fval is not None else jac, xk.dtype)
    x, direction = xk.asnumpy().astype(np.float64), pk.asnumpy().astype(np.float64)
    if old_fval is None or gfk is None:
        value, gradient = objective(x)
    else:
        value, gradient = float(old_fval), gfk.asnumpy().astype(np.float64)
    start = Point(0.0, value, float(gradient @ direction), gradient)
    found = search(objective, x, direction, start, c1, c2, maxiter)
    point = found.point
    count, calls = found.iterations, objective.calls
    return LineSearchResults(found.status != FOUND, count, calls, calls, count,
                             Tensor(point.step, xk.dtype), Tensor(point.value, xk.dtype),
                             Tensor(point.gradient, xk.dtype), found.status)


def check_point(name: str, x: Tensor) -> None:
    """TypeError unless x is a floating tensor, ValueError unless it has one axis."""
    if not isinstance(x, Tensor) or not x.dtype.is_floating:
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise TypeError(f"{name}: the first point must be a floating Tensor, but got {kind}")
    if x.ndim != 1:
        raise ValueError(f"{name}: the first point has shape {x.shape}; expected one axis")
