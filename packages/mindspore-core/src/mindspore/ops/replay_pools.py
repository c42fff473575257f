"""Operators of reinforcement learning on pools of experiences that a number names, as their creation returns it.

A pool keeps each part of its experiences in a Parameter whose first axis has `capacity` places. Two kinds: a reservoir
holds an even sample of all that was ever put into it; in the other one an experience has a priority, by which it is
drawn. Compiled functions change pools in the order of the program.
"""
from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import as_tensor
from mindspore.ops.arithmetic import div, floor_mod, pow
from mindspore.ops.choosing import where
from mindspore.ops.comparison import less
from mindspore.ops.creation import arange
from mindspore.ops.host import Assert
from mindspore.ops.indexing import gather, searchsorted, tensor_scatter_elements
from mindspore.ops.primitive import Primitive
from mindspore.ops.reduction import cumsum
from mindspore.ops.replay import _parts, _positive
from mindspore.ops.shapes import reshape
from mindspore.ops.state import assign

__all__ = ["PriorityReplayBufferCreate", "PriorityReplayBufferDestroy", "PriorityReplayBufferPush",
           "PriorityReplayBufferSample", "PriorityReplayBufferUpdate", "ReservoirReplayBufferCreate",
           "ReservoirReplayBufferDestroy", "ReservoirReplayBufferPush", "ReservoirReplayBufferSample"]

_LEAST = 1e-7  # the priority of an experience that was given none above 0
_numbers = itertools.count()


class _Pool:
    """The places, how often something was put into them, and random numbers."""

    def __init__(self, capacity: int, shapes: list[tuple], dtypes: list[DType], seeds: tuple[int, int]):
        from mindspore.ops.operations import UniformReal  # made of this package's modules
        self.capacity, self.shapes, self.dtypes = capacity, shapes, dtypes
        self.parts = [Parameter(Tensor(np.zeros((capacity, *shape)), dtype), name=f"part{k}", requires_grad=False)
                      for k, (shape, dtype) in enumerate(zip(self.shapes, self.dtypes))]
        self.total = Parameter(Tensor(0, mstype.int32), name="total", requires_grad=False)
        self.uniform = UniformReal(*seeds)

    def size(self) -> Tensor:
        """How many experiences there are."""
        return where(less(self.total, self.capacity), self.total, self.capacity)

    def put(self, name: str, transition: Sequence, place: Tensor, is_kept: Any = True) -> None:
        """One experience at a place, if it is kept."""
        parts = [as_tensor(name, part, "transition") for part in transition]
        found = [(tuple(part.shape), part.dtype) for part in parts]
        wanted = list(zip(self.shapes, self.dtypes))
        if found != wanted:
            raise ValueError(f"{name}: the experience has parts of {found}; expected {wanted}")
        for kept, part in zip(self.parts, parts):
            new = reshape(part, (1, *part.shape))
            if is_kept is not True:
                new = where(is_kept, new, gather(kept, reshape(place, (1,)), 0))
            index = reshape(place, (1,) * new.ndim) + Tensor(np.zeros(new.shape), mstype.int32)
            assign(kept, tensor_scatter_elements(kept, index, new, 0))
        assign(self.total, self.total + 1)

    def drawn(self, name: str, places: Tensor) -> tuple[Tensor, ...]:
        """The experiences at places."""
        Assert()(less(0, self.total), (self.total,))
        return tuple([gather(part, places, 0) for part in self.parts])


class _Priorities(_Pool):
    """A pool whose experiences have priorities, the oldest of which are replaced."""

    def __init__(self, capacity: int, alpha: float, *rest: Any):
        super().__init__(capacity, *rest)
        self.alpha = alpha
        self.weights = Parameter(Tensor(np.zeros(capacity), mstype.float32), name="weights", requires_grad=False)
        self.largest = Parameter(Tensor(1.0, mstype.float32), name="largest", requires_grad=False)

    def set_weights(self, places: Tensor, priorities: Tensor) -> None:
        """Give the experiences at places their priorities, to the power of alpha."""
        weights = pow(priorities, self.alpha)
        weights = where(less(0.0, weights), weights, _LEAST)
        assign(self.weights, tensor_scatter_elements(self.weights, places, weights, 0))


_pools: dict[int, _Pool] = {}


class _Create(Primitive):
    """Checks what a pool is made of. Called without arguments; returns the pool's number, Int64 of shape (1,)."""

    def __init__(self, capacity: int, shapes: Sequence, dtypes: Sequence, seed0: int, seed1: int):
        name = type(self).__name__
        super().__init__(name)
        self.capacity = _positive(name, "capacity", capacity)
        for what, value in (("shapes", shapes), ("dtypes", dtypes)):
            if not isinstance(value, (list, tuple)):
                raise TypeError(f"{name}: {what} must be a list or tuple, but got {type(value).__name__}")
        for what, seed in (("seed0", seed0), ("seed1", seed1)):
            if isinstance(seed, bool) or not isinstance(seed, int):
                raise TypeError(f"{name}: {what} must be an int, but got {type(seed).__name__}")
            if seed < 0:
                raise ValueError(f"{name}: {what} must not be negative, but got {seed}")
        self.rest = (*_parts(name, shapes, dtypes), (seed0, seed1))

    def pool(self) -> _Pool:
        """A new pool."""
        return _Pool(self.capacity, *self.rest)

    def __call__(self) -> Tensor:
        number = next(_numbers)
        _pools[number] = self.pool()
        return Tensor([number], mstype.int64)


class _OnPool(Primitive):
    """What is called on a pool that exists. handle: its number."""

    kind: type[_Pool] = _Pool

    def __init__(self, handle: int):
        name = type(self).__name__
        super().__init__(name)
        if isinstance(handle, bool) or not isinstance(handle, int):
            raise TypeError(f"{name}: handle must be an int, but got {type(handle).__name__}")
        self.handle = handle

    @property
    def pool(self) -> Any:
        found = _pools.get(self.handle)
        if type(found) is not self.kind:
            raise TypeError(f"{self.name}: {self.handle} is no pool of this kind; give it what "
                            f"{self.name.partition('Buffer')[0]}BufferCreate has returned, before it is destroyed")
        return found

    def number(self) -> Tensor:
        """The pool's number, Int64 of shape (1,)."""
        return Tensor([self.handle], mstype.int64)


class _Sample(_OnPool):
    """What draws a batch. shapes, dtypes: those that the pool was made with; ValueError for others."""

    def __init__(self, handle: int, batch_size: int, shapes: Sequence, dtypes: Sequence):
        super().__init__(handle)
        self.batch_size = _positive(self.name, "batch_size", batch_size)
        pool = self.pool
        if [tuple(shape) for shape in shapes] != pool.shapes or list(dtypes) != pool.dtypes:
            raise ValueError(f"{self.name}: the parts have shapes {list(shapes)} and dtypes {list(dtypes)}; those of "
                             f"the pool have {pool.shapes} and {pool.dtypes}")


class _Destroy(_OnPool):
    """Frees a pool. Called without arguments; returns its number."""

    def __call__(self) -> Tensor:
        _pools.pop(self.handle, self.pool)  # asked for first, so that it is there
        return self.number()


def _transition(given: tuple) -> Sequence:
    """The parts of an experience, which may be given as one tuple."""
    return given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given


class ReservoirReplayBufferCreate(_Create):
    """Makes a reservoir: a pool in which, once it is full, each experience that was ever put in lies with the same
    probability (Vitter, "Random sampling with a reservoir", 1985, algorithm R).

    Args:
        capacity: how many experiences it holds. shapes, dtypes: of the parts of one. seed0, seed1: of the random
            numbers; zeros for those that `mindspore.set_seed` rules.
    """

    def __init__(self, capacity: int, shapes: Sequence, dtypes: Sequence, seed0: int = 0, seed1: int = 0):
        super().__init__(capacity, shapes, dtypes, seed0, seed1)


class ReservoirReplayBufferPush(_OnPool):
    """Puts an experience, given as its parts, into a reservoir. Returns the reservoir's number."""

    def __call__(self, *transition: Any) -> Tensor:
        pool = self.pool
        drawn = (reshape(pool.uniform((1,)), ()) * (pool.total + 1)).astype(mstype.int32)
        is_free = less(pool.total, pool.capacity)
        place = where(is_free, pool.total, where(less(drawn, pool.capacity), drawn, 0))
        pool.put(self.name, _transition(transition), place, is_free.logical_or(less(drawn, pool.capacity)))
        return self.number()


class ReservoirReplayBufferSample(_Sample):
    """Draws a batch from a reservoir, each experience with the same probability, some perhaps more than once. Returns
    the parts, each with the batch as first axis; RuntimeError at run time where the reservoir is empty."""

    def __call__(self) -> tuple[Tensor, ...]:
        pool, size = self.pool, self.pool.size()
        places = (pool.uniform((self.batch_size,)) * size).astype(mstype.int32)
        return pool.drawn(self.name, where(less(places, size), places, size - 1))


class ReservoirReplayBufferDestroy(_Destroy):
    """Frees a reservoir."""


class PriorityReplayBufferCreate(_Create):
    """Makes a pool from which experiences are drawn by priority (Schaul et al., "Prioritized Experience Replay", 2016,
    the proportional variant). A full one loses the oldest.

    Args:
        capacity: how many experiences it holds. alpha: from 0 to 1, the power of a priority that counts. shapes,
            dtypes: of the parts of an experience. seed0, seed1: of the random numbers; zeros for those that
            `mindspore.set_seed` rules.
    """

    def __init__(self, capacity: int, alpha: float, shapes: Sequence, dtypes: Sequence, seed0: int = 0, seed1: int = 0):
        super().__init__(capacity, shapes, dtypes, seed0, seed1)
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
            raise TypeError(f"{self.name}: alpha must be a number, but got {type(alpha).__name__}")
        if not 0 <= alpha <= 1:
            raise ValueError(f"{self.name}: alpha must be from 0 to 1, but got {alpha}")
        self.alpha = float(alpha)

    def pool(self) -> _Pool:
        return _Priorities(self.capacity, self.alpha, *self.rest)


class PriorityReplayBufferPush(_OnPool):
    """Puts an experience, given as its parts, into the pool, with the largest priority so far. Returns the pool's
    number."""

    kind = _Priorities

    def __call__(self, *transition: Any) -> Tensor:
        pool = self.pool
        place = reshape(floor_mod(pool.total, pool.capacity), (1,))
        pool.put(self.name, _transition(transition), place)
        pool.set_weights(place, reshape(pool.largest, (1,)))
        return self.number()


class PriorityReplayBufferSample(_Sample):
    """Draws a batch by priority: one experience from each of `batch_size` equal parts of the sum of all priorities.

    Called with beta, from 0 to 1: how much the weights make up for the uneven probabilities. Returns the places of the
    experiences (Int64), their weights (Float32), of which the largest possible is 1, and the parts, each with the batch
    as first axis; RuntimeError at run time where the pool is empty.
    """

    kind = _Priorities

    def __call__(self, beta: Any) -> tuple[Tensor, ...]:
        pool, size = self.pool, self.pool.size()
        sums = cumsum(pool.weights.astype(mstype.float64), 0)
        segments = arange(self.batch_size, dtype=mstype.float64) + pool.uniform((self.batch_size,))
        places = searchsorted(sums, segments * (sums[-1] / self.batch_size)).astype(mstype.int64)
        places = where(less(places, size), places, (size - 1).astype(mstype.int64))
        least = where(less(0.0, pool.weights), pool.weights, float("inf")).min()
        weights = pow(div(gather(pool.weights, places, 0), least), -beta)
        return (places, weights, *pool.drawn(self.name, places))


class PriorityReplayBufferUpdate(_OnPool):
    """Gives experiences of the pool, by their places, other priorities (Float32). Returns the pool's number."""

    kind = _Priorities

    def __call__(self, indices: Tensor, priorities: Tensor) -> Tensor:
        pool = self.pool
        pool.set_weights(indices, priorities)
        largest = priorities.max()
        assign(pool.largest, where(less(pool.largest, largest), largest, pool.largest))
        return self.number()


class PriorityReplayBufferDestroy(_Destroy):
    """Frees a pool with priorities."""

    kind = _Priorities
