"""Writing a network as an ONNX file, for operator set 18 (https://onnx.ai/onnx/operators).

A `Writer` writes one graph in the order of our own; `onnx_rules` says which operators stand for one of ours. Weights
and constants are initializers of the outermost graph. A choice becomes `If`, a loop `Loop`; the graphs in these see the
values around them by name, so names are unique in the whole file. The same network gives the same bytes.
"""
from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mindspore._version import __version__
from mindspore.common.dtype import DType, bool_, int64, np_dtype_to_dtype
from mindspore.compiler.ir import Graph, Node, TensorAval, tensor_aval
from mindspore.compiler.ir.dims import Dim, Function, Ratio, Symbolic, symbol
from mindspore.formats import encryption
from mindspore.formats.exported import Network, leaves, prepared, refuse
from mindspore.formats.mindir_values import contents_of, number_of
from mindspore.formats.mindir_write import weight_names
from mindspore.formats.onnx_messages import CLASSES, ModelProto
from mindspore.formats.onnx_rules import RULES, has
from mindspore.train._checkpoint_file import write_atomically

__all__ = ["OPSET", "Options", "Writer", "write_onnx"]

OPSET = 18
IR_VERSION = 8
WEIGHTS_INSIDE = 1 << 30
OPERATORS = {"add": "Add", "sub": "Sub", "mul": "Mul", "truediv": "Div", "pow": "Pow", "floordiv": "Div", "mod": "Mod",
             "max": "Max", "min": "Min"}
COUNT, PREDICATE = tensor_aval((), int64), tensor_aval((), bool_)
_KINDS = {v.name: v.number for v in CLASSES["AttributeProto"].DESCRIPTOR.enum_types_by_name["AttributeType"].values}


class Names:
    """Names, each given once, and constants, which the outermost graph holds."""

    def __init__(self, top: Any):
        self.top = top
        self.taken: set[str] = set()
        self.constants: dict[tuple, str] = {}

    def unique(self, wish: str) -> str:
        """The name, or the name with a number."""
        name, number = wish, 0
        while not name or name in self.taken:
            number += 1
            name = f"{wish}_{number}"
        self.taken.add(name)
        return name

    def constant(self, array: np.ndarray) -> str:
        """The name of an array."""
        key = (str(array.dtype), array.shape, array.tobytes())
        name = self.constants.get(key)
        if name is None:
            name = self.constants[key] = self.unique("constant")
            fill_tensor(self.top.initializer.add(name=name), array)
        return name


def type_of(dtype: DType) -> int:
    """The number of a dtype; TypeError for complex ones, which no operator of ONNX takes."""
    if dtype.kind == "c":
        raise TypeError(f"For 'export', an ONNX file cannot hold {dtype}. Export real and imaginary parts "
                        f"by themselves.")
    return number_of(dtype)


def fill_tensor(proto: Any, array: np.ndarray) -> None:
    """Write an array to a TensorProto."""
    proto.dims.extend(array.shape)
    proto.data_type = type_of(np_dtype_to_dtype(array.dtype))
    proto.raw_data = contents_of(array)


def fill_type(proto: Any, aval: TensorAval) -> None:
    """Write a type to a ValueInfoProto."""
    tensor = proto.type.tensor_type
    tensor.elem_type = type_of(aval.dtype)
    tensor.shape.SetInParent()
    for size in aval.shape:
        dim = tensor.shape.dim.add()
        if isinstance(size, Symbolic):
            dim.dim_param = repr(size)
        else:
            dim.dim_value = size


class Writer:
    """Writes one graph. `refs`: by the number of a node of ours, the name of its value, or a list of names where it has
    several results. `used`: the nodes that are read, and the elements of those with several results."""

    def __init__(self, proto: Any, names: Names):
        self.proto, self.names = proto, names
        self.refs: dict[int, Any] = {}
        self.used: set[tuple] = set()
        self.sized: list[tuple[str, TensorAval]] = []

    def constant(self, value: Any, dtype: Any = np.int64) -> str:
        """The name of a number, or of several. Sizes that are left open are computed, as Int64."""
        if isinstance(value, Ratio):
            operands = [self.node("Cast", [self.constant(v)], to=1) if isinstance(v, Dim) else
                        self.constant(v, np.float32) for v in value.operands]
            return self.node(OPERATORS[value.name], operands)
        if isinstance(value, Dim):
            return self.node("Squeeze", [self._size(value), self.constant([0])])
        if isinstance(value, tuple | list) and any(isinstance(v, Symbolic) for v in value):
            return self.node("Concat", [self._size(v) for v in value], axis=0)
        return self.names.constant(np.asarray(value, dtype))

    def _size(self, value: Any) -> str:
        """A size as an Int64 vector of one element, computed from the shapes of inputs."""
        if not isinstance(value, Dim):
            return self.constant([value])
        total = ""
        for atoms, factor in value.terms:
            name = "" if factor == 1 and atoms else self.constant([factor])
            for atom in atoms:
                each = self._atom(atom)
                name = self.node("Mul", [name, each]) if name else each
            total = self.node("Add", [total, name]) if total else name
        return total

    def _atom(self, atom: Any) -> str:
        if isinstance(atom, Function):
            return self.node(OPERATORS[atom.name], [self._size(v) for v in atom.operands])
        for name, aval in self.sized:
            for axis, size in enumerate(aval.shape):
                if isinstance(size, Dim) and size is symbol(atom.name, atom.example):
                    return self.node("Shape", [name], start=axis, end=axis + 1)
        raise ValueError(f"For 'export', no input has the size {atom!r}, which is left open. Say what it is.")

    def node(self, op_type: str, operands: Sequence[str], outputs: int = 1, **attributes: Any) -> Any:
        """An operator applied to values: the name of its result, or a list of names."""
        node = self.proto.node.add(op_type=op_type)
        node.input.extend(operands)
        node.output.extend(self.names.unique(op_type) for _ in range(outputs))
        node.name = node.output[0]
        for name, value in attributes.items():
            self._attribute(node.attribute.add(name=name), value)
        return node.output[0] if outputs == 1 else list(node.output)

    def _attribute(self, proto: Any, value: Any) -> None:
        if isinstance(value, bool | int):
            proto.type, proto.i = _KINDS["INT"], int(value)
        elif isinstance(value, float):
            proto.type, proto.f = _KINDS["FLOAT"], value
        elif isinstance(value, str):
            proto.type, proto.s = _KINDS["STRING"], value.encode()
        elif isinstance(value, tuple | list):
            proto.type = _KINDS["INTS"]
            proto.ints.extend(value)
        else:
            proto.type = _KINDS["GRAPH"]
            proto.g.CopyFrom(value)

    def cast(self, name: str, dtype: Any) -> str:
        """A value in another dtype."""
        return self.node("Cast", [name], to=type_of(dtype))

    # -- graphs of ours ------------------------------------------------------------------------------------------------

    def write(self, graph: Graph, params: Sequence[str]) -> list[str]:
        """Write the operators of a graph for these values of its parameters; the names of its outputs."""
        for param, name in zip(graph.params, params, strict=True):
            self.refs[param.idx] = name
        self.used = {(n.ins[0].idx, n.attrs[0]) for n in graph.nodes if n.op.name == "item"}
        for node in graph.nodes:
            if node.op.name != "parameter":
                self.refs[node.idx] = self._node(node)
        return [self.refs[o.idx] for o in graph.outputs]

    def _node(self, node: Node) -> Any:
        operands = [self.refs[i.idx] for i in node.ins]
        if node.op.name == "constant":
            return self.names.constant(node.attrs[0].array)
        if node.op.name == "item":
            return operands[0][node.attrs[0]]
        if node.op.name == "cond":
            return self._choice(node, operands)
        if node.op.name == "while_":
            return self._loop(node, operands)
        if not has(node):
            raise refuse("an ONNX file", node)
        return RULES[node.op.name](self, node, *operands)

    def inner(self, graph: Graph, params: Sequence[str]) -> list[str]:
        """The outputs of another graph, written here."""
        saved, self.refs = self.refs, {}
        used = self.used
        outputs = self.write(graph, params)
        self.refs, self.used = saved, used
        return outputs

    def output(self, name: str, aval: TensorAval, wish: str = "result") -> None:
        """An output of the graph, a value of its own."""
        own = self.names.unique(wish)
        node = self.proto.node.add(op_type="Identity", name=own)
        node.input.append(name)
        node.output.append(own)
        fill_type(self.proto.output.add(name=own), aval)

    def _choice(self, node: Node, operands: list[str]) -> list[str]:
        sides = []
        for graph in node.attrs:
            side = Writer(CLASSES["GraphProto"](name=self.names.unique("branch")), self.names)
            side.sized = self.sized
            for name, aval in zip(side.write(graph, operands[1:]), graph.out_avals):
                side.output(name, aval)
            sides.append(side.proto)
        results = self.node("If", operands[:1], len(node.aval.items), then_branch=sides[0], else_branch=sides[1])
        return [results] if isinstance(results, str) else results

    def _loop(self, node: Node, operands: list[str]) -> list[str]:
        condition, body, carried = node.attrs
        start = self.inner(condition, operands)
        trip = Writer(CLASSES["GraphProto"](name=self.names.unique("trip")), self.names)
        trip.sized = list(self.sized)
        state = [trip._input(wish, aval) for wish, aval in
                 [("number", COUNT), ("goes_on", PREDICATE), *[("carried", i.aval) for i in node.ins[:carried]]]][2:]
        after = trip.write(body, [*state, *operands[carried:]])
        trip.output(trip.inner(condition, [*after, *operands[carried:]])[0], PREDICATE)
        for name, aval in zip(after, body.out_avals):
            trip.output(name, aval)
        results = self.node("Loop", ["", *start, *operands[:carried]], carried, body=trip.proto)
        return [results] if isinstance(results, str) else results

    def _input(self, wish: str, aval: TensorAval) -> str:
        name = self.names.unique(wish)
        fill_type(self.proto.input.add(name=name), aval)
        self.sized.append((name, aval))
        return name


@dataclass(frozen=True)
class Options:
    """How a file is written: names for inputs and outputs, as many as there are or fewer; whether weights stand in it,
    and whether they are inputs as well, which a caller may then replace."""

    input_names: Sequence[str] = ()
    output_names: Sequence[str] = ()
    export_params: bool = True
    weights_are_inputs: bool = False


def _named(given: Sequence[str], count: int, what: str, usual: Sequence[str]) -> list[str]:
    """The names that are given, then usual ones."""
    if len(given) > count or len(set(given)) < len(given):
        raise ValueError(f"For 'export', the network has {count} {what}s, but the names {list(given)} are given.")
    return [*given, *usual[len(given):]]


def _model(network: Network, options: Options) -> Any:
    if network.writes:
        raise ValueError(f"For 'export', {network.name} assigns parameters when it is called, which an ONNX file "
                         f"cannot hold. Return what they would be, and pass it in.")
    model = ModelProto(ir_version=IR_VERSION, producer_name="MindSpore", producer_version=__version__)
    model.opset_import.add(domain="", version=OPSET)
    model.graph.name = network.name
    names = Names(model.graph)
    graph = prepared(network.graph, has)
    writer = Writer(model.graph, names)
    given = _named(options.input_names, len(network.inputs), "input", network.inputs)
    inputs = [writer._input(name, p.aval) for name, p in zip(given, graph.params)]
    weights = []
    for name, tensor in zip(weight_names(network), network.weights):
        weights.append(names.unique(name or "constant"))
        if options.export_params or name is None:
            array = tensor.asnumpy().astype(tensor.dtype.np, copy=False)
            fill_tensor(model.graph.initializer.add(name=weights[-1]), array)
        if name is not None and (options.weights_are_inputs or not options.export_params):
            fill_type(model.graph.input.add(name=weights[-1]), tensor._value.aval)
    outputs = writer.write(graph, [*inputs, *weights])
    places = leaves(network.result)
    for place, name in zip(places, _named(options.output_names, len(places), "output", ["output"] * len(places))):
        writer.output(outputs[place], graph.outputs[place].aval, name)
    return model


def write_onnx(network: Network, path: str, options: Options | None = None, key: bytes | None = None,
               encrypt: Any = None) -> None:
    """Write a network to a file. Where the weights take more than a GiB, they are written to `<path>.data`. With a key,
    what is written is `encrypt(contents, key)`.

    Raises:
        ValueError: an operator has no place in the format, or the network assigns parameters.
        TypeError: a dtype has none.
        OSError: the file cannot be written.
    """
    model = _model(network, options or Options())
    weights = model.graph.initializer
    if sum(len(w.raw_data) for w in weights) > WEIGHTS_INSIDE:
        if key is not None:
            raise ValueError(f"For 'export', the weights take more than {WEIGHTS_INSIDE} bytes; such models cannot be "
                             f"encrypted. Leave enc_key out.")
        contents = [w.raw_data for w in weights]
        beside = f"{path}.data"
        at = 0
        for weight, data in zip(weights, contents):
            weight.ClearField("raw_data")
            weight.data_location = 1
            for name, value in (("location", os.path.basename(beside)), ("offset", at), ("length", len(data))):
                weight.external_data.add(key=name, value=str(value))
            at += len(data)
        write_atomically(beside, lambda file: file.writelines(contents))
    data = model.SerializeToString(deterministic=True)
    write_atomically(path, encryption.encrypted("export", data, key, encrypt))
