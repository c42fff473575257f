"""Operators of `mindspore.ops.auto_generate` that change a tensor in place or show part of it.

    InplaceAddExt()(x, y, 2)            # x.add_(y, alpha=2)
    inplace_add_ext_op(x, y, 2)         # the same: an operator of that class that is made already
    SelectExtView()(x, 0, 1)            # x.select(0, 1), whose elements are those of x

Methods of tensors and functions of `mindspore.mint` compute them; programs for large models and tests of compilers call
them by these names. `x_op` is an object of any class of operators X that needs no attributes.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.ops import random_in_place
from mindspore.ops._seeded_classes import Pair
from mindspore.ops.primitive import Primitive, define

__all__ = ["NAMES"]


def _method(name: str, *keywords: str, count: int | None = None) -> Callable:
    """A method of tensors that is called with `count` operands by position, and those behind them by these names;
    without a count all are passed by position."""
    def call(input: Tensor, *operands: Any) -> Any:
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}: the first operand must be a tensor, but got {type(input).__name__}: {input!r}")
        by_position = operands if count is None else operands[:count]
        return getattr(input, name)(*by_position, **dict(zip(keywords, operands[len(by_position):])))

    call.__doc__ = f"`Tensor.{name}` of the operands."
    return call


def _in_place(path: str) -> Callable:
    """A function of `mint.nn.functional` that changes its first operand."""
    def call(input: Tensor, *operands: Any) -> Tensor:
        from mindspore import mint
        return getattr(mint.nn.functional, path)(input, *operands)

    call.__doc__ = f"`mint.nn.functional.{path}` of the operands."
    return call


def _silu(input: Tensor) -> Tensor:
    """In place: input * sigmoid(input)."""
    from mindspore import mint
    return mint.nn.functional.silu(input, True)


def _stop_gradient(input: Tensor) -> Tensor:
    """In place: the same elements, which gradients do not go through."""
    from mindspore import ops
    return input.copy_(ops.stop_gradient(input))


def _matmul_add(x: Tensor, weight: Tensor, C: Tensor) -> Tensor:
    """In place: C (m, n) plus the product of x (k, m), transposed, with weight (k, n); or of batches of them."""
    from mindspore import ops
    if not x.ndim == weight.ndim == C.ndim or x.ndim not in (2, 3):
        raise ValueError(f"InplaceMatmulAdd: x has shape {x.shape}, weight {weight.shape} and C {C.shape}; expected "
                         f"two axes each, or three")
    return C.add_(ops.matmul(x.swapaxes(-1, -2).astype(C.dtype), weight.astype(C.dtype)))


def _grouped_matmul_add(x: Tensor, weight: Tensor, group_list: Tensor, out: Tensor) -> Tensor:
    """In place: out (E, k, n), or (E * k, n), plus for each group of rows the product of its rows of x (m, k),
    transposed, with those of weight (m, n). group_list (E,): where each group ends, in ascending order."""
    from mindspore import ops
    groups = group_list.shape[0]
    sizes = (groups, x.shape[-1], weight.shape[-1])
    if x.ndim != 2 or weight.ndim != 2 or x.shape[0] != weight.shape[0] or group_list.ndim != 1 or \
            out.shape not in (sizes, (groups * sizes[1], sizes[2])):
        raise ValueError(f"InplaceGroupedMatmulAdd: x has shape {x.shape}, weight {weight.shape}, group_list "
                         f"{group_list.shape} and out {out.shape}; expected (m, k), (m, n), (E,), and (E, k, n) or "
                         f"(E * k, n)")
    row = ops.arange(x.shape[0], dtype=group_list.dtype)
    before = ops.concat([ops.zeros((1,), group_list.dtype), group_list[:-1]])
    own = ops.logical_and(row >= before.reshape((-1, 1)), row < group_list.reshape((-1, 1)))
    rows = x.astype(out.dtype).swapaxes(0, 1) * own.astype(out.dtype).reshape((groups, 1, -1))
    return out.add_(ops.matmul(rows, weight.astype(out.dtype)).reshape(out.shape))


def _of_mint(name: str) -> Callable:
    """A function of `mint` that shows elements of its first operand."""
    def call(*operands: Any) -> Any:
        from mindspore import mint
        return getattr(mint, name)(*operands)

    call.__doc__ = f"`mint.{name}` of the operands."
    return call


def _slice(input: Tensor, dim: int, start: int, end: int, step: int) -> Tensor:
    """The places start:end:step along an axis."""
    axis = dim + input.ndim if dim < 0 else dim
    if not 0 <= axis < input.ndim:
        raise ValueError(f"SliceExtView: dim {dim} is out of range for a tensor of {input.ndim} dimensions")
    return input[(*[slice(None)] * axis, slice(start, end, step))]


def _normal(input: Tensor, mean: Any, std: Any, seed: Any, offset: Any) -> Tensor:
    """In place: numbers of the normal distribution, which depend on a seed and an offset alone."""
    return random_in_place.normal_(input, mean, std, generator=Pair(seed, offset))


def _uniform(input: Tensor, from_: Any, to: Any, seed: Any, offset: Any) -> Tensor:
    """In place: numbers evenly distributed over [from_, to), which depend on a seed and an offset alone."""
    return random_in_place.uniform_(input, from_, to, generator=Pair(seed, offset))


def _random(input: Tensor, from_: Any = 0, to: Any = None, seed: Any = 0, offset: Any = 0) -> Tensor:
    """In place: whole numbers evenly distributed over [from_, to), which depend on a seed and an offset alone; see
    `Tensor.random_`."""
    return random_in_place.random_(input, from_, to, generator=Pair(seed, offset))


_IN_PLACE = {
    "InplaceNormal": _normal, "InplaceUniform": _uniform, "InplaceRandom": _random,
    "InplaceAddExt": _method("add_", "alpha", count=1), "InplaceAddsExt": _method("add_", "alpha", count=1),
    "InplaceSubExt": _method("sub_", "alpha", count=1), "InplaceSubScalar": _method("sub_", "alpha", count=1),
    "InplaceMul": _method("mul_"), "InplaceMuls": _method("mul_"), "InplaceDiv": _method("div_"),
    "InplaceDivs": _method("div_"), "InplaceDivMod": _method("div_", "rounding_mode", count=1),
    "InplaceDivMods": _method("div_", "rounding_mode", count=1), "InplaceFloorDivide": _method("floor_divide_"),
    "InplaceFloorDivides": _method("floor_divide_"), "InplaceExp": _method("exp_"), "InplaceLog": _method("log_"),
    "InplaceFloor": _method("floor_"), "InplaceTanh": _method("tanh_"), "InplaceZero": _method("zero_"),
    "InplaceErfinv": _method("erfinv_"), "InplaceClampScalar": _method("clamp_"),
    "InplaceClampTensor": _method("clamp_"), "InplaceFillScalar": _method("fill_"),
    "InplaceFillTensor": _method("fill_"), "InplaceFillDiagonal": _method("fill_diagonal_"),
    "InplaceMaskedFillScalar": _method("masked_fill_"), "InplaceMaskedFillTensor": _method("masked_fill_"),
    "InplaceIndexPut": _method("index_put_"), "InnerInplaceIndexPut": _method("index_put_"),
    "InplacePut": _method("put_"), "InplaceScatterAdd": _method("scatter_add_", "dim", "index", "src", count=0),
    "InplaceIndexAddExt": _method("index_add_", "dim", "index", "source", "alpha", count=0),
    "InplaceScatterSrc": _method("scatter_", "dim", "index", "src", count=0),
    "InplaceScatterSrcReduce": _method("scatter_", "dim", "index", "src", "reduce", count=0),
    "InplaceScatterValue": _method("scatter_", "dim", "index", "value", count=0),
    "InplaceScatterValueReduce": _method("scatter_", "dim", "index", "value", "reduce", count=0),
    "InplaceAddmm": _method("addmm_", "beta", "alpha", count=2), "InplaceReLU": _in_place("relu_"),
    "InplaceElu": _in_place("elu_"), "InplaceHardtanh": _in_place("hardtanh_"),
    "InplaceThreshold": _in_place("threshold_"), "InplaceSiLU": _silu, "InplaceStopGradient": _stop_gradient,
    "InplaceMatmulAdd": _matmul_add, "InplaceGroupedMatmulAdd": _grouped_matmul_add}
_SHOWING = {
    "BroadcastToView": _of_mint("broadcast_to"), "ChunkView": _of_mint("chunk"), "Contiguous": _method("contiguous"),
    "DiagonalView": _method("diagonal"), "ExpandDimsView": _of_mint("unsqueeze"), "NarrowView": _of_mint("narrow"),
    "SelectExtView": _of_mint("select"), "SliceExtView": _slice, "SplitTensorView": _of_mint("split"),
    "SplitWithSizeView": _of_mint("split"), "TransposeExtView": _of_mint("transpose"),
    "TransposeView": _of_mint("permute"), "UnstackExtView": _of_mint("unbind")}
_CLASSES: dict[str, type[Primitive]] = {
    name: define(name, function) for name, function in {**_IN_PLACE, **_SHOWING}.items()}
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)

# Functions of `gen_ops_def`, where they have another name than their class has with underscores.
_RENAMED = {
    "sub_tensor_": "InplaceSubExt", "sub_scalar_": "InplaceSubScalar", "div_tensor_": "InplaceDiv",
    "div_scalar_": "InplaceDivs", "divmod_tensor_": "InplaceDivMod", "divmod_scalar_": "InplaceDivMods",
    "floor_": "InplaceFloor", "tanh_": "InplaceTanh", "zero_": "InplaceZero", "fill_diagonal_": "InplaceFillDiagonal",
    "masked_fill_scalar_": "InplaceMaskedFillScalar", "masked_fill_tensor_": "InplaceMaskedFillTensor",
    "index_put_": "InplaceIndexPut", "put_": "InplacePut", "matmul_add_": "InplaceMatmulAdd",
    "grouped_matmul_add_": "InplaceGroupedMatmulAdd"}
_MODULES = ("operations", "_in_place_classes", "_native_classes", "_mint_classes", "_seeded_classes",
            "_gradient_classes")


@cache
def _spelled() -> dict[str, type[Primitive]]:
    """All classes of operators, by their names in small letters."""
    import importlib
    modules = [importlib.import_module(f"mindspore.ops.{name}") for name in reversed(_MODULES)]
    return {name.lower(): value for module in modules for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Primitive)}


@cache
def _made(name: str) -> Primitive | None:
    """The object that a name ending in "_op", or that of a function, means; None without one."""
    if name in _RENAMED:
        return _CLASSES[_RENAMED[name]]()
    known = _spelled() if name.endswith("_op") else {key.lower(): value for key, value in _CLASSES.items()}
    found = known.get(name.removesuffix("_op").replace("_", "")) if name.islower() else None
    try:
        return None if found is None else found()
    except TypeError:  # it needs attributes
        return None


def __getattr__(name: str) -> Any:
    found = None if name.startswith("_") else _made(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
