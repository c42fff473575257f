"""The source front end: graph mode runs a program by interpreting its source.

A user's function is executed statement by statement from its syntax tree, with Python's own semantics. Its values are
ordinary Python objects, computed on the spot, and *traced tensors*, whose operators record what they are asked to do
into the graph that is being built. The interpreter never looks inside of them: it evaluates `a @ b` by `a @ b`.
What it adds over plain recording is

* that decisions on traced tensors are seen, in one place (`branches.py`), where recording would have to guess;
* that every global, closure cell, default and attribute that the program reads is reported, so that a graph is
  compiled again when one of them changes (`policy.py`);
* that each node and each error knows the expression of the user's program it stems from (`location.py`, `errors.py`).

In processing order: `source` finds the syntax tree of a function, `scopes` resolves its names, the `compile_*` modules
turn it into closures (once per code object), `functions`, `calls`, `attributes` and `replacements` run them.

    class Recording(Policy):
        def is_traced(self, value):
            return isinstance(value, Tensor) and value.is_symbolic

    outputs = interpret(network, inputs, {}, Recording())
"""

import importlib
from typing import Any

from mindspore.compiler.frontend import location
from mindspore.compiler.frontend.errors import (
    GraphCompileError,
    InternalCompileError,
    TensorConditionError,
    UnsupportedSyntaxError,
)
from mindspore.compiler.frontend.location import Location
from mindspore.compiler.frontend.policy import ABSENT, Policy

# The interpreter itself is loaded when something is compiled: importing the package must be quick.
_ON_DEMAND = {
    "InterpretedFunction": "functions",
    "interpret": "interpreter",
    "refuse_condition": "branches",
    "source_problem": "source",
}


def __getattr__(name: str) -> Any:
    module = _ON_DEMAND.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    return value


__all__ = [
    "ABSENT",
    "GraphCompileError",
    "InternalCompileError",
    "InterpretedFunction",
    "Location",
    "Policy",
    "TensorConditionError",
    "UnsupportedSyntaxError",
    "interpret",
    "location",
    "refuse_condition",
    "source_problem",
]
