"""Operators that do nothing but show a gradient to a function on its way back."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.graph.hooks import HookPoint, as_programs_see, call, key_of, marked, name_of, point_of_one, replaced
from mindspore.ops import debug
from mindspore.ops.primitive import Primitive

__all__ = ["CLASSES", "DumpGradient", "HookBackward", "InsertGradientOf"]


class HookBackward(Primitive):
    """Gives its operands as they are; in the derivative `hook_fn` sees their gradients.

    Args:
        hook_fn: called with a tuple of the gradients by the results. It returns None, or what takes their place: a
            tuple, or a Tensor for a single one.
        cell_id: a name for the operator.

    Inputs:
        one Tensor or more.

    Outputs:
        the Tensor, or a tuple.

    Raises:
        TypeError: `hook_fn` cannot be called, `cell_id` is no str, an operand is no Tensor, or the hook returns
            something else. ValueError: the hook returns another number of gradients, or another shape.
    """

    def __init__(self, hook_fn: Callable, cell_id: str = ""):
        super().__init__("HookBackward")
        if not callable(hook_fn):
            raise TypeError(f"HookBackward: hook_fn must be a function, got {type(hook_fn).__name__}")
        if not isinstance(cell_id, str):
            raise TypeError(f"HookBackward: cell_id must be a str, got {type(cell_id).__name__}")
        self.hook_fn, self.cell_id = hook_fn, cell_id
        self.add_prim_attr("cell_id", cell_id)

    def __call__(self, *inputs: Tensor) -> Any:
        for value in inputs:
            if not isinstance(value, Tensor):
                raise TypeError(f"HookBackward: an operand must be a Tensor, got {type(value).__name__}")
        hook = self.hook_fn
        point = HookPoint(as_programs_see(lambda cts: replaced(hook, call(hook, tuple(cts)), cts)), name_of(hook),
                          key_of(hook))
        found = marked(list(inputs), point)
        return found[0] if len(found) == 1 else tuple(found)


class InsertGradientOf(Primitive):
    """Gives its operand as it is; in the derivative `f` sees the gradient.

    Args:
        f: called with the gradient; what it returns, if it is not None, takes the gradient's place.

    Inputs:
        input_x (Tensor): of any shape.

    Outputs:
        Tensor, the operand.

    Raises:
        TypeError: `f` cannot be called, the operand is no Tensor, or `f` returns something else. ValueError: `f`
            returns a gradient of another shape.
    """

    def __init__(self, f: Callable):
        super().__init__("InsertGradientOf")
        if not callable(f):
            raise TypeError(f"InsertGradientOf: f must be a function, got {type(f).__name__}")
        self.f = f

    def __call__(self, input_x: Tensor) -> Tensor:
        if not isinstance(input_x, Tensor):
            raise TypeError(f"InsertGradientOf: the operand must be a Tensor, got {type(input_x).__name__}")
        return marked([input_x], point_of_one(self.f))[0]


class DumpGradient(Primitive):
    """Gives its operand as it is; its gradient is written into a file when it is computed, as by `ops.tensordump`.

    Inputs:
        path (str): a path, with ".npy" or without.
        x (Tensor): of any shape.
        input_output (str): "in" or "out", before or after processes exchange parts of the gradient; one process has
            all of it.

    Outputs:
        Tensor, the operand.

    Raises:
        TypeError: `path` is no str, the operand no Tensor. ValueError: `path` is empty, or another `input_output`.
    """

    def __init__(self) -> None:
        super().__init__("DumpGradient")

    def __call__(self, path: str, x: Tensor, input_output: str) -> Tensor:
        if not isinstance(path, str):
            raise TypeError(f"DumpGradient: path must be a str, got {type(path).__name__}")
        if not path or input_output not in ("in", "out"):
            raise ValueError(f"DumpGradient: path is {path!r} and input_output {input_output!r}; expected a path, and "
                             f"'in' or 'out'")

        def dump(gradient: Tensor) -> None:
            debug.tensordump(path, gradient, input_output)

        return InsertGradientOf(dump)(x)


CLASSES = {"DumpGradient": DumpGradient, "HookBackward": HookBackward, "InsertGradientOf": InsertGradientOf}
