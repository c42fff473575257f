"""Normalization: what the results are, digits far from zero, and how many passes the gradient makes."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import decomposed, gradients, run, run_decomposed

from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.primitives import PRIMITIVES
from mindspore.testing.conformance.cases import sample_graph

EVALUATORS = pytest.mark.parametrize("evaluate", [run, run_decomposed])


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, shape)


@EVALUATORS
def test_layer_norm_gives_rows_of_mean_0_and_variance_1(evaluate):
    x = image(4, 5, 6)
    y, mean, rstd = evaluate("layer_norm", x, np.ones((5, 6)), np.zeros((5, 6)), begin_axis=1, epsilon=0.0)
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var((1, 2)), 1)
    np.testing.assert_allclose(mean, x.mean((1, 2), keepdims=True))
    np.testing.assert_allclose(rstd, 1 / x.std((1, 2), keepdims=True))


@EVALUATORS
def test_batch_norm_statistics_are_those_of_the_channels(evaluate):
    x, gamma, beta = image(4, 3, 5, 2), np.array([1.0, 2.0, -1.0]), np.array([0.0, 1.0, 5.0])
    y, mean, var = evaluate("batch_norm_train", x, gamma, beta, epsilon=0.0)
    np.testing.assert_allclose(mean, x.mean((0, 2, 3)))
    np.testing.assert_allclose(var, x.var((0, 2, 3)))
    np.testing.assert_allclose(y.mean((0, 2, 3)), beta, atol=1e-12)
    np.testing.assert_allclose(y.std((0, 2, 3)), np.abs(gamma))
    (same,) = evaluate("batch_norm_infer", x, gamma, beta, mean, var, epsilon=0.0)
    np.testing.assert_allclose(same, y, rtol=1e-12, atol=1e-12)


@EVALUATORS
def test_group_norm_is_layer_norm_with_one_group_and_instance_norm_with_one_for_each_channel(evaluate):
    x, ones, zeros = image(2, 4, 3, 3), np.ones(4), np.zeros(4)
    attrs = {"epsilon": 1e-5}
    one = evaluate("group_norm", x, ones, zeros, groups=1, **attrs)[0]
    layer = evaluate("layer_norm", x, np.ones((4, 3, 3)), np.zeros((4, 3, 3)), begin_axis=1, **attrs)[0]
    np.testing.assert_allclose(one, layer, rtol=1e-12)
    y, mean, rstd = evaluate("group_norm", x, ones, zeros, groups=4, **attrs)
    np.testing.assert_allclose(mean, x.mean((2, 3)))
    np.testing.assert_allclose(y, (x - x.mean((2, 3), keepdims=True)) * rstd[:, :, None, None], rtol=1e-12, atol=1e-12)


@EVALUATORS
def test_rms_norm_divides_by_the_root_of_the_mean_square(evaluate):
    x = np.array([[3.0, 4.0]])
    y, rstd = evaluate("rms_norm", x, np.array([1.0, 2.0]), epsilon=0.0)
    np.testing.assert_allclose(rstd, [[1 / np.sqrt(12.5)]])
    np.testing.assert_allclose(y, [[3 / np.sqrt(12.5), 8 / np.sqrt(12.5)]])


@EVALUATORS
def test_the_variance_keeps_its_digits_far_from_zero(evaluate):
    """Deviation 1 around 10000 in float32: the mean of squares minus the squared mean would have no digit left."""
    x = (10000 + np.array([[-1, 1, -1, 1]])).astype(np.float32)
    y = evaluate("layer_norm", x, np.ones(4, np.float32), np.zeros(4, np.float32), begin_axis=1, epsilon=1e-12)[0]
    np.testing.assert_allclose(y, [[-1, 1, -1, 1]], rtol=1e-6)


@EVALUATORS
def test_half_precision_statistics_are_float32(evaluate):
    x = (1000 + image(2, 64)).astype(np.float16)
    y, mean, rstd = evaluate("layer_norm", x, np.ones(64, np.float32), np.zeros(64, np.float32), begin_axis=1,
                             epsilon=1e-5)
    assert (y.dtype, mean.dtype, rstd.dtype) == (np.float16, np.float32, np.float32)
    np.testing.assert_allclose(mean[:, 0], x.astype(np.float64).mean(1), rtol=1e-6)


def test_the_gradient_of_a_constant_row_is_finite():
    (dx, d_gamma, d_beta) = gradients("layer_norm", np.full((1, 3), 2.0), np.ones(3), np.zeros(3), begin_axis=1,
                                      epsilon=1e-5)
    np.testing.assert_allclose(dx, 0, atol=1e-9)
    np.testing.assert_array_equal(d_gamma, 0)
    np.testing.assert_array_equal(d_beta, 1)


@EVALUATORS
def test_an_empty_batch_has_no_statistics(evaluate):
    y, mean, var = evaluate("batch_norm_train", np.zeros((0, 2, 3)), np.ones(2), np.zeros(2), epsilon=1e-5)
    assert y.shape == (0, 2, 3)
    assert np.isnan([mean, var]).all()


def test_batch_norm_forward_and_backward_make_four_sums():
    """Mean and variance forward; backward the two sums that are the gradients of beta and gamma, and nothing else."""
    graph = sample_graph(PRIMITIVES["batch_norm_train"],
                         [np.ones((4, 3, 5, 5), np.float32), np.ones(3, np.float32), np.ones(3, np.float32)],
                         {"epsilon": 1e-5})
    names = [n.op.name for n in decomposed(vjp_graph(graph, (0, 1, 2), (0,))).nodes]
    assert names.count("sum") == 4
