"""Graphs for readers: statements in the notation of the program, below the lines of the program that they stem from.

    # model.py:7    return (x * w).sum()
      v1 = x * w                                float32[3]
      v2 = sum(v1, axis=(0,))                   float32[]

Arithmetic is infix, constants stand where they are used, attributes that have their default are left out, and the
graphs of branches and loops stand indented below the statement that runs them. `compiler.ir.text` has the form that can
be read back.
"""
from __future__ import annotations

import linecache
import os
from collections.abc import Iterable, Sequence

from mindspore.common.dtype import DType
from mindspore.compiler.ir.aval import TupleAval
from mindspore.compiler.ir.graph import Graph, Literal, Node

_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "matmul": "@", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
          "eq": "==", "ne": "!=", "logical_and": "and", "logical_or": "or", "pow": "**"}
_COLUMN = 60


def listing(graph: Graph, parameters: Sequence[str], results: Sequence[str], primal: int) -> str:
    """The statements of a graph.

    Args:
        graph: the graph.
        parameters: names for its parameters.
        results: names for its outputs.
        primal: how many of the outputs are values; what only the others need stands in a part of its own.
    """
    writer = _Writer(graph, parameters, "  ")
    forward = _needed(graph.outputs[:primal])
    title = ", ".join(f"{name}: {p.aval}" for name, p in zip(parameters, graph.params))
    lines = [f"{graph.name}({title})", "", *writer.statements(n for n in graph.nodes if n.idx in forward)]
    rest = [n for n in graph.nodes if n.idx not in forward]
    backward = writer.statements(rest)
    if backward:
        lines += ["", "backward:", "", *backward]
    lines.append("")
    lines += [f"  {name} = {writer.name(o)}" for name, o in zip(results, graph.outputs)]
    return "\n".join(lines)


def source_comment(loc) -> str:
    """The line of the program at a location, as a comment."""
    text = linecache.getline(loc.filename, loc.lineno).strip()
    return f"# {os.path.basename(loc.filename)}:{loc.lineno}  {text}".rstrip()


def _needed(outputs: Iterable[Node]) -> set[int]:
    """The nodes from which some nodes are computed."""
    found: set[int] = set()
    pending = list(outputs)
    while pending:
        node = pending.pop()
        if node.idx not in found:
            found.add(node.idx)
            pending.extend(node.ins)
    return found


class _Writer:
    """Writes the statements of one graph; `indent` stands before each."""

    def __init__(self, graph: Graph, parameters: Sequence[str], indent: str):
        self.indent = indent
        self.names = {p.idx: name for p, name in zip(graph.params, parameters)}
        self.place = None
        for number, node in enumerate(n for n in graph.nodes if self._is_statement(n)):
            self.names[node.idx] = f"v{number + 1}"

    @staticmethod
    def _is_statement(node: Node) -> bool:
        return node.op.name not in ("parameter", "constant", "item")

    def name(self, node: Node) -> str:
        """What stands for a value: its name, the number that it is, an element."""
        if node.op.name == "constant":
            array = node.attrs[0].array
            return f"{array.item():g}" if array.size == 1 and array.dtype.kind in "fiu" else str(array.tolist())
        if node.op.name == "item":
            return f"{self.name(node.ins[0])}[{node.attrs[0]}]"
        return self.names[node.idx]

    def statements(self, nodes: Iterable[Node]) -> list[str]:
        """One line for each node, with lines of the program before them."""
        lines: list[str] = []
        for node in nodes:
            if not self._is_statement(node):
                continue
            if node.loc is not None and (node.loc.filename, node.loc.lineno) != self.place:
                self.place = (node.loc.filename, node.loc.lineno)
                lines.append(self.indent + source_comment(node.loc))
            kind = ", ".join(map(repr, node.aval.items)) if isinstance(node.aval, TupleAval) else repr(node.aval)
            statement = f"{self.indent}  {self.names[node.idx]} = {self._expression(node)}"
            lines.append(f"{statement.ljust(_COLUMN)}  {kind}")
            for attribute, value in zip(node.op.attrs, node.attrs):
                if isinstance(value, Graph):
                    lines += self._inner(attribute, value)
        return lines

    def _inner(self, attribute: str, graph: Graph) -> list[str]:
        names = [f"p{k + 1}" for k in range(len(graph.params))]
        inner = _Writer(graph, names, self.indent + "      ")
        head = f"{self.indent}    {attribute}({', '.join(names)}):"
        returned = f"{self.indent}        return {', '.join(map(inner.name, graph.outputs))}"
        return [head, *inner.statements(graph.nodes), returned]

    def _expression(self, node: Node) -> str:
        operands = [self.name(i) for i in node.ins]
        attributes = []
        for name, value in zip(node.op.attrs, node.attrs):
            if not isinstance(value, (Graph, Literal)) and value is not False and value != node.op.defaults.get(name):
                attributes.append(f"{name}={value.key if isinstance(value, DType) else value}")
        sign = _INFIX.get(node.op.name)
        if sign is not None and not attributes and len(operands) == 2:
            return f" {sign} ".join(operands)
        if node.op.name == "neg":
            return f"-{operands[0]}"
        return f"{node.op.name}({', '.join(operands + attributes)})"
