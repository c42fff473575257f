"""Reading a MINDIR file into plain structures: graphs of steps, constants, weights.

Everything that the file says of itself is checked here: names that are used must exist, a graph's steps use what came
before them, and contents fit their shapes. What the steps compute is the subject of `mindir_run`. Every defect is a
ValueError that names the file. Contents beside the file (`external_data`) are read from the file's folder and from
nowhere else.
"""
from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from mindspore.formats import encryption
from mindspore.formats.messages import has_more_parts, texts_are_texts
from mindspore.formats.mind_ir import ModelProto
from mindspore.formats.mindir_values import DATA_TYPES, array_of, value_of

__all__ = ["GraphText", "Input", "Model", "Operator", "Step", "read_mindir"]

_REFERENCE = "REF::"
_FEW_PARTS, _BYTES_PER_PART = 100_000, 5


@dataclass(frozen=True)
class Operator:
    """A primitive: its name and attributes. `functional`: its attributes are further operands, not `attributes`."""

    name: str
    attributes: dict[str, Any]
    functional: bool


@dataclass(frozen=True)
class Step:
    """One step of a graph: an operator applied to values, or a call of a graph or of a value (`target`, a name)."""

    name: str
    inputs: tuple[str, ...]
    operator: Operator | None = None
    target: str = ""


@dataclass(frozen=True)
class Input:
    """An input of a graph; dtype is None for what is no tensor, and -1 in the shape stands for any size."""

    name: str
    dtype: np.dtype | None
    shape: tuple[int, ...]


@dataclass
class GraphText:
    """A graph: names of inputs, steps in order, the name of what it returns. calls: the graphs that it refers to."""

    name: str
    inputs: list[Input]
    steps: list[Step]
    output: str
    calls: tuple[str, ...] = ()


@dataclass
class Model:
    """A whole file. parameters: of the top graph, by the names that steps use: the name in checkpoints and the value.
    constants: arrays, numbers and so on by name, for all graphs."""

    name: str
    top: GraphText
    graphs: dict[str, GraphText]
    constants: dict[str, Any]
    parameters: dict[str, tuple[str, np.ndarray]] = field(default_factory=dict)


class _Reader:
    def __init__(self, path: str):
        self.path = path
        self.graph_names: set[str] = set()
        self.operators: dict[str, Operator] = {}
        self.constants: dict[str, Any] = {}
        self.external: dict[Path, int] = {}  # how many bytes are read of each file beside this one

    def fail(self, what: str) -> ValueError:
        return ValueError(f"For 'load', file '{self.path}' is no valid MINDIR file: {what}. It may be truncated, "
                          f"damaged or of another format; take an intact copy.")

    def model(self, data: bytes) -> Model:
        if has_more_parts(data, ModelProto, _FEW_PARTS + len(data) // _BYTES_PER_PART):
            raise self.fail("it consists of more parts than a file of its size can mean")
        proto = ModelProto()
        try:
            proto.ParseFromString(data)
        except DecodeError as error:
            raise self.fail(str(error)) from None
        if not texts_are_texts(proto):
            raise self.fail("a text is not UTF-8")
        if not proto.HasField("graph"):
            raise self.fail("there is no graph in it")
        if proto.HasField("little_endian") and not proto.little_endian:
            raise self.fail("it is of a big-endian machine")
        protos = [proto.graph, *proto.functions]
        self.graph_names = {graph.name for graph in protos}
        if len(self.graph_names) < len(protos):
            raise self.fail("two graphs have one name")
        try:
            self.operators = {p.name: self._operator(p) for p in proto.primitives}
            for graph in protos:
                self._constants(graph)
            graphs = {graph.name: self._graph(graph, graph is proto.graph) for graph in protos}
            parameters = {p.name: (p.ref_key or p.name.rpartition(":")[2], self._weight(p))
                          for p in proto.graph.parameter}
        except UnicodeDecodeError:
            raise self.fail("a text is not UTF-8") from None
        return Model(self.path, graphs[proto.graph.name], graphs, self.constants, parameters)

    def _operator(self, proto: Any) -> Operator:
        return Operator(proto.op_type, {a.name: self._value(a) for a in proto.attribute}, proto.prim_type == 2)

    def _value(self, proto: Any) -> Any:
        try:
            return value_of(proto)
        except ValueError as error:
            raise error if isinstance(error, UnicodeDecodeError) else self.fail(str(error)) from None

    def _constants(self, graph: Any) -> None:
        for node in graph.node:
            if node.op_type == "Constant":
                values = [a for a in node.attribute if a.name == "value"]
                if len(values) != 1 or len(node.output) != 1:
                    raise self.fail(f"constant '{node.name}' has no value")
                self.constants[node.output[0]] = self._value(values[0])

    def _graph(self, proto: Any, top: bool) -> GraphText:
        inputs = [self._input(i) for i in proto.input]
        known = {i.name for i in inputs} | ({p.name for p in proto.parameter} if top else set())
        if not top and proto.parameter:
            raise self.fail(f"graph '{proto.name}' has parameters, which only the top graph can have")
        if proto.map_parameter:
            raise self.fail("it has hash-table parameters, which are not supported")
        if len(known) < len(inputs) + (len(proto.parameter) if top else 0):
            raise self.fail(f"two inputs of graph '{proto.name}' have one name")
        steps: list[Step] = []
        for node in proto.node:
            if node.op_type != "Constant":
                steps.append(self._step(node, known))
                known.add(steps[-1].name)
        if len(proto.output) != 1:
            raise self.fail(f"graph '{proto.name}' has {len(proto.output)} outputs, and not one")
        output = proto.output[0].name
        self._check_known(output, known, f"graph '{proto.name}' returns")
        named = [name for step in steps for name in (step.target, *step.inputs)]
        calls = tuple(dict.fromkeys(name for name in [*named, output] if name in self.graph_names))
        return GraphText(proto.name, inputs, steps, output, calls)

    def _check_known(self, name: str, known: set[str], what: str) -> None:
        if name not in known and name not in self.constants and name not in self.graph_names:
            raise self.fail(f"{what} '{name}', which is not known there")

    def _input(self, proto: Any) -> Input:
        if len(proto.tensor) != 1:
            return Input(proto.name, None, ())
        tensor = proto.tensor[0]
        if tensor.data_type not in DATA_TYPES:
            raise self.fail(f"input '{proto.name}' is of type number {tensor.data_type}")
        return Input(proto.name, DATA_TYPES[tensor.data_type], tuple(tensor.dims))

    def _step(self, node: Any, known: set[str]) -> Step:
        if len(node.output) != 1 or not node.op_type.startswith(_REFERENCE):
            raise self.fail(f"node '{node.name}' of type '{node.op_type}' is not understood")
        name, target = node.output[0], node.op_type.removeprefix(_REFERENCE)
        if name in known or name in self.constants or name in self.graph_names:
            raise self.fail(f"two values are called '{name}'")
        for each in node.input:
            self._check_known(each, known, f"node '{name}' reads")
        operator = self.operators.get(target)
        if operator is None:
            self._check_known(target, known, f"node '{name}' calls")
        return Step(name, tuple(node.input), operator, "" if operator else target)

    def _weight(self, proto: Any) -> np.ndarray:
        contents = self._external(proto) if proto.HasField("external_data") else None
        try:
            return array_of(proto, contents, f"parameter '{proto.name}'")
        except ValueError as error:
            raise self.fail(str(error)) from None

    def _external(self, proto: Any) -> bytes:
        """The contents of a parameter in a file beside this one."""
        where = proto.external_data
        folder = Path(self.path).resolve().parent
        path = (folder / where.location).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise self.fail(f"the contents of '{proto.name}' are said to be in '{where.location}', which is no file in "
                            f"the folder of this one")
        size = path.stat().st_size
        self.external[path] = self.external.get(path, 0) + max(where.length, 0)
        if where.offset < 0 or where.length < 0 or max(where.offset + where.length, self.external[path]) > size:
            raise self.fail(f"the contents of '{proto.name}' are said to be {where.length} bytes at {where.offset} of "
                            f"'{where.location}', which has {size}")
        with open(path, "rb") as file:
            if file.read(1) != b"\1":
                raise self.fail(f"'{where.location}' does not hold weights of a little-endian machine")
            file.seek(where.offset)
            return file.read(where.length)


def read_mindir(path: str | os.PathLike, key: bytes | None = None, mode: Any = "AES-GCM") -> Model:
    """The contents of a MINDIR file.

    Args:
        path: the file.
        key, mode: what it was encrypted with; None for a plain file.

    Raises:
        ValueError: the file is damaged, encrypted, or holds what is not supported.
        OSError: it cannot be read.
    """
    name = os.fspath(path)
    if key is not None and callable(mode):
        return _Reader(name).model(encryption.by_function("load", mode, name, key))
    with open(path, "rb") as file:
        data = file.read()
    if key is not None:
        data = encryption.decrypt(data, key, mode, "load", name)
    elif encryption.is_encrypted(data[:4]):
        raise ValueError(f"For 'load', file '{name}' is encrypted. Pass dec_key and dec_mode.")
    return _Reader(name).model(data)
