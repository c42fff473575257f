"""How the table of calls of `mindspore.numpy` is tested: against NumPy's function of the same name.

A call is written once, with NumPy arrays among its arguments; they become tensors. The values are compared in PyNative
mode and in the graph that the call records, with shape and dtype; for floating operands the derivative of the graph in
a random direction is compared with central differences (`ops_cases`).

The rule of dtypes: as NumPy's result, but of 32 bits where no operand has 64. A case names another dtype itself.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ops_cases import Case, flat, traced

import mindspore.numpy as mnp
from mindspore import Tensor
from mindspore.compiler.ir.evaluate import evaluate

NARROW = {np.dtype(np.float64): np.float32, np.dtype(np.int64): np.int32, np.dtype(np.uint64): np.uint32,
          np.dtype(np.complex128): np.complex64}


def arrays_in(value: Any) -> list[np.ndarray]:
    """The arrays in arguments, in order."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [a for v in value for a in arrays_in(v)] if isinstance(value, (list, tuple)) else []


def with_arrays(value: Any, others: Any) -> Any:
    """The arguments with the next of `others` (an iterator) in place of each array."""
    if isinstance(value, np.ndarray):
        return next(others)
    if isinstance(value, dict):
        return {k: with_arrays(v, others) for k, v in value.items()}
    return type(value)(with_arrays(v, others) for v in value) if type(value) in (list, tuple) else value


_count: dict[str, int] = {}


def call(name: str, *args: Any, meaning: Callable | None = None, grad: bool = True, traced: bool = True,
         gives: Any = None, rtol: float = 2e-5, atol: float = 2e-6, **kwargs: Any) -> Case:
    """The case of one call. meaning: what takes the place of NumPy's function. gives: the dtype of all
    results."""
    number = _count[name] = _count.get(name, 0) + 1
    of_numpy = getattr(np, name) if meaning is None else meaning

    def run(function: Callable, values: tuple) -> Any:
        others = iter(values)
        return function(*with_arrays(args, others), **with_arrays(kwargs, others))

    case = Case(f"{name} {number}", lambda *ts: run(getattr(mnp, name), ts), lambda *xs: run(of_numpy, xs),
                tuple(arrays_in([args, kwargs])), grad, traced, rtol, atol)
    case.gives = gives  # type: ignore[attr-defined]
    return case


def expected_dtype(case: Case, result: np.ndarray) -> np.dtype:
    if case.gives is not None:  # type: ignore[attr-defined]
        return np.dtype(case.gives)  # type: ignore[attr-defined]
    wide = any(a.dtype in NARROW for a in case.ins)
    return result.dtype if wide else np.dtype(NARROW.get(result.dtype, result.dtype))


def compare(case: Case, results: Any) -> None:
    """Values, shapes and dtypes are what NumPy's function gives."""
    with np.errstate(all="ignore"):
        expected = [np.asarray(e) for e in flat(case.meaning(*case.ins))]
    results = flat(results)
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected):
        got = result.asnumpy() if isinstance(result, Tensor) else np.asarray(result)
        assert got.shape == wanted.shape
        if isinstance(result, (Tensor, np.ndarray)):
            assert got.dtype == expected_dtype(case, wanted)
        np.testing.assert_allclose(got.astype(wanted.dtype), wanted, rtol=case.rtol, atol=case.atol)


def check_pynative(case: Case) -> None:
    compare(case, case.call(*[Tensor(a) for a in case.ins]))


def check_recorded(case: Case) -> None:
    graph, arrays = traced(case.call, case.ins)
    with np.errstate(all="ignore"):
        compare(case, evaluate(graph, arrays))
