"""How whole algorithms are tested: one function, in both modes, on every backend, against an answer known otherwise.

`algorithm(*arrays, answer=..., gradient=...)` registers a function of tensors. Its results in PyNative and graph mode
must agree with each other, and with `answer` of the arrays where that is given; so must the gradients of the sum of a
floating result by the first floating operand, with each other, and with `gradient`.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ALGORITHMS: list[Algorithm] = []


@dataclass
class Algorithm:
    """function; arrays: its operands; answer, gradient: of the arrays, or None; differentiable: whether gradients are
    compared."""

    function: Callable
    arrays: tuple
    answer: Callable | None
    gradient: Callable | None
    differentiable: bool
    rtol: float
    atol: float

    def __repr__(self) -> str:
        return self.function.__name__


def algorithm(*arrays, answer: Callable | None = None, gradient: Callable | None = None, differentiable: bool = True,
              rtol: float = 1e-4, atol: float = 1e-5) -> Callable:
    """A decorator that registers the function; see the module's text."""
    def register(function: Callable) -> Callable:
        ALGORITHMS.append(Algorithm(function, tuple(map(np.asarray, arrays)), answer, gradient, differentiable, rtol,
                                    atol))
        return function

    return register
