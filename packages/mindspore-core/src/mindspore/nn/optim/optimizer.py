"""The base of optimizers: parameter groups, learning rates, weight decay, the step counter.

`construct(gradients)` works in both modes. An update is one primitive per parameter (`apply_momentum`, `apply_adam`,
...), whose results are assigned; the compiler fuses each into one pass over memory and writes the parameters in
place. The learning rate is a Parameter, so changing it never recompiles. In PyNative mode the recorded segment is run
after the update.
"""
from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from mindspore import ops
from mindspore.common.initializer import initializer
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.eager.segment import close
from mindspore.graph.trace import _stack
from mindspore.nn._check import positive_float
from mindspore.nn.cell import Cell
from mindspore.nn.init_arguments import arguments_of, opt_init_args_register
from mindspore.nn.optim._groups import groups_of
from mindspore.nn.optim.parts import ListedRate, OptimizerParts
from mindspore.runtime.record import assign, scalar

__all__ = ["Optimizer", "opt_init_args_register"]


class Optimizer(OptimizerParts):
    """Base class; subclasses define `update(index, parameter, gradient, lr)`, or `construct`.

    Args:
        learning_rate: a float; a list or 1-d tensor (one value per step); a 0-d tensor; or a LearningRateSchedule Cell,
            called with the step.
        parameters: Parameters, or dicts {'params': [...], 'lr': ..., 'weight_decay': ..., 'grad_centralization': ...}
            and at most one {'order_params': [...]}, all parameters in the order of the gradients.
        weight_decay: L2 penalty, added to the gradient before the update (not by optimizers with decoupled decay); a
            number, or a Cell called with the step.
        loss_scale: gradients are divided by it.

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range, no parameters, a parameter or a name twice.
    """

    UNGUARDED = Cell.UNGUARDED | {"_numbers"}
    decoupled_decay = False

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        kept = {name: None if isinstance(v, Iterator) else v for name, v in (*enumerate(args), *kwargs.items())}
        made.__dict__["_made_with"] = tuple([kept.pop(k) for k in range(len(args))]), kept
        return made

    def __init__(self, learning_rate, parameters, weight_decay=0.0, loss_scale=1.0):
        super().__init__(auto_prefix=False)
        name = type(self).__name__
        found = groups_of(name, parameters, learning_rate, weight_decay)
        self.is_group, self.is_group_params_ordered = found.grouped, found.ordered
        self.parameters = ParameterTuple(found.order)
        self.loss_scale = positive_float(name, "loss_scale", loss_scale)
        self._group_of = [found.group_of[id(p)] for p in self.parameters]
        self._centralize = [found.groups[k]["grad_centralization"] for k in self._group_of]
        self._decays = [found.groups[k]["weight_decay"] for k in self._group_of]
        self.global_step = Parameter(Tensor(np.zeros(1, np.int32)), name="global_step", requires_grad=False)
        self._hold_rates(found.groups)
        self.__dict__["_numbers"] = {}
        for k, decay in enumerate(self._decays):
            if isinstance(decay, Cell):
                setattr(self, f"weight_decay_group_{self._group_of[k]}", decay)
        self._give_parts(self._decays)

    def _hold_rates(self, groups: list[dict]) -> None:
        """A Parameter, or the schedule Cell, for each group with a rate of its own and for all the others together."""
        labels = [f"learning_rate_group_{k}" if group["own_lr"] else "learning_rate" for k, group in enumerate(groups)]
        self.is_group_lr = len(set(labels)) > 1
        # With several rates, `learning_rate` is the tuple of them, one for each parameter.
        self._rate_names = ["shared_learning_rate" if self.is_group_lr and each == "learning_rate" else each
                            for each in labels]
        made: dict[str, object] = {}
        for label, name, group in zip(labels, self._rate_names, groups):
            if label not in made:
                made[label] = _held(group["lr"], label)
                setattr(self, name, made[label])
        if self.is_group_lr:
            self.learning_rate = tuple([made[labels[k]] for k in self._group_of])
        self.dynamic_lr = any(isinstance(rate, Cell) for rate in made.values())

    # -- what subclasses use -----------------------------------------------------------------------------------------

    def states(self, prefix: str, init="zeros") -> ParameterTuple:
        """One state tensor per parameter, called `prefix.<parameter>`, in its shape and dtype, from an initializer, or
        a list with one for each."""
        made = []
        for k, param in enumerate(self.parameters):
            first = init[k] if isinstance(init, list) else init
            state = Parameter(initializer(first, param.shape, param.dtype), name=f"{prefix}.{param.name}",
                              requires_grad=False)
            made.append(state)
        return ParameterTuple(made)

    def current_rates(self) -> list[Tensor]:
        """The learning rate of each group at this step, 0-d float32; groups that share one share the tensor."""
        now: dict[str, Tensor] = {}
        for name in self._rate_names:
            if name not in now:
                now[name] = self._rate_now(getattr(self, name))
        return [now[name] for name in self._rate_names]

    def _rate_now(self, rate) -> Tensor:
        if isinstance(rate, Cell):
            return ops.reshape(rate(self._step()), ())
        return rate

    def _step(self) -> Tensor:
        return ops.reshape(self.global_step, ())

    def number(self, value, dtype) -> Tensor:
        """A hyper-parameter as a 0-d tensor: of a Python number one for the whole step, of a tensor its cast."""
        if isinstance(value, Tensor):
            return value if value.dtype is dtype else value.astype(dtype)
        found = self._numbers.get((value, dtype))
        if found is None:
            found = self._numbers[value, dtype] = scalar(value, dtype)
        return found

    @staticmethod
    def write(targets, values) -> None:
        """Give a parameter and its states their new values."""
        for target, value in zip(targets, values):
            assign(target, value)

    def decay_of(self, index: int):
        """The weight decay of a parameter at this step: a float, or a 0-d tensor where it is a schedule."""
        decay = self._decays[index]
        return ops.reshape(decay(self._step()), ()) if isinstance(decay, Cell) else decay

    def scale_grad(self, gradients) -> tuple:
        """The gradients divided by the loss scale."""
        if self.loss_scale == 1.0:
            return tuple(gradients)
        return tuple(g * self.number(1.0 / self.loss_scale, g.dtype) for g in gradients)

    def gradients_centralization(self, gradients) -> tuple:
        """The gradients, in groups with 'grad_centralization' less their mean over all axes but the first."""
        return tuple(g - ops.mean(g, tuple(range(1, g.ndim)), True) if central and g.ndim > 1 else g
                     for g, central in zip(gradients, self._centralize))

    def decay_weight(self, gradients) -> tuple:
        """The gradients plus weight_decay times the parameters."""
        decayed = []
        for k, (param, gradient) in enumerate(zip(self.parameters, gradients)):
            decay = self.decay_of(k)
            if not isinstance(decay, float) or decay:
                gradient = gradient + param * self.number(decay, param.dtype)
            decayed.append(gradient)
        return tuple(decayed)

    def prepared(self, gradients) -> tuple:
        """Gradients in their parameters' dtypes, unscaled, centralised and decayed as the groups say."""
        if len(gradients) != len(self.parameters):
            raise ValueError(f"For '{type(self).__name__}', {len(self.parameters)} gradients are expected, one for "
                             f"each parameter, but got {len(gradients)}.")
        ready = [g if g.dtype is p.dtype else g.astype(p.dtype) for p, g in zip(self.parameters, gradients)]
        ready = self.gradients_centralization(self.scale_grad(ready))
        return ready if self.decoupled_decay else self.decay_weight(ready)

    # -- the step ----------------------------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs):
        self._numbers.clear()
        try:
            result = super().__call__(*args, **kwargs)
        finally:
            self._numbers.clear()
        if _stack.trace is None:
            close()
        return result

    def construct(self, gradients):
        """Update every parameter once; True."""
        return self._update_all(self.prepared(gradients))

    def _update_all(self, gradients):
        """Update every parameter once by gradients that are prepared; True."""
        rates = self.current_rates()
        self.begin_step()
        for k, (param, gradient) in enumerate(zip(self.parameters, gradients)):
            self.update(k, param, gradient, self.number(rates[self._group_of[k]], param.dtype))
        assign(self.global_step, self.global_step + 1)
        return True

    def begin_step(self) -> None:
        """What happens once per step, before the updates."""

    def update(self, index: int, param: Parameter, gradient: Tensor, lr: Tensor) -> None:
        """Update one parameter."""
        raise TypeError(f"{type(self).__name__} does not define update")

    # -- settings ----------------------------------------------------------------------------------------------------

    @cached_property
    def _arguments(self) -> dict:
        args, kwargs = self.__dict__["_made_with"]
        signature = inspect.signature(type(self).__init__)
        found = arguments_of(signature, self, args, kwargs)
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                found |= found.pop(name)
        return found

    @cached_property
    def init_args(self) -> dict:
        """What the optimizer was made with, by name, but for the parameters and the learning rate."""
        return {name: v for name, v in self._arguments.items() if name not in ("params", "parameters", "learning_rate")}

    @cached_property
    def init_learning_rate(self):
        """The learning rate that the optimizer was made with; None where it takes none."""
        return self._arguments.get("learning_rate")

    @cached_property
    def init_params(self) -> dict:
        """Under "params" the parameters, or their groups, that the optimizer was made with."""
        given = self._arguments.get("params", self._arguments.get("parameters"))
        return {"params": list(self.parameters if given is None else given)}

    def get_lr(self):
        """The learning rate at this step: a tensor, or where groups differ a tuple with one for each parameter."""
        rates = self.current_rates()
        return tuple(rates[k] for k in self._group_of) if self.is_group_lr else rates[0]

    def get_lr_parameter(self, param):
        """The learning rate's Parameter (or schedule) of one parameter, or a list of them for a list.

        Raises:
            TypeError: `param` is no Parameter. ValueError: it is not one of this optimizer's.
        """
        if isinstance(param, (list, tuple)):
            return [self.get_lr_parameter(p) for p in param]
        if not isinstance(param, Parameter):
            raise TypeError(f"For 'get_lr_parameter', the 'param' must be a Parameter or a list of them, but got "
                            f"{type(param).__name__}.")
        for k, own in enumerate(self.parameters):
            if own is param:
                rate = getattr(self, self._rate_names[self._group_of[k]])
                return rate.learning_rate if isinstance(rate, ListedRate) else rate
        raise ValueError(f"For 'get_lr_parameter', the parameter {param.name!r} is not updated by this optimizer.")

    def get_weight_decay(self):
        """The weight decay at this step: a number, or with groups a tuple with one for each parameter."""
        decays = tuple(self.decay_of(k) for k in range(len(self._decays)))
        return decays if self.is_group else decays[0]


def _held(rate, name: str) -> Parameter | Cell:
    """A learning rate as what holds it: a Parameter of that name, or a Cell that is called with the step."""
    if isinstance(rate, Cell):
        return rate
    values = np.asarray(rate.asnumpy() if isinstance(rate, Tensor) else rate, np.float32)
    return ListedRate(values, name) if values.ndim else Parameter(Tensor(values), name=name, requires_grad=False)
