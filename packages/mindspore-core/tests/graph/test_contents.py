"""Comparing lists, tuples and dicts that hold tensors, and searching them, as plain Python does."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore import Tensor, jit
from mindspore.compiler.pipeline import assert_max_compiles

POINTS = [(1.0, 2.0), (2.0, 1.0), (2.0, 2.0), (2.0, 3.0)]


def comparisons(x, y):
    return ([x, 1] == [y, 1], (x, y) != (y, x), [[x], 2] == [[y], 2], {"a": x} == {"a": y}, {"a": x} != {"b": x},
            (x, y) < (y, x), [1, x] <= [1, y], (y, x) > (x, y), (x,) >= (y, 1), [x] == [x, y], (x, x) == (x, x))


def counts(x, y):
    items = (x, y, x + 1, 3)
    return items.count(y), [x, 2, y].count(2), [(x, 1), (y, 1)].count((y, 1))


def places(x, y):
    items = [x + 1, y, x]
    return items.index(x), items.index(y, 1)


def removes(x, y):
    items = [y, x, x + 1]
    items.remove(x)
    return items[0] * 10 + items[1], len(items)


def decides(x, y):
    if [x, y] == [y, x] or (x, 0) < (y, 0):
        return x * 10
    return y


@pytest.mark.parametrize("program", [comparisons, counts, places, removes, decides], ids=lambda f: f.__name__)
def test_it_is_what_python_says(program):
    compiled = jit(program)
    compiled(Tensor(0.0), Tensor(1.0))
    for point in POINTS:
        expected = program(*map(np.float32, point))
        with assert_max_compiles(0):
            found = compiled(*map(Tensor, point))
        for a, b in zip(found if isinstance(found, tuple) else [found],
                        expected if isinstance(expected, tuple) else [expected]):
            assert a == b


def test_what_is_not_there():
    @jit
    def find(x, y):
        return [x, x + 1].index(y)

    assert find(Tensor(1.0), Tensor(2.0)) == 1
    with pytest.raises(ValueError, match="is not in list"):
        find(Tensor(1.0), Tensor(3.0))
