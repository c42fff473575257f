"""Layers on sparse tensors."""
from __future__ import annotations

from mindspore.common.sparse_tensor import COOTensor
from mindspore.nn.cell import Cell
from mindspore.ops.sparse import sparse_dense_matmul

__all__ = ["SparseTensorDenseMatmul", "SparseToDense"]


class SparseToDense(Cell):
    """A COOTensor as a dense tensor, with zeros where nothing is stored.

    Raises:
        TypeError: what is called with is no COOTensor.
    """

    def construct(self, input):
        """The dense tensor."""
        if not isinstance(input, COOTensor):
            raise TypeError(f"SparseToDense: input must be a COOTensor, but got {type(input).__name__}")
        return input.to_dense()


class SparseTensorDenseMatmul(Cell):
    """The product of a sparse matrix of coordinates with a dense one.

    Args:
        adjoint_st, adjoint_dt: whether the sparse, the dense matrix is transposed first.

    Raises:
        TypeError: a flag is no bool.
    """

    def __init__(self, adjoint_st=False, adjoint_dt=False):
        super().__init__()
        for name, value in (("adjoint_st", adjoint_st), ("adjoint_dt", adjoint_dt)):
            if not isinstance(value, bool):
                raise TypeError(f"For 'SparseTensorDenseMatmul', the '{name}' must be a bool, but got "
                                f"{type(value).__name__}.")
        self.adjoint_st, self.adjoint_dt = adjoint_st, adjoint_dt

    def construct(self, indices, values, sparse_shape, dense):
        """The product (rows, width) of indices (count, 2), values (count,), the shape and dense."""
        return sparse_dense_matmul(indices, values, sparse_shape, dense, self.adjoint_st, self.adjoint_dt)
