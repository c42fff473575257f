"""What a program shows of itself while it runs."""
from __future__ import annotations

import os
from typing import Any

import numpy as np

from mindspore.common.dtype import bfloat16
from mindspore.common.tensor import Tensor
from mindspore.graph import effects
from mindspore.graph.text import formatted, join_texts
from mindspore.graph.trace import current_trace
from mindspore.ops._operands import Operand, as_tensor

__all__ = ["print_", "tensordump"]


def print_(*input_x: Any) -> None:
    """Print the arguments in one line, as `print` does. In a compiled function it happens at run time, in the order of
    the program."""
    if current_trace() is None:
        print(*input_x)
        return
    texts = [formatted(x, ord("s")) if effects.holds_traced(x) else str(x) for x in input_x]
    effects.print_text(join_texts([join_texts(texts, " "), "\n"]), None, False)


_dumped: dict[str, int] = {}  # by the beginning of a file's name, how many files were written


def tensordump(file_name: str, tensor: Operand, mode: str = "out") -> None:
    """Write a tensor into a `.npy` file when the program comes to it, in a compiled function at run time.

    The file is `<file_name>_<dtype>_<number>.npy`, numbered from 0 in the order in which files of this name are
    written. BFloat16 is written as Float32, which NumPy knows.

    Args:
        file_name: a path, with ".npy" or without; its folder is made. mode: "out", "in" or "all", before or after
            processes exchange parts of the tensor; one process has all of it.

    Raises:
        TypeError: `file_name` is no str. ValueError: it is empty, or another mode.
    """
    if not isinstance(file_name, str):
        raise TypeError(f"tensordump: file_name must be a str, but got {type(file_name).__name__}")
    if not file_name or mode not in ("out", "in", "all"):
        raise ValueError(f"tensordump: file_name is {file_name!r} and mode {mode!r}; expected a path, and 'out', 'in' "
                         f"or 'all'")
    value = as_tensor("tensordump", tensor, "tensor")
    stem = os.path.abspath(file_name.removesuffix(".npy"))

    def write(known: Tensor) -> None:
        key = f"{stem}_{known.dtype.np.name}"
        number = _dumped[key] = _dumped.get(key, -1) + 1
        os.makedirs(os.path.dirname(key), exist_ok=True)
        array = known.asnumpy()
        np.save(f"{key}_{number}.npy", array.astype(np.float32) if known.dtype is bfloat16 else array)

    if current_trace() is None:
        write(value)
    else:
        effects.perform(write, value, f"tensordump {file_name}")
