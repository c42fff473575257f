"""Triangles and diagonals of matrices.

Shapes and axes must be known while the program is recorded. ValueError for shapes and axes that do not fit, TypeError
for ones of a wrong type.
"""
from __future__ import annotations

from mindspore.common.dtype import bool_, int64
from mindspore.common.tensor import Tensor
from mindspore.common.view_places import shown
from mindspore.ops._operands import (
    Operand,
    apply,
    as_tensor,
    constant,
    convert,
    normalize_axis,
    primitive,
    static_int,
)
from mindspore.ops.shapes import cut, moveaxis

__all__ = [
    "diag_embed", "diagflat", "diagonal", "trace", "tril", "triu",
]

_RESHAPE, _SLICE, _PAD, _IOTA, _SELECT = map(primitive, ("reshape", "slice", "pad", "iota", "select"))
_GE, _LE, _EQ, _ADD, _SUM = map(primitive, ("ge", "le", "eq", "add", "sum"))

# -- triangles and diagonals -------------------------------------------------------------------------------------------

def tril(input: Operand, diagonal: int = 0) -> Tensor:
    """Matrices with zeros above the given diagonal."""
    return _triangle("tril", _GE, input, diagonal)


def triu(input: Operand, diagonal: int = 0) -> Tensor:
    """Matrices with zeros below the given diagonal."""
    return _triangle("triu", _LE, input, diagonal)


def _triangle(name: str, keeps, input: Operand, diagonal: int) -> Tensor:
    x = as_tensor(name, input)
    if x.ndim < 2:
        raise ValueError(f"{name}: a tensor of shape {x.shape} holds no matrices; expected at least 2 axes")
    diagonal = static_int(name, "diagonal", diagonal)
    rows, columns = _ramps(x.shape[-2:])
    kept = apply(keeps, (apply(_ADD, (rows, constant(diagonal, int64))), columns))
    return apply(_SELECT, (kept, x, constant(0, x.dtype)))


def _ramps(sizes: tuple) -> tuple[Tensor, Tensor]:
    """The row numbers as a column and the column numbers as a row."""
    return apply(_IOTA, (), ((sizes[0], 1), 0, int64)), apply(_IOTA, (), ((1, sizes[1]), 1, int64))


def diagonal(input: Operand, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of the matrices in the axes `dim1` and `dim2`, as a last axis."""
    x = as_tensor("diagonal", input)
    return shown(x, diagonal_of(x, offset, dim1, dim2), "diagonal", offset, dim1, dim2)


def diagonal_of(x: Tensor, offset: int, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal as a tensor of its own; see `diagonal`."""
    first, second = normalize_axis("diagonal", dim1, x.ndim, "dim1"), normalize_axis("diagonal", dim2, x.ndim, "dim2")
    if x.ndim < 2 or first == second:
        raise ValueError(f"diagonal: dim1 {dim1} and dim2 {dim2} of shape {x.shape}; expected two different axes")
    x, offset = moveaxis(x, (first, second), (-2, -1)), static_int("diagonal", "offset", offset)
    rows, columns = x.shape[-2:]
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    row, column = (max(-offset, 0), max(offset, 0)) if count else (0, 0)
    block = cut(cut(x, x.ndim - 2, row, row + count), x.ndim - 1, column, column + count)
    lead = x.shape[:-2]
    flat = apply(_RESHAPE, (block,), ((*lead, count * count),))
    begin, end = (0,) * len(lead) + (0,), (*lead, count * count)
    return apply(_SLICE, (flat,), (begin, end, (1,) * len(lead) + (count + 1,)))


def diag(input: Operand, diagonal: int = 0) -> Tensor:
    """A matrix with the elements of a tensor of one axis on a diagonal; of a matrix, that diagonal."""
    x = as_tensor("diag", input)
    if x.ndim == 2:
        return diagonal_of(x, static_int("diag", "diagonal", diagonal))
    if x.ndim != 1:
        raise ValueError(f"diag: shape {x.shape}; expected one or two axes")
    n = x.shape[0]
    square = apply(_PAD, (apply(_RESHAPE, (x,), ((n, 1),)),), ((0, 0), (0, n), (0, 0), 0))
    square = apply(_RESHAPE, (cut(apply(_RESHAPE, (square,), ((n * (n + 1),),)), 0, 0, n * n),), ((n, n),))
    up, left = max(-diagonal, 0), max(diagonal, 0)
    return apply(_PAD, (square,), ((up, left), (left, up), (0, 0), 0))


def diagflat(input: Operand, offset: int = 0) -> Tensor:
    """A matrix with the elements of input, flattened, on a diagonal."""
    x = as_tensor("diagflat", input)
    return diag(apply(_RESHAPE, (x,), ((x.size,),)), offset)


def diag_embed(input: Operand, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices in the axes `dim1` and `dim2` with the last axis of input on a diagonal."""
    x = as_tensor("diag_embed", input)
    if x.ndim == 0:
        raise ValueError("diag_embed: input has no axes; expected at least one")
    axes = [normalize_axis("diag_embed", d, x.ndim + 1, w) for d, w in ((dim1, "dim1"), (dim2, "dim2"))]
    if axes[0] == axes[1]:
        raise ValueError(f"diag_embed: dim1 {dim1} and dim2 {dim2} are one axis; expected two")
    size = x.shape[-1] + abs(static_int("diag_embed", "offset", offset))
    lead = (0,) * (x.ndim - 1)
    row = apply(_PAD, (x,), ((*lead, max(offset, 0)), (*lead, max(-offset, 0)), (*lead, 0), 0))
    rows, columns = _ramps((size, size))
    on = apply(_EQ, (apply(_ADD, (rows, constant(offset, int64))), columns))
    row = apply(_RESHAPE, (row,), ((*x.shape[:-1], 1, size),))
    return moveaxis(apply(_SELECT, (on, row, constant(0, x.dtype))), (-2, -1), axes)


def trace(input: Operand) -> Tensor:
    """The sum of the main diagonal of a matrix."""
    x = as_tensor("trace", input)
    if x.ndim != 2:
        raise ValueError(f"trace: shape {x.shape}; expected a matrix")
    values = diagonal_of(x, 0)
    return apply(_SUM, (convert(values, int64) if values.dtype is bool_ else values,), ((0,), False))
