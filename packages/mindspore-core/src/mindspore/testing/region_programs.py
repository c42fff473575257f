"""Random graphs with choices, loops, scans and tapes inside each other: what runs plans with regions must come to the
same results as `mindspore.compiler.ir.evaluate`."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32, int32
from mindspore.compiler.ir import Builder, Graph, tape_aval, tensor_aval

SHORT = tensor_aval((3,), float32)
COUNT = tensor_aval((), int32)
MOST_DEPTH = 3


class Maker:
    """Makes graphs from a random generator, about vectors of a size."""

    def __init__(self, rng: np.random.Generator, size: int):
        self.rng = rng
        self.vector = tensor_aval((size,), float32)
        self.stack = tape_aval((self.vector, COUNT))
        self.nested = tape_aval((self.stack, SHORT))
        self.kinds = (self.vector, SHORT, COUNT, self.stack, self.nested)

    def graph(self, avals, outs, depth: int, carried: int = 0) -> Graph:
        """A graph from values of some types to others. The first `carried` outputs often are inputs, or exchanged."""
        b = Builder("random")
        params = [b.parameter(a) for a in avals]
        values = {kind: [p for p in params if p.aval is kind] for kind in self.kinds}
        for _ in range(self.number(2, 7)):
            self.extend(b, values, depth)
        found = []
        for k, kind in enumerate(outs):
            same = [p for p in params[:carried] if p.aval is kind]
            keep = k < carried and self.rng.random() < 0.3
            found.append(self.pick(same) if keep and same else self.value(b, values, kind))
        return b.finish(found)

    def pick(self, items):
        """One of them."""
        return items[self.number(0, len(items))]

    def number(self, low: int, high: int) -> int:
        """A number from low to high - 1."""
        return int(self.rng.integers(low, high))

    def value(self, b: Builder, values: dict, kind):
        """A value of a type, rather a recent one."""
        if values[kind] and self.rng.random() < 0.9:
            return self.pick(values[kind][-2:] if self.rng.random() < 0.8 else values[kind])
        if kind in (self.stack, self.nested):
            return b.tape_empty(aval=kind)
        return b.constant(np.full(kind.shape, self.number(0, 3), kind.dtype.np))

    def extend(self, b: Builder, values: dict, depth: int) -> None:
        """Some more values."""
        choices = [self.arithmetic] * 4 + [self.tape] * 2
        if depth < MOST_DEPTH:
            choices += [self.choice, self.loop, self.scan]
        self.pick(choices)(b, values, depth)

    def arithmetic(self, b: Builder, values: dict, depth: int) -> None:
        kind = self.pick([self.vector, self.vector, SHORT, COUNT])
        x, y = self.value(b, values, kind), self.value(b, values, kind)
        if kind is COUNT:
            made = self.pick([lambda: b.add(x, y), lambda: b.sub(x, y), lambda: b.minimum(x, y)])()
        else:
            made = self.pick([lambda: b.mul(b.sin(x), y), lambda: b.sub(x, b.mul(y, 0.5)), lambda: b.tanh(b.add(x, y)),
                              lambda: b.mul(x, b.sum(b.sin(y), axis=(0,), keepdims=True))])()
        values[kind].append(made)

    def tape(self, b: Builder, values: dict, depth: int) -> None:
        kind = self.pick([self.stack, self.nested])
        tape = self.value(b, values, kind)
        if self.rng.random() < 0.5:
            values[kind].append(b.tape_push(tape, *[self.value(b, values, a) for a in kind.entry]))
            return
        rest, *popped = b.items(b.tape_pop(tape, aval=kind))
        values[kind].append(rest)
        for aval, node in zip(kind.entry, popped):
            values[aval].append(node)

    def operands(self, b: Builder, values: dict, count: int) -> list:
        return [self.value(b, values, self.pick([self.vector, *self.kinds])) for _ in range(count)]

    def choice(self, b: Builder, values: dict, depth: int) -> None:
        operands = self.operands(b, values, self.number(1, 5))
        avals = [o.aval for o in operands]
        outs = [self.pick(avals) for _ in range(self.number(1, 4))]
        graphs = [self.graph(avals, outs, depth + 1, len(outs)) for _ in range(2)]
        pred = b.gt(self.value(b, values, COUNT), 1)
        self.keep(values, b.items(b.cond(pred, *operands, then=graphs[0], orelse=graphs[1])))

    def loop(self, b: Builder, values: dict, depth: int) -> None:
        operands = [b.constant(0, int32), *self.operands(b, values, self.number(1, 5))]
        carried = self.number(1, len(operands) + 1)
        avals = [o.aval for o in operands]
        inner = self.graph(avals, avals[1:carried], depth + 1, carried)
        trip, more = Builder("trip"), Builder("test")
        params = [trip.parameter(a) for a in avals]
        body = trip.finish([trip.add(params[0], 1), *trip.inline(inner, params)])
        params = [more.parameter(a) for a in avals]
        test = more.finish([more.lt(params[0], self.number(0, 5))])
        self.keep(values, b.items(b.while_(*operands, condition=test, body=body, carried=carried)))

    def scan(self, b: Builder, values: dict, depth: int) -> None:
        length = self.number(0, 4)
        state = self.operands(b, values, self.number(0, 4))
        sliced = [self.pick(self.kinds[:3]) for _ in range(self.number(0, 3))]
        rest = self.operands(b, values, self.number(0, 2))
        outs = [self.pick(self.kinds[:3]) for _ in range(self.number(1, 3))]
        avals = [*[s.aval for s in state], *sliced, *[r.aval for r in rest]]
        body = self.graph(avals, [*[s.aval for s in state], *outs], depth + 1, len(state))
        arrays = [b.constant(self.rng.integers(-2, 3, (length, *a.shape)).astype(a.dtype.np)) for a in sliced]
        found = b.items(b.scan(*state, *arrays, *rest, body=body, length=length, carried=len(state),
                               sliced=len(sliced), reverse=bool(self.rng.random() < 0.5)))
        self.keep(values, found[:len(state)])
        for aval, stack in zip(outs, found[len(state):]):
            if length:
                first = b.slice(stack, begin=(0,) * stack.aval.ndim, end=(1, *aval.shape),
                                strides=(1,) * stack.aval.ndim)
                values[aval].append(b.reshape(first, shape=aval.shape))

    def keep(self, values: dict, nodes) -> None:
        for node in nodes:
            values[node.aval].append(node)


def random_graph(seed: int, size: int = 16) -> Graph:
    """A graph of two vectors, a short vector and a count that gives the same."""
    maker = Maker(np.random.default_rng(seed), size)
    avals = [maker.vector, maker.vector, SHORT, COUNT]
    return maker.graph(avals, avals, 0, 4)


def random_arrays(seed: int, size: int = 16) -> list[np.ndarray]:
    """Parameters for it."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, size).astype(np.float32), rng.uniform(-1, 1, size).astype(np.float32),
            rng.uniform(-1, 1, 3).astype(np.float32), np.asarray(rng.integers(0, 4), np.int32)]
