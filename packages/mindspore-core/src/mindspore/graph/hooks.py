"""Hooks on gradients, in both recorders.

A hook belongs to a tensor, or to a *point* of a program that several tensors pass (the results of a Cell). While a
function is compiled, a point is a `gradient_hook` node. A hook that only computes is recorded as a graph when it is
registered, and becomes a part of the derivative wherever the point stands. One with effects is called while the
derivative is recorded (`autodiff.staged`), which works at the function's top level. In PyNative mode a point is noted
in the regions that are being differentiated, and hooks are called with tensors (`eager.hooks`).

The hooks of a tensor from outside, a Parameter or an argument, run when the whole gradient by it is known.
"""
from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.gradient_hook import HookPoint
from mindspore.compiler.primitives.recursion import calls_of
from mindspore.eager import segment as _segment
from mindspore.graph import inner
from mindspore.graph.call import call_function
from mindspore.graph.compiled import HookHasEffects, current_guards, hooks_with_effects
from mindspore.graph.guards import CELL_EPOCH
from mindspore.graph.outside import changes_since
from mindspore.graph.trace import Traced, WithoutBlocks, current_trace
from mindspore.runtime.record import apply_plainly, put, wrap
from mindspore.runtime.storage import Storage

__all__ = ["HookPoint", "TensorHookHandle", "hooked_gradient", "marked", "register_hook", "remove_hook",
           "run_hook"]

_numbers = itertools.count(1)
_CONJ = PRIMITIVES["conj"]


# -- calling hooks -----------------------------------------------------------------------------------------------------


def call(fn: Callable, *args: Any) -> Any:
    """fn(*args); while a graph is compiled a user's function is interpreted."""
    if current_trace() is None or hasattr(fn, "construct"):
        return fn(*args)
    return call_function(fn, *args)


def run_hook(fn: Callable, gradient: Tensor) -> Tensor:
    """The gradient that goes on behind a hook: what the hook returns, or the gradient itself for None.

    Raises:
        TypeError: the hook returns something else. ValueError: the shape differs.
    """
    return fitting(fn, call(fn, gradient), gradient)


def fitting(fn: Callable, found: Any, gradient: Tensor) -> Tensor:
    """What a hook returned for one gradient, checked and in the gradient's dtype."""
    if found is None or found is gradient:
        return gradient
    if not isinstance(found, Tensor):
        raise TypeError(f"the hook {name_of(fn)} must return a Tensor or None for the gradient, got "
                        f"{type(found).__name__}")
    if found.shape != gradient.shape:
        raise ValueError(f"the hook {name_of(fn)} returns a gradient of shape {found.shape}, expected "
                         f"{gradient.shape}, the shape of the gradient that it was given")
    return found if found.dtype is gradient.dtype else found.astype(gradient.dtype)


def replaced(hook: Callable, found: Any, gradients: list) -> list:
    """What a hook returned for several gradients, one for each.

    Raises:
        ValueError: it returned another number of them. See `fitting`.
    """
    if found is None:
        return gradients
    found = tuple(found) if isinstance(found, tuple | list) else (found,)
    if len(found) != len(gradients):
        raise ValueError(f"the hook {name_of(hook)} must return None or {len(gradients)} gradients, one for each that "
                         f"it was given, but got {len(found)}")
    return [None if g is None else fitting(hook, new, g) for new, g in zip(found, gradients)]


def key_of(fn: Callable) -> object:
    """What identifies a hook at each recording of a program, which may make it anew: the code of a function, a method
    or an object that can be called; of what is not written in Python its type and name."""
    fn = getattr(fn, "func", fn)
    code = getattr(fn, "__code__", None) or getattr(getattr(fn, "__func__", None), "__code__", None) \
        or getattr(vars(type(fn)).get("__call__"), "__code__", None)
    return code or (type(getattr(fn, "__self__", fn)), getattr(fn, "__name__", None))


def name_of(fn: Callable) -> str:
    """The name of a hook, for people."""
    return getattr(fn, "__qualname__", None) or type(fn).__name__


# -- complex gradients -------------------------------------------------------------------------------------------------
#
# The compiler's derivative rules are those of calculus, without conjugates. Programs see the conjugates of complex
# cotangents, of which a step against the gradient descends: they are taken wherever one passes between both.


def conjugate(gradient: Tensor) -> Tensor:
    """A gradient of the compiler as programs see it, or the other way round: complex ones are conjugated."""
    return apply_plainly(_CONJ, (gradient,)) if gradient.dtype.kind == "c" else gradient


def conjugates(gradients: Sequence[Tensor | None]) -> list:
    """The same for several, of which some may be absent."""
    return [None if g is None else conjugate(g) for g in gradients]


def as_programs_see(run: Callable) -> Callable:
    """A point's function, for one that takes and gives gradients as programs see them."""
    def conjugating(cotangents: list, *held: list) -> list:
        return conjugates(run(conjugates(cotangents), *held))

    return conjugating


# -- points ------------------------------------------------------------------------------------------------------------


def marked(tensors: list[Tensor], point: HookPoint, extras: tuple = (), held: tuple = ()) -> list[Tensor]:
    """The tensors, and zeros of the avals `extras`, behind a point that their cotangents pass. held: tensors that the
    hook reads."""
    trace = current_trace()
    if trace is None:
        from mindspore.eager.hooks import marked_eagerly
        return marked_eagerly(tensors, point, extras, held)
    backward = None
    if point.graph and point.key not in hooks_with_effects():
        backward, lifted = _recorded(point, [t._value.aval for t in tensors], extras)
        held = held if backward is None else lifted
    if backward is None and trace.in_block():
        raise WithoutBlocks
    found = apply_plainly(PRIMITIVES["gradient_hook"], (*tensors, *held), (point, backward, len(tensors), extras))
    return list(found)


def _recorded(point: HookPoint, avals: list, extras: tuple) -> tuple:
    """The hook of a point as a graph and what it reads from outside; (None, ()) if it has effects."""
    guards, session = current_guards(), location.thread_state.session
    noted = 0 if session is None else len(session.journal.places)
    before = set() if guards is None else set(guards.effects)

    def run(trace: Any, given: list[Tensor]) -> list[Tensor]:
        found = point.run(given)
        return [zeros(a) if t is None else t for t, a in zip(found, avals)]

    rec = inner.record(f"hook_{point.name}", run, [*avals, *extras])
    if guards is not None and (guards.assigned_since(before) or changes_since(session, guards, noted)):
        raise HookHasEffects(point.key)
    if rec.written or any(True for _ in calls_of(rec.graph)):
        return None, ()
    return rec.graph, tuple(rec.lifted)


def zeros(aval: Any) -> Tensor:
    """Zeros where the program is recorded now."""
    trace = current_trace()
    if trace is None:
        return wrap(Storage(aval, host=np.zeros(aval.shape, aval.dtype.np)))
    return wrap(Traced(trace, trace.builder.zeros_like(aval)))


# -- hooks of tensors --------------------------------------------------------------------------------------------------


class TensorHookHandle:
    """Takes a hook off its tensor."""

    __slots__ = ("_number", "_tensor")

    def __init__(self, tensor: Tensor, number: int):
        self._tensor, self._number = weakref.ref(tensor), number

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        tensor = self._tensor()
        if tensor is not None:
            _set_hooks(tensor, tuple([h for h in hooks_of(tensor) if h[0] != self._number]))


def hooks_of(tensor: Tensor) -> tuple[tuple[int, Callable], ...]:
    """(number, hook) of a tensor, in order."""
    return getattr(tensor, "_hooks", ())


def _set_hooks(tensor: Tensor, hooks: tuple) -> None:
    tensor._hooks = hooks
    CELL_EPOCH[0] += 1


def register_hook(tensor: Tensor, hook: Callable) -> Any:
    """See `Tensor.register_hook`."""
    if not callable(hook):
        raise TypeError(f"register_hook: a hook must be callable, got {type(hook).__name__}")
    if not getattr(tensor, "requires_grad", True):
        raise RuntimeError(f"register_hook: the Parameter {tensor.name!r} has requires_grad=False, so that no gradient "
                           f"of it is computed; set requires_grad to True first")
    trace = current_trace()
    if trace is None:
        number = next(_numbers)
        _set_hooks(tensor, (*hooks_of(tensor), (number, hook)))
        if not hasattr(tensor, "requires_grad") and _segment.current().regions:
            from mindspore.eager.hooks import note_hook
            note_hook(tensor, number)
        return TensorHookHandle(tensor, number)
    value = tensor._value
    if type(value) is not Traced:
        raise GraphCompileError("A hook is registered on a Parameter, or on another tensor from outside, while a "
                                "function is compiled: the tensor would keep it beyond the call.",
                                remedy="register the hook once, before the function is called")
    if value.used:
        raise GraphCompileError("A hook is registered on a tensor that the compiled function has used before: it would "
                                "not see all of the tensor's gradient.",
                                remedy="call register_hook before the first operation that uses the tensor")
    source, hooks = _before_hooks(value)
    put(tensor, marked([source], point_of_one(*hooks, hook))[0])
    return tensor


def _before_hooks(value: Traced) -> tuple[Tensor, tuple]:
    """A tensor of the present trace as it was before its hooks, and these."""
    node = value.node
    point = node.ins[0].attrs[0] if node.op.name == "item" and node.ins[0].op.name == "gradient_hook" else None
    if point is None or not point.hooks or value.trace is not current_trace():
        return wrap(value), ()
    return wrap(Traced(value.trace, node.ins[0].ins[0])), point.hooks


def remove_hook(handle: Any) -> None:
    """Take the hook of a handle off its tensor."""
    if not isinstance(handle, TensorHookHandle):
        raise TypeError(f"remove_hook: expected the handle that register_hook returned, got {type(handle).__name__}")
    handle.remove()


def point_of_one(*hooks: Callable) -> HookPoint:
    """A point that one tensor passes, for hooks that take its gradient, one after the other."""
    def run(cotangents: list) -> list:
        (gradient,) = cotangents
        for hook in hooks if gradient is not None else ():
            gradient = run_hook(hook, gradient)
        return [gradient]

    return HookPoint(as_programs_see(run), ", ".join(map(name_of, hooks)), tuple(map(key_of, hooks)), hooks=hooks)


def hooked_gradient(tensor: Tensor, gradient: Tensor) -> Tensor:
    """The whole gradient by a tensor from outside, after the tensor's hooks."""
    for _, hook in hooks_of(tensor):
        note_outside(hook)
        gradient = run_hook(hook, gradient)
    return gradient


def note_outside(hook: Callable) -> None:
    """A hook that was registered outside of the function that is compiled is called: an object that it is a method of
    was there before."""
    guards = current_guards()
    if guards is not None and current_trace() is not None:
        guards.read.append(getattr(hook, "__self__", None))


def fire(fired: Any, cotangents: list, held: list) -> list:
    """Call the hook of a point while a derivative is recorded: nodes of the present trace in, nodes out."""
    trace = current_trace()
    given = [None if node is None else wrap(Traced(trace, node)) for node in cotangents]
    values = [wrap(Traced(trace, node)) for node in held]
    found = fired.point.run(given, values) if values else fired.point.run(given)
    return [trace.builder.zeros_like(a) if t is None else trace.node_of(t) for t, a in zip(found, fired.inputs)]
