"""What a program shows of itself while it runs."""
from __future__ import annotations

from typing import Any

from mindspore.graph import effects
from mindspore.graph.text import formatted, join_texts
from mindspore.graph.trace import current_trace

__all__ = ["print_"]


def print_(*input_x: Any) -> None:
    """Print the arguments in one line, as `print` does. In a compiled function it happens at run time, in the order of
    the program."""
    if current_trace() is None:
        print(*input_x)
        return
    texts = [formatted(x, ord("s")) if effects.holds_traced(x) else str(x) for x in input_x]
    effects.print_text(join_texts([join_texts(texts, " "), "\n"]), None, False)
