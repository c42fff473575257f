"""Counting elements, finding places in sorted rows, order statistics without NaN, and operators on bits.

Functions that only operator classes use are not in `__all__`. ValueError for shapes that do not fit, TypeError for
wrong dtypes.
"""
from __future__ import annotations

import ml_dtypes
import numpy as np

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType, bool_, float32, int32, int64, uint8
from mindspore.common.tensor import Tensor
from mindspore.ops import indexing, reduction, statistics
from mindspore.ops._operands import (
    Operand,
    apply,
    as_bool,
    as_dtype_of,
    as_inexact,
    as_tensor,
    constant,
    convert,
    full_of,
    normalize_axis,
    primitive,
    promote,
    static_int,
)
from mindspore.ops.shapes import cut, flip, moveaxis, ravel, reshape, squeeze

__all__ = ["intopk", "nanmedian", "nanquantile", "population_count"]

_SUM, _GT, _LT, _EQ, _AND, _OR, _SELECT, _ADD, _SUB, _MUL = map(
    primitive, ("sum", "gt", "lt", "eq", "logical_and", "logical_or", "select", "add", "sub", "mul"))
_SORT, _GATHER_ELEMENTS, _SCATTER_ADD, _ISNAN, _FLOOR, _MAXIMUM, _MINIMUM = map(
    primitive, ("sort", "gather_elements", "scatter_add", "isnan", "floor", "maximum", "minimum"))
_SHIFT, _BITS, _PAD = map(primitive, ("shift_right", "bitwise_and", "pad"))


def _integers(name: str, value: Operand, what: str) -> Tensor:
    x = as_tensor(name, value, what)
    if not x.dtype.is_integer:
        raise TypeError(f"{name}: {what} is {x.dtype}; expected an integer dtype")
    return x


# -- how many ----------------------------------------------------------------------------------------------------------

def _counts(places: Tensor, added: Tensor, size: int) -> Tensor:
    """The sums of `added` for each of `size` places; a place out of range is left out."""
    return apply(_SCATTER_ADD, (full_of((size,), constant(0, added.dtype)), places, added), (0,))


def bincount_of_size(array: Operand, size: int, weights: Operand) -> Tensor:
    """The sums of the weights of each number 0 .. size - 1 in `array`, or how often it occurs where `weights` is
    empty, in the dtype of `weights`; other numbers are left out."""
    x, w = _integers("Bincount", array, "array"), as_tensor("Bincount", weights, "weights")
    if w.size and w.shape != x.shape:
        raise ValueError(f"Bincount: weights have shape {w.shape}; expected that of array, {x.shape}, or none")
    added = ravel(w) if w.size else full_of((x.size,), constant(1, w.dtype))
    return _counts(ravel(x), added, static_int("Bincount", "size", size))


def histogram(x: Operand, bins: int = 100, min: float = 0.0, max: float = 0.0) -> Tensor:
    """How many elements (Int32) lie in each of `bins` equal parts of [min, max]; see `histc`."""
    return convert(statistics.histc(as_tensor("Histogram", x), bins, min, max), int32)


def histogram_fixed_width(x: Operand, range: Operand, nbins: int, dtype: str | DType = "int32") -> Tensor:
    """How many elements lie in each of `nbins` equal parts of range = [low, high); those below count for the first
    part, those above for the last."""
    bounds = as_tensor("HistogramFixedWidth", range, "range")
    value = convert(ravel(as_tensor("HistogramFixedWidth", x)), mstype.float64)
    if bounds.shape != (2,) or static_int("HistogramFixedWidth", "nbins", nbins) < 1:
        raise ValueError(f"HistogramFixedWidth: range has shape {bounds.shape} and nbins is {nbins}; expected [low, "
                         f"high] and a positive int")
    low, high = (reshape(cut(convert(bounds, value.dtype), 0, k, k + 1), ()) for k in (0, 1))
    place = ((value - low) / (high - low) * nbins).floor().clip(0, nbins - 1)
    wanted = getattr(mstype, dtype) if isinstance(dtype, str) else dtype
    return _counts(place.astype(int64), full_of(value.shape, constant(1, wanted)), nbins)


def confusion_matrix(labels: Operand, predictions: Operand, weights: Operand | None = None, *, num_classes: int,
                     dtype: str | DType = "int32") -> Tensor:
    """How often (or with which sum of weights) each label (row) met each prediction (column)."""
    true, guess = (_integers("ConfusionMatrix", v, w) for v, w in ((labels, "labels"), (predictions, "predictions")))
    n = static_int("ConfusionMatrix", "num_classes", num_classes)
    wanted = getattr(mstype, dtype) if isinstance(dtype, str) else dtype
    if true.shape != guess.shape or true.ndim != 1 or n < 1:
        raise ValueError(f"ConfusionMatrix: labels have shape {true.shape}, predictions {guess.shape}, num_classes is "
                         f"{num_classes}; expected one axis each of one size and a positive int")
    true, guess = convert(true, int64), convert(guess, int64)
    wrong = apply(_OR, (apply(_LT, (guess, constant(0, int64))), apply(_LT, (constant(n - 1, int64), guess))))
    place = apply(_SELECT, (wrong, constant(-1, int64), true * n + guess))
    added = full_of(true.shape, constant(1, wanted)) if weights is None else convert(
        as_tensor("ConfusionMatrix", weights, "weights"), wanted)
    return reshape(_counts(place, added, n * n), (n, n))


def no_repeat_ngram(state_seq: Operand, log_probs: Operand, ngram_size: int = 1) -> Tensor:
    """Log-probabilities (..., vocabulary) of the next token, the lowest number there is for tokens that would complete
    an n-gram which the sequence (..., length) already holds."""
    seq, scores = _integers("NoRepeatNGram", state_seq, "state_seq"), as_inexact("NoRepeatNGram", log_probs)
    n, length = static_int("NoRepeatNGram", "ngram_size", ngram_size), seq.shape[-1] if seq.ndim else 0
    if seq.ndim == 0 or n < 1 or seq.shape[:-1] != scores.shape[:-1]:
        raise ValueError(f"NoRepeatNGram: state_seq has shape {seq.shape}, log_probs {scores.shape}, ngram_size is "
                         f"{ngram_size}; expected equal leading sizes and a positive int")
    ends = length - n + 1
    if ends < 1:
        return scores
    last = seq.ndim - 1
    banned = cut(seq, last, n - 1, length)
    same = full_of(banned.shape, constant(True, bool_))
    for k in range(n - 1):
        now = cut(seq, last, length - n + 1 + k, length - n + 2 + k)
        same = apply(_AND, (same, apply(_EQ, (cut(seq, last, k, k + ends), now))))
    tokens = apply(_SELECT, (same, convert(banned, int64), constant(-1, int64)))
    hot = apply(primitive("one_hot"), (tokens,), (scores.shape[-1], tokens.ndim, bool_))
    hit = apply(primitive("any"), (hot,), ((last,), False))
    lowest = constant(float(np.finfo(np.float32).min), float32)
    return apply(_SELECT, (hit, convert(lowest, scores.dtype), scores))


# -- where in a sorted row ---------------------------------------------------------------------------------------------

def bucket_numbers(input: Operand, boundaries) -> Tensor:
    """The number (Int32) of the bucket of each element: how many of the sorted boundaries are not above it."""
    return indexing.bucketize(input, boundaries, right=True)


def lower_bound(sorted_x: Operand, values: Operand, out_type: DType = int32) -> Tensor:
    """How many elements of each sorted row are below each value of its row."""
    return convert(indexing.searchsorted(sorted_x, values), out_type)


def upper_bound(sorted_x: Operand, values: Operand, out_type: DType = int32) -> Tensor:
    """How many elements of each sorted row are not above each value of its row."""
    return convert(indexing.searchsorted(sorted_x, values, right=True), out_type)


def intopk(x1: Operand, x2: Operand, k: int) -> Tensor:
    """Whether (Bool) the score of each row's class is among its k largest: fewer than k scores are larger. False for a
    class out of range or a score that is not finite.

    x1: scores (rows, classes). x2: classes (rows), integers.
    """
    scores, target = as_inexact("intopk", x1), _integers("intopk", x2, "x2")
    if scores.ndim != 2 or target.shape != scores.shape[:1]:
        raise ValueError(f"intopk: x1 has shape {scores.shape} and x2 {target.shape}; expected (rows, classes) and "
                         f"(rows,)")
    limit = static_int("intopk", "k", k)
    own = apply(_GATHER_ELEMENTS, (scores, reshape(target, (target.size, 1))), (1,))
    larger = apply(_SUM, (convert(apply(_GT, (scores, own)), int64),), ((1,), False))
    fine = apply(primitive("isfinite"), (reshape(own, target.shape),))
    wide = convert(target, int64)
    above, below = (constant(n, int64) for n in (-1, scores.shape[1]))
    known = apply(_AND, (apply(_AND, (apply(_LT, (above, wide)), apply(_LT, (wide, below)))), fine))
    return apply(_AND, (known, apply(_LT, (larger, constant(limit, int64)))))


# -- order statistics --------------------------------------------------------------------------------------------------

def nth_element(input: Operand, n: Operand, reverse: bool = False) -> Tensor:
    """The n-th smallest element along the last axis, counted from 0, or the n-th largest with `reverse`; n may be a
    tensor."""
    x = as_tensor("NthElement", input)
    ordered = apply(_SORT, (x,), (x.ndim - 1, bool(reverse)))[0]
    at = reshape(_integers("NthElement", n, "n"), ())
    return apply(primitive("gather"), (ordered, at), (x.ndim - 1,))


def _ordered(name: str, input: Operand, axis: int | None) -> tuple[Tensor, Tensor, Tensor, int]:
    """The elements in order along a last axis (NaN last), where they come from, how many are no NaN (..., 1), and the
    axis that was moved."""
    x = as_inexact(name, input)
    place = 0 if axis is None else normalize_axis(name, axis, x.ndim)
    x = ravel(x) if axis is None or x.ndim == 0 else moveaxis(x, place, -1)
    if x.shape[-1] == 0:
        raise ValueError(f"{name}: a tensor of shape {as_tensor(name, input).shape} has no elements along axis {axis}")
    last = x.ndim - 1
    ordered, source = apply(_SORT, (x,), (last, False))
    known = apply(_EQ, (x, x))
    return ordered, source, apply(_SUM, (convert(known, int64),), ((last,), True)), place


def nanmedian(input: Operand, axis: int = -1, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(values, indices): the lower median along `axis` of the elements that are not NaN, and where it stands (Int64).
    NaN where all are."""
    ordered, source, count, place = _ordered("nanmedian", input, axis)
    middle = apply(_MAXIMUM, (apply(_SUB, (count, constant(1, int64))), constant(0, int64)))
    middle = apply(_SHIFT, (middle, constant(1, int64)))
    found = [apply(_GATHER_ELEMENTS, (v, middle), (v.ndim - 1,)) for v in (ordered, convert(source, int64))]
    ndim = as_tensor("nanmedian", input).ndim
    if not ndim:
        return reshape(found[0], ()), reshape(found[1], ())
    if keepdims:
        return moveaxis(found[0], -1, place), moveaxis(found[1], -1, place)
    return squeeze(found[0], -1), squeeze(found[1], -1)


def nanquantile(input: Operand, q: float | Operand, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The q-quantiles along an axis of the elements that are not NaN; see `quantile`. NaN where all are."""
    ordered, _, count, place = _ordered("nanquantile", input, axis)
    share = as_dtype_of("nanquantile", q, ordered, "q")
    if share.ndim > 1:
        raise ValueError(f"nanquantile: q has shape {share.shape}; expected a number or one axis of them")
    steps = convert(apply(_SUB, (count, constant(1, int64))), ordered.dtype)
    at = apply(_MUL, (reshape(share, (1,) * (ordered.ndim - 1) + (share.size,)), steps))
    low = apply(_MAXIMUM, (convert(apply(_FLOOR, (at,)), int64), constant(0, int64)))
    high = apply(_MAXIMUM, (apply(_MINIMUM, (apply(_ADD, (low, constant(1, int64))), apply(_SUB, (
        count, constant(1, int64))))), constant(0, int64)))
    below, above = (apply(_GATHER_ELEMENTS, (ordered, p), (ordered.ndim - 1,)) for p in (low, high))
    part = apply(_SUB, (at, convert(low, ordered.dtype)))
    # where there is one neighbour only, its own value: 0 * infinity would be NaN
    between = apply(_ADD, (below, apply(_MUL, (part, apply(_SUB, (above, below))))))
    result = moveaxis(apply(_SELECT, (apply(_EQ, (part, constant(0, part.dtype))), below, between)), -1, 0)
    shape = as_tensor("nanquantile", input).shape
    rest = result.shape[1:] if axis is not None else ()
    if keepdims:
        rest = (1,) * len(shape) if axis is None else (*shape[:place], 1, *shape[place + 1:])
    return reshape(result, (*share.shape, *rest))


def median(x: Operand, global_median: bool = False, axis: int = 0, keep_dims: bool = False,
           ignore_nan: bool = False) -> tuple[Tensor, Tensor]:
    """(values, indices): the lower median along `axis`, or of all elements, and where it stands (Int64). NaN where an
    element is NaN, unless these are ignored; of no elements NaN, or 0 of integers."""
    value = as_tensor("Median", x)
    ignore_nan = ignore_nan and value.dtype.is_inexact
    if global_median and not value.size:
        return constant(float("nan") if value.dtype.is_inexact else 0, value.dtype), constant(0, int64)
    if global_median:
        value, axis, keep_dims = ravel(value), 0, False
    if ignore_nan or not value.dtype.is_inexact:
        return (nanmedian if ignore_nan else reduction.median)(value, axis, keep_dims)
    found, at = reduction.median(value, axis, True)
    unknown = apply(_ISNAN, (value,))
    first = reduction.argmax(convert(unknown, int32), axis, True)
    bad = reduction.any(unknown, axis, True)
    found = apply(_SELECT, (bad, constant(float("nan"), value.dtype), found))
    at = apply(_SELECT, (bad, first, at))
    return (found, at) if keep_dims or not value.ndim else (squeeze(found, axis), squeeze(at, axis))


def quantile(input: Operand, q: float | Operand, dim: int | None = None, keep_dims: bool = False,
             ignore_nan: bool = False) -> Tensor:
    """The q-quantiles along `dim`; see `quantile` and `nanquantile`."""
    return (nanquantile if ignore_nan else statistics.quantile)(input, q, dim, keep_dims)


def cumulative_logsumexp(x: Operand, axis: int, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """Running log(sum(exp(x))) along an axis; `exclusive` leaves the element itself out and begins with the lowest
    number of the dtype, `reverse` runs from the end."""
    value = as_inexact("CumulativeLogsumexp", x)
    axis = normalize_axis("CumulativeLogsumexp", axis, value.ndim)
    result = reduction.logcumsumexp(flip(value, axis) if reverse else value, axis)
    if exclusive and value.ndim:
        kept = cut(result, axis, 0, max(value.shape[axis] - 1, 0))
        zeros, low = (0,) * value.ndim, tuple(int(i == axis) for i in range(value.ndim))
        lowest = float(ml_dtypes.finfo(value.dtype.np).min)
        result = apply(_PAD, (kept,), (low, zeros, zeros, lowest))
    return flip(result, axis) if reverse else result


# -- bits --------------------------------------------------------------------------------------------------------------

def population_count(input_x: Operand) -> Tensor:
    """How many bits of each integer are 1, as UInt8. Bits are added up in pairs, then in fours, and so on."""
    x = _integers("population_count", input_x, "input_x")
    width = x.dtype.np.itemsize * 8
    bits = convert(x, getattr(mstype, f"uint{width}"))
    step = 1
    while step < width:
        mask = constant(np.array(sum(((1 << step) - 1) << k for k in range(0, width, 2 * step)), np.uint64), bits.dtype)
        high = apply(_BITS, (apply(_SHIFT, (bits, constant(step, bits.dtype))), mask))
        bits = apply(_ADD, (apply(_BITS, (bits, mask)), high))
        step *= 2
    return convert(bits, uint8)


def compare_and_bitpack(x: Operand, threshold: Operand) -> Tensor:
    """Whether each element is above the threshold, eight neighbours of the last axis to a UInt8, the first in its
    highest bit."""
    value = as_tensor("CompareAndBitpack", x)
    value, limit = (value, as_bool("CompareAndBitpack", threshold)) if value.dtype is bool_ else promote(
        "CompareAndBitpack", value, threshold)
    if not value.ndim or value.shape[-1] % 8 or limit.ndim:
        raise ValueError(f"CompareAndBitpack: x has shape {value.shape} and the threshold {limit.shape}; expected a "
                         f"last size that 8 divides, and a number")
    above = value if value.dtype is bool_ else apply(_GT, (value, limit))
    if value.dtype is bool_:
        above = apply(_AND, (value, apply(primitive("logical_not"), (limit,))))
    eights = reshape(convert(above, uint8), (*value.shape[:-1], value.shape[-1] // 8, 8))
    weighed = apply(_MUL, (eights, constant(np.array([128, 64, 32, 16, 8, 4, 2, 1]), uint8)))
    return apply(_SUM, (weighed,), ((eights.ndim - 1,), False))
