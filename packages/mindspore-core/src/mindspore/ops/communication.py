"""Collective operators as classes: what each computes in a group; see `mindspore.communication`."""
from __future__ import annotations

from math import prod

from mindspore.communication import collectives
from mindspore.communication.groups import HCCL_WORLD_COMM_GROUP, get_group_size, members_of

__all__ = ["ReduceOp", "all_gather", "all_reduce", "all_to_all", "all_to_all_v", "barrier", "broadcast", "gather",
           "reduce", "reduce_scatter", "scatter"]

WORLD = HCCL_WORLD_COMM_GROUP


class ReduceOp:
    """The names of the ways to reduce."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    PROD = "prod"


def all_reduce(input_x, op="sum", group=WORLD):
    """The tensors of all processes reduced by op."""
    return collectives.reduced("AllReduce", input_x, op, group)


def all_gather(input_x, group=WORLD):
    """The tensors of all processes joined along the first axis."""
    return collectives.concatenated("AllGather", input_x, group)


def all_gather_v(input_x, output_split_sizes, group=WORLD):
    """The tensors of all processes, of unlike lengths, joined."""
    found = collectives.concatenated("AllGatherV", input_x, group)
    collectives.split_sizes("AllGatherV", "output_split_sizes", output_split_sizes, found, group)
    return found


def reduce_scatter(input_x, op="sum", group=WORLD):
    """This process's part, along the first axis, of the reduced tensors."""
    collectives.concatenated("ReduceScatter", input_x, group)
    return collectives.reduced("ReduceScatter", input_x, op, group)


def reduce_scatter_v(input_x, input_split_sizes, op="sum", group=WORLD):
    """This process's part, of its own length, of the reduced tensors."""
    collectives.split_sizes("ReduceScatterV", "input_split_sizes", input_split_sizes, input_x, group)
    return collectives.reduced("ReduceScatterV", input_x, op, group)


def reduce(input_x, dest_rank, op="sum", group=WORLD):
    """The tensors of all processes reduced by op, in process dest_rank."""
    return collectives.reduced("Reduce", input_x, op, group, dest_rank)


def broadcast(input_x, root_rank, group=WORLD):
    """A tuple of the tensors, as process root_rank has them."""
    return tuple([collectives.kept("Broadcast", each, group, root_rank) for each in input_x])


def gather(input_x, dest_rank, group=WORLD):
    """The tensors of all processes joined along the first axis, in process dest_rank."""
    collectives.kept("CollectiveGather", input_x, group, dest_rank)
    return collectives.concatenated("CollectiveGather", input_x, group)


def scatter(input_x, src_rank=0, group=WORLD):
    """This process's part, along the first axis, of the tensor of process src_rank."""
    collectives.kept("CollectiveScatter", input_x, group, src_rank)
    return collectives.concatenated("CollectiveScatter", input_x, group)


def barrier(group=WORLD):
    """Wait until all processes of the group are here."""
    members_of(group, "Barrier")


def all_to_all(input_x, split_count, split_dim, concat_dim, group=WORLD):
    """The parts of the tensors along split_dim exchanged among the processes and joined along concat_dim."""
    found, size = collectives.kept("AlltoAll", input_x, group), get_group_size(group)
    if split_count != size:
        raise ValueError(f"AlltoAll: split_count must be the number of processes in the group, {size}, but got "
                         f"{split_count}")
    for name, axis in (("split_dim", split_dim), ("concat_dim", concat_dim)):
        if not 0 <= axis < found.ndim:
            raise ValueError(f"AlltoAll: {name} must be an axis of the tensor of shape {found.shape}, but got {axis}")
    return found


def all_to_all_v(input_x, send_numel_list, recv_numel_list, group=WORLD, block_size=1):
    """As many elements as the lists say exchanged among the processes."""
    found = collectives.kept("AlltoAllV", input_x, group).reshape(-1)
    for name, counts in (("send_numel_list", send_numel_list), ("recv_numel_list", recv_numel_list)):
        if [int(count) * block_size for count in counts] != [prod(found.shape)]:
            raise ValueError(f"AlltoAllV: {name} must be [{prod(found.shape) // block_size}], the elements of the "
                             f"operand for the only process, but got {counts}")
    return found
