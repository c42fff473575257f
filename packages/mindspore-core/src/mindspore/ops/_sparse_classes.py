"""Operators of `mindspore.ops.operations.sparse_ops` that no public function computes."""
from __future__ import annotations

from mindspore.common.dtype import DType
from mindspore.common.sparse_tensor import CSRTensor
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, as_inexact, as_tensor, static_ints
from mindspore.ops.primitive import REQUIRED, Primitive, define
from mindspore.ops.segments import SHARES, reduced_rows
from mindspore.ops.sparse import csr_softmax

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


_CLASSES: dict[str, type[Primitive]] = {
    f"SparseSegment{title}{'WithNumSegments' if counted else ''}": _reduction(
        f"SparseSegment{title}{'WithNumSegments' if counted else ''}", kind, counted)
    for title, kind in zip(("Sum", "Mean", "SqrtN"), SHARES) for counted in (False, True)}
_CLASSES["SparseMatrixSoftmax"] = define("SparseMatrixSoftmax", matrix_softmax, dtype=REQUIRED)
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
