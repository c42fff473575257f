"""Operators of reinforcement learning: rings of experiences in Parameters, returns, and weights that are copied.

A ring is a list of Parameters, one for each part of an experience, whose first axis has `capacity` places, with two
int32 Parameters: `count`, how many experiences there are, and `head`, the place of the oldest. All of them are ordinary
Parameters: they are read, saved and loaded as such, and compiled functions change them in their order.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import as_tensor
from mindspore.ops.arithmetic import floor_mod
from mindspore.ops.choosing import where
from mindspore.ops.comparison import less
from mindspore.ops.creation import arange
from mindspore.ops.host import Assert
from mindspore.ops.indexing import gather, tensor_scatter_elements
from mindspore.ops.joining import stack
from mindspore.ops.primitive import Primitive
from mindspore.ops.shapes import broadcast_to, reshape
from mindspore.ops.sorting import argsort
from mindspore.ops.state import assign

__all__ = ["BatchAssign", "BufferAppend", "BufferGetItem", "BufferSample", "DiscountedReturn"]


def _positive(name: str, argument: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: {argument} must be an int, but got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name}: {argument} must be at least 1, but got {value}")
    return value


def _parts(name: str, shapes: Sequence, dtypes: Sequence) -> tuple[list[tuple], list[DType]]:
    """The shapes and dtypes of an experience's parts. ValueError if they do not fit each other."""
    found = [tuple(shape) for shape in shapes], list(dtypes)
    if not found[0] or len(found[0]) != len(found[1]) or not all(isinstance(dtype, DType) for dtype in found[1]):
        raise ValueError(f"{name}: the parts have shapes {found[0]} and dtypes {found[1]}; expected as many dtypes as "
                         f"shapes, and one at least")
    return found


class _Ring(Primitive):
    """What the operators on rings share: the places, the shapes and dtypes of the parts, and their check."""

    def __init__(self, capacity: int, shapes: Sequence, dtypes: Sequence):
        name = type(self).__name__
        super().__init__(name)
        self.capacity = _positive(name, "capacity", capacity)
        self.shapes, self.dtypes = _parts(name, shapes, dtypes)

    def _check(self, data: Sequence[Tensor]) -> None:
        found = [(tuple(part.shape), part.dtype) for part in data]
        wanted = [((self.capacity, *shape), dtype) for shape, dtype in zip(self.shapes, self.dtypes)]
        if found != wanted:
            raise ValueError(f"{self.name}: the ring has parts of {found}; expected {wanted}")


def _number(x: Tensor) -> Tensor:
    """An int32 of shape () or (1,) as one of shape ()."""
    return reshape(x, ())


class BufferAppend(_Ring):
    """Puts one experience, or a batch of them, into a ring; where that is full, the oldest are lost.

    Args:
        capacity: how many experiences the ring holds. buffer_shape, buffer_dtype: shapes and dtypes of the parts.

    Called with the ring's parts, those of the experience (each of the part's shape, or all with a batch axis before
    it), `count` and `head`. Returns `count`.
    """

    def __init__(self, capacity: int, buffer_shape: Sequence, buffer_dtype: Sequence):
        super().__init__(capacity, buffer_shape, buffer_dtype)

    def __call__(self, data: Sequence[Tensor], exp: Sequence[Any], count: Tensor, head: Tensor) -> Tensor:
        self._check(data)
        parts = [as_tensor("BufferAppend", part, "exp") for part in exp]
        batched = bool(parts) and parts[0].ndim == len(self.shapes[0]) + 1
        size = parts[0].shape[0] if batched else 1
        found = [(tuple(part.shape), part.dtype) for part in parts]
        wanted = [((size, *shape) if batched else shape, dtype) for shape, dtype in zip(self.shapes, self.dtypes)]
        if found != wanted or size > self.capacity:
            raise ValueError(f"BufferAppend: the experience has parts of {found}; expected {wanted}, or all of them "
                             f"with one batch axis of at most {self.capacity} before")
        number, first = _number(count), _number(head)
        places = floor_mod(first + number + arange(size, dtype=mstype.int32), self.capacity)
        for ring, part, shape in zip(data, parts, self.shapes):
            index = broadcast_to(reshape(places, (size, *(1,) * len(shape))), (size, *shape))
            assign(ring, tensor_scatter_elements(ring, index, reshape(part, (size, *shape)), 0))
        total = number + size
        full = less(self.capacity, total)
        assign(head, reshape(where(full, floor_mod(first + total - self.capacity, self.capacity), first), head.shape))
        assign(count, reshape(where(full, self.capacity, total), count.shape))
        return count


class BufferGetItem(_Ring):
    """One experience of a ring by its number, counted from the oldest, or from the end where it is negative.

    Args:
        capacity: how many experiences the ring holds. buffer_shape, buffer_dtype: shapes and dtypes of the parts.

    Called with the ring's parts, `count`, `head` and the number. Returns the parts as a tuple; RuntimeError at run time
    where there is no such experience.
    """

    def __init__(self, capacity: int, buffer_shape: Sequence, buffer_dtype: Sequence):
        super().__init__(capacity, buffer_shape, buffer_dtype)

    def __call__(self, data: Sequence[Tensor], count: Tensor, head: Tensor, index: Any) -> tuple[Tensor, ...]:
        self._check(data)
        number = _number(count)
        at = _number(as_tensor("BufferGetItem", index, "index")).astype(mstype.int32)
        at = where(less(at, 0), at + number, at)
        Assert()((at >= 0).logical_and(less(at, number)), (at, number))
        place = floor_mod(_number(head) + at, self.capacity)
        return tuple(gather(part, place, 0) for part in data)


class BufferSample(_Ring):
    """A batch of experiences, drawn from a ring.

    Args:
        capacity: how many experiences the ring holds. batch_size: how many are drawn. buffer_shape, buffer_dtype:
            shapes and dtypes of the parts. seed: of the random numbers; 0 for those that `mindspore.set_seed` rules.
        unique: whether no experience is drawn twice.

    Called with the ring's parts, `count` and `head`. Returns the parts as a tuple, each with the batch as first axis;
    RuntimeError at run time where there are fewer than `batch_size` experiences.
    """

    def __init__(self, capacity: int, batch_size: int, buffer_shape: Sequence, buffer_dtype: Sequence, seed: int = 0,
                 unique: bool = False):
        super().__init__(capacity, buffer_shape, buffer_dtype)
        self.batch_size, self.unique = _positive("BufferSample", "batch_size", batch_size), bool(unique)
        if self.batch_size > self.capacity:
            raise ValueError(f"BufferSample: batch_size is {batch_size}, more than the capacity of {capacity}")
        from mindspore.ops.operations import UniformReal  # made of this package's modules
        self.uniform = UniformReal(seed)

    def __call__(self, data: Sequence[Tensor], count: Tensor, head: Tensor) -> tuple[Tensor, ...]:
        self._check(data)
        number = _number(count)
        Assert()(number >= self.batch_size, (number,))
        if self.unique:
            drawn = where(less(arange(self.capacity, dtype=mstype.int32), number), self.uniform((self.capacity,)), 2.0)
            at = argsort(drawn)[:self.batch_size].astype(mstype.int32)
        else:
            at = (self.uniform((self.batch_size,)) * number).astype(mstype.int32)
            at = where(less(at, number), at, number - 1)
        places = floor_mod(_number(head) + at, self.capacity)
        return tuple(gather(part, places, 0) for part in data)


class DiscountedReturn(Primitive):
    """Returns of the steps of episodes: reward + gamma * the return of the next step, unless the episode ends there.

    Args:
        gamma: the discount.

    Called with the rewards (T, ...), whether the episode ended with the step, of that shape or (T,), and the value of
    the state after the last step, of the shape of one step.
    """

    def __init__(self, gamma: float):
        super().__init__("DiscountedReturn")
        if isinstance(gamma, bool) or not isinstance(gamma, (int, float)):
            raise TypeError(f"DiscountedReturn: gamma must be a number, but got {type(gamma).__name__}")
        self.gamma = float(gamma)

    def __call__(self, reward: Any, done: Any, last_state_value: Any) -> Tensor:
        rewards = as_tensor("DiscountedReturn", reward, "reward")
        ended = as_tensor("DiscountedReturn", done, "done")
        value = as_tensor("DiscountedReturn", last_state_value, "last_state_value")
        if not rewards.ndim or ended.shape not in (rewards.shape, rewards.shape[:1]) \
                or value.size != rewards[0].size:
            raise ValueError(f"DiscountedReturn: reward, done and last_state_value have shapes {rewards.shape}, "
                             f"{ended.shape} and {value.shape}; expected (T, ...), the same or (T,), and the shape of "
                             f"one step")
        following = reshape(value, rewards.shape[1:]).astype(rewards.dtype)
        goes_on = 1 - ended.astype(rewards.dtype)
        returns = []
        for step in range(rewards.shape[0] - 1, -1, -1):
            following = rewards[step] + self.gamma * following * goes_on[step]
            returns.append(following)
        return stack(returns[::-1])


class BatchAssign(Primitive):
    """Gives several Parameters the values of others, one by one. lock: accepted; compiled programs keep the order."""

    def __init__(self, lock: bool = True):
        super().__init__("BatchAssign")
        self.add_prim_attr("lock", lock)

    def __call__(self, dst: Sequence[Tensor], src: Sequence[Tensor]) -> None:
        found = [[(tuple(x.shape), x.dtype) for x in side] for side in (dst, src)]
        if found[0] != found[1]:
            raise ValueError(f"BatchAssign: the targets are {found[0]}, the sources {found[1]}; expected equal shapes "
                             f"and dtypes, one by one")
        for target, source in zip(dst, src):
            assign(target, source)
