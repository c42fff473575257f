"""`apply`: the one door through which every operator call goes.

In PyNative mode the call is appended to the thread's segment, while a function is being compiled it is emitted into
the trace. Operators never ask which of the two it is.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import DType
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.compiler.ir import tensor_aval
from mindspore.compiler.primitives.base import PRIMITIVES, Primitive
from mindspore.eager import segment as _segment
from mindspore.graph.guards import CELL_EPOCH
from mindspore.graph.trace import Traced, _stack, storage_of
from mindspore.runtime import device as _device
from mindspore.runtime.storage import Storage, from_numpy
from mindspore.runtime.transfer import upload

_tensor_class: list = []
SYNCHRONIZE = [False]


def wrap(value):
    """A Tensor that holds a storage or a traced value."""
    cls = _tensor_class[0]
    tensor = cls.__new__(cls)
    tensor._value, tensor._shared = value, None
    return tensor


def with_hooks_of(tensor, source):
    """`tensor`, which stands for `source` inside of a function, with the hooks on gradients that `source` has."""
    hooks = getattr(source, "_hooks", None)
    if hooks:
        tensor._hooks = hooks
    return tensor


def apply(op: Primitive, tensors: tuple, attrs: tuple = ()):
    """Call a primitive on tensors; attrs in the order that it declares. A Tensor, or a tuple of them."""
    mixing = _stack.mixing
    if mixing is not None:
        return mixing.apply(op, tensors, attrs, apply_plainly)
    return apply_plainly(op, tensors, attrs)


def apply_plainly(op: Primitive, tensors: tuple, attrs: tuple = ()):
    """Call a primitive on tensors as they are, whatever precision it belongs in."""
    trace = _stack.trace
    if trace is not None:
        result = trace.record(op, tensors, attrs)
    else:
        storages = tuple([v if type(v := t._value) is Storage else storage_of(t) for t in tensors])
        segment = _segment._local.segment or _segment.current()
        result = segment.record(op, storages, attrs)
        if SYNCHRONIZE[0]:
            _segment.flush()
            _device.current().allocator.synchronize()  # a kernel that fails is told of here
    if type(result) is tuple:
        return tuple([wrap(r) for r in result])
    return wrap(result)


def call(name: str, *tensors, **attrs):
    """Call a primitive by name, attributes by name. Slower than `apply`; for code that is not on a hot path."""
    op = PRIMITIVES[name]
    return apply(op, tensors, op.pack_attrs(attrs))


def present(tensor):
    """The present value of a tensor or Parameter as a plain tensor that later assignments do not change. In a function
    that is compiled or differentiated it is a use of the tensor like any other: read at each call, with a gradient."""
    if _stack.trace is None:
        return wrap(tensor._value)
    return call("identity", tensor)


def scalar(value, dtype: DType):
    """A 0-d tensor of a Python number: a constant while compiling, a run-time input in PyNative mode."""
    trace = _stack.trace
    if trace is not None:
        if type(value) is TripNumber:
            return value.tensor(dtype)
        return wrap(Traced(trace, trace.builder.constant(value, dtype)))
    kind = type(value)
    if (kind is not float and kind is not int) or not value or value != value:
        return wrap(from_numpy(np.asarray(value).astype(dtype.np)))
    device = _device.current()
    key = (value, dtype, device)
    known = _scalars.get(key)
    if known is None:
        array = np.asarray(value).astype(dtype.np)
        if len(_scalars) >= SCALARS_KEPT:
            _scalars.clear()
        known = _scalars[key] = (tensor_aval((), dtype), upload(device.allocator, array))
    storage = Storage(known[0], known[1], device)
    storage.pinned = True
    return wrap(storage)


SCALARS_KEPT = 1024
_scalars: dict = {}  # numbers that were used as data lately -> (aval, device buffer), shared since nothing writes them


def assign(target, value, alone: bool = False) -> None:
    """Give `target` the value of `value`; what its other readers hold is unchanged. Tensors that show elements of
    `target`, or whose elements it shows, get the new elements too (`common.tensor_views`).

    value: of the shape and dtype of `target`. Any other is for a target that has nothing to do with its views after it.
    alone: only `target` itself changes.
    """
    trace = _stack.trace
    if target._shared is not None and not alone and target._value.aval is not value._value.aval:
        leave(target)
    if trace is not None:
        if trace.is_local(target):
            trace.rebind(target, value._value)
        else:
            trace.write(target, trace.node_of(value))
        if not alone:
            trace.aliases.written(target)
        return
    new, old = value._value, target._value
    if new.aval is not old.aval:
        CELL_EPOCH[0] += 1  # compiled graphs that read it are for the old shape and dtype
    if type(new) is Storage and type(old) is Storage and new.pending is not None \
            and old.pending is not new.pending:
        new.pending.donations.append((new.index, old))
    target._value = new
    if target._shared is not None and not alone:
        spread(target)


def put(target, value) -> None:
    """`assign` for one of several tensors that show each other's elements: the caller sees to the others."""
    assign(target, value, True)


spreads: list = []  # what `common.tensor_views` is: (spread, leave)


def spread(x) -> list:
    """Give the elements of x to all tensors that share them; those that changed."""
    return [] if x._shared is None else spreads[0][0](x)


def leave(x) -> None:
    """x shares its elements with nobody any more."""
    spreads[0][1](x)
