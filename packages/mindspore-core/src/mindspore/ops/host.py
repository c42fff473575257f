"""Functions of the user's on the host, and checks of values at run time, as operators.

A function that computes arrays becomes one operation (`compiler.primitives.host_function`): in PyNative mode it is
called at once, in a compiled function when the graph comes to it, and only if its results are needed. Its derivative is
what `bprop` says; without one there is none.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir.aval import TensorAval, tensor_aval
from mindspore.compiler.primitives import primitive
from mindspore.compiler.primitives.host_function import Computation
from mindspore.eager.segment import flush
from mindspore.graph import effects
from mindspore.graph.trace import current_trace
from mindspore.ops._operands import apply, as_bool, as_tensor, static_shape
from mindspore.ops._registrations import check_dtypes
from mindspore.ops.custom_libraries import LibraryFunction
from mindspore.ops.primitive import Primitive
from mindspore.ops.reduction import all as all_of

_HOST = primitive("host_function")


def _run(action: Computation, tensors: Sequence[Tensor], results: tuple[TensorAval, ...]) -> tuple[Tensor, ...]:
    """The results of a function of the user's, which may raise: in PyNative mode what was recorded before runs first,
    and an exception comes from the call."""
    is_recorded = current_trace() is None
    if is_recorded:
        flush()
    found = apply(_HOST, tuple(tensors), (action, results))
    if is_recorded:
        flush()
    return found


def _with_derivative(forward: Callable, backward: Callable) -> Callable:
    """A function whose derivative is `backward`, from the operands, the results and their gradients."""
    from mindspore.ops._derived import Derived
    return Derived(forward, backward)


def _types(name: str, shapes: Sequence, dtypes: Sequence) -> tuple[TensorAval, ...]:
    if len(shapes) != len(dtypes) or not all(isinstance(d, DType) for d in dtypes):
        raise TypeError(f"{name}: the results have shapes {list(shapes)} and dtypes {list(dtypes)}; expected equally "
                        f"many shapes and dtypes")
    return tuple(tensor_aval(static_shape(name, s), d) for s, d in zip(shapes, dtypes))


def bytes_as(name: str, x: Tensor, dtype: DType) -> Tensor:
    """The bytes of a tensor as elements of another dtype, in row-major order and the byte order of the machine. Where
    the sizes of elements differ, the last axis becomes longer or shorter. The result is a copy and has no derivative.

    Raises:
        ValueError: the tensor has no axis, or the bytes of its last axis make no whole number of elements.
    """
    shape, size = x.shape, dtype.itemsize
    if size != x.itemsize:
        if not shape or shape[-1] * x.itemsize % size:
            raise ValueError(f"{name}: elements of {dtype} have {size} bytes, and the last axis of a tensor of shape "
                             f"{shape} and dtype {x.dtype} has "
                             f"{f'{shape[-1] * x.itemsize}, which is no multiple' if shape else 'none: reshape it'}")
        shape = (*shape[:-1], shape[-1] * x.itemsize // size)

    def read(array: np.ndarray) -> np.ndarray:
        return np.frombuffer(array.tobytes(), dtype.np).reshape(shape)

    return _run(Computation(read, f"view as {dtype}"), (x,), (tensor_aval(shape, dtype),))[0]


class PyFunc(Primitive):
    """A function from arrays to arrays, called on the host.

    Args:
        fn: takes a `numpy.ndarray` for each operand and returns one, or several as a tuple. It must not change or keep
            what it is given.
        in_types, in_shapes: dtypes and shapes of the operands. out_types, out_shapes: those of the results.
        stateful: accepted; the function is called each time.

    Called with the operands in a tuple, or one by one; the results are a tuple. TypeError or ValueError where operands
    or results are not what was said.
    """

    def __init__(self, fn: Callable, in_types: Sequence, in_shapes: Sequence, out_types: Sequence,
                 out_shapes: Sequence, stateful: bool = True):
        super().__init__("PyFunc")
        if not callable(fn):
            raise TypeError(f"PyFunc: fn must be a function, but got {type(fn).__name__}")
        self.expected = _types("PyFunc", in_shapes, in_types)
        self.results = _types("PyFunc", out_shapes, out_types)
        self.action = Computation(fn, f"PyFunc {getattr(fn, '__name__', 'fn')}")
        self.add_prim_attr("stateful", stateful)

    def __call__(self, *input_x: Any) -> tuple[Tensor, ...]:
        given = input_x[0] if len(input_x) == 1 and isinstance(input_x[0], (tuple, list)) else input_x
        tensors = [as_tensor("PyFunc", x, f"operand {i}") for i, x in enumerate(given)]
        found = [(t.shape, t.dtype) for t in tensors]
        if found != [(a.shape, a.dtype) for a in self.expected]:
            raise ValueError(f"PyFunc: the operands are {', '.join(f'{d}{list(s)}' for s, d in found) or 'none'}; "
                             f"expected {', '.join(map(str, self.expected)) or 'none'}")
        return _run(self.action, tensors, self.results)


class Custom(Primitive):
    """An operator of one's own: a function from arrays to arrays, called on the host.

    Args:
        func: takes a `numpy.ndarray` for each operand and returns one, or several as a tuple. With func_type 'aot'
            `path:name`, a function of a C++ file or of a shared library (`custom_libraries`).
        out_shape, out_dtype: the shape and dtype of the result, lists or tuples of them where there are several, or
            functions of the operands' shapes and dtypes that give them.
        func_type: 'pyfunc' or 'aot'. Other kinds are for kernels of other devices' compilers; an operator with kernels
            of one's own comes from a plugin.
        bprop: from the operands, the results and the results' gradients, all tensors, to a tuple with a gradient for
            each operand. reg_info: dicts of `CustomRegOp.get_op_info`, also by `custom_info_register` on the function:
            the dtypes that operands may have.

    Raises:
        TypeError, ValueError: arguments of wrong types, another kind, results that are not what was said.
    """

    def __init__(self, func: Callable | str, out_shape: Any = None, out_dtype: Any = None, func_type: str = "pyfunc",
                 bprop: Callable | None = None, reg_info: Any = None):
        super().__init__("Custom")
        if func_type not in ("pyfunc", "aot"):
            raise ValueError(f"Custom: func_type is {func_type!r}; expected 'pyfunc' or 'aot'. Operators with kernels "
                             f"come from plugins (see docs/writing-a-primitive.md)")
        fits = isinstance(func, str) if func_type == "aot" else callable(func)
        if not fits or out_shape is None or out_dtype is None:
            raise TypeError(f"Custom: func is a {type(func).__name__}, out_shape {out_shape!r} and out_dtype "
                            f"{out_dtype!r}; expected {'a text' if func_type == 'aot' else 'a function'}, and both of "
                            f"the others")
        self.out_shape, self.out_dtype = out_shape, out_dtype
        given = reg_info if isinstance(reg_info, (list, tuple)) else [] if reg_info is None else [reg_info]
        self.infos = [*given, *getattr(func, "reg_info", ())]
        library = LibraryFunction(func) if isinstance(func, str) else None
        name = f"Custom {getattr(func, '__name__', 'func') if library is None else library.name}"
        self.action = cache(lambda results: Computation(library.for_results(results) if library else func, name))
        self.derived = None if bprop is None else _with_derivative(self._forward, bprop)

    def __call__(self, *inputs: Any) -> Tensor | tuple[Tensor, ...]:
        tensors = [as_tensor("Custom", x, f"operand {i}") for i, x in enumerate(inputs)]
        check_dtypes("Custom", self.infos, [t.dtype.np.name for t in tensors])
        return self._forward(*tensors) if self.derived is None else self.derived(*tensors)

    def _forward(self, *tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        shape, dtype = self.out_shape, self.out_dtype
        shape = shape(*[t.shape for t in tensors]) if callable(shape) else shape
        dtype = dtype(*[t.dtype for t in tensors]) if callable(dtype) else dtype
        several = isinstance(dtype, (tuple, list))
        results = _types("Custom", shape if several else [shape], dtype if several else [dtype])
        found = _run(self.action(results), tensors, results)
        return found if several else found[0]


class Morph(Primitive):
    """A function of tensors, as one operator.

    Args:
        fn: computes with operators. infer_shape, infer_dtype: accepted; shapes and dtypes follow from fn. bprop_fn:
            from the operands, the results and the results' gradients to a tuple with a gradient for each operand; by
            default fn is differentiated.
    """

    def __init__(self, fn: Callable, infer_shape: Callable, infer_dtype: Callable, bprop_fn: Callable | None = None):
        super().__init__("Morph")
        if not callable(fn) or not (bprop_fn is None or callable(bprop_fn)):
            raise TypeError(f"Morph: fn is a {type(fn).__name__} and bprop_fn a {type(bprop_fn).__name__}; expected "
                            f"functions")
        self.fn = fn
        self.derived = None if bprop_fn is None else _with_derivative(fn, bprop_fn)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        from mindspore.nn._call import call
        if keywords:
            args = _in_order(self.fn, args, keywords)
        return call(self.fn, *args) if self.derived is None else self.derived(*args)


def _in_order(fn: Callable, args: tuple, keywords: dict[str, Any]) -> tuple:
    """All arguments of a call as positional ones, with the defaults of those left out."""
    bound = inspect.signature(fn).bind(*args, **keywords)
    bound.apply_defaults()
    if bound.kwargs:
        raise TypeError(f"Morph: {', '.join(bound.kwargs)} of fn can be given by keyword only; expected parameters "
                        f"that can be given by position")
    return bound.args


# -- checks ------------------------------------------------------------------------------------------------------------

def _checked(value: Any, run: Callable[[Any], None], text: str) -> None:
    if current_trace() is None:
        run(value)
    else:
        effects.perform(run, value, text, raises=True)


class Assert(Primitive):
    """RuntimeError unless a condition holds, at run time; it shows the first elements of some tensors.

    Args:
        summarize: how many elements of each tensor are shown.

    Called with the condition (its elements must all differ from 0) and a tuple of tensors.
    """

    def __init__(self, summarize: int = 3):
        super().__init__("Assert")
        if isinstance(summarize, bool) or not isinstance(summarize, int):
            raise TypeError(f"Assert: summarize must be an int, but got {type(summarize).__name__}")
        self.summarize = summarize

    def __call__(self, condition: Any, input_data: Sequence = ()) -> None:
        holds = all_of(as_bool("Assert", condition, "condition"))
        shown = tuple(as_tensor("Assert", x, "input_data") for x in input_data)
        count = self.summarize

        def run(known: tuple) -> None:
            if not known[0].asnumpy():
                parts = [np.array2string(x.asnumpy().reshape(-1)[:count]) for x in known[1]]
                raise RuntimeError(f"Assert: the condition does not hold; input_data: {', '.join(parts) or 'none'}")

        _checked((holds, shown), run, "assert")


class CheckNumerics(Primitive):
    """The tensor itself; RuntimeError at run time if one of its elements is infinite or NaN."""

    def __init__(self):
        super().__init__("CheckNumerics")

    def __call__(self, x: Any) -> Tensor:
        value = as_tensor("CheckNumerics", x, "x")
        if not value.dtype.is_inexact:
            raise TypeError(f"CheckNumerics: x is {value.dtype}; expected a floating dtype")

        def run(finite: Tensor) -> None:
            if not finite.asnumpy():
                raise RuntimeError("CheckNumerics: the tensor holds an infinite element or NaN")

        _checked(all_of(apply(primitive("isfinite"), (value,))), run, "check numerics")
        return value


CLASSES = {"Assert": Assert, "CheckNumerics": CheckNumerics, "Custom": Custom, "Morph": Morph, "PyFunc": PyFunc}
