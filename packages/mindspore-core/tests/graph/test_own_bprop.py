"""Cells with a `bprop` of their own in PyNative mode, where it runs as it is written; what both modes make of it."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit, nn, ops
from mindspore.gradient import grad, vjp

X, Y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])


class Scaled(nn.Cell):
    """Three times the derivative of the first result, and none by y."""

    def construct(self, x, y, power=1):
        return x * y ** power, x + 1

    def bprop(self, x, y, power, out, dout):
        return dout[0] * 3 * x + dout[1], None, None


class Cubed(nn.Cell):
    def construct(self, x):
        return x * x * x

    def bprop(self, x, out, dout):
        return (dout * x * x * 3,)


@pytest.fixture(params=[ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def mode(request):
    before = ms.get_context("mode")
    ms.set_context(mode=request.param)
    yield request.param
    ms.set_context(mode=before)


def test_its_gradients_take_the_place_of_the_derived_ones(mode):
    cell = Scaled()

    def loss(x, y):
        first, second = cell(x * 2, y, 2)
        return (first * first).sum() + second.sum()

    gx, gy = grad(loss, (0, 1))(X, Y)
    np.testing.assert_allclose(gx.asnumpy(), [2 * (2 * 18 * 3 * 2 + 1), 2 * (2 * 64 * 3 * 4 + 1)])
    assert gy.asnumpy().tolist() == [0.0, 0.0]


def test_second_derivatives(mode):
    cell = Cubed()
    first = grad(lambda x: cell(x).sum())
    np.testing.assert_allclose(first(X).asnumpy(), [3.0, 12.0])
    np.testing.assert_allclose(grad(lambda x: first(x).sum())(X).asnumpy(), [6.0, 12.0])
    np.testing.assert_allclose(grad(lambda x: (cell(cell(x)) * x).sum())(X).asnumpy(), [10.0, 5120.0])


def test_a_bprop_that_leaves_out_its_cotangent(mode):
    class Fixed(nn.Cell):
        def construct(self, x):
            return x + x

        def bprop(self, x, out, dout):
            return 5 * x

    cell = Fixed()
    first = grad(cell)
    assert first(X).asnumpy().tolist() == [5.0, 10.0] and grad(first)(X).asnumpy().tolist() == [5.0, 5.0]


def test_in_pynative_mode_it_may_look_at_values_and_have_effects():
    class Looks(nn.Cell):
        def __init__(self):
            super().__init__()
            self.seen = []

        def construct(self, x):
            self.seen.append(("construct", float(x.sum())))
            return ops.relu(x)

        def bprop(self, x, out, dout):
            self.seen.append(("bprop", x.asnumpy().tolist(), out.asnumpy().tolist()))
            return Tensor(dout.asnumpy() * 10)

    hooked = Cubed()
    hooked.register_backward_hook(lambda cell, grad_input, grad_output: cell.seen.append("never"))

    class Around(Cubed):
        def construct(self, x):
            return hooked(x)

    assert grad(lambda x: Around()(x).sum())(X).asnumpy().tolist() == [3.0, 12.0]
    cell = Looks()
    cell.register_forward_hook(lambda cell, inputs, out: cell.seen.append("hook"))
    assert grad(lambda x: cell(x).sum())(X).asnumpy().tolist() == [10.0, 10.0]
    assert cell.seen == [("construct", 3.0), "hook", ("bprop", [1.0, 2.0], [1.0, 2.0])]
    _, pull = vjp(cell, X)
    for factor in (1.0, 2.0):
        assert pull(ops.ones_like(X) * factor)[0].asnumpy().tolist() == [10.0 * factor] * 2


def test_effects_of_a_bprop(mode, capsys):
    class Counts(nn.Cell):
        def __init__(self):
            super().__init__()
            self.count = ms.Parameter(Tensor(0.0), name="count")

        def construct(self, x, y):
            return x * y, x + 1

        def bprop(self, x, y, out, dout):
            print("back", x, out[0], dout[0])
            self.count += 1
            return dout[0] * 3 * x + dout[1], None

    for around in (lambda f: f, jit):
        cell = Counts()
        inner = around(lambda x, y, cell=cell: cell(x * 2, y)[0])
        gradient = grad(lambda x, y, inner=inner: (inner(x, y) * inner(x, y)).sum() / 2)(X, Y)
        assert gradient.asnumpy().tolist() == [72.0, 384.0] and float(cell.count) == 2.0
        assert capsys.readouterr().out == "back [2. 4.] [ 6. 16.] [3. 8.]\n" * 2
        cell(X, Y)
        assert not capsys.readouterr().out


def test_mistakes():
    class Short(nn.Cell):
        def construct(self, x, y):
            return x * y

        def bprop(self, x, y, out, dout):
            return (dout,)

    with pytest.raises(ms.compiler.frontend.errors.GraphCompileError, match="one gradient for each of the 2 inputs"):
        grad(Short())(X, Y)
    with pytest.raises(TypeError, match="positional arguments only"):
        grad(lambda x: Short()(x, y=Y))(X)


class Returning(nn.Cell):
    """A bprop that returns what it is told."""

    def __init__(self, *gradients):
        super().__init__()
        self.gradients = gradients

    def construct(self, x, y):
        return x * y

    def bprop(self, x, y, out, dout):
        return self.gradients


@pytest.mark.parametrize("mode", [ms.GRAPH_MODE, ms.PYNATIVE_MODE])
@pytest.mark.parametrize(("gradients", "error", "words"), [
    ((Tensor([1.0, 2.0, 3.0]), X), ValueError, "in the shape of its input"),
    ((X,), TypeError, "one gradient for each of the 2 inputs"), ((1.0, X), TypeError, "must be a tensor"),
    ((X, Y.astype(ms.float16)), TypeError, "the dtype of its input")])
def test_errors_of_what_a_bprop_returns_have_their_types(gradients, error, words, mode):
    ms.set_context(mode=mode, check_bprop=True)
    try:
        with pytest.raises(error, match=words):
            grad(Returning(*gradients), (0, 1))(X, Y)[1].asnumpy()
        ms.set_context(check_bprop=False)
        if words == "the dtype of its input":
            assert grad(Returning(*gradients), 1)(X, Y).dtype == ms.float32
    finally:
        ms.set_context(check_bprop=False)


def test_what_construct_leaves_behind_is_there_after_the_gradient(mode):
    class Remembers(nn.Cell):
        def __init__(self, prints):
            super().__init__()
            self.last, self.rows, self.prints = None, [], prints

        def construct(self, x):
            self.last = x * 3
            self.rows.append(x * 2)
            return x * x

        def bprop(self, x, out, dout):
            if self.prints:
                print("bprop")
            return dout * x * 7

    class Around(nn.Cell):
        def __init__(self, cell):
            super().__init__()
            self.cell = cell

        def construct(self, x):
            slope = grad(lambda a: self.cell(a * 1).sum())(x)
            return slope, self.cell.last + self.cell.rows[-1]

    for prints in (False, True):
        cell = Remembers(prints)
        net = Around(cell)
        for count, x in enumerate((X, Y), 1):
            slope, left = net(x)
            np.testing.assert_allclose(slope.asnumpy(), x.asnumpy() * 7)
            np.testing.assert_allclose(left.asnumpy(), x.asnumpy() * 5)
            np.testing.assert_allclose(cell.last.asnumpy(), x.asnumpy() * 3)
            assert len(cell.rows) == count
        np.testing.assert_allclose(cell.rows[0].asnumpy(), X.asnumpy() * 2)


@pytest.mark.parametrize(("gradients", "expected"), [
    ((Tensor([[1.0, 2.0], [3.0, 4.0]]), X), ([4.0, 6.0], [1.0, 2.0])),
    ((Tensor([[1, 2], [3, 4]], ms.int64), None), ([4.0, 6.0], [0.0, 0.0])),
    ((X, Y, X, Y), ([1.0, 2.0], [3.0, 4.0]))], ids=["summed", "cast", "more"])
def test_what_a_bprop_returns_is_brought_to_its_inputs(gradients, expected, mode):
    """Gradients of a broadcast shape are summed, others' dtypes are cast, those of out and dout do not count."""
    found = grad(Returning(*gradients), (0, 1))(X, Y)
    assert tuple(g.asnumpy().tolist() for g in found) == expected
    assert {g.dtype for g in found} == {ms.float32}
