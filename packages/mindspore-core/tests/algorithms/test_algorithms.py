"""Whole algorithms in both modes, on every backend; `algorithm` says what is compared."""
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import algorithms_learning  # noqa: F401
import algorithms_numeric  # noqa: F401
from algorithm import ALGORITHMS

import mindspore as ms
from mindspore import Tensor
from mindspore.plugin import manager
from mindspore.runtime.device import use_backend


@pytest.fixture(params=["reference", "cpu"])
def backend(request):
    if request.param not in manager.backends():
        pytest.skip(f"the backend {request.param} is not installed")
    with use_backend(request.param):
        yield request.param


def flat(value) -> list[np.ndarray]:
    if isinstance(value, (tuple, list)):
        return [a for part in value for a in flat(part)]
    return [value.asnumpy() if isinstance(value, Tensor) else np.asarray(value)]


def same(got, want, case) -> None:
    got, want = flat(got), flat(want)
    assert len(got) == len(want)
    for x, y in zip(got, want):
        assert x.shape == y.shape
        np.testing.assert_allclose(x.astype(np.float64), y.astype(np.float64), rtol=case.rtol, atol=case.atol)


def gradient_of(case, tensors):
    """The gradient by the first floating operand, or None."""
    if not case.differentiable:
        return None
    places = [k for k, a in enumerate(case.arrays) if a.dtype.kind == "f"]
    if not places:
        return None
    return ms.grad(case.function, places[0])


@pytest.mark.parametrize("case", ALGORITHMS, ids=repr)
def test_algorithm(case, backend):
    tensors = [Tensor(a) for a in case.arrays]
    eager, compiled = case.function(*tensors), ms.jit(case.function)(*tensors)
    same(compiled, eager, case)
    if case.answer is not None:
        same(compiled, case.answer(*case.arrays), case)
    gradient = gradient_of(case, tensors)
    if gradient is not None:
        eager, compiled = gradient(*tensors), ms.jit(gradient)(*tensors)
        same(compiled, eager, case)
        if case.gradient is not None:
            same(compiled, case.gradient(*case.arrays), case)
