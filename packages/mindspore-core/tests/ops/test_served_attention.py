"""Attention as inference calls it, against NumPy."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import functional as F

RNG = np.random.default_rng(0)
B, N, S, T, D = 2, 4, 3, 5, 8


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


Q, K, V = normal(B, N, S, D), normal(B, 2, T, D), normal(B, 2, T, D)


def attention(q, k, v, hidden=None, scale=1.0):
    """(out, maxima, sums) of (batch, heads, length, size); key and value may have fewer heads."""
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = scale * q @ k.swapaxes(-1, -2)
    scores = np.where(np.zeros_like(scores, bool) if hidden is None else hidden, -np.inf, scores)
    most = scores.max(-1, keepdims=True)
    weights = np.exp(scores - most)
    return weights / weights.sum(-1, keepdims=True) @ v, most[..., 0], weights.sum(-1)


def flat(x):
    return np.ascontiguousarray(x.swapaxes(1, 2)).reshape(x.shape[0], x.shape[2], -1)


def check(found, expected):
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-4, atol=1e-5)


MASK = RNG.random((B, 1, S, T)) < 0.3
PLACE = np.arange(S)[:, None]
LATER = np.arange(T) > PLACE
BEHIND = np.arange(T) >= np.array([3, 5])[:, None, None, None]
PROMPTS = [({}, None), ({"attn_mask": Tensor(MASK)}, MASK), ({"attn_mask": Tensor(MASK[:, 0])}, MASK),
           ({"attn_mask": Tensor(MASK[0, 0].astype(np.uint8))}, MASK[:1]),
           ({"actual_seq_lengths_kv": [3, 5]}, BEHIND),
           ({"actual_seq_lengths_kv": [3, 5], "sparse_mode": 2}, BEHIND | LATER), ({"sparse_mode": 2}, LATER),
           ({"actual_seq_lengths_kv": Tensor([3, 5]), "attn_mask": Tensor(MASK)}, BEHIND | MASK),
           ({"attn_mask": Tensor(np.zeros((S, T), bool)), "pre_tokens": 1}, np.arange(T) - PLACE < -1)]


@pytest.mark.parametrize("arguments, hidden", PROMPTS, ids=range(len(PROMPTS)))
def test_prompts(arguments, hidden):
    """Beside a mask, keys behind the query's place are hidden too: next_tokens is 0 by default."""
    hidden = hidden | LATER if "attn_mask" in arguments else hidden
    expected = attention(Q, K, V, hidden, 0.5)[0]
    common = {"num_heads": N, "num_key_value_heads": 2, "scale_value": 0.5, **arguments}
    check(ops.prompt_flash_attention(Tensor(Q), Tensor(K), Tensor(V), input_layout="BNSD", **common), expected)
    check(F.prompt_flash_attention(Tensor(flat(Q)), Tensor(flat(K)), Tensor(flat(V)), **common), flat(expected))


def test_queries_behind_the_length_are_zeros():
    found = ops.prompt_flash_attention(Tensor(Q), Tensor(K), Tensor(V), actual_seq_lengths=[1, 3], num_heads=N,
                                       input_layout="BNSD")
    expected = attention(Q, K, V)[0]
    expected[0, :, 1:] = 0
    check(found, expected)


def test_one_token_more():
    q = Q[:, :, :1]
    lists = [[Tensor(x[i:i + 1]) for i in range(B)] for x in (K, V)]
    check(ops.incre_flash_attention(Tensor(q), *lists, num_heads=N, input_layout="BNSD"), attention(q, K, V)[0])
    mask = MASK[:, :, :1]
    check(ops.incre_flash_attention(Tensor(flat(q)), Tensor(flat(K)), Tensor(flat(V)), Tensor(mask[:, 0]), [3, 5],
                                    num_heads=N, num_key_value_heads=2, scale_value=0.5),
          flat(attention(q, K, V, mask | BEHIND, 0.5)[0]))


@pytest.mark.parametrize("layout", ["SBH", "TND"])
def test_parts_of_the_keys_joined(mode, layout):
    """The attention to all keys from that to the first two and that to the others."""
    if layout == "TND":
        q, k, v = Q[:1], K[:1], V[:1]
        out = lambda x: np.ascontiguousarray(x[0].swapaxes(0, 1))              # noqa: E731
        stats = lambda x: np.repeat(x[0].swapaxes(0, 1)[..., None], 8, -1)     # noqa: E731
    else:
        q, k, v = Q, K, V
        out = lambda x: np.ascontiguousarray(flat(x).swapaxes(0, 1))           # noqa: E731
        stats = lambda x: np.repeat(x[..., None], 8, -1)                       # noqa: E731
    parts = []
    for where in (slice(2), slice(2, None)):
        o, m, s = attention(q, k[:, :, where], v[:, :, where])
        parts += [Tensor(out(o)), Tensor(np.float32(stats(m))), Tensor(np.float32(stats(s)))]
    found = ms.jit(lambda *p: ops.ring_attention_update(*p, layout=layout))(*parts)
    for each, expected in zip(found, attention(q, k, v)):
        check(each, (out if expected.ndim == 4 else stats)(expected))


def test_mistakes():
    q, k, v = Tensor(Q), Tensor(K), Tensor(V)
    for wrong, text in (
            (lambda: ops.prompt_flash_attention(q, k, v, num_heads=N, input_layout="SBH"), "expected 'BSH' or 'BNSD'"),
            (lambda: ops.prompt_flash_attention(q, k, v, num_heads=N, input_layout="BNSD", quant_scale1=q),
             "quant_scale1 is given, but numbers are not quantised here"),
            (lambda: ops.prompt_flash_attention(q, k, v, num_heads=N, input_layout="BNSD", num_key_value_heads=3),
             "key has 2 heads of size 8, but num_key_value_heads is 3"),
            (lambda: ops.prompt_flash_attention(q, k, v, actual_seq_lengths_kv=[9, 1], num_heads=N,
                                                input_layout="BNSD"), "expected 2 numbers from 0 to 5"),
            (lambda: ops.incre_flash_attention(q, k, v, num_heads=N, input_layout="BNSD"), "query has 3 tokens"),
            (lambda: ops.incre_flash_attention(q[:, :, :1], k, v, Tensor(MASK), num_heads=N, input_layout="BNSD"),
             "attn_mask has shape"),
            (lambda: ops.ring_attention_update(q, q, q, q, q, q, layout="BSH"), "expected 'SBH' or 'TND'"),
            (lambda: ops.ring_attention_update(q, q, q, q, q, q), "expected \\(S, B, H\\)")):
        with pytest.raises(ValueError, match=text):
            wrong()
