"""Parameter groups: what the first argument of an optimizer may be, and the checks of it.

The argument is a list of Parameters, or a list of groups: {'params': [...], 'lr': ..., 'weight_decay': ...,
'grad_centralization': ...}, where all but 'params' is optional, and at most one {'order_params': [...]}, which lists
the parameters of all groups in the order in which the gradients come.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, number
from mindspore.nn.cell import Cell

_KEYS = ("params", "lr", "weight_decay", "grad_centralization")


@dataclass
class Groups:
    """The groups with all keys filled in ('own_lr': whether the group has a rate of its own), the parameters in the
    order of the gradients, the number of the group of each, by identity, whether there were groups, and an order."""

    groups: list[dict]
    order: list[Parameter]
    group_of: dict[int, int]
    grouped: bool
    ordered: bool


def groups_of(name: str, parameters, learning_rate, weight_decay) -> Groups:
    """The parameter groups of the optimizer `name`.

    Raises:
        TypeError, ValueError: see `Optimizer`. RuntimeError: a Parameter stands in two groups.
    """
    found = _as_list(name, parameters)
    rate, decay = _rate(name, learning_rate), _decay(name, weight_decay)
    grouped = isinstance(found[0], dict)
    order = None
    if grouped:
        groups = []
        for group in found:
            if isinstance(group, dict) and "order_params" in group:
                order = _ordered(name, group, order)
            else:
                groups.append(_filled(name, group, rate, decay))
    else:
        groups = [{"params": found, "lr": rate, "own_lr": False, "weight_decay": decay, "grad_centralization": False}]
    members = [p for group in groups for p in group["params"]]
    _check_distinct(name, members, grouped)
    if order is not None and {id(p) for p in order} != {id(p) for p in members}:
        raise ValueError(f"For '{name}', the 'order_params' must be exactly the parameters of all groups, but got "
                         f"{len(order)} for groups of {len(members)}.")
    group_of = {id(p): k for k, group in enumerate(groups) for p in group["params"]}
    lengths = {size for group in groups for size in [np.size(_numbers(group["lr"]))] if size > 1}
    if len(lengths) > 1:
        raise ValueError(f"For '{name}', lists of learning rates must have one length for all groups, but got lists of "
                         f"{', '.join(map(str, sorted(lengths)))} rates.")
    return Groups(groups, members if order is None else order, group_of, grouped, order is not None)


def _as_list(name: str, parameters) -> list:
    if isinstance(parameters, Parameter) or not isinstance(parameters, Iterable | None):
        raise TypeError(f"For '{name}', the 'params' must be a list of Parameters or of dicts, but got "
                        f"{type(parameters).__name__}.")
    found = [] if parameters is None else list(parameters)
    if not found:
        raise ValueError(f"For '{name}', the 'params' must not be empty: are all parameters frozen?")
    return found


def _filled(name: str, group, rate, decay) -> dict:
    if not isinstance(group, dict):
        raise TypeError(f"For '{name}', the 'params' must be all Parameters or all dicts, but got a "
                        f"{type(group).__name__} among dicts.")
    unknown = set(group) - set(_KEYS)
    if unknown or not list(group.get("params", ())):
        raise ValueError(f"For '{name}', a group needs a non-empty 'params' and may have {', '.join(_KEYS[1:])}, but "
                         f"got the keys {', '.join(sorted(group))}.")
    return {"params": list(group["params"]), "lr": _rate(name, group["lr"]) if "lr" in group else rate,
            "own_lr": "lr" in group,
            "weight_decay": _decay(name, group["weight_decay"]) if "weight_decay" in group else decay,
            "grad_centralization": flag(name, "grad_centralization", group.get("grad_centralization", False))}


def _ordered(name: str, group: dict, before) -> list:
    if before is not None or len(group) > 1:
        raise ValueError(f"For '{name}', there must be at most one group with 'order_params', with no other key.")
    return list(group["order_params"])


def _check_distinct(name: str, params: list, grouped: bool) -> None:
    names: set[str] = set()
    if grouped and len({id(p) for p in params}) < len(params):
        raise RuntimeError(f"For '{name}', a Parameter stands in two groups: leave it in one of them.")
    for param in params:
        if not isinstance(param, Parameter):
            raise TypeError(f"For '{name}', every element of 'params' must be a Parameter, but got "
                            f"{type(param).__name__}.")
        if param.name in names:
            raise ValueError(f"For '{name}', the parameter name '{param.name}' already exists: each parameter may be "
                             f"given once, and two parameters must not have one name.")
        names.add(param.name)


def _decay(name: str, value):
    if isinstance(value, Cell):
        return value
    if number(name, "weight_decay", value) < 0:
        raise ValueError(f"For '{name}', the 'weight_decay' must be at least 0, but got {value}.")
    return float(value)


def _rate(name: str, value):
    """A learning rate as it was given, after a check."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Iterable, Tensor, Cell)):
        raise TypeError(f"For '{name}', the 'learning_rate' must be a number, a list, a Tensor or a "
                        f"LearningRateSchedule, but got {value!r}.")
    if isinstance(value, Cell):
        return value
    if not isinstance(value, (int, float, Tensor)):
        value = list(value)
    rates = _numbers(value)
    if rates.dtype.kind not in "iuf" or rates.ndim > 1 or not rates.size:
        raise ValueError(f"For '{name}', the 'learning_rate' must be a number or a list of numbers, but got "
                         f"{rates.dtype} of shape {rates.shape}.")
    if (rates < 0).any():
        raise ValueError(f"For '{name}', the 'learning_rate' must be at least 0, but got {rates.min()}.")
    return value


def _numbers(rate) -> np.ndarray:
    """The numbers of a learning rate; none of a schedule."""
    return np.asarray(rate.asnumpy() if isinstance(rate, Tensor) else [] if isinstance(rate, Cell) else rate)
