"""Networks as ONNX files."""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.formats.exported import trace_network
from mindspore.formats.onnx_write import Options, write_onnx

__all__ = ["export"]


def export(net: Any, *inputs: Any, file_name: str | os.PathLike, input_names: Sequence[str] | None = None,
           output_names: Sequence[str] | None = None, export_params: bool = True,
           keep_initializers_as_inputs: bool = False,
           dynamic_axes: Mapping[str, Mapping[int, str] | Sequence[int]] | None = None) -> None:
    """Write a network in inference to an ONNX file; as `mindspore.export(..., file_format="ONNX")`, with more choices.

    Args:
        net: a Cell, or a function.
        inputs: what it is called with.
        file_name: path of the file; `.onnx` is added where it is missing.
        input_names: names of the inputs, in order; None for those of the arguments.
        output_names: names of the outputs; None for `output`, `output_1` ...
        export_params: whether the weights stand in the file; otherwise they are inputs.
        keep_initializers_as_inputs: whether the weights in the file are inputs, too.
        dynamic_axes: for inputs by name, which axes are left open: a list of axes, or a dict with them as keys. Open
            sizes of the same axis of several inputs are taken to be equal. Names of outputs are accepted; their sizes
            follow from those of the inputs.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an operator or a size has no place in the format, or a name is unknown.
        OSError: the file cannot be written.
    """
    from mindspore.train._exporting import checked_path
    path = checked_path(file_name, "ONNX")
    options = Options(tuple(input_names or ()), tuple(output_names or ()), export_params, keep_initializers_as_inputs)
    if dynamic_axes:
        named = list(options.input_names) or trace_network(net, inputs).inputs
        inputs = _opened(named, inputs, dynamic_axes)
    write_onnx(trace_network(net, inputs), path, options)


def _opened(names: list[str], inputs: tuple, axes: Mapping) -> tuple:
    """The inputs with open sizes on the axes that are named."""
    opened = list(inputs)
    for name, chosen in axes.items():
        if name not in names:
            continue
        place = names.index(name)
        tensor = inputs[place] if place < len(inputs) else None
        if not isinstance(tensor, Tensor):
            raise ValueError(f"For 'export', 'dynamic_axes' names '{name}', which is no argument by itself.")
        shape: list = list(tensor.shape)
        for axis in chosen:
            if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
                raise ValueError(f"For 'export', 'dynamic_axes' names axis {axis!r} of '{name}', which has shape "
                                 f"{tensor.shape}.")
            shape[axis] = None
        opened[place] = Tensor(shape=shape, dtype=tensor.dtype)
    return tuple(opened)
