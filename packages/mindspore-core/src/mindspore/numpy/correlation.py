"""Covariances, correlations and convolutions."""
from __future__ import annotations

from mindspore.common.tensor import Tensor
from mindspore.numpy._arrays import ArrayLike, DTypeLike, as_array, as_floats, of_one_dtype, to_dtype
from mindspore.ops import arithmetic, joining, reduction, shapes, statistics, triangles, windows
from mindspore.ops._operands import convert, static_bool, static_int

__all__ = ["convolve", "correlate", "corrcoef", "cov"]


def cov(m: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
        fweights: ArrayLike | None = None, aweights: ArrayLike | None = None, dtype: DTypeLike = None) -> Tensor:
    """The covariances of variables, or the variance of one.

    m: observations of one variable, or of several: one variable a row, or a column without `rowvar`. y: more variables.
    ddof: what is taken from the number of observations; 0 with `bias`, and 1 by default.
    fweights: how often each observation counts. aweights: weights of the observations.

    >>> print(np.cov([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    [[ 1. -1.]
     [-1.  1.]]
    """
    parts = [_variables(v, what, rowvar, dtype) for v, what in ((m, "m"), (y, "y")) if v is not None]
    parts = of_one_dtype("cov", parts)
    if any(p.shape[1] != parts[0].shape[1] for p in parts):
        raise ValueError(f"cov: m and y have {[p.shape[1] for p in parts]} observations; expected equally many")
    rows = joining.concat(parts, 0) if len(parts) > 1 else parts[0]
    weights = [None if w is None else _row_of_weights(w, what, rows) for w, what in
               ((fweights, "fweights"), (aweights, "aweights"))]
    if ddof is None:
        ddof = 0 if static_bool("cov", "bias", bias) else 1
    result = statistics.cov(rows, correction=static_int("cov", "ddof", ddof), fweights=weights[0], aweights=weights[1])
    return shapes.reshape(result, ()) if rows.shape[0] == 1 else result


def _variables(value: ArrayLike, what: str, rowvar: bool, dtype: DTypeLike) -> Tensor:
    x = as_floats("cov", value, what)
    x = x if dtype is None else convert(x, to_dtype("cov", dtype))
    if x.ndim > 2:
        raise ValueError(f"cov: {what} has shape {x.shape}; expected at most two axes")
    turned = x.ndim == 2 and not static_bool("cov", "rowvar", rowvar)
    return shapes.atleast_2d(shapes.transpose(x, (1, 0)) if turned else x)


def _row_of_weights(value: ArrayLike, what: str, rows: Tensor) -> Tensor:
    weights = as_array("cov", value, what)
    if weights.shape != rows.shape[1:]:
        raise ValueError(f"cov: {what} has shape {weights.shape}; expected {rows.shape[1:]}, one for each observation")
    return convert(weights, rows.dtype)


def corrcoef(x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, dtype: DTypeLike = None) -> Tensor:
    """The correlation coefficients of variables: their covariances divided by their deviations, from -1 to 1. See
    `cov`.

    >>> print(np.corrcoef([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    [[ 1. -1.]
     [-1.  1.]]
    """
    covariances = cov(x, y, rowvar, dtype=dtype)
    if covariances.ndim == 0:
        return arithmetic.true_divide(covariances, covariances)
    deviation = arithmetic.pow(triangles.diagonal(covariances), 0.5)
    result = arithmetic.true_divide(covariances, shapes.expand_dims(deviation, 1))
    return arithmetic.clamp(arithmetic.true_divide(result, deviation), -1, 1)


# -- convolutions ------------------------------------------------------------------------------------------------------

def convolve(a: ArrayLike, v: ArrayLike, mode: str = "full") -> Tensor:
    """The convolution of two vectors: c[k] = sum of a[i] v[k - i].

    mode: 'full' (n + m - 1 places), 'same' (the middle max(n, m) of them) or 'valid' (those where the shorter vector
    lies within the longer one). ValueError for an empty vector.

    >>> print(np.convolve([1, 2, 3], [0, 1, 2]))
    [0 1 4 7 6]
    """
    x, y = _vectors("convolve", a, v)
    if y.size > x.size:
        x, y = y, x
    return _part("convolve", _full(x, y), x.size, y.size, mode, (y.size - 1) // 2)


def correlate(a: ArrayLike, v: ArrayLike, mode: str = "valid") -> Tensor:
    """The cross-correlation of two vectors: c[k] = sum of a[i + k] v[i]. See `convolve` for the modes.

    >>> print(np.correlate([1, 2, 3], [0, 1, 2], "same"))
    [5 8 3]
    """
    x, y = _vectors("correlate", a, v)
    whole = _full(x, shapes.flip(y, 0))
    shorter, longer = sorted((x.size, y.size))
    return _part("correlate", whole, longer, shorter, mode, (shorter - 1) // 2 if x.size >= y.size else shorter // 2)


def _vectors(name: str, a: ArrayLike, v: ArrayLike) -> list[Tensor]:
    pair = of_one_dtype(name, [shapes.atleast_1d(as_array(name, a, "a")), shapes.atleast_1d(as_array(name, v, "v"))])
    if any(x.ndim != 1 or x.size == 0 for x in pair):
        raise ValueError(f"{name}: shapes {pair[0].shape} and {pair[1].shape}; expected one axis each, not empty")
    return pair


def _part(name: str, whole: Tensor, longer: int, shorter: int, mode: str, start: int) -> Tensor:
    if mode == "full":
        return whole
    if mode == "same":
        return shapes.cut(whole, 0, start, start + longer)
    if mode == "valid":
        return shapes.cut(whole, 0, shorter - 1, longer)
    raise ValueError(f"{name}: mode is {mode!r}; expected 'full', 'same' or 'valid'")


def _full(x: Tensor, y: Tensor) -> Tensor:
    """The full convolution: for floats by the operator for sequences; for integers as the sums over the anti-diagonals
    of all products, which a row of n + m places shifted by one each brings under each other."""
    if x.dtype.is_floating:
        if y.size > x.size:
            x, y = y, x
        sequence, kernel = (shapes.reshape(v, (1, 1, v.size)) for v in (x, shapes.flip(y, 0)))
        return shapes.ravel(windows.conv1d(sequence, kernel, None, 1, "pad", y.size - 1))
    n, m = x.size, y.size
    products = arithmetic.mul(shapes.reshape(x, (n, 1)), y)
    padded = joining.concat([products, arithmetic.mul(products[:, :1], 0).broadcast_to((n, n))], 1)
    skewed = shapes.cut(shapes.ravel(padded), 0, 0, n * (n + m - 1))
    return reduction.sum(shapes.reshape(skewed, (n, n + m - 1)), 0, dtype=x.dtype)
