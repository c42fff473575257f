"""What outlives a compilation: iterators that a compiled function returns or assigns, and attributes of Cells whose
functions are recorded as they run."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.compiler.frontend.errors import GraphCompileError


def pairs(x):
    return zip((x, x + 1), (1, 2))


def twice(x):
    return x * 2


def doubled(x):
    return map(twice, (x, x + 1))


def doubled_list(x):
    return map(twice, [x, x + 1])


def numbered(x):
    return enumerate((x, x * 2), 3)


def odd(x):
    return filter(lambda number: number % 2, (1, 2, 3))


def generated(x):
    return (each * 2 for each in (x, x + 1))


def backwards(x):
    return reversed((x, x + 1))


def values(x):
    return {"a": x, "b": x + 1}.values()


def nested(x):
    return x, {"inner": [zip((x,), (2,))]}


def iterator(x):
    return iter([x, x + 1])


def realised(value):
    """The same value with lists and tuples in place of iterators, and arrays in place of tensors."""
    if isinstance(value, Tensor):
        return value.asnumpy().tolist()
    if isinstance(value, dict):
        return {key: realised(item) for key, item in value.items()}
    return value if isinstance(value, int) else [realised(item) for item in value]


@pytest.mark.parametrize("function, kind", [
    (pairs, tuple), (doubled, tuple), (doubled_list, list), (numbered, tuple), (odd, list), (generated, list),
    (backwards, tuple), (values, list), (nested, tuple), (iterator, list)])
def test_each_call_returns_the_items_of_an_iterator(function, kind):
    compiled = ms.jit(function)
    for start in (1.0, 5.0):
        x = Tensor([start, 2.0])
        found = compiled(x)
        assert type(found) is kind
        assert realised(found) == realised(function(x))


class Recorded(nn.Cell):
    """Its functions are recorded, or interpreted, and assign attributes."""

    def __init__(self):
        super().__init__()
        self.seen, self.pairs = None, None

    @ms.jit(capture_mode="bytecode")
    def construct(self, x):
        self.seen = x + 1
        return self.seen * 2

    @ms.jit(capture_mode="trace")
    def in_a_tuple(self, x):
        self.seen = (x + 1, 2)
        return x

    @ms.jit
    def iterated(self, x):
        self.pairs = zip((x + 1,), (2,))
        return x


def test_each_call_assigns_attributes_of_a_recorded_function():
    net = Recorded()
    for start in (1, 4):
        x = Tensor([start, 2])
        np.testing.assert_array_equal(net(x).asnumpy(), [2 * start + 2, 6])
        np.testing.assert_array_equal(net.seen.asnumpy(), [start + 1, 3])
        net.in_a_tuple(x)
        np.testing.assert_array_equal(net.seen[0].asnumpy(), [start + 1, 3])
        net.iterated(x)
        assert realised(net.pairs) == [[[start + 1, 3], 2]]


def test_items_that_tensors_choose_are_refused():
    with pytest.raises(GraphCompileError, match="not known while the graph is compiled"):
        ms.jit(lambda x: filter(lambda each: each > 1, (x, x + 1)))(Tensor(1.0))
