"""Matrices from diagonals and bands, rearranged elements, counting and order statistics, against NumPy."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, ints, uniform

from mindspore import Tensor, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P

LOWEST = np.finfo(np.float32).min


def diagonals(rows, columns, band, align):
    """(line, place in the line, row, column) of the elements of a band, element by element."""
    low, high = band
    above, below = align.split("_")
    lengths = {d: sum(0 <= r + d < columns for r in range(rows)) for d in range(low, high + 1)}
    for d in range(high, low - 1, -1):
        left = (d >= 0 and above == "LEFT") or (d <= 0 and below == "LEFT")
        start = 0 if left else max(lengths.values()) - lengths[d]
        row = max(-d, 0)
        for k in range(lengths[d]):
            yield high - d, start + k, row + k, row + k + d


def part(x, band, fill, align="RIGHT_LEFT"):
    places = list(diagonals(*x.shape[-2:], band, align))
    out = np.full((*x.shape[:-2], band[1] - band[0] + 1, 1 + max(p[1] for p in places)), fill, x.dtype)
    for line, at, row, column in places:
        out[..., line, at] = x[..., row, column]
    return out[..., 0, :] if band[0] == band[1] else out


def with_band(x, diagonal, band, align="RIGHT_LEFT"):
    out = x.copy()
    diagonal = diagonal[..., None, :] if band[0] == band[1] else diagonal
    for line, at, row, column in diagonals(*x.shape[-2:], band, align):
        out[..., row, column] = diagonal[..., line, at]
    return out


def reversed_parts(x, lengths):
    out = x.copy()
    for i, n in enumerate(lengths):
        out[:, i, :n] = x[:, i, :n][:, ::-1]
    return out


def scattered(x, src, offset):
    out = x.copy()
    for i in range(src.shape[-1]):
        out[i + max(-offset, 0), :, i + max(offset, 0)] = src[:, i]
    return out


def filled(x, value, wrap):
    out = x.copy()
    np.fill_diagonal(out, value, wrap)
    return out


TALL, WIDE = uniform((2, 4, 3)), uniform((2, 3, 5))
BAND = uniform((2, 3, 3), seed=3)
HOLES = np.where(uniform((2, 7), -1, 1) > 0.3, np.nan, uniform((2, 7), seed=1)).astype(np.float32)
NUMBERS = ints((2, 9), 0, 5)
BITS = np.array([0, 1, -1, 127, -128, 77], np.int8)
ROWS = np.sort(uniform((2, 6)), axis=1)

CASES = [
    *[Case(f"part {a} {b}", lambda x, a=a, b=b: ops.matrix_diag_part(x, b, 7.0, a),
           lambda x, a=a, b=b: part(x, b, 7.0, a), (TALL,)) for a, b in itertools.product(
        ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"), ((-2, 1), (0, 2)))],
    Case("part of one diagonal", lambda x: P.MatrixDiagPartV3()(x, Tensor(-1), 0.0), lambda x: part(x, (-1, -1), 0.0),
         (WIDE,)),
    Case("set band", lambda x, d: ops.matrix_set_diag(x, d, (-1, 1)), lambda x, d: with_band(x, d, (-1, 1)),
         (TALL, BAND)),
    Case("set one", lambda x, d: P.MatrixSetDiagV3("LEFT_RIGHT")(x, d, 1), lambda x, d: with_band(x, d, (1, 1)),
         (WIDE, BAND[:, 0])),
    Case("diag", lambda d: ops.matrix_diag(d, padding_value=2.0), lambda d: with_band(
        np.full((2, 3, 3, 3), 2, np.float32), d, (0, 0)), (BAND,)),
    Case("diag of a band", lambda d: P.MatrixDiagV3("LEFT_RIGHT")(d, (-1, 1), 4, 3, 0), lambda d: with_band(
        np.zeros((2, 4, 3), np.float32), d, (-1, 1), "LEFT_RIGHT"), (BAND,)),
    Case("diag above", lambda d: ops.matrix_diag(d, 2), lambda d: with_band(
        np.zeros((2, 3, 5, 5), np.float32), d, (2, 2)), (BAND,)),
    Case("band part", lambda x: ops.matrix_band_part(x, 1, Tensor(0)), lambda x: np.tril(np.triu(x, -1)), (TALL,)),
    Case("whole side", lambda x: P.MatrixBandPart()(x, -1, 1), lambda x: np.tril(x, 1), (TALL,)),
    Case("band of each matrix", lambda x, n: ops.matrix_band_part(x, n, n), lambda x, n: np.stack(
        [np.tril(np.triu(m, -k if k >= 0 else -9), k if k >= 0 else 9) for m, k in zip(x, n)]),
        (TALL, np.array([-1, 1]))),
    *[Case(f"fill diagonal {x.shape} {w}", lambda x, w=w: P.FillDiagonal(3.0, w)(x), lambda x, w=w: filled(x, 3.0, w), (
        x,)) for x, w in ((uniform((7, 2)), False), (uniform((7, 2)), True), (uniform((2, 5)), False),
                          (uniform((3, 3, 3)), False))],
    *[Case(f"diagonal scatter {k}", lambda x, s, k=k: ops.diagonal_scatter(x, s, k, 0, 2), lambda x, s, k=k: scattered(
        x, s, k), (TALL.transpose(1, 0, 2), uniform((2, n), seed=4))) for k, n in ((0, 3), (1, 2), (-1, 3))],
    Case("reverse sequence", lambda x, n: ops.reverse_sequence(x, n, 2, 1), reversed_parts,
         (uniform((2, 3, 4)), np.array([3, 0, 4], np.int32))),
    Case("reverse from the front", lambda x, n: P.ReverseSequence(0, 1)(x, n), lambda x, n: reversed_parts(
        x.transpose(2, 1, 0), n).transpose(2, 1, 0), (uniform((4, 3, 2)), np.array([3, 0, 4]))),
    Case("padding", lambda x: ops.padding(x, 3), lambda x: np.pad(x, ((0, 0), (0, 2))), (uniform((4, 1)),)),
    Case("unique with pad", lambda x: ops.unique_with_pad(x, -9), lambda x: (np.array([1, 2, 5, -9, -9]),
                                                                           np.array([1, 0, 1, 2, 0])),
         (np.array([2, 1, 2, 5, 1]),)),
    Case("unravel", lambda x: P.UnravelIndex()(x, (2, 3, 4)), lambda x: np.stack(np.unravel_index(x, (2, 3, 4))),
         (np.array([[22, 5], [0, 13]]),)),
    Case("identities", lambda *x: P.IdentityN()(x), lambda *x: x, (TALL, WIDE)),
    Case("joined", lambda x, y: P.ParallelConcat()((x, y)), lambda x, y: np.concatenate([x, y]), (TALL[:1], TALL[1:])),
    Case("format of axes", P.DataFormatDimMap(), lambda x: np.array([0, 3, 1, 2])[x], (np.array([0, 3, -2, 1]),)),
    Case("format of sizes", P.DataFormatVecPermute(), lambda x: x[[0, 3, 1, 2]], (np.array([[1, 2], [3, 4], [5, 6],
                                                                                          [7, 8]]),)),
    Case("expand", lambda x: P.Expand()(x, (3, 2, 4, 3)), lambda x: np.stack([x] * 3), (TALL,)),
    Case("cross", P.Cross(), np.cross, (TALL, 2 * TALL[::-1])), Case("cdist", P.Cdist(1.0), lambda x, y: np.abs(
        x[:, :, None] - y[:, None]).sum(-1), (TALL, BAND)),
    Case("pdist", P.Pdist(), lambda x: np.array([np.linalg.norm(x[i] - x[j]) for i, j in itertools.combinations(
        range(len(x)), 2)], np.float32), (TALL[0],)),
    Case("tridiagonal", P.TridiagonalMatMul(), lambda a, b, c, x: np.stack(
        [np.diag(b[k, 0]) @ x[k] + np.diag(a[k, 0, :-1], 1) @ x[k] + np.diag(c[k, 0, 1:], -1) @ x[k] for k in (0, 1)]),
        (*[uniform((2, 1, 4), seed=s) for s in (5, 6, 7)], TALL)),
    Case("log space", lambda x, y: P.LogSpace(5, 2)(x, y), lambda x, y: np.logspace(x, y, 5, base=2).astype(np.float32),
         (np.array(1, np.float32), np.array(3, np.float32)), False),
    Case("log softmax", lambda x: P.LogSoftmaxExt()(x, 1), lambda x: x - np.log(np.exp(x).sum(1, keepdims=True)), (
        TALL,)),
    Case("einsum", lambda x, y: P.Einsum("bij,bjk->bik")((x, y)), lambda x, y: x @ y, (TALL, WIDE)),

    Case("bincount", lambda x, w: P.Bincount()(x, 4, w), lambda x, w: np.bincount(x[x < 4], w[x < 4], 4).astype(
        np.float32), (NUMBERS[0], uniform((9,)))),
    Case("bincount of ones", lambda x: P.Bincount()(x, 6, Tensor(np.zeros(0, np.int32))), lambda x: np.bincount(
        x, minlength=6).astype(np.int32), (NUMBERS[0],)),
    Case("bucketize", P.Bucketize([-1.0, 0.0, 1.0]), lambda x: np.digitize(x, [-1, 0, 1]).astype(np.int32), (
        np.float32([-2, -1, 0.5, 1, 7]),)),
    Case("histogram", P.Histogram(4, -1.0, 1.0), lambda x: np.histogram(x, 4, (-1, 1))[0].astype(np.int32), (TALL,)),
    Case("fixed width", lambda x, r: P.HistogramFixedWidth(4)(x, r), lambda x, r: np.histogram(
        x.clip(-1, 1), 4, (-1, 1))[0].astype(np.int32), (TALL, np.float32([-1, 1])), False),
    Case("confusion", lambda x, y: P.ConfusionMatrix(5)(x, y), lambda x, y: np.histogram2d(
        x, y, np.arange(6))[0].astype(np.int32), (NUMBERS[0], NUMBERS[1])),
    Case("weighted confusion", lambda x, y, w: P.ConfusionMatrix(5, "float32")(x, y, w), lambda x, y, w: np.histogram2d(
        x, y, np.arange(6), weights=w)[0].astype(np.float32), (NUMBERS[0], NUMBERS[1], uniform((9,))), False),
    Case("in top k", lambda x, y: F.intopk(x, y, 2), lambda x, y: np.array([True, False, True, False]), (
        np.float32([[1, 2, 3], [1, 2, 3], [5, 5, 5], [np.nan, 1, 2]]), np.int32([1, 0, 2, 0])), False),
    Case("lower bound", P.LowerBound(), lambda x, v: np.stack([np.searchsorted(*p) for p in zip(x, v)]).astype(
        np.int32), (ROWS, np.concatenate([ROWS[:, 2:3], ROWS[:, :1] - 1, ROWS[:, 5:] + 1], 1))),
    Case("upper bound", P.UpperBound(), lambda x, v: np.stack([np.searchsorted(*p, "right") for p in zip(
        x, v)]).astype(np.int32), (ROWS, np.concatenate([ROWS[:, 2:3], ROWS[:, :1] - 1, ROWS[:, 5:] + 1], 1))),
    Case("nth", lambda x, n: P.NthElement()(x, n), lambda x, n: np.sort(x)[..., n], (TALL, np.array(1))),
    Case("nth largest", lambda x: P.NthElement(True)(x, 0), lambda x: x.max(-1), (TALL,)),
    Case("nanmedian", lambda x: ops.nanmedian(x, 1)[0], lambda x: np.nanquantile(x, 0.5, 1, method="lower"), (HOLES,),
         False),
    Case("nanmedian's place", lambda x: ops.nanmedian(x[:2], 1, True)[1], lambda x: np.array(
        [[int(np.nonzero(r == np.nanquantile(r, 0.5, method="lower"))[0][0])] for r in x[:2]]), (HOLES,), False),
    Case("nanquantile", lambda x: ops.nanquantile(x, 0.3, 1), lambda x: np.nanquantile(x, 0.3, 1).astype(np.float32), (
        HOLES,), False),
    Case("nanquantiles", lambda x: ops.nanquantile(x, Tensor([0.0, 0.35, 1.0]), 0, True), lambda x: np.nanquantile(
        x, [0.0, 0.35, 1.0], 0, keepdims=True).astype(np.float32), (HOLES,), False),
    Case("nanquantile of all", lambda x: P.Quantile(ignore_nan=True)(x, 0.4), lambda x: np.float32(np.nanquantile(
        x, 0.4)), (HOLES,), False),
    Case("quantile without holes", lambda x: ops.nanquantile(x, 0.4, 1), lambda x: np.quantile(x, 0.4, 1).astype(
        np.float32), (TALL,)),
    Case("median", lambda x: P.Median(axis=1)(x), lambda x: (np.float32([np.nan, 2]), np.array([1, 2])), (
        np.float32([[1, np.nan, 3], [1, 9, 2]]),), False),
    Case("median of all", lambda x: P.Median(True)(x), lambda x: (np.float32(2), np.array(3)), (
        np.float32([[1, 9], [3, 2]]),)),
    Case("running sums of exponentials", lambda x: P.CumulativeLogsumexp()(x, 1), lambda x: np.logaddexp.accumulate(
        x, 1), (WIDE,)),
    Case("from the end, exclusive", lambda x: P.CumulativeLogsumexp(True, True)(x, 1), lambda x: np.concatenate(
        [np.logaddexp.accumulate(x[:, ::-1], 1)[:, ::-1][:, 1:], np.full((2, 1, 5), LOWEST, np.float32)], 1), (WIDE,),
        False),
    Case("population count", P.PopulationCount(), lambda x: np.array([bin(v & 255).count("1") for v in x.tolist()],
                                                                    np.uint8), (BITS,)),
    Case("population count of wide ones", ops.population_count, lambda x: np.array([64, 1, 0, 62], np.uint8), (
        np.array([-1, -2**63, 0, ~2**40 & ~8]),)),
    Case("bitpack", lambda x: P.CompareAndBitpack()(x, 0.0), lambda x: np.packbits(x > 0, -1), (uniform((2, 16)),)),
    Case("no repeat", lambda s, x: P.NoRepeatNGram(2)(s, x), lambda s, x: np.where(
        np.array([[[0, 0, 1, 0], [0, 0, 0, 0]]], bool), LOWEST, x),
        (np.array([[[1, 2, 3, 1], [1, 2, 3, 0]]]), uniform((1, 2, 4))), False),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.traced], ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_methods_of_tensors():
    x = Tensor(HOLES)
    np.testing.assert_allclose(x.nanmedian(1)[0].asnumpy(), np.nanquantile(HOLES, 0.5, 1, method="lower"))
    np.testing.assert_allclose(x.nanquantile(0.5, 1).asnumpy(), np.nanquantile(HOLES, 0.5, 1), rtol=1e-6)
    assert Tensor([2, 1, 2]).unique_with_pad(0)[0].asnumpy().tolist() == [1, 2, 0]
    assert Tensor([[1, 2, 3]]).reverse_sequence(Tensor([2]), 1).asnumpy().tolist() == [[2, 1, 3]]


def test_nothing_but_nan():
    nothing = Tensor(np.full(3, np.nan, np.float32))
    assert np.isnan(ops.nanmedian(nothing)[0].asnumpy()) and np.isnan(ops.nanquantile(nothing, 0.5).asnumpy())


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.matrix_diag_part(TALL, (1, 0), 0), ValueError, "the lowest and the highest"),
    (lambda: P.TridiagonalMatMul()(Tensor(TALL), Tensor(TALL), Tensor(TALL), Tensor(TALL)), ValueError, "superdiag"),
    (lambda: ops.matrix_diag_part(TALL, 3, 0), ValueError, "4 rows and 3 columns"),
    (lambda: ops.matrix_diag_part(TALL, 0, 0, "LEFT"), ValueError, "align"),
    (lambda: ops.matrix_diag(BAND, 0, 5, 5), ValueError, "exactly 3 rows"),
    (lambda: ops.matrix_diag(BAND, (0, 1)), ValueError, "2, length"),
    (lambda: ops.matrix_set_diag(TALL, BAND), ValueError, "diagonal has shape"),
    (lambda: ops.matrix_band_part(TALL, 1.5, 0), ValueError, "expected one integer"),
    (lambda: P.FillDiagonal(1.0)(Tensor(TALL)), ValueError, "equal sizes"),
    (lambda: ops.diagonal_scatter(TALL, BAND, 0, 1, 1), ValueError, "one axis"),
    (lambda: ops.reverse_sequence(TALL, Tensor([1]), 1), ValueError, "seq_lengths"),
    (lambda: ops.reverse_sequence(TALL, Tensor([1, 1]), 0), ValueError, "different axes"),
    (lambda: ops.padding(TALL), ValueError, "of size 1"),
    (lambda: ops.unique_with_pad(TALL, 0), ValueError, "one axis"),
    (lambda: P.UnravelIndex()(Tensor([1]), (0,)), ValueError, "positive"),
    (lambda: P.DataFormatDimMap("NHWC", "NHWH")(Tensor([1])), ValueError, "letters"),
    (lambda: ops.population_count(TALL), TypeError, "an integer dtype"),
    (lambda: P.CompareAndBitpack()(Tensor(TALL), 0.0), ValueError, "8 divides"),
    (lambda: ops.intopk(TALL, Tensor([1]), 1), ValueError, "classes"),
    (lambda: ops.nanmedian(TALL[:, :0], 1), ValueError, "no elements"),
    (lambda: P.ConfusionMatrix(0)(Tensor([1]), Tensor([1])), ValueError, "num_classes"),
    (lambda: P.HistogramFixedWidth(2)(Tensor(TALL), Tensor([1.0])), ValueError, "low, high"),
    (lambda: P.NoRepeatNGram(0)(Tensor(NUMBERS), Tensor(ROWS)), ValueError, "ngram_size"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()
