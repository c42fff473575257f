"""The documentation as data: where its files are, their code blocks, and what they name.

A page is a Markdown file. Its examples are fenced blocks:

* ```` ```python ```` is run; the ```` ```text ```` block right after it is what it prints, and a block without one
  prints nothing;
* a ```` ```python ```` block whose first line is a comment that names a file, as in `# net.py`, is also that file, in
  the folder in which the examples of the page run;
* ```` ```console ```` holds commands after `$ `, each followed by what it prints; they run if they begin with
  `python -m mindspore`.

In what is printed, `...` stands for any text. Other blocks (`sh`, `toml`, `text` alone) are not run.
"""
from __future__ import annotations

import ast
import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest


def _repository() -> Path | None:
    """The folder that holds both this test and the documentation; None where the package's tests travel alone."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "docs" / "README.md").is_file() and (folder / "packages").is_dir():
            return folder
    return None


ROOT = _repository()
DOCS = None if ROOT is None else ROOT / "docs"
CORE = Path("packages") / "mindspore-core" / "src" / "mindspore"
needs_docs = pytest.mark.skipif(ROOT is None, reason="the folder docs is not beside packages: these tests check it")


def pages() -> list[Path]:
    """All pages of the documentation."""
    return [] if DOCS is None else sorted(DOCS.glob("*.md"))


def absent_packages() -> list[str]:
    """The packages of this repository that pages describe and that are not there."""
    named = {name for page in pages() for name in re.findall(r"packages/(mindspore-\w+)", page.read_text())}
    return sorted(name for name in named if not (ROOT / "packages" / name).is_dir())


needs_packages = pytest.mark.skipif(
    bool(absent_packages()), reason=f"pages describe packages that are not there: {', '.join(absent_packages())}")


@dataclass
class Block:
    """A fenced block: its language, its text, and the line numbers of that text and of the closing fence."""

    language: str
    text: str
    line: int
    end: int


_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        found.append(Block(match[1], match[2], line, text.count("\n", 0, match.end()) + 1))
    return found


@dataclass
class Example:
    """A block to run and the block that shows what it prints, if there is one."""

    block: Block
    output: Block | None

    @property
    def shown(self) -> str:
        return "" if self.output is None else self.output.text


def examples(page: Path) -> list[Example]:
    """The ```` ```python ```` blocks of a page, each with the text that is shown right after it."""
    found = []
    every = blocks(page)
    for block, after in zip(every, [*every[1:], None]):
        if block.language == "python":
            follows = after is not None and after.language == "text" and after.line - block.end <= 3
            found.append(Example(block, after if follows else None))
    return found


def commands(page: Path) -> list[tuple[str, str]]:
    """(command, what it prints) in the ```` ```console ```` blocks of a page."""
    found = []
    for block in blocks(page):
        if block.language == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                found.append((command, printed))
    return found


def environment() -> dict[str, str]:
    """The environment of a process in which none of our variables are set, but for the one that says where machine code
    is kept: not with the user's."""
    return {name: value for name, value in os.environ.items() if name == "MS_CPU_CACHE" or not name.startswith("MS_")}


def run_python(arguments: list[str], folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, in that environment."""
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment(), input=given,
                          capture_output=True, text=True, timeout=300)


def run_examples(sources: list[str], folder: Path) -> list[tuple[str, str | None]]:
    """(printed text, traceback or None) of each source, up to the first that fails; see `run_examples.py`."""
    runner = Path(__file__).with_name("run_examples.py")
    done = run_python([str(runner), str(folder)], folder, json.dumps(sources))
    assert done.returncode == 0, done.stderr
    return [(printed, failure) for printed, failure in json.loads(done.stdout)]


def agrees(shown: str, printed: str) -> bool:
    """Whether an output is what the page shows; `...` in the page stands for any text."""
    return doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS)


def prose(page: Path) -> str:
    """The text of a page outside of its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def code_spans(text: str) -> list[str]:
    """What stands between backquotes."""
    return re.findall(r"`([^`\n]+)`", text)


@cache
def sources(*suffixes: str) -> list[Path]:
    """The repository's source files of these kinds, without what builds leave behind."""
    assert ROOT is not None
    left_behind = {"build", "dist", "__pycache__", "node_modules"}
    folders = [ROOT / name for name in ("packages", "tools", "tests", "benchmarks", "examples")]
    return [path for folder in folders for path in sorted(folder.rglob("*"))
            if path.suffix in suffixes and path.is_file()
            and not any(part in left_behind or part.startswith(".") for part in path.relative_to(ROOT).parts)]


def words(paths: Iterable[Path]) -> set[str]:
    """The names and other words in some files."""
    return {word for path in paths for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


@cache
def string_constants(path: Path) -> list[str]:
    """The string literals of a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
