"""How much of MindSpore's interface is here: what `python -m mindspore coverage` prints.

`interface_names.txt` beside this file lists the names, a section for each module and for the members of central
classes. A name is *present* if its module can be imported and has it.

In a source tree a present name is also *tested* or not. Tests are read, not run: a name counts as tested if a test
file refers to its object. A reference is a dotted expression that begins with something imported from the package
(`ops.relu` after `from mindspore import ops`), under whatever name the object is known elsewhere: `ops.relu` and
`mint.nn.functional.relu` are one function if they are one object. A file that looks names up in a module,
`getattr(ops, name)`, refers to those of the module's names that stand in its strings. A member of a class counts as
tested if some test uses an attribute of that name, since the class of what stands before the dot is not known. So the
number says how many names some test touches, not how well.
"""
from __future__ import annotations

import ast
import difflib
import importlib
import json
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("interface_names.txt")
CLASS = "class "


@cache
def interface() -> dict[str, tuple[str, ...]]:
    """Section -> its names. A section is a module, or `class ` and the path of a class."""
    sections: dict[str, list[str]] = {}
    names: list[str] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            names = sections.setdefault(line[1:-1], [])
        elif not line.startswith("#"):
            names += line.split()
    return {section: tuple(names) for section, names in sections.items()}


@dataclass
class Coverage:
    """The names of one section: those that are present, those of them that are tested (None outside of a source
    tree), and those that are missing."""

    present: list[str] = field(default_factory=list)
    tested: list[str] | None = None
    missing: list[str] = field(default_factory=list)


def coverage(sections: list[str], references: References | None) -> dict[str, Coverage]:
    """What of these sections is present and, by the references of tests, tested."""
    found = {}
    for section in sections:
        owner = resolve(section.removeprefix(CLASS))
        entry = found[section] = Coverage(tested=None if references is None else [])
        for name in interface()[section]:
            if owner is None or not hasattr(owner, name):
                entry.missing.append(name)
                continue
            entry.present.append(name)
            if references is not None and references.touch(section, name, getattr(owner, name)):
                entry.tested.append(name)  # type: ignore[union-attr]
    return found


def resolve(path: str) -> Any:
    """The module or object at a dotted path; None if there is none."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        try:
            for attribute in parts[cut:]:
                value = getattr(value, attribute)
        except (AttributeError, ImportError):
            return None
        return value
    return None


def source_tests() -> list[Path]:
    """The test files of the source tree that this package runs from; none where it is installed."""
    for root in Path(__file__).resolve().parents:
        if (root / "packages").is_dir() and (root / "docs" / "README.md").is_file():
            folders = [root / "tests", *(root / "packages").glob("*/tests")]
            return sorted(path for folder in folders for path in folder.rglob("*.py"))
    return []


class References:
    """What test files refer to: dotted paths, the objects at their ends, and names of attributes."""

    def __init__(self, files: list[Path]):
        self.paths: set[str] = set()
        self.attributes: set[str] = set()
        for path in files:
            self._read(ast.parse(path.read_text(encoding="utf-8")))
        self._objects = {id(value) for value in map(resolve, sorted(self.paths)) if callable(value)}

    def touch(self, section: str, name: str, value: Any) -> bool:
        """Whether a test refers to this name of a section, or to its object under another name."""
        if section.startswith(CLASS):
            return name in self.attributes
        return f"{section}.{name}" in self.paths or callable(value) and id(value) in self._objects

    def _read(self, tree: ast.Module) -> None:
        nodes = _Nodes(tree)
        imported = dict(_imports(nodes.imports))
        for name, value in nodes.renamed:
            imported.setdefault(name, _dotted(value, imported) or "")
        imported = {name: path for name, path in imported.items() if path}
        self.paths.update(imported.values())
        self.attributes.update(node.attr for node in nodes.attributes)
        self.paths.update(path for path in (_dotted(node, imported) for node in nodes.attributes) if path is not None)
        words = nodes.words() if nodes.lookups else set()
        for call in nodes.lookups:
            module, (before, after) = _dotted(call.args[0], imported), _around(call.args[1])
            found = {f"{before}{word}{after}" for word in words}
            if module is None:
                self.attributes |= found
            else:
                self.paths.update(f"{module}.{name}" for name in found)


class _Nodes:
    """What of a file's syntax tree matters here, from one walk over it."""

    def __init__(self, tree: ast.Module):
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.attributes: list[ast.Attribute] = []
        self.lookups: list[ast.Call] = []
        self.renamed: list[tuple[str, ast.expr]] = []
        self.texts: list[ast.Constant] = []
        self.prose: set[int] = set()
        pending: list[ast.AST] = [tree]
        while pending:
            node = pending.pop()
            self._note(node)
            for value in node.__dict__.values():
                if isinstance(value, list):
                    pending += [item for item in value if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST):
                    pending.append(value)

    def _note(self, node: ast.AST) -> None:
        kind = type(node)
        if kind is ast.Attribute:
            self.attributes.append(node)        # type: ignore[arg-type]
        elif kind is ast.Constant:
            self.texts.append(node)             # type: ignore[arg-type]
        elif kind is ast.Expr:
            self.prose.add(id(node.value))      # type: ignore[attr-defined]
        elif kind is ast.Import or kind is ast.ImportFrom:
            self.imports.append(node)           # type: ignore[arg-type]
        elif kind is ast.Assign and isinstance(node.value, ast.Attribute):  # type: ignore[attr-defined]
            self.renamed += [(target.id, node.value) for target in node.targets  # type: ignore[attr-defined]
                             if isinstance(target, ast.Name)]
        elif kind is ast.Call and _looks_up(node):  # type: ignore[arg-type]
            self.lookups.append(node)           # type: ignore[arg-type]

    def words(self) -> set[str]:
        """The identifiers in the file's strings, one or several with spaces between them, without docstrings."""
        texts = [node.value.split() for node in self.texts
                 if isinstance(node.value, str) and id(node) not in self.prose]
        return {word for words in texts if all(word.isidentifier() for word in words) for word in words}


def _looks_up(call: ast.Call) -> bool:
    """Whether `getattr` is asked for a name which is not written there."""
    return (isinstance(call.func, ast.Name) and call.func.id in ("getattr", "hasattr") and len(call.args) > 1
            and not isinstance(call.args[1], ast.Constant))


def _around(name: ast.expr) -> tuple[str, str]:
    """What stands before and behind the only varying part of a name, as "coo_" in f"coo_{name}"."""
    parts = name.values if isinstance(name, ast.JoinedStr) else []
    varying = [k for k, part in enumerate(parts) if isinstance(part, ast.FormattedValue)]
    if len(varying) != 1:
        return "", ""
    fixed = [str(part.value) if isinstance(part, ast.Constant) else "" for part in parts]
    return "".join(fixed[:varying[0]]), "".join(fixed[varying[0] + 1:])


def _imports(nodes: list[ast.Import | ast.ImportFrom]) -> Iterator[tuple[str, str]]:
    """(local name, path) of what a file imports from the package. What comes from a module of the tests under the
    name of one of the package's modules counts as that module, which is how tables of programs get theirs."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "mindspore":
                    yield (alias.asname, alias.name) if alias.asname else ("mindspore", "mindspore")
        elif node.module:
            package = node.module if node.module.split(".")[0] == "mindspore" else "mindspore"
            for alias in node.names:
                if package == node.module or alias.name in ("Tensor", "Parameter", "nn", "ops", "mint", "grad"):
                    yield alias.asname or alias.name, f"{package}.{alias.name}"


def _dotted(node: ast.expr, imported: dict[str, str]) -> str | None:
    """The path of a dotted expression that begins with an imported name."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in imported:
        return ".".join([imported[node.id], *reversed(attributes)])
    return None


def report(modules: list[str], as_json: bool) -> str:
    """What the command prints about these modules and classes, or about all.

    Raises:
        LookupError: the interface has no such module or class.
    """
    by_path = {section.removeprefix(CLASS): section for section in interface()}
    for wanted in modules:
        if wanted not in by_path:
            near = difflib.get_close_matches(wanted, by_path, n=3) or ["mindspore", "mindspore.nn", "mindspore.Tensor"]
            raise LookupError(f"the interface has no module or class {wanted!r}; did you mean {' or '.join(near)}?")
    chosen = [by_path[wanted] for wanted in dict.fromkeys(modules or by_path)]
    files = source_tests()
    found = coverage(chosen, References(files) if files else None)
    if as_json:
        return json.dumps({section: vars(entry) for section, entry in found.items()}, indent=1)
    return "\n".join(_lines(found, names=bool(modules)))


def _lines(found: dict[str, Coverage], names: bool) -> Iterator[str]:
    yield f"{'':50}{'names':>8}{'present':>9}{'tested':>8}"
    columns = [0, 0, 0]
    for section, entry in found.items():
        tested = "" if entry.tested is None else len(entry.tested)
        total = len(entry.present) + len(entry.missing)
        yield f"{section:50}{total:8}{len(entry.present):9}{tested:8}"
        columns = [columns[0] + total, columns[1] + len(entry.present), columns[2] + len(entry.tested or ())]
        if names:
            untested = [] if entry.tested is None else [n for n in entry.present if n not in entry.tested]
            for title, listed in (("missing", entry.missing), ("not tested", untested)):
                if listed:
                    yield textwrap.fill(f"{title}: {' '.join(listed)}", 118, initial_indent="    ",
                                        subsequent_indent="        ")
    if len(found) > 1:
        known = any(entry.tested is not None for entry in found.values())
        yield f"{'all':50}{columns[0]:8}{columns[1]:9}{columns[2] if known else '':8}"
