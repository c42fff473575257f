"""Operators of `auto_generate` behind functions of `mint`, with all arguments as operands in MindSpore's order, and
those that draw random numbers from a seed and an offset."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.generator import Generator
from mindspore.ops import _mint_classes as classes
from mindspore.ops import _seeded_classes as seeded
from mindspore.ops import auto_generate as native
from mindspore.ops.auto_generate import gen_ops_prim

DRAW = np.random.default_rng(2)
X, Y = (DRAW.uniform(0.2, 0.9, (3, 4)).astype(np.float32) for _ in range(2))
M = DRAW.normal(size=(3, 3)).astype(np.float32)
B = DRAW.normal(size=(2, 3, 3)).astype(np.float32)
K, J = np.array([[6, 3], [5, 8]]), np.array([[3, 1], [4, 12]])
S = X[None]  # (1, 3, 4): a sequence, and with one more axis an image
V = S[None]
AT = np.array([2, 0])


def erf(x):
    return np.vectorize(math.erf)(x)


def windows(x, size):
    return x.reshape(*x.shape[:-1], x.shape[-1] // size, size)


def sorted_places(x):
    return np.argsort(x, -1)


CASES = {  # class: (the operands, the expected value or values)
    "AcosExt": ((X,), np.arccos(X)), "AcoshExt": ((X + 1,), np.arccosh(X + 1)), "AsinExt": ((X,), np.arcsin(X)),
    "AsinhExt": ((X,), np.arcsinh(X)), "AtanExt": ((X,), np.arctan(X)), "Atan2Ext": ((X, Y), np.arctan2(X, Y)),
    "AddScalar": ((X, 2.0, 3), X + 6), "Addbmm": ((M, B, B, 2, 3), 2 * M + 3 * (B @ B).sum(0)),
    "AddcdivExt": ((X, X, Y, 2), X + 2 * X / Y), "AddcmulExt": ((X, X, Y, 2), X + 2 * X * Y),
    "Addmm": ((M, X, X.T, 2, 3), 2 * M + 3 * X @ X.T), "Addmv": ((M[0], M, M[1], 2, 3), 2 * M[0] + 3 * M @ M[1]),
    "Arange": ((1, 7, 2, ms.float32), np.arange(1, 7, 2)), "ArgMaxExt": ((X, 1, True), X.argmax(1)[:, None]),
    "ArgMinExt": ((X, 0, False), X.argmin(0)), "Baddbmm": ((B, B, B, 2, 3), 2 * B + 3 * B @ B),
    "BincountExt": ((K.reshape(-1), None, 12), np.bincount(K.reshape(-1), minlength=12)),
    "BitwiseAndScalar": ((K, 3), K & 3), "BitwiseAndTensor": ((K, J), K & J), "BitwiseNot": ((K,), ~K),
    "BitwiseOrScalar": ((K, 3), K | 3), "BitwiseOrTensor": ((K, J), K | J), "BitwiseXorScalar": ((K, 3), K ^ 3),
    "BitwiseXorTensor": ((K, J), K ^ J), "Chunk": ((X, 2, 1), (X[:, :2], X[:, 2:])),
    "ClampScalar": ((X, 0.3, 0.6), X.clip(0.3, 0.6)), "ClampTensor": ((X, None, Y), np.minimum(X, Y)),
    "Clone": ((X,), X),
    "CumminExt": ((X, 1), (np.minimum.accumulate(X, 1), None)), "DiagExt": ((M, 1), np.diag(M, 1)),
    "DivMod": ((X, Y, "floor"), X // Y), "DivMods": ((X, 0.25, "trunc"), np.trunc(X / 0.25)), "Divs": ((X, 4.0), X / 4),
    "Dot": ((X[0], Y[0]), X[0] @ Y[0]), "Exp2": ((X,), np.exp2(X)), "ExpandAs": ((X[:1], X), X[:1] + 0 * X),
    "FillScalar": (((2, 3), 1.5), np.full((2, 3), 1.5)),
    "FillTensor": (((2, 3), np.float32(1.5), ms.float32), np.full((2, 3), 1.5)),
    "FlattenExt": ((B, 1, 2), B.reshape(2, 9)), "FloorDivScalar": ((X, 0.25), X // np.float32(0.25)),
    "Frac": ((X + 2,), (X + 2) % 1), "FullLike": ((X, 3, ms.int64), np.full((3, 4), 3)),
    "GreaterEqualScalar": ((X, 0.5), X >= 0.5), "HistcExt": ((X, 4, 0, 1), np.histogram(X, 4, (0, 1))[0]),
    "IndexAddExt": ((X, 1, AT, Y[:, :2], 2), X + 2 * np.stack([Y[:, 1], 0 * Y[:, 0], Y[:, 0], 0 * Y[:, 0]], 1)),
    "IndexFillScalar": ((X, 1, AT, 7.0), np.where(np.isin(np.arange(4), AT), 7, X)),
    "IndexFillTensor": ((X, 1, AT, np.float32(7)), np.where(np.isin(np.arange(4), AT), 7, X)),
    "IsNegInf": ((np.float32([1, -np.inf, np.inf]),), np.array([False, True, False])),
    "Kthvalue": ((X, 2, 1, True), (np.sort(X, 1)[:, 1:2], sorted_places(X)[:, 1:2])),
    "LinSpaceExt": ((0.0, 1.0, 5, ms.float32), np.linspace(0, 1, 5)), "LinalgQr": ((M, "r"), None),
    "LinalgVectorNorm": ((X, 1, 1, True), np.abs(X).sum(1, keepdims=True)), "Log10": ((X,), np.log10(X)),
    "Log2": ((X,), np.log2(X)), "LogAddExp": ((X, Y), np.logaddexp(X, Y)),
    "LogAddExp2": ((X, Y), np.logaddexp2(X, Y)), "LogSumExp": ((X, 1, True), np.log(np.exp(X).sum(1, keepdims=True))),
    "MatrixInverseExt": ((M,), np.linalg.inv(M)), "Max": ((X,), X.max()), "MedianExt": ((M,), np.median(M)),
    "Min": ((X,), X.min()), "Muls": ((X, 3.0), 3 * X), "Mv": ((M, M[0]), M @ M[0]),
    "Nansum": ((np.float32([[1, np.nan], [2, 3]]), 1, True), np.float32([[1], [5]])),
    "Narrow": ((X, 1, 1, 2), X[:, 1:3]),
    "NewFull": ((X, (2,), 3.0), np.float32([3, 3])), "NewOnes": ((X, (2,), ms.int64), np.array([1, 1])),
    "NewZeros": ((X, (2, 1)), np.zeros((2, 1), np.float32)), "Norm": ((X, 2.0, 1, True), np.linalg.norm(
        X, 2, 1, True)), "PowScalarTensor": ((2.0, X), 2**X), "PowTensorScalar": ((X, 2.0), X**2),
    "RemainderScalarTensor": ((2.0, X), np.float32(2) % X), "RemainderTensorScalar": ((X, 0.3), X % np.float32(0.3)),
    "RemainderTensorTensor": ((X, Y), X % Y), "Repeat": ((X, (2, 1, 3)), np.tile(X, (2, 1, 3))),
    "RepeatInterleaveTensor": ((X, np.array([1, 0, 2]), 0), np.repeat(X, [1, 0, 2], 0)),
    "ScatterAddExt": ((X, 1, AT[None], Y[:1, :2]), X + np.float32([[Y[0, 1], 0, Y[0, 0], 0], [0] * 4, [0] * 4])),
    "ScatterValue": ((X[:1], 1, AT[None], 9.0), np.float32([[9, X[0, 1], 9, X[0, 3]]])),
    "SplitTensor": ((X, 2, 1), (X[:, :2], X[:, 2:])), "Std": ((X, 1, 1, True), X.std(1, ddof=1, keepdims=True)),
    "StdMean": ((X, 1, 0, False), (X.std(1), X.mean(1))), "SubScalar": ((X, 2.0, 3), X - 6), "TExt": ((X,), X.T),
    "Take": ((X, AT), X.reshape(-1)[AT]), "TraceExt": ((M,), np.trace(M)),
    "TriangularSolve": ((X[:, :2], M), (np.linalg.solve(np.triu(M), X[:, :2]), M)),
    "Var": ((X, 0, 1, False), X.var(0, ddof=1)), "VarMean": ((X, 1, 0, True), (X.var(1, keepdims=True), X.mean(
        1, keepdims=True))), "View": ((X, (4, 3)), X.reshape(4, 3)), "ViewAs": ((X, X.T.copy()), X.reshape(4, 3)),
    "XLogYScalarOther": ((X, 2.0), X * np.log(2)), "XLogYScalarSelf": ((2.0, X), 2 * np.log(X)),
    "AdaptiveAvgPool1D": ((S, 2), windows(S, 2).mean(-1)),
    "AdaptiveAvgPool2DExt": ((V, (3, 2)), windows(V, 2).mean(-1)),
    "AdaptiveAvgPool3DExt": ((V[None], (1, 3, 2)), windows(V[None], 2).mean(-1)),
    "AvgPool1D": ((S, 2, 2, 0, False, True), windows(S, 2).mean(-1)),
    "AvgPool2D": ((V, (1, 2), (1, 2), 0, False, True, 4), windows(V, 2).sum(-1) / 4),
    "AvgPool3DExt": ((V[None], (1, 1, 2)), windows(V[None], 2).mean(-1)), "Embedding": ((AT, M), M[AT]),
    "GeluExt": ((X,), X * (1 + erf(X / np.sqrt(2))) / 2), "Hardtanh": ((X, 0.3, 0.6), X.clip(0.3, 0.6)),
    "Im2ColExt": ((V, (3, 2), 1, 0, (1, 2)), np.stack(
        [V[0, 0, :, :2].reshape(-1), V[0, 0, :, 2:].reshape(-1)], -1)[None]),
    "KLDiv": ((np.log(X), Y, "sum", False), (Y * (np.log(Y) - np.log(X))).sum()),
    "L1LossExt": ((X, Y, "sum"), np.abs(X - Y).sum()), "LeakyReLUExt": ((X - 0.5, 0.2), np.where(
        X > 0.5, X - 0.5, 0.2 * (X - 0.5))), "MSELossExt": ((X, Y, "mean"), ((X - Y)**2).mean()),
    "MishExt": ((X,), X * np.tanh(np.log1p(np.exp(X)))),
    "SeLUExt": ((-X,), 1.0507009873554805 * 1.6732632423543772 * np.expm1(-X)),
    "SoftplusExt": ((X, 2, 20), np.log1p(np.exp(2 * X)) / 2), "Threshold": ((X, 0.5, 9.0), np.where(X > 0.5, X, 9)),
    "AdaptiveMaxPool1D": ((S, 2), (windows(S, 2).max(-1), windows(S, 2).argmax(-1) + [0, 2])),
    "MedianDim": ((M,), (np.median(M, 1), None)), "NonZeroExt": ((np.eye(3),), (np.arange(3), np.arange(3))),
    "SliceExt": ((X, 1, 0, 4, 2), X[:, ::2]), "Empty": (((2, 3), ms.int32), None),
    "ConstantPadND": ((X, (1, 0, 0, 2), 5.0), np.pad(X, ((0, 2), (1, 0)), constant_values=5)),
    "ReflectionPad1D": ((S, (1, 2)), np.pad(S, ((0, 0), (0, 0), (1, 2)), "reflect")),
    "ReflectionPad2D": ((V, (1, 2, 0, 1)), np.pad(V, ((0, 0), (0, 0), (0, 1), (1, 2)), "reflect")),
    "ReflectionPad3D": ((V[None], (1, 2, 0, 1, 0, 0)), np.pad(V[None], ((0, 0),) * 3 + ((0, 1), (1, 2)), "reflect")),
    "ReplicationPad1D": ((S, (1, 2)), np.pad(S, ((0, 0), (0, 0), (1, 2)), "edge")),
    "ReplicationPad2D": ((V, (1, 2, 0, 1)), np.pad(V, ((0, 0), (0, 0), (0, 1), (1, 2)), "edge")),
    "ReplicationPad3D": ((V[None], (1, 2, 0, 1, 0, 0)), np.pad(V[None], ((0, 0),) * 3 + ((0, 1), (1, 2)), "edge")),
    "UpsampleLinear1D": ((S[:, :, :2], (3,), None, True), np.stack([S[..., 0], S[..., :2].mean(-1), S[..., 1]], -1)),
    "UpsampleBilinear2D": ((V[..., :2], (3, 3), None, True), np.stack([V[..., 0], V[..., :2].mean(-1), V[..., 1]], -1)),
    "UpsampleBicubic2D": ((V, (3, 4), None, False), V), "UpsampleNearest1D": ((S, (8,)), S.repeat(2, -1)),
    "UpsampleNearest2D": ((V, None, (2.0, 2.0)), V.repeat(2, -1).repeat(2, -2))}


def tensors(values):
    return [Tensor(v) if isinstance(v, (np.ndarray, np.generic)) else v for v in values]


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name][1] is not None])
def test_values(name):
    operands, expected = CASES[name]
    found = getattr(native, name)()(*tensors(operands))
    many = isinstance(expected, tuple)
    assert not many or len(found) == len(expected)
    for value, wanted in zip(found if many else [found], expected if many else [expected]):
        if wanted is not None:
            assert value.shape == np.shape(wanted)
            np.testing.assert_allclose(value.asnumpy(), wanted, rtol=2e-5, atol=1e-5)


def test_every_class_is_in_the_table():
    assert set(CASES) == set(classes.NAMES)
    assert all(getattr(native, name) is getattr(gen_ops_prim, name) for name in classes.NAMES)


def test_what_has_no_one_value():
    q, r = native.LinalgQr()(Tensor(M))
    np.testing.assert_allclose((q @ r).asnumpy(), M, atol=1e-5)
    assert native.Empty()((2, 3), ms.int32).shape == (2, 3)


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
def test_made_operators_names_and_gradients(how):
    add = how(lambda x, a, b: gen_ops_prim.addmm_op(x, a, b, 2, 3))
    found = add(*tensors((M, X, X.T.copy())))
    np.testing.assert_allclose(found.asnumpy(), 2 * M + 3 * X @ X.T, rtol=1e-5)
    slope = how(ms.grad(lambda x: native.Std()(x, dim=1, correction=0).sum()))(Tensor(X))
    expected = (X - X.mean(1, keepdims=True)) / (4 * X.std(1, keepdims=True))
    np.testing.assert_allclose(slope.asnumpy(), expected, rtol=1e-4, atol=1e-6)
    many = ms.vmap(lambda x: native.Addmv()(Tensor(M[0]), Tensor(M), x, 1, 2))(Tensor(M))
    np.testing.assert_allclose(many.asnumpy(), M[0] + 2 * M @ M.T, rtol=1e-4, atol=1e-5)
    with pytest.raises(TypeError):
        native.Addmm()(Tensor(M), Tensor(M))


N = 4000
PROBABILITIES = Tensor(np.full(N, 0.25, np.float32))
RANDOM = {  # class: (the operands before and after seed and offset, mean, deviation)
    "RandExt": (((N,),), (ms.float32,), 0.5, 12**-0.5), "Randn": (((40, 100),), (), 0, 1),
    "RandLikeExt": ((PROBABILITIES,), (), 0.5, 12**-0.5), "RandnLike": ((PROBABILITIES,), (ms.float64,), 0, 1),
    "RandInt": ((3, 12, (N,)), (ms.int32,), 7, (80 / 12)**0.5),
    "RandIntLike": ((PROBABILITIES, 3, 12), (), 7, (80 / 12)**0.5),
    "RandpermExt": ((N,), (ms.int32,), (N - 1) / 2, ((N**2 - 1) / 12)**0.5),
    "MultinomialExt": ((Tensor([0.0, 1.0, 0.0, 3.0]), N, True), (), 2.5, 0.75**0.5),
    "BernoulliExt": ((PROBABILITIES,), (), 0.25, (3 / 16)**0.5),
    "NormalTensorTensor": ((PROBABILITIES, PROBABILITIES * 8), (), 0.25, 2),
    "NormalTensorFloat": ((PROBABILITIES, 2.0), (), 0.25, 2), "NormalFloatTensor": ((3.0, PROBABILITIES * 8), (), 3, 2),
    "NormalFloatFloat": ((3.0, 2.0, (N,)), (), 3, 2), "UniformExt": ((PROBABILITIES, 1.0, 4.0), (), 2.5, 3 * 12**-0.5)}


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("name", RANDOM)
def test_numbers_of_a_seed_and_an_offset(name, how):
    before, after, mean, deviation = RANDOM[name]
    draw = how(lambda seed, offset: getattr(native, name)()(*before, seed, offset, *after))
    generator = Generator().manual_seed(5)
    pairs = [generator._step(12) for _ in range(2)]
    first, second, again = (draw(*pair).asnumpy() for pair in (pairs[0], pairs[1], pairs[0]))
    assert (first == again).all() and (first != second).any()
    assert abs(first.mean() - mean) < 0.06 * deviation + 1e-6 and abs(first.std() - deviation) < 0.06 * deviation
    dtypes = [d for d in after if isinstance(d, type(ms.int32))]
    assert not dtypes or draw(*pairs[0]).dtype is dtypes[0]


def test_every_drawing_class_is_in_the_table():
    assert set(RANDOM) | {"DropoutExt"} == set(seeded.NAMES)


def test_dropout_and_its_mask():
    seed, offset = Generator().manual_seed(3)._step(12)
    x = ops.ones((40, 100), ms.float32)
    found, stays = gen_ops_prim.dropout_ext_op(x, 0.3, seed, offset)
    assert stays.dtype is ms.bool_ and abs(stays.asnumpy().mean() - 0.7) < 0.04
    np.testing.assert_allclose(found.asnumpy(), stays.asnumpy() / 0.7, rtol=1e-6)
    slope = ms.grad(lambda x: native.DropoutExt()(x, 0.3, seed, offset)[0].sum())(x)
    np.testing.assert_allclose(slope.asnumpy(), found.asnumpy(), rtol=1e-6)
    assert not native.DropoutExt()(x, 1.0, seed, offset)[0].asnumpy().any()
    with pytest.raises(ValueError, match="p is 1.5"):
        native.DropoutExt()(x, 1.5, seed, offset)
