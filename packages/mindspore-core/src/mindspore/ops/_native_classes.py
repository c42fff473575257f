"""Operators of `mindspore.ops.auto_generate` whose attributes are passed with the operands, and some of `_sequence_ops`
and `linalg_ops`.

    SumExt()(x, (0,), True)        # mint.sum(x, (0,), True)

The public functions of `mindspore.mint` are made of them; programs for large models call them themselves. Each calls
the function, and says here in which order it is called.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from mindspore.common.dtype import float16
from mindspore.common.tensor import Tensor
from mindspore.ops.grouped import grouped_matmul
from mindspore.ops.primitive import Primitive, define
from mindspore.ops.quantized import dynamic_quant, quant_batch_matmul, quant_v2, weight_quant_batch_matmul

__all__ = ["NAMES"]


def _split(x: Tensor, split_sizes: tuple, dim: int = 0) -> tuple:
    """Parts of these lengths along an axis, one after the other."""
    from mindspore import mint
    return mint.split(x, split_sizes, dim)


def _swiglu(x: Tensor, dim: int = -1) -> Tensor:
    """The first half along an axis, through SiLU, times the second half."""
    from mindspore import mint
    first, second = mint.chunk(x, 2, dim)
    return mint.nn.functional.silu(first) * second


def _one_hot(x: Tensor, num_classes: int, on_value: Any = 1, off_value: Any = 0, axis: int = -1) -> Tensor:
    """`on_value` where the index along the new axis is that in x, else `off_value`."""
    from mindspore import Tensor as tensor_class
    from mindspore import ops
    on, off = (v if isinstance(v, tensor_class) else ops.scalar_to_tensor(v) for v in (on_value, off_value))
    return ops.one_hot(x, num_classes, on, off, axis)


def _number(x: Tensor) -> Any:
    """The element of a tensor with one element, as a Python number."""
    return x.item()


def _copy(variable: Tensor, value: Tensor) -> Tensor:
    """Give a tensor the elements of another one; the tensor."""
    return variable.copy_(value)


def _stack(tensors: tuple, dim: int = 0) -> Tensor:
    """Tensors one after the other along a new axis."""
    from mindspore import mint
    return mint.stack(tensors, dim)


def _sequence_unstack(x: Tensor, axis: int = 0) -> tuple:
    """The parts of length 1 along an axis, without it."""
    from mindspore import ops
    return ops.unstack(x, axis)


def _sequence_stack(tensors: tuple, axis: int = 0) -> Tensor:
    """Tensors one after the other along a new axis."""
    from mindspore import ops
    return ops.stack(tensors, axis)


def _tensor_of(numbers: Any, dtype: Any = None) -> Tensor:
    """A tensor of the numbers in a tuple or list, some of which may depend on tensors; of their dtype by default."""
    from mindspore import Tensor as tensor_class
    from mindspore import ops
    if not any(isinstance(number, tensor_class) for number in numbers):
        return tensor_class(numbers, dtype)
    stacked = ops.stack([number if isinstance(number, tensor_class) else tensor_class(number) for number in numbers])
    return stacked if dtype is None else stacked.astype(dtype)


def _eigh(a: Tensor, compute_eigenvectors: bool = True, lower: bool = True) -> Any:
    """The eigenvalues (n), ascending, and eigenvectors (n, n) of a symmetric or Hermitian matrix, of which one triangle
    is read; the eigenvalues alone without `compute_eigenvectors`."""
    from mindspore.scipy.linalg import eigh
    return eigh(a, lower=lower, eigvals_only=not compute_eigenvectors)


@cache
def _parameters(function: Callable) -> tuple[list[str], int]:
    """The names of a function's parameters in order, and how many of them may be given by position."""
    found = inspect.signature(function).parameters
    return list(found), sum(1 for p in found.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY)


def of_mint(path: str) -> Callable:
    """A function of `mint`, or one whose path begins with "ops." or "Tensor.", found when it is first called. What it
    takes by name alone may be given by position, too."""
    whole = path if path.startswith(("ops.", "Tensor.")) else f"mint.{path}"

    def call(*operands: Any, **named: Any) -> Any:
        import mindspore
        found: Any = mindspore
        for part in whole.split("."):
            found = getattr(found, part)
        names, positional = _parameters(found)
        return found(*operands[:positional], **dict(zip(names[positional:], operands[positional:])), **named)

    call.__doc__ = f"`{whole}` of the operands."
    return call


_FUNCTIONS = {
    "AddExt": "add", "BatchMatMulExt": "bmm", "CumsumExt": "cumsum", "FmodScalar": "fmod", "FmodTensor": "fmod",
    "IndexSelect": "index_select", "MatMulExt": "matmul", "MaxDim": "max", "MeanExt": "mean", "MinDim": "min",
    "OnesLikeExt": "ones_like", "Outer": "outer", "ProdExt": "prod", "RepeatInterleaveInt": "repeat_interleave",
    "SiLU": "nn.functional.silu", "Scatter": "scatter", "SortExt": "sort", "SubExt": "sub", "SumExt": "sum",
    "TopkExt": "topk", "Triu": "triu", "TrilExt": "tril", "ZerosLikeExt": "zeros_like", "EluExt": "nn.functional.elu"}
_CLASSES: dict[str, type[Primitive]] = {
    **{name: define(name, of_mint(path)) for name, path in _FUNCTIONS.items()},
    "SplitWithSize": define("SplitWithSize", _split), "Swiglu": define("Swiglu", _swiglu),
    "GroupedMatmul": define("GroupedMatmul", grouped_matmul, split_item=0, group_type=-1),
    "QuantV2": define("QuantV2", quant_v2), "DynamicQuantExt": define("DynamicQuantExt", dynamic_quant),
    "WeightQuantBatchMatmul": define("WeightQuantBatchMatmul", weight_quant_batch_matmul, transpose_x=False,
                                     transpose_weight=False, antiquant_group_size=0),
    "QuantBatchMatmul": define("QuantBatchMatmul", quant_batch_matmul, transpose_x1=False, transpose_x2=False,
                               dtype=float16),
    "TensorToScalar": define("TensorToScalar", _number),
    "InplaceCopy": define("InplaceCopy", _copy), "OneHotExt": define("OneHotExt", _one_hot, axis=-1),
    "StackExt": define("StackExt", _stack, dim=0),
    "SequenceUnstack": define("SequenceUnstack", _sequence_unstack, axis=0),
    "SequenceStack": define("SequenceStack", _sequence_stack, axis=0),
    "TupleToTensor": define("TupleToTensor", _tensor_of), "ListToTensor": define("ListToTensor", _tensor_of),
    "Eigh": define("Eigh", _eigh, compute_eigenvectors=True, lower=True)}
NAMES = tuple(_CLASSES)
globals().update(_CLASSES)
