"""Minimisation under inequalities by augmented Lagrangians.

For constraints c_k(x) < 0 with multipliers m_k >= 0 and a penalty s, steps of Adam make

    weight f(x) + 1/(2 s) * sum over k of max(0, m_k + s c_k(x))^2 - m_k^2

small; after each round m_k becomes max(0, m_k + s c_k(x)), and s grows where the constraints have not come closer
(Powell, Hestenes and Rockafellar; Nocedal and Wright, "Numerical Optimization", 2006, chapter 17). Bounds of x are kept
by projection after each step.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.gradient import value_and_grad
from mindspore.ops import arithmetic, joining, reduction, shapes

GROWTH = 2.0  # of the penalty
PROGRESS = 0.5  # what is left of the violations after a round that needs no larger penalty


class LagrangeResults(NamedTuple):
    """The outcome of `minimize` by "LAGRANGE".

    succeeded: whether a point satisfied all constraints up to the tolerances; best_value: of these points the one where
    the function is least, as an array, or the last point where there is none; object_value, loss_value: the function
    and the constraints there.
    """

    succeeded: bool
    best_value: np.ndarray
    object_value: float
    loss_value: np.ndarray


class _Adam:
    """The steps of Adam (Kingma and Ba, 2014) for one array."""

    def __init__(self, shape: tuple, learning_rate: float):
        self.mean, self.square, self.count = np.zeros(shape), np.zeros(shape), 0
        self.learning_rate = learning_rate

    def step(self, gradient: np.ndarray) -> np.ndarray:
        """What is to be subtracted."""
        self.count += 1
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.001 * (gradient * gradient - self.square)
        mean, square = self.mean / (1 - 0.9 ** self.count), self.square / (1 - 0.999 ** self.count)
        return self.learning_rate * mean / (np.sqrt(square) + 1e-8)


def minimize_lagrange(func: Callable, x0: Tensor, constraints: Sequence[Callable],
                      save_tol: Sequence[float] | float | None = None, obj_weight: float = 1.0,
                      lower: Tensor | None = None, upper: Tensor | None = None, learning_rate: float = 0.1,
                      coincide_fun: Callable | None = None, rounds: int = 10, steps: int = 1000,
                      log_sw: bool = False) -> LagrangeResults:
    """The minimum of `func` where all constraints are negative.

    Args:
        func: from x, and what `coincide_fun` gives where there is one, to a number. constraints: likewise.
        x0: the first point. save_tol: for each constraint how far above 0 it may be in a point that is kept, 1e-3 by
            default. obj_weight: what the function is multiplied by.
        lower, upper: bounds of x.
        learning_rate: of Adam. coincide_fun: what function and constraints have in common, computed once for all.
        rounds: how often multipliers are renewed. steps: of Adam in each round. log_sw: whether to print each round.

    Raises:
        TypeError: a constraint or coincide_fun is not callable. ValueError: save_tol has not one number for each.
    """
    for what, function in [*[("a constraint", c) for c in constraints], ("coincide_fun", coincide_fun or func)]:
        if not callable(function):
            raise TypeError(f"minimize: {what} must be callable, but got {type(function).__name__}")
    count = len(constraints)
    allowed = np.full(count, 1e-3) if save_tol is None else np.atleast_1d(np.asarray(save_tol, np.float64))
    if allowed.shape != (count,):
        raise ValueError(f"minimize: tol has {allowed.size} numbers for {count} constraints; expected one for each")
    evaluate = value_and_grad(_augmented(func, constraints, coincide_fun, obj_weight), 0, None, has_aux=True)
    low, high = (None if bound is None else np.asarray(Tensor(bound).asnumpy(), np.float64) for bound in (lower, upper))
    x, dtype = _within(x0.asnumpy().astype(np.float64), low, high), x0.dtype
    adam, multipliers, penalty, worst = _Adam(x.shape, learning_rate), np.zeros(count), 1.0, np.inf
    best: LagrangeResults | None = None
    for number in range(rounds):
        for _ in range(steps):
            (_, objective, losses), slope = evaluate(*[Tensor(v, dtype) for v in (x, multipliers, penalty)])
            value, found = float(objective), losses.asnumpy().astype(np.float64)
            if (found < allowed).all() and (best is None or value < best.object_value):
                best = LagrangeResults(True, x.astype(dtype.np), value, found)
            last = LagrangeResults(False, x.astype(dtype.np), value, found)
            x = _within(x - adam.step(slope.asnumpy().astype(np.float64)), low, high)
        violation = np.maximum(found, -multipliers / penalty)
        multipliers = np.maximum(0.0, multipliers + penalty * found)
        size = np.abs(violation).max(initial=0.0)
        penalty *= GROWTH if size > PROGRESS * worst else 1.0
        worst = size
        if log_sw:
            print(f"round {number}: value {value}, constraints {found}, multipliers {multipliers}, penalty {penalty}")
    return last if best is None else best


def _within(x: np.ndarray, low: np.ndarray | None, high: np.ndarray | None) -> np.ndarray:
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _augmented(func: Callable, constraints: Sequence[Callable], common: Callable | None, weight: float) -> Callable:
    """The function that is made small, which also gives the value of `func` and of the constraints."""

    def augmented(x, multipliers, penalty):
        given = (x,) if common is None else (x, common(x))
        objective = func(*given)
        total = arithmetic.mul(objective, weight)
        if not constraints:
            return shapes.reshape(total, ()), shapes.reshape(objective, ()), multipliers
        losses = joining.stack([shapes.reshape(c(*given), ()) for c in constraints])
        pushed = arithmetic.maximum(arithmetic.add(multipliers, arithmetic.mul(penalty, losses)), 0.0)
        extra = reduction.sum(arithmetic.sub(arithmetic.square(pushed), arithmetic.square(multipliers)))
        total = arithmetic.add(total, arithmetic.div(extra, arithmetic.mul(penalty, 2.0)))
        return shapes.reshape(total, ()), shapes.reshape(objective, ()), losses

    return augmented
