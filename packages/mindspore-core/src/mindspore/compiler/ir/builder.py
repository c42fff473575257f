"""The builder: the one way to make IR.

`Builder.emit` does everything that keeps a graph in normal form, once, at construction:

1. hash-consing: a pure operation on the same operands with the same attributes is the node that already stands there;
2. simplification: the operator's own few rules may answer with an existing or simpler node;
3. inference: the operator's shape and dtype rule, memoised over (operator, avals, attributes), types the node;
4. folding: an operation on embedded constants becomes a constant if the result is small.

Every transformation is a walk over an old graph that emits into a new builder, so these properties hold after each
of them and no separate inference, common-subexpression or folding pass exists. Dead nodes are left behind by
`finish`, which keeps what the outputs need.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mindspore.common.dtype import DType
from mindspore.compiler.ir.aval import Aval, TapeAval, TensorAval, TupleAval, tensor_aval
from mindspore.compiler.ir.dims import Symbolic, same_shape
from mindspore.compiler.ir.graph import Graph, Literal, Node

FOLD_LIMIT_BYTES = 1024
_INFERRED: dict = {}
EMIT_COUNT = [0]


def infer(op, avals: tuple, attrs: tuple) -> Aval:
    """The aval of `op` applied to values of these avals; memoised, except where the attributes hold graphs, which the
    memo would keep alive. Raises what the operator's rule raises."""
    if op.regions:
        return op.infer(*avals, **dict(zip(op.attrs, attrs)))
    key = (op, avals, attrs)
    found = _INFERRED.get(key)
    if found is None:
        found = op.infer(*avals, **dict(zip(op.attrs, attrs)))
        if len(_INFERRED) > 200_000:
            _INFERRED.clear()
        _INFERRED[key] = found
    return found


class Builder:
    """Builds one graph. `loc` is stamped on the nodes that are emitted while it is set.

    `builder.<primitive>(*nodes, **attrs)` emits a primitive by name; Python numbers among the operands become
    constants of the first node operand's dtype.
    """

    def __init__(self, name: str = "graph"):
        self.name = name
        self.params: list[Node] = []
        self.nodes: list[Node] = []
        self.loc = None
        self._shared: dict = {}

    # -- making nodes ------------------------------------------------------------------------------------------------

    def parameter(self, aval: Aval) -> Node:
        """A new parameter of the graph."""
        node = Node(PARAMETER, (), (len(self.params),), aval, len(self.nodes), self.loc)
        self.params.append(node)
        self.nodes.append(node)
        return node

    def constant(self, value, dtype: DType | None = None) -> Node:
        """An embedded constant: a Python number, or an array of at most 1 KiB. A symbolic number becomes a node of its
        own, by default of dtype Int64 or Float32."""
        if isinstance(value, Symbolic):
            return self.dimension(value=value, dtype=dtype)
        array = np.asarray(value) if dtype is None else np.asarray(value).astype(dtype.np)
        if array.nbytes > FOLD_LIMIT_BYTES:
            raise ValueError(f"constant: an array of {array.nbytes} bytes is too large to embed "
                             f"(limit {FOLD_LIMIT_BYTES}); pass it as a parameter of the graph")
        return self.emit(CONSTANT, (), (Literal(array),))

    def full(self, shape: tuple, value, dtype: DType) -> Node:
        """A tensor of one repeated value."""
        scalar = self.constant(value, dtype)
        return scalar if shape == () else self.broadcast_to(scalar, shape=shape)

    def zeros_like(self, aval: Aval) -> Node:
        """Zeros; of a tape the empty one, which gives zeros for as often as it is popped."""
        if isinstance(aval, TapeAval):
            return self.tape_empty(aval=aval)
        return self.full(aval.shape, 0, aval.dtype)

    def ones_like(self, aval: TensorAval) -> Node:
        return self.full(aval.shape, 1, aval.dtype)

    def emit(self, op, ins: tuple, attrs: tuple = ()) -> Node:
        """The node for `op` applied to `ins` with `attrs` (in the order of `op.attrs`)."""
        EMIT_COUNT[0] += 1
        key = None
        if not op.effect:
            key = (op, *[n.idx for n in ins], attrs)
            found = self._shared.get(key)
            if found is not None:
                return found
        node = op.simplify(self, ins, attrs)
        if node is None:
            aval = infer(op, tuple([n.aval for n in ins]), attrs)
            if key is not None and ins and op.reference is not None and _foldable(ins, aval):
                node = self.constant(_fold(op, ins, attrs), aval.dtype)
            else:
                node = Node(op, ins, attrs, aval, len(self.nodes), self.loc)
                self.nodes.append(node)
        if key is not None:
            self._shared[key] = node
        return node

    def call(self, op, *operands, **attrs) -> Node:
        """Emit with Python conveniences: attributes by name with defaults, numbers as operands."""
        like = next((o.aval.dtype for o in operands if isinstance(o, Node) and isinstance(o.aval, TensorAval)), None)
        ins = tuple([o if isinstance(o, Node) else self.constant(o, like) for o in operands])
        return self.emit(op, ins, op.pack_attrs(attrs))

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        from mindspore.compiler.primitives.base import PRIMITIVES
        op = PRIMITIVES.get(name)
        if op is None:
            raise AttributeError(f"there is no primitive called {name!r}")

        def emitter(self, *operands, **attrs):
            return self.call(op, *operands, **attrs)

        setattr(Builder, name, emitter)
        return emitter.__get__(self)

    # -- shapes that many rules need ---------------------------------------------------------------------------------

    def items(self, node: Node) -> tuple:
        """The elements of a tuple-valued node; a tensor-valued node is its own single element."""
        if isinstance(node.aval, TupleAval):
            return tuple([self.emit(ITEM, (node,), (i,)) for i in range(len(node.aval.items))])
        return (node,)

    def sum_to(self, node: Node, shape: tuple) -> Node:
        """Undo broadcasting: sum `node` over the axes that were broadcast from `shape`."""
        if same_shape(node.shape, shape):
            return node
        extra = node.aval.ndim - len(shape)
        axes = tuple(i for i, d in enumerate(node.shape) if i < extra or (shape[i - extra] == 1 and d != 1))
        if axes:
            node = self.sum(node, axis=axes, keepdims=True)
        return node if same_shape(node.shape, shape) else self.reshape(node, shape=shape)

    # -- graphs ------------------------------------------------------------------------------------------------------

    def inline(self, graph: Graph, args: Sequence[Node]) -> list[Node]:
        """Emit the body of `graph` with its parameters bound to `args`; the nodes of its outputs."""
        env: list = [None] * len(graph.nodes)
        for param, arg in zip(graph.params, args, strict=True):
            env[param.idx] = arg
        outer = self.loc
        for node in graph.nodes:
            if env[node.idx] is None:
                self.loc = node.loc or outer
                env[node.idx] = self.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)
        self.loc = outer
        return [env[o.idx] for o in graph.outputs]

    def finish(self, outputs: Sequence[Node]) -> Graph:
        """The graph of these outputs: parameters all stay, nodes that no output needs are left out."""
        live = bytearray(len(self.nodes))
        for node in outputs:
            live[node.idx] = 1
        for node in self.params:
            live[node.idx] = 1
        for node in reversed(self.nodes):
            if live[node.idx]:
                for operand in node.ins:
                    live[operand.idx] = 1
        first_dead = live.find(0)
        if first_dead < 0:
            return Graph(self.name, list(self.params), list(self.nodes), tuple(outputs))
        kept = self.nodes[:first_dead]
        env = [*kept, *[None] * (len(self.nodes) - first_dead)]
        for node in self.nodes[first_dead:]:
            if live[node.idx]:
                copy = Node(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs, node.aval, len(kept), node.loc)
                env[node.idx] = copy
                kept.append(copy)
        return Graph(self.name, [env[p.idx] for p in self.params], kept, tuple([env[o.idx] for o in outputs]))


def _foldable(ins: tuple, aval: Aval) -> bool:
    for node in ins:
        if node.op is not CONSTANT:
            return False
    return isinstance(aval, TensorAval) and aval.ndim == 0 and aval.nbytes <= FOLD_LIMIT_BYTES


def _fold(op, ins: tuple, attrs: tuple) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(op.reference(*[n.attrs[0].array for n in ins], **dict(zip(op.attrs, attrs))))


def rebuild(graph: Graph) -> Graph:
    """Re-emit a graph: simplification, sharing and dead-code removal over all of it."""
    builder = Builder(graph.name)
    params = [builder.parameter(p.aval) for p in graph.params]
    return builder.finish(builder.inline(graph, params))


def without_outputs(graph: Graph, first: int, end: int) -> Graph:
    """The graph without its outputs from `first` to `end`, and without what was computed for them alone."""
    builder = Builder(graph.name)
    outputs = builder.inline(graph, [builder.parameter(p.aval) for p in graph.params])
    return builder.finish([*outputs[:first], *outputs[end:]])


def rewrite(graph: Graph, replacement: Callable[[Builder, Node, tuple], Node | Sequence[Node] | None]) -> Graph:
    """Re-emit a graph with something else in place of some nodes.

    `replacement(b, node, ins)` emits what stands for a node, given what stands for its operands: a node, or a sequence
    of nodes for the elements of a tuple; None leaves the node as it is.
    """
    b = Builder(graph.name)
    env: list = [None] * len(graph.nodes)
    for param in graph.params:
        env[param.idx] = b.parameter(param.aval)
    for node in graph.nodes:
        if env[node.idx] is not None:
            continue
        b.loc = node.loc
        ins = tuple([env[i.idx] for i in node.ins])
        if node.op.name == "item" and type(ins[0]) is not Node:
            env[node.idx] = ins[0][node.attrs[0]]
            continue
        found = replacement(b, node, ins)
        env[node.idx] = b.emit(node.op, ins, node.attrs) if found is None else found
    return b.finish([env[o.idx] for o in graph.outputs])


# Set by primitives/structural.py: the primitives that every graph needs.
PARAMETER = CONSTANT = ITEM = None

__all__ = ["Builder", "infer", "rebuild", "rewrite", "tensor_aval", "without_outputs", "EMIT_COUNT", "FOLD_LIMIT_BYTES"]
