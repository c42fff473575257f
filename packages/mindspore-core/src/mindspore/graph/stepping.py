"""A loop over the first axis of some tensors, written by the framework itself: one `scan` in both modes.

A user's loop becomes a scan by the front end (`compiler.frontend.scans`). A recurrent layer is the framework's own
code, which no front end interprets: it gives the function of one step to `scan`, which records it once into a graph and
calls the primitive with that graph. So the work of compiling a layer does not grow with the number of steps, and
PyNative mode records one operation, not one for each step.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

from mindspore.common.tensor import Tensor
from mindspore.compiler.ir import Graph, tensor_aval
from mindspore.compiler.ir.dims import Dim
from mindspore.compiler.primitives.base import primitive
from mindspore.graph.trace import GraphTrace, tracing
from mindspore.runtime.mixing import mixed
from mindspore.runtime.record import apply, wrap

__all__ = ["scan"]

_SCAN = primitive("scan")
_BODIES: dict[tuple, Graph] = {}
BODIES_KEPT = 512


def scan(step: Callable, carried: Sequence[Tensor], sliced: Sequence[Tensor], fixed: Sequence[Tensor] = (),
         reverse: bool = False) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Call `step(carried, slices, fixed)` for each place on the first axis of the sliced tensors.

    Args:
        step: from three tuples of tensors to (the new carried tensors, the outputs of this step). The graph of a step
            is kept for the function and the shapes (not for symbolic ones, which note facts while it is made), so it
            must be a function that lives as long as the program, and must read no tensor but those that it is given.
        carried: what goes from step to step, in one shape and dtype each. sliced: at least one tensor; step k gets the
            places k of each. fixed: what each step gets as it is. reverse: the last place first.

    Returns:
        (the carried tensors after the last step, the outputs, stacked: that of place k stands at k).
    """
    length = sliced[0].shape[0]
    whole = [t._value.aval for t in carried]
    parts = [tensor_aval(t.shape[1:], t.dtype) for t in sliced]
    rest = [t._value.aval for t in fixed]
    key = (step, tuple(whole), tuple(parts), tuple(rest))
    body = _BODIES.get(key)
    if body is None:
        body = _record(step, whole, parts, rest)
        if not any(type(size) is Dim for aval in (*whole, *parts, *rest) for size in aval.shape):
            while len(_BODIES) >= BODIES_KEPT:
                _BODIES.pop(next(iter(_BODIES)))
            _BODIES[key] = body
    found = apply(_SCAN, (*carried, *sliced, *fixed), (body, length, len(whole), len(parts), reverse))
    return found[:len(whole)], found[len(whole):]


def _record(step: Callable, carried: list, slices: list, fixed: list) -> Graph:
    """The graph of one step."""
    trace = GraphTrace("step", None)
    carried, slices, fixed = [tuple([wrap(trace.add_parameter(aval)) for aval in group])
                              for group in (carried, slices, fixed)]
    with tracing(trace), mixed(None):
        after, outputs = step(carried, slices, fixed)
    return trace.close([trace.node_of(t) for t in (*after, *outputs)])
