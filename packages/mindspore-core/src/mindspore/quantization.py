"""Networks with int8 weights for inference, in one call.

    report = quantize(net, inputs=x)     # the dense layers of net have int8 weights now
    print(report)                        # bytes before and after, and the largest error of each layer

Two modes. `weight_only`: the weights are int8, what they are multiplied by stays floating; a step of a language model
that reads all its weights for a few rows reads a quarter of the bytes. `dynamic`: the rows that come in are rounded to
int8 too, each by its own largest value, and the product is one of integers.

The layers keep their names and their biases; `weight` holds int8 under its old name, and `weight_scale` (with
`symmetric=False` and `weight_offset`) what its numbers stand for: (weight + weight_offset) * weight_scale. So a
checkpoint of a quantised network is loaded into one that was quantised in the same way.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from mindspore import context
from mindspore.common import dtype as mstype
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.base import primitive
from mindspore.graph.guards import CELL_EPOCH
from mindspore.graph.trace import Traced
from mindspore.nn._call import call
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Dense, as_computed
from mindspore.ops.shapes import reshape
from mindspore.runtime.record import apply

__all__ = ["DynamicLinear", "LayerReport", "QuantizationReport", "QuantizedLinear", "WeightOnlyLinear", "quantize",
           "quantize_weight"]

_WEIGHT_PRODUCT, _INT8_PRODUCT, _ROWS = map(primitive, ("weight_quant_matmul", "quant_matmul", "quantize_rows"))


def quantize_weight(weight: np.ndarray, group_size: int = 0, symmetric: bool = True) -> tuple[np.ndarray, ...]:
    """The int8 numbers of a weight (out, in), their scales, and with `symmetric` False their offsets.

    Args:
        weight: finite floating numbers. group_size: how many neighbouring weights of a row have a scale together; 0: a
            whole row. symmetric: the largest absolute value becomes 127, and 0 is 0; else the smallest and the largest
            value become -128 and 127.

    Returns:
        int8 (out, in), and float32 scales and offsets: (out,), or (out, in / group_size rounded up).
    """
    wide = np.asarray(weight, np.float32)
    rows, columns = wide.shape
    size = group_size or max(columns, 1)
    count = -(-columns // size) if group_size else 1
    groups = np.pad(wide, ((0, 0), (0, count * size - columns))).reshape(rows, count, size)
    if symmetric:
        scale = np.abs(groups).max(-1, initial=0) / np.float32(127)
        offset = np.zeros_like(scale)
    else:
        low, high = groups.min(-1, initial=0), groups.max(-1, initial=0)
        scale = (high - low) / np.float32(255)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    if not symmetric:
        offset = (128 + np.round(low / scale)).astype(np.float32)
    steps = np.clip(np.round(groups / scale[..., None]) - offset[..., None], -127 if symmetric else -128, 127)
    found = steps.astype(np.int8).reshape(rows, count * size)[:, :columns].copy()
    shape = (rows, count) if group_size else (rows,)
    params = (scale.reshape(shape),) if symmetric else (scale.reshape(shape), offset.reshape(shape))
    return (found, *params)


def _real(weight: np.ndarray, group_size: int, scale: np.ndarray, offset: np.ndarray | None = None) -> np.ndarray:
    """What the numbers of a quantised weight stand for."""
    def spread(v):
        return np.repeat(v, group_size, 1)[:, :weight.shape[1]] if group_size else v[:, None]
    return (weight.astype(np.float32) + (0 if offset is None else spread(offset))) * spread(scale)


class QuantizedLinear(Cell):
    """What the two layers with int8 weights share; `quantize` makes them in place of `nn.Dense` and `mint.nn.Linear`.

    Args:
        layer: the layer to replace; its bias, activation and precision are taken over.
        group_size, symmetric: as in `quantize_weight`.
    """

    mode = ""

    def __init__(self, layer: Dense, group_size: int = 0, symmetric: bool = True):
        super().__init__()
        names = [(param, param.name) for param in layer.get_parameters()]
        self.in_channels, self.out_channels = layer.in_channels, layer.out_channels
        self.has_bias, self.bias = layer.bias is not None, None
        self.activation, self.activation_flag = layer.activation, layer.activation_flag
        self.group_size = group_size
        numbers, scale, *offset = quantize_weight(layer.weight.asnumpy().astype(np.float32), group_size, symmetric)
        name = layer.weight.name
        self.weight = self._fixed(numbers, name)
        self.weight_scale = self._fixed(scale, f"{name}_scale")
        self.weight_offset = self._fixed(offset[0], f"{name}_offset") if offset else None
        if self.has_bias:
            self.bias = layer.bias
        for param, kept in names:  # becoming a child's has given it another one
            param.name = kept
        self.set_precision(layer._low_precision, layer._mixing, layer._result_dtype)
        self.training = layer.training

    @staticmethod
    def _fixed(array: np.ndarray, name: str) -> Parameter:
        return Parameter(Tensor(array), name=name, requires_grad=False)

    def construct(self, x):
        """The layer's output for x."""
        if not x.ndim or x.shape[-1] != self.in_channels:
            raise ValueError(f"For '{type(self).__name__}', the input's last axis must be in_channels "
                             f"({self.in_channels}), but the input has shape {x.shape}.")
        y = self.product(x if x.ndim >= 2 else reshape(x, (1, -1)))
        if self.has_bias:
            y = y + as_computed(self, self.bias)
        if x.ndim < 2:
            y = reshape(y, (self.out_channels,))
        return call(self.activation, y) if self.activation_flag else y

    def product(self, rows):
        """The rows times the weight."""
        raise NotImplementedError

    def real_weight(self) -> np.ndarray:
        """The numbers that the weight stands for, (out, in) in float32."""
        return _real(self.weight.asnumpy(), self.group_size, *[
            p.asnumpy() for p in (self.weight_scale, self.weight_offset) if p is not None])

    def extend_repr(self):
        return (f"input_channels={self.in_channels}, output_channels={self.out_channels}, has_bias={self.has_bias}"
                + (f", group_size={self.group_size}" if self.group_size else ""))


class WeightOnlyLinear(QuantizedLinear):
    """y = activation(x W^T + b) with W of int8 and scales. Gradients go to x and the bias."""

    mode = "weight_only"

    def product(self, rows):
        """The rows times the numbers that the weight stands for."""
        operands = (rows, self.weight, self.weight_scale)
        if self.weight_offset is not None:
            operands = (*operands, self.weight_offset)
        return apply(_WEIGHT_PRODUCT, operands, (True, self.group_size))


class DynamicLinear(QuantizedLinear):
    """y = activation(x W^T + b) with W of int8, where each row of x is rounded to int8 too, by its largest absolute
    value. There is no gradient, and asking for one is a TypeError."""

    mode = "dynamic"

    def product(self, rows):
        """The integers' exact sums of products, times both scales."""
        numbers, scales = apply(_ROWS, (rows,))
        return apply(_INT8_PRODUCT, (numbers, self.weight, scales, self.weight_scale), (True, rows.dtype))


MODES = {cls.mode: cls for cls in (WeightOnlyLinear, DynamicLinear)}


# -- reports -----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class LayerReport:
    """A layer that has int8 weights now. bytes_before, bytes_after: of its parameters. weight_error: the largest error
    of a weight, over the largest weight. output_error: the largest error of an output on the given inputs, over the
    largest output, the layer's own inputs being those of the network before; None without inputs, where they did not
    reach the layer, and in parts of the network that `jit` compiles, whose values nobody sees."""

    name: str
    shape: tuple[int, int]
    bytes_before: int
    bytes_after: int
    weight_error: float
    output_error: float | None = None


@dataclass(frozen=True)
class QuantizationReport:
    """What `quantize` has done. network: the network, the given one unless that was itself a layer to replace. skipped:
    layers that stay as they were, and why. network_error: as a layer's, of the whole network's outputs."""

    network: Cell
    mode: str
    layers: tuple[LayerReport, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    network_error: float | None = None

    @property
    def bytes_saved(self) -> int:
        """By how much the parameters have become smaller."""
        return sum(layer.bytes_before - layer.bytes_after for layer in self.layers)

    def __str__(self) -> str:
        rows = [("layer", "weight", "bytes before", "after", "weight error", "output error")]
        rows += [(x.name or "(the network)", f"{x.shape[0]} x {x.shape[1]}", str(x.bytes_before), str(x.bytes_after),
                  _percent(x.weight_error), _percent(x.output_error)) for x in self.layers]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
        lines += [f"{name or '(the network)'} stays: {why}" for name, why in self.skipped.items()]
        error = "" if self.network_error is None else f", largest error of the outputs {_percent(self.network_error)}"
        return "\n".join([*lines, f"{self.mode}: {len(self.layers)} layers, {self.bytes_saved} bytes saved{error}"])


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _relative(found: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """The largest error over the largest number."""
    largest = max((float(np.abs(w).max(initial=0)) for w in wanted), default=0.0)
    error = max((float(np.abs(f - w).max(initial=0)) for f, w in zip(found, wanted, strict=True)), default=0.0)
    return error / largest if largest else error


def _numbers(value: Any) -> list[np.ndarray]:
    """All floating tensors in nested results, in order."""
    if isinstance(value, Tensor):
        return [value.astype(mstype.float32).asnumpy()] if value.dtype.is_floating else []
    if isinstance(value, dict):
        value = list(value.values())
    return [a for item in value for a in _numbers(item)] if isinstance(value, (tuple, list)) else []


# -- networks ----------------------------------------------------------------------------------------------------------

def quantize(net: Cell, mode: str = "weight_only", *, group_size: int = 0, symmetric: bool = True,
             skip: Iterable[str] = (), inputs: Any = None) -> QuantizationReport:
    """Replace the dense layers (`nn.Dense`, `mint.nn.Linear`) of a network, in place, by layers with int8 weights.

    Args:
        net: the network; one with a parameter of int8 weights is left as it is.
        mode: `weight_only` or `dynamic`.
        group_size: how many neighbouring weights of a row have a scale together, in mode `weight_only`; 0: a whole row.
            Smaller groups are more exact, and take 4 bytes each.
        symmetric: False for offsets, in mode `weight_only`: more exact for weights that lie on one side of 0.
        skip: names of layers, or of cells above them, that stay as they are, such as the last layer.
        inputs: what the network is called with, a tensor or a tuple, to measure errors: it runs before and after.

    Returns:
        a report; its `network` is the network to use. Layers whose class computes something else, that have hooks, or
        whose weight is another layer's too, stay as they are, and the report says so.

    Raises:
        TypeError, ValueError: wrong arguments, names that no cell has, weights that are not finite.
    """
    skipped_names = _checked(net, mode, group_size, symmetric, skip)
    owners = _owners(net)
    chosen: dict[str, Dense] = {}
    skipped: dict[str, str] = {}
    for path, cell in net.cells_and_names():
        if isinstance(cell, Dense):
            why = _obstacle(cell, path, skipped_names, owners)
            if why is None:
                chosen[path] = cell
            else:
                skipped[path] = why
    given = () if inputs is None else tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    seen, before = _watched(net, chosen, given) if given else ({}, [])
    layers: list[LayerReport] = []
    made: dict[int, QuantizedLinear] = {}
    for path, cell in chosen.items():
        layer = made[id(cell)] = MODES[mode](cell, group_size, symmetric)
        layers.append(_layer_report(path, cell, layer, seen.get(id(cell))))
    network = _replaced(net, made)
    after = _numbers(_run(network, given)) if given else []
    return QuantizationReport(network, mode, tuple(layers), skipped, _relative(after, before) if given else None)


def _checked(net: Any, mode: Any, group_size: Any, symmetric: Any, skip: Iterable[str]) -> set[str]:
    """The names to skip; errors for wrong arguments."""
    if not isinstance(net, Cell):
        raise TypeError(f"quantize: net is a {type(net).__name__}; expected a Cell")
    if mode not in MODES:
        raise ValueError(f"quantize: mode is {mode!r}; expected {' or '.join(map(repr, MODES))}")
    if isinstance(group_size, bool) or not isinstance(group_size, int) or group_size < 0:
        raise ValueError(f"quantize: group_size is {group_size!r}; expected a number of weights, or 0 for a whole row")
    if mode == "dynamic" and (group_size or not symmetric):
        raise ValueError(f"quantize: group_size is {group_size} and symmetric {symmetric} in mode 'dynamic'; expected "
                         f"0 and True: the sums of integers run over whole rows")
    names = {skip} if isinstance(skip, str) else set(skip)
    known = {path for path, _ in net.cells_and_names()}
    if names - known:
        raise ValueError(f"quantize: skip names {sorted(names - known)}, which the network does not have; its cells "
                         f"are {', '.join(sorted(known - {''}))}")
    return names


def _owners(net: Cell) -> dict[int, int]:
    """In how many cells each parameter is, by id."""
    found: dict[int, int] = {}
    for _, cell in net.cells_and_names():
        for param in {id(p): p for p in cell._params.values() if p is not None}.values():
            found[id(param)] = found.get(id(param), 0) + 1
    return found


def _obstacle(cell: Dense, path: str, skip: set[str], owners: dict[int, int]) -> str | None:
    """Why a layer stays as it is; None if it does not."""
    if any(path == name or path.startswith(f"{name}.") for name in skip):
        return "it is to be skipped"
    if type(cell).construct is not Dense.construct or type(cell).product is not Dense.product:
        return f"its class {type(cell).__name__} computes something else"
    if cell._hooks:
        return "it has hooks"
    if owners[id(cell.weight)] > 1:
        return f"another layer has its weight {cell.weight.name} too"
    if not cell.weight.dtype.is_floating:
        return f"its weight has dtype {cell.weight.dtype}"
    if not np.isfinite(cell.weight.asnumpy().astype(np.float32)).all():
        raise ValueError(f"quantize: the weight {cell.weight.name} has numbers that are not finite; a scale for them "
                         f"does not exist")
    return None


def _run(net: Cell, given: tuple) -> Any:
    """The network's result, computed operator by operator so that hooks see values."""
    before = context.get_context("mode")
    context.set_context(mode=context.PYNATIVE_MODE)
    try:
        return net(*given)
    finally:
        context.set_context(mode=before)


def _watched(net: Cell, chosen: dict[str, Dense], given: tuple) -> tuple[dict[int, tuple], list[np.ndarray]]:
    """(the first input and output of each layer by id, the network's outputs)."""
    seen: dict[int, tuple] = {}

    def watch(cell, args, output):
        if not any(type(t._value) is Traced for t in (args[0], output)):
            seen.setdefault(id(cell), (args[0], output))

    handles = [cell.register_forward_hook(watch) for cell in chosen.values()]
    try:
        return seen, _numbers(_run(net, given))
    finally:
        for handle in handles:
            handle.remove()


def _layer_report(path: str, cell: Dense, layer: QuantizedLinear, seen: tuple | None) -> LayerReport:
    weight = cell.weight.asnumpy().astype(np.float32)
    error = None if seen is None else _relative(_numbers(_run(layer, (seen[0],))), _numbers(seen[1]))
    return LayerReport(path, weight.shape, _bytes(cell), _bytes(layer), _relative([layer.real_weight()], [weight]),
                       error)


def _bytes(cell: Cell) -> int:
    return sum(prod(p.shape) * p.itemsize for p in cell._params.values() if p is not None)


def _replaced(net: Cell, made: dict[int, QuantizedLinear]) -> Cell:
    """The network with these layers in place of the cells with these ids, wherever they are."""
    if id(net) in made:
        return made[id(net)]
    for _, cell in list(net.cells_and_names()):
        for name, child in cell._cells.items():
            if id(child) in made:
                cell._cells[name] = made[id(child)]
    CELL_EPOCH[0] += 1
    return net
