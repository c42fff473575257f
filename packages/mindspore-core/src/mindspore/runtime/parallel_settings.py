"""Settings of distributed training, of which this package has the stand-alone mode.

They are kept, so that programs that set and read them work. A mode that needs several processes is refused by a
`ParallelPackageMissingError`, which names the package that has it.
"""
from __future__ import annotations

from typing import Any

__all__ = ["ParallelMode", "ParallelPackageMissingError", "get_auto_parallel_context", "get_ps_context",
           "reset_auto_parallel_context", "set_auto_parallel_context", "set_ps_context"]


class ParallelMode:
    """Names of the parallel modes."""

    STAND_ALONE = "stand_alone"
    DATA_PARALLEL = "data_parallel"
    HYBRID_PARALLEL = "hybrid_parallel"
    SEMI_AUTO_PARALLEL = "semi_auto_parallel"
    AUTO_PARALLEL = "auto_parallel"
    MODE_LIST = [STAND_ALONE, DATA_PARALLEL, HYBRID_PARALLEL, SEMI_AUTO_PARALLEL, AUTO_PARALLEL]


class ParallelPackageMissingError(RuntimeError):
    """Something needs several processes; the message holds the command that installs the package which has them."""

    def __init__(self, what: str):
        super().__init__(f"{what} needs several processes; install the package that has them with: "
                         f"pip install mindspore-parallel")


_DEFAULTS: dict[str, Any] = {
    "device_num": 1, "global_rank": 0, "gradients_mean": False, "gradient_fp32_sync": True,
    "loss_repeated_mean": True, "parallel_mode": "stand_alone", "auto_parallel_search_mode": "recursive_programming",
    "search_mode": "recursive_programming", "parameter_broadcast": False, "strategy_ckpt_load_file": "",
    "strategy_ckpt_save_file": "", "strategy_ckpt_config": {}, "group_ckpt_save_file": "", "full_batch": False,
    "dataset_strategy": "data_parallel", "enable_parallel_optimizer": False, "parallel_optimizer_config": {},
    "force_fp32_communication": False, "enable_alltoall": False, "pipeline_stages": 1, "pipeline_config": {},
    "pipeline_segments": 1, "pipeline_result_broadcast": False, "grad_accumulation_step": 1, "comm_fusion": {},
    "all_reduce_fusion_config": [], "communi_parallel_mode": "all_group_parallel", "sharding_propagation": False,
    "optimizer_weight_shard_size": -1, "optimizer_weight_shard_aggregated_save": False, "auto_pipeline": False,
    "device_memory": 0,
}
_PS_DEFAULTS: dict[str, Any] = {"enable_ps": False, "enable_ssl": False, "config_file_path": ""}
_settings, _ps_settings = dict(_DEFAULTS), dict(_PS_DEFAULTS)


def set_auto_parallel_context(**kwargs) -> None:
    """Set what distributed training reads; the keys are those of `get_auto_parallel_context`.

    Raises:
        ValueError: an unknown key or an unknown `parallel_mode`.
        ParallelPackageMissingError: a `parallel_mode` other than "stand_alone".
    """
    _check("set_auto_parallel_context", kwargs, _DEFAULTS)
    wanted = kwargs.get("parallel_mode", ParallelMode.STAND_ALONE)
    if wanted not in ParallelMode.MODE_LIST:
        raise ValueError(f"set_auto_parallel_context: parallel_mode must be one of {ParallelMode.MODE_LIST}, got "
                         f"{wanted!r}")
    if wanted != ParallelMode.STAND_ALONE:
        raise ParallelPackageMissingError(f"set_auto_parallel_context: parallel_mode {wanted!r}")
    for key in ("device_num", "pipeline_stages", "grad_accumulation_step"):
        value = kwargs.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"set_auto_parallel_context: {key} must be an int above 0, got {value!r}")
    _settings.update(kwargs)


def get_auto_parallel_context(attr_key: str):
    """The value of one setting of `set_auto_parallel_context`; ValueError for an unknown key."""
    _check("get_auto_parallel_context", {attr_key: None}, _DEFAULTS)
    return _settings[attr_key]


def reset_auto_parallel_context() -> None:
    """Back to the defaults."""
    _settings.update(_DEFAULTS)


def set_ps_context(**kwargs) -> None:
    """Set what training with a parameter server reads: `enable_ps`, `enable_ssl`, `config_file_path`.

    Raises:
        ValueError: an unknown key. ParallelPackageMissingError: `enable_ps=True`.
    """
    _check("set_ps_context", kwargs, _PS_DEFAULTS)
    if kwargs.get("enable_ps"):
        raise ParallelPackageMissingError("set_ps_context: a parameter server")
    _ps_settings.update(kwargs)


def get_ps_context(attr_key: str):
    """The value of one setting of `set_ps_context`; ValueError for an unknown key."""
    _check("get_ps_context", {attr_key: None}, _PS_DEFAULTS)
    return _ps_settings[attr_key]


def _check(function: str, given: dict, known: dict) -> None:
    unknown = [key for key in given if key not in known]
    if unknown:
        raise ValueError(f"{function}: unknown key {unknown[0]!r}; known keys are {', '.join(known)}")
