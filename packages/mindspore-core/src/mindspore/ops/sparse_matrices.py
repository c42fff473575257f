"""Operators on sparse tensors that are given as their parts: places, values, shapes, and where rows begin.

A batch of matrices of rows (`CSR`) is five tensors: the shape, (R, C) or (B, R, C); where each of the B matrices
begins among the values (B + 1,); for each matrix where its rows begin among its own values, B times (R + 1,); the
column of each value; the values. What says how long a result is must be known; see `sparse`.
"""
from __future__ import annotations

from math import prod

import numpy as np

from mindspore.common.dtype import int64
from mindspore.common.sparse_tensor import COOTensor
from mindspore.common.tensor import Tensor
from mindspore.graph.index_checks import check_coordinates
from mindspore.graph.trace import storage_of
from mindspore.ops import arithmetic
from mindspore.ops._operands import (
    Operand,
    apply,
    as_tensor,
    constant,
    convert,
    full_of,
    primitive,
    promote,
    static_shape,
)
from mindspore.ops.joining import concat
from mindspore.ops.shapes import reshape
from mindspore.ops.sparse import coo_add

__all__: list[str] = []

_SCATTER_ADD, _CUMSUM, _SORT, _GATHER, _MUL, _SUM = map(
    primitive, ("scatter_add", "cumsum", "sort", "gather", "mul", "sum"))
Rows = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def _expect(name: str, what: str, value: Tensor, axes: int) -> Tensor:
    if value.ndim != axes:
        raise ValueError(f"{name}: {what} has shape {value.shape}; expected {axes} {'axis' if axes == 1 else 'axes'}")
    return value


def sparse_add(x1_indices: Operand, x1_values: Operand, x1_shape: Operand, x2_indices: Operand, x2_values: Operand,
               x2_shape: Operand, thresh: Operand) -> tuple[Tensor, Tensor, Tensor]:
    """(indices, values, shape) of the sum of two sparse tensors of coordinates, without elements whose absolute value
    is below `thresh`; see `coo_add`."""
    name = "SparseAdd"
    parts = []
    for k, (indices, values, shape) in enumerate(((x1_indices, x1_values, x1_shape),
                                                  (x2_indices, x2_values, x2_shape)), start=1):
        index = _expect(name, f"x{k}_indices", as_tensor(name, indices, f"x{k}_indices"), 2)
        value = _expect(name, f"x{k}_values", as_tensor(name, values, f"x{k}_values"), 1)
        if index.shape[0] != value.shape[0]:
            raise ValueError(f"{name}: x{k}_indices has shape {index.shape} and x{k}_values {value.shape}; expected "
                             f"equally many rows and values")
        parts.append(COOTensor(index, value, static_shape(name, shape)))
    if _expect(name, "thresh", as_tensor(name, thresh, "thresh"), 0).dtype.kind == "c":
        raise TypeError(f"{name}: thresh is {as_tensor(name, thresh).dtype}; expected a real number")
    total = coo_add(*parts, thresh)
    return total.indices, total.values, Tensor(np.array(total.shape, np.int64))


def _stretches(counts: Tensor) -> Tensor:
    """Where parts of these sizes begin, and the last ends, along the last axis."""
    ends = apply(_CUMSUM, (counts,), (counts.ndim - 1, False, False))
    return concat([full_of((*counts.shape[:-1], 1), constant(0, counts.dtype)), ends], -1)


def sparse_tensor_to_rows(x_indices: Operand, x_values: Operand, x_dense_shape: Operand) -> Rows:
    """A matrix, or a batch of them, of coordinates as one of rows, the values in row-major order; see the module's
    text."""
    name = "SparseTensorToCSRSparseMatrix"
    index = _expect(name, "x_indices", as_tensor(name, x_indices, "x_indices"), 2)
    values = _expect(name, "x_values", as_tensor(name, x_values, "x_values"), 1)
    dense = _expect(name, "x_dense_shape", as_tensor(name, x_dense_shape, "x_dense_shape"), 1)
    for what, value in (("x_indices", index), ("x_dense_shape", dense)):
        if not value.dtype.is_integer:
            raise TypeError(f"{name}: {what} is {value.dtype}; expected an integer dtype")
    shape = static_shape(name, dense)
    if len(shape) not in (2, 3) or index.shape != (values.shape[0], len(shape)):
        raise ValueError(f"{name}: x_indices has shape {index.shape}, x_values {values.shape} and x_dense_shape is "
                         f"{shape}; expected 2 or 3 sizes, and as many coordinates for each value")
    check_coordinates(name, index, shape)
    batch, rows = prod(shape[:-2]), shape[-2]
    steps = constant(np.array([prod(shape[k + 1:]) for k in range(len(shape))]), int64)
    flat = apply(_SUM, (apply(_MUL, (convert(index, int64), steps)),), ((1,), False))
    flat, source = apply(_SORT, (flat,), (0, False))
    columns = apply(_GATHER, (index[:, -1], source), (0,))
    ones = full_of(flat.shape, constant(1, index.dtype))
    counts = apply(_SCATTER_ADD, (full_of((batch * rows,), constant(0, index.dtype)), flat // shape[-1], ones), (0,))
    counts = reshape(counts, (batch, rows))
    begins = _stretches(apply(_SUM, (counts,), ((1,), False)))
    return dense, begins, reshape(_stretches(counts), (-1,)), columns, apply(_GATHER, (values, source), (0,))


def _places(name: str, what: str, shape: tuple, rows: Tensor, columns: Tensor, values: Tensor) -> np.ndarray:
    """The flat place of each value of a batch of matrices of rows."""
    batch = prod(shape[:-2])
    starts, column = (storage_of(v).to_numpy().astype(np.int64) for v in (rows, columns))
    if starts.shape != (batch * (shape[-2] + 1),):
        raise ValueError(f"{name}: {what}_row_pointers has shape {starts.shape}; expected "
                         f"({batch * (shape[-2] + 1)},) for matrices of shape {shape}")
    counts = np.diff(starts.reshape(batch, -1), axis=1).reshape(-1)
    if (counts < 0).any() or column.shape != (counts.sum(),) or values.shape != column.shape or (
            column.size and not 0 <= column.min() <= column.max() < shape[-1]):
        raise ValueError(f"{name}: {what}_col_indices has shape {column.shape} and {what}_values {values.shape}; "
                         f"expected ({counts.sum()},), which {what}_row_pointers says, and columns from 0 to "
                         f"{shape[-1] - 1}")
    return np.repeat(np.arange(len(counts)), counts) * shape[-1] + column


def sparse_matrix_add(x1_dense_shape: Operand, x1_batch_pointers: Operand, x1_row_pointers: Operand,
                      x1_col_indices: Operand, x1_values: Operand, x2_dense_shape: Operand, x2_batch_pointers: Operand,
                      x2_row_pointers: Operand, x2_col_indices: Operand, x2_values: Operand, alpha: Operand,
                      beta: Operand) -> Rows:
    """alpha * x1 + beta * x2 for matrices of rows, or batches of them, with the places of both; see the module's
    text."""
    name = "SparseMatrixAdd"
    one, two = static_shape(name, x1_dense_shape), static_shape(name, x2_dense_shape)
    if one != two or len(one) not in (2, 3):
        raise ValueError(f"{name}: x1_dense_shape is {one} and x2_dense_shape is {two}; expected the same 2 or 3 sizes")
    parts = [[as_tensor(name, v) for v in given] for given in (
        (x1_batch_pointers, x1_row_pointers, x1_col_indices, x1_values),
        (x2_batch_pointers, x2_row_pointers, x2_col_indices, x2_values))]
    flat = np.concatenate([_places(name, f"x{k}", one, *part[1:]) for k, part in enumerate(parts, start=1)])
    values = concat(list(promote(name, arithmetic.mul(parts[0][3], alpha), arithmetic.mul(parts[1][3], beta))), 0)
    kept, inverse = np.unique(flat, return_inverse=True)
    zeros = full_of((len(kept),), constant(0, values.dtype))
    total = apply(_SCATTER_ADD, (zeros, Tensor(inverse.reshape(-1)), values), (0,))
    counts = np.bincount(kept // one[-1], minlength=prod(one[:-1])).reshape(prod(one[:-2]), one[-2])
    begins, rows = np.cumsum([0, *counts.sum(1)]), np.cumsum(np.pad(counts, ((0, 0), (1, 0))), 1).reshape(-1)
    found = [Tensor(v.astype(like.dtype.np)) for v, like in zip((begins, rows, kept % one[-1]), parts[0])]
    return as_tensor(name, x1_dense_shape), found[0], found[1], found[2], total
