"""Dropout: its mask is the generator's, its frequency the probability, its gradient the mask."""
from __future__ import annotations

import numpy as np
import pytest
from nn_checks import gradients, run, run_decomposed

EVALUATORS = pytest.mark.parametrize("evaluate", [run, run_decomposed])
STATE = np.array([42, 7], np.int64)


@EVALUATORS
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_kept_elements_are_scaled_and_as_many_as_the_probability_says(evaluate, keep):
    """40000 draws: the frequency is within five standard deviations."""
    y, mask = evaluate("dropout", np.ones(40000), STATE, keep_prob=keep)
    assert abs(mask.mean() - keep) < 5 * np.sqrt(keep * (1 - keep) / 40000)
    np.testing.assert_array_equal(y, np.where(mask, 1 / keep, 0))


@EVALUATORS
def test_the_mask_compares_the_generators_bits(evaluate):
    (bits,) = run("random_bits", STATE, shape=(3, 5))
    _, mask = evaluate("dropout", np.ones((3, 5)), STATE, keep_prob=0.25)
    np.testing.assert_array_equal(mask, bits < 2**30)


@EVALUATORS
def test_another_offset_gives_another_mask(evaluate):
    masks = [evaluate("dropout", np.ones(64), np.array([1, offset], np.int64), keep_prob=0.5)[1]
             for offset in (0, 0, 1)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


@EVALUATORS
def test_probability_one_keeps_everything(evaluate):
    x = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    y, mask = evaluate("dropout", x, STATE, keep_prob=1.0)
    np.testing.assert_array_equal(y, x)
    assert mask.all()


@EVALUATORS
def test_dropped_nan_and_inf_are_zero(evaluate):
    y, mask = evaluate("dropout", np.array([np.nan, np.inf] * 8), STATE, keep_prob=0.5)
    np.testing.assert_array_equal(y[~mask], 0)
    assert 0 < mask.sum() < 16


def test_the_gradient_is_the_scaled_mask():
    x = np.random.default_rng(0).normal(size=(4, 5))
    _, mask = run("dropout", x, STATE, keep_prob=0.25)
    np.testing.assert_array_equal(gradients("dropout", x, STATE, keep_prob=0.25)[0], np.where(mask, 4, 0))
