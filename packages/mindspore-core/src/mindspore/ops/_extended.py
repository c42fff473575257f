"""Functions of the functional interface whose names end in `_ext`: each is what `mint` offers without the ending. Those
in place (`relu_`, `threshold_`) are the ones of `mint.nn.functional`.

The real framework keeps two functions of many operators: the older one with its own argument names (`axis`,
`keep_dims`), and the one with `_ext` that takes the arguments of PyTorch's (`dim`, `keepdim`), which `mint` exports
under its plain name. Programs that reach below `mint`, as `ops.function.math_func.mean_ext`, find the same one here.
"""
from __future__ import annotations

import importlib
from collections.abc import Callable

_MODULES = ("mindspore.mint", "mindspore.mint.nn.functional", "mindspore.mint.linalg", "mindspore.mint.special")
_OTHERWISE = {"matrix_inverse": "inverse", "log_sigmoid": "logsigmoid"}


def extended(name: str) -> Callable | None:
    """The function of `mint` for the name `NAME_ext` or `NAME_`; None where the name is no such one."""
    if name.endswith("_") and not name.endswith("__"):
        return getattr(importlib.import_module("mindspore.mint.nn.functional"), name, None)
    plain, ending = name[:-4], name[-4:]
    if ending != "_ext":
        return None
    for module in map(importlib.import_module, _MODULES):
        found = getattr(module, _OTHERWISE.get(plain, plain), None)
        if callable(found):
            return found
    return None
