"""The text form of graphs: printed by `show`, read back by `parse_text`.

    graph f(%0: float32[2,3], %1: float32[3]) {
      %2: float32[2,3] = add(%0, %1)
      %3: float32[2] = sum(%2) {axis=(1,), keepdims=False}
      return %3
    }

Attributes are Python literals, dtypes by name, small arrays as `literal(value, dtype)`, and `@name` for a nested graph,
which is printed before the graph that uses it; types are written as in the lines (`float32[3]`, `tape<...>`); symbolic
sizes are expressions of their symbols (`float32[2*d0,3]`);
`action(number, text)` is what a `host_call` does, to be read back in the process that printed it. With
`locations=True` the lines of the user's program stand before what they became; the parser skips what follows a `#`.
"""
from __future__ import annotations

import ast
import re

import numpy as np

from mindspore.common.dtype import DType
from mindspore.compiler.ir import size_expressions
from mindspore.compiler.ir.aval import Aval, tape_aval, tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.ir.graph import Graph, Literal, Node, graphs_in
from mindspore.compiler.ir.listing import source_comment


def show(graph: Graph, locations: bool = False) -> str:
    """The text of a graph, nested graphs first."""
    parts: list[str] = []
    names: dict[int, str] = {}
    _show_into(graph, parts, names, locations)
    return "\n".join(parts)


def _show_into(graph: Graph, parts: list[str], names: dict[int, str], locations: bool) -> None:
    for node in graph.nodes:
        for inner in graphs_in(node.attrs):
            if id(inner) not in names:
                _show_into(inner, parts, names, locations)
    name = re.sub(r"\W", "_", graph.name) or "graph"
    if name in names.values():
        name = f"{name}_{len(names)}"
    names[id(graph)] = name
    lines = [f"graph {name}({', '.join(f'%{p.idx}: {p.aval}' for p in graph.params)}) {{"]
    place = None
    for node in graph.nodes:
        if node.op.name == "parameter":
            continue
        attrs = ", ".join(f"{k}={_show_attr(v, names)}" for k, v in zip(node.op.attrs, node.attrs))
        line = f"  %{node.idx}: {node.aval} = {node.op.name}({', '.join(f'%{i.idx}' for i in node.ins)})"
        line += f" {{{attrs}}}" if attrs else ""
        if locations and node.loc is not None and node.loc[:2] != place:
            place = node.loc[:2]
            lines.append(f"  {source_comment(node.loc)}")
        lines.append(line)
    lines.append(f"  return {', '.join(f'%{o.idx}' for o in graph.outputs)}")
    lines.append("}")
    parts.append("\n".join(lines))


def _show_attr(value, names: dict[int, str]) -> str:
    if isinstance(value, DType):
        return value.key
    if isinstance(value, Graph):
        return f"@{names[id(value)]}"
    if isinstance(value, Literal):
        array = value.array.astype(np.float64) if value.array.dtype.kind == "V" else value.array
        return f"literal({array.tolist()!r}, {value.dtype.key})"
    if isinstance(value, tuple):
        inner = ", ".join(_show_attr(v, names) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


class TextError(ValueError):
    """The text is not a graph; the message holds the line."""


_HEAD = re.compile(r"graph (\w+)\((.*)\) \{$")
_TYPE = re.compile(r"\b(?:tape<|(?:bool_|[a-z]+\d+)\[[^\[\]]*\])")
_LINE = re.compile(r"%(\d+): (.+?) = (\w+)\((.*?)\)(?: \{(.*)\})?$")


def parse_text(text: str) -> Graph:
    """The graph of a text written by `show` (the last one, if there are nested graphs)."""
    graphs: dict[str, Graph] = {}
    lines = [re.sub(r"  # .*$", "", line).rstrip() for line in text.splitlines()]
    builder, env, last = None, {}, None
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        try:
            if not line or line == "}":
                continue
            if line.startswith("graph "):
                builder, env = _parse_head(line)
            elif line.startswith("return"):
                last = builder.finish([env[int(i)] for i in re.findall(r"%(\d+)", line)])
                graphs[builder.name] = last
            else:
                _parse_node(line, builder, env, graphs)
        except TextError:
            raise
        except (KeyError, ValueError, TypeError, AttributeError, SyntaxError) as error:
            raise TextError(f"line {number} of the graph text cannot be read: {line!r} ({error})") from error
    if last is None:
        raise TextError("the text holds no graph: expected 'graph name(...) {', nodes, and 'return ...'")
    return last


def _parse_head(line: str) -> tuple[Builder, dict[int, Node]]:
    from mindspore.compiler.primitives.base import PRIMITIVES  # noqa: F401  (registers the operators)
    name, params = _HEAD.match(line).groups()
    builder, env = Builder(name), {}
    for text in re.split(r", (?=%)", params) if params else ():
        index, aval = text[1:].split(": ", 1)
        env[int(index)] = builder.parameter(_parse_aval(aval))
    return builder, env


def _parse_aval(text: str) -> Aval:
    text = text.strip()
    if text.startswith("("):
        return tuple_aval(_parse_avals(text[1:-1]))
    if text.startswith("tape<"):
        return tape_aval(_parse_avals(text[len("tape<"):-1]))
    key, shape = text[:-1].split("[")
    sizes = ast.parse(f"({shape},)" if shape else "()", mode="eval").body.elts
    return tensor_aval(tuple(map(size_expressions.parse, sizes)), DType._by_key[key])


def _parse_avals(text: str) -> tuple[Aval, ...]:
    """Avals separated by commas, of which those inside brackets do not count."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<[(") - (character in ">])")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return tuple(_parse_aval(part) for part in parts if part)


def _parse_node(line: str, builder: Builder, env: dict, graphs: dict) -> None:
    from mindspore.compiler.primitives.base import primitive
    index, aval, name, ins, attrs = _LINE.match(line).groups()
    op = primitive(name)
    values = _parse_attrs(attrs or "", graphs)
    operands = tuple(env[int(i)] for i in re.findall(r"%(\d+)", ins))
    node = builder.emit(op, operands, op.pack_attrs(values))
    if node.aval is not _parse_aval(aval):
        raise TextError(f"{name}: the text says {aval}, but the operator's rule gives {node.aval}: {line!r}")
    env[int(index)] = node


def _parse_attrs(text: str, graphs: dict) -> dict:
    if not text:
        return {}
    text = _quote_types(text)
    tree = ast.parse(f"f({re.sub(r'@(?=[A-Za-z_])', 'graph__', text)})", mode="eval").body
    return {kw.arg: _attr_value(kw.value, graphs) for kw in tree.keywords}


def _quote_types(text: str) -> str:
    """The attributes' text with `aval('...')` around each type, so that it is an expression of Python."""
    parts, place = [], 0
    while found := _TYPE.search(text, place):
        end = found.end()
        depth = 1 if found.group() == "tape<" else 0
        while depth:
            depth += (text[end] == "<") - (text[end] == ">")
            end += 1
        parts += [text[place:found.start()], f"aval({text[found.start():end]!r})"]
        place = end
    return "".join(parts) + text[place:]


def _attr_value(node: ast.expr, graphs: dict):
    if isinstance(node, ast.Name):
        if node.id.startswith("graph__"):
            return graphs[node.id[len("graph__"):]]
        found = {"nan": float("nan"), "inf": float("inf")}.get(node.id) or DType._by_key.get(node.id)
        return size_expressions.parse(node) if found is None and node.id[:1] == "d" else found or DType._by_key[node.id]
    if isinstance(node, ast.Tuple):
        return tuple(_attr_value(e, graphs) for e in node.elts)
    if isinstance(node, ast.List):
        return [_attr_value(e, graphs) for e in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_attr_value(node.operand, graphs)
    if isinstance(node, ast.Call) and node.func.id == "aval":
        return _parse_aval(node.args[0].value)
    if isinstance(node, ast.Call) and node.func.id == "action":
        from mindspore.compiler.primitives.effects import Action
        return Action.by_number(node.args[0].value)
    if isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and node.func.id != "literal"):
        return size_expressions.parse(node)
    if isinstance(node, ast.Call):
        value, dtype = node.args
        return Literal(np.asarray(_attr_value(value, graphs)).astype(DType._by_key[dtype.id].np))
    return ast.literal_eval(node)
