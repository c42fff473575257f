"""Operators whose attributes are passed with the operands, against the functions and layers that compute the same."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, mint, nn
from mindspore.ops import auto_generate as native
from mindspore.ops.operations import ApplyRotaryPosEmb
from mindspore.ops.operations._grad_ops import ConcatOffset, GRUV2Grad
from mindspore.ops.operations._rl_inner_ops import GRUV2, CudnnGRU
from mindspore.ops.operations.array_ops import ConcatOffsetV1
from mindspore.ops.operations.nn_ops import FlashAttentionScore, SparseSoftmaxCrossEntropyWithLogitsV2

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


def weights_of(layer, layers, bidirectional):
    """All weights of a GRU layer in one row."""
    named = {p.name: p for p in layer.get_parameters()}
    return Tensor(np.concatenate([named[f"{kind}_l{n}{way}"].asnumpy().ravel() for n in range(layers)
                                  for way in ("", "_reverse")[:1 + bidirectional]
                                  for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]))


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_gated_units_of_sequences_of_different_lengths(bidirectional, how):
    layer, lengths = nn.GRU(3, 4, 2, bidirectional=bidirectional), [5, 2, 3]
    x, h = (Tensor(DRAW.normal(size=size).astype(np.float32)) for size in ((5, 3, 3), (2 + 2 * bidirectional, 3, 4)))
    w = weights_of(layer, 2, bidirectional)
    units = GRUV2(3, 4, 2, True, bidirectional, 0.5, False)
    found = how(units)(x, h, w, Tensor(lengths, ms.int32))
    for n, length in enumerate(lengths):  # each sequence by itself
        one, last = layer(x[:length, n:n + 1], h[:, n:n + 1])
        np.testing.assert_allclose(found[0].asnumpy()[:length, n], one.asnumpy()[:, 0], atol=1e-5)
        np.testing.assert_allclose(found[1].asnumpy()[:, n], last.asnumpy()[:, 0], atol=1e-5)
    behind = found[0].asnumpy()[2:, 1, :4]
    np.testing.assert_allclose(behind, np.broadcast_to(found[1].asnumpy()[2 if bidirectional else 1, 1], (3, 4)),
                               atol=1e-6)


def test_gradient_of_gated_units_as_an_operator():
    settings, lengths = (3, 4, 1, True, False, 0.0), Tensor([5, 2], ms.int32)
    x, h, w, dy, dh = (Tensor(DRAW.normal(size=size).astype(np.float32)) for size in (
        (5, 2, 3), (1, 2, 4), (108, 1, 1), (5, 2, 4), (1, 2, 4)))
    output, last, reserve, _ = GRUV2(*settings)(x, h, w, lengths)

    def weighed(x, h, w):
        found = GRUV2(*settings)(x, h, w, lengths)
        return (found[0] * dy).sum() + (found[1] * dh).sum()

    gradients = GRUV2Grad(*settings)(x, h, w, lengths, output, last, dy, dh, reserve)
    for found, expected, like in zip(gradients, ms.grad(weighed, (0, 1, 2))(x, h, w), (x, h, w)):
        assert found.shape == like.shape
        np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), rtol=1e-5, atol=1e-6)
    step, at = 1e-2, (2, 0, 1)
    moved = np.zeros(x.shape, np.float32)
    moved[at] = step
    sides = [weighed(x + Tensor(s * moved), h, w).item() for s in (1, -1)]
    np.testing.assert_allclose(gradients[0].asnumpy()[at], (sides[0] - sides[1]) / (2 * step), rtol=1e-2, atol=1e-3)
    with pytest.raises(ValueError, match="seq_lengths has shape"):
        GRUV2(*settings)(x, h, w, lengths[:1])
    with pytest.raises(TypeError, match="seq_lengths is Float32"):
        GRUV2(*settings)(x, h, w, lengths * 1.0)
    with pytest.raises(ValueError, match="GRUV2Grad: dy has shape"):
        GRUV2Grad(*settings)(x, h, w, lengths, output, last, dy[1:], dh, reserve)


def turned(x, cos, sin, neighbours):
    """Pairs of the last axis turned, element by element."""
    y, half = np.empty_like(x), x.shape[-1] // 2
    for k in range(half):
        a, b = (2 * k, 2 * k + 1) if neighbours else (k, k + half)
        y[..., a] = x[..., a] * cos[..., a] - x[..., b] * sin[..., a]
        y[..., b] = x[..., b] * cos[..., b] + x[..., a] * sin[..., b]
    return y


@pytest.mark.parametrize("how", [lambda f: f, ms.jit], ids=["eager", "graph"])
@pytest.mark.parametrize("form", ["flat", "heads"])
@pytest.mark.parametrize("cos_format, shape, ids", [
    (0, (7, 4), [4, 0, 6]), (1, (7, 4), [1, 2, 3]), (0, (7, 4), [[0, 1, 2], [6, 5, 5]]), (2, (6, 4), [0]),
    (3, (6, 4), [0]), (1, (1, 3, 1, 4), [0]), (0, (2, 3, 1, 4), [0])], ids=str)
def test_positions_as_rotations(cos_format, shape, ids, form, how):
    query, key, cos, sin = (DRAW.normal(size=size).astype(np.float32) for size in (
        (2, 3, 5, 4), (2, 3, 1, 4), shape, shape))
    operator = ApplyRotaryPosEmb(cos_format)
    given = [Tensor(x if form == "heads" else x.reshape(2, 3, -1)) for x in (query, key)]
    found = how(operator)(*given, Tensor(cos), Tensor(sin), Tensor(ids))
    if len(shape) == 2:
        rows = (np.array(ids) if cos_format < 2 else np.arange(6)).reshape(-1, 3)
        cos, sin = cos[rows][:, :, None], sin[rows][:, :, None]
    for got, x, like in zip(found, (query, key), given):
        cos, sin = (np.broadcast_to(v, (*v.shape[:3], 4)) for v in (cos, sin))
        expected = turned(x, cos, sin, cos_format % 2 == 1 and len(shape) == 2)
        assert got.shape == like.shape
        np.testing.assert_allclose(got.asnumpy().reshape(x.shape), expected, rtol=1e-5, atol=1e-6)


def test_rotations_by_function_gradient_lanes_and_precision():
    query, key, table, dy = (Tensor(DRAW.normal(size=size).astype(np.float32)) for size in (
        (2, 3, 8), (2, 3, 4), (7, 4), (2, 3, 8)))
    ids = Tensor([4, 0, 6])
    assert native.apply_rotary_pos_emb_ is native.gen_ops_def.apply_rotary_pos_emb_

    def first(q):
        return native.apply_rotary_pos_emb_(q, key, table, table, ids, cos_format=1)[0]

    by_query = ms.grad(lambda q: (first(q) * dy).sum())(query)
    basis = np.eye(48, dtype=np.float32).reshape(48, 2, 3, 8)
    expected = [(first(Tensor(b)).asnumpy() * dy.asnumpy()).sum() for b in basis]  # it is linear
    np.testing.assert_allclose(by_query.asnumpy().ravel(), expected, rtol=1e-4, atol=1e-5)
    lanes = ms.vmap(first)(mint.stack([query, 2 * query]))
    np.testing.assert_allclose(lanes.asnumpy()[1], 2 * first(query).asnumpy(), rtol=1e-5, atol=1e-6)
    half = first(query.astype(ms.float16))
    assert half.dtype is ms.float16
    np.testing.assert_allclose(half.asnumpy(), first(query).asnumpy(), rtol=1e-2, atol=1e-2)
    for wrong, error in ((lambda: ApplyRotaryPosEmb(4)(query, key, table, table, ids), "format from 0 to 3"),
                         (lambda: ApplyRotaryPosEmb()(query[..., :6], key, table, table, ids), "query has shape"),
                         (lambda: ApplyRotaryPosEmb()(query, key, table, table[1:], ids), "expected one shape"),
                         (lambda: ApplyRotaryPosEmb()(query, key, table, table, ids[1:]), "position_ids is"),
                         (lambda: ApplyRotaryPosEmb(2)(query, key, table, table, ids), "a row for each token")):
        with pytest.raises(ValueError, match=error):
            wrong()
    with pytest.raises(IndexError, match="ApplyRotaryPosEmb: index 7 is out of range for an axis of size 7"):
        ApplyRotaryPosEmb()(query, key, table, table, ids + 1)[0].asnumpy()


def test_where_joined_tensors_begin():
    parts = [mint.ones((4, n, 2)) for n in (2, 6, 1)]
    for how in (lambda f: f, ms.jit):
        found = how(lambda *x: ConcatOffset(3, -2)(x))(*parts)
        assert found.dtype is ms.int64 and found.asnumpy().tolist() == [[0, 0, 0], [0, 2, 0], [0, 8, 0]]
        rows = how(lambda axis, *x: ConcatOffsetV1()(axis, x))(
            Tensor(-2, ms.int32), *[Tensor(p.shape, ms.int32) for p in parts])
        assert [row.asnumpy().tolist() for row in rows] == found.asnumpy().tolist()
        assert {row.dtype for row in rows} == {ms.int32}
    sizes = [Tensor(p.shape, ms.int32) for p in parts]
    for wrong, error in ((lambda: ConcatOffset()([]), ValueError),
                         (lambda: ConcatOffset()((parts[0], parts[0][0])), ValueError),
                         (lambda: ConcatOffset(3, 3)(parts), ValueError),
                         (lambda: ConcatOffsetV1()(Tensor(1), sizes), TypeError),
                         (lambda: ConcatOffsetV1()(Tensor(1, ms.int32), sizes[:1]), ValueError),
                         (lambda: ConcatOffsetV1()(Tensor(3, ms.int32), sizes)[0].asnumpy(), IndexError)):
        with pytest.raises(error, match="ConcatOffset"):
            wrong()


def test_losses_of_labels_with_their_gradient():
    logits, labels = Tensor(DRAW.normal(size=(4, 5)).astype(np.float32)), Tensor([0, 4, 2, 2], ms.int32)
    share = np.exp(logits.asnumpy()) / np.exp(logits.asnumpy()).sum(1, keepdims=True)
    operator = SparseSoftmaxCrossEntropyWithLogitsV2()
    for function in (operator, ms.jit(operator), ms.vmap(lambda x, y: tuple(v[0] for v in operator(x[None], y[None])))):
        loss, gradient = function(logits, labels)
        np.testing.assert_allclose(loss.asnumpy(), -np.log(share[range(4), labels.asnumpy()]), rtol=1e-5)
        np.testing.assert_allclose(gradient.asnumpy(), share - np.eye(5)[labels.asnumpy()], rtol=1e-5, atol=1e-6)
    weights = Tensor(DRAW.normal(size=4).astype(np.float32))
    found = ms.grad(lambda x: (operator(x, labels)[0] * weights).sum())(logits)
    np.testing.assert_allclose(found.asnumpy(), gradient.asnumpy() * weights.asnumpy()[:, None], rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="labels"):
        operator(logits, labels[:3])
    with pytest.raises(TypeError, match="labels is Float32"):
        operator(logits, labels * 1.0)


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
    from mindspore.ops.operations._sequence_ops import ListToTensor, SequenceStack, SequenceUnstack, TupleToTensor
    stacked = SequenceStack(axis=1)((Tensor([1.0, 2.0]), Tensor([3.0, 4.0])))
    assert stacked.asnumpy().tolist() == [[1, 3], [2, 4]]
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
