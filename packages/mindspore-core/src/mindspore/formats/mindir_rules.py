"""Which operators of MindSpore stand for ours in a MINDIR file.

`RULES` has a function for each primitive that the format has: it gets the writer of the graph, the node, and the names
of the operands' values, writes steps, and returns the name of the result (a list of names for several). Operators
without attributes are in the table SIMPLE. What is in neither is replaced by its decomposition (`exported.prepared`).

`bias_of` recognises the addition of a bias, which is an operator of its own (`BiasAdd`) in MindSpore.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mindspore.common.dtype import int64
from mindspore.compiler.ir import Node, tensor_aval
from mindspore.formats.mindir_values import Tuple, type_number

__all__ = ["INSTANCES", "OLD_STYLE", "RULES", "bias_of", "has"]

SIMPLE = {
    "abs": "Abs", "acos": "ACos", "acosh": "Acosh", "add": "Add", "asin": "Asin", "asinh": "Asinh", "atan": "Atan",
    "atan2": "Atan2", "atanh": "Atanh", "bitwise_and": "BitwiseAnd", "bitwise_or": "BitwiseOr",
    "bitwise_xor": "BitwiseXor", "bitwise_not": "Invert", "ceil": "Ceil", "complex": "Complex",
    "complex_abs": "ComplexAbs", "conj": "Conj", "cos": "Cos", "cosh": "Cosh", "div": "Div",
    "determinant": "MatrixDeterminant", "eq": "Equal", "erf": "Erf", "erfc": "Erfc", "exp": "Exp", "expm1": "Expm1",
    "floor": "Floor", "floor_div": "FloorDiv", "ge": "GreaterEqual", "gt": "Greater", "hardsigmoid": "HSigmoid",
    "hardswish": "HSwish", "imag": "Imag", "isfinite": "IsFinite", "isinf": "IsInf", "isnan": "IsNan",
    "le": "LessEqual", "log": "Log", "log1p": "Log1p", "logical_and": "LogicalAnd", "logical_not": "LogicalNot",
    "logical_or": "LogicalOr", "logical_xor": "LogicalXor", "lt": "Less", "matrix_exp": "MatrixExp",
    "matrix_log": "MatrixLogarithm", "nextafter": "NextAfter", "real": "Real", "maximum": "Maximum",
    "minimum": "Minimum", "mish": "Mish", "mod": "FloorMod", "mul": "Mul", "ne": "NotEqual", "neg": "Neg", "pow": "Pow",
    "relu": "ReLU", "relu6": "ReLU6", "round": "Rint", "rsqrt": "Rsqrt", "select": "Select", "selu": "SeLU",
    "shift_left": "LeftShift", "shift_right": "RightShift", "sigmoid": "Sigmoid", "sign": "Sign", "silu": "SiLU",
    "sin": "Sin", "sinh": "Sinh", "softplus": "Softplus", "sqrt": "Sqrt", "sub": "Sub", "tan": "Tan", "tanh": "Tanh",
    "trunc": "Trunc",
}

VALID, NCHW = 2, 0  # as operands
OLD_STYLE = frozenset({  # whose attributes stand in the primitive; those of the others are further operands
    "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Complex", "ComplexAbs", "Conv2D", "Conv2DTranspose", "Depend", "Imag",
    "Invert", "IsNan", "Load", "MakeTuple", "MatrixInverse", "MatrixLogarithm", "MatrixSolve",
    "MatrixTriangularSolve", "MaxPool", "Mish", "PadV3", "Partial", "Rint", "SeLU", "Softplus", "Sort", "Switch",
    "Tan", "TensorScatterElements", "TopK", "TupleGetItem", "UpdateState"})
INSTANCES = {"Conv2D": "conv2d", "MaxPool": "max_pool", "ReLU": "relu", "MatMul": "matmul", "BiasAdd": "bias_add",
             "BatchNorm": "bn_infer", "Gather": "gather", "LayerNorm": "layer_norm"}


def bias_of(node: Node) -> tuple[Node, Node] | None:
    """(x, bias) where a node adds a vector along axis 1 of x[N, C] or x[N, C, H, W]; else None."""
    if node.op.name != "add":
        return None
    for x, bias in (node.ins, node.ins[::-1]):
        if bias.op.name == "reshape" and bias.ins[0].aval.ndim == 1:
            vector = bias.ins[0]
            if x.aval.ndim == 4 and bias.shape in ((1, x.shape[1], 1, 1), (x.shape[1], 1, 1)):
                return x, vector
        elif bias.aval.ndim == 1 and x.aval.ndim == 2 and bias.shape == x.shape[1:] and bias.op.name == "parameter":
            return x, bias
    return None


def has(node: Node) -> bool:
    """Whether the format has an operator for the node."""
    name = node.op.name
    if name == "gelu":
        return node.attr("approximate")
    if name == "pad":
        return not any(node.attr("interior"))
    if name == "triangular_solve":
        return not node.attr("unit_diagonal")
    if name == "max_pool2d":
        return all(d == 1 for d in node.attr("dilation"))
    if name == "avg_pool2d" and any(node.attr("padding")) and not node.attr("count_include_pad"):
        return all(type(n) is int for n in node.ins[0].shape)
    if name == "top_k":
        return node.attr("largest") or node.ins[0].dtype.kind != "u"
    return name in RULES


def _simple(op_type: str) -> Callable:
    return lambda w, node, *operands: w.call(op_type, operands, node.aval)


def _number(w: Any, node: Node, value: float) -> str:
    """A number of the result's dtype."""
    return w.constant(np.asarray(value, node.dtype.np))


def _add(w: Any, node: Node, *operands: str) -> str:
    if bias_of(node):
        return w.call("BiasAdd", [*operands, w.constant(0)], node.aval)
    return w.call("Add", operands, node.aval)


def _matmul(w: Any, node: Node, a: str, b: str) -> str:
    kind = "MatMul" if node.aval.ndim == 2 else "BatchMatMul"
    return w.call(kind, [a, b, *[w.constant(each) for each in node.attrs]], node.aval)


def _reshape(w: Any, node: Node, x: str) -> str:
    before, after = node.ins[0].shape, node.shape
    if len(before) > 2 and len(after) == 2 and before[0] == after[0]:
        return w.call("Flatten", [x], node.aval)
    return w.call("Reshape", [x, w.constant(after)], node.aval)


def _with(op_type: str, *names: str) -> Callable:
    """An operator whose further operands are our attributes."""
    return lambda w, node, *operands: w.call(
        op_type, [*operands, *[w.constant(node.attr(name)) for name in names]], node.aval)


def _cast(w: Any, node: Node, x: str) -> str:
    return w.call("Cast", [x, w.constant(type_number(node.dtype))], node.aval)


def _concat(w: Any, node: Node, *operands: str) -> str:
    for name, each in zip(operands, node.ins):
        w.avals.setdefault(name, each.aval)
    return w.call("Concat", [w.make_tuple(operands), w.constant(node.attrs[0])], node.aval)


def _slice(w: Any, node: Node, x: str) -> str:
    masks = [w.constant(0)] * 5
    return w.call("StridedSlice", [x, *[w.constant(each) for each in node.attrs], *masks], node.aval)


def _pad(w: Any, node: Node, x: str) -> str:
    low, high, _, value = node.attrs
    return _padded(w, x, node.ins[0].aval, low, high, value)


def _padded(w: Any, x: str, aval: Any, low: tuple, high: tuple, value: float) -> str:
    """x with `low` elements before and `high` after on each axis. Counts go from the last axis to the first."""
    counts = tuple([int(n) for pair in zip(reversed(low), reversed(high)) for n in pair])
    shape = tuple([lo + n + hi for lo, n, hi in zip(low, aval.shape, high)])
    filling = np.asarray(value, dtype=aval.dtype.np)
    return w.call("PadV3", [x, w.constant(counts), w.constant(filling)], tensor_aval(shape, aval.dtype),
                  mode="constant", paddings_contiguous=True)


def _gather(w: Any, node: Node, x: str, indices: str) -> str:
    return w.call("Gather", [x, indices, w.constant(node.attrs[0]), w.constant(0)], node.aval)


def _gather_elements(w: Any, node: Node, x: str, indices: str) -> str:
    return w.call("GatherD", [x, w.constant(node.attrs[0]), indices], node.aval)


def _scatter_add(w: Any, node: Node, x: str, indices: str, updates: str) -> str:
    axis, aval = node.attrs[0], node.ins[1].aval
    order = (axis, *[k for k in range(node.aval.ndim) if k != axis])
    if axis:
        x = _transposed(w, x, node.aval, order)
        moved = (*[axis + k for k in range(aval.ndim)],
                 *[k for k in range(node.ins[2].aval.ndim) if not axis <= k < axis + aval.ndim])
        updates = _transposed(w, updates, node.ins[2].aval, moved)
    places = w.call("ExpandDims", [indices, w.constant(-1)], tensor_aval((*aval.shape, 1), aval.dtype))
    result = w.call("TensorScatterAdd", [x, places, updates], tensor_aval(_moved(node.shape, order), node.dtype))
    return _transposed(w, result, w.avals[result], tuple(np.argsort(order).tolist())) if axis else result


def _moved(shape: tuple, order: tuple) -> tuple:
    return tuple([shape[k] for k in order])


def _transposed(w: Any, x: str, aval: Any, order: tuple) -> str:
    return w.call("Transpose", [x, w.constant(order)], tensor_aval(_moved(aval.shape, order), aval.dtype))


def _scatter_add_elements(w: Any, node: Node, x: str, indices: str, updates: str) -> str:
    return w.call("TensorScatterElements", [x, indices, updates], node.aval, axis=node.attrs[0], reduction="add")


def _reduce(op_type: str, *more: Any) -> Callable:
    return lambda w, node, x: w.call(op_type, [x, *[w.constant(each) for each in (*node.attrs, *more)]], node.aval)


def _argument(op_type: str) -> Callable:
    return lambda w, node, x: w.call(
        op_type, [x, w.constant(node.attr("axis")), w.constant(type_number(node.attr("dtype")))], node.aval)


def _cumsum(w: Any, node: Node, x: str) -> str:
    return w.call("CumSum", [x, *[w.constant(node.attr(name)) for name in ("axis", "exclusive", "reverse")]], node.aval)


def _iota(w: Any, node: Node) -> str:
    shape, axis, dtype = node.attrs
    numbers = w.call("Range", [w.constant(0), w.constant(shape[axis]), w.constant(1), w.constant(1000000)],
                     tensor_aval((shape[axis],), int64))
    numbers = w.call("Cast", [numbers, w.constant(type_number(dtype))], tensor_aval((shape[axis],), dtype))
    column = tuple([n if k == axis else 1 for k, n in enumerate(shape)])
    if column != (shape[axis],):
        numbers = w.call("Reshape", [numbers, w.constant(column)], tensor_aval(column, dtype))
    return w.call("BroadcastTo", [numbers, w.constant(shape)], node.aval) if column != shape else numbers


def _one_hot(w: Any, node: Node, indices: str) -> str:
    depth, axis, dtype = node.attrs
    values = [w.constant(np.asarray(each, dtype.np)) for each in (1, 0)]
    return w.call("OneHot", [indices, w.constant(depth), *values, w.constant(axis)], node.aval)


def _convolution(w: Any, node: Node, x: str, weight: str) -> str:
    stride, pads, dilation, groups = node.attrs
    out, _, *kernel = node.ins[1].shape
    return w.call(
        "Conv2D", [x, weight], node.aval, kernel_size=tuple(kernel), mode=1, out_channel=out,
        input_names=["x", "w"], pad=pads, pad_mode="pad" if any(pads) else "valid", format="NCHW", pad_list=pads,
        groups=groups, stride=(1, 1, *stride), group=groups, dilation=(1, 1, *dilation), output_names=["output"])


def _convolution_transposed(w: Any, node: Node, dy: str, weight: str) -> str:
    sizes, stride, pads, dilation, groups = node.attrs
    out, _, *kernel = node.ins[1].shape
    return w.call(
        "Conv2DTranspose", [dy, weight, w.constant((node.shape[0], node.shape[1], *sizes))], node.aval,
        kernel_size=tuple(kernel), mode=1, out_channel=out, input_names=["out_backprop", "filter"],
        pad=pads, pad_mode="pad", format="NCHW", pad_list=pads, groups=groups, stride=stride, group=groups,
        dilation=dilation, output_names=["output"])


def _triangular(w: Any, node: Node, a: str, b: str) -> str:
    lower, adjoint, _ = node.attrs
    return w.call("MatrixTriangularSolve", [a, b], node.aval, lower=lower, adjoint=adjoint)


def _qr(w: Any, node: Node, x: str) -> list[str]:
    result = w.call("Qr", [x, w.constant(node.attrs[0])], Tuple(node.aval.items))
    return [w.item(result, k, aval) for k, aval in enumerate(node.aval.items)]


def _padded_images(w: Any, node: Node, x: str, filling: float) -> str:
    """The images with what they are padded with, as pooling itself pads by rules of its own."""
    padding = (0, 0, 0, 0, *node.attr("padding"))
    return _padded(w, x, node.ins[0].aval, padding[::2], padding[1::2], filling) if any(padding) else x


def _max_pool(w: Any, node: Node, x: str) -> str:
    x = _padded_images(w, node, x, -np.inf)
    return w.call("MaxPool", [x], node.aval, pad_mode="VALID", output_names=["output"],
                  kernel_size=(1, 1, *node.attr("kernel")), format="NCHW", strides=(1, 1, *node.attr("stride")),
                  input_names=["x"])


def _avg_pool(w: Any, node: Node, x: str) -> str:
    """The mean with the padding, divided by the part of each window that lies in the image where only that counts."""
    kernel, stride, padding, included = node.attrs
    options = [w.constant(each) for each in (kernel, stride, VALID, NCHW)]
    mean = w.call("AvgPool", [_padded_images(w, node, x, 0.0), *options], node.aval)
    if included or not any(padding):
        return mean
    parts = []
    for size, k, s, before, out in zip(node.ins[0].shape[2:], kernel, stride, padding[::2], node.shape[2:]):
        starts = np.arange(out) * s - before
        parts.append((np.minimum(starts + k, size) - np.maximum(starts, 0)).clip(0) / k)
    shares = np.outer(*parts)
    return w.call("Div", [mean, w.constant(np.where(shares == 0, 1, shares).astype(node.dtype.np))], node.aval)


def _layer_norm(w: Any, node: Node, *operands: str) -> list:
    """The third result is the variance in a file, and 1 / sqrt(variance + epsilon) here."""
    axis, epsilon = node.attrs
    result = w.call("LayerNorm", [*operands, w.constant(axis), w.constant(axis), w.constant(epsilon)],
                    Tuple(node.aval.items))
    y, mean, variance = [w.item(result, k, aval) for k, aval in enumerate(node.aval.items)]
    shape = node.aval.items[2]
    return [y, mean, lambda: w.call("Rsqrt", [w.call("Add", [variance, w.constant(np.asarray(
        epsilon, shape.dtype.np))], shape)], shape)]


def _batch_norm(w: Any, node: Node, *operands: str) -> str:
    more = [w.constant(each) for each in (False, node.attrs[0], 0.1, 0)]
    statistics = node.ins[1].aval
    result = w.call("BatchNorm", [*operands, *more], Tuple((node.aval, *[statistics] * 4)))
    return w.item(result, 0, node.aval)


def _sort(w: Any, node: Node, x: str) -> list[str]:
    result = w.call("Sort", [x], Tuple(node.aval.items), axis=node.attr("axis"),
                    descending=node.attr("descending"))
    return [w.item(result, k, aval) for k, aval in enumerate(node.aval.items)]


def _top_k(w: Any, node: Node, x: str) -> list[str]:
    values, largest = node.aval.items[0], node.attr("largest")
    x = x if largest else w.call("Neg", [x], node.ins[0].aval)
    result = w.call("TopK", [x, w.constant(node.attr("k"))], Tuple(node.aval.items), sorted=True)
    found = [w.item(result, k, aval) for k, aval in enumerate(node.aval.items)]
    return found if largest else [w.call("Neg", found[:1], values), found[1]]


def _dimension(w: Any, node: Node) -> str:
    return w.call("ScalarToTensor", [w.constant(node.attrs[0]), w.constant(type_number(node.dtype))], node.aval)


RULES: dict[str, Callable] = {
    **{name: _simple(op_type) for name, op_type in SIMPLE.items()},
    "add": _add, "gelu": lambda w, node, x: w.call("GeLU", [x], node.aval), "matmul": _matmul, "reshape": _reshape,
    "cast": _cast, "concat": _concat, "slice": _slice, "pad": _pad, "gather": _gather,
    "gather_elements": _gather_elements, "scatter_add": _scatter_add, "scatter_add_elements": _scatter_add_elements,
    "transpose": _with("Transpose", "perm"), "broadcast_to": _with("BroadcastTo", "shape"),
    "reverse": _with("ReverseV2", "axes"), "elu": _with("Elu", "alpha"),
    "softmax": lambda w, node, x: w.call("Softmax", [x, w.constant((node.attrs[0],))], node.aval),
    "log_softmax": _with("LogSoftmax", "axis"),
    "sum": _reduce("ReduceSum", False), "max": _reduce("ReduceMax"), "min": _reduce("ReduceMin"),
    "prod": _reduce("ReduceProd"), "all": _reduce("ReduceAll"), "any": _reduce("ReduceAny"),
    "argmax": _argument("Argmax"), "argmin": _argument("Argmin"), "cumsum": _cumsum, "iota": _iota,
    "dimension": _dimension, "one_hot": _one_hot, "conv2d": _convolution, "avg_pool2d": _avg_pool,
    "max_pool2d": _max_pool,
    "layer_norm": _layer_norm, "batch_norm_infer": _batch_norm, "sort": _sort,
    "exp2": lambda w, node, x: w.call("Pow", [_number(w, node, 2), x], node.aval),
    "log2": lambda w, node, x: w.call("Div", [w.call("Log", [x], node.aval), _number(w, node, np.log(2))], node.aval),
    "sub": lambda w, node, *operands: w.call("Sub", operands, node.aval, input_names=["x", "y"],
                                             output_names=["output"]),
    "top_k": _top_k, "conv2d_input_grad": _convolution_transposed, "triangular_solve": _triangular, "qr": _qr,
    "cholesky": lambda w, node, x: w.call("Cholesky", [x, w.constant(False)], node.aval),
    "matrix_inverse": lambda w, node, x: w.call("MatrixInverse", [x], node.aval, adjoint=False),
    "solve": lambda w, node, a, b: w.call("MatrixSolve", [a, b], node.aval, adjoint=False),
}
