"""NumPy arrays that a compiled function changes in place while it is compiled: each statement has its effect once."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore import Tensor, jit
from mindspore.compiler.frontend.errors import GraphCompileError

COUNTS = np.zeros(2)


def subtracted(t):
    y, x = np.array([-3.0]), np.array([-2.0])
    while y <= x:
        y -= x
    return t + Tensor(y)


def counted(t):
    found = np.zeros(3)
    for k in range(30):
        found[k % 3] += 1
    return t + Tensor(found)


def through_a_view(t):
    table = np.zeros((2, 3))
    row = table[0]
    for _ in range(20):
        row += 1
    return t + Tensor(table)


def by_methods(t):
    found = np.arange(3.0)
    for k in range(10):
        found.fill(k)
        np.copyto(found[:1], found[1:2] * 2)
        np.add(found, 1, out=found)
    return t + Tensor(found)


def made_in_a_trip(t, n):
    i = 0
    while i < n:
        row = np.ones(2)
        row[0] = 5
        twice = row * 2
        twice[1] = 7
        twice.sort()
        t = t + Tensor(twice)
        i = i + 1
    return t


def counts_outside(t):
    COUNTS[0] += 1
    return t + Tensor(COUNTS)


def decided(t, n):
    found = np.zeros(2)
    if n > 0:
        found[0] = 1
    return t + Tensor(found)


@pytest.mark.parametrize("function", [subtracted, counted, through_a_view, by_methods])
def test_each_statement_counts_once(function):
    t = Tensor(0.5)
    np.testing.assert_array_equal(jit(function)(t).asnumpy(), function(t).asnumpy())


def test_an_array_of_a_trip_may_change():
    args = Tensor([1.0, 2.0]), Tensor(3)
    np.testing.assert_array_equal(jit(made_in_a_trip)(*args).asnumpy(), made_in_a_trip(*args).asnumpy())


def test_an_array_outside_of_the_function_is_left_as_it_was():
    with pytest.raises(GraphCompileError, match="changes a NumPy array that was there before") as caught:
        jit(counts_outside)(Tensor(0.5))
    assert "use a Tensor or a Parameter" in str(caught.value)
    assert COUNTS.tolist() == [0.0, 0.0]


def test_a_tensor_does_not_decide_about_elements():
    with pytest.raises(GraphCompileError, match="change where a tensor decides; use a Tensor"):
        jit(decided)(Tensor(0.5), Tensor(1))
