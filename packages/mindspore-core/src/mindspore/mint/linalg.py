"""Linear algebra of the `mint` interface."""
from __future__ import annotations

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops import reduction, systems
from mindspore.ops._operands import Axes, Operand

__all__ = ["inv", "matrix_norm", "norm", "qr", "vector_norm"]


def norm(A: Operand, ord: float | str | None = None, dim: Axes = None, keepdim: bool = False, *,
         dtype: DType | None = None) -> Tensor:
    """A vector norm over `dim`, by default the Euclidean one, or a matrix norm; see `mindspore.ops.norm`."""
    return reduction.norm(A, ord, dim, keepdim, dtype=dtype)


def vector_norm(x: Operand, ord: float = 2, dim: Axes = None, keepdim: bool = False, *,
                dtype: DType | None = None) -> Tensor:
    """sum(|x| ** ord) ** (1 / ord) over `dim`."""
    return reduction.vector_norm(x, ord, dim, keepdim, dtype=dtype)


def matrix_norm(A: Operand, ord: float | str = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *,
                dtype: DType | None = None) -> Tensor:
    """A norm of the matrices in two axes; see `mindspore.ops.matrix_norm`."""
    return systems.matrix_norm(A, ord, dim, keepdim, dtype=dtype)


def inv(input: Operand) -> Tensor:
    """The inverses of square matrices (..., n, n)."""
    return systems.inverse(input)


def qr(A: Operand, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Orthonormal q and upper triangular r with q @ r = A; see `mindspore.ops.qr`."""
    return systems.qr(A, mode)
