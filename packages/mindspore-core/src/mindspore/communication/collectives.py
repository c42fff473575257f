"""What collective operators give in a group: the part that their several interfaces share.

In a group of one process, a sum over processes is the operand, what all gather is what one has, and a part of one is
the whole. Operands and groups are checked as they would be among many.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from mindspore.common.tensor import Tensor
from mindspore.communication.groups import members_of

__all__ = ["CommHandle", "P2POp", "batch_isend_irecv", "concatenated", "exchanged", "kept", "need_others", "reduced",
           "split_sizes", "to_another"]

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


def to_another(what: str, tensor: Any, group: str | None, rank: int) -> NoReturn:
    """Send to, or receive from, another process: refused as `need_others` does, after its checks."""
    kept(what, tensor, group, rank)
    need_others(what)


class P2POp:
    """One sending or receiving for `batch_isend_irecv`: `isend` or `irecv`, the tensor, and the other process."""

    def __init__(self, op: Any, tensor: Tensor, peer: int, group: str | None = None, tag: int = 0,
                 recv_dtype: Any = None):
        self.op = getattr(op, "__name__", op)
        if self.op not in ("isend", "irecv"):
            raise TypeError(f"P2POp: op must be isend or irecv, but got {op!r}")
        self.tensor, self.peer, self.group, self.tag, self.recv_dtype = tensor, peer, group, tag, recv_dtype


def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[CommHandle]:
    """Send and receive what a list of `P2POp` says; the handles."""
    if not isinstance(p2p_op_list, list) or not all(isinstance(each, P2POp) for each in p2p_op_list):
        raise TypeError("batch_isend_irecv: p2p_op_list must be a list of P2POp")
    if p2p_op_list:
        need_others("batch_isend_irecv")
    return []
