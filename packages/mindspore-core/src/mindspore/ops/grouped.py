"""Products of groups of rows with a matrix for each group, as mixtures of experts take them."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import as_tensor, convert
from mindspore.ops.arithmetic import add, mul
from mindspore.ops.comparison import greater_equal, less, where
from mindspore.ops.creation import arange, zeros_like
from mindspore.ops.linalg import matmul
from mindspore.ops.shapes import reshape

__all__: list[str] = []
_NAME = "GroupedMatmul"


def grouped_matmul(x: Sequence[Tensor], weight: Sequence[Tensor], bias: Sequence[Tensor] | None = None,
                   scale: None = None, offset: None = None, antiquant_scale: None = None, antiquant_offset: None = None,
                   group_list: Any = None, split_item: int = 0, group_type: int = -1) -> tuple[Tensor, ...]:
    """Products of several pairs of matrices, or of the groups of rows of one matrix.

    Args:
        x, weight: with group_type -1 lists of equally many matrices (..., M, K) and (K, N). With group_type 0 lists of
            one: [(M, K)] and [(E, K, N)], and the result's rows are those of x times the matrix of their group; rows
            behind the last group give zeros.
        bias: what is added, (N,) or (E, N) each. group_list: with group_type 0 where each group ends, (E,) integers.
        split_item: 0 or 1 with group_type -1, 2 or 3 with 0. The other arguments, of quantized matrices, are None.

    Returns:
        a tuple of the products, in x's dtype.

    Raises:
        ValueError: other shapes, types of groups or arguments.
    """
    if any(each is not None for each in (scale, offset, antiquant_scale, antiquant_offset)):
        raise ValueError(f"{_NAME}: scale, offset, antiquant_scale and antiquant_offset must be None: quantized "
                         f"matrices are not supported")
    if (group_type, split_item) not in ((-1, 0), (-1, 1), (0, 2), (0, 3)):
        raise ValueError(f"{_NAME}: group_type {group_type} and split_item {split_item}; expected -1 with 0 or 1, or 0 "
                         f"with 2 or 3")
    if len(x) != len(weight) or (group_type == 0 and len(x) != 1):
        raise ValueError(f"{_NAME}: {len(x)} operands and {len(weight)} weights; expected "
                         f"{'one of each' if group_type == 0 else 'equally many'}")
    if group_type == -1:
        found = [matmul(a, w) for a, w in zip(x, weight)]
        return tuple(found if bias is None else [add(y, b) for y, b in zip(found, bias)])
    rows, matrices = as_tensor(_NAME, x[0], "x"), as_tensor(_NAME, weight[0], "weight")
    if rows.ndim != 2 or matrices.ndim != 3 or rows.shape[1] != matrices.shape[1] or group_list is None:
        raise ValueError(f"{_NAME}: x has shape {rows.shape} and weight {matrices.shape}, group_list is "
                         f"{group_list!r}; expected (M, K), (E, K, N) and where the E groups end")
    ends = as_tensor(_NAME, group_list, "group_list")
    if ends.shape != matrices.shape[:1]:
        raise ValueError(f"{_NAME}: group_list has shape {ends.shape}; expected {matrices.shape[:1]}")
    place = reshape(convert(arange(rows.shape[0]), ends.dtype), (-1, 1))
    total = None
    for k in range(matrices.shape[0]):
        y = matmul(rows, matrices[k])
        y = y if bias is None else add(y, bias[0][k])
        own = less(place, ends[k]) if k == 0 else mul(less(place, ends[k]), greater_equal(place, ends[k - 1]))
        y = where(own, y, zeros_like(y))
        total = y if total is None else add(total, y)
    return (total,)  # type: ignore[return-value]
