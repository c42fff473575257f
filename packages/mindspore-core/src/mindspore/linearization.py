"""A function at one point and the way back from cotangents to gradients, which every gradient function is made of.

While a function is being compiled, the function to differentiate is recorded into an inner trace, its graph is
transformed (`compiler.autodiff`) and inlined into the outer one. In PyNative mode its operations are recorded into the
thread's segment as a region, and the gradient is one more entry of the stream. Both come to the same transformation of
the same graph.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.partition import Stages
from mindspore.compiler.autodiff.vjp import seedable, vjp_graph
from mindspore.compiler.frontend.policy import ABSENT
from mindspore.compiler.frontend.variants import Tag
from mindspore.compiler.passes.calls import settle_calls
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.eager import segment as _segment
from mindspore.eager.hooks import gradients_of
from mindspore.graph import tree
from mindspore.graph.call import call_function
from mindspore.graph.compiled import current_guards, noted_changes
from mindspore.graph.control import is_one_of
from mindspore.graph.guards import Guards
from mindspore.graph.hooks import conjugate, fire, hooked_gradient, hooks_of, zeros
from mindspore.graph.leaving import Places, hand_over
from mindspore.graph.regions import assign_written
from mindspore.graph.trace import GraphTrace, Traced, current_trace, tracing
from mindspore.runtime.record import apply, apply_plainly, with_hooks_of, wrap

__all__ = ["Linearized", "linearize"]

_getrefcount = sys.getrefcount


class Linearized:
    """A function's outputs at one point and the way back from cotangents to gradients.

    outputs: the tensors in the function's result, `spec` its structure. `pull(seeds)` gives the gradients of the
    wanted inputs, then of the weights; a seed that is None stands for ones. `abandon` ends what was begun for a way
    back that is not taken.
    """

    def __init__(self, outputs: list, spec: Any, pull: Callable[[list], list],
                 hold: Callable[[], Callable] | None = None, abandon: Callable[[], None] | None = None):
        self.outputs, self.spec, self.pull, self._hold, self._abandon = outputs, spec, pull, hold, abandon

    def pull_seeds(self, seeds_of: Callable[[list], list]) -> list:
        """The gradients for the seeds that a function gives for the outputs; it may raise."""
        try:
            seeds = seeds_of(self.outputs)
        except BaseException:
            if self._abandon is not None:
                self._abandon()
            raise
        return self.pull(seeds)

    def hold(self) -> None:
        """Make `pull` callable later, and any number of times."""
        if self._hold is not None:
            self.pull = self._hold()

    def result(self) -> Any:
        return tree.rebuild(self.spec, iter(self.outputs))


def linearize(fn: Callable, args: tuple, kwargs: dict, wanted: list[Tensor], weights: list[Parameter],
              differentiated: Callable[[list, Any], list[int]]) -> Linearized:
    """Run `fn` and prepare its derivative.

    wanted: tensors among the arguments (by identity) to differentiate by. differentiated: given the output tensors and
    the result's spec, the positions of the outputs whose derivative is taken.
    """
    trace = current_trace()
    if trace is not None:
        return _linearize_traced(trace, fn, args, kwargs, wanted, weights, differentiated)
    return _linearize_eager(fn, args, kwargs, wanted, weights, differentiated)


def _linearize_traced(outer: GraphTrace, fn, args, kwargs, wanted, weights, differentiated) -> Linearized:
    inner = GraphTrace(getattr(fn, "__name__", type(fn).__name__), outer)
    inner.staged = outer.staged
    fresh = {id(t): with_hooks_of(wrap(inner.add_parameter(t._value.aval)), t) for t in wanted}
    args, kwargs = tree.map_tensors(lambda t: fresh.get(id(t), t), (args, kwargs))
    guards = current_guards() or Guards()
    before, noted, places = set(guards.effects), len(noted_changes()), Places(inner)
    try:
        with tracing(inner), places.noted():
            result = _call_inside(fn, args, kwargs)
    except Exception:  # what it did before stays done
        hand_over(inner, places, guards.assigned_since(before))
        graph = inner.close([])
        done = outer.builder.inline(graph, [outer.node_of(t) for t in (*wanted, *inner.lifted)])
        assign_written(outer, inner.written, done)
        raise
    outputs: list = []
    spec = tree.flatten(result, outputs)
    assigned: list = []
    changes = noted_changes()[noted:]
    for change in changes:
        change.flatten(assigned)
    nodes = [inner.node_of(t) for t in (*outputs, *assigned)]
    for weight in weights:
        inner.node_of(weight)
        guards.add_attr(weight, "_hooks", hooks_of(weight) or ABSENT, True)
    hand_over(inner, places, guards.assigned_since(before))
    numbers = {id(t): inner.explicit + k for k, t in enumerate(inner.lifted)}
    graph = settle_calls(inner.close(nodes))
    sources = [outer.node_of(t) for t in wanted] + [outer.node_of(t) for t in inner.lifted]
    positions = tuple(range(inner.explicit)) + tuple(numbers[id(w)] for w in weights)
    able = seedable(graph.out_avals, [graph.params[k].aval for k in positions])
    seeded = tuple(k for k in differentiated(outputs, spec) if k in able)
    count = len(graph.outputs)
    stages = Stages(outer.builder, vjp_graph(graph, positions, seeded, staged=True), sources)
    primal = stages.outputs(count)
    assign_written(outer, inner.written, primal[len(nodes):])
    values = [wrap(Traced(outer, n)) for n in primal[:len(nodes)]]
    conditions = tree.conditions(spec)
    left = iter(values[len(outputs):])
    for change in changes:
        change.value = tree.rebuild(change.spec, left)

    def pull(seeds: list) -> list:
        trace = current_trace()
        assert trace is not None
        b = trace.builder
        cts = [b.ones_like(graph.outputs[k].aval) if seeds[k] is None else trace.node_of(conjugate(seeds[k]))
               for k in seeded]
        cts = [_where_chosen(b, ct, conditions[k], values) for ct, k in zip(cts, seeded)]
        carry = (lambda node: node) if trace is outer else (lambda node: trace.node_of(carried(node)))
        grads = stages.gradients(b, count, cts, carry, fire)[:len(positions)]
        return _after_hooks(wanted, weights, [conjugate(wrap(Traced(trace, g))) for g in grads])

    held: dict[int, Tensor] = {}

    def carried(node) -> Tensor:
        """The tensor that stands for a node of the outer trace, always the same one: an inner trace lifts it once."""
        return held.setdefault(node.idx, wrap(Traced(outer, node)))

    return Linearized(values[:len(outputs)], spec, pull)


def _where_chosen(b: Any, ct: Any, conditions: list | None, values: list[Tensor]) -> Any:
    """The cotangent of an output that counts only where a decision has chosen what it is a part of; else zeros. A
    tensor in a text does not count."""
    if conditions is None:
        return b.zeros_like(ct.aval)
    for tag, alternatives, count in conditions:
        test = is_one_of(Tag(count, values[tag]), alternatives)
        if ct.shape:
            test = b.broadcast_to(b.reshape(test, shape=(1,) * ct.aval.ndim), shape=ct.shape)
        ct = b.select(test, ct, b.zeros_like(ct.aval))
    return ct


def _linearize_eager(fn, args, kwargs, wanted, weights, differentiated) -> Linearized:
    identity = PRIMITIVES["identity"]
    fresh = {id(t): with_hooks_of(apply(identity, (t,)), t) for t in wanted}
    args, kwargs = tree.map_tensors(lambda t: fresh.get(id(t), t), (args, kwargs))
    segment = _segment.current()
    _keep_apart(weights, segment)
    points = [fresh[id(t)]._value for t in wanted] + [w._value for w in weights]
    region = _segment.Region(len(segment.entries))
    region.wanted = points
    regions = segment.regions
    regions.append(region)
    try:
        result = _call_inside(fn, args, kwargs)
        outputs: list = []
        spec = tree.flatten(result, outputs)
        able = seedable([t._value.aval for t in outputs], [p.aval for p in points])
        chosen = [k for k in differentiated(outputs, spec) if k in able]
        storages = [outputs[k]._value for k in chosen]
    except BaseException:
        _leave(regions, region)
        raise

    def pull(seeds: list) -> list:
        try:
            given = [None if seeds[k] is None else conjugate(seeds[k])._value for k in chosen]
            grads = gradients_of(region, points, storages, given)
        finally:
            _leave(regions, region)
        return _unless_frozen(weights, _after_hooks(wanted, weights, [conjugate(wrap(g)) for g in grads]))

    def hold() -> Callable[[list], list]:
        recorded = _segment.current().capture(region)
        _leave(regions, region)

        def pull_later(seeds: list) -> list:
            given = [None if seeds[k] is None else conjugate(seeds[k])._value for k in chosen]
            grads = gradients_of(region, points, storages, given, recorded)
            return _unless_frozen(weights, _after_hooks(wanted, weights, [conjugate(wrap(g)) for g in grads]))

        return pull_later

    return Linearized(outputs, spec, pull, hold, lambda: _leave(regions, region))


def _unless_frozen(weights: list[Parameter], grads: list) -> list:
    """The gradients, the last of them the weights': zeros for each weight that is frozen when they are taken."""
    first = len(grads) - len(weights)
    return grads[:first] + [g if getattr(w, "requires_grad", True) else zeros(g._value.aval)
                            for w, g in zip(weights, grads[first:])]


def _keep_apart(weights: list[Parameter], segment: Any) -> None:
    """Give weights whose value is that of another tensor too, of a clone or of what was assigned to them or from them,
    a value of their own: a gradient is by a value, and would be that of all tensors that have it."""
    enclosing = [{id(value) for value in region.wanted} for region in segment.regions]
    for weight in weights:
        value = weight._value
        known = 3 + (value.pending is segment or id(value) in segment.numbers) + sum(id(value) in w for w in enclosing)
        if _getrefcount(value) > known and weight._shared is None:
            weight._value = apply_plainly(PRIMITIVES["identity"], (weight,))._value


def _after_hooks(wanted: list[Tensor], weights: list[Parameter], grads: list[Tensor]) -> list[Tensor]:
    """The gradients after the hooks of the tensors that they are of."""
    return [hooked_gradient(t, g) for t, g in zip((*wanted, *weights), grads)]


def _leave(regions: list, region) -> None:
    if region in regions:
        regions.remove(region)


def _call_inside(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """Call the function to differentiate: interpreted while compiling, natively in PyNative mode."""
    if current_trace() is None:
        return fn(*args, **kwargs)
    return call_function(fn, *args, **kwargs)
