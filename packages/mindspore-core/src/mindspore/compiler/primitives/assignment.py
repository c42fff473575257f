"""Assignments of rows to columns at least cost.

The method is that of shortest augmenting paths (Jonker and Volgenant, 1987, as written down by Crouse, "On implementing
2D rectangular assignment algorithms", 2016), O(m^2 n) for m rows and n >= m columns.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import int64
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.support import integers, uniform


@register
class LinearSumAssignment(Primitive):
    """Rows in ascending order and the columns that they are assigned to, int64 (..., k), k = min(m, n), such that the
    sum of these elements of cost (..., m, n), no row and no column twice, is least, or with `maximize` largest. Only
    the first `limit` columns, an int64 number (...), take part; places without an assignment are -1. Elements that
    are not finite take no part. Gradient: none."""

    name = "linear_sum_assignment"
    attrs = ("maximize",)
    defaults = {"maximize": False}
    kinds = "biuf"
    differentiable = False

    def infer(self, cost, limit, *, maximize):
        self.check_dtypes((cost,))
        if limit.dtype is not int64:
            raise TypeError(f"linear_sum_assignment: limit is {limit.dtype}; expected Int64")
        if cost.ndim < 2 or limit.shape not in ((), cost.shape[:-2]):
            raise ValueError(f"linear_sum_assignment: cost has shape {cost.shape} and limit {limit.shape}; expected "
                             f"(..., m, n) and (...) or ()")
        return tuple_aval((tensor_aval((*cost.shape[:-2], min(cost.shape[-2:])), int64),) * 2)

    def reference(self, cost, limit, *, maximize):
        stack, size = cost.shape[:-2], min(cost.shape[-2:])
        limits = np.broadcast_to(limit, stack)
        rows, columns = np.full((2, *stack, size), -1, np.int64)
        for place in np.ndindex(*stack):
            part = cost[place].astype(np.float64)[:, :max(int(limits[place]), 0)]
            found = _assign(-part if maximize else part)
            rows[(*place, slice(0, len(found[0])))], columns[(*place, slice(0, len(found[1])))] = found
        return rows, columns

    def vmap(self, b, lanes, batched, cost, limit, *, maximize):
        cost = cost if batched[0] else lanes.spread(b, cost)
        if not batched[1] and limit.aval.ndim:
            limit = lanes.spread(b, limit)
        elif batched[1] and limit.aval.ndim == 1:
            shape = cost.shape[:-2]
            limit = b.broadcast_to(b.reshape(limit, shape=(*limit.shape, *(1,) * (len(shape) - 1))), shape=shape)
        return b.linear_sum_assignment(cost, limit, maximize=maximize)

    def samples(self):
        all_of = np.array(100)
        return [Sample((uniform((3, 3)), all_of)), Sample((uniform((3, 5)), all_of), {"maximize": True}),
                Sample((uniform((5, 3)), all_of)), Sample((uniform((2, 4, 4)), np.array([3, 2]))),
                Sample((integers((4, 4), 0, 9), all_of)), Sample((integers((3, 3), 0, 2, bool), np.array(2))),
                Sample((uniform((0, 3, 2)), all_of)), Sample((uniform((3, 3)), np.array(0))),
                Sample((uniform((3,)), all_of), error=ValueError),
                Sample((uniform((3, 3)), np.array([1])), error=ValueError),
                Sample((uniform((3, 3)), np.array(2, np.int32)), error=TypeError)]


def _assign(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) of one matrix. A row that cannot be assigned, for want of finite elements, is left out."""
    if cost.shape[0] > cost.shape[1]:
        columns, rows = _assign(cost.T)
        order = np.argsort(rows)
        return rows[order], columns[order]
    cost = np.where(np.isfinite(cost), cost, np.inf)
    count, width = cost.shape
    row_price, column_price = np.zeros(count), np.zeros(width)
    row_of = np.full(width, -1)  # the row that has each column
    for first in range(count):
        _augment(cost, first, row_price, column_price, row_of)
    columns = np.flatnonzero(row_of >= 0)
    rows = row_of[columns]
    order = np.argsort(rows)
    return rows[order], columns[order]


def _augment(cost, first: int, row_price, column_price, row_of) -> None:
    """Give the row `first` a column: along the shortest path of exchanges that ends in a free one."""
    width = cost.shape[1]
    distance, before = np.full(width, np.inf), np.full(width, -1)
    done, seen = np.zeros(width, bool), [first]
    row, least = first, 0.0
    while True:
        reached = least + cost[row] - row_price[row] - column_price
        better = ~done & (reached < distance)
        distance[better], before[better] = reached[better], row
        open_ones = np.where(done, np.inf, distance)
        column = int(np.argmin(open_ones))
        least = open_ones[column]
        if not np.isfinite(least):
            return
        done[column] = True
        if row_of[column] < 0:
            break
        row = int(row_of[column])
        seen.append(row)
    row_price[first] += least
    for other in seen[1:]:
        row_price[other] += least - distance[np.flatnonzero(row_of == other)[0]]
    column_price[done] -= least - distance[done]
    while True:  # exchange along the path
        row = int(before[column])
        previous = np.flatnonzero(row_of == row)
        row_of[column] = row
        if row == first:
            return
        column = int(previous[0])
