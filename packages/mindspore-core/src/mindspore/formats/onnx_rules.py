"""Which operators of ONNX stand for ours.

`RULES` has a function for each primitive that the format has: it gets the writer of the graph, the node, and the names
of the operands' values, and returns the name of the result, or a list of names. SIMPLE holds those that differ in name
only. What is in neither is replaced by its decomposition (`exported.prepared`).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.dtype import bool_, int32, int64
from mindspore.compiler.ir import Node

__all__ = ["RULES", "has"]

SIMPLE = {
    "abs": "Abs", "acos": "Acos", "acosh": "Acosh", "add": "Add", "asin": "Asin", "asinh": "Asinh", "atan": "Atan",
    "atanh": "Atanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "div": "Div", "eq": "Equal", "erf": "Erf",
    "exp": "Exp", "floor": "Floor", "hardswish": "HardSwish",
    "isinf": "IsInf", "isnan": "IsNaN", "log": "Log", "logical_and": "And", "logical_not": "Not",
    "logical_or": "Or", "logical_xor": "Xor", "maximum": "Max", "minimum": "Min", "mish": "Mish",
    "mul": "Mul", "neg": "Neg", "pow": "Pow", "relu": "Relu", "round": "Round", "select": "Where",
    "sigmoid": "Sigmoid", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "softplus": "Softplus", "sqrt": "Sqrt",
    "sub": "Sub", "tan": "Tan", "tanh": "Tanh",
}
_BITS = {"bitwise_and": "And", "bitwise_or": "Or", "bitwise_xor": "Xor", "bitwise_not": "Not"}
_ORDERS = {"ge": "GreaterOrEqual", "gt": "Greater", "le": "LessOrEqual", "lt": "Less"}
_END = np.iinfo(np.int64).min


def has(node: Node) -> bool:
    """Whether the format has an operator for the node."""
    if node.op.name == "pad":
        return not any(node.attr("interior"))
    return node.op.name in RULES


def _number(w: Any, node: Node, value: float) -> str:
    """A number of the first operand's dtype."""
    return w.constant(value, node.ins[0].aval.dtype.np)


def _simple(op_type: str) -> Callable:
    return lambda w, node, *operands: w.node(op_type, operands)


def _bits(name: str) -> Callable:
    return lambda w, node, *operands: w.node(
        _BITS[name] if node.dtype is bool_ else f"Bitwise{_BITS[name]}", operands)


def _order(op_type: str) -> Callable:
    """A comparison; of bools as numbers."""
    return lambda w, node, *operands: w.node(
        op_type, [w.cast(x, int32) for x in operands] if node.ins[0].aval.dtype is bool_ else operands)


def _mod(w: Any, node: Node, a: str, b: str) -> str:
    """Of floats, ONNX has the remainder with the sign of the dividend."""
    if not node.dtype.is_floating:
        return w.node("Mod", [a, b])
    rest = w.node("Mod", [a, b], fmod=1)
    other_sign = w.node("Less", [w.node("Mul", [w.node("Sign", [rest]), w.node("Sign", [b])]), _number(w, node, 0)])
    return w.node("Where", [other_sign, w.node("Add", [rest, b]), rest])


def _floor_div(w: Any, node: Node, a: str, b: str) -> str:
    if node.dtype.is_floating:
        return w.node("Floor", [w.node("Div", [a, b])])
    return w.node("Div", [w.node("Sub", [a, w.node("Mod", [a, b])]), b])


def _atan2(w: Any, node: Node, y: str, x: str) -> str:
    """The angle of the quotient, moved by half a turn where x is negative."""
    zero, turn = _number(w, node, 0), _number(w, node, np.pi)
    angle = w.node("Atan", [w.node("Div", [y, x])])
    upper = w.node("GreaterOrEqual", [y, zero])
    moved = w.node("Where", [upper, w.node("Add", [angle, turn]), w.node("Sub", [angle, turn])])
    straight = w.node("Mul", [w.node("Sign", [y]), _number(w, node, np.pi / 2)])
    behind = w.node("Where", [w.node("Less", [x, zero]), moved, straight])
    return w.node("Where", [w.node("Greater", [x, zero]), angle, behind])


def _trunc(w: Any, node: Node, x: str) -> str:
    negative = w.node("Less", [x, _number(w, node, 0)])
    return w.node("Where", [negative, w.node("Ceil", [x]), w.node("Floor", [x])])


def _reshape(w: Any, node: Node, x: str) -> str:
    return w.node("Reshape", [x, w.constant(node.shape)], **({"allowzero": 1} if 0 in node.shape else {}))


def _slice(w: Any, node: Node, x: str) -> str:
    begin, end, strides = node.attrs
    return w.node("Slice", [x, *[w.constant(each) for each in (begin, end, range(len(begin)), strides)]])


def _reverse(w: Any, node: Node, x: str) -> str:
    axes = node.attrs[0]
    many = [[each] * len(axes) for each in (-1, _END)]
    return w.node("Slice", [x, *[w.constant(each) for each in (*many, axes, [-1] * len(axes))]])


def _pad(w: Any, node: Node, x: str) -> str:
    low, high, _, value = node.attrs
    return w.node("Pad", [x, w.constant((*low, *high)), _number(w, node, value)], mode="constant")


def _matmul(w: Any, node: Node, a: str, b: str) -> str:
    if node.aval.ndim == 2 and node.dtype.is_floating:
        return w.node("Gemm", [a, b], transA=node.attrs[0], transB=node.attrs[1])
    names = [w.node("Transpose", [name], perm=(*range(i.aval.ndim - 2), i.aval.ndim - 1, i.aval.ndim - 2))
             if transposed else name for name, i, transposed in zip((a, b), node.ins, node.attrs)]
    return w.node("MatMul", names)


def _reduce(op_type: str) -> Callable:
    return lambda w, node, x: w.node(op_type, [x, w.constant(node.attrs[0])], keepdims=node.attrs[1],
                                     noop_with_empty_axes=1)


def _any(w: Any, node: Node, x: str) -> str:
    """Whether the sum of the truths, which is 0 over no elements, is more than 0."""
    return w.cast(_reduce("ReduceSum")(w, node, w.cast(w.cast(x, bool_), int32)), bool_)


def _all(w: Any, node: Node, x: str) -> str:
    return w.node("Not", [_any(w, node, w.node("Not", [w.cast(x, bool_)]))])


def _indices(w: Any, node: Node, indices: str) -> str:
    """The second operand as a dtype that ONNX takes for indices."""
    return indices if node.ins[1].aval.dtype in (int32, int64) else w.cast(indices, int64)


def _argument(op_type: str) -> Callable:
    return lambda w, node, x: w.cast(w.node(op_type, [x], axis=node.attr("axis"), keepdims=0), node.attr("dtype"))


def _iota(w: Any, node: Node) -> str:
    shape, axis, dtype = node.attrs
    numbers = w.node("Range", [w.constant(0), w.constant(shape[axis]), w.constant(1)])
    column = [n if k == axis else 1 for k, n in enumerate(shape)]
    numbers = w.node("Reshape", [w.cast(numbers, dtype), w.constant(column)], allowzero=1)
    return w.node("Expand", [numbers, w.constant(shape)])


def _scatter_add(w: Any, node: Node, x: str, indices: str, updates: str) -> str:
    axis, count = node.attrs[0], node.ins[1].aval.ndim
    order = (axis, *[k for k in range(node.aval.ndim) if k != axis])
    if axis:
        moved = (*range(axis, axis + count),
                 *[k for k in range(node.ins[2].aval.ndim) if not axis <= k < axis + count])
        x, updates = w.node("Transpose", [x], perm=order), w.node("Transpose", [updates], perm=moved)
    places = w.node("Unsqueeze", [w.cast(indices, int64), w.constant((-1,))])
    result = w.node("ScatterND", [x, places, updates], reduction="add")
    return w.node("Transpose", [result], perm=tuple(np.argsort(order).tolist())) if axis else result


def _sides(padding: tuple) -> tuple:
    """(before, after) of each axis in turn as all before, then all after."""
    return (*padding[::2], *padding[1::2])


def _convolution(w: Any, node: Node, x: str, weight: str) -> str:
    stride, padding, dilation, groups = node.attrs
    return w.node("Conv", [x, weight], strides=stride, pads=_sides(padding), dilations=dilation, group=groups,
                  kernel_shape=node.ins[1].shape[2:])


def _convolution_transposed(w: Any, node: Node, dy: str, weight: str) -> str:
    sizes, stride, padding, dilation, groups = node.attrs
    kernel = node.ins[1].shape[2:]
    rest = [size - ((n - 1) * s + (k - 1) * d + 1 - padding[2 * a] - padding[2 * a + 1]) for a, (size, n, s, k, d) in
            enumerate(zip(sizes, node.ins[0].shape[2:], stride, kernel, dilation))]
    return w.node("ConvTranspose", [dy, weight], strides=stride, pads=_sides(padding), dilations=dilation,
                  group=groups, kernel_shape=kernel, output_padding=rest)


def _max_pool(w: Any, node: Node, x: str) -> str:
    kernel, stride, padding, dilation = node.attrs
    if any(padding[k] >= kernel[k // 2] for k in range(len(padding))):
        around = (0, 0, 0, 0, *padding)
        x = w.node("Pad", [x, w.constant(_sides(around)), _number(w, node, -np.inf)], mode="constant")
        padding = (0,) * len(padding)
    return w.node("MaxPool", [x], kernel_shape=kernel, strides=stride, pads=_sides(padding), dilations=dilation)


def _avg_pool(w: Any, node: Node, x: str) -> str:
    kernel, stride, padding, included = node.attrs
    return w.node("AveragePool", [x], kernel_shape=kernel, strides=stride, pads=_sides(padding),
                  count_include_pad=included)


def _layer_norm(w: Any, node: Node, *operands: str) -> list[str]:
    axis, epsilon = node.attrs
    count = 3 if any((node.idx, k) in w.used for k in (1, 2)) else 1
    operands = tuple([name if i.aval.dtype is node.ins[0].aval.dtype else w.cast(name, node.ins[0].aval.dtype)
                      for name, i in zip(operands, node.ins)])
    found = w.node("LayerNormalization", operands, count, axis=axis, epsilon=epsilon)
    return [found] if count == 1 else found


def _top_k(w: Any, x: str, axis: int, k: int, largest: bool, dtype: Any) -> list[str]:
    values, indices = w.node("TopK", [x, w.constant([k])], 2, axis=axis, largest=largest, sorted=1)
    return [values, w.cast(indices, dtype)]


def _dimension(w: Any, node: Node) -> str:
    return w.cast(w.constant(node.attrs[0]), node.dtype)


RULES: dict[str, Callable] = {
    **{name: _simple(op_type) for name, op_type in SIMPLE.items()},
    **{name: _bits(name) for name in _BITS},
    **{name: _order(op_type) for name, op_type in _ORDERS.items()},
    "ne": lambda w, node, a, b: w.node("Not", [w.node("Equal", [a, b])]),
    "isfinite": lambda w, node, x: w.node("Not", [w.node("Or", [w.node("IsNaN", [x]), w.node("IsInf", [x])])]),
    "rsqrt": lambda w, node, x: w.node("Reciprocal", [w.node("Sqrt", [x])]),
    "expm1": lambda w, node, x: w.node("Sub", [w.node("Exp", [x]), _number(w, node, 1)]),
    "log1p": lambda w, node, x: w.node("Log", [w.node("Add", [x, _number(w, node, 1)])]),
    "exp2": lambda w, node, x: w.node("Pow", [_number(w, node, 2), x]),
    "erfc": lambda w, node, x: w.node("Sub", [_number(w, node, 1), w.node("Erf", [x])]),
    "hardsigmoid": lambda w, node, x: w.node("HardSigmoid", [x], alpha=1 / 6, beta=0.5),
    "elu": lambda w, node, x: w.node("Elu", [x], alpha=float(node.attrs[0])),
    "leaky_relu": lambda w, node, x: w.node("LeakyRelu", [x], alpha=float(node.attrs[0])),
    "relu6": lambda w, node, x: w.node("Clip", [x, _number(w, node, 0), _number(w, node, 6)]),
    "atan2": _atan2, "determinant": lambda w, node, x: w.node("Det", [x]),
    "log2": lambda w, node, x: w.node("Div", [w.node("Log", [x]), _number(w, node, np.log(2))]),
    "mod": _mod, "floor_div": _floor_div, "trunc": _trunc,
    "cast": lambda w, node, x: w.cast(x, node.dtype),
    "reshape": _reshape, "slice": _slice, "reverse": _reverse, "pad": _pad, "matmul": _matmul,
    "transpose": lambda w, node, x: w.node("Transpose", [x], perm=node.attrs[0]),
    "broadcast_to": lambda w, node, x: w.node("Expand", [x, w.constant(node.shape)]),
    "concat": lambda w, node, *operands: w.node("Concat", operands, axis=node.attrs[0]),
    "gather": lambda w, node, x, i: w.node("Gather", [x, _indices(w, node, i)], axis=node.attrs[0]),
    "gather_elements": lambda w, node, x, i: w.node("GatherElements", [x, _indices(w, node, i)], axis=node.attrs[0]),
    "scatter_add": _scatter_add,
    "scatter_add_elements": lambda w, node, x, i, u: w.node("ScatterElements", [x, _indices(w, node, i), u],
                                                            axis=node.attrs[0], reduction="add"),
    "sum": _reduce("ReduceSum"), "max": _reduce("ReduceMax"), "min": _reduce("ReduceMin"),
    "prod": _reduce("ReduceProd"), "all": _all, "any": _any,
    "argmax": _argument("ArgMax"), "argmin": _argument("ArgMin"),
    "cumsum": lambda w, node, x: w.node("CumSum", [x, w.constant(node.attr("axis"))], reverse=node.attr("reverse"),
                                        exclusive=node.attr("exclusive")),
    "softmax": lambda w, node, x: w.node("Softmax", [x], axis=node.attrs[0]),
    "log_softmax": lambda w, node, x: w.node("LogSoftmax", [x], axis=node.attrs[0]),
    "dimension": _dimension, "iota": _iota, "conv2d": _convolution, "conv3d": _convolution,
    "conv2d_input_grad": _convolution_transposed, "conv3d_input_grad": _convolution_transposed,
    "max_pool2d": _max_pool, "max_pool3d": _max_pool, "avg_pool2d": _avg_pool, "avg_pool3d": _avg_pool,
    "layer_norm": _layer_norm,
    "batch_norm_infer": lambda w, node, *operands: w.node("BatchNormalization", operands, epsilon=node.attrs[0]),
    "sort": lambda w, node, x: _top_k(w, x, node.attr("axis"), node.ins[0].shape[node.attr("axis")],
                                      node.attr("descending"), node.aval.items[1].dtype),
    "top_k": lambda w, node, x: _top_k(w, x, -1, node.attr("k"), node.attr("largest"), node.aval.items[1].dtype),
}
