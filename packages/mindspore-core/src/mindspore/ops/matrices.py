"""Building matrices from diagonals, and reading and replacing diagonals and bands.

A *band* is the diagonals k[0] .. k[1] of a matrix, counted from the main one, upwards positive. It is held as an array
with one row for each diagonal, the highest first, each as long as the longest of them: `align` says to which side the
shorter ones are pushed, first those above the main diagonal, then those below. Where each element of a band stands in
the matrix depends on sizes alone, so it is a table of places made here, by which the elements are gathered; place -1
stands for the filling. The layout is that of TensorFlow's `matrix_diag` (version 3), which MindSpore follows.

k and the sizes must be known while the program is recorded. ValueError for what does not fit, TypeError for a wrong
type.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_tensor,
    constant,
    normalize_axis,
    primitive,
    static_bool,
    static_int,
    static_ints,
)
from mindspore.ops.shapes import cut, moveaxis

__all__ = [
    "diag", "diagonal_scatter", "matrix_band_part", "matrix_diag", "matrix_diag_part", "matrix_set_diag",
]

_RESHAPE, _GATHER, _SELECT, _IOTA, _PAD = map(primitive, ("reshape", "gather", "select", "iota", "pad"))
_SUB, _LT, _LE, _OR, _AND, _EQ, _MOD = map(
    primitive, ("sub", "lt", "le", "logical_or", "logical_and", "eq", "mod"))

_ALIGNMENTS = ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")


def _band(name: str, k: Operand) -> tuple[int, int]:
    """The lowest and the highest diagonal."""
    bounds = static_ints(name, "k", k)
    low, high = bounds if len(bounds) == 2 else bounds * 2
    if len(bounds) > 2 or low > high:
        raise ValueError(f"{name}: k is {bounds}; expected one diagonal, or the lowest and the highest one")
    return low, high


def _layout(name: str, rows: int, columns: int, band: tuple[int, int], align: str) -> tuple[np.ndarray, np.ndarray]:
    """For each place of the band its flat place in the matrix, and for each place of the matrix that in the band."""
    low, high = band
    if not isinstance(align, str) or align not in _ALIGNMENTS:
        raise ValueError(f"{name}: align is {align!r}; expected one of {', '.join(_ALIGNMENTS)}")
    if not (-rows < low <= high < columns or low == high == 0):
        raise ValueError(f"{name}: k is {band}; expected diagonals of matrices of {rows} rows and {columns} columns")
    above, below = align.split("_")
    longest = min(rows + min(high, 0), columns - max(low, 0))
    places = np.full((high - low + 1, longest), -1, np.int64)
    inverse = np.full((rows, columns), -1, np.int64)
    for line, d in enumerate(range(high, low - 1, -1)):
        steps = np.arange(min(rows + min(d, 0), columns - max(d, 0)))
        left = (d >= 0 and above == "LEFT") or (d <= 0 and below == "LEFT")
        at = steps if left else steps + longest - len(steps)
        row, column = steps + max(-d, 0), steps + max(d, 0)
        places[line, at] = row * columns + column
        inverse[row, column] = line * longest + at
    return places, inverse


def _by_table(flat: Tensor, table: np.ndarray, fill: Tensor) -> Tensor:
    """The elements of (..., n) at the places of a table, whose axes take the last one's place; `fill`, which
    broadcasts, where the place is -1."""
    picked = apply(_GATHER, (flat, Tensor(table)), (flat.ndim - 1,))
    return picked if (table >= 0).all() else apply(_SELECT, (Tensor(table >= 0), picked, fill))


def _flat(x: Tensor, axes: int) -> Tensor:
    """The last axes as one."""
    lead = x.shape[:x.ndim - axes]
    return apply(_RESHAPE, (x,), ((*lead, prod(x.shape[x.ndim - axes:])),))


def _matrices(name: str, x: Operand) -> Tensor:
    tensor = as_tensor(name, x, "x")
    if tensor.ndim < 2:
        raise ValueError(f"{name}: x has shape {tensor.shape}; expected matrices: at least 2 axes")
    return tensor


def matrix_diag(x: Operand, k: Operand = 0, num_rows: int = -1, num_cols: int = -1, padding_value: Operand = 0,
                align: str = "RIGHT_LEFT") -> Tensor:
    """Matrices with the band `x` on their diagonals and `padding_value` elsewhere.

    x: (..., length), or (..., diagonals, length) where k names several. num_rows, num_cols: -1 for the smallest
    matrices that hold the band, square ones where both are -1.
    """
    band, value = as_tensor("matrix_diag", x, "x"), _band("matrix_diag", k)
    low, high = value
    lines = high - low + 1
    if band.ndim < (2 if lines > 1 else 1) or (lines > 1 and band.shape[-2] != lines):
        raise ValueError(f"matrix_diag: x has shape {band.shape} for the diagonals {low} to {high}; expected "
                         f"(..., {f'{lines}, ' if lines > 1 else ''}length)")
    length = band.shape[-1]
    least_rows, least_columns = length - min(high, 0), length + max(low, 0)
    rows, columns = (static_int("matrix_diag", w, n) for w, n in (("num_rows", num_rows), ("num_cols", num_cols)))
    if rows == columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows, columns = least_rows if rows == -1 else rows, least_columns if columns == -1 else columns
    if rows < least_rows or columns < least_columns or (rows > least_rows and columns > least_columns):
        raise ValueError(f"matrix_diag: {rows} rows and {columns} columns for diagonals {low} to {high} of length "
                         f"{length}; expected exactly {least_rows} rows or {least_columns} columns, and not fewer")
    inverse = _layout("matrix_diag", rows, columns, value, align)[1]
    return _by_table(_flat(band, 2) if lines > 1 else band, inverse,
                     as_dtype_of("matrix_diag", padding_value, band, "padding_value"))


def matrix_diag_part(x: Operand, k: Operand, padding_value: Operand, align: str = "RIGHT_LEFT") -> Tensor:
    """The band of the diagonals `k` of matrices (..., rows, columns): (..., length) for one diagonal, else
    (..., diagonals, length), with `padding_value` where a diagonal is shorter than the longest."""
    matrices, band = _matrices("matrix_diag_part", x), _band("matrix_diag_part", k)
    places = _layout("matrix_diag_part", *matrices.shape[-2:], band, align)[0]
    return _by_table(_flat(matrices, 2), places if band[0] < band[1] else places[0],
                     as_dtype_of("matrix_diag_part", padding_value, matrices, "padding_value"))


def matrix_set_diag(x: Operand, diagonal: Operand, k: Operand = 0, align: str = "RIGHT_LEFT") -> Tensor:
    """Matrices with the diagonals `k` replaced by the band `diagonal`; see `matrix_diag_part`."""
    matrices, band = _matrices("matrix_set_diag", x), _band("matrix_set_diag", k)
    places, inverse = _layout("matrix_set_diag", *matrices.shape[-2:], band, align)
    new = as_dtype_of("matrix_set_diag", diagonal, matrices, "diagonal")
    wanted = (*matrices.shape[:-2], *(places.shape if band[0] < band[1] else places.shape[1:]))
    if new.shape != wanted:
        raise ValueError(f"matrix_set_diag: diagonal has shape {new.shape}; expected {wanted} for x of shape "
                         f"{matrices.shape} and the diagonals {band[0]} to {band[1]}")
    return _by_table(_flat(new, 2) if band[0] < band[1] else new, inverse, matrices)


def matrix_band_part(x: Operand, lower: Operand, upper: Operand) -> Tensor:
    """Matrices with zeros below the `lower`-th diagonal below the main one and above the `upper`-th above it; a
    negative number keeps that whole side. The numbers may be tensors of the leading axes' shape."""
    matrices = _matrices("matrix_band_part", x)
    rows, columns = matrices.shape[-2:]
    row, column = apply(_IOTA, (), ((rows, 1), 0, int64)), apply(_IOTA, (), ((1, columns), 1, int64))
    kept = []
    for name, bound, distance in (("lower", lower, (row, column)), ("upper", upper, (column, row))):
        limit = as_tensor("matrix_band_part", bound, name)
        if not limit.dtype.is_integer or limit.shape not in ((), matrices.shape[:-2]):
            raise ValueError(f"matrix_band_part: {name} is {limit.dtype} of shape {limit.shape}; expected one integer, "
                             f"or integers of shape {matrices.shape[:-2]}")
        limit = apply(_RESHAPE, (limit.astype(int64),), ((*limit.shape, 1, 1),))
        kept.append(apply(_OR, (apply(_LT, (limit, constant(0, int64))), apply(_LE, (apply(_SUB, distance), limit)))))
    return apply(_SELECT, (apply(_AND, tuple(kept)), matrices, constant(0, matrices.dtype)))


def fill_diagonal(input_x: Operand, fill_value: float, wrap: bool = False) -> Tensor:
    """input_x with `fill_value` on the places whose coordinates are all equal; with `wrap` a tall matrix gets its
    diagonal again below, after one row. All axes must have one size where there are more than two."""
    x = _matrices("fill_diagonal", input_x)
    if x.ndim > 2 and len(set(x.shape)) > 1:
        raise ValueError(f"fill_diagonal: input_x has shape {x.shape}; expected equal sizes for more than two axes")
    step = 1 + sum(prod(x.shape[i + 1:]) for i in range(x.ndim - 1))
    place = apply(_IOTA, (), ((x.size,), 0, int64))
    on = apply(_EQ, (apply(_MOD, (place, constant(step, int64))), constant(0, int64)))
    if x.ndim == 2 and not static_bool("fill_diagonal", "wrap", wrap):
        on = apply(_AND, (on, apply(_LT, (place, constant(x.shape[1]**2, int64)))))
    return apply(_SELECT, (apply(_RESHAPE, (on,), (x.shape,)), as_dtype_of("fill_diagonal", fill_value, x), x))


def diagonal_scatter(input: Operand, src: Operand, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """input with the diagonal `offset` of the matrices in the axes `dim1` and `dim2` replaced by `src`, which has the
    shape of `diagonal(input, offset, dim1, dim2)`."""
    x = _matrices("diagonal_scatter", input)
    axes = tuple(normalize_axis("diagonal_scatter", d, x.ndim, w) for d, w in ((dim1, "dim1"), (dim2, "dim2")))
    if axes[0] == axes[1]:
        raise ValueError(f"diagonal_scatter: dim1 {dim1} and dim2 {dim2} are one axis; expected two")
    result = matrix_set_diag(moveaxis(x, axes, (-2, -1)), src, static_int("diagonal_scatter", "offset", offset))
    return moveaxis(result, (-2, -1), axes)


def tridiagonal_matmul(superdiag: Operand, maindiag: Operand, subdiag: Operand, rhs: Operand) -> Tensor:
    """The products of tridiagonal matrices with matrices `rhs` (..., n, k). Each diagonal is (..., 1, n): superdiag[i]
    and subdiag[i] stand beside the diagonal in row i, so the last of the first and the first of the second count for
    nothing."""
    name = "TridiagonalMatMul"
    x = as_tensor(name, rhs, "rhs")
    if x.ndim < 2:
        raise ValueError(f"{name}: rhs has shape {x.shape}; expected (..., n, k)")
    n, axis = x.shape[-2], x.ndim - 2
    columns = []
    for what, value in (("superdiag", superdiag), ("maindiag", maindiag), ("subdiag", subdiag)):
        given = as_dtype_of(name, value, x, what)
        if given.shape != (*x.shape[:-2], 1, n):
            raise ValueError(f"{name}: {what} has shape {given.shape}; expected {(*x.shape[:-2], 1, n)} for rhs of "
                             f"shape {x.shape}")
        columns.append(apply(_RESHAPE, (given,), ((*x.shape[:-1], 1),)))
    zeros, one = (0,) * x.ndim, (*(0,) * axis, min(1, n), 0)
    after = apply(_PAD, (cut(x, axis, min(1, n), n),), (zeros, one, zeros, 0))
    before = apply(_PAD, (cut(x, axis, 0, max(n - 1, 0)),), (one, zeros, zeros, 0))
    return columns[0] * after + columns[1] * x + columns[2] * before


def diag(input: Operand) -> Tensor:
    """A tensor with the axes of input twice, which holds input where the two coordinates agree, and zeros elsewhere: of
    one axis, a matrix with input on its diagonal."""
    x = as_tensor("Diag", input)
    if x.ndim == 0:
        raise ValueError("Diag: input has no axes; expected at least one")
    square = matrix_diag(apply(_RESHAPE, (x,), ((x.size,),)))
    return apply(_RESHAPE, (square,), ((*x.shape, *x.shape),))


def tensor_diagonal(input_x: Operand) -> Tensor:
    """The elements of a tensor whose axes stand twice where the two coordinates agree: of a square matrix, its
    diagonal."""
    x = as_tensor("DiagPart", input_x)
    half = x.shape[:x.ndim // 2]
    if x.ndim % 2 or x.ndim == 0 or x.shape != half * 2:
        raise ValueError(f"DiagPart: input_x has shape {x.shape}; expected the same sizes twice")
    n = prod(half)
    return apply(_RESHAPE, (matrix_diag_part(apply(_RESHAPE, (x,), ((n, n),)), 0, 0),), (half,))
