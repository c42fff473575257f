"""What a compiled function writes into its arguments is seen outside, as if it were not compiled."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.compiler.frontend.errors import GraphCompileError


def zeros(*shape):
    return Tensor(np.zeros(shape, np.float32))


def put(cache, k, row):
    cache[k] = row
    return cache.sum()


def fill(buffer, n):
    i = 0
    while i < n:
        buffer[i] = i * 2.0
        i = i + 1
    return i


def through_a_view(x, n):
    row = x[0]
    if n > 1:
        row += 1
        x[0] = row
    row[...] = 4.0
    x[1].add_(2.0)


def in_containers(pair, named):
    pair[1].mul_(2.0)
    named["bias"].sub_(1.0)


def raises(x, n):
    i = 0
    while i < n:
        x[i] = 9.0 + i
        if x[i] > 10.5:
            raise ValueError("too much")
        i = i + 1


CASES = {
    "index": (put, lambda: (zeros(3, 2), Tensor(1), Tensor([4.0, 5.0]))),
    "loop": (fill, lambda: (zeros(4), Tensor(3))),
    "no_trip": (fill, lambda: (zeros(4), Tensor(0))),
    "view": (through_a_view, lambda: (zeros(2, 3), Tensor(2))),
    "containers": (in_containers, lambda: ((zeros(2), Tensor([1.0, 2.0])), {"bias": zeros(1)})),
    "exception": (raises, lambda: (zeros(4), Tensor(4))),
    "no_exception": (raises, lambda: (zeros(4), Tensor(1))),
}


def arrays(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [array for each in value for array in arrays(each)]
    return [value.asnumpy()]


def outcome(function, args):
    try:
        function(*args)
        error = None
    except ValueError as caught:
        error = str(caught)
    return error, arrays(args)


@pytest.mark.parametrize("name", CASES)
def test_arguments_are_left_as_without_compilation(name):
    function, make = CASES[name]
    compiled = jit(function)
    for _ in range(2):  # the second call finds the graph
        expected, found = outcome(function, make()), outcome(compiled, make())
        assert found[0] == expected[0]
        for a, b in zip(found[1], expected[1], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
def test_a_cell_writes_into_its_input(mode):
    class Net(nn.Cell):
        def construct(self, x):
            x[0] = 7.0
            return x * 2

    saved = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        x = zeros(2)
        assert Net()(x).asnumpy().tolist() == [14.0, 0.0]
        assert x.asnumpy().tolist() == [7.0, 0.0]
    finally:
        ms.set_context(mode=saved)


def test_views_of_an_argument_and_its_base_see_the_write():
    base = zeros(2, 3)
    row, column = base[1], base[:, 0]
    jit(put)(row, Tensor(0), Tensor(5.0))
    assert base.asnumpy().tolist() == [[0, 0, 0], [5, 0, 0]]
    assert column.asnumpy().tolist() == [0, 5]


def test_what_is_differentiated_gets_values():
    def loss(x):
        x[0] = x[1] * 3.0
        return (x * x).sum()

    x = Tensor([1.0, 2.0])
    for grad in (ms.grad(loss), jit(ms.grad(loss))):
        assert grad(x).asnumpy().tolist() == [0.0, 40.0]
        assert x.asnumpy().tolist() == [1.0, 2.0]


def test_a_gradient_around_a_compiled_function_goes_through_the_write():
    x = Tensor([1.0, 2.0])

    def loss(x):
        y = x * 2.0
        jit(put)(y, Tensor(0), Tensor(3.0))
        return (y * y).sum()

    assert ms.grad(loss)(x).asnumpy().tolist() == [0.0, 16.0]


@pytest.mark.parametrize("other", [lambda x: x, lambda x: x[1:]])
def test_an_argument_that_is_written_stands_alone(other):
    x = zeros(3)
    double = jit(lambda a, b: (a.add_(1.0), ops.sum(b))[1])
    with pytest.raises(GraphCompileError, match="has elements in common") as caught:
        double(x, other(x))
    assert "x.copy()" in str(caught.value)
    assert x.asnumpy().tolist() == [0.0, 0.0, 0.0]
    assert double(x, zeros(3)).asnumpy() == 0.0
    assert x.asnumpy().tolist() == [1.0, 1.0, 1.0]


def test_a_file_holds_no_new_values_of_arguments(tmp_path):
    class Net(nn.Cell):
        def construct(self, x):
            x[0] = 7.0
            return x * 2

    path = str(tmp_path / "net.mindir")
    ms.export(Net(), zeros(2), file_name=path, file_format="MINDIR")
    loaded = nn.GraphCell(ms.load(path))
    assert loaded(zeros(2)).asnumpy().tolist() == [14.0, 0.0]


def test_a_list_that_is_passed_twice_is_one():
    @jit
    def write(a, b):
        a[0][0] = 5.0
        return b[0] * 2

    items = [zeros(2)]
    assert write(items, items).asnumpy().tolist() == [10.0, 0.0]
    assert items[0].asnumpy().tolist() == [5.0, 0.0]
