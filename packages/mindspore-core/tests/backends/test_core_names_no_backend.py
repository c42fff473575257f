"""Core imports no backend and asks for none by name: what is installed is known by entry points alone."""
from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mindspore

SOURCE = Path(mindspore.__file__).parent
OWN = "reference"
"""The one backend that core may name: it ships in core."""

ASKING = ("device", "use_backend", "is_open")
"""Functions whose first argument is the name of a backend."""

# What pip calls otherwise than Python does.
IMPORTED_AS = {"pillow": "PIL", "protobuf": "google"}

EXTRAS = {"av", "cryptography", "pytest", "sentencepiece"}
"""What the extras `encryption`, `media` and `testing` bring, imported where it is needed."""


@pytest.fixture(scope="module")
def nodes() -> dict[str, list[ast.AST]]:
    """The syntax of every source file of core."""
    return {path.relative_to(SOURCE).as_posix(): list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            for path in sorted(SOURCE.rglob("*.py"))}


def findings(nodes: list[ast.AST]) -> Iterator[str]:
    """Imports of `mindspore_*`, and places at which a backend is asked for by a name that stands in the source."""
    for node in nodes:
        for module in _imported(node):
            if re.match(r"mindspore_\w", module):
                yield f"line {node.lineno}: imports {module}"
        for name in _asked_for(node):
            if name != OWN:
                yield f"line {node.lineno}: asks for the backend {name!r}"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module and not node.level else []
    if isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__", "find_spec", "version",
                                                        "distribution"):
        return [text.replace("-", "_") for text in _strings(node.args)]
    return []


def _called(node: ast.Call) -> str:
    return _last(node.func)


def _last(node: ast.AST) -> str:
    """The last name of an expression: `backends` of `manager.backends()`, `info.name` of `found.info.name`."""
    if isinstance(node, ast.Call):
        return _last(node.func)
    if isinstance(node, ast.Attribute):
        return "info.name" if node.attr == "name" and _last(node.value) == "info" else node.attr
    return getattr(node, "id", "")


def _strings(nodes: list) -> list[str]:
    return [part.value for node in nodes for part in ast.walk(node)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def _asked_for(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Call) and _called(node) in ASKING:
        return [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if isinstance(node, ast.Subscript) and _last(node.value) == "backends":
        return _strings([node.slice]) if isinstance(node.slice, ast.Constant) else []
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        if any(_last(side) in ("info.name", "backend_name", "backends") for side in sides):
            return _strings(sides)
    return []


def test_no_source_imports_a_backend_or_asks_for_one_by_name(nodes):
    assert len(nodes) > 300
    assert not [f"{path}, {what}" for path, found in nodes.items() for what in findings(found)]


@pytest.mark.parametrize("source", [
    "import mindspore_tiny", "from mindspore_tiny.device import x", "importlib.import_module('mindspore_tiny')",
    "def f():\n    from mindspore_tiny import y", "importlib.metadata.version('mindspore-tiny')",
    "manager.device('tiny')", "use_backend('tiny')", "manager.backends()['tiny']",
    "if backend.info.name == 'tiny': pass", "if device.backend_name() in ('tiny', 'reference'): pass",
    "'tiny' in manager.backends()",
])
def test_what_the_search_is_for_is_found(source):
    assert len(list(findings(list(ast.walk(ast.parse(source)))))) == 1


@pytest.mark.parametrize("source", ["import mindspore.nn", "manager.device('reference')", "manager.device(name)",
                                    "'reference' in _state.backends", "_checked('device', value)"])
def test_what_is_allowed_is_not_found(source):
    assert not list(findings(list(ast.walk(ast.parse(source)))))


def test_imports_are_declared_dependencies(nodes):
    declared = {re.match(r"[\w.-]+", line)[0].lower().replace("-", "_")  # builders write either
                for line in importlib.metadata.requires("mindspore-core")}
    allowed = {IMPORTED_AS.get(name, name) for name in declared} | {*sys.stdlib_module_names, *EXTRAS, "mindspore"}
    tops = {module.partition(".")[0] for found in nodes.values() for node in found
            if isinstance(node, (ast.Import, ast.ImportFrom)) for module in _imported(node)}
    assert "numpy" in tops and not tops - allowed


ALONE = r"""
import importlib, importlib.metadata, pkgutil, sys

class NoOtherPackage:
    def find_spec(self, name, path=None, target=None):
        assert not name.startswith("mindspore_"), f"core imported {name}"

sys.meta_path.insert(0, NoOtherPackage())
every = importlib.metadata.entry_points
importlib.metadata.entry_points = lambda **chosen: [
    e for e in every(**chosen) if e.value.partition(":")[0].startswith("mindspore.")]
import numpy as np
import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.plugin import manager

for module in pkgutil.walk_packages(ms.__path__, "mindspore."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
assert set(manager.backends()) == {"reference"}, manager.backends()
assert [r.problem for r in manager.records()] == [None]
for mode in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
    ms.set_context(mode=mode)
    net = nn.Dense(3, 2)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1))
    x, y = Tensor(np.ones((4, 3), np.float32)), Tensor(np.zeros((4, 2), np.float32))
    losses = [float(step(x, y)) for _ in range(3)]
    assert losses[2] < losses[0], losses
print("alone")
"""


def test_core_works_where_no_other_package_is(tmp_path):
    """All of it is imported and a network is trained in a process to which no other package exists."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", ALONE], cwd=tmp_path, capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0 and done.stdout == "alone\n", done.stdout + done.stderr
