"""The collective functions of `mindspore.ops`: those of `mindspore.mint.distributed`, and three more of their kind."""
# ruff: noqa: F403
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.communication import comm_func
from mindspore.mint import distributed
from mindspore.mint.distributed import *

__all__ = ["all_to_all_v_c", "gather_into_tensor", "scatter_tensor"]
__all__ += distributed.__all__


def all_to_all_v_c(output: Tensor, input: Tensor, send_count_matrix: Any, group: str | None = None,
                   async_op: bool = False) -> Any:
    """Exchange as many elements as a matrix of counts says, into `output`."""
    handle = comm_func.all_to_all_v_c(output, input, send_count_matrix, group, async_op)
    return handle if async_op else None


def gather_into_tensor(output_tensor: Tensor, input_tensor: Tensor, dst: int = 0, group: str | None = None,
                       async_op: bool = False) -> Any:
    """In process dst, join the tensors of all processes along the first axis, into `output_tensor`."""
    distributed.kept("gather_into_tensor", input_tensor, group, dst)
    return distributed.all_gather_into_tensor(output_tensor, input_tensor, group, async_op)


def scatter_tensor(output_tensor: Tensor, input_tensor: Tensor, src: int = 0, group: str | None = None,
                   async_op: bool = False) -> Any:
    """Write this process's part, along the first axis, of the tensor of process src into `output_tensor`."""
    distributed.kept("scatter_tensor", input_tensor, group, src)
    return distributed.all_to_all_single(output_tensor, input_tensor, None, None, group, async_op)
