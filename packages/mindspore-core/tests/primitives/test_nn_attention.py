"""Attention against its definition, query by query."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import gradients, run, run_decomposed

from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir.aval import tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.primitives import PRIMITIVES, nn_attention
from mindspore.testing.conformance.cases import sample_graph

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


DERIVED = [((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7), None, False), ((3, 1, 4, 2), (2, 5, 2), (5, 2), None, False),
           ((4, 5), (4, 5), (4, 5), None, True), ((4, 5), (6, 5), (6, 3), "keep", True),
           ((2, 4, 5), (2, 6, 5), (2, 6, 3), "added", False)]


@pytest.mark.parametrize("case", DERIVED, ids=str)
def test_the_derivative_that_finds_the_weights_again_is_that_of_the_products(case, monkeypatch):
    *shapes, kind, causal = case
    q, k, v = arrays(*shapes)
    mask = {"keep": [np.random.default_rng(1).uniform(size=(4, 6)) < 0.8], "added": arrays((2, 1, 6))}.get(kind, [])
    if kind == "keep":
        mask[0][:, 0] = True
    found = []
    for pairs in (1, 10**9):
        monkeypatch.setattr(nn_attention, "MANY_PAIRS", pairs)
        found.append(by_operands(q, k, v, *mask, causal=causal))
    (tiled, names), (plain, others) = found
    assert "attention_grad" in names and "attention_grad" not in others
    for x, y in zip(tiled, plain, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)


def by_operands(*ins: np.ndarray, causal: bool) -> tuple[list[np.ndarray], set[str]]:
    """The derivatives by query, key and value of a weighted sum of an attention, and the names of the operators."""
    graph = sample_graph(PRIMITIVES[NAME], ins, {"scale": 0.5, "causal": causal})
    joint = vjp_graph(graph, (0, 1, 2))
    seed = np.random.default_rng(2).normal(size=graph.outputs[0].shape)
    return evaluate(joint, [*ins, seed])[1:], {node.op.name for node in joint.nodes}


def test_no_products_are_kept_for_long_sequences():
    q, k, v = arrays((2, 600, 4), (2, 600, 4), (2, 600, 4))
    joint = vjp_graph(sample_graph(PRIMITIVES[NAME], (q, k, v), {"scale": 0.5}), (0, 1, 2))
    assert [node.op.name for node in joint.nodes if getattr(node.aval, "shape", ())[-2:] == (600, 600)] == []


def test_a_mask_with_a_derivative_is_added_to_products():
    q, k, v, mask = arrays((2, 4), (3, 4), (3, 4), (2, 3))
    graph = sample_graph(PRIMITIVES[NAME], (q, k, v, mask), {"scale": 0.5})
    avals = tuple(tensor_aval((*a.shape[:-2], 600, a.shape[-1]), a.dtype) for a in [p.aval for p in graph.params])
    assert not PRIMITIVES[NAME].records(avals, (0, 3), ()) and PRIMITIVES[NAME].records(avals, (0, 1, 2), ())
    assert np.abs(gradients(NAME, q, k, v, mask, scale=0.5)[3]).max() > 0
