"""Operators as classes, the functional interface, and composites."""
from __future__ import annotations

import copy
import inspect
import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, ops
from mindspore.ops import composite as C
from mindspore.ops import functional as F
from mindspore.ops import operations as P

X = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]], np.float32)
POSITIVE = np.abs(X)
IMAGE = np.arange(32, dtype=np.float32).reshape(1, 2, 4, 4)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


ONES = np.ones((2, 2, 3, 3), np.float32)
SAME = np.pad(IMAGE, ((0, 0), (0, 0), (1, 1), (1, 1))).sum(1)
SAME = sum(SAME[:, i:i + 4, j:j + 4] for i in range(3) for j in range(3))[:, None].repeat(2, 1)
HOT = np.array([[0, 1.0, 0], [0, 0, 1]], np.float32)
CLASSES = np.array([1, 2], np.int32)

CALLS = [
    (P.Add(), (X, X), X + X), (P.TensorAdd(), (X, 1), X + 1), (P.Sub(), (X, 2.0), X - 2), (P.Mul(), (X, X), X * X),
    (P.RealDiv(), (X, POSITIVE), X / POSITIVE), (P.Div(), (np.array([1, 3]), 2), np.float32([0.5, 1.5])),
    (P.Mod(), (X, 1.5), np.fmod(X, np.float32(1.5))), (P.FloorMod(), (X, 1.5), X % 1.5), (P.Neg(), (X,), -X),
    (P.Pow(), (X, 2), X**2), (P.Square(), (X,), X**2), (P.Exp(), (X,), np.exp(X)), (P.Tanh(), (X,), np.tanh(X)),
    (P.ReLU(), (X,), X.clip(0)), (P.Maximum(), (X, 1.0), np.maximum(X, 1)), (P.Equal(), (X, X), X == X),
    (P.Greater(), (X, 0), X > 0), (P.LogicalNot(), (X > 0,), X <= 0), (P.Select(), (X > 0, X, -X), np.abs(X)),
    (P.DivNoNan(), (X, np.sign(X - 2)), np.where(X == 2, 0, X / np.where(X == 2, 1, np.sign(X - 2)))),
    (P.MulNoNan(), (np.float32([np.nan, 2]), np.float32([0, 3])), np.float32([0, 6])),
    (P.SquaredDifference(), (X, 1.0), (X - 1)**2), (P.SquareSumAll(), (X, X - 1), ((X**2).sum(), ((X - 1)**2).sum())),
    (P.EqualCount(), (X, X), np.float32([6])), (P.FloatStatus(), (np.float32([1, np.inf]),), np.float32([1])),
    (P.AddN(), ((X, X, X),), 3 * X), (P.Softmax(), (X,), softmax(X)), (P.Softmax(0), (X,), softmax(X, 0)),
    (P.LogSoftmax(axis=1), (X,), np.log(softmax(X))), (P.ReduceSum(), (X, 0), X.sum(0)), (P.ReduceSum(), (X,), X.sum()),
    (P.ReduceSum(keep_dims=True), (X, 1), X.sum(1, keepdims=True)), (P.ReduceSum(skip_mode=True), (X, ()), X),
    (P.ReduceSum(), (X.astype(np.int32),), np.int32(X.astype(np.int32).sum())), (P.ReduceMean(True), (X, -1), X.mean(
        1, keepdims=True)), (P.ReduceMax(), (X, 1), X.max(1)), (P.ReduceMin(), (X,), X.min()),
    (P.ReduceProd(), (X, 0), X.prod(0)), (P.ReduceAll(), (X > 0, 1), (X > 0).all(1)), (P.ReduceAny(), (X > 3,), True),
    (P.ReduceStd((1,)), (X,), (X.std(1, ddof=1), X.mean(1))), (P.LpNorm(1), (X,), np.linalg.norm(X, axis=1)),
    (P.Argmax(), (X,), X.argmax(1).astype(np.int32)), (P.Argmin(0), (X,), X.argmin(0).astype(np.int32)),
    (P.ArgMaxWithValue(1), (X,), (X.argmax(1).astype(np.int32), X.max(1))), (P.CumSum(), (X, 1), X.cumsum(1)),
    (P.CumSum(True, True), (X, 1), np.float32([[1, 2, 0], [2, -2, 0]])),
    (P.CumProd(exclusive=True), (X, 1), np.float32([[1, 3, -3], [1, 0.5, 2]])),
    (P.CumProd(reverse=True), (X, 1), X[:, ::-1].cumprod(1)[:, ::-1]),
    (P.MatMul(), (X, X.T), X @ X.T), (P.MatMul(transpose_b=True), (X, X), X @ X.T),
    (P.MatMul(True), (X, X), X.T @ X), (P.BatchMatMul(), (X[None], X.T[None]), (X @ X.T)[None]),
    (P.BiasAdd(), (X, X[0]), X + X[0]), (P.Reshape(), (X, (3, 2)), X.reshape(3, 2)), (P.Transpose(), (X, (1, 0)), X.T),
    (P.Cast(), (X, ms.int32), X.astype(np.int32)), (P.ExpandDims(), (X, 0), X[None]), (P.Squeeze(0), (X[None],), X),
    (P.Squeeze(), (X[None],), X), (P.Flatten(), (IMAGE,), IMAGE.reshape(1, 32)),
    (P.Tile(), (X, (2, 1)), np.tile(X, (2, 1))),
    (P.Concat(1), ((X, X),), np.concatenate([X, X], 1)), (P.Stack(axis=1), ((X, X),), np.stack([X, X], 1)),
    (P.Pack(), ([X, X],), np.stack([X, X])), (P.Unstack(1), (X,), tuple(X.T)), (P.Unpack(), (X,), tuple(X)),
    (P.Split(1, 3), (X,), tuple(np.split(X, 3, 1))), (P.SplitV([1, -1], 1, 2), (X,), (X[:, :1], X[:, 1:])),
    (P.Gather(), (X, [2, 0], 1), X[:, [2, 0]]), (P.GatherD(), (X, 1, [[2], [0]]), np.float32([[2], [0.5]])),
    (P.GatherNd(), (X, [[0, 1], [1, 2]]), np.float32([-1, -2])), (P.Slice(), (X, (0, 1), (2, 2)), X[:, 1:]),
    (P.StridedSlice(), (X, (0, 0), (2, 3), (1, 2)), X[:, ::2]), (P.Shape(), (X,), (2, 3)), (P.Rank(), (X,), 2),
    (P.Size(), (X,), 6), (P.DType(), (X,), ms.float32), (P.TensorShape(), (X,), np.array([2, 3])),
    (P.OneHot(), ([0, 2], 3, 1.0, 0.0), np.eye(3, dtype=np.float32)[[0, 2]]), (P.ZerosLike(), (X,), X * 0),
    (P.OnesLike(), (X,), X * 0 + 1), (P.Zeros(), ((2,), ms.int32), np.zeros(2, np.int32)), (P.Ones(), (2, ms.int8),
                                                                                          np.ones(2, np.int8)),
    (P.Fill(), (ms.float32, (2,), 3), np.full(2, 3, np.float32)), (P.Eye(), (2, 3, ms.float32), np.eye(2, 3)),
    (P.LinSpace(), (0.0, 1.0, 3), np.float32([0, 0.5, 1])), (P.Range(), (0, 6, 2), np.array([0, 2, 4])),
    (P.Pad(((1, 0), (0, 2))), (X,), np.pad(X, ((1, 0), (0, 2)))), (P.BroadcastTo((2, 2, 3)), (X,), np.stack([X, X])),
    (P.MirrorPad("SYMMETRIC"), (X, ((1, 0), (2, 1))), np.pad(X, ((1, 0), (2, 1)), "symmetric")),
    (P.MirrorPad(), (X, ((1, 0), (2, 1))), np.pad(X, ((1, 0), (2, 1)), "reflect")),
    (P.ReverseV2([1]), (X,), X[:, ::-1]), (P.TopK(), (X, 2), (-np.sort(-X)[:, :2], np.argsort(-X)[:, :2])),
    (P.Sort(1), (X,), (np.sort(X), np.argsort(X))), (P.Meshgrid("ij"), ((X[0], X[1]),), tuple(np.meshgrid(
        X[0], X[1], indexing="ij"))), (P.InvertPermutation(), ((2, 0, 1),), (1, 2, 0)),
    (P.Conv2D(2, 3, pad_mode="same"), (IMAGE, ONES), SAME),
    (P.Conv2D(2, (3, 3), pad_mode="pad", pad=1), (IMAGE, ONES), SAME),
    (P.Conv2DBackpropInput(2, 3, pad_mode="same"), (IMAGE, ONES, (1, 2, 4, 4)), SAME),
    (P.MaxPool(2, 2), (IMAGE,), IMAGE[:, :, 1::2, 1::2]), (P.MaxPool(3, 2, "same"), (IMAGE,), IMAGE[:, :, [2, 3]][
        ..., [2, 3]]), (P.AvgPool(2, 2), (IMAGE,), IMAGE.reshape(1, 2, 2, 2, 2, 2).mean((3, 5))),
    (P.MaxPoolWithArgmax(2, 2), (IMAGE,), (IMAGE[:, :, 1::2, 1::2],
                                           np.int32([[[[5, 7], [13, 15]], [[21, 23], [29, 31]]]]))),
    (P.AvgPool(3, 1, "SAME"), (ONES,), ONES), (P.SpaceToDepth(2), (IMAGE,), IMAGE.reshape(1, 2, 2, 2, 2, 2).transpose(
        0, 3, 5, 1, 2, 4).reshape(1, 8, 2, 2)), (P.ResizeNearestNeighbor((2, 2)), (IMAGE,), IMAGE[:, :, ::2, ::2]),
    (P.ResizeBilinearV2(True), (IMAGE, (2, 2)), IMAGE[:, :, ::3, ::3]),
    (P.ResizeBilinearV2(), (IMAGE[:, :, :2, :2], (4, 4)), None),
    (P.L2Normalize(1), (X,), X / np.linalg.norm(X, axis=1, keepdims=True)), (P.L2Loss(), (X,), (X**2).sum() / 2),
    (P.SoftmaxCrossEntropyWithLogits(), (X, HOT), (-(HOT * np.log(softmax(X))).sum(1), softmax(X) - HOT)),
    (P.SparseSoftmaxCrossEntropyWithLogits(), (X, CLASSES), -(HOT * np.log(softmax(X))).sum() / 2),
    (P.SparseSoftmaxCrossEntropyWithLogits(True), (X, CLASSES), (softmax(X) - HOT) / 2),
    (P.SigmoidCrossEntropyWithLogits(), (X, HOT), np.log1p(np.exp(-X)) + (1 - HOT) * X),
    (P.BCEWithLogitsLoss("sum"), (X, HOT, ONES[0, 0, 0], ONES[0, 0, 0]), (np.log1p(np.exp(-X)) + (1 - HOT) * X).sum()),
    (P.NLLLoss(), (X, CLASSES, np.float32([1, 2, 3])), (-(2 * X[0, 1] + 3 * X[1, 2]) / 5, np.float32(5))),
    (P.SmoothL1Loss(), (X, X - 3), np.full_like(X, 2.5)), (P.KLDivLoss("sum"), (X, HOT), -(HOT * X).sum()),
    (P.LayerNorm(), (X, ONES[0, 0, 0], ONES[0, 0, 0]), None), (P.Depend(), (X, X), X), (P.StopGradient(), (X,), X),
    (P.UnsortedSegmentSum(), (X, [1, 1], 2), np.stack([X[0] * 0, X.sum(0)])), (P.Tril(), (X,), np.tril(X)),
    (P.ScatterNd(), ([[1]], X[:1], (2, 3)), np.stack([X[0] * 0, X[0]])), (P.IsNan(), (X,), np.isnan(X)),
    (P.GeLU(), (X,), X * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)))), (P.Elu(), (X,), np.where(
        X > 0, X, np.expm1(X))), (P.ScalarToTensor(), (2, ms.int32), np.int32(2)),
]


def given(value):
    if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray):
        return tuple(map(given, value))
    if isinstance(value, list):
        return [given(v) for v in value] if isinstance(value[0], np.ndarray) else Tensor(value)
    return Tensor(value) if isinstance(value, (np.ndarray, np.generic)) else value


@pytest.mark.parametrize(("operator", "args", "expected"), [c for c in CALLS if c[2] is not None],
                         ids=[repr(c[0]) for c in CALLS if c[2] is not None])
def test_calls(operator, args, expected):
    result = operator(*map(given, args))
    several = isinstance(expected, tuple)
    for got, want in zip(*((result, expected) if several else ((result,), (expected,))), strict=True):
        if isinstance(got, Tensor):
            want = np.asarray(want)
            assert got.shape == want.shape and got.asnumpy().dtype.kind == want.dtype.kind
            np.testing.assert_allclose(got.asnumpy(), want, rtol=2e-5, atol=1e-6)
        else:
            assert got == want


def test_layer_norm_and_batch_norm():
    y, mean, variance = P.LayerNorm(epsilon=1e-5)(Tensor(X), Tensor([1.0, 1, 1]), Tensor([0.0, 0, 0]))
    np.testing.assert_allclose(mean.asnumpy()[:, 0], X.mean(1), rtol=1e-5)
    np.testing.assert_allclose(variance.asnumpy(), X.var(1, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(y.asnumpy(), (X - X.mean(1, keepdims=True)) / np.sqrt(variance.asnumpy() + 1e-5),
                               rtol=1e-5, atol=1e-6)
    weights = [Tensor(np.full(3, v, np.float32)) for v in (1, 0, 0.5, 4)]
    y, *_ = P.BatchNorm(epsilon=0.0001)(Tensor(X), *weights)
    np.testing.assert_allclose(y.asnumpy(), (X - 0.5) / 2, rtol=1e-4)
    y, mean, var, *_ = P.BatchNorm(is_training=True)(Tensor(X), *weights)
    np.testing.assert_allclose([mean.asnumpy(), var.asnumpy()], [X.mean(0), X.var(0)], rtol=1e-5)
    np.testing.assert_allclose(y.asnumpy().mean(0), 0, atol=1e-6)


def test_asymmetric_bilinear_resizing():
    y = P.ResizeBilinearV2()(Tensor(IMAGE[:, :1, :2, :2]), (4, 4)).asnumpy()[0, 0]
    np.testing.assert_allclose(y, np.add.outer([0, 2, 4, 4], [0, 0.5, 1, 1]))


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_nearest_resizing_with_aligned_corners_rounds_halves_up_and_keeps_whole_numbers(how):
    image = np.int64([[[[1, 2, 3, 4], [5, 6, 7, 2**60 + 1]]]])
    resize = how(P.ResizeNearestNeighbor((3, 7), align_corners=True))
    expected = image[:, :, [0, 1, 1]][:, :, :, [0, 1, 1, 2, 2, 3, 3]]
    found = resize(Tensor(image)).asnumpy()
    assert found.dtype == np.int64 and found.tolist() == expected.tolist()
    beside = np.float32([[[[np.inf, 1], [np.nan, 2]]]])
    assert resize(Tensor(beside)).asnumpy()[0, 0, :, -1].tolist() == [1, 2, 2]  # what is not taken has no influence
    gradient = ms.grad(lambda x: resize(x).sum())(Tensor(np.ones((1, 1, 2, 4), np.float32)))
    assert gradient.asnumpy().tolist() == [[[[1, 2, 2, 2], [2, 4, 4, 4]]]]


def test_square_sums_of_operands_that_differ():
    with pytest.raises(TypeError, match="Float32 and Float16; expected one dtype"):
        P.SquareSumAll()(Tensor(X), Tensor(X.astype(np.float16)))
    with pytest.raises(ValueError, match="expected one shape"):
        P.SquareSumAll()(Tensor(X), Tensor(X[:1]))


def test_prelu_of_a_number():
    x, weight = Tensor(np.float32(-0.5)), Tensor(np.float32([0.25]))
    assert P.PReLU()(x, weight).asnumpy().shape == () and float(P.PReLU()(x, weight)) == -0.125
    of_x, of_weight = ms.grad(P.PReLU(), (0, 1))(x, weight)
    assert (of_x.shape, of_weight.shape) == ((), (1,)) and (float(of_x), float(of_weight[0])) == (0.25, -0.5)


def test_dropout_and_random_classes():
    ms.set_seed(0)
    y, mask = P.Dropout(0.5)(Tensor(np.ones(200, np.float32)))
    np.testing.assert_array_equal(y.asnumpy(), 2 * mask.asnumpy())
    assert P.StandardNormal(seed=2)((3,)).asnumpy().tolist() == P.StandardNormal(2)((3,)).asnumpy().tolist()
    assert P.StandardNormal()((3,)).asnumpy().tolist() != P.StandardNormal()((3,)).asnumpy().tolist()
    assert P.UniformReal()((2, 2)).shape == (2, 2)
    assert P.UniformInt()((5,), Tensor(3, ms.int32), Tensor(4, ms.int32)).asnumpy().tolist() == [3] * 5
    assert sorted(P.RandomShuffle()(Tensor([1, 2, 3])).asnumpy().tolist()) == [1, 2, 3]
    assert sorted(P.RandpermV2()(3).asnumpy().tolist()) == [0, 1, 2]
    assert P.Multinomial()(Tensor([0.0, 1.0]), 3).asnumpy().tolist() == [1, 1, 1]


def parameter(*values):
    return Parameter(Tensor(np.array(values, np.float32)))


def test_assignment():
    p = parameter(1, 2)
    assert P.Assign()(p, Tensor([3.0, 4.0])) is p and P.AssignAdd()(p, 1.0) is p
    assert P.AssignSub()(p, Tensor([1.0, 0.0])) is p
    assert p.asnumpy().tolist() == [3, 5]
    table = parameter([1, 1], [2, 2], [3, 3])
    P.ScatterUpdate()(table, Tensor([0]), Tensor([[9.0, 9.0]]))
    P.ScatterAdd()(table, Tensor([1, 1]), Tensor([[1.0, 0.0], [1.0, 0.0]]))
    P.ScatterNdUpdate()(table, Tensor([[2, 1]]), Tensor([7.0]))
    P.ScatterNdSub()(table, Tensor([[2, 0]]), Tensor([1.0]))
    assert table.asnumpy().tolist() == [[9, 9], [4, 2], [2, 7]]


def test_optimizer_updates():
    p, state = parameter(1, 2), parameter(0.5, 0.5)
    g = Tensor([1.0, 2.0])
    out = P.ApplyMomentum()(p, state, 0.1, g, 0.9)
    assert isinstance(out, Tensor)
    np.testing.assert_allclose(state.asnumpy(), [1.45, 2.45], rtol=1e-6)
    np.testing.assert_allclose(p.asnumpy(), [1 - 0.145, 2 - 0.245], rtol=1e-6)
    np.testing.assert_allclose(out.asnumpy(), p.asnumpy())
    p, state = parameter(1, 2), parameter(0, 0)
    P.ApplyMomentum(gradient_scale=0.5)(p, state, Tensor([0.1]), g, Tensor(0.9))
    np.testing.assert_allclose(p.asnumpy(), [0.95, 1.9], rtol=1e-6)
    p, m, v = parameter(1, 2), parameter(0, 0), parameter(0, 0)
    results = P.Adam()(p, m, v, 0.9, 0.999, 0.1, 0.9, 0.999, 1e-8, g)
    assert len(results) == 3
    np.testing.assert_allclose(p.asnumpy(), [0.9, 1.9], rtol=1e-4)
    np.testing.assert_allclose(m.asnumpy(), 0.1 * g.asnumpy(), rtol=1e-5)
    p, accum, stat = parameter(1, 2), parameter(0, 0), parameter(1, 1)
    P.SGD(weight_decay=0.5)(p, g, 0.1, accum, 0.0, stat)
    np.testing.assert_allclose(p.asnumpy(), [1 - 0.15, 2 - 0.3], rtol=1e-6)
    p, accum = parameter(1, 2), parameter(0, 0)
    P.ApplyAdagrad()(p, accum, 0.1, g)
    np.testing.assert_allclose(p.asnumpy(), [0.9, 1.9], rtol=1e-5)
    p = parameter(1, 2)
    P.ApplyGradientDescent()(p, 0.5, g)
    assert p.asnumpy().tolist() == [0.5, 1]
    with pytest.raises(TypeError, match="apply_adam: got 2 operands, expected 10"):
        P.Adam()(p, g)


def test_the_objects():
    conv = P.Conv2D(2, kernel_size=(3, 3), pad_mode="same")
    assert conv.name == "Conv2D" and conv.kernel_size == (3, 3) and conv.get_attr_dict()["stride"] == 1
    assert repr(P.ReLU()) == "Prim[ReLU]" and repr(P.Softmax(0)) == "Prim[Softmax]<axis=0>"
    assert list(inspect.signature(P.LayerNorm()).parameters) == ["begin_norm_axis", "begin_params_axis", "epsilon"]
    assert P.ReLU().add_prim_attr("a", 1).del_prim_attr("a").set_device("CPU").get_attr_dict() == {
        "primitive_target": "CPU"}
    assert P.MatMul().shard(((1, 2), (2, 1))).attrs["in_strategy"] == ((1, 2), (2, 1))
    with pytest.raises(TypeError, match="'out_channel' is missing"):
        P.Conv2D()
    with pytest.raises(TypeError):
        P.Softmax(bogus=1)
    with pytest.raises(TypeError, match="does not say what"):
        P.Primitive("Custom")(1)
    with pytest.raises(ValueError, match="data_format is 'NHWC'"):
        P.MaxPool(data_format="NHWC")(Tensor(IMAGE))
    with pytest.raises(ValueError, match="a weight of 3 kernels"):
        P.Conv2D(3, 3)(Tensor(IMAGE), Tensor(ONES))


def test_an_operator_of_ones_own():
    class Scale(P.Primitive):
        @P.prim_attr_register
        def __init__(self, factor=2.0):
            pass

        def __call__(self, x):
            return x * self.attrs["factor"]

    assert Scale()(Tensor([1.0])).asnumpy() == 2 and Scale(3)(Tensor([1.0])).asnumpy() == 3 and Scale().name == "Scale"


def test_every_listed_class_is_there():
    assert len(set(P.__all__)) == len(P.__all__) > 250
    for name in P.__all__:
        assert isinstance(getattr(P, name), type) or callable(getattr(P, name))
        assert getattr(ops, name) is getattr(P, name)


def test_the_functional_interface():
    x, y = Tensor(X), Tensor(POSITIVE)
    for got, want in ((F.tensor_add(x, y), X + POSITIVE), (F.tensor_sub(x, y), X - POSITIVE),
                      (F.tensor_mul(x, y), X * POSITIVE), (F.tensor_div(x, y), X / POSITIVE),
                      (F.tensor_pow(y, 2), X**2), (F.reduce_sum(x, 0), X.sum(0)), (F.reduce_mean(x), X.mean()),
                      (F.reduce_max(x, 1), X.max(1)), (F.reshape_(x, (6,)), X.reshape(6)), (F.relu(x), X.clip(0)),
                      (F.floormod(x, 1.5), X % 1.5), (F.tensor_exp(x), np.exp(X)), (F.select(x > 0, x, y), POSITIVE * (
                          X > 0) + POSITIVE * (X <= 0))):
        np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-5)
    assert F.shape_(x) == F.shape(x) == (2, 3) and F.dtype(x) is ms.float32 and F.depend(x, y) is x
    assert F.tuple_getitem((1, 2), 1) == 2 and F.tuple_setitem((1, 2), -1, 5) == (1, 5) and F.make_tuple(1, 2) == (1, 2)
    assert F.list_setitem([1, 2], 0, 3) == [3, 2] and F.dict_setitem({}, "a", 1) == {"a": 1} == F.make_dict(["a"], [1])
    assert F.scalar_add(1, 2) == 3 and F.scalar_max(1, 2) == 2 and F.bool_and(True, False) is False
    assert F.bool_or(False, 3) == 3 and F.in_dict("a", {"a": 1}) and F.not_in_dict("b", {"a": 1})
    assert F.tuple_reversed((1, 2)) == (2, 1) and F.shape_mul((2, 3)) == 6 and list(F.make_range(2)) == [0, 1]
    assert F.partial(F.scalar_sub, 5)(2) == 3 and F.is_(x, x) and F.isconstant(1) and F.make_list(1) == [1]
    assert F.identity is ops.identity and F.grad is ms.grad is ops.grad


def test_multitype_functions():
    scale = C.MultitypeFuncGraph("scale")

    @scale.register("Number", "Tensor")
    def _scale_tensor(factor, x):
        return x * factor

    @scale.register("Tensor", "Tensor")
    def _scale_tensors(factor, x):
        return x * factor + 100

    @scale.register("Number", "None")
    def _scale_none(factor, x):
        return None

    @scale.register(ms.int32, "Bool")
    def _by_dtype(x, flag):
        return "int32"

    assert scale(2, Tensor([1.0])).asnumpy() == 2 and scale(2, None) is None
    assert scale(Tensor(2.0), Tensor([1.0])).asnumpy() == 102 and scale(Tensor(1, ms.int32), True) == "int32"
    assert "4 implementations" in repr(scale)
    with pytest.raises(ValueError, match=r"scale: there is no implementation for \(str\)"):
        scale("a")
    scale.register("Int64", "Float32", "Float16")(lambda a, b, c: a + b + c)
    assert scale(1, 2.0, 3.0) == 6
    with pytest.raises(ValueError, match=r"no implementation for \(int, int, float\)"):
        scale(1, 2, 3.0)
    with pytest.raises(TypeError, match="'Tensr' is no known type"):
        scale.register("Tensr")


def test_types_of_a_function_by_type_may_be_given_as_types():
    """In place of their names, as programs take them from `mindspore.dtype`."""
    told = C.MultitypeFuncGraph("told")
    for kinds in ((ms.number, ms.number), (ms.tensor_type, ms.number), (ms.tensor_type, ms.tensor_type), (ms.string,),
                  (ms.TensorType(ms.int32),), (ms.list_,)):
        told.register(*kinds)(lambda *args, kinds=kinds: kinds)
    x = Tensor([1.0])
    found = [told(1, 2.5), told(x, 2), told(x, x), told("a"), told(Tensor(1, ms.int32)), told([1])]
    assert found == [kinds for _, function in told.entries for kinds in [function(0)]]
    with pytest.raises(ValueError, match="no implementation for"):
        told(x)


_clipped = C.MultitypeFuncGraph("clipped")


@_clipped.register("Number", "Tensor")
def _clip(limit, x):
    if ops.reduce_sum(x) > limit:
        x = x * (limit / ops.reduce_sum(x))
    return x


def test_functions_that_are_mapped_decide_by_tensors(mode):
    def run(x, y):
        return C.HyperMap()(F.partial(_clipped, 2.0), (x, (y,)))

    for way in (run, ms.jit(run)):
        first, (second,) = way(Tensor([3.0, 1.0]), Tensor([0.5, 0.25]))
        np.testing.assert_allclose(first.asnumpy(), [1.5, 0.5])
        np.testing.assert_allclose(second.asnumpy(), [0.5, 0.25])


def test_maps():
    assert C.HyperMap()(F.scalar_add, (1, (2, [3])), (10, (20, [30]))) == (11, (22, [33]))
    assert C.HyperMap(F.scalar_usub)([1, (2, 3)]) == [-1, (-2, -3)]
    assert C.Map()(F.tuple_len, ((1, 2), (3,))) == (2, 1)
    assert C.HyperMap(lambda x, y: y[x])((1, 0), ((5, 6), [7, 8])) == (6, 7)
    order = []
    assert C.Map(order.append, reverse=True)((1, 2, 3)) == (None,) * 3 and order == [3, 2, 1]
    np.testing.assert_array_equal(C.hyper_add((Tensor([1]),), (Tensor([2]),))[0].asnumpy(), [3])
    with pytest.raises(ValueError, match="tuples or lists of one length"):
        C.HyperMap(F.scalar_add)((1, 2), (1,))


def test_flags():
    @C.core(grad_op=True)
    def function():
        return None
    assert function._func_graph_flags == {"grad_op": True, "core": True}
    assert C.add_flags(function, other=1)._func_graph_flags == {"grad_op": True, "core": True, "other": 1}


def test_clipping():
    a, b = Tensor([3.0, 0.0]), Tensor([[4.0]])
    clipped = C.clip_by_global_norm((a, b), 2.5)
    np.testing.assert_allclose([clipped[0].asnumpy()[0], clipped[1].asnumpy()[0, 0]], [1.5, 2.0], rtol=1e-6)
    kept = ops.clip_by_global_norm([a, b], 10.0)
    assert kept[0].asnumpy().tolist() == [3, 0] and ops.clip_by_global_norm((), 1.0) == ()
    low, high = ops.clip_by_value((a, b), 0.5, 3.5)
    assert low.asnumpy().tolist() == [3, 0.5] and high.asnumpy().tolist() == [[3.5]]
    np.testing.assert_allclose(ops.clip_by_norm(Tensor([3.0, 4.0]), 1.0).asnumpy(), [0.6, 0.8], rtol=1e-5)
    np.testing.assert_allclose(ops.clip_by_norm([a, b], 2.5)[1].asnumpy(), [[2.0]], rtol=1e-5)
    with pytest.raises(ValueError, match="clip_norm is 0"):
        ops.clip_by_global_norm((a,), 0)
    with pytest.raises(RuntimeError, match="the norm is nan"):
        ops.clip_by_norm(Tensor([math.nan]), 1.0, error_if_nonfinite=True)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="has no operator 'Nonsense'"):
        ops.Nonsense  # noqa: B018


def test_what_an_operator_keeps():
    op = P.ReLU()
    op.add_attr("level", 3)
    op.set_instance_name("here")
    op.set_user_data("notes", [1])
    assert op.level == 3 and op.instance_name == "here" and op.get_user_data("notes") == [1]
    twin = copy.deepcopy(op)
    op.del_attr("level")
    assert not hasattr(op, "level") and twin.level == 3 and op.get_user_data("other") is None
    with pytest.raises(AttributeError, match="'level'"):
        op.level  # noqa: B018
