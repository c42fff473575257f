"""What the commands `show` and `grad` of `python -m mindspore` print about a function of a file."""
from __future__ import annotations

import functools
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mindspore.common.dtype import DType
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.vjp import is_differentiable
from mindspore.compiler.ir.listing import listing
from mindspore.compiler.ir.text import show
from mindspore.gradient import value_and_grad
from mindspore.graph.call import call_construct, call_function
from mindspore.graph.compiled import CompiledFunction, Entry
from mindspore.nn.cell import Cell

_SHORT = {"f16": "float16", "f32": "float32", "f64": "float64", "bf16": "bfloat16", "i8": "int8", "i16": "int16",
          "i32": "int32", "i64": "int64", "u8": "uint8", "bool": "bool_"}


class UsageError(Exception):
    """A command cannot do what it was asked for; the message says why."""


def argument(text: str) -> Tensor:
    """The tensor that an argument of the command line stands for: `2x3`, `2x3:int32`, `scalar`, or `f32[2,3]`.

    Raises:
        ValueError: the text is none of these.
    """
    bracketed = re.fullmatch(r"(\w+)\[([\d,\s]*)\]", text)
    if bracketed:
        key, sizes = _SHORT.get(bracketed[1], bracketed[1]), [d for d in bracketed[2].split(",") if d.strip()]
    else:
        shape, _, key = text.partition(":")
        sizes = [] if shape == "scalar" else shape.split("x")
    dtype = DType._by_key.get(key or "float32")
    if dtype is None or not all(d.strip().isdecimal() for d in sizes):
        raise ValueError(f"{text!r} is no shape; expected sizes such as 2x3, or scalar, and a dtype where it is not "
                         f"float32, as in 2x3:int32; or the form i32[2,3]")
    return Tensor(shape=tuple(map(int, sizes)), dtype=dtype)


def find(target: str) -> Callable:
    """The function or Cell that FILE:FUNC names; a class of Cells is made without arguments. UsageError without one."""
    path, _, name = target.rpartition(":")
    if not path.endswith(".py") or not Path(path).is_file():
        raise UsageError(f"{target!r} is not FILE:FUNC with an existing Python file")
    found = getattr(_load(Path(path)), name, None)
    if isinstance(found, type) and issubclass(found, Cell):
        found = found()
    if not callable(found):
        raise UsageError(f"{path} has no function or Cell called {name!r}")
    return getattr(found, "__ms_function__", found)


def _load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # there is a loader for names that end in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module


def show_program(target: str, arguments: list[Tensor]) -> str:
    """The text of the function's graph for these arguments, with the lines of the program."""
    function = find(target)
    _check_arguments(function, arguments)
    return show(_compiled(function, _name(function), arguments).graph, locations=True)


def show_gradient(target: str, arguments: list[Tensor]) -> str:
    """The function's values and its gradients by floating arguments and by the parameters of a Cell, as statements."""
    function = find(target)
    names = _check_arguments(function, arguments)
    places = tuple(k for k, a in enumerate(arguments) if is_differentiable(a._value.aval))
    weights = list(function.trainable_params()) if isinstance(function, Cell) else []
    if not places and not weights:
        raise UsageError(f"{target} has nothing to differentiate by: give an argument of a floating dtype")
    by = [names[k] for k in places] + [w.name for w in weights]
    gradient = value_and_grad(function, places or None, weights or None)
    entry = _compiled(gradient, f"gradient of {_name(function)}", arguments)
    graph = entry.graph
    values = entry.results - len(by)
    lifted = [t.name if isinstance(t, Parameter) else f"outer{k + 1}" for k, t in enumerate(entry.lifted)]
    results = ["value" if values == 1 else f"value[{k}]" for k in range(values)] + [f"gradient by {n}" for n in by]
    results += [f"new value of {getattr(t, 'name', 'a hidden tensor')}" for t, _, _ in entry.writes]
    return listing(graph, [*names[:len(arguments)], *lifted], results, values)


def _name(function: Callable) -> str:
    return type(function).__name__ if isinstance(function, Cell) else getattr(function, "__name__", "function")


def _check_arguments(function: Callable, arguments: list[Tensor]) -> list[str]:
    """The names of the parameters. UsageError unless the arguments can be bound to them."""
    signature = inspect.signature(function.construct if isinstance(function, Cell) else function)
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise UsageError(f"{_name(function)}{signature} cannot be called with {len(arguments)} arguments ({error}): "
                         f"give one shape for each parameter without a default") from None
    names = list(signature.parameters)
    return names + [f"{names[-1]}{k}" for k in range(len(names), len(arguments))] if names else []


def _compiled(function: Callable, name: str, arguments: list[Tensor]) -> Entry:
    if isinstance(function, Cell):
        def target(*args: Any) -> Any:
            return call_construct(function, args, {})
    else:
        target = functools.partial(call_function, function)
    return CompiledFunction(target, name).specialise((), tuple(arguments), {})
