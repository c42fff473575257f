"""Cells with a derivative of their own: `bprop(self, *inputs, out, dout)` in place of what would be derived.

While a function is compiled, both methods are recorded into graphs, which become one `custom_vjp` operation. In
PyNative mode both run as they are: the results are cut off from what computed them (`known_value`), and a point that
their cotangents pass (`eager.hooks`) calls `bprop`. A bprop that prints, raises or assigns Parameters is called in this
way in compiled functions, too (`autodiff.staged`).
"""
from __future__ import annotations

from typing import Any

from mindspore import context
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import GraphCompileError, describe
from mindspore.compiler.ir import Graph
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.primitives.gradient_hook import HookPoint
from mindspore.compiler.primitives.recursion import calls_of
from mindspore.eager import segment as _segment
from mindspore.graph import index_checks, inner, tree
from mindspore.graph.call import call_construct, call_function
from mindspore.graph.compiled import current_guards
from mindspore.graph.guards import Guards
from mindspore.graph.hooks import as_programs_see, call, conjugate, marked, zeros
from mindspore.graph.leaving import Places, hand_over
from mindspore.graph.trace import GraphTrace, current_trace, tracing
from mindspore.runtime.record import apply, apply_plainly, wrap


class GradientShapeError(GraphCompileError, ValueError):
    """What a bprop returns has not the shape of its input."""


class GradientTypeError(GraphCompileError, TypeError):
    """What a bprop returns is not one tensor per input, or, where that is asked for, not of the input's dtype."""


def call_with_bprop(cell: Any, args: tuple, kwargs: dict) -> Any:
    """The cell's outputs in the present trace, differentiated by its `bprop`."""
    name = type(cell).__name__
    if kwargs:
        raise GraphCompileError(f"{name}: a cell with bprop takes positional arguments only.",
                                found=f"the keyword {next(iter(kwargs))!r}", remedy="pass it by position")
    places = [k for k, a in enumerate(args) if isinstance(a, Tensor)]
    forward = GraphTrace(f"{name}_construct", current_trace())
    inputs = [wrap(forward.add_parameter(args[k]._value.aval)) for k in places]
    guards, changed = current_guards() or Guards(), Places(forward)
    before = set(guards.effects)
    with tracing(forward), changed.noted():
        result = call_construct(cell, _placed(args, places, inputs), {})
        outputs: list = []
        spec = tree.flatten(result, outputs)
        nodes = [forward.node_of(t) for t in outputs]
    forward.written.pop(id(index_checks.channel()), None)  # what such a cell does with index tensors is not checked
    if forward.written:
        raise GraphCompileError(f"{name}: construct of a cell with bprop must not assign parameters.",
                                remedy="assign them in the cell around it, or leave bprop out")
    hand_over(forward, changed, guards.assigned_since(before))
    forward_graph = forward.close(nodes)
    backward = GraphTrace(f"{name}_bprop", current_trace())
    again = [wrap(backward.add_parameter(args[k]._value.aval)) for k in places]
    outs = [wrap(backward.add_parameter(a)) for a in forward_graph.out_avals]
    douts = [wrap(backward.add_parameter(a)) for a in forward_graph.out_avals]
    with tracing(backward):
        grads = call_function(cell.bprop, *_placed(args, places, again), tree.rebuild(spec, iter(outs)),
                              tree.rebuild(spec, map(conjugate, douts)))
        chosen = [_fitting(name, g, args[k]) for k, g in zip(places, _per_input(name, grads, args, places))]
        grad_nodes = [backward.node_of(conjugate(g)) for g in chosen]
    backward.written.pop(id(index_checks.channel()), None)
    if backward.written:
        return _with_effects(cell, args, places, forward, forward_graph, spec)
    graph = backward.close(grad_nodes)
    for called, _, _ in calls_of(graph):
        raise GraphCompileError(f"{name}: bprop calls '{called}', which is a recursive function that runs.",
                                remedy="call another function in bprop, or give construct what bprop needs as a result")
    operands = (*[args[k] for k in places], *forward.lifted, *backward.lifted)
    found = apply(PRIMITIVES["custom_vjp"], operands, (forward_graph, graph, len(places), len(forward.lifted)))
    _take_over(forward, found[len(nodes):])
    return tree.rebuild(spec, iter(found))


def _take_over(forward: GraphTrace, values: Any) -> None:
    """What construct left behind has these values in the present trace."""
    trace = current_trace()
    for tensor, value in zip(forward.written.values(), values):
        trace.take_over(tensor, trace.node_of(value))


def _with_effects(cell: Any, args: tuple, places: list[int], forward: GraphTrace, graph: Graph, spec: Any) -> Any:
    """The outputs of a cell whose bprop has effects. They are cut off from what computed them; the bprop is called
    where the derivative of what is around is recorded, as a hook with effects is."""
    name, trace = type(cell).__name__, current_trace()
    inputs = [args[k] for k in places]
    outputs = inner.tensors(trace.builder.inline(graph, [trace.node_of(t) for t in (*inputs, *forward.lifted)]))
    count = len(outputs) - len(forward.written)
    _take_over(forward, outputs[count:])
    del outputs[count:]
    avals = [t._value.aval for t in outputs]

    def run(cotangents: list, held: list) -> list:
        given, outs = held[:len(places)], held[len(places):]
        douts = [zeros(a) if ct is None else ct for ct, a in zip(cotangents[len(places):], avals)]
        grads = call(cell.bprop, *_placed(args, places, given), tree.rebuild(spec, iter(outs)),
                     tree.rebuild(spec, iter(douts)))
        return [_fitting(name, g, args[k]) for k, g in zip(places, _per_input(name, grads, args, places))]

    point = HookPoint(as_programs_see(run), f"{name}.bprop", graph=False)
    passed = marked(inputs, point, tuple(avals), (*inputs, *outputs))[len(places):]
    found = [apply_plainly(PRIMITIVES["known_value"], pair) for pair in zip(passed, outputs)]
    return tree.rebuild(spec, iter(found))


def run_with_bprop(cell: Any, args: tuple, kwargs: dict) -> Any:
    """The cell's outputs where a gradient in PyNative mode records them, differentiated by its `bprop`."""
    from mindspore.eager.hooks import marked_eagerly
    name = type(cell).__name__
    if kwargs:
        raise TypeError(f"{name}: a cell with bprop takes positional arguments only, got the keyword "
                        f"{next(iter(kwargs))!r}; pass it by position")
    places = [k for k, a in enumerate(args) if isinstance(a, Tensor)]
    outputs: list = []
    regions = _segment.current().regions
    noted = [len(region.hooks) for region in regions]
    spec = tree.flatten(cell.construct(*args), outputs)
    for region, count in zip(regions, noted):
        del region.hooks[count:]  # no cotangent comes to what construct has computed
    avals = [t._value.aval for t in outputs]

    def run(cotangents: list) -> list:
        douts = [zeros(a) if ct is None else ct for ct, a in zip(cotangents[len(places):], avals)]
        grads = cell.bprop(*args, tree.rebuild(spec, iter(found)), tree.rebuild(spec, iter(douts)))
        return [_fitting(name, g, args[k]) for k, g in zip(places, _per_input(name, grads, args, places))]

    point = HookPoint(as_programs_see(run), f"{name}.bprop")
    passed = marked_eagerly([args[k] for k in places], point, tuple(avals))[len(places):]
    found = [apply_plainly(PRIMITIVES["known_value"], pair) for pair in zip(passed, outputs)]
    return tree.rebuild(spec, iter(found))


def _placed(args: tuple, places: list[int], tensors: list) -> tuple:
    """The arguments with other tensors at the tensors' places."""
    placed = list(args)
    for place, tensor in zip(places, tensors):
        placed[place] = tensor
    return tuple(placed)


def _per_input(name: str, grads: Any, args: tuple, places: list[int]) -> list:
    grads = grads if isinstance(grads, tuple | list) else (grads,)
    if len(grads) == len(args):
        return [grads[k] for k in places]
    if len(grads) == len(places):
        return list(grads)
    if len(grads) == len(args) + 2:  # one for each argument of bprop: those of out and dout do not count
        return [grads[k] for k in places]
    raise GradientTypeError(f"{name}: bprop must return one gradient for each of the {len(args)} inputs.",
                            found=f"{len(grads)} values", remedy="return a tuple with one tensor per input")


def _broadcasts(shape: tuple, target: tuple) -> bool:
    """Whether a tensor of this shape broadcasts to the target's."""
    extra = len(target) - len(shape)
    return extra >= 0 and all(size in (1, wide) for size, wide in zip(shape, target[extra:]))


def _fitting(name: str, grad: Any, like: Tensor) -> Tensor:
    """A gradient in the shape and dtype of its input. One in a shape that the input broadcasts to is summed to that of
    the input, unless the program has it checked (`check_bprop`)."""
    if grad is None:
        return zeros(like._value.aval)
    checked = context.get_context("check_bprop")
    if isinstance(grad, Tensor) and grad.shape != like.shape and not checked and _broadcasts(like.shape, grad.shape):
        grad = grad.astype(like.dtype).sum_to_size(like.shape)
    if not isinstance(grad, Tensor) or grad.shape != like.shape:
        kind = GradientShapeError if isinstance(grad, Tensor) else GradientTypeError
        raise kind(f"{name}: a gradient that bprop returns must be a tensor in the shape of its input.",
                   found=describe(grad), remedy=f"a tensor of shape {like.shape}")
    if grad.dtype is not like.dtype and checked:
        raise GradientTypeError(f"{name}: a gradient that bprop returns must have the dtype of its input.",
                                found=describe(grad), remedy=f"a tensor of dtype {like.dtype}; without "
                                "set_context(check_bprop=True) it is cast")
    return grad if grad.dtype is like.dtype else grad.astype(like.dtype)
