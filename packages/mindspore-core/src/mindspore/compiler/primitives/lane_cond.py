"""Choices and loops on many lanes at once, where lanes decide differently.

`lane_cond` is a choice in which every lane takes its own branch. Both branches are computed for all lanes and the
results selected, but its derivative is not that of the selection: a lane's gradient is computed by the derivative of
the branch that it took and selected like any other result. So what the other branch's derivative would have been at
that point (an infinity, say, which times a zero cotangent is NaN) does no harm, at any order.

A loop whose lanes do not all make the same number of trips runs while any lane wants one more. A trip is a `lane_cond`
between the body and standing still, so finished lanes keep their values.

Tapes are shared by the lanes: an entry has every lane's values, and a bool for each lane that says whether the lane had
*no* part in it. A loop that takes entries back makes a trip with those lanes that wait for the entry on top; all others
stand still. Since the entries were put there in the order of the trips of some loop, every lane's own entries come to
it in its own order.
"""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import bool_
from mindspore.compiler.ir.aval import TapeAval, TensorAval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.effects import chosen_alike, handed_on
from mindspore.compiler.primitives.lanes import (
    Lanes,
    NotBatched,
    batched_aval,
    convert,
    join_avals,
    needs_mask,
    recursive,
)


@register
class LaneCond(Primitive):
    """For each lane the outputs of the graph `then` where its element of `pred` is true, else those of `orelse`.

    Operands: pred, a bool for each lane; the operands of both graphs, with a leading axis of lanes or, in their own
    avals, shared by all; with `masked`, last, a bool for each lane that says whether it counts. Results: a tuple, all
    with the lanes' axis. Gradient: every lane's own branch's; summed over the lanes for shared operands.
    """

    name = "lane_cond"
    attrs = ("then", "orelse", "masked", "same_random")
    defaults = {"masked": False, "same_random": False}

    def infer(self, pred, *operands, then, orelse, masked, same_random):
        if pred.dtype is not bool_ or pred.ndim != 1:
            raise TypeError(f"lane_cond: the predicate is {pred}, expected a bool for each lane")
        operands = operands[:-1] if masked else operands
        plain = tuple(then.in_avals)
        if plain != tuple(orelse.in_avals) or then.out_avals != orelse.out_avals or len(plain) != len(operands):
            raise TypeError(f"lane_cond: the branches go from {plain} to {tuple(then.out_avals)} and from "
                            f"{tuple(orelse.in_avals)} to {tuple(orelse.out_avals)} with {len(operands)} operands; "
                            f"expected equal types")
        for given, aval in zip(operands, plain):
            if isinstance(aval, TensorAval) and given is not aval and given is not batched_aval(aval, pred.shape[0]):
                raise TypeError(f"lane_cond: an operand is {given}, expected {aval}, with or without an axis of "
                                f"{pred.shape[0]} lanes before it")
        return tuple_aval(_outputs(then, orelse, operands, pred.shape[0], same_random))

    def lower(self, b, pred, *operands, then, orelse, masked, same_random):
        mask = operands[-1] if masked else None
        operands = operands[:-1] if masked else operands
        size, avals = pred.shape[0], tuple([x.aval for x in operands])
        outputs = _outputs(then, orelse, avals, size, same_random)
        found, given, tokens = [], list(operands), chosen_alike(then, orelse)
        for graph, chosen in ((then, pred), (orelse, b.logical_not(pred))):
            run = _batched(graph, avals, size, same_random, outputs)
            if len(run.params) > len(avals):
                chosen = chosen if mask is None else b.logical_and(chosen, mask)
                found.append(b.inline(run, [*given, chosen]))
            else:
                found.append(b.inline(run, given))
            for k, place in tokens.items():
                given[place] = found[-1][k]
        return tuple([y if k in tokens else _merge_tapes(b, x, y, [o.op.name == "parameter" for o in (p, q)])
                      if isinstance(x.aval, TapeAval) else _select(b, pred, x, y)
                      for k, (x, y, p, q) in enumerate(zip(*found, then.outputs, orelse.outputs))])

    def record(self, b, ins, wanted, seeded, *, then, orelse, masked, same_random):
        from mindspore.compiler.primitives.regions import choice_halves, zeros_for
        mask = [ins[-1]] * masked
        plan = choice_halves(then, orelse, tuple(k - 1 for k in wanted), seeded)
        attrs = {"masked": masked, "same_random": same_random}
        results = b.items(b.lane_cond(*ins, then=plan.forward[0], orelse=plan.forward[1], **attrs))

        def pull(cts):
            kept = [*[ins[1 + k] for k in plan.kept], *[results[k] for k in plan.read]]
            seeds = zeros_for(b, cts, seeded, [r.aval for r in results])
            grads = b.items(b.lane_cond(ins[0], *kept, *seeds, *mask, then=plan.backward[0], orelse=plan.backward[1],
                                        **attrs))
            found: list = [None] * len(ins)
            for place, grad in zip(wanted, grads):
                found[place] = grad if grad.aval is ins[place].aval else _over_lanes(b, grad)
            return found

        return results[:len(then.outputs)], pull

    def jvp(self, b, ins, tangents, *, then, orelse, masked, same_random):
        from mindspore.compiler.autodiff.region_rules import apart, forward_branches
        pred, *operands = ins
        given = operands[:-1] if masked else operands
        wanted, graphs, places = forward_branches((then, orelse), tangents[1:])
        results = b.items(b.lane_cond(pred, *given, *[tangents[1 + k] for k in wanted], *operands[len(given):],
                                      then=graphs[0], orelse=graphs[1], masked=masked, same_random=same_random))
        return apart(results, len(then.outputs), places)

    def vmap(self, b, lanes, batched, pred, *operands, then, orelse, masked, same_random):
        """The lanes of both kinds are lanes alike."""
        inner = pred.shape[-1]
        together = lanes.size * inner
        if any(isinstance(a, TapeAval) for a in (*then.in_avals, *then.out_avals)):
            return None

        def flat(node, is_batched: bool, per_lane: bool):
            if not is_batched:
                if not per_lane:
                    return node
                node = lanes.spread(b, node)
            if not per_lane:
                shape = (lanes.size, inner, *node.shape[1:])
                node = b.broadcast_to(b.reshape(node, shape=(lanes.size, 1, *node.shape[1:])), shape=shape)
            return b.reshape(node, shape=(together, *node.shape[2:]))

        plain = [*then.in_avals, *[tensor_aval((), bool_)] * masked]
        per_lane = [x.aval.ndim - bool(k) > a.ndim for x, k, a in zip(operands, batched[1:], plain)]
        chosen = flat(pred, batched[0], True)
        args = [flat(x, k, own) for x, k, own in zip(operands, batched[1:], per_lane)]
        if lanes.mask is not None and needs_mask(then) | needs_mask(orelse):
            outer = b.reshape(b.broadcast_to(b.reshape(lanes.mask, shape=(lanes.size, 1)), shape=(lanes.size, inner)),
                              shape=(together,))
            if masked:
                args[-1] = b.logical_and(args[-1], outer)
            else:
                args.append(outer)
                masked = True
        results = b.items(b.lane_cond(chosen, *args, then=then, orelse=orelse, masked=masked,
                                      same_random=same_random))
        tokens = chosen_alike(then, orelse)
        return tuple([r if k in tokens and r.aval is plain else b.reshape(r, shape=(lanes.size, inner, *r.shape[1:]))
                      for k, (r, plain) in enumerate(zip(results, then.out_avals))])

    def samples(self):
        from mindspore.compiler.primitives.regions import _sample_branch
        attrs = {"then": _sample_branch("square"), "orelse": _sample_branch("negate")}
        x = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(3, 4)
        pred = np.array([True, False, True])
        return [Sample((pred, x), attrs, exact_dtypes=True), Sample((pred, x[0]), attrs, exact_dtypes=True),
                Sample((pred, x, pred), {**attrs, "masked": True}, exact_dtypes=True),
                Sample((pred, x[:2]), attrs, error=TypeError, exact_dtypes=True),
                Sample((x, x), attrs, error=TypeError, exact_dtypes=True)]


def _batched(graph: Graph, avals: tuple, size: int, same_random: bool, outputs: tuple | None = None,
             probe: bool = False) -> Graph:
    from mindspore.compiler.autodiff.vmap import vmap_graph
    return vmap_graph(graph, avals, size, masked=needs_mask(graph), same_random=same_random, outputs=outputs,
                      probe=probe)


def _outputs(then: Graph, orelse: Graph, avals: tuple, size: int, same_random: bool) -> tuple:
    """The avals of the results: tensors with the lanes' axis, tapes as both branches leave them. What both
    branches hand on stays what it is; so do tokens, where the effects of the lanes that take one branch come before
    those of the others."""
    tokens = chosen_alike(then, orelse)
    if all(isinstance(a, TensorAval) for a in then.out_avals):
        return tuple([avals[tokens[k]] if k in tokens else batched_aval(a, size)
                      for k, a in enumerate(then.out_avals)])
    ends = [_batched(graph, avals, size, same_random, probe=True).out_avals for graph in (then, orelse)]
    return tuple([avals[tokens[k]] if k in tokens else batched_aval(plain, size) if isinstance(plain, TensorAval)
                  else join_avals(x, y) for k, (plain, x, y) in enumerate(zip(then.out_avals, *ends))])


def _select(b, pred, x, y):
    return b.select(b.reshape(pred, shape=(pred.shape[0], *(1,) * (x.aval.ndim - 1))), x, y)


def _over_lanes(b, grad):
    if isinstance(grad.aval, TapeAval):
        raise NotBatched("the gradient of a tape that all lanes share")
    return b.sum(grad, axis=(0,), keepdims=False)


def _merge_tapes(b, x, y, untouched: list[bool]):
    """The tape of both branches' entries. A branch that leaves its tape alone leaves it to the other one; otherwise no
    lane has a part in the entries of both."""
    if x is y or untouched[1]:
        return x
    if untouched[0]:
        return y
    return b.tape_add(x, y, adder=_entry_merger(x.aval))


def _entry_merger(aval: TapeAval) -> Graph:
    """The graph from two entries to that with every lane's own values."""
    b = Builder("merge_entries")
    first, second = [[b.parameter(a) for a in aval.entry] for _ in range(2)]
    absent = first[0]
    values = [_merge_tapes(b, x, y, [False, False]) if isinstance(x.aval, TapeAval) else
              x if x.shape[:1] != absent.shape else _select(b, absent, y, x) for x, y in zip(first[1:], second[1:])]
    return b.finish([b.logical_and(absent, second[0]), *values])


# -- the rules for batching `cond` and `while_` ------------------------------------------------------------------------


def batch_cond(b, lanes: Lanes, batched: tuple, pred, operands: tuple, then: Graph, orelse: Graph) -> tuple:
    """A choice on many lanes: a `cond` where all decide alike, a `lane_cond` otherwise."""
    from mindspore.compiler.autodiff.region_rules import lane_after_lane, region
    if batched[0] and (recursive(then) or recursive(orelse)):
        one = Builder("one_lane")
        params = [one.parameter(a) for a in (tensor_aval((), bool_), *then.in_avals)]
        return lane_after_lane(b, lanes, one.finish(one.items(one.cond(*params, then=then, orelse=orelse))),
                               (pred, *operands))
    masked = lanes.mask is not None and (needs_mask(then) or needs_mask(orelse))
    more = [lanes.mask] * masked
    if batched[0]:
        return b.items(b.lane_cond(pred, *operands, *more, then=then, orelse=orelse, masked=masked,
                                   same_random=lanes.same_random))
    avals = tuple([x.aval for x in operands])
    ends = [region(lanes, graph, avals, masked, probe=True).out_avals for graph in (then, orelse)]
    outputs = tuple(map(join_avals, *ends))
    graphs = [region(lanes, graph, avals, masked, outputs) for graph in (then, orelse)]
    return b.items(b.cond(pred, *operands, *more, then=graphs[0], orelse=graphs[1]))


def batch_while(b, lanes: Lanes, operands: tuple, condition: Graph, body: Graph, carried: int) -> tuple:
    """A loop on many lanes: as long as the condition says where it is the same for all, else until all are done."""
    from mindspore.compiler.autodiff.region_rules import lane_after_lane, region, steady
    masked = lanes.mask is not None and needs_mask(body)
    rest = tuple([x.aval for x in operands[carried:]])
    avals = steady(lambda state: region(lanes, body, (*state, *rest), masked, probe=True).out_avals,
                   tuple([x.aval for x in operands[:carried]]))
    test = region(lanes, condition, (*avals, *rest), False)
    if test.out_avals[0] is not condition.out_avals[0] and recursive(body):
        one = Builder("one_lane")
        params = [one.parameter(a) for a in body.in_avals]
        loop = one.while_(*params, condition=condition, body=body, carried=carried)
        return lane_after_lane(b, lanes, one.finish(one.items(loop)), operands)
    if test.out_avals[0] is not condition.out_avals[0]:
        return _until_all_done(b, lanes, operands, condition, body, carried)
    state = [convert(b, lanes, x, a) for x, a in zip(operands, avals)]
    loop = region(lanes, body, (*avals, *rest), masked, avals)
    if masked:
        test = _with_parameter(test, lanes.mask.aval)
    return b.items(b.while_(*state, *operands[carried:], *[lanes.mask] * masked, condition=test, body=loop,
                            carried=carried))


def _until_all_done(b, lanes: Lanes, operands: tuple, condition: Graph, body: Graph, carried: int) -> tuple:
    """The loop with one more carried value: which lanes want another trip. Where only some of all lanes count, those
    are an operand that stays."""
    from mindspore.compiler.autodiff.region_rules import region, steady
    size, rest = lanes.size, list(operands[carried:])
    outer = [] if lanes.mask is None else [lanes.mask]
    flags, held = tensor_aval((size,), bool_), [x.aval for x in rest]
    still = _standing_still(body, carried)
    tokens = {k for k, place in handed_on(body).items() if k == place}
    avals = steady(lambda state: _outputs(body, still, (*state, *held), size, lanes.same_random),
                   tuple([batched_aval(plain, size) if isinstance(plain, TensorAval) and k not in tokens else x.aval
                          for k, (plain, x) in enumerate(zip(body.in_avals, operands[:carried]))]))
    asks = region(lanes, condition, (*avals, *held), False, (flags,))

    def wanting(b, state, rest, outer):
        found = b.inline(asks, [*state, *rest])[0]
        return b.logical_and(found, outer[0]) if outer else found

    test, loop = Builder(condition.name), Builder(f"lanes_{body.name}")
    places = [flags, *avals, *held, *[flags] * len(outer)]
    more = [test.parameter(a) for a in places][0]
    test = test.finish([test.any(more, axis=(0,), keepdims=False)])
    more, *values = [loop.parameter(a) for a in places]
    here, beside = values[:carried], values[carried:carried + len(rest)]
    for tape in _popped(body, here):
        absent = loop.items(loop.tape_pop(tape, aval=tape.aval))[1]
        more = loop.logical_and(more, loop.logical_not(absent))
    after = loop.items(loop.lane_cond(more, *here, *beside, then=body, orelse=still, same_random=lanes.same_random))
    loop = loop.finish([wanting(loop, after, beside, values[carried + len(rest):]), *after])
    state = [convert(b, lanes, x, a) for x, a in zip(operands, avals)]
    results = b.items(b.while_(wanting(b, state, rest, outer), *state, *rest, *outer, condition=test, body=loop,
                               carried=1 + carried))
    return tuple(results[1:])


def _standing_still(body: Graph, carried: int) -> Graph:
    found = body.memo.get("standing_still")
    if found is None:
        b = Builder("stand_still")
        found = body.memo["standing_still"] = b.finish([b.parameter(a) for a in body.in_avals][:carried])
    return found


def _popped(body: Graph, here: list) -> list:
    """The carried tapes, in their batched form, from which a trip takes entries."""
    places = {p.idx: k for k, p in enumerate(body.params[:len(here)]) if isinstance(p.aval, TapeAval)}
    taken = sorted({places[n.ins[0].idx] for n in body.nodes if n.op.name == "tape_pop" and n.ins[0].idx in places})
    return [here[k] for k in taken if here[k].aval is not body.params[k].aval]


def _with_parameter(graph: Graph, aval) -> Graph:
    """The graph with one more parameter, which it does not read."""
    b = Builder(graph.name)
    params = [b.parameter(a) for a in (*graph.in_avals, aval)]
    return b.finish(b.inline(graph, params[:-1]))
