"""Forward mode and batching of choices and loops: what the rules of `cond`, `while_` and `scan` share.

The tangents of a choice are a choice of tangents. The tangents of a loop are carried beside its values: those of a
carried value exist if a trip makes it depend on anything that has a tangent, which is found by repeating the question
until the answer stays the same. A batched loop carries what a trip makes differ from lane to lane; the same repetition
finds it.
"""
from __future__ import annotations

from mindspore.compiler.autodiff.jvp import active_outputs, jvp_graph
from mindspore.compiler.ir import Builder, Graph, Node, TapeAval, tensor_aval
from mindspore.compiler.primitives.lanes import Lanes, NotBatched, convert, join_avals, needs_mask


def known(tangents: list) -> tuple[int, ...]:
    """The positions of the tangents that are not zero."""
    return tuple(k for k, t in enumerate(tangents) if t is not None)


def forward_branches(graphs: tuple, tangents: list) -> tuple:
    """(operands with tangents, the graphs of outputs and tangents, which outputs have a tangent)."""
    wanted = known(tangents)
    places = tuple(sorted({k for graph in graphs for k in active_outputs(graph, wanted)}))
    return wanted, [jvp_graph(graph, wanted, places) for graph in graphs], places


def apart(results: tuple, count: int, places: tuple) -> tuple:
    """`count` results and their tangents, which stand after them for the results at `places`."""
    tangents: list = [None] * count
    for place, tangent in zip(places, results[count:]):
        tangents[place] = tangent
    return tuple(results[:count]), tuple(tangents)


def forward_cond(b: Builder, pred: Node, operands: list, tangents: list, then: Graph, orelse: Graph) -> tuple:
    """A choice and its tangents."""
    wanted, (yes, no), places = forward_branches((then, orelse), tangents)
    results = b.items(b.cond(pred, *operands, *[tangents[k] for k in wanted], then=yes, orelse=no))
    return apart(results, len(then.outputs), places)


def moving_tangents(body: Graph, carried: int, tangents: list) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The positions of the operands of a loop that have a tangent in it, and of the trip's outputs that have one."""
    active = set(known(tangents))
    while True:
        places = active_outputs(body, tuple(sorted(active)))
        more = {k for k in places if k < carried} - active
        if not more:
            break
        active |= more
    wanted = tuple(sorted(active))
    return wanted, tuple(sorted({*[k for k in wanted if k < carried], *places}))


class ForwardBody:
    """A trip with tangents. Operands come in `groups` (positions of the trip's own parameters, in order); in the new
    trip each group is followed by the tangents of those of its members that have one."""

    def __init__(self, body: Graph, carried: int, groups: list, wanted: tuple, places: tuple):
        self.body, self.carried, self.groups, self.wanted, self.places = body, carried, groups, wanted, places

    def operands(self, primal: list, tangents: list) -> list:
        """Values and tangents in the order of the new trip's parameters."""
        found = []
        for group in self.groups:
            found += [primal[k] for k in group] + [tangents[k] for k in group if k in self.wanted]
        return found

    def parameters(self, b: Builder) -> tuple[list, dict]:
        """New parameters: of the values, in the trip's own order, and of the tangents, by position."""
        primal: list = [None] * len(self.body.params)
        tangents = {}
        for group in self.groups:
            for k in group:
                primal[k] = b.parameter(self.body.params[k].aval)
            for k in group:
                if k in self.wanted:
                    tangents[k] = b.parameter(self.body.params[k].aval)
        return primal, tangents

    def graph(self) -> Graph:
        """The new trip: new carried values, their tangents, outputs, their tangents."""
        b = Builder(f"jvp_{self.body.name}")
        primal, tangents = self.parameters(b)
        joint = jvp_graph(self.body, self.wanted, self.places)
        results = b.inline(joint, [*primal, *[tangents[k] for k in self.wanted]])
        count, carried = len(self.body.outputs), self.carried
        found = dict(zip(self.places, results[count:]))
        return b.finish([*results[:carried], *[found[k] for k in self.places if k < carried],
                         *results[carried:count], *[found[k] for k in self.places if k >= carried]])

    def apart(self, results: tuple) -> tuple:
        """The loop's results and their tangents."""
        count, carried = len(self.body.outputs), self.carried
        moving = [k for k in self.places if k < carried]
        middle = carried + len(moving)
        values = (*results[:carried], *results[middle:middle + count - carried])
        tangents: list = [None] * count
        for k, t in zip(moving, results[carried:middle]):
            tangents[k] = t
        for k, t in zip([k for k in self.places if k >= carried], results[middle + count - carried:]):
            tangents[k] = t
        return values, tuple(tangents)


def forward_while(b: Builder, operands: list, tangents: list, condition: Graph, body: Graph, carried: int) -> tuple:
    """A loop and the tangents of its carried values."""
    wanted, places = moving_tangents(body, carried, tangents)
    trip = ForwardBody(body, carried, [range(carried), range(carried, len(operands))], wanted, places)
    test = Builder(condition.name)
    primal, _ = trip.parameters(test)
    test = test.finish(test.inline(condition, primal))
    given = trip.operands(operands, _filled(b, operands, tangents, wanted))
    return trip.apart(b.items(b.while_(*given, condition=test, body=trip.graph(), carried=carried + len(places))))


def forward_scan(b: Builder, operands: list, tangents: list, body: Graph, carried: int, sliced: int, **attrs) -> tuple:
    """A scan and the tangents of its results."""
    wanted, places = moving_tangents(body, carried, tangents)
    middle = carried + sliced
    trip = ForwardBody(body, carried, [range(carried), range(carried, middle), range(middle, len(operands))], wanted,
                       places)
    given = trip.operands(operands, _filled(b, operands, tangents, wanted))
    more = [sum(low <= k < high for k in wanted) for low, high in ((0, carried), (carried, middle))]
    return trip.apart(b.items(b.scan(*given, body=trip.graph(), carried=carried + more[0], sliced=sliced + more[1],
                                     **attrs)))


def _filled(b: Builder, operands: list, tangents: list, wanted: tuple) -> list:
    return [b.zeros_like(x.aval) if t is None and k in wanted else t
            for k, (x, t) in enumerate(zip(operands, tangents))]


# -- batching ----------------------------------------------------------------------------------------------------------


def region(lanes: Lanes, graph: Graph, avals: tuple, masked: bool, outputs: tuple | None = None,
           probe: bool = False) -> Graph:
    """A graph for these lanes."""
    from mindspore.compiler.autodiff.vmap import vmap_graph
    return vmap_graph(graph, avals, lanes.size, masked=masked, same_random=lanes.same_random, outputs=outputs,
                      probe=probe or lanes.probe)


def steady(step, state: tuple) -> tuple:
    """The batched avals of carried values that a trip leaves as they are; `step` gives those after a trip."""
    while True:
        joined = tuple([join_avals(x, y) for x, y in zip(state, step(state))])
        if joined == state:
            return state
        state = joined


def batch_scan(b: Builder, lanes: Lanes, batched: tuple, operands: tuple, body: Graph, carried: int, sliced: int,
               **attrs) -> tuple:
    """A scan on many lanes: slices and outputs have the lanes' axis after that of the trips."""
    middle, masked = carried + sliced, lanes.mask is not None and needs_mask(body)
    operands = tuple([_swapped(b, x) if k and carried <= i < middle else x
                      for i, (x, k) in enumerate(zip(operands, batched))])
    slices = tuple([_without_first(x.aval) for x in operands[carried:middle]])
    rest = tuple([x.aval for x in operands[middle:]])

    def step(state: tuple) -> tuple:
        return tuple(region(lanes, body, (*state, *slices, *rest), masked, probe=True).out_avals[:carried])

    state = steady(step, tuple([x.aval for x in operands[:carried]]))
    avals = (*state, *slices, *rest)
    outputs = (*state, *region(lanes, body, avals, masked, probe=True).out_avals[carried:])
    trip = region(lanes, body, avals, masked, outputs)
    given = [convert(b, lanes, x, a) for x, a in zip(operands, state)]
    results = b.items(b.scan(*given, *operands[carried:], *[lanes.mask] * masked, body=trip, carried=carried,
                             sliced=sliced, **attrs))
    return (*results[:carried], *[_swapped(b, x) if new is not old else x for x, new, old in zip(
        results[carried:], outputs[carried:], body.out_avals[carried:])])


def _swapped(b: Builder, x: Node) -> Node:
    return b.transpose(x, perm=(1, 0, *range(2, x.aval.ndim)))


def _without_first(aval):
    return tensor_aval(aval.shape[1:], aval.dtype)


def lane_after_lane(b: Builder, lanes: Lanes, graph: Graph, operands: tuple) -> tuple:
    """A graph that lanes cannot run together, in a loop over the lanes; those that do not count give zeros."""
    if any(isinstance(a, TapeAval) for a in (*graph.in_avals, *graph.out_avals)):
        raise NotBatched("recursion whose derivative is kept from one place of the program to another")
    shared = [x.aval is a for x, a in zip(operands, graph.in_avals)]
    order = [*[k for k, s in enumerate(shared) if not s], *[k for k, s in enumerate(shared) if s]]
    masks = [] if lanes.mask is None else [lanes.mask]
    body = Builder(f"lane_of_{graph.name}")
    counts = [body.parameter(tensor_aval((), m.dtype)) for m in masks]
    given: list = [None] * len(operands)
    for k in order:
        given[k] = body.parameter(graph.in_avals[k])
    if masks:
        nothing = Builder("no_lane")
        for aval in graph.in_avals:
            nothing.parameter(aval)
        nothing = nothing.finish([nothing.zeros_like(a) for a in graph.out_avals])
        results = body.items(body.cond(counts[0], *given, then=graph, orelse=nothing))
    else:
        results = body.inline(graph, given)
    return b.items(b.scan(*masks, *[operands[k] for k in order], body=body.finish(results), length=lanes.size,
                          carried=0, sliced=len(masks) + shared.count(False)))
