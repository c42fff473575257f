"""The elementary functions of float32 on every 4096th float, against float64, and on special values exactly."""
from __future__ import annotations

import math

import numpy as np
import pytest
from harness import generate, ulps

INF, NAN = math.inf, math.nan
SLOPE = 2 / math.sqrt(math.pi)


def _erf(x: np.ndarray) -> np.ndarray:
    return _between(math.erf, x, x * SLOPE, np.sign(x), 6.5)


def _erfc(x: np.ndarray) -> np.ndarray:
    return _between(math.erfc, x, 1 - x * SLOPE, 1 - np.sign(x), 28)


def _between(function, x: np.ndarray, near: np.ndarray, far: np.ndarray, end: float) -> np.ndarray:
    """A function of one number, which is asked only where in double precision it is neither `near` 0 nor `far` off."""
    found = np.where(np.abs(x) < 1e-9, near, far)
    asked = (np.abs(x) >= 1e-9) & (np.abs(x) < end)
    found[asked] = [function(v) for v in x[asked].tolist()]
    return found


FUNCTIONS = {
    "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log1p": np.log1p,
    "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x), "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "erf": _erf, "erfc": _erfc,
    "floor": np.floor, "ceil": np.ceil, "round": np.rint, "trunc": np.trunc,
}
LIMIT = 2.0


def every_float(step: int = 4096) -> np.ndarray:
    """Every `step`-th float32 by its bits: all magnitudes, both signs, subnormal numbers and NaN."""
    return np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)


def exact(name: str, x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(FUNCTIONS[name](x.astype(np.float64))).astype(np.float64)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_accuracy_over_all_magnitudes(name):
    x = every_float()
    found, = generate(lambda b, v: b.__getattr__(name)(v), x)
    error = ulps(found, exact(name, x))
    worst = int(np.argmax(error))
    assert error[worst] <= LIMIT, f"{name}({x[worst]!r}) = {found[worst]!r}: {error[worst]} ulp"


@pytest.mark.parametrize("name, low, high", [
    ("exp", -110, 92), ("exp2", -152, 130), ("expm1", -20, 90), ("tanh", -11, 11), ("erf", -5, 5), ("erfc", -5, 12),
    ("log", 0.4, 3), ("log1p", -1, 3), ("log2", 0.4, 3), ("sin", -100, 100), ("cos", -100, 100), ("tan", -100, 100),
    ("sin", 6e4, 7e4), ("cos", -1e6, 1e6), ("asin", -1, 1), ("acos", -1, 1), ("atan", -5, 5), ("sinh", -92, 92),
    ("cosh", -92, 92), ("asinh", -3, 3), ("acosh", 1, 3), ("atanh", -1, 1)])
def test_accuracy_where_it_is_difficult(name, low, high):
    x = np.random.default_rng(0).uniform(low, high, 200_001).astype(np.float32)
    found, = generate(lambda b, v: b.__getattr__(name)(v), x)
    error = ulps(found, exact(name, x))
    worst = int(np.argmax(error))
    assert error[worst] <= LIMIT, f"{name}({x[worst]!r}) = {found[worst]!r}: {error[worst]} ulp"


SPECIAL = {
    "exp": [(0, 1), (-0.0, 1), (INF, INF), (-INF, 0), (89, INF), (-104, 0)],
    "expm1": [(0, 0), (-0.0, -0.0), (INF, INF), (-INF, -1), (89, INF), (1e-45, 1e-45)],
    "exp2": [(0, 1), (3, 8), (-149, 1e-45), (128, INF), (-INF, 0)],
    "log": [(1, 0), (0, -INF), (-0.0, -INF), (INF, INF), (-1, NAN), (-INF, NAN)],
    "log2": [(1, 0), (8, 3), (0, -INF), (INF, INF), (-1, NAN), (2.0**-149, -149)],
    "log1p": [(0, 0), (-0.0, -0.0), (-1, -INF), (INF, INF), (-2, NAN), (1e-45, 1e-45)],
    "tanh": [(0, 0), (-0.0, -0.0), (INF, 1), (-INF, -1), (20, 1)],
    "erf": [(0, 0), (-0.0, -0.0), (INF, 1), (-INF, -1)],
    "erfc": [(0, 1), (INF, 0), (-INF, 2), (-10, 2)],
    "sin": [(0, 0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)], "cos": [(0, 1), (INF, NAN), (-INF, NAN)],
    "tan": [(0, 0), (-0.0, -0.0), (INF, NAN)],
    "asin": [(0, 0), (-0.0, -0.0), (2, NAN), (-INF, NAN)], "acos": [(1, 0), (2, NAN), (-1.5, NAN)],
    "atan": [(0, 0), (-0.0, -0.0)], "sinh": [(0, 0), (-0.0, -0.0), (INF, INF), (-INF, -INF)],
    "cosh": [(0, 1), (INF, INF), (-INF, INF)], "asinh": [(0, 0), (-0.0, -0.0), (INF, INF), (-INF, -INF)],
    "acosh": [(1, 0), (0.5, NAN), (INF, INF), (-INF, NAN)],
    "atanh": [(0, 0), (-0.0, -0.0), (1, INF), (-1, -INF), (1.5, NAN)],
    "sqrt": [(-0.0, -0.0), (-1, NAN), (INF, INF)], "rsqrt": [(0, INF), (-0.0, -INF), (INF, 0), (-1, NAN)],
    "round": [(0.5, 0), (1.5, 2), (-0.5, -0.0), (-2.5, -2), (8388609, 8388609)],
    "sign": [(0, 0), (NAN, NAN), (-3, -1), (1e-45, 1)],
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name):
    x, expected = (np.array(column, np.float32) for column in zip(*SPECIAL[name], (NAN, NAN)))
    found, = generate(lambda b, v: b.__getattr__(name)(v), x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found[~np.isnan(found)]), np.signbit(expected[~np.isnan(expected)]))


@pytest.mark.parametrize("name, reference", [("pow", np.power), ("atan2", np.arctan2)])
def test_accuracy_of_functions_of_two_arguments(name, reference):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.permutation(every_float(4096 * 8)), rng.uniform(0, 4, 100_000).astype(np.float32)])
    y = np.concatenate([rng.permutation(every_float(4096 * 8)), rng.uniform(-30, 30, 100_000).astype(np.float32)])
    found, = generate(lambda b, u, v: b.__getattr__(name)(u, v), x, y)
    with np.errstate(all="ignore"):
        error = ulps(found, reference(x.astype(np.float64), y.astype(np.float64)))
    worst = int(np.argmax(error))
    assert error[worst] <= LIMIT, f"{name}({x[worst]!r}, {y[worst]!r}) = {found[worst]!r}: {error[worst]} ulp"


@pytest.mark.parametrize("name, reference", [
    ("pow", np.power), ("atan2", np.arctan2), ("mod", np.mod), ("floor_div", np.floor_divide),
    ("maximum", np.maximum), ("minimum", np.minimum)])
def test_special_pairs(name, reference):
    values = np.array([0, -0.0, 1, -1, 2, -2, 3, 0.5, -0.5, -2.5, 1e-45, 1e38, -1e38, 2**24, INF, -INF, NAN],
                      np.float32)
    x, y = (v.ravel() for v in np.meshgrid(values, values))
    found, = generate(lambda b, u, v: b.__getattr__(name)(u, v), x, y)
    with np.errstate(all="ignore"):
        expected = reference(x, y)
    np.testing.assert_allclose(found, expected, rtol=3e-7)
    if name != "maximum" and name != "minimum":
        zero = expected == 0
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


def test_remainders_of_large_quotients_are_exact():
    rng = np.random.default_rng(2)
    x, y = (rng.permutation(every_float(4096 * 16)) for _ in range(2))
    found = generate(lambda b, u, v: [b.mod(u, v), b.floor_div(u, v)], x, y)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found[0], np.mod(x, y))
        np.testing.assert_array_equal(found[1], np.floor_divide(x, y))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_integer_division_never_traps(dtype):
    info = np.iinfo(dtype)
    values = np.unique(np.array([info.min, info.min + 1, 0, 1, 2, 3, 7, 100, info.max - 1, info.max], dtype))
    if info.min < 0:
        values = np.concatenate([values, np.array([-1, -2, -7], dtype)])
    x, y = (v.ravel() for v in np.meshgrid(values, values))
    quotient, remainder = generate(lambda b, u, v: [b.floor_div(u, v), b.mod(u, v)], x, y)
    defined = (y != 0) & ~((x == info.min) & (y.astype(np.float64) == -1))
    np.testing.assert_array_equal(quotient[defined], x[defined] // y[defined])
    np.testing.assert_array_equal(remainder[defined], x[defined] % y[defined])
