"""What cannot be compiled may run in PyNative mode instead, visibly.

A compiled function that refuses is called natively, and so are later calls of the same signature. Cells and functions
that are compiled by themselves and that it calls then are: what runs operation by operation is as small as the program
says. By default that happens where Python asks for the value of a tensor (`asnumpy`, a foreign library, a shape that
values decide) or changes a NumPy array as a tensor decides, and after a mistake of the compiler, unless the setting
`jit_syntax_level` is STRICT, that of the function's or Cell's own JitConfig before that of the context; with
`fullgraph=False` for whatever is refused, with `fullgraph=True` never. A RuntimeWarning at the line that is refused
says so, once. The environment variable MS_DEV_JIT_SYNTAX_LEVEL is stronger than all of these: 0 is STRICT, 2 lets a
function made with `fullgraph=True` run too.
"""
from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

from mindspore.compiler.frontend.errors import GraphCompileError

MOST_SIGNATURES = 16  # a function that refused so many is not tried again
_STRICT, _LAX = "0", "2"
SHOWN: set = set()  # the places of refusals; that of a Cell is also the one of those around it


class FallBack:
    """How a function runs that is refused.

    run: calls it natively. everything: whether it takes any refusal, or those alone that say so (`native`). options:
    gives the options of its JitConfig, if it has one.
    """

    def __init__(self, run: Callable, everything: bool = False, options: Callable[[], dict] = dict):
        self.run, self.everything, self.options = run, everything, options
        self.signatures: set[tuple] = set()

    def takes(self, key: tuple) -> bool:
        """Whether a call of this signature is known to be refused."""
        return bool(self.signatures) and (key in self.signatures or len(self.signatures) >= MOST_SIGNATURES)

    def meets(self, key: tuple, error: GraphCompileError) -> bool:
        """Note and show a refusal; False for one that is to be raised."""
        if _forced() == _STRICT or not (self.everything or error.native and not self._is_strict()):
            return False
        self.signatures.add(key)
        place = error.location
        if place in SHOWN:  # the registry of `warnings` forgets when somebody changes a filter
            return True
        SHOWN.add(place)
        warnings.warn_explicit(
            f"This runs in PyNative mode, since it cannot be compiled (jit(fullgraph=True) and "
            f"set_context(jit_syntax_level=STRICT) make it an error): {error.brief}", RuntimeWarning,
            place.filename if place else "<unknown>", place.lineno if place else 0)
        return True

    def _is_strict(self) -> bool:
        own = self.options().get("jit_syntax_level")
        if own in ("STRICT", "LAX"):
            return _forced() != _LAX and own == "STRICT"
        return _is_strict()


def _forced() -> str | None:
    return os.environ.get("MS_DEV_JIT_SYNTAX_LEVEL")


def _is_strict() -> bool:
    from mindspore import context
    return _forced() != _LAX and context.get_context("jit_syntax_level") == context.STRICT


def fall_back(run: Callable[..., Any], fullgraph: Any = None, options: Callable[[], dict] = dict) -> FallBack | None:
    """The policy for what `jit` was told, None for its default, and the options of a JitConfig (`FallBack`)."""
    if fullgraph:
        return FallBack(run) if _forced() == _LAX else None
    return FallBack(run, everything=fullgraph is False, options=options)
