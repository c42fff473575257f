"""Operators of MINDIR files, applied to values.

An operator is either old in style, with its attributes beside it, or functional, with its attributes as its last
operands, in the order in which the operator's class takes them. Most are found among the classes of
`mindspore.ops.operations` and need no more than their name; SPECIAL holds those that are not, and those whose
attributes stand in the file in another form.
"""
from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from mindspore import ops
from mindspore.common.dtype import DType, np_dtype_to_dtype
from mindspore.common.tensor import Tensor
from mindspore.formats.mindir_read import Operator
from mindspore.formats.mindir_values import MONAD, TYPE_NUMBERS, Monad
from mindspore.graph.trace import Traced, current_trace
from mindspore.ops import operations
from mindspore.runtime import record

__all__ = ["apply_operator"]

_LAYOUTS = {0: "NCHW", 1: "NHWC", 2: "NCDHW"}
_PADDINGS = {0: "pad", 1: "same", 2: "valid"}
_RENAMED = {"data_format": "format"}


def apply_operator(op: Operator, operands: Sequence[Any]) -> Any:
    """The result of an operator of a file for these values.

    Raises:
        ValueError: the operator is not known.
        others: what the operator raises for wrong operands.
    """
    given = [value for value in operands if not isinstance(value, Monad)]
    special = SPECIAL.get(op.name)
    if special is not None:
        return special(op.attributes, *given)
    if op.name in SCALARS:
        return SCALARS[op.name](*given)
    if op.name not in operations.__all__:
        raise ValueError(f"the operator {op.name} is not known")
    cls: Any = getattr(operations, op.name)
    names = list(getattr(cls, "_attributes", ()))
    if op.functional and names:
        given, extra = given[:len(given) - len(names)], given[len(given) - len(names):]
        return cls(**{name: _decoded(name, value) for name, value in zip(names, extra, strict=True)})(*given)
    found = {name: op.attributes.get(_RENAMED.get(name, name), op.attributes.get(name)) for name in names}
    return cls(**{name: _decoded(name, value) for name, value in found.items() if value is not None})(*given)


def _decoded(name: str, value: Any) -> Any:
    """An attribute as the operator's class takes it."""
    if isinstance(value, int) and not isinstance(value, bool):
        if name == "data_format":
            return _LAYOUTS[value]
        if name == "pad_mode":
            return _PADDINGS[value]
        if name in ("dtype", "output_type"):
            return _dtype(value)
    if name in ("kernel_size", "strides") and isinstance(value, tuple) and len(value) == 4:
        return value[2:]
    if name == "axis" and isinstance(value, tuple) and len(value) == 1:
        return value[0]
    if isinstance(value, Tensor) and name in ("axis", "shape", "keep_dims", "size"):
        return value.tolist()
    return value


def _dtype(number: Any) -> DType | None:
    return None if number is None else np_dtype_to_dtype(TYPE_NUMBERS[number])


def _static(value: Any) -> Any:
    """Numbers that an operand must be, where a constant tensor stands for them."""
    return value.tolist() if isinstance(value, Tensor) else value


# -- what is no computation --------------------------------------------------------------------------------------------


def _load(attributes, parameter: Tensor) -> Tensor:
    """The present value of a parameter: what is assigned later does not change it."""
    trace = current_trace()
    return record.wrap(Traced(trace, trace.node_of(parameter)))


def _item(attributes, values: Sequence, index: int) -> Any:
    return values[operator.index(_static(index))]


def _assign(attributes, target: Tensor, value: Any) -> Tensor:
    record.assign(target, value)
    return value


# -- operators whose attributes stand in another form ------------------------------------------------------------------


def _convolution(attributes, x: Tensor, weight: Tensor) -> Tensor:
    pads = attributes["pad_list"] if attributes["pad_mode"] == "pad" else 0
    if attributes.get("format", "NCHW") != "NCHW":
        raise ValueError(f"the layout {attributes['format']} is not supported, NCHW is")
    return operations.Conv2D(
        attributes["out_channel"], attributes["kernel_size"], attributes.get("mode", 1), attributes["pad_mode"], pads,
        attributes["stride"][-2:], attributes["dilation"][-2:], attributes["group"])(x, weight)


def _scaled(function: Callable) -> Callable:
    """x + alpha y and x - alpha y."""
    return lambda attributes, x, y, alpha=1: function(x, y if alpha == 1 else ops.mul(y, alpha))


def _reduced(function: Callable) -> Callable:
    def reduce(attributes, x, axis=None, keepdims=False, dtype=None):
        x = x if dtype is None else ops.cast(x, _dtype(dtype))
        return function(x, tuple(range(x.ndim)) if axis is None or axis == () else axis, keepdims)
    return reduce


def _pool(maximum: bool) -> Callable:
    def pool(attributes, x, *functional):
        names = ("kernel_size", "strides", "pad_mode", "data_format")
        given = dict(zip(names, functional)) if functional else {
            name: attributes[_RENAMED.get(name, name)] for name in names if _RENAMED.get(name, name) in attributes}
        chosen = {name: _decoded(name, value) for name, value in given.items()}
        return (operations.MaxPool if maximum else operations.AvgPool)(**chosen)(x)
    return pool


SPECIAL: dict[str, Callable] = {
    "Load": _load, "Depend": lambda a, value, *after: value, "UpdateState": lambda a, *order: MONAD,
    "MakeTuple": lambda a, *items: items, "MakeList": lambda a, *items: items, "TupleGetItem": _item,
    "ListGetItem": _item, "RealMakeTuple": lambda a, *items: items, "RealTupleGetItem": _item,
    "Return": lambda a, value: value, "Assign": _assign, "StopGradient": lambda a, x: ops.stop_gradient(x),
    "Identity": lambda a, x: x, "MakeRange": lambda a, *bounds: tuple(range(*map(operator.index, bounds))),
    "Conv2D": _convolution, "MaxPool": _pool(True), "AvgPool": _pool(False),
    "Cast": lambda a, x, dtype: ops.cast(x, _dtype(dtype)),
    "Shape": lambda a, x: tuple(x.shape),
    "ScalarToTensor": lambda a, x, dtype=None: ops.scalar_to_tensor(x, _dtype(dtype)),
    "Reshape": lambda a, x, shape: ops.reshape(x, tuple(_static(shape))),
    "Transpose": lambda a, x, perm: ops.transpose(x, tuple(_static(perm))),
    "Tile": lambda a, x, multiples: ops.tile(x, tuple(_static(multiples))),
    "GeLU": lambda a, x: ops.gelu(x, approximate="tanh"),
    "GeluExt": lambda a, x, approximate=0: ops.gelu(x, approximate="tanh" if approximate else "none"),
    "SiLU": lambda a, x: ops.silu(x),
    "LogSoftmaxExt": lambda a, x, axis=-1, dtype=None: ops.log_softmax(x, -1 if axis is None else axis),
    "Exp2": lambda a, x: ops.exp2(x), "Log10": lambda a, x: ops.log10(x), "Log2": lambda a, x: ops.log2(x),
    "AddExt": _scaled(ops.add), "SubExt": _scaled(ops.sub),
    "AddScalar": _scaled(ops.add), "SubScalar": _scaled(ops.sub),
    "MulScalar": lambda a, x, y: ops.mul(x, y), "DivScalar": lambda a, x, y: ops.div(x, y),
    "Muls": lambda a, x, y: ops.mul(x, y), "Divs": lambda a, x, y: ops.div(x, y),
    "PowTensorScalar": lambda a, x, y: ops.pow(x, y), "PowScalarTensor": lambda a, x, y: ops.pow(x, y),
    "RemainderTensorScalar": lambda a, x, y: ops.floor_mod(x, y),
    "LessScalar": lambda a, x, y: ops.lt(x, y), "LessEqualScalar": lambda a, x, y: ops.le(x, y),
    "GreaterScalar": lambda a, x, y: ops.gt(x, y), "GreaterEqualScalar": lambda a, x, y: ops.ge(x, y),
    "EqualScalar": lambda a, x, y: ops.eq(x, y), "NotEqualScalar": lambda a, x, y: ops.ne(x, y),
    "SumExt": _reduced(ops.sum), "MeanExt": _reduced(lambda x, axis, keep: ops.mean(x, axis, keep)),
    "Max": lambda a, x: ops.amax(x), "Min": lambda a, x: ops.amin(x),
    "MatMulExt": lambda a, x, y: ops.matmul(x, y), "BatchMatMulExt": lambda a, x, y: ops.matmul(x, y),
    "Mm": lambda a, x, y: ops.matmul(x, y),
    "TensorShape": lambda a, x: operations.TensorShape()(x), "ZerosLikeExt": lambda a, x, dtype=None: ops.zeros_like(x),
    "OnesLikeExt": lambda a, x, dtype=None: ops.ones_like(x),
}

SCALARS: dict[str, Callable] = {
    "ScalarAdd": operator.add, "ScalarSub": operator.sub, "ScalarMul": operator.mul, "ScalarDiv": operator.truediv,
    "ScalarFloorDiv": operator.floordiv, "ScalarMod": operator.mod, "ScalarUsub": operator.neg,
    "ScalarPow": operator.pow, "ScalarMax": max, "ScalarMin": min,
    "ScalarEq": operator.eq, "ScalarLt": operator.lt, "ScalarGt": operator.gt, "ScalarLe": operator.le,
    "ScalarGe": operator.ge, "ScalarBool": bool, "BoolNot": operator.not_,
}
