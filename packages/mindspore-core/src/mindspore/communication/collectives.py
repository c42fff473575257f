"""What collective operators give in a group: the part that their several interfaces share.

In a group of one process, a sum over processes is the operand, what all gather is what one has, and a part of one is
the whole. Operands and groups are checked as they would be among many.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from mindspore.common.tensor import Tensor
from mindspore.communication.groups import members_of

__all__ = ["CommHandle", "concatenated", "exchanged", "kept", "need_others", "reduced", "split_sizes"]

REDUCTIONS = ("sum", "max", "min", "prod", "avg")


class CommHandle:
    """The end of an operator that was started without waiting; here it has come already."""

    def wait(self) -> None:
        """Wait for the end."""

    def is_completed(self) -> bool:
        """Whether the end has come."""
        return True


def _tensor(what: str, name: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(f"{what}: {name} must be a Tensor, but got {value!r} of type {type(value).__name__}")
    return value


def kept(what: str, tensor: Any, group: str | None, root: int | None = None) -> Tensor:
    """The operand of a process that keeps what it has. ValueError if `root` is no rank of the group."""
    members = members_of(group, what)
    if root is not None:
        if not isinstance(root, int) or isinstance(root, bool):
            raise TypeError(f"{what}: a rank is an int, but got {root!r} of type {type(root).__name__}")
        if root not in members:
            raise ValueError(f"{what}: rank {root} is not in the group, whose ranks are {members}; others need "
                             f"mindspore-parallel")
    return _tensor(what, "tensor", tensor)


def reduced(what: str, tensor: Any, op: str, group: str | None, root: int | None = None) -> Tensor:
    """The operand reduced over the processes of a group by one of `REDUCTIONS`."""
    if op not in REDUCTIONS:
        raise ValueError(f"{what}: op must be one of {', '.join(REDUCTIONS)}, but got {op!r}")
    return kept(what, tensor, group, root)


def split_sizes(what: str, name: str, sizes: Any, tensor: Tensor, group: str | None) -> None:
    """ValueError unless the sizes, None for equal ones, split the tensor's first axis among the group."""
    count, rows = len(members_of(group, what)), tensor.shape[0] if tensor.ndim else 0
    if sizes is not None and (len(sizes) != count or sum(map(int, sizes)) != rows):
        raise ValueError(f"{what}: {name} must be {count} numbers that sum to {rows}, its rows, but got {sizes}")


def concatenated(what: str, tensor: Any, group: str | None) -> Tensor:
    """The operands of all processes along the first axis, which exists. ValueError for a scalar."""
    found = kept(what, tensor, group)
    if found.ndim == 0:
        raise ValueError(f"{what}: the tensor must have at least one axis, to be joined along, but is a scalar")
    return found


def exchanged(what: str, tensors: Any, group: str | None) -> list[Tensor]:
    """What a process gets where each sends its k-th tensor to the k-th."""
    count = len(members_of(group, what))
    if not isinstance(tensors, Sequence) or len(tensors) != count:
        size = len(tensors) if isinstance(tensors, Sequence) else type(tensors).__name__
        raise ValueError(f"{what}: expected a list of {count} tensors, one for each process, but got {size}")
    return [_tensor(what, "each item", each) for each in tensors]


def need_others(what: str) -> NoReturn:
    """RuntimeError: the operator has no meaning in one process."""
    raise RuntimeError(f"{what}: a process does not send to itself, and core alone knows one process; several need "
                       f"mindspore-parallel")
