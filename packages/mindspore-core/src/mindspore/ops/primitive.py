"""Operators as objects: the base class, and a short way to define one by the function that it calls.

An operator object holds what is fixed about an operator, its attributes, and is called with operands; operators of the
network (`self.relu = ops.ReLU()`) are used in this form. What it computes is a function of `mindspore.ops`; nothing is
computed here.
"""
from __future__ import annotations

import copy
import functools
import importlib
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.api import constexpr
from mindspore.common.generator import Generator
from mindspore.common.seed import on_set_seed
from mindspore.deprecation import OPERATORS, deprecated
from mindspore.graph.trace import _stack

__all__ = ["Primitive", "PrimitiveWithCheck", "PrimitiveWithInfer", "constexpr", "define", "define_drawing",
           "prim_arg_register", "prim_attr_register"]

# How names of operators begin that write into their first operand.
_WRITERS = ("Assign", "Scatter", "Apply", "SparseApply", "Adam", "FusedAdam", "FusedSparse", "SGD", "Lamb")
REQUIRED = inspect.Parameter.empty


class Primitive:
    """An operator with a name and attributes.

    Args:
        name: the operator's name.
    """

    def __init__(self, name: str):
        if name in OPERATORS and type(self).__module__.startswith("mindspore."):
            deprecated(f"ops.{name}", OPERATORS[name])
        self.name = name
        self.attrs: dict[str, Any] = {}

    def __call__(self, *args: Any) -> Any:
        known = _operator_named(self.name)
        if known is not None and not type(self).__module__.startswith("mindspore."):
            return known(**{key: self.attrs[key] for key in known._attributes if key in self.attrs})(*args)
        raise TypeError(f"{self.name}: the class {type(self).__name__} does not say what the operator computes; define "
                        f"__call__ in it")

    def add_prim_attr(self, name: str, value: Any) -> Primitive:
        """Set an attribute; returns the operator."""
        self.attrs[name] = value
        return self

    def del_prim_attr(self, name: str) -> Primitive:
        """Remove an attribute; returns the operator."""
        self.attrs.pop(name, None)
        return self

    def add_attr(self, arg0: str, arg1: Any) -> None:
        """Set an attribute."""
        self.attrs[arg0] = arg1

    def del_attr(self, arg0: str) -> None:
        """Remove an attribute."""
        self.attrs.pop(arg0, None)

    def set_instance_name(self, arg0: str) -> None:
        """Name this use of the operator."""
        self.add_prim_attr("instance_name", arg0)

    def set_user_data(self, arg0: str, arg1: Any) -> None:
        """Keep an object of the program's with the operator, by name."""
        self.__dict__.setdefault("_user_data", {})[arg0] = arg1

    def get_user_data(self, arg0: str) -> Any:
        """What `set_user_data` has kept under a name; None if there is nothing."""
        return self.__dict__.get("_user_data", {}).get(arg0)

    def __getattr__(self, item: str) -> Any:
        """An attribute of the operator, by name."""
        attrs = self.__dict__.get("attrs", {})
        if item in attrs:
            return attrs[item]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {item!r}")

    def __deepcopy__(self, memo: dict) -> Primitive:
        """An operator with attributes of its own."""
        twin = memo[id(self)] = object.__new__(type(self))
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def get_attr_dict(self) -> dict[str, Any]:
        """All attributes by name."""
        return dict(self.attrs)

    def init_prim_io_names(self, inputs: list[str], outputs: list[str]) -> None:
        """Name the operands and results."""
        self.add_prim_attr("input_names", list(inputs)).add_prim_attr("output_names", list(outputs))

    def set_device(self, device_target: str) -> Primitive:
        """Note the device that the operator is meant for; returns the operator."""
        return self.add_prim_attr("primitive_target", device_target)

    def set_stage(self, stage: int) -> Primitive:
        """Note the stage of a pipeline that the operator belongs to; returns the operator."""
        return self.add_prim_attr("stage", stage)

    def set_prim_instance_name(self, instance_name: str) -> Primitive:
        """Name this use of the operator; returns the operator."""
        return self.add_prim_attr("instance_name", instance_name)

    def shard(self, in_strategy: tuple | None = None, out_strategy: tuple | None = None) -> Primitive:
        """Note how operands and results are to be split over devices; returns the operator."""
        return self.add_prim_attr("in_strategy", in_strategy).add_prim_attr("out_strategy", out_strategy)

    def recompute(self, mode: bool = True) -> Primitive:
        """Note whether the result is to be computed again in the backward pass; returns the operator."""
        return self.add_prim_attr("recompute", mode)

    def place(self, role: str, rank_id: int) -> Primitive:
        """Note the process that the operator is meant for; returns the operator."""
        return self.add_prim_attr("place", (role, rank_id))

    def check_elim(self, *args: Any) -> tuple[bool, Any]:
        """Whether the operator's result is known without computing it, and the result: never here."""
        return False, None

    @property
    def update_parameter(self) -> bool:
        """Whether the operator changes a parameter that it is given, as its name tells: those that assign, scatter or
        take a step of an optimizer."""
        return self.name.startswith(_WRITERS) and self.name not in ("ScatterNd", "ScatterAddWithAxis")

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v}" for k, v in self.attrs.items())
        return f"Prim[{self.name}]<{shown}>" if shown else f"Prim[{self.name}]"


PrimitiveWithInfer = PrimitiveWithCheck = Primitive
_primexpr = constexpr  # of functions of sizes, which programs mark by this name


def _run_op(obj: Primitive, op_name: str, args: tuple) -> Any:
    """The result of an operator object for operands, as programs ask for it that define `__call__` themselves: that of
    the class which says what the operator computes."""
    for cls in type(obj).__mro__:
        call = cls.__dict__.get("__call__")
        if call is not None and cls.__module__.startswith("mindspore."):
            return call(obj, *args)
    raise TypeError(f"{op_name}: no class of it says what the operator computes")


def _operator_named(name: str) -> type[_Defined] | None:
    """The operator that a class of a program means which has its name and attributes and says nothing of what it
    computes; None if there is none, or if it draws random numbers."""
    for path in ("operations", "_inner_classes", "_native_classes", "_mint_classes", "_in_place_classes",
                 "_gradient_classes", "_sparse_classes"):
        known = getattr(importlib.import_module(f"mindspore.ops.{path}"), name, None)
        if isinstance(known, type) and issubclass(known, _Defined) and not issubclass(known, _Drawing):
            return known
    return None


def prim_attr_register(fn: Callable) -> Callable:
    """Decorator of `__init__` in a class of operators: the operator is named like its class, and the arguments become
    its attributes."""
    signature = inspect.signature(fn)

    @functools.wraps(fn)
    def initialise(self, *args, **kwargs):
        Primitive.__init__(self, type(self).__name__)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name, value in list(bound.arguments.items())[1:]:
            self.add_prim_attr(name, value)
        given = self.attrs
        fn(self, *args, **kwargs)
        if self.attrs is not given:  # it has called Primitive.__init__ itself
            self.attrs = {**given, **self.attrs}

    return initialise


prim_arg_register = prim_attr_register


class _Defined(Primitive):
    """An operator that calls one function with its operands and its attributes, these by name."""

    _function: Callable
    _attributes: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(type(self).__name__)
        if not args and not kwargs:
            self.attrs.update(self._attributes)
        else:
            bound = self.__signature__.bind(*args, **kwargs)
            bound.apply_defaults()
            self.attrs.update(bound.arguments)
        for name, value in self.attrs.items():
            if value is REQUIRED:
                raise TypeError(f"{self.name}: the argument {name!r} is missing")
            self.__dict__[name] = value

    @property
    def __signature__(self) -> inspect.Signature:
        return _signature(tuple(self._attributes.items()))

    def __call__(self, *operands: Any, **named: Any) -> Any:
        if _stack.mixing is not None:
            operands = _stack.mixing.operands(type(self), operands)
        return type(self)._function(*operands, **{k: self.__dict__[k] for k in self._attributes}, **named)


@functools.cache
def _signature(attributes: tuple) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind, default=default) for name, default in attributes])


def define(name: str, function: Callable, **attributes: Any) -> type[Primitive]:
    """A class of operators called `name`. Its constructor takes `attributes` (name=default, or REQUIRED), its instances
    call `function` with the operands given and with the attributes by name."""
    namespace = {"_function": staticmethod(function), "_attributes": attributes, "__doc__": function.__doc__,
                 "__module__": "mindspore.ops.operations"}
    if not attributes:
        def call(self, *operands, **named):
            if _stack.mixing is not None:
                operands = _stack.mixing.operands(type(self), operands)
            return function(*operands, **named)
        namespace["__call__"] = call
    return type(name, (_Defined,), namespace)


_streams: weakref.WeakSet[Generator] = weakref.WeakSet()


class _Drawing(_Defined):
    """What operators add that draw random numbers: an object with a seed has a stream of its own, from which each call
    goes on; `set_seed` starts all of these again."""

    _seeds: tuple[str, str]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        first, second = (self.__dict__[name] for name in self._seeds)
        if any(isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) for seed in (first, second)):
            raise TypeError(f"{self.name}: {' and '.join(self._seeds)} must be ints, but got {first!r} and "
                            f"{second!r}")
        self._stream = Generator().manual_seed(first * 2**32 + second) if first or second else None
        if self._stream is not None:
            _streams.add(self._stream)

    def __call__(self, *operands: Any, **named: Any) -> Any:
        if _stack.mixing is not None:
            operands = _stack.mixing.operands(type(self), operands)
        attributes = {name: self.__dict__[name] for name in self._attributes}
        attributes.update(zip(self._seeds, (self._stream, 0)))
        return type(self)._function(*operands, **attributes, **named)


def define_drawing(name: str, function: Callable, **attributes: Any) -> type[Primitive]:
    """As `define`, for operators that draw random numbers. The first two attributes whose names begin with "seed", or
    are "offset", are the seeds; `function` gets a generator or None for the first of them, and 0 for the other."""
    made = define(name, function, **attributes)
    seeds = tuple([key for key in attributes if key.lower().startswith(("seed", "offset"))][:2])
    return type(name, (_Drawing,), {**{key: made.__dict__[key] for key in ("_function", "_attributes", "__doc__",
                                                                          "__module__")}, "_seeds": seeds})


def _start_streams() -> None:
    for stream in list(_streams):
        stream.manual_seed(stream.initial_seed())


on_set_seed(_start_streams)
