"""Normalization, embedding, attention and padding."""
from __future__ import annotations

from math import prod

from mindspore.common.dtype import bool_
from mindspore.common.tensor import Tensor
from mindspore.graph.index_checks import check
from mindspore.ops._operands import (
    Operand,
    Sizes,
    apply,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    full_of,
    primitive,
    static_int,
    static_ints,
)
from mindspore.ops.arithmetic import add, maximum, mul, sub, true_divide
from mindspore.ops.arithmetic import pow as power
from mindspore.ops.comparison import eq, where
from mindspore.ops.joining import concat
from mindspore.ops.linalg import matmul
from mindspore.ops.random import dropout
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.reduction import vector_norm
from mindspore.ops.shapes import broadcast_to, cut, flip, reshape, transpose
from mindspore.ops.state import stop_gradient
from mindspore.runtime import record

__all__ = [
    "add_layer_norm", "add_rms_norm", "batch_norm", "bidense", "embedding", "group_norm", "layer_norm", "lrn", "pad",
    "rms_norm", "rotary_position_embedding", "scaled_dot_product_attention",
]

_LAYER_NORM, _RMS_NORM, _GROUP_NORM, _BATCH_TRAIN, _BATCH_INFER = map(
    primitive, ("layer_norm", "rms_norm", "group_norm", "batch_norm_train", "batch_norm_infer"))
_GATHER, _SCATTER_ADD, _PAD, _SLICE, _SELECT, _BROADCAST, _ATTENTION = map(
    primitive, ("gather", "scatter_add", "pad", "slice", "select", "broadcast_to", "scaled_dot_product_attention"))


def _parameter(name: str, value: Operand | None, default: float, shape: tuple, x: Tensor, what: str) -> Tensor:
    """gamma or beta: the default at every place where none is given."""
    if value is None:
        return full_of(shape, constant(default, x.dtype))
    return as_dtype_of(name, value, x, what)


def layer_norm(input: Operand, normalized_shape: Sizes, weight: Operand | None = None, bias: Operand | None = None,
               eps: float = 1e-5) -> Tensor:
    """input with mean 0 and variance 1 over its last axes, which have the sizes `normalized_shape`, times weight plus
    bias, both of that shape. ValueError for other shapes."""
    x = as_inexact("layer_norm", input)
    sizes = static_ints("layer_norm", "normalized_shape", normalized_shape)
    if not sizes or x.shape[-len(sizes):] != sizes:
        raise ValueError(f"layer_norm: input has shape {x.shape}; expected one that ends with normalized_shape {sizes}")
    gamma = _parameter("layer_norm", weight, 1, sizes, x, "weight")
    beta = _parameter("layer_norm", bias, 0, sizes, x, "bias")
    return apply(_LAYER_NORM, (x, gamma, beta), (x.ndim - len(sizes), float(eps)))[0]


def rms_norm(x: Operand, gamma: Operand, epsilon: float = 1e-6) -> tuple[Tensor, Tensor]:
    """(y, rstd): x divided by the root of its mean square over the axes of gamma, times gamma; and 1 over the root."""
    value = as_inexact("rms_norm", x)
    return apply(_RMS_NORM, (value, as_dtype_of("rms_norm", gamma, value, "gamma")), (float(epsilon),))


def add_layer_norm(x1: Operand, x2: Operand, gamma: Operand, beta: Operand, epsilon: float = 1e-5,
                   additional_output: bool = False) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(y, mean, rstd, x): x = x1 + x2 with mean 0 and variance 1 over its last axis, times gamma plus beta, which have
    its size; mean and 1 / root of the variance; and x itself. `additional_output` asks a device for x, which is always
    there here."""
    first = as_inexact("add_layer_norm", x1)
    total = add(first, as_dtype_of("add_layer_norm", x2, first, "x2"))
    g, b = (as_dtype_of("add_layer_norm", v, total, w) for v, w in ((gamma, "gamma"), (beta, "beta")))
    y, mean, rstd = apply(_LAYER_NORM, (total, g, b), (total.ndim - g.ndim, float(epsilon)))
    return y, mean, rstd, total


def add_rms_norm(x1: Operand, x2: Operand, gamma: Operand,
                 epsilon: float = 1e-6) -> tuple[Tensor, Tensor, Tensor]:
    """(y, rstd, x): `rms_norm` of x = x1 + x2, and x itself."""
    first = as_inexact("add_rms_norm", x1)
    total = add(first, as_dtype_of("add_rms_norm", x2, first, "x2"))
    return (*rms_norm(total, gamma, epsilon), total)


def rotary_position_embedding(x: Operand, cos: Operand, sin: Operand, mode: int = 0) -> Tensor:
    """x cos + r(x) sin, where r turns pairs of elements of the last axis (a, b) into (-b, a): element k and the one
    half an axis behind it (mode 0), or neighbours (mode 1). cos and sin broadcast to x. ValueError for an odd size and
    another mode. Source: Su et al., "RoFormer" (2021)."""
    name = "rotary_position_embedding"
    value = as_inexact(name, x)
    if mode not in (0, 1) or not value.ndim or value.shape[-1] % 2:
        raise ValueError(f"{name}: x has shape {value.shape} and mode is {mode!r}; expected an even last size, and 0 "
                         f"or 1")
    size = value.shape[-1]
    if mode == 0:
        axis = value.ndim - 1
        turned = concat([mul(cut(value, axis, size // 2, size), -1), cut(value, axis, 0, size // 2)], -1)
    else:
        pairs = reshape(value, (*value.shape[:-1], size // 2, 2))
        axis = pairs.ndim - 1
        turned = reshape(concat([mul(cut(pairs, axis, 1, 2), -1), cut(pairs, axis, 0, 1)], -1), value.shape)
    return add(mul(value, as_dtype_of(name, cos, value, "cos")), mul(turned, as_dtype_of(name, sin, value, "sin")))


def group_norm(input: Operand, num_groups: int, weight: Operand | None = None, bias: Operand | None = None,
               eps: float = 1e-5) -> Tensor:
    """input (N, C, ...) with mean 0 and variance 1 over each of `num_groups` blocks of channels of each image, times
    weight (C,) plus bias (C,). ValueError where the channels cannot be divided."""
    x = as_inexact("group_norm", input)
    channels = x.shape[1:2]
    gamma = _parameter("group_norm", weight, 1, channels, x, "weight")
    beta = _parameter("group_norm", bias, 0, channels, x, "bias")
    return apply(_GROUP_NORM, (x, gamma, beta), (static_int("group_norm", "num_groups", num_groups), float(eps)))[0]


def batch_norm(input_x: Operand, running_mean: Tensor, running_var: Tensor, weight: Operand | None,
               bias: Operand | None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """input_x (N, C, ...) normalised for each channel, times weight (C,) plus bias (C,).

    While `training` by the mean and variance of this batch, which also move the running ones where these are
    parameters: running = (1 - momentum) running + momentum batch, with the unbiased variance; otherwise by the running
    ones.
    """
    x = as_inexact("batch_norm", input_x)
    channels = x.shape[1:2]
    gamma = _parameter("batch_norm", weight, 1, channels, x, "weight")
    beta = _parameter("batch_norm", bias, 0, channels, x, "bias")
    if not training:
        mean, var = (as_dtype_of("batch_norm", v, x, "running statistics") for v in (running_mean, running_var))
        return apply(_BATCH_INFER, (x, gamma, beta, mean, var), (float(eps),))
    y, mean, var = apply(_BATCH_TRAIN, (x, gamma, beta), (float(eps),))
    count = x.size // max(channels[0], 1)
    unbiased = mul(var, constant(count / max(count - 1, 1), var.dtype))
    for running, batch in ((running_mean, mean), (running_var, unbiased)):
        if isinstance(running, Tensor):
            moved = add(running, mul(sub(convert(stop_gradient(batch), running.dtype), running), momentum))
            record.assign(running, moved)
    return y


def embedding(input: Operand, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
              norm_type: float = 2.0, scale_grad_by_freq: bool = False) -> Tensor:
    """The rows of weight (rows, width) at the places in input (integers of any shape).

    padding_idx: a row that gets no gradient. max_norm: rows that are read and longer than this (in the `norm_type`
    norm) are shortened first, also in `weight`. scale_grad_by_freq: gradients are divided by how often a row was read.
    """
    index, table = as_tensor("embedding", input), as_inexact("embedding", weight)
    if table.ndim != 2 or not index.dtype.is_integer:
        raise (ValueError if index.dtype.is_integer else TypeError)(
            f"embedding: input is {index.dtype} and weight has shape {table.shape}; expected integers and two axes")
    rows = table.shape[0]
    check("embedding", index, 0, rows)
    if max_norm is not None or scale_grad_by_freq:
        ones = full_of(index.shape, constant(1, table.dtype))
        reads = apply(_SCATTER_ADD, (full_of((rows,), constant(0, table.dtype)), index, ones), (0,))
    if max_norm is not None:
        length = vector_norm(stop_gradient(table), norm_type, 1, True)
        shrink = where(length > max_norm, true_divide(max_norm, length + 1e-7), constant(1, table.dtype))
        used = apply(primitive("reshape"), (reads > 0,), ((rows, 1),))
        table = where(used, mul(table, shrink), table)
        record.assign(weight, convert(stop_gradient(table), weight.dtype))
    found = apply(_GATHER, (table, index), (0,))
    if scale_grad_by_freq:
        share = true_divide(1, apply(_GATHER, (maximum(reads, 1), index), (0,)))
        share = apply(primitive("reshape"), (share,), ((*share.shape, 1),))
        found = add(mul(found, share), stop_gradient(mul(found, sub(1, share))))
    if padding_idx is not None:
        row = static_int("embedding", "padding_idx", padding_idx)
        if not -rows <= row < rows:
            raise ValueError(f"embedding: padding_idx is {row} for a weight of {rows} rows")
        padding = apply(primitive("reshape"), (eq(index, row % rows),), ((*index.shape, 1),))
        found = where(padding, stop_gradient(found), found)
    return found


def scaled_dot_product_attention(query: Operand, key: Operand, value: Operand, attn_mask: Operand | None = None,
                                 dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None) -> Tensor:
    """softmax(scale query key^T + mask) value along the keys: query (..., L, E), key (..., S, E), value (..., S, F), to
    (..., L, F). A Bool mask keeps the places where it is true, another one is added; `is_causal` keeps key s for query
    l where s <= l; the scale is 1 / sqrt(E) by default."""
    q = as_inexact("scaled_dot_product_attention", query)
    k, v = (as_dtype_of("scaled_dot_product_attention", t, q) for t in (key, value))
    factor = float(q.shape[-1] ** -0.5 if scale is None else scale)
    mask = () if attn_mask is None else (as_tensor("scaled_dot_product_attention", attn_mask, "attn_mask"),)
    mask = tuple(m if m.dtype is bool_ else convert(m, q.dtype) for m in mask)
    if not dropout_p:
        return apply(_ATTENTION, (q, k, v, *mask), (factor, bool(is_causal)))
    return _attention_with_dropout(q, k, v, mask, dropout_p, bool(is_causal), factor)


def _attention_with_dropout(q: Tensor, k: Tensor, v: Tensor, mask: tuple, p: float, causal: bool,
                            factor: float) -> Tensor:
    matmul = primitive("matmul")
    scores = apply(matmul, (mul(q, constant(factor, q.dtype)), k), (False, True))
    lowest = constant(float("-inf"), q.dtype)
    for m in mask:
        scores = where(m, scores, lowest) if m.dtype is bool_ else add(scores, m)
    if causal:
        from mindspore.ops.creation import ones
        from mindspore.ops.triangles import tril
        scores = where(tril(ones(scores.shape[-2:], bool_)), scores, lowest)
    weights = dropout(apply(primitive("softmax"), (scores,), (scores.ndim - 1,)), p)
    return apply(matmul, (weights, v), (False, False))


# -- padding -----------------------------------------------------------------------------------------------------------

def pad(input_x: Operand, padding: Sizes, mode: str = "constant", value: float | None = None) -> Tensor:
    """input_x with a border: padding is (low, high) for the last axis, then for the one before it, and so on.

    mode: 'constant' (filled with `value`, 0 by default), 'reflect' (mirrored at the edge element), 'replicate' (the
    edge element repeated) or 'circular' (from the other end). Negative counts cut. ValueError for other words and for
    more reflection or rotation than there are elements.
    """
    x = as_tensor("pad", input_x)
    counts = static_ints("pad", "padding", padding)
    if len(counts) % 2 or len(counts) > 2 * x.ndim:
        raise ValueError(f"pad: padding is {counts} for shape {x.shape}; expected a pair for each of the last axes")
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ValueError(f"pad: mode is {mode!r}; expected 'constant', 'reflect', 'replicate' or 'circular'")
    lead = (0,) * (x.ndim - len(counts) // 2)
    low, high = lead + counts[::2][::-1], lead + counts[1::2][::-1]
    if mode == "constant":
        return _constant_border(x, low, high, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f"pad: value is {value} with mode {mode!r}; it belongs to mode 'constant'")
    if mode == "circular":  # what is cut does not come round
        x, low, high = _cut_border(x, low, high), tuple([max(n, 0) for n in low]), tuple([max(n, 0) for n in high])
    for axis, (before, behind) in enumerate(zip(low, high)):
        if before > 0 or behind > 0:
            x = _border(x, axis, max(before, 0), max(behind, 0), mode)
    return _cut_border(x, low, high)


def _cut_border(x: Tensor, low: tuple, high: tuple) -> Tensor:
    """x without the elements that negative counts name."""
    return _constant_border(x, tuple([min(n, 0) for n in low]), tuple([min(n, 0) for n in high]), 0)


def _border(x: Tensor, axis: int, before: int, behind: int, mode: str) -> Tensor:
    """x with elements of its own around it along one axis."""
    size = x.shape[axis]
    limit = {"reflect": size - 1, "circular": size, "replicate": max(before, behind) if size else 0}[mode]
    if not (0 <= before <= limit and 0 <= behind <= limit):
        raise ValueError(f"pad: {before} elements before and {behind} behind axis {axis} of size {size}; mode {mode!r} "
                         f"has 0 to {limit}")
    if mode == "reflect":
        left, right = flip(cut(x, axis, 1, before + 1), axis), flip(cut(x, axis, size - behind - 1, size - 1), axis)
    elif mode == "circular":
        left, right = cut(x, axis, size - before, size), cut(x, axis, 0, behind)
    else:
        left, right = (broadcast_to(cut(x, axis, at, at + 1), x.shape[:axis] + (n,) + x.shape[axis + 1:])
                       for at, n in ((0, before), (size - 1, behind)))
    return concat([left, x, right], axis)


def _constant_border(x: Tensor, low: tuple, high: tuple, value: float | Tensor) -> Tensor:
    cut_low, cut_high = (tuple(max(-c, 0) for c in counts) for counts in (low, high))
    if any(cut_low) or any(cut_high):
        end = tuple(max(d - c, b) for d, c, b in zip(x.shape, cut_high, cut_low))
        x = apply(_SLICE, (x,), (cut_low, end, (1,) * x.ndim))
    low, high = tuple(max(c, 0) for c in low), tuple(max(c, 0) for c in high)
    if not any(low) and not any(high):
        return x
    attrs = (low, high, (0,) * x.ndim, 0)
    padded = apply(_PAD, (x,), attrs)
    if not isinstance(value, Tensor) and value == 0 or prod(padded.shape) == 0:
        return padded
    inside = apply(_PAD, (full_of(x.shape, constant(True, bool_)),), attrs)
    return apply(_SELECT, (inside, padded, as_dtype_of("pad", value, x, "value")))


# -- others ------------------------------------------------------------------------------------------------------------

def bidense(input1: Operand, input2: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """input1^T W_k input2 + bias_k: (..., m), (..., n), weight (k, m, n) and bias (k,) to (..., k)."""
    x, y = as_inexact("bidense", input1), as_inexact("bidense", as_tensor("bidense", input2, "input2"))
    w = as_tensor("bidense", weight, "weight")
    if w.ndim != 3 or not x.ndim or x.shape[:-1] != y.shape[:-1] or (x.shape[-1], y.shape[-1]) != w.shape[1:]:
        raise ValueError(f"bidense: shapes {x.shape}, {y.shape} and weight {w.shape}; expected (..., m), (..., n) and "
                         f"(k, m, n)")
    lead, (k, m, n) = x.shape[:-1], w.shape
    rows = reshape(matmul(reshape(x, (-1, m)), reshape(transpose(w, (1, 0, 2)), (m, k * n))), (-1, k, n))
    result = reshape(sum_over(mul(rows, reshape(y, (-1, 1, n))), -1), (*lead, k))
    return result if bias is None else add(result, bias)


def lrn(x: Operand, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5,
        norm_region: str = "ACROSS_CHANNELS") -> Tensor:
    """x / (bias + alpha s)^beta for images (N, C, H, W), where s is the sum of the squares of the channels that are at
    most depth_radius away. Source: Krizhevsky, Sutskever and Hinton (2012)."""
    images, radius = as_inexact("lrn", x), static_int("lrn", "depth_radius", depth_radius)
    if images.ndim != 4:
        raise ValueError(f"lrn: x has shape {images.shape}; expected (N, C, H, W)")
    if norm_region != "ACROSS_CHANNELS":
        raise ValueError(f"lrn: norm_region is {norm_region!r}; expected 'ACROSS_CHANNELS'")
    squares = mul(images, images)
    padded = apply(_PAD, (squares,), ((0, radius, 0, 0), (0, radius, 0, 0), (0,) * 4, 0))
    total = None
    for start in range(2 * radius + 1):
        part = cut(padded, 1, start, start + images.shape[1])
        total = part if total is None else add(total, part)
    return true_divide(images, power(add(mul(total, alpha), bias), beta))
