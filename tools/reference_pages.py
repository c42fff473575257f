"""Reference pages from docstrings: one page for each module, and one for the primitives.

Docstrings are Markdown in this project, with Google's sections (`Args:`, `Returns:` and so on). A page is MyST Markdown
in which each object is a directive of Sphinx's Python domain, so that the index and the search know it.
"""
from __future__ import annotations

import importlib
import inspect
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from mindspore.testing import coverage

# An object is described on the page of the first of these modules that has it.
FIRST = (
    "mindspore", "mindspore.nn", "mindspore.ops", "mindspore.mint", "mindspore.mint.nn", "mindspore.mint.nn.functional",
    "mindspore.numpy", "mindspore.dataset", "mindspore.train", "mindspore.amp",
)
SECTIONS = ("Args", "Arguments", "Attributes", "Inputs", "Outputs", "Returns", "Raises", "Yields", "Note", "Examples")
_SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):\s*(.*)$")
_ITEM = re.compile(r"^(\*{0,2}\w[\w*., ]*?)(?: \(([^)]*)\))?: +(.*)$")


def escaped(text: str) -> str:
    """Text in which nothing but code spans is markup."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if k % 2 else re.sub(r"([*<>\[\]$\\_|~])", r"\\\1", part) for k, part in enumerate(parts))


def markdown(docstring: str) -> str:
    """A docstring as Markdown: sections are bold headings, and what they list are lists."""
    lines, within = [], False
    for line in inspect.cleandoc(docstring).splitlines():
        section = _SECTION.match(line)
        text = line.strip()
        if section:
            within = True
            lines += ["", f"**{section[1]}**", "", *([escaped(section[2])] if section[2] else [])]
        elif not text:
            lines.append("")
        elif within and line.startswith("    ") and (item := _ITEM.match(text)) and not line.startswith("     "):
            kind = f" ({escaped(item[2])})" if item[2] else ""
            lines.append(f"* `{item[1]}`{kind}: {escaped(item[3])}")
        elif text.startswith((">>>", "...")):
            lines.append(f"    {text}" if lines and lines[-1].startswith("    ") else f"\n    {text}")
        else:
            within = within and line.startswith(" ")
            lines.append(("  " if within and line.startswith("      ") else "") +
                         (text[:2] + escaped(text[2:]) if text.startswith("* ") else escaped(text)))
    return "\n".join(lines).strip()


def signature(found: Any, bound: bool = False) -> str:
    """The parameters as a call would write them, without the first one where that is the object itself."""
    if getattr(found, "_is_protocol", False):
        return ""
    try:
        parameters = inspect.signature(found)
    except (TypeError, ValueError):
        return "(...)"
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters.parameters.values()][bound:]
    text = str(parameters.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    return re.sub(r"<([\w.]+)[^<>]*>", r"\1", text).replace("\n", " ")


def directive(kind: str, name: str, arguments: str, body: str, depth: int = 3) -> str:
    fence = ":" * depth
    return f"{fence}{{py:{kind}}} {name}{arguments}\n\n{body}\n{fence}\n"


def described(name: str, found: Any) -> str:
    """The entry of an object; of a class with its public methods and properties that have docstrings of their own."""
    text = markdown(inspect.getdoc(found) or "")
    if not inspect.isclass(found):
        return directive("function" if callable(found) else "data", name, signature(found) if callable(found) else "",
                         text if callable(found) else "")
    members = []
    for key, member in vars(found).items():
        method = getattr(member, "__func__", member)
        if key.startswith("_") or not getattr(method, "__doc__", None):
            continue
        if isinstance(member, property):
            members.append(directive("property", key, "", markdown(member.__doc__ or "")))
        elif inspect.isfunction(method):
            members.append(directive("method", key, signature(method, not isinstance(member, staticmethod)),
                                     markdown(method.__doc__)))
    return directive("class", name, signature(found), "\n".join([text, "", *members]), 4)


def objects(module: str, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The names of a module that are present, with what they name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            owner = importlib.import_module(module)
        except ImportError:
            return
        for name in names:
            found = getattr(owner, name, None)
            if found is not None and not inspect.ismodule(found):
                yield name, found


def modules() -> dict[str, tuple[str, ...]]:
    """The public modules with their public names, in the order of their pages."""
    listed = {name: names for name, names in coverage.interface().items() if not name.startswith(coverage.CLASS)}
    order = [*FIRST, *sorted(set(listed) - set(FIRST))]
    return {name: listed[name] for name in order}


def pages() -> dict[str, str]:
    """File name -> text of every reference page."""
    found: dict[str, str] = {"primitives.md": primitives()}
    homes: dict[int, str] = {}
    kept: list[Any] = []
    for module, names in modules().items():
        entries, elsewhere = [], []
        for name, value in objects(module, names):
            path = f"{module}.{name}"
            describable = callable(value) and inspect.getdoc(value) and not isinstance(value, type(None))
            if describable and id(value) in homes:
                elsewhere.append(f"* `{name}`: {{py:obj}}`{homes[id(value)]}`")
            elif describable:
                homes[id(value)] = path
                kept.append(value)
                entries.append(described(path, value))
            else:
                elsewhere.append(f"* `{name}`")
        if entries or elsewhere:
            more = ["## Names described elsewhere, and constants", "", *elsewhere] if elsewhere else []
            text = markdown(importlib.import_module(module).__doc__ or "")
            found[f"{module}.md"] = "\n".join([f"# {module}", "", text, "", *entries, *more, ""])
    return found


KINDS = {"b": "bool", "i": "signed integers", "u": "unsigned integers", "f": "floating", "c": "complex"}


def facts(primitive: Any) -> list[str]:
    """What an author of a kernel wants to know beside the meaning: element types, attributes, what becomes of the
    operator without a kernel, and a call with the types of operands and results."""
    lines = [f"* element types: {', '.join(KINDS[kind] for kind in primitive.kinds)}"]
    if primitive.attrs:
        shown = [f"`{name}`" + (f" (`{primitive.defaults[name]!r}` unless given)" if name in primitive.defaults else "")
                 for name in primitive.attrs]
        lines.append(f"* attributes: {', '.join(shown)}")
    call = example(primitive)
    if call or primitive.lower is not None:  # control flow and what holds a graph together is no kernel's business
        without = "decomposed" if primitive.lower is not None else "run on the host by its reference"
        lines.append(f"* without a kernel it is {without}")
    return [*lines, f"* for example `{call}`"] if call else lines


def example(primitive: Any) -> str:
    """A call of the operator, from the first of its samples that is good and has elements: types and attributes."""
    from mindspore.common.dtype import np_dtype_to_dtype
    from mindspore.compiler.ir import tensor_aval
    for sample in primitive.samples():
        if sample.error is not None:
            continue
        avals = [tensor_aval(a.shape, np_dtype_to_dtype(a.dtype)) for a in map(np.asarray, sample.ins)]
        if not all(aval.size for aval in avals):
            continue
        attrs = dict(zip(primitive.attrs, primitive.pack_attrs(sample.attrs)))
        if any(re.search(r"<|\n| at 0x", repr(value)) for value in attrs.values()):
            continue
        found = primitive.infer(*avals, **attrs)
        results = found if isinstance(found, tuple) else getattr(found, "items", (found,))
        given = [*map(str, avals), *(f"{name}={value!r}" for name, value in attrs.items())]
        return f"{primitive.name}({', '.join(given)}) -> {', '.join(map(str, results))}"
    return ""


def primitives() -> str:
    """The page of the operators of the IR, for authors of backends."""
    from mindspore.compiler.primitives.base import PRIMITIVES
    entries = []
    for name, primitive in sorted(PRIMITIVES.items()):
        text = markdown(inspect.getdoc(type(primitive)) or "")
        entries.append("\n".join([f"## {name}", "", text, "", *facts(primitive), ""]))
    return "\n".join(["# Primitives", "", "The operators of the IR, each with its meaning and derivative. A backend "
                      "has a kernel for some of them; the others are decomposed, or run on the host.", "", *entries])
