"""Candidate classes drawn at random, for losses that look at a few of very many classes.

Classes are drawn with equal probabilities, or (log-uniform) with p(k) = log((k + 2) / (k + 1)) / log(range + 1), which
suits classes that are numbered by falling frequency. Without repetition the n classes are those with the n largest
sums of log(p) and Gumbel noise, which are distributed like the first n different classes of independent draws. How
often a class is to be expected is then 1 - (1 - p)^t, with the number t of draws that gives n different classes on
average. Sources: Jean et al. (2015); Efraimidis and Spirakis (2006).
"""
from __future__ import annotations

from functools import lru_cache

import numpy as np

from mindspore.common.dtype import float64, int64
from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, as_tensor, constant, convert, full_of, primitive, static_int
from mindspore.ops.arithmetic import add, mul, neg, sub
from mindspore.ops.comparison import eq, where
from mindspore.ops.creation import full_like
from mindspore.ops.elementwise import exp, floor, log
from mindspore.ops.random import rand
from mindspore.ops.reduction import any as any_of
from mindspore.ops.shapes import reshape
from mindspore.ops.sorting import topk

__all__ = ["log_uniform_candidate_sampler", "uniform_candidate_sampler"]

_GATHER = primitive("gather")


@lru_cache(maxsize=64)
def _probabilities(kind: str, classes: int) -> np.ndarray:
    numbers = np.arange(classes, dtype=np.float64)
    if kind == "uniform":
        return np.full(classes, 1 / classes)
    return np.log((numbers + 2) / (numbers + 1)) / np.log(classes + 1)


@lru_cache(maxsize=64)
def _expected(kind: str, classes: int, count: int, unique: bool) -> np.ndarray:
    """How often each class is among the candidates, on average."""
    p = _probabilities(kind, classes)
    if not unique:
        return p * count
    if count == classes:
        return np.ones(classes)
    low, high = 0.0, 1.0
    while -np.expm1(high * np.log1p(-p)).sum() < count:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if -np.expm1(middle * np.log1p(-p)).sum() < count else (low, middle)
    return -np.expm1(high * np.log1p(-p))


def _drawn(name: str, kind: str, true_classes: Operand, num_true: int, num_sampled: int, unique: bool, range_max: int,
           seed: int, without_true: bool) -> tuple[Tensor, Tensor, Tensor]:
    true = as_tensor(name, true_classes, "true_classes")
    count, classes = static_int(name, "num_sampled", num_sampled), static_int(name, "range_max", range_max)
    if not true.dtype.is_integer:
        raise TypeError(f"{name}: true_classes is {true.dtype}; expected integers")
    if true.ndim != 2 or true.shape[1] != num_true or count < 1 or classes < 1 or (unique and count > classes):
        raise ValueError(f"{name}: true_classes has shape {true.shape}, num_true is {num_true}, num_sampled {count} "
                         f"and range_max {classes}; expected (rows, num_true), positive numbers, and no more "
                         f"candidates than classes where all are to be different")
    if unique:
        noise = neg(log(neg(log(add(rand(classes, dtype=float64, seed=seed or None), 1e-300)))))
        score = add(Tensor(np.log(_probabilities(kind, classes))), noise)
        if without_true:
            taken = any_of(eq(reshape(convert(true, int64), (-1, 1)), Tensor(np.arange(classes))), 0)
            score = where(taken, full_like(score, float("-inf")), score)
        found = convert(topk(score, count)[1], int64)
    else:
        u = rand(count, dtype=float64, seed=seed or None)
        found = floor(mul(u, classes)) if kind == "uniform" else sub(floor(exp(mul(u, float(np.log(classes + 1))))), 1)
        found = convert(found, int64)
    table = Tensor(_expected(kind, classes, count, unique).astype(np.float32))
    return found, apply(_GATHER, (table, convert(true, int64)), (0,)), apply(_GATHER, (table, found), (0,))


def uniform_candidate_sampler(true_classes: Operand, num_true: int, num_sampled: int, unique: bool, range_max: int,
                              seed: int = 0, remove_accidental_hits: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """`num_sampled` classes of 0 ... range_max - 1, all equally probable.

    Args:
        true_classes: (rows, num_true) integers. unique: all candidates are different.
        seed: 0 stands for none. remove_accidental_hits: with `unique`, no true class is drawn.

    Returns:
        (the candidates (num_sampled,) Int64, how often each true class is to be expected among them (rows, num_true),
        and each candidate (num_sampled,), both Float32).

    Raises:
        TypeError, ValueError: no integers, other shapes, or more different candidates than classes.
    """
    name = "uniform_candidate_sampler"
    true = as_tensor(name, true_classes, "true_classes")
    wide = max(range_max, 1)
    safe = where(true < wide, true, full_of(true.shape, constant(wide - 1, true.dtype))) if true.dtype.is_integer \
        else true
    return _drawn(name, "uniform", safe, num_true, num_sampled, bool(unique), range_max, seed,
                  bool(remove_accidental_hits))


def log_uniform_candidate_sampler(true_classes: Operand, num_true: int = 1, num_sampled: int = 5, unique: bool = True,
                                  range_max: int = 5, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """`num_sampled` classes of 0 ... range_max - 1, small numbers being the more probable; see
    `uniform_candidate_sampler`."""
    return _drawn("log_uniform_candidate_sampler", "log", true_classes, num_true, num_sampled, bool(unique), range_max,
                  seed, False)
