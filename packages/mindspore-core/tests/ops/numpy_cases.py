"""How the table of calls of `mindspore.numpy` is tested: against NumPy's function of the same name.

A call is written once, with NumPy arrays among its arguments; they become tensors. The values are compared in PyNative
mode and as a compiled function, with shape and dtype; for floating operands the derivative of the graph in a random
direction is compared with central differences (`ops_cases`), and a batch with its parts.

The rule of dtypes: as NumPy's result, but of 32 bits where no operand has 64. A case names another dtype itself.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from ops_cases import Case, flat

import mindspore as ms
from mindspore import Tensor

NARROW = {np.dtype(np.float64): np.float32, np.dtype(np.int64): np.int32, np.dtype(np.uint64): np.uint32,
          np.dtype(np.complex128): np.complex64}


class Slot(NamedTuple):
    """Where the array with a number stands in the arguments of a call."""

    number: int


def emptied(value: Any, arrays: list[np.ndarray]) -> Any:
    """The arguments with a slot in place of each array; these are appended to `arrays`."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return Slot(len(arrays) - 1)
    if isinstance(value, dict):
        return {k: emptied(v, arrays) for k, v in value.items()}
    return type(value)([emptied(v, arrays) for v in value]) if type(value) in (list, tuple) else value


def filled(value: Any, arrays: Any) -> Any:
    """The arguments with arrays, or tensors, in their slots."""
    if isinstance(value, Slot):
        return arrays[value.number]
    if isinstance(value, dict):
        return {k: filled(v, arrays) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, arrays) for v in value]
    return tuple([filled(v, arrays) for v in value]) if isinstance(value, tuple) else value


_count: dict[str, int] = {}


def case_of(name: str, of_tensors: Callable, *args: Any, meaning: Callable | None = None, grad: bool = True,
            traced: bool = True, gives: Any = None, rtol: float = 2e-5, atol: float = 2e-6, **kwargs: Any) -> Case:
    """The case of one call of a function. meaning: what takes the place of NumPy's function. gives: the dtype of all
    results."""
    number = _count[name] = _count.get(name, 0) + 1
    of_numpy = getattr(np, name) if meaning is None else meaning
    arrays: list[np.ndarray] = []
    slots, named = emptied(args, arrays), emptied(kwargs, arrays)
    case = Case(f"{name} {number}", lambda *ts: of_tensors(*filled(slots, ts), **filled(named, ts)),
                lambda *xs: of_numpy(*filled(slots, xs), **filled(named, xs)), tuple(arrays), grad, traced, rtol, atol)
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


def check_array_likes(case: Case) -> None:
    """NumPy arrays, and their lists where these have the same dtype, are operands like tensors."""
    compare(case, case.call(*case.ins))
    if all(a.dtype in (np.float32, np.int32, np.bool_) for a in case.ins):
        compare(case, case.call(*[a.tolist() for a in case.ins]))


def check_compiled(case: Case) -> None:
    compare(case, ms.jit(case.call)(*[Tensor(a) for a in case.ins]))


def check_batched(case: Case) -> None:
    """`vmap` over two sets of operands gives what two calls give."""
    batches = [np.stack([a, a[::-1]] if a.ndim else [a, a]) for a in case.ins]
    results = flat(ms.vmap(case.call)(*[Tensor(b) for b in batches]))
    for lane in range(2):
        expected = flat(case.call(*[Tensor(b[lane]) for b in batches]))
        for result, wanted in zip(results, expected, strict=True):
            assert result.dtype is wanted.dtype
            np.testing.assert_allclose(result.asnumpy()[lane], wanted.asnumpy(), rtol=1e-4, atol=1e-5)
