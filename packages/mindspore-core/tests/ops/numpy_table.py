"""The table of calls of `mindspore.numpy`: arrays, shapes, element-wise functions, logic and reductions."""
from __future__ import annotations

import numpy as np
from numpy_cases import case_of
from ops_cases import ints, uniform

import mindspore.numpy as mnp

X, CUBE, V, ROW = uniform((3, 4)), uniform((2, 3, 4)), uniform((5,)), uniform((4,), seed=3)
POSITIVE, UNIT, ABOVE = uniform((3, 4), 0.2, 3.0), uniform((3, 4), -0.9, 0.9), uniform((3, 4), 1.1, 4.0)
K, J, B = ints((3, 4)), ints((4,), 1, 6), ints((3, 4), 0, 2, bool)
SPECIAL = np.array([1.5, -np.inf, np.nan, 0.0, -0.0, np.inf, -2.5], np.float32)
HOLES = np.where(B, np.float32(np.nan), X)
SMALL, BYTES = ints((3, 4), dtype=np.int8), ints((3, 4), 0, 200, np.uint8)


def call(name, *args, **options):
    return case_of(name, getattr(mnp, name), *args, **options)


def elementwise():
    for name in ("exp", "expm1", "exp2", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh", "deg2rad",
                 "radians", "rad2deg", "square", "absolute", "abs", "fabs", "negative", "positive"):
        yield call(name, X)
        yield call(name, V.astype(np.float64))
        yield call(name, K, gives=np.int32 if name in ("square", "absolute", "abs", "negative", "positive")
                   else np.float32)
    for name in ("log", "log1p", "log2", "log10", "sqrt", "cbrt", "reciprocal"):
        yield call(name, POSITIVE)
        meaning = (lambda x: 1.0 / x) if name == "reciprocal" else None
        yield call(name, J, meaning=meaning)
    yield call("cbrt", X)
    for name in ("arcsin", "arccos", "arctanh"):
        yield call(name, UNIT)
    yield call("arccosh", ABOVE)
    for name in ("floor", "ceil", "trunc", "rint", "sign"):
        yield call(name, X, grad=False)
    yield call("fix", X, grad=False)
    for name in ("floor", "ceil", "trunc", "fix", "sign"):
        yield call(name, K, meaning=getattr(np, name) if name == "sign" else lambda x: x)
    yield call("rint", K)
    yield call("exp", X, dtype=np.float64, gives=np.float64, grad=False)
    yield call("floor", X, dtype=np.int32, meaning=lambda x, dtype: np.floor(x).astype(dtype), grad=False)
    for name in ("isfinite", "isinf", "isnan", "isposinf", "isneginf"):
        yield call(name, SPECIAL, grad=False)
        yield call(name, V, grad=False)
    yield call("isnan", K)
    yield call("signbit", np.delete(SPECIAL, 2), grad=False)
    yield call("signbit", K)


def operators():
    for name in ("add", "subtract", "multiply", "true_divide", "divide", "maximum", "minimum", "hypot", "logaddexp",
                 "logaddexp2", "arctan2"):
        yield call(name, X, CUBE)
        yield call(name, X, J)
        yield call(name, K, J, gives=None if name in ("add", "subtract", "multiply", "maximum", "minimum")
                   else np.float32)
        yield call(name, X, 2.5)
        yield call(name, 3, K)
        yield call(name, ROW.astype(np.float64), [1.0, 2.5, 3.0, -1.0])
    yield call("power", POSITIVE, ROW)
    yield call("power", K, 2)
    yield call("float_power", POSITIVE, ROW)
    yield call("float_power", J, -2)
    yield call("float_power", ROW.astype(np.float64), 2)
    for name in ("floor_divide", "mod", "remainder", "fmod", "divmod"):
        yield call(name, X, 0.7, grad=False)
        yield call(name, K, J)
        yield call(name, K, -3)
    yield call("mod", X, POSITIVE)
    for name in ("gcd", "lcm"):
        yield call(name, K, J)
        yield call(name, ints((40,), 0, 2**30), ints((40,), 0, 2**30, seed=5), meaning=None if name == "gcd" else
                   lambda x, y: np.lcm(x.astype(np.int32), y))
        yield call(name, SMALL, 6)
    yield call("gcd", np.array([0, 0, 1836311903, 7], np.int32), np.array([0, 5, 1134903170, 0], np.int32))
    yield call("clip", X, -0.5, 1.0)
    yield call("clip", X, None, ROW)
    yield call("clip", K, [-1, -2, 0, 1], 3)
    yield call("heaviside", X, 0.5, grad=False)
    yield call("heaviside", K, 1)
    yield call("copysign", X, np.array([-0.0, 0.0, -1, 2], np.float32), grad=False)
    yield call("copysign", X, CUBE)
    yield call("copysign", K, -1)


def logic():
    for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
        yield call(name, X, X[::-1].copy(), grad=False)
        yield call(name, K, 1)
        yield call(name, X, J, grad=False)
    for name in ("logical_and", "logical_or", "logical_xor"):
        yield call(name, B, B[:1])
        yield call(name, K, X, grad=False)
    yield call("logical_not", K)
    yield call("logical_not", B)
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield call(name, K, J)
        yield call(name, B, B[0])
        yield call(name, SMALL, 5)
    for name in ("bitwise_not", "invert"):
        yield call(name, K)
        yield call(name, B)
    yield call("isclose", SPECIAL, SPECIAL, grad=False)
    yield call("isclose", SPECIAL, SPECIAL, equal_nan=True, grad=False)
    yield call("isclose", K, J, 0.5, 1.0)
    yield call("array_equal", X, X, grad=False)
    yield call("array_equal", X, ROW, grad=False)
    yield call("array_equal", SPECIAL, SPECIAL, True, grad=False)
    yield call("array_equiv", np.stack([V, V]), V, grad=False)
    yield call("array_equiv", X, V, grad=False)
    for axis in (None, 0, (0, 1), ()):
        yield call("sometrue", B, axis, meaning=np.any)
    yield call("sometrue", B, 1, True, meaning=lambda x, axis, keep: np.any(x, axis, keepdims=keep))


def reductions():
    for name in ("sum", "mean", "std", "var", "max", "min", "amax", "amin", "ptp", "nansum", "nanmean", "nanstd",
                 "nanvar", "nanmax", "nanmin"):
        x = HOLES if name.startswith("nan") else X
        for options in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)}):
            yield call(name, x, **options, grad=not name.startswith("nan"))
        yield call(name, K, axis=1)
        yield call(name, CUBE, axis=(0, 2))
        if name != "ptp":
            yield call(name, CUBE, axis=(), grad=not name.endswith("std"))
        yield call(name, 3, meaning=None if name in ("max", "min", "amax", "amin", "ptp", "nanmax", "nanmin", "sum",
                   "nansum") else lambda x, n=name: np.float32(getattr(np, n)(x)))
    for name in ("std", "var"):
        yield call(name, X, 1, ddof=1)
    for name in ("nanstd", "nanvar"):
        yield call(name, HOLES, 1, ddof=1, grad=False)
    for name in ("nanmean", "nanvar", "nanmax"):
        yield call(name, np.array([[np.nan, np.nan], [1.0, 2.0]], np.float32), axis=1, grad=False)
    for name in ("sum", "cumsum", "nansum", "nancumsum", "cumprod", "trace"):
        yield call(name, SMALL)
        yield call(name, B) if name != "trace" else call(name, K)
        yield call(name, BYTES % 5, gives=np.int32)
        yield call(name, K.astype(np.int64))
    for name in ("cumsum", "cumprod"):
        yield call(name, X)
        yield call(name, X, 1)
        yield call(name, CUBE, -2)
    yield call("nancumsum", HOLES, 0, grad=False)
    yield call("sum", X, initial=2.5)
    yield call("sum", K, initial=3)
    yield call("max", X, 0, initial=0.5)
    yield call("max", X[:0], 0, initial=0.5, grad=False)
    yield call("min", X[:0], keepdims=True, initial=2, grad=False)
    yield call("cumsum", 3, 0)
    yield call("argmax", 3, -1, gives=np.int64)
    yield call("min", X, 1, initial=0.5, where=B, grad=False)
    for name, dtype in (("argmax", np.int64), ("argmin", np.int32)):
        yield call(name, X, gives=dtype, grad=False)
        yield call(name, X, 1, gives=dtype, grad=False)
        yield call(name, K, -2, gives=dtype)
    for axis in (None, 0, (0, 1)):
        yield call("count_nonzero", K, axis)
    yield call("count_nonzero", B, 1, keepdims=True)
    yield call("average", X)
    yield call("average", X, 0, weights=uniform((3,), 0.5, 2.0))
    yield call("average", X, weights=POSITIVE)
    yield call("average", X, 1, weights=POSITIVE, returned=True)
    yield call("average", K, 1, returned=True)


def arrays():
    for value in (3, 2.5, True, [1, 2], [[1, 2.5], [3, 4]], (True, False), [], 2 + 1j):
        yield call("array", value)
        yield call("asarray", value)
    yield call("array", X, dtype=np.float16, grad=False)
    yield call("array", V, ndmin=3)
    yield call("array", [V, V])
    yield call("array", [[V[0], 1.0], [2.0, V[1]]])
    yield call("asfarray", K, meaning=lambda x: x.astype(np.float32))
    yield call("copy", X)
    yield call("zeros", (2, 3))
    yield call("ones", 4)
    yield call("full", (2, 3), 7)
    yield call("full", (2, 3), [1.5, 2.5, 3.5])
    yield call("full", (2, 4), ROW)
    for name in ("zeros_like", "ones_like"):
        yield call(name, X, grad=False)
        yield call(name, [1, 2])
        yield call(name, K, shape=(2, 2))
    yield call("full_like", K, 2.7)
    yield call("full_like", X, 3, shape=(2,), grad=False)
    yield call("empty", (2, 3), meaning=np.zeros)
    yield call("empty_like", K, meaning=np.zeros_like)
    for name in ("bartlett", "blackman", "hamming", "hanning"):
        for count in (0, 1, 2, 7):
            yield call(name, count, gives=np.float32)
    for options in ((3,), (2, 9, 3), (5, 0, -2), (0,), (3, 1), (0.5, 2.0, 0.25), (4.0,), (np.float32(3.0),)):
        yield call("arange", *options)
    yield call("linspace", 0, 1, 5)
    yield call("linspace", 2.0, -1.0, 4, endpoint=False)
    yield call("linspace", 0, 3, 1)
    yield call("linspace", 0, 3, 0)
    yield call("linspace", 0, 10, 4, retstep=True)
    yield call("linspace", ROW, uniform((4,), seed=9), 3, axis=-1)
    yield call("linspace", ROW, 2, 3)
    yield call("linspace", ROW.astype(np.float16), 2, 3, rtol=1e-2, grad=False)
    yield call("logspace", 0, 2, 3)
    yield call("logspace", 0, 2, 5, endpoint=False, base=2)
    yield call("geomspace", 1, 1000, 4)
    yield call("geomspace", -1, -8, 4, endpoint=False)
    yield call("geomspace", ROW + 3, 9.0, 3, axis=1)
    for options in ({}, {"sparse": True}, {"indexing": "ij"}, {"sparse": True, "indexing": "ij"}):
        yield call("meshgrid", V, J, **options, gives=None)
        yield call("meshgrid", V, J, ROW, **options)
    yield call("indices", (2, 3))
    yield call("indices", (2, 3), sparse=True)
    yield call("ix_", np.array([0, 2], np.int32), J)


def matrices():
    for options in ((3,), (2, 4), (3, 3, 1), (4, 2, -1)):
        yield call("eye", *options)
        yield call("tri", *options)
    yield call("identity", 3)
    for k in (-1, 0, 2):
        yield call("tril", X, k)
        yield call("triu", CUBE, k)
        yield call("diag", X, k)
        yield call("diag", V, k)
        yield call("diagflat", X[:, :2], k)
        yield call("diagonal", CUBE, k, 0, 2)
        yield call("diagonal", X, k)
        yield call("trace", CUBE, k, 1, 2)
        yield call("tril_indices", 3, k)
        yield call("triu_indices", 3, k, 4)
        yield call("tril_indices_from", X, k, grad=False)
        yield call("triu_indices_from", X, k, grad=False)
    yield call("tril", V)
    yield call("diag_indices", 3)
    yield call("diag_indices", 2, 3)
    yield call("vander", V)
    yield call("vander", J, 3, increasing=True)
    yield call("vander", V, 0, grad=False)


def shapes():
    yield call("reshape", X, (2, -1))
    yield call("ravel", CUBE)
    yield call("expand_dims", X, 1)
    yield call("expand_dims", X, (0, -1))
    yield call("squeeze", X[:, None, :1])
    yield call("squeeze", X[:, None], 1)
    yield call("size", X, grad=False, traced=False)
    yield call("size", X, 1, grad=False, traced=False)
    yield call("broadcast_to", ROW, (2, 3, 4))
    yield call("broadcast_arrays", ROW, X[:, :1])
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        yield call(name, ROW)
        yield call(name, X, 2.0, CUBE, grad=False)
    yield call("transpose", CUBE)
    yield call("transpose", CUBE, (2, 0, 1))
    yield call("swapaxes", CUBE, 0, -1)
    yield call("moveaxis", CUBE, (0, 1), (-1, 0))
    for axis, start in ((2, 0), (0, 2), (1, 3), (-1, 1), (0, -1)):
        yield call("rollaxis", CUBE, axis, start)
    for axis in (None, 1, (0, 2)):
        yield call("flip", CUBE, axis)
    yield call("fliplr", X)
    yield call("flipud", X)
    for shift, axis in ((1, None), (-5, 1), ((1, 2), (0, 1)), (2, (0, 1)), ((1, 2), 1), ((1, 2), None)):
        yield call("roll", X, shift, axis)
    for k in range(-1, 3):
        yield call("rot90", CUBE, k, (1, 2))


def joining():
    yield call("concatenate", [X, X[:1]])
    yield call("concatenate", (X, K), 1)
    yield call("concatenate", [X, ROW], None)
    yield call("append", X, ROW)
    yield call("append", X, X, 1)
    yield call("append", K, [1, 2])
    for axis in (0, 1, -1):
        yield call("stack", [X, X + 1], axis)
    for name in ("hstack", "vstack", "dstack", "column_stack"):
        yield call(name, [V, V + 1])
        yield call(name, (X, X))
    yield call("split", X, 2, 1)
    yield call("split", X, [1, 3], 1)
    yield call("array_split", V, 3)
    yield call("array_split", X, [1], -1)
    yield call("hsplit", X, 2)
    yield call("hsplit", ROW, [1, 3])
    yield call("vsplit", X, 3)
    yield call("dsplit", CUBE, [1])
    for reps in (2, (2, 1), (2, 1, 2), ()):
        yield call("tile", X, reps)
    yield call("repeat", X, 2)
    yield call("repeat", X, 2, 1)
    yield call("repeat", X, [1, 0, 2], 0)
