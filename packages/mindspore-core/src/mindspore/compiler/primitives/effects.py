"""Effects: what a program does besides computing values (printing, raising).

An effect has a place in the order of the program. The order is kept by data: each effectful operation takes a *token*
and gives the next one, and the token is a hidden tensor that the front end reads and writes as it does a Parameter
(`mindspore.graph.effects`). So an effect in a branch happens if the branch is taken, one in a loop happens in each
trip, and none is lost as dead code or shared with an equal one. No derivative reads a token, so the backward part of a
program repeats no effect; where a computation is emitted once more only to be differentiated, it is emitted
`without_effects`.

The operation happens on the host, whatever the device.
"""
from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable

import numpy as np

from mindspore.common.dtype import bool_, int32
from mindspore.compiler.ir.aval import TensorAval, tensor_aval
from mindspore.compiler.ir.builder import Builder, rewrite
from mindspore.compiler.ir.graph import Graph, Node
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.lanes import NotBatched

TOKEN = tensor_aval((), int32)
_numbers = itertools.count()
_actions: weakref.WeakValueDictionary[int, Action] = weakref.WeakValueDictionary()


class Action:
    """What a `host_call` does: called with the operands' values as arrays, which it must not keep.

    text: for people, in the graph's text. raises: whether it may raise an exception. site: where it stands in the
    user's program.
    """

    def __init__(self, text: str, run: Callable[..., None], raises: bool = False, site: object = None):
        self.text, self.run, self.raises, self.site = text, run, raises, site
        self.number = next(_numbers)
        _actions[self.number] = self

    def __call__(self, *arrays: np.ndarray) -> None:
        self.run(*arrays)

    def __repr__(self) -> str:
        return f"action({self.number}, {self.text!r})"

    @staticmethod
    def by_number(number: int) -> Action:
        """The action that a graph's text names. KeyError if it is gone."""
        return _actions[number]


@register
class HostCall(Primitive):
    """Run `action` (a Python callable) on the host with the values of the operands behind the token; the next token.

    Operands: the token, int32[], and tensors of any shape and dtype. Gradient: none.
    """

    name = "host_call"
    attrs = ("action",)
    differentiable = False
    hosted = True

    def infer(self, token, *values, action):
        if token is not TOKEN:
            raise TypeError(f"host_call: the token is {token}, expected {TOKEN}")
        for value in values:
            if not isinstance(value, TensorAval):
                raise TypeError(f"host_call: an operand is {value}, expected tensors")
        return TOKEN

    def reference(self, token, *values, action):
        action(*values)
        return token

    def vmap(self, b, lanes, batched, token, *values, action):
        """Lane after lane, for those lanes that count; once for what no lane makes different."""
        if batched[0]:
            raise NotBatched(f"{action.text}, in an order that differs from lane to lane")
        masks = [] if lanes.mask is None else [lanes.mask]
        one = _when(action, [_lane(x.aval) if k else x.aval for k, x in zip(batched[1:], values)], bool(masks))
        if not any(batched[1:]):
            return b.inline(one, [token, *[b.any(m, axis=(0,), keepdims=False) for m in masks], *values])[0]
        order = sorted(range(len(values)), key=lambda k: not batched[1 + k])
        trip = Builder("each_lane")
        state, *flags = [trip.parameter(a) for a in (TOKEN, *[_lane(m.aval) for m in masks])]
        given: list = [None] * len(values)
        for k in order:
            given[k] = trip.parameter(_lane(values[k].aval) if batched[1 + k] else values[k].aval)
        trip = trip.finish(trip.inline(one, [state, *flags, *given]))
        return b.items(b.scan(token, *masks, *[values[k] for k in order], body=trip, length=lanes.size, carried=1,
                              sliced=len(masks) + sum(batched[1:])))[0]

    def samples(self):
        x = np.linspace(-1.0, 1.0, 4, dtype=np.float32)
        return [Sample((np.int32(0), x), {"action": _NOTHING}, exact_dtypes=True),
                Sample((np.int32(3),), {"action": _NOTHING}, exact_dtypes=True),
                Sample((x, x), {"action": _NOTHING}, error=TypeError, exact_dtypes=True)]


def _lane(aval: TensorAval) -> TensorAval:
    return tensor_aval(aval.shape[1:], aval.dtype)


def _when(action: Action, avals: list, conditional: bool) -> Graph:
    """From (token, whether, values), or without the second, to the next token."""
    do, leave = Builder("do"), Builder("leave")
    params = [do.parameter(a) for a in (TOKEN, *avals)]
    do = do.finish([do.host_call(*params, action=action)])
    if not conditional:
        return do
    leave = leave.finish([leave.parameter(a) for a in (TOKEN, *avals)][:1])
    b = Builder("perhaps")
    token, whether, *values = [b.parameter(a) for a in (TOKEN, tensor_aval((), bool_), *avals)]
    return b.finish(b.items(b.cond(whether, token, *values, then=do, orelse=leave)))


def handed_on(graph: Graph) -> dict[int, int]:
    """The outputs of a graph that are what a parameter was, or, for tokens, what effects made of it; by position. Only
    values of the type of tokens are looked at."""
    found = graph.memo.get("handed_on")
    if found is None:
        places = {k: _origin(node) for k, node in enumerate(graph.outputs) if node.aval is TOKEN}
        found = graph.memo["handed_on"] = {k: p for k, p in places.items() if p is not None}
    return found


def chosen_alike(then: Graph, orelse: Graph) -> dict[int, int]:
    """The outputs that both branches hand on from one parameter."""
    other = handed_on(orelse)
    return {k: p for k, p in handed_on(then).items() if other.get(k) == p}


def _origin(node: Node | None) -> int | None:
    """The position of the parameter that is handed on to this node."""
    while node is not None and node.op.name != "parameter":
        if node.op.name == "host_call":
            node = node.ins[0]
        elif node.op.name == "item":
            node = _operand_of_result(node.ins[0], node.attrs[0])
        else:
            return None
    return None if node is None else node.attrs[0]


def _operand_of_result(region: Node, k: int) -> Node | None:
    """The operand of a region operator that is handed on to its result k."""
    name, attrs = region.op.name, region.kwargs()
    if name in ("cond", "lane_cond"):
        place = chosen_alike(attrs["then"], attrs["orelse"]).get(k)
        return None if place is None else region.ins[1 + place]
    if name == "call":
        place = handed_on(attrs["callee"]).get(k)
        return None if place is None else region.ins[place]
    if name in ("while_", "scan") and handed_on(attrs["body"]).get(k) == k < attrs["carried"]:
        return region.ins[k]
    return None


_NOTHING = Action("nothing", lambda *arrays: None)


def may_raise(graph: Graph) -> bool:
    """Whether running the graph may raise an exception of the program."""
    found = graph.memo.get("may_raise")
    if found is None:
        found = graph.memo["may_raise"] = any(
            value.raises if isinstance(value, Action) else may_raise(value)
            for node in graph.nodes for value in node.attrs if isinstance(value, (Action, Graph)))
    return found


def has_effects(graph: Graph) -> bool:
    """Whether the graph, or one inside it, calls the host."""
    found = graph.memo.get("has_effects")
    if found is None:
        found = graph.memo["has_effects"] = any(
            node.op.name == "host_call" or any(isinstance(v, Graph) and has_effects(v) for v in node.attrs)
            for node in graph.nodes)
    return found


def without_effects(graph: Graph) -> Graph:
    """The same computation where tokens pass every host call by."""
    if not has_effects(graph):
        return graph
    found = graph.memo.get("without_effects")
    if found is None:
        def silent(b: Builder, node: Node, ins: tuple) -> Node:
            attrs = tuple([without_effects(v) if isinstance(v, Graph) else v for v in node.attrs])
            return ins[0] if node.op.name == "host_call" else b.emit(node.op, ins, attrs)

        found = graph.memo["without_effects"] = rewrite(graph, silent)
    return found
