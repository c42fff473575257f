"""Attention against its definition, query by query."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import gradients, run, run_decomposed

EVALUATORS = pytest.mark.parametrize("evaluate", [run, run_decomposed])
NAME = "scaled_dot_product_attention"


def arrays(*shapes: tuple) -> list[np.ndarray]:
    draw = np.random.default_rng(0)
    return [draw.normal(size=shape) for shape in shapes]


def one_query(q: np.ndarray, k: np.ndarray, v: np.ndarray, scale: float, extra=0.0) -> np.ndarray:
    """The values, weighted by exp of the scaled products."""
    weights = np.exp(scale * k @ q + extra)
    return weights @ v / weights.sum()


@EVALUATORS
def test_each_query_is_a_weighted_mean_of_values(evaluate):
    q, k, v = arrays((2, 3, 4), (2, 5, 4), (2, 5, 6))
    (y,) = evaluate(NAME, q, k, v, scale=0.5)
    for n, i in np.ndindex(2, 3):
        np.testing.assert_allclose(y[n, i], one_query(q[n, i], k[n], v[n], 0.5))


@EVALUATORS
def test_causal_queries_see_the_keys_before_them(evaluate):
    q, k, v = arrays((4, 3), (4, 3), (4, 2))
    (y,) = evaluate(NAME, q, k, v, scale=1.0, causal=True)
    for i in range(4):
        np.testing.assert_allclose(y[i], one_query(q[i], k[:i + 1], v[:i + 1], 1.0))


@EVALUATORS
def test_masks_hide_or_add(evaluate):
    q, k, v, bias = arrays((3, 4), (5, 4), (5, 2), (3, 5))
    keep = np.array([True, False, True, True, False])
    (hidden,) = evaluate(NAME, q, k, v, keep, scale=1.0)
    (added,) = evaluate(NAME, q, k, v, bias, scale=1.0)
    for i in range(3):
        np.testing.assert_allclose(hidden[i], one_query(q[i], k[keep], v[keep], 1.0))
        np.testing.assert_allclose(added[i], one_query(q[i], k, v, 1.0, bias[i]))


@EVALUATORS
def test_a_query_that_sees_no_key_is_nan(evaluate):
    q, k, v = arrays((2, 3), (4, 3), (4, 2))
    (y,) = evaluate(NAME, q, k, v, np.array([[True] * 4, [False] * 4]), scale=1.0)
    assert np.isnan(y).tolist() == [[False, False], [True, True]]


def test_hidden_keys_get_no_gradient():
    q, k, v = arrays((3, 4), (5, 4), (5, 2))
    _, dk, dv = gradients(NAME, q, k, v, np.array([True, False, True, True, False]), scale=1.0)
    np.testing.assert_array_equal(dk[[1, 4]], 0)
    np.testing.assert_array_equal(dv[[1, 4]], 0)
    assert np.abs(dv[[0, 2, 3]]).min() > 0
