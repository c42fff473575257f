"""Recursion: functions that call themselves and each other, as many deep as the data say.

`rec` holds a group of closed graphs and calls the first of them. Inside of their graphs, and inside of branches and
loops there, `rec_call` calls a function of the group by its name. A graph never refers to itself as an object, so
graphs stay finite, hashable and printable; a `rec_call` means something only inside of its `rec`.

Nothing runs these two operators, and they have no derivative: `rec` has a decomposition, a loop over an explicit stack
(`passes.recursion`), and whatever can be said of loops, choices and tapes holds for recursion as well.
"""
from __future__ import annotations

from typing import NoReturn

import numpy as np

from mindspore.common.dtype import float32, int32
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph, graphs_in
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.lanes import NotBatched


@register
class Rec(Primitive):
    """The results of the first of `functions` for the operands.

    `names` are the names by which the functions call each other. The last `shared` parameters are the same in all
    functions, stay as they are, and are not passed by the calls. Results: a tuple. Gradient: that of its decomposition.
    """

    name = "rec"
    attrs = ("functions", "names", "shared")
    defaults = {"shared": 0}
    regions = True

    def infer(self, *operands, functions, names, shared):
        if len(functions) != len(names) or len(set(names)) != len(names) or not functions:
            raise TypeError(f"rec: got {len(functions)} functions with the names {names}, expected one name for each")
        if tuple(functions[0].in_avals) != operands:
            raise TypeError(f"rec: '{names[0]}' takes {tuple(functions[0].in_avals)}, got {operands}")
        common = operands[len(operands) - shared:]
        types = {}
        for name, graph in zip(names, functions):
            own = len(graph.params) - shared
            if tuple(graph.in_avals[own:]) != common:
                raise TypeError(f"rec: the last {shared} parameters of '{name}' are {tuple(graph.in_avals[own:])}, "
                                f"expected {common} as in '{names[0]}'")
            types[name] = (tuple(graph.in_avals[:own]), tuple(graph.out_avals))
        for name, graph in zip(names, functions):
            for called, ins, outs in calls_of(graph):
                if types.get(called) != (ins, outs):
                    raise TypeError(f"rec: '{name}' calls '{called}' from {ins} to {outs}, expected one of "
                                    f"{', '.join(f'{k!r} from {a} to {r}' for k, (a, r) in types.items())}")
        return tuple_aval(tuple(functions[0].out_avals))

    def lower(self, b, *operands, functions, names, shared):
        from mindspore.compiler.passes.recursion import as_loop
        return as_loop(b, operands, functions, names, shared)

    def vmap(self, b, lanes, batched, *operands, **attrs):
        """One lane after the other: every lane has a stack of its own."""
        from mindspore.compiler.autodiff.region_rules import lane_after_lane
        plain = Builder("one_lane")
        avals = attrs["functions"][0].in_avals
        graph = plain.finish(plain.items(plain.rec(*[plain.parameter(a) for a in avals], **attrs)))
        return lane_after_lane(b, lanes, graph, operands)

    def samples(self):
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        attrs = {"functions": (_sample_function(),), "names": ("power",), "shared": 1}
        return [Sample((np.int32(3), x, x + 2), attrs, exact_dtypes=True),
                Sample((np.int32(0), x, x), attrs, exact_dtypes=True),
                Sample((np.int32(3), x, x), {**attrs, "names": ("root",)}, error=TypeError, exact_dtypes=True),
                Sample((x, x, x), attrs, error=TypeError, exact_dtypes=True)]


def _sample_function() -> Graph:
    """power(n, x, w) = x if n <= 0 else sin(power(n - 1, x)) * w."""
    vector, count = tensor_aval((4,), float32), tensor_aval((), int32)
    base, step, b = Builder("base"), Builder("step"), Builder("power")
    base = base.finish([[base.parameter(a) for a in (count, vector, vector)][1]])
    n, x, w = [step.parameter(a) for a in (count, vector, vector)]
    inner = step.items(step.rec_call(step.sub(n, 1), x, function="power", avals=(vector,)))[0]
    step = step.finish([step.mul(step.sin(inner), w)])
    params = [b.parameter(a) for a in (count, vector, vector)]
    return b.finish(b.items(b.cond(b.le(params[0], 0), *params, then=base, orelse=step)))


@register
class RecCall(Primitive):
    """A call of the function called `function` of the `rec` around it, which gives a tuple of values of the types
    `avals`. The operands are the function's parameters without those that are shared. Gradient: that of the group
    around it, once it is a loop."""

    name = "rec_call"
    attrs = ("function", "avals")

    def infer(self, *operands, function, avals):
        return tuple_aval(avals)

    def reference(self, *operands, function, avals):
        raise TypeError(f"rec_call: '{function}' is called outside of the rec that defines it")

    def vjp(self, b, cts, outs, *operands, function, avals):
        self._refuse(function)

    def jvp(self, b, ins, tangents, *, function, avals):
        self._refuse(function)

    @staticmethod
    def _refuse(function: str) -> NoReturn:
        """A call n deep would need the derivative of order n: no program of finite size has them all."""
        from mindspore.compiler.frontend.errors import GraphCompileError
        raise GraphCompileError(
            f"The derivative of a call of '{function}' is asked for inside of '{function}' itself.",
            remedy="compute the derivative outside of the recursive function: grad(f)(x) of the whole recursion works")

    def vmap(self, b, lanes, batched, *operands, function, avals):
        raise NotBatched(f"a call of '{function}' inside of '{function}' itself")

    def samples(self):
        return ()


def calls_of(graph: Graph) -> tuple:
    """The calls in a graph, inside of its regions too, that belong to the `rec` around it: (name, types of
    the operands, types of the results), each once."""
    found = graph.memo.get("calls")
    if found is None:
        calls: dict = {}
        for node in graph.nodes:
            if node.op.name == "rec_call":
                calls[node.attr("function"), tuple([i.aval for i in node.ins]), node.attr("avals")] = None
            elif node.op.name != "rec":
                for inner in graphs_in(node.attrs):
                    calls.update(dict.fromkeys(calls_of(inner)))
        found = graph.memo["calls"] = tuple(calls)
    return found
