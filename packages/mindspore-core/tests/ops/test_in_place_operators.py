"""Operators of `auto_generate` that change their first operand or show part of it, against the tensors' own methods."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, mint, nn, ops
from mindspore.ops import _in_place_classes as classes
from mindspore.ops import auto_generate
from mindspore.ops.auto_generate import gen_ops_def, gen_ops_prim

X = np.array([[1.5, -2.0, 0.25], [3.0, 0.5, -1.0]], np.float32)
Y = np.array([[2.0, 4.0, -1.0], [0.5, 1.0, 2.0]], np.float32)
MASK = X > 0
SQUARE = np.arange(9, dtype=np.float32).reshape(3, 3)
SIGMOID = 1 / (1 + np.exp(-X))


def put(x, places, values, add=False):
    x = x.copy()
    if add:
        np.add.at(x, places, values)
    else:
        x[places] = values
    return x


ALONG = (np.arange(2)[:, None], np.array([[0, 2], [1, 1]]))
CASES = {  # class: (the other operands, the expected value; of X, where no third element says of what)
    "InplaceAddExt": ((Y, 3), X + 3 * Y), "InplaceAddsExt": ((2.5, 2), X + 5), "InplaceSubExt": ((Y, 0.5), X - Y / 2),
    "InplaceSubScalar": ((2.0,), X - 2), "InplaceMul": ((Y,), X * Y), "InplaceMuls": ((3,), X * 3),
    "InplaceDiv": ((Y,), X / Y), "InplaceDivs": ((4,), X / 4), "InplaceDivMod": ((Y, "floor"), np.floor(X / Y)),
    "InplaceDivMods": ((0.4, "trunc"), np.trunc(X / np.float32(0.4))), "InplaceFloorDivide": ((Y,), X // Y),
    "InplaceFloorDivides": ((2,), X // 2), "InplaceExp": ((), np.exp(X)), "InplaceLog": ((), np.log(Y * Y), Y * Y),
    "InplaceFloor": ((), np.floor(X)), "InplaceTanh": ((), np.tanh(X)), "InplaceZero": ((), 0 * X),
    "InplaceErfinv": ((), np.array([0.0, 0.4769363]), np.array([0.0, 0.5], np.float32)),
    "InplaceClampScalar": ((-1, 2), X.clip(-1, 2)), "InplaceClampTensor": ((None, Y), np.minimum(X, Y)),
    "InplaceFillScalar": ((7,), np.full_like(X, 7)), "InplaceFillTensor": ((np.float32(7),), np.full_like(X, 7)),
    "InplaceFillDiagonal": ((9.0, False), put(SQUARE, (range(3),) * 2, 9), SQUARE),
    "InplaceMaskedFillScalar": ((MASK, 4.0), np.where(MASK, 4, X)),
    "InplaceMaskedFillTensor": ((MASK, np.float32(4)), np.where(MASK, 4, X)),
    "InplaceIndexPut": (((np.array([0, 1]), np.array([2, 0])), np.array([5, 6], np.float32)),
                        put(X, ([0, 1], [2, 0]), [5, 6])),
    "InnerInplaceIndexPut": (((np.array([0, -1]), np.array([2, 0])), np.array([5, 6], np.float32), True),
                             put(X, ([0, 1], [2, 0]), [5, 6], True)),
    "InplacePut": ((np.array([0, 5]), np.array([5, 6], np.float32), True), put(X, ([0, 1], [0, 2]), [5, 6], True)),
    "InplaceScatterAdd": ((1, ALONG[1], Y[:, :2]), put(X, ALONG, Y[:, :2], True)),
    "InplaceIndexAddExt": ((1, np.array([2, 0]), Y[:, :2], 2), X + 2 * Y[:, [1, 2, 0]] * [1, 0, 1]),
    "InplaceScatterSrc": ((1, np.array([[0, 2], [1, 0]]), Y[:, :2]),
                          put(X, (ALONG[0], np.array([[0, 2], [1, 0]])), Y[:, :2])),
    "InplaceScatterSrcReduce": ((1, ALONG[1], Y[:, :2], "add"), put(X, ALONG, Y[:, :2], True)),
    "InplaceScatterValue": ((1, ALONG[1], 8.0), put(X, ALONG, 8)),
    "InplaceScatterValueReduce": ((1, np.array([[0], [1]]), 2.0, "multiply"), X * [[2, 1, 1], [1, 2, 1]]),
    "InplaceAddmm": ((X @ Y.T, Y, 2, 3), 2 * X + 3 * (X @ Y.T @ Y)), "InplaceReLU": ((), np.maximum(X, 0)),
    "InplaceElu": ((2.0,), np.where(MASK, X, 2 * np.expm1(X))), "InplaceHardtanh": ((-0.5, 1.0), X.clip(-0.5, 1)),
    "InplaceThreshold": ((0.3, -5.0), np.where(X > 0.3, X, -5)), "InplaceSiLU": ((), X * SIGMOID),
    "InplaceStopGradient": ((), X), "InplaceMatmulAdd": ((X, Y), SQUARE + X.T @ Y, SQUARE),
    "InplaceGroupedMatmulAdd": (
        (X, Y, np.array([0, 1, 2])), np.stack([0 * SQUARE, X[:1].T @ Y[:1], X[1:].T @ Y[1:]]) + 1,
        np.ones((3, 3, 3), np.float32)),
}
LAST = {"InplaceMatmulAdd", "InplaceGroupedMatmulAdd"}  # those that change their last operand


def tensors(value):
    if isinstance(value, tuple):
        return tuple(tensors(v) for v in value)
    return Tensor(value) if isinstance(value, (np.ndarray, np.generic)) else value


def test_the_table_has_every_class():
    assert set(CASES) | set(SHOWN) | set(RANDOM) | {"Contiguous"} == set(classes.NAMES)


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("name", CASES)
def test_in_place(name, how):
    operands, expected, *start = CASES[name]
    x, operator = Tensor((start or [X])[0].copy()), getattr(auto_generate, name)()

    def program(x):
        part = x[:]
        found = operator(*tensors(operands), x) if name in LAST else operator(x, *tensors(operands))
        return found * 1, part * 1

    for result in (*how(program)(x), x):
        np.testing.assert_allclose(result.asnumpy(), expected, rtol=1e-5, atol=1e-6)


SHOWN = {
    "BroadcastToView": ((X.shape,), X), "ChunkView": ((2, 0), X[:1]), "DiagonalView": ((), X.diagonal()),
    "ExpandDimsView": ((1,), X[:, None]), "NarrowView": ((1, 1, 2), X[:, 1:]), "SelectExtView": ((1, 2), X[:, 2]),
    "SliceExtView": ((-1, 0, 3, 2), X[:, ::2]), "SplitTensorView": ((1, 0), X[:1]),
    "SplitWithSizeView": (((2, 1), 1), X[:, :2]), "TransposeExtView": ((0, 1), X.T), "TransposeView": (((1, 0),), X.T),
    "UnstackExtView": ((0,), X[0])}


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_written_through(name, how):
    operands, expected = SHOWN[name]
    show = getattr(gen_ops_prim, name)()

    def program(x):
        x = x * 1
        part = show(x, *operands)
        part = part[0] if isinstance(part, tuple) else part
        before = part * 1
        gen_ops_prim.inplace_copy_op(part, part * 0)
        return before, x

    before, after = how(program)(Tensor(X))
    np.testing.assert_allclose(before.asnumpy(), expected)
    assert (after.asnumpy() == 0).sum() == expected.size
    assert after.asnumpy().sum() == X.sum() - expected.sum()


def test_gradients():
    class Net(nn.Cell):
        def construct(self, x, y):
            x = x * 1
            gen_ops_def.inplace_add_ext_op(x, y, 3)
            gen_ops_def.inplace_mul_op(x, y)
            return x.sum()

    for how in (lambda f: f, ms.jit):
        by_x, by_y = how(ms.grad(Net(), (0, 1)))(Tensor(X), Tensor(Y))
        np.testing.assert_allclose(by_x.asnumpy(), Y, rtol=1e-6)
        np.testing.assert_allclose(by_y.asnumpy(), X + 6 * Y, rtol=1e-6)
    stopped = ms.grad(lambda x: (gen_ops_def.inplace_stop_gradient_op(x * 2) * x).sum())(Tensor(X))
    np.testing.assert_allclose(stopped.asnumpy(), 2 * X, rtol=1e-6)


def test_lanes():
    def changed(x, y):
        x = x * 1
        gen_ops_def.inplace_sub_ext_op(x, y, 2)
        return x

    np.testing.assert_allclose(ms.vmap(changed)(Tensor(X), Tensor(Y)).asnumpy(), X - 2 * Y)
    cube = Tensor(np.stack([SQUARE, SQUARE]))
    found = ms.vmap(lambda c, x: gen_ops_def.matmul_add_(x, x, c * 1), in_axes=(0, None))(cube, Tensor(X))
    np.testing.assert_allclose(found.asnumpy()[1], SQUARE + X.T @ X, rtol=1e-6)


def test_names_of_objects_and_functions():
    assert gen_ops_def.inplace_add_ext_op is gen_ops_prim.inplace_add_ext_op is auto_generate.inplace_add_ext_op
    assert type(gen_ops_def.sub_tensor_) is auto_generate.InplaceSubExt
    assert type(gen_ops_def.inplace_hardtanh) is auto_generate.InplaceHardtanh
    assert isinstance(gen_ops_prim.relu_op, ops.ReLU) and isinstance(gen_ops_prim.sum_ext_op, auto_generate.SumExt)
    x = Tensor(X.T)
    assert (gen_ops_def.contiguous(x).asnumpy() == X.T).all() and (auto_generate.Contiguous()(x).asnumpy() == X.T).all()
    for unknown in ("no_such_op", "inplace_no_such", "conv2_d_op", "psroi_pooling_op"):  # the last needs attributes
        with pytest.raises(AttributeError, match=unknown):
            getattr(gen_ops_prim, unknown)


@pytest.mark.parametrize("call, error, message", [
    (lambda: auto_generate.InplaceAddExt()(1.0, Tensor(Y)), TypeError, "add_: the first operand must be a tensor"),
    (lambda: auto_generate.InplaceAddExt()(Tensor(X[0]), Tensor(Y)), ValueError, "differs from the tensor's"),
    (lambda: auto_generate.InplaceDivMod()(Tensor(X), Tensor(Y), "up"), ValueError, "up"),
    (lambda: auto_generate.SliceExtView()(Tensor(X), 2, 0, 1, 1), ValueError, "dim 2 is out of range"),
    (lambda: auto_generate.InplaceMatmulAdd()(Tensor(X), Tensor(Y), Tensor(1.0)), ValueError, "two axes each"),
    (lambda: auto_generate.InplaceGroupedMatmulAdd()(Tensor(X), Tensor(Y), Tensor([1, 2]), mint.zeros((3, 3, 3))),
     ValueError, "out")])
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


RANDOM = {"InplaceNormal": ((2.0, 3.0), 2.0, 3.0), "InplaceUniform": ((1.0, 4.0), 2.5, 3 / 12**0.5),
          "InplaceRandom": ((0, 9), 4.0, (80 / 12)**0.5)}


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("name", RANDOM)
def test_random_numbers_of_a_seed_and_an_offset(name, how):
    operands, mean, deviation = RANDOM[name]
    operator = getattr(auto_generate, name)()

    def draw(seed, offset):
        x = ms.ops.zeros((4000,), ms.float32)
        found = how(lambda x, *pair: operator(x, *operands, *pair))(x, Tensor(seed), Tensor(offset))
        assert (x.asnumpy() == found.asnumpy()).all()
        return x.asnumpy()

    first = draw(5, 0)
    assert (draw(5, 0) == first).all() and (draw(5, 12) != first).any() and (draw(6, 0) != first).any()
    assert abs(first.mean() - mean) < 0.2 and abs(first.std() - deviation) < 0.2


def test_random_numbers_without_an_end():
    x = Tensor([0] * 100, ms.int8)
    auto_generate.InplaceRandom()(x)
    assert 0 <= x.asnumpy().min() < 20 and 100 < x.asnumpy().max() <= 127
    with pytest.raises(ValueError, match="no number"):
        auto_generate.InplaceRandom()(x, 3, 3, Tensor(0), Tensor(0))
