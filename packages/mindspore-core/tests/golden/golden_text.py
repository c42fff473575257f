"""The texts of the golden graphs. `python tests/golden/golden_text.py` writes them anew; look at the difference.

A text holds a function's graph as the front end and the simplifications leave it, and the graph of its derivative, the
joint graph of results and gradients, by all float inputs.
"""
from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from golden_functions import FUNCTIONS, arguments

from mindspore import jit
from mindspore.compiler.autodiff.vjp import vjp_graph
from mindspore.compiler.ir import rebuild
from mindspore.compiler.ir.text import show

FOLDER = Path(__file__).parent / "text"
RULE = "\n-- derivative --\n"


def text_of(function: Callable) -> str:
    """The text of a function's graph and of its derivative."""
    graph = rebuild(jit(function).graph(*arguments(function)))
    wanted = tuple(k for k, aval in enumerate(graph.in_avals) if aval.dtype.kind == "f")
    seeded = tuple(k for k, aval in enumerate(graph.out_avals) if aval.dtype.kind == "f")
    return settled(f"{show(graph)}{RULE}{show(rebuild(vjp_graph(graph, wanted, seeded)))}")


def settled(text: str) -> str:
    """The text without what differs from run to run: the numbers of effects."""
    return re.sub(r"action\(\d+", "action(#", text) + "\n"


def path_of(function: Callable) -> Path:
    """Where a function's text is kept."""
    return FOLDER / f"{function.__name__}.txt"


def main() -> int:
    """Write all texts; say which changed."""
    FOLDER.mkdir(exist_ok=True)
    for function in FUNCTIONS:
        path, text = path_of(function), text_of(function)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"{path.name}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
