"""The documentation names everything that it has to, and nothing that does not exist."""
from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import subprocess
import sys

import docs_files as docs
import pytest

from mindspore.plugin import hookspecs, manager, protocols, versions

pytestmark = docs.needs_docs
VARIABLE = re.compile(r"\bMS_[A-Z0-9_]+\b")
SOURCES = (".py", ".h", ".cpp")


def read(name: str) -> str:
    return (docs.DOCS / name).read_text(encoding="utf-8")


def spans(name: str) -> list[str]:
    """What stands between backquotes on a page, without the backslashes that tables need."""
    return [span.replace(r"\|", "|") for span in docs.code_spans(docs.prose(docs.DOCS / name))]


# -- files, links and names --------------------------------------------------------------------------------------------


def test_the_index_lists_every_page():
    linked = set(re.findall(r"\]\((\w[\w-]*\.md)\)", read("README.md")))
    assert linked == {page.name for page in docs.pages()} - {"README.md"}


@pytest.mark.parametrize("page", docs.pages(), ids=lambda p: p.stem)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", re.sub(r"`[^`]*`", "", docs.prose(page)))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


@docs.needs_packages
@pytest.mark.parametrize("page", docs.pages(), ids=lambda p: p.stem)
def test_files_that_are_named_exist(page):
    """A path between backquotes is the end of some file's path, from a whole folder name on."""
    present = ["/" + path.relative_to(docs.ROOT).as_posix()
               for path in [*docs.sources(*SOURCES, ".toml", ".md"), *docs.pages(), *docs.ROOT.glob("*.*")]]
    named = [s for s in spans(page.name) if re.fullmatch(r"[\w./-]+/[\w-]+\.(py|h|cpp|md|toml|ini)", s)]
    missing = [name for name in named if not any(path.endswith("/" + name) for path in present)]
    assert not missing


@docs.needs_packages
@pytest.mark.parametrize("page", docs.pages(), ids=lambda p: p.stem)
def test_tables_of_files_name_what_is_in_them(page):
    """In a row that begins with a source file, what looks like a Python or C++ name occurs in that file."""
    missing = []
    for row in re.findall(r"^\|\s*`([\w/.-]+\.(?:py|h))`\s*\|(.*)$", docs.prose(page), re.MULTILINE):
        files = [p for p in docs.sources(".py", ".h") if p.as_posix().endswith("/" + row[0])]
        words = docs.words(files)
        for span in docs.code_spans(row[1]):
            name = re.match(r"[A-Za-z_][\w.]*", span)
            if name and not set(name[0].split(".")) <= words:
                missing.append(f"{row[0]}: {span}")
    assert not missing


@pytest.mark.parametrize("page", docs.pages(), ids=lambda p: p.stem)
def test_names_of_the_package_resolve(page):
    named = {re.sub(r"\(.*", "", s) for s in spans(page.name) if re.match(r"mindspore(\.\w+)+(\(|$)", s)}
    missing = [name for name in sorted(named - {manager.GROUP}) if not _resolves(name)]
    assert not missing


def _resolves(name: str) -> bool:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[cut:]:
            found = getattr(found, attribute, None)
        return found is not None
    return False


@docs.needs_packages
@pytest.mark.parametrize("name", ["architecture.md", "writing-a-backend.md", "writing-a-primitive.md"])
def test_names_of_the_code_occur_in_the_code(name):
    """A page on the code names functions, classes and attributes that some source file has."""
    words = docs.words(path for path in docs.sources(*SOURCES) if "docs" not in path.parts)
    named = [s for s in spans(name) if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*(\(.*\))?", s)]
    missing = [s for s in named if not set(re.sub(r"\(.*", "", s).split(".")) <= words]
    assert named and not missing


def test_limits_that_are_quoted_are_those_of_the_code():
    """`NAME` (number) on a page is a constant of that value in some module."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in docs.sources(".py"))
    quoted = [pair for page in docs.pages() for pair in re.findall(r"`([A-Z_]+)` \((\d+)\)", docs.prose(page))]
    wrong = [(name, number) for name, number in quoted if not re.search(rf"^{name} = {number}$", text, re.MULTILINE)]
    assert quoted and not wrong


# -- environment variables ---------------------------------------------------------------------------------------------


def variables_in_use() -> set[str]:
    """Names that stand alone in a string of a source file: that is how a variable is read."""
    found = set()
    for path in docs.sources(".py"):
        found.update(s for s in docs.string_constants(path) if VARIABLE.fullmatch(s))
    for path in docs.sources(".h", ".cpp"):
        found.update(re.findall(r'"(MS_[A-Z0-9_]+)"', path.read_text(encoding="utf-8")))
    return found


def macros_of_the_kit() -> set[str]:
    """Names that the C++ headers define."""
    return {name for path in docs.sources(".h")
            for name in re.findall(r"^#define (MS_[A-Z0-9_]+)", path.read_text(encoding="utf-8"), re.MULTILINE)}


@docs.needs_packages
def test_every_environment_variable_is_described_and_every_description_has_one():
    described = re.findall(r"^\| `(MS_\w+)` \|", read("environment.md"), re.MULTILINE)
    assert len(described) == len(set(described))
    assert set(described) == variables_in_use()


def test_messages_and_docstrings_name_variables_that_are_read():
    headers = "\n".join(path.read_text(encoding="utf-8") for path in docs.sources(".h"))
    known = variables_in_use() | set(re.findall(r"#define (MS_\w+)", headers))
    unknown = [(path.name, name) for path in docs.sources(".py") for text in docs.string_constants(path)
               for name in VARIABLE.findall(text) if name not in known]
    assert not unknown


@docs.needs_packages
def test_pages_name_variables_that_are_read():
    used = variables_in_use() | macros_of_the_kit()
    unknown = [(page.name, name) for page in docs.pages() for name in VARIABLE.findall(page.read_text())
               if name not in used]
    assert not unknown


# -- the plugin contract -----------------------------------------------------------------------------------------------


def signature(function) -> str:
    """A signature as it stands in the source: annotations without quotes."""
    return str(inspect.signature(function)).replace("'", "") if callable(function) else ""


def test_every_hook_is_described_with_its_signature():
    hooks = {f"{name}{signature(hook)}" for name, hook in vars(hookspecs).items()
             if hasattr(hook, "mindspore_spec")}
    described = {s for s in spans("writing-a-backend.md") if re.fullmatch(r"mindspore_\w+\(.*\)", s)}
    assert hooks and hooks == described


def test_every_hook_and_every_later_part_says_since_when_it_is():
    text = read("writing-a-backend.md")
    rows = dict(re.findall(r"^\| `(mindspore_\w+)\(.*?\)` \| (\d+) \|", text, re.MULTILINE))
    hooks = [name for name, hook in vars(hookspecs).items() if hasattr(hook, "mindspore_spec")]
    assert hooks and rows == {name: str(versions.since(name)) for name in hooks}
    table = text.partition("| version | what it brought |")[2].partition("\n\n")[0]
    brought = dict(re.findall(r"^\| (\d+) \| (.*) \|$", table, re.MULTILINE))
    assert set(brought) == set(map(str, versions.HISTORY))
    for version, names in versions.HISTORY.items():
        if version > 1:
            assert set(docs.code_spans(brought[str(version)])) == set(names)


@pytest.mark.parametrize("protocol", [protocols.Allocator, protocols.Backend])
def test_every_method_of_the_protocols_is_described_with_its_signature(protocol):
    methods = {f"{name}{signature(method)}" for name, method in vars(protocol).items()
               if inspect.isfunction(method) and not name.startswith("_")}
    assert methods and methods <= set(spans("writing-a-backend.md"))


@pytest.mark.parametrize("described", [protocols.BackendInfo, protocols.Capabilities, protocols.KernelSpec])
def test_every_field_of_the_contract_is_described_with_type_and_default(described):
    for field in dataclasses.fields(described):
        default = "" if field.default is dataclasses.MISSING else f" = {field.default!r}"
        assert f"{field.name}: {field.type}{default}" in spans("writing-a-backend.md"), field.name


def test_every_optional_method_of_devices_is_described():
    """Core asks a device for them by name."""
    asked = set()
    for path in docs.sources(".py"):
        if docs.CORE.as_posix() in path.as_posix() and "conformance" not in path.parts:
            asked.update(re.findall(
                r'(?:getattr|required)\((?:\w+\.)?(?:device|opened)(?:\([^()]*\))?, "(\w+)"', path.read_text("utf-8")))
    table = read("writing-a-backend.md").partition("Optional methods of a device")[2].partition("###")[0]
    described = set(re.findall(r"^\| `(\w+)\(", table, re.MULTILINE))
    assert asked and asked <= described
    # called where capabilities.host_memory says so, without a question; and by the conformance suite alone
    assert described - asked == {"as_numpy", "fail_next_kernel"}


def test_every_field_of_a_plan_is_described():
    from mindspore.compiler.program import Plan
    table = read("writing-a-backend.md").partition("| field of `Plan` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {f.name for f in dataclasses.fields(Plan)}


# -- primitives and commands -------------------------------------------------------------------------------------------


def test_every_part_of_a_primitive_is_described():
    from mindspore.compiler.primitives import Primitive, Sample
    words = {w for span in spans("writing-a-primitive.md") for w in re.findall(r"\w+", span)}
    assert {name for name in vars(Primitive) if not name.startswith("_")} <= words
    assert {field.name for field in dataclasses.fields(Sample)} <= words


def test_every_command_is_described():
    from mindspore.__main__ import COMMANDS
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", read("commands.md"), re.DOTALL | re.MULTILINE))
    assert set(sections) == set(COMMANDS)
    for command, help_text in COMMANDS.items():
        assert help_text.partition(":")[0] in " ".join(sections[command].replace("List", "list").split()).replace(
            "Check", "check")
        usage = subprocess.run([sys.executable, "-m", "mindspore", command, "-h"], capture_output=True, text=True)
        assert usage.returncode == 0
        arguments = re.findall(r"^  ([A-Z][A-Z:]*|--?\w[\w-]*)", usage.stdout, re.MULTILINE)
        missing = [a for a in arguments if a not in ("-h", "--help") and a not in sections[command]]
        assert not missing
