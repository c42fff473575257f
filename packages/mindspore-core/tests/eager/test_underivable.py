"""A derivative that does not exist: who reads it is told, and what does not depend on it is computed."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops


@pytest.fixture
def matrix():
    return Tensor(np.linspace(0.0, 1.0, 12, dtype=np.float32).reshape(3, 4))


def without_derivative(x):
    return ops.svd(x, full_matrices=True)[1].sum()


def test_only_what_depends_on_it_is_lost(matrix):
    before = Tensor([1.0, 2.0]) * 3
    gradient = ms.grad(without_derivative)(matrix)
    after, dependent = before * 2, before + gradient.sum()
    assert after.asnumpy().tolist() == [6.0, 12.0]
    assert before.asnumpy().tolist() == [3.0, 6.0]
    for lost in (gradient, dependent, gradient):
        with pytest.raises(ValueError, match="use full_matrices=False"):
            lost.asnumpy()
    assert (after + 1).asnumpy().tolist() == [7.0, 13.0]


def test_a_gradient_around_it_is_lost_too(matrix):
    def around(x):
        return (ms.grad(without_derivative)(matrix).sum() * x).sum()

    x = Tensor([1.0, 2.0])
    lost, found = ms.grad(around)(x), ms.grad(lambda x: (x * x).sum())(x)
    assert found.asnumpy().tolist() == [2.0, 4.0]
    with pytest.raises(ValueError, match="use full_matrices=False"):
        lost.asnumpy()


def test_a_value_beside_it_in_the_differentiated_function_is_found(matrix):
    def both(x):
        ms.grad(without_derivative)(matrix)
        return (x * x).sum()

    assert ms.grad(both)(Tensor([1.0, 2.0])).asnumpy().tolist() == [2.0, 4.0]
