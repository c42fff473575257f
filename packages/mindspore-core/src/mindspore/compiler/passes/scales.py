"""Folding scales into kernels: batch normalisation after a convolution at inference.

A convolution is linear in its kernels, so what multiplies its result channel by channel can multiply the kernels:

    (conv(x, w) - m) * s + b   =   conv(x, w * s) + (b - m * s)

Where w, m, s and b are the same in every call, so are w * s and b - m * s, which are computed once (`standing`). What
is left of a normalisation is a bias, which devices add for nothing. Results differ by rounding. A scale that depends
on the batch, as in training, stays where it is.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.compiler.passes.standing import stable_nodes

CONVOLUTIONS = frozenset({"conv2d", "conv3d"})
STEPS = frozenset({"add", "sub", "mul", "div"})
DTYPES = frozenset({"float32", "float64"})


@dataclass
class Chain:
    """A convolution and what is done to its result, channel by channel: (operator, the other operand)."""

    anchor: Node
    steps: list[tuple[str, Node]] = field(default_factory=list)
    end: Node | None = None


def fold_scales(graph: Graph, stable: Iterable[int]) -> Graph:
    """The graph with scales of channels in the kernels. stable: the positions of the parameters that hold still."""
    if not any(node.op.name in CONVOLUTIONS for node in graph.nodes):
        return graph
    same = stable_nodes(graph, stable)
    chains = _chains(graph, same) if same else {}
    if not chains:
        return graph
    b = Builder(graph.name)
    env = {p.idx: b.parameter(p.aval) for p in graph.params}
    for node in graph.nodes:
        if node.idx not in env:
            b.loc = node.loc
            chain = chains.get(node.idx)
            env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs) if chain is None else \
                _folded(b, chain, env)
    return b.finish([env[o.idx] for o in graph.outputs])


def _chains(graph: Graph, same: frozenset[int]) -> dict[int, Chain]:
    """The chains that multiply, by the number of their last node."""
    users, outputs = graph.users(), {o.idx for o in graph.outputs}
    found = {}
    for node in graph.nodes:
        if node.op.name not in CONVOLUTIONS or node.ins[1].idx not in same or node.dtype.key not in DTYPES:
            continue
        chain = Chain(node, end=node)
        while chain.end.idx not in outputs and len(users[chain.end.idx]) == 1:
            step = _step(users[chain.end.idx][0], chain.end, node, same)
            if step is None:
                break
            chain.steps.append(step)
            chain.end = users[chain.end.idx][0]
        if any(name in ("mul", "div") for name, _ in chain.steps):
            found[chain.end.idx] = chain
    return found


def _step(user: Node, value: Node, anchor: Node, same: frozenset[int]) -> tuple[str, Node] | None:
    """What a reader does to each channel of a value; None where it does something else."""
    name = user.op.name
    if name not in STEPS or user.aval is not anchor.aval:
        return None
    other = user.ins[1] if user.ins[0] is value else user.ins[0]
    if other is value or other.idx not in same or (name in ("sub", "div") and user.ins[0] is not value):
        return None
    shape = (1,) * (len(anchor.shape) - len(other.shape)) + tuple(other.shape)
    expected = (1, anchor.shape[1], *[1] * (len(anchor.shape) - 2))
    return (name, other) if shape == expected else None


def _folded(b: Builder, chain: Chain, env: dict[int, Node]) -> Node:
    """The convolution with scaled kernels and a bias."""
    anchor = chain.anchor
    scale = shift = None
    for name, other in chain.steps:
        channel = b.reshape(env[other.idx], shape=(anchor.shape[1],))
        if name in ("mul", "div"):
            change = getattr(b, name)
            scale = change(1.0 if scale is None else scale, channel) if name == "div" or scale is not None else channel
            shift = None if shift is None else change(shift, channel)
        elif shift is None:
            shift = channel if name == "add" else b.neg(channel)
        else:
            shift = getattr(b, name)(shift, channel)
    x, w = (env[i.idx] for i in anchor.ins)
    ones = [1] * (len(anchor.shape) - 1)
    result = b.emit(anchor.op, (x, b.mul(w, b.reshape(scale, shape=(anchor.shape[1], *ones)))), anchor.attrs)
    if shift is None:
        return result
    return b.add(result, b.reshape(shift, shape=(1, anchor.shape[1], *ones[1:])))
