"""Operators that only `operations._inner_ops` has, and classes of programs that have the name of an operator."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import PrimitiveWithInfer, prim_attr_register
from mindspore.ops.operations._inner_ops import Shift

FILLINGS = [(np.float32, 5.5), (np.float32, np.nan), (np.float64, -2.0), (np.int32, 5), (np.int64, -4),
            (np.bool_, True)]


def shifted(x, periods, axis, fill_value):
    out = np.full_like(x, fill_value)
    line, length = np.moveaxis(x, axis, 0), x.shape[axis]
    for k in range(length):
        if 0 <= k - periods < length:
            np.moveaxis(out, axis, 0)[k] = line[k - periods]
    return out


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE])
@pytest.mark.parametrize("dtype, fill_value", FILLINGS)
@pytest.mark.parametrize("periods, axis", [(0, 0), (1, 0), (-2, 1), (2, -1), (4, 1), (-9, 2), (30, 0)])
def test_shift(mode, dtype, fill_value, periods, axis):
    class Net(nn.Cell):
        def construct(self, x):
            return Shift(periods, axis)(x, fill_value)

    before = ms.get_context("mode")
    ms.set_context(mode=mode)
    try:
        x = (np.random.default_rng(0).random((3, 4, 5)) * 8).astype(dtype)
        found = Net()(Tensor(x)).asnumpy()
    finally:
        ms.set_context(mode=before)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, shifted(x, periods, axis, fill_value))


def test_gradient_of_shift():
    weights = Tensor([1.0, 2.0, 4.0])
    found = ms.grad(lambda x: (Shift(1, 0)(x, 7.0) * weights).sum())(Tensor([1.0, 1.0, 1.0]))
    assert found.asnumpy().tolist() == [2, 4, 0]


@pytest.mark.parametrize("x, fill_value, attributes, error, message", [
    (Tensor([1, 2]), 0.5, (1, 0), TypeError, "fill_value is 0.5"),
    (Tensor([True]), 1, (1, 0), TypeError, "dtype of x"),
    (Tensor([1.0]), Tensor(1, ms.int32), (1, 0), TypeError, "dtype of x"),
    (Tensor([1.0]), Tensor([1.0]), (1, 0), ValueError, "0-d tensor"),
    (Tensor(1.0), 1.0, (1, 0), ValueError, "at least one axis"),
    (Tensor([1.0]), 1.0, (1, 1), ValueError, "out of range"),
    (Tensor([1.0]), 1.0, (1.5, 0), TypeError, "periods")])
def test_refused(x, fill_value, attributes, error, message):
    with pytest.raises(error, match=message):
        Shift(*attributes)(x, fill_value)


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("mode, like", [("full", "complete"), ("r", "complete"), ("economic", "reduced")])
def test_qr_as_a_program_declares_it(mode, like, how):
    class QR(PrimitiveWithInfer):
        @prim_attr_register
        def __init__(self, mode="full"):
            super().__init__(name="QR")

    x = np.random.default_rng(1).random((5, 3))
    for found, expected in zip(how(QR(mode=mode))(Tensor(x)), np.linalg.qr(x, like), strict=True):
        np.testing.assert_allclose(found.asnumpy(), expected, atol=1e-12)
    with pytest.raises(ValueError, match="mode is 'thin'"):
        QR(mode="thin")(Tensor(x))


def test_class_of_a_program_that_has_the_name_of_an_operator():
    def named(name):
        @prim_attr_register
        def initialise(self, periods=1, axis=-1):
            pass
        return type(name, (PrimitiveWithInfer,), {"__init__": initialise, "__module__": __name__})

    assert named("Shift")(axis=0, periods=-1)(Tensor([1, 2, 3]), 9).asnumpy().tolist() == [2, 3, 9]
    assert named("Add")()(Tensor([1]), Tensor([2])).asnumpy().tolist() == [3]
    assert isinstance(named("Shift")(), ops.Primitive)
    for unknown in ("NoSuchOperator", "UniformReal"):  # the second draws random numbers
        with pytest.raises(TypeError, match="does not say what"):
            named(unknown)()(Tensor([1, 2]), 9)
