"""Activation functions: known values, no overflow at either end, the side taken at kinks, digits in float32."""
from __future__ import annotations

import math

import numpy as np
import pytest
from nn_checks import gradients, run, run_decomposed

ENDS = np.array([-1e4, -750.0, -88.8, 88.8, 750.0, 1e4])

# name, attributes, then the limits at the low and the high end as functions of x.
LIMITS = [
    ("sigmoid", {}, np.zeros_like, np.ones_like), ("log_sigmoid", {}, np.array, np.zeros_like),
    ("softplus", {}, np.zeros_like, np.array), ("silu", {}, np.zeros_like, np.array),
    ("gelu", {"approximate": False}, np.zeros_like, np.array), ("gelu", {"approximate": True}, np.zeros_like, np.array),
    ("mish", {}, np.zeros_like, np.array), ("elu", {"alpha": 2.0}, lambda x: np.full_like(x, -2), np.array),
    ("hardswish", {}, np.zeros_like, np.array), ("hardsigmoid", {}, np.zeros_like, np.ones_like),
    ("relu6", {}, np.zeros_like, lambda x: np.full_like(x, 6)),
]

VALUES = [
    ("relu", {}, -1.5, 0), ("relu", {}, 2.5, 2.5), ("relu6", {}, 7, 6), ("leaky_relu", {"alpha": 0.25}, -2, -0.5),
    ("elu", {"alpha": 0.5}, -1, 0.5 * math.expm1(-1)), ("selu", {}, -1, -1.1113307378125628),
    ("selu", {}, 1, 1.0507009873554805),
    ("sigmoid", {}, 1, 0.7310585786300049), ("log_sigmoid", {}, 1, -0.3132616875182228),
    ("softplus", {}, 1, 1.3132616875182228), ("silu", {}, 1, 0.7310585786300049),
    ("gelu", {"approximate": False}, 1, 0.8413447460685429), ("gelu", {"approximate": True}, 1, 0.8411919906082768),
    ("hardsigmoid", {}, 1, 2 / 3), ("hardswish", {}, 1, 2 / 3), ("mish", {}, 1, 0.8650983882673103),
]

KINKS = [
    ("relu", {}, 0, 0), ("relu6", {}, 0, 0), ("relu6", {}, 6, 0), ("leaky_relu", {"alpha": 0.25}, 0, 0.25),
    ("elu", {"alpha": 0.5}, 0, 0.5), ("hardsigmoid", {}, 3, 0), ("hardsigmoid", {}, -3, 0), ("hardswish", {}, 3, 1),
    ("hardswish", {}, -3, 0),
]


@pytest.mark.parametrize("name, attrs, x, y", VALUES)
def test_known_values(name, attrs, x, y):
    for evaluate in (run, run_decomposed):
        np.testing.assert_allclose(evaluate(name, np.float64(x), **attrs)[0], y, rtol=1e-7)


@pytest.mark.parametrize("name, attrs, low, high", LIMITS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends_are_the_limits(name, attrs, low, high, dtype):
    x = ENDS.astype(dtype)
    expected = np.where(x < 0, low(x), high(x))
    for evaluate in (run, run_decomposed):
        np.testing.assert_allclose(evaluate(name, x, **attrs)[0], expected, rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name, attrs, low, high", LIMITS)
def test_gradients_at_the_ends_are_those_of_the_limits(name, attrs, low, high):
    x = ENDS.astype(np.float32)
    with np.errstate(invalid="ignore"):
        expected = np.where(x < 0, low(x + 1) - low(x), high(x + 1) - high(x))
    np.testing.assert_allclose(gradients(name, x, **attrs)[0], expected, atol=1e-6)


@pytest.mark.parametrize("name, attrs, x, slope", KINKS)
def test_the_derivative_at_a_kink(name, attrs, x, slope):
    np.testing.assert_array_equal(gradients(name, np.float64(x), **attrs)[0], slope)


@pytest.mark.parametrize("name, attrs", [(v[0], v[1]) for v in VALUES])
def test_nan_propagates(name, attrs):
    for evaluate in (run, run_decomposed):
        assert np.isnan(evaluate(name, np.array([np.nan, 1.0]), **attrs)[0]).tolist() == [True, False]


@pytest.mark.parametrize("name", ["sigmoid", "log_sigmoid", "softplus", "silu"])
def test_float32_keeps_its_digits_in_both_tails(name):
    """Where exp(-|x|) is a normal number the decomposition in float32 is right to a few units in the last place."""
    x = np.linspace(-80, 80, 4001).astype(np.float32)
    got, want = run_decomposed(name, x)[0], run(name, x.astype(np.float64))[0]
    np.testing.assert_allclose(got, want, rtol=6e-7)
