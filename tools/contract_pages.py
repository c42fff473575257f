"""The pages of the plugin contract: one for each hook and for each part of `mindspore.plugin`, from their docstrings.

A page says since which version of the contract there is such a part, what it means, what its members are, and shows an
example where the docstring has one. Constants and type aliases are described by the string after their assignment.
"""
from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from functools import cache
from types import ModuleType
from typing import Any

from reference_pages import directive, escaped, markdown, signature

from mindspore import plugin
from mindspore.plugin import hookspecs, versions

CONTENTS = "contract.md"
# Classes whose members are called the device's: core looks for them there by name.
MEMBERS_OF = {"FullDevice": "Device"}


def hooks() -> dict[str, Any]:
    """The hooks by name, in the order of their declarations."""
    return {name: found for name, found in vars(hookspecs).items() if hasattr(found, "mindspore_spec")}


def parts() -> dict[str, Any]:
    """What else the contract consists of, by name."""
    return {name: getattr(plugin, name) for name in sorted(plugin.__all__)}


@cache
def strings_after_assignments(module: ModuleType) -> dict[str, str]:
    """Name -> the string that follows its assignment in the module's source."""
    body = ast.parse(inspect.getsource(module)).body
    return {node.targets[0].id: ast.literal_eval(after.value) for node, after in zip(body, body[1:])
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)}


def home(name: str) -> ModuleType | None:
    """The module of `mindspore.plugin` that assigns a constant, an alias or a marker and describes it by a string."""
    for info in pkgutil.iter_modules(plugin.__path__, "mindspore.plugin."):
        module = importlib.import_module(info.name)
        if name in strings_after_assignments(module):
            return module
    return None


def meaning(name: str, found: Any) -> str:
    """The text of a part: its docstring, or the string after its assignment."""
    module = home(name)
    return inspect.getdoc(found) or "" if module is None else strings_after_assignments(module)[name]


def kind(found: Any) -> str:
    """What a part is, in a word for readers."""
    if hasattr(found, "mindspore_spec"):
        return "hook"
    if inspect.isclass(found):
        if issubclass(found, BaseException):
            return "error"
        if getattr(found, "_is_protocol", False):
            return "protocol"
        return "data" if dataclasses.is_dataclass(found) else "class"
    if inspect.isfunction(found):
        return "function"
    return "value" if isinstance(found, int | str) else "alias" if hasattr(found, "__args__") else "marker"


def version(name: str, member: str | None = None) -> int:
    """The plugin API version that brought a part, or a member of it."""
    return versions.since(f"{MEMBERS_OF.get(name, name)}.{member}" if member else name)


def members(name: str, found: type) -> list[str]:
    """The entries of a class's own attributes and methods."""
    defaults = {f.name: f for f in dataclasses.fields(found)} if dataclasses.is_dataclass(found) else {}
    entries = []
    for key, annotation in vars(found).get("__annotations__", {}).items():
        if key.startswith("_"):
            continue
        default = defaults[key].default if key in defaults else dataclasses.MISSING
        shown = "" if default is dataclasses.MISSING else f", `{default!r}` unless given"
        entries.append(directive("attribute", key, "", f"`{annotation}`{shown}. {_since(version(name, key))}"))
    for key, method in vars(found).items():
        if inspect.isfunction(method) and not key.startswith("_"):
            text = "\n\n".join([markdown(method.__doc__ or ""), _since(version(name, key))])
            entries.append(directive("method", key, signature(method, True), text))
    return entries


def _since(number: int) -> str:
    return f"Since plugin API {number}."


def page(name: str, found: Any) -> str:
    """The page of a hook or another part."""
    text = "\n\n".join([f"{kind(found).capitalize()} of the plugin contract. {_since(version(name))}",
                        markdown(meaning(name, found))])
    path = f"mindspore.plugin.{'hookspecs.' if kind(found) == 'hook' else ''}{name}"
    if inspect.isclass(found):
        inside = [] if kind(found) == "error" else members(name, found)
        entry = directive("class", path, signature(found), "\n".join([text, "", *inside]), 4)
    elif inspect.isfunction(found):
        entry = directive("function", path, signature(found), text)
    else:
        shown = f"Its value is `{found!r}`." if kind(found) == "value" else ""
        entry = directive("data", path, "", "\n\n".join(filter(None, [text, shown])))
    return f"# {name}\n\n{entry}"


def file_name(name: str) -> str:
    """The file of a part's page."""
    return f"contract-{name}.md"


def linked(text: str) -> str:
    """A page's text in which parts that are named between backquotes, not in code blocks or links, lead to their
    pages."""
    names = "|".join([*hooks(), *parts()])
    span = re.compile(rf"(?<!\[)`({names})(\([^`]*\))?`")
    blocks = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if k % 2 else span.sub(lambda m: f"[{m[0]}]({file_name(m[1])})", part)
                   for k, part in enumerate(blocks))


def pages() -> dict[str, str]:
    """File name -> text: the list of all parts, and a page for each."""
    made = {file_name(name): page(name, found) for name, found in {**hooks(), **parts()}.items()}
    lines = ["# The plugin contract", "",
             "A page for each hook and each other part, made from the docstrings; [writing-a-backend.md]"
             "(writing-a-backend.md) goes through them in the order in which an author needs them.", ""]
    for title, listed in (("Hooks", hooks()), ("Other parts", parts())):
        lines += [f"## {title}", ""]
        for name, found in listed.items():
            first = " ".join(meaning(name, found).partition("\n\n")[0].split()).partition(". ")[0].rstrip(".:")
            lines.append(f"* [{name}]({file_name(name)}), {kind(found)}: {escaped(first)}")
        lines.append("")
    lines += ["```{toctree}", ":hidden:", "", *(name.removesuffix(".md") for name in made), "```", ""]
    return {CONTENTS: "\n".join(lines), **made}

