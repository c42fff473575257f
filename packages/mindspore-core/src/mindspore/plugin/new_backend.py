"""`python -m mindspore new-backend`: the repository of a third-party backend, from templates.

The templates lie in the folders `templates/common` and `templates/KIND`. A file `NAME.in` becomes NAME; `_package_` in
a path becomes the name of the import package, and `dot-` at the start of a part of a path becomes a dot. In the text
`{{key}}` stands for one of `fields`. Everything is written into a folder beside the final one, which is then renamed,
so that a failure leaves nothing behind.
"""
from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import tempfile
from pathlib import Path

from mindspore._version import __version__
from mindspore.plugin import manager
from mindspore.plugin.versions import PLUGIN_API_VERSION

TEMPLATES = Path(__file__).with_name("templates")
KINDS = ("python", "cpp")

_BUILDING = {
    "python": "The kernels are NumPy: nothing is compiled, and an edited file counts at once.",
    "cpp": "`pip install -e .` compiles `csrc` with CMake and pybind11 (it needs a C++17 compiler); repeat it after "
           "changing C++.",
}
_SOURCES = {
    "python": "",
    "cpp": "| `csrc/kernel.h` | what a kernel is, and all kernels |\n"
           "| `csrc/ext.cpp` | the extension module: buffers, and functions that make kernels |\n",
}


class NewBackendError(ValueError):
    """A repository cannot be made under this name or in this place; the message says why and what to do."""


def create(name: str, kind: str = "python", directory: str | Path | None = None) -> list[Path]:
    """Write the repository of the backend `name` and give its files, sorted, beginning with the folder.

    directory: the repository's folder, `mindspore-NAME` where it is None; it must not exist, or be empty.

    Raises:
        NewBackendError: the name is no name of a backend or is taken, there is no such kind, or there is something in
            the folder. Nothing was written.
    """
    if kind not in KINDS:
        raise NewBackendError(f"there is no kind {kind!r} of backend; expected {' or '.join(KINDS)}")
    check_name(name)
    folder = Path(directory or f"mindspore-{name}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NewBackendError(f"{folder} exists and is no empty folder; name another one with --directory, or empty it")
    texts = render(name, kind)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            made = Path(scratch, "repository")
            for path, text in texts.items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_text(text, encoding="utf-8", newline="\n")
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
    except OSError as error:
        raise NewBackendError(f"{folder} cannot be written: {error}; name another place with --directory") from error
    return [folder, *(folder / path for path in sorted(texts))]


def check_name(name: str) -> None:
    """Refuse what is no name of a backend, or is in use.

    Raises:
        NewBackendError: see above. The message says which rule is broken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*", name):
        short = re.sub(r"[^a-z0-9]", "", re.sub(r"^mindspore[-_.]", "", name.lower())).lstrip("0123456789")
        hint = f"; {short!r} would do" if short else ""
        raise NewBackendError(f"{name!r} is no name of a backend: it becomes a part of the names mindspore-NAME and "
                              f"mindspore_NAME, so it is made of a-z and 0-9 and begins with a letter{hint}")
    taken = {found.lower(): f"the backend {found!r} is installed" for found in manager.backends()}
    taken |= {found.lower(): f"an installed backend serves the target {found!r}" for found in manager.targets()}
    taken |= {record.name.lower(): f"a plugin {record.name!r} is installed" for record in manager.records()}
    if name in taken:
        raise NewBackendError(f"{name!r} is taken: {taken[name]}; choose another name")
    try:
        importlib.metadata.version(f"mindspore-{name}")
    except importlib.metadata.PackageNotFoundError:
        if importlib.util.find_spec(f"mindspore_{name}") is None:
            return
    raise NewBackendError(f"{name!r} is taken: the package mindspore-{name} is installed; choose another name")


def fields(name: str, kind: str) -> dict[str, str]:
    """What the templates' keys stand for."""
    title = name.capitalize()
    return {"name": name, "title": title, "target": title, "distribution": f"mindspore-{name}",
            "package": f"mindspore_{name}", "api": str(PLUGIN_API_VERSION), "core": __version__.rpartition(".")[0],
            "building": _BUILDING[kind], "sources": _SOURCES[kind]}


def render(name: str, kind: str) -> dict[str, str]:
    """The text of each file of a repository, by its path in it."""
    values = fields(name, kind)
    found = {}
    for top in (TEMPLATES / "common", TEMPLATES / kind):
        for template in sorted(top.rglob("*.in")):
            parts = [re.sub(r"^dot-", ".", part).replace("_package_", values["package"])
                     for part in template.relative_to(top).with_suffix("").parts]
            text = template.read_text(encoding="utf-8")
            found["/".join(parts)] = re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], text)
    return found


def instructions(written: list[Path], name: str, kind: str) -> str:
    """What the command prints: what was written, and what comes next."""
    folder, *files = written
    return (f"{folder}: {len(files)} files, a {kind} backend {name!r} for the target {fields(name, kind)['target']!r}\n"
            f"next:\n    cd {folder}\n    python -m pip install -e \".[testing]\"\n    python -m pytest")
