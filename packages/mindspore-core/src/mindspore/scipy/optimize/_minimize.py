"""Minimisation by quasi-Newton methods.

Both keep an estimate of the inverse Hessian: BFGS as a matrix, L-BFGS as the last changes of point and gradient, from
which its product with the gradient is computed in two loops (Nocedal and Wright, "Numerical Optimization", 2006,
chapters 6 and 7). The first step goes down the gradient. What the function computes has the dtype of the first point,
everything else is done in double precision.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.scipy.optimize._lagrange import LagrangeResults, minimize_lagrange
from mindspore.scipy.optimize._line_search import FOUND, Objective, Point, check_point, search


class OptimizeResults(NamedTuple):
    """The outcome of `minimize` by "BFGS" or "LBFGS".

    x: the last point; success: whether the gradient became small enough; status: 0 where it did, 1 where no iterations
    were left, 3 where the line search's bracket became too small, 5 where it had no iterations left; fun, jac: value
    and gradient at x; hess_inv: the estimate of the inverse Hessian, None for "LBFGS"; nfev, njev: how often value and
    gradient were computed; nit: iterations.
    """

    x: Tensor
    success: bool
    status: int
    fun: float
    jac: Tensor
    hess_inv: Tensor | None
    nfev: int
    njev: int
    nit: int


class _Matrix:
    """The estimate as a matrix."""

    def __init__(self, size: int):
        self.inverse = np.eye(size)

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        return -self.inverse @ gradient

    def learn(self, moved: np.ndarray, turned: np.ndarray) -> None:
        """From a change of the point and the change of the gradient on it."""
        curvature = moved @ turned
        if curvature <= 1e-14 * np.linalg.norm(moved) * np.linalg.norm(turned):
            return
        left = np.eye(len(moved)) - np.outer(moved, turned) / curvature
        self.inverse = left @ self.inverse @ left.T + np.outer(moved, moved) / curvature


class _History:
    """The estimate as the last changes."""

    def __init__(self, kept: int):
        self.kept = kept
        self.changes: list[tuple[np.ndarray, np.ndarray, float]] = []

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        rest, shares = gradient.copy(), []
        for moved, turned, curvature in reversed(self.changes):
            shares.append((moved @ rest) / curvature)
            rest -= shares[-1] * turned
        if self.changes:
            moved, turned, curvature = self.changes[-1]
            rest *= curvature / (turned @ turned)
        for (moved, turned, curvature), share in zip(self.changes, reversed(shares)):
            rest += moved * (share - (turned @ rest) / curvature)
        return -rest

    def learn(self, moved: np.ndarray, turned: np.ndarray) -> None:
        """From a change of the point and the change of the gradient on it."""
        curvature = float(moved @ turned)
        if curvature > 1e-14 * np.linalg.norm(moved) * np.linalg.norm(turned):
            self.changes = [*self.changes, (moved, turned, curvature)][-self.kept:]


def _descend(objective: Objective, x0: Tensor, estimate: _Matrix | _History, maxiter: int | None = None,
             norm: float = np.inf, gtol: float = 1e-5, line_search_maxiter: int = 10) -> OptimizeResults:
    """Steps along the estimate's directions until the norm of the gradient is below `gtol`."""
    x = x0.asnumpy().astype(np.float64)
    limit = 200 * len(x) if maxiter is None else maxiter
    value, gradient = objective(x)
    status, count = 1, 0
    while True:
        if np.linalg.norm(gradient, norm) < gtol:
            status = 0
            break
        if count >= limit:
            break
        direction = estimate.direction(gradient)
        start = Point(0.0, value, float(gradient @ direction), gradient)
        found = search(objective, x, direction, start, 1e-4, 0.9, line_search_maxiter)
        count += 1
        point = found.point
        moved = point.step * direction
        estimate.learn(moved, point.gradient - gradient)
        x, value, gradient = x + moved, point.value, point.gradient
        if found.status != FOUND:
            status = 0 if np.linalg.norm(gradient, norm) < gtol else 2 + found.status
            break
    dtype, inverse = x0.dtype, getattr(estimate, "inverse", None)
    return OptimizeResults(Tensor(x, dtype), status == 0, status, value, Tensor(gradient, dtype),
                           None if inverse is None else Tensor(inverse, dtype), objective.calls, objective.calls, count)


def minimize(func: Callable, x0: Tensor, args: tuple = (), method: str | None = None, jac: Callable | None = None,
             hess: Any = None, hessp: Any = None, bounds: Any = None, constraints: Sequence[Callable] = (),
             tol: Sequence[float] | float | None = None, callback: Any = None,
             options: Mapping[str, Any] | None = None) -> OptimizeResults | LagrangeResults:
    """The minimum of a function near `x0`.

    Args:
        func: a function from a floating tensor with one axis, and `args`, to one number.
        x0: the first point.
        method: "BFGS", "LBFGS" or "LAGRANGE".
        jac: the gradient of func, called as func is; by default by differentiation. For the first two methods.
        constraints: for "LAGRANGE", functions of x that are to be negative.
        tol: for "LAGRANGE", how far above 0 each constraint may be in a result that is kept; for the other methods the
            norm of the gradient that ends the search, as the option gtol.
        options: of "BFGS" and "LBFGS": maxiter (200 times the size of x0 by default), gtol (1e-5), norm (the order of
            the gradient's norm, infinity), line_search_maxiter (10), and history_size (20) for "LBFGS". Of "LAGRANGE":
            see `mindspore.scipy.optimize._lagrange.minimize_lagrange`.
        hess, hessp, bounds, callback: have no influence.

    Raises:
        TypeError: args is no tuple, x0 no floating tensor, a function is not callable, or an option is not known.
        ValueError: the method is not known, x0 does not have one axis, or tol does not fit the constraints.
    """
    if not isinstance(args, tuple):
        raise TypeError(f"minimize: args must be a tuple, but got {type(args).__name__}: {args!r}")
    if not callable(func):
        raise TypeError(f"minimize: func must be callable, but got {type(func).__name__}")
    check_point("minimize", x0)
    chosen, given = str(method).upper(), dict(options or {})
    if chosen == "LAGRANGE":
        return minimize_lagrange(lambda *x: func(*x, *args), x0, constraints, tol, **given)  # type: ignore[arg-type]
    if chosen not in ("BFGS", "LBFGS"):
        raise ValueError(f"minimize: method is {method!r}; expected 'BFGS', 'LBFGS' or 'LAGRANGE'")
    if tol is not None:
        given.setdefault("gtol", tol)
    estimate = _History(given.pop("history_size", 20)) if chosen == "LBFGS" else _Matrix(x0.size)
    unknown = given.keys() - {"maxiter", "norm", "gtol", "line_search_maxiter"}
    if unknown:
        raise TypeError(f"minimize: unknown options {sorted(unknown)} for method {method!r}")
    objective = Objective(lambda x: func(x, *args), None if jac is None else lambda x: jac(x, *args), x0.dtype)
    return _descend(objective, x0, estimate, **given)
