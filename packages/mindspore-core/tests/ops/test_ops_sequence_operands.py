"""Arithmetic between tensors and tuples or lists, which stand for the tensor of their items, as in NumPy."""
from __future__ import annotations

import operator

import numpy as np
import pytest

from mindspore import Tensor, jit
from mindspore.gradient import grad

OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("compiled", [False, True], ids=["pynative", "graph"])
def test_a_sequence_is_an_operand(name, compiled):
    operate = getattr(operator, name)
    array = np.array([[1.0, 2.0, 3.0], [4.0, 0.5, 2.0]], np.float32)

    def both(x):
        return operate(x, (2, 3, 1)), operate([2, 3, 1], x), operate(x, [[1.0], [2.0]])

    for found, expected in zip((jit(both) if compiled else both)(Tensor(array)), both(array)):
        np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-5)


def test_items_may_be_tensors():
    def f(x, y):
        return (x * (1, y, [3, 4][0])).sum()

    x, y = Tensor([1.0, 2.0, 5.0]), Tensor(7.0)
    assert float(f(x, y)) == float(jit(f)(x, y)) == 30.0
    for each in (f, jit(f)):
        gx, gy = grad(each, (0, 1))(x, y)
        assert gx.asnumpy().tolist() == [1.0, 7.0, 3.0] and float(gy) == 2.0


def test_a_whole_number_repeats_and_a_number_does_not_add():
    assert [0, 1] * Tensor(2) == [0, 1, 0, 1] and Tensor(2) * (3,) == (3, 3)
    assert (Tensor([2, 3]) * (4, 5)).asnumpy().tolist() == [8, 15]

    @jit
    def counted(n):
        k = 0
        while k < n:
            k = k + 1
        return (1, 2) + k

    with pytest.raises(TypeError):
        counted(Tensor(3))
    with pytest.raises(TypeError):
        Tensor([1.0]) + ("a",)
    with pytest.raises(TypeError):
        Tensor([1.0]) + {1}
