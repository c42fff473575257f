"""Parallel training as far as programs that run in one process meet it: settings that they set and read, and the
checkpoints of several devices, which are put together."""
from mindspore.parallel.algorithm_settings import get_algo_parameters, reset_algo_parameters, set_algo_parameters
from mindspore.parallel.shard_layout import Layout, shard
from mindspore.train._segments import load_segmented_checkpoints
from mindspore.train._slices import (
    build_searched_strategy,
    load_distributed_checkpoint,
    merge_sliced_parameter,
    restore_group_info_list,
)

__all__ = ["Layout", "build_searched_strategy", "get_algo_parameters", "load_distributed_checkpoint",
           "load_segmented_checkpoints", "merge_sliced_parameter", "reset_algo_parameters", "restore_group_info_list",
           "set_algo_parameters", "shard"]
