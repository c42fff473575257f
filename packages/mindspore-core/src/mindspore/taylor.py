"""Derivatives of higher order along a curve: `jet` and `derivative`.

The inputs are put on a curve x(t) = x + t (x' + t/2 (x'' + t/3 (...))), and the function on it is a function of the
number t, which is differentiated in forward mode as often as is asked for, at t = 0. Source: Griewank and Walther,
"Evaluating Derivatives" (2008), chapter 13.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.jvp import jvp_graph
from mindspore.compiler.ir import Builder, Graph, Node, tensor_aval
from mindspore.graph.call import call_function
from mindspore.graph.inner import Recorded, record
from mindspore.graph.trace import current_trace
from mindspore.transforms import as_tuple, check_callable, check_point, compiled

__all__ = ["derivative", "jet"]


def jet(fn: Callable, primals, series):
    """The outputs of `fn` and their derivatives of orders 1 to n along a curve through `primals`.

    Args:
        fn: a function or Cell of floating tensors of one dtype.
        primals: a tensor, or a tuple or list of them: the inputs.
        series: for each input a tensor of shape (n, *input's shape): the derivatives of orders 1 to n of the curve. The
            derivatives by the input itself are those along a curve with 1 first and 0 for the other orders.

    Returns:
        (outputs, derivatives): for each output a tensor of shape (n, *output's shape).

    Raises:
        TypeError: an input is not a floating tensor, or dtypes differ. ValueError: shapes do not fit.
    """
    args, curves = as_tuple(primals), as_tuple(series)
    order = _check_series(args, curves)
    return _along(fn, "jet", order, args, curves, True)


def derivative(fn: Callable, primals, order: int):
    """The outputs of `fn` and their derivative of this order by the inputs, element by element.

    Args:
        fn: a function or Cell of floating tensors of one dtype.
        primals: a tensor, or a tuple or list of them: the inputs, which all move with speed 1.
        order: the order of the derivative, 1 or more.

    Returns:
        (outputs, derivatives), in the shapes of the outputs.

    Raises:
        TypeError: an input is not a floating tensor, or dtypes differ. ValueError: `order` is not positive.
    """
    if isinstance(order, bool) or not isinstance(order, int):
        raise TypeError(f"derivative: order must be an int, got {order!r}")
    if order < 1:
        raise ValueError(f"derivative: order must be at least 1, got {order}")
    args = as_tuple(primals)
    _check_inputs("derivative", args)
    return _along(fn, "derivative", order, args, (), False)


def _along(fn: Callable, name: str, order: int, args: tuple, curves: tuple, every: bool):
    check_callable(name, fn)

    def recorded(args: tuple, curves: tuple):
        trace = current_trace()
        b = trace.builder
        rec = record(getattr(fn, "__name__", type(fn).__name__), lambda _, given: call_function(fn, *given),
                     [t._value.aval for t in args])
        points = [trace.node_of(t) for t in args]
        speeds = [trace.node_of(t) for t in curves] or [_straight(b, p, order) for p in points]
        sources = rec.sources(points)
        found = b.inline(_derivatives(rec, order, args[0].dtype),
                         [b.constant(0, args[0].dtype), *sources, *speeds])
        rec.assign(found[rec.count:len(rec.graph.outputs)])
        higher = _groups(found[len(rec.graph.outputs):], rec.count)
        ends = [_stack(b, list(each)) for each in zip(*higher)] if every else higher[-1]
        return rec.result(found[:rec.count]), rec.result(ends)

    return compiled(fn, name, (order, every), recorded)(args, curves)


def _groups(nodes: list, count: int) -> list:
    return [nodes[k:k + count] for k in range(0, len(nodes), count)]


def _derivatives(rec: Recorded, order: int, dtype: DType) -> Graph:
    """From (t, the function's parameters, speeds) to its outputs, then their derivatives by t, order by order."""
    b = Builder(f"jet_{rec.graph.name}")
    t = b.parameter(tensor_aval((), dtype))
    params = [b.parameter(a) for a in rec.graph.in_avals]
    moving = []
    for point in params[:rec.explicit]:
        speed = b.parameter(tensor_aval((order, *point.shape), dtype))
        moving.append(b.add(point, _curve(b, t, speed, order)))
    graph = b.finish(b.inline(rec.graph, [*moving, *params[rec.explicit:]]))
    last = tuple(range(rec.count))
    for _ in range(order):
        joint = jvp_graph(graph, (0,), last)
        b = Builder(graph.name)
        params = [b.parameter(a) for a in graph.in_avals]
        last = tuple(range(len(graph.outputs), len(graph.outputs) + rec.count))
        graph = b.finish(b.inline(joint, [*params, b.constant(1, dtype)]))
    return graph


def _curve(b: Builder, t: Node, speed: Node, order: int) -> Node:
    """t (s[0] + t/2 (s[1] + t/3 (...)))."""
    total = None
    for k in reversed(range(order)):
        rest = (0,) * (speed.aval.ndim - 1)
        each = b.slice(speed, begin=(k, *rest), end=(k + 1, *speed.shape[1:]), strides=(1,) * speed.aval.ndim)
        each = b.reshape(each, shape=speed.shape[1:])
        step = b.div(t, float(k + 1))
        total = b.mul(step, each if total is None else b.add(each, total))
    return total


def _straight(b: Builder, point: Node, order: int) -> Node:
    """The series of a curve that moves with speed 1."""
    return b.pad(b.full((1, *point.shape), 1, point.dtype), low=(0,) * (point.aval.ndim + 1),
                 high=(order - 1, *(0,) * point.aval.ndim))


def _stack(b: Builder, nodes: list[Node]) -> Node:
    return b.concat(*[b.reshape(n, shape=(1, *n.shape)) for n in nodes], axis=0)


def _check_inputs(name: str, args: tuple) -> None:
    for place, value in enumerate(args):
        check_point(name, place, value)
        if value.dtype is not args[0].dtype:
            raise TypeError(f"{name}: argument {place} is {value.dtype}, but argument 0 is {args[0].dtype}; expected "
                            f"one dtype")


def _check_series(args: tuple, curves: tuple) -> int:
    _check_inputs("jet", args)
    if len(args) != len(curves):
        raise ValueError(f"jet: got {len(curves)} tensors in series for {len(args)} inputs; expected one for each")
    orders: set[Any] = set()
    for place, (value, curve) in enumerate(zip(args, curves)):
        if not isinstance(curve, Tensor) or curve.dtype is not value.dtype:
            raise TypeError(f"jet: element {place} of series is {getattr(curve, 'dtype', type(curve).__name__)}; "
                            f"expected a tensor of {value.dtype}")
        if curve.shape[1:] != value.shape or curve.ndim == 0 or curve.shape[0] < 1:
            raise ValueError(f"jet: element {place} of series has shape {curve.shape}; expected the number of orders "
                             f"before {value.shape}, the shape of the input")
        orders.add(curve.shape[0])
    if len(orders) > 1:
        raise ValueError(f"jet: the elements of series have {', '.join(map(str, sorted(orders)))} orders; expected one "
                         f"number for all")
    return orders.pop()
