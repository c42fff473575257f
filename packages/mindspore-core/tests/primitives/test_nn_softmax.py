"""Softmax and cross-entropy: extreme rows, labels out of range, and one kernel's worth of operators."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import decomposed, gradients, run, run_decomposed

from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.primitives import PRIMITIVES
from mindspore.testing.conformance.cases import sample_graph

EVALUATORS = pytest.mark.parametrize("evaluate", [run, run_decomposed])


@EVALUATORS
def test_softmax_of_huge_differences_is_exact(evaluate):
    x = np.array([[1000.0, 0.0, -1000.0], [-np.inf, 0.0, 0.0]])
    np.testing.assert_array_equal(evaluate("softmax", x, axis=1)[0], [[1, 0, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(evaluate("log_softmax", x, axis=1)[0],
                               [[0, -1000, -2000], [-np.inf, -np.log(2), -np.log(2)]])


@EVALUATORS
def test_rows_sum_to_one_along_any_axis(evaluate):
    x = np.random.default_rng(0).normal(scale=5, size=(3, 4, 5)).astype(np.float32)
    for axis in (0, 1, 2, -1):
        np.testing.assert_allclose(evaluate("softmax", x, axis=axis)[0].sum(axis), 1, rtol=1e-6)


def test_a_negative_axis_is_the_same_node_as_the_axis_from_the_front():
    graph = sample_graph(PRIMITIVES["softmax"], [np.ones((2, 3))], {"axis": -1})
    assert graph.outputs[0].attrs == (1,)


@EVALUATORS
def test_sparse_loss_is_the_loss_of_one_hot_labels(evaluate):
    draw = np.random.default_rng(1)
    logits, labels = draw.normal(size=(6, 4)), draw.integers(0, 4, 6)
    dense = evaluate("softmax_cross_entropy", logits, np.eye(4)[labels])[0]
    np.testing.assert_allclose(evaluate("sparse_softmax_cross_entropy", logits, labels)[0], dense, rtol=1e-12)


@EVALUATORS
def test_a_masked_class_costs_nothing_unless_it_is_the_label(evaluate):
    logits = np.array([[0.0, -np.inf, 0.0]] * 2)
    np.testing.assert_allclose(evaluate("sparse_softmax_cross_entropy", logits, np.array([2, 1]))[0],
                               [np.log(2), np.inf])


@EVALUATORS
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8])
def test_labels_out_of_range_give_nan(evaluate, dtype):
    logits = np.zeros((3, 2))
    losses = evaluate("sparse_softmax_cross_entropy", logits, np.array([1, 2, -1]).astype(dtype))[0]
    np.testing.assert_allclose(losses, [np.log(2), np.nan, np.nan])


@EVALUATORS
def test_more_classes_than_the_label_type_counts(evaluate):
    logits = np.zeros((2, 300))
    losses = evaluate("sparse_softmax_cross_entropy", logits, np.array([255, 0], np.uint8))[0]
    np.testing.assert_allclose(losses, np.log(300))


def test_labels_out_of_range_send_no_gradient():
    (grad,) = gradients("sparse_softmax_cross_entropy", np.zeros((3, 2)), np.array([1, 2, -1], np.int32))
    np.testing.assert_allclose(grad, [[0.5, -0.5], [0, 0], [0, 0]])


def test_gradient_with_labels_that_do_not_sum_to_one():
    logits, labels = np.array([[0.0, np.log(3.0)]]), np.array([[1.0, 1.0]])
    d_logits, d_labels = gradients("softmax_cross_entropy", logits, labels)
    np.testing.assert_allclose(d_logits, [[-0.5, 0.5]])
    np.testing.assert_allclose(d_labels, [[np.log(4), np.log(4 / 3)]])


def test_loss_with_its_gradient_shares_one_exponential():
    """Forward and backward together walk a row once: one maximum, one exponential, two sums."""
    graph = sample_graph(PRIMITIVES["sparse_softmax_cross_entropy"],
                         [np.ones((8, 10), np.float32), np.zeros(8, np.int32)], {})
    names = [n.op.name for n in decomposed(vjp_graph(graph, (0,))).nodes]
    assert [names.count(name) for name in ("max", "exp", "log", "sum")] == [1, 1, 1, 2]
