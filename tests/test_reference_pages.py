"""The reference pages of the documentation, which are made from docstrings, have everything that is public."""
from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from mindspore.compiler.primitives import PRIMITIVES
from mindspore.plugin import hookspecs

ROOT = Path(__file__).resolve().parents[1]


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference_pages = load("reference_pages")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference_pages.pages()


def test_every_primitive_has_an_entry_with_its_meaning(pages):
    entries = dict(re.findall(r"^## (\w+)\n\n(.*)$", pages["primitives.md"], re.MULTILINE))
    assert set(entries) == set(PRIMITIVES) and all(entries.values())


def test_every_hook_has_an_entry(pages):
    hooks = [name for name in vars(hookspecs) if name.startswith("mindspore_")]
    text = pages["mindspore.plugin.hookspecs.md"]
    assert hooks and all(re.search(rf"\b{hook}\(", text) for hook in hooks)


def test_layers_and_operators_are_described_once(pages):
    text = "\n".join(pages.values())
    for kind, name in (("class", "mindspore.nn.Dense"), ("function", "mindspore.ops.softmax"),
                       ("class", "mindspore.Tensor"), ("class", "mindspore.dataset.GeneratorDataset")):
        assert len(re.findall(rf"^:+{{py:{kind}}} {name}\b(?!\.)", text, re.MULTILINE)) == 1, name


@pytest.mark.parametrize("docstring, expected", [
    ("A.\n\nArgs:\n    x (Tensor): added,\n        over all axes.\n    *more: others.\n\nReturns:\n    A sum.",
     "A.\n\n\n**Args**\n\n* `x` (Tensor): added,\n  over all axes.\n* `*more`: others.\n\n\n**Returns**\n\nA sum."),
    ("a * b and `a * b` and <c>", "a \\* b and `a * b` and \\<c\\>"),
])
def test_docstrings_become_markdown(docstring, expected):
    assert reference_pages.markdown(docstring) == expected
