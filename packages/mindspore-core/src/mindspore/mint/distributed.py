"""Collective operators that write into the tensors that they are given, and groups of processes.

In one process (see `mindspore.communication`) each leaves what it would leave among several, and sending to another
process is a RuntimeError. An operator with `async_op` returns a handle to wait for, otherwise None.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.communication import groups
from mindspore.communication.collectives import (
    CommHandle,
    P2POp,
    batch_isend_irecv,
    concatenated,
    exchanged,
    kept,
    need_others,
    reduced,
    split_sizes,
    to_another,
)
from mindspore.module_paths import answer_below

__all__ = ["init_process_group", "destroy_process_group", "get_rank", "get_world_size", "new_group", "get_backend",
           "get_global_rank", "get_process_group_ranks", "get_group_rank", "all_reduce", "all_gather_into_tensor",
           "all_gather_into_tensor_uneven", "all_to_all", "all_to_all_single", "reduce_scatter_tensor",
           "reduce_scatter_tensor_uneven", "isend", "irecv", "send", "recv", "send_object_list", "recv_object_list",
           "gather", "scatter", "all_gather", "reduce_scatter", "barrier", "broadcast", "reduce", "P2POp",
           "batch_isend_irecv", "all_gather_object", "broadcast_object_list", "gather_object", "scatter_object_list",
           "is_available", "is_initialized"]
__path__: list[str] = []  # names below this one are in `mindspore.module_paths`


def _done(async_op: bool) -> CommHandle | None:
    return CommHandle() if async_op else None


def _write(what: str, target: Any, value: Tensor) -> None:
    """Write a result into the tensor that is to hold it. ValueError if it does not fit."""
    if not isinstance(target, Tensor):
        raise TypeError(f"{what}: a result is written into a Tensor, but got {target!r}, a {type(target).__name__}")
    if target.shape != value.shape or target.dtype != value.dtype:
        raise ValueError(f"{what}: a result of shape {value.shape} and dtype {value.dtype} does not fit a tensor of "
                         f"shape {target.shape} and dtype {target.dtype}")
    if target is not value:
        target.copy_(value)


def _write_each(what: str, targets: Any, values: list[Tensor], group: str | None) -> None:
    for target, value in zip(exchanged(what, targets, group), values):
        _write(what, target, value)


# -- groups ------------------------------------------------------------------------------------------------------------


def init_process_group(backend="hccl", init_method=None, timeout=None, world_size=-1, rank=-1, store=None,
                       group_name="", pg_options=None, device_id=None):
    """Begin to communicate; see `mindspore.communication.init`. ValueError for a world of more processes than this."""
    if world_size not in (-1, 1) or rank not in (-1, 0):
        raise ValueError(f"init_process_group: world_size is {world_size} and rank is {rank}, but core alone knows one "
                         f"process, of rank 0; several need mindspore-parallel")
    groups.init(backend)


def destroy_process_group(group=None):
    """Forget a group; None: all of them."""
    if group is None or group == groups.GlobalComm.WORLD_COMM_GROUP:
        groups.release()
    else:
        groups.destroy_group(group)


def new_group(ranks=None, timeout=None, backend=None, pg_options=None, use_local_synchronization=False,
              group_desc=None):
    """A group of processes with these ranks, None: all; its name."""
    ranks = [0] if ranks is None else list(ranks)
    name = f"{len(ranks)}_{'_'.join(map(str, ranks))}{f'_{group_desc}' if group_desc else ''}"
    if groups.is_group(name):
        return name
    groups.create_group(name, ranks)
    return name


def is_available():
    """Whether there are collective operators: always."""
    return True


def is_initialized():
    """Whether `init_process_group` was called."""
    return groups.is_initialized()


def get_backend(group=None):
    """The name of the library that a group communicates by."""
    groups.members_of(group, "get_backend")
    return groups.GlobalComm.BACKEND


def get_rank(group=None):
    """The rank of this process in a group."""
    return groups.members_of(group, "get_rank").index(0)


def get_world_size(group=None):
    """How many processes a group has."""
    return len(groups.members_of(group, "get_world_size"))


def get_process_group_ranks(group=None):
    """The ranks of a group's processes in the world."""
    return list(groups.members_of(group, "get_process_group_ranks"))


def get_global_rank(group, group_rank):
    """The rank in the world of the process with this rank in the group."""
    return groups.get_world_rank_from_group_rank(group, group_rank)


def get_group_rank(group, global_rank):
    """The rank in the group of the process with this rank in the world."""
    return groups.get_group_rank_from_world_rank(global_rank, group)


# -- tensors -----------------------------------------------------------------------------------------------------------


def all_reduce(tensor, op="sum", group=None, async_op=False):
    """Reduce the tensors of all processes by op, into each."""
    _write("all_reduce", tensor, reduced("all_reduce", tensor, op, group))
    return _done(async_op)


def reduce(tensor, dst, op="sum", group=None, async_op=False):
    """Reduce the tensors of all processes by op, into that of process dst."""
    _write("reduce", tensor, reduced("reduce", tensor, op, group, dst))
    return _done(async_op)


def broadcast(tensor, src, group=None, async_op=False):
    """Write the tensor of process src into that of each process."""
    _write("broadcast", tensor, kept("broadcast", tensor, group, src))
    return _done(async_op)


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """Join the tensors of all processes along the first axis."""
    _write("all_gather_into_tensor", output_tensor, concatenated("all_gather_into_tensor", input_tensor, group))
    return _done(async_op)


def all_gather_into_tensor_uneven(output, input, output_split_sizes=None, group=None, async_op=False):
    """Join the tensors of all processes, of as many rows as output_split_sizes says, along the first axis."""
    found = concatenated("all_gather_into_tensor_uneven", input, group)
    split_sizes("all_gather_into_tensor_uneven", "output_split_sizes", output_split_sizes, found, group)
    _write("all_gather_into_tensor_uneven", output, found)
    return _done(async_op)


def reduce_scatter_tensor(output, input, op="sum", group=None, async_op=False):
    """Reduce the tensors of all processes by op, and give each its part along the first axis."""
    concatenated("reduce_scatter_tensor", input, group)
    _write("reduce_scatter_tensor", output, reduced("reduce_scatter_tensor", input, op, group))
    return _done(async_op)


def reduce_scatter_tensor_uneven(output, input, input_split_sizes=None, op="sum", group=None, async_op=False):
    """Reduce the tensors of all processes by op, and give each as many rows as input_split_sizes says."""
    found = concatenated("reduce_scatter_tensor_uneven", input, group)
    split_sizes("reduce_scatter_tensor_uneven", "input_split_sizes", input_split_sizes, found, group)
    _write("reduce_scatter_tensor_uneven", output, reduced("reduce_scatter_tensor_uneven", input, op, group))
    return _done(async_op)


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """Send the k-th tensor of the list to process k, and write what each sends."""
    _write_each("all_to_all", output_tensor_list, exchanged("all_to_all", input_tensor_list, group), group)
    return _done(async_op)


def all_to_all_single(output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False):
    """Exchange the parts of a tensor along the first axis."""
    found = concatenated("all_to_all_single", input, group)
    split_sizes("all_to_all_single", "input_split_sizes", input_split_sizes, found, group)
    split_sizes("all_to_all_single", "output_split_sizes", output_split_sizes, found, group)
    _write("all_to_all_single", output, found)
    return _done(async_op)


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """Write the tensor of process k into the k-th of a list."""
    _write_each("all_gather", tensor_list, [kept("all_gather", tensor, group)], group)
    return _done(async_op)


def gather(tensor, gather_list, dst=0, group=None, async_op=False):
    """In process dst, write the tensor of process k into the k-th of a list."""
    _write_each("gather", gather_list, [kept("gather", tensor, group, dst)], group)
    return _done(async_op)


def scatter(tensor, scatter_list, src=0, group=None, async_op=False):
    """Write the k-th tensor of process src's list into the tensor of process k."""
    kept("scatter", tensor, group, src)
    _write("scatter", tensor, exchanged("scatter", scatter_list, group)[0])
    return _done(async_op)


def reduce_scatter(output, input_list, op="sum", group=None, async_op=False):
    """Reduce the k-th tensors of all processes by op, into that of process k."""
    _write("reduce_scatter", output, reduced("reduce_scatter", exchanged("reduce_scatter", input_list, group)[0], op,
                                             group))
    return _done(async_op)


def barrier(group=None, async_op=False, device_ids=None):
    """Wait until all processes of the group are here."""
    groups.members_of(group, "barrier")
    return _done(async_op)


# -- from one to another -----------------------------------------------------------------------------------------------


def send(tensor, dst=0, group=None, tag=0):
    """Send a tensor to another process."""
    to_another("send", tensor, group, dst)


def recv(tensor, src=0, group=None, tag=0):
    """Write into the tensor what another process sends."""
    to_another("recv", tensor, group, src)


def isend(tensor, dst=0, group=None, tag=0):
    """Send a tensor to another process without waiting; the handle."""
    to_another("isend", tensor, group, dst)


def irecv(tensor, src=0, group=None, tag=0):
    """Write into the tensor what another process sends, without waiting; the handle."""
    to_another("irecv", tensor, group, src)


# -- objects -----------------------------------------------------------------------------------------------------------


def _objects(what: str, name: str, objects: Any, group: str | None) -> None:
    count = len(groups.members_of(group, what))
    if not isinstance(objects, list) or len(objects) != count:
        raise ValueError(f"{what}: {name} must be a list of {count} items, one for each process, but got {objects!r}")


def all_gather_object(object_list, obj, group=None):
    """Put the object of process k in the k-th place of a list."""
    _objects("all_gather_object", "object_list", object_list, group)
    object_list[0] = obj


def gather_object(obj, object_gather_list=None, dst=0, group=None):
    """In process dst, put the object of process k in the k-th place of a list."""
    _objects("gather_object", "object_gather_list", object_gather_list, group)
    object_gather_list[0] = obj


def scatter_object_list(scatter_object_output_list, scatter_object_input_list, src=0, group=None):
    """Put the k-th object of process src's list in the first place of process k's list."""
    _objects("scatter_object_list", "scatter_object_input_list", scatter_object_input_list, group)
    if not isinstance(scatter_object_output_list, list) or not scatter_object_output_list:
        raise ValueError(f"scatter_object_list: scatter_object_output_list must be a list of at least one item, "
                         f"but got {scatter_object_output_list!r}")
    scatter_object_output_list[0] = scatter_object_input_list[0]


def broadcast_object_list(object_list, src=0, group=None, device=None):
    """Put process src's objects in the list of each process."""
    groups.get_group_rank_from_world_rank(src, groups.HCCL_WORLD_COMM_GROUP if group is None else group)


def send_object_list(object_list, dst, group=None, device=None):
    """Send objects to another process."""
    need_others("send_object_list")


def recv_object_list(object_list, src=0, group=None, device=None):
    """Put the objects that another process sends in a list."""
    need_others("recv_object_list")


answer_below(__name__)
