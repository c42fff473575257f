"""Operators whose attributes are passed with the operands, against the functions and layers that compute the same."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, mint, nn
from mindspore.ops import auto_generate as native
from mindspore.ops.operations._rl_inner_ops import CudnnGRU
from mindspore.ops.operations.nn_ops import FlashAttentionScore

DRAW = np.random.default_rng(0)
X, Y = (Tensor(DRAW.normal(size=(3, 4)).astype(np.float32)) for _ in range(2))
CASES = {
    "AddExt": (lambda: native.AddExt()(X, Y, 2), lambda x, y: x + 2 * y),
    "SubExt": (lambda: native.SubExt()(X, Y), lambda x, y: x - y),
    "SumExt": (lambda: native.SumExt()(X, 1, True), lambda x, y: x.sum(1, keepdims=True)),
    "MeanExt": (lambda: native.MeanExt()(X, (0,)), lambda x, y: x.mean(0)),
    "TopkExt": (lambda: native.TopkExt()(X, 2)[0], lambda x, y: -np.sort(-x)[:, :2]),
    "SortExt": (lambda: native.SortExt()(X, 0)[0], lambda x, y: np.sort(x, 0)),
    "StackExt": (lambda: native.StackExt(1)((X, Y)), lambda x, y: np.stack([x, y], 1)),
    "SplitWithSize": (lambda: native.SplitWithSize()(X, (1, 3), 1)[1], lambda x, y: x[:, 1:]),
    "MatMulExt": (lambda: native.MatMulExt()(X, Y.T), lambda x, y: x @ y.T),
    "Outer": (lambda: native.Outer()(X[0], Y[0]), lambda x, y: np.outer(x[0], y[0])),
    "CumsumExt": (lambda: native.CumsumExt()(X, 0), lambda x, y: x.cumsum(0)),
    "IndexSelect": (lambda: native.IndexSelect()(X, 1, Tensor([2, 0])), lambda x, y: x[:, [2, 0]]),
    "ZerosLikeExt": (lambda: native.ZerosLikeExt()(X), lambda x, y: 0 * x),
    "FmodScalar": (lambda: native.FmodScalar()(X, 0.5), lambda x, y: np.fmod(x, 0.5)),
    "SiLU": (lambda: native.SiLU()(X), lambda x, y: x / (1 + np.exp(-x))),
    "Swiglu": (lambda: native.gen_ops_prim.Swiglu()(X), lambda x, y: x[:, :2] / (1 + np.exp(-x[:, :2])) * x[:, 2:]),
    "OneHotExt": (lambda: native.OneHotExt()(Tensor([2, 0]), 3, Tensor(1.0), Tensor(0.0)),
                  lambda x, y: np.eye(3)[[2, 0]]),
    "InplaceCopy": (lambda: native.InplaceCopy()(mint.zeros_like(X), Y), lambda x, y: y),
}


@pytest.mark.parametrize("name", CASES)
def test_operator(name):
    computed, expected = CASES[name]
    assert np.allclose(computed().asnumpy(), expected(X.asnumpy(), Y.asnumpy()), atol=1e-5)


def test_attention_with_statistics():
    q, k, v = (Tensor(DRAW.normal(size=(1, 2, 3, 4)).astype(np.float32)) for _ in range(3))
    hidden = Tensor(np.triu(np.ones((3, 3), np.bool_), 1))
    largest, total, empty, out = FlashAttentionScore(2, input_layout="BNSD", scale_value=0.5)(
        q, k, v, None, None, None, hidden)
    products = np.where(hidden.asnumpy(), -np.inf, 0.5 * q.asnumpy() @ k.asnumpy().swapaxes(2, 3))
    top = products.max(-1, keepdims=True)
    weights = np.exp(products - top)
    assert largest.shape == total.shape == (1, 2, 3, 8) and empty.shape == (0,)
    assert np.allclose(largest.asnumpy(), np.broadcast_to(top, (1, 2, 3, 8)), atol=1e-5)
    assert np.allclose(total.asnumpy()[..., 0], weights.sum(-1), atol=1e-5)
    assert np.allclose(out.asnumpy(), weights / weights.sum(-1, keepdims=True) @ v.asnumpy(), atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("has_bias", [False, True])
def test_gated_units_are_the_layer(has_bias, bidirectional):
    layer = nn.GRU(3, 4, 2, has_bias=has_bias, bidirectional=bidirectional)
    x, h = (Tensor(DRAW.normal(size=size).astype(np.float32)) for size in ((5, 2, 3), (2 + 2 * bidirectional, 2, 4)))
    named = {p.name: p for p in layer.get_parameters()}
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[:4 if has_bias else 2]
    weights = np.concatenate([named[f"{kind}_l{n}{way}"].asnumpy().ravel() for n in range(2)
                              for way in ("", "_reverse")[:1 + bidirectional] for kind in kinds])
    cell = CudnnGRU(3, 4, 2, has_bias, bidirectional, 0.0)
    found, expected = cell(x, h, Tensor(weights)), layer(x, h)
    assert np.allclose(found[0].asnumpy(), expected[0].asnumpy(), atol=1e-5)
    assert np.allclose(found[1].asnumpy(), expected[1].asnumpy(), atol=1e-5)
    assert np.isfinite(ms.grad(lambda w: cell(x, h, w)[0].sum())(Tensor(weights)).asnumpy()).all()
    with pytest.raises(ValueError, match="numbers; expected"):
        cell(x, h, Tensor(weights[:-1]))
    with pytest.raises(ValueError, match="input has shape"):
        cell(x[:, :, :2], h, Tensor(weights))


@pytest.mark.parametrize("biased", [False, True])
def test_products_of_groups_of_rows(biased):
    x, w = (Tensor(DRAW.normal(size=size).astype(np.float32)) for size in ((6, 3), (3, 3, 2)))
    b = Tensor(DRAW.normal(size=(3, 2)).astype(np.float32)) if biased else None
    ends = Tensor([2, 2, 5])
    grouped = native.GroupedMatmul(split_item=3, group_type=0)

    def product(x, w):
        return grouped([x], [w], None if b is None else [b], None, None, None, None, ends)[0]

    own = np.array([0, 0, 2, 2, 2])
    expected = np.einsum("mk,mkn->mn", x.asnumpy()[:5], w.asnumpy()[own]) + (b.asnumpy()[own] if biased else 0)
    for found in (product(x, w), ms.jit(product)(x, w)):
        assert np.allclose(found.asnumpy(), np.concatenate([expected, np.zeros((1, 2))]), atol=1e-5)
    by_w = ms.grad(lambda w: product(x, w).sum())(w).asnumpy()
    assert not by_w[1].any() and np.allclose(by_w[0][:, 0], x.asnumpy()[:2].sum(0), atol=1e-5)
    pairs = native.GroupedMatmul()([x, x], [w[0], w[1]])
    assert np.allclose(pairs[1].asnumpy(), x.asnumpy() @ w.asnumpy()[1], atol=1e-5)
    for wrong in (lambda: native.GroupedMatmul(1, 0)([x], [w]), lambda: grouped([x], [w]),
                  lambda: grouped([x, x], [w]), lambda: native.GroupedMatmul()([x], [w[0]], None, x),
                  lambda: grouped([x], [w], None, None, None, None, None, ends[:2])):
        with pytest.raises(ValueError, match="GroupedMatmul"):
            wrong()


def test_sequences_of_tensors_and_numbers():
    from mindspore.ops.operations._sequence_ops import ListToTensor, SequenceUnstack, TupleToTensor
    rows = SequenceUnstack(axis=1)(Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    assert [row.asnumpy().tolist() for row in rows] == [[1, 4], [2, 5], [3, 6]]
    made = TupleToTensor()((1, 2, 3), ms.float32)
    assert made.dtype == ms.float32 and made.asnumpy().tolist() == [1, 2, 3]
    assert ListToTensor()([1, 2]).dtype == ms.int64

    @ms.jit
    def of_numbers(x):
        k = int(x.sum())
        return TupleToTensor()((k, 2, k + 1), ms.float32)
    assert of_numbers(Tensor([1, 3])).asnumpy().tolist() == [4, 2, 5]


def test_eigenvalues_of_the_triangle_that_is_read():
    from mindspore.ops.operations.linalg_ops import Eigh
    a = np.array([[4.0, 9.0], [1.0, 3.0]], np.float32)
    for lower, symmetric in ((True, [[4, 1], [1, 3]]), (False, [[4, 9], [9, 3]])):
        values, vectors = Eigh(True, lower)(Tensor(a))
        np.testing.assert_allclose(values.asnumpy(), np.linalg.eigvalsh(symmetric), rtol=1e-5)
        np.testing.assert_allclose(symmetric @ vectors.asnumpy(), vectors.asnumpy() * values.asnumpy(), atol=1e-4)
        np.testing.assert_allclose(Eigh(False, lower)(Tensor(a)).asnumpy(), values.asnumpy(), rtol=1e-5)
