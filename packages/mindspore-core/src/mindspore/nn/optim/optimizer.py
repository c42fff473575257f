"""The base of optimizers: parameter groups, learning rates, weight decay, the step counter.

`construct(gradients)` works in both modes. An update is one primitive per parameter (`apply_momentum`, `apply_adam`,
...), whose results are assigned; the compiler fuses each into one pass over memory and writes the parameters in
place. The learning rate is a Parameter, so changing it never recompiles. In PyNative mode the recorded segment is run
after the update.
"""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mindspore import ops
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.eager.segment import flush
from mindspore.graph.trace import _stack
from mindspore.nn.cell import Cell
from mindspore.runtime.record import assign

__all__ = ["Optimizer"]


class Optimizer(Cell):
    """Base class; subclasses define `update(index, parameter, gradient, lr)`, or `construct`.

    Args:
        learning_rate: a float; a list or 1-d tensor (one value per step); a 0-d tensor; or a LearningRateSchedule Cell,
            called with the step.
        parameters: Parameters, or dicts {'params': [...], 'lr': ..., 'weight_decay': ..., 'grad_centralization': ...}
            and at most one {'order_params': [...]}.
        weight_decay: L2 penalty, added to the gradient before the update (not by optimizers with decoupled decay).
        loss_scale: gradients are divided by it.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range, no parameters, a parameter or a name twice.
    """

    decoupled_decay = False

    def __init__(self, learning_rate, parameters, weight_decay=0.0, loss_scale=1.0):
        super().__init__(auto_prefix=False)
        name = type(self).__name__
        groups = _groups(name, parameters, learning_rate, weight_decay)
        order = [p for group in groups for p in group["params"]]
        _check_unique(name, order)
        wanted = _order(name, parameters)
        self.parameters = ParameterTuple(order if wanted is None else wanted)
        self.loss_scale = _number(name, "loss_scale", loss_scale, positive=True)
        self.is_group = len(groups) > 1 or isinstance(_as_list(parameters)[0], dict)
        self._group_of = [next(k for k, g in enumerate(groups) if any(p is q for q in g["params"]))
                          for p in self.parameters]
        self._decays = [float(groups[k]["weight_decay"]) for k in self._group_of]
        self._centralize = [bool(groups[k]["grad_centralization"]) for k in self._group_of]
        self.global_step = Parameter(Tensor(np.zeros(1, np.int32)), name="global_step", requires_grad=False)
        self._set_rates([g["lr"] for g in groups])

    def _set_rates(self, rates: list) -> None:
        """One Parameter (or schedule Cell) per group; groups with one rate share it."""
        self.dynamic_lr = any(isinstance(r, Cell) or np.ndim(_plain(r)) for r in rates)
        made: list = []
        for k, rate in enumerate(rates):
            if k and rate is rates[0]:
                made.append(made[0])
                continue
            label = "learning_rate" if not self.is_group else f"learning_rate_group_{k}"
            if isinstance(rate, Cell):
                setattr(self, label, rate)
                made.append(rate)
            else:
                setattr(self, label, Parameter(Tensor(np.asarray(_plain(rate), np.float32)), name=label,
                                               requires_grad=False))
                made.append(self._params[label])
        object.__setattr__(self, "_rates", made)

    # -- what subclasses use -----------------------------------------------------------------------------------------

    def states(self, prefix: str, init="zeros") -> ParameterTuple:
        """One state tensor per parameter, called `prefix.<parameter>`, in its shape and dtype."""
        made = []
        for param in self.parameters:
            state = Parameter(initializer(init, param.shape, param.dtype), name=f"{prefix}.{param.name}",
                              requires_grad=False)
            made.append(state)
        return ParameterTuple(made)

    def current_rates(self) -> list[Tensor]:
        """The learning rate of each group at this step, 0-d float32."""
        rates: list = []
        for k, rate in enumerate(self._rates):
            same = next((j for j in range(k) if self._rates[j] is rate), None)
            rates.append(rates[same] if same is not None else self._rate_now(rate))
        return rates

    def _rate_now(self, rate) -> Tensor:
        if isinstance(rate, Cell):
            return ops.reshape(rate(ops.reshape(self.global_step, ())), ())
        if rate.ndim == 0:
            return rate
        step = ops.minimum(ops.reshape(self.global_step, ()), rate.shape[0] - 1)
        return ops.gather(rate, step, 0)

    def prepared(self, gradients) -> list[Tensor]:
        """Gradients in their parameters' dtypes, unscaled, centralised and decayed as the groups say."""
        if len(gradients) != len(self.parameters):
            raise ValueError(f"For '{type(self).__name__}', {len(self.parameters)} gradients are expected, one for "
                             f"each parameter, but got {len(gradients)}.")
        ready = []
        for k, (param, gradient) in enumerate(zip(self.parameters, gradients)):
            if gradient.dtype is not param.dtype:
                gradient = gradient.astype(param.dtype)
            if self.loss_scale != 1.0:
                gradient = gradient * (1.0 / self.loss_scale)
            if self._centralize[k] and gradient.ndim > 1:
                gradient = gradient - ops.mean(gradient, tuple(range(1, gradient.ndim)), True)
            if self._decays[k] and not self.decoupled_decay:
                gradient = gradient + param * self._decays[k]
            ready.append(gradient)
        return ready

    # -- the step ----------------------------------------------------------------------------------------------------

    def construct(self, gradients):
        """Update every parameter once; True."""
        gradients = self.prepared(gradients)
        rates = self.current_rates()
        self.begin_step()
        for k, (param, gradient) in enumerate(zip(self.parameters, gradients)):
            rate = rates[self._group_of[k]]
            self.update(k, param, gradient, rate if rate.dtype is param.dtype else rate.astype(param.dtype))
        assign(self.global_step, self.global_step + 1)
        if _stack.trace is None:
            flush()
        return True

    def begin_step(self) -> None:
        """What happens once per step, before the updates."""

    def update(self, index: int, param: Parameter, gradient: Tensor, lr: Tensor) -> None:
        """Update one parameter."""
        raise TypeError(f"{type(self).__name__} does not define update")

    # -- settings ----------------------------------------------------------------------------------------------------

    def get_lr(self):
        """The learning rate at this step: a tensor, or a tuple with one per group."""
        rates = tuple(self.current_rates())
        return rates if self.is_group else rates[0]

    def get_lr_parameter(self, param):
        """The learning-rate Parameter of one parameter, or of a list of them."""
        if isinstance(param, Parameter):
            return self._rates[self._group_of[next(k for k, p in enumerate(self.parameters) if p is param)]]
        return [self.get_lr_parameter(p) for p in param]

    def get_weight_decay(self):
        """The weight decay: a number, or a list with one per parameter."""
        return list(self._decays) if self.is_group else self._decays[0]


def _as_list(parameters) -> list:
    if isinstance(parameters, Parameter) or not isinstance(parameters, Iterable):
        raise TypeError(f"an optimizer needs a list of Parameters or of dicts, but got {type(parameters).__name__}")
    found = list(parameters)
    if not found:
        raise ValueError("an optimizer needs at least one parameter, but got an empty list: are all parameters frozen?")
    return found


def _groups(name: str, parameters, lr, decay) -> list[dict]:
    found = _as_list(parameters)
    lr = _rate(name, lr)
    decay = _number(name, "weight_decay", decay)
    if not isinstance(found[0], dict):
        return [{"params": found, "lr": lr, "weight_decay": decay, "grad_centralization": False}]
    groups = []
    for group in found:
        if "order_params" in group:
            continue
        if "params" not in group or not list(group["params"]):
            raise ValueError(f"For '{name}', every group needs a non-empty 'params', but got keys {sorted(group)}.")
        groups.append({"params": list(group["params"]), "lr": _rate(name, group["lr"]) if "lr" in group else lr,
                       "weight_decay": _number(name, "weight_decay", group.get("weight_decay", decay)),
                       "grad_centralization": group.get("grad_centralization", False)})
    return groups


def _order(name: str, parameters) -> list | None:
    for group in _as_list(parameters):
        if isinstance(group, dict) and "order_params" in group:
            return list(group["order_params"])
    return None


def _check_unique(name: str, params: list) -> None:
    names: set[str] = set()
    for param in params:
        if not isinstance(param, Parameter):
            raise TypeError(f"For '{name}', every element of 'params' must be a Parameter, but got "
                            f"{type(param).__name__}.")
        if param.name in names:
            raise ValueError(f"For '{name}', the parameter name '{param.name}' already exists: each parameter may be "
                             f"given once, and two parameters must not have one name.")
        names.add(param.name)


def _number(name: str, what: str, value, positive: bool = False) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"For '{name}', the '{what}' must be a number, but got {value!r}.")
    if value < 0 or (positive and value == 0):
        raise ValueError(f"For '{name}', the '{what}' must be {'positive' if positive else 'at least 0'}, but got "
                         f"{value}.")
    return float(value)


def _rate(name: str, value):
    if isinstance(value, bool) or not isinstance(value, int | float | list | tuple | Tensor | Cell | np.ndarray):
        raise TypeError(f"For '{name}', the 'learning_rate' must be a number, a list, a Tensor or a "
                        f"LearningRateSchedule, but got {value!r}.")
    if isinstance(value, int | float) and value < 0:
        raise ValueError(f"For '{name}', the 'learning_rate' must be at least 0, but got {value}.")
    return value


def _plain(value):
    return value.asnumpy() if isinstance(value, Tensor) else value
