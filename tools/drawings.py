#!/usr/bin/env python3
"""The drawings of docs/architecture.md, made from the code: `python tools/drawings.py FOLDER` writes them as SVG.

    layers     the folders of mindspore-core and what they import when they are imported
    pipeline   what one call of a compiled function goes through, recorded while it runs
    contract   the classes of the plugin contract, and which speak of which in their signatures

A page asks for one with a line `<!-- drawing: NAME -->`, which `build_docs.py` replaces by the picture.
"""
from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from layered import Drawing, Outline

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "packages" / "mindspore-core" / "src" / "mindspore"
PAGE = ROOT / "docs" / "architecture.md"
MARK = re.compile(r"^<!-- drawing: (\w+) -->$", re.MULTILINE)
# Folders that are drawn as theirs, since the guide speaks of them one by one.
SPLIT = ("compiler",)


# -- folders and imports -----------------------------------------------------------------------------------------------


def folder_of(path: Path, source: Path) -> str | None:
    """The folder that stands for a source file in the drawing; None for files beside all folders."""
    parts = path.relative_to(source).parts[:-1]
    return "/".join(parts[:2 if parts[0] in SPLIT else 1]) if parts else None


def imported(path: Path, source: Path) -> Iterator[Path]:
    """The files of the package that a file imports when it is imported itself (not those that a function imports)."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            parts = module.split(".")
            if parts[0] == source.name:
                found = _file(parts[1:], source) or _file(parts[1:-1], source)
                if found is not None:
                    yield found


def _file(parts: list[str], source: Path) -> Path | None:
    path = source.joinpath(*parts)
    return next((p for p in (path / "__init__.py", path.with_suffix(".py")) if parts and p.is_file()), None)


def imports(source: Path = SOURCE) -> tuple[dict[str, int], dict[tuple[str, str], int]]:
    """The number of files of each folder, and for pairs of folders how many imports lead from one to the other."""
    files: dict[str, int] = {}
    arrows: dict[tuple[str, str], int] = {}
    for path in sorted(source.rglob("*.py")):
        here = folder_of(path, source)
        if here is None:
            continue
        files[here] = files.get(here, 0) + 1
        for other in imported(path, source):
            there = folder_of(other, source)
            if there is not None and there != here:
                arrows[here, there] = arrows.get((here, there), 0) + 1
    return files, arrows


def layers(source: Path = SOURCE) -> Drawing:
    """Folders, each above what it imports."""
    files, arrows = imports(source)
    drawing = Drawing("The folders of mindspore-core; arrows lead to what is imported")
    for name, number in files.items():
        kind = "other" if name.partition("/")[0] in SPLIT else "box"
        drawing.box(name, f"{number} file{'s' * (number > 1)}", kind=kind)
    for (start, end), number in arrows.items():
        drawing.arrow(start, end, number)
    return drawing


# -- one call ----------------------------------------------------------------------------------------------------------

def named_in(page: Path) -> set[str]:
    """The source files that a page names."""
    return set(re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")))


def stages(page: Path = PAGE) -> list[tuple[str, str, str]]:
    """(file, function, the file that called it) for each file that the page names, in the order in which a compiled
    gradient gets to them when it is called for the first time; the calling file may be one that the page does not name
    as long as one that it names stands behind it."""
    import numpy as np

    import mindspore as ms
    from mindspore import Tensor, ops
    from mindspore.compiler.pipeline import clear_cache
    from mindspore.runtime.device import use_backend

    def warm(x):
        return ops.sum(ops.sin(x))

    def loss(x):
        return ops.sum(ops.tanh(x) * x)

    named = named_in(page)
    source = Path(ms.__file__).resolve().parent  # of the package that runs, installed or not
    found: dict[str, tuple[str, str, str]] = {}

    def name_of(frame) -> str:
        path = Path(frame.f_code.co_filename)
        return path.relative_to(source).as_posix() if path.is_relative_to(source) else ""

    def look(frame, event, _argument) -> None:
        name = name_of(frame)
        if event != "call" or name not in named or name in found or frame.f_code.co_name.startswith(("<", "_")):
            return
        caller = frame.f_back
        while caller is not None and (name_of(caller) == name or name_of(caller) not in found):
            caller = caller.f_back
        found[name] = name, frame.f_code.co_name, "" if caller is None else name_of(caller)

    with use_backend("reference"):
        function, x = ms.jit(ms.value_and_grad(loss)), Tensor(np.array([0.5, 1.0], np.float32))
        ms.jit(ms.value_and_grad(warm))(x)  # what is imported when it is needed first is imported here
        clear_cache()
        sys.setprofile(look)
        try:
            value = function(x)[0]
        finally:
            sys.setprofile(None)
        value.asnumpy()
    return list(found.values())


def pipeline(page: Path = PAGE) -> Outline:
    """Files that the page names, below the one that called them first, with the function by which they were entered."""
    outline = Outline("What the first call of a compiled gradient goes through, in order", [(0, "the program", "")])
    called: dict[str, list[tuple[str, str]]] = {}
    for name, function, caller in stages(page):
        called.setdefault(caller, []).append((name, function))

    def add(caller: str, depth: int) -> None:
        for name, function in called.get(caller, ()):
            outline.entries.append((depth, name, function))
            add(name, depth + 1)

    add("", 1)
    return outline


# -- the contract ------------------------------------------------------------------------------------------------------


def contract() -> Drawing:
    """The classes of `mindspore.plugin` and the hooks, with their members; arrows lead to what a signature names."""
    import contract_pages

    from mindspore import plugin
    from mindspore.plugin import hookspecs

    classes = {name: found for name in plugin.__all__ if inspect.isclass(found := getattr(plugin, name))
               and not issubclass(found, BaseException)}
    aliases = {name: " ".join(_assigned(contract_pages.home(name), name).split()) for name, found
               in contract_pages.parts().items() if contract_pages.kind(found) == "alias"}
    names = re.compile(rf"\b({'|'.join([*classes, *aliases])})\b")
    drawing = Drawing("The plugin contract; arrows lead from a signature to what it names")
    for name, text in aliases.items():
        drawing.box(name, kind="other")
        for other in set(names.findall(text)) - {name}:
            drawing.arrow(name, other)
    for name, found in classes.items():
        methods = {key: m for key, m in vars(found).items() if inspect.isfunction(m) and not key.startswith("_")}
        fields = {key: str(text) for key, text in vars(found).get("__annotations__", {}).items()
                  if not key.startswith("_")}
        drawing.box(name, *fields, *(f"{key}()" for key in methods))
        texts = [*fields.values(), *(str(inspect.signature(m)) for m in methods.values())]
        texts += [base.__name__ for base in found.__bases__] + _returned(found)
        for other in set(names.findall(" ".join(texts))) - {name}:
            drawing.arrow(name, other)
    for name, hook in vars(hookspecs).items():
        if hasattr(hook, "mindspore_spec"):
            drawing.box(name, kind="other")
            for other in set(re.findall(r"`(\w+)`", inspect.getdoc(hook).partition("\n\n")[0])) & set(drawing.boxes):
                drawing.arrow(name, other)
    return drawing


def _assigned(module, name: str) -> str:
    """The source of what a name of a module is assigned."""
    source = inspect.getsource(module)
    node = next(n for n in ast.parse(source).body if isinstance(n, ast.Assign) and n.targets[0].id == name)
    return ast.get_source_segment(source, node.value) or ""


def _returned(found: type) -> list[str]:
    """What the docstrings of methods call their result where the signature leaves it open (`Any`)."""
    return [match[1] for m in vars(found).values() if inspect.isfunction(m) and "-> 'Any'" in str(inspect.signature(m))
            for match in [re.match(r"The `(\w+)`", inspect.getdoc(m) or "")] if match]


DRAWINGS: dict[str, Callable[[], Drawing | Outline]] = {"layers": layers, "pipeline": pipeline, "contract": contract}


def write(folder: Path) -> list[Path]:
    """Write every drawing into a folder; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, make in DRAWINGS.items():
        written.append(folder / f"{name}.svg")
        written[-1].write_text(make().svg(), encoding="utf-8")
    return written


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for path in write(parser.parse_args().folder):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
