"""Forward derivatives, Jacobians and Hessians: `jvp`, `jacfwd`, `jacrev` and `hessian`.

The function is recorded into a graph of its own, which is transformed (`compiler.autodiff`) and becomes part of the
graph around it: a Jacobian is a derivative, batched over the basis of the inputs (`jacfwd`) or of the outputs
(`jacrev`), so the function itself is computed once. In PyNative mode these functions are compiled like any other in
graph mode, and so is the function that they transform; under a gradient in PyNative mode their operations are recorded.
"""
from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from mindspore.common.dtype import int32
from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.jvp import jvp_graph
from mindspore.compiler.autodiff.vjp import is_differentiable, vjp_graph
from mindspore.compiler.autodiff.vmap import vmap_graph
from mindspore.compiler.ir import Builder, Node, TensorAval, tensor_aval
from mindspore.graph import tree
from mindspore.graph.call import call_function
from mindspore.graph.compiled import CompiledFunction
from mindspore.graph.inner import Recorded, record, tensors
from mindspore.graph.trace import current_trace

__all__ = ["hessian", "jacfwd", "jacrev", "jvp", "linearize"]


def compiled(fn: Callable, name: str, options: Any, recorded: Callable) -> CompiledFunction:
    """The compiled form of `recorded`, which transforms `fn`; one for each function and options, where `fn` is a plain
    function, so that a transformation that is asked for again is not compiled again."""
    known = vars(fn).setdefault("__ms_transformed__", {}) if isinstance(fn, FunctionType) else {}
    try:
        found = known.get((name, options))
    except TypeError:
        known, found = {}, None
    if found is None:
        found = CompiledFunction(recorded, f"{name}_{getattr(fn, '__name__', type(fn).__name__)}")
        known[name, options] = found
    return found


def jvp(fn: Callable, inputs, v, has_aux: bool = False):
    """The outputs of `fn` at `inputs` and their derivative along `v`: the Jacobian times `v`.

    Args:
        fn: a function or Cell of tensors.
        inputs: a floating tensor, or a tuple or list of them: the positional arguments of `fn`.
        v: a tensor in the shape and dtype of each input, in the same structure.
        has_aux: only the first output is differentiated; the others are returned behind the derivative.

    Returns:
        (outputs, their derivatives) in the structure of the outputs, with has_aux (first output, its derivative, the
        others).

    Raises:
        TypeError: an input is not a floating tensor, or `v` does not fit. ValueError: shapes differ, or has_aux with a
        single output.
    """
    check_callable("jvp", fn)

    def recorded(inputs: tuple, v: tuple):
        points, rec = _record_at("jvp", fn, inputs, {})
        first = _differentiated(rec, has_aux)
        joint = jvp_graph(rec.graph, tuple(range(len(points))), first)
        b = current_trace().builder
        sources = rec.sources([current_trace().node_of(t) for t in inputs])
        found = b.inline(joint, [*sources, *[current_trace().node_of(t) for t in v]])
        total = len(rec.graph.outputs)
        rec.assign(found[rec.count:total])
        known = dict(zip(first, found[total:]))
        parts = [known.get(k) or b.zeros_like(a) for k, a in enumerate(rec.graph.out_avals[:rec.count])]
        result, derivative = rec.result(found[:rec.count]), rec.result(parts)
        if not has_aux:
            return result, derivative
        return result[0], derivative[0], _auxiliary(result)

    args, directions = as_tuple(inputs), as_tuple(v)
    _check_directions(args, directions)
    return compiled(fn, "jvp", has_aux, recorded)(args, directions)


def linearize(fn: Callable, inputs) -> tuple[Any, Callable]:
    """The outputs of `fn` at `inputs`, a tensor or a tuple of them, and the function from directions, one for each
    input (as arguments, or in one tuple), to the derivative of the outputs along them: see `jvp`."""
    args = as_tuple(inputs)

    def along(*directions):
        if len(directions) == 1 and isinstance(directions[0], tuple | list):
            directions = tuple(directions[0])
        if len(directions) != len(args):
            raise TypeError(f"linearize: the function takes {len(args)} directions, one for each input, but got "
                            f"{len(directions)}")
        return jvp(fn, args, directions)[1]

    return fn(*args), along


def jacfwd(fn: Callable, grad_position: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """A function that computes the Jacobian of `fn` in forward mode: one derivative for each element of the input, all
    at once. The better way where inputs have fewer elements than outputs.

    Args:
        fn: a function or Cell of tensors.
        grad_position: the position of the floating input to differentiate by, or a tuple of positions.
        has_aux: only the first output is differentiated; the others are returned behind the Jacobian.

    Returns:
        a function of the arguments of `fn`; for an output and an input a tensor of the output's shape followed by the
        input's, in the structure of the outputs, a tuple of tensors for a tuple of positions; with has_aux (Jacobian,
        the other outputs).
    """
    return _jacobian("jacfwd", fn, grad_position, has_aux, _columns)


def jacrev(fn: Callable, grad_position: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """Like `jacfwd`, but in reverse mode: one gradient for each element of the output, all at once. The better way
    where outputs have fewer elements than inputs."""
    return _jacobian("jacrev", fn, grad_position, has_aux, _rows)


def hessian(fn: Callable, grad_position: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable:
    """A function that computes the second derivatives of `fn`: `jacfwd` of `jacrev`.

    Returns:
        a function of the arguments of `fn`; a tensor of the output's shape followed by twice the input's; for a tuple
        of positions a tuple of tuples; with has_aux (second derivatives, the other outputs).
    """
    return jacfwd(jacrev(fn, grad_position, has_aux), grad_position, has_aux)


def _jacobian(name: str, fn: Callable, grad_position, has_aux: bool, method: Callable) -> Callable:
    check_callable(name, fn)
    positions = _positions(name, grad_position)

    def recorded(*args, **kwargs):
        places = _places(name, positions, args)
        points, rec = _record_at(name, fn, args, kwargs)
        first = _differentiated(rec, has_aux)
        trace = current_trace()
        sources = rec.sources([trace.node_of(t) for t in points])
        primal = trace.builder.inline(rec.graph, sources)
        rec.assign(primal[rec.count:])
        blocks = [tuple(tensors(method(trace.builder, rec, sources, k, first))) for k in places]
        jacobian = _arranged(rec, first, blocks, isinstance(grad_position, tuple), has_aux)
        return (jacobian, _auxiliary(rec.result(primal[:rec.count]))) if has_aux else jacobian

    run = compiled(fn, name, (grad_position, has_aux), recorded)

    def jacobian(*args, **kwargs):
        return run(*args, **kwargs)

    jacobian.__name__ = f"{name}_{getattr(fn, '__name__', type(fn).__name__)}"
    jacobian.compiled = run
    return jacobian


def _columns(b: Builder, rec: Recorded, sources: list, place: int, outputs: tuple) -> list[Node]:
    """Forward mode: the basis of one input, batched."""
    graph, point = rec.graph, rec.graph.in_avals[place]
    joint = jvp_graph(graph, (place,), outputs)
    if point.size == 0:
        return [b.zeros_like(_block(graph.out_avals[k], point)) for k in outputs]
    basis = _basis(b, point)
    outer = tuple([_batch(a, point.size) if k >= len(graph.outputs) else a for k, a in enumerate(joint.out_avals)])
    batched = _many(joint, (*graph.in_avals, basis.aval), point.size, outer, len(graph.outputs))
    found = b.inline(batched, [*sources, basis])
    last = [b.transpose(t, perm=(*range(1, t.aval.ndim), 0)) for t in found]
    return [b.reshape(t, shape=(*t.shape[:-1], *point.shape)) for t in last]


def _rows(b: Builder, rec: Recorded, sources: list, place: int, outputs: tuple) -> list[Node]:
    """Reverse mode: the basis of each output, batched."""
    graph, point, found = rec.graph, rec.graph.in_avals[place], []
    for output in outputs:
        out = graph.out_avals[output]
        if not is_differentiable(out) or out.size == 0:
            found.append(b.zeros_like(_block(out, point)))
            continue
        joint = vjp_graph(graph, (place,), (output,))
        basis = _basis(b, out)
        outer = (*graph.out_avals, _batch(point, out.size))
        batched = _many(joint, (*graph.in_avals, basis.aval), out.size, outer, len(graph.outputs))
        (grad,) = b.inline(batched, [*sources, basis])
        found.append(b.reshape(grad, shape=(*out.shape, *point.shape)))
    return found


def _many(joint, avals: tuple, size: int, outputs: tuple, skipped: int):
    """The batched derivative without the function's own outputs."""
    pruned = joint.memo.get(("derivative", skipped))
    if pruned is None:
        b = Builder(joint.name)
        pruned = joint.memo["derivative", skipped] = b.finish(
            b.inline(joint, [b.parameter(a) for a in joint.in_avals])[skipped:])
    return vmap_graph(pruned, avals, size, same_random=True, outputs=outputs[skipped:])


def _basis(b: Builder, aval: TensorAval) -> Node:
    """The basis vectors of tensors of this aval, one behind the other."""
    size = aval.size
    rows, columns = (b.iota(shape=shape, axis=axis, dtype=int32) for axis, shape in enumerate(((size, 1), (1, size))))
    return b.reshape(b.cast(b.eq(rows, columns), dtype=aval.dtype), shape=(size, *aval.shape))


def _batch(aval: TensorAval, size: int) -> TensorAval:
    return tensor_aval((size, *aval.shape), aval.dtype)


def _block(out: TensorAval, point: TensorAval) -> TensorAval:
    return tensor_aval((*out.shape, *point.shape), out.dtype if is_differentiable(out) else point.dtype)


def _arranged(rec: Recorded, outputs: tuple, blocks: list, several: bool, has_aux: bool) -> Any:
    """The Jacobian's blocks, given by input and output, in the structure of the outputs."""
    per_output = [tuple([block[k] for block in blocks]) for k in range(len(outputs))]
    leaves = iter([parts if several else parts[0] for parts in per_output])
    return tree.rebuild(rec.spec.items[0] if has_aux else rec.spec, leaves)


# -- arguments ---------------------------------------------------------------------------------------------------------


def _record_at(name: str, fn: Callable, args: tuple, kwargs: dict) -> tuple[list, Recorded]:
    """The tensors among the arguments, and the function recorded with new tensors in their place."""
    points: list = []
    spec = tree.flatten((args, kwargs), points)

    def call(trace, given):
        args, kwargs = tree.rebuild(spec, iter(given))
        return call_function(fn, *args, **kwargs)

    return points, record(getattr(fn, "__name__", type(fn).__name__), call, [t._value.aval for t in points])


def _differentiated(rec: Recorded, has_aux: bool) -> tuple[int, ...]:
    """The positions of the outputs of which derivatives are taken."""
    if not has_aux:
        return tuple(range(rec.count))
    if not isinstance(getattr(rec.spec, "items", None), list) or len(rec.spec.items) < 2:
        raise ValueError("has_aux=True needs a function with several outputs: the first is differentiated, the others "
                         "are returned; this one returned a single output")
    first: list = []
    tree.flatten(tree.rebuild(rec.spec.items[0], iter(tensors(list(rec.graph.outputs)))), first)
    return tuple(range(len(first)))


def _auxiliary(result: Any) -> Any:
    return result[1] if len(result) == 2 else tuple(result[1:])


def as_tuple(value: Any) -> tuple:
    """One input, or a tuple or list of them, as a tuple."""
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def check_callable(name: str, fn: Any) -> None:
    """TypeError unless `fn` can be called."""
    if not callable(fn):
        raise TypeError(f"{name}: fn must be a function or a Cell, got {type(fn).__name__}")


def check_point(name: str, place: int, value: Any) -> None:
    """TypeError unless an argument is a floating tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}: argument {place} is to be differentiated, but it is a {type(value).__name__}; pass a "
                        f"Tensor")
    if not value.dtype.is_inexact:
        raise TypeError(f"{name}: argument {place} is to be differentiated, but it is {value.dtype}; cast it to a "
                        f"floating dtype first")


def _check_directions(args: tuple, directions: tuple) -> None:
    if len(args) != len(directions):
        raise TypeError(f"jvp: got {len(directions)} tensors in v for {len(args)} inputs; expected one for each")
    for place, (value, direction) in enumerate(zip(args, directions)):
        check_point("jvp", place, value)
        if not isinstance(direction, Tensor):
            raise TypeError(f"jvp: element {place} of v is a {type(direction).__name__}; expected a Tensor like the "
                            f"input")
        if direction.dtype is not value.dtype:
            raise TypeError(f"jvp: element {place} of v is {direction.dtype}; expected {value.dtype}, the dtype of the "
                            f"input")
        if direction.shape != value.shape:
            raise ValueError(f"jvp: element {place} of v has shape {direction.shape}; expected {value.shape}, the "
                             f"shape of the input")


def _positions(name: str, grad_position: Any) -> tuple[int, ...]:
    positions = grad_position if isinstance(grad_position, tuple) else (grad_position,)
    for position in positions:
        if isinstance(position, bool) or not isinstance(position, int):
            raise TypeError(f"{name}: grad_position must be an int or a tuple of ints, got {grad_position!r}")
        if position < 0:
            raise ValueError(f"{name}: grad_position must not be negative, got {grad_position!r}")
    if not positions or len(set(positions)) != len(positions):
        raise ValueError(f"{name}: grad_position {grad_position!r} must name at least one position, and none twice")
    return positions


def _places(name: str, positions: tuple[int, ...], args: tuple) -> list[int]:
    """Where the arguments at these positions stand among the tensors of all arguments."""
    for position in positions:
        if position >= len(args):
            raise ValueError(f"{name}: position {position} is to be differentiated, but the function was called with "
                             f"{len(args)} positional argument{'s' * (len(args) != 1)}")
        check_point(name, position, args[position])
    found = []
    for position in positions:
        before: list = []
        tree.flatten(args[:position], before)
        found.append(len(before))
    return found
