"""The table of calls of `mindspore.numpy`: places, choices, borders, counts, differences, products, polynomials."""
from __future__ import annotations

import numpy as np
from numpy_cases import case_of
from numpy_table import CUBE, HOLES, POSITIVE, ROW, SMALL, SPECIAL, B, J, K, V, X
from ops_cases import ints, uniform

import mindspore.numpy as mnp


def unique_with_places(x, _):
    values, places = np.unique(x, return_inverse=True)
    return values, places.reshape(x.shape)  # NumPy 1 gives one axis


TRAPEZOID = np.trapezoid if hasattr(np, "trapezoid") else np.trapz  # NumPy 2 has renamed it

PLACES = np.array([[0, 2], [3, 1]], np.int32)
FAR = np.array([-7, -1, 0, 3, 9], np.int32)
SORTED = np.sort(uniform((9,), seed=4))
POINTS = uniform((20, 3))


def call(name, *args, **options):
    return case_of(name, getattr(mnp, name), *args, **options)


def indexing():
    yield call("take", X, PLACES, mode="clip")
    for axis in (0, 1, -1):
        yield call("take", CUBE, FAR, axis, mode="clip")
        yield call("take", CUBE, FAR, axis, mode="wrap")
    yield call("take", X, np.array([-1, 2, 0], np.int64), 0, mode="raise", traced=False)
    yield call("take", SMALL, np.array([1, -3], np.int8), mode="wrap")
    yield call("take", X, 2, 1)
    yield call("take_along_axis", X, ints((3, 2), -4, 4), 1)
    yield call("take_along_axis", X, ints((1, 4), 0, 3), 0)
    yield call("take_along_axis", X[:1], ints((3, 2), 0, 4), -1)
    yield call("take_along_axis", X, FAR[2:4], None)
    yield call("argwhere", K, gives=np.int64, traced=False)
    yield call("argwhere", B, gives=np.int64, traced=False)
    yield call("where", B, X, ROW)
    yield call("where", K, 1.5, X)
    yield call("where", B, K, 2)
    yield call("where", B, 1, 0)
    yield call("where", K, gives=np.int64, traced=False)
    yield call("select", [X > 1, X > 0], [X, ROW], 5)
    yield call("select", [B, ~B[:1]], [K, 2 * K])
    for mode in ("clip", "wrap"):
        yield call("choose", ints((4,), -2, 6), [ROW, X, 2.0 * X], mode=mode)
    yield call("choose", [0, 1, 1, 0], np.stack([ROW, ROW + 1]), mode="raise")
    for order in ("C", "F"):
        yield call("unravel_index", ints((2, 5), 0, 24), (2, 3, 4), order)
        for mode in ("clip", "wrap"):
            yield call("ravel_multi_index", (ints((5,), -2, 6), ints((5,), -1, 5)), (4, 3), mode, order)
    yield call("ravel_multi_index", PLACES, (4, 4), "raise", traced=False)
    yield call("unravel_index", 5, (3, 4))


def calling():
    yield call("apply_along_axis", lambda v: v * v[0], 1, CUBE)
    yield call("apply_along_axis", lambda v, k: v[:2] + k, 0, X, 3.0)
    yield call("apply_along_axis", lambda v: v[-1] - v[0], -1, X)
    yield call("apply_along_axis", lambda v: v.reshape(2, 2), 1, X)
    yield call("apply_over_axes", lambda x, axis: x.max(axis), X, (0, 1), meaning=lambda f, x, a: x.max(keepdims=True))
    yield call("piecewise", X, [X < -1, X > 1], [lambda x: x * x, 3.0, lambda x: -x])
    yield call("piecewise", X, [X < 0], [lambda x, k: k * x], 2.5)
    yield call("piecewise", K, [K > 0, K > 2], [1, 2])
    yield call("piecewise", np.array(2.5, np.float32), [True], [lambda x: -x])
    yield call("piecewise", V, True, [lambda x: -x])
    yield call("piecewise", V, V > 0, [lambda x: -x, 2])
    yield call("piecewise", V, [True, False, True, False, True], [1])


def padding():
    for mode in ("edge", "reflect", "symmetric", "wrap", "maximum", "minimum", "mean", "median", "linear_ramp"):
        for widths in (2, ((1, 2), (0, 3)), ((1, 2),), ((7, 0), (0, 9))):
            yield call("pad", X, widths, mode, meaning=np.pad)
        yield call("pad", K, (1, 2), mode, meaning=np.pad)
    yield call("pad", X, ((1, 2), (3, 0)), constant_values=((1, 2), (3, 4)))
    yield call("pad", K, 1)
    yield call("pad", B, 1, constant_values=True)
    yield call("pad", X, 0)
    yield call("pad", V, (2, 1), mode="empty", meaning=lambda x, w, mode: np.pad(x, w))
    yield call("pad", X, (2, 2), mode="linear_ramp", end_values=(5, -5))
    for mode in ("maximum", "mean", "median"):
        yield call("pad", X, (2, 2), mode=mode, stat_length=2)
        yield call("pad", X, 1, mode=mode, stat_length=((1, 2), (3, 9)))
    for mode in ("reflect", "symmetric"):
        yield call("pad", X, (3, 5), mode=mode, reflect_type="odd")
        yield call("pad", K, (2, 1), mode=mode, reflect_type="odd")

    def border(vector, count, axis, kwargs):
        return vector * 1 if not count[0] else vector[::-1] + axis * kwargs["by"]

    def bordered(x, widths, _, by):
        x = np.pad(x, widths)
        return ((x[::-1])[:, ::-1] + by).astype(x.dtype)

    yield call("pad", X, ((1, 1), (1, 1)), border, by=2.0, meaning=bordered)


def searching():
    for side in ("left", "right"):
        yield call("searchsorted", SORTED, np.concatenate([SORTED[::2], X.ravel()]), side, grad=False)
        yield call("searchsorted", np.array([1, 2, 2, 2, 5], np.int32), K, side)
        yield call("searchsorted", np.sort(SPECIAL), SPECIAL, side, grad=False)
    yield call("searchsorted", SORTED[::-1].copy(), ROW, sorter=np.arange(9, dtype=np.int32)[::-1].copy(), grad=False)
    yield call("searchsorted", SORTED[:0], ROW, grad=False)
    for right in (False, True):
        yield call("digitize", X, SORTED, right, grad=False)
        yield call("digitize", X, SORTED[::-1].copy(), right, grad=False)
        yield call("digitize", K, [-2, 0, 1], right)
    yield call("digitize", X, [0.5], grad=False)
    yield call("digitize", K, [1, 1])
    yield call("digitize", K, [1], True)
    for name in ("isin", "in1d"):
        meaning = np.isin if name == "isin" else lambda x, y, invert=False: np.isin(x.ravel(), y, invert=invert)
        yield call(name, K, [1, 2, -3], meaning=meaning)
        yield call(name, X, X[0], invert=True, grad=False, meaning=meaning)
        yield call(name, SPECIAL, SPECIAL[:4], grad=False, meaning=meaning)
        yield call(name, K, np.zeros(0, np.int32), meaning=meaning)
        yield call(name, B, [True], meaning=meaning)
    yield call("unique", K, traced=False)
    yield call("unique", K, True, traced=False, meaning=unique_with_places)
    yield call("intersect1d", K, J, traced=False)
    yield call("intersect1d", J, [2, 1, 9], return_indices=True, traced=False)
    yield call("setdiff1d", K, J, traced=False)
    yield call("setdiff1d", np.array([5, 3, 1], np.int32), J[:1], True, traced=False)


def counting():
    f32 = {"gives": np.float32}
    yield call("bincount", J, **f32, traced=False)
    yield call("bincount", J, minlength=9, **f32, traced=False)
    yield call("bincount", J, weights=ROW, **f32, traced=False)
    yield call("bincount", J, ROW, 0, 4, **f32, meaning=lambda x, w, *_: np.bincount(x, w, 9)[:4])
    yield call("bincount", np.array([-2, 0, 1, 9], np.int32), length=3, **f32,
               meaning=lambda x, length: np.array([2, 1, 0]))
    for bins in (4, [-1.0, 0.0, 0.5, 2.0]):
        yield call("histogram_bin_edges", X, bins, grad=False)
        yield call("histogram", X, bins, **f32, grad=False)
        yield call("histogram", K, bins, **f32)
        yield call("histogram", X, bins, density=True, **f32, grad=False)
        yield call("histogram", X, bins, weights=POSITIVE, **f32, grad=False)
    yield call("histogram", X, 5, (-1, 1), **f32, grad=False)
    yield call("histogram", X, 3, (1, 1), **f32, grad=False)
    yield call("histogram", np.array([2, 2], np.int32), 2, **f32)
    yield call("histogram_bin_edges", K, 3)
    x, y = POINTS[:, 0].copy(), POINTS[:, 1].copy()
    for bins in (3, [2, 4], [-2.0, 0.0, 1.0, 2.0], [[-2.0, 0.5, 2.0], 3]):
        yield call("histogram2d", x, y, bins, **f32, grad=False)
    yield call("histogram2d", x, y, 3, [[-1, 1], [-2, 2]], **f32, grad=False)
    yield call("histogram2d", x, y, 2, weights=uniform((20,)), density=True, **f32, grad=False)
    yield call("histogramdd", POINTS, (2, 3, 4), **f32, grad=False)
    yield call("histogramdd", POINTS, 2, density=True, **f32, grad=False)
    yield call("histogramdd", [x, y], 3, [None, (-1, 1)], **f32, grad=False)


def differences():
    for n in (0, 1, 2):
        yield call("diff", X, n)
    yield call("diff", CUBE, 1, 0)
    yield call("diff", X, prepend=0, append=ROW[:3, None])
    yield call("diff", B, axis=0)
    yield call("ediff1d", X)
    yield call("ediff1d", K, [7, 8], 3)
    for options in ((), (2.0,), (2.0, 0.5), (np.array([0.0, 0.5, 2.0], np.float32), 0.5)):
        for order in (1, 2):
            yield call("gradient", X, *options, edge_order=order)
    yield call("gradient", CUBE, axis=1)
    yield call("gradient", CUBE, axis=(0, 2))
    yield call("gradient", K, 0.5, axis=1)
    yield call("gradient", ROW, np.array([0.0, 1.0, 1.5, 3.0], np.float32), edge_order=2)
    yield call("trapz", X, meaning=TRAPEZOID)
    yield call("trapz", X, dx=0.5, axis=0, meaning=TRAPEZOID)
    yield call("trapz", X, np.array([0.0, 1.0, 1.5, 3.0], np.float32), meaning=TRAPEZOID)
    yield call("unwrap", 4 * X)
    yield call("unwrap", 4 * X, 4.0, 0, meaning=lambda x, d, a: np.unwrap(x, d, a))
    yield call("unwrap", np.array([0.0, 1.0, 1.5], np.float32))
    xp, fp = np.array([-1.5, -0.5, 0.25, 1.0], np.float32), uniform((4,), seed=8)
    yield call("interp", X, xp, fp)
    yield call("interp", X, xp, fp, -9.0, 9.0)
    yield call("interp", xp, xp, fp, grad=False)
    yield call("interp", K, [0, 1, 4], [2.0, 1.0, 3.0])
    yield call("interp", X, xp[:1], fp[:1], grad=False)
    yield call("interp", X, xp[:2], fp[:2])
    yield call("interp", np.array([np.nan, 0.0], np.float32), xp, fp, grad=False)


def linalg():
    yield call("dot", X, ROW)
    yield call("dot", CUBE, uniform((2, 4, 3)))
    yield call("dot", ROW, ROW)
    yield call("dot", X, 2.0)
    yield call("dot", K, J)
    yield call("inner", X, CUBE)
    yield call("inner", X, 2)
    yield call("outer", X, V)
    yield call("matmul", X, CUBE.swapaxes(1, 2).copy())
    yield call("matmul", ROW, ROW)
    yield call("matmul", K, J)
    yield call("tensordot", CUBE, uniform((3, 4, 5)))
    yield call("tensordot", CUBE, X, ((1, 2), (0, 1)))
    yield call("tensordot", CUBE, X, ([2], [1]))
    yield call("tensordot", X, ROW, 0)
    yield call("kron", X, CUBE)
    yield call("kron", K, J)
    three, two = uniform((4, 3)), uniform((4, 2))
    yield call("cross", three, three[::-1].copy())
    yield call("cross", three, np.zeros((1, 3), np.float32) + three[:1])
    yield call("cross", three.T.copy(), three, axisa=0, axisc=0)
    yield call("cross", three, two, meaning=lambda x, y: np.cross(x, np.pad(y, ((0, 0), (0, 1)))))
    yield call("cross", two, three, meaning=lambda x, y: np.cross(np.pad(x, ((0, 0), (0, 1))), y))
    yield call("cross", two, two + 1, meaning=lambda x, y: x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0])
    yield call("multi_dot", [X, X.T.copy(), X], meaning=np.linalg.multi_dot)
    yield call("multi_dot", [V[:3], X, X.T.copy()], meaning=np.linalg.multi_dot)
    yield call("multi_dot", [X.T.copy(), X, ROW], meaning=np.linalg.multi_dot)
    yield call("multi_dot", [ROW, X.T.copy(), X, ROW], meaning=np.linalg.multi_dot)
    yield call("multi_dot", [X, uniform((4, 9)), uniform((9, 2)), uniform((2, 6))], meaning=np.linalg.multi_dot)
    square = uniform((3, 3)) + 3 * np.eye(3, dtype=np.float32)
    for n in (0, 1, 3, -2):
        yield call("matrix_power", square, n, meaning=np.linalg.matrix_power)
    for ord in (None, 1, 2, 3, np.inf, -np.inf, -1, 0.5):
        yield call("norm", X, ord, 1, meaning=np.linalg.norm)
    yield call("norm", X, 0, 0, meaning=lambda x, o, a: np.linalg.norm(x, o, a).astype(np.float32))
    for ord in (None, "fro", 1, -1, np.inf, -np.inf, "nuc", 2, -2):
        yield call("norm", X, ord, meaning=np.linalg.norm, grad=ord not in ("nuc", 2, -2))
        yield call("norm", CUBE, ord, (0, 2), True, meaning=np.linalg.norm, grad=False)
    yield call("norm", CUBE, meaning=np.linalg.norm)
    yield call("norm", CUBE, keepdims=True, meaning=np.linalg.norm)
    yield call("norm", V, meaning=np.linalg.norm)


def correlation():
    for mode in ("full", "same", "valid"):
        for a, v in ((V, ROW), (ROW, V), (V, ROW[:1]), (J, FAR)):
            yield call("convolve", a, v, mode)
            yield call("correlate", a, v, mode)
    yield call("convolve", [1.0, 2.0], [3.0])
    yield call("cov", X)
    yield call("cov", X, POSITIVE)
    yield call("cov", X, rowvar=False)
    yield call("cov", V, bias=True)
    yield call("cov", X[:1])
    yield call("cov", X, ddof=0, fweights=J)
    yield call("cov", X, aweights=uniform((4,), 0.5, 2))
    yield call("cov", X, fweights=J, aweights=uniform((4,), 0.5, 2))
    yield call("corrcoef", X, rtol=1e-4)
    yield call("corrcoef", V, ROW[[0, 1, 2, 3, 0]], rtol=1e-4)
    yield call("corrcoef", V)
    yield call("polyadd", V, ROW)
    yield call("polyadd", 3, J)
    yield call("polysub", ROW, V)
    yield call("polymul", V, ROW)
    yield call("polymul", J, [1, 2])
    yield call("polyval", ROW, X)
    yield call("polyval", J, [1, 2])
    yield call("polyval", ROW.astype(np.float16), 0.5, gives=np.float16, rtol=1e-2, grad=False)
    for m in (0, 1, 2, 4, 5):
        yield call("polyder", ROW, m)
        yield call("polyder", J, m)
    yield call("polyint", ROW)
    yield call("polyint", J, 2, [1.0, 2.0])
    yield call("polyint", ROW, 2, 3)
    yield call("nanstd", HOLES, grad=False)


FAMILIES = (indexing, calling, padding, searching, counting, differences, linalg, correlation)
