"""Operators of `mindspore.ops.operations.sparse_ops` that no public function computes."""
from __future__ import annotations

from mindspore.common.dtype import DType, int64
from mindspore.common.sparse_tensor import CSRTensor
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_inexact, as_tensor, static_ints
from mindspore.ops.choosing import where
from mindspore.ops.host import Assert
from mindspore.ops.indexing import gather, unsorted_segment_sum
from mindspore.ops.joining import concat
from mindspore.ops.primitive import REQUIRED, Primitive, define
from mindspore.ops.segments import SHARES, reduced_rows
from mindspore.ops.sparse import csr2coo, csr_softmax

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


_CLASSES: dict[str, type[Primitive]] = {
    f"SparseSegment{title}{'WithNumSegments' if counted else ''}": _reduction(
        f"SparseSegment{title}{'WithNumSegments' if counted else ''}", kind, counted)
    for title, kind in zip(("Sum", "Mean", "SqrtN"), SHARES) for counted in (False, True)}
_CLASSES["SparseMatrixSoftmax"] = define("SparseMatrixSoftmax", matrix_softmax, dtype=REQUIRED)
_CLASSES["SparseReshape"] = define("SparseReshape", reshape)
_CLASSES["SparseMatrixMatMul"] = define(
    "SparseMatrixMatMul", matrix_times_dense, transpose_x1=False, transpose_x2=False, adjoint_x1=False,
    adjoint_x2=False, transpose_output=False, conjugate_output=False)
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
