"""`jit`: compile a function."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from mindspore.common.jit_config import JitConfig
from mindspore.common.no_grad import cell_graph_executor as _cell_graph_executor  # noqa: F401 - asked for here
from mindspore.common.no_grad import no_grad as _no_grad  # noqa: F401
from mindspore.common.no_grad import pynative_executor as _pynative_executor  # noqa: F401
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.deprecation import deprecated
from mindspore.graph.call import call_function
from mindspore.graph.compiled import CompiledFunction
from mindspore.graph.dynamic import Learned, described_by
from mindspore.graph.fall_back import fall_back

__all__ = ["jit", "ms_function", "jit_class", "ms_class", "mutable", "constexpr"]


class _Unsaid(int):
    """False, where the caller said nothing."""

    def __repr__(self) -> str:
        return "False"


_UNSAID = _Unsaid(0)


def jit(function: Callable | None = None, *, capture_mode: str = "ast", jit_level: str = "O0", dynamic: int = 0,
        fullgraph: bool | int = _UNSAID, backend: str = "", **options) -> Callable:
    """Compile a function into one graph per signature; use it as a decorator or call it.

    The function is specialised for the shapes and dtypes of its tensor arguments and the values of all others. Its
    source is interpreted; a function without readable source is recorded while it runs.

    Args:
        function: the function, method or Cell to compile. Of a class of Cells `construct` is compiled; it is the same
            class afterwards.
        capture_mode: "ast" (interpret the source), "trace" or "bytecode" (record one run).
        dynamic: 1: an axis that has a second size in some call is symbolic from then on, and one graph serves all of
            its sizes. 0: each shape is compiled by itself.
        fullgraph: whether what cannot be compiled is an error. True: always. False, said explicitly: never, it runs in
            PyNative mode, with a RuntimeWarning that names the line and the reason. By default so runs what asks for
            the value of a tensor (`asnumpy`, a foreign library, shapes that values decide), and what the compiler
            fails at by a mistake of its own; with `set_context(jit_syntax_level=STRICT)` nothing does.
            capture_mode "bytecode" means False.
        jit_level, backend, options: accepted for compatibility. Of them `jit_config`, a `JitConfig`, decides the same
            as `set_context(jit_syntax_level=...)`, for this function alone; `fullgraph` is stronger.

    Raises:
        TypeError: `function` is not callable, or `jit_config` no JitConfig. ValueError: an unknown capture mode.
    """
    config = options.get("jit_config")
    if config is not None and not isinstance(config, JitConfig):
        raise TypeError(f"jit: jit_config must be a JitConfig, got {type(config).__name__}")
    if capture_mode not in ("ast", "trace", "bytecode"):
        raise ValueError(f"jit: capture_mode must be 'ast', 'trace' or 'bytecode', got {capture_mode!r}")
    if function is None:
        return lambda fn: jit(fn, capture_mode=capture_mode, jit_level=jit_level, dynamic=dynamic,
                              fullgraph=fullgraph, backend=backend, **options)
    if not callable(function):
        raise TypeError(f"jit: expected a function, got {type(function).__name__}")
    if dynamic not in (0, 1):
        raise ValueError(f"jit: dynamic must be 0 or 1, got {dynamic!r}")
    if isinstance(function, type) and hasattr(function, "construct"):
        construct = jit(function.construct, capture_mode=capture_mode, dynamic=dynamic, fullgraph=fullgraph,
                        jit_config=config)
        setattr(function, "construct", construct)  # noqa: B010 - of a class, which a type checker takes for any type
        return function
    varying = described_by(function) or (Learned() if dynamic else None)
    if capture_mode == "bytecode" and fullgraph is _UNSAID:
        fullgraph = False
    return _Jit(getattr(function, "__ms_function__", function), capture_mode, fullgraph, varying,
                {} if config is None else config.jit_config_dict)


class _Jit:
    """A compiled function. As a class attribute it binds like a method: each object has its own graphs."""

    def __init__(self, fn: Callable, capture_mode: str, fullgraph: bool | int = _UNSAID, varying: Any = None,
                 options: dict | None = None):
        functools.update_wrapper(self, fn)
        self.fullgraph, self.options = fullgraph, options or {}
        self.__ms_function__ = fn
        self.capture_mode = capture_mode
        target = fn if capture_mode != "ast" else functools.partial(call_function, fn)
        self.compiled = CompiledFunction(target, getattr(fn, "__name__", type(fn).__name__), varying,
                                         fall_back(fn, fullgraph, lambda: self.options))

    @property
    def __ms_dynamic__(self) -> Any:
        """What is known of sizes that vary from call to call."""
        return self.compiled.varying

    @__ms_dynamic__.setter
    def __ms_dynamic__(self, varying: Any) -> None:
        self.compiled.varying = varying

    def __call__(self, *args, **kwargs):
        return self.compiled(*args, **kwargs)

    def __get__(self, obj, owner=None):
        if obj is None:
            return self
        bound = _Jit(self.__ms_function__.__get__(obj, owner), self.capture_mode, self.fullgraph,
                     self.compiled.varying, self.options)
        try:
            object.__setattr__(obj, self.__name__, bound)
        except (AttributeError, TypeError):  # no place for it: slots, or a class method's class
            return bound
        return bound

    def graph(self, *args, **kwargs):
        """The graph for these arguments."""
        return self.compiled.graph(*args, **kwargs)


def ms_function(*args: Any, **kwargs: Any) -> Any:
    """The former name of `jit`."""
    deprecated("ms_function", "jit")
    return jit(*args, **kwargs)


def jit_class(cls: type) -> type:
    """Mark a class whose objects may be used inside compiled functions (any class may; kept for compatibility).

    TypeError for a Cell, or what is no class.
    """
    from mindspore.nn.cell import Cell
    if not isinstance(cls, type):
        raise TypeError(f"jit_class: expected a class, got {type(cls).__name__}")
    if issubclass(cls, Cell):
        raise TypeError(f"jit_class: {cls.__name__} is a Cell, which a compiled function may use as it is; leave the "
                        "decorator out")
    return cls


def ms_class(cls: type) -> type:
    """The former name of `jit_class`."""
    deprecated("ms_class", "jit_class")
    return jit_class(cls)


def constexpr(fn: Callable | None = None, get_instance: bool = True, name: str | None = None,
              reuse_result: bool = True, check: bool = True) -> Callable:
    """Mark a function of Python values that is evaluated while compiling (every such function is).

    Args:
        get_instance: without it the name is called once to get the function, `f()(x)`, as a class of operators is.
        name, reuse_result, check: accepted; the function has its own name, is called again where it is written again,
            and sees its arguments as they are.
    """
    def marked(function: Callable) -> Callable:
        return function if get_instance else lambda: function
    return marked if fn is None else marked(fn)


def mutable(input_data, dynamic_len: bool = False):
    """Make a number, or the numbers in a container, run-time values of a compiled function, and the sizes of tensors
    symbolic: one graph serves all values and all sizes. A container that it made is an input by which
    `GradOperation(get_all=True)` differentiates; other containers are constants to it.

    Args:
        input_data: a number, a tensor, or a tuple, list or dict of such values.
        dynamic_len: accepted for compatibility; each length of a list has a graph.

    Returns:
        a Tensor for a number or tensor; containers with these replaced. A whole number may be used where a size is
        expected (`ops.zeros((n, 3))`, `x[:n]`).
    """
    from mindspore.graph.dynamic import mutable_tensor
    if isinstance(input_data, bool | int | float | Tensor) and not isinstance(input_data, Parameter):
        return mutable_tensor(input_data)
    if isinstance(input_data, tuple | list):
        return type(input_data)(mutable(v) for v in input_data)
    if isinstance(input_data, dict):
        return {k: mutable(v) for k, v in input_data.items()}
    return input_data
