"""The base of optimizers whose groups of parameters are dictionaries.

`param_groups` is a list of dictionaries, each with the parameters and a value for each option of the optimizer. The
learning rate is a Parameter; giving a group another one, `group["lr"] = 0.1`, writes into it, so nothing is compiled
again. Another option that is changed is seen at the next call. An update is written in plain operators, which the
compiler puts into one pass over memory for each parameter; in PyNative mode the recorded segment is run after it.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mindspore import ops
from mindspore.common.dtype import DType, float32, int32
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.eager.segment import close
from mindspore.graph.guards import CELL_EPOCH
from mindspore.graph.trace import _stack
from mindspore.nn._check import flag, not_negative
from mindspore.nn.cell import Cell
from mindspore.runtime.record import assign

__all__ = ["Optimizer", "betas_of"]


class Group(dict):
    """A group of parameters; a new learning rate is written into the Parameter that holds it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        held = self.get(key)
        if key == "lr" and isinstance(held, Parameter) and not isinstance(value, Parameter):
            held.set_data(Tensor(np.float32(value.asnumpy() if isinstance(value, Tensor) else value)))
            return
        CELL_EPOCH[0] += 1
        super().__setitem__(key, value)


class Optimizer(Cell):
    """Base class; subclasses define `update(index, param, gradient, lr, group, step)` with operators.

    Args:
        params: Parameters, or dictionaries with 'params' and options of their own.
        defaults: the value of each option for groups that do not say another one.

    Raises:
        TypeError, ValueError: no parameters, other things among them, a parameter or a name twice, an unknown option.
    """

    step_name = "state_step"
    step_shape: tuple[int, ...] = ()
    step_dtype: DType = int32
    decoupled_decay = False

    def __init__(self, params, defaults):
        super().__init__(auto_prefix=False)
        self.defaults = dict(defaults)
        self.param_groups: list[Group] = []
        self._members: list[Parameter] = []
        self._groups: list[Group] = []
        self.group_start_id: list[int] = []  # where each group's parameters begin among all of them
        self._states: dict[str, tuple[ParameterTuple, float]] = {}  # what `states` made, and its first value, by prefix
        given = list(params) if isinstance(params, Iterable) and not isinstance(params, Tensor) else None
        if not given:
            raise ValueError(f"For '{type(self).__name__}', the 'params' must be a non-empty list of Parameters or of "
                             f"dictionaries, but got {params!r}.")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)
        setattr(self, self.step_name, self.scalar(self.step_name, 0, self.step_shape, self.step_dtype))

    def add_param_group(self, param_group) -> None:
        """Add a group: a dictionary with 'params' and options.

        Raises:
            TypeError: it is no dictionary, its parameters are none. ValueError: an unknown option, a parameter twice.
        """
        name = type(self).__name__
        if not isinstance(param_group, dict):
            raise TypeError(f"For '{name}', a group must be a dictionary, but got {type(param_group).__name__}.")
        unknown = sorted(param_group.keys() - self.defaults.keys() - {"params"})
        if unknown or "params" not in param_group:
            raise ValueError(f"For '{name}', a group needs 'params' and may have {', '.join(self.defaults)}, but got "
                             f"{', '.join(map(str, param_group))}.")
        members = param_group["params"]
        members = [members] if isinstance(members, Parameter) else list(members)
        start = len(self._members)
        for member in members:
            if not isinstance(member, Parameter):
                raise TypeError(f"For '{name}', every element of 'params' must be a Parameter, but got "
                                f"{type(member).__name__}.")
            if any(member is m or member.name == m.name for m in self._members):
                raise ValueError(f"For '{name}', the parameter name '{member.name}' already exists: each parameter may "
                                 f"be given once, and two parameters must not have one name.")
            self._members.append(member)
        group = Group({**self.defaults, **param_group, "params": members})
        self._check_group(group)
        rate = f"learning_rate_group_{len(self.param_groups)}"
        setattr(self, rate, self.scalar(rate, float(group["lr"]), (), float32))
        dict.__setitem__(group, "lr", getattr(self, rate))
        self.param_groups.append(group)
        self.group_start_id.append(start)
        self._groups += [group] * len(members)
        self.parameters = ParameterTuple(self._members)
        self._extend_states(members)

    def _extend_states(self, members: list[Parameter]) -> None:
        """Give the parameters of a group that comes later the states that the others have."""
        for prefix, (known, value) in list(self._states.items()):
            more = ParameterTuple([*known, *[self._state(prefix, member, value) for member in members]])
            for name in [n for n, held in vars(self).items() if held is known]:
                setattr(self, name, more)
            self._states[prefix] = more, value

    def _check_group(self, group: Group) -> None:
        """The options that all optimizers have."""
        name = type(self).__name__
        lr = group["lr"]
        not_negative(name, "lr", float(lr.asnumpy()) if isinstance(lr, Tensor) else lr)
        if "weight_decay" in group:
            not_negative(name, "weight_decay", group["weight_decay"])
        if "maximize" in group:
            flag(name, "maximize", group["maximize"])
        self.check_group(name, group)

    def check_group(self, name: str, group: Group) -> None:
        """Check the options of a group that the base does not know."""

    # -- what subclasses use -----------------------------------------------------------------------------------------

    @staticmethod
    def scalar(name: str, value: float, shape: tuple = (), dtype: DType = float32) -> Parameter:
        """A state of one number."""
        return Parameter(Tensor(np.full(shape, value, dtype.np)), name=name, requires_grad=False)

    def states(self, prefix: str, value: float = 0.0) -> ParameterTuple:
        """One state tensor for each parameter, called `prefix.<parameter>`, in its shape and dtype."""
        made = ParameterTuple([self._state(prefix, member, value) for member in self._members])
        self._states[prefix] = made, value
        return made

    @staticmethod
    def _state(prefix: str, member: Parameter, value: float) -> Parameter:
        return Parameter(Tensor(np.full(member.shape, value, member.dtype.np)), name=f"{prefix}.{member.name}",
                         requires_grad=False)

    @staticmethod
    def power(base: float, exponent: Tensor) -> Tensor:
        """A number to the power of a tensor, in Float32."""
        return ops.exp(exponent * float(np.log(base))) if base else ops.where(exponent == 0, 1.0, 0.0)

    # -- the step ----------------------------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs):
        result = super().__call__(*args, **kwargs)
        if _stack.trace is None:
            close()
        return result

    def construct(self, gradients):
        """Update every parameter once; True."""
        if len(gradients) != len(self._members):
            raise ValueError(f"For '{type(self).__name__}', {len(self._members)} gradients are expected, one for each "
                             f"parameter, but got {len(gradients)}.")
        counter = getattr(self, self.step_name)
        assign(counter, counter + 1)
        step = ops.reshape(counter, ()).astype(float32)
        self.begin_step(step)
        for index, (param, gradient) in enumerate(zip(self._members, gradients)):
            group = self._groups[index]
            gradient = gradient.astype(param.dtype)
            gradient = -gradient if group.get("maximize") else gradient
            if group.get("weight_decay") and not self.decoupled_decay:
                gradient = gradient + param * group["weight_decay"]
            self.update(index, param, gradient, group["lr"].astype(param.dtype), group, step)
        return True

    def begin_step(self, step: Tensor) -> None:
        """What happens once per step, before the updates."""

    def update(self, index: int, param: Parameter, gradient: Tensor, lr: Tensor, group: dict, step: Tensor) -> None:
        """Update one parameter; step: the number of this step, from 1, a 0-d Float32 tensor."""
        raise TypeError(f"{type(self).__name__} does not define update")

    @staticmethod
    def write(targets, values) -> None:
        """Give a parameter and its states their new values."""
        for target, value in zip(targets, values):
            assign(target, value.astype(target.dtype))

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for k, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {k}")
            lines += [f"    {key}: {value}" for key, value in sorted(group.items()) if key != "params"]
        return "\n".join([*lines, ")"])


def betas_of(name: str, betas) -> tuple[float, float]:
    """Two decay rates of at least 0 and below 1; TypeError or ValueError for others."""
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"For '{name}', the 'betas' must be a tuple of two floats, but got {betas!r}.")
    for beta in betas:
        if not 0 <= not_negative(name, "betas", beta) < 1:
            raise ValueError(f"For '{name}', the 'betas' must be at least 0 and below 1, but got {betas}.")
    return float(betas[0]), float(betas[1])
