"""Nodes and graphs.

A `Graph` is closed: everything that it reads is one of its parameters or an embedded small constant. `Node.idx` is
the node's place in its graph, operands always stand before their users, so a pass over a graph is a `for` loop and
no walk needs recursion. Nodes are never changed after `Builder.emit` made them.
"""
from __future__ import annotations

from hashlib import blake2b

import numpy as np

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.compiler.ir.aval import Aval, TensorAval


class Node:
    """One operation: `op` (a Primitive), `ins` (nodes), `attrs` (values in the order of `op.attrs`), `aval`,
    `idx` (place in the graph) and `loc` (the user's file, line, column and function, or None)."""

    __slots__ = ("op", "ins", "attrs", "aval", "idx", "loc")

    def __init__(self, op, ins: tuple, attrs: tuple, aval: Aval, idx: int, loc):
        self.op, self.ins, self.attrs, self.aval, self.idx, self.loc = op, ins, attrs, aval, idx, loc

    def attr(self, name: str):
        """The attribute called `name`."""
        return self.attrs[self.op.attrs.index(name)]

    def kwargs(self) -> dict:
        """All attributes by name."""
        return dict(zip(self.op.attrs, self.attrs))

    @property
    def shape(self) -> tuple:
        return self.aval.shape

    @property
    def dtype(self):
        return self.aval.dtype

    def __repr__(self) -> str:
        return f"%{self.idx}:{self.op.name}:{self.aval}"


class Literal:
    """A small constant array as an attribute: hashable by its bytes, dtype and shape."""

    __slots__ = ("array", "_key", "_hash")

    def __init__(self, array: np.ndarray):
        array = np.array(array, order="C")
        array.setflags(write=False)
        self.array = array
        self._key = (array.shape, array.dtype.str, array.dtype.name, array.tobytes())
        self._hash = hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other) -> bool:
        return isinstance(other, Literal) and self._key == other._key

    @property
    def dtype(self):
        return np_dtype_to_dtype(self.array.dtype)

    def __repr__(self) -> str:
        return f"Literal({self.array.tolist()}, {self.dtype.key})"


class Graph:
    """A closed graph: `params` and `outputs` are nodes, `nodes` holds every node in topological order (parameters
    included). `memo` keeps what was derived from this graph (its vjp, its key, ...)."""

    __slots__ = ("name", "params", "nodes", "outputs", "memo", "__weakref__")

    def __init__(self, name: str, params: list, nodes: list, outputs: tuple):
        self.name, self.params, self.nodes, self.outputs = name, params, nodes, outputs
        self.memo: dict = {}

    @property
    def in_avals(self) -> list[TensorAval]:
        return [p.aval for p in self.params]

    @property
    def out_avals(self) -> list[TensorAval]:
        return [o.aval for o in self.outputs]

    def key(self) -> bytes:
        """A digest of the structure: equal for graphs that compute the same thing in the same way, whatever the
        source locations."""
        found = self.memo.get("key")
        if found is None:
            digest = blake2b(digest_size=16)
            for node in self.nodes:
                operands = [i.idx for i in node.ins]
                digest.update(repr((node.op.name, operands, attributes_key(node.attrs), node.aval)).encode())
            digest.update(repr([p.idx for p in self.params] + [-1] + [o.idx for o in self.outputs]).encode())
            found = self.memo["key"] = digest.digest()
        return found

    def users(self) -> list[list[Node]]:
        """For each node index the nodes that read it, in order; computed on each call."""
        users: list[list[Node]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for operand in node.ins:
                users[operand.idx].append(node)
        return users

    def __repr__(self) -> str:
        from mindspore.compiler.ir.text import show
        return show(self)


def attributes_key(attrs: tuple) -> tuple:
    """Attributes with nested graphs replaced by their keys and literals by their bytes."""
    return tuple(a.key() if isinstance(a, Graph) else a._key if isinstance(a, Literal) else
                 attributes_key(a) if isinstance(a, tuple) else a for a in attrs)


def graphs_in(attrs: tuple) -> list[Graph]:
    """The graphs among attributes, those in tuples too, in order."""
    found: list[Graph] = []
    for value in attrs:
        if isinstance(value, Graph):
            found.append(value)
        elif isinstance(value, tuple):
            found += graphs_in(value)
    return found
