"""Choice and compilation of operators on Ascend."""
from __future__ import annotations

from mindspore.device_context._options import checked, positive, set_option

__all__ = ["aclnn_cache", "aoe_job_type", "aoe_tune_mode", "op_compile"]


def op_compile(value: bool) -> None:
    """Whether operators are compiled for their shapes instead of being taken from the library."""
    set_option("Ascend", "op_compile", checked("op_compile", value, bool))


def aoe_tune_mode(tune_mode: str) -> None:
    """When operators are tuned: "online" or "offline"."""
    set_option("Ascend", "aoe_tune_mode", checked("aoe_tune_mode", tune_mode, str, ("online", "offline")))


def aoe_job_type(config: str) -> None:
    """What is tuned: "1" graphs, "2" operators."""
    set_option("Ascend", "aoe_job_type", checked("aoe_job_type", config, str, ("1", "2")))


def aclnn_cache(enable_global_cache: bool = False, cache_queue_length: int = 10000) -> None:
    """Whether prepared operators are kept for all threads, and how many."""
    set_option("Ascend", "aclnn_cache", (checked("enable_global_cache", enable_global_cache, bool),
                                         positive("cache_queue_length", cache_queue_length)))
