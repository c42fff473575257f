"""Operators on sparse tensors (`mindspore.common.sparse_tensor`).

Where the places of the result are those of the operand, or follow from them in a size that is known, everything can be
compiled and is differentiable in values and dense operands: conversions between coordinates and rows, products with
dense tensors, sums, softmax. Where the number of places depends on what the places are (sums and products of two sparse
tensors, a dense tensor made sparse) the indices must be known, as for `nonzero`; the values are differentiable all the
same.

Rows from their starts: a one is added where each row but the first begins, and the running sum of these is the row of
each value. Starts from rows: the running sum of the rows' sizes.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, int64
from mindspore.common.sparse_tensor import COOTensor, CSRTensor, RowTensor
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.ops import activation, arithmetic, elementwise
from mindspore.ops._operands import (
    NUMBERS,
    Operand,
    apply,
    as_inexact,
    as_tensor,
    constant,
    convert,
    full_of,
    normalize_axis,
    primitive,
    promote,
    static_int,
    static_shape,
)
from mindspore.ops.indexing import coordinates_of, gather_nd, scatter_nd, tensor_scatter_add, unsorted_segment_sum
from mindspore.ops.joining import concat, stack
from mindspore.ops.shapes import broadcast_to, cut, expand_dims, swapaxes
from mindspore.ops.updates import unsorted_segment_max

__all__ = [
    "coo2csr", "coo_add", "coo_concat", "csr2coo", "csr_add", "csr_div", "csr_gather", "csr_mm", "csr_mul", "csr_mv",
    "csr_reduce_sum", "csr_softmax", "csr_to_coo", "csr_to_dense", "dense_to_sparse_coo", "dense_to_sparse_csr",
]

_SCATTER_ADD, _CUMSUM, _SORT, _GATHER, _MUL, _SUM = map(
    primitive, ("scatter_add", "cumsum", "sort", "gather", "mul", "sum"))


def _expect(name: str, what: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{name}: {what} must be a {kind.__name__}, but got {type(value).__name__}")
    return value


# -- rows and their starts ---------------------------------------------------------------------------------------------

def coo2csr(row_indices: Operand, height: int) -> Tensor:
    """Where each of `height` rows begins, and the last ends (height + 1,), of the sorted rows of values."""
    rows = as_tensor("coo2csr", row_indices, "row_indices")
    count = static_int("coo2csr", "height", height)
    sizes = apply(_SCATTER_ADD, (full_of((count,), constant(0, rows.dtype)), rows,
                                 full_of(rows.shape, constant(1, rows.dtype))), (0,))
    ends = apply(_CUMSUM, (sizes,), (0, False, False))
    return concat([full_of((1,), constant(0, rows.dtype)), ends], 0)


def csr2coo(indptr: Operand, nnz: int) -> Tensor:
    """The row of each of `nnz` values, of where the rows begin."""
    starts = as_tensor("csr2coo", indptr, "indptr")
    count = static_int("csr2coo", "nnz", nnz)
    inner = cut(starts, 0, 1, max(starts.shape[0] - 1, 1))
    steps = apply(_SCATTER_ADD, (full_of((count,), constant(0, starts.dtype)), inner,
                                 full_of(inner.shape, constant(1, starts.dtype))), (0,))
    return apply(_CUMSUM, (steps,), (0, False, False))


def _rows(x: CSRTensor) -> Tensor:
    return csr2coo(x.indptr, x.values.shape[0])


# -- conversions -------------------------------------------------------------------------------------------------------

def csr_to_coo(tensor: CSRTensor) -> COOTensor:
    """A sparse matrix of rows as one of coordinates."""
    x = _expect("csr_to_coo", "tensor", tensor, CSRTensor)
    if x.ndim != 2:
        raise ValueError(f"csr_to_coo: tensor has shape {x.shape}; expected a matrix of numbers")
    return COOTensor(stack([_rows(x), x.indices], 1), x.values, x.shape)


def coo_to_csr(tensor: COOTensor) -> CSRTensor:
    """A sparse matrix of coordinates as one of rows; within a row the values keep their order."""
    x = _expect("coo_to_csr", "tensor", tensor, COOTensor)
    if x.ndim != 2:
        raise ValueError(f"coo_to_csr: tensor has shape {x.shape}; expected a matrix")
    rows, source = apply(_SORT, (x.indices[:, 0],), (0, False))
    columns, values = (apply(_GATHER, (v, source), (0,)) for v in (x.indices[:, 1], x.values))
    return CSRTensor(coo2csr(rows, x.shape[0]), columns, values, x.shape)


def csr_to_dense(csr_tensor: CSRTensor) -> Tensor:
    """The whole matrix, with zeros where nothing is stored."""
    return to_dense(_expect("csr_to_dense", "csr_tensor", csr_tensor, CSRTensor))


def to_dense(x: COOTensor | CSRTensor | RowTensor) -> Tensor:
    """The whole tensor, with zeros where nothing is stored; values of one place add up."""
    if isinstance(x, CSRTensor):
        return scatter_nd(stack([_rows(x), x.indices], 1), x.values, x.shape)
    index = x.indices if isinstance(x, COOTensor) else expand_dims(x.indices, -1)
    return scatter_nd(index, x.values, x.shape)


def dense_to_sparse_coo(tensor: Operand) -> COOTensor:
    """The elements that differ from 0 as a COOTensor (indices Int64), in row-major order. They must be known."""
    x = as_tensor("dense_to_sparse_coo", tensor, "tensor")
    if x.ndim == 0:
        raise ValueError("dense_to_sparse_coo: tensor has no axes; expected at least one")
    places = coordinates_of(storage_of(x).to_numpy())
    return COOTensor(Tensor(places), gather_nd(x, Tensor(places)), x.shape)


def dense_to_sparse_csr(tensor: Operand) -> CSRTensor:
    """The elements of a matrix that differ from 0 as a CSRTensor (indices Int64). They must be known."""
    return coo_to_csr(dense_to_sparse_coo(tensor))


def coalesced(x: COOTensor) -> COOTensor:
    """The places in row-major order, the values of equal ones added up."""
    return _from_flat(x.shape, _flat_known(x), x.values, x.indices.dtype)


def _flat_known(x: COOTensor | CSRTensor) -> np.ndarray:
    """The flat place of each value."""
    if isinstance(x, CSRTensor):
        starts, columns = (storage_of(v).to_numpy() for v in (x.indptr, x.indices))
        return np.repeat(np.arange(len(starts) - 1), np.diff(starts)) * x.shape[1] + columns
    return np.ravel_multi_index(tuple(storage_of(x.indices).to_numpy().T), x.shape)


def _summed(flat: np.ndarray, values: Tensor) -> tuple[np.ndarray, Tensor]:
    """The different places in order, and the sums of their values."""
    kept, inverse = np.unique(flat, return_inverse=True)
    zeros = full_of((len(kept), *values.shape[1:]), constant(0, values.dtype))
    return kept, apply(_SCATTER_ADD, (zeros, Tensor(inverse.reshape(-1)), values), (0,))


def _from_flat(shape: tuple, flat: np.ndarray, values: Tensor, dtype: DType) -> COOTensor:
    kept, total = _summed(flat, values)
    places = np.stack(np.unravel_index(kept, shape), 1).astype(dtype.np)
    return COOTensor(Tensor(places), total, shape)


# -- sums --------------------------------------------------------------------------------------------------------------

def coo_add(x1: COOTensor, x2: COOTensor, thresh: Operand) -> COOTensor:
    """The sum of two sparse tensors of one shape, in row-major order, without elements whose absolute value is below
    `thresh`. The indices must be known, and with a positive `thresh` the values."""
    for what, value in (("x1", x1), ("x2", x2)):
        _expect("coo_add", what, value, COOTensor)
    if x1.shape != x2.shape:
        raise ValueError(f"coo_add: shapes {x1.shape} and {x2.shape}; expected one shape")
    a, b = promote("coo_add", x1.values, x2.values)
    total = _from_flat(x1.shape, np.concatenate([_flat_known(x1), _flat_known(x2)]), concat([a, b], 0),
                       x1.indices.dtype)
    limit = storage_of(as_tensor("coo_add", thresh, "thresh")).to_numpy()
    if not limit > 0:
        return total
    kept = (np.abs(storage_of(total.values).to_numpy()) >= limit).nonzero()[0]
    index, values = (apply(_GATHER, (v, Tensor(kept)), (0,)) for v in (total.indices, total.values))
    return COOTensor(index, values, total.shape)


def coo_plus(x: COOTensor, other: Any) -> COOTensor | Tensor:
    """The sum with a sparse tensor (sparse), or with a dense tensor (dense)."""
    if isinstance(other, COOTensor):
        return coo_add(x, other, 0)
    dense, values = promote("COOTensor.__add__", _expect("COOTensor.__add__", "the other operand", other, Tensor),
                            x.values)
    if dense.shape != x.shape:
        raise ValueError(f"COOTensor.__add__: shapes {x.shape} and {dense.shape}; expected one shape")
    return tensor_scatter_add(dense, x.indices, values)


def coo_concat(sp_input: Sequence[COOTensor], concat_dim: int = 0) -> COOTensor:
    """Sparse tensors one behind the other along an axis, the places in row-major order."""
    items = [_expect("coo_concat", f"element {i}", x, COOTensor) for i, x in enumerate(sp_input)]
    if len(items) < 2:
        raise ValueError(f"coo_concat: got {len(items)} sparse tensors; expected at least 2")
    axis = normalize_axis("coo_concat", concat_dim, items[0].ndim, "concat_dim")
    rest = [x.shape[:axis] + x.shape[axis + 1:] for x in items]
    if any(r != rest[0] for r in rest):
        raise ValueError(f"coo_concat: shapes {[x.shape for x in items]}; expected equal sizes but for axis {axis}")
    places, start = [], 0
    for x in items:
        offset = np.array([start if k == axis else 0 for k in range(x.ndim)])
        places.append(x.indices + constant(offset, x.indices.dtype))
        start += x.shape[axis]
    shape = (*items[0].shape[:axis], start, *items[0].shape[axis + 1:])
    index, values = concat(places, 0), concat([x.values for x in items], 0)
    steps = constant(np.array([prod(shape[k + 1:]) for k in range(len(shape))]), int64)
    flat = apply(_SUM, (apply(_MUL, (convert(index, int64), steps)),), ((1,), False))
    source = apply(_SORT, (flat,), (0, False))[1]
    return COOTensor(apply(_GATHER, (index, source), (0,)), apply(_GATHER, (values, source), (0,)), shape)


def csr_add(a: CSRTensor, b: CSRTensor, alpha: Operand, beta: Operand) -> CSRTensor:
    """alpha * a + beta * b, with the places of both. The indices must be known."""
    for what, value in (("a", a), ("b", b)):
        _expect("csr_add", what, value, CSRTensor)
    if a.shape != b.shape:
        raise ValueError(f"csr_add: shapes {a.shape} and {b.shape}; expected one shape")
    x, y = promote("csr_add", arithmetic.mul(a.values, alpha), arithmetic.mul(b.values, beta))
    return _csr_from_flat(a.shape, np.concatenate([_flat_known(a), _flat_known(b)]), concat([x, y], 0), a)


def _csr_from_flat(shape: tuple, flat: np.ndarray, values: Tensor, like: CSRTensor) -> CSRTensor:
    kept, total = _summed(flat, values)
    rows, columns = np.divmod(kept, shape[1])
    starts = np.searchsorted(rows, np.arange(shape[0] + 1)).astype(like.indptr.dtype.np)
    return CSRTensor(Tensor(starts), Tensor(columns.astype(like.indices.dtype.np)), total, shape)


# -- products with dense tensors ---------------------------------------------------------------------------------------

def csr_gather(indptr: Operand, indices: Operand, dense: Operand, sparse_shape: Sequence[int]) -> Tensor:
    """The elements of a dense tensor, broadcast to `sparse_shape`, at the places of a sparse matrix."""
    columns, shape = as_tensor("csr_gather", indices, "indices"), static_shape("csr_gather", sparse_shape)
    x = broadcast_to(as_tensor("csr_gather", dense, "dense"), shape)
    rows = csr2coo(indptr, columns.shape[0])
    return gather_nd(x, stack([rows, columns.astype(rows.dtype)], 1))


def _elements(x: COOTensor | CSRTensor, other: Any) -> Any:
    """What an operand has at the places of a sparse tensor."""
    if isinstance(other, NUMBERS):
        return other
    dense = as_tensor(f"{type(x).__name__} product", other, "the other operand")
    if dense.ndim == 0:
        return dense
    if isinstance(x, CSRTensor):
        return csr_gather(x.indptr, x.indices, dense, x.shape)
    return gather_nd(broadcast_to(dense, x.shape), x.indices)


def times(x: COOTensor | CSRTensor, other: Any) -> COOTensor | CSRTensor:
    """The elements times those of a dense tensor, which broadcasts, or a number; at the places of x."""
    return x._with_values(arithmetic.mul(x.values, _elements(x, other)))


def divided(x: COOTensor | CSRTensor, other: Any) -> COOTensor | CSRTensor:
    """The elements divided by those of a dense tensor, which broadcasts, or a number; at the places of x."""
    return x._with_values(arithmetic.true_divide(x.values, _elements(x, other)))


def csr_mul(x: CSRTensor, y: Operand) -> CSRTensor:
    """The stored elements times those of a dense tensor, which broadcasts."""
    return times(_expect("csr_mul", "x", x, CSRTensor), y)


def csr_div(x: CSRTensor, y: Operand) -> CSRTensor:
    """The stored elements divided by those of a dense tensor, which broadcasts."""
    return divided(_expect("csr_div", "x", x, CSRTensor), y)


def csr_mv(csr_tensor: CSRTensor, dense: Operand) -> Tensor:
    """A sparse matrix (rows, columns) times a column (columns, 1): (rows, 1)."""
    x, vector = _expect("csr_mv", "csr_tensor", csr_tensor, CSRTensor), as_tensor("csr_mv", dense, "dense")
    if x.ndim != 2 or vector.shape != (x.shape[1], 1):
        raise ValueError(f"csr_mv: shapes {x.shape} and {vector.shape}; expected a matrix (rows, columns) and "
                         f"(columns, 1)")
    return _times_dense(_rows(x), x.indices, x.values, x.shape[0], vector)


def _times_dense(rows: Tensor, columns: Tensor, values: Tensor, count: int, dense: Tensor) -> Tensor:
    """The matrix of `values` at rows and columns, with `count` rows, times a dense matrix."""
    a, b = promote("sparse product", values, dense)
    parts = apply(_MUL, (expand_dims(a, -1), apply(_GATHER, (b, columns), (0,))))
    return unsorted_segment_sum(parts, rows, count)


def csr_mm(a: CSRTensor, b: CSRTensor | Tensor, trans_a: bool = False, trans_b: bool = False, adjoint_a: bool = False,
           adjoint_b: bool = False) -> CSRTensor | Tensor:
    """The product of a sparse matrix with a dense one (dense) or a sparse one (sparse; the indices must be known), each
    transposed first where its flag says so. The matrices are real, so the adjoint is the transpose."""
    x = _expect("csr_mm", "a", a, CSRTensor)
    flip_a, flip_b = bool(trans_a or adjoint_a), bool(trans_b or adjoint_b)
    if x.ndim != 2 or len(b.shape) != 2:
        raise ValueError(f"csr_mm: shapes {x.shape} and {b.shape}; expected two matrices")
    inner_a, inner_b = x.shape[0 if flip_a else 1], b.shape[1 if flip_b else 0]
    if inner_a != inner_b:
        raise ValueError(f"csr_mm: shapes {x.shape} and {b.shape} with trans_a {flip_a} and trans_b {flip_b}; "
                         f"expected equal inner sizes, but got {inner_a} and {inner_b}")
    if isinstance(b, CSRTensor):
        return _sparse_product(x, b, flip_a, flip_b)
    dense = as_tensor("csr_mm", b, "b")
    dense = swapaxes(dense, 0, 1) if flip_b else dense
    rows, columns = (x.indices, _rows(x)) if flip_a else (_rows(x), x.indices)
    return _times_dense(rows, columns, x.values, x.shape[1 if flip_a else 0], dense)


def _sparse_product(a: CSRTensor, b: CSRTensor, flip_a: bool, flip_b: bool) -> CSRTensor:
    """Every value of a meets the values of b whose row is its column: their products, added up by place."""
    row, inner = np.divmod(_flat_known(a), a.shape[1])[::-1 if flip_a else 1]
    other, column = np.divmod(_flat_known(b), b.shape[1])[::-1 if flip_b else 1]
    order = np.argsort(other, kind="stable")
    first, last = (np.searchsorted(other[order], inner, side) for side in ("left", "right"))
    counts = last - first
    left = np.repeat(np.arange(len(inner)), counts)
    right = order[np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)]
    x, y = promote("csr_mm", a.values, b.values)
    products = apply(_MUL, tuple(apply(_GATHER, (v, Tensor(at)), (0,)) for v, at in ((x, left), (y, right))))
    shape = (a.shape[1 if flip_a else 0], b.shape[0 if flip_b else 1])
    return _csr_from_flat(shape, row[left] * shape[1] + column[right], products, a)


def csr_reduce_sum(csr_tensor: CSRTensor, axis: int) -> Tensor:
    """The sums of a sparse matrix over one of its first two axes, which stays with size 1."""
    x = _expect("csr_reduce_sum", "csr_tensor", csr_tensor, CSRTensor)
    axis = normalize_axis("csr_reduce_sum", axis, x.ndim)
    if axis > 1:
        return to_dense(x).sum(axis, keepdims=True)
    total = unsorted_segment_sum(x.values, _rows(x) if axis else x.indices, x.shape[1 - axis])
    return expand_dims(total, axis)


def csr_softmax(logits: CSRTensor, dtype: DType) -> CSRTensor:
    """The softmax of the stored elements of each row, in `dtype`."""
    x, count = _expect("csr_softmax", "logits", logits, CSRTensor), logits.shape[0]
    rows, values = _rows(x), convert(as_inexact("csr_softmax", x.values), dtype)
    high = apply(primitive("stop_gradient"), (unsorted_segment_max(values, rows, count),))
    powers = elementwise.exp(values - apply(_GATHER, (high, rows), (0,)))
    total = apply(_GATHER, (unsorted_segment_sum(powers, rows, count), rows), (0,))
    return x._with_values(powers / total)


def row_tensor_add(x: RowTensor, other: RowTensor | Operand) -> RowTensor | Tensor:
    """The sum of rows with other rows, which come behind them, or with a dense tensor (dense)."""
    rows = _expect("row_tensor_add", "x", x, RowTensor)
    if not isinstance(other, RowTensor):
        dense, values = promote("row_tensor_add", other, rows.values)
        return tensor_scatter_add(dense, expand_dims(rows.indices, -1), values)
    if rows.shape != other.shape:
        raise ValueError(f"row_tensor_add: shapes {rows.shape} and {other.shape}; expected one shape")
    return RowTensor(concat([rows.indices, other.indices], 0), concat([rows.values, other.values], 0), rows.shape)


# -- operator classes --------------------------------------------------------------------------------------------------

def sparse_dense_matmul(indices: Operand, values: Operand, sparse_shape: Sequence[int], dense: Operand,
                        adjoint_st: bool = False, adjoint_dt: bool = False) -> Tensor:
    """The product of a sparse matrix of coordinates with a dense one, each transposed first where its flag says so."""
    x = COOTensor(as_tensor("SparseTensorDenseMatmul", indices, "indices"),
                  as_tensor("SparseTensorDenseMatmul", values, "values"),
                  static_shape("SparseTensorDenseMatmul", sparse_shape))
    matrix = as_tensor("SparseTensorDenseMatmul", dense, "dense")
    matrix = swapaxes(matrix, 0, 1) if adjoint_dt and matrix.ndim == 2 else matrix
    inner = x.shape[0 if adjoint_st else -1]
    if x.ndim != 2 or matrix.ndim != 2 or matrix.shape[0] != inner:
        raise ValueError(f"SparseTensorDenseMatmul: shapes {x.shape} and {as_tensor('', dense).shape} with adjoint_st "
                         f"{adjoint_st} and adjoint_dt {adjoint_dt}; expected matrices of equal inner sizes")
    rows, columns = (x.indices[:, k] for k in ((1, 0) if adjoint_st else (0, 1)))
    return _times_dense(rows, columns, x.values, x.shape[1 if adjoint_st else 0], matrix)


def sparse_to_dense(indices: Operand, values: Operand, sparse_shape: Sequence[int]) -> Tensor:
    """The whole tensor of coordinates (count, axes), or places (count,), and values."""
    index = as_tensor("SparseToDense", indices, "indices")
    index = expand_dims(index, -1) if index.ndim < 2 else index
    return scatter_nd(index, values, static_shape("SparseToDense", sparse_shape))


def sparse_dense_add(x1_indices: Operand, x1_values: Operand, x1_shape: Sequence[int], x2: Operand) -> Tensor:
    """The sum of a sparse tensor of coordinates and a dense one."""
    index, values = as_tensor("SparseTensorDenseAdd", x1_indices), as_tensor("SparseTensorDenseAdd", x1_values)
    shape = static_shape("SparseTensorDenseAdd", x1_shape)
    return coo_plus(COOTensor(index, values, shape), as_tensor("SparseTensorDenseAdd", x2, "x2"))


def sparse_slice(indices: Operand, values: Operand, shape: Operand, start: Operand,
                 size: Operand) -> tuple[Tensor, Tensor, Tensor]:
    """(indices, values, shape) of the part of a sparse tensor of `size` from `start` on, as far as the tensor goes. The
    indices must be known."""
    places = storage_of(as_tensor("SparseSlice", indices, "indices")).to_numpy()
    whole, low, extent = (np.array(static_shape("SparseSlice", v)) for v in (shape, start, size))
    if places.ndim != 2 or not places.shape[1] == len(whole) == len(low) == len(extent):
        raise ValueError(f"SparseSlice: indices have shape {places.shape}, shape is {whole.tolist()}, start "
                         f"{low.tolist()}, size {extent.tolist()}; expected one number for each axis")
    sizes = np.minimum(extent, np.maximum(whole - low, 0))
    kept = ((places >= low) & (places < low + sizes)).all(1).nonzero()[0]
    part = apply(_GATHER, (as_tensor("SparseSlice", values, "values"), Tensor(kept)), (0,))
    return Tensor(places[kept] - low.astype(places.dtype)), part, Tensor(sizes)


# -- element by element ------------------------------------------------------------------------------------------------

_ELEMENTWISE: dict[str, Callable] = {
    "abs": arithmetic.abs, "acos": elementwise.acos, "acosh": elementwise.acosh, "asin": elementwise.asin,
    "asinh": elementwise.asinh, "atan": elementwise.atan, "atanh": elementwise.atanh, "ceil": elementwise.ceil,
    "cos": elementwise.cos, "cosh": elementwise.cosh, "exp": elementwise.exp, "expm1": elementwise.expm1,
    "floor": elementwise.floor, "inv": arithmetic.inv, "isfinite": elementwise.isfinite, "isinf": elementwise.isinf,
    "isnan": elementwise.isnan, "log": elementwise.log, "log1p": elementwise.log1p, "neg": arithmetic.neg,
    "relu": activation.relu, "relu6": activation.relu6, "round": elementwise.round, "sigmoid": activation.sigmoid,
    "sin": elementwise.sin, "sinh": elementwise.sinh, "softsign": activation.softsign, "sqrt": elementwise.sqrt,
    "square": arithmetic.square, "tan": elementwise.tan, "tanh": elementwise.tanh,
}


def _on_values(name: str, function: Callable, kind: type) -> Callable:
    def of_elements(x):
        return _expect(name, "x", x, kind)._with_values(function(x.values))
    of_elements.__name__ = of_elements.__qualname__ = name
    of_elements.__doc__ = f"`{function.__name__}` of the stored elements of a {kind.__name__}, at their places."
    return of_elements


for _name, _function in _ELEMENTWISE.items():
    for _prefix, _kind in (("coo", COOTensor), ("csr", CSRTensor)):
        globals()[f"{_prefix}_{_name}"] = _on_values(f"{_prefix}_{_name}", _function, _kind)
        __all__.append(f"{_prefix}_{_name}")
del _name, _function, _prefix, _kind
