"""Operators of `mindspore.ops.operations.sparse_ops` that no public function computes."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, float32, float64, int32, int64
from mindspore.common.sparse_tensor import CSRTensor
from mindspore.common.tensor import Tensor
from mindspore.graph.index_checks import check_coordinates
from mindspore.graph.trace import storage_of
from mindspore.ops._operands import Operand, as_inexact, as_tensor, static_ints
from mindspore.ops.arithmetic import add, div, mul
from mindspore.ops.choosing import where
from mindspore.ops.host import Assert
from mindspore.ops.indexing import gather, gather_nd, unsorted_segment_sum
from mindspore.ops.joining import concat
from mindspore.ops.primitive import REQUIRED, Primitive, define
from mindspore.ops.segments import SHARES, reduced_rows
from mindspore.ops.sparse import (
    coo2csr,
    csr2coo,
    csr_div,
    csr_gather,
    csr_mm,
    csr_mul,
    csr_mv,
    csr_reduce_sum,
    csr_softmax,
)

__all__ = ["NAMES"]


def _reduction(name: str, kind: str, counted: bool) -> type[Primitive]:
    """An operator (x, indices, segment_ids), or with `counted` (x, indices, segment_ids, num_segments)."""
    def call(x: Operand, indices: Operand, segment_ids: Operand) -> Tensor:
        return reduced_rows(name, kind, as_tensor(name, x, "x"), indices, segment_ids, None)

    def call_counted(x: Operand, indices: Operand, segment_ids: Operand, num_segments: Operand) -> Tensor:
        count = static_ints(name, "num_segments", num_segments)
        if len(count) != 1:
            raise ValueError(f"{name}: num_segments is {count}; expected one number")
        return reduced_rows(name, kind, as_tensor(name, x, "x"), indices, segment_ids, count[0])

    function = call_counted if counted else call
    function.__doc__ = f"The {kind} of runs of the rows `indices` of x; segment_ids says, in ascending order, which " \
                       f"segment each belongs to. Segments without rows are 0."
    return define(name, function)


def matrix_softmax(x_dense_shape: Operand, x_batch_pointers: Operand, x_row_pointers: Operand, x_col_indices: Operand,
                   x_values: Operand, dtype: DType) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The softmax of the stored elements of each row of a sparse matrix (shape, batch pointers, row pointers, columns,
    values), in that form; the values in `dtype`."""
    name = "SparseMatrixSoftmax"
    shape = static_ints(name, "x_dense_shape", x_dense_shape)
    if len(shape) != 2:
        raise ValueError(f"{name}: x_dense_shape is {shape}; expected the rows and columns of one matrix")
    rows, columns = (as_tensor(name, v, w) for v, w in (
        (x_row_pointers, "x_row_pointers"), (x_col_indices, "x_col_indices")))
    matrix = CSRTensor(rows, columns, as_inexact(name, x_values), shape)
    return (as_tensor(name, x_dense_shape), as_tensor(name, x_batch_pointers, "x_batch_pointers"), rows, columns,
            csr_softmax(matrix, dtype).values)


def reshape(indices: Operand, shape: Operand, new_shape: Operand) -> tuple[Tensor, Tensor]:
    """(indices (n, new axes), sizes (new axes)): where the elements of a sparse tensor, at `indices` (n, axes) of
    `shape`, are when it has the shape `new_shape`, of which one size may be -1.

    Raises:
        TypeError: an operand is not Int64. ValueError: operands of other shapes. RuntimeError: sizes that cannot be.
    """
    name = "SparseReshape"
    places, old, new = (as_tensor(name, v, w) for v, w in (
        (indices, "indices"), (shape, "shape"), (new_shape, "new_shape")))
    if any(v.dtype is not int64 for v in (places, old, new)):
        raise TypeError(f"{name}: indices are {places.dtype}, shape {old.dtype}, new_shape {new.dtype}; expected Int64")
    if places.ndim != 2 or old.ndim != 1 or new.ndim != 1 or places.shape[1] != old.shape[0]:
        raise ValueError(f"{name}: indices have shape {places.shape}, shape {old.shape} and new_shape {new.shape}; "
                         f"expected (n, axes), (axes,) and (new axes,)")
    total, is_open = old.prod(), new == -1
    known = where(is_open, 1, new).prod()
    left = where(known == 0, 1, known)
    sizes = where(is_open, total // left, new)
    Assert()((is_open.astype(int64).sum() <= 1).logical_and((new >= -1).all()).logical_and(sizes.prod() == total),
             (old, new))
    flat = (places * _steps(old)).sum(1)
    return where(sizes == 0, 0, flat.expand_dims(1) // _steps(sizes) % where(sizes == 0, 1, sizes)), sizes


def _steps(sizes: Tensor) -> Tensor:
    """How far the elements of a dense tensor are apart along each axis; at least 1."""
    behind = concat([sizes[1:], Tensor([1], int64)], 0)
    steps = behind.flip((0,)).cumprod(0).flip((0,))
    return where(steps == 0, 1, steps)


def matrix_times_dense(x1_dense_shape: Operand, x1_batch_pointers: Operand, x1_row_pointers: Operand,
                       x1_col_indices: Operand, x1_values: Operand, x2_dense: Operand, transpose_x1: bool = False,
                       transpose_x2: bool = False, adjoint_x1: bool = False, adjoint_x2: bool = False,
                       transpose_output: bool = False, conjugate_output: bool = False) -> Tensor:
    """The product of a sparse matrix, or of a stack of them, with as many dense ones. Each is first transposed, or
    conjugated and transposed, where its flag says so, and the result likewise.

    Raises:
        ValueError: both flags of a matrix, or operands whose shapes do not fit.
    """
    name = "SparseMatrixMatMul"
    if transpose_x1 and adjoint_x1 or transpose_x2 and adjoint_x2:
        raise ValueError(f"{name}: a matrix is either transposed or adjoint; got both flags")
    batches, rows, columns, values, dense = (as_tensor(name, v, w) for v, w in (
        (x1_batch_pointers, "x1_batch_pointers"), (x1_row_pointers, "x1_row_pointers"),
        (x1_col_indices, "x1_col_indices"), (x1_values, "x1_values"), (x2_dense, "x2_dense")))
    count = batches.shape[0] - 1
    if dense.ndim not in (2, 3) or count < 1 or rows.shape[0] % count or (dense.shape[0] if dense.ndim == 3 else 1) != \
            count:
        raise ValueError(f"{name}: x1_batch_pointers have shape {batches.shape}, x1_row_pointers {rows.shape} and "
                         f"x2_dense {dense.shape}; expected (n + 1,), (n (rows + 1),) and (n, columns, k), or "
                         f"(columns, k) for n = 1")
    height, number = rows.shape[0] // count - 1, values.shape[0]
    ends = rows.reshape((count, height + 1))[:, 1:] + batches[:-1].expand_dims(1)
    line = csr2coo(concat([Tensor([0], ends.dtype), ends.reshape((-1,))], 0), number)
    stack, row = line // height, line % height
    if transpose_x2 or adjoint_x2:
        dense = dense.swapaxes(-1, -2)
    dense = dense.conj() if adjoint_x2 else dense
    values = values.conj() if adjoint_x1 else values
    width = dense.shape[-2]
    if transpose_x1 or adjoint_x1:
        wide = static_ints(name, "x1_dense_shape", x1_dense_shape)[-1]
        source, target, height = row, columns, wide
    else:
        source, target = columns, row
    parts = values.expand_dims(1) * gather(dense.reshape((-1, dense.shape[-1])), stack * width + source, 0)
    found = unsorted_segment_sum(parts, stack * height + target, count * height)
    found = found.reshape((*dense.shape[:-2], height, dense.shape[-1]))
    found = found.swapaxes(-1, -2) if transpose_output else found
    return found.conj() if conjugate_output else found


def _of_parts(name: str, function: Callable[..., Any]) -> type[Primitive]:
    """An operator (indptr, indices, values, shape, operand) for a function of a CSRTensor and an operand; of a sparse
    result its values."""
    def call(indptr: Operand, indices: Operand, values: Operand, shape: Operand, operand: Any) -> Tensor:
        parts = [as_tensor(name, v, w) for v, w in ((indptr, "indptr"), (indices, "indices"), (values, "values"))]
        found = function(CSRTensor(*parts, tuple(static_ints(name, "shape", shape))), operand)
        return found.values if isinstance(found, CSRTensor) else found

    call.__doc__ = f"`ops.{function.__name__}` of a sparse matrix that is given as its parts."
    return define(name, call)


def _with_dense(title: str, combine: Callable[[Tensor, Tensor], Tensor], says: str) -> type[Primitive]:
    """An operator (x1_indices, x1_values, x1_shape, x2) on the values of a sparse tensor and a dense one."""
    name = f"SparseDenseCwise{title}"

    def call(x1_indices: Operand, x1_values: Operand, x1_shape: Operand, x2: Operand) -> Tensor:
        index, values, sizes, dense = (as_tensor(name, v, w) for v, w in (
            (x1_indices, "x1_indices"), (x1_values, "x1_values"), (x1_shape, "x1_shape"), (x2, "x2")))
        if index.dtype is not int64 or sizes.dtype is not int64:
            raise TypeError(f"{name}: x1_indices are {index.dtype} and x1_shape {sizes.dtype}; expected Int64")
        if values.dtype is not dense.dtype:
            raise TypeError(f"{name}: x1_values are {values.dtype} and x2 is {dense.dtype}; expected one dtype")
        shape = static_ints(name, "x1_shape", sizes)
        if values.ndim != 1 or index.shape != (values.shape[0], len(shape)):
            raise ValueError(f"{name}: x1_indices have shape {index.shape}, x1_values {values.shape} and x1_shape is "
                             f"{shape}; expected (n, axes), (n,) and a size for each axis")
        lead = len(shape) - dense.ndim
        if lead < 0 or any(own not in (1, size) for own, size in zip(dense.shape, shape[lead:])):
            raise ValueError(f"{name}: x2 has shape {dense.shape}, which cannot be broadcast to x1_shape {shape}")
        check_coordinates(name, index, shape)
        if not dense.ndim:
            return combine(values, dense)
        places = index[:, lead:] * Tensor(np.array([int(size != 1) for size in dense.shape]), int64)
        return combine(values, gather_nd(dense, places))

    call.__doc__ = f"""The stored values (n,) of a sparse tensor {says} the elements of x2 at their places (n, axes);
    x2 is broadcast to x1_shape first.

    Raises:
        TypeError: places and shape are not Int64, or x1_values and x2 have unlike dtypes. ValueError: other shapes.
        IndexError: a place that is not in the shape.
    """
    return define(name, call)


def _quotient(x: Tensor, y: Tensor) -> Tensor:
    return div(x, y, rounding_mode="trunc" if x.dtype.is_integer else None)


def sparse_addmm(x1_indices: Operand, x1_values: Operand, x1_shape: Operand, x2: Operand, x3: Operand, alpha: Operand,
                 beta: Operand) -> Tensor:
    """alpha x1 x2 + beta x3 for a sparse matrix x1 (Q, P), given by the places (n, 2) of its values (n,) and its shape,
    and dense ones x2 (P, M) and x3 (Q, M); alpha and beta (1,) have their dtype.

    Raises:
        TypeError: places are not Int32 or Int64, or unlike dtypes. ValueError: shapes that do not fit.
        IndexError: a place that is not in the matrix.
    """
    name = "SparseAddmm"
    index, values, sizes, dense, added, first, second = (as_tensor(name, v, w) for v, w in (
        (x1_indices, "x1_indices"), (x1_values, "x1_values"), (x1_shape, "x1_shape"), (x2, "x2"), (x3, "x3"),
        (alpha, "alpha"), (beta, "beta")))
    if any(v.dtype not in (int32, int64) for v in (index, sizes)):
        raise TypeError(f"{name}: x1_indices are {index.dtype} and x1_shape {sizes.dtype}; expected Int32 or Int64")
    others = [v.dtype for v in (values, dense, added, first, second)]
    if any(dtype is not others[0] for dtype in others):
        raise TypeError(f"{name}: x1_values, x2, x3, alpha and beta are {', '.join(map(str, others))}; expected one "
                        f"dtype")
    shape = static_ints(name, "x1_shape", sizes)
    if values.ndim != 1 or index.shape != (values.shape[0], 2) or first.shape != (1,) or second.shape != (1,):
        raise ValueError(f"{name}: x1_indices have shape {index.shape}, x1_values {values.shape}, alpha {first.shape} "
                         f"and beta {second.shape}; expected (n, 2), (n,), (1,) and (1,)")
    if len(shape) != 2 or dense.ndim != 2 or dense.shape[0] != shape[1] or added.shape != (shape[0], dense.shape[1]):
        raise ValueError(f"{name}: x1_shape is {shape}, x2 has shape {dense.shape} and x3 {added.shape}; expected "
                         f"(Q, P), (P, M) and (Q, M)")
    check_coordinates(name, index, shape)
    parts = mul(values.expand_dims(1), gather(dense, index[:, 1], 0))
    return add(mul(unsorted_segment_sum(parts, index[:, 0], shape[0]), first), mul(added, second))


def count_values(indices: Operand, values: Operand, dense_shape: Operand, weights: Operand,
                 binary_output: bool = False, minlength: int = -1, maxlength: int = -1
                 ) -> tuple[Tensor, Tensor, Tensor]:
    """How often each number occurs in each row of a sparse matrix, as a sparse matrix: (places (n, 2), counts (n,),
    shape (2,)). Of a sparse vector (n, 1), (n,) and (1,). The numbers must be known.

    Args:
        weights: what an occurrence counts, (values,); for none of them 1. binary_output: 1 for all that occur.
        minlength, maxlength: the width is at least and at most this, -1 for no bound; numbers from maxlength on are
            left out.

    Raises:
        TypeError: other dtypes. ValueError: other shapes, negative numbers. RuntimeError: as many weights as values are
            not given, or a place is out of the shape.
    """
    name = "SparseCountSparseOutput"
    index, number, sizes, weight = (as_tensor(name, v, w) for v, w in (
        (indices, "indices"), (values, "values"), (dense_shape, "dense_shape"), (weights, "weights")))
    for what, value, wanted in (("indices", index, (int64,)), ("values", number, (int32, int64)),
                                ("dense_shape", sizes, (int64,)),
                                ("weights", weight, (int32, int64, float32, float64))):
        if value.dtype not in wanted:
            raise TypeError(f"{name}: {what} is {value.dtype}; expected {' or '.join(map(str, wanted))}")
    for what, value, wanted_type in (("binary_output", binary_output, bool), ("minlength", minlength, int),
                                     ("maxlength", maxlength, int)):
        if not isinstance(value, wanted_type):
            raise TypeError(f"{name}: {what} is {value!r}; expected {wanted_type.__name__}")
    shape = static_ints(name, "dense_shape", sizes)
    if number.ndim != 1 or not shape or index.shape != (number.shape[0], len(shape)):
        raise ValueError(f"{name}: indices have shape {index.shape}, values {number.shape} and dense_shape is {shape}; "
                         f"expected (n, axes), (n,) and a size for each axis")
    places, found = (storage_of(v).to_numpy() for v in (index, number))
    if weight.size and weight.shape != number.shape:
        raise RuntimeError(f"{name}: weights have shape {weight.shape}; expected {number.shape}, that of values")
    if ((places < 0) | (places >= np.array(shape))).any():
        raise RuntimeError(f"{name}: indices are not all in a tensor of shape {shape}")
    if (found < 0).any():
        raise ValueError(f"{name}: values are from {found.min()} on; expected none below 0")
    kept = np.nonzero(found < maxlength if maxlength >= 0 else found >= 0)[0]
    width = maxlength if maxlength >= 0 else max(int(found.max(initial=0)) + 1, minlength)
    rows = places[kept, 0] if len(shape) > 1 else np.zeros(len(kept), np.int64)
    cells, inverse = np.unique(rows * max(width, 1) + found[kept], return_inverse=True)
    ones = Tensor(np.ones(len(cells)), weight.dtype)
    if binary_output or not weight.size:
        counts = ones if binary_output else Tensor(np.bincount(inverse.reshape(-1), minlength=len(cells)), weight.dtype)
    else:
        counts = unsorted_segment_sum(gather(weight, Tensor(kept), 0), Tensor(inverse.reshape(-1)), len(cells))
    if len(shape) == 1:
        return Tensor(cells.reshape(-1, 1), int64), counts, Tensor([width], int64)
    where_found = np.stack([cells // max(width, 1), cells % max(width, 1)], 1)
    return Tensor(where_found, int64), counts, Tensor([shape[0], width], int64)


_CLASSES: dict[str, type[Primitive]] = {
    f"SparseSegment{title}{'WithNumSegments' if counted else ''}": _reduction(
        f"SparseSegment{title}{'WithNumSegments' if counted else ''}", kind, counted)
    for title, kind in zip(("Sum", "Mean", "SqrtN"), SHARES) for counted in (False, True)}
_CLASSES["SparseMatrixSoftmax"] = define("SparseMatrixSoftmax", matrix_softmax, dtype=REQUIRED)
_CLASSES["SparseReshape"] = define("SparseReshape", reshape)
_CLASSES["SparseMatrixMatMul"] = define(
    "SparseMatrixMatMul", matrix_times_dense, transpose_x1=False, transpose_x2=False, adjoint_x1=False,
    adjoint_x2=False, transpose_output=False, conjugate_output=False)
for _title, _combine, _says in (("Add", add, "plus"), ("Mul", mul, "times"), ("Div", _quotient, "divided by")):
    _CLASSES[f"SparseDenseCwise{_title}"] = _with_dense(_title, _combine, _says)
for _title, _function in (("ReduceSum", csr_reduce_sum), ("MV", csr_mv), ("MM", csr_mm), ("Mul", csr_mul),
                          ("Div", csr_div)):
    _CLASSES[f"CSR{_title}"] = _of_parts(f"CSR{_title}", _function)
for _title, _function in (("CSRGather", csr_gather), ("CSR2COO", csr2coo), ("COO2CSR", coo2csr)):
    _CLASSES[_title] = define(_title, _function)
_CLASSES["SparseAddmm"] = define("SparseAddmm", sparse_addmm)
_CLASSES["SparseCountSparseOutput"] = define("SparseCountSparseOutput", count_values, binary_output=False, minlength=-1,
                                             maxlength=-1)
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
