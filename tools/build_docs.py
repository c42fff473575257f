#!/usr/bin/env python3
"""Build the documentation as HTML: `python tools/build_docs.py OUTPUT`.

The pages of `docs`, the README, pages made from docstrings (`contract_pages.py`, `reference_pages.py`) and drawings
made from the code (`drawings.py`) become one site below OUTPUT/html. Sphinx's warnings, such as a link that leads
nowhere, are errors. It needs the packages that tox.ini names for the environment `docs`, and mindspore-core, installed
or on the path.
"""
from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import contract_pages
import drawings
import reference_pages

ROOT = Path(__file__).resolve().parent.parent
GUIDE = "writing-a-backend.md"
CONF = """\
project = "MindSpore as a family of small packages"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = project
html_show_sphinx = False
exclude_patterns = []
suppress_warnings = ["misc.highlighting_failure", "myst.header"]
"""


def contents(index: str) -> str:
    """The tables of contents that the lists of the index page stand for."""
    found = []
    for caption, listed in re.findall(r"^(For [^\n]+):\n\n((?:\* .*\n(?:  .*\n)*)+)", index, re.MULTILINE):
        found.append((caption, re.findall(r"\]\(([\w-]+)\.md\)", listed)))
    found.append(("Reference", ["contract", "reference"]))
    return "\n".join(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
                     for caption, names in found)


def write_sources(folder: Path) -> int:
    """Write the sources of the site into an empty folder; the number of pages made from docstrings."""
    folder.mkdir(parents=True)
    (folder / "conf.py").write_text(CONF)
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8").replace("](../README.md", "](overview.md")
        if page.name == "README.md":
            (folder / "index.md").write_text(f"{text}\n{contents(text)}", encoding="utf-8")
        else:
            if page.name == GUIDE:
                text = contract_pages.linked(text)
            text = drawings.MARK.sub(r"![\1](drawings/\1.svg)", text)
            (folder / page.name).write_text(text.replace("](README.md", "](index.md"), encoding="utf-8")
    drawings.write(folder / "drawings")
    overview = (ROOT / "README.md").read_text(encoding="utf-8")
    overview = overview.replace("](docs/README.md", "](index.md").replace("](docs/", "](")
    overview = re.sub(r"\[([^\]]+)\]\((?:packages/[\w-]+|LICENSE|[A-Z]+\.md)\)", r"\1", overview)
    (folder / "overview.md").write_text(f"---\norphan: true\n---\n{overview}", encoding="utf-8")
    pages, contract = reference_pages.pages(), contract_pages.pages()
    for name, text in {**contract, **pages}.items():
        (folder / name).write_text(text, encoding="utf-8")
    listed = "\n".join(name.removesuffix(".md") for name in pages)
    (folder / "reference.md").write_text(
        "# Reference\n\nWhat can be imported, by module, made from the docstrings; for authors of backends, the "
        f"operators of the IR.\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n", encoding="utf-8")
    return len(pages) + len(contract)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    for part in ("source", "html", "doctrees"):
        shutil.rmtree(output / part, ignore_errors=True)
    number = write_sources(output / "source")
    status = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
                             "-d", output / "doctrees", output / "source", output / "html"]).returncode
    if status == 0:
        print(f"{number} pages of reference and {len(list((ROOT / 'docs').glob('*.md')))} others: {output / 'html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
