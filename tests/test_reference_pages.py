"""The site of the documentation has a page for everything that is public, made from docstrings where nobody wrote one,
and lists by which a reader gets there."""
from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from mindspore import plugin
from mindspore.__main__ import COMMANDS
from mindspore.compiler.ir import Graph
from mindspore.compiler.primitives import PRIMITIVES
from mindspore.plugin import hookspecs, versions

ROOT = Path(__file__).resolve().parents[1]
HOOKS = [name for name, found in vars(hookspecs).items() if hasattr(found, "mindspore_spec")]


def load(name: str):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "tools"))


reference_pages, build_docs = load("reference_pages"), load("build_docs")


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    """The sources of the site: file name -> text."""
    folder = tmp_path_factory.mktemp("site") / "source"
    build_docs.write_sources(folder)
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


def leads_to(pages: dict[str, str], start: str) -> set[str]:
    """The pages that the tables of contents reach from a page."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name in found or f"{name}.md" not in pages:
            continue
        found.add(name)
        for listed in re.findall(r"```\{toctree\}\n(.*?)```", pages[f"{name}.md"], re.DOTALL):
            waiting += [line for line in listed.splitlines() if line and not line.startswith(":")]
    return found


def test_the_contents_lead_to_every_page(pages):
    assert leads_to(pages, "index") == {name.removesuffix(".md") for name in pages} - {"overview"}


@pytest.mark.parametrize("name", [*HOOKS, *plugin.__all__])
def test_every_part_of_the_contract_has_its_page(pages, name):
    text = pages[f"contract-{name}.md"]
    assert text.startswith(f"# {name}\n") and f"Since plugin API {versions.since(name)}." in text
    assert re.search(rf"^:+\{{py:\w+\}} mindspore\.plugin\.(hookspecs\.)?{name}\b", text, re.MULTILINE)
    body = text.partition("of the plugin contract.")[2].partition("\n\n")[2].strip(" \n:")
    assert len(body) > 20, "the page says nothing"
    assert f"]({'contract-' + name}.md), " in pages["contract.md"]


def test_the_page_of_a_protocol_has_its_members_with_their_versions(pages):
    methods = re.findall(r"^:::\{py:method\} (\w+)", pages["contract-Allocator.md"], re.MULTILINE)
    assert methods == ["allocate", "copy_from_host", "copy_to_host", "copy", "synchronize"]
    optional = re.findall(r"^:::\{py:method\} (\w+)", pages["contract-FullDevice.md"], re.MULTILINE)
    assert {f"Device.{name}" for name in optional} <= set(sum(versions.HISTORY.values(), ()))


@pytest.mark.parametrize("name", [*HOOKS, "Allocator", "Backend", "Communicator", "Device", "Executable", "Failures",
                                  "FullDevice", "Group", "KernelError", "KernelSpec"])
def test_the_guide_leads_to_the_page_of_a_part(pages, name):
    assert f"](contract-{name}.md)" in pages["writing-a-backend.md"]


def test_names_in_code_and_in_links_stay_as_they_are():
    contract_pages = load("contract_pages")
    text = "a `Device`, [`Group`](x.md), `Devices`\n\n```python\n`Device`\n```\n\n`mindspore_kernels(backend)`\n"
    assert contract_pages.linked(text) == (
        "a [`Device`](contract-Device.md), [`Group`](x.md), `Devices`\n\n```python\n`Device`\n```\n\n"
        "[`mindspore_kernels(backend)`](contract-mindspore_kernels.md)\n")


def test_every_command_and_every_variable_has_its_place(pages):
    assert set(re.findall(r"^## ([\w-]+)$", pages["commands.md"], re.MULTILINE)) == set(COMMANDS)
    assert "`MS_FORBID_HOST_FALLBACK`" in pages["environment.md"]


def test_every_primitive_has_an_entry_with_its_meaning(pages):
    entries = dict(re.findall(r"^## (\w+)\n\n(.*)$", pages["primitives.md"], re.MULTILINE))
    assert set(entries) == set(PRIMITIVES) and all(entries.values())


@pytest.mark.parametrize("name", PRIMITIVES)
def test_the_entry_of_a_primitive_has_what_a_kernel_is_asked_for(pages, name):
    entry = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", pages["primitives.md"], re.DOTALL | re.MULTILINE)[1]
    listed = re.search(r"^\* attributes: (.*)$", entry, re.MULTILINE)
    named = re.findall(r"(?:^|, )`(\w+)`", listed[1]) if listed else []
    assert named == list(PRIMITIVES[name].attrs) and "* element types: " in entry
    samples = [s for s in PRIMITIVES[name].samples() if s.error is None]
    values = [value for s in samples for value in s.attrs.values()]
    if not any(isinstance(v, Graph) for value in values for v in (value if isinstance(value, tuple) else (value,))):
        assert ("* for example `" in entry) == bool(samples)


def test_examples_of_primitives_are_calls_with_types(pages):
    text = pages["primitives.md"]
    assert "`sum(float64[3,5], axis=(1,), keepdims=False) -> float64[3]`" in text
    assert "padding=(0, 0, 0, 0), dilation=(1, 1), groups=1) -> float64[2,4,5,4]`" in text


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
