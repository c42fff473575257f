"""What a `scan` need not do trip by trip.

The number of trips of a scan is known, so a computation that no trip hands on to the next can be done for all trips at
once, before or after the loop, as one operation on *stacks* (values with a leading axis of trips) in place of many
small ones. A node of the body is

* *staying* if it depends only on what is the same in all trips: it is computed once, before the loop;
* *early* if it depends on slices, but on no carried value: x[t] @ w for all t is one product before the loop;
* *late* if no trip needs it for the carried values that it leaves: h[t] @ v is one product after the loop.

And a carried value to which each trip only adds is a sum over the trips, which is taken after the loop: the gradient of
a weight is then one matrix product of the stacked operands, that of a bias one sum.

Only what gains moves. Matrix products of few rows do: a processor is made for large ones. Late operations move if what
has to be stacked instead of their results is no larger, which is a minimum cut as for the residuals of a derivative
(`autodiff.cuts`). A scan without carried values disappears like this: it becomes operations on stacks altogether.
Element-wise work does not move for its own sake: it melts into the loop nests of the trip. All in all the stacks that
moving adds are no larger than those that the loop has already, or `SMALL_STACKS`, so memory does not grow by more than
a constant factor; large values stay in the trips, which then cost nothing beside them.

How an operation on stacks is emitted is its rule for many lanes (`autodiff.vmap`): the trips are the lanes.

Source: loop distribution and the vectorisation of what is free of a recurrence (Allen and Kennedy, "Automatic
translation of Fortran programs to vector form", 1987), on a graph.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mindspore.compiler.autodiff.cuts import INFINITE, values_to_keep
from mindspore.compiler.autodiff.partition import CHEAP, MOVES
from mindspore.compiler.autodiff.vmap import batch_node
from mindspore.compiler.ir import Aval, Builder, Graph, Node, TensorAval, TupleAval
from mindspore.compiler.passes.loop_levels import (
    EARLY,
    STAYING,
    has_symbols,
    has_symbols_in,
    is_worth_moving,
    levels,
    needed,
)
from mindspore.compiler.primitives.lanes import Lanes, NotBatched
from mindspore.compiler.primitives.support import is_scalar

FEW_ROWS = 128  # a product of as many rows is as fast in a trip as it is in one piece
LARGE_VALUE = 1 << 18  # bytes of a trip's value beside which the cost of a trip does not matter
SMALL_STACKS = 1 << 24  # bytes of stacks that may be added to any loop
LARGE_STACK = 1 << 26  # bytes of a stack that may be computed after any loop
_GAIN = 16  # how many times larger the operands of a product may be than the product, to be stacked in its place
_LINEAR = frozenset({"reshape", "transpose", "neg", "slice", "sum", "broadcast_to"})


def split_scan(b: Builder, node: Node, ins: tuple) -> list[Node] | None:
    """Emit a scan with less in its trips; its results, or None if all of it is needed in the trips."""
    plan = _plan(node)
    if plan is None:
        return None
    try:
        return _Emission(b, node, ins, plan).run()
    except NotBatched:
        return None


# -- what moves --------------------------------------------------------------------------------------------------------


@dataclass
class _Plan:
    """sums: for carried values that are sums over the trips, what each trip adds. early: the nodes computed before the
    loop that trips need. kept: what trips compute for others than themselves, in the order in which it is stacked.
    staying: the nodes computed before the loop that are the same in all trips."""

    sums: dict[int, Node] = field(default_factory=dict)
    early: list[Node] = field(default_factory=list)
    kept: list[Node] = field(default_factory=list)
    staying: list[Node] = field(default_factory=list)


def _plan(node: Node) -> _Plan | None:
    """What moves out of a scan; None if nothing does."""
    length = node.attr("length")
    if type(length) is not int or length < 2:
        return None
    planner = _Planner(node)
    plan = planner.plan
    if not planner.is_symbolic:
        planner.find_sums()
        planner.find_early()
    planner.find_kept()
    planner.find_staying()
    outputs = [o.idx for o in planner.body.outputs[planner.carried:]]
    same = [n.idx for n in plan.kept if planner.level[n.idx] > STAYING] == sorted({*outputs} - planner.slices)
    return None if same and not (plan.sums or plan.early or plan.staying) else plan


class _Planner:
    """One scan that is looked at."""

    def __init__(self, node: Node):
        attrs = node.kwargs()
        self.body: Graph = attrs["body"]
        self.length, self.carried, self.sliced = attrs["length"], attrs["carried"], attrs["sliced"]
        self.is_symbolic = has_symbols(self.body)
        self.level = levels(self.body, self.carried, self.sliced)
        self.slices = {p.idx for p in self.body.params[self.carried:self.carried + self.sliced]}
        self.starts = node.ins[:self.carried]
        self.plan = _Plan()
        stacked = [i.aval for i in node.ins[self.carried:self.carried + self.sliced]] + list(
            node.aval.items[self.carried:])
        sizes = [0] if self.is_symbolic else [a.nbytes for a in stacked]
        self.room, self.largest = max(SMALL_STACKS, sum(sizes)), max(LARGE_STACK, *sizes, 0)
        self.uses = Counter(i.idx for n in self.body.nodes for i in n.ins) + Counter(o.idx for o in self.body.outputs)
        self.at_hand = self.slices | {o.idx for o in self.body.outputs[self.carried:]}

    def inner(self) -> set[int]:
        """What the trips need for the carried values that they leave."""
        return needed(self.body, [o for k, o in enumerate(self.body.outputs[:self.carried]) if k not in self.plan.sums])

    def can_move(self, node: Node) -> bool:
        """Whether a node can be computed for all trips at once, and is small enough for that."""
        op = node.op
        if op.name == "item":
            return self.can_move(node.ins[0])
        if self.is_symbolic or op.effect or op.regions or op.draws or op.hosted or op.name == "parameter":
            return False
        avals = node.aval.items if isinstance(node.aval, TupleAval) else (node.aval,)
        return (op.vmap is not None or op.axes is not None) and all(map(self._is_small, avals))

    def _is_small(self, aval: Aval) -> bool:
        return isinstance(aval, TensorAval) and aval.nbytes <= LARGE_VALUE and aval.nbytes * self.length <= self.largest

    def is_product(self, node: Node) -> bool:
        """Whether the node is a product with a matrix that stays, which is faster in one piece."""
        if node.op.name != "matmul" or not self.can_move(node):
            return False
        x, y = node.ins
        if self.level[y.idx] == STAYING and y.aval.ndim == 2:
            return not node.attr("transpose_a") and node.aval.size // node.shape[-1] < FEW_ROWS
        return self.level[x.idx] == STAYING and x.aval.ndim == y.aval.ndim == 2 and node.shape[1] == 1

    def take(self, nodes: list[Node]) -> bool:
        """Use up room for stacks of these values; False if there is not enough."""
        added = {n.idx: n.aval.nbytes * self.length for n in nodes
                 if n.idx not in self.at_hand and self.level[n.idx] > STAYING}
        if sum(added.values()) > self.room:
            return False
        self.room -= sum(added.values())
        self.at_hand |= added.keys()
        return True

    # -- sums ----------------------------------------------------------------------------------------------------------

    def find_sums(self) -> None:
        """The carried values to which each trip adds, first those that gain by themselves."""
        added = {k: addend for k in range(self.carried)
                 if (addend := self._addend(k)) is not None and self.level[addend.idx] > STAYING}
        for may_be in (self._has_product, self._has_late_product, self._is_at_hand):
            for k, addend in added.items():
                if k in self.plan.sums:
                    continue
                self.plan.sums[k] = addend
                self.find_kept()
                if not may_be(addend) or not self.take(self.plan.kept):
                    del self.plan.sums[k]

    def _addend(self, k: int) -> Node | None:
        """What a trip adds to carried value k, if that is all that it does with it."""
        param, new = self.body.params[k], self.body.outputs[k]
        if new.op.name != "add" or self.uses[new.idx] != 1 or self.uses[param.idx] != 1:
            return None
        others = [i for i in new.ins if i is not param]
        return others[0] if len(others) == 1 and others[0].aval is param.aval else None

    def _has_product(self, addend: Node) -> bool:
        parts = addends(addend)
        return any(map(_is_matrix_product, parts)) and all(
            self._is_small_product(n) if _is_matrix_product(n) else n.idx in self.at_hand for n in parts)

    def _is_small_product(self, node: Node) -> bool:
        inner = node.ins[0].shape[0 if node.attr("transpose_a") else 1]
        return inner < FEW_ROWS and all(self.level[i.idx] > STAYING for i in node.ins)

    def _has_late_product(self, addend: Node) -> bool:
        """Whether products are needed for nothing but the sums, and everything after them can be computed at once."""
        late = [self.body.nodes[j] for j in needed(self.body, [addend], {n.idx for n in self.plan.kept})]
        late = [n for n in late if self.level[n.idx] > STAYING and n not in self.plan.kept]
        return any(map(self.is_product, late))

    def _is_at_hand(self, addend: Node) -> bool:
        return all(n.idx in self.at_hand for n in addends_read(addend))

    # -- before and after ----------------------------------------------------------------------------------------------

    def find_early(self) -> None:
        """Products that the trips need, but that depend on slices only."""
        inner = self.inner()
        for node in self.body.nodes:
            if node.idx in inner and self.level[node.idx] == EARLY and self.is_product(node):
                before = [self.body.nodes[j] for j in needed(self.body, [node])]
                if all(self.can_move(n) or n.idx in self.slices for n in before if self.level[n.idx] == EARLY) and \
                        self.take([node]):
                    self.plan.early.append(node)

    def find_kept(self) -> None:
        inner, free = self.inner(), self.slices | {n.idx for n in self.plan.early}

        def can_repeat(node: Node) -> bool:
            if node.idx in free or not self.can_move(node):
                return False
            return node.idx not in inner or (self.level[node.idx] == EARLY and node.op.name in CHEAP)

        def cost_to_stay(node: Node) -> int | None:
            if node.idx in inner or node.idx in free or not self.can_move(node):
                return None
            return _GAIN * 2 * node.aval.nbytes if self.is_product(node) else 0

        kept = values_to_keep(self.roots(), lambda node: self.level[node.idx] == STAYING,
                              lambda node: 0 if node.idx in free else _cost(node), can_repeat, cost_to_stay)
        self.plan.kept = [n for n in kept if n.idx not in free]

    def roots(self) -> list[Node]:
        """The values of which stacks are wanted after the loop."""
        read = [*self.body.outputs[self.carried:], *[n for a in self.plan.sums.values() for n in addends_read(a)]]
        return list({n.idx: n for n in read}.values())

    def find_staying(self) -> None:
        """The nodes that the trips read of what is the same in all of them."""
        early = {n.idx for n in self.plan.early}
        inside = needed(self.body, [*self.ends(), *self.plan.kept], early)
        found = set()
        pending = [self.body.nodes[k] for k in inside if self.level[k] > STAYING and k not in early]
        pending = [i for n in pending for i in n.ins] + self.ends()
        while pending:
            node = pending.pop()
            if self.level[node.idx] > STAYING or node.idx in found:
                continue
            if is_worth_moving(node):
                found.add(node.idx)
            else:
                pending.extend(node.ins)
        self.plan.staying = [self.body.nodes[k] for k in sorted(found)]

    def ends(self) -> list[Node]:
        """The new values of what is carried, the sums left out."""
        return [o for k, o in enumerate(self.body.outputs[:self.carried]) if k not in self.plan.sums]


def _cost(node: Node) -> int:
    """Of a stack of a value: twice the bytes of the value, and one more if it is only a move of its operand."""
    if not isinstance(node.aval, TensorAval):
        return INFINITE
    return 1 if has_symbols_in(node.aval) else 2 * max(1, node.aval.nbytes) + (node.op.name in MOVES)


def addends(node: Node) -> list[Node]:
    """The parts of which a node is a sum, or a linear function of each."""
    if node.op.name in ("add", "sub") and node.ins[0].aval is node.ins[1].aval is node.aval:
        return addends(node.ins[0]) + addends(node.ins[1])
    return addends(node.ins[0]) if _is_linear(node) else [node]


def addends_read(node: Node) -> list[Node]:
    """The values of which stacks give the sum of a node over the trips."""
    return [i for part in addends(node) for i in (part.ins if _is_matrix_product(part) else (part,))]


def _is_linear(node: Node) -> bool:
    return node.op.name in _LINEAR or (node.op.name == "pad" and node.attr("value") == 0)


def _is_matrix_product(node: Node) -> bool:
    return node.op.name == "matmul" and node.ins[0].aval.ndim == node.ins[1].aval.ndim == 2


# -- emission ----------------------------------------------------------------------------------------------------------


class _Emission:
    """Emits what a plan says. outer: what stands outside of the loop for the nodes of the body, a tuple for an operator
    with several results: a value for staying nodes, stacks for the others."""

    def __init__(self, b: Builder, node: Node, ins: tuple, plan: _Plan):
        self.b, self.plan, self.ins = b, plan, ins
        attrs = node.kwargs()
        self.body: Graph = attrs["body"]
        self.length, self.carried, self.sliced = attrs["length"], attrs["carried"], attrs["sliced"]
        self.reverse = attrs["reverse"]
        self.level = levels(self.body, self.carried, self.sliced)
        self.lanes = Lanes(self.length, None, True)
        self.outer = {p.idx: x for p, x in zip(self.body.params[self.carried:], ins[self.carried:])}

    def run(self) -> list[Node]:
        self.compute([*self.plan.staying, *self.plan.early])
        ends = self._loop()
        for k, addend in self.plan.sums.items():
            total = self.total(addend)
            ends[k] = total if is_scalar(self.ins[k], 0.0) else self.b.add(self.ins[k], total)
        return [*[ends[k] for k in range(self.carried)], *map(self.stack, self.body.outputs[self.carried:])]

    def compute(self, nodes: list[Node]) -> None:
        """Emit nodes of the body outside of the loop."""
        wanted = needed(self.body, nodes, set(self.outer))
        for node in self.body.nodes:
            if node.idx not in wanted or node.idx in self.outer:
                continue
            self.b.loc = node.loc
            ins = [self.outer[i.idx] for i in node.ins]
            if node.op.name == "item":
                self.outer[node.idx] = ins[0][node.attrs[0]]
                continue
            if self.level[node.idx] == STAYING:
                made = self.b.emit(node.op, tuple(ins), node.attrs)
            else:
                made = batch_node(self.b, self.lanes, node, tuple([self.level[i.idx] > STAYING for i in node.ins]),
                                  tuple(ins))
            several = isinstance(node.aval, TupleAval) and isinstance(made, Node)
            self.outer[node.idx] = self.b.items(made) if several else made

    def stack(self, node: Node) -> Node:
        """The values of a node in all trips."""
        self.compute([node])
        value = self.outer[node.idx]
        return value if self.level[node.idx] > STAYING else self.lanes.spread(self.b, value)

    def total(self, node: Node) -> Node:
        """The sum of a node's values over the trips."""
        b = self.b
        if node.op.name in ("add", "sub") and len(addends(node)) > 1:
            return b.emit(node.op, (self.total(node.ins[0]), self.total(node.ins[1])), node.attrs)
        if _is_linear(node):
            return b.emit(node.op, (self.total(node.ins[0]),), node.attrs)
        if not _is_matrix_product(node):
            return b.sum(self.stack(node), axis=(0,), keepdims=False)
        x, y = self._inner_rows(node, 0), self._inner_rows(node, 1)
        return b.matmul(x, y, transpose_a=True, transpose_b=False)

    def _inner_rows(self, node: Node, place: int) -> Node:
        """The stack of an operand of a product as one matrix, whose rows are those over which the product sums."""
        stack = self.stack(node.ins[place])
        is_inner_first = node.attr("transpose_a") if place == 0 else not node.attr("transpose_b")
        inner, outer = node.ins[place].shape if is_inner_first else node.ins[place].shape[::-1]
        if not is_inner_first and inner > 1 < outer:
            stack = self.b.transpose(stack, perm=(0, 2, 1))
        return self.b.reshape(stack, shape=(self.length * inner, outer))

    def _loop(self) -> dict[int, Node]:
        """The loop with what is left in it: the last values of what is carried; the stacks are noted."""
        plan = self.plan
        places = [k for k in range(self.carried) if k not in plan.sums]
        ends, params = [self.body.outputs[k] for k in places], self.body.params
        known = {n.idx for n in (*plan.early, *plan.staying)}
        kept = [n for n in plan.kept if n.idx not in self.outer]
        inside = needed(self.body, [*ends, *kept], known)
        slices = [p for p in params[self.carried:self.carried + self.sliced] if p.idx in inside]
        slices += [n for n in plan.early if n.idx in inside]
        rest = [p for p in params[self.carried + self.sliced:] if p.idx in inside] + plan.staying
        if not ends and not kept:
            return {}
        inner = Builder(self.body.name)
        env = {n.idx: inner.parameter(n.aval) for n in (*[params[k] for k in places], *slices, *rest)}
        for node in self.body.nodes:
            if node.idx in inside and node.idx not in env:
                inner.loc = node.loc
                env[node.idx] = inner.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)
        body = inner.finish([env[n.idx] for n in (*ends, *kept)])
        results = self.b.items(self.b.scan(
            *[self.ins[k] for k in places], *[self.outer[n.idx] for n in (*slices, *rest)], body=body,
            length=self.length, carried=len(places), sliced=len(slices), reverse=self.reverse))
        self.outer.update({n.idx: x for n, x in zip(kept, results[len(places):])})
        return dict(zip(places, results))
