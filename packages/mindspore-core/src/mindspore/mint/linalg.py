"""Linear algebra of the `mint` interface."""
from __future__ import annotations

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops import reduction
from mindspore.ops._operands import Axes, Operand

__all__ = ["norm", "vector_norm"]


def norm(A: Operand, ord: float | str | None = None, dim: Axes = None, keepdim: bool = False, *,
         dtype: DType | None = None) -> Tensor:
    """A vector norm over `dim`, by default the Euclidean one."""
    return reduction.norm(A, ord, dim, keepdim, dtype=dtype)


def vector_norm(x: Operand, ord: float = 2, dim: Axes = None, keepdim: bool = False, *,
                dtype: DType | None = None) -> Tensor:
    """sum(|x| ** ord) ** (1 / ord) over `dim`."""
    return reduction.vector_norm(x, ord, dim, keepdim, dtype=dtype)
