"""Losses.

`reduction` says what becomes of the losses of the elements: 'none' (they are returned), 'mean' or 'sum'. ValueError for
another word and for shapes that do not fit.
"""
from __future__ import annotations

import math

import numpy as np

from mindspore.common.dtype import bool_, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    primitive,
    promote,
    static_bool,
)
from mindspore.ops.arithmetic import add, maximum, mul, sub, true_divide, xlogy
from mindspore.ops.reduction import mean, vector_norm
from mindspore.ops.reduction import sum as sum_over

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity",
    "cross_entropy", "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss",
    "margin_ranking_loss", "mse_loss", "mse_loss_ext", "multi_margin_loss", "multilabel_margin_loss",
    "multilabel_soft_margin_loss", "nll_loss", "smooth_l1_loss",
    "soft_margin_loss", "triplet_margin_loss",
]

_ABS, _SELECT, _LT, _LE, _NE, _GE, _EQ, _AND = map(
    primitive, ("abs", "select", "lt", "le", "ne", "ge", "eq", "logical_and"))
_ADD, _SUB, _MUL, _DIV, _NEG, _LOG, _SUM = map(primitive, ("add", "sub", "mul", "div", "neg", "log", "sum"))
_RESHAPE, _GATHER, _GATHER_ELEMENTS, _TRANSPOSE = map(primitive, ("reshape", "gather", "gather_elements", "transpose"))
_LOG_SOFTMAX, _SPARSE, _SOFTPLUS, _LOG_SIGMOID = map(
    primitive, ("log_softmax", "sparse_softmax_cross_entropy", "softplus", "log_sigmoid"))


def reduced(name: str, loss: Tensor, reduction: str) -> Tensor:
    """The losses of the elements as `reduction` says."""
    if reduction == "mean":
        return mean(loss)
    if reduction == "sum":
        return apply(_SUM, (loss,), (tuple(range(loss.ndim)), False))
    if reduction == "none":
        return loss
    raise ValueError(f"{name}: reduction is {reduction!r}; expected 'none', 'mean' or 'sum'")


def _pair(name: str, x: Operand, y: Operand, what: tuple[str, str] = ("input", "target")) -> tuple[Tensor, Tensor]:
    a, b = promote(name, as_inexact(name, as_tensor(name, x, what[0])), as_tensor(name, y, what[1]))
    return a, b


def _same_shape(name: str, x: Tensor, y: Tensor) -> None:
    if x.shape != y.shape:
        raise ValueError(f"{name}: input has shape {x.shape} and target {y.shape}; expected one shape")


# -- classes -----------------------------------------------------------------------------------------------------------

def cross_entropy(input: Operand, target: Operand, weight: Operand | None = None, ignore_index: int = -100,
                  reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """The cross-entropy of the softmax of logits over classes.

    input: logits (C,), (N, C) or (N, C, d1, ...). target: class numbers, integers of shape (), (N,) or (N, d1, ...), or
    probabilities of the shape of `input`. weight: one factor for each class, (C,). Elements whose class is
    `ignore_index` count nothing; 'mean' divides by the sum of the weights of the others. A class number out of range
    gives NaN.
    """
    logits = as_inexact("cross_entropy", input)
    labels = as_tensor("cross_entropy", target, "target")
    _check_classes("cross_entropy", logits)
    if labels.dtype.is_inexact:
        return _cross_entropy_of_probabilities(logits, labels, weight, reduction, label_smoothing)
    if weight is None and label_smoothing == 0.0 and logits.ndim == 2:
        _check_labels("cross_entropy", logits, labels)
        return _plain_cross_entropy(logits, labels, ignore_index, reduction)
    axis = 0 if logits.ndim == 1 else 1
    logs = apply(_LOG_SOFTMAX, (logits,), (axis,))
    return _nll("cross_entropy", logs, labels, weight, ignore_index, reduction, label_smoothing)


def _plain_cross_entropy(logits: Tensor, labels: Tensor, ignore_index: int, reduction: str) -> Tensor:
    """Rows without weights: one fused operator for each row."""
    counted, labels = _without_ignored(labels, ignore_index)
    loss = apply(_SPARSE, (logits, labels))
    if counted is None:
        return reduced("cross_entropy", loss, reduction)
    loss = apply(_SELECT, (counted, loss, constant(0, loss.dtype)))
    if reduction == "mean":
        total = apply(_SUM, (loss,), ((0,), False))
        return apply(_DIV, (total, apply(_SUM, (convert(counted, loss.dtype),), ((0,), False))))
    return reduced("cross_entropy", loss, reduction)


def _without_ignored(labels: Tensor, ignore_index: int) -> tuple[Tensor | None, Tensor]:
    """Which labels count (None: all), and the labels with the others replaced by 0."""
    limits = np.iinfo(labels.dtype.np)
    if not limits.min <= ignore_index <= limits.max:
        return None, labels
    counted = apply(_NE, (labels, constant(ignore_index, labels.dtype)))
    return counted, apply(_SELECT, (counted, labels, constant(0, labels.dtype)))


def _check_classes(name: str, x: Tensor) -> None:
    if x.ndim == 0:
        raise ValueError(f"{name}: input has no axes; expected (C,), (N, C) or (N, C, d1, ...)")


def _check_labels(name: str, x: Tensor, labels: Tensor) -> None:
    if not labels.dtype.is_integer:
        raise TypeError(f"{name}: target is {labels.dtype}; expected class numbers (an integer dtype) or probabilities "
                        f"(a floating dtype)")
    expected = x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()
    if labels.shape != expected:
        raise ValueError(f"{name}: target has shape {labels.shape} for input of shape {x.shape}; expected {expected}")


def _cross_entropy_of_probabilities(logits: Tensor, target: Tensor, weight: Operand | None, reduction: str,
                                    label_smoothing: float) -> Tensor:
    _same_shape("cross_entropy", logits, target)
    axis = 0 if logits.ndim == 1 else 1
    classes = logits.shape[axis]
    target = convert(target, logits.dtype)
    if label_smoothing:
        kept, spread = constant(1 - label_smoothing, target.dtype), constant(label_smoothing / classes, target.dtype)
        target = apply(_ADD, (apply(_MUL, (target, kept)), spread))
    terms = apply(_MUL, (target, apply(_LOG_SOFTMAX, (logits,), (axis,))))
    if weight is not None:
        terms = apply(_MUL, (terms, _class_weights("cross_entropy", weight, logits, axis)))
    return reduced("cross_entropy", apply(_NEG, (apply(_SUM, (terms,), ((axis,), False)),)), reduction)


def _class_weights(name: str, weight: Operand, x: Tensor, axis: int) -> Tensor:
    w = as_dtype_of(name, weight, x, "weight")
    if w.shape != (x.shape[axis],):
        raise ValueError(f"{name}: weight has shape {w.shape}; expected {(x.shape[axis],)}, one factor for each class")
    return apply(_RESHAPE, (w,), (tuple(w.size if i == axis else 1 for i in range(x.ndim)),))


def nll_loss(inputs: Operand, target: Operand, weight: Operand | None = None, ignore_index: int = -100,
             reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """-inputs[n, target[n]]: the negative log-likelihood of classes, from log-probabilities (N, C) or (N, C, d1, ...);
    see `cross_entropy` for the other arguments."""
    logs = as_inexact("nll_loss", inputs)
    _check_classes("nll_loss", logs)
    return _nll("nll_loss", logs, as_tensor("nll_loss", target, "target"), weight, ignore_index, reduction,
                label_smoothing)


def _nll(name: str, logs: Tensor, labels: Tensor, weight: Operand | None, ignore_index: int, reduction: str,
         label_smoothing: float) -> Tensor:
    _check_labels(name, logs, labels)
    axis = 0 if logs.ndim == 1 else 1
    classes = logs.shape[axis]
    counted, labels = _without_ignored(labels, ignore_index)
    if counted is None:
        counted = apply(_EQ, (labels, labels))
    known = apply(_AND, (apply(_GE, (labels, constant(0, labels.dtype))), _below(labels, classes)))
    column = apply(_RESHAPE, (labels,), (logs.shape[:axis] + (1,) + logs.shape[axis + 1:],))
    chosen = apply(_RESHAPE, (apply(_GATHER_ELEMENTS, (logs, column), (axis,)),), (labels.shape,))
    zero = constant(0, logs.dtype)
    share = convert(counted, logs.dtype)
    loss = apply(_SELECT, (known, apply(_NEG, (chosen,)), constant(math.nan, logs.dtype)))
    spread = logs
    if weight is not None:
        factors = _class_weights(name, weight, logs, axis)
        flat = apply(_RESHAPE, (factors,), ((classes,),))
        share = apply(_MUL, (share, apply(_GATHER, (flat, labels), (0,))))
        spread = apply(_MUL, (logs, factors))
    loss = apply(_SELECT, (counted, apply(_MUL, (loss, share)) if weight is not None else loss, zero))
    if label_smoothing:
        smooth = apply(_NEG, (apply(_SUM, (spread,), ((axis,), False)),))
        smooth = apply(_SELECT, (counted, smooth, zero))
        loss = apply(_ADD, (apply(_MUL, (loss, constant(1 - label_smoothing, logs.dtype))),
                            apply(_MUL, (smooth, constant(label_smoothing / classes, logs.dtype)))))
    if reduction == "mean":
        axes = tuple(range(loss.ndim))
        return apply(_DIV, (apply(_SUM, (loss,), (axes, False)), apply(_SUM, (share,), (axes, False))))
    return reduced(name, loss, reduction)


def _below(labels: Tensor, classes: int) -> Tensor:
    if classes > np.iinfo(labels.dtype.np).max:
        return apply(_EQ, (labels, labels))
    return apply(_LT, (labels, constant(classes, labels.dtype)))


def binary_cross_entropy(logits: Operand, labels: Operand, weight: Operand | None = None,
                         reduction: str = "mean") -> Tensor:
    """-(labels log(logits) + (1 - labels) log(1 - logits)) of probabilities; logarithms are not below -100."""
    p, y = _pair("binary_cross_entropy", logits, labels, ("logits", "labels"))
    _same_shape("binary_cross_entropy", p, y)
    one, lowest = constant(1, p.dtype), constant(-100, p.dtype)
    log_p = maximum(apply(_LOG, (p,)), lowest)
    log_q = maximum(apply(_LOG, (apply(_SUB, (one, p)),)), lowest)
    loss = apply(_NEG, (apply(_ADD, (apply(_MUL, (y, log_p)), apply(_MUL, (apply(_SUB, (one, y)), log_q)))),))
    return reduced("binary_cross_entropy", loss if weight is None else mul(loss, weight), reduction)


def binary_cross_entropy_with_logits(input: Operand, target: Operand, weight: Operand | None = None,
                                     pos_weight: Operand | None = None, reduction: str = "mean") -> Tensor:
    """-(pos_weight target log(p) + (1 - target) log(1 - p)) with p = sigmoid(input), without loss of digits."""
    name = "binary_cross_entropy_with_logits"
    x, y = _pair(name, input, target)
    _same_shape(name, x, y)
    log_p, log_q = apply(_LOG_SIGMOID, (x,)), apply(_NEG, (apply(_SOFTPLUS, (x,)),))
    positive = apply(_MUL, (y, log_p))
    if pos_weight is not None:
        positive = mul(positive, as_dtype_of(name, pos_weight, x, "pos_weight"))
    negative = apply(_MUL, (apply(_SUB, (constant(1, x.dtype), y)), log_q))
    loss = apply(_NEG, (apply(_ADD, (positive, negative)),))
    return reduced(name, loss if weight is None else mul(loss, weight), reduction)


def multilabel_soft_margin_loss(input: Operand, target: Operand, weight: Operand | None = None,
                                reduction: str = "mean") -> Tensor:
    """The mean over the classes (last axis) of the binary cross-entropy of each class, from logits."""
    loss = binary_cross_entropy_with_logits(input, target, weight, None, "none")
    return reduced("multilabel_soft_margin_loss", mean(loss, -1), reduction)


def kl_div(logits: Operand, labels: Operand, reduction: str = "mean") -> Tensor:
    """labels * (log(labels) - logits), the divergence from log-probabilities to probabilities; 0 where labels is not
    above 0. 'batchmean' divides the sum by the size of the first axis."""
    x, y = _pair("kl_div", logits, labels, ("logits", "labels"))
    _same_shape("kl_div", x, y)
    positive = apply(_LT, (constant(0, y.dtype), y))
    loss = apply(_SELECT, (positive, sub(xlogy(y, y), apply(_MUL, (y, x))), constant(0, x.dtype)))
    if reduction == "batchmean":
        return apply(_DIV, (sum_over(loss), constant(max(x.shape[0] if x.ndim else 1, 1), x.dtype)))
    return reduced("kl_div", loss, reduction)


# -- distances ---------------------------------------------------------------------------------------------------------

def mse_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """(input - target)**2; the two broadcast."""
    x, y = _pair("mse_loss", input, target)
    gap = apply(_SUB, (x, y))
    return reduced("mse_loss", apply(_MUL, (gap, gap)), reduction)


mse_loss_ext = mse_loss


def l1_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """|input - target|; the two broadcast."""
    x, y = _pair("l1_loss", input, target)
    return reduced("l1_loss", apply(_ABS, (apply(_SUB, (x, y)),)), reduction)


def smooth_l1_loss(input: Operand, target: Operand, beta: float = 1.0, reduction: str = "none") -> Tensor:
    """0.5 d**2 / beta where d = |input - target| is below beta, else d - 0.5 beta."""
    x, y = _pair("smooth_l1_loss", input, target)
    _same_shape("smooth_l1_loss", x, y)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta is {beta}; expected a number that is not negative")
    distance = apply(_ABS, (apply(_SUB, (x, y)),))
    if beta == 0:
        return reduced("smooth_l1_loss", distance, reduction)
    square = apply(_MUL, (apply(_MUL, (distance, distance)), constant(0.5 / beta, x.dtype)))
    near = apply(_LT, (distance, constant(beta, x.dtype)))
    loss = apply(_SELECT, (near, square, apply(_SUB, (distance, constant(0.5 * beta, x.dtype)))))
    return reduced("smooth_l1_loss", loss, reduction)


def huber_loss(input: Operand, target: Operand, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """0.5 d**2 where d = |input - target| is at most delta, else delta (d - 0.5 delta)."""
    x, y = _pair("huber_loss", input, target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta is {delta}; expected a positive number")
    distance = apply(_ABS, (apply(_SUB, (x, y)),))
    square = apply(_MUL, (apply(_MUL, (distance, distance)), constant(0.5, x.dtype)))
    line = apply(_MUL, (apply(_SUB, (distance, constant(0.5 * delta, x.dtype))), constant(delta, x.dtype)))
    loss = apply(_SELECT, (apply(_LE, (distance, constant(delta, x.dtype))), square, line))
    return reduced("huber_loss", loss, reduction)


def gaussian_nll_loss(x: Operand, target: Operand, var: Operand, full: bool = False, eps: float = 1e-6,
                      reduction: str = "mean") -> Tensor:
    """0.5 (log(v) + (x - target)**2 / v) with v = max(var, eps), plus 0.5 log(2 pi) if `full`. No derivative flows
    through the bound."""
    a, y = _pair("gaussian_nll_loss", x, target, ("x", "target"))
    v = maximum(as_dtype_of("gaussian_nll_loss", var, a, "var"), constant(eps, a.dtype))
    gap = sub(a, y)
    loss = mul(add(apply(_LOG, (v,)), true_divide(mul(gap, gap), v)), constant(0.5, a.dtype))
    if static_bool("gaussian_nll_loss", "full", full):
        loss = add(loss, constant(0.5 * math.log(2 * math.pi), a.dtype))
    return reduced("gaussian_nll_loss", loss, reduction)


# -- margins and similarity --------------------------------------------------------------------------------------------

def soft_margin_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-target * input)) for targets of 1 and -1."""
    x, y = _pair("soft_margin_loss", input, target)
    return reduced("soft_margin_loss", apply(_SOFTPLUS, (apply(_NEG, (apply(_MUL, (y, x)),)),)), reduction)


def hinge_embedding_loss(inputs: Operand, targets: Operand, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """inputs where targets is 1, max(0, margin - inputs) where it is -1."""
    x, y = _pair("hinge_embedding_loss", inputs, targets, ("inputs", "targets"))
    zero = constant(0, x.dtype)
    hinge = maximum(apply(_SUB, (constant(margin, x.dtype), x)), zero)
    alike = apply(_EQ, (y, constant(1, x.dtype)))
    unlike = apply(_EQ, (y, constant(-1, x.dtype)))
    loss = add(apply(_SELECT, (unlike, hinge, zero)), apply(_SELECT, (alike, x, zero)))
    return reduced("hinge_embedding_loss", loss, reduction)


def margin_ranking_loss(input1: Operand, input2: Operand, target: Operand, margin: float = 0.0,
                        reduction: str = "mean") -> Tensor:
    """max(0, -target * (input1 - input2) + margin) for targets of 1 and -1."""
    x, y = _pair("margin_ranking_loss", input1, input2, ("input1", "input2"))
    sign = as_dtype_of("margin_ranking_loss", target, x, "target")
    gap = add(apply(_NEG, (mul(sign, sub(x, y)),)), constant(margin, x.dtype))
    return reduced("margin_ranking_loss", maximum(gap, constant(0, x.dtype)), reduction)


def cosine_similarity(x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`; norms are not below `eps`."""
    x, y = _pair("cosine_similarity", x1, x2, ("x1", "x2"))
    least = constant(eps, x.dtype)
    norms = mul(maximum(vector_norm(x, 2, dim), least), maximum(vector_norm(y, 2, dim), least))
    return true_divide(sum_over(mul(x, y), dim), norms)


def cosine_embedding_loss(input1: Operand, input2: Operand, target: Operand, margin: float = 0.0,
                          reduction: str = "mean") -> Tensor:
    """1 - cos where target is 1, max(0, cos - margin) where it is -1; cos is that of vectors along the last axis."""
    x, y = _pair("cosine_embedding_loss", input1, input2, ("input1", "input2"))
    cosine = cosine_similarity(x, y, x.ndim - 1)
    label = as_dtype_of("cosine_embedding_loss", target, x, "target")
    zero, one = constant(0, x.dtype), constant(1, x.dtype)
    apart = maximum(sub(cosine, constant(margin, x.dtype)), zero)
    loss = add(apply(_SELECT, (apply(_EQ, (label, one)), sub(one, cosine), zero)),
               apply(_SELECT, (apply(_EQ, (label, constant(-1, x.dtype))), apart, zero)))
    return reduced("cosine_embedding_loss", loss, reduction)


def triplet_margin_loss(anchor: Operand, positive: Operand, negative: Operand, margin: float = 1.0, p: float = 2,
                        eps: float = 1e-6, swap: bool = False, reduction: str = "mean") -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), with the p-norm distance along the last axis; with
    `swap` the smaller of the distances from `negative` to the other two is taken."""
    a, b = _pair("triplet_margin_loss", anchor, positive, ("anchor", "positive"))
    c = as_dtype_of("triplet_margin_loss", negative, a, "negative")

    def distance(u: Tensor, v: Tensor) -> Tensor:
        return vector_norm(add(sub(u, v), constant(eps, a.dtype)), p, -1)

    far = distance(a, c)
    if swap:
        far = apply(primitive("minimum"), (far, distance(b, c)))
    gap = add(sub(distance(a, b), far), constant(margin, a.dtype))
    return reduced("triplet_margin_loss", maximum(gap, constant(0, a.dtype)), reduction)


def multi_margin_loss(input: Operand, target: Operand, p: int = 1, margin: float = 1, weight: Operand | None = None,
                      reduction: str = "mean") -> Tensor:
    """The mean over the classes other than the target of max(0, margin - input[target] + input)^p: input (N, C), target
    class numbers (N,). weight: one factor for each class, (C,). ValueError unless p is 1 or 2."""
    name = "multi_margin_loss"
    x = as_inexact(name, input)
    labels = as_tensor(name, target, "target")
    if x.ndim != 2 or labels.shape != x.shape[:1]:
        raise ValueError(f"{name}: input has shape {x.shape} and target {labels.shape}; expected (N, C) and (N,)")
    if not labels.dtype.is_integer:
        raise TypeError(f"{name}: target is {labels.dtype}; expected integers")
    if p not in (1, 2):
        raise ValueError(f"{name}: p is {p!r}; expected 1 or 2")
    column = apply(_RESHAPE, (labels,), ((labels.size, 1),))
    own = apply(_GATHER_ELEMENTS, (x, column), (1,))
    short = maximum(add(sub(x, own), margin), 0)
    short = mul(short, short) if p == 2 else short
    if weight is not None:
        short = mul(short, apply(_RESHAPE, (apply(_GATHER, (as_dtype_of(name, weight, x, "weight"), labels), (0,)),),
                                 ((labels.size, 1),)))
    classes = Tensor(np.arange(x.shape[1], dtype=labels.dtype.np))
    others = convert(apply(_NE, (apply(primitive("broadcast_to"), (column,), (x.shape,)),
                                 apply(primitive("broadcast_to"), (classes,), (x.shape,)))), x.dtype)
    return reduced(name, mean(mul(short, others), 1), reduction)


def multilabel_margins(name: str, input: Operand, target: Operand, reduction: str) -> tuple[Tensor, Tensor]:
    """(loss, whether each class is a target, in the shape and dtype of the target); see `multilabel_margin_loss`."""
    x, labels = as_inexact(name, input), as_tensor(name, target, "target")
    if x.ndim not in (1, 2) or labels.shape != x.shape:
        raise ValueError(f"{name}: input has shape {x.shape} and target {labels.shape}; expected one shape, (C,) or "
                         f"(N, C)")
    if not labels.dtype.is_integer:
        raise TypeError(f"{name}: target is {labels.dtype}; expected integers")
    single, classes = x.ndim == 1, x.shape[-1]
    rows = apply(_RESHAPE, (x,), ((1, classes),)) if single else x
    numbers = apply(_RESHAPE, (labels,), (rows.shape,))
    ended = apply(primitive("cumsum"), (convert(apply(_LT, (numbers, constant(0, numbers.dtype))), int64),),
                  (1, False, False))
    real = apply(_EQ, (ended, constant(0, int64)))
    safe = apply(_SELECT, (real, numbers, constant(0, numbers.dtype)))
    hot = apply(primitive("one_hot"), (safe,), (classes, 2, bool_))
    hot = apply(_AND, (hot, apply(_RESHAPE, (real,), ((*real.shape, 1),))))
    chosen = apply(primitive("any"), (hot,), ((1,), False))
    own = apply(_RESHAPE, (apply(_GATHER_ELEMENTS, (rows, safe), (1,)),), ((*rows.shape, 1),))
    short = maximum(add(sub(apply(_RESHAPE, (rows,), ((rows.shape[0], 1, classes),)), own), 1), 0)
    others = apply(_AND, (apply(_RESHAPE, (real,), ((*real.shape, 1),)), apply(primitive("logical_not"), (
        apply(_RESHAPE, (chosen,), ((rows.shape[0], 1, classes),)),))))
    loss = true_divide(sum_over(mul(short, convert(others, x.dtype)), (1, 2)), constant(max(classes, 1), x.dtype))
    loss = apply(_RESHAPE, (loss,), ((),)) if single else loss
    return reduced(name, loss, reduction), convert(apply(_RESHAPE, (chosen,), (x.shape,)), labels.dtype)


def multilabel_margin_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """The sum over the targets i and the other classes j of max(0, 1 - (input[i] - input[j])), divided by the number
    of classes: input (N, C) or (C,), target class numbers in the same shape, of which those before the first negative
    one count."""
    return multilabel_margins("multilabel_margin_loss", input, target, reduction)[0]
