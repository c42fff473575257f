"""Collective operators that return their results. A result beside a handle is `(result, handle)`, where the handle is
None unless `async_op` is true."""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.communication.collectives import (
    CommHandle,
    concatenated,
    exchanged,
    kept,
    need_others,
    reduced,
    split_sizes,
)
from mindspore.communication.groups import HCCL_WORLD_COMM_GROUP, members_of

__all__ = ["all_reduce", "all_gather_into_tensor", "all_to_all_with_output_shape",
           "all_to_all_single_with_output_shape", "barrier", "broadcast", "gather_into_tensor", "isend", "irecv",
           "reduce_scatter_tensor", "reduce",
           "scatter_tensor", "send", "recv", "P2POp", "batch_isend_irecv", "all_to_all_v_c"]


def _handle(async_op: bool) -> CommHandle | None:
    return CommHandle() if async_op else None


def all_reduce(tensor, op="sum", group=HCCL_WORLD_COMM_GROUP, async_op=False):
    """`(result, handle)`: the tensors of all processes reduced by op: sum, max, min, prod or avg."""
    return reduced("all_reduce", tensor, op, group), _handle(async_op)


def all_gather_into_tensor(tensor, group=HCCL_WORLD_COMM_GROUP, async_op=False):
    """`(result, handle)`: the tensors of all processes joined along the first axis."""
    return concatenated("all_gather_into_tensor", tensor, group), _handle(async_op)


def reduce_scatter_tensor(tensor, op="sum", group=HCCL_WORLD_COMM_GROUP, async_op=False):
    """`(result, handle)`: this process's part, along the first axis, of the reduced tensors."""
    concatenated("reduce_scatter_tensor", tensor, group)
    return reduced("reduce_scatter_tensor", tensor, op, group), _handle(async_op)


def all_to_all_with_output_shape(output_shape_list, input_tensor_list, group=None, async_op=False):
    """`(results, handle)`: what each process sends to this one. A shape of the list may be a tensor of that shape."""
    sent = exchanged("all_to_all_with_output_shape", input_tensor_list, group)
    for shape, tensor in zip(output_shape_list, sent, strict=True):
        _check_shape("all_to_all_with_output_shape", shape, tensor)
    return tuple(sent), _handle(async_op)


def all_to_all_single_with_output_shape(output_shape, tensor, output_split_sizes=None, input_split_sizes=None,
                                        group=None, async_op=False):
    """`(result, handle)`: a tensor's parts along the first axis are exchanged and joined."""
    found = concatenated("all_to_all_single_with_output_shape", tensor, group)
    for name, sizes in (("output_split_sizes", output_split_sizes), ("input_split_sizes", input_split_sizes)):
        split_sizes("all_to_all_single_with_output_shape", name, sizes or None, found, group)
    _check_shape("all_to_all_single_with_output_shape", output_shape, found)
    return found, _handle(async_op)


def all_to_all_v_c(output, input, send_count_matrix, group=None, async_op=False):
    """Exchange as many elements as a matrix of counts says, into `output`; the handle."""
    count = len(members_of(group, "all_to_all_v_c"))
    if len(send_count_matrix) != count * count or sum(map(int, send_count_matrix)) != input.size:
        raise ValueError(f"all_to_all_v_c: send_count_matrix must be {count * count} numbers that sum to {input.size}, "
                         f"the elements of input, but got {send_count_matrix}")
    output.copy_(kept("all_to_all_v_c", input, group).reshape(output.shape))
    return _handle(async_op)


def barrier(group=HCCL_WORLD_COMM_GROUP):
    """Wait until all processes of the group are here."""
    members_of(group, "barrier")


def broadcast(tensor, src=0, group=HCCL_WORLD_COMM_GROUP):
    """The tensor of process `src`, its rank in the world."""
    return kept("broadcast", tensor, group, src)


def gather_into_tensor(tensor, dst=0, group=HCCL_WORLD_COMM_GROUP):
    """The tensors of all processes joined along the first axis, in process `dst`."""
    kept("gather_into_tensor", tensor, group, dst)
    return concatenated("gather_into_tensor", tensor, group)


def scatter_tensor(tensor, src=0, group=HCCL_WORLD_COMM_GROUP):
    """This process's part, along the first axis, of the tensor of process `src`."""
    kept("scatter_tensor", tensor, group, src)
    return concatenated("scatter_tensor", tensor, group)


def reduce(tensor, dst, op="sum", group=HCCL_WORLD_COMM_GROUP):
    """The tensors of all processes reduced by op, in process `dst`."""
    return reduced("reduce", tensor, op, group, dst)


def send(tensor, dst=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """Send a tensor to another process."""
    kept("send", tensor, group, dst)
    need_others("send")


def recv(tensor, src=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """A tensor like this one from another process."""
    kept("recv", tensor, group, src)
    need_others("recv")


def isend(tensor, dst=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """Send a tensor to another process without waiting; the handle."""
    kept("isend", tensor, group, dst)
    need_others("isend")


def irecv(tensor, src=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """`(result, handle)`: a tensor like this one from another process, without waiting."""
    kept("irecv", tensor, group, src)
    need_others("irecv")


class P2POp:
    """One sending or receiving for `batch_isend_irecv`: `isend` or `irecv`, the tensor, and the other process."""

    def __init__(self, op: Any, tensor: Tensor, peer: int, group: str | None = None, tag: int = 0,
                 recv_dtype: Any = None):
        if op not in ("isend", "irecv", isend, irecv):
            raise TypeError(f"P2POp: op must be isend or irecv, but got {op!r}")
        self.op = op if isinstance(op, str) else op.__name__
        self.tensor, self.peer, self.group, self.tag, self.recv_dtype = tensor, peer, group, tag, recv_dtype


def batch_isend_irecv(p2p_op_list):
    """Send and receive what a list of `P2POp` says."""
    if not isinstance(p2p_op_list, list) or not all(isinstance(each, P2POp) for each in p2p_op_list):
        raise TypeError("batch_isend_irecv: p2p_op_list must be a list of P2POp")
    if p2p_op_list:
        need_others("batch_isend_irecv")
    return []


def _check_shape(what: str, shape: Any, tensor: Tensor) -> None:
    wanted = tuple(getattr(shape, "shape", shape))
    if wanted != tensor.shape:
        raise ValueError(f"{what}: the result has shape {tensor.shape} in one process, but the shape given is {wanted}")
