"""From a joint graph to two graphs: what runs forward, and what runs backward from what was kept.

`partition(graph, wanted, seeded)` cuts the joint graph of `vjp_graph` into a *forward* graph, which gives the outputs
and the *residuals*, and a *backward* graph from residuals and cotangents to gradients. Whatever depends on a cotangent
is backward. What the backward part reads of the rest is either kept or computed again:

* what depends on no parameter, or only on parameters that stay the same from trip to trip (`fixed`), is computed again:
  it costs nothing to keep ready, since loops compute it once, outside;
* otherwise only *cheap* operators are computed again (moves, arithmetic, comparisons: they melt into the loop nests
  that read them), from operands that are kept or cheap in turn. Among all such choices the one that keeps the fewest
  bytes is a minimum cut between the operators that must not run twice and the backward readers. Keeping a parameter
  that is at hand anyway (`free`) costs nothing, nor does an output of the graph that is stored anyway (`stored`).
  Of cuts of the same size an operand is kept rather than its moves.

What no gradient reads is not among the residuals at all. Where both halves end up in one graph, `Stages` emits the
joint graph in two parts instead, and nothing has to be decided.

Source: the minimum cut as a recomputation policy follows Zeng and others, "min-cut rematerialization" (2022).
"""
from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from mindspore.compiler.autodiff.cuts import INFINITE, values_to_keep
from mindspore.compiler.autodiff.staged import Firing
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import Builder, Graph, Node, TensorAval, TupleAval

CHEAP = frozenset("""add sub mul neg abs sign maximum minimum at_least at_most eq ne lt le gt ge logical_and logical_or
    logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not select cast relu relu6 reshape broadcast_to
    transpose slice reverse pad identity stop_gradient isnan isinf isfinite floor ceil round trunc""".split())
MOVES = frozenset({"reshape", "transpose", "reverse", "identity", "stop_gradient"})
_TAPE_BYTES = 1 << 40


@dataclass(frozen=True)
class Split:
    """The two halves of a joint graph.

    forward: from the parameters to the `outputs` results and then residuals. backward: from (the parameters at the
    positions `kept`, the outputs of `forward` at the positions `residuals`, a cotangent for each seeded output) to the
    gradients. A residual that is an output anyway has that output's position.
    """

    forward: Graph
    backward: Graph
    outputs: int
    kept: tuple[int, ...]
    residuals: tuple[int, ...]

    @property
    def residual_avals(self) -> tuple:
        return tuple(self.forward.outputs[k].aval for k in self.residuals)


def partition(graph: Graph, wanted: tuple[int, ...], seeded: tuple[int, ...], *, fixed: Collection[int] = (),
              free: Collection[int] = (), stored: Collection[int] = (), recompute: bool = True) -> Split:
    """The halves of the derivative of `graph` by its parameters `wanted`, memoised on the graph.

    seeded: the outputs that have cotangents. fixed, free: positions of parameters, stored: positions of outputs, as in
    the module's text; fixed ones are free.
    """
    key = ("partition", wanted, seeded, tuple(fixed), tuple(free), tuple(stored))
    found = graph.memo.get(key)
    if found is None:
        found = graph.memo[key] = _Partition(graph, wanted, seeded, fixed, free, stored).split()
    return found


class _Partition:
    """One partition under way. `joint` is the graph to cut, `late` marks what depends on a cotangent."""

    def __init__(self, graph: Graph, wanted, seeded, fixed, free, stored):
        self.graph, self.joint = graph, vjp_graph(graph, wanted, seeded)
        nodes, self.inputs, self.outputs = self.joint.nodes, len(graph.params), len(graph.outputs)
        self.gradients = self.joint.outputs[self.outputs:]
        self.late = _reached(nodes, [p.idx for p in self.joint.params[self.inputs:]])
        varying = [p.idx for k, p in enumerate(self.joint.params[:self.inputs]) if k not in set(fixed)]
        self.varies = _reached(nodes, varying)
        self.stored = stored
        self.at_hand = {self.joint.params[k].idx for k in (*fixed, *free)}
        self.at_hand |= {self.joint.outputs[k].idx for k in stored}

    def split(self) -> Split:
        read = self._read()
        kept = self._kept(read)
        place = {node.idx: k for k, node in enumerate(self.joint.outputs[:self.outputs])}
        place |= {self.joint.outputs[k].idx: k for k in self.stored}
        params = {p.idx: k for k, p in enumerate(self.joint.params)}
        extra = [n for n in kept if n.idx not in place and n.idx not in params]
        for k, node in enumerate(extra):
            place[node.idx] = self.outputs + k
        residuals = [n for n in kept if n.idx not in params]
        backward, used = self._backward(residuals)
        return Split(self._forward(extra), backward, self.outputs, tuple(used),
                     tuple(place[n.idx] for n in residuals))

    def _read(self) -> list[Node]:
        """What the backward half reads of the forward half, apart from what it can always compute."""
        needed = bytearray(len(self.joint.nodes))
        found = []
        for node in self.gradients:
            needed[node.idx] = 1
        for node in reversed(self.joint.nodes):
            if not needed[node.idx]:
                continue
            if self.late[node.idx]:
                for operand in node.ins:
                    needed[operand.idx] = 1
            elif self.varies[node.idx]:
                found.append(node)
        return found[::-1]

    def _kept(self, read: list[Node]) -> list[Node]:
        """The values to keep, in the order of the graph."""
        return values_to_keep(
            read, lambda node: not self.varies[node.idx], lambda node: 0 if node.idx in self.at_hand else _cost(node),
            lambda node: node.op.name in CHEAP and not node.op.effect)

    def _forward(self, extra: list[Node]) -> Graph:
        b = Builder(f"forward_{self.graph.name}")
        params = [b.parameter(p.aval) for p in self.graph.params]
        env = dict(zip([p.idx for p in self.joint.params], params))
        wanted = [*self.joint.outputs[:self.outputs], *extra]
        _emit(b, self.joint, wanted, env)
        return b.finish([env[n.idx] for n in wanted])

    def _backward(self, residuals: list[Node]) -> tuple[Graph, list[int]]:
        """The backward graph, and the positions of the parameters that it reads."""
        read = _needed(self.joint, self.gradients, {n.idx for n in residuals})
        used = [k for k, p in enumerate(self.joint.params[:self.inputs]) if p.idx in read]
        b = Builder(f"backward_{self.graph.name}")
        env = {self.joint.params[k].idx: b.parameter(self.graph.params[k].aval) for k in used}
        env |= {n.idx: b.parameter(n.aval) for n in residuals}
        env |= {p.idx: b.parameter(p.aval) for p in self.joint.params[self.inputs:]}
        _emit(b, self.joint, self.gradients, env)
        return b.finish([env[n.idx] for n in self.gradients]), used


def _reached(nodes: list[Node], starts: list[int]) -> bytearray:
    """The nodes that depend on one of `starts`."""
    found = bytearray(len(nodes))
    for k in starts:
        found[k] = 1
    for node in nodes:
        for operand in node.ins:
            if found[operand.idx]:
                found[node.idx] = 1
                break
    return found


def _needed(graph: Graph, outputs, known: Collection[int]) -> set[int]:
    """The indices of the nodes that these outputs read, with the values of `known` given."""
    needed = {n.idx for n in outputs}
    for node in reversed(graph.nodes):
        if node.idx in needed and node.idx not in known:
            needed.update(i.idx for i in node.ins)
    return needed


def _emit(b: Builder, graph: Graph, outputs, env: dict[int, Node]) -> None:
    """Emit what the outputs need and `env` does not hold."""
    needed = _needed(graph, outputs, env)
    for node in graph.nodes:
        if node.idx in needed and node.idx not in env:
            b.loc = node.loc
            env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)


def _cost(node: Node) -> int:
    """Twice the bytes of a value, and one more if it is only a move of its operand."""
    if isinstance(node.aval, TupleAval):
        return INFINITE
    size = max(1, node.aval.nbytes) if isinstance(node.aval, TensorAval) else _TAPE_BYTES
    return 2 * size + (node.op.name in MOVES)


class Stages:
    """A joint graph inlined in two steps: at once what depends on no cotangent, the rest when cotangents are given, as
    often as they are. inputs: how many parameters are not cotangents."""

    def __init__(self, b: Builder, joint: Graph, inputs: list[Node]):
        self.joint, self.inputs = joint, len(inputs)
        self.late = _reached(joint.nodes, [p.idx for p in joint.params[self.inputs:]])
        self.env: list = [None] * len(joint.nodes)
        for param, node in zip(joint.params, inputs):
            self.env[param.idx] = node
        self._emit(b, self.env, [n for n in joint.nodes if n.ins or n.op.name != "parameter"], 0)

    def outputs(self, count: int) -> list[Node]:
        """The first outputs, which depend on no cotangent."""
        return [self.env[o.idx] for o in self.joint.outputs[:count]]

    def gradients(self, b: Builder, count: int, cotangents: list[Node], carry=lambda node: node,
                  hook: Callable | None = None) -> list[Node]:
        """The outputs from `count` on. carry: the node in `b` of a node of the builder of the first step. hook: called
        with each point that hooks of the graph see (`staged.Fired`) and its cotangents, nodes or None; gives those of
        its inputs."""
        outputs = self.joint.outputs[count:]
        read = [n for n in self.joint.nodes if self.late[n.idx] and n.ins]
        used = {i.idx for n in read for i in n.ins} | {o.idx for o in outputs}
        env = [carry(node) if node is not None and k in used else None for k, node in enumerate(self.env)]
        for param, node in zip(self.joint.params[self.inputs:], cotangents):
            env[param.idx] = node
        stages = Firing(self.joint, env, hook)
        self._emit(b, env, read, 1, stages.need if stages.waiting else None)
        for output in outputs:
            stages.need(output)
        stages.fire_all()
        return [env[o.idx] for o in outputs]

    def _emit(self, b: Builder, env: list, nodes: list[Node], late: int, need: Callable | None = None) -> None:
        outer = b.loc
        for node in nodes:
            if self.late[node.idx] == late:
                if need is not None:
                    for operand in node.ins:
                        need(operand)
                b.loc = node.loc or outer
                env[node.idx] = b.emit(node.op, tuple([env[i.idx] for i in node.ins]), node.attrs)
        b.loc = outer
