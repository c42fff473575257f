"""Random programs over the primitives that groups are made of, and an executor for groups and what is left over."""
from __future__ import annotations

import numpy as np
from harness import run_graph
from hypothesis import strategies as st

from mindspore.common.dtype import bool_, float32, int32
from mindspore.compiler.ir import Builder, Graph, tensor_aval
from mindspore.compiler.ir.evaluate import run_node
from mindspore.compiler.passes.groups import form_groups, left_over
from mindspore.compiler.passes.schedule import extract
from mindspore_cpu.codegen import SUPPORTED

UNARY = ("neg", "abs", "sign", "floor", "tanh", "sqrt_abs", "exp_small")
BINARY = ("add", "sub", "mul", "maximum", "minimum")
REDUCTIONS = ("sum", "max", "min")


@st.composite
def programs(draw, most: int = 14) -> tuple[Graph, list[np.ndarray]]:
    """A graph of float32 and int32 values and the arrays of its parameters. Values are small whole numbers wherever
    possible, so that sums are exact in any order."""
    sizes = draw(st.sampled_from([(2, 3, 5), (4, 17, 1), (3, 33, 2), (1, 40, 6), (2, 2, 70)]))
    b = Builder("program")
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    arrays, values = [], []
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from([sizes, sizes[1:], sizes[2:], (), (sizes[0], 1, sizes[2]), (sizes[1], 1)]))
        dtype = draw(st.sampled_from([float32, float32, int32]))
        arrays.append(rng.integers(-3, 4, shape).astype(dtype.np))
        values.append(b.parameter(tensor_aval(shape, dtype)))
    for _ in range(draw(st.integers(1, most))):
        found = _operation(draw, b, values)
        if found is not None and found.aval.size <= 4000:
            values.append(found)
    outputs = draw(st.lists(st.sampled_from(values[-8:]), min_size=1, max_size=6, unique_by=id))
    return b.finish(outputs), arrays


def _operation(draw, b: Builder, values: list):
    kind = draw(st.sampled_from(["unary", "binary", "binary", "reduce", "view", "select", "spread", "cast", "gather"]))
    x = draw(st.sampled_from(values[-4:]))
    if kind == "unary":
        return _unary(draw, b, x)
    if kind == "binary":
        return _binary(draw, b, x, draw(st.sampled_from(values)))
    if kind == "reduce" and x.shape and x.dtype is not bool_:
        axis = tuple(sorted(draw(st.sets(st.integers(0, len(x.shape) - 1), min_size=1))))
        return b.__getattr__(draw(st.sampled_from(REDUCTIONS)))(x, axis=axis, keepdims=draw(st.booleans()))
    if kind == "view" and x.shape:
        return _view(draw, b, x)
    if kind == "select":
        y = draw(st.sampled_from(values))
        if _broadcast(x.shape, y.shape) and x.dtype is y.dtype is not bool_:
            return b.select(b.lt(x, y), x, b.mul(y, 2))
    if kind == "spread" and x.shape and x.dtype is not bool_:
        axis = draw(st.integers(0, len(x.shape) - 1))
        top = b.max(x, axis=(axis,), keepdims=True)
        return b.sub(x, draw(st.sampled_from([top, b.broadcast_to(top, shape=x.shape)])))
    if kind == "cast":
        return b.cast(x, dtype=int32 if x.dtype is float32 else float32)
    if kind == "gather" and x.shape:
        indices = draw(st.sampled_from(values))
        if indices.dtype is int32 and indices.aval.size <= 40:
            return b.gather(x, indices, axis=draw(st.integers(0, len(x.shape) - 1)))
    return None


def _unary(draw, b, x):
    name = draw(st.sampled_from(UNARY))
    if x.dtype is bool_:
        return b.logical_not(x)
    if x.dtype is int32:
        return b.neg(x) if name != "abs" else b.abs(x)
    if name == "sqrt_abs":
        return b.floor(b.sqrt(b.abs(x)))
    if name == "exp_small":
        return b.round(b.exp(b.minimum(x, 2.0)))
    return b.round(b.mul(b.tanh(x), 4.0)) if name == "tanh" else b.__getattr__(name)(x)


def _binary(draw, b, x, y):
    if x.dtype is not y.dtype or x.dtype is bool_ or not _broadcast(x.shape, y.shape):
        return None
    name = draw(st.sampled_from(BINARY))
    if name == "mul":
        return b.maximum(b.minimum(b.mul(x, y), 50), -50)
    return b.__getattr__(name)(x, y)


def _view(draw, b, x):
    name = draw(st.sampled_from(["transpose", "reshape", "slice", "ones", "broadcast_to"]))
    if name == "transpose":
        return b.transpose(x, perm=tuple(draw(st.permutations(range(len(x.shape))))))
    if name == "reshape":
        cut = draw(st.integers(0, len(x.shape)))
        return b.reshape(x, shape=(int(np.prod(x.shape[:cut])), int(np.prod(x.shape[cut:]))))
    if name == "slice":
        begin = tuple(draw(st.integers(0, max(d - 1, 0))) for d in x.shape)
        return b.slice(x, begin=begin, end=x.shape, strides=(1,) * len(x.shape))
    if name == "ones":
        place = draw(st.integers(0, len(x.shape)))
        return b.reshape(x, shape=(*x.shape[:place], 1, *x.shape[place:]))
    return b.broadcast_to(x, shape=(draw(st.integers(1, 4)), *x.shape))


def _broadcast(a: tuple, c: tuple) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], c[::-1]))


def run_groups(graph: Graph, arrays: list[np.ndarray], taken: frozenset[int] = frozenset()) -> list[np.ndarray]:
    """Run a graph as its groups, generated, and everything else by references, in an order that exists only if there
    is no cycle."""
    groups = form_groups(graph, SUPPORTED, taken)
    values = {p.idx: a for p, a in zip(graph.params, arrays)}
    values.update({n.idx: n.attrs[0].array for n in graph.nodes if n.op.name == "constant"})
    pending = [(tuple(graph.nodes[i] for i in g.nodes), tuple(graph.nodes[i] for i in g.outputs)) for g in groups]
    pending += [((graph.nodes[i],), None) for i in left_over(graph, groups) if i not in values]
    owned = [i for g in groups for i in g.owned]
    assert len(owned) == len(set(owned)), "a node is owned by two groups"
    while pending:
        ready = [unit for unit in pending if all(n.idx in values for n in _outside(unit[0]))]
        assert ready, "there is a cycle between launches"
        for nodes, outputs in ready:
            if outputs is None:
                values[nodes[0].idx] = run_node(nodes[0], [values[i.idx] for i in nodes[0].ins])
                continue
            body, ins, outs = extract(list(nodes), list(outputs))
            found = run_graph(body, [np.ascontiguousarray(values[n.idx]) for n in ins])
            values.update({n.idx: a for n, a in zip(outs, found)})
        pending = [unit for unit in pending if unit not in ready]
    return [values[o.idx] for o in graph.outputs]


def _outside(nodes: tuple) -> list:
    inside = {n.idx for n in nodes}
    return [i for n in nodes for i in n.ins if i.idx not in inside and i.op.name != "constant"]
