"""Attention in tiles, and its derivative, against the formula in double precision: sizes on both sides of the tiles'
edges, masks of every shape, operands that broadcast, few heads and many."""
from __future__ import annotations

import numpy as np
import pytest
from buffers import to_buffer

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.dtype import bfloat16, float32, float64
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import compile_graph
from mindspore.compiler.primitives import nn_attention
from mindspore_cpu import _ext, kernels

# queries, keys, features, features of the values, leading axes
SIZES = [(5, 7, 3, 2, (2,)), (48, 256, 64, 64, (1,)), (49, 257, 64, 64, (2, 3)), (200, 300, 80, 40, (2,)),
         (1, 33, 8, 8, ()), (130, 130, 33, 17, (9,)), (64, 700, 16, 96, (3,)), (300, 40, 24, 24, (10,))]
MASKS = ("none", "each", "row", "column", "added", "of a batch")
LIMITS = {"float32": 2e-6, "float16": 2e-3, "bfloat16": 1.6e-2}


@pytest.fixture(autouse=True)
def tiles_for_all(monkeypatch):
    """Tiles and the derivative made of them at every size."""
    monkeypatch.setattr(kernels, "_LEAST_PAIRS", 1)
    monkeypatch.setattr(kernels, "_LEAST_QUERIES", 1)
    monkeypatch.setattr(nn_attention, "MANY_PAIRS", 1)


def formula(q, k, v, mask, scale, causal, seed):
    """The attention and the cotangents of q, k and v, with all leading axes."""
    scores = q @ np.swapaxes(k, -1, -2) * scale
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == np.bool_ else scores + mask
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=np.bool_), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    out = weights @ v
    ds = weights * (seed @ np.swapaxes(v, -1, -2) - (seed * out).sum(-1, keepdims=True)) * scale
    return out, ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(weights, -1, -2) @ seed


def mask_of(kind: str, queries: int, keys: int, batch: tuple, dtype: str) -> Tensor | None:
    rng = np.random.default_rng(7)
    shape = {"each": (*batch, queries, keys), "row": (1, keys), "column": (queries, 1), "added": (queries, keys),
             "of a batch": (*batch, 1, keys)}.get(kind)
    if shape is None:
        return None
    if kind in ("added", "of a batch"):
        return Tensor(rng.normal(size=shape), getattr(ms, dtype))
    keep = rng.uniform(size=shape) < (2 if kind == "column" else 0.7)
    keep[..., 0] = True
    return Tensor(keep)


def in_double(x: Tensor) -> np.ndarray:
    array = x.asnumpy() if x.dtype == ms.bool_ else x.astype(ms.float32).asnumpy()
    return array if array.dtype == np.bool_ else array.astype(np.float64)


def check(sizes: tuple, kind: str, causal: bool, dtype: str) -> None:
    queries, keys, features, width, batch = sizes
    rng = np.random.default_rng(0)
    q, k, v, seed = [Tensor(rng.normal(size=(*batch, *shape)), getattr(ms, dtype))
                     for shape in ((queries, features), (keys, features), (keys, width), (queries, width))]
    mask = mask_of(kind, queries, keys, batch, dtype)

    def attention(q, k, v):
        return ops.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)

    _, pull = ms.vjp(attention, q, k, v)
    expected = formula(*map(in_double, (q, k, v)), None if mask is None else in_double(mask), features**-0.5, causal,
                       in_double(seed))
    for found, want in zip((attention(q, k, v), *pull(seed)), expected, strict=True):
        error = np.abs(in_double(found) - want).max() / max(1, np.abs(want).max())
        assert found.shape == want.shape and error < LIMITS[dtype]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_it_is_the_formula(sizes, kind, causal):
    check(sizes, kind, causal, "float32")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kind", MASKS)
def test_half_precision(dtype, kind):
    check((49, 257, 40, 24, (2, 3)), kind, kind == "row", dtype)


def test_keys_of_a_group_of_heads_are_read_where_they_are():
    rng = np.random.default_rng(0)
    q, k, v = [rng.normal(size=s).astype(np.float32) for s in ((2, 2, 3, 40, 8), (2, 2, 1, 50, 8), (50, 8))]
    found = ops.scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v)).asnumpy()
    np.testing.assert_allclose(found, formula(q, k, v, None, 8**-0.5, False, np.zeros_like(q))[0], rtol=1e-5, atol=1e-6)
    dk, dv = ms.grad(lambda k, v: ops.scaled_dot_product_attention(Tensor(q), k, v).sum(), (0, 1))(Tensor(k), Tensor(v))
    _, _, by_key, by_value = formula(q, k, v, None, 8**-0.5, False, np.ones_like(q))
    np.testing.assert_allclose(dk.asnumpy(), by_key.sum(2, keepdims=True), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dv.asnumpy(), by_value.sum((0, 1, 2)), rtol=1e-4, atol=1e-5)


def test_extreme_products():
    """Weights of products far apart are 0 and 1; a query that sees no key, or an infinite product, gives NaN."""
    q = Tensor(np.float32([[1000, 0], [-1000, 0], [np.inf, 0], [1, 1]]))
    k, v = Tensor(np.float32([[1, 0], [-1, 0], [0.5, 0]])), Tensor(np.float32([[1], [2], [3]]))
    keep = Tensor(np.array([[True] * 3, [True] * 3, [True] * 3, [False] * 3]))
    found = ops.scaled_dot_product_attention(q, k, v, keep, scale=1.0).asnumpy()[:, 0]
    assert found[:2].tolist() == [1, 2] and np.isnan(found[2:]).all()


@pytest.mark.parametrize("heads", [1, 3, 8])
def test_the_bits_do_not_depend_on_the_number_of_threads(heads):
    rng = np.random.default_rng(0)
    ins = [rng.normal(size=(heads, n, 32)).astype(np.float32) for n in (300, 300, 300)]
    results, before = [], _ext.threads()
    try:
        for count in (1, 2, 5):
            _ext.set_threads(count)
            results.append(halves(ins, heads))
    finally:
        _ext.set_threads(before)
    for other in results[1:]:
        assert other == results[0]


def halves(ins: list[np.ndarray], heads: int) -> list[bytes]:
    """The results of both halves, by the kernels themselves."""
    step, sizes = [300 * 32], (300, 300, 32, 32)
    common = ("float32", sizes, [heads], [step, step, step], "", [], True, 0.25)
    q, k, v = map(to_buffer, ins)
    out, log_sum = _ext.Buffer(ins[0].nbytes), _ext.Buffer(heads * 300 * 4)
    _ext.attention("log_sum", *common)([q, k, v], [out, log_sum])
    made = [_ext.Buffer(ins[0].nbytes) for _ in range(3)]
    _ext.attention("grad", *common)([q, out, log_sum, q, k, v], made)
    return [bytes(b) for b in (out, log_sum, *made)]


@pytest.mark.parametrize("queries, keys, dtype, tiled", [
    (128, 128, float32, True), (16, 1024, bfloat16, True), (128, 128, float64, False), (64, 64, float32, False),
    (1, 50000, float32, False)])
def test_long_sequences_come_in_tiles(queries, keys, dtype, tiled, device, monkeypatch):
    monkeypatch.undo()
    b = Builder("attention")
    q, k, v = [b.parameter(tensor_aval((2, size, 8), dtype)) for size in (queries, keys, keys)]
    made = compile_graph(b.finish([b.scaled_dot_product_attention(q, k, v, scale=1.0)]), device)
    assert any("tiled attention" in line for line in made.describe()) is tiled


def test_the_derivative_comes_in_tiles(device):
    b = Builder("attention")
    q, k, v = [b.parameter(tensor_aval((2, 600, 8), float32)) for _ in range(3)]
    joint = vjp_graph(b.finish([b.scaled_dot_product_attention(q, k, v, scale=1.0)]), (0, 1, 2))
    lines = compile_graph(joint, device).describe()
    assert sum("tiled attention" in line for line in lines) == 2 and not any("product" in line for line in lines)
