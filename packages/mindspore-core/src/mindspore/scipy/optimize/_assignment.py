"""Assignment of rows to columns."""
from __future__ import annotations

import sys

from mindspore.common.dtype import int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_tensor, primitive, static_bool

_ASSIGN = primitive("linear_sum_assignment")


def linear_sum_assignment(cost_matrix: Operand, maximize: bool,
                          dimension_limit: Operand = sys.maxsize) -> tuple[Tensor, Tensor]:
    """(rows, columns), Int64 (min(m, n),): which column each row is assigned to, such that the sum of these elements of
    cost_matrix (m, n) is least, or with `maximize` largest. dimension_limit: an Int64 number, of which as many columns
    take part; places that are left over are -1.

    Raises:
        TypeError: cost_matrix is complex, maximize is no bool, or dimension_limit is not Int64.
        ValueError: cost_matrix does not have two axes, or dimension_limit has some.
    """
    cost = as_tensor("linear_sum_assignment", cost_matrix, "cost_matrix")
    limit = as_tensor("linear_sum_assignment", dimension_limit, "dimension_limit")
    if cost.ndim != 2 or limit.ndim:
        raise ValueError(f"linear_sum_assignment: cost_matrix has shape {cost.shape} and dimension_limit "
                         f"{limit.shape}; expected (m, n) and ()")
    if cost.dtype.kind == "c" or limit.dtype is not int64:
        raise TypeError(f"linear_sum_assignment: cost_matrix is {cost.dtype} and dimension_limit {limit.dtype}; "
                        f"expected real numbers and Int64")
    rows, columns = apply(_ASSIGN, (cost, limit), (static_bool("linear_sum_assignment", "maximize", maximize),))
    return rows, columns
