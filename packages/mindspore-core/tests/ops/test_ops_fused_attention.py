"""Attention in the layouts, head groups and masks of large language models, against NumPy, with gradients."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

from mindspore import Tensor, ops

B, N, M, S, T, D = 2, 4, 2, 3, 5, 4  # batch, heads, key heads, queries, keys, size
Q, K, V = uniform((B, N, S, D)), uniform((B, M, T, D)), uniform((B, M, T, D), seed=3)
SHIFT = uniform((B, N, S, T), seed=4)
HIDDEN = np.random.default_rng(0).uniform(size=(B, 1, S, T)) > 0.6
HIDDEN[..., 0] = False
AT, J = np.arange(S)[:, None], np.arange(T)


def attention(q, k, v, hidden=None, shift=0, factor=None, scale=0.5):
    """For (batch, heads, length, size)."""
    k, v = (x.repeat(q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = scale * q @ k.swapaxes(-1, -2) + shift
    if hidden is not None:
        scores = np.where(hidden, -np.inf, scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return ((weights if factor is None else weights * factor) @ v).astype(q.dtype)


def flat(x):
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def case(name, hidden=None, shift=0, factor=None, **given):
    given = {"scalar_value": 0.5, "input_layout": "BNSD", **given}
    return Case(name, lambda q, k, v: ops.flash_attention_score(q, k, v, N, **given),
                lambda q, k, v: attention(q, k, v, hidden, shift, factor), (Q, K, V))


def layout(name, there, back):
    return Case(name, lambda q, k, v: ops.flash_attention_score(q, k, v, N, scalar_value=0.5, input_layout=name),
                lambda q, k, v: there(attention(*map(back, (q, k, v)))), tuple(map(there, (Q, K, V))))


def heads(x):
    return x.reshape(*x.shape[:2], -1, D).swapaxes(1, 2)


BITS = np.random.default_rng(1).uniform(size=(B, N, S, 8)) < 0.7
K8, V8 = uniform((B, M, 8, D)), uniform((B, M, 8, D), seed=3)
PACKED = np.packbits(BITS, -1, "little")
TOKENS = uniform((6, N, D)), uniform((7, M, D)), uniform((7, M, D), seed=2)


def in_sequences(q, k, v):
    """Two sequences of 2 and 4 queries and of 3 and 4 keys, each causal from its end."""
    parts = []
    for (a, b), (c, d) in (((0, 2), (0, 3)), ((2, 6), (3, 7))):
        later = np.arange(d - c) > np.arange(b - a)[:, None] + (d - c) - (b - a)
        parts.append(attention(*[x.swapaxes(0, 1)[None] for x in (q[a:b], k[c:d], v[c:d])], later)[0].swapaxes(0, 1))
    return np.concatenate(parts)


CASES = [
    layout("BSH", flat, heads), layout("SBH", lambda x: flat(x).swapaxes(0, 1), lambda x: heads(x.swapaxes(0, 1))),
    layout("BSND", lambda x: x.swapaxes(1, 2), lambda x: x.swapaxes(1, 2)), case("plain"),
    case("mask", HIDDEN, attn_mask=Tensor(HIDDEN)), case("mask of numbers", HIDDEN[0, 0], sparse_mode=1,
                                                         attn_mask=Tensor(HIDDEN[0, 0].astype(np.uint8))),
    case("mask in a band", HIDDEN | (J < AT - 1) | (J > AT + 1), attn_mask=Tensor(HIDDEN | (J < AT - 1)),
         next_tokens=1),
    case("causal", J > AT, sparse_mode=2), case("causal from the end", J > AT + T - S, sparse_mode=3),
    case("band from the end", (J > AT + T - S + 1) | (J < AT + T - S - 1), sparse_mode=4, pre_tokens=1, next_tokens=1),
    case("shift", None, SHIFT, real_shift=Tensor(SHIFT)),
    case("shift and mask", HIDDEN, SHIFT[:1], real_shift=Tensor(SHIFT[:1]), attn_mask=Tensor(HIDDEN)),
    Case("drop mask", lambda q, k, v: ops.flash_attention_score(
        q, k, v, N, drop_mask=Tensor(PACKED), keep_prob=0.7, scalar_value=0.5, input_layout="BNSD"),
        lambda q, k, v: attention(q, k, v, factor=BITS / 0.7), (Q, K8, V8)),
    Case("sequences", lambda q, k, v: ops.flash_attention_score(
        q, k, v, N, scalar_value=0.5, input_layout="TND", actual_seq_qlen=(2, 6), actual_seq_kvlen=Tensor([3, 7]),
        sparse_mode=3), in_sequences, TOKENS),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_dropped_weights_are_drawn():
    kept = ops.flash_attention_score(Tensor(Q), Tensor(K), Tensor(np.ones_like(V)), N, keep_prob=0.5,
                                     input_layout="BNSD")
    assert 0 <= kept.asnumpy().min() and kept.asnumpy().std() > 0.1


@pytest.mark.parametrize(("given", "error", "word"), [
    ({"input_layout": "NSD"}, ValueError, "input_layout"), ({"input_layout": "BSH"}, ValueError, "3 axes"),
    ({"sparse_mode": 5}, ValueError, "0 to 4"), ({"sparse_mode": 1}, ValueError, "needs an attn_mask"),
    ({"attn_mask": Tensor(HIDDEN.astype(np.float32))}, TypeError, "Bool or UInt8"),
    ({"real_shift": Tensor(SHIFT[0])}, ValueError, "real_shift has shape"), ({"prefix": 1}, ValueError, "prefix"),
    ({"head_num": 3}, ValueError, "heads"),
    ({"drop_mask": Tensor(PACKED), "keep_prob": 0.5}, ValueError, "a bit for each"),
])
def test_errors(given, error, word):
    with pytest.raises(error, match=word):
        ops.flash_attention_score(Tensor(Q), Tensor(K), Tensor(V), **{"head_num": N, "input_layout": "BNSD", **given})


def test_sequences_need_their_ends():
    q, k, v = map(Tensor, TOKENS)
    for given, word in (({}, "actual_seq_qlen"),
                        ({"actual_seq_qlen": (2, 5), "actual_seq_kvlen": (3, 7)}, "the last one 6"),
                        ({"actual_seq_qlen": (6,), "actual_seq_kvlen": (3, 7)}, "equally many")):
        with pytest.raises(ValueError, match=word):
            ops.flash_attention_score(q, k, v, N, input_layout="TND", **given)
