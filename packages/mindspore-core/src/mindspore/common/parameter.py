"""Parameters: named tensors that training changes."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mindspore.common.deferred import DeferredTensor
from mindspore.common.dtype import as_dtype
from mindspore.common.tensor import Tensor
from mindspore.graph.trace import storage_of
from mindspore.runtime import record
from mindspore.runtime.standing import register

__all__ = ["ParamInfo", "Parameter", "ParameterTuple"]

PARAMETER_NAME_DEFAULT = "Parameter"

_unnamed = itertools.count()
_RANK = {"f": 1, "c": 2}  # of kinds of numbers; lower ones do not hold higher ones


class ParamInfo:
    """What is said of a Parameter beside its value: its name, whether it is trained, and notes for several devices.

    Args:
        of: the Parameter whose attributes are read and written; without one the object holds values of its own, and
            giving it to a Parameter (`parameter.param_info = info`) copies them.

    Raises:
        AttributeError: another name than those of `FIELDS`.
    """

    FIELDS = {"name": PARAMETER_NAME_DEFAULT, "requires_grad": True, "layerwise_parallel": False,
              "parallel_optimizer": True, "comm_fusion": 1, "parallel_optimizer_comm_recompute": False,
              "cache_enable": False, "cache_shape": (), "key": -1}

    def __init__(self, of: Any = None):
        self.__dict__["_of"] = of
        if of is None:
            self.__dict__.update(self.FIELDS)

    def __getattr__(self, name: str) -> Any:
        if name in self.FIELDS and self.__dict__.get("_of") is not None:
            return getattr(self._of, name)
        raise AttributeError(f"ParamInfo has no {name!r}; it has {', '.join(self.FIELDS)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.FIELDS:
            raise AttributeError(f"ParamInfo has no {name!r}; it has {', '.join(self.FIELDS)}")
        if self._of is None:
            self.__dict__[name] = value
        else:
            setattr(self._of, name, value)

    def clone(self) -> ParamInfo:
        """Values of its own, the same ones."""
        twin = ParamInfo()
        twin.__dict__.update({name: getattr(self, name) for name in self.FIELDS})
        return twin


class Parameter(Tensor):
    """A tensor that belongs to a Cell and can be trained.

    Args:
        default_input: the initial value: a Tensor, an array, a number, or what `initializer(...)` returns.
        name: the name in checkpoints; without one the attribute's name is taken when a Cell gets the parameter.
        requires_grad: whether `trainable_params` lists it.

    Raises:
        TypeError: the value or the name has a wrong type.
    """

    name = PARAMETER_NAME_DEFAULT
    requires_grad, layerwise_parallel, parallel_optimizer = True, False, True
    # What programs for several devices note of a parameter; one device computes as without them.
    comm_fusion, parallel_optimizer_comm_recompute, sliced = 1, False, False
    cache_enable, cache_shape, inited_param, key = False, (), None, -1

    def __new__(cls, *args, **kwargs):
        parameter = super().__new__(cls)
        register(parameter)
        return parameter

    def __init__(self, default_input=None, name=None, requires_grad=True, layerwise_parallel=False,
                 parallel_optimizer=True, storage_format="", device=None):
        if name is not None and not isinstance(name, str):
            raise TypeError(f"Parameter: name must be a str, got {type(name).__name__}")
        if not isinstance(requires_grad, bool):
            raise TypeError(f"Parameter: requires_grad must be a bool, got {type(requires_grad).__name__}")
        if default_input is None:
            raise TypeError("Parameter: default_input is missing; give a Tensor, an array or a number")
        with _outside_of_traces():
            super().__init__(default_input)
        self._draw = default_input.draw if isinstance(default_input, DeferredTensor) else None
        self.named = name is not None
        self.name = name if name else f"{PARAMETER_NAME_DEFAULT}#{next(_unnamed)}"
        self.requires_grad = requires_grad
        self.layerwise_parallel = layerwise_parallel
        self.parallel_optimizer = parallel_optimizer

    @property
    def has_init(self) -> bool:  # type: ignore[override]
        """Whether it waits for its initial value (`no_init_parameters`)."""
        return self._draw is not None

    @property
    def is_init(self) -> bool:  # type: ignore[override]
        """Whether it has a value, or what a program has said of that."""
        return vars(self).get("_said_init", self._draw is None)

    @is_init.setter
    def is_init(self, value: bool) -> None:
        self._said_init = bool(value)

    @property
    def param_info(self) -> ParamInfo:  # type: ignore[override]
        """What is said of it beside its value; assigning another one takes over what that says."""
        return ParamInfo(self)

    @param_info.setter
    def param_info(self, info: ParamInfo) -> None:
        for field in ParamInfo.FIELDS:
            if getattr(self, field) != getattr(info, field):
                setattr(self, field, getattr(info, field))

    @property
    def data(self) -> Parameter:
        """The parameter itself; assigning to it is `set_data`."""
        return self

    @data.setter
    def data(self, value: Tensor) -> None:
        self.set_data(value)

    def value(self) -> Tensor:
        """The present value as a plain tensor; gradients of it are those of the Parameter."""
        return record.present(self)

    def init_data(self, layout=None, set_sliced=False) -> Parameter:  # type: ignore[override]
        """The parameter itself, with its initial value if it has none yet."""
        if self._draw is not None:
            self.set_data(self._draw())
        return self

    def set_data(self, data, slice_shape=False) -> Parameter:
        """Take over the value of `data`, cast to this parameter's dtype.

        Raises:
            TypeError: `data` has floating numbers and this parameter none, or complex ones and this one real ones.
            ValueError: the shapes differ and `slice_shape` is not set.
        """
        kind = data.dtype.kind if isinstance(data, Tensor) else np.asarray(data).dtype.kind
        if _RANK.get(kind, 0) > _RANK.get(self.dtype.kind, 0):
            raise TypeError(f"set_data: parameter {self.name!r} is {self.dtype}, which cannot hold "
                            f"{'complex' if kind == 'c' else 'floating'} data; cast them first, or use set_dtype")
        data = data if isinstance(data, Tensor) else Tensor(np.asarray(data), dtype=self.dtype)
        if data.shape != self.shape and not slice_shape:
            raise ValueError(f"set_data: parameter {self.name!r} has shape {self.shape}, the data have {data.shape}; "
                             f"reshape the data, or pass slice_shape=True to change the parameter's shape")
        record.assign(self, data if data.dtype is self.dtype else data.astype(self.dtype))
        self._draw = None
        return self

    def assign_value(self, value) -> Parameter:
        """Alias of `set_data`."""
        return self.set_data(value)

    def set_dtype(self, set_dtype) -> Parameter:
        """Cast the parameter in place."""
        record.assign(self, self.value().astype(as_dtype(set_dtype)))
        return self

    def clone(self, init="same") -> Parameter:
        """A new parameter of the same shape and dtype: the same value, or initialised by `init`."""
        if isinstance(init, str) and init == "same":
            data = self.value()
        else:
            data = Tensor(shape=self.shape, dtype=self.dtype, init=init)
        copy = Parameter(data, name=self.name, requires_grad=self.requires_grad,
                         layerwise_parallel=self.layerwise_parallel, parallel_optimizer=self.parallel_optimizer)
        copy.named = self.named
        if isinstance(init, str) and init == "same":
            copy._draw = self._draw
        return copy

    def register_hook(self, hook_fn: Callable) -> Any:
        """See `Tensor.register_hook`."""
        return super().register_hook(hook_fn)

    def __deepcopy__(self, memodict):
        return self.clone()

    def __copy__(self):
        return self.clone()

    def __reduce__(self):
        return (_unpickle, (storage_of(self).to_numpy(), self.name, self.requires_grad))

    def __str__(self) -> str:
        return (f"Parameter (name={self.name}, shape={self.shape}, dtype={self.dtype}, "
                f"requires_grad={self.requires_grad})")

    __repr__ = __str__


def _unpickle(array: np.ndarray, name: str, requires_grad: bool) -> Parameter:
    return Parameter(Tensor(array), name=name, requires_grad=requires_grad)


def _outside_of_traces():
    from mindspore.graph.trace import suspended
    return suspended()


def refuse_shared_name(params: Iterable[Parameter], where: str) -> None:
    """ValueError if two different parameters of `where` have been given one name."""
    seen: dict[str, Parameter] = {}
    for param in params:
        if param.named and seen.setdefault(param.name, param) is not param:
            raise ValueError(f"{where}: of two parameters each was given its name {param.name!r}, which already "
                             f"exists: give one of them another name")


class ParameterTuple(tuple):
    """An immutable tuple of parameters.

    Raises:
        TypeError: an element is not a Parameter. ValueError: two different parameters have one name.
    """

    def __new__(cls, iterable):
        items = tuple(iterable)
        for item in items:
            if not isinstance(item, Parameter):
                raise TypeError(f"ParameterTuple: every element must be a Parameter, got {type(item).__name__}")
        refuse_shared_name(items, "ParameterTuple")
        return super().__new__(cls, items)

    def clone(self, prefix: str, init="same") -> ParameterTuple:
        """Clones whose names start with `prefix.`; see `Parameter.clone`."""
        copies = []
        for item in self:
            copy = item.clone(init)
            copy.name = f"{prefix}.{item.name}"
            copy.named = True
            copies.append(copy)
        return ParameterTuple(copies)
