"""Collective operators that return their results. A result beside a handle is `(result, handle)`, where the handle is
None unless `async_op` is true."""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.communication.collectives import (
    CommHandle,
    P2POp,
    batch_isend_irecv,
    concatenated,
    exchanged,
    kept,
    reduced,
    split_sizes,
    to_another,
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
    to_another("send", tensor, group, dst)


def recv(tensor, src=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """A tensor like this one from another process."""
    to_another("recv", tensor, group, src)


def isend(tensor, dst=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """Send a tensor to another process without waiting; the handle."""
    to_another("isend", tensor, group, dst)


def irecv(tensor, src=0, group=HCCL_WORLD_COMM_GROUP, tag=0):
    """`(result, handle)`: a tensor like this one from another process, without waiting."""
    to_another("irecv", tensor, group, src)


def _check_shape(what: str, shape: Any, tensor: Tensor) -> None:
    wanted = tuple(getattr(shape, "shape", shape))
    if wanted != tensor.shape:
        raise ValueError(f"{what}: the result has shape {tensor.shape} in one process, but the shape given is {wanted}")
