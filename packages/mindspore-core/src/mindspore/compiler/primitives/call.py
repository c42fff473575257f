"""`call`: a graph used as a function.

A block that a network repeats, a layer of a transformer, is one graph that is called many times with other weights. It
is differentiated once and compiled once, however often it is called. Where a graph is small or called only once, the
call is replaced by the graph's nodes (`passes.calls`), so that nothing is lost to the boundary.

A call with `recompute` stays a call, and keeps nothing: its derivative runs the graph again, from the same operands,
the state of random generators among them.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph
from mindspore.compiler.primitives.base import Sample, register
from mindspore.compiler.primitives.lanes import needs_mask
from mindspore.compiler.primitives.regions import Region, zeros_for


@register
class Call(Region):
    """The outputs of the graph `callee` for the operands; results: a tuple.

    Gradient: a call of the callee's backward half, which reads operands, results and residuals of the forward half;
    with `recompute` a call that runs the callee again and then backward, which reads operands only.
    """

    name = "call"
    attrs = ("callee", "recompute")
    defaults = {"recompute": False}

    def infer(self, *operands, callee, recompute):
        self.check("callee", callee, operands, tuple(callee.out_avals))
        return tuple_aval(tuple(callee.out_avals))

    def reference(self, *operands, callee, recompute):
        return tuple(self.run(callee, operands))

    def record(self, b, ins, wanted, seeded, *, callee, recompute):
        if recompute:
            return self._record_again(b, ins, wanted, seeded, callee)
        from mindspore.compiler.autodiff.partition import partition
        count = len(callee.outputs)
        split = partition(callee, wanted, seeded, free=range(len(ins)), stored=range(count))
        results = b.items(b.emit(self, ins, (split.forward, False)))

        def pull(cts):
            kept = [*[ins[k] for k in split.kept], *[results[k] for k in split.residuals]]
            seeds = zeros_for(b, cts, seeded, callee.out_avals)
            grads = b.items(b.emit(self, (*kept, *seeds), (split.backward, False)))
            found = dict(zip(wanted, grads))
            return tuple(found.get(k) for k in range(len(ins)))

        return results[:count], pull

    def _record_again(self, b, ins, wanted, seeded, callee):
        results = b.items(b.emit(self, ins, (callee, True)))

        def pull(cts):
            seeds = zeros_for(b, cts, seeded, callee.out_avals)
            grads = b.items(b.emit(self, (*ins, *seeds), (gradients_again(callee, wanted, seeded), True)))
            found = dict(zip(wanted, grads))
            return tuple(found.get(k) for k in range(len(ins)))

        return results, pull

    def jvp(self, b, ins, tangents, *, callee, recompute):
        from mindspore.compiler.autodiff.region_rules import apart, forward_branches
        wanted, (graph,), places = forward_branches((callee,), tangents)
        results = b.items(b.emit(self, (*ins, *[tangents[k] for k in wanted]), (graph, recompute)))
        return apart(results, len(callee.outputs), places)

    def vmap(self, b, lanes, batched, *operands, callee, recompute):
        from mindspore.compiler.autodiff.region_rules import region
        masked = lanes.mask is not None and needs_mask(callee)
        graph = region(lanes, callee, tuple([x.aval for x in operands]), masked)
        return b.items(b.emit(self, (*operands, *[lanes.mask] * masked), (graph, recompute)))

    def samples(self):
        vector = tensor_aval((4,), float32)
        b = Builder("square_and_sine")
        x, w = b.parameter(vector), b.parameter(vector)
        attrs = {"callee": b.finish([b.mul(x, x), b.mul(b.sin(x), w)])}
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        return [Sample((x, x + 2), attrs, exact_dtypes=True),
                Sample((x, x + 2), {**attrs, "recompute": True}, exact_dtypes=True),
                Sample((x, x[:2]), attrs, error=TypeError, exact_dtypes=True)]


def gradients_again(callee: Graph, wanted: tuple[int, ...], seeded: tuple[int, ...]) -> Graph:
    """The graph from (operands, cotangents) to gradients, which computes all that it reads of the callee."""
    from mindspore.compiler.autodiff.vjp import vjp_graph
    key = ("gradients_again", wanted, seeded)
    found = callee.memo.get(key)
    if found is None:
        joint = vjp_graph(callee, wanted, seeded)
        b = Builder(f"again_{callee.name}")
        params = [b.parameter(p.aval) for p in joint.params]
        found = callee.memo[key] = b.finish(b.inline(joint, params)[len(callee.outputs):])
    return found
