"""Writing a network as a MINDIR file.

A `FileWriter` holds what the whole file shares: primitives, constants and the numbers from which names are made; a
`GraphWriter` writes one graph, in the order of our own. `mindir_rules` says which operators stand for one of ours. The
same network gives the same bytes: names are made of counters, and no time or address is written.

Names are those that MindSpore gives: `<graph>:<local name>` for parameters, inputs and steps, `ValueNode_<n>` for
constants, `Op:<n>` for primitives. Weights are read by `Load`, in an order of effects (`UMonad`) that the result waits
for. A branch is a graph that `Partial` binds to its operands and `Switch` chooses; a loop is a graph (its sign is
U+21B5) that calls its body (U+21BB), which ends in a call of the first one, or what comes behind (U+2193).
"""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mindspore._version import __version__
from mindspore.common.parameter import Parameter
from mindspore.compiler.ir import Graph, Node, TensorAval
from mindspore.compiler.ir.dims import Dim, Function, Ratio, Symbolic, symbol
from mindspore.formats import encryption
from mindspore.formats.exported import Network, prepared, refuse
from mindspore.formats.mind_ir import ModelProto
from mindspore.formats.mindir_rules import INSTANCES, OLD_STYLE, RULES, bias_of, has
from mindspore.formats.mindir_values import KINDS, MONAD, Tuple, contents_of, fill_tensor, fill_value
from mindspore.train._checkpoint_file import write_atomically

__all__ = ["GraphWriter", "weight_names", "write_mindir"]

WEIGHTS_INSIDE = 1 << 30
NUMBER = object()  # the type of a number that is no tensor
NOTHING = object()  # the type of None
SCALARS = {"add": "ScalarAdd", "sub": "ScalarSub", "mul": "ScalarMul", "truediv": "ScalarDiv", "pow": "ScalarPow",
           "floordiv": "ScalarFloorDiv", "mod": "ScalarMod", "max": "ScalarMax", "min": "ScalarMin"}
_HEAD = b"\1" + bytes(63)
_ALIGNED = 64


class FileWriter:
    """What the graphs of a file share."""

    def __init__(self, name: str):
        self.name = name
        self.model = ModelProto(ir_version="1.1", producer_name="MindSpore", model_version=__version__,
                                little_endian=True, mind_ir_version=3)
        self.numbers: Counter[str] = Counter()
        self.primitives: dict[tuple, str] = {}
        self.constants: dict[tuple, str] = {}

    def number(self, kind: str) -> int:
        """The next number of a kind, from 0."""
        self.numbers[kind] += 1
        return self.numbers[kind] - 1

    def graph(self, sign: str = "") -> GraphWriter:
        """A new graph, the first one being the top."""
        number = self.number("graph")
        proto = self.model.functions.add() if number else self.model.graph
        proto.name = f"{number}_{sign}{self.name}_construct_{self.number('name')}"
        return GraphWriter(self, proto)

    def primitive(self, op_type: str, attributes: dict[str, Any]) -> str:
        """The name of a primitive with these attributes."""
        key = (op_type, repr(attributes))
        name = self.primitives.get(key)
        if name is None:
            name = self.primitives[key] = f"{op_type}:{len(self.primitives)}"
            proto = self.model.primitives.add(name=name, op_type=op_type, prim_type=1 if op_type in OLD_STYLE else 2,
                                              instance_name=INSTANCES.get(op_type, ""))
            for attribute, value in attributes.items():
                fill_value(proto.attribute.add(name=attribute), value)
        return name


class GraphWriter:
    """Writes one graph.

    refs: by the number of a node of ours, the name of its value, or a list of names where it has several results; in
    place of a name a function that writes what is needed for it and gives it, called when it is read.
    avals: the types of values by name. weights, loaded: the names of the weights, and of the values read from them.
    """

    def __init__(self, file: FileWriter, proto: Any):
        self.file, self.proto = file, proto
        self.refs: dict[int, Any] = {}
        self.avals: dict[str, Any] = {}
        self.weights: set[str] = set()
        self.loaded: dict[str, str] = {}
        self.state = ""
        self.sized: list[tuple[str, TensorAval]] = []

    # -- values --------------------------------------------------------------------------------------------------------

    def constant(self, value: Any) -> str:
        """The name of a number, text, tuple, array, or MONAD. Sizes that are left open are computed."""
        if isinstance(value, Symbolic):
            return self._size(value)
        if isinstance(value, tuple) and any(isinstance(v, Symbolic) for v in value):
            names = [self.constant(v) for v in value]
            return self.call("MakeTuple", names, Tuple([NUMBER] * len(names)))
        key = (type(value), str(value.dtype), value.shape, value.tobytes()) if isinstance(value, np.ndarray) else (
            type(value), repr(value))
        name = self.file.constants.get(key)
        if name is None:
            name = self.file.constants[key] = f"ValueNode_{self.file.number('name')}"
            node = self.proto.node.add(op_type="Constant", name=name)
            node.output.append(name)
            fill_value(node.attribute.add(name="value"), value)
        return name

    def _size(self, value: Any) -> str:
        """A number computed from sizes of inputs, which `Shape` gives."""
        if isinstance(value, Ratio):
            return self.call(SCALARS[value.name], [self.constant(v) for v in value.operands], NUMBER)
        total = None
        for atoms, factor in value.terms:
            name = None if factor == 1 and atoms else self.constant(factor)
            for atom in atoms:
                each = self._atom(atom)
                name = each if name is None else self.call("ScalarMul", [name, each], NUMBER)
            total = name if total is None else self.call("ScalarAdd", [total, name], NUMBER)
        assert total is not None
        return total

    def _atom(self, atom: Any) -> str:
        if isinstance(atom, Function):
            return self.call(SCALARS[atom.name], [self.constant(v) for v in atom.operands], NUMBER)
        for name, aval in self.sized:
            for axis, size in enumerate(aval.shape):
                if isinstance(size, Dim) and size is symbol(atom.name, atom.example):
                    shape = self.call("Shape", [name], Tuple([NUMBER] * aval.ndim))
                    return self.item(shape, axis, NUMBER)
        raise ValueError(f"For 'export', no input of the graph '{self.proto.name}' has the size {atom!r}, which the "
                         f"inputs leave open. Say what it is.")

    def input(self, local: str, aval: TensorAval) -> str:
        """A new input of the graph."""
        name = f"{self.proto.name}:{local}"
        proto = self.proto.input.add(name=name)
        fill_tensor(proto.tensor.add(), aval.shape, aval.dtype)
        self.avals[name] = aval
        self.sized.append((name, aval))
        return name

    def parameter(self, key: str, tensor: Any, contents: bytes) -> str:
        """A weight, by its name in checkpoints."""
        name = f"{self.proto.name}:{key}"
        proto = self.proto.parameter.add(name=name, ref_key=key, compression_type=0)
        aval = tensor._value.aval
        fill_tensor(proto, aval.shape, aval.dtype, contents)
        self.avals[name] = aval
        self.weights.add(name)
        return name

    def call(self, op_type: str, operands: Sequence[str], aval: Any, **attributes: Any) -> str:
        """A step that applies a primitive: the name of its result, which is of the type `aval`: a TensorAval, a Tuple,
        None for an order of effects, the name of a graph, or a tuple of names of graphs that it may be."""
        primitive = self.file.primitive(op_type, attributes)
        return self._step(primitive, operands, aval, f"Default/{op_type}-op{self.file.number(op_type)}")

    def invoke(self, target: str, operands: Sequence[str], aval: Any) -> str:
        """A step that calls a graph or a value."""
        return self._step(target, operands, aval, str(self.file.number("call")))

    def _step(self, target: str, operands: Sequence[str], aval: Any, domain: str) -> str:
        name = f"{self.proto.name}:CNode_{self.file.number('name')}:{self.file.number('step')}"
        node = self.proto.node.add(op_type=f"REF::{target}", name=name, domain=domain)
        node.input.extend(operands)
        node.output.append(name)
        self._describe(node.attribute.add(name="shape"), aval)
        self.avals[name] = aval
        return name

    def _describe(self, proto: Any, aval: Any) -> None:
        """Write a type to an attribute."""
        if isinstance(aval, Tuple):
            proto.type = KINDS["TUPLE"]
            proto.seq_info.is_dyn_len = False
            for item in aval.items:
                self._describe(proto.values.add(), item)
        elif isinstance(aval, str):
            proto.type, proto.s = KINDS["FUNCGRAPHCLOSURE"], aval.encode()
        elif isinstance(aval, tuple):
            proto.type = KINDS["UNIONFUNCCLOSURE"]
            for name in aval:
                self._describe(proto.values.add(), name)
        elif aval is None:
            proto.type = KINDS["UMONAD"]
        elif aval is NUMBER:
            proto.type = KINDS["INT64"]
        elif aval is NOTHING:
            proto.type = KINDS["NONE"]
        else:
            proto.type = KINDS["TENSORS"]
            fill_tensor(proto.tensors.add(), aval.shape, aval.dtype)

    def make_tuple(self, names: Sequence[str]) -> str:
        """A step that makes a tuple."""
        return self.call("MakeTuple", names, Tuple([self.avals[n] for n in names]))

    def item(self, name: str, index: int, aval: Any) -> str:
        """A step that takes an element of a tuple."""
        return self.call("TupleGetItem", [name, self.constant(index)], aval)

    def output(self, name: str) -> None:
        """What the graph returns."""
        aval = self.avals[name]
        proto = self.proto.output.add(name=name)
        if isinstance(aval, Tuple):
            proto.denotation = "Tuple"
            self._describe(proto.attr_info, aval)
        else:
            fill_tensor(proto.tensor.add(), aval.shape, aval.dtype)

    # -- graphs of ours ------------------------------------------------------------------------------------------------

    def write(self, graph: Graph, params: Sequence[str], state: str = "") -> list[str]:
        """Write the steps of a graph for these values of its parameters; the names of its outputs. state: the order of
        effects in which weights are read."""
        needed = _needed(graph)
        self.state = state
        for param, name in zip(graph.params, params, strict=True):
            self.refs[param.idx] = name
        for node in graph.nodes:
            if node.idx in needed and node.op.name != "parameter":
                self.refs[node.idx] = self._node(node)
        return [self._ref(o) for o in graph.outputs]

    def _ref(self, node: Node) -> Any:
        """The name of a node's value; a weight is read when it is first used."""
        name = self.refs[node.idx]
        if node.op.name != "parameter" or name not in self.weights:
            return name
        if name not in self.loaded:
            self.loaded[name] = self.call("Load", [name, self.state], node.aval)
        return self.loaded[name]

    def _node(self, node: Node) -> Any:
        if node.op.name == "constant":
            name = self.constant(node.attrs[0].array)
            self.avals[name] = node.aval
            return name
        if node.op.name == "item":
            elements, place = self.refs[node.ins[0].idx], node.attrs[0]
            if callable(elements[place]):
                elements[place] = elements[place]()
            return elements[place]
        operands = [self._ref(i) for i in (bias_of(node) or node.ins)]
        if node.op.name == "cond":
            return self._choice(node, operands)
        if node.op.name == "while_":
            return self._loop(node, operands)
        if not has(node):
            raise refuse("a MINDIR file", node)
        return RULES[node.op.name](self, node, *operands)

    def _elements(self, name: str, avals: Sequence[TensorAval]) -> list[str]:
        return [name] if len(avals) == 1 else [self.item(name, k, aval) for k, aval in enumerate(avals)]

    def _inner(self, sign: str, avals: Sequence[TensorAval]) -> tuple[GraphWriter, list[str]]:
        """A new graph with inputs of these types."""
        inner = self.file.graph(sign)
        return inner, [inner.input(f"x{k}", aval) for k, aval in enumerate(avals)]

    def _finish(self, results: Sequence[str]) -> Any:
        """The graph returns these values: the type of that."""
        for name in results:
            self.avals.setdefault(name, None)
        self.output(results[0] if len(results) == 1 else self.make_tuple(results))
        return self.avals[self.proto.output[0].name]

    def _switch(self, pred: str, functions: Sequence[tuple[str, Sequence[str]]], aval: Any) -> str:
        """Call one of two graphs, each with its operands."""
        sides = [self.call("Partial", [name, *operands], name, side_effect_propagate=1)
                 for name, operands in functions]
        chosen = self.call("Switch", [pred, *sides], tuple([name for name, _ in functions]))
        return self.invoke(chosen, [], aval)

    def _choice(self, node: Node, operands: list[str]) -> list[str]:
        avals = [i.aval for i in node.ins[1:]]
        names, result = [], None
        for sign, graph in zip("✓✗", node.attrs):
            inner, params = self._inner(sign, avals)
            result = inner._finish(inner.write(graph, params))
            names.append(inner.proto.name)
        name = self._switch(operands[0], [(n, operands[1:]) for n in names], result)
        return self._elements(name, node.aval.items)

    def _loop(self, node: Node, operands: list[str]) -> list[str]:
        condition, body, carried = node.attrs
        avals = [i.aval for i in node.ins]
        header, given = self._inner("↵", avals)
        for flag in ("is_while_header",):
            fill_value(header.proto.attribute.add(name=flag), True)
        trip, own = self._inner("↻", avals)
        behind, last = self._inner("↓", avals[:carried])
        result = behind._finish(last)
        again = trip.invoke(header.proto.name, [*trip.write(body, own), *own[carried:]], result)
        trip.output(again)
        test = header.write(condition, given)[0]
        header.output(header._switch(test, [(trip.proto.name, given), (behind.proto.name, given[:carried])], result))
        return self._elements(self.invoke(header.proto.name, operands, result), node.aval.items)


def _needed(graph: Graph) -> set[int]:
    """The nodes that are written: what the outputs read, after patterns have been recognised."""
    needed = {o.idx for o in graph.outputs}
    for node in reversed(graph.nodes):
        if node.idx in needed:
            needed.update(i.idx for i in (bias_of(node) or node.ins))
    return needed


# -- networks ----------------------------------------------------------------------------------------------------------


def weight_names(network: Network) -> list[str | None]:
    """The names of the weights in checkpoints, each once; None for tensors that are no Parameters."""
    names: list[str | None] = []
    for weight in network.weights:
        name = weight.name if isinstance(weight, Parameter) else None
        names.append(name if name is None or name not in names else f"{name}.{len(names)}")
    return names


def _model(network: Network) -> tuple[Any, list[tuple[Any, bytes]]]:
    """The message of a network, and its weights (message, contents)."""
    file = FileWriter(network.name)
    top = file.graph()
    graph = prepared(network.graph, has)
    weights: list[tuple[Any, bytes]] = []
    values: list[str] = []
    names = weight_names(network)
    for name, tensor in zip(names, network.weights):
        array = tensor.asnumpy().astype(tensor.dtype.np, copy=False)
        if name is None:
            values.append(top.constant(array))
            top.avals[values[-1]] = tensor._value.aval
            continue
        contents = contents_of(array)
        values.append(top.parameter(name, tensor, b""))
        weights.append((top.proto.parameter[-1], contents))
    inputs = []
    for name, param in zip(network.inputs, graph.params):
        while name in names:  # a file has one name for each input and weight
            name += "_input"
        names.append(name)
        inputs.append(top.input(name, param.aval))
    state = top.constant(MONAD)
    outputs = top.write(graph, [*inputs, *values], state)
    loads = list(top.loaded.values())
    state = _assigned(top, network, outputs, values, loads, state)
    result = _nested(top, network.result, outputs)
    if loads or network.writes:
        result = top.call("Depend", [result, state], top.avals[result], side_effect_propagate=1)
    top.output(result)
    return file.model, weights


def _assigned(top: GraphWriter, network: Network, outputs: list[str], values: list[str], loads: list[str],
              state: str) -> str:
    """Wait for all reads of weights, then write what is assigned: the order of effects after that."""
    if loads:
        state = top.call("UpdateState", [state, top.make_tuple(loads)], None)
    for out, weight in network.writes:
        assigned = top.call("Assign", [values[weight], outputs[out], state], top.avals[values[weight]])
        state = top.call("UpdateState", [state, assigned], None)
    return state


def _nested(top: GraphWriter, result: Any, outputs: list[str]) -> str:
    if isinstance(result, dict):
        result = tuple(result.values())
    if result is None:
        name = top.constant(None)
        top.avals[name] = NOTHING
        return name
    if not isinstance(result, (tuple, list)):
        return outputs[result]
    return top.make_tuple([_nested(top, each, outputs) for each in result])


def write_mindir(network: Network, path: str, key: bytes | None = None, mode: Any = "AES-GCM") -> None:
    """Write a network to a file, encrypted if there is a key (`encryption`).

    Where the weights take more than a GiB, `<stem>_graph.mindir` and `<stem>_variables/data_0` are written instead.

    Raises:
        ValueError: an operator has no place in the format.
        TypeError: neither has a dtype.
        OSError: the file cannot be written.
    """
    model, weights = _model(network)
    if sum(len(contents) for _, contents in weights) > WEIGHTS_INSIDE:
        stem = path.removesuffix(".mindir")
        path = f"{stem}_graph.mindir"
        _write_weights(weights, f"{stem}_variables", key)
    else:
        for proto, contents in weights:
            proto.raw_data = contents
    data = model.SerializeToString(deterministic=True)
    write_atomically(path, encryption.encrypted("export", data, key, mode))


def _write_weights(weights: list[tuple[Any, bytes]], folder: str, key: bytes | None) -> None:
    """Write the contents of the weights to a file beside that of the graph, sorted by name and aligned."""
    if key is not None:
        raise ValueError(f"For 'export', the weights take more than {WEIGHTS_INSIDE} bytes; such models cannot be "
                         f"encrypted. Leave enc_key out.")
    os.makedirs(folder, exist_ok=True)
    location = f"{os.path.basename(folder)}/data_0"
    at = len(_HEAD)
    ordered = sorted(weights, key=lambda weight: weight[0].ref_key)
    for proto, contents in ordered:
        where = proto.external_data
        where.location, where.offset, where.length = location, at, len(contents)
        at += -(-len(contents) // _ALIGNED) * _ALIGNED

    def write(file) -> None:
        file.write(_HEAD)
        for _, contents in ordered:
            file.write(contents + bytes(-len(contents) % _ALIGNED))

    write_atomically(os.path.join(folder, "data_0"), write)


