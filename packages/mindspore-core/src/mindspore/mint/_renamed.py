"""Functions of `mindspore.ops` whose arguments have other names in the `mint` interface."""
from __future__ import annotations

from collections.abc import Sequence

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops import activation, arithmetic, comparison, elementwise, indexing, joining, linalg, reduction, shapes
from mindspore.ops._operands import Axes, Operand

__all__ = ["baddbmm", "bmm", "frac", "index_select", "isnan", "meshgrid", "mv", "nansum", "repeat_interleave",
           "softmax", "sqrt", "squeeze", "where"]


def softmax(input: Operand, dim: int, *, dtype: DType | None = None) -> Tensor:
    """exp(input) / sum(exp(input)) along `dim`, computed in `dtype` where one is given."""
    return activation.softmax(input, dim, dtype=dtype)


def squeeze(input: Operand, dim: Axes = None) -> Tensor:
    """Without the axes of size 1, or without those named."""
    return shapes.squeeze(input, dim)


def index_select(input: Operand, dim: int, index: Operand) -> Tensor:
    """The slices along `dim` at the places in `index`, which has one axis."""
    return indexing.index_select(input, dim, index)


def repeat_interleave(input: Operand, repeats: int | Sequence[int] | Tensor, dim: int | None = None) -> Tensor:
    """Each element (or slice along `dim`) repeated, `repeats` times or each its own number of times."""
    return joining.repeat_interleave(input, repeats, dim)


def meshgrid(*tensors: Operand, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid from tensors of one axis; axis i of each result runs along tensor i, with
    indexing='xy' the first two are exchanged."""
    return joining.meshgrid(*tensors, indexing="ij" if indexing is None else indexing)


def where(condition: Operand, input: Operand | None = None,
          other: Operand | None = None) -> Tensor | tuple[Tensor, ...]:
    """input where condition differs from 0, else other; the three broadcast. With the condition alone the places where
    it differs from 0: one tensor of Int64 for each axis. TypeError where one of the two is missing."""
    if input is None and other is None:
        return indexing.nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError(f"where: 'input' and 'other' are given together or not at all, but "
                        f"{'input' if input is None else 'other'!r} is missing; give both")
    return comparison.where(condition, input, other)


def bmm(input: Operand, mat2: Operand) -> Tensor:
    """The products of two stacks of matrices (batch, n, m) and (batch, m, p)."""
    return linalg.bmm(input, mat2)


def mv(input: Operand, vec: Operand) -> Tensor:
    """A matrix times a vector."""
    return linalg.mv(input, vec)


def baddbmm(input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2)."""
    return linalg.baddbmm(input, batch1, batch2, beta, alpha)


def nansum(input: Operand, dim: Axes = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum over `dim` without NaNs."""
    return reduction.nansum(input, dim, keepdim, dtype=dtype)


def frac(input: Operand) -> Tensor:
    """input - trunc(input): the fractional part, with the sign of the element."""
    return arithmetic.frac(input)


def isnan(tensor: Operand) -> Tensor:
    """Whether each element is NaN (Bool)."""
    return elementwise.isnan(tensor)


def sqrt(input: Operand) -> Tensor:
    """The square root."""
    return elementwise.sqrt(input)
