"""Checkpoints of several devices in one: parameters are put together from the slices that each device has saved.

A strategy file (node_strategy.proto) has for each parameter a layout: the devices as a matrix, and for each axis of the
parameter the axis of that matrix over whose devices it is split, counted from the last one, or -1 where each device has
all of it. Rank r is the device at the r-th place of the matrix in row-major order. Where optimizer states are split,
too (`opt_weight_shard_step` > 0), a slice is cut once more along axis 0 over the ranks that are so many apart,
`opt_weight_shard_size` of them, or all where that is not above 0.
"""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from mindspore import context
from mindspore.formats.messages import message_classes
from mindspore.runtime.parallel_settings import ParallelPackageMissingError

__all__ = ["build_searched_strategy", "load_distributed_checkpoint", "merge_sliced_parameter",
           "restore_group_info_list"]

_TABLE = """
ParallelStrategy
  1 dim *uint32
ParallelStrategys
  1 stage !uint32
  2 parallel_strategy *ParallelStrategy
ParallelStrategyItem
  1 node_name !string
  2 parallel_strategys !ParallelStrategys
DevMatrix
  1 dim *uint32
TensorMap
  1 dim *int32
ParamSplitShape
  1 dim *int64
IndicesOffset
  1 dim *int64
ParallelLayouts
  1 dev_matrix *DevMatrix
  2 tensor_map *TensorMap
  3 param_split_shape *ParamSplitShape
  4 indices_offset *IndicesOffset
  5 field !int32
  6 opt_weight_shard_step !int32
  7 opt_weight_shard_size !int32
ParallelLayoutItem
  1 param_name !string
  2 parallel_layouts !ParallelLayouts
ParallelGroupRanks
  1 dim *uint32
ParallelGroupItem
  1 group_name !string
  2 parallel_group_ranks !ParallelGroupRanks
ParallelGroupMap
  1 parallel_group_item *ParallelGroupItem
  2 ckpt_restore_rank_list !ParallelGroupRanks
ParallelStrategyMap
  1 current_stage !uint32
  2 parallel_strategy_item *ParallelStrategyItem
  3 parallel_layout_item *ParallelLayoutItem
"""


@cache
def messages() -> dict[str, Any]:
    """The classes of the messages, by name."""
    return message_classes("mindspore.straspb", _TABLE)


def _read(function: str, path: Any, name: str) -> Any:
    """The message in a file.

    Raises:
        TypeError: the path is no str. ValueError: there is no such file, it is empty, or it is another kind of file.
    """
    if not isinstance(path, str):
        raise TypeError(f"For '{function}', the file's name must be a str, but got {path!r} of type "
                        f"{type(path).__name__}.")
    if not os.path.isfile(path) or not os.path.getsize(path):
        raise ValueError(f"For '{function}', the file {path!r} does not exist or is empty.")
    from google.protobuf.message import DecodeError
    try:
        with open(path, "rb") as file:
            return messages()[name].FromString(file.read())
    except DecodeError as error:
        raise ValueError(f"For '{function}', the file {path!r} is no {name} message: {error}.") from error


def build_searched_strategy(strategy_filename: str) -> dict[str, Any]:
    """How parameters are split, from a strategy file: the layout of each, a `ParallelLayouts` message, by its name.

    Raises:
        TypeError: the name is no str. ValueError: there is no such file, or it has no layouts.
    """
    items = _read("build_searched_strategy", strategy_filename, "ParallelStrategyMap").parallel_layout_item
    if not items:
        raise ValueError(f"For 'build_searched_strategy', the file {strategy_filename!r} has no layout of a parameter.")
    return {item.param_name: item.parallel_layouts for item in items}


def restore_group_info_list(group_info_file_name: str) -> list[int]:
    """The ranks whose checkpoints are the same as that of the rank that has saved the file of groups.

    Raises:
        TypeError: the name is no str. ValueError: there is no such file, or it has no ranks.
    """
    ranks = _read("restore_group_info_list", group_info_file_name, "ParallelGroupMap").ckpt_restore_rank_list.dim
    if not ranks:
        raise ValueError(f"For 'restore_group_info_list', the file {group_info_file_name!r} has no ranks.")
    return list(ranks)


# -- slices ------------------------------------------------------------------------------------------------------------


def merge_sliced_parameter(sliced_parameters: list, strategy: Mapping | None = None) -> Any:
    """A parameter from its slices.

    Args:
        sliced_parameters: Parameters of one name, one for each rank, in this order.
        strategy: the layouts (see `build_searched_strategy`); None: the slices lie along axis 0.

    Raises:
        TypeError: no list of Parameters, no dict. KeyError: the strategy does not have the parameter.
        ValueError: no slices, of other names, or of shapes and in a number that the layout does not allow.
    """
    from mindspore.common.parameter import Parameter
    from mindspore.common.tensor import Tensor
    if not isinstance(sliced_parameters, list) or not all(isinstance(p, Parameter) for p in sliced_parameters):
        raise TypeError("For 'merge_sliced_parameter', the 'sliced_parameters' must be a list of Parameters.")
    if strategy is not None and not isinstance(strategy, dict):
        raise TypeError(f"For 'merge_sliced_parameter', the 'strategy' must be a dict, but got "
                        f"{type(strategy).__name__}.")
    if not sliced_parameters:
        raise ValueError("For 'merge_sliced_parameter', the 'sliced_parameters' must not be empty.")
    first = sliced_parameters[0]
    for param in sliced_parameters:
        if param.name != first.name or param.ndim != first.ndim:
            raise ValueError(f"For 'merge_sliced_parameter', the slices must be of one parameter and have as many "
                             f"axes, but got {first.name!r} of shape {first.shape} and {param.name!r} of shape "
                             f"{param.shape}.")
    if strategy and first.name not in strategy:
        raise KeyError(f"For 'merge_sliced_parameter', the 'strategy' has no parameter {first.name!r}.")
    parts = [param.asnumpy() for param in sliced_parameters]
    whole = _merged(first.name, parts, strategy[first.name]) if strategy else _joined(first.name, parts, 0)
    return Parameter(Tensor(whole, first.dtype), name=first.name, requires_grad=first.requires_grad,
                     layerwise_parallel=first.layerwise_parallel)


def _joined(name: str, parts: Sequence[np.ndarray], axis: int) -> np.ndarray:
    try:
        return np.concatenate(parts, axis)
    except ValueError as error:
        raise ValueError(f"the slices of {name!r} do not fit along axis {axis}: {error}") from error


def _merged(name: str, parts: list[np.ndarray], layout: Any) -> np.ndarray:
    """The whole of the slices of all ranks."""
    if not layout.dev_matrix or not layout.tensor_map:
        raise ValueError(f"the layout of {name!r} has no matrix of devices or no map of axes")
    matrix, axes = list(layout.dev_matrix[0].dim), list(layout.tensor_map[0].dim)
    if layout.field > 0:
        raise ValueError(f"the layout of {name!r} has fields ({layout.field}), which are put together by the package "
                         f"that has split them only")
    count = int(np.prod(matrix))
    if len(parts) != count:
        raise ValueError(f"the layout of {name!r} has {count} devices, but there are {len(parts)} slices")
    if len(axes) != parts[0].ndim or not all(-1 <= axis < len(matrix) for axis in axes):
        raise ValueError(f"the layout of {name!r} maps the axes {axes} to {len(matrix)} axes of devices, but the "
                         f"parameter has {parts[0].ndim} axes")
    split = [1 if axis < 0 else matrix[-1 - axis] for axis in axes]
    grid = np.empty(split, object)
    for rank, part in enumerate(parts):
        place = np.unravel_index(rank, matrix)
        grid[tuple([0 if axis < 0 else int(place[-1 - axis]) for axis in axes])] = part
    _check_sizes(name, grid, layout)
    for axis in range(len(split) - 1, -1, -1):
        outer = np.empty(split[:axis], object)
        for place in np.ndindex(*split[:axis]):
            outer[place] = _joined(name, list(grid[place]), axis)
        grid = outer
    return grid[()]


def _check_sizes(name: str, grid: np.ndarray, layout: Any) -> None:
    """Slices along axis 0 have the sizes that the layout says, or all the same."""
    sizes = [part.shape[0] for part in grid.ravel() if part.ndim]
    said = list(layout.param_split_shape[0].dim) if layout.param_split_shape else []
    if said and sizes != said:
        raise ValueError(f"the slices of {name!r} must have the sizes {said} along axis 0, but have {sizes}")
    if not said and len(set(sizes)) > 1:
        raise ValueError(f"the slices of {name!r} must have one size along axis 0, but have {sizes}")


def _with_shards(parts: list[np.ndarray], name: str, layout: Any) -> list[np.ndarray]:
    """The slices of all ranks, put together from the shards that optimizers have."""
    step = layout.opt_weight_shard_step
    if step <= 0:
        return parts
    size = layout.opt_weight_shard_size if layout.opt_weight_shard_size > 0 else len(parts) // step
    found = []
    for rank in range(len(parts)):
        first = rank // (step * size) * step * size + rank % step
        found.append(_joined(name, [parts[first + k * step] for k in range(size)], 0))
    return found


# -- networks ----------------------------------------------------------------------------------------------------------


def load_distributed_checkpoint(network, checkpoint_filenames=None, predict_strategy=None, train_strategy_filename=None,
                                strict_load=False, dec_key=None, dec_mode="AES-GCM", format="ckpt",
                                unified_safetensors_dir=None, dst_safetensors_dir=None, rank_id=None,
                                output_format="safetensors", name_map=None, max_process_num=64,
                                return_param_dict=False):
    """Load a network from the checkpoints of several devices.

    Args:
        network: the Cell. checkpoint_filenames: the files of all ranks, in this order.
        predict_strategy: None: the network is whole, on one device.
        train_strategy_filename: the file with the layouts (see `build_searched_strategy`); None: that of
            `set_auto_parallel_context(strategy_ckpt_load_file=...)`.
        strict_load, dec_key, dec_mode, format: as for `load_param_into_net` and `load_checkpoint`.
        unified_safetensors_dir: in place of files of ranks a folder of .safetensors files with whole parameters.
        name_map: a dict of other names for parameters of the files. max_process_num: accepted.
        return_param_dict: give back the Parameters by name.
        dst_safetensors_dir, rank_id, output_format: for files that several devices load.

    Returns:
        the names of the network's parameters that the files have not; with `return_param_dict` (the Parameters by
        name, these names).

    Raises:
        TypeError, ValueError: arguments of wrong types, files that are missing or do not fit the layouts.
        ParallelPackageMissingError: the network is to be split, too.
    """
    from mindspore.nn.cell import Cell
    from mindspore.train.serialization import load_param_into_net
    if not isinstance(network, Cell):
        raise TypeError(f"For 'load_distributed_checkpoint', the 'network' must be a Cell, but got "
                        f"{type(network).__name__}.")
    if predict_strategy is not None or dst_safetensors_dir is not None:
        raise ParallelPackageMissingError("load_distributed_checkpoint with predict_strategy or dst_safetensors_dir")
    if (checkpoint_filenames is None) == (unified_safetensors_dir is None):
        raise ValueError("For 'load_distributed_checkpoint', either 'checkpoint_filenames' or "
                         "'unified_safetensors_dir' must be given.")
    if unified_safetensors_dir is not None:
        found = _whole_parameters(unified_safetensors_dir, dec_key, dec_mode)
    else:
        said = train_strategy_filename or context.get_auto_parallel_context("strategy_ckpt_load_file")
        found = _parameters_of_ranks(checkpoint_filenames, build_searched_strategy(said), dec_key, dec_mode, format)
    for old, new in (name_map or {}).items():
        if old in found:
            found[new] = found.pop(old)
            found[new].name = new
    wanted = {name: param for name, param in found.items() if name in network.parameters_dict()}
    missing, _ = load_param_into_net(network, wanted, strict_load)
    return (wanted, missing) if return_param_dict else missing


def _whole_parameters(folder: Any, dec_key: Any, dec_mode: str) -> dict:
    from mindspore.train.serialization import load_checkpoint
    if not os.path.isdir(folder):
        raise ValueError(f"For 'load_distributed_checkpoint', the folder {folder!r} does not exist.")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".safetensors"))
    if not names:
        raise ValueError(f"For 'load_distributed_checkpoint', the folder {folder!r} has no .safetensors file.")
    found: dict = {}
    for name in names:
        found |= load_checkpoint(os.path.join(folder, name), dec_key=dec_key, dec_mode=dec_mode, format="safetensors")
    return found


def _parameters_of_ranks(files: Any, strategy: dict, dec_key: Any, dec_mode: str, kind: str) -> dict:
    """The whole parameters that the files of all ranks have; those without a layout are taken from the first."""
    from mindspore.common.parameter import Parameter
    from mindspore.common.tensor import Tensor
    from mindspore.train.serialization import load_checkpoint
    if not isinstance(files, (list, tuple)) or not all(isinstance(f, str) and os.path.isfile(f) for f in files):
        raise ValueError(f"For 'load_distributed_checkpoint', the 'checkpoint_filenames' must be a list of files that "
                         f"exist, but got {files!r}.")
    ranks = [load_checkpoint(name, dec_key=dec_key, dec_mode=dec_mode, format=kind) for name in files]
    whole: dict = {}
    for name in {name: None for rank in ranks for name in rank}:
        params = [rank[name] for rank in ranks if name in rank]
        if name not in strategy:
            whole[name] = params[0]
            continue
        if len(params) < len(ranks):
            raise ValueError(f"For 'load_distributed_checkpoint', {len(ranks) - len(params)} of the files lack the "
                             f"parameter {name!r}.")
        parts = _with_shards([param.asnumpy() for param in params], name, strategy[name])
        whole[name] = Parameter(Tensor(_merged(name, parts, strategy[name]), params[0].dtype), name=name)
    return whole
