"""Tokens sorted by expert and brought back, against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

from mindspore import Tensor, ops

TOKENS, PROBS = uniform((4, 3)), uniform((4, 2), 0.1, 1.0)
EXPERTS = np.array([[2, 0], [1, 2], [0, 1], [2, 0]], np.int32)
ORDER = np.argsort(EXPERTS.ravel(), kind="stable")
WENT = np.argsort(ORDER).astype(np.int32)


def back(rows, probs):
    whole = np.zeros((8, 3), rows.dtype)
    whole[:len(rows)] = rows
    return (whole[WENT].reshape(4, 2, 3) * probs[..., None]).sum(1)


CASES = [
    Case("there", lambda x, e: ops.moe_token_permute(x, e), lambda x, e: (x[ORDER // 2], WENT), (TOKENS, EXPERTS)),
    Case("one choice", lambda x, e: ops.moe_token_permute(x, e), lambda x, e: (
        x[np.argsort(e, kind="stable")], np.argsort(np.argsort(e, kind="stable")).astype(np.int32)), (
            TOKENS, EXPERTS[:, 0].copy())),
    Case("some rows", lambda x, e: ops.moe_token_permute(x, e, 5), lambda x, e: (x[ORDER[:5] // 2], WENT), (
        TOKENS, EXPERTS)),
    Case("back", lambda x, p: ops.moe_token_unpermute(x, Tensor(WENT), p), back, (uniform((8, 3)), PROBS)),
    Case("back from some", lambda x, p: ops.moe_token_unpermute(x, Tensor(WENT), p), back, (uniform((5, 3)), PROBS)),
    Case("back without weights", lambda x, s: ops.moe_token_unpermute(x, s), lambda x, s: x[s],
         (uniform((8, 3)), WENT)),
    Case("there and back", lambda x, e, p: ops.moe_token_unpermute(*ops.moe_token_permute(x, e), p),
         lambda x, e, p: x * p.sum(1, keepdims=True), (TOKENS, EXPERTS, PROBS)),
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


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.moe_token_permute(TOKENS, EXPERTS, None, True), ValueError, "padded_mode"),
    (lambda: ops.moe_token_permute(TOKENS, PROBS), TypeError, "an integer dtype"),
    (lambda: ops.moe_token_permute(TOKENS, EXPERTS[:2]), ValueError, "expected .tokens, size"),
    (lambda: ops.moe_token_unpermute(TOKENS, Tensor(WENT), PROBS[:2]), ValueError, "choices"),
    (lambda: ops.moe_token_unpermute(TOKENS, Tensor(PROBS)), TypeError, "an integer dtype"),
    (lambda: ops.moe_token_unpermute(TOKENS, Tensor(WENT), restore_shape=(4, 3)), ValueError, "restore_shape"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()
