"""Write into pages of the documentation what their examples print.

    python packages/mindspore-core/tests/docs/update_examples.py [PAGE.md ...]

Outputs that agree with what is shown stay as they are, `...` included. Read the difference before you commit it: the
page's prose speaks of what was shown before.
"""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import docs_files as docs


def update(page: Path, folder: Path) -> bool:
    """Bring one page up to date, running its examples in `folder`; whether it changed.

    Raises:
        RuntimeError: an example fails.
    """
    found = docs.examples(page)
    lines = page.read_text(encoding="utf-8").split("\n")
    before = list(lines)
    results = docs.run_examples([e.block.text for e in found], folder)
    for example, (printed, failure) in reversed(list(zip(found, results))):
        if failure is not None:
            raise RuntimeError(f"{page.name}, line {example.block.line}: the example fails\n{failure}")
        if not docs.agrees(example.shown, printed):
            after = example.block.end
            end = after if example.output is None else example.output.end
            lines[after:end] = ["", "```text", *printed.rstrip("\n").split("\n"), "```"] if printed else []
    page.write_text("\n".join(lines), encoding="utf-8")
    return lines != before


def main(names: list[str]) -> None:
    """Bring the named pages up to date, or all."""
    for page in [Path(name) for name in names] or docs.pages():
        with tempfile.TemporaryDirectory() as folder:
            if update(page, Path(folder)):
                print(f"{page.name}: updated")


if __name__ == "__main__":
    main(sys.argv[1:])
