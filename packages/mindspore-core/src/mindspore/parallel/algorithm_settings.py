"""Settings of the search for a way to split operators over devices. They are kept for the package that searches."""
from __future__ import annotations

from typing import Any

__all__ = ["get_algo_parameters", "get_cost_model_context", "reset_algo_parameters", "reset_cost_model_context",
           "set_algo_parameters", "set_cost_model_context"]

_DEFAULTS: dict[str, Any] = {
    "fully_use_devices": False, "elementwise_op_strategy_follow": False, "enable_algo_approxi": False,
    "algo_approxi_epsilon": 0.1, "tensor_slice_align_enable": False, "tensor_slice_align_size": 16,
}
_settings = dict(_DEFAULTS)

# What a way to split costs; nothing is set at first.
_COSTS = {
    "device_memory_capacity": float, "costmodel_alpha": float, "costmodel_beta": float, "costmodel_gamma": float,
    "costmodel_simplify_cal": bool, "costmodel_communi_threshold": float, "costmodel_communi_const": float,
    "costmodel_communi_bias": float, "is_multi_subgraphs": bool, "run_phase": int,
}
_costs: dict[str, Any] = {}


def set_algo_parameters(**kwargs) -> None:
    """Set what the search reads.

    Args:
        fully_use_devices, elementwise_op_strategy_follow, enable_algo_approxi, tensor_slice_align_enable: bools.
        algo_approxi_epsilon: a number in (0, 1]. tensor_slice_align_size: an int in [1, 1024].

    Raises:
        ValueError: an unknown name, or a number outside of its range.
        TypeError: a value of another type.
    """
    for name, value in kwargs.items():
        _check("set_algo_parameters", name)
        default = _DEFAULTS[name]
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) if isinstance(default, float) \
            else type(value) is type(default)
        if not fits:
            raise TypeError(f"set_algo_parameters: {name} must be of type {type(default).__name__}, but got {value!r} "
                            f"of type {type(value).__name__}")
        low, high = {"algo_approxi_epsilon": (0, 1), "tensor_slice_align_size": (1, 1024)}.get(name, (0, 1))
        if not low <= value <= high or name == "algo_approxi_epsilon" and value == 0:
            raise ValueError(f"set_algo_parameters: {name} must be above 0 and at most {high}, but got {value}")
    _settings.update(kwargs)


def get_algo_parameters(attr_key: str) -> Any:
    """The value of one setting; ValueError for an unknown name."""
    _check("get_algo_parameters", attr_key)
    return _settings[attr_key]


def reset_algo_parameters() -> None:
    """Back to the defaults."""
    _settings.update(_DEFAULTS)


def set_cost_model_context(**kwargs) -> None:
    """Set what the search takes a way to split to cost: `device_memory_capacity` in bytes, the weights
    `costmodel_alpha`, `costmodel_beta` and `costmodel_gamma`, and others.

    Raises:
        ValueError: an unknown name. TypeError: a value of another type than the setting has.
    """
    for name, value in kwargs.items():
        _check_cost("set_cost_model_context", name)
        expected = _COSTS[name]
        if isinstance(value, bool) is not (expected is bool) or \
                not isinstance(value, (int, float) if expected is float else expected):
            raise TypeError(f"set_cost_model_context: {name} must be of type {expected.__name__}, but got {value!r} of "
                            f"type {type(value).__name__}")
    _costs.update(kwargs)


def get_cost_model_context(attr_key: str) -> Any:
    """The value that was set, or None; ValueError for an unknown name."""
    _check_cost("get_cost_model_context", attr_key)
    return _costs.get(attr_key)


def reset_cost_model_context() -> None:
    """Nothing is set any more."""
    _costs.clear()


def _set_multi_subgraphs(multi_subgraph: bool = True) -> None:
    """Whether the search meets several graphs."""
    set_cost_model_context(is_multi_subgraphs=multi_subgraph)


def _check_cost(function: str, name: str) -> None:
    if name not in _COSTS:
        raise ValueError(f"{function}: unknown name {name!r}; known are {', '.join(_COSTS)}")


def _check(function: str, name: str) -> None:
    if name not in _DEFAULTS:
        raise ValueError(f"{function}: unknown name {name!r}; known are {', '.join(_DEFAULTS)}")
