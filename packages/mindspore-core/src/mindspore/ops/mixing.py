"""Weighted sums of few places along an axis, by which images and sequences are resized.

What a new place is made of are a few old ones and how much each counts. Only these are kept, so that a sequence of any
length can be resized: a matrix of all pairs of places would need the product of both lengths.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import apply, as_wide, convert, primitive
from mindspore.ops.arithmetic import add
from mindspore.ops.linalg import matmul
from mindspore.ops.shapes import swapaxes

__all__ = ["Weights", "cubic_weights", "linear_weights", "mix", "nearest_weights"]

_MUL, _GATHER = primitive("mul"), primitive("gather")

# Elements of an axis for each one that counts from which on gathering is faster than a matrix product, on the CPU.
_SIZE_PER_TAP = 20


class Weights:
    """How much old places count in each new one.

    Args:
        places: int64 (new size, taps), the old places; those of a row that count differ from each other.
        shares: float64 (new size, taps), how much they count; 0 for those that do not.
        size: the old size.
    """

    def __init__(self, places: np.ndarray, shares: np.ndarray, size: int):
        self.places, self.shares, self.size = places, shares, size

    @classmethod
    def of_matrix(cls, matrix: np.ndarray) -> Weights:
        """Those of a matrix (new size, old size)."""
        return cls(np.broadcast_to(np.arange(matrix.shape[1]), matrix.shape), matrix, matrix.shape[1])

    def matrix(self) -> np.ndarray:
        """float64 (new size, old size)."""
        found = np.zeros((len(self.places), self.size))
        np.add.at(found, (np.arange(len(found))[:, None], self.places), self.shares)
        return found

    def largest(self, taps: int) -> tuple[np.ndarray, np.ndarray]:
        """The `taps` places that count most, and their shares, both (new size, taps). Where fewer count the first
        stands for the others, too, with an equal part of its share."""
        order = np.argsort(-np.abs(self.shares), axis=1, kind="stable")[:, :taps]
        places, shares = np.take_along_axis(self.places, order, 1), np.take_along_axis(self.shares, order, 1)
        unused = shares == 0
        unused[:, 0] = False
        shares[:, 0] /= 1 + unused.sum(1)
        return np.where(unused, places[:, :1], places), np.where(unused, shares[:, :1], shares)


def mix(x: Tensor, axis: int, weights: Weights) -> Tensor:
    """Weighted sums along an axis. Where few places count the elements there are gathered, so that what an element does
    not depend on does not reach it, and the time grows with the sizes; half precision is summed in float32 then."""
    taps = int(np.count_nonzero(weights.shares, axis=1).max(initial=1))
    if weights.size < _SIZE_PER_TAP * taps:
        moved = x if axis == x.ndim - 1 else swapaxes(x, axis, -1)
        mixed = matmul(moved, Tensor(np.ascontiguousarray(weights.matrix().T).astype(x.dtype.np)))
        return mixed if axis == x.ndim - 1 else swapaxes(mixed, axis, -1)
    total = None
    for places, share in zip(*(each.T for each in weights.largest(taps))):
        part = apply(_GATHER, (x, Tensor(places.astype(np.int32))), (axis,))
        if taps > 1 or not (share == 1).all():
            shape = [len(places) if k == axis else 1 for k in range(x.ndim)]
            part = as_wide(part)
            part = apply(_MUL, (part, Tensor(share.reshape(shape).astype(part.dtype.np))))
        total = part if total is None else add(total, part)
    return convert(total, x.dtype)


def nearest_weights(at: np.ndarray, size: int) -> Weights:
    """Each new place takes the old one at or below its position."""
    return Weights(np.clip(np.floor(at).astype(int), 0, size - 1)[:, None], np.ones((len(at), 1)), size)


def linear_weights(at: np.ndarray, size: int) -> Weights:
    """Each new place lies between the two old ones around its position."""
    low = np.minimum(at.astype(int), size - 1)
    share = np.clip(at - low, 0, 1)
    return _joined(np.stack([low, low + 1], 1), np.stack([1 - share, share], 1), size)


def cubic_weights(at: np.ndarray, size: int, inside_only: bool = False) -> Weights:
    """Each new place is interpolated by cubic polynomials between the four old ones around its position. Beyond the
    border stands the border's element, and Keys' parameter is -0.75; or, with `inside_only`, nothing stands there, the
    parameter is -0.5 and the shares add up to 1. Source: Keys (1981)."""
    a = -0.5 if inside_only else -0.75
    places = np.floor(at).astype(int)[:, None] + np.arange(-1, 3)
    d = np.abs(at[:, None] - places)
    shares = np.where(d <= 1, ((a + 2) * d - (a + 3)) * d * d + 1, ((a * d - 5 * a) * d + 8 * a) * d - 4 * a)
    if inside_only:
        shares = np.where((places >= 0) & (places < size), shares, 0)
        shares = shares / shares.sum(1, keepdims=True)
    return _joined(places, shares, size)


def _joined(places: np.ndarray, shares: np.ndarray, size: int) -> Weights:
    """Weights of places in ascending order, of which those beyond a border are the border's."""
    places = np.clip(places, 0, size - 1)
    for tap in range(places.shape[1] - 1):
        again = (places[:, tap + 1:] == places[:, tap, None]) & (shares[:, tap + 1:] != 0)
        shares[:, tap] += np.where(again, shares[:, tap + 1:], 0).sum(1)
        shares[:, tap + 1:][again] = 0
    return Weights(places, shares, size)
