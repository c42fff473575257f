"""What the compiler says about itself, on standard error, when asked by environment variables.

`MS_DEBUG`: 1 one line per compilation (what, how many nodes and launches, how long), 2 also the launches, 3 also the
graphs, with source lines. `MS_EXPLAIN_CACHE=1`: why a function or a segment was compiled instead of being found.
"""
from __future__ import annotations

import os
import sys


def level() -> int:
    """The debug level in force; 0 where MS_DEBUG is not a number."""
    text = os.environ.get("MS_DEBUG", "0")
    return int(text) if text.isdigit() else 0


def explains() -> bool:
    """Whether cache misses are to be explained."""
    return os.environ.get("MS_EXPLAIN_CACHE", "0") not in ("", "0")


def say(text: str) -> None:
    """Print one message of the compiler."""
    print(f"[mindspore] {text}", file=sys.stderr, flush=True)


def compiled(graph, program, seconds: float) -> None:
    """Report one compilation as far as the level asks for it."""
    wanted = level()
    if wanted >= 1:
        say(f"compiled {graph.name}: {len(graph.nodes)} nodes, {len(program.launches)} launches, "
            f"{seconds * 1e3:.1f} ms")
    if wanted >= 3:
        from mindspore.compiler.ir.text import show
        say(show(graph, locations=True))
    if wanted >= 2:
        say(program.show())
