"""Writing at places, reductions over segments, and results whose length values say, against NumPy."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, array_of, check_eager, check_gradient, check_graph, flat, ints, uniform

import mindspore as ms
from mindspore import Parameter, Tensor, ops
from mindspore.ops import functional as F
from mindspore.ops import operations as P
from mindspore.ops.operations import sparse_ops

X, ROWS = uniform((5, 3)), uniform((3, 3), seed=1)
NUMBERS = np.array([3, 0, 3])
SORTED = np.array([0, 0, 1, 3, 3])
MASK = ints((5, 3), 0, 2, np.bool_)


def written(x, at, v, join=None):
    out = x.copy()
    for k, row in zip(at, v):
        out[k] = row if join is None else join(out[k], row)
    return out


def masked(x, mask, source):
    out = x.copy()
    out[np.broadcast_to(mask, x.shape)] = source.reshape(-1)[:np.broadcast_to(mask, x.shape).sum()]
    return out


def along(x, index, v):
    out = x.copy()
    np.add.at(out, (index, np.arange(3)[None, :].repeat(len(index), 0)), v)
    return out


def segmented(join, empty):
    return lambda x, ids: np.stack([join(x[ids == k], axis=0) if (ids == k).any() else np.full(x.shape[1:], empty)
                                    for k in range(ids[-1] + 1)]).astype(x.dtype)


CHOSEN, CHOSEN_KINDS = np.array([4, 0, 0, 2, 3]), (
    ("Sum", np.sum), ("Mean", np.mean), ("SqrtN", lambda rows, axis: rows.sum(axis) / np.sqrt(len(rows))))
WRITES = [
    Case("add rows", lambda x, v: ops.inplace_add(x, v, (3, 0, 3)), lambda x, v: written(x, NUMBERS, v, np.add),
         (X, ROWS)),
    Case("sub rows", lambda x, v: P.InplaceSub((3, 0, 3))(x, v), lambda x, v: written(x, NUMBERS, v, np.subtract), (
        X, ROWS)),
    Case("update rows", lambda x, v: F.inplace_update(x, v, (3, 0, 3)), lambda x, v: written(x, NUMBERS, v), (X, ROWS)),
    Case("update a row", lambda x, v: P.InplaceUpdate(2)(x, v), lambda x, v: written(x, [2], v), (X, ROWS[:1])),
    Case("update at traced rows", lambda x, i, v: P.InplaceUpdateV2()(x, i, v), lambda x, i, v: written(x, i, v), (
        X, NUMBERS, ROWS)),
    Case("index add", lambda x, i, v: P.InplaceIndexAdd(1)(x, i, v), lambda x, i, v: written(x.T, i, v.T, np.add).T,
         (X.T.copy(), NUMBERS, ROWS)),
    Case("add along an axis", lambda x, i, v: P.ScatterAddWithAxis(0)(x, i, v), along,
         (X, ints((2, 3), 0, 5), ROWS[:2])),
    Case("index put", lambda x, v, i, j: P.IndexPut(1)(x, v, (i, j)), lambda x, v, i, j: along(
        x, np.array([[1, 0, 4]]), v[None]), (X, ROWS[0], np.array([1, 0, 4]), np.array([0, 1, 2]))),
    Case("masked scatter", P.MaskedScatter(), masked, (X, MASK, uniform((4, 4)))),
    Case("masked rows", P.MaskedScatter(), masked, (X, MASK[:, :1], uniform((4, 4)))),
    Case("look-up in a part", lambda x, i: P.EmbeddingLookup()(x, i, 2), lambda x, i: np.where(
        ((i >= 2) & (i < 7))[..., None], x[(i - 2).clip(0, 4)], 0), (X, np.array([[2, 6], [0, 9]]))),
    Case("sparse gather", lambda x, i: P.SparseGatherV2()(x, i, 1), lambda x, i: x[:, i], (X, np.array([2, 0]))),
    Case("mapped keys", lambda x: P.MapUniform()(x, 10, 3), lambda x: x % 3 * 10 + x // 3, (np.arange(8),)),
    Case("lerp", P.LerpScalar(), lambda x, y, w: x + w * (y - x), (X, 2 * X, np.array(0.25, np.float32))),
    *[Case(f"segment {kind}", lambda x, kind=kind: getattr(P, f"Segment{kind}")()(x, Tensor(SORTED)),
           lambda x, m=meaning: m(x, SORTED), (X,), kind not in ("Max", "Min"))
      for kind, meaning in (("Sum", segmented(np.sum, 0)), ("Mean", segmented(np.mean, 0)),
                            ("Prod", segmented(np.prod, 1)), ("Max", segmented(np.max, 0)),
                            ("Min", segmented(np.min, 0)))],
    Case("segment mean of integers", lambda x: P.SegmentMean()(x, Tensor(SORTED)), lambda x: np.stack(
        [x[:2].sum(0) // 2, x[2], x[2] * 0, x[3:].sum(0) // 2]), (ints((5, 3), 0, 9),)),
    Case("mean of chosen rows", lambda x: ops.sparse_segment_mean(x, Tensor([1, 1, 4]), Tensor([0, 0, 1])),
         lambda x: np.stack([x[1], x[4]]), (X,)),
    *[Case(f"{kind} of chosen rows", lambda x, kind=kind: getattr(sparse_ops, f"SparseSegment{kind}")()(
        x, Tensor(CHOSEN), Tensor(SORTED)), lambda x, m=meaning: segmented(m, 0)(x[CHOSEN], SORTED), (X,))
      for kind, meaning in CHOSEN_KINDS],
    *[Case(f"{kind} of chosen rows in six segments",
           lambda x, kind=kind: getattr(sparse_ops, f"SparseSegment{kind}WithNumSegments")()(
               x, Tensor(CHOSEN), Tensor(SORTED), Tensor([6])),
           lambda x, m=meaning: np.concatenate([segmented(m, 0)(x[CHOSEN], SORTED), np.zeros((2, 3), np.float32)]),
           (X,)) for kind, meaning in CHOSEN_KINDS],
    Case("coalesce", lambda v: ops.coalesce(Tensor([[1, 0, 1], [2, 1, 2]]), v, (2, 3)), lambda v: (
        np.array([[0, 1], [1, 2]]), np.stack([v[1], v[0] + v[2]]), np.array([2, 3])), (uniform((3,)),)),
]


@pytest.mark.parametrize("case", WRITES, ids=repr)
def test_values(case):
    check_eager(case)


@pytest.mark.parametrize("case", WRITES, ids=repr)
def test_values_in_a_graph(case):
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in WRITES if c.grad and any(a.dtype.kind == "f" for a in c.ins)], ids=repr)
def test_gradients(case):
    check_gradient(case)


CHOICES = [np.float32([1, 2, 3]), np.float32([[10], [20]]), np.float32(7)]
NUMBERED = np.array([[0, 1, 5], [-1, 2, 1]])


@pytest.mark.parametrize("mode", ["clip", "wrap"])
def test_choices(mode):
    expected = np.choose(NUMBERED, CHOICES, mode=mode)
    assert Tensor(NUMBERED).choose([Tensor(c) for c in CHOICES], mode).asnumpy().tolist() == expected.tolist()
    traced = ms.jit(lambda x: x.choose(Tensor(np.stack([CHOICES[0], CHOICES[0] * 2])), mode))(Tensor(NUMBERED))
    assert traced.asnumpy().tolist() == np.choose(NUMBERED, [CHOICES[0], CHOICES[0] * 2], mode=mode).tolist()


@pytest.mark.parametrize("mode", [ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def test_parameters_are_assigned(mode):
    ms.set_context(mode=mode)
    p, q, t = (Parameter(Tensor(X.copy()), name=n) for n in "pqt")
    scatter = P.ScatterNonAliasingAdd()

    def change(v):
        ops.inplace_index_add(p, Tensor(NUMBERS), v, 0)
        ops.put_(q, Tensor([-1, 0]), v[0, :2], True)
        scatter(t, Tensor([[1], [1]]), v[:2])
        return p + 0

    run = ms.jit(change) if mode == ms.GRAPH_MODE else change
    result = run(Tensor(ROWS))
    np.testing.assert_allclose(p.asnumpy(), written(X, NUMBERS, ROWS, np.add), rtol=1e-6)
    np.testing.assert_allclose(result.asnumpy(), p.asnumpy())
    flat_q = X.reshape(-1).copy()
    flat_q[[-1, 0]] += ROWS[0, :2]
    np.testing.assert_allclose(q.asnumpy(), flat_q.reshape(X.shape), rtol=1e-6)
    np.testing.assert_allclose(t.asnumpy(), written(X, [1, 1], ROWS, np.add), rtol=1e-6)


@pytest.mark.parametrize(("call", "expected"), [
    (lambda: P.ListDiff()(Tensor([5, 1, 2, 5]), Tensor([1])), ([5, 2, 5], [0, 2, 3])),
    (lambda: P.RaggedRange(ms.int64)(Tensor([2, 5, 8]), Tensor([3, 5, 2]), Tensor([1, 1, -2])), ([0, 1, 1, 4],
                                                                                            [2, 8, 6, 4])),
    (lambda: P.RaggedRange(ms.int32)(Tensor(0), Tensor([3, 1]), Tensor(2)), ([0, 2, 3], [0, 2, 0])),
    (lambda: P.ComputeAccidentalHits(2)(Tensor([[1, 2], [0, 4]]), Tensor([2, 4, 1]))[:2], ([0, 0, 1], [2, 0, 1])),
    (lambda: P.SubAndFilter()(Tensor([1, 3, 5, 7]), 4, 3), ([0, 2], [1, 2])),
])
def test_results_whose_length_values_say(call, expected):
    for got, wanted in zip(flat(call()), expected, strict=True):
        assert array_of(got).tolist() == wanted


def test_weights_of_accidental_hits():
    weights = P.ComputeAccidentalHits()(Tensor([[1]]), Tensor([1]))[2]
    assert weights.asnumpy().tolist() == [np.finfo(np.float32).min]


@pytest.mark.parametrize(("call", "error", "word"), [
    (lambda: ops.inplace_add(X, ROWS, 1.5), TypeError, "an int or one axis"),
    (lambda: ops.put_(Tensor(X), Tensor([1]), Tensor([1.0, 2.0])), ValueError, "equally many"),
    (lambda: Tensor(NUMBERED).choose([1, 2], "raise"), IndexError, "outside of 0 .. 1"),
    (lambda: Tensor(NUMBERED).choose([]), ValueError, "at least one"),
    (lambda: Tensor(X).choose([1]), TypeError, "an integer dtype"),
    (lambda: P.SegmentSum()(Tensor(X), Tensor([1])), ValueError, "one integer for each"),
    (lambda: P.SegmentMax()(Tensor(X), Tensor([1, 0, 1, 2, 3])), ValueError, "ascending"),
    (lambda: sparse_ops.SparseSegmentMeanWithNumSegments()(Tensor(X), Tensor([1]), Tensor([2]), Tensor(2)), ValueError,
     "there are 2 segments, and segment_ids has 2"),
    (lambda: sparse_ops.SparseSegmentSumWithNumSegments()(Tensor(X), Tensor([1]), Tensor([2]), Tensor([3, 4])),
     ValueError, r"num_segments is \(3, 4\)"),
    (lambda: sparse_ops.SparseSegmentSqrtN()(Tensor(SORTED), Tensor([1]), Tensor([0])), TypeError, "floating"),
    (lambda: ops.coalesce(Tensor([[1, 0], [2, 1]]), Tensor([1.0, 2.0]), (2, 2)), ValueError, "outside"),
    (lambda: ops.coalesce(Tensor([[1, 0]]), Tensor([1.0, 2.0]), (2, 2)), ValueError, "x_indices"),
    (lambda: P.ListDiff()(Tensor(X), Tensor([1])), ValueError, "one axis"),
    (lambda: P.RaggedRange(ms.int64)(Tensor(1), Tensor(2), Tensor(0)), ValueError, "not 0"),
    (lambda: P.ComputeAccidentalHits()(Tensor([1]), Tensor([1])), ValueError, "true_classes"),
])
def test_errors(call, error, word):
    with pytest.raises(error, match=word):
        call()
