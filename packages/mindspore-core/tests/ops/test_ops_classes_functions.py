"""Operator classes that call a function of the same kind: their attributes and operands, against NumPy."""
from __future__ import annotations

import math

import numpy as np
import pytest
from ops_cases import array_of, flat

import mindspore as ms
from mindspore import Parameter, Tensor
from mindspore.ops import operations as P

LIMITS = np.finfo(np.float32)
X = np.float32([[-0.9, 0.3, 0.7], [0.2, -0.4, 0.9]])
Y = np.float32([[0.5, -0.3, 0.7], [-0.2, 0.4, 0.1]])
BIG = X + 2
WHOLE = np.int32([[7, -7, 5], [-5, 3, -3]])
OTHER = np.int32([[2, 2, -2], [3, -2, 2]])
TRUE = X > 0
SQUARE = np.float32([[2, 1], [1, 3]])
NAN = np.float32([np.nan, np.inf, -np.inf, 1])
ROWS, PLACES, V = np.array([1, 0, 1]), np.array([[1], [0], [1]]), np.float32([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
each = lambda f: np.vectorize(f, otypes=[np.float32])  # noqa: E731


def combined(join):
    out = BIG.copy()
    for row, value in zip(ROWS, V):
        out[row] = join(out[row], value)
    return out


JOINS = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Max": np.maximum, "Min": np.minimum}
SEGMENTS = np.array([2, 0, 2])

UNARY = [
    (P.Abs(), X, np.abs(X)), (P.ACos(), X, np.arccos(X)), (P.Acosh(), BIG, np.arccosh(BIG)),
    (P.Asin(), X, np.arcsin(X)),
    (P.Asinh(), X, np.arcsinh(X)), (P.Atan(), X, np.arctan(X)), (P.Atanh(), X, np.arctanh(X)),
    (P.Ceil(), X, np.ceil(X)),
    (P.Cos(), X, np.cos(X)), (P.Cosh(), X, np.cosh(X)), (P.Erf(), X, each(math.erf)(X)), (P.Floor(), X, np.floor(X)),
    (P.Erfc(), X, each(math.erfc)(X)), (P.Expm1(), X, np.expm1(X)), (P.Log(), BIG, np.log(BIG)),
    (P.Sin(), X, np.sin(X)),
    (P.Log1p(), X, np.log1p(X)), (P.Rint(), 3 * X, np.rint(3 * X)), (P.Round(), 3 * X, np.round(3 * X)),
    (P.Rsqrt(), BIG, 1 / np.sqrt(BIG)), (P.Sinc(), X, np.sinc(X)), (P.Sinh(), X, np.sinh(X)), (P.Tan(), X, np.tan(X)),
    (P.Trunc(), 3 * X, np.trunc(3 * X)), (P.Sign(), X, np.sign(X)), (P.Inv(), BIG, 1 / BIG),
    (P.Invert(), WHOLE, ~WHOLE),
    (P.Reciprocal(), BIG, 1 / BIG), (P.IsFinite(), NAN, np.isfinite(NAN)), (P.IsInf(), NAN, np.isinf(NAN)),
    (P.NanToNum(0.5, 2.0, -2.0), NAN, np.nan_to_num(NAN, nan=0.5, posinf=2, neginf=-2)), (P.Sigmoid(), X, sigmoid(X)),
    (P.FastGeLU(), X, X * sigmoid(1.702 * X)), (P.FastGelu(), X, X * sigmoid(1.702 * X)),
    (P.ReLU6(), 9 * X, (9 * X).clip(0, 6)),
    (P.Gelu(), X, X * 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)))),
    (P.HSigmoid(), 4 * X, ((4 * X + 3) / 6).clip(0, 1)),
    (P.HSwish(), 4 * X, 4 * X * ((4 * X + 3) / 6).clip(0, 1)), (P.HShrink(0.5), X, np.where(np.abs(X) > 0.5, X, 0)),
    (P.SoftShrink(0.5), X, np.sign(X) * (np.abs(X) - 0.5).clip(0)), (P.Mish(), X, X * np.tanh(np.log1p(np.exp(X)))),
    (P.CeLU(2.0), X, np.where(X > 0, X, 2 * np.expm1(X / 2))), (P.Softplus(), X, np.log1p(np.exp(X))),
    (P.SeLU(), X, 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X))),
    (P.Softsign(), X, X / (1 + np.abs(X))), (P.GLU(0), X, X[:1] * sigmoid(X[1:])), (P.Logit(0.1), np.abs(X), np.log(
        np.abs(X).clip(0.1, 0.9) / (1 - np.abs(X).clip(0.1, 0.9)))), (P.CountNonZero(0), TRUE, TRUE.sum(0)),
    (P.Cummax(1), X, (np.maximum.accumulate(X, 1), np.array([[0, 1, 2], [0, 0, 2]]))),
    (P.Trace(), SQUARE, np.float32(5)),
    (P.Cummin(1), X, (np.minimum.accumulate(X, 1), np.array([[0, 0, 0], [0, 1, 1]]))), (P.Diag(), X[0], np.diag(X[0])),
    (P.Diag(), X, np.diag(X.ravel()).reshape(2, 3, 2, 3)), (P.DiagPart(), SQUARE, np.float32([2, 3])),
    (P.DiagPart(), np.diag(X.ravel()).reshape(2, 3, 2, 3), X),
    (P.MatrixPower(3), SQUARE, np.linalg.matrix_power(SQUARE, 3)),
    (P.ArgMinWithValue(1), X, (X.argmin(1).astype(np.int32), X.min(1))), (P.Triu(1), X, np.triu(X, 1)),
    (P.DynamicShape(), X, np.array([2, 3])), (P.Identity(), X, X), (P.NonZero(), TRUE, np.argwhere(TRUE)),
    (P.Roll(1, 1), X, np.roll(X, 1, 1)), (P.ScalarToArray(), 2.5, np.float32(2.5)), (P.Unique(), ROWS, (
        np.array([1, 0]), np.array([0, 1, 0]))), (
        P.UniqueConsecutive(return_counts=True), ROWS, (ROWS, np.array([1, 1, 1]))),
    (P.TupleToArray(), (1, 2), np.array([1, 2])), (P.ReduceStd((1,), False), X, (X.std(1), X.mean(1))),
    (P.Eps(), X, np.full_like(X, np.finfo(np.float32).eps)),
]

CALLS = [
    (P.Addcdiv(), (X, Y, BIG, 0.5), X + 0.5 * Y / BIG), (P.Addcmul(), (X, Y, BIG, 0.5), X + 0.5 * Y * BIG),
    (P.AccumulateNV2(), ((X, Y),), X + Y), (P.ApproximateEqual(0.5), (X, Y), np.abs(X - Y) < 0.5),
    (P.Atan2(), (X, Y), np.arctan2(X, Y)), (P.BitwiseAnd(), (WHOLE, OTHER), WHOLE & OTHER), (P.FloorDiv(), (
        WHOLE, OTHER), WHOLE // OTHER), (P.BitwiseOr(), (WHOLE, OTHER), WHOLE | OTHER), (P.BitwiseXor(), (
            WHOLE, OTHER), WHOLE ^ OTHER), (P.TruncateDiv(), (WHOLE, OTHER), np.trunc(WHOLE / OTHER).astype(np.int32)),
    (P.TruncateMod(), (WHOLE, OTHER), np.fmod(WHOLE, OTHER)),
    (P.LeftShift(), (WHOLE, np.abs(OTHER)), WHOLE << np.abs(OTHER)),
    (P.RightShift(), (WHOLE, np.abs(OTHER)), WHOLE >> np.abs(OTHER)), (P.EuclideanNorm(True), (X, (1,)), np.linalg.norm(
        X, axis=1, keepdims=True)), (P.FillV2(), ((2, 2), Tensor(3.0)), np.full((2, 2), 3, np.float32)), (P.Fills(), (
            X, 2.0), np.full_like(X, 2)), (P.Fmax(), (NAN, 0.5), np.fmax(NAN, np.float32(0.5))), (P.Fmin(), (
                NAN, 0.5), np.fmin(NAN, np.float32(0.5))), (P.GatherV2(), (X, ROWS, 0), X[ROWS]), (P.Ger(), (
                    X[0], Y[1]), np.outer(X[0], Y[1])), (P.GreaterEqual(), (X, Y), X >= Y), (P.Less(), (X, Y), X < Y),
    (P.LessEqual(), (X, Y), X <= Y), (P.NotEqual(), (X, Y), X != Y), (P.LogicalAnd(), (TRUE, Y > 0), TRUE & (Y > 0)),
    (P.LogicalOr(), (TRUE, Y > 0), TRUE | (Y > 0)), (P.LogicalXor(), (TRUE, Y > 0), TRUE ^ (Y > 0)),
    (P.Heaviside(), (np.sign(X - 0.3), Y), np.heaviside(np.sign(X - np.float32(0.3)), Y)),
    (P.Hypot(), (X, Y), np.hypot(X, Y)),
    (P.IsClose(0.0, 0.4), (X, Y), np.isclose(X, Y, 0, 0.4)), (P.Lerp(), (X, Y, 0.25), X + 0.25 * (Y - X)),
    (P.Minimum(), (X, Y), np.minimum(X, Y)), (P.MaskedFill(), (X, TRUE, 9.0), np.where(TRUE, 9, X)),
    (P.MaskedSelect(), (X, TRUE), X[TRUE]), (P.PReLU(), (X[None, :, :], np.float32([0.1, 0.2])), np.where(
        X > 0, X, X * np.float32([[0.1], [0.2]]))[None]),
    (P.Xdivy(), (X, BIG), X / BIG), (P.Xlogy(), (X, BIG), X * np.log(BIG)),
    (P.IndexAdd(0), (BIG, ROWS, V), combined(np.add)), (P.IndexFill(), (X, 1, np.array([0, 2]), 5.0), np.float32(
        [[5, 0.3, 5], [5, -0.4, 5]])),
    (P.PadV3(), (X, (1, 0, 0, 2), 7.0), np.pad(X, ((0, 2), (1, 0)), constant_values=7)),
    (P.PadV3("reflect"), (X[None, None], (1, 1)), np.pad(X, ((0, 0), (1, 1)), "reflect")[None, None]),
    (P.ScalarCast(), (2, ms.float32), 2.0), (P.SearchSorted(right=True), (
        np.sort(X), Y), np.stack([np.searchsorted(*r, "right") for r in zip(np.sort(X), Y)])), (P.SoftMarginLoss(), (
            X, np.sign(Y)), np.log1p(np.exp(-X * np.sign(Y))).mean()), (P.BinaryCrossEntropy(), (np.abs(X), TRUE.astype(
                np.float32), np.ones_like(X)), -np.mean(np.where(TRUE, np.log(np.abs(X)), np.log(1 - np.abs(X))))),
    (P.TensorScatterElements(1, "add"), (X, np.array([[2], [0]]), np.float32([[1], [1]])), X + np.float32(
        [[0, 0, 1], [1, 0, 0]])), (P.TensorScatterUpdate(), (BIG, PLACES, V), combined(lambda a, b: b)),
    (P.TensorScatterAdd(), (BIG, PLACES, V), combined(np.add)),
    (P.TensorScatterSub(), (BIG, PLACES, V), combined(np.subtract)),
    (P.TensorScatterMul(), (BIG, PLACES, V), combined(np.multiply)), (P.TensorScatterDiv(), (BIG, PLACES, V), combined(
        np.divide)), (P.TensorScatterMax(), (BIG, PLACES, V), combined(np.maximum)), (P.TensorScatterMin(), (
            BIG, PLACES, V), combined(np.minimum)), (P.TrilIndices(2, 3), (), np.stack(np.tril_indices(2, 0, 3)).astype(
                np.int32)), (P.TriuIndices(2, 3, 1), (), np.stack(np.triu_indices(2, 1, 3)).astype(np.int32)),
    (P.UnsortedSegmentMax(), (V, SEGMENTS, 3), np.stack([V[1], np.full(3, LIMITS.min), V[2]])),
    (P.UnsortedSegmentMin(), (V, SEGMENTS, 3), np.stack([V[1], np.full(3, LIMITS.max), V[0]])),
    (P.UnsortedSegmentProd(), (V, SEGMENTS, 3), np.stack([V[1], np.ones(3), V[0] * V[2]]).astype(np.float32)),
]


def tensors(value):
    if isinstance(value, tuple) and value and isinstance(value[0], np.ndarray):
        return tuple(map(Tensor, value))
    return Tensor(value) if isinstance(value, (np.ndarray, np.generic)) else value


@pytest.mark.parametrize(("operator", "args", "expected"), [*[(f, (x,), y) for f, x, y in UNARY], *CALLS],
                         ids=[repr(row[0]) for row in (*UNARY, *CALLS)])
def test_values(operator, args, expected):
    for got, wanted in zip(flat(operator(*map(tensors, args))), flat(expected), strict=True):
        got, wanted = array_of(got), np.asarray(wanted)
        assert got.shape == wanted.shape and got.dtype.kind == wanted.dtype.kind
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=1e-6)


SCATTERS = {
    "Add": (P.ScatterAdd, P.ScatterNdAdd), "Sub": (P.ScatterSub, P.ScatterNdSub), "Mul": (P.ScatterMul, P.ScatterNdMul),
    "Div": (P.ScatterDiv, P.ScatterNdDiv), "Max": (P.ScatterMax, P.ScatterNdMax), "Min": (P.ScatterMin, P.ScatterNdMin)}


@pytest.mark.parametrize("kind", SCATTERS)
def test_scatters_assign_their_parameter(kind):
    for operator, places in zip(SCATTERS[kind], (ROWS, PLACES)):
        table = Parameter(Tensor(BIG), name="table")
        operator()(table, Tensor(places), Tensor(V))
        np.testing.assert_allclose(table.asnumpy(), combined(JOINS[kind]), rtol=1e-5)


def test_wrong_shapes_of_diagonals():
    for call, word in ((lambda: P.DiagPart()(Tensor(X)), "the same sizes twice"),
                       (lambda: P.Diag()(Tensor(1.0)), "no axes")):
        with pytest.raises(ValueError, match=word):
            call()


def test_operators_of_other_versions():
    x = np.random.default_rng(4).normal(size=(1, 2, 4, 4)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), (2, 3))
    np.testing.assert_array_equal(P.MaxPoolV1(2, 1, "VALID")(Tensor(x)).asnumpy(), windows.max((-2, -1)))
    np.testing.assert_allclose(P.AvgPoolV1(2, 1, "VALID")(Tensor(x)).asnumpy(), windows.mean((-2, -1)), rtol=1e-5,
                               atol=1e-6)
    np.testing.assert_array_equal(P.ReLUV3()(Tensor(x)).asnumpy(), x.clip(0))
    np.testing.assert_array_equal(P.AddV2()(Tensor(x), Tensor(x)).asnumpy(), 2 * x)
    a = x[0] + x[0].swapaxes(1, 2)
    values, vectors = P.SelfAdjointEig()(Tensor(a))
    np.testing.assert_allclose(values.asnumpy(), np.linalg.eigvalsh(a), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose((Tensor(a) @ vectors).asnumpy(), (vectors * values.expand_dims(1)).asnumpy(), atol=1e-4)
    values, none = P.SelfAdjointEig(False)(Tensor(a))
    np.testing.assert_allclose(values.asnumpy(), np.linalg.eigvalsh(a), rtol=1e-4, atol=1e-5)
    assert none.shape == (0,) and none.dtype is values.dtype
    with pytest.raises(TypeError, match="compute_v is 1"):
        P.SelfAdjointEig(1)(Tensor(a))
